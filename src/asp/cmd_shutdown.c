/* SPDX-License-Identifier: Apache-2.0 */
/* SHUTDOWN: all guests and their keys are gone, the TMR is free again, UNINIT. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_shutdown(struct asp_call *call)
{
    struct asp *asp = call->asp;

    asp_guest_all_gone(asp);
    cb_wipe(&asp->nv, sizeof(asp->nv)); /* the flash has it */
    cb_wipe(asp->vmsa, sizeof(asp->vmsa));
    memset(asp->asid_state, ASP_ASID_DIRTY, sizeof(asp->asid_state));
    memset(asp->wbinvd, 0, sizeof(asp->wbinvd));
    memset(&asp->ring, 0, sizeof(asp->ring));
    asp->es = asp->tmr_fresh = asp->nv_in_memory = false;
    asp->tmr = asp->tmr_len = asp->nv_paddr = 0;
    asp->platform = WIRE_SEV_PLATFORM_UNINIT;
    return WIRE_SEV_SUCCESS;
}
