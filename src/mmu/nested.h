/* SPDX-License-Identifier: Apache-2.0 */
/* The second stage of nested paging, for walk.c. */
#ifndef MMU_NESTED_H
#define MMU_NESTED_H

#include "mmu/mmu.h"

/* Where a guest physical address leads. */
struct mmu_nested_page {
    spa_t frame;     /* 4 KiB frame */
    bool c_bit;      /* of the nested leaf */
    bool dirty;      /* the nested leaf permits writes and is dirty: no further walk needed */
    bool exec;
    uint8_t shift;
};

/*
 * Translates gpa for a user access of the given kind; false: *fault holds
 * EXITINFO1 and 2, `stage` (MMU_NPF_FINAL or MMU_NPF_TABLE) included.
 */
bool mmu_nested_translate(const struct mmu_nested *nested, const struct mmu_mem *mem, gpa_t gpa,
                          struct mmu_access_type type, uint64_t stage,
                          struct mmu_nested_page *out, struct mmu_fault *fault);

#endif
