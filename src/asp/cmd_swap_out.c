/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SWAP_OUT: a guest page leaves for the host's care, with an entry of metadata
 * that SWAP_IN wants back.  The counter makes every IV of a guest's key new.
 */
#include "asp/swap.h"

#include <stdlib.h>

static void make_entry(struct asp_guest *guest, const struct wire_sev_swap *c,
                       uint8_t entry[WIRE_SEV_MDATA_SIZE])
{
    memset(entry, 0, WIRE_SEV_MDATA_SIZE);
    cb_store_le64(entry + WIRE_SEV_MDATA_SOFTWARE, c->software_data);
    cb_store_le64(entry + WIRE_SEV_MDATA_IV, guest->swap_counter++);
    cb_store_le32(entry + WIRE_SEV_MDATA_FLAGS, c->flags);
}

static enum wire_sev_status perform(struct asp_call *call, struct asp_guest *guest,
                                    const struct wire_sev_swap *c, uint8_t *page)
{
    uint8_t entry[WIRE_SEV_MDATA_SIZE], aad[WIRE_SEV_MDATA_SIZE];
    const uint32_t size = asp_swap_size(c);
    struct asp_vmsa *slot = NULL;
    struct cr_gcm gcm;

    if (!asp_swap_is_vmsa(c))
        asp_guest_read(call->asp, guest, c->src, page, size);
    else if (!(slot = asp_vmsa_load(call->asp, guest, c->src, page)))
        return WIRE_SEV_INVALID_PARAM;
    make_entry(guest, c, entry);
    gcm = asp_swap_gcm(guest, entry, aad);
    cr_aes256_gcm_seal(&gcm, page, page, size, entry + WIRE_SEV_MDATA_TAG);
    asp_dram_write(call->asp, c->dst, page, size);
    asp_dram_write(call->asp, c->mdata, entry, sizeof(entry));
    if (slot)
        cb_wipe(slot, sizeof(*slot)); /* the page is no VMSA of this platform's any more */
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status asp_cmd_swap_out(struct asp_call *call)
{
    struct wire_sev_swap c;
    struct asp_guest *guest;
    enum wire_sev_status status;
    uint8_t *page;

    wire_sev_swap_out_decode(&c, call->b);
    status = asp_swap_check(call, &c, WIRE_SEV_SWAP_2M | WIRE_SEV_SWAP_TYPE, &guest);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (guest->swap_counter == UINT64_MAX)
        return WIRE_SEV_AEAD_OFLOW;
    page = malloc(asp_swap_size(&c));
    if (!page)
        return WIRE_SEV_RESOURCE_LIMIT;
    status = perform(call, guest, &c, page);
    cb_wipe(page, asp_swap_size(&c));
    free(page);
    return status;
}
