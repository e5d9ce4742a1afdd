/* SPDX-License-Identifier: Apache-2.0 */
/* PLATFORM_STATUS.  In UNINIT owner, ES and guest count read 0. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_platform_status(struct asp_call *call)
{
    struct asp_info info;

    asp_info_get(call->asp, &info);
    wire_sev_platform_status_encode(&info.status, call->b);
    return WIRE_SEV_SUCCESS;
}

void asp_info_get(const struct asp *asp, struct asp_info *out)
{
    memset(out, 0, sizeof(*out));
    out->profile = asp->profile;
    out->status = (struct wire_sev_platform_status){
        .api_major = asp->profile->api_major,
        .api_minor = asp->profile->api_minor,
        .build = asp->profile->build,
        .state = asp->platform,
        .owned = asp->platform != WIRE_SEV_PLATFORM_UNINIT && asp->nv.owned,
        .es = asp->es,
        .guest_count = asp->n_guests,
    };
    memcpy(out->id, asp->chip.id, sizeof(out->id));
    out->seeded = asp->random.seeded || asp->chip.seeded;
    out->exposed = asp->exposed;
    out->persistent = asp->has_flash;
}
