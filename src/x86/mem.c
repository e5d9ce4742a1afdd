/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory accesses that miss the fast TLB, and those that are longer than it
 * serves.
 *
 * Every page that an access touches is translated, for its kind, before the
 * first byte moves: so a fault leaves memory as it was.  A page that has no host
 * pointer (device, eager frame, frame with decoded code when written) goes
 * through ops.  The empty fast TLB (X86_TLB_NONE) sends every access here when
 * something must be checked that tags cannot: alignment at CPL 3, a segment that
 * may not be written.
 * APM vol. 2, chapters 4 and 5.
 */
#include "x86/svm/guest.h"
#include "x86/tlb.h"

/* ---- addresses ---- */

static _Noreturn void bad_address(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_fault_code(cpu, i, i && (i->flags & X86_IF_STACK) ? X86_SS_FAULT : X86_GP, 0);
}

uint64_t x86_seg_ea_slow(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg,
                         uint64_t offset, unsigned len, bool write)
{
    if (cpu->mode == X86_MODE_64)
        return offset + cpu->ea_base[seg];
    if (!x86_seg_allows(&cpu->seg[seg], (uint32_t)offset, len, write))
        x86_fault_code(cpu, i, seg == X86_SS ? X86_SS_FAULT : X86_GP, 0);
    return (uint32_t)(offset + cpu->ea_base[seg]);
}

static bool writable_segment(const struct x86_cpu *cpu, unsigned seg)
{
    if (cpu->mode == X86_MODE_REAL || cpu->mode == X86_MODE_V86)
        return true;
    return (cpu->seg[seg].attr & (X86_ATTR_CODE | X86_ATTR_W)) == X86_ATTR_W;
}

uint64_t x86_ea_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t offset)
{
    uint64_t at;

    if (i->flags & X86_IF_ADDR16)
        offset &= 0xffff;
    else if ((i->flags & X86_IF_ADDR32) || cpu->mode != X86_MODE_64)
        offset &= UINT32_MAX;
    if (cpu->mode == X86_MODE_64)
        return offset + cpu->ea_base[i->seg];
    at = x86_seg_ea_slow(cpu, i, i->seg, offset, i->width ? i->width : 1, false);
    if (!writable_segment(cpu, i->seg)) {
        cpu->tlb = &cpu->tlbs[X86_TLB_NONE];
        cpu->tlb_state->check_write = true;
    }
    return at;
}

/* The byte after `at` outside 64-bit mode wraps at 4 GiB. */
static uint64_t linear(const struct x86_cpu *cpu, uint64_t at)
{
    return cpu->mode == X86_MODE_64 ? at : (uint32_t)at;
}

static size_t to_page_end(uint64_t at)
{
    return CB_PAGE_SIZE - (size_t)(at & (CB_PAGE_SIZE - 1));
}

/* ---- one page ---- */

/* Explicit access at the current privilege: the fast TLB says which. */
static struct mmu_access_type access_type(const struct x86_cpu *cpu, bool write)
{
    return (struct mmu_access_type){.write = write, .user = cpu->cpl == 3,
                                    .ac = (cpu->rflags & X86_FL_AC) != 0};
}

static struct x86_place place_of(struct x86_cpu *cpu, const struct x86_insn *i,
                                 enum x86_tlb_name name, uint64_t at, struct mmu_access_type type)
{
    struct mmu_page page;
    uint32_t code;

    if (!x86_canonical(at))
        bad_address(cpu, i);
    if (!x86_translate(cpu, at, type, &page, &code)) {
        if (code == X86_NESTED_FAULT)
            x86_svm_npf(cpu, i);
        x86_page_fault(cpu, i, at, code);
    }
    return x86_tlb_fill(cpu, name, at, &page, type);
}

static void copy_in(struct x86_cpu *cpu, const struct x86_place *place, void *to, size_t len)
{
    if (place->host) {
        memcpy(to, place->host, len);
        return;
    }
    cpu->reached = place->linear;
    cpu->ops->read(cpu->ctx, place->at, place->access, to, (unsigned)len);
}

static void copy_out(struct x86_cpu *cpu, const struct x86_place *place, const void *from,
                     size_t len)
{
    if (place->host) {
        memcpy(place->host, from, len);
        return;
    }
    cpu->reached = place->linear;
    cpu->ops->write(cpu->ctx, place->at, place->access, from, (unsigned)len);
}

/* ---- an access: up to three pages ---- */

#define MAX_SPAN 3u

struct span {
    unsigned n;
    struct x86_place place[MAX_SPAN];
    size_t len[MAX_SPAN];
};

/* Finding a later page turned a frame, perhaps an earlier one's: each part asks anew. */
static void forget_pointers(struct span *span)
{
    for (unsigned k = 0; k < span->n; k++)
        span->place[k].host = NULL;
}

static void span_find(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_tlb_name name,
                      uint64_t at, size_t len, struct mmu_access_type type, struct span *span)
{
    uint64_t drops = 0;

    span->n = 0;
    while (len != 0) {
        const size_t part = len < to_page_end(at) ? len : to_page_end(at);

        CBIT_ASSERT(span->n < MAX_SPAN); /* callers bound len */
        span->place[span->n] = place_of(cpu, i, name, at, type);
        if (span->n == 0)
            drops = cpu->tlb_state->drops;
        span->len[span->n++] = part;
        at = linear(cpu, at + part);
        len -= part;
    }
    if (CB_UNLIKELY(span->n > 1 && drops != cpu->tlb_state->drops))
        forget_pointers(span);
}

static void span_read(struct x86_cpu *cpu, const struct span *span, void *to)
{
    uint8_t *p = to;

    for (unsigned k = 0; k < span->n; p += span->len[k++])
        copy_in(cpu, &span->place[k], p, span->len[k]);
}

static void span_write(struct x86_cpu *cpu, const struct span *span, const void *from)
{
    const uint8_t *p = from;

    for (unsigned k = 0; k < span->n; p += span->len[k++])
        copy_out(cpu, &span->place[k], p, span->len[k]);
}

/* ---- what the empty TLB is for ---- */

static bool misaligned(const struct x86_cpu *cpu, uint64_t at, size_t len)
{
    if (cpu->cpl != 3 || !(cpu->rflags & X86_FL_AC) || !(cpu->cr0 & X86_CR0_AM))
        return false;
    return (len == 2 || len == 4 || len == 8) && (at & (len - 1)) != 0;
}

static void check_segment_write(struct x86_cpu *cpu, const struct x86_insn *i, bool write)
{
    cpu->tlb_state->check_write = false;
    x86_tlb_select(cpu);
    if (write)
        bad_address(cpu, i);
}

/* Which TLB the access may fill, after the checks that no tag can make. */
static enum x86_tlb_name check_access(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at,
                                      size_t len, bool write)
{
    x86_at(cpu, i);
    if (CB_LIKELY(cpu->tlb != &cpu->tlbs[X86_TLB_NONE]))
        return x86_tlb_current(cpu);
    if (cpu->tlb_state->check_write)
        check_segment_write(cpu, i, write);
    if (misaligned(cpu, at, len) && x86_canonical(at)) /* #GP or #SS goes first */
        x86_fault_code(cpu, i, X86_AC, 0);
    return x86_tlb_current(cpu);
}

static void open_span(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len,
                      bool write, struct span *span)
{
    const enum x86_tlb_name name = check_access(cpu, i, at, len, write);

    span_find(cpu, i, name, at, len, access_type(cpu, write), span);
}

static void report(struct x86_cpu *cpu, uint64_t at, size_t len, bool write)
{
    if (CB_UNLIKELY(cpu->debug_data))
        x86_debug_data(cpu, at, (unsigned)len, write);
}

/* ---- the slow halves of the accessors ---- */

void x86_read_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to,
                   unsigned len)
{
    struct span span;

    open_span(cpu, i, at, len, false, &span);
    span_read(cpu, &span, to);
    report(cpu, at, len, false);
}

void x86_write_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from,
                    unsigned len)
{
    struct span span;

    open_span(cpu, i, at, len, true, &span);
    span_write(cpu, &span, from);
    report(cpu, at, len, true);
}

void x86_rmw_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to,
                  unsigned len)
{
    struct span span;

    open_span(cpu, i, at, len, true, &span);
    span_read(cpu, &span, to);
    cpu->rmw = span.n == 1 && !cpu->debug_data ? span.place[0].host : NULL;
    cpu->rmw_at = at;
    cpu->rmw_len = len;
}

void x86_read128(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_LIKELY(((at + 15) & CB_PAGE_MASK) == e->read_tag))
        memcpy(to, (const uint8_t *)(e->addend + at), 16);
    else
        x86_read_slow(cpu, i, at, to, 16);
}

void x86_write128(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_LIKELY(((at + 15) & CB_PAGE_MASK) == e->write_tag))
        memcpy((uint8_t *)(e->addend + at), from, 16);
    else
        x86_write_slow(cpu, i, at, from, 16);
}

/* ---- longer ones ---- */

/* x86_ea_slow has looked at the first bytes only. */
static void check_limit(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len,
                        bool write)
{
    const bool operand = i && (i->flags & X86_IF_EA_SLOW) && cpu->mode != X86_MODE_64;

    if (operand && !x86_seg_allows(&cpu->seg[i->seg], (uint32_t)(at - cpu->ea_base[i->seg]),
                                   (unsigned)len, write))
        x86_fault_code(cpu, i, i->seg == X86_SS ? X86_SS_FAULT : X86_GP, 0);
}

void x86_read_bytes(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to,
                    size_t len)
{
    struct span span;

    check_limit(cpu, i, at, len, false);
    open_span(cpu, i, at, len, false, &span);
    span_read(cpu, &span, to);
    report(cpu, at, len, false);
}

void x86_write_bytes(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from,
                     size_t len)
{
    struct span span;

    check_limit(cpu, i, at, len, true);
    open_span(cpu, i, at, len, true, &span);
    span_write(cpu, &span, from);
    report(cpu, at, len, true);
}

void x86_probe(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len, bool write)
{
    struct span span;

    open_span(cpu, i, at, len, write, &span);
}

size_t x86_bulk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len, bool write,
                uint8_t **out)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);
    const size_t room = to_page_end(at);
    struct span span;

    if (CB_UNLIKELY(cpu->debug_data)) /* watched addresses are reported element by element */
        return 0;
    if (CB_LIKELY((at & CB_PAGE_MASK) == (write ? e->write_tag : e->read_tag))) {
        *out = (uint8_t *)(e->addend + at);
    } else if (cpu->tlb == &cpu->tlbs[X86_TLB_NONE]) {
        return 0; /* each element is checked by itself */
    } else {
        open_span(cpu, i, at, 1, write, &span);
        *out = span.place[0].host;
    }
    if (!*out)
        return 0;
    return len < room ? len : room;
}

/* ---- the CPU's own accesses ---- */

uint64_t x86_sys_read(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, unsigned len)
{
    const struct mmu_fast_entry *e = &cpu->tlbs[X86_TLB_SUPER].entry[mmu_fast_index(at)];
    uint8_t buf[8] = {0};
    struct span span;

    CBIT_ASSERT(len <= sizeof(buf));
    at = linear(cpu, at);
    if (CB_LIKELY(((at + len - 1) & CB_PAGE_MASK) == e->read_tag)) {
        memcpy(buf, (const uint8_t *)(e->addend + at), len);
    } else {
        if (i)
            x86_at(cpu, i);
        span_find(cpu, i, X86_TLB_SUPER, at, len, (struct mmu_access_type){0}, &span);
        span_read(cpu, &span, buf);
    }
    return cb_load_le64(buf);
}

void x86_sys_write(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t value,
                   unsigned len)
{
    uint8_t buf[8];
    struct span span;

    CBIT_ASSERT(len <= sizeof(buf));
    at = linear(cpu, at);
    cb_store_le64(buf, value);
    if (i)
        x86_at(cpu, i);
    span_find(cpu, i, X86_TLB_SUPER, at, len, (struct mmu_access_type){.write = true}, &span);
    span_write(cpu, &span, buf);
}

/* ---- instruction bytes ---- */

static bool fetch_part(struct x86_cpu *cpu, uint64_t at, size_t len, struct x86_fetch *out)
{
    struct x86_place place;
    spa_t frame;

    if (!x86_fetch_page(cpu, at, &frame, &place.access, &out->fault_code)) {
        out->faulted = true;
        out->fault_cr2 = at;
        return false;
    }
    if (out->n == 0) {
        out->frame = frame;
        out->access = place.access;
    }
    place.at = spa(frame.v | (at & (CB_PAGE_SIZE - 1)));
    place.linear = at;
    place.host = cpu->ops->map(cpu->ctx, frame, place.access, false);
    if (place.host)
        place.host += at & (CB_PAGE_SIZE - 1);
    copy_in(cpu, &place, out->bytes + out->n, len);
    out->n += (unsigned)len;
    return true;
}

void x86_fetch_bytes(struct x86_cpu *cpu, uint64_t at, struct x86_fetch *out)
{
    const size_t want = 15, room = to_page_end(at);

    memset(out, 0, sizeof(*out));
    if (fetch_part(cpu, at, room < want ? room : want, out) && room < want)
        fetch_part(cpu, linear(cpu, at + room), want - room, out);
}
