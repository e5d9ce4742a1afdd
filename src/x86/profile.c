/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processors there are: identity and sizes, one row a generation.  What a
 * generation offers by CPUID is cpuid.c; its cipher is crypto's.
 */
#include <string.h>

#include "base/base.h"
#include "x86/x86.h"

static const struct x86_profile profiles[X86_N_GENERATIONS] = {
    [X86_NAPLES] = {
        .name = "naples", .brand = "AMD EPYC 7001 Series (cbit, emulated)",
        .signature = 0x00800f12, .phys_bits = 48, .c_bit = 47, .reduction = 5, .sev_asids = 15,
    },
    [X86_ROME] = {
        .name = "rome", .brand = "AMD EPYC 7002 Series (cbit, emulated)",
        .signature = 0x00830f10, .phys_bits = 48, .c_bit = 47, .reduction = 5, .sev_asids = 509,
    },
    [X86_MILAN] = {
        .name = "milan", .brand = "AMD EPYC 7003 Series (cbit, emulated)",
        .signature = 0x00a00f11, .phys_bits = 48, .c_bit = 51, .reduction = 5, .sev_asids = 509,
        .coherent = true,
    },
    [X86_GENOA] = {
        .name = "genoa", .brand = "AMD EPYC 9004 Series (cbit, emulated)",
        .signature = 0x00a10f11, .phys_bits = 52, .c_bit = 51, .reduction = 6, .sev_asids = 1006,
        .coherent = true,
    },
    [X86_RYZEN_PRO] = {
        .name = "ryzen-pro", .brand = "AMD Ryzen PRO 4000 Series (cbit, emulated)",
        .signature = 0x00870f10, .phys_bits = 48, .c_bit = 47, .reduction = 5,
    },
};

const struct x86_profile *x86_profile_get(enum x86_generation generation)
{
    CBIT_ASSERT((unsigned)generation < X86_N_GENERATIONS);
    return &profiles[generation];
}

const struct x86_profile *x86_profile_find(const char *name)
{
    for (unsigned n = 0; n < X86_N_GENERATIONS; n++)
        if (strcmp(profiles[n].name, name) == 0)
            return &profiles[n];
    return NULL;
}
