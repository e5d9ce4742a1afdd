/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/base.h"

static void codecs_are_little_endian_at_any_alignment(void **state)
{
    uint8_t buf[16] = {0};

    (void)state;
    cb_store_le64(buf + 3, UINT64_C(0x1122334455667788));
    assert_int_equal(buf[3], 0x88);
    assert_int_equal(buf[10], 0x11);
    assert_true(cb_load_le64(buf + 3) == UINT64_C(0x1122334455667788));
    assert_int_equal(cb_load_le16(buf + 4), 0x6677);
    assert_true(cb_load_be32(buf + 7) == 0x44332211u);
}

static void ranges_that_wrap_are_refused(void **state)
{
    (void)state;
    assert_true(cb_range_ok(0, 16, 16));
    assert_true(cb_range_ok(16, 0, 16));
    assert_false(cb_range_ok(1, 16, 16));
    assert_false(cb_range_ok(UINT64_MAX, 2, 16));
    assert_false(cb_range_ok(8, UINT64_MAX, 16));
}

static void bit_fields_are_cut_out_right_aligned(void **state)
{
    (void)state;
    assert_true(cb_bits(UINT64_C(0xff00ff00ff00ff00), 15, 8) == 0xff);
    assert_true(cb_bits(~UINT64_C(0), 63, 0) == ~UINT64_C(0));
    assert_true(CB_MASK(64) == ~UINT64_C(0));
    assert_true(cb_align_up(4097, 4096) == 8192);
}

static void wiping_leaves_zeroes(void **state)
{
    uint8_t secret[32];

    (void)state;
    memset(secret, 0xa5, sizeof(secret));
    assert_false(cb_all_zero(secret, sizeof(secret)));
    cb_wipe(secret, sizeof(secret));
    assert_true(cb_all_zero(secret, sizeof(secret)));
    assert_false(cb_ct_equal("abc", "abd", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codecs_are_little_endian_at_any_alignment),
        cmocka_unit_test(ranges_that_wrap_are_refused),
        cmocka_unit_test(bit_fields_are_cut_out_right_aligned),
        cmocka_unit_test(wiping_leaves_zeroes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
