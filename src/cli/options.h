/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a verb as a table: one row an option.  The parser, the help text,
 * the shell completion and the tests all read the same rows.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include "base/base.h"

struct cli_option;

/* Why a value was refused, as the end of "--memory 12Q: ...". */
struct cli_why {
    char text[200];
};

/* Stores the value of text (NULL for a flag) at field; false: *why says what is wrong. */
typedef bool cli_parser(const struct cli_option *option, const char *text, void *field,
                        struct cli_why *why);

struct cli_option {
    const char *name;   /* without the dashes */
    const char *arg;    /* how help calls the argument; NULL: a flag */
    cli_parser *parse;
    size_t offset;      /* of the field in the verb's options */
    const char *help;   /* one line */
    const char *more;   /* for cli_choice: the words, separated by spaces */
};

/*
 * Parsers and the type of the field that each fills.  Fields that an option does
 * not mention keep what the caller put there.
 */
cli_parser cli_flag;    /* bool: true */
cli_parser cli_on_off;  /* bool: "on" or "off" */
cli_parser cli_tristate; /* int: 1 or 0 for "on" and "off" */
cli_parser cli_text;    /* const char * into argv */
cli_parser cli_choice;  /* const char *: one of the words in more */
cli_parser cli_u64;     /* uint64_t, decimal or 0x */
cli_parser cli_u32;     /* uint32_t */
cli_parser cli_size;    /* uint64_t bytes: digits with an optional K, M, G or T */
cli_parser cli_seconds; /* uint64_t nanoseconds: "90", "0.5" */
cli_parser cli_unbuilt; /* refused: the option is known, but not built yet */

enum cli_parsed { CLI_OK, CLI_HELP, CLI_USAGE };

/* A verb's command line: table, where values go, and words that are no options. */
struct cli_line {
    const char *verb;                /* "cbit run", for messages */
    const struct cli_option *table;
    size_t n_options;
    void *into;
    const char **words;              /* may be NULL when max_words is 0 */
    size_t max_words;
    size_t n_words;                  /* out */
    bool stop_at_word;               /* the rest belongs to somebody else (cbit exec) */
};

/*
 * Reads argv[1] .. argv[argc - 1].  CLI_USAGE: *why is a whole sentence with the
 * option and its place in the command line.
 */
enum cli_parsed cli_parse(struct cli_line *line, int argc, char **argv, struct cli_why *why);

/* One aligned line an option. */
void cli_options_help(FILE *to, const struct cli_option *table, size_t n_options);

#endif
