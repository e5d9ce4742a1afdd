/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dram/dram.h"

static const struct dram_extent extents[] = {
    {0x4000, 0x3000},
    {0x7000, 0x1000}, /* touches the first */
    {0x100000000, 0x2000},
};

static void addresses_and_indices_are_each_other_s_inverse(void **state)
{
    static const struct {
        uint64_t address;
        uint32_t index;
    } rows[] = {
        {0x0, DRAM_NOWHERE},
        {0x3fff, DRAM_NOWHERE},
        {0x4000, 0},
        {0x6fff, 2},
        {0x7000, 3},
        {0x7fff, 3},
        {0x8000, DRAM_NOWHERE},
        {0xffffffff, DRAM_NOWHERE},
        {0x100000000, 4},
        {0x100001abc, 5},
        {0x100002000, DRAM_NOWHERE},
        {UINT64_MAX, DRAM_NOWHERE},
    };
    struct dram dram;

    (void)state;
    assert_int_equal(dram_init(&dram, extents, 3, 2), CBIT_OK);
    assert_int_equal(dram.n_frames, 6);
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        assert_int_equal(dram_index(&dram, rows[i].address), rows[i].index);
        if (rows[i].index != DRAM_NOWHERE)
            assert_true(dram_address(&dram, rows[i].index) == (rows[i].address & CB_PAGE_MASK));
    }
    dram_fini(&dram);
}

static void a_frame_is_on_the_list_of_its_view_alone(void **state)
{
    struct dram dram;

    (void)state;
    assert_int_equal(dram_init(&dram, extents, 3, 3), CBIT_OK);
    assert_int_equal(dram_first(&dram, 0), DRAM_NOWHERE); /* untouched frames are on no list */
    dram_list(&dram, 2);
    dram_list(&dram, 2);
    assert_int_equal(dram_first(&dram, 0), 2);
    assert_int_equal(dram_next(&dram, 2), DRAM_NOWHERE);
    for (uint32_t i = 0; i < 6; i++)
        dram_move(&dram, i, 1);
    assert_int_equal(dram_first(&dram, 0), DRAM_NOWHERE);
    dram_move(&dram, 5, 2); /* the head */
    dram_move(&dram, 0, 2); /* the tail */
    dram_move(&dram, 3, 2); /* from the middle */
    assert_int_equal(dram_first(&dram, 1), 4);
    assert_int_equal(dram_next(&dram, 4), 2);
    assert_int_equal(dram_next(&dram, 2), 1);
    assert_int_equal(dram_next(&dram, 1), DRAM_NOWHERE);
    assert_int_equal(dram_first(&dram, 2), 3);
    assert_int_equal(dram_next(&dram, 3), 0);
    assert_int_equal(dram_next(&dram, 0), 5);
    assert_int_equal(dram_next(&dram, 5), DRAM_NOWHERE);
    dram_fini(&dram);
}

static void frames_begin_as_zeroes_side_by_side(void **state)
{
    struct dram dram;

    (void)state;
    assert_int_equal(dram_init(&dram, extents, 3, 1), CBIT_OK);
    assert_true(cb_all_zero(dram_bytes(&dram, 0), 6 * CB_PAGE_SIZE));
    assert_ptr_equal(dram_bytes(&dram, 4), dram_bytes(&dram, 0) + 4 * CB_PAGE_SIZE);
    assert_int_equal(dram.frame[4].view, 0);
    assert_int_equal(dram.frame[4].flags, 0);
    dram_fini(&dram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_indices_are_each_other_s_inverse),
        cmocka_unit_test(a_frame_is_on_the_list_of_its_view_alone),
        cmocka_unit_test(frames_begin_as_zeroes_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
