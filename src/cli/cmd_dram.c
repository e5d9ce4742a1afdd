/* SPDX-License-Identifier: Apache-2.0 */
/* cbit dram: a running machine's memory through somebody's eyes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <unistd.h>

#include <jansson.h>

#include "base/base64.h"
#include "cli/address.h"
#include "cli/cli.h"
#include "cli/dram_map.h"
#include "cli/hexdump.h"
#include "monitor/monitor.h"

static const char verb[] = "cbit dram";

struct dram_options {
    const char *control, *view, *png;
    bool dbg, gpa;
};

static bool take_view(const struct cli_option *option, const char *text, void *field,
                      struct cli_why *why)
{
    cbit_view view;

    if (mon_view_parse(text, &view))
        return cli_text(option, text, field, why);
    snprintf(why->text, sizeof why->text, "is none of: raw host asid=N");
    return false;
}

static const struct cli_option table[] = {
    {"control", "unix:PATH", cli_text, offsetof(struct dram_options, control),
     "the machine's control socket", NULL},
    {"view", "raw|host|asid=N", take_view, offsetof(struct dram_options, view),
     "the DIMM's pins, the SME/TSME key, or a guest's key (default raw)", NULL},
    {"gpa", NULL, cli_flag, offsetof(struct dram_options, gpa),
     "read, write: ADDR is the guest's, not the machine's", NULL},
    {"dbg", NULL, cli_flag, offsetof(struct dram_options, dbg),
     "read, write: through the AMD-SP's DBG commands, where the guest's policy allows it", NULL},
    {"png", "FILE", cli_text, offsetof(struct dram_options, png),
     "map: a picture, one pixel a frame, instead of text", NULL},
};

/* A word of the command line as a number or a size. */
static bool word_value(const char *name, const char *text, uint64_t *value)
{
    const struct cli_option unused = {0};
    struct cli_why why = {{0}};

    if (cli_size(&unused, text, value, &why))
        return true;
    cli_fail(verb, "%s %s: %s", name, text, why.text);
    return false;
}

static void say_exposed(bool exposed)
{
    if (exposed)
        fprintf(stderr, "cbit: EXPOSED: the keys of this platform were written to a file\n");
}

/* cbit-dbg with these members; the answer's text, or NULL with the message printed. */
static char *ask_dbg(struct mon_client *client, json_t *args)
{
    char *text = args ? json_dumps(args, JSON_COMPACT) : NULL;
    char *answer = NULL;
    struct cbit_why why = {{0}};

    if (!text || mon_client_ask(client, "cbit-dbg", text, &answer, &why)) {
        cli_fail(verb, "%s", *why.text ? why.text : "no memory");
        answer = NULL;
    }
    free(text);
    json_decref(args);
    return answer;
}

/* A piece of at most DBG_PIECE bytes. */
#define DBG_PIECE 65536u
static bool dbg_piece(struct mon_client *client, uint64_t at, uint8_t *to, size_t len)
{
    char *answer = ask_dbg(client, json_pack("{s:I, s:I}", "addr", (json_int_t)at, "len",
                                             (json_int_t)len));
    json_t *all = answer ? json_loads(answer, 0, NULL) : NULL;
    const char *data = json_string_value(json_object_get(all, "data"));
    size_t got = 0;
    const bool ok = data && cb_base64_decode(data, to, len, &got) && got == len;

    if (answer && !ok)
        cli_fail(verb, "the machine's answer is ill-formed");
    json_decref(all);
    free(answer);
    return ok;
}

static int dbg_read(struct mon_client *client, uint64_t at, uint64_t len)
{
    uint8_t *bytes = malloc(DBG_PIECE);
    bool ok = bytes != NULL;

    for (uint64_t done = 0; ok && done < len; done += DBG_PIECE) {
        const size_t n = len - done < DBG_PIECE ? (size_t)(len - done) : DBG_PIECE;

        ok = dbg_piece(client, at + done, bytes, n);
        if (ok)
            cli_hexdump(stdout, at + done, bytes, n);
    }
    if (bytes)
        cb_wipe(bytes, DBG_PIECE);
    free(bytes);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

/* Whole 16-byte blocks, two digits a byte. */
static int dram_write(struct mon_client *client, const struct dram_options *o, const char **words)
{
    const size_t digits = strlen(words[2]);
    uint8_t bytes[512];
    char text[sizeof bytes * 2];
    uint64_t at;

    if (!o->dbg)
        return cli_fail(verb, "write goes with --dbg: memory is written through the AMD-SP alone");
    if (!cli_address(client, verb, words[1], o->gpa, &at))
        return CLI_EXIT_ERROR;
    if (digits == 0 || digits % 2 || digits / 2 > sizeof bytes ||
        strspn(words[2], "0123456789abcdefABCDEF") != digits)
        return cli_fail(verb, "HEX: two digits a byte, at most %zu bytes", sizeof bytes);
    for (size_t i = 0; i < digits / 2; i++) {
        const char pair[3] = {words[2][2 * i], words[2][2 * i + 1], 0};

        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    cb_base64_encode(bytes, digits / 2, text);
    char *answer =
        ask_dbg(client, json_pack("{s:I, s:s}", "addr", (json_int_t)at, "data", text));
    const bool ok = answer != NULL;

    free(answer);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

static int dram_read(struct mon_client *client, const struct dram_options *o, const char **words)
{
    uint64_t at, len;
    struct cbit_why why = {{0}};
    bool exposed = false;

    if (!cli_address(client, verb, words[1], o->gpa, &at) ||
        !word_value("LEN", words[2], &len))
        return CLI_EXIT_ERROR;
    if (len == 0 || len > (UINT64_C(1) << 30))
        return cli_fail(verb, "LEN %s: is not within 1 .. 1G", words[2]);
    if (o->dbg)
        return dbg_read(client, at, len);
    uint8_t *bytes = malloc((size_t)len);

    if (!bytes)
        return cli_fail(verb, "no memory");
    const enum cbit_status status =
        mon_client_read(client, o->view, at, bytes, (size_t)len, &exposed, &why);

    if (!status) {
        say_exposed(exposed);
        cli_hexdump(stdout, at, bytes, (size_t)len);
    }
    cb_wipe(bytes, (size_t)len);
    free(bytes);
    return status ? cli_fail(verb, "%s", why.text) : CLI_EXIT_OK;
}

/* The machine writes the file itself: its working folder may be another one. */
static char *absolute(const char *path)
{
    char folder[PATH_MAX];
    char *whole = NULL;

    if (path[0] == '/')
        return strdup(path);
    if (!getcwd(folder, sizeof folder) || asprintf(&whole, "%s/%s", folder, path) < 0)
        return NULL;
    return whole;
}

static int dram_dump(struct mon_client *client, const struct dram_options *o, const char **words)
{
    struct cbit_why why = {{0}};
    char *path = absolute(words[1]);
    json_t *args = path ? json_pack("{s:s, s:s}", "view", o->view, "filename", path) : NULL;
    char *text = args ? json_dumps(args, JSON_COMPACT) : NULL;
    char *answer = NULL;
    enum cbit_status status = CBIT_INVALID;

    if (text)
        status = mon_client_ask(client, "cbit-dram", text, &answer, &why);
    if (!status)
        say_exposed(strstr(answer, "true") != NULL);
    free(answer);
    free(text);
    json_decref(args);
    free(path);
    return status ? cli_fail(verb, "%s", *why.text ? why.text : cb_status_text(status))
                  : CLI_EXIT_OK;
}

static int dram_map(struct mon_client *client, const struct dram_options *o, const char **words)
{
    (void)words;
    return cli_dram_map(client, o->png);
}

static const struct {
    const char *name;
    size_t n_words;
    int (*run)(struct mon_client *client, const struct dram_options *o, const char **words);
} actions[] = {
    {"read", 3, dram_read},
    {"write", 3, dram_write},
    {"dump", 2, dram_dump},
    {"map", 1, dram_map},
};

static int act(const struct dram_options *o, const char **words, size_t n_words)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(actions); i++) {
        struct host_addr addr;
        struct mon_client *client;
        struct cbit_why why = {{0}};

        if (strcmp(actions[i].name, words[0]) != 0)
            continue;
        if (n_words != actions[i].n_words)
            return cli_fail(verb, "%s: wrong number of words (see cbit dram --help)", words[0]);
        if (host_addr_parse(o->control, &addr))
            return cli_fail(verb, "--control %s: is not unix:PATH", o->control);
        if (mon_client_open(&addr, &client, &why))
            return cli_fail(verb, "%s", why.text);
        const int code = actions[i].run(client, o, words);

        mon_client_close(client);
        return code;
    }
    return cli_fail(verb, "'%s' is none of: read write dump map (see cbit dram --help)", words[0]);
}

int cli_cmd_dram(int argc, char **argv)
{
    struct dram_options options = {.view = "raw"};
    const char *words[3];
    struct cli_line line = {.verb = verb,
                            .table = table,
                            .n_options = CB_ARRAY_LEN(table),
                            .into = &options,
                            .words = words,
                            .max_words = CB_ARRAY_LEN(words)};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line,
                         "read --control unix:PATH [--view VIEW | --dbg] [--gpa] ADDR LEN\n"
                         "       cbit dram write --control unix:PATH --dbg [--gpa] ADDR HEX\n"
                         "       cbit dram dump --control unix:PATH [--view VIEW] FILE\n"
                         "       cbit dram map --control unix:PATH [--png FILE]",
                         &why);
    if (line.n_words == 0)
        return cli_fail(verb, "read, write, dump or map? (see cbit dram --help)");
    if (!options.control)
        return cli_fail(verb, "--control is missing: which machine?");
    return act(&options, words, line.n_words);
}
