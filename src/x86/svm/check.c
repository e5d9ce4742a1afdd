/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consistency checks of VMRUN: what makes VMEXIT_INVALID.
 * APM vol. 2, 15.5.1, 15.20 (events), 15.25.3 (nested paging), 15.34.3 (SEV).
 */
#include "x86/svm/world.h"

#include "x86/cpuid.h"
#include "x86/sys.h"

/* The last byte that hardware may need, and one more: an end at the limit is illegal already. */
#define IOPM_BYTES 0x2002u
#define MSRPM_BYTES 0x2001u

/* The guest's own width; an SEV guest's C-bit lies within it or not. */
static uint64_t guest_cr3_bits(const struct x86_cpu *cpu, const uint8_t *page)
{
    const uint64_t control = cb_load_le64(page + VMCB_NP_CTL);
    const struct mmu_geometry *host = x86_svm_geometry(cpu);

    if (!(control & VMCB_NP_ENABLE))
        return host->addr_mask | host->c_mask;
    return CB_MASK(cpu->profile->phys_bits) | (control & VMCB_SEV_ENABLE ? host->c_mask : 0);
}

static bool control_registers_legal(const struct x86_cpu *cpu, const uint8_t *page)
{
    const uint64_t cr0 = cb_load_le64(page + VMCB_CR0), cr4 = cb_load_le64(page + VMCB_CR4);
    const uint64_t cr3 = cb_load_le64(page + VMCB_CR3), efer = cb_load_le64(page + VMCB_EFER);
    const bool lme_pg = (efer & X86_EFER_LME) && (cr0 & X86_CR0_PG);
    const unsigned cs = cb_load_le16(page + VMCB_CS + VMCB_SEG_ATTR);

    if (!(efer & X86_EFER_SVME) || !x86_efer_valid(cpu, efer) || !x86_cr4_valid(cpu, cr4))
        return false;
    if (cr0 >> 32 || ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD)))
        return false;
    if (lme_pg && (!(cr4 & X86_CR4_PAE) || !(cr0 & X86_CR0_PE) ||
                   ((cs & X86_ATTR_L) && (cs & X86_ATTR_DB))))
        return false;
    return !(cr3 & ~guest_cr3_bits(cpu, page)) && cb_load_le64(page + VMCB_DR6) >> 32 == 0 &&
           cb_load_le64(page + VMCB_DR7) >> 32 == 0;
}

static bool event_legal(uint64_t event, bool long_mode)
{
    const unsigned vector = event & 0xff, type = event >> VMCB_EVENT_TYPE_SHIFT & 7;
    static const uint32_t exceptions = 0x600f7dfb; /* 30 and 29 too; not 2, 9, 15 */

    if (!(event & VMCB_EVENT_VALID))
        return true;
    if (type == VMCB_EVENT_EXCEPTION)
        return vector < 32 && (exceptions >> vector & 1) &&
               !(long_mode && (vector == X86_OF || vector == X86_BR));
    return type == VMCB_EVENT_INTR || type == VMCB_EVENT_NMI || type == VMCB_EVENT_SOFT;
}

static bool pat_legal(uint64_t pat)
{
    for (unsigned n = 0; n < 8; n++) {
        const unsigned type = (unsigned)(pat >> n * 8 & 0xff);

        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}

static bool nested_paging_legal(const struct x86_cpu *cpu, const uint8_t *page)
{
    const uint64_t ncr3 = cb_load_le64(page + VMCB_NCR3);
    const struct mmu_geometry *geo = x86_svm_geometry(cpu);

    if (!(cb_load_le64(page + VMCB_NP_CTL) & VMCB_NP_ENABLE))
        return true;
    return x86_paging(cpu) && !(ncr3 & ~geo->c_mask & ~geo->addr_mask & CB_PAGE_MASK) &&
           pat_legal(cb_load_le64(page + VMCB_G_PAT));
}

/* SEV without encrypted state is all there is. */
static bool sev_legal(const struct x86_cpu *cpu, const uint8_t *page)
{
    const uint64_t control = cb_load_le64(page + VMCB_NP_CTL);
    const uint32_t asid = cb_load_le32(page + VMCB_ASID);
    uint32_t leaf[4];

    if (!(cpu->msr.syscfg & X86_SYSCFG_SMEE) || !(control & (VMCB_SEV_ENABLE | VMCB_SEV_ES_ENABLE)))
        return true;
    x86_cpuid(cpu, 0x8000001f, 0, leaf);
    return !(control & VMCB_SEV_ES_ENABLE) && (control & VMCB_NP_ENABLE) &&
           (cpu->msr.hwcr & X86_HWCR_SMMLOCK) && asid <= leaf[2] && asid >= leaf[3];
}

static bool legal_with_long_mode(const uint8_t *page)
{
    const bool long_mode = (cb_load_le64(page + VMCB_EFER) & X86_EFER_LME) &&
                           (cb_load_le64(page + VMCB_CR0) & X86_CR0_PG) &&
                           (cb_load_le16(page + VMCB_CS + VMCB_SEG_ATTR) & X86_ATTR_L);

    return event_legal(cb_load_le64(page + VMCB_EVENTINJ), long_mode);
}

bool x86_svm_legal(const struct x86_cpu *cpu, const uint8_t *page)
{
    const uint32_t asid = cb_load_le32(page + VMCB_ASID);
    const uint32_t word4 = cb_load_le32(page + VMCB_INTERCEPT + 4 * (VMEXIT_VMRUN / 32));

    return (word4 & 1) && asid != 0 && asid < X86_SVM_ASIDS &&
           x86_svm_operand_ok(cpu, cb_load_le64(page + VMCB_IOPM) & CB_PAGE_MASK, IOPM_BYTES) &&
           x86_svm_operand_ok(cpu, cb_load_le64(page + VMCB_MSRPM) & CB_PAGE_MASK, MSRPM_BYTES) &&
           control_registers_legal(cpu, page) && legal_with_long_mode(page) &&
           nested_paging_legal(cpu, page) && sev_legal(cpu, page);
}
