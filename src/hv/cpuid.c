/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID as a guest sees it: the processor's, a hypervisor in front of it, no
 * SVM; to a SEV guest, that it is one.  KVM's leaves as far as they are true.
 */
#include "hv/guest.h"

#define CR4_OSXSAVE CB_BIT(18)

static void leaf_features(struct hv_guest *guest, uint32_t out[4])
{
    const uint64_t cr4 = hv_get(guest, VMCB_CR4);

    out[2] = (out[2] & ~(1u << 27)) | 1u << 31 | (cr4 & CR4_OSXSAVE ? 1u << 27 : 0);
}

static void leaf_extended(struct hv_guest *guest, uint32_t out[4])
{
    (void)guest;
    out[2] &= ~(1u << 2); /* SVM */
}

static void leaf_nothing(struct hv_guest *guest, uint32_t out[4])
{
    (void)guest;
    memset(out, 0, 4 * sizeof(out[0]));
}

/* SEV and where the C-bit is; how many guests there may be is no guest's business. */
static void leaf_encryption(struct hv_guest *guest, uint32_t out[4])
{
    if (!guest->config.sev) {
        leaf_nothing(guest, out);
        return;
    }
    out[0] = 1u << 1 | (out[0] & 1u << 10);
    out[2] = out[3] = 0;
}

static void leaf_kvm(struct hv_guest *guest, uint32_t out[4])
{
    static const uint32_t signature[4] = {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d};

    leaf_nothing(guest, out);
    if (!guest->config.no_hypercalls)
        memcpy(out, signature, sizeof(signature));
}

#define KVM_FEATURE_MIGRATION_CONTROL (1u << 17) /* wants to be told of shared and private pages */

static void leaf_kvm_features(struct hv_guest *guest, uint32_t out[4])
{
    leaf_nothing(guest, out);
    if (!guest->config.no_hypercalls && guest->config.sev)
        out[0] = KVM_FEATURE_MIGRATION_CONTROL;
}

static const struct {
    uint32_t leaf;
    void (*change)(struct hv_guest *guest, uint32_t out[4]);
} leaves[] = {
    {0x00000001, leaf_features},  {0x40000000, leaf_kvm},        {0x40000001, leaf_kvm_features},
    {0x80000001, leaf_extended},  {0x8000000a, leaf_nothing},    {0x8000001f, leaf_encryption},
};

void hv_exit_cpuid(struct hv_guest *guest)
{
    const uint32_t leaf = (uint32_t)hv_reg(guest, 0), subleaf = (uint32_t)hv_reg(guest, 1);
    static const uint8_t order[4] = {0, 3, 1, 2}; /* EAX EBX ECX EDX by register number */
    uint32_t out[4];

    x86_cpuid(guest->hv->cpu, leaf, subleaf, out);
    for (unsigned i = 0; i < CB_ARRAY_LEN(leaves); i++) {
        if (leaves[i].leaf == leaf)
            leaves[i].change(guest, out);
    }
    for (unsigned i = 0; i < 4; i++)
        hv_set_reg(guest, order[i], out[i]);
    hv_skip(guest, hv_get(guest, VMCB_NRIP));
}
