/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit asp export: what AMD's key server gives (cek.cert, ask.cert, ark.cert,
 * ask_ark.cert) and what PDH_CERT_EXPORT gives (pdh.cert, pek.cert, oca.cert).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/asp.h"

static const char verb[] = "cbit asp export";

struct options {
    struct cli_platform_options platform;
};

static const struct cli_option table[] = {
    {"state", "DIR", cli_text, offsetof(struct options, platform.state),
     "the chip's folder (default ~/.local/state/cbit/asp)", NULL},
};

static bool put(const char *dir, const char *name, const void *data, size_t len)
{
    char *path = NULL;
    enum cbit_status status = CBIT_NO_MEMORY;

    if (asprintf(&path, "%s/%s", dir, name) >= 0)
        status = host_file_replace(path, data, len, 0644);
    if (status != CBIT_OK)
        cli_fail(verb, "%s/%s: %s", dir, name,
                 cli_status_text(status));
    free(path);
    return status == CBIT_OK;
}

/* PDH_CERT_EXPORT as the driver sends it: PDH, then PEK, OCA, CEK. */
struct exported {
    uint8_t pdh[CBIT_CERT_SIZE];
    uint8_t chain[3 * CBIT_CERT_SIZE];
};

/* The ioctl's side of it is host's; the caller's memory is this process's own. */
static bool own_read(void *ctx, uint64_t at, void *to, size_t len)
{
    (void)ctx;
    memcpy(to, (const void *)(uintptr_t)at, len);
    return true;
}

static bool own_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    (void)ctx;
    memcpy((void *)(uintptr_t)at, from, len);
    return true;
}

static bool export_pdh(struct cli_platform *platform, struct exported *out)
{
    const struct host_devsev_firmware firmware = cli_platform_firmware(platform);
    const struct host_devsev_user user = {NULL, own_read, own_write};
    uint8_t args[24];
    uint8_t issue[WIRE_DEVSEV_ARG_SIZE] = {0};

    cb_store_le64(args, (uintptr_t)out->pdh);
    cb_store_le32(args + 8, sizeof out->pdh);
    cb_store_le64(args + 12, (uintptr_t)out->chain);
    cb_store_le32(args + 20, sizeof out->chain);
    cb_store_le32(issue + WIRE_DEVSEV_ARG_CMD, WIRE_DEVSEV_PDH_CERT_EXPORT);
    cb_store_le64(issue + WIRE_DEVSEV_ARG_DATA, (uintptr_t)args);
    if (host_devsev_ioctl(&firmware, &user, true, WIRE_DEVSEV_ISSUE_CMD, (uintptr_t)issue) == 0)
        return true;
    cli_fail(verb, "PDH_CERT_EXPORT: %s",
             cbit_asp_status_name(cb_load_le32(issue + WIRE_DEVSEV_ARG_ERROR)));
    return false;
}

static bool write_all(const char *dir, const struct exported *e, const struct cbit_chip_info *chip)
{
    char generation[64];

    snprintf(generation, sizeof generation, "ask_ark_%s.cert", chip->profile);
    return put(dir, "pdh.cert", e->pdh, sizeof e->pdh) &&
           put(dir, "pek.cert", e->chain, CBIT_CERT_SIZE) &&
           put(dir, "oca.cert", e->chain + CBIT_CERT_SIZE, CBIT_CERT_SIZE) &&
           put(dir, "cek.cert", chip->cek, sizeof chip->cek) &&
           put(dir, "ask.cert", chip->bundle, chip->ask_len) &&
           put(dir, "ark.cert", chip->bundle + chip->ask_len, chip->bundle_len - chip->ask_len) &&
           put(dir, "ask_ark.cert", chip->bundle, chip->bundle_len) &&
           put(dir, generation, chip->bundle, chip->bundle_len);
}

int cli_asp_export(int argc, char **argv)
{
    struct options o = {{0}};
    const char *words[1];
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o, .words = words, .max_words = 1};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct cli_platform platform;
    struct exported exported;
    enum cbit_status made;
    bool ok;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[--state DIR] OUTDIR", &why);
    if (line.n_words == 0)
        return cli_fail(verb, "where to? (see %s --help)", verb);
    if (!cli_platform_open(verb, &o.platform, &platform))
        return CLI_EXIT_ERROR;
    ok = platform.state.folder != NULL;
    if (!ok)
        cli_fail(verb, "--state is missing, and the default folder holds no chip");
    ok = ok && export_pdh(&platform, &exported);
    made = ok ? host_folder_make(words[0]) : CBIT_OK;
    if (made != CBIT_OK)
        cli_fail(verb, "%s: %s", words[0], cli_status_text(made));
    ok = ok && made == CBIT_OK && write_all(words[0], &exported, &platform.state.info);
    cli_platform_close(&platform);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}
