/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory cipher: AES over 16-byte blocks with a tweak made from the system
 * physical address.  No tag, no counter: the same key, address and plaintext
 * always give the same ciphertext (docs/memory-cipher.md).
 *
 *   XE   c = E(m ^ T(p))             T(p) = XOR of t_i over the set bits i of p, i = 4 .. 51
 *   XEX  c = E(m ^ T(p)) ^ T(p)
 *   XTS  IEEE 1619 with AES-256, data unit = the 4 KiB frame, sector = p >> 12
 *
 * The work is done by a kernel that is chosen at run time.  Contexts are plain
 * structs without pointers to allocations; whoever owns a key wipes it.
 */
#ifndef CRYPTO_MEMORY_CIPHER_H
#define CRYPTO_MEMORY_CIPHER_H

#include "base/base.h"

enum cr_memory_mode {
    CR_MEMORY_XE,
    CR_MEMORY_XEX,
    CR_MEMORY_XTS,
};

#define CR_MEMORY_BLOCK        16u
#define CR_MEMORY_FRAME_BLOCKS (CB_PAGE_SIZE / CR_MEMORY_BLOCK)
#define CR_MEMORY_TWEAK_FIRST  4 /* bit of the address that t[0] belongs to */
#define CR_MEMORY_TWEAKS       48

struct cr_memory_kernel;

/* A kernel, a mode and, for XE and XEX, T(p) as tables over the bytes of p >> 4. */
struct cr_memory_cipher {
    _Alignas(64) uint8_t block[256][CR_MEMORY_BLOCK]; /* bits 4-11: the block in its frame */
    uint8_t frame[5][256][CR_MEMORY_BLOCK];           /* bits 12-51 */
    const struct cr_memory_kernel *kernel;
    enum cr_memory_mode mode;
};

/* One expanded AES key. */
#define CR_MEMORY_ROUND_KEYS 15
struct cr_memory_aes {
    _Alignas(64) uint8_t enc[CR_MEMORY_ROUND_KEYS][16];
    union {
        uint8_t dec[CR_MEMORY_ROUND_KEYS][16];    /* for AESDEC: reversed, InvMixColumns done */
        uint64_t sliced[CR_MEMORY_ROUND_KEYS][8]; /* portable kernel: enc as bit planes */
    };
    unsigned rounds;
};

struct cr_memory_key {
    struct cr_memory_aes data;
    struct cr_memory_aes tweak; /* XTS alone */
};

/*
 * Chooses the kernel: the named one, or the fastest that this processor runs if
 * name is NULL or empty.  T(p) is 0 until cr_memory_tweak_set.
 * CBIT_NOT_FOUND: no kernel of that name, or this processor cannot run it.
 */
enum cbit_status cr_memory_cipher_init(struct cr_memory_cipher *cipher, enum cr_memory_mode mode,
                                       const char *name) CBIT_MUST_CHECK;
const char *cr_memory_kernel_name(const struct cr_memory_cipher *cipher);

/* Name of the n-th kernel that this processor runs, fastest first; NULL after the last. */
const char *cr_memory_kernel_usable(unsigned n);

/* t_4 .. t_51, 16 bytes each, one after the other. */
void cr_memory_tweak_set(struct cr_memory_cipher *cipher, const uint8_t *t);

/* 16 bytes; XTS takes 64: the key of the data, then the key of the tweak. */
size_t cr_memory_key_len(enum cr_memory_mode mode);
void cr_memory_key_set(const struct cr_memory_cipher *cipher, struct cr_memory_key *key,
                       const uint8_t *bytes);

/*
 * Whole blocks from address at (a multiple of 16) on, over as many frames as they
 * take.  dst may be src, else they must not overlap.
 */
void cr_memory_encrypt(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                       uint64_t at, uint8_t *dst, const uint8_t *src, size_t n_blocks);
void cr_memory_decrypt(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                       uint64_t at, uint8_t *dst, const uint8_t *src, size_t n_blocks);

#endif
