/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID: profile AND built.  A feature is offered when the generation has it
 * and this CPU executes it; whatever is not offered is #UD (x86_has).  Static
 * bits are table rows; the few that follow control registers are added when
 * asked.  AMD64 Architecture Programmer's Manual, vol. 3, appendix E.
 */
#include <stdlib.h>

#include "base/base.h"
#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/sys.h"

enum generation_set { NAPLES = 1, ROME = 2, MILAN = 4, GENOA = 8, PRO = 16, ZEN2 = ROME | PRO,
                      ZEN2_UP = ZEN2 | MILAN | GENOA, ZEN3_UP = MILAN | GENOA, ALL = 31 };

enum cpuid_register { EAX, EBX, ECX, EDX };

/* One bit of CPUID.  built: what this CPU executes; feature: what x86_has calls it. */
struct cpuid_bit {
    uint32_t leaf;
    uint8_t subleaf, reg, bit;
    uint8_t generations;
    uint8_t feature;
    bool built;
};

static const struct cpuid_bit cpuid_bits[] = {
    {1, 0, ECX, 0, ALL, X86_FEAT_SSE3, true},
    {1, 0, ECX, 1, ALL, X86_FEAT_PCLMUL, true},
    {1, 0, ECX, 3, ALL, X86_FEAT_MONITOR, false},
    {1, 0, ECX, 9, ALL, X86_FEAT_SSSE3, true},
    {1, 0, ECX, 13, ALL, X86_FEAT_CX16, true},
    {1, 0, ECX, 17, ZEN3_UP, X86_FEAT_PCID, false},
    {1, 0, ECX, 19, ALL, X86_FEAT_SSE41, true},
    {1, 0, ECX, 20, ALL, X86_FEAT_SSE42, true},
    {1, 0, ECX, 22, ALL, X86_FEAT_MOVBE, true},
    {1, 0, ECX, 23, ALL, X86_FEAT_POPCNT, true},
    {1, 0, ECX, 25, ALL, X86_FEAT_AES, true},
    {1, 0, ECX, 26, ALL, X86_FEAT_XSAVE, true},
    {1, 0, ECX, 30, ALL, X86_FEAT_RDRAND, true},
    {7, 0, EBX, 0, ALL, X86_FEAT_FSGSBASE, true},
    {7, 0, EBX, 3, ALL, X86_FEAT_BMI1, true},
    {7, 0, EBX, 7, ALL, X86_FEAT_SMEP, true},
    {7, 0, EBX, 8, ALL, X86_FEAT_BMI2, true},
    {7, 0, EBX, 9, ZEN3_UP, X86_FEAT_NONE, true}, /* ERMS */
    {7, 0, EBX, 10, ZEN3_UP, X86_FEAT_INVPCID, false},
    {7, 0, EBX, 18, ALL, X86_FEAT_RDSEED, true},
    {7, 0, EBX, 19, ALL, X86_FEAT_ADX, true},
    {7, 0, EBX, 20, ALL, X86_FEAT_SMAP, true},
    {7, 0, EBX, 23, ALL, X86_FEAT_CLFLUSHOPT, true},
    {7, 0, EBX, 24, ZEN2_UP, X86_FEAT_CLWB, true},
    {7, 0, EBX, 29, ALL, X86_FEAT_SHA, true},
    {7, 0, ECX, 2, ZEN2_UP, X86_FEAT_UMIP, true},
    {7, 0, ECX, 22, ZEN2_UP, X86_FEAT_RDPID, true},
    {0xd, 1, EAX, 0, ALL, X86_FEAT_XSAVEOPT, true},
    {0xd, 1, EAX, 1, ALL, X86_FEAT_XSAVEC, true},
    {0x80000001, 0, ECX, 0, ALL, X86_FEAT_LAHF, true},
    {0x80000001, 0, ECX, 2, ALL, X86_FEAT_SVM, true},
    {0x80000001, 0, ECX, 5, ALL, X86_FEAT_LZCNT, true},
    {0x80000001, 0, ECX, 6, ALL, X86_FEAT_SSE4A, true},
    {0x80000001, 0, ECX, 8, ALL, X86_FEAT_3DNOWPREFETCH, true},
    {0x80000001, 0, EDX, 20, ALL, X86_FEAT_NX, true},
    {0x80000001, 0, EDX, 26, ALL, X86_FEAT_GBPAGES, true},
    {0x80000001, 0, EDX, 27, ALL, X86_FEAT_RDTSCP, true},
    {0x80000008, 0, EBX, 9, ZEN2_UP, X86_FEAT_WBNOINVD, false},
};

/* Whole registers; what depends on the profile's numbers is in number_leaf(). */
struct cpuid_row {
    uint32_t leaf;
    uint8_t subleaf;
    uint8_t generations;
    uint32_t out[4];
};

/* FPU DE PSE TSC MSR PAE CX8 CMOV PAT PSE36 MMX FXSR and MTRR, PGE, common to leaves 1 and 8000_0001. */
#define EDX_COMMON 0x0183b17du

static const struct cpuid_row cpuid_rows[] = {
    {0, 0, ALL, {0xd, 0x68747541, 0x444d4163, 0x69746e65}}, /* "AuthenticAMD" */
    /* 64-byte CLFLUSH, one logical processor; SEP, CLFLUSH, SSE, SSE2.  No MCE and MCA: not built. */
    {1, 0, ALL, {0, 0x00010800, 0, EDX_COMMON | 1u << 11 | 1u << 19 | 3u << 25}},
    {0xd, 0, ALL, {3, 576, 576, 0}}, /* x87 and SSE state */
    {0xd, 1, ALL, {0, 576, 0, 0}},
    {0x80000000, 0, ALL, {0x80000021, 0x68747541, 0x444d4163, 0x69746e65}},
    /* MmxExt; SYSCALL, LM */
    {0x80000001, 0, ALL, {0, 0, 0, EDX_COMMON | 1u << 11 | 1u << 22 | 1u << 29}},
    {0x80000005, 0, ALL, {0xff40ff40, 0xff40ff40, 0x20080140, 0x20080140}}, /* L1: 32 KiB, 8-way, 64 B */
    {0x80000006, 0, ALL, {0x48006400, 0x68006400, 0x02006140, 0x00209140}}, /* L2 512 KiB, L3 4 MiB */
    {0x80000007, 0, ALL, {0, 0, 0, 1u << 8}}, /* invariant TSC */
    /* XSaveErPtr; nothing here speculates: SsbdNotRequired, BTC_NO ... */
    {0x80000008, 0, ALL, {0, 1u << 2 | 1u << 26 | 1u << 29, 0, 0}},
    /* LFENCE serialises, a null selector clears the base; SRSO_NO; TSA_SQ_NO, TSA_L1_NO */
    {0x80000021, 0, ALL, {1u << 2 | 1u << 6 | 1u << 29, 0, 3u << 1, 0}},
};

struct x86_cpuid_table {
    uint8_t generation; /* one bit of generation_set */
    uint64_t features;  /* bit by enum x86_feature */
    uint32_t sev_asids; /* 0: no SEV offered */
    uint32_t min_sev_asid;
};

_Static_assert(X86_N_FEATURES <= 64, "the feature set is one word");

static uint8_t generation_of(const struct x86_profile *profile)
{
    for (unsigned n = 0; n < X86_N_GENERATIONS; n++)
        if (x86_profile_get((enum x86_generation)n)->signature == profile->signature)
            return (uint8_t)(1u << n);
    return MILAN;
}

static bool offered(const struct cpuid_bit *bit, uint8_t generation, bool hide_svm)
{
    return bit->built && x86_fpu_offers(bit->feature) && (bit->generations & generation) &&
           !(bit->feature == X86_FEAT_SVM && hide_svm);
}

enum cbit_status x86_cpuid_new(struct x86_cpu *cpu)
{
    struct x86_cpuid_table *table = calloc(1, sizeof(*table));

    if (!table)
        return CBIT_NO_MEMORY;
    table->generation = generation_of(cpu->profile);
    table->features = CB_BIT(X86_FEAT_NONE);
    for (unsigned n = 0; n < CB_ARRAY_LEN(cpuid_bits); n++)
        if (offered(&cpuid_bits[n], table->generation, cpu->config.hide_svm))
            table->features |= CB_BIT(cpuid_bits[n].feature);
    /* SEV is the AMD-SP's and the memory controller's too: /dev/sev works before VMRUN does. */
    if (!cpu->config.hide_svm && cpu->profile->sev_asids) {
        table->sev_asids = cpu->profile->sev_asids;
        table->min_sev_asid = cpu->config.min_sev_asid ? cpu->config.min_sev_asid : 1;
    }
    cpu->cpuid = table;
    return CBIT_OK;
}

void x86_cpuid_free(struct x86_cpu *cpu)
{
    free(cpu->cpuid);
    cpu->cpuid = NULL;
}

bool x86_has(const struct x86_cpu *cpu, unsigned feature)
{
    return feature < X86_N_FEATURES && (cpu->cpuid->features >> feature & 1);
}

static void brand_leaf(const struct x86_cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    char text[48] = {0};

    snprintf(text, sizeof(text), "%s", cpu->profile->brand);
    for (unsigned n = 0; n < 4; n++)
        out[n] = cb_load_le32(text + (leaf - 0x80000002) * 16 + n * 4);
}

/* APM vol. 3, Fn8000_001F: static, whatever SYSCFG says. */
static void encryption_leaf(const struct x86_cpu *cpu, uint32_t out[4])
{
    const struct x86_profile *p = cpu->profile;
    const struct x86_cpuid_table *t = cpu->cpuid;

    out[EAX] = 1u | (t->sev_asids ? 1u << 1 : 0) | (p->coherent ? 1u << 10 : 0);
    out[EBX] = p->c_bit | (uint32_t)p->reduction << 6;
    out[ECX] = t->sev_asids;
    out[EDX] = t->sev_asids ? t->min_sev_asid : 0;
}

static void svm_leaf(const struct x86_cpu *cpu, uint32_t out[4])
{
    if (!x86_has(cpu, X86_FEAT_SVM))
        return;
    out[EAX] = 1;
    out[EBX] = X86_SVM_ASIDS;
    out[EDX] = 1u << 0 | 1u << 3 | 1u << 6 | 1u << 7; /* NP, NRIPS, FlushByAsid, DecodeAssists */
}

/* What follows the profile's numbers or the CPU's present state. */
static void number_leaf(const struct x86_cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    switch (leaf) {
    case 1:
        out[EAX] = cpu->profile->signature;
        if (cpu->cr4 & X86_CR4_OSXSAVE)
            out[ECX] |= 1u << 27;
        if (cpu->ops->apic_base_read(cpu->ctx) & CB_BIT(11))
            out[EDX] |= 1u << 9;
        break;
    case 0xd:
        if (!x86_has(cpu, X86_FEAT_XSAVE))
            out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
        break;
    case 0x80000001:
        out[EAX] = cpu->profile->signature;
        if (cpu->ops->apic_base_read(cpu->ctx) & CB_BIT(11))
            out[EDX] |= 1u << 9;
        break;
    case 0x80000002: case 0x80000003: case 0x80000004:
        brand_leaf(cpu, leaf, out);
        break;
    case 0x80000008:
        out[EAX] = cpu->profile->phys_bits | 48u << 8;
        break;
    case 0x8000000a:
        svm_leaf(cpu, out);
        break;
    case 0x8000001f:
        encryption_leaf(cpu, out);
        break;
    default:
        break;
    }
}

static bool has_subleaves(uint32_t leaf)
{
    return leaf == 7 || leaf == 0xd;
}

void x86_cpuid(const struct x86_cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    const struct x86_cpuid_table *t = cpu->cpuid;
    const uint32_t sub = has_subleaves(leaf) ? subleaf : 0;

    out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
    for (unsigned n = 0; n < CB_ARRAY_LEN(cpuid_rows); n++) {
        const struct cpuid_row *row = &cpuid_rows[n];

        if (row->leaf == leaf && row->subleaf == sub && (row->generations & t->generation))
            memcpy(out, row->out, sizeof(row->out));
    }
    for (unsigned n = 0; n < CB_ARRAY_LEN(cpuid_bits); n++) {
        const struct cpuid_bit *bit = &cpuid_bits[n];

        if (bit->leaf == leaf && bit->subleaf == sub &&
            offered(bit, t->generation, cpu->config.hide_svm))
            out[bit->reg] |= UINT32_C(1) << bit->bit;
    }
    number_leaf(cpu, leaf, out);
}
