/* SPDX-License-Identifier: Apache-2.0 */
/* PDH_GEN: a new PDH; sessions made against the old one no longer open. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_pdh_gen(struct asp_call *call)
{
    struct asp_nv nv = call->asp->nv;
    enum wire_sev_status status;

    asp_nv_make_pdh(call->asp, &nv);
    status = asp_nv_commit(call, &nv);
    cb_wipe(&nv, sizeof(nv));
    return status;
}
