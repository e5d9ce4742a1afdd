/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lazy controller and the eager oracle through random operations: any port, C,
 * ASID, length and alignment, key changes, tweaks, resets, SMEE, TSME, the pins.
 * With an argument: so many operations for each cipher (default 350,000).
 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/mc/ops.h"

static uint64_t n_ops = 350000;

static bool generate(void *ctx, uint64_t *word)
{
    uint64_t *x = ctx;

    *x += UINT64_C(0x9e3779b97f4a7c15);
    *word = (*x ^ *x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    *word = (*word ^ *word >> 27) * UINT64_C(0x94d049bb133111eb);
    *word ^= *word >> 31;
    return true;
}

static void run(enum mc_cipher cipher, uint64_t seed)
{
    const struct ops_result r = ops_run(cipher, generate, &seed, n_ops);

    if (r.difference)
        fail_msg("after %llu operations: %s", (unsigned long long)r.n_ops, r.difference);
    assert_true(r.n_ops == n_ops);
    /* The sequence went where the difficulties are. */
    assert_true(r.stats.turns > n_ops / 20);
    assert_true(r.stats.eager_frames > n_ops / 2000);
    assert_true(r.stats.eager_ops > n_ops / 100);
    assert_true(r.stats.keys > n_ops / 1000);
    assert_true(r.stats.maps > n_ops / 50);
}

static void xe_agrees_with_the_eager_oracle(void **state)
{
    (void)state;
    run(MC_CIPHER_XE, 1);
}

static void xex_agrees_with_the_eager_oracle(void **state)
{
    (void)state;
    run(MC_CIPHER_XEX, 2);
}

static void xts_agrees_with_the_eager_oracle(void **state)
{
    (void)state;
    run(MC_CIPHER_XTS, 3);
}

static bool usable(const char *kernel)
{
    const char *name;

    for (unsigned i = 0; (name = mc_kernel_usable(i)) != NULL; i++)
        if (strcmp(name, kernel) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xe_agrees_with_the_eager_oracle),
        cmocka_unit_test(xex_agrees_with_the_eager_oracle),
        cmocka_unit_test(xts_agrees_with_the_eager_oracle),
    };

    if (getenv("CBIT_CIPHER") && !usable(getenv("CBIT_CIPHER"))) {
        printf("1..0 # SKIP this processor cannot run %s\n", getenv("CBIT_CIPHER"));
        return 0;
    }
    if (argc > 1)
        n_ops = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
