/* SPDX-License-Identifier: Apache-2.0 */
/* GUEST_STATUS.  A handle that names nobody is no error: its state is UNINIT. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_guest_status(struct asp_call *call)
{
    struct wire_sev_guest_status c;
    const struct asp_guest *guest;

    wire_sev_guest_status_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    c.state = WIRE_SEV_GUEST_UNINIT;
    if (guest) {
        c.policy = guest->policy;
        c.asid = guest->asid;
        c.state = guest->state;
    }
    wire_sev_guest_status_encode(&c, call->b);
    return WIRE_SEV_SUCCESS;
}
