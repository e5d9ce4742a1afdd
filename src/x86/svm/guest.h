/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rest of the CPU asks of SVM.  Everything here is called in guest mode
 * only, unless it says otherwise; nothing costs anything in host mode but a test
 * of cpu->svm.guest or cpu->svm.special.
 *
 * Instruction intercepts need no word in the handlers: decode puts a gate in
 * front of each instruction that can be intercepted (gate.c), in blocks that
 * belong to guest mode.
 */
#ifndef X86_SVM_GUEST_H
#define X86_SVM_GUEST_H

#include "x86/insn.h"

static inline bool x86_svm_intercepts(const struct x86_cpu *cpu, unsigned code)
{
    return cpu->svm.intercept[code / 32] >> code % 32 & 1;
}

/* ---- exits: exit.c ---- */

struct x86_svm_exit {
    uint64_t code, info1, info2, nrip;
    bool bytes; /* with the instruction's bytes */
};

/* #VMEXIT in front of i, or with cpu->rip as it is if i is NULL. */
_Noreturn void x86_svm_leave(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_svm_exit e);
/* The nested tables refused; and #VMEXIT(NPF) for what was noted last. */
void x86_svm_note_nested_fault(struct x86_cpu *cpu, const struct mmu_fault *fault,
                               struct mmu_access_type type);
_Noreturn void x86_svm_npf(struct x86_cpu *cpu, const struct x86_insn *i);
/* The run loop, when cpu->svm.pending: performs the exit or injects the event. */
void x86_svm_pending(struct x86_cpu *cpu);

/* ---- events: event.c ---- */

/* cpu->svm.special: is there an interrupt or NMI to act on? */
bool x86_svm_event_due(const struct x86_cpu *cpu);
/* Leaves for an intercepted event; handles an SMI or delivers a virtual interrupt (true); false: deliver as in host mode. */
bool x86_svm_take_event(struct x86_cpu *cpu);
/* May a halted CPU be woken by an interrupt? */
bool x86_svm_wakes(const struct x86_cpu *cpu);
/* Leaves if this exception is intercepted. */
void x86_svm_exception(struct x86_cpu *cpu, unsigned vector, bool has_code, uint32_t code);
/* INT3, INTO: the same, for an instruction whose next RIP is told. */
void x86_svm_trap(struct x86_cpu *cpu, const struct x86_insn *i, unsigned vector);
/* Leaves if shutdown is intercepted. */
void x86_svm_shutdown(struct x86_cpu *cpu);

uint8_t x86_svm_tpr_read(struct x86_cpu *cpu);
void x86_svm_tpr_write(struct x86_cpu *cpu, uint8_t cr8);

/* Leaves if task switches are intercepted. */
void x86_svm_task_switch(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                         uint64_t info2);

/* ---- gate.c ---- */

struct x86_svm_gate {
    x86_exec_fn *fn;
    unsigned code; /* in the gate's imm2: the exit code of those that share a handler */
};

/* The gate for an instruction that was decoded to op, NULL: it cannot be intercepted by itself. */
const struct x86_svm_gate *x86_svm_gate_for(const struct x86_op *op);
/* Leaves if this access to a port is intercepted; kind: VMCB_IOIO_IN, VMCB_IOIO_STRING. */
void x86_svm_port(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned kind);

/* ---- world.c: not only in guest mode ---- */

/* Physical operands of hardware: the C-bit in `pa` selects the view. */
bool x86_svm_operand_ok(const struct x86_cpu *cpu, uint64_t pa, uint64_t len);
void x86_svm_phys_read(struct x86_cpu *cpu, uint64_t pa, void *to, unsigned len);
void x86_svm_phys_write(struct x86_cpu *cpu, uint64_t pa, const void *from, unsigned len);

/* VMRUN: guest mode with cpu->rip the guest's, or still host mode after VMEXIT_INVALID. */
void x86_svm_enter(struct x86_cpu *cpu, uint64_t vmcb);
void x86_svm_reset(struct x86_cpu *cpu);
/* Back to host mode, without a look at the VMCB. */
void x86_svm_forget(struct x86_cpu *cpu);
void x86_svm_set_gif(struct x86_cpu *cpu, bool gif);
void x86_svm_vmload(struct x86_cpu *cpu, uint64_t vmcb);
void x86_svm_vmsave(struct x86_cpu *cpu, uint64_t vmcb);
/* cpu->geometry follows the world: after a change of the host's. */
void x86_svm_set_geometry(struct x86_cpu *cpu);

#endif
