/* SPDX-License-Identifier: Apache-2.0 */
/* cbit run's own options, keys and hexdump. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/hexdump.h"
#include "cli/run.h"

static enum cli_parsed parse(struct run_options *options, const char *const *argv, int argc,
                             struct cli_why *why)
{
    char *copy[16] = {NULL};
    struct cli_line line = {.verb = "cbit run", .into = options};

    *options = run_options_default();
    line.table = run_option_table(&line.n_options);
    for (int i = 0; i < argc; i++)
        copy[i] = (char *)(uintptr_t)argv[i];
    const enum cli_parsed parsed = cli_parse(&line, argc, copy, why);

    if (parsed == CLI_OK && !run_options_check(options, why))
        return CLI_USAGE;
    return parsed;
}

static void wrong_command_lines_are_usage_errors(void **state)
{
    static const struct {
        const char *arg[6];
        int n;
        const char *part;
    } rows[] = {
        {{"run"}, 1, "nothing to boot"},
        {{"run", "--kernel", "k", "--bios", "b"}, 5, "exclude each other"},
        {{"run", "--kernel", "k", "--memory", "4097"}, 5, "not a multiple of 4096"},
        {{"run", "--kernel", "k", "--memory", "0"}, 5, "not a multiple of 4096"},
        {{"run", "--kernel", "k", "--cpu", "pentium"}, 5, "is none of: naples rome milan genoa"},
        {{"run", "--kernel", "k", "--sme", "maybe"}, 5, "neither 'on' nor 'off'"},
        {{"run", "--kernel", "k", "--serial", "tty"}, 5, "neither 'stdio' nor 'file=F'"},
        {{"run", "--kernel", "k", "--serial", "file="}, 5, "neither 'stdio' nor 'file=F'"},
        {{"run", "--kernel", "k", "--control", "tcp:99"}, 5, "is not unix:PATH"},
        {{"run", "--kernel", "k", "--timeout", "-1"}, 5, "not a number of seconds"},
        {{"run", "--kernel", "k", "--smp", "0"}, 5, "--smp 0"},
        {{"run", "--kernel", "k", "--log-json"}, 4, "go with --trace"},
        {{"run", "--kernel", "k", "--sev-wait"}, 4, "go with --sev"},
        {{"run", "--kernel", "k", "--policy=0"}, 4, "go with --sev"},
        {{"run", "--kernel", "k", "--sev", "--sme=off"}, 5, "needs SYSCFG.SMEE"},
        {{"run", "--kernel", "k", "--sev", "--no-acpi"}, 5, "leave --no-acpi away"},
        {{"run", "--kernel", "k", "--sev", "--kernel-hashes"}, 5, "are launched and measured"},
        {{"run", "--kernel", "k", "--sev", "--dh-cert-file=c"}, 5, "go together"},
        {{"run", "--kernel", "k", "--sev", "--policy=5"}, 5, "SEV-ES"},
        {{"run", "--kernel", "k", "--sev", "--sev-wait"}, 5, "give --control"},
        {{"run", "--bios", "b", "--sev"}, 4, "give --kernel"},
        {{"run", "--kernel", "k", "word"}, 4, "one word too many"},
    };
    struct run_options options;
    struct cli_why why;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        assert_int_equal(parse(&options, rows[i].arg, rows[i].n, &why), CLI_USAGE);
        assert_non_null(strstr(why.text, rows[i].part));
        assert_int_equal(strncmp(why.text, "cbit run: ", 10), 0);
    }
}

static void every_option_has_a_name_of_its_own_and_a_help_line(void **state)
{
    size_t n;
    const struct cli_option *table = run_option_table(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(table[i].help) > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(table[i].name, table[k].name);
    }
}

static void options_of_a_run_are_stored(void **state)
{
    static const char *const arg[] = {"run", "--kernel=k", "--seed=7", "--disk=a", "--disk=b,ro",
                                      "--tsme=on", "--max-insns=10", "--paused"};
    struct run_options options;
    struct cli_why why;

    (void)state;
    assert_int_equal(parse(&options, arg, CB_ARRAY_LEN(arg), &why), CLI_OK);
    assert_string_equal(options.kernel, "k");
    assert_true(options.seeded);
    assert_int_equal(options.seed, 7);
    assert_int_equal(options.n_disks, 2);
    assert_string_equal(options.disk[1], "b,ro");
    assert_int_equal(options.tsme, CBIT_ON);
    assert_int_equal(options.max_insns, 10);
    assert_true(options.paused);
    assert_true(options.sme);
}

static void ctrl_a_is_cbits_own_key(void **state)
{
    static const struct {
        uint8_t typed[2];
        enum run_key first, second;
        uint8_t guest;
    } rows[] = {
        {{'x', 'y'}, RUN_KEY_GUEST, RUN_KEY_GUEST, 'y'},
        {{1, 'x'}, RUN_KEY_NONE, RUN_KEY_QUIT, 'x'},
        {{1, 'h'}, RUN_KEY_NONE, RUN_KEY_HELP, 'h'},
        {{1, 'a'}, RUN_KEY_NONE, RUN_KEY_GUEST, 1},
        {{1, 1}, RUN_KEY_NONE, RUN_KEY_GUEST, 1},
        {{3, 4}, RUN_KEY_GUEST, RUN_KEY_GUEST, 4},
    };

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        struct run_keys keys = {0};
        uint8_t byte = rows[i].typed[0];

        assert_int_equal(run_keys_byte(&keys, &byte), rows[i].first);
        byte = rows[i].typed[1];
        assert_int_equal(run_keys_byte(&keys, &byte), rows[i].second);
        assert_int_equal(byte, rows[i].guest);
        assert_false(keys.armed);
    }
}

static void a_script_waits_for_counts_and_texts(void **state)
{
    struct run_script *script;
    struct cli_why why = {{0}};
    const char *text = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(run_script_new("# a comment\nat 100\nsend a\\x41\\n\nwait login:\nsend root\nstop\nquit",
                                    &script, &why), CBIT_OK);
    assert_int_equal(run_script_until(script), 100);
    assert_int_equal(run_script_next(script, 99, false, &text, &len), RUN_SCRIPT_WAITS);
    assert_int_equal(run_script_next(script, 100, false, &text, &len), RUN_SCRIPT_SENDS);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "aA\n", 3);
    assert_true(run_script_until(script) == UINT64_MAX);
    run_script_output(script, "x log", 5);
    assert_int_equal(run_script_next(script, 500, true, &text, &len), RUN_SCRIPT_WAITS);
    run_script_output(script, "in: ", 4);
    assert_int_equal(run_script_next(script, 500, false, &text, &len), RUN_SCRIPT_SENDS);
    assert_memory_equal(text, "root", 4);
    assert_int_equal(run_script_next(script, 500, false, &text, &len), RUN_SCRIPT_STOPS);
    assert_int_equal(run_script_next(script, 500, false, &text, &len), RUN_SCRIPT_QUITS);
    assert_int_equal(run_script_next(script, 500, false, &text, &len), RUN_SCRIPT_WAITS);
    run_script_free(script);
}

static void a_wrong_script_names_its_line(void **state)
{
    static const char *const wrong[] = {"at\n", "at x\n", "send\n", "send \\q\n", "send \\x1\n",
                                        "stop now\n", "type x\n", "wait \n"};
    struct run_script *script;
    struct cli_why why;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(wrong); i++) {
        assert_int_equal(run_script_new(wrong[i], &script, &why), CBIT_INVALID);
        assert_non_null(strstr(why.text, "line 1: "));
    }
}

static void a_hexdump_has_sixteen_bytes_a_line(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    cli_hexdump(to, 0x1000, "0123456789abcdef\x01~\x7f", 19);
    fclose(to);
    assert_string_equal(
        text, "000000001000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
              "000000001010  01 7e 7f                                          |.~.|\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_command_lines_are_usage_errors),
        cmocka_unit_test(every_option_has_a_name_of_its_own_and_a_help_line),
        cmocka_unit_test(options_of_a_run_are_stored),
        cmocka_unit_test(ctrl_a_is_cbits_own_key),
        cmocka_unit_test(a_script_waits_for_counts_and_texts),
        cmocka_unit_test(a_wrong_script_names_its_line),
        cmocka_unit_test(a_hexdump_has_sixteen_bytes_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
