/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms for verbs; see platform.h. */
#include "cli/platform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TMR_SIZE (UINT64_C(1) << 20)

bool cli_platform_seed(const struct cli_option *option, const char *text, void *field,
                       struct cli_why *why)
{
    struct cli_platform_options *platform = field;

    platform->seeded = true;
    return cli_u64(option, text, &platform->seed, why);
}

bool cli_state_default(char *path, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    if (state != NULL && state[0] == '/')
        n = snprintf(path, size, "%s/cbit/asp", state);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, size, "%s/.local/state/cbit/asp", home);
    return n > 0 && (size_t)n < size;
}

struct host_state *cli_state_open(const char *verb, const char *dir, bool create)
{
    struct host_state *state;
    const enum cbit_status status = host_state_open(dir, create, &state);

    if (status == CBIT_OK)
        return state;
    if (status == CBIT_BUSY)
        cli_fail(verb, "--state %s: another process uses it", dir);
    else if (status == CBIT_NOT_FOUND)
        cli_fail(verb, "--state %s: no such folder ('cbit asp setup' makes one)", dir);
    else
        cli_fail(verb, "--state %s: %s", dir,
                 cli_status_text(status));
    return NULL;
}

bool cli_state_chip(const char *verb, const struct host_state *state, const char *dir,
                    uint8_t chip[CBIT_CHIP_MAX], size_t *len)
{
    const enum cbit_status status = host_state_load(state, "chip", chip, CBIT_CHIP_MAX, len);

    if (status == CBIT_OK)
        return true;
    if (status == CBIT_NOT_FOUND)
        cli_fail(verb, "--state %s: holds no chip ('cbit asp setup' makes one)", dir);
    else
        cli_fail(verb, "%s/chip: %s", dir,
                 cli_status_text(status));
    return false;
}

/* ---- the flash ---- */

static enum cbit_error load_nv(void *ctx, void *to, size_t size, size_t *len)
{
    return (enum cbit_error)host_state_load(ctx, "nv", to, size, len);
}

static enum cbit_error save_nv(void *ctx, const void *from, size_t len)
{
    const enum cbit_status status = host_state_save(ctx, "nv", from, len);

    if (status != CBIT_OK)
        fprintf(stderr, "cbit: state: nv: not saved, the old one stays: %s\n",
                cli_status_text(status));
    return (enum cbit_error)status;
}

static void print_trace(void *ctx, const char *line)
{
    (void)ctx;
    fprintf(stderr, "asp: %s\n", line);
}

/* ---- opening ---- */

/* The folder to use: given, or the default if it holds a chip; NULL: ephemeral. */
static const char *choose_state(const char *given, char *path, size_t size)
{
    char chip[4096];

    if (given != NULL)
        return given;
    if (!cli_state_default(path, size) ||
        snprintf(chip, sizeof chip, "%s/chip", path) >= (int)sizeof chip)
        return NULL;
    return access(chip, F_OK) == 0 ? path : NULL;
}

bool cli_state_use(const char *verb, const char *dir, const char *profile, struct cli_state *out)
{
    enum cbit_error error;

    *out = (struct cli_state){.folder = cli_state_open(verb, dir, false)};
    if (out->folder == NULL || !cli_state_chip(verb, out->folder, dir, out->chip, &out->chip_len)) {
        cli_state_release(out);
        return false;
    }
    error = cbit_chip_read((struct cbit_bytes){out->chip, out->chip_len}, &out->info);
    if (error != CBIT_E_OK)
        cli_fail(verb, "%s/chip: %s", dir, cbit_error_text(error));
    else if (profile != NULL && strcmp(profile, out->info.profile) != 0)
        cli_fail(verb, "%s: the chip in %s is a %s", profile, dir, out->info.profile);
    else {
        snprintf(out->profile, sizeof out->profile, "%s", out->info.profile);
        out->flash = (struct cbit_asp_flash){out->folder, load_nv, save_nv};
        return true;
    }
    cli_state_release(out);
    return false;
}

void cli_state_release(struct cli_state *state)
{
    host_state_close(state->folder);
    cb_wipe(state, sizeof *state);
}

bool cli_platform_open(const char *verb, const struct cli_platform_options *options,
                       struct cli_platform *out)
{
    struct cbit_asp_config config;
    struct cbit_why why = {{0}};
    char path[4096];
    const char *dir = choose_state(options->state, path, sizeof path);
    bool ok;

    *out = (struct cli_platform){0};
    cbit_asp_config_init(&config);
    config.profile = options->profile;
    config.seeded = options->seeded;
    config.seed = options->seed;
    config.tsme = options->tsme;
    config.trace = options->trace ? print_trace : NULL;
    if (options->memory != 0)
        config.memory = options->memory;
    ok = dir == NULL || cli_state_use(verb, dir, options->profile, &out->state);
    if (ok && dir != NULL) {
        config.chip = (struct cbit_bytes){out->state.chip, out->state.chip_len};
        config.flash = &out->state.flash;
    }
    if (ok && cbit_asp_new(&config, &out->asp, &why) != CBIT_E_OK) {
        cli_fail(verb, "%s%s%s", dir ? dir : "", dir ? ": " : "", why.text);
        ok = false;
    }
    cb_wipe(out->state.chip, sizeof out->state.chip); /* the platform has its own, out of core dumps */
    if (!ok)
        cli_platform_close(out);
    return ok;
}

void cli_platform_close(struct cli_platform *platform)
{
    cbit_asp_free(platform->asp);
    cli_state_release(&platform->state);
    platform->asp = NULL;
}

/* ---- as the driver's firmware ---- */

static bool space_covers(void *ctx, uint64_t paddr, uint64_t len)
{
    return host_devsev_at(ctx, paddr, len) != NULL;
}

static void space_read(void *ctx, uint64_t paddr, void *to, size_t len)
{
    memcpy(to, host_devsev_at(ctx, paddr, len), len);
}

static void space_write(void *ctx, uint64_t paddr, const void *from, size_t len)
{
    memcpy(host_devsev_at(ctx, paddr, len), from, len);
}

static unsigned run_command(void *ctx, unsigned id, uint8_t *buffer, size_t len,
                            const struct host_devsev_space space[HOST_DEVSEV_SPACES])
{
    struct host_devsev_space copy[HOST_DEVSEV_SPACES];
    const struct cbit_asp_space where = {copy, space_covers, space_read, space_write};

    memcpy(copy, space, sizeof copy);
    return cbit_asp_command(ctx, id, buffer, len, &where);
}

struct host_devsev_firmware cli_platform_firmware(struct cli_platform *platform)
{
    const uint64_t memory = cbit_asp_memory(platform->asp);

    return (struct host_devsev_firmware){
        .ctx = platform->asp,
        .command = run_command,
        .tmr_paddr = memory >= 2 * TMR_SIZE ? cb_align_down(memory, TMR_SIZE) - TMR_SIZE : 0,
    };
}
