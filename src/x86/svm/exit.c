/* SPDX-License-Identifier: Apache-2.0 */
/*
 * #VMEXIT.  An exit is recorded where it is met and performed by the run loop,
 * outside any block, with cpu->rip right: so nothing of the guest's state is in
 * flight when it is stored.
 * APM vol. 2, 15.6, 15.7 (EXITINTINFO), 15.8.4 (instruction bytes).
 */
#include "x86/svm/world.h"

#include "x86/far.h"
#include "x86/mem.h"
#include "x86/sys.h"

_Noreturn void x86_svm_leave(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_svm_exit e)
{
    struct x86_svm *svm = &cpu->svm;

    svm->exit_code = e.code;
    svm->exit_info1 = e.info1;
    svm->exit_info2 = e.info2;
    svm->exit_nrip = e.nrip;
    svm->exit_bytes = e.bytes;
    svm->exit = svm->pending = true;
    x86_abandon(cpu, i);
}

void x86_svm_note_nested_fault(struct x86_cpu *cpu, const struct mmu_fault *fault,
                               struct mmu_access_type type)
{
    cpu->svm.npf_info1 = fault->nested_info;
    cpu->svm.npf_gpa = fault->nested_gpa.v;
    cpu->svm.npf_data = !type.fetch;
}

_Noreturn void x86_svm_npf(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = VMEXIT_NPF, .info1 = cpu->svm.npf_info1,
                                                .info2 = cpu->svm.npf_gpa,
                                                .bytes = cpu->svm.npf_data});
}

/* ---- performing it ---- */

static void store_bytes(struct x86_cpu *cpu, uint8_t *page)
{
    struct x86_fetch f = {0};
    uint64_t at = cpu->rip;

    if (cpu->mode != X86_MODE_64)
        at = (uint32_t)(at + cpu->seg[X86_CS].base);
    if (cpu->svm.exit_bytes && cpu->svm.event == 0)
        x86_fetch_bytes(cpu, at, &f);
    page[VMCB_N_BYTES] = (uint8_t)f.n;
    memcpy(page + VMCB_BYTES, f.bytes, 15);
}

static void store_control(const struct x86_cpu *cpu, uint8_t *page)
{
    const struct x86_svm *svm = &cpu->svm;
    uint64_t control = cb_load_le64(page + VMCB_INT_CTL) & ~(VMCB_V_TPR | VMCB_V_IRQ);

    control |= svm->v_tpr | (svm->virq ? VMCB_V_IRQ : 0);
    cb_store_le64(page + VMCB_INT_CTL, control);
    cb_store_le64(page + VMCB_INT_STATE,
                  (cb_load_le64(page + VMCB_INT_STATE) & ~UINT64_C(1)) |
                      (cpu->shadow || svm->in_shadow));
    cb_store_le64(page + VMCB_EXITCODE, svm->exit_code);
    cb_store_le64(page + VMCB_EXITINFO1, svm->exit_info1);
    cb_store_le64(page + VMCB_EXITINFO2, svm->exit_info2);
    cb_store_le64(page + VMCB_EXITINTINFO, svm->event);
    cb_store_le64(page + VMCB_EVENTINJ,
                  cb_load_le64(page + VMCB_EVENTINJ) & ~VMCB_EVENT_VALID);
    cb_store_le64(page + VMCB_NRIP, svm->exit_nrip);
}

static void store_registers(const struct x86_cpu *cpu, uint8_t *page)
{
    x86_svm_store_state(cpu, page);
    cb_store_le64(page + VMCB_CR2, cpu->cr2);
    cb_store_le64(page + VMCB_DR6, cpu->dr[6]);
    cb_store_le64(page + VMCB_DR7, cpu->dr[7]);
    if (cpu->svm.np)
        cb_store_le64(page + VMCB_G_PAT, cpu->msr.pat);
}

static void perform_exit(struct x86_cpu *cpu)
{
    const uint64_t vmcb = cpu->svm.vmcb;
    uint8_t page[VMCB_SIZE];

    x86_svm_phys_read(cpu, vmcb, page, VMCB_SIZE);
    store_bytes(cpu, page);
    store_control(cpu, page);
    store_registers(cpu, page);
    x86_svm_phys_write(cpu, vmcb, page, VMCB_SIZE);
    x86_svm_to_host(cpu);
    cpu->svm.exited = true;
    if (cpu->svm.hosted)
        x86_kick(cpu);
    x86_svm_step(cpu);
}

void x86_svm_pending(struct x86_cpu *cpu)
{
    const uint64_t inject = cpu->svm.inject;

    cpu->svm.pending = false;
    if (cpu->svm.exit) {
        cpu->svm.exit = false;
        perform_exit(cpu);
    } else if (inject) {
        cpu->svm.inject = 0;
        x86_deliver_injected(cpu, inject, cpu->svm.inject_rip);
    }
}
