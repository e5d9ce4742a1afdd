/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit view: one address of a running machine as its user sees it, as the hypervisor
 * does, and as it is at the DIMM's pins, refreshed until somebody has seen enough.
 *
 * Who the user is, the frame tells: a guest, if it is kept under a guest's key, else
 * the CPU with the C-bit it used last.  Looking changes nothing (cbit-dram).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/address.h"
#include "cli/cli.h"
#include "cli/view.h"
#include "monitor/monitor.h"

#define MAX_LEN     4096u
#define DEFAULT_LEN 128u

static const char verb[] = "cbit view";

struct view_options {
    const char *control;
    bool once, json, gpa;
    uint32_t asid;
    uint64_t interval_ns;
};

static const struct cli_option table[] = {
    {"control", "unix:PATH", cli_text, offsetof(struct view_options, control),
     "the machine's control socket", NULL},
    {"asid", "N", cli_u32, offsetof(struct view_options, asid),
     "the guest whose eyes come first (default: whoever used the page last)", NULL},
    {"gpa", NULL, cli_flag, offsetof(struct view_options, gpa),
     "ADDR is the guest's, not the machine's", NULL},
    {"once", NULL, cli_flag, offsetof(struct view_options, once), "print once, and end", NULL},
    {"interval", "S", cli_seconds, offsetof(struct view_options, interval_ns),
     "seconds between two looks (default 0.5)", NULL},
    {"json", NULL, cli_flag, offsetof(struct view_options, json), "one JSON line a look", NULL},
};

struct look {
    struct mon_client *client;
    const struct view_options *options;
    uint64_t at;
    size_t len;
    char user[16];
    uint8_t bytes[VIEW_MAX_COLUMNS][MAX_LEN];
};

/* The view that the frame is kept in; a page that nobody wrote is raw. */
static bool frame_view(struct look *look, char to[16])
{
    char args[48], *answer = NULL;
    struct cbit_why why = {{0}};

    snprintf(args, sizeof args, "{\"addr\":%" PRIu64 "}", look->at);
    if (mon_client_ask(look->client, "cbit-frames", args, &answer, &why)) {
        cli_fail(verb, "%s", why.text);
        return false;
    }
    json_t *all = json_loads(answer, 0, NULL);
    const json_int_t view =
        json_integer_value(json_array_get(json_array_get(json_object_get(all, "runs"), 0), 1));

    if (view > (json_int_t)CBIT_VIEW_HOST)
        snprintf(to, 16, "asid=%d", (int)(view - (json_int_t)CBIT_VIEW_ASID(0)));
    else
        snprintf(to, 16, "%s", view == (json_int_t)CBIT_VIEW_HOST ? "host" : "raw");
    json_decref(all);
    free(answer);
    return true;
}

/* The columns that say something: a hypervisor only where there is a guest. */
static size_t choose(struct look *look, struct view_column *column)
{
    size_t n = 0;

    if (look->options->asid)
        snprintf(look->user, sizeof look->user, "asid=%" PRIu32, look->options->asid);
    else if (!frame_view(look, look->user))
        return 0;
    const bool guest = strncmp(look->user, "asid=", 5) == 0;

    column[n++] = (struct view_column){.who = guest ? "guest" : "CPU", .view = look->user};
    if (guest)
        column[n++] = (struct view_column){.who = "hypervisor", .view = "host"};
    column[n++] = (struct view_column){.who = "pins", .view = "raw"};
    for (size_t c = 0; c < n; c++)
        column[c].bytes = look->bytes[c];
    return n;
}

static bool look_once(struct look *look, bool screen)
{
    struct view_column column[VIEW_MAX_COLUMNS];
    struct cbit_why why = {{0}};
    const size_t n = choose(look, column);
    bool exposed = false;

    for (size_t c = 0; c < n; c++) {
        if (mon_client_read(look->client, column[c].view, look->at, look->bytes[c],
                            look->len, &exposed, &why)) {
            cli_fail(verb, "%s", why.text);
            return false;
        }
    }
    if (n == 0)
        return false;
    if (screen)
        fputs("\033[H\033[J", stdout);
    if (exposed)
        fputs("cbit: EXPOSED: the keys of this platform were written to a file\n",
              look->options->json ? stderr : stdout);
    if (look->options->json)
        cli_view_json(stdout, column, n, look->at, look->len);
    else
        cli_view_print(stdout, column, n, look->at, look->len, screen);
    return fflush(stdout) == 0;
}

/* Until the machine ends, or somebody interrupts. */
static int watch(struct look *look)
{
    const bool screen = !look->options->once && !look->options->json && isatty(STDOUT_FILENO);
    const uint64_t ns = look->options->interval_ns;
    const struct timespec pause = {.tv_sec = (time_t)(ns / 1000000000),
                                   .tv_nsec = (long)(ns % 1000000000)};

    for (;;) {
        if (!look_once(look, screen))
            return CLI_EXIT_ERROR;
        if (look->options->once)
            return CLI_EXIT_OK;
        nanosleep(&pause, NULL);
    }
}

static bool take_len(struct look *look, const char *text)
{
    const struct cli_option unused = {0};
    struct cli_why why = {{0}};
    uint64_t len = 0;

    if (!cli_size(&unused, text, &len, &why) || len == 0 || len > MAX_LEN) {
        cli_fail(verb, "LEN %s: is not within 1 .. %u", text, MAX_LEN);
        return false;
    }
    look->len = (size_t)len;
    return true;
}

static bool open_machine(struct look *look)
{
    struct host_addr addr;
    struct cbit_why why = {{0}};

    if (host_addr_parse(look->options->control, &addr))
        cli_fail(verb, "--control %s: is not unix:PATH", look->options->control);
    else if (mon_client_open(&addr, &look->client, &why))
        cli_fail(verb, "%s", why.text);
    return look->client != NULL;
}

static int view(const struct view_options *options, const char **words, size_t n_words)
{
    struct look *look = calloc(1, sizeof *look);
    int code = CLI_EXIT_ERROR;

    if (!look)
        return cli_fail(verb, "no memory");
    look->options = options;
    look->len = DEFAULT_LEN;
    if ((n_words == 1 || take_len(look, words[1])) && open_machine(look) &&
        cli_address(look->client, verb, words[0], options->gpa, &look->at))
        code = watch(look);
    if (look->client)
        mon_client_close(look->client);
    cb_wipe(look, sizeof *look); /* a guest's plaintext */
    free(look);
    return code;
}

int cli_cmd_view(int argc, char **argv)
{
    struct view_options options = {.interval_ns = 500000000};
    const char *words[2];
    struct cli_line line = {.verb = verb,
                            .table = table,
                            .n_options = CB_ARRAY_LEN(table),
                            .into = &options,
                            .words = words,
                            .max_words = CB_ARRAY_LEN(words)};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--control unix:PATH [options] ADDR [LEN]", &why);
    if (line.n_words == 0)
        return cli_fail(verb, "which address? (see cbit view --help)");
    if (!options.control)
        return cli_fail(verb, "--control is missing: which machine?");
    return view(&options, words, line.n_words);
}
