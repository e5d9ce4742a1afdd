/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVM for a hypervisor that is written in C and owns this CPU.
 *
 * The CPU must be in 64-bit host mode with EFER.SVME and VM_HSAVE_PA set up.
 * APM vol. 2, chapter 15.
 */
#ifndef X86_SVM_SVM_H
#define X86_SVM_SVM_H

#include "x86/x86.h"

enum x86_svm_end {
    X86_SVM_EXIT,     /* #VMEXIT: the VMCB says why */
    X86_SVM_BUDGET,   /* the budget is used up, or x86_kick: the guest is still running; call again */
    X86_SVM_HLT,      /* the guest waits in a HLT that is not intercepted; call again after an event */
    X86_SVM_SHUTDOWN, /* the CPU is in shutdown: SHUTDOWN was not intercepted, or the host broke */
    X86_SVM_BREAK,    /* a debugger's breakpoint in the guest */
    X86_SVM_REFUSED,  /* VMRUN would fault: not 64-bit host mode, SVME clear, or a bad address */
};

/*
 * CLGI, VMLOAD, VMRUN, and at #VMEXIT VMSAVE, then the host's own state again
 * and STGI: as the instructions would.  vmcb may carry the C-bit, which selects
 * the view it is reached through.  Runs at most `budget` instructions, *done of
 * them.  While the guest is running, vmcb is ignored.
 */
enum x86_svm_end x86_svm_run(struct x86_cpu *cpu, uint64_t vmcb, uint64_t budget, uint64_t *done);

/* Is the CPU in guest mode? */
bool x86_svm_in_guest(const struct x86_cpu *cpu);

/* RAX RCX RDX RBX RSP RBP RSI RDI R8 .. R15, in place: at an exit all but RAX and RSP are the guest's. */
uint64_t *x86_svm_gpr(struct x86_cpu *cpu);

#endif
