/* SPDX-License-Identifier: Apache-2.0 */
/* The option table's parser: every kind of value, and what is said when one is wrong. */
#include "unit/unit.h"

#include <string.h>

#include "cli/options.h"

struct fields {
    bool flag, on;
    int tri;
    const char *text, *choice;
    uint64_t u64, size, ns;
    uint32_t u32;
};

#define AT(field) offsetof(struct fields, field)
static const struct cli_option table[] = {
    {"flag", NULL, cli_flag, AT(flag), "a flag", NULL},
    {"on", "on|off", cli_on_off, AT(on), "a switch", NULL},
    {"tri", "on|off", cli_tristate, AT(tri), "a switch with a default", NULL},
    {"text", "FILE", cli_text, AT(text), "a text", NULL},
    {"choice", "WHAT", cli_choice, AT(choice), "a choice", "rome milan genoa"},
    {"u64", "N", cli_u64, AT(u64), "a number", NULL},
    {"u32", "N", cli_u32, AT(u32), "a number", NULL},
    {"size", "SIZE", cli_size, AT(size), "a size", NULL},
    {"secs", "S", cli_seconds, AT(ns), "a time", NULL},
    {"later", "X", cli_unbuilt, 0, "one day", NULL},
};

static const char *words[2];

static enum cli_parsed parse(struct fields *fields, struct cli_line *line, struct cli_why *why,
                             int argc, const char *const *argv)
{
    char *copy[8];

    *fields = (struct fields){.tri = -1};
    *line = (struct cli_line){.verb = "cbit test",
                              .table = table,
                              .n_options = CB_ARRAY_LEN(table),
                              .into = fields,
                              .words = words,
                              .max_words = CB_ARRAY_LEN(words)};
    *why = (struct cli_why){{0}};
    for (int i = 0; i < argc; i++)
        copy[i] = (char *)(uintptr_t)argv[i];
    return cli_parse(line, argc, copy, why);
}

#define PARSE(...)                                                                                 \
    parse(&f, &line, &why, (int)CB_ARRAY_LEN(((const char *[]){"test", __VA_ARGS__})),             \
          (const char *[]){"test", __VA_ARGS__})

static void each_kind_of_value_is_stored(void **state)
{
    struct fields f;
    struct cli_line line;
    struct cli_why why;

    (void)state;
    assert_int_equal(PARSE("--flag", "--on", "on", "--tri=off", "--text", "a=b", "--u64=0x10"),
                     CLI_OK);
    assert_true(f.flag);
    assert_true(f.on);
    assert_int_equal(f.tri, 0);
    assert_string_equal(f.text, "a=b");
    assert_int_equal(f.u64, 16);
    assert_int_equal(PARSE("--choice", "milan", "--u32", "4294967295", "--secs", "0.5"), CLI_OK);
    assert_string_equal(f.choice, "milan");
    assert_int_equal(f.u32, UINT32_MAX);
    assert_int_equal(f.ns, 500000000);
}

static void sizes_take_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        {"4096", 4096},          {"256M", 268435456}, {"2G", UINT64_C(2147483648)},
        {"2g", UINT64_C(2147483648)}, {"1T", UINT64_C(1) << 40}, {"64K", 65536},
    };
    struct fields f;
    struct cli_line line;
    struct cli_why why;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        assert_int_equal(PARSE("--size", rows[i].text), CLI_OK);
        assert_int_equal(f.size, rows[i].bytes);
    }
}

static void words_are_kept_in_order_and_counted(void **state)
{
    struct fields f;
    struct cli_line line;
    struct cli_why why;

    (void)state;
    assert_int_equal(PARSE("one", "--flag", "--", "--two"), CLI_OK);
    assert_int_equal(line.n_words, 2);
    assert_string_equal(words[0], "one");
    assert_string_equal(words[1], "--two");
    assert_int_equal(PARSE("one", "two", "three"), CLI_USAGE);
    assert_string_equal(why.text,
                        "cbit test: argument 3: 'three' is one word too many (see cbit test --help)");
}

static void what_is_refused_says_what_and_where(void **state)
{
    static const struct {
        const char *arg[3];
        int n;
        const char *text;
    } rows[] = {
        {{"test", "--nope"}, 2,
         "cbit test: argument 1: unknown option '--nope' (see cbit test --help)"},
        {{"test", "-x"}, 2, "cbit test: argument 1: unknown option '-x' (see cbit test --help)"},
        {{"test", "--flag=1"}, 2, "cbit test: argument 1: --flag takes no value"},
        {{"test", "--size"}, 2, "cbit test: argument 1: --size wants a value: SIZE"},
        {{"test", "--size", "12Q"}, 3,
         "cbit test: argument 1: --size 12Q: is not a size: digits, then K, M, G or T"},
        {{"test", "--size", "-1"}, 3,
         "cbit test: argument 1: --size -1: is not a size: digits, then K, M, G or T"},
        {{"test", "--size", "99999999T"}, 3,
         "cbit test: argument 1: --size 99999999T: is larger than 2^64"},
        {{"test", "--on", "yes"}, 3, "cbit test: argument 1: --on yes: is neither 'on' nor 'off'"},
        {{"test", "--choice", "mila"}, 3,
         "cbit test: argument 1: --choice mila: is none of: rome milan genoa"},
        {{"test", "--u32", "4294967296"}, 3,
         "cbit test: argument 1: --u32 4294967296: is not a number from 0 to 2^32-1"},
        {{"test", "--u64", "99999999999999999999"}, 3,
         "cbit test: argument 1: --u64 99999999999999999999: is not a number from 0 to 2^64-1"},
        {{"test", "--secs", "soon"}, 3, "cbit test: argument 1: --secs soon: is not a number of seconds"},
        {{"test", "--later", "x"}, 3,
         "cbit test: argument 1: --later x: this option is not built yet (docs/roadmap.md)"},
    };
    struct fields f;
    struct cli_line line;
    struct cli_why why;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        assert_int_equal(parse(&f, &line, &why, rows[i].n, rows[i].arg), CLI_USAGE);
        assert_string_equal(why.text, rows[i].text);
    }
}

static void help_wins_over_the_rest(void **state)
{
    struct fields f;
    struct cli_line line;
    struct cli_why why;

    (void)state;
    assert_int_equal(PARSE("--help", "--nope"), CLI_HELP);
    assert_int_equal(PARSE("-h"), CLI_HELP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_value_is_stored),
        cmocka_unit_test(sizes_take_a_unit),
        cmocka_unit_test(words_are_kept_in_order_and_counted),
        cmocka_unit_test(what_is_refused_says_what_and_where),
        cmocka_unit_test(help_wins_over_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
