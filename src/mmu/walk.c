/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page walk of the CPU's own tables, all paging modes, and the check of
 * rights.
 *
 * A table is read, and its A and D bits are written, through the view that the
 * pointer to it selects.  A and D bits are set only after the whole walk
 * succeeded and the access is permitted.  CR3's C-bit is taken off here; those
 * of entries in step.c.
 *
 * With nested paging every address of a table, and the page's, is a guest
 * physical one: nested.c turns it into a system physical one, a table's as for
 * a write (APM: guest table accesses count as user writes).  The guest's own
 * faults of a level come after the nested fault of its table's address and
 * before that of the page.
 * APM vol. 2, chapter 5 (5.3 to 5.6), 7.10 and 15.25.
 */
#include "mmu/nested.h"
#include "mmu/step.h"

struct mmu_geometry mmu_geometry_make(unsigned phys_bits, unsigned c_bit, unsigned reduction,
                                      bool smee, bool gb_pages)
{
    const uint64_t c_mask = smee ? CB_BIT(c_bit) : 0;

    return (struct mmu_geometry){
        .c_mask = c_mask,
        .addr_mask = CB_MASK(phys_bits - (smee ? reduction : 0)) & ~c_mask,
        .gb_pages = gb_pages,
    };
}

/* ---- the second question: rights ---- */

static bool no_execute(const struct mmu_regs *regs)
{
    return (regs->efer & MMU_EFER_NXE) && (regs->cr4 & MMU_CR4_PAE);
}

static uint32_t fault_code(const struct mmu_regs *regs, struct mmu_access_type type, uint32_t cause)
{
    /* I tells of a fetch only where a fetch can fault by right */
    const bool i = type.fetch && (no_execute(regs) || (regs->cr4 & MMU_CR4_SMEP));

    return cause | (type.write ? MMU_PF_W : 0) | (type.user ? MMU_PF_U : 0) | (i ? MMU_PF_I : 0);
}

static bool permitted(const struct mmu_regs *regs, const struct mmu_page *page,
                      struct mmu_access_type type)
{
    if (type.user && !page->user)
        return false;
    if (type.fetch)
        return page->exec && (type.user || !page->user || !(regs->cr4 & MMU_CR4_SMEP));
    if (!type.user && page->user && (regs->cr4 & MMU_CR4_SMAP) && !type.ac)
        return false;
    return !type.write || page->writable || (!type.user && !(regs->cr0 & MMU_CR0_WP));
}

uint32_t mmu_check(const struct mmu_regs *regs, const struct mmu_page *page,
                   struct mmu_access_type type)
{
    if (!(regs->cr0 & MMU_CR0_PG) || permitted(regs, page, type))
        return 0;
    return fault_code(regs, type, MMU_PF_P);
}

/* ---- the first question: translation ---- */

/* The entry of one level, and what is needed to write it back. */
struct entry {
    spa_t at;
    struct mc_access access;
    uint64_t value;
};

struct walk {
    const struct mmu_geometry *geo;
    const struct mmu_mem *mem;
    struct mmu_rules rules;
    uint8_t entry_size; /* 4 or 8 */
    bool global_pages;  /* CR4.PGE */
    unsigned n;         /* entries gone through */
    struct entry entry[4];
    struct mmu_step last;
    enum mc_kind kind;  /* of the tables */
    const struct mmu_nested *nested;
    bool no_side_effects;
    bool nested_fault;  /* a table's address has no nested translation: */
    struct mmu_fault fault;
};

static unsigned index_at(const struct walk *w, enum mmu_level level, uint64_t at)
{
    if (w->rules.format == MMU_FORMAT_32)
        return (unsigned)(at >> (level == MMU_PDE ? 22 : 12)) & 0x3ff;
    return (unsigned)(at >> (12 + 9 * (unsigned)level)) & 0x1ff;
}

/* How a guest's table is reached whose frame has the nested C-bit `c`: under the guest's key if it has one. */
static struct mc_access guest_table_access(const struct mmu_nested *nested, bool c)
{
    return (struct mc_access){.asid = nested->asid, .kind = MC_KIND_WALK, .sev = nested->sev,
                              .guest_c = nested->sev, .guest_c_exists = nested->sev, .host_c = c};
}

/* Reads the entry at `at`, an address of the walk's own kind; false: nested fault. */
static bool read_entry(struct walk *w, uint64_t at, bool c_bit, struct entry *e)
{
    const struct mmu_access_type type = {.write = true, .no_side_effects = w->no_side_effects};
    struct mmu_nested_page page;

    e->at.v = at;
    e->access = mc_access_host(w->kind, c_bit);
    if (w->nested) {
        if (!mmu_nested_translate(w->nested, w->mem, gpa(at), type, MMU_NPF_TABLE, &page,
                                  &w->fault)) {
            w->nested_fault = true;
            return false;
        }
        e->at.v = page.frame.v | (at & ~CB_PAGE_MASK);
        e->access = guest_table_access(w->nested, page.c_bit);
    }
    e->value = w->mem->read(w->mem->ctx, e->at, e->access, w->entry_size);
    return true;
}

/* From the table of level `top` down; the last step tells how it ended. */
static void descend(struct walk *w, enum mmu_level top, spa_t table, bool c_bit, uint64_t at,
                    struct mmu_page *page)
{
    for (int level = (int)top; level >= 0; level--) {
        struct entry *e = &w->entry[w->n++];

        const uint64_t index = index_at(w, (enum mmu_level)level, at);

        if (!read_entry(w, table.v + index * w->entry_size, c_bit, e))
            return;
        w->last = mmu_step_decode(w->geo, w->rules, (enum mmu_level)level, e->value);
        if (w->last.next < MMU_DESCEND)
            return;
        page->user &= (e->value & MMU_PTE_U) != 0;
        page->writable &= (e->value & MMU_PTE_W) != 0;
        page->exec &= w->rules.format == MMU_FORMAT_32 || !(e->value & MMU_PTE_NX);
        if (w->last.next == MMU_LEAF)
            return;
        table = w->last.base;
        c_bit = w->last.c_bit;
    }
}

static void update_accessed_dirty(const struct walk *w, bool dirty)
{
    for (unsigned k = 0; k < w->n; k++) {
        const struct entry *e = &w->entry[k];
        const bool leaf = k + 1 == w->n;
        const uint64_t want = e->value | MMU_PTE_A | (leaf && dirty ? MMU_PTE_D : 0);

        if (want != e->value)
            w->mem->write(w->mem->ctx, e->at, e->access, want, w->entry_size);
    }
}

/* Host mode's; finish_nested makes a guest's of them. */
static void set_accesses(struct mmu_page *page, bool c_bit)
{
    page->data = mc_access_host(MC_KIND_DATA, c_bit);
    page->fetch = mc_access_host(MC_KIND_FETCH, c_bit);
}

static void fill_leaf(const struct walk *w, const struct mmu_regs *regs, uint64_t at,
                      struct mmu_page *page)
{
    const uint64_t leaf = w->entry[w->n - 1].value;

    page->shift = w->last.shift;
    page->frame.v = w->last.base.v | (at & CB_MASK(page->shift) & CB_PAGE_MASK);
    page->dirty = (leaf & MMU_PTE_D) != 0;
    page->global = w->global_pages && (leaf & MMU_PTE_G);
    page->pcid = (regs->cr4 & MMU_CR4_PCIDE) ? (uint16_t)(regs->cr3 & 0xfff) : 0;
    set_accesses(page, w->last.c_bit);
}

/* What is no address bit of a PDPE of legacy PAE, and not the C-bit: 2:1 and 8:5 too. */
static uint64_t pdpte_reserved(const struct mmu_geometry *geo)
{
    return UINT64_C(0x1e6) | (~geo->addr_mask & ~geo->c_mask & ~UINT64_C(0xfff));
}

/*
 * PDPEs were checked when MOV CR3 loaded them; under nested paging they are
 * read and checked by each walk.  False: the walk is over.
 */
static bool find_pdpe(struct walk *w, const struct mmu_regs *regs, uint64_t at, uint64_t *pdpe)
{
    struct entry e;

    *pdpe = regs->pdpte[at >> 30 & 3];
    if (!w->nested)
        return *pdpe & MMU_PTE_P;
    if (!read_entry(w, (regs->cr3 & UINT64_C(0xffffffe0)) + (at >> 30 & 3) * 8, false, &e))
        return false;
    *pdpe = e.value;
    if ((e.value & MMU_PTE_P) && (e.value & pdpte_reserved(w->geo)))
        w->last.next = MMU_RESERVED;
    return (e.value & MMU_PTE_P) && w->last.next != MMU_RESERVED;
}

static void walk_tables(struct walk *w, const struct mmu_regs *regs, uint64_t at,
                        struct mmu_page *page)
{
    if (regs->efer & MMU_EFER_LMA) { /* CR3's C-bit: taken off here */
        descend(w, MMU_PML4E, spa(regs->cr3 & w->geo->addr_mask & CB_PAGE_MASK),
                (regs->cr3 & w->geo->c_mask) != 0, at, page);
    } else if (regs->cr4 & MMU_CR4_PAE) {
        uint64_t pdpe; /* has no rights */

        if (find_pdpe(w, regs, at, &pdpe))
            descend(w, MMU_PDE, spa(pdpe & w->geo->addr_mask & CB_PAGE_MASK),
                    (pdpe & w->geo->c_mask) != 0, at, page);
    } else {
        descend(w, MMU_PDE, spa(regs->cr3 & UINT64_C(0xfffff000)), false, at, page);
    }
}

static struct walk walk_begin(const struct mmu_geometry *geo, const struct mmu_mem *mem,
                              const struct mmu_regs *regs)
{
    struct walk w = {.geo = geo, .mem = mem, .entry_size = 8, .nested = regs->nested};

    w.kind = regs->is_nested ? MC_KIND_NPT_WALK : MC_KIND_WALK;
    w.rules.nx = (regs->efer & MMU_EFER_NXE) != 0;
    w.rules.pse = (regs->cr4 & MMU_CR4_PSE) != 0;
    w.global_pages = (regs->cr4 & MMU_CR4_PGE) != 0;
    if (regs->efer & MMU_EFER_LMA) {
        w.rules.format = MMU_FORMAT_LONG;
    } else if (regs->cr4 & MMU_CR4_PAE) {
        w.rules.format = MMU_FORMAT_PAE;
    } else {
        w.rules.format = MMU_FORMAT_32;
        w.entry_size = 4;
    }
    return w;
}

static void identity(uint64_t at, struct mmu_page *page)
{
    page->frame.v = at & CB_PAGE_MASK;
    page->shift = CB_PAGE_SHIFT;
    page->dirty = true;
    set_accesses(page, false);
}

static enum mmu_outcome refuse(struct mmu_fault *fault, uint32_t code)
{
    *fault = (struct mmu_fault){.code = code};
    return MMU_PAGE_FAULT;
}

static struct mc_access guest_access(const struct mmu_nested *nested, const struct mmu_regs *regs,
                                     enum mc_kind kind, bool guest_c, bool host_c)
{
    const bool exists = (regs->cr0 & MMU_CR0_PG) && (regs->cr4 & MMU_CR4_PAE);

    return (struct mc_access){.asid = nested->asid, .kind = (uint8_t)kind, .sev = nested->sev,
                              .guest_c = nested->sev && exists && guest_c,
                              .guest_c_exists = nested->sev && exists, .host_c = host_c};
}

/* The page's own nested translation; *page becomes that of both stages. */
static bool finish_nested(const struct mmu_nested *nested, const struct mmu_mem *mem,
                          const struct mmu_regs *regs, uint64_t at, struct mmu_access_type type,
                          struct mmu_page *page, struct mmu_fault *fault)
{
    const gpa_t to = gpa(page->frame.v | (at & ~CB_PAGE_MASK));
    const bool guest_c = page->data.host_c;
    struct mmu_nested_page n;

    if (!mmu_nested_translate(nested, mem, to, type, MMU_NPF_FINAL, &n, fault))
        return false;
    page->frame = n.frame;
    page->dirty = page->dirty && n.dirty;
    page->exec = page->exec && n.exec;
    if (n.shift < page->shift)
        page->shift = n.shift;
    page->asid = nested->asid;
    page->data = guest_access(nested, regs, MC_KIND_DATA, guest_c, n.c_bit);
    page->fetch = guest_access(nested, regs, MC_KIND_FETCH, guest_c, n.c_bit);
    return true;
}

enum mmu_outcome mmu_walk(const struct mmu_geometry *geo, const struct mmu_mem *mem,
                          const struct mmu_regs *regs, gva_t at, struct mmu_access_type type,
                          struct mmu_page *page, struct mmu_fault *fault)
{
    struct walk w;

    CBIT_ASSERT((geo->c_mask & geo->addr_mask) == 0); /* ours, not the guest's */
    *page = (struct mmu_page){.user = true, .writable = true, .exec = true};
    if (!(regs->cr0 & MMU_CR0_PG)) {
        identity(at.v, page);
        if (regs->nested && !finish_nested(regs->nested, mem, regs, at.v, type, page, fault))
            return MMU_NESTED_FAULT;
        return MMU_OK;
    }
    w = walk_begin(geo, mem, regs);
    w.no_side_effects = type.no_side_effects;
    walk_tables(&w, regs, at.v, page);
    if (w.nested_fault) {
        *fault = w.fault;
        return MMU_NESTED_FAULT;
    }
    if (w.last.next == MMU_NOT_PRESENT)
        return refuse(fault, fault_code(regs, type, 0));
    if (w.last.next == MMU_RESERVED)
        return refuse(fault, fault_code(regs, type, MMU_PF_P | MMU_PF_RSVD));
    fill_leaf(&w, regs, at.v, page);
    if (!permitted(regs, page, type))
        return refuse(fault, fault_code(regs, type, MMU_PF_P));
    if (type.write && !type.no_side_effects)
        page->dirty = true;
    if (w.nested && !finish_nested(w.nested, mem, regs, at.v, type, page, fault))
        return MMU_NESTED_FAULT;
    if (!type.no_side_effects)
        update_accessed_dirty(&w, type.write);
    return MMU_OK;
}

/* ---- legacy PAE ---- */

bool mmu_load_pdptes(const struct mmu_geometry *geo, const struct mmu_mem *mem, uint64_t cr3,
                     uint64_t pdpte[4])
{
    const uint64_t mbz = pdpte_reserved(geo);
    uint64_t loaded[4];

    for (unsigned k = 0; k < 4; k++) {
        /* a 32-bit CR3 cannot hold a C-bit: the table is read unencrypted */
        loaded[k] = mem->read(mem->ctx, spa((cr3 & UINT64_C(0xffffffe0)) + 8 * k),
                              mc_access_host(MC_KIND_WALK, false), 8);
        if ((loaded[k] & MMU_PTE_P) && (loaded[k] & mbz))
            return false;
    }
    memcpy(pdpte, loaded, sizeof(loaded));
    return true;
}
