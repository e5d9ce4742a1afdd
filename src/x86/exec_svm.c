/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVM's instructions.  In a guest that intercepts them they are exits; a guest
 * that does not meets #UD for VMRUN (its intercept is always set) and VMMCALL.
 * APM vol. 3: VMRUN, VMLOAD, VMSAVE, STGI, CLGI, INVLPGA, VMMCALL; vol. 2, 15.
 */
#include "base/base.h"

#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/exec_sys.h"
#include "x86/mem.h"
#include "x86/svm/guest.h"

/* What all share: SVM must be on (#UD), then CPL 0 (#GP), then the intercept. */
static void check(struct x86_cpu *cpu, const struct x86_insn *i, unsigned code)
{
    x86_at(cpu, i);
    if (!(cpu->efer & X86_EFER_SVME))
        x86_fault(cpu, i, X86_UD);
    if (cpu->cpl != 0)
        x86_gp0(cpu, i);
    if (cpu->svm.guest && x86_svm_intercepts(cpu, code))
        x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = code, .nrip = x86_next_rip(cpu, i)});
}

static uint64_t operand(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t rax = cpu->r[X86_RAX];

    if (i->flags & X86_IF_ADDR16)
        return (uint16_t)rax;
    if ((i->flags & X86_IF_ADDR32) || cpu->mode != X86_MODE_64)
        return (uint32_t)rax;
    return rax;
}

static uint64_t vmcb_operand(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = operand(cpu, i);

    if ((at & (CB_PAGE_SIZE - 1)) || !x86_svm_operand_ok(cpu, at, CB_PAGE_SIZE))
        x86_gp0(cpu, i);
    return at;
}

static void vmrun(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t vmcb;

    check(cpu, i, VMEXIT_VMRUN);
    if (cpu->svm.guest) /* no nesting in hardware */
        x86_fault(cpu, i, X86_UD);
    vmcb = vmcb_operand(cpu, i);
    cpu->rip = x86_next_rip(cpu, i);
    x86_svm_enter(cpu, vmcb);
    x86_leave_block(cpu, i, cpu->rip);
}

static void vmload(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_VMLOAD);
    x86_svm_vmload(cpu, vmcb_operand(cpu, i));
    x86_leave_after(cpu, i);
}

static void vmsave(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_VMSAVE);
    x86_svm_vmsave(cpu, vmcb_operand(cpu, i));
    x86_leave_after(cpu, i);
}

static void stgi(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_STGI);
    x86_svm_set_gif(cpu, true);
    x86_leave_after(cpu, i);
}

static void clgi(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_CLGI);
    x86_svm_set_gif(cpu, false);
    x86_leave_after(cpu, i);
}

static void invlpga(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_INVLPGA);
    x86_tlb_invlpga(cpu, operand(cpu, i), (uint32_t)cpu->r[X86_RCX]);
    x86_leave_after(cpu, i);
}

/* No secure loader is ever started here: CPUID offers no SKINIT, so EFER.SVME alone makes it legal. */
static void skinit(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check(cpu, i, VMEXIT_SKINIT);
    x86_trace(cpu, "SKINIT is not implemented: #UD");
    x86_fault(cpu, i, X86_UD);
}

static void vmmcall(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->svm.guest && x86_svm_intercepts(cpu, VMEXIT_VMMCALL))
        x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = VMEXIT_VMMCALL,
                                                    .nrip = x86_next_rip(cpu, i)});
    x86_fault(cpu, i, X86_UD);
}

#define ROW(name, fn, flag)                                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_NONE, .feature = X86_FEAT_SVM, \
     .flags = X86_OP_END | (flag), .reg = {fn}}

static const struct x86_op rows[] = {
    ROW(VMRUN, vmrun, X86_OP_PROTECTED), ROW(VMLOAD, vmload, X86_OP_PROTECTED),
    ROW(VMSAVE, vmsave, X86_OP_PROTECTED), ROW(STGI, stgi, X86_OP_PROTECTED),
    ROW(CLGI, clgi, X86_OP_PROTECTED), ROW(INVLPGA, invlpga, X86_OP_PROTECTED),
    ROW(SKINIT, skinit, X86_OP_PROTECTED), ROW(VMMCALL, vmmcall, 0),
};

const struct x86_op_table x86_ops_svm = {rows, CB_ARRAY_LEN(rows)};
