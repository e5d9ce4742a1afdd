/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner session: a launch session for the platform of a PDH, in the files
 * of sevctl (vm_*) and of sev-tool (godh.cert, launch_blob.bin, tmp_tk.bin).
 * Verify the chain first: a session for a wrong PDH gives the keys to a stranger.
 */
#include "cli/owner.h"

static const char verb[] = "cbit owner session";

struct options {
    const char *pdh, *out;
    uint32_t policy;
    bool has_policy;
};

static bool take_policy(const struct cli_option *option, const char *text, void *field,
                        struct cli_why *why)
{
    struct options *options = field; /* the row's offset is 0 */

    options->has_policy = true;
    if (!cli_u32(option, text, &options->policy, why))
        return false;
    if (options->policy & WIRE_SEV_POLICY_RESERVED) {
        snprintf(why->text, sizeof why->text, "sets reserved bits 15:6, which no platform accepts");
        return false;
    }
    return true;
}

static const struct cli_option table[] = {
    {"pdh", "FILE", cli_text, offsetof(struct options, pdh), "the platform's PDH certificate", NULL},
    {"policy", "N", take_policy, 0, "guest policy, as the launch will use it", NULL},
    {"out", "DIR", cli_text, offsetof(struct options, out), "where the files go", NULL},
};

static bool write_files(const char *dir, const struct own_session *s)
{
    return cli_owner_write_base64(verb, dir, "vm_godh.b64", s->godh, sizeof s->godh) &&
           cli_owner_write_base64(verb, dir, "vm_session.b64", s->session, sizeof s->session) &&
           cli_owner_write(verb, dir, "vm_tik.bin", s->keys.tik, sizeof s->keys.tik) &&
           cli_owner_write(verb, dir, "vm_tek.bin", s->keys.tek, sizeof s->keys.tek) &&
           cli_owner_write(verb, dir, "godh.cert", s->godh, sizeof s->godh) &&
           cli_owner_write(verb, dir, "launch_blob.bin", s->session, sizeof s->session) &&
           cli_owner_write(verb, dir, "tmp_tk.bin", &s->keys, sizeof s->keys);
}

int cli_owner_session(int argc, char **argv)
{
    struct options options = {0};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &options};
    struct wire_sev_cert pdh;
    struct own_session session;
    struct cr_random random;
    bool written;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--pdh FILE --policy N --out DIR", &code))
        return code;
    if (!cli_owner_need(verb, "--pdh", options.pdh) || !cli_owner_need(verb, "--out", options.out))
        return CLI_EXIT_ERROR;
    if (!options.has_policy)
        return cli_fail(verb, "--policy is missing (1 forbids debugging)");
    if (!cli_owner_read_cert(verb, options.pdh, WIRE_SEV_USAGE_PDH, &pdh))
        return CLI_EXIT_ERROR;
    cr_random_from_os(&random);
    if (own_session_make(&random, &pdh, options.policy, &session) != WIRE_SEV_SUCCESS)
        return cli_fail(verb, "%s: holds no P-384 key", options.pdh);
    written = cli_owner_make_dir(verb, options.out) && write_files(options.out, &session);
    cb_wipe(&session, sizeof session);
    return written ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

_Static_assert(sizeof(struct sev_transport) == 32 && offsetof(struct sev_transport, tik) == 16,
               "tmp_tk.bin is TEK, then TIK");
