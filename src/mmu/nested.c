/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second stage of nested paging: guest physical to system physical.
 *
 * A guest physical address is walked through the nested tables as a linear
 * address would be, in the host's paging mode, always as a user access; what
 * would be a #PF code becomes the low bits of EXITINFO1.
 * APM vol. 2, 15.25.
 */
#include "mmu/nested.h"

/* What the host's paging mode can translate at all. */
static bool within_reach(const struct mmu_regs *regs, gpa_t gpa)
{
    return gpa.v >> (regs->efer & MMU_EFER_LMA ? 48 : 32) == 0;
}

static bool refuse(struct mmu_fault *fault, uint64_t info, gpa_t gpa)
{
    *fault = (struct mmu_fault){.nested_info = info, .nested_gpa = gpa};
    return false;
}

bool mmu_nested_translate(const struct mmu_nested *nested, const struct mmu_mem *mem, gpa_t gpa,
                          struct mmu_access_type type, uint64_t stage,
                          struct mmu_nested_page *out, struct mmu_fault *fault)
{
    struct mmu_page page;
    struct mmu_fault inner;

    type.user = true;
    type.ac = false;
    if (!within_reach(&nested->regs, gpa))
        return refuse(fault, stage | MMU_PF_U | (type.write ? MMU_PF_W : 0) |
                                 (type.fetch ? MMU_PF_I : 0), gpa);
    if (mmu_walk(&nested->geo, mem, &nested->regs, gva(gpa.v), type, &page, &inner) != MMU_OK)
        return refuse(fault, stage | inner.code, gpa);
    *out = (struct mmu_nested_page){.frame = page.frame, .c_bit = page.data.host_c,
                                    .dirty = page.writable && page.dirty, .exec = page.exec,
                                    .shift = page.shift};
    return true;
}
