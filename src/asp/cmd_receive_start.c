/* SPDX-License-Identifier: Apache-2.0 */
/* RECEIVE_START: a guest that comes from elsewhere; the session is not optional. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_receive_start(struct asp_call *call)
{
    struct asp_new_guest n = {0};
    enum wire_sev_status status;

    wire_sev_start_decode(&n.cmd, call->b);
    status = asp_start_check(call, true, &n);
    if (status == WIRE_SEV_SUCCESS)
        asp_start_perform(call, &n, WIRE_SEV_GUEST_RUPDATE);
    cb_wipe(&n, sizeof(n));
    return status;
}
