/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option parser.  Long options only, "--name value" or "--name=value";
 * "--" ends the options.  An option given twice takes its last value.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

__attribute__((format(printf, 2, 3))) static bool refuse(struct cli_why *why, const char *format,
                                                         ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

/* ---- values ---- */

bool cli_flag(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    (void)option;
    (void)text;
    (void)why;
    memcpy(field, &(bool){true}, sizeof(bool));
    return true;
}

static bool on_or_off(const char *text, bool *on, struct cli_why *why)
{
    *on = strcmp(text, "on") == 0;
    return *on || strcmp(text, "off") == 0 || refuse(why, "is neither 'on' nor 'off'");
}

bool cli_on_off(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    bool on;

    (void)option;
    if (!on_or_off(text, &on, why))
        return false;
    memcpy(field, &on, sizeof on);
    return true;
}

bool cli_tristate(const struct cli_option *option, const char *text, void *field,
                  struct cli_why *why)
{
    bool on;

    (void)option;
    if (!on_or_off(text, &on, why))
        return false;
    memcpy(field, &(int){on}, sizeof(int));
    return true;
}

bool cli_text(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    (void)option;
    (void)why;
    memcpy(field, &text, sizeof text);
    return true;
}

bool cli_choice(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    const size_t len = strlen(text);

    for (const char *word = option->more; *word;) {
        const size_t n = strcspn(word, " ");

        if (n == len && memcmp(word, text, n) == 0)
            return cli_text(option, text, field, why);
        word += n + (word[n] == ' ');
    }
    return refuse(why, "is none of: %s", option->more);
}

/* Digits at the front of text; *end is what follows them. */
static bool number(const char *text, uint64_t *value, char **end)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

    errno = 0;
    *value = strtoull(text, end, hex ? 16 : 10);
    return errno == 0;
}

bool cli_u64(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    uint64_t value;
    char *end;

    (void)option;
    if (!number(text, &value, &end) || *end)
        return refuse(why, "is not a number from 0 to 2^64-1");
    memcpy(field, &value, sizeof value);
    return true;
}

bool cli_u32(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    uint64_t value;
    char *end;

    (void)option;
    if (!number(text, &value, &end) || *end || value > UINT32_MAX)
        return refuse(why, "is not a number from 0 to 2^32-1");
    memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    return true;
}

bool cli_size(const struct cli_option *option, const char *text, void *field, struct cli_why *why)
{
    static const char units[] = "KMGT";
    uint64_t value, scale = 1;
    char *end;

    (void)option;
    if (!number(text, &value, &end))
        return refuse(why, "is not a size: digits, then K, M, G or T");
    if (*end) {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);

        if (!unit || end[1])
            return refuse(why, "is not a size: digits, then K, M, G or T");
        scale = UINT64_C(1) << (10 * (unit - units + 1));
    }
    if (!cb_mul_ok(value, scale, &value))
        return refuse(why, "is larger than 2^64");
    memcpy(field, &value, sizeof value);
    return true;
}

bool cli_seconds(const struct cli_option *option, const char *text, void *field,
                 struct cli_why *why)
{
    char *end;

    (void)option;
    errno = 0;
    const double s = (text[0] >= '0' && text[0] <= '9') || text[0] == '.' ? strtod(text, &end) : -1;

    if (s < 0 || *end || errno || s > 1e9)
        return refuse(why, "is not a number of seconds");
    memcpy(field, &(uint64_t){(uint64_t)(s * 1e9)}, sizeof(uint64_t));
    return true;
}

bool cli_unbuilt(const struct cli_option *option, const char *text, void *field,
                 struct cli_why *why)
{
    (void)option;
    (void)text;
    (void)field;
    return refuse(why, "this option is not built yet (docs/roadmap.md)");
}

/* ---- the command line ---- */

static const struct cli_option *find(const struct cli_line *line, const char *name, size_t len)
{
    for (size_t i = 0; i < line->n_options; i++) {
        if (strlen(line->table[i].name) == len && memcmp(line->table[i].name, name, len) == 0)
            return &line->table[i];
    }
    return NULL;
}

static bool store(const struct cli_line *line, const struct cli_option *option, const char *value,
                  int place, struct cli_why *why)
{
    struct cli_why detail = {{0}};

    if (option->parse(option, value, (uint8_t *)line->into + option->offset, &detail))
        return true;
    return refuse(why, "%s: argument %d: --%s%s%.60s: %.100s", line->verb, place, option->name,
                  value ? " " : "", value ? value : "", detail.text);
}

/* argv[*i] starts with "--" and is longer; moves *i on when it takes the next word. */
static bool one_option(const struct cli_line *line, int argc, char **argv, int *i,
                       struct cli_why *why)
{
    const char *name = argv[*i] + 2;
    const size_t len = strcspn(name, "=");
    const struct cli_option *option = find(line, name, len);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const int place = *i;

    if (!option)
        return refuse(why, "%s: argument %d: unknown option '%.80s' (see %s --help)", line->verb,
                      place, argv[*i], line->verb);
    if (!option->arg && value)
        return refuse(why, "%s: argument %d: --%s takes no value", line->verb, place, option->name);
    if (option->arg && !value) {
        if (*i + 1 >= argc)
            return refuse(why, "%s: argument %d: --%s wants a value: %s", line->verb, place,
                          option->name, option->arg);
        value = argv[++*i];
    }
    return store(line, option, value, place, why);
}

static bool one_word(struct cli_line *line, char **argv, int i, struct cli_why *why)
{
    if (line->n_words >= line->max_words)
        return refuse(why, "%s: argument %d: '%.80s' is one word too many (see %s --help)",
                      line->verb, i, argv[i], line->verb);
    line->words[line->n_words++] = argv[i];
    return true;
}

enum cli_parsed cli_parse(struct cli_line *line, int argc, char **argv, struct cli_why *why)
{
    bool options = true;

    line->n_words = 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];

        if (options && (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0))
            return CLI_HELP;
        if (options && strcmp(arg, "--") == 0) {
            options = false;
        } else if (options && arg[0] == '-' && arg[1] == '-') {
            if (!one_option(line, argc, argv, &i, why))
                return CLI_USAGE;
        } else if (options && arg[0] == '-' && arg[1]) {
            refuse(why, "%s: argument %d: unknown option '%.80s' (see %s --help)", line->verb, i,
                   arg, line->verb);
            return CLI_USAGE;
        } else {
            if (!one_word(line, argv, i, why))
                return CLI_USAGE;
            if (line->stop_at_word)
                break;
        }
    }
    return CLI_OK;
}

void cli_options_help(FILE *to, const struct cli_option *table, size_t n_options)
{
    for (size_t i = 0; i < n_options; i++) {
        const struct cli_option *option = &table[i];
        char left[64];

        snprintf(left, sizeof left, "--%s%s%s", option->name, option->arg ? " " : "",
                 option->arg ? option->arg : "");
        fprintf(to, "  %-28s %s%s\n", left, option->help,
                option->parse == cli_unbuilt ? " (not built yet)" : "");
    }
}
