/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/dev.h"

struct fixture {
    struct dev_i8259 pic;
    bool intr;
};

static void output(void *ctx, bool level)
{
    ((struct fixture *)ctx)->intr = level;
}

static void out(struct fixture *f, uint16_t port, uint8_t value)
{
    dev_i8259_out(&f->pic, port, value, 1);
}

/* As Linux programs the pair: vectors 30h and 38h, all masked. */
static void linux_setup(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    dev_i8259_init(&f->pic, output, f);
    out(f, 0x20, 0x11);
    out(f, 0x21, 0x30);
    out(f, 0x21, 0x04);
    out(f, 0x21, 0x01);
    out(f, 0xa0, 0x11);
    out(f, 0xa1, 0x38);
    out(f, 0xa1, 0x02);
    out(f, 0xa1, 0x01);
    out(f, 0x21, 0xff);
    out(f, 0xa1, 0xff);
}

static void the_mask_register_reads_back_as_linux_probes_it(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    out(&f, 0x21, 0xfb);
    assert_int_equal(dev_i8259_in(&f.pic, 0x21, 1), 0xfb);
    assert_int_equal(dev_i8259_in(&f.pic, 0xa1, 1), 0xff);
}

static void a_masked_edge_waits_and_is_delivered_when_unmasked(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    dev_i8259_set(&f.pic, 0, true);
    assert_false(f.intr);
    out(&f, 0x21, 0xfe);
    assert_true(f.intr);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x30);
    assert_false(f.intr);
}

static void an_edge_is_taken_once_and_again_after_eoi_and_a_new_edge(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    out(&f, 0x21, 0xfe);
    dev_i8259_set(&f.pic, 0, true);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x30);
    dev_i8259_set(&f.pic, 0, false);
    dev_i8259_set(&f.pic, 0, true);
    assert_false(f.intr); /* in service */
    out(&f, 0x20, 0x60);
    assert_true(f.intr);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x30);
    out(&f, 0x20, 0x60);
    assert_false(f.intr); /* the level alone asks for nothing */
}

static void slave_interrupts_come_through_the_cascade_and_need_two_eois(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    out(&f, 0x21, 0xfb);
    out(&f, 0xa1, 0xfe);
    dev_i8259_set(&f.pic, 8, true);
    assert_true(f.intr);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x38);
    out(&f, 0x20, 0x0b);
    assert_int_equal(dev_i8259_in(&f.pic, 0x20, 1), 0x04); /* ISR */
    dev_i8259_set(&f.pic, 8, false);
    dev_i8259_set(&f.pic, 8, true);
    out(&f, 0xa0, 0x60);
    assert_false(f.intr); /* the master still has the cascade in service */
    out(&f, 0x20, 0x62);
    assert_true(f.intr);
}

static void higher_priority_interrupts_a_lower_one(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    out(&f, 0x21, 0x00);
    dev_i8259_set(&f.pic, 4, true);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x34);
    dev_i8259_set(&f.pic, 5, true);
    assert_false(f.intr);
    dev_i8259_set(&f.pic, 1, true);
    assert_true(f.intr);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x31);
}

static void a_level_input_asks_until_it_falls(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    out(&f, 0x4d1, 0x08); /* line 11 */
    assert_int_equal(dev_i8259_in(&f.pic, 0x4d1, 1), 0x08);
    out(&f, 0x21, 0xfb);
    out(&f, 0xa1, 0xf7);
    dev_i8259_set(&f.pic, 11, true);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x3b);
    out(&f, 0xa0, 0x63);
    out(&f, 0x20, 0x62);
    assert_true(f.intr);
    dev_i8259_set(&f.pic, 11, false);
    assert_false(f.intr);
}

static void a_request_that_went_away_gives_the_spurious_vector(void **state)
{
    struct fixture f;

    (void)state;
    linux_setup(&f);
    assert_int_equal(dev_i8259_ack(&f.pic), 0x37);
    out(&f, 0x20, 0x0b);
    assert_int_equal(dev_i8259_in(&f.pic, 0x20, 1), 0x00); /* nothing in service */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mask_register_reads_back_as_linux_probes_it),
        cmocka_unit_test(a_masked_edge_waits_and_is_delivered_when_unmasked),
        cmocka_unit_test(an_edge_is_taken_once_and_again_after_eoi_and_a_new_edge),
        cmocka_unit_test(slave_interrupts_come_through_the_cascade_and_need_two_eois),
        cmocka_unit_test(higher_priority_interrupts_a_lower_one),
        cmocka_unit_test(a_level_input_asks_until_it_falls),
        cmocka_unit_test(a_request_that_went_away_gives_the_spurious_vector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
