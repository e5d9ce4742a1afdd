/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner oca, cbit owner sign-csr: an owner's own certificate authority.
 * A platform that imports the signed PEK (PEK_CERT_IMPORT) is owned; it is given
 * up by PEK_GEN or by a factory reset.
 */
#include "cli/owner.h"

struct options {
    const char *out, *key, *oca;
};

#define AT(field) offsetof(struct options, field)

static const struct cli_option oca_table[] = {
    {"out", "DIR", cli_text, AT(out), "where oca.cert and oca_key.pem go", NULL},
    {"key", "FILE", cli_text, AT(key), "an existing P-384 key in PEM (default: a new one)", NULL},
};

static const struct cli_option sign_table[] = {
    {"key", "FILE", cli_text, AT(key), "the OCA's private key (oca_key.pem)", NULL},
    {"oca", "FILE", cli_text, AT(oca), "the OCA's certificate", NULL},
    {"out", "DIR", cli_text, AT(out), "where pek_csr.signed.cert goes", NULL},
};

static bool read_key(const char *verb, const char *path, struct cr_p384_key *key)
{
    struct host_bytes bytes;
    bool ok;

    if (!cli_owner_read(verb, path, 1 << 16, &bytes))
        return false;
    ok = cr_p384_from_pem((const char *)bytes.data, bytes.len, key);
    if (!ok)
        cli_fail(verb, "%s: is not an unencrypted P-384 private key in PEM", path);
    host_bytes_free(&bytes);
    return ok;
}

static bool write_oca(const char *verb, const char *dir, const struct cr_p384_key *key)
{
    struct wire_sev_cert cert;
    uint8_t bytes[WIRE_SEV_CERT_SIZE];
    char pem[CR_PEM_MAX];
    const size_t pem_len = cr_p384_to_pem(key, pem);
    bool ok;

    own_oca_make(key, &cert);
    wire_sev_cert_encode(&cert, bytes);
    ok = cli_owner_make_dir(verb, dir) &&
         cli_owner_write(verb, dir, "oca.cert", bytes, sizeof bytes) &&
         cli_owner_write(verb, dir, "oca_key.pem", pem, pem_len);
    cb_wipe(pem, sizeof pem);
    return ok;
}

int cli_owner_oca(int argc, char **argv)
{
    static const char verb[] = "cbit owner oca";
    struct options options = {0};
    struct cli_line line = {.verb = verb, .table = oca_table, .n_options = CB_ARRAY_LEN(oca_table),
                            .into = &options};
    struct cr_p384_key key;
    struct cr_random random;
    bool ok;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--out DIR [--key FILE]", &code))
        return code;
    if (!cli_owner_need(verb, "--out", options.out))
        return CLI_EXIT_ERROR;
    if (options.key != NULL) {
        if (!read_key(verb, options.key, &key))
            return CLI_EXIT_ERROR;
    } else {
        cr_random_from_os(&random);
        cr_p384_generate(&random, &key);
    }
    ok = write_oca(verb, options.out, &key);
    cb_wipe(&key, sizeof key);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

int cli_owner_sign_csr(int argc, char **argv)
{
    static const char verb[] = "cbit owner sign-csr";
    struct options o = {0};
    const char *words[1];
    struct cli_line line = {.verb = verb, .table = sign_table,
                            .n_options = CB_ARRAY_LEN(sign_table), .into = &o,
                            .words = words, .max_words = 1};
    struct cr_p384_key key;
    struct wire_sev_cert oca, csr;
    uint8_t bytes[WIRE_SEV_CERT_SIZE];
    enum wire_sev_status status;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--key FILE --oca FILE --out DIR CSR", &code))
        return code;
    if (line.n_words == 0)
        return cli_fail(verb, "which CSR? (see %s --help)", verb);
    if (!cli_owner_need(verb, "--key", o.key) || !cli_owner_need(verb, "--oca", o.oca) ||
        !cli_owner_need(verb, "--out", o.out))
        return CLI_EXIT_ERROR;
    if (!cli_owner_read_cert(verb, o.oca, WIRE_SEV_USAGE_OCA, &oca) ||
        !cli_owner_read_cert(verb, words[0], WIRE_SEV_USAGE_PEK, &csr) ||
        !read_key(verb, o.key, &key))
        return CLI_EXIT_ERROR;
    status = own_oca_sign(&key, &oca, &csr);
    cb_wipe(&key, sizeof key);
    if (status != WIRE_SEV_SUCCESS)
        return cli_fail(verb, "%s: is not an unsigned PEK_CSR, or %s is not the key of %s", words[0],
                        o.key, o.oca);
    wire_sev_cert_encode(&csr, bytes);
    return cli_owner_make_dir(verb, o.out) &&
                   cli_owner_write(verb, o.out, "pek_csr.signed.cert", bytes, sizeof bytes)
               ? CLI_EXIT_OK
               : CLI_EXIT_ERROR;
}
