/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SWAP_IN: a page that SWAP_OUT made becomes guest memory again.  In place: the
 * swapped page lies where the guest page will, so SRC and DST must be equal.
 */
#include "asp/swap.h"

#include <stdlib.h>

static enum wire_sev_status open_page(struct asp_call *call, const struct asp_guest *guest,
                                      const struct wire_sev_swap *c, uint8_t *page)
{
    uint8_t entry[WIRE_SEV_MDATA_SIZE], aad[WIRE_SEV_MDATA_SIZE];
    const uint32_t size = asp_swap_size(c);
    struct cr_gcm gcm;

    asp_dram_read(call->asp, c->mdata, entry, sizeof(entry));
    if (cb_load_le32(entry + WIRE_SEV_MDATA_FLAGS) != (c->flags & ~WIRE_SEV_SWAP_IN_PLACE))
        return WIRE_SEV_INVALID_PARAM;
    asp_dram_read(call->asp, c->src, page, size);
    gcm = asp_swap_gcm(guest, entry, aad);
    return cr_aes256_gcm_open(&gcm, page, page, size, entry + WIRE_SEV_MDATA_TAG)
               ? WIRE_SEV_SUCCESS
               : WIRE_SEV_BAD_MEASUREMENT;
}

static enum wire_sev_status perform(struct asp_call *call, struct asp_guest *guest,
                                    const struct wire_sev_swap *c, uint8_t *page)
{
    const enum wire_sev_status status = open_page(call, guest, c, page);
    struct asp_vmsa *slot;

    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (!asp_swap_is_vmsa(c)) {
        asp_guest_write(call->asp, guest, c->dst, page, asp_swap_size(c));
        return WIRE_SEV_SUCCESS;
    }
    slot = asp_vmsa_free_slot(call->asp);
    if (!slot)
        return WIRE_SEV_RESOURCE_LIMIT;
    asp_vmsa_store(call->asp, guest, slot, c->dst, page);
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status asp_cmd_swap_in(struct asp_call *call)
{
    struct wire_sev_swap c;
    struct asp_guest *guest;
    enum wire_sev_status status;
    uint8_t *page;

    wire_sev_swap_in_decode(&c, call->b);
    status = asp_swap_check(call, &c,
                            WIRE_SEV_SWAP_2M | WIRE_SEV_SWAP_TYPE | WIRE_SEV_SWAP_IN_PLACE, &guest);
    if (status == WIRE_SEV_SUCCESS && (c.flags & WIRE_SEV_SWAP_IN_PLACE) && c.src != c.dst)
        status = WIRE_SEV_INVALID_PARAM;
    if (status != WIRE_SEV_SUCCESS)
        return status;
    page = malloc(asp_swap_size(&c));
    if (!page)
        return WIRE_SEV_RESOURCE_LIMIT;
    status = perform(call, guest, &c, page);
    cb_wipe(page, asp_swap_size(&c));
    free(page);
    return status;
}
