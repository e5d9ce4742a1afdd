/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEND_UPDATE_DATA and SEND_UPDATE_VMSA: guest memory leaves as a packet.
 *
 * A VMSA's packet carries context byte 0x02 like data's: the documented value
 * is said to be 0x03, the released firmware computes 0x02, and RECEIVE_UPDATE_VMSA
 * here takes either.
 */
#include "asp/commands.h"

static enum wire_sev_status check_header_length(struct asp_call *call, struct wire_sev_packet *c)
{
    if (c->header.length >= WIRE_SEV_PACKET_SIZE)
        return WIRE_SEV_SUCCESS;
    c->header.length = WIRE_SEV_PACKET_SIZE;
    wire_sev_packet_encode(c, call->b);
    return WIRE_SEV_INVALID_LENGTH;
}

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
        !cb_is_aligned(c->guest.length, 16) || c->trans.length < c->guest.length ||
        (vmsa && c->guest.length != WIRE_SEV_VMSA_SIZE))
        return WIRE_SEV_INVALID_LENGTH;
    if (!cb_is_aligned(c->guest.paddr, 16) ||
        !asp_dram_ok(call->asp, c->guest.paddr, c->guest.length) ||
        !asp_mem_ok(call, c->header.paddr, WIRE_SEV_PACKET_SIZE) ||
        !asp_mem_ok(call, c->trans.paddr, c->guest.length))
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_SUCCESS;
}

static void write_packet(struct asp_call *call, const struct asp_guest *guest,
                         struct wire_sev_packet *c, uint8_t *data)
{
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_DATA,
                                .guest_len = c->guest.length,
                                .trans_len = c->guest.length};
    uint8_t header[WIRE_SEV_PACKET_SIZE];

    asp_random_key(call->asp, packet.iv, sizeof(packet.iv));
    sev_packet_seal(&guest->transport, &packet, data, data, header);
    asp_mem_write(call, c->header.paddr, header, sizeof(header));
    asp_mem_write(call, c->trans.paddr, data, c->guest.length);
    c->header.length = WIRE_SEV_PACKET_SIZE;
    wire_sev_packet_encode(c, call->b);
}

static enum wire_sev_status send_update(struct asp_call *call, bool vmsa)
{
    uint8_t data[WIRE_SEV_PACKET_MAX];
    struct wire_sev_packet c;
    struct asp_guest *guest;
    enum wire_sev_status status;

    wire_sev_packet_decode(&c, call->b);
    status = check_header_length(call, &c);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    status = check(call, guest, &c, vmsa);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (!vmsa)
        asp_guest_read(call->asp, guest, c.guest.paddr, data, c.guest.length);
    else if (!asp_vmsa_load(call->asp, guest, c.guest.paddr, data))
        status = WIRE_SEV_INVALID_PARAM;
    if (status == WIRE_SEV_SUCCESS)
        write_packet(call, guest, &c, data);
    cb_wipe(data, sizeof(data));
    return status;
}

enum wire_sev_status asp_cmd_send_update_data(struct asp_call *call)
{
    return send_update(call, false);
}

enum wire_sev_status asp_cmd_send_update_vmsa(struct asp_call *call)
{
    return send_update(call, true);
}
