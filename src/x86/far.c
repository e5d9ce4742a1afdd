/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Far transfers: JMP, CALL, RET, IRET between segments, through call gates and
 * between privileges, in every mode.  On success cpu->rip is the target and the
 * caller leaves the block.  Task switches are task.c, events deliver.c.
 * AMD64 Architecture Programmer's Manual, vol. 2, chapter 4.11; vol. 3.
 */
#include "x86/far.h"

#include "base/base.h"


static bool real_like(const struct x86_cpu *cpu)
{
    return cpu->mode == X86_MODE_REAL || cpu->mode == X86_MODE_V86;
}

/* ---- code segments as targets ---- */

bool x86_code_offset_ok(const struct x86_cpu *cpu, const struct x86_desc *d, uint64_t offset)
{
    if (x86_long_mode(cpu) && x86_desc_long(d))
        return x86_canonical(offset);
    return offset <= x86_desc_segment(d, 0).limit;
}

void x86_enter_code(struct x86_cpu *cpu, const struct x86_desc *d, uint16_t selector, unsigned cpl,
                    uint64_t offset)
{
    cpu->seg[X86_CS] = x86_desc_segment(d, (uint16_t)((selector & ~3u) | cpl));
    cpu->cpl = (uint8_t)cpl;
    cpu->rip = offset;
    x86_mode_changed(cpu);
}

/* In long mode a code segment has L or D, not both. */
static bool impossible_code(const struct x86_cpu *cpu, const struct x86_desc *d)
{
    return x86_long_mode(cpu) && x86_desc_long(d) && x86_desc_big(d);
}

static uint64_t code_offset(const struct x86_cpu *cpu, const struct x86_desc *d, uint64_t offset)
{
    return x86_long_mode(cpu) && x86_desc_long(d) ? offset : (uint32_t)offset;
}

static void check_offset(struct x86_cpu *cpu, const struct x86_insn *i, const struct x86_desc *d,
                         uint64_t offset)
{
    if (!x86_code_offset_ok(cpu, d, offset))
        x86_fault_sel(cpu, i, X86_GP, 0);
}

/* ---- JMP and CALL ---- */

static void push_return(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                        unsigned size)
{
    x86_stack_push(cpu, i, stack, cpu->seg[X86_CS].selector, size);
    x86_stack_push(cpu, i, stack, x86_next_rip(cpu, i), size);
}

static void far_real(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                     uint64_t offset, bool call)
{
    struct x86_stack stack = x86_stack_now(cpu);

    if (offset > cpu->seg[X86_CS].limit)
        x86_gp0(cpu, i);
    if (call) {
        push_return(cpu, i, &stack, i->width);
        x86_stack_commit(cpu, &stack);
    }
    x86_real_segment(cpu, X86_CS, selector);
    cpu->rip = offset;
    x86_mode_changed(cpu);
}

static void far_code(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_desc *d,
                     uint16_t selector, uint64_t offset, bool call)
{
    const unsigned dpl = x86_desc_dpl(d);
    struct x86_stack stack = x86_stack_now(cpu);

    if (!x86_desc_is_code(d) || impossible_code(cpu, d))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (x86_desc_conforming(d) ? dpl > cpu->cpl : (selector & 3) > cpu->cpl || dpl != cpu->cpl)
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    offset = code_offset(cpu, d, offset);
    if (!call)
        check_offset(cpu, i, d, offset);
    x86_desc_set_accessed(cpu, i, d);
    if (call) {
        push_return(cpu, i, &stack, i->width);
        check_offset(cpu, i, d, offset);
        x86_stack_commit(cpu, &stack);
    }
    x86_enter_code(cpu, d, selector, cpu->cpl, offset);
}

/* The code segment that a call gate leads to. */
static struct x86_desc gate_target(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                                   bool call)
{
    struct x86_desc d;
    unsigned dpl;

    if (x86_null_selector(selector))
        x86_fault_sel(cpu, i, X86_GP, 0);
    d = x86_desc_read(cpu, i, selector, X86_GP);
    dpl = x86_desc_dpl(&d);
    if (!x86_desc_is_code(&d) || dpl > cpu->cpl ||
        (!call && !x86_desc_conforming(&d) && dpl != cpu->cpl))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (x86_long_mode(cpu) && (!x86_desc_long(&d) || x86_desc_big(&d)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    return d;
}

/* CALL through a gate to more privilege: new stack, parameters copied in legacy mode. */
static void gate_inward(struct x86_cpu *cpu, const struct x86_insn *i, const struct x86_desc *gate,
                        struct x86_desc *code, uint64_t offset, unsigned size)
{
    const unsigned cpl = x86_desc_dpl(code);
    const unsigned n = x86_long_mode(cpu) ? 0 : gate->hi & 31;
    struct x86_stack old = x86_stack_now(cpu), new;
    uint64_t parameter[31];
    struct x86_seg ss;

    new = x86_tss_stack(cpu, i, cpl, &ss);
    for (unsigned k = 0; k < n; k++)
        parameter[k] = x86_stack_pop(cpu, i, &old, size);
    check_offset(cpu, i, code, offset);
    x86_stack_push(cpu, i, &new, cpu->seg[X86_SS].selector, size);
    x86_stack_push(cpu, i, &new, cpu->r[X86_RSP], size);
    for (unsigned k = n; k-- > 0;)
        x86_stack_push(cpu, i, &new, parameter[k], size);
    push_return(cpu, i, &new, size);
    x86_desc_set_accessed(cpu, i, code);
    cpu->seg[X86_SS] = ss;
    x86_stack_commit(cpu, &new);
    x86_enter_code(cpu, code, x86_gate_selector(gate), cpl, offset);
}

static void call_gate(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                      struct x86_desc *gate, bool call)
{
    const bool wide = x86_long_mode(cpu), is16 = x86_desc_type(gate) == X86_SYS_CALL16;
    const unsigned size = wide ? 8 : is16 ? 2 : 4;
    struct x86_stack stack = x86_stack_now(cpu);
    struct x86_desc code;
    uint64_t offset;

    if (wide && (!x86_desc_read_upper(cpu, i, selector, gate) || (gate->hi2 & 0x1f00)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    code = gate_target(cpu, i, x86_gate_selector(gate), call);
    offset = is16 ? (uint16_t)gate->lo : x86_gate_offset(gate);
    if (call && !x86_desc_conforming(&code) && x86_desc_dpl(&code) < cpu->cpl) {
        gate_inward(cpu, i, gate, &code, offset, size);
        return;
    }
    check_offset(cpu, i, &code, offset);
    if (call) {
        push_return(cpu, i, &stack, size);
        x86_stack_commit(cpu, &stack);
    }
    x86_desc_set_accessed(cpu, i, &code);
    x86_enter_code(cpu, &code, x86_gate_selector(gate), cpu->cpl, offset);
}

static void far_system(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                       struct x86_desc *d, bool call)
{
    static const uint16_t legacy = 1 << X86_SYS_TSS16 | 1 << X86_SYS_CALL16 |
                                   1 << X86_SYS_TASK_GATE | 1 << X86_SYS_TSS | 1 << X86_SYS_CALL;
    const unsigned type = x86_desc_type(d), dpl = x86_desc_dpl(d);
    const enum x86_task_reason reason = call ? X86_TASK_CALL : X86_TASK_JMP;

    if (!((x86_long_mode(cpu) ? 1 << X86_SYS_CALL : legacy) >> type & 1))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (dpl < cpu->cpl || dpl < (selector & 3u))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    if (type == X86_SYS_TASK_GATE)
        x86_task_switch(cpu, i, reason, x86_gate_selector(d), x86_next_rip(cpu, i), NULL);
    else if (type == X86_SYS_TSS || type == X86_SYS_TSS16)
        x86_task_switch(cpu, i, reason, selector, x86_next_rip(cpu, i), NULL);
    else
        call_gate(cpu, i, selector, d, call);
}

void x86_far_transfer(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                      uint64_t offset, bool call)
{
    struct x86_desc d;

    if (real_like(cpu)) {
        far_real(cpu, i, selector, offset, call);
        return;
    }
    if (x86_null_selector(selector))
        x86_gp0(cpu, i);
    d = x86_desc_read(cpu, i, selector, X86_GP);
    if (x86_desc_is_system(&d))
        far_system(cpu, i, selector, &d, call);
    else
        far_code(cpu, i, &d, selector, offset, call);
}

/* ---- RET and IRET ---- */

/* The code segment that a return leads to; RPL is the privilege there. */
static struct x86_desc return_target(struct x86_cpu *cpu, const struct x86_insn *i,
                                     uint16_t selector)
{
    const unsigned rpl = selector & 3;
    struct x86_desc d;

    if (x86_null_selector(selector))
        x86_gp0(cpu, i);
    d = x86_desc_read(cpu, i, selector, X86_GP);
    if (!x86_desc_is_code(&d) || rpl < cpu->cpl || impossible_code(cpu, &d))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (x86_desc_conforming(&d) ? x86_desc_dpl(&d) > rpl : x86_desc_dpl(&d) != rpl)
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    return d;
}

/* SS of a return; in long mode 64-bit code above CPL 3 may have none. */
static struct x86_seg return_stack(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                                   unsigned cpl, const struct x86_desc *code)
{
    struct x86_desc d;

    if (x86_null_selector(selector) && x86_long_mode(cpu) && x86_desc_long(code) && cpl != 3)
        return x86_null_segment(selector);
    d = x86_stack_desc(cpu, i, selector, cpl, X86_GP);
    x86_desc_set_accessed(cpu, i, &d);
    return x86_desc_segment(&d, selector);
}

/* After CS: the stack pointer as wide as the new stack is. */
static void set_stack(struct x86_cpu *cpu, const struct x86_seg *ss, uint64_t sp)
{
    cpu->seg[X86_SS] = *ss;
    x86_mode_changed(cpu);
    if (cpu->stack64 || cpu->stack32)
        cpu->r[X86_RSP] = cpu->stack64 ? sp : (uint32_t)sp;
    else
        cpu->r[X86_RSP] = (cpu->r[X86_RSP] & ~UINT64_C(0xffff)) | (sp & 0xffff);
}

static void return_real(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t release)
{
    struct x86_stack stack = x86_stack_now(cpu);
    const uint64_t offset = x86_stack_pop(cpu, i, &stack, i->width);
    const uint16_t selector = (uint16_t)x86_stack_pop(cpu, i, &stack, i->width);

    if (offset > cpu->seg[X86_CS].limit)
        x86_gp0(cpu, i);
    stack.sp = (stack.sp + release) & stack.mask;
    x86_stack_commit(cpu, &stack);
    x86_real_segment(cpu, X86_CS, selector);
    cpu->rip = offset;
    x86_mode_changed(cpu);
}

void x86_far_return(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t release)
{
    const unsigned size = i->width;
    struct x86_stack stack = x86_stack_now(cpu);
    struct x86_desc d;
    struct x86_seg ss;
    uint64_t offset, sp = 0;
    uint16_t selector;
    unsigned rpl;

    if (real_like(cpu)) {
        return_real(cpu, i, release);
        return;
    }
    offset = x86_stack_pop(cpu, i, &stack, size);
    selector = (uint16_t)x86_stack_pop(cpu, i, &stack, size);
    rpl = selector & 3;
    d = return_target(cpu, i, selector);
    offset = code_offset(cpu, &d, offset);
    stack.sp = (stack.sp + release) & stack.mask;
    if (rpl == cpu->cpl) {
        check_offset(cpu, i, &d, offset);
        x86_desc_set_accessed(cpu, i, &d);
        x86_stack_commit(cpu, &stack);
        x86_enter_code(cpu, &d, selector, rpl, offset);
        return;
    }
    sp = x86_stack_pop(cpu, i, &stack, size);
    ss = return_stack(cpu, i, (uint16_t)x86_stack_pop(cpu, i, &stack, size), rpl, &d);
    check_offset(cpu, i, &d, offset);
    x86_desc_set_accessed(cpu, i, &d);
    x86_enter_code(cpu, &d, selector, rpl, offset);
    set_stack(cpu, &ss, sp + release);
    x86_drop_inner_segments(cpu);
    x86_mode_changed(cpu);
}

uint64_t x86_flags_mask(const struct x86_cpu *cpu)
{
    const unsigned iopl = (cpu->rflags & X86_FL_IOPL) >> 12;
    uint64_t mask = X86_FL_STATUS | X86_FL_TF | X86_FL_DF | X86_FL_NT | X86_FL_RF | X86_FL_AC |
                    X86_FL_ID;

    if (cpu->cpl == 0)
        mask |= X86_FL_IOPL;
    if (cpu->cpl <= iopl)
        mask |= X86_FL_IF;
    return mask;
}

void x86_load_flags(struct x86_cpu *cpu, uint64_t image, uint64_t mask)
{
    uint64_t flags = (x86_rflags(cpu) & ~mask) | (image & mask);

    if (!cpu->debug_armed)
        flags &= ~(uint64_t)X86_FL_RF; /* matters to breakpoints alone, and would cost a step */
    x86_set_rflags(cpu, flags);
}

static uint64_t size_mask(unsigned size)
{
    return size == 2 ? 0xffff : UINT32_MAX;
}

static void iret_real(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    struct x86_stack stack = x86_stack_now(cpu);
    uint64_t offset, flags;
    uint16_t selector;

    if (cpu->mode == X86_MODE_V86 && (cpu->rflags & X86_FL_IOPL) != X86_FL_IOPL)
        x86_gp0(cpu, i);
    offset = x86_stack_pop(cpu, i, &stack, size);
    selector = (uint16_t)x86_stack_pop(cpu, i, &stack, size);
    flags = x86_stack_pop(cpu, i, &stack, size);
    if (offset > cpu->seg[X86_CS].limit)
        x86_gp0(cpu, i);
    x86_stack_commit(cpu, &stack);
    x86_real_segment(cpu, X86_CS, selector);
    cpu->rip = offset;
    x86_load_flags(cpu, flags, x86_flags_mask(cpu) & size_mask(size));
    x86_mode_changed(cpu);
}

static void iret_to_v86(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                        uint64_t offset, uint16_t selector, uint64_t flags)
{
    static const uint8_t order[] = {X86_SS, X86_ES, X86_DS, X86_FS, X86_GS};
    uint64_t image[1 + CB_ARRAY_LEN(order)];

    for (unsigned n = 0; n < CB_ARRAY_LEN(image); n++)
        image[n] = x86_stack_pop(cpu, i, stack, 4);
    if (offset > 0xffff)
        x86_gp0(cpu, i);
    x86_set_rflags(cpu, flags);
    cpu->cpl = 3;
    cpu->mode = X86_MODE_V86;
    x86_real_segment(cpu, X86_CS, selector);
    for (unsigned n = 0; n < CB_ARRAY_LEN(order); n++)
        x86_real_segment(cpu, order[n], (uint16_t)image[n + 1]);
    cpu->r[X86_RSP] = (uint32_t)image[0];
    cpu->rip = offset;
    x86_mode_changed(cpu);
}

static void iret_protected(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    const uint64_t mask = (x86_flags_mask(cpu) |
                           (cpu->cpl == 0 ? X86_FL_VIF | X86_FL_VIP : 0)) & size_mask(size);
    struct x86_stack stack = x86_stack_now(cpu);
    uint64_t offset = x86_stack_pop(cpu, i, &stack, size);
    const uint16_t selector = (uint16_t)x86_stack_pop(cpu, i, &stack, size);
    const uint64_t flags = x86_stack_pop(cpu, i, &stack, size);
    const unsigned rpl = selector & 3;
    const bool outer = rpl > cpu->cpl;
    const bool with_stack = outer || cpu->mode == X86_MODE_64;
    struct x86_seg ss = cpu->seg[X86_SS];
    struct x86_desc d;
    uint64_t sp = 0;

    if (size == 4 && !x86_long_mode(cpu) && cpu->cpl == 0 && (flags & X86_FL_VM)) {
        iret_to_v86(cpu, i, &stack, offset, selector, flags);
        return;
    }
    d = return_target(cpu, i, selector);
    if (with_stack) {
        sp = x86_stack_pop(cpu, i, &stack, size);
        ss = return_stack(cpu, i, (uint16_t)x86_stack_pop(cpu, i, &stack, size), rpl, &d);
    }
    offset = code_offset(cpu, &d, offset);
    check_offset(cpu, i, &d, offset);
    x86_desc_set_accessed(cpu, i, &d);
    x86_load_flags(cpu, flags, mask);
    if (!with_stack)
        x86_stack_commit(cpu, &stack);
    x86_enter_code(cpu, &d, selector, rpl, offset);
    if (with_stack)
        set_stack(cpu, &ss, sp);
    if (outer)
        x86_drop_inner_segments(cpu);
    x86_mode_changed(cpu);
}

static void iret_task(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = (uint32_t)cpu->seg[X86_TR].base;
    const uint16_t link = (uint16_t)x86_sys_read(cpu, i, at, 2);

    x86_task_switch(cpu, i, X86_TASK_IRET, link, x86_next_rip(cpu, i), NULL);
}

void x86_iret(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    if (real_like(cpu))
        iret_real(cpu, i, size);
    else if ((cpu->rflags & X86_FL_NT) && x86_long_mode(cpu))
        x86_gp0(cpu, i);
    else if (cpu->rflags & X86_FL_NT)
        iret_task(cpu, i);
    else
        iret_protected(cpu, i, size);
    cpu->nmi_blocked = false;
}
