/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LAUNCH_SECRET: a packet of the guest owner goes into guest memory.  Its MAC
 * covers MEASURE, so a packet made for another launch is refused.  (GUEST_LEN
 * may be up to 0x5000; a limit of 16 KiB is on record for older firmware but no
 * public text has it.)
 */
#include "asp/commands.h"

static enum wire_sev_status check(const struct asp_call *call, const struct wire_sev_packet *c,
                                  const struct asp_guest *guest)
{
    if (c->guest.length == 0 || !cb_is_aligned(c->guest.length, 16) ||
        c->guest.length > WIRE_SEV_PACKET_MAX || c->trans.length != c->guest.length ||
        c->header.length != WIRE_SEV_PACKET_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    if (!cb_is_aligned(c->guest.paddr, 16) ||
        !asp_dram_ok(call->asp, c->guest.paddr, c->guest.length) ||
        !asp_mem_ok(call, c->header.paddr, WIRE_SEV_PACKET_SIZE) ||
        !asp_mem_ok(call, c->trans.paddr, c->trans.length))
        return WIRE_SEV_INVALID_ADDRESS;
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    return guest->asid ? WIRE_SEV_SUCCESS : WIRE_SEV_INACTIVE;
}

static enum wire_sev_status perform(struct asp_call *call, const struct wire_sev_packet *c,
                                    const struct asp_guest *guest)
{
    uint8_t data[WIRE_SEV_PACKET_MAX], header[WIRE_SEV_PACKET_SIZE];
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_SECRET,
                                .guest_len = c->guest.length,
                                .trans_len = c->trans.length,
                                .measure = guest->measure};
    enum wire_sev_status status;

    asp_mem_read(call, c->header.paddr, header, sizeof(header));
    asp_mem_read(call, c->trans.paddr, data, c->trans.length);
    sev_packet_read_header(header, &packet);
    status = sev_packet_open(&guest->transport, &packet, header, data, data);
    if (status == WIRE_SEV_SUCCESS && (packet.flags & WIRE_SEV_PACKET_COMPRESSED))
        status = WIRE_SEV_UNSUPPORTED;
    if (status == WIRE_SEV_SUCCESS)
        asp_guest_write(call->asp, guest, c->guest.paddr, data, c->guest.length);
    cb_wipe(data, sizeof(data));
    return status;
}

enum wire_sev_status asp_cmd_launch_secret(struct asp_call *call)
{
    const struct asp_guest *guest;
    struct wire_sev_packet c;
    enum wire_sev_status status;

    wire_sev_packet_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    status = check(call, &c, guest);
    return status == WIRE_SEV_SUCCESS ? perform(call, &c, guest) : status;
}
