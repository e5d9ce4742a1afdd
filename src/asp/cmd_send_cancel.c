/* SPDX-License-Identifier: Apache-2.0 */
/* SEND_CANCEL: the guest stays and runs on. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_send_cancel(struct asp_call *call)
{
    struct asp_guest *guest = asp_guest_of(call->asp, cb_load_le32(call->b));

    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    asp_guest_forget_transport(guest);
    guest->state = WIRE_SEV_GUEST_RUNNING;
    return WIRE_SEV_SUCCESS;
}
