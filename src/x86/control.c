/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CR0, CR3, CR4 and what follows from a change: mode, LMA, TLB, PDPTEs.  Each
 * function answers false, having changed nothing, where the manual says #GP(0).
 * AMD64 Architecture Programmer's Manual, vol. 2, chapter 3.1.
 */
#include "base/base.h"
#include "x86/cpuid.h"
#include "x86/segment.h"

static bool load_pdptes(struct x86_cpu *cpu, uint64_t cr3)
{
    const struct mmu_mem mem = x86_mmu_mem(cpu);
    uint64_t pdpte[4];

    if (cpu->svm.np) /* nested paging reads them from memory at each walk */
        return true;
    if (!mmu_load_pdptes(&cpu->geometry, &mem, cr3, pdpte))
        return false;
    memcpy(cpu->pdpte, pdpte, sizeof(cpu->pdpte));
    return true;
}

static bool legacy_pae(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return (cr0 & X86_CR0_PG) && (cr4 & X86_CR4_PAE) && !(efer & X86_EFER_LME);
}

#define CR0_FLUSHES (X86_CR0_PG | X86_CR0_WP | X86_CR0_PE)

/* PG goes on: long mode begins if EFER.LME asks for it. */
static bool paging_on(struct x86_cpu *cpu, uint64_t value)
{
    if (cpu->efer & X86_EFER_LME) {
        if (!(cpu->cr4 & X86_CR4_PAE) || (cpu->seg[X86_CS].attr & X86_ATTR_L))
            return false;
        cpu->efer |= X86_EFER_LMA;
        return true;
    }
    return !legacy_pae(value, cpu->cr4, cpu->efer) || load_pdptes(cpu, cpu->cr3);
}

static bool paging_off(struct x86_cpu *cpu)
{
    if (cpu->mode == X86_MODE_64 || (cpu->cr4 & X86_CR4_PCIDE))
        return false;
    cpu->efer &= ~X86_EFER_LMA;
    return true;
}

bool x86_write_cr0(struct x86_cpu *cpu, uint64_t value)
{
    const uint64_t known = X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_NE |
                           X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | X86_CR0_PG;
    uint64_t changed;

    if (value >> 32)
        return false;
    value = (value & known) | X86_CR0_ET;
    changed = value ^ cpu->cr0;
    if ((value & X86_CR0_PG) && !(value & X86_CR0_PE))
        return false;
    if ((value & X86_CR0_NW) && !(value & X86_CR0_CD))
        return false;
    if (changed & X86_CR0_PG) {
        if (!(value & X86_CR0_PG ? paging_on(cpu, value) : paging_off(cpu)))
            return false;
    }
    cpu->cr0 = value;
    if (changed & CR0_FLUSHES)
        x86_tlb_flush_all(cpu);
    x86_mode_changed(cpu);
    return true;
}

/* Bits that must be zero: beyond the address width, the C-bit's place excepted. */
static bool cr3_valid(const struct x86_cpu *cpu, uint64_t value)
{
    return !(value & ~(cpu->geometry.addr_mask | cpu->geometry.c_mask));
}

#define CR3_NO_FLUSH CB_BIT(63)

bool x86_write_cr3(struct x86_cpu *cpu, uint64_t value)
{
    if (cpu->cr4 & X86_CR4_PCIDE)
        value &= ~CR3_NO_FLUSH; /* a hint that may be ignored */
    if (x86_long_mode(cpu) ? !cr3_valid(cpu, value) : (value >> 32) != 0)
        return false;
    if (legacy_pae(cpu->cr0, cpu->cr4, cpu->efer) && !load_pdptes(cpu, value))
        return false;
    cpu->cr3 = value;
    x86_tlb_flush_non_global(cpu);
    return true;
}

static uint64_t cr4_bits(const struct x86_cpu *cpu)
{
    static const struct { uint8_t feature; uint64_t bit; } by_feature[] = {
        {X86_FEAT_UMIP, X86_CR4_UMIP}, {X86_FEAT_FSGSBASE, X86_CR4_FSGSBASE},
        {X86_FEAT_PCID, X86_CR4_PCIDE}, {X86_FEAT_XSAVE, X86_CR4_OSXSAVE},
        {X86_FEAT_SMEP, X86_CR4_SMEP}, {X86_FEAT_SMAP, X86_CR4_SMAP},
    };
    uint64_t bits = X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE |
                    X86_CR4_PGE | X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

    for (unsigned n = 0; n < CB_ARRAY_LEN(by_feature); n++)
        if (x86_has(cpu, by_feature[n].feature))
            bits |= by_feature[n].bit;
    return bits;
}

#define CR4_FLUSHES (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP)

bool x86_cr4_valid(const struct x86_cpu *cpu, uint64_t value)
{
    return !(value & ~cr4_bits(cpu));
}

bool x86_write_cr4(struct x86_cpu *cpu, uint64_t value)
{
    const uint64_t changed = value ^ cpu->cr4;

    if (!x86_cr4_valid(cpu, value))
        return false;
    if (x86_long_mode(cpu) && !(value & X86_CR4_PAE))
        return false;
    if ((changed & value & X86_CR4_PCIDE) && (!x86_long_mode(cpu) || (cpu->cr3 & 0xfff)))
        return false;
    if ((changed & CR4_FLUSHES) && legacy_pae(cpu->cr0, value, cpu->efer) &&
        !load_pdptes(cpu, cpu->cr3))
        return false;
    cpu->cr4 = value;
    if (changed & CR4_FLUSHES)
        x86_tlb_flush_all(cpu);
    if (changed & X86_CR4_DE)
        x86_debug_armed(cpu);
    x86_mode_changed(cpu);
    return true;
}

static bool set_cr2(struct x86_cpu *cpu, uint64_t value)
{
    cpu->cr2 = value;
    return true;
}

static bool set_cr8(struct x86_cpu *cpu, uint64_t value)
{
    if (value > 15)
        return false;
    cpu->ops->tpr_write(cpu->ctx, (uint8_t)value);
    return true;
}

static bool set_efer(struct x86_cpu *cpu, uint64_t value)
{
    return x86_wrmsr(cpu, 0xc0000080, value);
}

bool x86_set_control(struct x86_cpu *cpu, enum x86_control which, uint64_t value)
{
    static bool (*const setters[X86_N_CONTROLS])(struct x86_cpu *cpu, uint64_t value) = {
        [X86_CONTROL_CR0] = x86_write_cr0, [X86_CONTROL_CR2] = set_cr2,
        [X86_CONTROL_CR3] = x86_write_cr3, [X86_CONTROL_CR4] = x86_write_cr4,
        [X86_CONTROL_CR8] = set_cr8,       [X86_CONTROL_EFER] = set_efer,
    };

    return setters[which](cpu, value);
}
