/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands, as a table: name, function, arguments.  A command checks its
 * arguments, asks the machine through struct mon_ops, and answers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/qmp.h"

#define READ_MAX 65536u        /* bytes that one cbit-dram answer carries */
#define CHUNK (UINT64_C(1) << 20)

void mon_refuse(struct mon_reply *reply, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reply->reason, sizeof reply->reason, format, args);
    va_end(args);
}

static void refuse_error(struct mon_reply *reply, enum cbit_error error)
{
    if (error)
        mon_refuse(reply, "%s", cbit_error_text(error));
}

/* ---- run control ---- */

static void query_status(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);
    const char *status = config->ops->status(config->ctx);

    (void)args;
    reply->answer = json_pack("{s:s, s:b, s:b}", "status", status, "running",
                              strcmp(status, "running") == 0, "singlestep", 0);
}

static void stop(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);

    (void)args;
    (void)reply;
    config->ops->stop(config->ctx);
}

static void cont(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);

    (void)args;
    (void)reply;
    config->ops->cont(config->ctx);
}

static void quit(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);

    (void)args;
    (void)reply;
    config->ops->quit(config->ctx);
}

static void system_reset(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);

    (void)args;
    refuse_error(reply, config->ops->reset(config->ctx));
}

static void system_powerdown(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);

    (void)args;
    if (config->ops->powerdown(config->ctx))
        mon_refuse(reply, "this platform has no power button");
}

/* ---- memory ---- */

/* A number of JSON that is an address or length; negative ones are refused. */
static bool whole(json_t *args, const char *name, uint64_t *value, struct mon_reply *reply)
{
    const json_int_t v = json_integer_value(json_object_get(args, name));

    if (v < 0) {
        mon_refuse(reply, "Parameter '%s' is negative", name);
        return false;
    }
    *value = (uint64_t)v;
    return true;
}

/* One source of bytes: a view, or what C=0 reads. */
struct source {
    const struct mon_config *config;
    bool c0;
    cbit_view view;
};

static enum cbit_error look(const struct source *source, uint64_t at, void *to, size_t len)
{
    const struct mon_config *config = source->config;

    return source->c0 ? config->ops->peek_c0(config->ctx, at, to, len)
                      : config->ops->peek(config->ctx, at, source->view, to, len);
}

/* [at, at + len) to the file, at the file's offset `offset`. */
static enum cbit_error save_range(const struct source *source, int fd, uint64_t at, uint64_t len,
                                  uint64_t offset)
{
    uint8_t *chunk = malloc(CHUNK);
    enum cbit_error error = chunk ? CBIT_E_OK : CBIT_E_NO_MEMORY;

    while (!error && len > 0) {
        const size_t part = len < CHUNK ? (size_t)len : (size_t)CHUNK;

        error = look(source, at, chunk, part);
        if (!error && host_dump_write(fd, offset, chunk, part))
            error = CBIT_E_IO;
        at += part;
        offset += part;
        len -= part;
    }
    if (chunk)
        cb_wipe(chunk, CHUNK);
    free(chunk);
    return error;
}

static void report_save(struct mon_reply *reply, const char *path, enum cbit_error error)
{
    if (error == CBIT_E_IO)
        mon_refuse(reply, "%.150s: %s", path, strerror(errno));
    else
        refuse_error(reply, error);
}

/* Opens, saves, closes; the file keeps what was written if it fails midway. */
static void save_one(const struct source *source, const char *path, uint64_t at, uint64_t len,
                     struct mon_reply *reply)
{
    uint8_t probe;
    uint64_t end;

    /* a range outside DRAM leaves no file behind */
    if (len == 0 || !cb_add_ok(at, len, &end) || look(source, at, &probe, 1) ||
        look(source, end - 1, &probe, 1)) {
        mon_refuse(reply, "the range is not DRAM, or there is no such view");
        return;
    }
    const int fd = host_dump_open(path, len);

    if (fd < 0) {
        report_save(reply, path, CBIT_E_IO);
        return;
    }
    report_save(reply, path, save_range(source, fd, at, len, 0));
    close(fd);
}

static void pmemsave(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct source source = {.config = mon_config_of(mon), .c0 = true};
    uint64_t at, len;

    if (whole(args, "val", &at, reply) && whole(args, "size", &len, reply))
        save_one(&source, json_string_value(json_object_get(args, "filename")), at, len, reply);
}

/* All DRAM; a byte's offset in the file is its physical address. */
static void save_all(const struct source *source, const char *path, struct mon_reply *reply)
{
    struct cbit_range range[8];
    const size_t n = source->config->ops->dram(source->config->ctx, range, CB_ARRAY_LEN(range));
    const size_t shown = n < CB_ARRAY_LEN(range) ? n : CB_ARRAY_LEN(range);
    uint8_t probe;

    if (shown == 0 || look(source, range[0].base, &probe, 1)) {
        mon_refuse(reply, "there is no such view");
        return;
    }
    const int fd = host_dump_open(path, range[shown - 1].base + range[shown - 1].size);
    enum cbit_error error = fd < 0 ? CBIT_E_IO : CBIT_E_OK;

    for (size_t i = 0; i < shown && !error; i++)
        error = save_range(source, fd, range[i].base, range[i].size, range[i].base);
    report_save(reply, path, error);
    if (fd >= 0)
        close(fd);
}

static char *hex_of(const uint8_t *bytes, size_t len)
{
    static const char digit[] = "0123456789abcdef";
    char *text = malloc(2 * len + 1);

    if (!text)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digit[bytes[i] >> 4];
        text[2 * i + 1] = digit[bytes[i] & 15];
    }
    text[2 * len] = 0;
    return text;
}

static void read_inline(const struct source *source, uint64_t at, uint64_t len,
                        struct mon_reply *reply)
{
    uint8_t bytes[READ_MAX];

    if (len == 0 || len > READ_MAX) {
        mon_refuse(reply, "Parameter 'len' is not within 1 .. %u", READ_MAX);
        return;
    }
    const enum cbit_error error = look(source, at, bytes, (size_t)len);

    if (error) {
        refuse_error(reply, error);
        return;
    }
    char *text = hex_of(bytes, (size_t)len);

    reply->answer = json_pack("{s:s, s:b}", "data", text ? text : "", "exposed",
                              (int)source->config->exposed);
    free(text);
}

/*
 * {"view": V, "addr": A, "len": N}: the bytes; {"view": V, "filename": F}: all
 * of DRAM into a file.
 */
static void cbit_dram(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    struct source source = {.config = mon_config_of(mon)};
    const char *path = json_string_value(json_object_get(args, "filename"));
    uint64_t at, len;

    if (!mon_view_parse(json_string_value(json_object_get(args, "view")), &source.view)) {
        mon_refuse(reply, "Parameter 'view' is none of: raw host asid=N");
        return;
    }
    if (path) {
        save_all(&source, path, reply);
        if (!*reply->reason)
            reply->answer = json_pack("{s:b}", "exposed", (int)source.config->exposed);
    } else if (whole(args, "addr", &at, reply) && whole(args, "len", &len, reply)) {
        read_inline(&source, at, len, reply);
    }
}

#define RUNS_MAX 16384u /* an answer stays well under a megabyte */
#define RUN_MAX (1 << 20)

static int view_of(const struct mon_config *config, uint64_t at)
{
    cbit_view view;

    return config->ops->frame(config->ctx, at, &view) ? (int)view : -1;
}

/*
 * {"addr": A}: runs of [frames, view] from A on, -1 for frames never written, and
 * where the next question begins; 0: that was all.  Holes between ranges count as
 * never written.
 */
static void cbit_frames(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    const struct mon_config *config = mon_config_of(mon);
    struct cbit_range range[8];
    size_t n = config->ops->dram(config->ctx, range, CB_ARRAY_LEN(range));
    uint64_t at;

    if (!whole(args, "addr", &at, reply))
        return;
    n = n < CB_ARRAY_LEN(range) ? n : CB_ARRAY_LEN(range);
    const uint64_t end = n ? range[n - 1].base + range[n - 1].size : 0;
    json_t *runs = json_array();

    at = cb_align_down(at, CB_PAGE_SIZE);
    for (size_t r = 0; r < RUNS_MAX && at < end; r++) {
        const int view = view_of(config, at);
        int count = 0;

        while (at < end && count < RUN_MAX && view_of(config, at) == view) {
            count++;
            at += CB_PAGE_SIZE;
        }
        json_array_append_new(runs, json_pack("[i, i]", count, view));
    }
    reply->answer = json_pack("{s:o, s:I}", "runs", runs, "next", (json_int_t)(at < end ? at : 0));
}

/* ---- the protocol's own ---- */

static void nothing(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    (void)mon;
    (void)args;
    (void)reply;
}

static void query_commands(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    (void)mon;
    (void)args;
    reply->answer = json_array();
    for (size_t i = 0; mon_command_at(i); i++)
        json_array_append_new(reply->answer, json_pack("{s:s}", "name", mon_command_at(i)->name));
}

static void query_version(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    (void)mon;
    (void)args;
    reply->answer = json_pack("{s:{s:i,s:i,s:i}, s:s}", "qemu", "major", 0, "minor", 1, "micro", 0,
                              "package", "cbit " CBIT_VERSION_TEXT);
}

static const struct mon_command commands[] = {
    {"qmp_capabilities", nothing, {{"enable", JSON_ARRAY, true}}},
    {"query-commands", query_commands, {{0}}},
    {"query-version", query_version, {{0}}},
    {"query-status", query_status, {{0}}},
    {"stop", stop, {{0}}},
    {"cont", cont, {{0}}},
    {"quit", quit, {{0}}},
    {"system_reset", system_reset, {{0}}},
    {"system_powerdown", system_powerdown, {{0}}},
    {"pmemsave",
     pmemsave,
     {{"val", JSON_INTEGER, false}, {"size", JSON_INTEGER, false}, {"filename", JSON_STRING, false}}},
    {"dump-guest-memory",
     mon_dump_guest_memory,
     {{"paging", JSON_ANY_BOOL, false},
      {"protocol", JSON_STRING, false},
      {"detach", JSON_ANY_BOOL, true},
      {"begin", JSON_INTEGER, true},
      {"length", JSON_INTEGER, true},
      {"format", JSON_STRING, true}}},
    {"query-dump-guest-memory-capability", mon_query_dump_capability, {{0}}},
    {"query-sev", mon_query_sev, {{0}}},
    {"query-sev-capabilities", mon_query_sev_capabilities, {{0}}},
    {"query-sev-launch-measure", mon_query_sev_launch_measure, {{0}}},
    {"query-sev-attestation-report",
     mon_query_sev_attestation_report,
     {{"mnonce", JSON_STRING, false}}},
    {"sev-inject-launch-secret",
     mon_sev_inject_launch_secret,
     {{"packet-header", JSON_STRING, false},
      {"secret", JSON_STRING, false},
      {"gpa", JSON_INTEGER, true}}},
    {"cbit-dbg",
     mon_cbit_dbg,
     {{"addr", JSON_INTEGER, false}, {"len", JSON_INTEGER, true}, {"data", JSON_STRING, true}}},
    {"cbit-gpa", mon_cbit_gpa, {{"addr", JSON_INTEGER, false}}},
    {"cbit-frames", cbit_frames, {{"addr", JSON_INTEGER, true}}},
    {"cbit-dram",
     cbit_dram,
     {{"view", JSON_STRING, false},
      {"addr", JSON_INTEGER, true},
      {"len", JSON_INTEGER, true},
      {"filename", JSON_STRING, true}}},
};

const struct mon_command *mon_command_at(size_t i)
{
    return i < CB_ARRAY_LEN(commands) ? &commands[i] : NULL;
}

const struct mon_command *mon_command_find(const char *name)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static const struct mon_param *param_of(const struct mon_command *command, const char *name)
{
    for (size_t i = 0; i < MON_MAX_PARAMS && command->params[i].name; i++) {
        if (strcmp(command->params[i].name, name) == 0)
            return &command->params[i];
    }
    return NULL;
}

/* jansson has a type for each truth value; a parameter wants either. */
static json_type type_of(const json_t *value)
{
    return json_is_boolean(value) ? JSON_ANY_BOOL : json_typeof(value);
}

static bool one_param_ok(const struct mon_param *param, json_t *args, struct mon_reply *reply)
{
    json_t *value = json_object_get(args, param->name);

    if (!value) {
        if (!param->optional)
            mon_refuse(reply, "Parameter '%s' is missing", param->name);
    } else if (type_of(value) != param->type) {
        mon_refuse(reply, "Invalid parameter type for '%s'", param->name);
    }
    return !*reply->reason;
}

bool mon_params_ok(const struct mon_command *command, json_t *args, struct mon_reply *reply)
{
    const char *name;
    json_t *value;

    json_object_foreach(args, name, value)
    {
        if (!param_of(command, name)) {
            mon_refuse(reply, "Parameter '%.100s' is unexpected", name);
            return false;
        }
    }
    for (size_t i = 0; i < MON_MAX_PARAMS && command->params[i].name; i++) {
        if (!one_param_ok(&command->params[i], args, reply))
            return false;
    }
    return true;
}

bool mon_view_parse(const char *text, cbit_view *view)
{
    char *end;

    if (strcmp(text, "raw") == 0 || strcmp(text, "host") == 0) {
        *view = text[0] == 'r' ? CBIT_VIEW_RAW : CBIT_VIEW_HOST;
        return true;
    }
    if (strncmp(text, "asid=", 5) != 0 || text[5] < '1' || text[5] > '9')
        return false;
    const unsigned long n = strtoul(text + 5, &end, 10);

    if (*end || n > 65000)
        return false;
    *view = CBIT_VIEW_ASID((unsigned)n);
    return true;
}
