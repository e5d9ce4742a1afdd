/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit run --guest: a file that says what a guest of the built-in hypervisor is,
 * one option a line without its dashes.  Only what belongs to a guest may stand
 * there; what belongs to the platform stays on the command line.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"

#define FILE_MAX  65536u
#define MAX_WORDS 128u

/* Options of a guest; the rest is the platform's or the run's. */
static bool belongs_to_a_guest(const char *name)
{
    static const char *const names[] = {
        "kernel", "initrd", "append", "unpack-kernel", "memory", "disk", "rng", "net", "sev",
        "policy", "dh-cert-file", "session-file", "cbitpos", "reduced-phys-bits", "sev-wait",
        "sev-dump",
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

struct words {
    char *arg[MAX_WORDS];
    int n;
};

static bool add_word(struct words *words, const char *dashes, const char *text)
{
    char *copy = NULL;

    if (words->n == (int)MAX_WORDS || asprintf(&copy, "%s%s", dashes, text) < 0)
        return false;
    words->arg[words->n++] = copy;
    return true;
}

/* "name value", "name", "# comment" or nothing. */
static bool take_line(struct words *words, char *line, unsigned number, struct cli_why *why)
{
    char *name = line + strspn(line, " \t"), *value = name + strcspn(name, " \t");

    if (*name == 0 || *name == '#')
        return true;
    if (*value) {
        *value++ = 0;
        value += strspn(value, " \t");
    }
    if (!belongs_to_a_guest(name)) {
        snprintf(why->text, sizeof why->text, "line %u: '%.60s' is no option of a guest", number,
                 name);
        return false;
    }
    if (!add_word(words, "--", name) || (*value && !add_word(words, "", value))) {
        snprintf(why->text, sizeof why->text, "line %u: too many lines", number);
        return false;
    }
    return true;
}

static bool take_lines(struct words *words, char *text, struct cli_why *why)
{
    unsigned number = 1;
    bool ok = add_word(words, "", "guest");

    while (ok && text) {
        char *line = strsep(&text, "\n");

        ok = take_line(words, line, number++, why);
    }
    return ok;
}

static bool parse(struct run_options *options, struct words *words, struct cli_why *why)
{
    struct cli_line line = {.verb = "guest file", .into = options};

    line.table = run_option_table(&line.n_options);
    return cli_parse(&line, words->n, words->arg, why) == CLI_OK;
}

bool run_guest_read(struct run_options *options, struct run_guest_file *file, struct cli_why *why)
{
    struct words words = {.n = 0};
    struct host_bytes bytes;
    struct cli_why inner = {{0}};
    const enum cbit_status status = host_file_read(options->guest, FILE_MAX, &bytes);
    bool ok;

    if (status) {
        snprintf(why->text, sizeof why->text, "--guest %.100s: %s", options->guest,
                 cli_status_text(status));
        return false;
    }
    char *text = strndup((const char *)bytes.data, bytes.len);

    host_bytes_free(&bytes);
    ok = text && take_lines(&words, text, &inner) && parse(options, &words, &inner);
    free(text);
    for (int i = 0; i < words.n && i < (int)CB_ARRAY_LEN(file->word); i++)
        file->word[i] = words.arg[i]; /* the options point into them */
    if (!ok)
        snprintf(why->text, sizeof why->text, "--guest %.60s: %.120s", options->guest,
                 *inner.text ? inner.text : "no memory");
    return ok;
}

void run_guest_file_free(struct run_guest_file *file)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(file->word); i++)
        free(file->word[i]);
}
