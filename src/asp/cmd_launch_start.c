/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LAUNCH_START: a new guest.  Without a DH certificate there is no session:
 * TEK and TIK are zero, and neither API version nor reserved bits of the policy
 * are judged (QEMU launches so without session files).
 */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_launch_start(struct asp_call *call)
{
    struct asp_new_guest n = {0};
    enum wire_sev_status status;

    wire_sev_start_decode(&n.cmd, call->b);
    status = asp_start_check(call, n.cmd.cert.paddr != 0, &n);
    if (status == WIRE_SEV_SUCCESS)
        asp_start_perform(call, &n, WIRE_SEV_GUEST_LUPDATE);
    cb_wipe(&n, sizeof(n));
    return status;
}
