/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of attacks, literally: W works, B blocked, N not modelled, - no subject.
 * One letter a generation: naples, rome, milan, genoa.
 */
#include "unit/unit.h"

#include <string.h>

#include "attack/attack.h"

static const char *const generations[4] = {"naples", "rome", "milan", "genoa"};

struct expected {
    const char *name;
    const char *under[ATTACK_N_PROTECTIONS]; /* none, SME, TSME, SEV */
};

static const struct expected expected[] = {
    {"admin-scrape", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"cold-boot", {"WWWW", "BBBB", "BBBB", "NNNN"}},
    {"warm-boot", {"WWWW", "BBBB", "BBBB", "NNNN"}},
    {"nvdimm-theft", {"WWWW", "BBBB", "BBBB", "NNNN"}},
    {"dma-read", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"dma32-read", {"WWWW", "BBBB", "WWWW", "NNNN"}},
    {"dma-write", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"bounce-buffer", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"replay", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"block-move", {"WWWW", "WBBB", "WBBB", "NNNN"}},
    {"ciphertext-channel", {"WWWW", "WWWW", "WWWW", "NNNN"}},
    {"cachewarp", {"NNNN", "NNNN", "NNNN", "NNNN"}},
    {"stale-cache", {"NNNN", "NNNN", "NNNN", "NNNN"}},
    {"memory-alias", {"NNNN", "NNNN", "NNNN", "NNNN"}},
};

static char letter(enum attack_verdict verdict)
{
    return "BWN-?"[verdict];
}

/* An attack's row under one protection, as letters. */
static void row(size_t attack, enum attack_protection protection, char out[5])
{
    struct attack_outcome outcome;

    for (size_t g = 0; g < 4; g++) {
        assert_int_equal(attack_run(attack, generations[g], protection, &outcome), CBIT_OK);
        assert_non_null(outcome.reason);
        out[g] = letter(outcome.verdict);
    }
    out[4] = '\0';
}

static void each_attack_ends_as_on_hardware(void **state)
{
    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(expected); i++) {
        assert_non_null(attack_at(i));
        assert_string_equal(attack_at(i)->name, expected[i].name);
        for (unsigned p = 0; p < ATTACK_N_PROTECTIONS; p++) {
            char seen[5];

            row(i, (enum attack_protection)p, seen);
            if (strcmp(seen, expected[i].under[p]) != 0)
                fail_msg("%s under %s: %s, not %s", expected[i].name,
                         attack_protection_name((enum attack_protection)p), seen,
                         expected[i].under[p]);
        }
    }
    assert_null(attack_at(CB_ARRAY_LEN(expected)));
}

static void a_verdict_has_a_reason_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; attack_at(i); i++)
        for (unsigned p = 0; p < ATTACK_N_PROTECTIONS; p++)
            for (size_t g = 0; g < 4; g++) {
                struct attack_outcome outcome;

                assert_int_equal(attack_run(i, generations[g], (enum attack_protection)p, &outcome),
                                 CBIT_OK);
                assert_true(strlen(outcome.reason) > 0);
                assert_null(strstr(outcome.reason, "no reason is known"));
            }
}

static void what_does_not_exist_is_refused(void **state)
{
    struct attack_outcome outcome;

    (void)state;
    assert_int_equal(attack_run(1000, "milan", ATTACK_NONE, &outcome), CBIT_INVALID);
    assert_int_equal(attack_run(0, "athlon", ATTACK_NONE, &outcome), CBIT_INVALID);
    assert_int_equal(attack_run(0, "ryzen-pro", ATTACK_NONE, &outcome), CBIT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attack_ends_as_on_hardware),
        cmocka_unit_test(a_verdict_has_a_reason_of_its_own),
        cmocka_unit_test(what_does_not_exist_is_refused),
    };

    return cmocka_run_group_tests_name("attacks", tests, NULL, NULL);
}
