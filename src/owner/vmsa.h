/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial VMSA page as QEMU and KVM make it for an SEV-ES guest: part of
 * the launch digest, so the owner must know every byte of it.  APM vol. 2,
 * table B-4 (layout) and 15.35; values as at a processor's INIT.
 */
#ifndef OWNER_VMSA_H
#define OWNER_VMSA_H

#include "base/base.h"

#define OWN_VMSA_SIZE 4096

struct own_vmsa {
    uint32_t cpu_signature; /* CPUID 1 EAX of the virtual CPU, in RDX */
    uint64_t sev_features;
    uint32_t ap_reset;      /* reset block of the firmware; 0: the boot processor's FFFF_FFF0h */
};

void own_vmsa_build(const struct own_vmsa *vmsa, uint8_t page[OWN_VMSA_SIZE]);

/* CPUID signature of QEMU's CPU model ("EPYC-Milan", "EPYC-v4"); false if unknown. */
bool own_vmsa_signature(const char *model, uint32_t *out);

#endif
