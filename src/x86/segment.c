/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation: descriptors from GDT and LDT, loads of segment registers with
 * every check, stacks of either kind, stack pointers from the TSS.
 * AMD64 Architecture Programmer's Manual, vol. 2, chapters 4 and 12.
 */
#include "x86/segment.h"

#include "base/base.h"

_Noreturn void x86_fault_sel(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_vector vector,
                             uint16_t selector)
{
    const uint32_t ext = cpu->delivering != X86_DELIVERING_NOTHING;

    x86_fault_code(cpu, i, vector, (selector & 0xfffcu) | ext);
}

/* ---- descriptors ---- */

static uint64_t table_address(const struct x86_cpu *cpu, uint64_t at)
{
    return x86_long_mode(cpu) ? at : (uint32_t)at;
}

/* Linear address of `len` bytes at the selector's descriptor; false: beyond the limit. */
static bool locate(const struct x86_cpu *cpu, uint16_t selector, unsigned extra, unsigned len,
                   uint64_t *at)
{
    const struct x86_seg *ldt = &cpu->seg[X86_LDTR];
    const bool local = selector & 4;
    const uint64_t base = local ? ldt->base : cpu->gdtr.base;
    const uint64_t limit = local ? ldt->limit : cpu->gdtr.limit;
    const unsigned offset = (selector & 0xfff8u) + extra;

    if (local && !(ldt->attr & X86_ATTR_P))
        return false;
    if (offset + len - 1 > limit)
        return false;
    *at = table_address(cpu, base + offset);
    return true;
}

bool x86_desc_find(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                   struct x86_desc *out)
{
    uint64_t raw;

    memset(out, 0, sizeof(*out));
    if (!locate(cpu, selector, 0, 8, &out->at))
        return false;
    raw = x86_sys_read(cpu, i, out->at, 8);
    out->lo = (uint32_t)raw;
    out->hi = (uint32_t)(raw >> 32);
    return true;
}

struct x86_desc x86_desc_read(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                              enum x86_vector vector)
{
    struct x86_desc d;

    if (!x86_desc_find(cpu, i, selector, &d))
        x86_fault_sel(cpu, i, vector, selector);
    return d;
}

bool x86_desc_read_upper(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                         struct x86_desc *d)
{
    uint64_t at, raw;

    if (!locate(cpu, selector, 8, 8, &at))
        return false;
    raw = x86_sys_read(cpu, i, at, 8);
    d->lo2 = (uint32_t)raw;
    d->hi2 = (uint32_t)(raw >> 32);
    return true;
}

struct x86_seg x86_desc_segment(const struct x86_desc *d, uint16_t selector)
{
    const uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
    struct x86_seg seg = {.selector = selector};

    seg.attr = (uint16_t)x86_desc_attr(d);
    seg.limit = seg.attr & X86_ATTR_G ? limit << 12 | 0xfff : limit;
    seg.base = (d->lo >> 16) | (d->hi & 0xff) << 16 | (d->hi & 0xff000000);
    seg.base |= (uint64_t)d->lo2 << 32;
    return seg;
}

void x86_desc_set_accessed(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_desc *d)
{
    if (d->hi & 0x100)
        return;
    d->hi |= 0x100;
    x86_sys_write(cpu, i, d->at + 4, d->hi, 4);
}

/* ---- what a segment permits ---- */

static bool within_limit(const struct x86_seg *seg, uint32_t offset, unsigned len)
{
    const uint64_t last = (uint64_t)offset + len - 1;

    if (!(seg->attr & X86_ATTR_CODE) && (seg->attr & X86_ATTR_DOWN))
        return offset > seg->limit && last <= (seg->attr & X86_ATTR_DB ? UINT32_MAX : 0xffff);
    return last <= seg->limit;
}

bool x86_seg_allows(const struct x86_seg *seg, uint32_t offset, unsigned len, bool write)
{
    if (!(seg->attr & X86_ATTR_P) || !(seg->attr & X86_ATTR_S))
        return false;
    if (seg->attr & X86_ATTR_CODE) {
        if (write || !(seg->attr & X86_ATTR_R))
            return false;
    } else if (write && !(seg->attr & X86_ATTR_W)) {
        return false;
    }
    return within_limit(seg, offset, len);
}

/* ---- loads of data and stack segment registers ---- */

struct x86_seg x86_null_segment(uint16_t selector)
{
    return (struct x86_seg){.selector = selector};
}

void x86_real_segment(struct x86_cpu *cpu, unsigned seg, uint16_t selector)
{
    struct x86_seg *s = &cpu->seg[seg];

    s->selector = selector;
    s->base = (uint64_t)selector << 4;
    if (cpu->mode == X86_MODE_V86) {
        s->limit = 0xffff;
        s->attr = 0xf3;
    } else if (seg == X86_CS) {
        s->attr = (uint16_t)((s->attr & 0xf00) | 0x93); /* writable; limit and D stay */
    }
}

struct x86_desc x86_stack_desc(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                               unsigned cpl, enum x86_vector vector)
{
    struct x86_desc d;

    if (x86_null_selector(selector))
        x86_fault_sel(cpu, i, vector, 0);
    d = x86_desc_read(cpu, i, selector, vector);
    if ((selector & 3) != cpl || x86_desc_dpl(&d) != cpl || (d.hi >> 9 & 0xd) != 9)
        x86_fault_sel(cpu, i, vector, selector); /* S, not code, writable */
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_SS_FAULT, selector);
    return d;
}

static void check_data_desc(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                            const struct x86_desc *d)
{
    const unsigned rpl = selector & 3, dpl = x86_desc_dpl(d);
    const bool code = x86_desc_is_code(d);

    if (x86_desc_is_system(d) || (code && !(d->hi & 0x200)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!(code && x86_desc_conforming(d)) && (rpl > dpl || cpu->cpl > dpl))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(d))
        x86_fault_sel(cpu, i, X86_NP, selector);
}

static void load_protected(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg,
                           uint16_t selector)
{
    struct x86_desc d;

    if (x86_null_selector(selector) && seg != X86_SS) {
        cpu->seg[seg] = x86_null_segment(selector);
        return;
    }
    if (x86_null_selector(selector)) {
        if (cpu->mode != X86_MODE_64 || cpu->cpl == 3 || (selector & 3) != cpu->cpl)
            x86_fault_sel(cpu, i, X86_GP, 0);
        cpu->seg[X86_SS] = x86_null_segment(selector);
        return;
    }
    if (seg == X86_SS) {
        d = x86_stack_desc(cpu, i, selector, cpu->cpl, X86_GP);
    } else {
        d = x86_desc_read(cpu, i, selector, X86_GP);
        check_data_desc(cpu, i, selector, &d);
    }
    x86_desc_set_accessed(cpu, i, &d);
    cpu->seg[seg] = x86_desc_segment(&d, selector);
}

void x86_load_segment(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg, uint16_t selector)
{
    if (cpu->mode == X86_MODE_REAL || cpu->mode == X86_MODE_V86)
        x86_real_segment(cpu, seg, selector);
    else
        load_protected(cpu, i, seg, selector);
    x86_mode_changed(cpu);
}

void x86_drop_inner_segments(struct x86_cpu *cpu)
{
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};

    for (unsigned n = 0; n < CB_ARRAY_LEN(data); n++) {
        struct x86_seg *s = &cpu->seg[data[n]];
        const bool conforming = (s->attr & (X86_ATTR_CODE | X86_ATTR_CONFORMING)) ==
                                (X86_ATTR_CODE | X86_ATTR_CONFORMING);

        if (conforming || (s->attr & X86_ATTR_DPL) >> 5 >= cpu->cpl)
            continue;
        s->selector = 0;
        s->attr = 0; /* the base stays: FS and GS of 64-bit code */
    }
}

struct x86_seg x86_ldt_segment(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                               enum x86_vector vector, enum x86_vector absent)
{
    struct x86_desc d;
    struct x86_seg seg;

    if (x86_null_selector(selector))
        return x86_null_segment(selector);
    if (selector & 4)
        x86_fault_sel(cpu, i, vector, selector);
    d = x86_desc_read(cpu, i, selector, vector);
    if (!x86_desc_is_system(&d) || x86_desc_type(&d) != X86_SYS_LDT)
        x86_fault_sel(cpu, i, vector, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, absent, selector);
    if (x86_long_mode(cpu) && !x86_desc_read_upper(cpu, i, selector, &d))
        x86_fault_sel(cpu, i, vector, selector);
    seg = x86_desc_segment(&d, selector);
    if (!x86_canonical(seg.base))
        x86_fault_sel(cpu, i, vector, selector);
    return seg;
}

/* ---- stacks ---- */

struct x86_stack x86_stack_now(const struct x86_cpu *cpu)
{
    struct x86_stack stack = {.seg = cpu->seg[X86_SS], .sp = cpu->r[X86_RSP]};

    stack.flat = cpu->stack64;
    stack.mask = cpu->stack64 ? UINT64_MAX : cpu->stack32 ? UINT32_MAX : 0xffff;
    stack.sp &= stack.mask;
    return stack;
}

struct x86_stack x86_stack_legacy(const struct x86_seg *seg, uint64_t sp)
{
    struct x86_stack stack = {.seg = *seg, .implicit = true, .selector = seg->selector};

    stack.mask = seg->attr & X86_ATTR_DB ? UINT32_MAX : 0xffff;
    stack.sp = sp & stack.mask;
    return stack;
}

struct x86_stack x86_stack_flat(uint64_t sp)
{
    return (struct x86_stack){.sp = sp, .mask = UINT64_MAX, .flat = true, .implicit = true};
}

static uint64_t stack_address(struct x86_cpu *cpu, const struct x86_insn *i,
                              const struct x86_stack *stack, uint64_t sp, unsigned size, bool write)
{
    const bool ok = stack->flat ? x86_canonical(sp) && x86_canonical(sp + size - 1)
                                : x86_seg_allows(&stack->seg, (uint32_t)sp, size, write);

    if (!ok)
        x86_fault_sel(cpu, i, X86_SS_FAULT, stack->selector);
    return stack->flat ? sp : table_address(cpu, (uint32_t)(stack->seg.base + sp));
}

void x86_stack_push(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                    uint64_t value, unsigned size)
{
    const uint64_t sp = (stack->sp - size) & stack->mask;
    const uint64_t at = stack_address(cpu, i, stack, sp, size, true);

    if (stack->implicit)
        x86_sys_write(cpu, i, at, value, size);
    else if (size == 8)
        x86_write64(cpu, i, at, value);
    else if (size == 4)
        x86_write32(cpu, i, at, (uint32_t)value);
    else
        x86_write16(cpu, i, at, (uint16_t)value);
    stack->sp = sp;
}

uint64_t x86_stack_pop(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                       unsigned size)
{
    const uint64_t at = stack_address(cpu, i, stack, stack->sp, size, false);
    uint64_t value;

    if (stack->implicit)
        value = x86_sys_read(cpu, i, at, size);
    else if (size == 8)
        value = x86_read64(cpu, i, at);
    else if (size == 4)
        value = x86_read32(cpu, i, at);
    else
        value = x86_read16(cpu, i, at);
    stack->sp = (stack->sp + size) & stack->mask;
    return value;
}

void x86_stack_commit(struct x86_cpu *cpu, const struct x86_stack *stack)
{
    if (stack->mask == 0xffff)
        cpu->r[X86_RSP] = (cpu->r[X86_RSP] & ~UINT64_C(0xffff)) | (stack->sp & 0xffff);
    else
        cpu->r[X86_RSP] = stack->sp; /* a 32-bit one clears the upper half */
}

/* ---- the TSS ---- */

static uint64_t tss_read(struct x86_cpu *cpu, const struct x86_insn *i, unsigned offset, unsigned len)
{
    const struct x86_seg *tr = &cpu->seg[X86_TR];

    if ((uint64_t)offset + len - 1 > tr->limit)
        x86_fault_sel(cpu, i, X86_TS, tr->selector);
    return x86_sys_read(cpu, i, table_address(cpu, tr->base + offset), len);
}

uint64_t x86_tss_ist(struct x86_cpu *cpu, const struct x86_insn *i, unsigned ist)
{
    return tss_read(cpu, i, 0x24 + (ist - 1) * 8, 8);
}

struct x86_stack x86_tss_stack(struct x86_cpu *cpu, const struct x86_insn *i, unsigned cpl,
                               struct x86_seg *ss)
{
    const bool wide = (cpu->seg[X86_TR].attr & 8) != 0;
    struct x86_desc d;
    uint16_t selector;
    uint64_t sp;

    if (x86_long_mode(cpu)) {
        *ss = x86_null_segment((uint16_t)cpl);
        ss->attr = (uint16_t)(cpl << 5);
        return x86_stack_flat(tss_read(cpu, i, 4 + cpl * 8, 8));
    }
    if (wide) {
        sp = tss_read(cpu, i, 4 + cpl * 8, 8);
        selector = (uint16_t)(sp >> 32);
        sp = (uint32_t)sp;
    } else {
        sp = tss_read(cpu, i, 2 + cpl * 4, 4);
        selector = (uint16_t)(sp >> 16);
        sp = (uint16_t)sp;
    }
    d = x86_stack_desc(cpu, i, selector, cpl, X86_TS);
    x86_desc_set_accessed(cpu, i, &d);
    *ss = x86_desc_segment(&d, selector);
    return x86_stack_legacy(ss, sp);
}
