/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From host to guest and back: VMRUN, and the half of #VMEXIT that restores the
 * host.
 *
 * Host and guests have TLBs and caches of translations of their own, exchanged
 * by pointer, so that a short exit costs the host nothing.  The guests' share one
 * architectural TLB, tagged by ASID; the fast TLBs and the fetch cache beside it
 * belong to one ASID at a time.
 * APM vol. 2, 15.5, 15.6, 15.16 (TLB), 15.21 (virtual interrupts).
 */
#include "x86/svm/world.h"

#include "x86/mem.h"
#include "x86/sys.h"

/* ---- physical operands ---- */

bool x86_svm_operand_ok(const struct x86_cpu *cpu, uint64_t pa, uint64_t len)
{
    const struct mmu_geometry *geo = x86_svm_geometry(cpu);
    const uint64_t at = pa & ~geo->c_mask;

    return (at & ~(geo->addr_mask | geo->c_mask)) == 0 &&
           ((at + len - 1) & ~(geo->addr_mask | geo->c_mask)) == 0;
}

static struct mc_access operand_access(const struct x86_cpu *cpu, uint64_t *pa)
{
    const struct mmu_geometry *geo = x86_svm_geometry(cpu);
    const bool c = (*pa & geo->c_mask) != 0;

    *pa &= geo->addr_mask;
    return mc_access_host(MC_KIND_HW, c);
}

void x86_svm_phys_read(struct x86_cpu *cpu, uint64_t pa, void *to, unsigned len)
{
    const struct mc_access access = operand_access(cpu, &pa);

    cpu->ops->read(cpu->ctx, spa(pa), access, to, len);
}

void x86_svm_phys_write(struct x86_cpu *cpu, uint64_t pa, const void *from, unsigned len)
{
    const struct mc_access access = operand_access(cpu, &pa);

    cpu->ops->write(cpu->ctx, spa(pa), access, from, len);
}

/* ---- the two worlds ---- */

void x86_svm_set_gif(struct x86_cpu *cpu, bool gif)
{
    cpu->svm.gif = gif;
    cpu->svm.special = cpu->svm.guest || !gif;
    cpu->smi = cpu->smi && cpu->svm.special;
}

void x86_svm_set_geometry(struct x86_cpu *cpu)
{
    const struct x86_profile *p = cpu->profile;

    cpu->geometry = cpu->svm.host_geometry;
    if (cpu->svm.guest && cpu->svm.np) /* the guest's width is not reduced */
        cpu->geometry = mmu_geometry_make(p->phys_bits, p->c_bit, 0, cpu->svm.sev,
                                          cpu->geometry.gb_pages);
}

static void swap_worlds(struct x86_cpu *cpu)
{
    struct mmu_fast_tlb *tlbs = cpu->tlbs;
    struct x86_tlb_state *state = cpu->tlb_state;
    struct mmu_tlb *arch_tlb = cpu->arch_tlb;
    const uint64_t translations = cpu->translations;

    cpu->arch_tlb = cpu->svm.other_arch_tlb;
    cpu->svm.other_arch_tlb = arch_tlb;
    cpu->tlbs = cpu->svm.other_tlbs;
    cpu->tlb_state = cpu->svm.other_state;
    cpu->translations = cpu->svm.other_translations;
    cpu->svm.other_tlbs = tlbs;
    cpu->svm.other_state = state;
    cpu->svm.other_translations = translations;
}

/* No trace of what was going on in front of the transition. */
static void calm(struct x86_cpu *cpu)
{
    cpu->halted = false;
    cpu->shadow = cpu->shadow_ss = false;
    cpu->step_trap = false;
    cpu->debug_hits = 0;
    cpu->delivering = X86_DELIVERING_NOTHING;
    cpu->svm.event = 0;
    cpu->svm.in_shadow = false;
}

/* ---- VMRUN ---- */

static void load_interrupts(struct x86_svm *svm, const uint8_t *page)
{
    const uint64_t control = cb_load_le64(page + VMCB_INT_CTL);

    svm->v_tpr = control & 15;
    svm->virq = (control & VMCB_V_IRQ) != 0;
    svm->v_prio = control >> VMCB_V_PRIO_SHIFT & 15;
    svm->ignore_tpr = (control & VMCB_V_IGN_TPR) != 0;
    svm->masking = (control & VMCB_V_INTR_MASKING) != 0;
    svm->v_vector = (uint8_t)(control >> VMCB_V_VECTOR_SHIFT);
}

static void load_control(struct x86_cpu *cpu, const uint8_t *page)
{
    struct x86_svm *svm = &cpu->svm;
    const uint64_t np = cb_load_le64(page + VMCB_NP_CTL);

    for (unsigned n = 0; n < VMCB_N_INTERCEPT_WORDS; n++)
        svm->intercept[n] = cb_load_le32(page + VMCB_INTERCEPT + 4 * n);
    svm->pause_count = svm->pause_left = cb_load_le16(page + VMCB_PAUSE_COUNT);
    svm->iopm = cb_load_le64(page + VMCB_IOPM) & CB_PAGE_MASK;
    svm->msrpm = cb_load_le64(page + VMCB_MSRPM) & CB_PAGE_MASK;
    svm->tsc_offset = cb_load_le64(page + VMCB_TSC_OFFSET);
    svm->asid = (uint16_t)cb_load_le32(page + VMCB_ASID);
    svm->np = (np & VMCB_NP_ENABLE) != 0;
    svm->sev = (np & VMCB_SEV_ENABLE) && (cpu->msr.syscfg & X86_SYSCFG_SMEE);
    svm->host_if = (cpu->rflags & X86_FL_IF) != 0;
    load_interrupts(svm, page);
}

/* While the host's registers are still there. */
static void load_nested(struct x86_cpu *cpu, const uint8_t *page)
{
    struct mmu_nested *n = &cpu->svm.nested;
    const struct mmu_mem mem = x86_mmu_mem(cpu);

    *n = (struct mmu_nested){.asid = cpu->svm.asid, .sev = cpu->svm.sev, .geo = cpu->geometry};
    if (!cpu->svm.np)
        return;
    n->regs = (struct mmu_regs){.cr0 = MMU_CR0_PG | MMU_CR0_WP, .is_nested = true,
                                .cr3 = cb_load_le64(page + VMCB_NCR3) & CB_PAGE_MASK,
                                .cr4 = cpu->cr4 & (MMU_CR4_PAE | MMU_CR4_PSE | MMU_CR4_SMEP),
                                .efer = cpu->efer & (MMU_EFER_LMA | MMU_EFER_NXE)};
    if (!x86_long_mode(cpu) && (cpu->cr4 & X86_CR4_PAE) &&
        !mmu_load_pdptes(&n->geo, &mem, n->regs.cr3, n->regs.pdpte))
        memset(n->regs.pdpte, 0, sizeof(n->regs.pdpte));
}

static void guest_paging(const struct x86_cpu *cpu, uint64_t out[5])
{
    out[0] = cpu->cr0 & (X86_CR0_PE | X86_CR0_WP | X86_CR0_PG);
    out[1] = cpu->cr3;
    out[2] = cpu->cr4;
    out[3] = cpu->efer;
    out[4] = (uint64_t)cpu->svm.np | (uint64_t)cpu->svm.sev << 1;
}

/*
 * In the guest's world.  Hardware forgets what TLB_CONTROL asks for; this CPU
 * also what was made under other paging registers, as it may at any time.
 */
static void flush_at_entry(struct x86_cpu *cpu, unsigned control)
{
    uint64_t now[5];

    guest_paging(cpu, now);
    if (control == 1)
        x86_tlb_flush_everything(cpu);
    else if (control == 3 || control == 7 || memcmp(now, cpu->svm.last_paging, sizeof(now)) != 0)
        x86_tlb_flush_all(cpu); /* of this ASID */
    else if (cpu->svm.fast_asid != cpu->svm.asid)
        x86_tlb_flush_caches(cpu);
    cpu->svm.fast_asid = cpu->svm.asid;
    memcpy(cpu->svm.last_paging, now, sizeof(now));
}

static bool load_guest_pdptes(struct x86_cpu *cpu)
{
    const struct mmu_mem mem = x86_mmu_mem(cpu);

    if (cpu->svm.np || !x86_paging(cpu) || !(cpu->cr4 & X86_CR4_PAE) || x86_long_mode(cpu))
        return true;
    return mmu_load_pdptes(&cpu->geometry, &mem, cpu->cr3, cpu->pdpte);
}

static void load_guest(struct x86_cpu *cpu, const uint8_t *page)
{
    calm(cpu);
    x86_svm_load_state(cpu, page);
    cpu->cr2 = cb_load_le64(page + VMCB_CR2);
    cpu->dr[6] = (cb_load_le64(page + VMCB_DR6) & 0xe00f) | 0xffff0ff0;
    cpu->dr[7] = (cb_load_le64(page + VMCB_DR7) & 0xffff23ff) | 0x400;
    cpu->shadow = cb_load_le64(page + VMCB_INT_STATE) & 1;
    if (cpu->svm.np) {
        cpu->svm.host_pat = cpu->msr.pat;
        cpu->msr.pat = cb_load_le64(page + VMCB_G_PAT);
    }
}

static void prepare_injection(struct x86_cpu *cpu, const uint8_t *page)
{
    cpu->svm.inject = cb_load_le64(page + VMCB_EVENTINJ);
    if (!(cpu->svm.inject & VMCB_EVENT_VALID))
        cpu->svm.inject = 0;
    cpu->svm.inject_rip = cb_load_le64(page + VMCB_NRIP);
    cpu->svm.pending = cpu->svm.inject != 0;
}

static void refuse(struct x86_cpu *cpu, uint64_t vmcb)
{
    uint8_t code[8];

    cb_store_le64(code, VMEXIT_INVALID);
    x86_svm_phys_write(cpu, vmcb + VMCB_EXITCODE, code, sizeof(code));
    x86_svm_set_gif(cpu, false);
    calm(cpu);
    x86_svm_step(cpu);
    cpu->svm.exited = true;
}

/* KVM has VMSAVE put its own state into the same page: what VMRUN does not save stays. */
static void save_host(struct x86_cpu *cpu)
{
    uint8_t area[VMCB_STAR];

    x86_svm_phys_read(cpu, cpu->msr.vm_hsave_pa, area, sizeof(area));
    x86_svm_store_state(cpu, area);
    x86_svm_phys_write(cpu, cpu->msr.vm_hsave_pa + VMCB_ES, area + VMCB_ES, VMCB_STAR - VMCB_ES);
}

void x86_svm_enter(struct x86_cpu *cpu, uint64_t vmcb)
{
    uint8_t page[VMCB_SIZE];
    struct x86_svm *svm = &cpu->svm;

    x86_svm_phys_read(cpu, vmcb, page, VMCB_SIZE);
    save_host(cpu);
    svm->host_step = cpu->step_trap;
    if (!x86_svm_legal(cpu, page)) {
        refuse(cpu, vmcb);
        return;
    }
    svm->vmcb = vmcb;
    load_control(cpu, page);
    load_nested(cpu, page);
    svm->guest = svm->used = true;
    x86_svm_set_gif(cpu, true);
    swap_worlds(cpu);
    load_guest(cpu, page);
    x86_svm_set_geometry(cpu);
    flush_at_entry(cpu, page[VMCB_TLB_CONTROL]);
    x86_debug_armed(cpu);
    x86_mode_changed(cpu);
    prepare_injection(cpu, page);
    if (!load_guest_pdptes(cpu)) {
        svm->inject = 0;
        svm->pending = svm->exit = true;
        svm->exit_code = VMEXIT_INVALID;
    }
}

/* ---- back ---- */

void x86_svm_forget(struct x86_cpu *cpu)
{
    struct x86_svm *svm = &cpu->svm;

    if (svm->guest) {
        guest_paging(cpu, svm->last_paging);
        if (svm->np)
            cpu->msr.pat = svm->host_pat;
        svm->guest = false;
        swap_worlds(cpu);
        x86_svm_set_geometry(cpu);
    }
    svm->asid = 0;
    svm->np = svm->sev = svm->virq = svm->masking = false;
    svm->tsc_offset = 0;
    svm->pending = svm->exit = false;
    svm->inject = 0;
    calm(cpu);
}

void x86_svm_reset(struct x86_cpu *cpu)
{
    x86_svm_forget(cpu);
    x86_svm_set_gif(cpu, true);
    cpu->svm.hosted = cpu->svm.exited = cpu->svm.host_step = false;
}

void x86_svm_step(struct x86_cpu *cpu)
{
    const bool step = cpu->svm.host_step;

    cpu->svm.host_step = false;
    if (step)
        x86_debug_raise(cpu, X86_DR6_BS);
}

void x86_svm_to_host(struct x86_cpu *cpu)
{
    uint8_t host[VMCB_SIZE];
    const struct mmu_mem mem = x86_mmu_mem(cpu);

    cpu->dr[7] = 0x400;
    x86_debug_armed(cpu); /* of the guest's world */
    x86_svm_forget(cpu);
    x86_svm_set_gif(cpu, false);
    x86_svm_phys_read(cpu, cpu->msr.vm_hsave_pa, host, VMCB_SIZE);
    x86_svm_load_state(cpu, host);
    cpu->cr0 |= X86_CR0_PE;
    cpu->rflags &= ~(uint32_t)X86_FL_VM;
    cpu->cpl = 0;
    if (x86_paging(cpu) && (cpu->cr4 & X86_CR4_PAE) && !x86_long_mode(cpu) &&
        !mmu_load_pdptes(&cpu->geometry, &mem, cpu->cr3, cpu->pdpte))
        cpu->shutdown = true;
    x86_mode_changed(cpu);
}
