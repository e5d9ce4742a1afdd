/* SPDX-License-Identifier: Apache-2.0 */
/* What tlb.c and mem.c share: translation with its caches.  Nobody else's. */
#ifndef X86_TLB_H
#define X86_TLB_H

#include "x86/mem.h"
#include "x86/sys.h"

/* Fast TLBs: cpu->tlbs[]. */
enum x86_tlb_name {
    X86_TLB_USER,
    X86_TLB_SUPER,       /* SMAP, if on, holds: accesses of the CPU itself too */
    X86_TLB_SUPER_AC,    /* SMAP lifted by RFLAGS.AC */
    X86_TLB_NONE,        /* always empty: every access is checked by the slow path */
    X86_N_TLBS
};

#define X86_N_FETCH 256u
#define X86_N_TABLE 64u

struct x86_tlb_state {
    uint64_t drops;    /* counts calls of x86_tlb_drop_frame */
    uint64_t stamp[2]; /* [global]: fetch entries of other stamps are gone */
    struct x86_fetch_entry {
        uint64_t key;  /* linear page, bit 0: CPL 3; MMU_FAST_NONE never */
        uint64_t stamp;
        spa_t frame;
        struct mc_access access;
        bool global;
    } fetch[X86_N_FETCH];
    struct x86_table_entry {
        const uint8_t *host; /* of a frame that holds a page table; NULL: none */
        spa_t frame;
        struct mc_access access;
    } table[X86_N_TABLE];
    bool check_write; /* x86_ea_slow: the next slow access goes to a segment that may not be written */
};

/*
 * Translates one page for a data access, through the architectural TLB; true,
 * or false with the #PF code.
 */
bool x86_translate(struct x86_cpu *cpu, uint64_t at, struct mmu_access_type type,
                   struct mmu_page *page, uint32_t *code);

/* Where one page's bytes are: a host pointer to the byte, or NULL and an address for ops. */
struct x86_place {
    uint8_t *host;
    spa_t at;
    struct mc_access access;
    uint64_t linear;
};

/* Fills the fast TLB `name` for a page that x86_translate gave; the place of the byte at `at`. */
struct x86_place x86_tlb_fill(struct x86_cpu *cpu, enum x86_tlb_name name, uint64_t at,
                              const struct mmu_page *page, struct mmu_access_type type);

static inline enum x86_tlb_name x86_tlb_current(const struct x86_cpu *cpu)
{
    return (enum x86_tlb_name)(cpu->tlb - cpu->tlbs);
}

#endif
