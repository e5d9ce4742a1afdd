/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SWAP_OUT and SWAP_IN share: guest pages under the guest's offline key
 * (AES-256-GCM), with an entry of metadata that the host keeps beside each.
 */
#ifndef ASP_SWAP_H
#define ASP_SWAP_H

#include "asp/commands.h"

#define ASP_SWAP_LARGE 0x200000u

static inline uint32_t asp_swap_size(const struct wire_sev_swap *c)
{
    return c->flags & WIRE_SEV_SWAP_2M ? ASP_SWAP_LARGE : CB_PAGE_SIZE;
}

static inline bool asp_swap_is_vmsa(const struct wire_sev_swap *c)
{
    return (c->flags & WIRE_SEV_SWAP_TYPE) == WIRE_SEV_SWAP_TYPE_VMSA;
}

/* Handle, flags, ASID, alignment and coverage, in this order; allowed: flags of the command. */
enum wire_sev_status asp_swap_check(struct asp_call *call, const struct wire_sev_swap *c,
                                    uint32_t allowed, struct asp_guest **guest);

/* Everything of an entry but the tag is authenticated. */
struct cr_gcm asp_swap_gcm(const struct asp_guest *guest,
                           const uint8_t entry[WIRE_SEV_MDATA_SIZE],
                           uint8_t aad[WIRE_SEV_MDATA_SIZE]);

#endif
