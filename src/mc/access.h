/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How everybody above the memory controller describes an access.
 *
 * Nobody names a key or a view: the walker, a device or the AMD-SP says who is
 * asking and what the C-bits said; mc_decide() turns that into a view by the
 * encryption-control table (APM vol. 2, 7.10 and 15.34.4-8).  This header is
 * all that the CPU and the page walkers may see of mc.
 */
#ifndef MC_ACCESS_H
#define MC_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum mc_kind {
    MC_KIND_DATA,     /* data, at the end of a translation (descriptor tables, stack, TSS too) */
    MC_KIND_FETCH,    /* instruction fetch */
    MC_KIND_WALK,     /* page-table entry of the table the CPU runs on (gPT in a guest), A/D too */
    MC_KIND_NPT_WALK, /* nested page-table entry; host_c is that of the pointing entry or nCR3 */
    MC_KIND_HW,       /* physical operand of hardware: VMCB, host save area, IOPM, MSRPM */
    MC_KIND_DMA,      /* a device; host_c is the C-bit of the bus address */
};

/* One access, as the encryption-control table sees it.  8 bytes, copied freely. */
struct mc_access {
    uint16_t asid;  /* 0 in host mode, else VMCB.ASID */
    uint8_t kind;   /* enum mc_kind */
    bool sev;       /* guest mode with VMCB SEV_ENABLE in force */
    bool guest_c;   /* effective guest C-bit of the leaf; meaningful when sev */
    bool guest_c_exists; /* sev: the guest pages with PAE or long mode, so a C-bit can exist */
    bool host_c;    /* the host's choice: host leaf C, nested leaf C, or C of the pointing entry */
    uint8_t zero;   /* keeps the struct comparable by memcmp */
};

_Static_assert(sizeof(struct mc_access) == 8, "struct mc_access is copied into TLB entries");

/* Host-mode access with the given C-bit. */
static inline struct mc_access mc_access_host(enum mc_kind kind, bool c)
{
    return (struct mc_access){.kind = (uint8_t)kind, .host_c = c};
}

/* A view is a key slot. */
typedef uint16_t mc_view_t;
#define MC_VIEW_RAW ((mc_view_t)0)  /* what is on the DIMM's pins */
#define MC_VIEW_HOST ((mc_view_t)1) /* under the SME/TSME key */
#define MC_VIEW_ASID(n) ((mc_view_t)(1 + (n))) /* under the key of ASID n >= 1 */

/* What the encryption-control table depends on besides the access. */
struct mc_policy {
    bool smee; /* SYSCFG[23] */
    bool tsme; /* set by the AMD-SP before the CPU starts */
};

/*
 * The encryption-control table.  Pure.  Used by mc itself; exposed for tests
 * and for tools that explain a decision.
 */
mc_view_t mc_decide(struct mc_policy policy, struct mc_access access);

#endif
