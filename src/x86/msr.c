/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model-specific registers, as data: one row a register (or a run of equal
 * ones) says where its value lives, which bits a write may change and which
 * must be zero.  A register that is not in the table is #GP, with a trace line.
 * Privilege is the instruction's business (exec_sys.c), APIC_BASE the board's.
 * AMD64 Architecture Programmer's Manual, vol. 2, appendix A.
 */
#include "base/base.h"
#include "x86/cpuid.h"
#include "x86/mem.h"
#include "x86/sys.h"

struct msr_row;
typedef bool msr_read_fn(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value);
typedef bool msr_write_fn(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value);

enum msr_flags {
    MSR_READ_ONLY = 1,  /* a write is #GP */
    MSR_WRITE_ONLY = 2, /* a read is #GP */
    MSR_DROP = 4,       /* writes are accepted and forgotten */
};

struct msr_row {
    uint32_t first, last;
    uint8_t feature; /* enum x86_feature that brings it */
    uint8_t flags;
    uint64_t must_be_zero; /* in a write, else #GP */
    uint64_t reset;
    size_t offset;         /* of the value in struct x86_cpu, 8 bytes a register; 0: none, reads as reset */
    msr_read_fn *read;
    msr_write_fn *write;
};

#define HIGH32 UINT64_C(0xffffffff00000000)
#define AT(field) offsetof(struct x86_cpu, msr.field)
#define SLOT(n) offsetof(struct x86_cpu, msr.other[n])

static uint64_t *storage(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index)
{
    return (uint64_t *)(void *)((uint8_t *)cpu + row->offset + (size_t)(index - row->first) * 8);
}

/* ---- readers and writers of registers that are more than storage ---- */

static bool read_tsc(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    (void)row;
    (void)index;
    *value = cpu->ops->tsc(cpu->ctx) + cpu->msr.tsc_offset + cpu->svm.tsc_offset;
    return true;
}

static bool write_tsc(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    (void)index;
    cpu->msr.tsc_offset = value - cpu->ops->tsc(cpu->ctx);
    return true;
}

static bool read_apic_base(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    (void)row;
    (void)index;
    *value = cpu->ops->apic_base_read(cpu->ctx);
    return true;
}

static bool write_apic_base(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    (void)index;
    return cpu->ops->apic_base_write(cpu->ctx, value);
}

static bool read_patch_level(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    static const struct { uint32_t signature, level; } levels[] = {
        {0x00800f12, 0x0800126e}, {0x00830f10, 0x0830107c}, {0x00a00f11, 0x0a0011d5},
        {0x00a10f11, 0x0a101148}, {0x00870f10, 0x08701034},
    };

    (void)row;
    (void)index;
    *value = levels[0].level;
    for (unsigned n = 0; n < CB_ARRAY_LEN(levels); n++)
        if (levels[n].signature == cpu->profile->signature)
            *value = levels[n].level;
    return true;
}

static bool write_canonical(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    if (!x86_canonical(value))
        return false;
    *storage(cpu, row, index) = value;
    return true;
}

/* The upper half reads as zero, whatever is written. */
static bool write_low32(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    *storage(cpu, row, index) = (uint32_t)value;
    return true;
}

static bool segment_base(struct x86_cpu *cpu, unsigned seg, uint64_t value)
{
    if (!x86_canonical(value))
        return false;
    cpu->seg[seg].base = value;
    x86_mode_changed(cpu);
    return true;
}

static bool read_segment_base(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    *value = cpu->seg[index == row->first ? X86_FS : X86_GS].base;
    return true;
}

static bool write_segment_base(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    return segment_base(cpu, index == row->first ? X86_FS : X86_GS, value);
}

/* Memory types that exist, as a mask by number: UC WC WT WP WB, and UC- in PAT alone. */
#define MTRR_TYPES 0x73u
#define PAT_TYPES 0xf3u

static bool types_exist(uint64_t value, uint64_t field, unsigned types)
{
    for (unsigned n = 0; n < 8; n++) {
        const uint64_t type = value >> n * 8 & field;

        if (type > 7 || !(types >> type & 1))
            return false;
    }
    return true;
}

static bool write_pat(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    (void)index;
    if (!types_exist(value, 0xff, PAT_TYPES))
        return false;
    cpu->msr.pat = value;
    return true;
}

#define SYSCFG_MFDM CB_BIT(19) /* RdMem and WrMem of fixed MTRRs can be seen and changed */
#define MTRR_RDMEM_WRMEM UINT64_C(0x1818181818181818)

static size_t fixed_mtrr(uint32_t index)
{
    static const uint32_t numbers[11] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b,
                                         0x26c, 0x26d, 0x26e, 0x26f};
    size_t n = 0;

    while (n < 10 && numbers[n] != index)
        n++;
    return n;
}

static bool read_mtrr_fixed(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    (void)row;
    *value = cpu->msr.mtrr_fix[fixed_mtrr(index)];
    if (!(cpu->msr.syscfg & SYSCFG_MFDM))
        *value &= ~MTRR_RDMEM_WRMEM;
    return true;
}

static bool write_mtrr_fixed(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    uint64_t *at = &cpu->msr.mtrr_fix[fixed_mtrr(index)];

    (void)row;
    if (!(cpu->msr.syscfg & SYSCFG_MFDM)) {
        if (value & MTRR_RDMEM_WRMEM)
            return false;
        value |= *at & MTRR_RDMEM_WRMEM;
    }
    if (!types_exist(value & ~MTRR_RDMEM_WRMEM, 0xff, MTRR_TYPES))
        return false;
    *at = value;
    return true;
}

static bool write_mtrr_variable(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    const uint64_t beyond = ~CB_MASK(cpu->profile->phys_bits);
    const bool mask = index & 1;

    if (value & (beyond | (mask ? 0x7ff : 0xf00)))
        return false;
    if (!mask && ((value & 0xff) > 7 || !(MTRR_TYPES >> (value & 7) & 1)))
        return false;
    *storage(cpu, row, index) = value;
    return true;
}

static bool write_mtrr_def(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    (void)index;
    if ((value & 0xff) > 7 || !(MTRR_TYPES >> (value & 7) & 1))
        return false;
    cpu->msr.mtrr_def = value;
    return true;
}

static uint64_t efer_bits(const struct x86_cpu *cpu)
{
    uint64_t bits = X86_EFER_SCE | X86_EFER_LME | X86_EFER_LMA;

    if (x86_has(cpu, X86_FEAT_NX))
        bits |= X86_EFER_NXE;
    if (x86_has(cpu, X86_FEAT_SVM) && !(cpu->msr.vm_cr & CB_BIT(4)))
        bits |= X86_EFER_SVME;
    return bits;
}

bool x86_efer_valid(const struct x86_cpu *cpu, uint64_t value)
{
    return !(value & ~efer_bits(cpu));
}

static bool read_efer(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t *value)
{
    (void)row;
    (void)index;
    *value = cpu->efer;
    return true;
}

static bool read_sev_status(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index,
                            uint64_t *value)
{
    (void)row;
    (void)index;
    *value = cpu->svm.sev; /* bit 0: SEV; encrypted state is not built */
    return true;
}

static bool write_efer(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    const uint64_t changed = (value ^ cpu->efer) & ~X86_EFER_LMA;

    (void)row;
    (void)index;
    if (!x86_efer_valid(cpu, value))
        return false;
    if ((changed & X86_EFER_LME) && x86_paging(cpu))
        return false;
    cpu->efer ^= changed; /* LMA is the processor's */
    if (changed & X86_EFER_NXE)
        x86_tlb_flush_all(cpu);
    return true;
}

/*
 * SMEE is write-1-only: a write of 0 leaves it set.  SNP and multi-key bits do
 * not exist here.
 */
static bool write_syscfg(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    const bool on = !(cpu->msr.syscfg & X86_SYSCFG_SMEE) && (value & X86_SYSCFG_SMEE);

    (void)row;
    (void)index;
    cpu->msr.syscfg = value | (cpu->msr.syscfg & X86_SYSCFG_SMEE);
    if (on) {
        x86_geometry_changed(cpu);
        cpu->ops->smee_changed(cpu->ctx, true);
    }
    return true;
}

static bool write_hwcr(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    (void)row;
    (void)index;
    cpu->msr.hwcr = value | (cpu->msr.hwcr & X86_HWCR_SMMLOCK); /* settable once */
    return true;
}

static bool write_unless_smm_locked(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index,
                                    uint64_t value)
{
    if (cpu->msr.hwcr & X86_HWCR_SMMLOCK)
        return false;
    *storage(cpu, row, index) = value;
    return true;
}

#define VM_CR_LOCK CB_BIT(3)
#define VM_CR_SVMDIS CB_BIT(4)

static bool write_vm_cr(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    const uint64_t kept = cpu->msr.vm_cr & VM_CR_LOCK ? VM_CR_LOCK | VM_CR_SVMDIS : 0;

    (void)row;
    (void)index;
    if ((value & VM_CR_SVMDIS) && (cpu->efer & X86_EFER_SVME))
        return false;
    cpu->msr.vm_cr = (value & ~kept) | (cpu->msr.vm_cr & kept);
    return true;
}

static bool write_hsave_pa(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    const uint64_t address = value & ~cpu->geometry.c_mask; /* a host under SME sets the C-bit */

    (void)row;
    (void)index;
    if ((address & 0xfff) || (address & ~cpu->geometry.addr_mask))
        return false;
    cpu->msr.vm_hsave_pa = value;
    return true;
}

/* ---- the table ---- */

enum { /* cpu->msr.other[] */
    OTHER_MISC_ENABLE, OTHER_MCG_STATUS, OTHER_MCG_CTL, OTHER_IORR, OTHER_TOP_MEM = OTHER_IORR + 4,
    OTHER_TOP_MEM2, OTHER_NB_CFG, OTHER_INT_PENDING, OTHER_MMIO_CONF, OTHER_SMM_BASE,
    OTHER_SMM_ADDR, OTHER_SMM_MASK, OTHER_LS_CFG, OTHER_IC_CFG, OTHER_DC_CFG, OTHER_TW_CFG,
    OTHER_FP_CFG, OTHER_DE_CFG, OTHER_BU_CFG2, OTHER_BU_CFG3, OTHER_EX_CFG, OTHER_LS_CFG2,
    OTHER_BP_CFG, OTHER_CHICKEN, OTHER_IGNNE, OTHER_N
};

_Static_assert(OTHER_N <= 32, "struct x86_msrs has room for the plain registers");

#define ONE(n) .first = (n), .last = (n)

static const struct msr_row msr_rows[] = {
    {ONE(0x10), .read = read_tsc, .write = write_tsc},
    {ONE(0x1b), .read = read_apic_base, .write = write_apic_base},
    {ONE(0x8b), .flags = MSR_READ_ONLY, .read = read_patch_level},
    {ONE(0xfe), .flags = MSR_READ_ONLY, .reset = 0x508}, /* 8 variable MTRRs, fixed ones, WC */
    {ONE(0x174), .offset = AT(sysenter_cs), .write = write_low32},
    {ONE(0x175), .offset = AT(sysenter_esp)},
    {ONE(0x176), .offset = AT(sysenter_eip)},
    {ONE(0x179), .flags = MSR_READ_ONLY}, /* MCG_CAP: no banks */
    {ONE(0x17a), .offset = SLOT(OTHER_MCG_STATUS), .must_be_zero = ~UINT64_C(7)},
    {ONE(0x17b), .offset = SLOT(OTHER_MCG_CTL)},
    /* No register of AMD's, but software written for virtual machines reads it unasked. */
    {ONE(0x1a0), .offset = SLOT(OTHER_MISC_ENABLE), .reset = 1},
    {ONE(0x1d9), .offset = AT(debugctl), .must_be_zero = ~UINT64_C(0x3f)},
    {0x1db, 0x1de, .flags = MSR_READ_ONLY}, /* last branch and exception, from and to */
    {0x200, 0x20f, .offset = AT(mtrr_var), .write = write_mtrr_variable},
    {ONE(0x250), .read = read_mtrr_fixed, .write = write_mtrr_fixed},
    {0x258, 0x259, .read = read_mtrr_fixed, .write = write_mtrr_fixed},
    {0x268, 0x26f, .read = read_mtrr_fixed, .write = write_mtrr_fixed},
    {ONE(0x277), .offset = AT(pat), .reset = UINT64_C(0x0007040600070406), .write = write_pat},
    {ONE(0x2ff), .offset = AT(mtrr_def), .must_be_zero = ~UINT64_C(0xcff), .write = write_mtrr_def},
    {ONE(0xc0000080), .read = read_efer, .write = write_efer},
    {ONE(0xc0000081), .offset = AT(star)},
    {ONE(0xc0000082), .offset = AT(lstar), .write = write_canonical},
    {ONE(0xc0000083), .offset = AT(cstar), .write = write_canonical},
    {ONE(0xc0000084), .offset = AT(sfmask), .write = write_low32},
    {0xc0000100, 0xc0000101, .read = read_segment_base, .write = write_segment_base},
    {ONE(0xc0000102), .offset = AT(kernel_gs_base), .write = write_canonical},
    {ONE(0xc0000103), .feature = X86_FEAT_RDTSCP, .offset = AT(tsc_aux), .write = write_low32},
    /* Performance counters: there, but they never count; software notices that writes do not stick. */
    {0xc0010000, 0xc0010007, .flags = MSR_DROP},
    {ONE(0xc0010010), .offset = AT(syscfg), .must_be_zero = ~UINT64_C(0xfc0000), .write = write_syscfg},
    /* Reset: TscFreqSel, INVDWBINVD off until firmware sets it. */
    {ONE(0xc0010015), .offset = AT(hwcr), .reset = CB_BIT(24), .must_be_zero = HIGH32, .write = write_hwcr},
    {0xc0010016, 0xc0010019, .offset = SLOT(OTHER_IORR)},
    {ONE(0xc001001a), .offset = SLOT(OTHER_TOP_MEM)},
    {ONE(0xc001001d), .offset = SLOT(OTHER_TOP_MEM2)},
    {ONE(0xc001001f), .offset = SLOT(OTHER_NB_CFG)},
    {ONE(0xc0010020), .flags = MSR_WRITE_ONLY | MSR_DROP}, /* microcode loader: nothing is accepted */
    {ONE(0xc0010055), .offset = SLOT(OTHER_INT_PENDING)},
    {ONE(0xc0010058), .offset = SLOT(OTHER_MMIO_CONF)},
    {ONE(0xc0010111), .offset = SLOT(OTHER_SMM_BASE), .reset = 0x30000, .write = write_unless_smm_locked},
    {ONE(0xc0010112), .offset = SLOT(OTHER_SMM_ADDR), .write = write_unless_smm_locked},
    {ONE(0xc0010113), .offset = SLOT(OTHER_SMM_MASK), .write = write_unless_smm_locked},
    {ONE(0xc0010114), .feature = X86_FEAT_SVM, .offset = AT(vm_cr), .must_be_zero = ~UINT64_C(0x1f),
     .write = write_vm_cr},
    {ONE(0xc0010115), .offset = SLOT(OTHER_IGNNE), .must_be_zero = ~UINT64_C(1)},
    {ONE(0xc0010117), .feature = X86_FEAT_SVM, .offset = AT(vm_hsave_pa), .write = write_hsave_pa},
    /* SEV_STATUS: software reads it before it can take a fault. */
    {ONE(0xc0010131), .flags = MSR_READ_ONLY, .read = read_sev_status},
    {ONE(0xc00110e3), .offset = SLOT(OTHER_CHICKEN)},
    {ONE(0xc0011020), .offset = SLOT(OTHER_LS_CFG)},
    {ONE(0xc0011021), .offset = SLOT(OTHER_IC_CFG)},
    {ONE(0xc0011022), .offset = SLOT(OTHER_DC_CFG)},
    {ONE(0xc0011023), .offset = SLOT(OTHER_TW_CFG)},
    {ONE(0xc0011028), .offset = SLOT(OTHER_FP_CFG)},
    {ONE(0xc0011029), .offset = SLOT(OTHER_DE_CFG)},
    {ONE(0xc001102a), .offset = SLOT(OTHER_BU_CFG2)},
    {ONE(0xc001102b), .offset = SLOT(OTHER_BU_CFG3)},
    {ONE(0xc001102c), .offset = SLOT(OTHER_EX_CFG)},
    {ONE(0xc001102d), .offset = SLOT(OTHER_LS_CFG2)},
    {ONE(0xc001102e), .offset = SLOT(OTHER_BP_CFG)},
};

static const struct msr_row *find(const struct x86_cpu *cpu, uint32_t index)
{
    for (unsigned n = 0; n < CB_ARRAY_LEN(msr_rows); n++)
        if (index >= msr_rows[n].first && index <= msr_rows[n].last &&
            x86_has(cpu, msr_rows[n].feature))
            return &msr_rows[n];
    return NULL;
}

bool x86_rdmsr(struct x86_cpu *cpu, uint32_t index, uint64_t *value)
{
    const struct msr_row *row = find(cpu, index);

    if (!row || (row->flags & MSR_WRITE_ONLY)) {
        x86_trace(cpu, "RDMSR %08x: #GP", index);
        return false;
    }
    if (row->read)
        return row->read(cpu, row, index, value);
    *value = row->offset ? *storage(cpu, row, index) : row->reset;
    return true;
}

static bool write_row(struct x86_cpu *cpu, const struct msr_row *row, uint32_t index, uint64_t value)
{
    if ((row->flags & MSR_READ_ONLY) || (value & row->must_be_zero))
        return false;
    if (row->flags & MSR_DROP)
        return true;
    if (row->write)
        return row->write(cpu, row, index, value);
    *storage(cpu, row, index) = value;
    return true;
}

bool x86_wrmsr(struct x86_cpu *cpu, uint32_t index, uint64_t value)
{
    const struct msr_row *row = find(cpu, index);

    if (row && write_row(cpu, row, index, value))
        return true;
    x86_trace(cpu, "WRMSR %08x = %016llx: #GP", index, (unsigned long long)value);
    return false;
}

void x86_msr_reset(struct x86_cpu *cpu)
{
    memset(&cpu->msr, 0, sizeof(cpu->msr));
    for (unsigned n = 0; n < CB_ARRAY_LEN(msr_rows); n++) {
        const struct msr_row *row = &msr_rows[n];

        if (row->offset && row->reset)
            *storage(cpu, row, row->first) = row->reset;
    }
    cpu->msr.xcr0 = 1;
}

#define MTRR_ENABLED_WB 0xc06 /* default write-back, fixed ranges too */

void x86_firmware_done(struct x86_cpu *cpu, bool smee)
{
    uint64_t syscfg = cpu->msr.syscfg;

    for (unsigned n = 0; n < CB_ARRAY_LEN(cpu->msr.mtrr_fix); n++)
        cpu->msr.mtrr_fix[n] = UINT64_C(0x0606060606060606);
    cpu->msr.mtrr_def = MTRR_ENABLED_WB;
    cpu->msr.hwcr |= CB_BIT(4); /* INVD works as WBINVD */
    if (smee) { /* SEV asks for locked SMM */
        cpu->msr.hwcr |= X86_HWCR_SMMLOCK;
        syscfg |= X86_SYSCFG_SMEE;
    }
    (void)x86_wrmsr(cpu, 0xc0010010, syscfg);
}
