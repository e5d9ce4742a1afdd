/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LAUNCH_UPDATE_DATA and LAUNCH_UPDATE_VMSA: plaintext, as the host's C-bit in
 * PADDR shows it, goes into the launch digest and is encrypted in place under
 * the guest's key.  The digest sees content alone: no address, no length, and a
 * VMSA before the firmware writes its pointer into it.
 */
#include "asp/commands.h"

static enum wire_sev_status decode(struct asp_call *call, struct wire_sev_region *c,
                                   struct asp_guest **guest)
{
    wire_sev_region_decode(c, call->b);
    *guest = asp_guest_of(call->asp, c->handle);
    if (!*guest)
        return WIRE_SEV_INVALID_GUEST;
    return asp_guest_may(*guest, call->command->id) ? WIRE_SEV_SUCCESS
                                                    : WIRE_SEV_INVALID_GUEST_STATE;
}

static enum wire_sev_status check(const struct asp *asp, const struct asp_guest *guest,
                                  const struct wire_sev_blob *data)
{
    if (!guest->asid)
        return WIRE_SEV_INACTIVE;
    if (!cb_is_aligned(data->paddr, 16))
        return WIRE_SEV_INVALID_ADDRESS;
    if (data->length == 0 || !cb_is_aligned(data->length, 16))
        return WIRE_SEV_INVALID_LENGTH;
    return asp_dram_ok(asp, data->paddr, data->length) ? WIRE_SEV_SUCCESS
                                                       : WIRE_SEV_INVALID_ADDRESS;
}

/* Frame by frame, so that each is turned once. */
static void measure_and_encrypt(struct asp *asp, struct asp_guest *guest,
                                const struct wire_sev_blob *data)
{
    uint8_t plain[CB_PAGE_SIZE];
    uint64_t at = data->paddr, left = data->length;

    while (left > 0) {
        const uint64_t in_frame = CB_PAGE_SIZE - (at & ~CB_PAGE_MASK);
        const size_t n = (size_t)(left < in_frame ? left : in_frame);

        asp_dram_read(asp, at, plain, n);
        cr_sha256_update(&guest->launch, plain, n);
        asp_guest_write(asp, guest, at, plain, n);
        at += n;
        left -= n;
    }
    cb_wipe(plain, sizeof(plain));
}

enum wire_sev_status asp_cmd_launch_update_data(struct asp_call *call)
{
    struct wire_sev_region c;
    struct asp_guest *guest;
    enum wire_sev_status status = decode(call, &c, &guest);

    if (status == WIRE_SEV_SUCCESS)
        status = check(call->asp, guest, &c.data);
    if (status == WIRE_SEV_SUCCESS)
        measure_and_encrypt(call->asp, guest, &c.data);
    return status;
}

static void launch_vmsa(struct asp *asp, struct asp_guest *guest, struct asp_vmsa *slot,
                        uint64_t paddr)
{
    uint8_t page[WIRE_SEV_VMSA_SIZE];

    asp_dram_read(asp, paddr, page, sizeof(page));
    cr_sha256_update(&guest->launch, page, sizeof(page));
    asp_vmsa_store(asp, guest, slot, paddr, page);
    cb_wipe(page, sizeof(page));
}

enum wire_sev_status asp_cmd_launch_update_vmsa(struct asp_call *call)
{
    struct wire_sev_region c;
    struct asp_guest *guest;
    struct asp_vmsa *slot;
    enum wire_sev_status status;

    wire_sev_region_decode(&c, call->b);
    if (c.data.length != WIRE_SEV_VMSA_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    status = decode(call, &c, &guest);
    if (status == WIRE_SEV_SUCCESS && !(guest->policy & WIRE_SEV_POLICY_ES))
        status = WIRE_SEV_UNSUPPORTED;
    if (status == WIRE_SEV_SUCCESS)
        status = check(call->asp, guest, &c.data);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    slot = asp_vmsa_free_slot(call->asp);
    if (!slot)
        return WIRE_SEV_RESOURCE_LIMIT;
    launch_vmsa(call->asp, guest, slot, c.data.paddr);
    return WIRE_SEV_SUCCESS;
}
