/* SPDX-License-Identifier: Apache-2.0 */
#include "walk_oracle.h"

/* ---- memory ---- */

static void note_access(struct trace *t, struct mc_access a)
{
    if (a.kind != MC_KIND_WALK || a.asid || a.sev || a.guest_c || a.guest_c_exists || a.zero)
        t->bad_kind = true;
}

static uint64_t trace_read(void *ctx, spa_t at, struct mc_access access, unsigned size)
{
    struct trace *t = ctx;
    const unsigned k = t->n_reads++;

    note_access(t, access);
    if (k >= 4)
        return 0;
    t->read[k].at = at.v;
    t->read[k].c = access.host_c;
    t->read[k].size = size;
    return size == 4 ? t->entry[k] & 0xffffffff : t->entry[k];
}

static void trace_write(void *ctx, spa_t at, struct mc_access access, uint64_t value, unsigned size)
{
    struct trace *t = ctx;
    const unsigned k = t->n_writes++;

    note_access(t, access);
    if (k >= TRACE_MAX)
        return;
    t->write[k].at = at.v;
    t->write[k].value = value;
    t->write[k].c = access.host_c;
    t->write[k].size = size;
}

struct mmu_mem trace_mem(struct trace *trace)
{
    return (struct mmu_mem){.ctx = trace, .read = trace_read, .write = trace_write};
}

/* ---- the oracle ---- */

struct found {
    bool present, reserved;
    bool us, rw, xd, dirty, global, c;
    uint64_t address; /* of the page */
    unsigned shift;
    unsigned n;
    struct { uint64_t at, value; bool c; } e[4];
};

static uint64_t get(struct found *f, struct trace *t, uint64_t at, bool c, unsigned size)
{
    const struct mc_access access = {.kind = MC_KIND_WALK, .host_c = c};
    const uint64_t v = trace_read(t, (spa_t){at}, access, size);

    f->e[f->n].at = at;
    f->e[f->n].value = v;
    f->e[f->n++].c = c;
    if (!(v & 2))
        f->rw = false;
    if (!(v & 4))
        f->us = false;
    return v;
}

/* Bits 51:12 that are neither address nor C-bit. */
static bool too_wide(const struct mmu_geometry *geo, uint64_t v)
{
    return (v & 0x000ffffffffff000 & ~(geo->addr_mask | geo->c_mask)) != 0;
}

static void leaf(struct found *f, const struct mmu_geometry *geo, uint64_t v, uint64_t linear,
                 unsigned shift)
{
    f->shift = shift;
    f->address = (v & geo->addr_mask & 0x000ffffffffff000) >> shift << shift;
    f->address += linear % (1ull << shift) / 4096 * 4096;
    f->c = (v & geo->c_mask) != 0;
    f->dirty = v >> 6 & 1;
    f->global = v >> 8 & 1;
}

static void walk_long(struct found *f, const struct mmu_geometry *geo, const struct mmu_regs *r,
                      uint64_t linear, struct trace *t, uint64_t table, bool c, int level)
{
    for (; level >= 1; level--) {
        const uint64_t index = linear >> (3 + 9 * level) & 511;
        const uint64_t v = get(f, t, table + index * 8, c, 8);
        const bool pae = !(r->efer & 0x400);

        if (!(v & 1))
            return;
        f->present = level == 1;
        if (too_wide(geo, v) || ((v >> 63) && !(r->efer & 0x800)) ||
            (pae && (v & 0x7ff0000000000000)))
            f->reserved = true;
        if (level == 4 && (v & 0x180)) /* PS and bit 8 */
            f->reserved = true;
        if (level == 3 && (v & 0x80) && !geo->gb_pages)
            f->reserved = true;
        if (level == 3 && (v & 0x100) && !(v & 0x80))
            f->reserved = true;
        if (level == 3 && (v & 0x80) && (v & 0x3fffe000))
            f->reserved = true;
        if (level == 2 && (v & 0x80) && (v & 0x1fe000))
            f->reserved = true;
        if (f->reserved) {
            f->present = true;
            return;
        }
        if (v >> 63)
            f->xd = true;
        if (level == 1 || (level <= 3 && (v & 0x80))) {
            f->present = true;
            leaf(f, geo, v, linear, level == 1 ? 12 : level == 2 ? 21 : 30);
            return;
        }
        table = v & geo->addr_mask & 0x000ffffffffff000;
        c = (v & geo->c_mask) != 0;
    }
}

static void walk_32(struct found *f, const struct mmu_regs *r, uint64_t linear, struct trace *t)
{
    const uint64_t pde = get(f, t, (r->cr3 & 0xfffff000) + (linear >> 22 & 1023) * 4, false, 4);
    uint64_t pte;

    if (!(pde & 1))
        return;
    if ((pde & 0x80) && (r->cr4 & 0x10)) {
        f->present = true;
        f->reserved = pde >> 21 & 1;
        f->shift = 22;
        f->address = (pde & 0xffc00000) + ((pde >> 13 & 0xff) << 32) + (linear & 0x3ff000);
        f->dirty = pde >> 6 & 1;
        f->global = pde >> 8 & 1;
        return;
    }
    pte = get(f, t, (pde & 0xfffff000) + (linear >> 12 & 1023) * 4, false, 4);
    if (!(pte & 1))
        return;
    f->present = true;
    f->shift = 12;
    f->address = pte & 0xfffff000;
    f->dirty = pte >> 6 & 1;
    f->global = pte >> 8 & 1;
}

static bool allowed(const struct found *f, const struct mmu_regs *r, struct mmu_access_type type)
{
    const bool smep = r->cr4 >> 20 & 1, smap = r->cr4 >> 21 & 1, wp = r->cr0 >> 16 & 1;

    if (type.user)
        return f->us && !(type.fetch && f->xd) && !(!type.fetch && type.write && !f->rw);
    if (type.fetch)
        return !f->xd && !(f->us && smep);
    if (f->us && smap && !type.ac)
        return false;
    return f->rw || !type.write || !wp;
}

static void accessed(const struct found *f, bool dirty, unsigned size, struct trace *t)
{
    for (unsigned k = 0; k < f->n; k++) {
        uint64_t v = f->e[k].value | 0x20;

        if (k == f->n - 1 && dirty)
            v |= 0x40;
        if (v != f->e[k].value)
            trace_write(t, (spa_t){f->e[k].at},
                        (struct mc_access){.kind = MC_KIND_WALK, .host_c = f->e[k].c}, v, size);
    }
}

static struct mmu_page page_of(const struct found *f, const struct mmu_regs *r, bool wrote)
{
    struct mmu_page page;

    memset(&page, 0, sizeof(page));
    page.frame.v = f->address;
    page.data.kind = MC_KIND_DATA;
    page.fetch.kind = MC_KIND_FETCH;
    page.data.host_c = page.fetch.host_c = f->c;
    page.user = f->us;
    page.writable = f->rw;
    page.exec = !f->xd;
    page.dirty = f->dirty || wrote;
    page.global = f->global && (r->cr4 >> 7 & 1);
    page.shift = (uint8_t)f->shift;
    page.pcid = r->cr4 >> 17 & 1 ? r->cr3 & 0xfff : 0;
    return page;
}

struct outcome oracle_walk(const struct mmu_geometry *geo, const struct mmu_regs *regs, uint64_t at,
                           struct mmu_access_type type, struct trace *trace)
{
    const bool pae = regs->cr4 >> 5 & 1, lma = regs->efer >> 10 & 1, nxe = regs->efer >> 11 & 1;
    struct found f = {.us = true, .rw = true};
    struct outcome out;

    memset(&out, 0, sizeof(out));
    if (lma)
        walk_long(&f, geo, regs, at, trace, regs->cr3 & geo->addr_mask & 0x000ffffffffff000,
                  (regs->cr3 & geo->c_mask) != 0, 4);
    else if (pae && (regs->pdpte[at >> 30 & 3] & 1))
        walk_long(&f, geo, regs, at, trace,
                  regs->pdpte[at >> 30 & 3] & geo->addr_mask & 0x000ffffffffff000,
                  (regs->pdpte[at >> 30 & 3] & geo->c_mask) != 0, 2);
    else if (!pae)
        walk_32(&f, regs, at, trace);
    out.ok = f.present && !f.reserved && allowed(&f, regs, type);
    if (out.ok) {
        out.page = page_of(&f, regs, type.write && !type.no_side_effects);
        if (!type.no_side_effects)
            accessed(&f, type.write, lma || pae ? 8 : 4, trace);
        return out;
    }
    out.code = (f.present ? 1u : 0) + (type.write ? 2u : 0) + (type.user ? 4u : 0) +
               (f.present && f.reserved ? 8u : 0);
    if (type.fetch && ((nxe && pae) || (regs->cr4 >> 20 & 1)))
        out.code += 16;
    return out;
}

/* ---- the walker under test, in the same form ---- */

struct outcome tested_walk(const struct mmu_geometry *geo, const struct mmu_regs *regs, uint64_t at,
                           struct mmu_access_type type, struct trace *trace)
{
    const struct mmu_mem mem = trace_mem(trace);
    struct mmu_fault fault = {0};
    struct mmu_page page;
    struct outcome out;

    memset(&out, 0, sizeof(out));
    memset(&page, 0, sizeof(page));
    out.ok = mmu_walk(geo, &mem, regs, (gva_t){at}, type, &page, &fault) == MMU_OK;
    if (!out.ok) {
        out.code = fault.code;
        return out;
    }
    /* member by member: padding is nobody's */
    out.page.frame = page.frame;
    out.page.data = page.data;
    out.page.fetch = page.fetch;
    out.page.user = page.user;
    out.page.writable = page.writable;
    out.page.exec = page.exec;
    out.page.dirty = page.dirty;
    out.page.global = page.global;
    out.page.shift = page.shift;
    out.page.asid = page.asid;
    out.page.pcid = page.pcid;
    return out;
}

/* ---- drawing a case ---- */

struct draw {
    const uint8_t *data;
    size_t len;
};

static uint64_t take(struct draw *d, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned k = 0; k < bytes; k++) {
        v = v << 8 | (d->len ? *d->data : 0);
        if (d->len) {
            d->data++;
            d->len--;
        }
    }
    return v;
}

/* Mostly present and sound, or no walk gets far. */
static uint64_t take_entry(struct draw *d)
{
    const uint64_t how = take(d, 1);
    uint64_t v = take(d, 8);

    if (how & 0x0f)
        v |= 1;
    if (how & 0x30)
        v &= ~UINT64_C(0x7ff0000000000000) & ~UINT64_C(0x180);
    if ((how & 0xc0) == 0xc0)
        v &= ~UINT64_C(0xffff00003fffe000);
    else if (how & 0xc0)
        v &= ~UINT64_C(0x000ff80000000000) | CB_BIT(47) | CB_BIT(51);
    if (how & 1)
        v |= 6;
    return v;
}

static struct mmu_geometry take_geometry(struct draw *d)
{
    static const struct { uint8_t bits, c, reduction; } part[4] = {
        {48, 47, 5}, {48, 51, 5}, {52, 51, 6}, {40, 39, 1}};
    const uint64_t v = take(d, 1);

    return mmu_geometry_make(part[v & 3].bits, part[v & 3].c, part[v & 3].reduction, v & 4, v & 8);
}

static struct mmu_regs take_regs(struct draw *d)
{
    const uint64_t v = take(d, 2);
    struct mmu_regs r = {.cr0 = MMU_CR0_PG | (v & 1 ? MMU_CR0_WP : 0)};

    r.cr4 = (v & 2 ? MMU_CR4_PSE : 0) | (v & 4 ? MMU_CR4_PGE : 0) | (v & 8 ? MMU_CR4_SMEP : 0) |
            (v & 0x10 ? MMU_CR4_SMAP : 0);
    r.efer = v & 0x20 ? MMU_EFER_NXE : 0;
    if (v & 0xc0) {
        r.cr4 |= MMU_CR4_PAE;
        if (v & 0x40) {
            r.efer |= MMU_EFER_LMA;
            r.cr4 |= v & 0x100 ? MMU_CR4_PCIDE : 0;
        }
    }
    r.cr3 = take(d, 8);
    for (unsigned k = 0; k < 4; k++)
        r.pdpte[k] = r.efer & MMU_EFER_LMA ? 0 : take(d, 8);
    return r;
}

static const char *differs(const struct outcome *a, const struct trace *ta,
                           const struct outcome *b, const struct trace *tb)
{
    if (ta->bad_kind || tb->bad_kind)
        return "kind of an access to a table";
    if (a->ok != b->ok)
        return "outcome";
    if (a->code != b->code)
        return "error code";
    if (memcmp(&a->page, &b->page, sizeof(a->page)) != 0)
        return "page";
    if (ta->n_reads != tb->n_reads || memcmp(ta->read, tb->read, sizeof(ta->read)) != 0)
        return "entries read";
    if (ta->n_writes != tb->n_writes || memcmp(ta->write, tb->write, sizeof(ta->write)) != 0)
        return "entries written";
    return NULL;
}

const char *walk_compare(const uint8_t *data, size_t len)
{
    struct draw d = {data, len};
    const struct mmu_geometry geo = take_geometry(&d);
    const struct mmu_regs regs = take_regs(&d);
    const uint64_t how = take(&d, 1);
    const uint64_t at = regs.efer & MMU_EFER_LMA ? (uint64_t)((int64_t)(take(&d, 8) << 16) >> 16)
                                                 : take(&d, 4);
    const struct mmu_access_type type = {.fetch = how & 1, .write = (how & 3) == 2, .user = how & 4,
                                         .ac = how & 8, .no_side_effects = (how & 0xf0) == 0xf0};
    struct trace t[2];
    struct outcome out[2];

    memset(t, 0, sizeof(t));
    for (unsigned k = 0; k < 4; k++)
        t[0].entry[k] = t[1].entry[k] = take_entry(&d);
    out[0] = tested_walk(&geo, &regs, at, type, &t[0]);
    out[1] = oracle_walk(&geo, &regs, at, type, &t[1]);
    return differs(&out[0], &t[0], &out[1], &t[1]);
}
