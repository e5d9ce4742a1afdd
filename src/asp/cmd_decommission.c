/* SPDX-License-Identifier: Apache-2.0 */
/* DECOMMISSION: the guest's context and keys are gone; the ASID must be released before. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_decommission(struct asp_call *call)
{
    struct asp *asp = call->asp;
    struct asp_guest *guest = asp_guest_of(asp, cb_load_le32(call->b));

    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (guest->asid)
        return WIRE_SEV_ACTIVE;
    asp_guest_destroy(asp, guest);
    if (asp->n_guests == 0)
        asp->platform = WIRE_SEV_PLATFORM_INIT;
    return WIRE_SEV_SUCCESS;
}
