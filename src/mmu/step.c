/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of one page-table entry.  The C-bit leaves an entry here and nowhere
 * else.  Rights and A/D bits are the walk's business (walk.c).
 * APM vol. 2, chapter 5, figures of the entries; 7.10 for the C-bit.
 */
#include "mmu/step.h"

#define FIELD_64 UINT64_C(0x000ffffffffff000) /* where long mode and PAE keep an address */
#define FIELD_32 UINT64_C(0xfffff000)

static bool is_leaf(const struct mmu_geometry *geo, struct mmu_rules rules, enum mmu_level level,
                    uint64_t entry)
{
    if (level == MMU_PTE)
        return true;
    if (!(entry & MMU_PTE_PS))
        return false;
    if (level == MMU_PDE)
        return rules.format != MMU_FORMAT_32 || rules.pse;
    return level == MMU_PDPE && rules.format == MMU_FORMAT_LONG && geo->gb_pages;
}

/* Bits that must be 0 in formats with 64-bit entries, apart from the address width. */
static uint64_t must_be_zero_64(struct mmu_rules rules, enum mmu_level level, bool leaf)
{
    uint64_t mbz = rules.nx ? 0 : MMU_PTE_NX;

    if (rules.format == MMU_FORMAT_PAE)
        mbz |= UINT64_C(0x7ff) << 52;
    if (leaf)
        return mbz | (level == MMU_PDE ? UINT64_C(0x1fe000) : level == MMU_PDPE ? UINT64_C(0x3fffe000) : 0);
    if (level == MMU_PML4E)
        return mbz | MMU_PTE_PS | MMU_PTE_G;
    if (level == MMU_PDPE) /* PS without 1 GiB pages; G is reserved in tables' entries (AMD) */
        return mbz | MMU_PTE_PS | MMU_PTE_G;
    return mbz;
}

static uint64_t reserved_bits(const struct mmu_geometry *geo, struct mmu_rules rules,
                              enum mmu_level level, bool leaf)
{
    if (rules.format == MMU_FORMAT_32) /* PSE-36: bits 20:13 are address bits 39:32 */
        return leaf && level == MMU_PDE ? CB_BIT(21) : 0;
    return must_be_zero_64(rules, level, leaf) | (FIELD_64 & ~geo->addr_mask & ~geo->c_mask);
}

static uint8_t leaf_shift(struct mmu_rules rules, enum mmu_level level)
{
    if (level == MMU_PTE)
        return 12;
    if (level == MMU_PDPE)
        return 30;
    return rules.format == MMU_FORMAT_32 ? 22 : 21;
}

static uint64_t base_of(const struct mmu_geometry *geo, struct mmu_rules rules,
                        const struct mmu_step *step, uint64_t entry)
{
    if (rules.format != MMU_FORMAT_32)
        return entry & FIELD_64 & geo->addr_mask;
    if (step->shift == 22)
        return (entry & UINT64_C(0xffc00000)) | cb_bits(entry, 20, 13) << 32;
    return entry & FIELD_32;
}

struct mmu_step mmu_step_decode(const struct mmu_geometry *geo, struct mmu_rules rules,
                                enum mmu_level level, uint64_t entry)
{
    const bool leaf = is_leaf(geo, rules, level, entry);
    struct mmu_step step = {.next = MMU_NOT_PRESENT};

    if (!(entry & MMU_PTE_P))
        return step; /* every other bit belongs to software: do not look */
    if (entry & reserved_bits(geo, rules, level, leaf)) {
        step.next = MMU_RESERVED;
        return step;
    }
    step.next = leaf ? MMU_LEAF : MMU_DESCEND;
    step.shift = leaf ? leaf_shift(rules, level) : 0;
    step.base.v = base_of(geo, rules, &step, entry);
    if (leaf)
        step.base.v &= ~CB_MASK(step.shift);
    if (rules.format != MMU_FORMAT_32) /* 32-bit entries cannot hold one */
        step.c_bit = (entry & geo->c_mask) != 0;
    return step;
}
