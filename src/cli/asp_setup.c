/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit asp setup: one state folder is one chip.  --ca shares a test ARK and ASK
 * between platforms, which migration needs; the CA file is as secret as a CA is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/asp.h"

static const char verb[] = "cbit asp setup";

struct options {
    const char *state, *profile, *ca, *ark_key_id;
    uint64_t seed;
    bool seeded, overwrite;
};

static bool take_seed(const struct cli_option *option, const char *text, void *field,
                      struct cli_why *why)
{
    struct options *options = field; /* the row's offset is 0 */

    options->seeded = true;
    return cli_u64(option, text, &options->seed, why);
}

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"state", "DIR", cli_text, AT(state), "where the chip goes (default ~/.local/state/cbit/asp)", NULL},
    {"profile", "NAME", cli_choice, AT(profile), "generation (default milan)", "naples rome milan genoa"},
    {"ca", "DIR", cli_text, AT(ca), "a test CA to share between platforms; made there if missing", NULL},
    {"ark-key-id", "NAME|HEX", cli_text, AT(ark_key_id),
     "the ARK's key id: naples, rome, milan, genoa or 32 hex digits (default our own)", NULL},
    {"seed", "N", take_seed, 0, "everything follows from this number; shown as seeded", NULL},
    {"overwrite", NULL, cli_flag, AT(overwrite), "replace a chip that is there", NULL},
};

struct blob {
    uint8_t bytes[CBIT_CA_MAX];
    size_t len;
};
_Static_assert(CBIT_CHIP_MAX <= CBIT_CA_MAX, "one blob type holds either");

static bool make_ca(const struct cbit_maker *maker, struct blob *ca)
{
    enum cbit_error error;

    fprintf(stderr, "making a test ARK and ASK ...\n");
    error = cbit_ca_make(maker, ca->bytes, &ca->len);
    if (error == CBIT_E_INVALID)
        cli_fail(verb, "--ark-key-id %s: is no generation and not 32 hex digits", maker->ark_key_id);
    else if (error != CBIT_E_OK)
        cli_fail(verb, "CA: %s", cbit_error_text(error));
    return error == CBIT_E_OK;
}

/* The CA of a folder, made there if it is missing. */
static bool shared_ca(const char *dir, const struct cbit_maker *maker, struct blob *ca)
{
    struct host_state *folder = cli_state_open(verb, dir, true);
    char name[32];
    enum cbit_status status;
    bool ok;

    if (folder == NULL)
        return false;
    snprintf(name, sizeof name, "ca-%s", strcmp(maker->profile, "naples") == 0 ? "2048" : "4096");
    status = host_state_load(folder, name, ca->bytes, sizeof ca->bytes, &ca->len);
    ok = status == CBIT_OK;
    if (status == CBIT_NOT_FOUND) {
        ok = make_ca(maker, ca);
        status = ok ? host_state_save(folder, name, ca->bytes, ca->len) : CBIT_OK;
        ok = ok && status == CBIT_OK;
    }
    if (status != CBIT_OK)
        cli_fail(verb, "--ca %s: %s", dir, cli_status_text(status));
    host_state_close(folder);
    return ok;
}

static bool put_chip(const struct options *o, const char *dir, const struct blob *chip)
{
    struct host_state *state = cli_state_open(verb, dir, true);
    uint8_t old[CBIT_CHIP_MAX];
    enum cbit_status status;
    size_t len;

    if (state == NULL)
        return false;
    status = host_state_load(state, "chip", old, sizeof old, &len);
    cb_wipe(old, sizeof old);
    if (status != CBIT_NOT_FOUND && !o->overwrite) {
        host_state_close(state);
        cli_fail(verb, "--state %s: holds a chip already (--overwrite replaces it)", dir);
        return false;
    }
    status = host_state_save(state, "chip", chip->bytes, chip->len);
    host_state_close(state);
    if (status != CBIT_OK)
        cli_fail(verb, "--state %s: %s", dir,
                 cli_status_text(status));
    return status == CBIT_OK;
}

static bool make_chip(const struct options *o, const struct cbit_maker *maker, struct blob *chip)
{
    struct blob ca;
    enum cbit_error error;
    bool ok = o->ca ? shared_ca(o->ca, maker, &ca) : make_ca(maker, &ca);

    if (!ok)
        return false;
    error = cbit_chip_make(maker, (struct cbit_bytes){ca.bytes, ca.len}, chip->bytes, &chip->len);
    cb_wipe(&ca, sizeof ca);
    if (error != CBIT_E_OK)
        cli_fail(verb, "chip: %s", cbit_error_text(error));
    return error == CBIT_E_OK;
}

/* A chip that is there is refused before anything is drawn. */
static bool may_write(const struct options *o, const char *dir)
{
    char path[8192];

    if ((size_t)snprintf(path, sizeof path, "%s/chip", dir) >= sizeof path || o->overwrite ||
        access(path, F_OK) != 0)
        return true;
    cli_fail(verb, "--state %s: holds a chip already (--overwrite replaces it)", dir);
    return false;
}

int cli_asp_setup(int argc, char **argv)
{
    struct options o = {.profile = "milan"};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct blob chip;
    char path[4096];
    bool ok;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[--state DIR] [--profile NAME] [--ca DIR]", &why);
    if (o.state == NULL && !cli_state_default(path, sizeof path))
        return cli_fail(verb, "--state is missing, and there is no HOME");
    const struct cbit_maker maker = {.profile = o.profile, .ark_key_id = o.ark_key_id,
                                     .seeded = o.seeded, .seed = o.seed};
    const char *dir = o.state ? o.state : path;

    ok = may_write(&o, dir) && make_chip(&o, &maker, &chip) && put_chip(&o, dir, &chip);
    if (ok)
        printf("%s: a %s test chip%s\n", dir, o.profile, o.seeded ? " (seeded: its keys are guessable)" : "");
    cb_wipe(&chip, sizeof chip);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}
