/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Swapping guest pages out and in: the common part.  No public text says that
 * an ASID must be bound; a page that is encrypted under the guest's key can't
 * be reached without one, so INACTIVE it is, as with COPY.
 */
#include "asp/swap.h"

enum wire_sev_status asp_swap_check(struct asp_call *call, const struct wire_sev_swap *c,
                                    uint32_t allowed, struct asp_guest **guest)
{
    const uint32_t type = c->flags & WIRE_SEV_SWAP_TYPE;
    const uint32_t size = asp_swap_size(c);

    *guest = asp_guest_of(call->asp, c->handle);
    if (!*guest)
        return WIRE_SEV_INVALID_GUEST;
    if ((c->flags & ~allowed) != 0 ||
        (type != WIRE_SEV_SWAP_TYPE_DATA && type != WIRE_SEV_SWAP_TYPE_VMSA) ||
        (asp_swap_is_vmsa(c) && size != CB_PAGE_SIZE))
        return WIRE_SEV_INVALID_PARAM;
    if (asp_swap_is_vmsa(c) && !((*guest)->policy & WIRE_SEV_POLICY_ES))
        return WIRE_SEV_UNSUPPORTED;
    if (!(*guest)->asid)
        return WIRE_SEV_INACTIVE;
    if (!cb_is_aligned(c->src, size) || !cb_is_aligned(c->dst, size) ||
        !cb_is_aligned(c->mdata, WIRE_SEV_MDATA_SIZE) || !asp_dram_ok(call->asp, c->src, size) ||
        !asp_dram_ok(call->asp, c->dst, size) ||
        !asp_dram_ok(call->asp, c->mdata, WIRE_SEV_MDATA_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_SUCCESS;
}

struct cr_gcm asp_swap_gcm(const struct asp_guest *guest,
                           const uint8_t entry[WIRE_SEV_MDATA_SIZE],
                           uint8_t aad[WIRE_SEV_MDATA_SIZE])
{
    memcpy(aad, entry, WIRE_SEV_MDATA_SIZE);
    memset(aad + WIRE_SEV_MDATA_TAG, 0, 16);
    return (struct cr_gcm){.key = guest->offline_key,
                           .iv = aad + WIRE_SEV_MDATA_IV,
                           .iv_len = 8,
                           .aad = aad,
                           .aad_len = WIRE_SEV_MDATA_SIZE};
}
