/* SPDX-License-Identifier: Apache-2.0 */
/* PEK_GEN: new OCA, PEK and PDH; the platform owns itself again. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_pek_gen(struct asp_call *call)
{
    struct asp_nv nv;
    enum wire_sev_status status;

    asp_nv_make_owner(call->asp, &nv);
    status = asp_nv_commit(call, &nv);
    cb_wipe(&nv, sizeof(nv));
    return status;
}
