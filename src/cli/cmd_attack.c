/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit attack: published attacks on memory encryption, tried on each generation
 * under each protection.  A row is an attack under a protection, a column a
 * generation.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cbit/attack.h"
#include "cli/cli.h"

static const char verb[] = "cbit attack";
static const char *const generations[] = {"naples", "rome", "milan", "genoa"};
#define N_GENERATIONS CB_ARRAY_LEN(generations)
#define MAX_NAMES 64

struct attack_options {
    const char *cpu; /* NULL: all */
    bool json, list;
};

static const struct cli_option table[] = {
    {"cpu", "PROFILE", cli_choice, offsetof(struct attack_options, cpu),
     "naples, rome, milan or genoa alone", "naples rome milan genoa"},
    {"list", NULL, cli_flag, offsetof(struct attack_options, list),
     "names the attacks and what they do", NULL},
    {"json", NULL, cli_flag, offsetof(struct attack_options, json),
     "an array of outcomes instead of the table", NULL},
};

/* One row as it was run. */
struct row {
    size_t attack;
    enum cbit_protection protection;
    struct cbit_attack_outcome outcome[N_GENERATIONS];
    bool run[N_GENERATIONS];
};

static int run_row(const struct attack_options *o, struct row *row)
{
    for (size_t i = 0; i < N_GENERATIONS; i++) {
        enum cbit_error error;

        if (o->cpu && strcmp(o->cpu, generations[i]) != 0)
            continue;
        error = cbit_attack_run(row->attack, generations[i], row->protection, &row->outcome[i]);
        if (error)
            return cli_fail(verb, "%s on %s: %s", cbit_attack_name(row->attack), generations[i],
                            cbit_error_text(error));
        row->run[i] = true;
    }
    return CLI_EXIT_OK;
}

/* ---- text ---- */

static void print_head(const struct attack_options *o)
{
    printf("%-20s %-5s", "attack", "under");
    for (size_t i = 0; i < N_GENERATIONS; i++)
        if (!o->cpu || strcmp(o->cpu, generations[i]) == 0)
            printf(" %-13s", generations[i]);
    printf(" because\n");
}

/* Has a column to the left the same reason? */
static bool said_before(const struct row *row, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (row->run[k] && strcmp(row->outcome[k].reason, row->outcome[i].reason) == 0)
            return true;
    return false;
}

static unsigned count_reasons(const struct row *row)
{
    unsigned n = 0;

    for (size_t i = 0; i < N_GENERATIONS; i++)
        n += row->run[i] && !said_before(row, i);
    return n;
}

/* With more than one reason each is named after its verdict. */
static void print_row(const struct row *row)
{
    const bool several = count_reasons(row) > 1;
    const char *before = " ";

    printf("%-20s %-5s", cbit_attack_name(row->attack), cbit_protection_name(row->protection));
    for (size_t i = 0; i < N_GENERATIONS; i++)
        if (row->run[i])
            printf(" %-13s", cbit_attack_verdict_name(row->outcome[i].verdict));
    for (size_t i = 0; i < N_GENERATIONS; i++) {
        if (!row->run[i] || said_before(row, i))
            continue;
        printf("%s%s%s%s", before,
               several ? cbit_attack_verdict_name(row->outcome[i].verdict) : "",
               several ? ": " : "", row->outcome[i].reason);
        before = "; ";
    }
    printf("\n");
}

/* ---- JSON ---- */

static bool add_json(json_t *array, const struct row *row)
{
    bool ok = true;

    for (size_t i = 0; i < N_GENERATIONS; i++)
        if (row->run[i])
            ok &= json_array_append_new(
                      array, json_pack("{s:s, s:s, s:s, s:s, s:s}", "attack",
                                       cbit_attack_name(row->attack), "cpu", generations[i],
                                       "protection", cbit_protection_name(row->protection),
                                       "verdict",
                                       cbit_attack_verdict_name(row->outcome[i].verdict), "reason",
                                       row->outcome[i].reason)) == 0;
    return ok;
}

static int print_json(const json_t *array)
{
    if (json_dumpf(array, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER))
        return cli_fail(verb, "cannot write");
    printf("\n");
    return CLI_EXIT_OK;
}

/* ---- the verb ---- */

static bool is_doubtful(const struct row *row)
{
    for (size_t i = 0; i < N_GENERATIONS; i++)
        if (row->run[i] && row->outcome[i].verdict == CBIT_ATTACK_DOUBTFUL)
            return true;
    return false;
}

static bool is_wanted(const struct cli_line *line, const char *name)
{
    for (size_t i = 0; i < line->n_words; i++)
        if (strcmp(line->words[i], name) == 0)
            return true;
    return line->n_words == 0;
}

static const char *unknown_name(const struct cli_line *line)
{
    for (size_t w = 0; w < line->n_words; w++) {
        bool known = false;

        for (size_t i = 0; cbit_attack_name(i); i++)
            known |= strcmp(line->words[w], cbit_attack_name(i)) == 0;
        if (!known)
            return line->words[w];
    }
    return NULL;
}

static int list(const struct cli_line *line)
{
    for (size_t i = 0; cbit_attack_name(i); i++) {
        const char *published = cbit_attack_published(i);

        if (is_wanted(line, cbit_attack_name(i)))
            printf("%-20s %s%s%s%s\n", cbit_attack_name(i), cbit_attack_summary(i),
                   published ? " (" : "", published ? published : "", published ? ")" : "");
    }
    return CLI_EXIT_OK;
}

static int run_all(const struct cli_line *line, const struct attack_options *o, json_t *array)
{
    bool doubtful = false;

    if (!o->json)
        print_head(o);
    for (size_t i = 0; cbit_attack_name(i); i++) {
        for (unsigned p = 0; p < CBIT_N_PROTECTIONS && is_wanted(line, cbit_attack_name(i)); p++) {
            struct row row = {.attack = i, .protection = (enum cbit_protection)p};
            const int exit = run_row(o, &row);

            if (exit != CLI_EXIT_OK)
                return exit;
            if (!o->json)
                print_row(&row);
            else if (!add_json(array, &row))
                return cli_fail(verb, "no memory");
            doubtful |= is_doubtful(&row);
            fflush(stdout);
        }
    }
    if (o->json && print_json(array) != CLI_EXIT_OK)
        return CLI_EXIT_ERROR;
    return doubtful ? CLI_EXIT_NO : CLI_EXIT_OK;
}

int cli_cmd_attack(int argc, char **argv)
{
    struct attack_options o = {.cpu = NULL};
    const char *words[MAX_NAMES];
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o, .words = words, .max_words = MAX_NAMES};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    json_t *array;
    int exit;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[options] [NAME...]", &why);
    if (unknown_name(&line))
        return cli_fail(verb, "%s: no such attack (--list names them)", unknown_name(&line));
    if (o.list)
        return list(&line);
    array = json_array();
    if (!array)
        return cli_fail(verb, "no memory");
    exit = run_all(&line, &o, array);
    json_decref(array);
    return exit;
}
