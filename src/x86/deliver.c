/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery of exceptions and interrupts through the IVT or IDT, in every mode.
 *
 * cpu->delivering tells what is on its way; a fault during delivery returns to
 * x86_deliver_exception through the run loop, which decides between serial
 * delivery, #DF and shutdown.  Nothing of the CPU's state changes before the
 * whole frame is written.
 * AMD64 Architecture Programmer's Manual, vol. 2, chapter 8.
 */
#include "x86/far.h"

#include "base/base.h"
#include "x86/svm/guest.h"

/* What is to be delivered. */
struct event {
    uint8_t vector;
    bool software;  /* INT n, INT3, INTO */
    bool has_code;
    uint32_t code;
    uint64_t rip;   /* to return to */
    uint64_t flags; /* to restore */
};

static uint64_t linear(const struct x86_cpu *cpu, uint64_t at)
{
    return x86_long_mode(cpu) ? at : (uint32_t)at;
}

/* ---- real mode ---- */

static void deliver_real(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e)
{
    struct x86_stack stack = x86_stack_now(cpu);
    uint32_t target;

    if (e->vector * 4u + 3 > cpu->idtr.limit)
        x86_fault_code(cpu, i, X86_GP, e->vector * 8u + 2);
    target = (uint32_t)x86_sys_read(cpu, i, linear(cpu, cpu->idtr.base + e->vector * 4u), 4);
    x86_stack_push(cpu, i, &stack, e->flags, 2);
    x86_stack_push(cpu, i, &stack, cpu->seg[X86_CS].selector, 2);
    x86_stack_push(cpu, i, &stack, e->rip, 2);
    if ((target & 0xffff) > cpu->seg[X86_CS].limit)
        x86_gp0(cpu, i);
    x86_stack_commit(cpu, &stack);
    cpu->rflags &= ~(uint32_t)(X86_FL_IF | X86_FL_TF | X86_FL_AC | X86_FL_RF);
    x86_real_segment(cpu, X86_CS, (uint16_t)(target >> 16));
    cpu->rip = target & 0xffff;
}

/* ---- gates ---- */

static _Noreturn void gate_fault(struct x86_cpu *cpu, const struct x86_insn *i,
                                 enum x86_vector vector, const struct event *e)
{
    const uint32_t ext = cpu->delivering != X86_DELIVERING_NOTHING;

    x86_fault_code(cpu, i, vector, e->vector * 8u | 2 | ext);
}

static struct x86_desc read_gate(struct x86_cpu *cpu, const struct x86_insn *i,
                                 const struct event *e)
{
    const unsigned size = x86_long_mode(cpu) ? 16 : 8;
    const uint64_t at = cpu->idtr.base + e->vector * size;
    struct x86_desc gate = {.at = at};
    uint64_t raw;

    if (e->vector * size + size - 1 > cpu->idtr.limit)
        gate_fault(cpu, i, X86_GP, e);
    raw = x86_sys_read(cpu, i, linear(cpu, at), 8);
    gate.lo = (uint32_t)raw;
    gate.hi = (uint32_t)(raw >> 32);
    if (size == 16)
        gate.lo2 = (uint32_t)x86_sys_read(cpu, i, at + 8, 4);
    return gate;
}

static void check_gate(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e,
                       const struct x86_desc *gate)
{
    static const uint16_t legacy = 1 << X86_SYS_TASK_GATE | 1 << X86_SYS_INT16 |
                                   1 << X86_SYS_TRAP16 | 1 << X86_SYS_INT | 1 << X86_SYS_TRAP;
    const unsigned types = x86_long_mode(cpu) ? 1u << X86_SYS_INT | 1u << X86_SYS_TRAP : legacy;

    if (!x86_desc_is_system(gate) || !(types >> x86_desc_type(gate) & 1))
        gate_fault(cpu, i, X86_GP, e);
    if (e->software && x86_desc_dpl(gate) < cpu->cpl)
        gate_fault(cpu, i, X86_GP, e);
    if (!x86_desc_present(gate))
        gate_fault(cpu, i, X86_NP, e);
}

static struct x86_desc read_handler(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector)
{
    struct x86_desc d;

    if (x86_null_selector(selector))
        x86_fault_sel(cpu, i, X86_GP, 0);
    d = x86_desc_read(cpu, i, selector, X86_GP);
    if (!x86_desc_is_code(&d) || x86_desc_dpl(&d) > cpu->cpl)
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (x86_long_mode(cpu) && (!x86_desc_long(&d) || x86_desc_big(&d)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    return d;
}

/* ---- the frame ---- */

static void push_frame(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                       const struct event *e, bool with_stack, unsigned size)
{
    static const uint8_t v86_order[] = {X86_GS, X86_FS, X86_DS, X86_ES};

    if (cpu->mode == X86_MODE_V86)
        for (unsigned n = 0; n < CB_ARRAY_LEN(v86_order); n++)
            x86_stack_push(cpu, i, stack, cpu->seg[v86_order[n]].selector, size);
    if (with_stack) {
        x86_stack_push(cpu, i, stack, cpu->seg[X86_SS].selector, size);
        x86_stack_push(cpu, i, stack, cpu->r[X86_RSP], size);
    }
    x86_stack_push(cpu, i, stack, e->flags, size);
    x86_stack_push(cpu, i, stack, cpu->seg[X86_CS].selector, size);
    x86_stack_push(cpu, i, stack, e->rip, size);
    if (e->has_code)
        x86_stack_push(cpu, i, stack, e->code, size);
}

/* The frame is written: take over. */
static void enter_handler(struct x86_cpu *cpu, const struct x86_desc *gate,
                          const struct x86_desc *code, unsigned cpl, uint64_t offset)
{
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    uint32_t clear = X86_FL_TF | X86_FL_NT | X86_FL_RF | X86_FL_VM;

    if (cpu->mode == X86_MODE_V86)
        for (unsigned n = 0; n < CB_ARRAY_LEN(data); n++)
            cpu->seg[data[n]] = x86_null_segment(0);
    if (!(x86_desc_type(gate) & 1))
        clear |= X86_FL_IF;
    cpu->rflags &= ~clear;
    x86_enter_code(cpu, code, x86_gate_selector(gate), cpl, offset);
}

/* ---- legacy protected mode ---- */

static void through_legacy_gate(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e,
                                const struct x86_desc *gate)
{
    const unsigned size = x86_desc_type(gate) & 8 ? 4 : 2;
    const uint64_t offset = size == 2 ? gate->lo & 0xffff : x86_gate_offset(gate);
    struct x86_desc code = read_handler(cpu, i, x86_gate_selector(gate));
    const bool conforming = x86_desc_conforming(&code);
    const unsigned cpl = conforming ? cpu->cpl : x86_desc_dpl(&code);
    const bool inward = cpl < cpu->cpl;
    struct x86_stack stack = x86_stack_now(cpu);
    struct x86_seg ss = cpu->seg[X86_SS];

    if (cpu->mode == X86_MODE_V86 && cpl != 0)
        x86_fault_sel(cpu, i, X86_GP, x86_gate_selector(gate));
    if (inward)
        stack = x86_tss_stack(cpu, i, cpl, &ss);
    if (!x86_code_offset_ok(cpu, &code, offset))
        x86_fault_sel(cpu, i, X86_GP, 0);
    x86_desc_set_accessed(cpu, i, &code);
    push_frame(cpu, i, &stack, e, inward, size);
    cpu->seg[X86_SS] = ss;
    x86_stack_commit(cpu, &stack);
    enter_handler(cpu, gate, &code, cpl, offset);
}

static void deliver_legacy(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e)
{
    const struct x86_desc gate = read_gate(cpu, i, e);

    check_gate(cpu, i, e, &gate);
    if (x86_desc_type(&gate) == X86_SYS_TASK_GATE)
        x86_task_switch(cpu, i, X86_TASK_EVENT, x86_gate_selector(&gate), e->rip,
                        e->has_code ? &e->code : NULL);
    else
        through_legacy_gate(cpu, i, e, &gate);
}

/* ---- long mode ---- */

static void deliver_long(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e)
{
    const struct x86_desc gate = read_gate(cpu, i, e);
    const unsigned ist = gate.hi & 7;
    struct x86_stack stack = x86_stack_flat(cpu->r[X86_RSP]);
    struct x86_seg ss = cpu->seg[X86_SS];
    struct x86_desc code;
    unsigned cpl;

    check_gate(cpu, i, e, &gate);
    code = read_handler(cpu, i, x86_gate_selector(&gate));
    cpl = x86_desc_conforming(&code) ? cpu->cpl : x86_desc_dpl(&code);
    if (cpl < cpu->cpl && !ist) {
        stack = x86_tss_stack(cpu, i, cpl, &ss);
    } else if (cpl < cpu->cpl) {
        ss = x86_null_segment((uint16_t)cpl);
        ss.attr = (uint16_t)(cpl << 5);
    }
    if (ist)
        stack.sp = x86_tss_ist(cpu, i, ist);
    stack.sp &= ~UINT64_C(15);
    /* A handler at CPL 3 has a stack of CPL 3. */
    stack.implicit = cpl != 3;
    if (!x86_canonical(x86_gate_offset(&gate)))
        x86_fault_sel(cpu, i, X86_GP, 0);
    x86_desc_set_accessed(cpu, i, &code);
    push_frame(cpu, i, &stack, e, true, 8);
    cpu->seg[X86_SS] = ss;
    cpu->r[X86_RSP] = stack.sp;
    enter_handler(cpu, &gate, &code, cpl, x86_gate_offset(&gate));
}

/* ---- what everybody calls ---- */

static void deliver(struct x86_cpu *cpu, const struct x86_insn *i, const struct event *e)
{
    cpu->halted = false;
    cpu->shadow = cpu->shadow_ss = cpu->svm.in_shadow = false;
    cpu->step_trap = false;
    if (!(cpu->cr0 & X86_CR0_PE))
        deliver_real(cpu, i, e);
    else if (x86_long_mode(cpu))
        deliver_long(cpu, i, e);
    else
        deliver_legacy(cpu, i, e);
    cpu->delivering = X86_DELIVERING_NOTHING;
    cpu->svm.event = 0;
    x86_mode_changed(cpu);
}

/* For EXITINTINFO, should the delivery end in an exit. */
static void on_its_way(struct x86_cpu *cpu, unsigned type, const struct event *e)
{
    cpu->svm.event = VMCB_EVENT_VALID | (uint64_t)type << VMCB_EVENT_TYPE_SHIFT | e->vector;
    if (e->has_code)
        cpu->svm.event |= VMCB_EVENT_HAS_CODE | (uint64_t)e->code << 32;
}

static bool contributory(unsigned vector)
{
    return vector == X86_DE || (vector >= X86_TS && vector <= X86_GP);
}

static enum x86_delivering class_of(unsigned vector)
{
    if (vector == X86_DF)
        return X86_DELIVERING_DOUBLE_FAULT;
    if (vector == X86_PF)
        return X86_DELIVERING_PAGE_FAULT;
    return contributory(vector) ? X86_DELIVERING_CONTRIBUTORY : X86_DELIVERING_BENIGN;
}

static bool makes_double_fault(unsigned first, unsigned vector)
{
    if (first == X86_DELIVERING_CONTRIBUTORY)
        return contributory(vector);
    return first == X86_DELIVERING_PAGE_FAULT && (contributory(vector) || vector == X86_PF);
}

/* Faults set RF in the image, so that the restarted instruction meets no breakpoint again. */
static bool fault_class(unsigned vector)
{
    return vector != X86_DB && vector != X86_NMI && vector != X86_BP && vector != X86_OF &&
           vector != X86_DF && vector != X86_MC;
}

void x86_deliver_exception(struct x86_cpu *cpu, unsigned vector, bool has_code, uint32_t code)
{
    struct event e = {.has_code = has_code, .code = code, .rip = cpu->rip};

    if (CB_UNLIKELY(cpu->svm.guest))
        x86_svm_exception(cpu, vector, has_code, code);
    if (cpu->delivering == X86_DELIVERING_DOUBLE_FAULT) {
        if (cpu->svm.guest)
            x86_svm_shutdown(cpu);
        cpu->delivering = X86_DELIVERING_NOTHING;
        cpu->shutdown = true;
        x86_trace(cpu, "triple fault: #%u in the delivery of #DF, RIP %016llx", vector,
                  (unsigned long long)cpu->rip);
        return;
    }
    if (makes_double_fault(cpu->delivering, vector)) {
        vector = X86_DF;
        e.has_code = true;
        e.code = 0;
        if (cpu->svm.guest)
            x86_svm_exception(cpu, vector, true, 0);
    }
    cpu->delivering = (uint8_t)class_of(vector);
    e.vector = (uint8_t)vector;
    on_its_way(cpu, VMCB_EVENT_EXCEPTION, &e);
    e.flags = x86_rflags(cpu) | (fault_class(vector) ? X86_FL_RF : 0);
    deliver(cpu, NULL, &e);
    if (vector == X86_DB)
        cpu->dr[7] &= ~X86_DR7_GD;
}

void x86_deliver_interrupt(struct x86_cpu *cpu, uint8_t vector)
{
    const struct event e = {.vector = vector, .rip = cpu->rip, .flags = x86_rflags(cpu)};

    on_its_way(cpu, VMCB_EVENT_INTR, &e);
    cpu->delivering = X86_DELIVERING_BENIGN;
    deliver(cpu, NULL, &e);
}

void x86_deliver_nmi(struct x86_cpu *cpu)
{
    const struct event e = {.vector = X86_NMI, .rip = cpu->rip, .flags = x86_rflags(cpu)};

    on_its_way(cpu, VMCB_EVENT_NMI, &e);
    cpu->nmi_blocked = true;
    cpu->delivering = X86_DELIVERING_BENIGN;
    deliver(cpu, NULL, &e);
}

void x86_deliver_software(struct x86_cpu *cpu, const struct x86_insn *i, uint8_t vector)
{
    const struct event e = {.vector = vector, .software = true, .rip = x86_next_rip(cpu, i),
                            .flags = x86_rflags(cpu)};

    if (CB_UNLIKELY(cpu->svm.guest))
        on_its_way(cpu, i->len == 1 ? VMCB_EVENT_EXCEPTION : VMCB_EVENT_SOFT, &e);
    cpu->delivering = X86_DELIVERING_NOTHING;
    deliver(cpu, i, &e);
}

void x86_deliver_injected(struct x86_cpu *cpu, uint64_t event, uint64_t next_rip)
{
    const unsigned type = event >> VMCB_EVENT_TYPE_SHIFT & 7;
    const uint8_t vector = type == VMCB_EVENT_NMI ? X86_NMI : (uint8_t)event;
    const bool trap = vector == X86_BP || vector == X86_OF;
    const bool exception = type == VMCB_EVENT_EXCEPTION;
    struct event e = {.vector = vector, .software = type == VMCB_EVENT_SOFT, .rip = cpu->rip,
                      .has_code = exception && (event & VMCB_EVENT_HAS_CODE),
                      .code = (uint32_t)(event >> 32), .flags = x86_rflags(cpu)};

    if (type == VMCB_EVENT_SOFT || (exception && trap))
        e.rip = next_rip;
    else if (exception && fault_class(vector))
        e.flags |= X86_FL_RF;
    on_its_way(cpu, type, &e);
    cpu->delivering = exception ? (uint8_t)class_of(vector) : X86_DELIVERING_BENIGN;
    deliver(cpu, NULL, &e);
}
