/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of mmu: page walks, the C-bit, and the TLBs.
 *
 * A walk answers two questions separately: does a translation exist, and do the
 * collected rights permit this access.  The C-bit leaves an entry in one place
 * (step.c; CR3's in walk.c) and travels beside the address.  mmu knows no CPU:
 * registers come in as a struct, memory through struct mmu_mem.
 * APM vol. 2, chapter 5; 7.10 for the C-bit; 15.25 for nested paging.
 */
#ifndef MMU_MMU_H
#define MMU_MMU_H

#include "mc/access.h"

/* Widths as CPUID, SYSCFG and EFER make them.  mmu_geometry_make fills it. */
struct mmu_geometry {
    uint64_t c_mask;    /* the C-bit in entries and CR3; 0 while SYSCFG.SMEE is 0 */
    uint64_t addr_mask; /* address bits that exist: width minus reduction, C excluded */
    bool gb_pages;      /* CPUID offers 1 GiB pages */
};

/* phys_bits: raw; reduction counts only with smee. */
struct mmu_geometry mmu_geometry_make(unsigned phys_bits, unsigned c_bit, unsigned reduction,
                                      bool smee, bool gb_pages);

/* Page tables are read and A/D bits written through this; size 4 or 8. */
struct mmu_mem {
    void *ctx;
    uint64_t (*read)(void *ctx, spa_t at, struct mc_access access, unsigned size);
    void (*write)(void *ctx, spa_t at, struct mc_access access, uint64_t value, unsigned size);
};

/* The bits of the control registers that decide; values as in the manual. */
#define MMU_CR0_WP CB_BIT(16)
#define MMU_CR0_PG CB_BIT(31)
#define MMU_CR4_PSE CB_BIT(4)
#define MMU_CR4_PAE CB_BIT(5)
#define MMU_CR4_PGE CB_BIT(7)
#define MMU_CR4_PCIDE CB_BIT(17)
#define MMU_CR4_SMEP CB_BIT(20)
#define MMU_CR4_SMAP CB_BIT(21)
#define MMU_EFER_LMA CB_BIT(10)
#define MMU_EFER_NXE CB_BIT(11)

/* #PF error code. */
#define MMU_PF_P 1u
#define MMU_PF_W 2u
#define MMU_PF_U 4u
#define MMU_PF_RSVD 8u
#define MMU_PF_I 16u

/* What decides how a linear address is translated (host mode, or a guest's own level). */
struct mmu_regs {
    uint64_t cr0, cr3, cr4, efer;
    uint64_t pdpte[4];  /* legacy PAE: as loaded by MOV CR3; not with nested paging */
    const struct mmu_nested *nested; /* NULL: what the tables give are system physical addresses */
    bool is_nested;     /* these are the nested tables' own registers */
};

/*
 * Nested paging: every guest physical address, of a table or of the page, goes
 * through the host's nested tables.  The geometry given to mmu_walk is then the
 * guest's: its c_mask is the guest's C-bit (0 without SEV).
 */
struct mmu_nested {
    struct mmu_regs regs;    /* nCR3 and the host's paging mode; is_nested */
    struct mmu_geometry geo; /* the host's */
    uint16_t asid;
    bool sev;
};

/* EXITINFO1 of a nested page fault, beside the bits of a #PF code. */
#define MMU_NPF_FINAL CB_BIT(32)
#define MMU_NPF_TABLE CB_BIT(33)

enum mmu_right { MMU_READ = 1, MMU_WRITE = 2, MMU_EXEC = 4 };

/* Rights of a translation, for each privilege, before SMAP and SMEP are applied to supervisor. */
struct mmu_page {
    spa_t frame;             /* 4 KiB frame that holds the address (large pages are split) */
    struct mc_access data;   /* for data accesses */
    struct mc_access fetch;  /* for instruction fetch (differs in SEV guests) */
    bool user;               /* U at every level */
    bool writable;           /* W at every level */
    bool exec;               /* no NX at any level */
    bool dirty;              /* D set in the leaf: writes need no further walk */
    bool global;
    uint8_t shift;           /* 12, 21, 22 or 30: size of the mapping */
    uint16_t asid, pcid;
};

enum mmu_outcome { MMU_OK, MMU_PAGE_FAULT, MMU_NESTED_FAULT };

struct mmu_fault {
    uint32_t code;      /* #PF error code: P 1, W 2, U 4, RSVD 8, I 16 */
    uint64_t nested_info; /* EXITINFO1 of an NPF */
    gpa_t nested_gpa;     /* EXITINFO2 */
};

struct mmu_access_type {
    bool write, fetch;
    bool user;          /* CPL 3, not an implicit supervisor access */
    bool ac;            /* RFLAGS.AC, lifts SMAP for explicit supervisor accesses; false for implicit */
    bool no_side_effects; /* debugger: no A/D update */
};

/*
 * Walks the tables for `at` (canonical already checked by the caller; with
 * paging off the result is the identity, C=0).  Sets A, and D on a write that
 * is permitted.  On MMU_OK *page is complete; else *fault.
 */
enum mmu_outcome mmu_walk(const struct mmu_geometry *geo, const struct mmu_mem *mem,
                          const struct mmu_regs *regs, gva_t at, struct mmu_access_type type,
                          struct mmu_page *page, struct mmu_fault *fault);

/* The second question, for a page from a walk or the TLB: 0, or the #PF error code. */
uint32_t mmu_check(const struct mmu_regs *regs, const struct mmu_page *page,
                   struct mmu_access_type type);

/* Legacy PAE: reads and checks the four PDPTEs that CR3 points to; false: #GP(0). */
bool mmu_load_pdptes(const struct mmu_geometry *geo, const struct mmu_mem *mem, uint64_t cr3,
                     uint64_t pdpte[4]);

/* ---- architectural TLB: what a real TLB would remember, until told to forget ---- */

struct mmu_tlb; /* set-associative, tagged by ASID and PCID; large pages apart from small ones */

struct mmu_tlb *mmu_tlb_new(void);
void mmu_tlb_free(struct mmu_tlb *tlb);
/* *out as mmu_walk gave it, frame being that of `at`. */
bool mmu_tlb_find(const struct mmu_tlb *tlb, gva_t at, uint16_t asid, uint16_t pcid,
                  struct mmu_page *out);
/* Remembers a walk's result for `at` (asid, pcid as in *page), in place of any older one for it. */
void mmu_tlb_insert(struct mmu_tlb *tlb, gva_t at, const struct mmu_page *page);
void mmu_tlb_flush_all(struct mmu_tlb *tlb);                         /* every ASID, global too */
void mmu_tlb_flush_asid(struct mmu_tlb *tlb, uint16_t asid, bool global_too);
void mmu_tlb_flush_pcid(struct mmu_tlb *tlb, uint16_t asid, uint16_t pcid); /* not global */
/*
 * INVLPG: global too, and whole large pages.  Returns the shift of the largest
 * page that may have had fast entries at `at` since the last flush of all: a
 * large page leaves by eviction too, while fast entries made from it stay.
 */
unsigned mmu_tlb_flush_page(struct mmu_tlb *tlb, gva_t at, uint16_t asid, uint16_t pcid);
/* ---- fast TLB: host pointers, a cache of the architectural one ---- */

#define MMU_FAST_BITS 10
#define MMU_FAST_SIZE (1u << MMU_FAST_BITS)
#define MMU_FAST_NONE UINT64_C(1) /* a tag that no page has */

struct mmu_fast_entry {
    uint64_t read_tag;  /* linear address of the page, or MMU_FAST_NONE */
    uint64_t write_tag;
    uintptr_t addend;   /* host pointer = addend + linear address */
    uint64_t frame;     /* SPA of the frame, for x86_tlb_drop_frame; bit 0: global */
};

/* One for each privilege: user, supervisor, supervisor with SMAP lifted. */
#define MMU_FAST_LOG 128u
struct mmu_fast_tlb {
    struct mmu_fast_entry entry[MMU_FAST_SIZE];
    unsigned n_log;              /* > MMU_FAST_LOG: too many to remember */
    uint16_t log[MMU_FAST_LOG];  /* indices of entries that are not global, since the last flush */
};

/*
 * Bit 0 stays the page's own, so that neighbours never share an entry.  An
 * access is looked up by its first byte and compared by the page of its last:
 * if it crosses into the next page, it must not meet that page's entry.
 */
static inline unsigned mmu_fast_index(uint64_t at)
{
    const uint64_t page = at >> CB_PAGE_SHIFT;

    return (unsigned)((page ^ (page >> MMU_FAST_BITS & ~UINT64_C(1))) & (MMU_FAST_SIZE - 1));
}

void mmu_fast_flush(struct mmu_fast_tlb *tlb);
void mmu_fast_flush_non_global(struct mmu_fast_tlb *tlb);
/* All entries whose linear page lies in [at, at + size), size a power of two, at aligned. */
void mmu_fast_flush_range(struct mmu_fast_tlb *tlb, uint64_t at, uint64_t size);
/* Entry for the page `at`; write: through this pointer too. */
void mmu_fast_fill(struct mmu_fast_tlb *tlb, uint64_t at, const uint8_t *host, spa_t frame,
                   bool write, bool global);
/* Host pointers into the frame: all, or those for writing. */
void mmu_fast_drop_frame(struct mmu_fast_tlb *tlb, spa_t frame);
void mmu_fast_drop_write(struct mmu_fast_tlb *tlb, spa_t frame);

#endif
