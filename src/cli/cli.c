/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a verb; messages that all verbs share. */
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
