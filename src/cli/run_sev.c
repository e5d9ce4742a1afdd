/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit run --sev.  The guest owner's certificate and session come from files, as
 * QEMU's sev-guest object takes them; without them cbit is its own guest owner
 * and keeps the transport keys for --sev-dump alone.
 */
#include "cli/run_sev.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "owner/owner.h"

#define FILE_MAX 16384u
#define REGIONS_MAX 64u

struct run_sev {
    struct run_sev_options options;
    struct cbit_sev_config config;
    uint8_t dh_cert[WIRE_SEV_CERT_SIZE], session[WIRE_SEV_SESSION_SIZE];
    struct own_session own; /* secret */
    bool has_own;
    bool failed;      /* a file of the dump could not be written */
    unsigned n_regions;
    struct {
        uint64_t gpa;
        size_t len;
    } region[REGIONS_MAX];
};

const char *run_sev_check(const struct run_sev_options *o)
{
    if (o->kernel_hashes)
        return "--kernel-hashes: kernel, initrd and command line are launched and measured "
               "themselves here; hashes are for a firmware that loads them later (cbit owner "
               "measure computes those for QEMU)";
    if (!o->on && (o->wait || o->has_policy || o->dh_cert_file || o->session_file || o->dump ||
                   o->cbitpos || o->reduced_phys_bits))
        return "--policy, --dh-cert-file, --session-file, --cbitpos, --reduced-phys-bits, "
               "--sev-wait and --sev-dump go with --sev";
    if (!o->dh_cert_file != !o->session_file)
        return "--dh-cert-file and --session-file go together";
    if (o->policy & WIRE_SEV_POLICY_ES)
        return "--policy: bit 2 asks for SEV-ES, which is not built yet (docs/roadmap.md)";
    return NULL;
}

/* ---- the owner's files ---- */

/* Base64, as QEMU wants it, or the bytes themselves. */
static bool read_blob(const char *option, const char *path, uint8_t *to, size_t size)
{
    struct host_bytes file;
    const enum cbit_status status = host_file_read(path, FILE_MAX, &file);
    char text[FILE_MAX + 1];
    size_t len = 0;
    bool ok;

    if (status) {
        cli_fail("cbit run", "%s %s: %s", option, path, cli_status_text(status));
        return false;
    }
    ok = file.len == size;
    if (ok) {
        memcpy(to, file.data, size);
    } else {
        memcpy(text, file.data, file.len);
        text[file.len] = 0;
        ok = strlen(text) == file.len && cb_base64_decode(text, to, size, &len) && len == size;
    }
    host_bytes_free(&file);
    if (!ok)
        cli_fail("cbit run", "%s %s: is not the base64 of %zu bytes", option, path, size);
    return ok;
}

static bool read_session(struct run_sev *sev)
{
    const struct run_sev_options *o = &sev->options;

    if (!o->dh_cert_file)
        return true;
    if (!read_blob("--dh-cert-file", o->dh_cert_file, sev->dh_cert, sizeof sev->dh_cert) ||
        !read_blob("--session-file", o->session_file, sev->session, sizeof sev->session))
        return false;
    sev->config.dh_cert = (struct cbit_bytes){sev->dh_cert, sizeof sev->dh_cert};
    sev->config.session = (struct cbit_bytes){sev->session, sizeof sev->session};
    return true;
}

static enum cbit_error make_session(void *ctx, const void *pdh, struct cbit_bytes *dh_cert,
                                    struct cbit_bytes *session)
{
    struct run_sev *sev = ctx;
    struct wire_sev_cert cert;
    struct cr_random random;

    wire_sev_cert_decode(&cert, pdh);
    cr_random_from_os(&random);
    if (own_session_make(&random, &cert, sev->options.policy, &sev->own))
        return CBIT_E_INVALID;
    sev->has_own = true;
    *dh_cert = (struct cbit_bytes){sev->own.godh, sizeof sev->own.godh};
    *session = (struct cbit_bytes){sev->own.session, sizeof sev->own.session};
    return CBIT_E_OK;
}

/* ---- --sev-dump ---- */

static void write_dump(struct run_sev *sev, const char *name, const void *bytes, size_t len)
{
    char *path = NULL;
    enum cbit_status status = CBIT_NO_MEMORY;

    if (asprintf(&path, "%s/%s", sev->options.dump, name) >= 0)
        status = host_file_replace(path, bytes, len, 0600);
    if (status) {
        cli_fail("cbit run", "--sev-dump %s/%s: %s", sev->options.dump, name,
                 cli_status_text(status));
        sev->failed = true;
    }
    free(path);
}

static void region_name(unsigned i, char name[32])
{
    snprintf(name, 32, "region-%02u.bin", i);
}

static void on_launched(void *ctx, uint64_t gpa, const void *bytes, size_t len)
{
    struct run_sev *sev = ctx;
    char name[32];

    if (sev->n_regions == REGIONS_MAX) {
        sev->failed = true;
        return;
    }
    region_name(sev->n_regions, name);
    write_dump(sev, name, bytes, len);
    sev->region[sev->n_regions].gpa = gpa;
    sev->region[sev->n_regions++].len = len;
}

static json_t *regions_json(const struct run_sev *sev)
{
    json_t *list = json_array();
    char name[32];

    for (unsigned i = 0; i < sev->n_regions; i++) {
        region_name(i, name);
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "file", name, "gpa",
                                              (json_int_t)sev->region[i].gpa, "len",
                                              (json_int_t)sev->region[i].len));
    }
    return list;
}

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
    char text[2 * CBIT_SEV_MEASURE_SIZE + 1] = "";

    for (size_t i = 0; i < len && i < CBIT_SEV_MEASURE_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static void dump_summary(struct run_sev *sev, const struct cbit_sev_info *info,
                         const uint8_t measure[CBIT_SEV_MEASURE_SIZE])
{
    char base64[128];
    json_t *all = json_pack(
        "{s:i, s:i, s:i, s:i, s:I, s:o, s:o, s:o}", "layout", 1, "api_major", (int)info->api_major,
        "api_minor", (int)info->api_minor, "build", (int)info->build, "policy",
        (json_int_t)info->policy, "measure", hex_json(measure, 32), "nonce",
        hex_json(measure + 32, 16), "regions", regions_json(sev));
    char *text = json_dumps(all, JSON_INDENT(1));

    if (text)
        write_dump(sev, "launch.json", text, strlen(text));
    free(text);
    json_decref(all);
    cb_base64_encode(measure, CBIT_SEV_MEASURE_SIZE, base64);
    write_dump(sev, "measurement.b64", base64, strlen(base64));
    if (sev->has_own) {
        write_dump(sev, "tik.bin", sev->own.keys.tik, sizeof sev->own.keys.tik);
        write_dump(sev, "tek.bin", sev->own.keys.tek, sizeof sev->own.keys.tek);
    }
}

bool run_sev_launched(struct run_sev *sev, struct cbit_machine *machine)
{
    uint8_t measure[CBIT_SEV_MEASURE_SIZE];
    struct cbit_sev_info info;
    struct cbit_why why = {{0}};

    if (!sev->options.dump)
        return true;
    cbit_sev_info(machine, &info);
    if (cbit_sev_measure(machine, measure, &why)) {
        cli_fail("cbit run", "--sev-dump: %s", why.text);
        return false;
    }
    dump_summary(sev, &info, measure);
    sev->n_regions = 0; /* a reset launches again */
    return !sev->failed;
}

/* ---- life ---- */

static bool make_dump_folder(const struct run_sev_options *o)
{
    const enum cbit_status status = o->dump ? host_folder_make(o->dump) : CBIT_OK;

    if (status)
        cli_fail("cbit run", "--sev-dump %s: %s", o->dump, cli_status_text(status));
    return !status;
}

struct run_sev *run_sev_new(const struct run_sev_options *options)
{
    struct run_sev *sev = calloc(1, sizeof *sev);

    if (!sev) {
        cli_fail("cbit run", "no memory");
        return NULL;
    }
    sev->options = *options;
    cbit_sev_config_init(&sev->config);
    sev->config.policy = options->policy;
    sev->config.c_bit = options->cbitpos;
    sev->config.reduced_phys_bits = options->reduced_phys_bits;
    sev->config.ctx = sev;
    sev->config.make_session = make_session;
    sev->config.launched = options->dump ? on_launched : NULL;
    if (read_session(sev) && make_dump_folder(options))
        return sev;
    run_sev_free(sev);
    return NULL;
}

void run_sev_free(struct run_sev *sev)
{
    if (!sev)
        return;
    cb_wipe(sev, sizeof *sev);
    free(sev);
}

const struct cbit_sev_config *run_sev_config(const struct run_sev *sev)
{
    return &sev->config;
}
