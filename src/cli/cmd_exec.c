/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit exec: runs a program with /dev/sev answered, as if Linux's ccp driver were
 * loaded on a machine with the platform of --state.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/platform.h"
#include "host/exec.h"

static const char verb[] = "cbit exec";

struct options {
    struct cli_platform_options platform;
    const char *via;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"state", "DIR", cli_text, AT(platform.state),
     "the chip to show (default: the default folder's if 'cbit asp setup' made one, else a new one)", NULL},
    {"profile", "NAME", cli_choice, AT(platform.profile), "generation of a new chip (default milan)",
     "naples rome milan genoa"},
    {"seed", "N", cli_platform_seed, AT(platform), "a new chip follows from this number; shown as seeded", NULL},
    {"via", "auto|preload|seccomp", cli_choice, AT(via),
     "how the program is reached: preload library, or seccomp for static and Go programs",
     "auto preload seccomp"},
    {"trace", NULL, cli_flag, AT(platform.trace), "each firmware command on standard error", NULL},
};

/* CBIT_PRELOAD, then beside the program in the build tree, then where it was installed. */
static bool find_preload(char *path, size_t size)
{
    const char *given = getenv("CBIT_PRELOAD");
    char self[4096];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    static const char *const places[] = {"../host/libcbit-preload.so",
                                         "../" CBIT_LIBDIR "/cbit/libcbit-preload.so"};

    if (given != NULL)
        return (size_t)snprintf(path, size, "%s", given) < size && access(path, R_OK) == 0;
    if (n <= 0)
        return false;
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < CB_ARRAY_LEN(places); i++) {
        char joined[8192];
        char *whole;

        snprintf(joined, sizeof joined, "%s/%s", self, places[i]);
        whole = realpath(joined, NULL);
        if (whole != NULL && (size_t)snprintf(path, size, "%s", whole) < size) {
            free(whole);
            return true;
        }
        free(whole);
    }
    return false;
}

static enum host_exec_via via_of(const char *name)
{
    if (strcmp(name, "preload") == 0)
        return HOST_EXEC_PRELOAD;
    return strcmp(name, "seccomp") == 0 ? HOST_EXEC_NOTIFY : HOST_EXEC_AUTO;
}

static int run(const struct options *options, char *const *program)
{
    struct cli_platform platform;
    struct host_devsev_firmware firmware;
    struct host_exec_why why = {{0}};
    char preload[4096];
    struct host_exec exec = {.argv = program, .via = via_of(options->via), .firmware = &firmware};
    unsigned status;
    int code = CLI_EXIT_ERROR;

    if (!cli_platform_open(verb, &options->platform, &platform))
        return CLI_EXIT_ERROR;
    exec.preload = find_preload(preload, sizeof preload) ? preload : NULL;
    firmware = cli_platform_firmware(&platform);
    status = host_devsev_probe(&firmware);
    if (status != 0)
        cli_fail(verb, "the platform's INIT fails: %s", cbit_asp_status_name(status));
    else if (host_exec_run(&exec, &code, &why) != CBIT_OK)
        code = cli_fail(verb, "%s", why.text);
    cli_platform_close(&platform);
    return code;
}

int cli_cmd_exec(int argc, char **argv)
{
    struct options options = {.via = "auto"};
    const char *words[1];
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &options, .words = words, .max_words = 1,
                            .stop_at_word = true};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[options] [--] PROGRAM [ARG...]", &why);
    if (line.n_words == 0)
        return cli_fail(verb, "which program? (see cbit exec --help)");
    for (int i = 1; i < argc; i++) {
        if (argv[i] == words[0])
            return run(&options, argv + i);
    }
    return CLI_EXIT_ERROR;
}
