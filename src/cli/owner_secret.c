/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner secret: a packet for LAUNCH_SECRET.  It opens only on the platform
 * and in the launch whose measurement was accepted: the MAC covers MEASURE.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/owner.h"

static const char verb[] = "cbit owner secret";

struct options {
    const char *tik, *tek, *measurement, *out;
    struct cli_owner_files secrets; /* GUID:FILE */
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"tik", "FILE", cli_text, AT(tik), "the session's TIK", NULL},
    {"tek", "FILE", cli_text, AT(tek), "the session's TEK", NULL},
    {"measurement", "BASE64", cli_text, AT(measurement), "the measurement that you accepted", NULL},
    {"secret", "GUID:FILE", cli_owner_file_list, AT(secrets), "a secret and its name; may be repeated", NULL},
    {"out", "DIR", cli_text, AT(out), "where packaged_secret*.bin and *.b64 go", NULL},
};

static bool read_secret(const char *text, struct own_secret *secret, struct host_bytes *bytes)
{
    char guid[37] = "";

    if (strlen(text) > 37 && text[36] == ':')
        memcpy(guid, text, 36);
    if (own_guid_parse(guid, &secret->guid) != CBIT_OK) {
        cli_fail(verb, "--secret %s: is not GUID:FILE", text);
        return false;
    }
    if (!cli_owner_read(verb, text + 37, OWN_SECRET_TABLE_MAX, bytes))
        return false;
    secret->data = bytes->data;
    secret->len = bytes->len;
    return true;
}

/* The padded table of all secrets; NULL: the message was printed.  The caller wipes and frees. */
static uint8_t *make_table(const struct options *o, size_t *len)
{
    struct own_secret secrets[CLI_OWNER_MAX_FILES];
    struct host_bytes bytes[CLI_OWNER_MAX_FILES] = {{0}};
    uint8_t *out = NULL;
    size_t n = 0;

    while (n < o->secrets.n && read_secret(o->secrets.path[n], &secrets[n], &bytes[n]))
        n++;
    if (n == o->secrets.n) {
        *len = own_secret_table_size(secrets, n);
        if (*len == 0)
            cli_fail(verb, "the secrets take more than %u bytes", OWN_SECRET_TABLE_MAX);
        else if ((out = malloc(*len)) == NULL)
            cli_fail(verb, "no memory");
        else
            own_secret_table_build(secrets, n, out);
    }
    for (size_t i = 0; i < CLI_OWNER_MAX_FILES; i++)
        host_bytes_free(&bytes[i]);
    return out;
}

static bool write_files(const char *dir, const uint8_t header[WIRE_SEV_PACKET_SIZE],
                        const uint8_t *data, size_t len)
{
    return cli_owner_make_dir(verb, dir) &&
           cli_owner_write(verb, dir, "packaged_secret_header.bin", header, WIRE_SEV_PACKET_SIZE) &&
           cli_owner_write(verb, dir, "packaged_secret.bin", data, len) &&
           cli_owner_write_base64(verb, dir, "packaged_secret_header.b64", header,
                                  WIRE_SEV_PACKET_SIZE) &&
           cli_owner_write_base64(verb, dir, "packaged_secret.b64", data, len);
}

static bool seal_and_write(const struct options *o, const struct sev_transport *keys,
                           const uint8_t *measure, uint8_t *secret, size_t len)
{
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_SECRET, .guest_len = (uint32_t)len,
                                .trans_len = (uint32_t)len, .measure = measure};
    uint8_t header[WIRE_SEV_PACKET_SIZE];
    struct cr_random random;

    cr_random_from_os(&random);
    cr_random_fill(&random, packet.iv, sizeof packet.iv);
    sev_packet_seal(keys, &packet, secret, secret, header);
    return write_files(o->out, header, secret, len);
}

int cli_owner_secret(int argc, char **argv)
{
    struct options o = {0};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct sev_transport keys;
    uint8_t measure[WIRE_SEV_MEASURE_SIZE];
    uint8_t *secret;
    size_t len;
    bool ok;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--tik FILE --tek FILE --measurement BASE64 --secret "
                                              "GUID:FILE... --out DIR", &code))
        return code;
    if (!cli_owner_need(verb, "--tik", o.tik) || !cli_owner_need(verb, "--tek", o.tek) ||
        !cli_owner_need(verb, "--measurement", o.measurement) ||
        !cli_owner_need(verb, "--out", o.out))
        return CLI_EXIT_ERROR;
    if (o.secrets.n == 0)
        return cli_fail(verb, "--secret is missing (see %s --help)", verb);
    if (!cli_owner_read_exact(verb, o.tik, keys.tik, sizeof keys.tik) ||
        !cli_owner_read_exact(verb, o.tek, keys.tek, sizeof keys.tek) ||
        !cli_owner_measurement(verb, o.measurement, measure))
        return CLI_EXIT_ERROR;
    secret = make_table(&o, &len);
    ok = secret != NULL && seal_and_write(&o, &keys, measure, secret, len);
    if (secret != NULL)
        cb_wipe(secret, len);
    free(secret);
    cb_wipe(&keys, sizeof keys);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}
