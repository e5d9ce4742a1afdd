/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --input-script: what is typed, when, in terms of the run itself, so that the same
 * script gives the same run.  One step a line; # starts a comment:
 *
 *     at N           not before N instructions
 *     wait TEXT      not before the console has shown TEXT
 *     send TEXT      types TEXT; \n, \r, \t, \\ and \xHH are understood
 *     stop           pauses the machine, as the control socket's "stop" does
 *     quit           ends the run
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

#define TEXT_MAX 256u

enum kind { STEP_AT, STEP_WAIT, STEP_SEND, STEP_STOP, STEP_QUIT };

struct step {
    enum kind kind;
    uint64_t insns;
    size_t len;
    char text[TEXT_MAX];
};

struct run_script {
    struct step *step;
    size_t n, next;
    char seen[TEXT_MAX]; /* the console's last bytes, enough for the longest text */
    size_t n_seen;
    bool found; /* the text that is waited for has come */
};

/* ---- reading ---- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* One character of text at *from, which moves on; false: a wrong escape. */
static bool one_char(const char **from, char *to)
{
    static const char names[] = "nrt\\", values[] = "\n\r\t\\";
    const char *p = *from;

    if (*p != '\\') {
        *to = *p;
        *from = p + 1;
        return true;
    }
    const char *name = p[1] ? strchr(names, p[1]) : NULL;

    if (name) {
        *to = values[name - names];
        *from = p + 2;
        return true;
    }
    if (p[1] != 'x' || hex_digit(p[2]) < 0 || hex_digit(p[3]) < 0)
        return false;
    *to = (char)(hex_digit(p[2]) << 4 | hex_digit(p[3]));
    *from = p + 4;
    return true;
}

static bool take_text(struct step *step, const char *text)
{
    while (*text) {
        if (step->len == TEXT_MAX || !one_char(&text, &step->text[step->len]))
            return false;
        step->len++;
    }
    return step->len > 0;
}

static bool take_at(struct step *step, const char *text)
{
    const struct cli_option unused = {0};
    struct cli_why why;

    return cli_u64(&unused, text, &step->insns, &why);
}

static bool take_nothing(struct step *step, const char *text)
{
    (void)step;
    return !*text;
}

static bool take_line(struct step *step, const char *line)
{
    static const struct {
        const char *word;
        enum kind kind;
        bool (*take)(struct step *step, const char *text);
    } words[] = {
        {"at", STEP_AT, take_at},       {"wait", STEP_WAIT, take_text},
        {"send", STEP_SEND, take_text}, {"stop", STEP_STOP, take_nothing},
        {"quit", STEP_QUIT, take_nothing},
    };
    const size_t len = strcspn(line, " ");

    for (size_t i = 0; i < CB_ARRAY_LEN(words); i++) {
        if (strlen(words[i].word) == len && memcmp(words[i].word, line, len) == 0) {
            step->kind = words[i].kind;
            return words[i].take(step, line + len + (line[len] == ' '));
        }
    }
    return false;
}

static enum cbit_status take_lines(struct run_script *script, char *text, struct cli_why *why)
{
    unsigned number = 0;

    for (char *line = text; line; ) {
        char *end = strchr(line, '\n');

        if (end)
            *end = 0;
        number++;
        if (*line && *line != '#') {
            struct step *more = realloc(script->step, (script->n + 1) * sizeof *more);

            if (!more)
                return CBIT_NO_MEMORY;
            script->step = more;
            more[script->n] = (struct step){0};
            if (!take_line(&more[script->n], line)) {
                snprintf(why->text, sizeof why->text, "line %u: '%.80s' is no step", number, line);
                return CBIT_INVALID;
            }
            script->n++;
        }
        line = end ? end + 1 : NULL;
    }
    return CBIT_OK;
}

enum cbit_status run_script_new(const char *text, struct run_script **out, struct cli_why *why)
{
    struct run_script *script = calloc(1, sizeof *script);
    char *copy = strdup(text);
    enum cbit_status status = script && copy ? CBIT_OK : CBIT_NO_MEMORY;

    if (!status)
        status = take_lines(script, copy, why);
    free(copy);
    if (status) {
        run_script_free(script);
        return status;
    }
    *out = script;
    return CBIT_OK;
}

void run_script_free(struct run_script *script)
{
    if (script)
        free(script->step);
    free(script);
}

/* ---- running ---- */

static const struct step *step_now(const struct run_script *script)
{
    return script->next < script->n ? &script->step[script->next] : NULL;
}

static void see_byte(struct run_script *script, const struct step *step, char byte)
{
    if (script->n_seen == TEXT_MAX) {
        memmove(script->seen, script->seen + 1, TEXT_MAX - 1);
        script->n_seen--;
    }
    script->seen[script->n_seen++] = byte;
    if (script->n_seen >= step->len &&
        memcmp(script->seen + script->n_seen - step->len, step->text, step->len) == 0)
        script->found = true;
}

void run_script_output(struct run_script *script, const void *bytes, size_t len)
{
    const struct step *step = step_now(script);

    if (!step || step->kind != STEP_WAIT)
        return;
    for (size_t i = 0; i < len && !script->found; i++)
        see_byte(script, step, ((const char *)bytes)[i]);
}

static void advance(struct run_script *script)
{
    script->next++;
    script->found = false;
    script->n_seen = 0;
}

enum run_script_does run_script_next(struct run_script *script, uint64_t insns, bool idle,
                                     const char **text, size_t *len)
{
    for (;;) {
        const struct step *step = step_now(script);

        if (!step)
            return RUN_SCRIPT_WAITS;
        switch (step->kind) {
        case STEP_AT:
            if (insns < step->insns && !idle)
                return RUN_SCRIPT_WAITS;
            advance(script);
            break;
        case STEP_WAIT:
            if (!script->found)
                return RUN_SCRIPT_WAITS;
            advance(script);
            break;
        case STEP_SEND:
            *text = step->text;
            *len = step->len;
            advance(script);
            return RUN_SCRIPT_SENDS;
        case STEP_STOP:
        case STEP_QUIT:
            advance(script);
            return step->kind == STEP_STOP ? RUN_SCRIPT_STOPS : RUN_SCRIPT_QUITS;
        }
    }
}

uint64_t run_script_until(const struct run_script *script)
{
    const struct step *step = step_now(script);

    return step && step->kind == STEP_AT ? step->insns : UINT64_MAX;
}
