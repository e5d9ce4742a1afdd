/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware task switches of legacy mode.  Everything up to the load of TR can
 * fault in the outgoing task; from there on faults belong to the incoming one,
 * whose registers are then all in place (segments by selector only).
 * AMD64 Architecture Programmer's Manual, vol. 2, chapter 12.
 */
#include "x86/segment.h"

#include "base/base.h"
#include "x86/svm/guest.h"

static const uint8_t task_segments[6] = {X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS};

/* A TSS's contents in host order. */
struct task {
    uint32_t cr3, eip, eflags, gpr[8];
    uint16_t selector[6], ldt; /* in the order of task_segments */
    bool trap;
};

/* Where things are: a 16-bit TSS has neither CR3 nor FS, GS, T. */
struct layout {
    unsigned eip, gpr, selectors, n_selectors, ldt, last;
    unsigned width, selector_step;
};

static const struct layout layout32 = {.eip = 0x20, .gpr = 0x28, .selectors = 0x48, .n_selectors = 6,
                                       .ldt = 0x60, .last = 0x67, .width = 4, .selector_step = 4};
static const struct layout layout16 = {.eip = 0x0e, .gpr = 0x12, .selectors = 0x22, .n_selectors = 4,
                                       .ldt = 0x2a, .last = 0x2b, .width = 2, .selector_step = 2};

static uint32_t get(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t base, unsigned offset,
                    unsigned width)
{
    return (uint32_t)x86_sys_read(cpu, i, (uint32_t)(base + offset), width);
}

static void put(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t base, unsigned offset,
                uint64_t value, unsigned width)
{
    x86_sys_write(cpu, i, (uint32_t)(base + offset), value, width);
}

static struct task read_task(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t base,
                             const struct layout *l)
{
    struct task t = {0};

    t.eip = get(cpu, i, base, l->eip, l->width);
    t.eflags = get(cpu, i, base, l->eip + l->width, l->width);
    for (unsigned n = 0; n < 8; n++)
        t.gpr[n] = get(cpu, i, base, l->gpr + n * l->width, l->width);
    for (unsigned n = 0; n < l->n_selectors; n++)
        t.selector[n] = (uint16_t)get(cpu, i, base, l->selectors + n * l->selector_step, 2);
    t.ldt = (uint16_t)get(cpu, i, base, l->ldt, 2);
    if (l->width == 4) {
        t.cr3 = get(cpu, i, base, 0x1c, 4);
        t.trap = get(cpu, i, base, 0x64, 2) & 1;
    }
    return t;
}

static void save_task(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t eip, uint64_t eflags)
{
    const struct layout *l = cpu->seg[X86_TR].attr & 8 ? &layout32 : &layout16;
    const uint64_t base = cpu->seg[X86_TR].base;

    put(cpu, i, base, l->eip, eip, l->width);
    put(cpu, i, base, l->eip + l->width, eflags, l->width);
    for (unsigned n = 0; n < 8; n++)
        put(cpu, i, base, l->gpr + n * l->width, cpu->r[n], l->width);
    for (unsigned n = 0; n < l->n_selectors; n++)
        put(cpu, i, base, l->selectors + n * l->selector_step, cpu->seg[task_segments[n]].selector, 2);
}

/* ---- checks ---- */

static struct x86_desc find_tss(struct x86_cpu *cpu, const struct x86_insn *i,
                                enum x86_task_reason reason, uint16_t selector)
{
    const enum x86_vector wrong = reason == X86_TASK_IRET ? X86_TS : X86_GP;
    const unsigned busy = reason == X86_TASK_IRET ? 2 : 0;
    struct x86_desc d;
    unsigned type;

    if (x86_null_selector(selector) || (selector & 4))
        x86_fault_sel(cpu, i, wrong, selector);
    d = x86_desc_read(cpu, i, selector, wrong);
    type = x86_desc_type(&d);
    if (!x86_desc_is_system(&d) || (type & ~8u) != (X86_SYS_TSS16 | busy))
        x86_fault_sel(cpu, i, wrong, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    if (x86_desc_segment(&d, selector).limit < (type & 8 ? layout32.last : layout16.last))
        x86_fault_sel(cpu, i, X86_TS, selector);
    return d;
}

/* Busy bit of the TSS that TR names. */
static void set_busy(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_desc *d, bool busy)
{
    d->hi = busy ? d->hi | 0x200 : d->hi & ~0x200u;
    x86_sys_write(cpu, i, d->at + 4, d->hi, 4);
}

static void clear_old_busy(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_desc d;

    if (x86_desc_find(cpu, i, cpu->seg[X86_TR].selector, &d))
        set_busy(cpu, i, &d, false);
}

/* ---- the incoming task ---- */

static void load_code(struct x86_cpu *cpu, uint16_t selector)
{
    const unsigned rpl = selector & 3;
    struct x86_desc d;

    if (x86_null_selector(selector))
        x86_fault_sel(cpu, NULL, X86_TS, 0);
    d = x86_desc_read(cpu, NULL, selector, X86_TS);
    if (!x86_desc_is_code(&d) ||
        (x86_desc_conforming(&d) ? x86_desc_dpl(&d) > rpl : x86_desc_dpl(&d) != rpl))
        x86_fault_sel(cpu, NULL, X86_TS, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, NULL, X86_NP, selector);
    x86_desc_set_accessed(cpu, NULL, &d);
    cpu->seg[X86_CS] = x86_desc_segment(&d, selector);
}

static void load_stack(struct x86_cpu *cpu, uint16_t selector)
{
    struct x86_desc d = x86_stack_desc(cpu, NULL, selector, cpu->cpl, X86_TS);

    x86_desc_set_accessed(cpu, NULL, &d);
    cpu->seg[X86_SS] = x86_desc_segment(&d, selector);
}

static void load_data(struct x86_cpu *cpu, unsigned seg, uint16_t selector)
{
    struct x86_desc d;
    unsigned dpl;

    if (x86_null_selector(selector))
        return;
    d = x86_desc_read(cpu, NULL, selector, X86_TS);
    dpl = x86_desc_dpl(&d);
    if (x86_desc_is_system(&d) || (x86_desc_is_code(&d) && !(d.hi & 0x200)))
        x86_fault_sel(cpu, NULL, X86_TS, selector);
    if (!(x86_desc_is_code(&d) && x86_desc_conforming(&d)) &&
        ((selector & 3u) > dpl || cpu->cpl > dpl))
        x86_fault_sel(cpu, NULL, X86_TS, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, NULL, X86_NP, selector);
    x86_desc_set_accessed(cpu, NULL, &d);
    cpu->seg[seg] = x86_desc_segment(&d, selector);
}

static void load_segments(struct x86_cpu *cpu, const struct task *t)
{
    cpu->seg[X86_LDTR] = x86_ldt_segment(cpu, NULL, t->ldt, X86_TS, X86_TS);
    if (cpu->rflags & X86_FL_VM) {
        x86_mode_changed(cpu);
        for (unsigned n = 0; n < 6; n++)
            x86_real_segment(cpu, task_segments[n], t->selector[n]);
        return;
    }
    load_stack(cpu, t->selector[2]);
    load_data(cpu, X86_ES, t->selector[0]);
    load_data(cpu, X86_DS, t->selector[3]);
    load_data(cpu, X86_FS, t->selector[4]);
    load_data(cpu, X86_GS, t->selector[5]);
    load_code(cpu, t->selector[1]);
}

/* Registers of the incoming task, with segments that hold nothing but their selectors yet. */
static void take_registers(struct x86_cpu *cpu, const struct task *t, bool wide)
{
    x86_set_rflags(cpu, t->eflags);
    for (unsigned n = 0; n < 8; n++)
        cpu->r[n] = wide ? t->gpr[n] : (cpu->r[n] & 0xffff0000u) | t->gpr[n];
    for (unsigned n = 0; n < 6; n++)
        cpu->seg[task_segments[n]] = x86_null_segment(t->selector[n]);
    cpu->seg[X86_LDTR] = x86_null_segment(t->ldt);
    cpu->cpl = cpu->rflags & X86_FL_VM ? 3 : t->selector[1] & 3;
    cpu->rip = t->eip;
    cpu->cr0 |= X86_CR0_TS;
    cpu->dr[7] &= ~UINT64_C(0x155); /* L0-L3 and LE are local to the task */
    x86_debug_armed(cpu);
    x86_mode_changed(cpu);
}

static void push_code(struct x86_cpu *cpu, uint32_t code, unsigned size)
{
    struct x86_stack stack;

    x86_mode_changed(cpu);
    stack = x86_stack_now(cpu);
    x86_stack_push(cpu, NULL, &stack, code, size);
    x86_stack_commit(cpu, &stack);
}

static void finish(struct x86_cpu *cpu, const struct task *t, const uint32_t *error_code, bool wide)
{
    if (error_code)
        push_code(cpu, *error_code, wide ? 4 : 2);
    if (cpu->rip > cpu->seg[X86_CS].limit)
        x86_fault_sel(cpu, NULL, X86_GP, 0);
    x86_mode_changed(cpu);
    if (t->trap) {
        cpu->dr[6] |= X86_DR6_BT;
        cpu->delivering = X86_DELIVERING_NOTHING;
        x86_deliver_exception(cpu, X86_DB, false, 0);
    }
}

void x86_task_switch(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_task_reason reason,
                     uint16_t selector, uint64_t next_rip, const uint32_t *error_code)
{
    const bool nested = reason == X86_TASK_CALL || reason == X86_TASK_EVENT;
    struct x86_desc d = find_tss(cpu, i, reason, selector);
    const bool wide = x86_desc_type(&d) & 8;
    struct x86_seg tr = x86_desc_segment(&d, selector);
    struct task t = read_task(cpu, i, tr.base, wide ? &layout32 : &layout16);
    const uint32_t code = error_code ? *error_code : 0;
    uint64_t flags = x86_rflags(cpu);

    if (CB_UNLIKELY(cpu->svm.guest))
        x86_svm_task_switch(cpu, i, selector,
                            (reason == X86_TASK_IRET ? VMCB_TASK_IRET : 0) |
                                (reason == X86_TASK_JMP ? VMCB_TASK_JUMP : 0) |
                                (error_code ? VMCB_TASK_HAS_CODE | code : 0) |
                                (flags & X86_FL_RF ? VMCB_TASK_RF : 0));
    if (reason == X86_TASK_IRET)
        flags &= ~(uint64_t)X86_FL_NT;
    save_task(cpu, i, next_rip, flags);
    if (nested) {
        put(cpu, i, tr.base, 0, cpu->seg[X86_TR].selector, 2);
        t.eflags |= X86_FL_NT;
    } else {
        clear_old_busy(cpu, i);
    }
    if (reason != X86_TASK_IRET)
        set_busy(cpu, i, &d, true);
    tr.attr |= 2;
    cpu->seg[X86_TR] = tr;
    take_registers(cpu, &t, wide);
    if (wide && x86_paging(cpu) && !x86_write_cr3(cpu, t.cr3))
        x86_fault_sel(cpu, NULL, X86_GP, 0);
    load_segments(cpu, &t);
    finish(cpu, &t, error_code ? &code : NULL, wide);
}
