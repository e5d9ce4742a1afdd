/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel of the memory cipher gives to memory_cipher.c.  Stays in this room. */
#ifndef CRYPTO_MEMORY_CIPHER_KERNEL_H
#define CRYPTO_MEMORY_CIPHER_KERNEL_H

#include "crypto/memory_cipher.h"

/* Before a loop over registers: they stay registers only if it is unrolled, at -O2 too. */
#ifdef __clang__
#define CR_UNROLL _Pragma("unroll")
#else
#define CR_UNROLL _Pragma("GCC unroll 16")
#endif

/*
 * How far ahead of a run to fetch, if another frame follows: the processor is too
 * busy with AES to look beyond a few hundred bytes by itself, and its prefetchers
 * stop at the end of a page.  (1 GiB in place: 0.6 of XOR without, about 1 with.)
 */
#define CR_FAR 6144

/* One run over consecutive blocks of a frame. */
struct cr_memory_job {
    const struct cr_memory_aes *aes;
    const uint8_t *tweaks; /* 16 bytes for each block of the run */
    uint8_t frame[16];     /* to be added to each of them */
    bool before;           /* the tweak is added before AES ... */
    bool after;            /* ... and after it */
    bool decrypt;
    bool more; /* another frame follows in memory: worth fetching ahead */
};

struct cr_memory_kernel {
    const char *name;
    bool (*usable)(void);
    /* The S-box on each of four bytes, in constant time. */
    uint32_t (*sub_word)(uint32_t word);
    /* Fills in what the kernel wants besides aes->enc. */
    void (*prepare)(struct cr_memory_aes *aes);
    void (*run)(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src, size_t n_blocks);
    /* Clears the vector registers, which hold round keys when run returns. */
    void (*clear_registers)(void);
};

extern const struct cr_memory_kernel cr_memory_portable;
extern const struct cr_memory_kernel cr_memory_aes_ni;
extern const struct cr_memory_kernel cr_memory_vaes512;

#endif
