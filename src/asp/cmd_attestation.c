/* SPDX-License-Identifier: Apache-2.0 */
/* ATTESTATION: launch digest and policy, signed by the PEK over a nonce of the caller. */
#include "asp/commands.h"

static void perform(struct asp_call *call, const struct asp_guest *guest,
                    const struct wire_sev_attestation *c)
{
    struct sev_report report = {.policy = guest->policy};
    uint8_t out[WIRE_SEV_REPORT_SIZE];

    memcpy(report.mnonce, c->mnonce, sizeof(report.mnonce));
    memcpy(report.digest, guest->digest, sizeof(report.digest));
    sev_report_sign(&report, &call->asp->nv.pek, out);
    asp_mem_write(call, c->report.paddr, out, sizeof(out));
}

enum wire_sev_status asp_cmd_attestation(struct asp_call *call)
{
    struct wire_sev_attestation c;
    const struct asp_guest *guest;
    bool fits;

    wire_sev_attestation_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    fits = c.report.length >= WIRE_SEV_REPORT_SIZE;
    if (fits && !asp_mem_ok(call, c.report.paddr, WIRE_SEV_REPORT_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    c.report.length = WIRE_SEV_REPORT_SIZE;
    wire_sev_attestation_encode(&c, call->b);
    if (!fits)
        return WIRE_SEV_INVALID_LENGTH;
    perform(call, guest, &c);
    return WIRE_SEV_SUCCESS;
}
