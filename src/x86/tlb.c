/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation as the CPU does it: architectural TLB first, then a walk; and the
 * upkeep of everything that remembers a translation or a host pointer.
 *
 * The architectural TLB (mmu room) decides what is stale.  Three caches hang on
 * it: the fast TLBs (host pointers by linear page, one array per privilege), the
 * fetch cache (frames by linear page, for block look-up), and host pointers of
 * page-table frames for the walker.  Pointers go when a frame is turned; the
 * translations stay.  A page that is not dirty has no write pointer, so that the
 * first write sets D.
 */
#include <stdlib.h>

#include "x86/svm/guest.h"
#include "x86/tlb.h"

/* ---- construction ---- */

static bool world_new(struct mmu_fast_tlb **tlbs, struct x86_tlb_state **state)
{
    *tlbs = calloc(X86_N_TLBS, sizeof(**tlbs));
    *state = calloc(1, sizeof(**state));
    if (!*tlbs || !*state)
        return false;
    for (unsigned k = 0; k < X86_N_TLBS; k++)
        mmu_fast_flush(&(*tlbs)[k]);
    return true;
}

enum cbit_status x86_mem_new(struct x86_cpu *cpu)
{
    const bool host = world_new(&cpu->tlbs, &cpu->tlb_state);
    const bool guest = world_new(&cpu->svm.other_tlbs, &cpu->svm.other_state);

    cpu->arch_tlb = mmu_tlb_new();
    cpu->svm.other_arch_tlb = mmu_tlb_new();
    if (!host || !guest || !cpu->arch_tlb || !cpu->svm.other_arch_tlb) {
        x86_mem_free(cpu);
        return CBIT_NO_MEMORY;
    }
    cpu->tlb = &cpu->tlbs[X86_TLB_SUPER];
    x86_tlb_flush_everything(cpu);
    return CBIT_OK;
}

void x86_mem_free(struct x86_cpu *cpu)
{
    free(cpu->tlbs);
    free(cpu->tlb_state);
    free(cpu->svm.other_tlbs);
    free(cpu->svm.other_state);
    mmu_tlb_free(cpu->arch_tlb);
    mmu_tlb_free(cpu->svm.other_arch_tlb);
    cpu->tlbs = cpu->tlb = cpu->svm.other_tlbs = NULL;
    cpu->tlb_state = cpu->svm.other_state = NULL;
    cpu->arch_tlb = cpu->svm.other_arch_tlb = NULL;
}

/* ---- what the walker sees ---- */

static struct x86_table_entry *table_entry(struct x86_tlb_state *state, spa_t frame)
{
    const uint64_t n = frame.v >> CB_PAGE_SHIFT;

    return &state->table[(n ^ n >> 6) % X86_N_TABLE];
}

static uint64_t table_read(void *ctx, spa_t at, struct mc_access access, unsigned size)
{
    struct x86_cpu *cpu = ctx;
    const spa_t frame = spa(at.v & CB_PAGE_MASK);
    struct x86_table_entry *e = table_entry(cpu->tlb_state, frame);
    uint8_t buf[8] = {0};

    if (!e->host || e->frame.v != frame.v || memcmp(&e->access, &access, sizeof(access)) != 0) {
        e->host = cpu->ops->map(cpu->ctx, frame, access, false);
        e->frame = frame;
        e->access = access;
    }
    if (e->host)
        memcpy(buf, e->host + (at.v & (CB_PAGE_SIZE - 1)), size);
    else
        cpu->ops->read(cpu->ctx, at, access, buf, size);
    return cb_load_le64(buf);
}

static void table_write(void *ctx, spa_t at, struct mc_access access, uint64_t value, unsigned size)
{
    struct x86_cpu *cpu = ctx;
    uint8_t buf[8];

    cb_store_le64(buf, value);
    cpu->ops->write(cpu->ctx, at, access, buf, size);
}

struct mmu_mem x86_mmu_mem(struct x86_cpu *cpu)
{
    return (struct mmu_mem){.ctx = cpu, .read = table_read, .write = table_write};
}

struct mmu_regs x86_mmu_regs(const struct x86_cpu *cpu)
{
    struct mmu_regs regs = {.cr0 = cpu->cr0, .cr3 = cpu->cr3, .cr4 = cpu->cr4, .efer = cpu->efer,
                            .nested = cpu->svm.np ? &cpu->svm.nested : NULL};

    memcpy(regs.pdpte, cpu->pdpte, sizeof(regs.pdpte));
    return regs;
}

static uint16_t current_pcid(const struct x86_cpu *cpu)
{
    return (cpu->cr4 & X86_CR4_PCIDE) ? (uint16_t)(cpu->cr3 & 0xfff) : 0;
}

/* ---- translation ---- */

/* Is there anything to translate: the CPU's own tables, or a guest's nested ones? */
static bool translated(const struct x86_cpu *cpu)
{
    return x86_paging(cpu) || cpu->svm.np;
}

bool x86_translate(struct x86_cpu *cpu, uint64_t at, struct mmu_access_type type,
                   struct mmu_page *page, uint32_t *code)
{
    const struct mmu_regs regs = x86_mmu_regs(cpu);
    const struct mmu_mem mem = x86_mmu_mem(cpu);
    enum mmu_outcome outcome;
    struct mmu_fault fault;

    /* What the TLB refuses is walked anew before it becomes a fault, as on hardware. */
    if (translated(cpu) &&
        mmu_tlb_find(cpu->arch_tlb, gva(at), cpu->svm.asid, current_pcid(cpu), page) &&
        mmu_check(&regs, page, type) == 0 && (!type.write || page->dirty))
        return true;
    cpu->stats.page_walks += translated(cpu);
    cpu->reached = at;
    outcome = mmu_walk(&cpu->geometry, &mem, &regs, gva(at), type, page, &fault);
    if (outcome != MMU_OK) {
        if (outcome == MMU_NESTED_FAULT)
            x86_svm_note_nested_fault(cpu, &fault, type);
        *code = outcome == MMU_NESTED_FAULT ? X86_NESTED_FAULT : fault.code;
        return false;
    }
    page->asid = cpu->svm.asid;
    if (translated(cpu))
        mmu_tlb_insert(cpu->arch_tlb, gva(at), page);
    return true;
}

/* May the privilege of `type` write the page without another walk? */
static bool writes_freely(struct x86_cpu *cpu, const struct mmu_page *page,
                          struct mmu_access_type type)
{
    const struct mmu_regs regs = x86_mmu_regs(cpu);

    type.write = true;
    return page->dirty && mmu_check(&regs, page, type) == 0;
}

struct x86_place x86_tlb_fill(struct x86_cpu *cpu, enum x86_tlb_name name, uint64_t at,
                              const struct mmu_page *page, struct mmu_access_type type)
{
    const unsigned offset = (unsigned)(at & (CB_PAGE_SIZE - 1));
    struct x86_place place = {
        .at = spa(page->frame.v + offset), .access = page->data, .linear = at};
    uint8_t *host = NULL;
    bool write = false;

    if (name == X86_TLB_NONE || (cpu->debug_data && x86_debug_page(cpu, at)))
        return place;
    if (writes_freely(cpu, page, type)) {
        host = cpu->ops->map(cpu->ctx, page->frame, page->data, true);
        write = host != NULL;
    }
    if (!host)
        host = cpu->ops->map(cpu->ctx, page->frame, page->data, false);
    if (!host)
        return place;
    cpu->stats.tlb_fills++;
    mmu_fast_fill(&cpu->tlbs[name], at, host, page->frame, write, page->global);
    if (write || !type.write)
        place.host = host + offset;
    return place;
}

static struct x86_fetch_entry *fetch_entry(const struct x86_cpu *cpu, uint64_t at)
{
    const uint64_t n = at >> CB_PAGE_SHIFT;

    return &cpu->tlb_state->fetch[(n ^ n >> 8) % X86_N_FETCH];
}

bool x86_fetch_page(struct x86_cpu *cpu, uint64_t at, spa_t *frame, struct mc_access *access,
                    uint32_t *code)
{
    const bool user = cpu->cpl == 3;
    const uint64_t key = (at & CB_PAGE_MASK) | user;
    struct x86_fetch_entry *e = fetch_entry(cpu, at);
    struct mmu_page page;

    if (CB_UNLIKELY(e->key != key || e->stamp != cpu->tlb_state->stamp[e->global])) {
        if (!x86_canonical(at)) {
            *code = X86_FETCH_GP;
            return false;
        }
        if (!x86_translate(cpu, at, (struct mmu_access_type){.fetch = true, .user = user}, &page,
                           code))
            return false;
        *e = (struct x86_fetch_entry){.key = key, .stamp = cpu->tlb_state->stamp[page.global],
                                      .frame = page.frame, .access = page.fetch,
                                      .global = page.global};
    }
    *frame = e->frame;
    *access = e->access;
    return true;
}

bool x86_debug_translate(struct x86_cpu *cpu, gva_t at, spa_t *out, struct mc_access *access)
{
    const struct mmu_access_type type = {.ac = true, .no_side_effects = true};
    const struct mmu_regs regs = x86_mmu_regs(cpu);
    const struct mmu_mem mem = x86_mmu_mem(cpu);
    struct mmu_page page;
    struct mmu_fault fault;

    if (mmu_walk(&cpu->geometry, &mem, &regs, at, type, &page, &fault) != MMU_OK)
        return false;
    *out = spa(page.frame.v | (at.v & (CB_PAGE_SIZE - 1)));
    *access = page.data;
    return true;
}

/* ---- upkeep ---- */

void x86_tlb_select(struct x86_cpu *cpu)
{
    const bool ac = (cpu->rflags & X86_FL_AC) != 0;
    enum x86_tlb_name name;

    if (cpu->cpl == 3)
        name = ac && (cpu->cr0 & X86_CR0_AM) ? X86_TLB_NONE : X86_TLB_USER;
    else
        name = ac && (cpu->cr4 & X86_CR4_SMAP) ? X86_TLB_SUPER_AC : X86_TLB_SUPER;
    cpu->tlb = &cpu->tlbs[name];
}

static void flush_world(struct mmu_fast_tlb *tlbs, struct x86_tlb_state *state)
{
    for (unsigned k = 0; k < X86_TLB_NONE; k++)
        mmu_fast_flush(&tlbs[k]);
    state->stamp[0]++;
    state->stamp[1]++;
    for (unsigned k = 0; k < X86_N_TABLE; k++)
        state->table[k].host = NULL;
}

void x86_tlb_flush_caches(struct x86_cpu *cpu)
{
    cpu->translations++;
    flush_world(cpu->tlbs, cpu->tlb_state);
}

/* The host's own TLB holds nothing of other ASIDs: all of it is quicker, and forgets which pages were large. */
void x86_tlb_flush_all(struct x86_cpu *cpu)
{
    if (cpu->svm.guest)
        mmu_tlb_flush_asid(cpu->arch_tlb, cpu->svm.asid, true);
    else
        mmu_tlb_flush_all(cpu->arch_tlb);
    x86_tlb_flush_caches(cpu);
}

void x86_tlb_flush_everything(struct x86_cpu *cpu)
{
    mmu_tlb_flush_all(cpu->arch_tlb);
    mmu_tlb_flush_all(cpu->svm.other_arch_tlb);
    x86_tlb_flush_caches(cpu);
    cpu->svm.other_translations++;
    flush_world(cpu->svm.other_tlbs, cpu->svm.other_state);
}

void x86_tlb_flush_non_global(struct x86_cpu *cpu)
{
    cpu->translations++;
    mmu_tlb_flush_pcid(cpu->arch_tlb, cpu->svm.asid, current_pcid(cpu));
    for (unsigned k = 0; k < X86_TLB_NONE; k++)
        mmu_fast_flush_non_global(&cpu->tlbs[k]);
    cpu->tlb_state->stamp[0]++;
}

static void forget_fetches(struct x86_cpu *cpu, uint64_t base, uint64_t size)
{
    struct x86_tlb_state *state = cpu->tlb_state;

    if (size == CB_PAGE_SIZE) {
        struct x86_fetch_entry *e = fetch_entry(cpu, base);

        if ((e->key & CB_PAGE_MASK) == base)
            e->stamp = 0;
        return;
    }
    for (unsigned k = 0; k < X86_N_FETCH; k++)
        if (((state->fetch[k].key ^ base) & ~(size - 1)) == 0)
            state->fetch[k].stamp = 0;
}

void x86_tlb_invlpg(struct x86_cpu *cpu, uint64_t at)
{
    cpu->translations++;
    const unsigned shift = mmu_tlb_flush_page(cpu->arch_tlb, gva(at), cpu->svm.asid, current_pcid(cpu));
    const uint64_t size = CB_BIT(shift), base = cb_align_down(at, size);

    for (unsigned k = 0; k < X86_TLB_NONE; k++)
        mmu_fast_flush_range(&cpu->tlbs[k], base, size);
    forget_fetches(cpu, base, size);
}

/* Another ASID's page: the caches that may hold it are the other world's. */
void x86_tlb_invlpga(struct x86_cpu *cpu, uint64_t at, uint32_t asid)
{
    if (asid == cpu->svm.asid) {
        x86_tlb_invlpg(cpu, at);
        return;
    }
    mmu_tlb_flush_page(cpu->svm.guest && asid != 0 ? cpu->arch_tlb : cpu->svm.other_arch_tlb,
                       gva(at), (uint16_t)asid, 0);
    cpu->svm.other_translations++;
    flush_world(cpu->svm.other_tlbs, cpu->svm.other_state);
}

static void drop_frame(struct mmu_fast_tlb *tlbs, struct x86_tlb_state *state, spa_t frame)
{
    struct x86_table_entry *e = table_entry(state, frame);

    state->drops++;
    for (unsigned k = 0; k < X86_TLB_NONE; k++)
        mmu_fast_drop_frame(&tlbs[k], frame);
    if (e->frame.v == frame.v)
        e->host = NULL;
}

void x86_tlb_drop_frame(struct x86_cpu *cpu, spa_t frame)
{
    drop_frame(cpu->tlbs, cpu->tlb_state, frame);
    if (cpu->svm.used)
        drop_frame(cpu->svm.other_tlbs, cpu->svm.other_state, frame);
}

void x86_tlb_drop_write(struct x86_cpu *cpu, spa_t frame)
{
    for (unsigned k = 0; k < X86_TLB_NONE; k++)
        mmu_fast_drop_write(&cpu->tlbs[k], frame);
    for (unsigned k = 0; cpu->svm.used && k < X86_TLB_NONE; k++)
        mmu_fast_drop_write(&cpu->svm.other_tlbs[k], frame);
}
