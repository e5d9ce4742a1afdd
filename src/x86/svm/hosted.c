/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86_svm_run: a hypervisor written in C on this CPU.
 *
 * What VMRUN leaves to the hypervisor's code (VMLOAD, VMSAVE, the host's own FS
 * to TR and system-call registers) happens here, so that the C code sees a host
 * as its own instructions would have left it.
 * APM vol. 2, 15.5.
 */
#include "x86/svm/svm.h"

#include "x86/svm/world.h"

#include "x86/sys.h"

/* What VMLOAD loads over. */
static void keep_host(struct x86_cpu *cpu)
{
    struct x86_svm_host *h = &cpu->svm.host;

    memcpy(h->seg, &cpu->seg[X86_FS], sizeof(h->seg)); /* FS, GS, LDTR, TR */
    memcpy(h->msr, &cpu->msr.star, sizeof(h->msr));
}

static void restore_host(struct x86_cpu *cpu)
{
    const struct x86_svm_host *h = &cpu->svm.host;

    memcpy(&cpu->seg[X86_FS], h->seg, sizeof(h->seg));
    memcpy(&cpu->msr.star, h->msr, sizeof(h->msr));
    x86_mode_changed(cpu);
}

static bool may_enter(const struct x86_cpu *cpu, uint64_t vmcb)
{
    return cpu->mode == X86_MODE_64 && cpu->cpl == 0 && (cpu->efer & X86_EFER_SVME) &&
           cpu->msr.vm_hsave_pa != 0 && !(vmcb & (CB_PAGE_SIZE - 1)) &&
           x86_svm_operand_ok(cpu, vmcb, VMCB_SIZE);
}

static void enter(struct x86_cpu *cpu, uint64_t vmcb)
{
    x86_svm_set_gif(cpu, false);
    keep_host(cpu);
    x86_svm_vmload(cpu, vmcb);
    cpu->svm.hosted = true;
    cpu->svm.exited = false;
    x86_svm_enter(cpu, vmcb);
}

static enum x86_svm_end leave(struct x86_cpu *cpu, uint64_t vmcb)
{
    cpu->svm.hosted = cpu->svm.exited = false;
    x86_svm_vmsave(cpu, vmcb);
    restore_host(cpu);
    x86_svm_set_gif(cpu, true);
    return X86_SVM_EXIT;
}

enum x86_svm_end x86_svm_run(struct x86_cpu *cpu, uint64_t vmcb, uint64_t budget, uint64_t *done)
{
    enum x86_stop stop;

    *done = 0;
    if (!cpu->svm.guest) {
        if (!may_enter(cpu, vmcb))
            return X86_SVM_REFUSED;
        cpu->svm.hosted_vmcb = vmcb;
        enter(cpu, vmcb);
    }
    vmcb = cpu->svm.hosted_vmcb;
    if (cpu->svm.exited) /* VMEXIT_INVALID */
        return leave(cpu, vmcb);
    stop = x86_run(cpu, budget, done);
    if (cpu->svm.exited)
        return leave(cpu, vmcb);
    switch (stop) {
    case X86_STOP_HLT: case X86_STOP_DEAD: return X86_SVM_HLT;
    case X86_STOP_TRIPLE_FAULT: return X86_SVM_SHUTDOWN;
    case X86_STOP_BREAK: return X86_SVM_BREAK;
    case X86_STOP_BUDGET: default: return X86_SVM_BUDGET;
    }
}

bool x86_svm_in_guest(const struct x86_cpu *cpu)
{
    return cpu->svm.guest;
}

uint64_t *x86_svm_gpr(struct x86_cpu *cpu)
{
    return cpu->r;
}
