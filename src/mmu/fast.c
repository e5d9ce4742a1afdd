/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast TLB: host pointers by linear page, direct mapped.
 *
 * MOV CR3 is frequent, so entries that are not global are remembered in a short
 * log and only those are cleared; past the log's length the whole array is
 * swept.  Who may have an entry is decided by the caller (x86/tlb.c).
 */
#include "mmu/mmu.h"

#define GLOBAL UINT64_C(1) /* in entry.frame */

static void clear(struct mmu_fast_entry *e)
{
    e->read_tag = MMU_FAST_NONE;
    e->write_tag = MMU_FAST_NONE;
}

void mmu_fast_flush(struct mmu_fast_tlb *tlb)
{
    for (unsigned k = 0; k < MMU_FAST_SIZE; k++)
        clear(&tlb->entry[k]);
    tlb->n_log = 0;
}

void mmu_fast_flush_non_global(struct mmu_fast_tlb *tlb)
{
    if (tlb->n_log <= MMU_FAST_LOG) {
        for (unsigned k = 0; k < tlb->n_log; k++) {
            struct mmu_fast_entry *e = &tlb->entry[tlb->log[k]];

            if (!(e->frame & GLOBAL))
                clear(e);
        }
    } else {
        for (unsigned k = 0; k < MMU_FAST_SIZE; k++)
            if (!(tlb->entry[k].frame & GLOBAL))
                clear(&tlb->entry[k]);
    }
    tlb->n_log = 0;
}

void mmu_fast_flush_range(struct mmu_fast_tlb *tlb, uint64_t at, uint64_t size)
{
    if (size == CB_PAGE_SIZE) {
        struct mmu_fast_entry *e = &tlb->entry[mmu_fast_index(at)];

        if (e->read_tag == at || e->write_tag == at)
            clear(e);
        return;
    }
    for (unsigned k = 0; k < MMU_FAST_SIZE; k++) {
        struct mmu_fast_entry *e = &tlb->entry[k];

        if (((e->read_tag ^ at) & ~(size - 1)) == 0 || ((e->write_tag ^ at) & ~(size - 1)) == 0)
            clear(e);
    }
}

void mmu_fast_fill(struct mmu_fast_tlb *tlb, uint64_t at, const uint8_t *host, spa_t frame,
                   bool write, bool global)
{
    const unsigned k = mmu_fast_index(at);
    struct mmu_fast_entry *e = &tlb->entry[k];

    at &= CB_PAGE_MASK;
    e->read_tag = at;
    e->write_tag = write ? at : MMU_FAST_NONE;
    e->addend = (uintptr_t)host - at;
    e->frame = (frame.v & CB_PAGE_MASK) | (global ? GLOBAL : 0);
    if (global || tlb->n_log > MMU_FAST_LOG)
        return;
    if (tlb->n_log < MMU_FAST_LOG)
        tlb->log[tlb->n_log] = (uint16_t)k;
    tlb->n_log++;
}

void mmu_fast_drop_frame(struct mmu_fast_tlb *tlb, spa_t frame)
{
    for (unsigned k = 0; k < MMU_FAST_SIZE; k++)
        if ((tlb->entry[k].frame & CB_PAGE_MASK) == frame.v)
            clear(&tlb->entry[k]);
}

void mmu_fast_drop_write(struct mmu_fast_tlb *tlb, spa_t frame)
{
    for (unsigned k = 0; k < MMU_FAST_SIZE; k++)
        if ((tlb->entry[k].frame & CB_PAGE_MASK) == frame.v)
            tlb->entry[k].write_tag = MMU_FAST_NONE;
}
