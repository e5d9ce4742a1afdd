/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Birth, death and questions of the memory controller.  The data path is in
 * mc/data.c, turns in mc/frames.c, keys in mc/keys.c, observers in mc/peek.c.
 */
#include "mc/state.h"

#include <stdlib.h>

/* A frame that is turned this often while that many turns happen altogether is worn out. */
#define FLIP_LIMIT   16
#define FLIP_WINDOW  4096
#define MC_MAX_FLIPS 254 /* what a frame's counter can exceed */

static const enum cr_memory_mode mode_of[] = {
    [MC_CIPHER_XE] = CR_MEMORY_XE,
    [MC_CIPHER_XEX] = CR_MEMORY_XEX,
    [MC_CIPHER_XTS] = CR_MEMORY_XTS,
};

static enum cbit_status init(struct mc *mc, const struct mc_config *config)
{
    struct dram_extent extent[MC_MAX_RANGES];
    enum cbit_status status;

    if (config->n_ranges > MC_MAX_RANGES || (size_t)config->cipher >= CB_ARRAY_LEN(mode_of) ||
        config->n_asids >= UINT16_MAX - 2)
        return CBIT_INVALID;
    for (unsigned i = 0; i < config->n_ranges; i++)
        extent[i] = (struct dram_extent){config->range[i].base.v, config->range[i].size};
    mc->config = *config;
    if (config->flip_limit == 0)
        mc->config.flip_limit = FLIP_LIMIT;
    if (config->flip_window == 0)
        mc->config.flip_window = FLIP_WINDOW;
    if (mc->config.flip_limit > MC_MAX_FLIPS)
        mc->config.flip_limit = MC_MAX_FLIPS;
    mc->n_views = config->n_asids + 2;
    mc->eager = (mc_view_t)mc->n_views;
    status = cr_memory_cipher_init(&mc->cipher, mode_of[config->cipher], getenv("CBIT_CIPHER"));
    if (status != CBIT_OK)
        return status;
    status = dram_init(&mc->dram, extent, config->n_ranges, mc->n_views + 1);
    if (status != CBIT_OK)
        return status;
    mc->slot = cb_secret_new(mc->n_views * sizeof(*mc->slot));
    mc->expanded = cb_secret_new(mc->n_views * sizeof(*mc->expanded));
    if (!mc->slot || !mc->expanded)
        return CBIT_NO_MEMORY;
    return CBIT_OK;
}

enum cbit_status mc_new(const struct mc_config *config, struct mc **out)
{
    struct mc *mc = cb_secret_new(sizeof(*mc)); /* it has the tweak constants */
    enum cbit_status status;

    *out = NULL;
    if (!mc)
        return CBIT_NO_MEMORY;
    status = init(mc, config);
    if (status != CBIT_OK) {
        mc_free(mc);
        return status;
    }
    *out = mc;
    return CBIT_OK;
}

void mc_free(struct mc *mc)
{
    if (!mc)
        return;
    cb_secret_free(mc->expanded, mc->n_views * sizeof(*mc->expanded));
    cb_secret_free(mc->slot, mc->n_views * sizeof(*mc->slot));
    if (mc->dram.bytes)
        dram_fini(&mc->dram);
    cb_secret_free(mc, sizeof(*mc));
}

bool mc_covers(const struct mc *mc, spa_t base, uint64_t len)
{
    uint64_t at = base.v;
    uint64_t end;

    if (len == 0 || !cb_add_ok(base.v, len, &end))
        return false;
    /* Ranges ascend, and two may touch. */
    for (unsigned i = 0; i < mc->config.n_ranges && at < end; i++) {
        const struct mc_range *range = &mc->config.range[i];

        if (at >= range->base.v && at - range->base.v < range->size)
            at = range->base.v + range->size;
    }
    return at >= end;
}

uint64_t mc_dram_size(const struct mc *mc)
{
    return (uint64_t)mc->dram.n_frames << CB_PAGE_SHIFT;
}

const struct mc_config *mc_config(const struct mc *mc)
{
    return &mc->config;
}

void mc_set_smee(struct mc *mc, bool on)
{
    if (mc->policy.smee == on)
        return;
    mc_tell_all(mc);
    mc->policy.smee = on;
}

struct mc_policy mc_policy(const struct mc *mc)
{
    return mc->policy;
}

void mc_listen(struct mc *mc, mc_listener *listener, void *ctx)
{
    CBIT_ASSERT(mc->n_ears < MC_MAX_LISTENERS);
    mc->ear[mc->n_ears++] = (struct mc_ear){listener, ctx};
}

struct mc_stats mc_stats(const struct mc *mc)
{
    return mc->stats;
}

const char *mc_kernel_name(const struct mc *mc)
{
    return cr_memory_kernel_name(&mc->cipher);
}

const char *mc_kernel_usable(unsigned n)
{
    return cr_memory_kernel_usable(n);
}
