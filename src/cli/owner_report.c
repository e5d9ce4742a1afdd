/* SPDX-License-Identifier: Apache-2.0 */
/* cbit owner report: an attestation report, its signature, and what it must say. */
#include <string.h>

#include "cli/owner.h"

static const char verb[] = "cbit owner report";

struct hex {
    uint8_t bytes[32];
    size_t len;
};

struct options {
    const char *pek;
    struct hex mnonce, digest;
    uint32_t policy;
    bool has_policy;
};

static bool take_hex(const struct cli_option *option, const char *text, void *field,
                     struct cli_why *why)
{
    struct hex *hex = field;
    const size_t digits = strlen(text);
    const size_t want = option->more[0] == '1' ? 16 : 32;

    for (hex->len = 0; digits == 2 * want && hex->len < want; hex->len++) {
        unsigned byte;

        if (strspn(text + 2 * hex->len, "0123456789abcdefABCDEF") < 2 ||
            sscanf(text + 2 * hex->len, "%2x", &byte) != 1)
            break;
        hex->bytes[hex->len] = (uint8_t)byte;
    }
    if (hex->len == want)
        return true;
    snprintf(why->text, sizeof why->text, "is not %zu hex digits", 2 * want);
    return false;
}

static bool take_policy(const struct cli_option *option, const char *text, void *field,
                        struct cli_why *why)
{
    struct options *options = field; /* the row's offset is 0 */

    options->has_policy = true;
    return cli_u32(option, text, &options->policy, why);
}

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"pek", "FILE", cli_text, AT(pek), "the platform's PEK certificate, verified before", NULL},
    {"mnonce", "HEX", take_hex, AT(mnonce), "the nonce that you asked with", "16"},
    {"digest", "HEX", take_hex, AT(digest), "the launch digest that you expect", "32"},
    {"policy", "N", take_policy, 0, "the policy that you expect", NULL},
};

static bool expect(const char *what, bool holds)
{
    printf("%-4s %s\n", holds ? "ok" : "NO", what);
    return holds;
}

static bool judge(const struct options *o, const uint8_t bytes[WIRE_SEV_REPORT_SIZE],
                  const struct wire_sev_cert *pek)
{
    struct sev_report report;
    bool ok = expect("signed by the PEK",
                     sev_report_verify(bytes, pek, &report) == WIRE_SEV_SUCCESS);

    if (!ok)
        return false;
    if (o->mnonce.len != 0)
        ok &= expect("nonce", memcmp(report.mnonce, o->mnonce.bytes, o->mnonce.len) == 0);
    if (o->digest.len != 0)
        ok &= expect("launch digest", memcmp(report.digest, o->digest.bytes, o->digest.len) == 0);
    if (o->has_policy)
        ok &= expect("policy", report.policy == o->policy);
    printf("policy 0x%x\nnonce  ", report.policy);
    cli_owner_print_hex(stdout, report.mnonce, sizeof report.mnonce);
    printf("\ndigest ");
    cli_owner_print_hex(stdout, report.digest, sizeof report.digest);
    printf("\n");
    return ok;
}

int cli_owner_report(int argc, char **argv)
{
    struct options options = {0};
    const char *words[1];
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &options, .words = words, .max_words = 1};
    uint8_t bytes[WIRE_SEV_REPORT_SIZE];
    struct wire_sev_cert pek;
    int code;

    if (!cli_owner_options(&line, argc, argv,
                           "--pek FILE [--mnonce HEX] [--digest HEX] [--policy N] REPORT", &code))
        return code;
    if (line.n_words == 0)
        return cli_fail(verb, "which report? (see %s --help)", verb);
    if (!cli_owner_need(verb, "--pek", options.pek) ||
        !cli_owner_read_cert(verb, options.pek, WIRE_SEV_USAGE_PEK, &pek) ||
        !cli_owner_read_exact(verb, words[0], bytes, sizeof bytes))
        return CLI_EXIT_ERROR;
    return judge(&options, bytes, &pek) ? CLI_EXIT_OK : CLI_EXIT_NO;
}
