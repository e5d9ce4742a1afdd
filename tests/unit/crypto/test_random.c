/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "crypto/crypto.h"

static void a_seed_decides_the_whole_stream(void **state)
{
    struct cr_random a, b;
    uint8_t x[100], y[100];

    (void)state;
    cr_random_from_seed(&a, 7, "asp");
    cr_random_from_seed(&b, 7, "asp");
    cr_random_fill(&a, x, sizeof(x));
    cr_random_fill(&b, y, sizeof(y));
    assert_memory_equal(x, y, sizeof(x));
    assert_true(a.seeded);
}

static void labels_and_seeds_give_different_streams(void **state)
{
    static const struct { uint64_t seed; const char *label; } other[] = {{8, "asp"}, {7, "rng"}};
    struct cr_random a, b;
    uint8_t x[32], y[32];

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(other); i++) {
        cr_random_from_seed(&a, 7, "asp");
        cr_random_from_seed(&b, other[i].seed, other[i].label);
        cr_random_fill(&a, x, sizeof(x));
        cr_random_fill(&b, y, sizeof(y));
        assert_memory_not_equal(x, y, sizeof(x));
    }
}

static void the_seeded_stream_is_sha256_in_counter_mode(void **state)
{
    /* SHA-256 of eight zero bytes and the letter t */
    static const uint8_t key[32] = {
        0xb0, 0x1b, 0xa9, 0x56, 0x65, 0x62, 0xeb, 0x16, 0x6a, 0xa6, 0xe3, 0x22, 0xf8, 0x36, 0x3f, 0x45,
        0xae, 0x64, 0xca, 0xb0, 0x2b, 0x0a, 0x6c, 0x0d, 0xd6, 0xbe, 0x10, 0xc4, 0xbf, 0xa7, 0x72, 0xe5};
    struct cr_random a;

    (void)state;
    cr_random_from_seed(&a, 0, "t");
    assert_memory_equal(a.key, key, 32);
}

static void the_hosts_source_does_not_repeat(void **state)
{
    struct cr_random a;
    uint8_t x[32], y[32];

    (void)state;
    cr_random_from_os(&a);
    cr_random_fill(&a, x, sizeof(x));
    cr_random_fill(&a, y, sizeof(y));
    assert_false(a.seeded);
    assert_memory_not_equal(x, y, sizeof(x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_decides_the_whole_stream),
        cmocka_unit_test(labels_and_seeds_give_different_streams),
        cmocka_unit_test(the_seeded_stream_is_sha256_in_counter_mode),
        cmocka_unit_test(the_hosts_source_does_not_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
