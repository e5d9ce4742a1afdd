/* SPDX-License-Identifier: Apache-2.0 */
/* DEACTIVATE: the ASID is released; contents and keys stay in the guest's context. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_deactivate(struct asp_call *call)
{
    struct asp_guest *guest = asp_guest_of(call->asp, cb_load_le32(call->b));

    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!guest->asid)
        return WIRE_SEV_INACTIVE;
    asp_asid_unbind(call->asp, guest);
    return WIRE_SEV_SUCCESS;
}
