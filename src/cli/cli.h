/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of cli: the program cbit.  One file cmd_<verb>.c a verb and one row
 * a verb in verbs.c.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"

/* Exit codes that are no verb's own; DESIGN: 2 is a usage or host error everywhere. */
enum cli_exit { CLI_EXIT_OK = 0, CLI_EXIT_NO = 1, CLI_EXIT_ERROR = 2 };

typedef int cli_verb_fn(int argc, char **argv); /* argv[0] is the verb's name */

struct cli_verb {
    const char *name;
    const char *summary; /* one line */
    cli_verb_fn *run;
};

/* The i-th verb; NULL past the last. */
const struct cli_verb *cli_verb_at(size_t i);
const struct cli_verb *cli_verb_find(const char *name);

int cli_main(int argc, char **argv);

/* A verb of verbs: cbit asp, cbit owner. */
struct cli_subverb {
    const char *name, *summary;
    cli_verb_fn *run;
};
/*
 * Runs the row that argv[1] names; verb is "cbit asp", more a further line of its
 * usage or NULL.  Without a name, or with --help, it lists the rows.
 */
int cli_subverb_run(const char *verb, const struct cli_subverb *rows, size_t n, const char *more,
                    int argc, char **argv);

/* What a failure was: errno's text for CBIT_IO, else the status' own. */
const char *cli_status_text(enum cbit_status status);

/* "cbit run: text" on standard error; returns CLI_EXIT_ERROR. */
__attribute__((format(printf, 2, 3))) int cli_fail(const char *verb, const char *format, ...);
/* Ends a verb whose command line was not CLI_OK: help on stdout (0) or the reason (2). */
int cli_usage(enum cli_parsed parsed, const struct cli_line *line, const char *synopsis,
              const struct cli_why *why);

cli_verb_fn cli_cmd_attack;
cli_verb_fn cli_cmd_run, cli_cmd_dram, cli_cmd_qmp, cli_cmd_owner, cli_cmd_exec, cli_cmd_asp, cli_cmd_doctor, cli_cmd_help, cli_cmd_version, cli_cmd_view;

#endif
