/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, NMIs, SMIs and exceptions while GIF is clear or a guest runs: which are
 * held, which leave the guest, and virtual interrupts.
 * APM vol. 2, 15.12, 15.13, 15.17, 15.21.
 */
#include "x86/svm/world.h"

#include "x86/sys.h"

/* ---- interrupts ---- */

static bool nmi_due(const struct x86_cpu *cpu)
{
    return cpu->nmi && !cpu->nmi_blocked;
}

static bool physical_due(const struct x86_cpu *cpu)
{
    const bool enabled = cpu->svm.guest && cpu->svm.masking ? cpu->svm.host_if
                                                            : (cpu->rflags & X86_FL_IF) != 0;

    return cpu->intr && enabled;
}

static bool virtual_due(const struct x86_cpu *cpu)
{
    const struct x86_svm *svm = &cpu->svm;

    return svm->virq && (cpu->rflags & X86_FL_IF) &&
           (svm->ignore_tpr || svm->v_prio > svm->v_tpr);
}

bool x86_svm_event_due(const struct x86_cpu *cpu)
{
    return cpu->svm.gif && !cpu->shadow &&
           (cpu->smi || nmi_due(cpu) || physical_due(cpu) || (cpu->svm.guest && virtual_due(cpu)));
}

bool x86_svm_wakes(const struct x86_cpu *cpu)
{
    return cpu->svm.gif && ((cpu->rflags & X86_FL_IF) ||
                            (cpu->svm.guest && cpu->svm.masking && cpu->svm.host_if));
}

static void leave_if(struct x86_cpu *cpu, unsigned code)
{
    if (x86_svm_intercepts(cpu, code))
        x86_svm_leave(cpu, NULL, (struct x86_svm_exit){.code = code});
}

/* Locked SMM code is not to be kept from running; an exit leaves the SMI pending. */
static void take_smi(struct x86_cpu *cpu)
{
    if (!(cpu->msr.hwcr & X86_HWCR_SMMLOCK))
        leave_if(cpu, VMEXIT_SMI);
    cpu->smi = false;
}

bool x86_svm_take_event(struct x86_cpu *cpu)
{
    if (cpu->smi) {
        take_smi(cpu);
        return true;
    }
    if (nmi_due(cpu)) {
        leave_if(cpu, VMEXIT_NMI);
        return false;
    }
    if (physical_due(cpu)) {
        leave_if(cpu, VMEXIT_INTR);
        return false;
    }
    leave_if(cpu, VMEXIT_VINTR);
    cpu->svm.virq = false;
    cpu->stats.interrupts++;
    x86_deliver_interrupt(cpu, cpu->svm.v_vector);
    return true;
}

uint8_t x86_svm_tpr_read(struct x86_cpu *cpu)
{
    return cpu->svm.masking ? cpu->svm.v_tpr : cpu->ops->tpr_read(cpu->ctx);
}

void x86_svm_tpr_write(struct x86_cpu *cpu, uint8_t cr8)
{
    cpu->svm.v_tpr = cr8 & 15;
    if (!cpu->svm.masking)
        cpu->ops->tpr_write(cpu->ctx, cr8);
}

/* ---- exceptions ---- */

void x86_svm_exception(struct x86_cpu *cpu, unsigned vector, bool has_code, uint32_t code)
{
    const bool page_fault = vector == X86_PF;
    struct x86_svm_exit e = {.code = VMEXIT_EXCEPTION + vector, .info1 = has_code ? code : 0};

    if (!x86_svm_intercepts(cpu, VMEXIT_EXCEPTION + vector))
        return;
    if (page_fault) { /* CR2 is not written */
        e.info2 = cpu->cr2;
        e.bytes = !(code & MMU_PF_I);
        cpu->cr2 = cpu->svm.old_cr2;
    }
    x86_svm_leave(cpu, NULL, e);
}

void x86_svm_trap(struct x86_cpu *cpu, const struct x86_insn *i, unsigned vector)
{
    if (x86_svm_intercepts(cpu, VMEXIT_EXCEPTION + vector))
        x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = VMEXIT_EXCEPTION + vector,
                                                    .nrip = x86_next_rip(cpu, i)});
}

void x86_svm_task_switch(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                         uint64_t info2)
{
    if (x86_svm_intercepts(cpu, VMEXIT_TASK_SWITCH))
        x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = VMEXIT_TASK_SWITCH,
                                                    .info1 = selector, .info2 = info2});
}

void x86_svm_shutdown(struct x86_cpu *cpu)
{
    cpu->svm.event = 0;
    leave_if(cpu, VMEXIT_SHUTDOWN);
}
