/* SPDX-License-Identifier: Apache-2.0 */
/* LAUNCH_MEASURE: closes the launch digest and gives its keyed hash to the owner.  One shot. */
#include "asp/commands.h"

static void perform(struct asp_call *call, struct asp_guest *guest, uint64_t paddr)
{
    struct asp *asp = call->asp;
    struct sev_measure m = {
        .api_major = asp->profile->api_major,
        .api_minor = asp->profile->api_minor,
        .build = asp->profile->build,
        .policy = guest->policy,
    };
    uint8_t out[WIRE_SEV_MEASURE_SIZE];

    cr_sha256_digest(&guest->launch, guest->digest);
    cb_wipe(&guest->launch, sizeof(guest->launch));
    memcpy(m.digest, guest->digest, sizeof(m.digest));
    cr_random_fill(&asp->random, m.mnonce, sizeof(m.mnonce));
    sev_measure_mac(guest->transport.tik, &m, guest->measure);
    memcpy(out, guest->measure, sizeof(guest->measure));
    memcpy(out + WIRE_SEV_MEASURE_MNONCE, m.mnonce, sizeof(m.mnonce));
    asp_mem_write(call, paddr, out, sizeof(out));
    guest->state = WIRE_SEV_GUEST_LSECRET;
}

enum wire_sev_status asp_cmd_launch_measure(struct asp_call *call)
{
    struct wire_sev_region c;
    struct asp_guest *guest;

    wire_sev_region_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    if (c.data.length < WIRE_SEV_MEASURE_SIZE) {
        c.data.length = WIRE_SEV_MEASURE_SIZE;
        wire_sev_region_encode(&c, call->b);
        return WIRE_SEV_INVALID_LENGTH;
    }
    if (!asp_mem_ok(call, c.data.paddr, WIRE_SEV_MEASURE_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    perform(call, guest, c.data.paddr);
    return WIRE_SEV_SUCCESS;
}
