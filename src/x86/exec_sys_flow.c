/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that leave for another segment or privilege: far branches,
 * interrupts, system calls.  The work is in far.c, deliver.c, task.c.
 * AMD64 Architecture Programmer's Manual, vol. 3.  SYSENTER and SYSEXIT exist
 * in legacy mode alone, as on AMD's processors.
 */
#include "base/base.h"
#include "x86/exec_sys.h"
#include "x86/far.h"
#include "x86/svm/guest.h"

/* ---- far branches ---- */

void x86_do_jmp_far(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_far_transfer(cpu, i, (uint16_t)i->imm2, i->width == 2 ? (uint16_t)i->imm : (uint32_t)i->imm, false);
    x86_leave_block(cpu, i, cpu->rip);
}

void x86_do_call_far(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_far_transfer(cpu, i, (uint16_t)i->imm2, i->width == 2 ? (uint16_t)i->imm : (uint32_t)i->imm, true);
    x86_leave_block(cpu, i, cpu->rip);
}

/* m16:16 or m16:32; AMD's processors have no m16:64. */
static void far_through_memory(struct x86_cpu *cpu, const struct x86_insn *i, bool call)
{
    const unsigned size = i->width == 2 ? 2 : 4;
    const uint64_t at = x86_operand_ea(cpu, i, size + 2, false);
    const uint64_t offset = size == 2 ? x86_read16(cpu, i, at) : x86_read32(cpu, i, at);

    x86_far_transfer(cpu, i, x86_read16(cpu, i, at + size), offset, call);
    x86_leave_block(cpu, i, cpu->rip);
}

void x86_do_jmp_far_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    far_through_memory(cpu, i, false);
}

void x86_do_call_far_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    far_through_memory(cpu, i, true);
}

void x86_do_ret_far(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_far_return(cpu, i, i->imm & 0xffff);
    x86_leave_block(cpu, i, cpu->rip);
}

static void iret(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    x86_iret(cpu, i, size);
    x86_leave_block(cpu, i, cpu->rip);
}

void x86_do_iretw(struct x86_cpu *cpu, const struct x86_insn *i) { iret(cpu, i, 2); }
void x86_do_iretd(struct x86_cpu *cpu, const struct x86_insn *i) { iret(cpu, i, 4); }
void x86_do_iretq(struct x86_cpu *cpu, const struct x86_insn *i) { iret(cpu, i, 8); }

/* ---- interrupts ---- */

void x86_do_int(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->mode == X86_MODE_V86 && (cpu->rflags & X86_FL_IOPL) != X86_FL_IOPL)
        x86_gp0(cpu, i);
    x86_deliver_software(cpu, i, (uint8_t)i->imm);
    x86_leave_block(cpu, i, cpu->rip);
}

void x86_do_int3(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (CB_UNLIKELY(cpu->svm.guest))
        x86_svm_trap(cpu, i, X86_BP);
    x86_deliver_software(cpu, i, X86_BP);
    x86_leave_block(cpu, i, cpu->rip);
}

void x86_do_into(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (!(cpu->cc & X86_CC_O)) {
        x86_leave_after(cpu, i);
        return;
    }
    if (CB_UNLIKELY(cpu->svm.guest))
        x86_svm_trap(cpu, i, X86_OF);
    x86_deliver_software(cpu, i, X86_OF);
    x86_leave_block(cpu, i, cpu->rip);
}

/*
 * #DB as hardware raises it: no look at the gate's DPL.  DR6 stays but for a data
 * breakpoint that MOV SS kept waiting: the two are one exception.
 */
void x86_do_int1(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint32_t hits = cpu->debug_hits;

    cpu->debug_hits = 0;
    x86_leave_after(cpu, i);
    if (hits)
        x86_debug_raise(cpu, hits);
    else
        x86_deliver_exception(cpu, X86_DB, false, 0);
}

void x86_do_bound(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const unsigned size = i->width;
    const uint64_t at = x86_operand_ea(cpu, i, size * 2, false);
    int64_t low, high, v;

    if (size == 2) {
        low = (int16_t)x86_read16(cpu, i, at);
        high = (int16_t)x86_read16(cpu, i, at + 2);
        v = (int16_t)cpu->r[i->dst];
    } else {
        low = (int32_t)x86_read32(cpu, i, at);
        high = (int32_t)x86_read32(cpu, i, at + 4);
        v = (int32_t)cpu->r[i->dst];
    }
    if (v < low || v > high)
        x86_fault(cpu, i, X86_BR);
    X86_NEXT(cpu, i);
}

void x86_do_ud(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_fault(cpu, i, X86_UD);
}

void x86_do_hlt(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->halted = true;
    x86_leave_after(cpu, i);
}

/* ---- system calls ---- */

static struct x86_seg flat_code(uint16_t selector, unsigned cpl, bool is64)
{
    const unsigned attr = 0x89b | (is64 ? X86_ATTR_L : X86_ATTR_DB) | cpl << 5;

    return (struct x86_seg){.selector = selector, .attr = (uint16_t)attr, .limit = UINT32_MAX};
}

static struct x86_seg flat_stack(uint16_t selector, unsigned cpl)
{
    return (struct x86_seg){.selector = selector, .attr = (uint16_t)(0xc93 | cpl << 5),
                            .limit = UINT32_MAX};
}

static void enter_flat(struct x86_cpu *cpu, const struct x86_insn *i, unsigned cpl, uint64_t rip)
{
    cpu->cpl = (uint8_t)cpl;
    x86_mode_changed(cpu);
    x86_leave_block(cpu, i, rip);
}

void x86_do_syscall(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t selector = (uint16_t)(cpu->msr.star >> 32) & 0xfffc;
    const uint64_t next = x86_next_rip(cpu, i);
    uint64_t rip;

    if (!(cpu->efer & X86_EFER_SCE))
        x86_fault(cpu, i, X86_UD);
    if (x86_long_mode(cpu)) {
        rip = cpu->mode == X86_MODE_64 ? cpu->msr.lstar : cpu->msr.cstar;
        cpu->r[X86_RCX] = cpu->mode == X86_MODE_64 ? next : (uint32_t)next;
        cpu->r[X86_R11] = x86_rflags(cpu) & ~(uint64_t)X86_FL_RF;
        x86_set_rflags(cpu, cpu->r[X86_R11] & ~cpu->msr.sfmask);
        if (!(cpu->rflags & X86_FL_TF))
            cpu->step_trap = false; /* the masked TF counts */
    } else {
        rip = (uint32_t)cpu->msr.star;
        cpu->r[X86_RCX] = (uint32_t)next;
        cpu->rflags &= ~(uint32_t)(X86_FL_IF | X86_FL_RF | X86_FL_VM);
    }
    cpu->seg[X86_CS] = flat_code(selector, 0, x86_long_mode(cpu));
    cpu->seg[X86_SS] = flat_stack((uint16_t)(selector + 8), 0);
    enter_flat(cpu, i, 0, rip);
}

void x86_do_sysret(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t base = (uint16_t)(cpu->msr.star >> 48);
    const bool to64 = i->width == 8;

    if (!(cpu->efer & X86_EFER_SCE))
        x86_fault(cpu, i, X86_UD);
    if (!(cpu->cr0 & X86_CR0_PE) || cpu->cpl != 0)
        x86_gp0(cpu, i);
    if (x86_long_mode(cpu))
        x86_set_rflags(cpu, cpu->r[X86_R11] & ~(uint64_t)(X86_FL_RF | X86_FL_VM));
    else
        cpu->rflags |= X86_FL_IF;
    cpu->seg[X86_CS] = flat_code((uint16_t)((to64 ? base + 16 : base) | 3), 3, to64);
    cpu->seg[X86_SS].selector = (uint16_t)((base + 8) | 3); /* the hidden part stays, on AMD */
    enter_flat(cpu, i, 3, to64 ? cpu->r[X86_RCX] : (uint32_t)cpu->r[X86_RCX]);
    if (cpu->rflags & X86_FL_TF) /* as if the system call itself had been stepped over */
        x86_debug_raise(cpu, X86_DR6_BS);
}

void x86_do_sysenter(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t selector = (uint16_t)cpu->msr.sysenter_cs & 0xfffc;

    if (x86_long_mode(cpu))
        x86_fault(cpu, i, X86_UD);
    if (!(cpu->cr0 & X86_CR0_PE) || selector == 0)
        x86_gp0(cpu, i);
    cpu->rflags &= ~(uint32_t)(X86_FL_IF | X86_FL_RF | X86_FL_VM);
    cpu->seg[X86_CS] = flat_code(selector, 0, false);
    cpu->seg[X86_SS] = flat_stack((uint16_t)(selector + 8), 0);
    cpu->r[X86_RSP] = (uint32_t)cpu->msr.sysenter_esp;
    enter_flat(cpu, i, 0, (uint32_t)cpu->msr.sysenter_eip);
}

void x86_do_sysexit(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t selector = (uint16_t)cpu->msr.sysenter_cs & 0xfffc;

    if (x86_long_mode(cpu))
        x86_fault(cpu, i, X86_UD);
    if (!(cpu->cr0 & X86_CR0_PE) || cpu->cpl != 0 || selector == 0)
        x86_gp0(cpu, i);
    cpu->seg[X86_CS] = flat_code((uint16_t)((selector + 16) | 3), 3, false);
    cpu->seg[X86_SS] = flat_stack((uint16_t)((selector + 24) | 3), 3);
    cpu->r[X86_RSP] = (uint32_t)cpu->r[X86_RCX];
    enter_flat(cpu, i, 3, (uint32_t)cpu->r[X86_RDX]);
}
