/* SPDX-License-Identifier: Apache-2.0 */
/* cbit owner pack: an image encrypted in advance under a session's keys (owner/pack.h). */
#include <stdlib.h>

#include "cli/owner.h"

static const char verb[] = "cbit owner pack";

struct options {
    const char *image, *tik, *tek, *out;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"image", "FILE", cli_text, AT(image), "what to encrypt", NULL},
    {"tik", "FILE", cli_text, AT(tik), "the session's TIK", NULL},
    {"tek", "FILE", cli_text, AT(tek), "the session's TEK", NULL},
    {"out", "DIR", cli_text, AT(out), "where image.pack goes", NULL},
};

static bool pack(const struct options *o, const struct sev_transport *keys)
{
    struct host_bytes image;
    struct cr_random random;
    uint8_t *out = NULL;
    size_t len;
    bool ok = false;

    if (!cli_owner_read(verb, o->image, 1u << 30, &image))
        return false;
    len = own_pack_size(image.len);
    if (len == 0)
        cli_fail(verb, "%s: is empty", o->image);
    else if ((out = malloc(len)) == NULL)
        cli_fail(verb, "no memory");
    else {
        cr_random_from_os(&random);
        own_pack(&random, keys, image.data, image.len, out);
        ok = cli_owner_make_dir(verb, o->out) &&
             cli_owner_write(verb, o->out, "image.pack", out, len);
    }
    free(out);
    host_bytes_free(&image);
    return ok;
}

int cli_owner_pack(int argc, char **argv)
{
    struct options o = {0};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct sev_transport keys;
    bool ok;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--image FILE --tik FILE --tek FILE --out DIR",
                           &code))
        return code;
    if (!cli_owner_need(verb, "--image", o.image) || !cli_owner_need(verb, "--tik", o.tik) ||
        !cli_owner_need(verb, "--tek", o.tek) || !cli_owner_need(verb, "--out", o.out))
        return CLI_EXIT_ERROR;
    if (!cli_owner_read_exact(verb, o.tik, keys.tik, sizeof keys.tik) ||
        !cli_owner_read_exact(verb, o.tek, keys.tek, sizeof keys.tek))
        return CLI_EXIT_ERROR;
    ok = pack(&o, &keys);
    cb_wipe(&keys, sizeof keys);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}
