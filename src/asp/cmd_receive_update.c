/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RECEIVE_UPDATE_DATA and RECEIVE_UPDATE_VMSA: a packet becomes guest memory,
 * under this platform's own key for the guest.
 */
#include "asp/commands.h"

static enum wire_sev_status check(const struct asp_call *call, const struct asp_guest *guest,
                                  const struct wire_sev_packet *c, bool vmsa)
{
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    if (vmsa && !(guest->policy & WIRE_SEV_POLICY_ES))
        return WIRE_SEV_UNSUPPORTED;
    if (!guest->asid)
        return WIRE_SEV_INACTIVE;
    if (c->guest.length == 0 || c->guest.length > WIRE_SEV_PACKET_MAX ||
        !cb_is_aligned(c->guest.length, 16) || c->trans.length != c->guest.length ||
        c->header.length < WIRE_SEV_PACKET_SIZE || (vmsa && c->guest.length != WIRE_SEV_VMSA_SIZE))
        return WIRE_SEV_INVALID_LENGTH;
    if (!cb_is_aligned(c->guest.paddr, 16) ||
        !asp_dram_ok(call->asp, c->guest.paddr, c->guest.length) ||
        !asp_mem_ok(call, c->header.paddr, WIRE_SEV_PACKET_SIZE) ||
        !asp_mem_ok(call, c->trans.paddr, c->trans.length))
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_SUCCESS;
}

/* Decrypts data in place. */
static enum wire_sev_status open_packet(struct asp_call *call, const struct asp_guest *guest,
                                        const struct wire_sev_packet *c, bool vmsa, uint8_t *data)
{
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_DATA,
                                .guest_len = c->guest.length,
                                .trans_len = c->trans.length};
    uint8_t header[WIRE_SEV_PACKET_SIZE];
    enum wire_sev_status status;

    asp_mem_read(call, c->header.paddr, header, sizeof(header));
    asp_mem_read(call, c->trans.paddr, data, c->trans.length);
    sev_packet_read_header(header, &packet);
    if (packet.flags & WIRE_SEV_PACKET_COMPRESSED)
        return WIRE_SEV_UNSUPPORTED;
    status = sev_packet_open(&guest->transport, &packet, header, data, data);
    if (status == WIRE_SEV_SUCCESS || !vmsa)
        return status;
    packet.kind = WIRE_SEV_PACKET_VMSA;
    return sev_packet_open(&guest->transport, &packet, header, data, data);
}

static enum wire_sev_status receive_update(struct asp_call *call, bool vmsa)
{
    uint8_t data[WIRE_SEV_PACKET_MAX];
    struct wire_sev_packet c;
    struct asp_vmsa *slot = NULL;
    struct asp_guest *guest;
    enum wire_sev_status status;

    wire_sev_packet_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    status = check(call, guest, &c, vmsa);
    if (status == WIRE_SEV_SUCCESS)
        status = open_packet(call, guest, &c, vmsa, data);
    if (status == WIRE_SEV_SUCCESS && vmsa && !(slot = asp_vmsa_free_slot(call->asp)))
        status = WIRE_SEV_RESOURCE_LIMIT;
    if (status == WIRE_SEV_SUCCESS && vmsa)
        asp_vmsa_store(call->asp, guest, slot, c.guest.paddr, data);
    else if (status == WIRE_SEV_SUCCESS)
        asp_guest_write(call->asp, guest, c.guest.paddr, data, c.guest.length);
    cb_wipe(data, sizeof(data));
    return status;
}

enum wire_sev_status asp_cmd_receive_update_data(struct asp_call *call)
{
    return receive_update(call, false);
}

enum wire_sev_status asp_cmd_receive_update_vmsa(struct asp_call *call)
{
    return receive_update(call, true);
}
