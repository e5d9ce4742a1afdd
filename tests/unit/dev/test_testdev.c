/* SPDX-License-Identifier: Apache-2.0 */
/* The device of test kernels. */
#include "unit/unit.h"

#include "unit/dev/fake_bus.h"

static void the_register_reads_back_by_bytes(void **state)
{
    static struct dev_testdev t;
    struct fake_bus fake = {0};

    (void)state;
    dev_testdev_init(&t, fake_bus_make(&fake));
    dev_testdev_echo_out(&t, 0, 0x11223344, 4);
    dev_testdev_echo_out(&t, 2, 0xaa, 1);
    assert_int_equal(dev_testdev_echo_in(&t, 0, 4), 0x11aa3344);
    assert_int_equal(dev_testdev_echo_in(&t, 1, 1), 0x33);
}

static void ports_drive_interrupt_lines(void **state)
{
    static struct dev_testdev t;
    struct fake_bus fake = {0};

    (void)state;
    dev_testdev_init(&t, fake_bus_make(&fake));
    dev_testdev_irq_out(&t, 11, 1, 4);
    assert_true(fake.irq[11]);
    dev_testdev_irq_out(&t, 11, 0, 4);
    assert_false(fake.irq[11]);
    dev_testdev_irq_out(&t, 23, 1, 4); /* no such line here */
    assert_false(fake.irq[23]);
}

static void its_memory_keeps_what_is_written_and_ends(void **state)
{
    static struct dev_testdev t;
    struct fake_bus fake = {0};

    (void)state;
    dev_testdev_init(&t, fake_bus_make(&fake));
    dev_testdev_store(&t, 0xfff8, UINT64_C(0x1122334455667788), 8);
    assert_int_equal(dev_testdev_load(&t, 0xfffc, 4), 0x11223344);
    dev_testdev_store(&t, 0xfffd, 0, 4); /* across the end: dropped */
    assert_int_equal(dev_testdev_load(&t, 0xffff, 1), 0x11);
    assert_int_equal(dev_testdev_load(&t, 0xffff, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_register_reads_back_by_bytes),
        cmocka_unit_test(ports_drive_interrupt_lines),
        cmocka_unit_test(its_memory_keeps_what_is_written_and_ends),
    };

    return cmocka_run_group_tests_name("test device", tests, NULL, NULL);
}
