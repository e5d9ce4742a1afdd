/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DF_FLUSH: after every core has executed WBINVD, dirty ASIDs become clean.
 * The first one after an INIT with SEV-ES also initialises the TMR.
 */
#include "asp/commands.h"

static bool all_cores_flushed(const struct asp *asp)
{
    for (unsigned cpu = 0; cpu < asp->n_cpus; cpu++)
        if (!asp->wbinvd[cpu])
            return false;
    return true;
}

static void initialise_tmr(struct asp *asp)
{
    static const uint8_t zeroes[CB_PAGE_SIZE];
    const struct mc_access access = mc_access_host(MC_KIND_DATA, false);

    for (uint64_t at = 0; at < asp->tmr_len; at += sizeof(zeroes))
        mc_write(asp->mc, spa(asp->tmr + at), access, zeroes, sizeof(zeroes));
    asp->tmr_fresh = false;
}

enum wire_sev_status asp_cmd_df_flush(struct asp_call *call)
{
    struct asp *asp = call->asp;

    if (!asp->standalone && !all_cores_flushed(asp))
        return WIRE_SEV_WBINVD_REQUIRED;
    for (size_t i = 0; i < ASP_MAX_ASIDS; i++)
        if (asp->asid_state[i] == ASP_ASID_DIRTY)
            asp->asid_state[i] = ASP_ASID_CLEAN;
    if (asp->tmr_fresh)
        initialise_tmr(asp);
    return WIRE_SEV_SUCCESS;
}
