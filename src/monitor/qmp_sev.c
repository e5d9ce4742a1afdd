/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's SEV commands: names, members and base64 as in its QAPI schema
 * (qapi/misc-target.json), so that what talks to QEMU's socket talks to this one.
 */
#include <stdlib.h>

#include "base/base64.h"
#include "monitor/qmp.h"

#define SECRET_MAX 0x8000u

/* The reason that the machine gave, or else the error's own words. */
static void refuse_why(struct mon_reply *reply, enum cbit_error error, const struct cbit_why *why)
{
    if (error)
        mon_refuse(reply, "%s", *why->text ? why->text : cbit_error_text(error));
}

static const struct mon_sev_ops *sev_ops(struct mon *mon, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = mon_config_of(mon)->ops->sev;

    if (!ops)
        mon_refuse(reply, "SEV is not in use");
    return ops;
}

static json_t *base64(const void *bytes, size_t len)
{
    char *text = malloc(cb_base64_len(len) + 1);
    json_t *value = NULL;

    if (text) {
        cb_base64_encode(bytes, len, text);
        value = json_string(text);
    }
    free(text);
    return value;
}

/* An argument's bytes; false with a reason. */
static bool take_base64(json_t *args, const char *name, uint8_t *to, size_t max, size_t *len,
                        struct mon_reply *reply)
{
    if (cb_base64_decode(json_string_value(json_object_get(args, name)), to, max, len))
        return true;
    mon_refuse(reply, "Parameter '%s' is not base64 of at most %zu bytes", name, max);
    return false;
}

void mon_query_sev(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);
    struct cbit_sev_info info = {.state = "uninit"};

    (void)args;
    if (config->ops->sev)
        config->ops->sev->info(config->ctx, &info);
    reply->answer = json_pack(
        "{s:b, s:i, s:i, s:i, s:I, s:s, s:I}", "enabled", (int)info.enabled, "api-major",
        (int)info.api_major, "api-minor", (int)info.api_minor, "build-id", (int)info.build,
        "policy", (json_int_t)info.policy, "state", info.state, "handle", (json_int_t)info.handle);
}

void mon_query_sev_capabilities(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = sev_ops(mon, reply);
    struct cbit_sev_capabilities caps;
    struct cbit_why why = {{0}};

    (void)args;
    if (!ops)
        return;
    const enum cbit_error error = ops->capabilities(mon_config_of(mon)->ctx, &caps, &why);

    refuse_why(reply, error, &why);
    if (!error)
        reply->answer = json_pack("{s:o, s:o, s:o, s:i, s:i}", "pdh",
                                  base64(caps.pdh, sizeof caps.pdh), "cert-chain",
                                  base64(caps.chain, sizeof caps.chain), "cpu0-id",
                                  base64(caps.id, sizeof caps.id), "cbitpos", (int)caps.c_bit,
                                  "reduced-phys-bits", (int)caps.reduced_phys_bits);
}

void mon_query_sev_launch_measure(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = sev_ops(mon, reply);
    uint8_t measure[CBIT_SEV_MEASURE_SIZE];
    struct cbit_why why = {{0}};

    (void)args;
    if (!ops)
        return;
    const enum cbit_error error = ops->measure(mon_config_of(mon)->ctx, measure, &why);

    refuse_why(reply, error, &why);
    if (!error)
        reply->answer = json_pack("{s:o}", "data", base64(measure, sizeof measure));
}

void mon_query_sev_attestation_report(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = sev_ops(mon, reply);
    uint8_t mnonce[16], report[CBIT_SEV_REPORT_SIZE];
    struct cbit_why why = {{0}};
    size_t len;

    if (!ops || !take_base64(args, "mnonce", mnonce, sizeof mnonce, &len, reply))
        return;
    if (len != sizeof mnonce) {
        mon_refuse(reply, "Parameter 'mnonce' has %zu bytes, not 16", len);
        return;
    }
    const enum cbit_error error = ops->report(mon_config_of(mon)->ctx, mnonce, report, &why);

    refuse_why(reply, error, &why);
    if (!error)
        reply->answer = json_pack("{s:o}", "data", base64(report, sizeof report));
}

void mon_sev_inject_launch_secret(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = sev_ops(mon, reply);
    const json_int_t gpa = json_integer_value(json_object_get(args, "gpa"));
    uint8_t header[256], *secret = malloc(SECRET_MAX);
    size_t header_len, secret_len;
    struct cbit_why why = {{0}};

    if (ops && gpa < 0)
        mon_refuse(reply, "Parameter 'gpa' is negative");
    else if (ops && secret &&
             take_base64(args, "packet-header", header, sizeof header, &header_len, reply) &&
             take_base64(args, "secret", secret, SECRET_MAX, &secret_len, reply))
        refuse_why(reply,
                   ops->inject(mon_config_of(mon)->ctx, (struct cbit_bytes){header, header_len},
                               (struct cbit_bytes){secret, secret_len}, (uint64_t)gpa, &why),
                   &why);
    free(secret);
}

/* {"addr": A, "len": N}: DBG_DECRYPT; {"addr": A, "data": BASE64}: DBG_ENCRYPT. */
#define DEBUG_MAX 65536u
static void debug_read(const struct mon_sev_ops *ops, void *ctx, uint64_t at, json_int_t len,
                       struct mon_reply *reply)
{
    struct cbit_why why = {{0}};
    uint8_t *bytes;

    if (len <= 0 || len > (json_int_t)DEBUG_MAX) {
        mon_refuse(reply, "Parameter 'len' is not within 1 .. %u", DEBUG_MAX);
        return;
    }
    bytes = malloc((size_t)len);
    if (!bytes)
        return;
    const enum cbit_error error = ops->debug_read(ctx, at, bytes, (size_t)len, &why);

    refuse_why(reply, error, &why);
    if (!error)
        reply->answer = json_pack("{s:o}", "data", base64(bytes, (size_t)len));
    cb_wipe(bytes, (size_t)len);
    free(bytes);
}

static void debug_write(const struct mon_sev_ops *ops, void *ctx, uint64_t at, json_t *args,
                        struct mon_reply *reply)
{
    uint8_t *bytes = malloc(DEBUG_MAX);
    struct cbit_why why = {{0}};
    size_t len;

    if (bytes && take_base64(args, "data", bytes, DEBUG_MAX, &len, reply))
        refuse_why(reply, ops->debug_write(ctx, at, bytes, len, &why), &why);
    free(bytes);
}

void mon_cbit_dbg(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_sev_ops *ops = sev_ops(mon, reply);
    const json_int_t at = json_integer_value(json_object_get(args, "addr"));
    const json_t *len = json_object_get(args, "len"), *data = json_object_get(args, "data");
    void *ctx = mon_config_of(mon)->ctx;

    if (!ops)
        return;
    if (at < 0)
        mon_refuse(reply, "Parameter 'addr' is negative");
    else if (!len == !data)
        mon_refuse(reply, "either 'len' (decrypt) or 'data' (encrypt) is wanted");
    else if (len)
        debug_read(ops, ctx, (uint64_t)at, json_integer_value(len), reply);
    else
        debug_write(ops, ctx, (uint64_t)at, args, reply);
}

/* {"addr": GPA}: the physical address of the machine where that lies. */
void mon_cbit_gpa(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);
    const json_int_t gpa = json_integer_value(json_object_get(args, "addr"));
    uint64_t address;

    if (gpa < 0 || config->ops->find(config->ctx, (uint64_t)gpa, &address))
        mon_refuse(reply, "no guest has memory there");
    else
        reply->answer = json_pack("{s:I}", "addr", (json_int_t)address);
}
