/* SPDX-License-Identifier: Apache-2.0 */
/* Making and unmaking the secure processor. */
#include "asp/state.h"

#include <stdlib.h>

static bool config_fits(const struct asp_config *config)
{
    const struct mc_config *mc = mc_config(config->mc);

    return mc->cipher == config->profile->cipher && mc->n_asids >= config->profile->n_asids &&
           config->min_sev_asid <= config->profile->n_asids + 1;
}

enum cbit_status asp_new(const struct asp_config *config, struct asp **out)
{
    struct asp *asp;

    if (!config_fits(config))
        return CBIT_INVALID;
    asp = calloc(1, sizeof(*asp));
    if (!asp)
        return CBIT_NO_MEMORY;
    asp->mc = config->mc;
    asp->profile = config->profile;
    asp->tsme = config->tsme;
    asp->standalone = config->standalone;
    asp->min_sev_asid = config->min_sev_asid ? config->min_sev_asid : 1;
    asp->trace = config->trace;
    asp->trace_ctx = config->trace_ctx;
    if (config->tweak) {
        asp->has_tweak = true;
        memcpy(asp->tweak.t, config->tweak, sizeof(asp->tweak.t));
    }
    if (config->seeded)
        cr_random_from_seed(&asp->random, config->seed, "asp");
    else
        cr_random_from_os(&asp->random);
    *out = asp;
    return CBIT_OK;
}

void asp_free(struct asp *asp)
{
    if (!asp)
        return;
    cb_wipe(asp, sizeof(*asp));
    free(asp);
}

const struct asp_profile *asp_profile_of(const struct asp *asp)
{
    return asp->profile;
}
