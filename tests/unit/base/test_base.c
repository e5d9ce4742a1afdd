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

static void base64_has_one_form_for_each_text(void **state)
{
    static const struct {
        const char *bytes, *text;
    } same[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Z=g=", "Zm9v!", "Zg==Zg=="};
    char text[16];
    char bytes[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(same); i++) {
        cb_base64_encode(same[i].bytes, strlen(same[i].bytes), text);
        assert_string_equal(text, same[i].text);
        assert_true(cb_base64_decode(text, bytes, sizeof(bytes), &len));
        assert_int_equal(len, strlen(same[i].bytes));
        assert_memory_equal(bytes, same[i].bytes, len);
    }
    for (size_t i = 0; i < CB_ARRAY_LEN(bad); i++)
        assert_false(cb_base64_decode(bad[i], bytes, sizeof(bytes), &len));
    assert_true(cb_base64_decode("Zm9v\nYmFy\n", bytes, 6, &len));
    assert_false(cb_base64_decode("Zm9vYmFy", bytes, 5, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codecs_are_little_endian_at_any_alignment),
        cmocka_unit_test(ranges_that_wrap_are_refused),
        cmocka_unit_test(bit_fields_are_cut_out_right_aligned),
        cmocka_unit_test(wiping_leaves_zeroes),
        cmocka_unit_test(base64_has_one_form_for_each_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
