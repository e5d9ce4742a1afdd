/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a directly booted guest's memory before its first instruction,
 * as a pure function of the files and a few numbers: docs/launch-layout.md,
 * layout version 1.  A SEV guest's regions are launched, in this order; a plain
 * guest's are merely written.  The guest's owner computes the same bytes with
 * other code, so a change here is a new layout version.
 */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

#include "board/board.h"

#define HV_LAYOUT_VERSION 1
#define HV_LAYOUT_REGIONS 16
#define HV_LAYOUT_APPEND_MAX 2047u

struct hv_layout_input {
    struct board_bytes kernel; /* bzImage or ELF64 */
    struct board_bytes initrd; /* may be empty */
    const char *append;
    bool unpack_kernel;  /* enter the ELF in the bzImage */
    uint64_t memory;     /* bytes, whole pages */
    unsigned n_cpus;
    bool sev;            /* C-bits in the page tables, a secret page, its address on the command line */
    unsigned c_bit;      /* its position; meaningful when sev */
};

/* Whole pages; [at, at + len) of guest-physical memory. */
struct hv_region {
    uint64_t at;
    uint8_t *bytes;
    size_t len;
};

struct hv_layout {
    struct hv_region region[HV_LAYOUT_REGIONS]; /* ascending, apart */
    unsigned n_regions;
    struct board_memory_map map;
    struct board_entry entry; /* cr3 without C-bit */
    uint64_t secret;          /* address of the secret page, 0: none */
    char append[HV_LAYOUT_APPEND_MAX + 1]; /* as the guest reads it */
};

#define HV_SECRET_SIZE CB_PAGE_SIZE

/* On failure nothing is kept; CBIT_INVALID: error->text says what is wrong with which file. */
enum cbit_status hv_layout_make(const struct hv_layout_input *input, struct hv_layout *out,
                                struct board_error *error) CBIT_MUST_CHECK;
void hv_layout_free(struct hv_layout *layout);

#endif
