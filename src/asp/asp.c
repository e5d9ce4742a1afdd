/* SPDX-License-Identifier: Apache-2.0 */
/* Making and unmaking the secure processor. */
#include "asp/state.h"

static bool config_fits(const struct asp_config *config, const struct asp_profile *profile)
{
    const struct mc_config *mc = mc_config(config->mc);

    return mc->cipher == profile->cipher && mc->n_asids >= profile->n_asids &&
           profile->n_asids < ASP_MAX_ASIDS && config->n_cpus <= ASP_MAX_CPUS &&
           config->min_sev_asid <= profile->n_asids + 1;
}

/* The given chip, or one of its own that nobody signed for. */
static enum cbit_status take_chip(struct asp *asp, const struct asp_config *config)
{
    enum cbit_status status;

    if (!config->chip) {
        asp->profile = config->profile;
        cr_random_fill(&asp->random, asp->chip.secret, sizeof(asp->chip.secret));
        asp_chip_derive(&asp->chip);
        return config->profile ? CBIT_OK : CBIT_INVALID;
    }
    status = asp_chip_load(config->chip, config->chip_len, &asp->chip, &asp->profile);
    if (status != CBIT_OK)
        return status;
    return config->profile && config->profile != asp->profile ? CBIT_INVALID : CBIT_OK;
}

static void take_config(struct asp *asp, const struct asp_config *config)
{
    asp->mc = config->mc;
    asp->tsme = config->tsme;
    asp->standalone = config->standalone;
    asp->min_sev_asid = config->min_sev_asid ? config->min_sev_asid : 1;
    asp->n_cpus = config->n_cpus ? config->n_cpus : 1;
    asp->exposed = config->expose;
    asp->trace = config->trace;
    asp->trace_ctx = config->trace_ctx;
    asp->touch = config->touch;
    asp->touch_ctx = config->touch_ctx;
    if (config->tweak) {
        asp->has_tweak = true;
        memcpy(asp->tweak.t, config->tweak, sizeof(asp->tweak.t));
    }
    if (config->flash) {
        asp->has_flash = true;
        asp->flash = *config->flash;
    }
    if (config->seeded)
        cr_random_from_seed(&asp->random, config->seed, "asp");
    else
        cr_random_from_os(&asp->random);
}

enum cbit_status asp_new(const struct asp_config *config, struct asp **out)
{
    struct asp *asp = cb_secret_new(sizeof(*asp));
    enum cbit_status status;

    if (!asp)
        return CBIT_NO_MEMORY;
    take_config(asp, config);
    status = take_chip(asp, config);
    if (status == CBIT_OK && !config_fits(config, asp->profile))
        status = CBIT_INVALID;
    if (status == CBIT_OK)
        status = asp_nv_probe(asp);
    if (status != CBIT_OK) {
        asp_free(asp);
        return status;
    }
    *out = asp;
    return CBIT_OK;
}

void asp_free(struct asp *asp)
{
    cb_secret_free(asp, sizeof(*asp));
}

const struct asp_profile *asp_profile_of(const struct asp *asp)
{
    return asp->profile;
}
