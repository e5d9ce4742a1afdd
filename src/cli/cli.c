/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a verb; messages that all verbs share. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"

int cli_fail(const char *verb, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", verb);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return CLI_EXIT_ERROR;
}

int cli_usage(enum cli_parsed parsed, const struct cli_line *line, const char *synopsis,
              const struct cli_why *why)
{
    if (parsed == CLI_USAGE) {
        fprintf(stderr, "%s\n", why->text);
        return CLI_EXIT_ERROR;
    }
    printf("usage: %s %s\n", line->verb, synopsis);
    if (line->n_options) {
        printf("\n");
        cli_options_help(stdout, line->table, line->n_options);
    }
    return CLI_EXIT_OK;
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        cli_cmd_help(1, argv);
        return CLI_EXIT_ERROR;
    }
    const char *name = argv[1];

    if (strcmp(name, "--version") == 0)
        name = "version";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    const struct cli_verb *verb = cli_verb_find(name);

    if (!verb)
        return cli_fail("cbit", "argument 1: unknown verb '%.80s' (see cbit help)", argv[1]);
    return verb->run(argc - 1, argv + 1);
}

const char *cli_status_text(enum cbit_status status)
{
    return status == CBIT_IO ? strerror(errno) : cb_status_text(status);
}

static void list_subverbs(FILE *to, const char *verb, const struct cli_subverb *rows, size_t n,
                          const char *more)
{
    fprintf(to, "usage: %s VERB [options]\n", verb);
    if (more)
        fprintf(to, "       %s\n", more);
    fprintf(to, "\n");
    for (size_t i = 0; i < n; i++)
        fprintf(to, "  %-9s %s\n", rows[i].name, rows[i].summary);
}

int cli_subverb_run(const char *verb, const struct cli_subverb *rows, size_t n, const char *more,
                    int argc, char **argv)
{
    const bool help = argc >= 2 && strcmp(argv[1], "--help") == 0;

    if (argc < 2 || help) {
        list_subverbs(help ? stdout : stderr, verb, rows, n, more);
        return help ? CLI_EXIT_OK : CLI_EXIT_ERROR;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(argv[1], rows[i].name) == 0)
            return rows[i].run(argc - 1, argv + 1);
    }
    return cli_fail(verb, "'%s' is none of its verbs (see %s --help)", argv[1], verb);
}
