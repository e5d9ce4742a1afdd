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
    {"admin-scrape", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"cold-boot", {"WWWW", "BBBB", "BBBB", "BBBB"}},
    {"warm-boot", {"WWWW", "BBBB", "BBBB", "BBBB"}},
    {"nvdimm-theft", {"WWWW", "BBBB", "BBBB", "BBBB"}},
    {"dma-read", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"dma32-read", {"WWWW", "BBBB", "WWWW", "BBBB"}},
    {"dma-write", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"bounce-buffer", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"replay", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"block-move", {"WWWW", "WBBB", "WBBB", "WBBB"}},
    {"ciphertext-channel", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"code-inject", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"neighbour", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"remap", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"asid-misuse", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"missing-flush", {"WWWW", "WWWW", "WWWW", "BBBB"}},
    {"register-read", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"register-write", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"event-inject", {"WWWW", "WWWW", "WWWW", "WWWW"}},
    {"launch-permute", {"----", "----", "----", "WWWW"}},
    {"debug-command", {"----", "----", "----", "BBBB"}},
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
        assert_true(strlen(outcome.reason) > 0);
        assert_null(strstr(outcome.reason, "no reason is known"));
        out[g] = letter(outcome.verdict);
    }
    out[4] = '\0';
}

/* With a reason that fits, too. */
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
        cmocka_unit_test(what_does_not_exist_is_refused),
    };

    return cmocka_run_group_tests_name("attacks", tests, NULL, NULL);
}
