/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of svm/ share. */
#ifndef X86_SVM_WORLD_H
#define X86_SVM_WORLD_H

#include "base/base.h"
#include "x86/svm/guest.h"

/* state.c: what VMRUN and #VMEXIT move, to and from a page with a state-save area. */
void x86_svm_store_state(const struct x86_cpu *cpu, uint8_t *page);
void x86_svm_load_state(struct x86_cpu *cpu, const uint8_t *page);

/* check.c: is what the VMCB's page says legal?  Host mode. */
bool x86_svm_legal(const struct x86_cpu *cpu, const uint8_t *page);

/* world.c: the guest's state is in the VMCB: the host's comes back. */
void x86_svm_to_host(struct x86_cpu *cpu);
/* Back in host mode: #DB if VMRUN was single-stepped. */
void x86_svm_step(struct x86_cpu *cpu);

/* The host's geometry, in either mode. */
static inline const struct mmu_geometry *x86_svm_geometry(const struct x86_cpu *cpu)
{
    return cpu->svm.guest ? &cpu->svm.host_geometry : &cpu->geometry;
}

#endif
