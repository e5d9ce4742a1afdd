/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/fake_bus.h"

#define TICKS_NS(n) (((uint64_t)(n) * 1000000000u + DEV_I8254_HZ - 1) / DEV_I8254_HZ)

static void pit_out(struct dev_i8254 *pit, uint16_t port, uint8_t value)
{
    dev_i8254_out(pit, port, value, 1);
}

static unsigned pit_read16(struct dev_i8254 *pit, uint16_t port)
{
    const unsigned low = dev_i8254_in(pit, port, 1);

    return low | dev_i8254_in(pit, port, 1) << 8;
}

static void channel_2_counts_down_at_1193182_hz_for_tsc_calibration(void **state)
{
    struct fake_bus fake;
    struct dev_i8254 pit;

    (void)state;
    dev_i8254_init(&pit, fake_bus_make(&fake));
    pit_out(&pit, 0x61, 0x01);
    pit_out(&pit, 0x43, 0xb0);
    pit_out(&pit, 0x42, 0xff);
    pit_out(&pit, 0x42, 0xff);
    assert_int_equal(pit_read16(&pit, 0x42), 0xffff);
    fake_pass(&fake, TICKS_NS(0x100));
    assert_int_equal(pit_read16(&pit, 0x42), 0xfeff);
    assert_int_equal(dev_i8254_in(&pit, 0x61, 1) & 0x20, 0);
    fake_pass(&fake, TICKS_NS(0xff00));
    assert_int_equal(dev_i8254_in(&pit, 0x61, 1) & 0x20, 0x20); /* OUT is high */
}

static void channel_0_in_mode_2_interrupts_once_a_period(void **state)
{
    struct fake_bus fake;
    struct dev_i8254 pit;

    (void)state;
    dev_i8254_init(&pit, fake_bus_make(&fake));
    pit_out(&pit, 0x43, 0x34);
    pit_out(&pit, 0x40, 0xa5);
    pit_out(&pit, 0x40, 0x12); /* 4773 ticks: 4 ms */
    fake_pass(&fake, TICKS_NS(4773) - 1000);
    assert_int_equal(fake.rises[0], 0);
    fake_pass(&fake, 1000);
    assert_int_equal(fake.rises[0], 1);
    fake_pass(&fake, TICKS_NS(4773 * 10));
    assert_int_equal(fake.rises[0], 11);
}

static void channel_0_in_mode_4_interrupts_once_for_each_count(void **state)
{
    struct fake_bus fake;
    struct dev_i8254 pit;

    (void)state;
    dev_i8254_init(&pit, fake_bus_make(&fake));
    pit_out(&pit, 0x43, 0x38);
    for (unsigned i = 1; i <= 3; i++) {
        pit_out(&pit, 0x40, 0x00);
        pit_out(&pit, 0x40, 0x10);
        fake_pass(&fake, TICKS_NS(0x3000));
        assert_int_equal(fake.rises[0], i);
    }
}

static void the_null_count_flag_clears_when_a_count_is_loaded(void **state)
{
    struct fake_bus fake;
    struct dev_i8254 pit;

    (void)state;
    dev_i8254_init(&pit, fake_bus_make(&fake));
    pit_out(&pit, 0x43, 0x34);
    pit_out(&pit, 0x43, 0xc2); /* read back: count and status of channel 0 */
    assert_int_equal(dev_i8254_in(&pit, 0x40, 1) & 0x40, 0x40);
    pit_read16(&pit, 0x40);
    pit_out(&pit, 0x40, 0);
    pit_out(&pit, 0x40, 0);
    pit_out(&pit, 0x43, 0xc2);
    assert_int_equal(dev_i8254_in(&pit, 0x40, 1), 0x80 | 0x34);
}

static void a_latched_count_stays_while_time_passes(void **state)
{
    struct fake_bus fake;
    struct dev_i8254 pit;

    (void)state;
    dev_i8254_init(&pit, fake_bus_make(&fake));
    pit_out(&pit, 0x43, 0x34);
    pit_out(&pit, 0x40, 0x00);
    pit_out(&pit, 0x40, 0x80);
    fake_pass(&fake, TICKS_NS(0x10));
    pit_out(&pit, 0x43, 0x00);
    fake_pass(&fake, TICKS_NS(0x100));
    assert_int_equal(pit_read16(&pit, 0x40), 0x7ff0);
    assert_int_equal(pit_read16(&pit, 0x40), 0x7ef0); /* live again */
}

static uint8_t cmos_read(struct dev_cmos *cmos, uint8_t index)
{
    dev_cmos_out(cmos, 0, index, 1);
    return (uint8_t)dev_cmos_in(cmos, 1, 1);
}

static void cmos_write(struct dev_cmos *cmos, uint8_t index, uint8_t value)
{
    dev_cmos_out(cmos, 0, index, 1);
    dev_cmos_out(cmos, 1, value, 1);
}

static void the_rtc_tells_the_time_in_bcd_with_century(void **state)
{
    struct fake_bus fake;
    struct dev_cmos cmos;

    (void)state;
    dev_cmos_init(&cmos, fake_bus_make(&fake), 1709210096); /* Thu 2024-02-29 12:34:56 UTC */
    assert_int_equal(cmos_read(&cmos, 0), 0x56);
    assert_int_equal(cmos_read(&cmos, 2), 0x34);
    assert_int_equal(cmos_read(&cmos, 4), 0x12);
    assert_int_equal(cmos_read(&cmos, 6), 5);
    assert_int_equal(cmos_read(&cmos, 7), 0x29);
    assert_int_equal(cmos_read(&cmos, 8), 0x02);
    assert_int_equal(cmos_read(&cmos, 9), 0x24);
    assert_int_equal(cmos_read(&cmos, 0x32), 0x20);
    fake_pass(&fake, UINT64_C(12) * 3600 * 1000000000);
    assert_int_equal(cmos_read(&cmos, 7), 0x01);
    assert_int_equal(cmos_read(&cmos, 8), 0x03);
}

static void the_rtc_is_never_updating_for_long_and_has_a_battery(void **state)
{
    struct fake_bus fake;
    struct dev_cmos cmos;

    (void)state;
    dev_cmos_init(&cmos, fake_bus_make(&fake), 0);
    assert_int_equal(cmos_read(&cmos, 0x0a), 0x26);
    fake_pass(&fake, 999900000);
    assert_int_equal(cmos_read(&cmos, 0x0a), 0xa6);
    fake_pass(&fake, 100000);
    assert_int_equal(cmos_read(&cmos, 0x0a), 0x26);
    assert_int_equal(cmos_read(&cmos, 0x0b), 0x02);
    assert_int_equal(cmos_read(&cmos, 0x0d), 0x80);
}

static void setting_the_rtc_takes_effect_when_set_is_released(void **state)
{
    struct fake_bus fake;
    struct dev_cmos cmos;

    (void)state;
    dev_cmos_init(&cmos, fake_bus_make(&fake), 1000000000);
    cmos_write(&cmos, 0x0b, 0x82);
    cmos_write(&cmos, 0, 0x58);
    cmos_write(&cmos, 2, 0x59);
    cmos_write(&cmos, 4, 0x23);
    cmos_write(&cmos, 7, 0x31);
    cmos_write(&cmos, 8, 0x12);
    cmos_write(&cmos, 9, 0x99);
    cmos_write(&cmos, 0x32, 0x19);
    fake_pass(&fake, UINT64_C(60000000000));
    assert_int_equal(cmos_read(&cmos, 0), 0x58); /* stands still */
    cmos_write(&cmos, 0x0b, 0x02);
    fake_pass(&fake, UINT64_C(2000000000));
    assert_int_equal(cmos_read(&cmos, 0), 0x00);
    assert_int_equal(cmos_read(&cmos, 7), 0x01);
    assert_int_equal(cmos_read(&cmos, 9), 0x00);
    assert_int_equal(cmos_read(&cmos, 0x32), 0x20);
}

static void the_rtc_update_interrupt_comes_each_second_and_c_clears_it(void **state)
{
    struct fake_bus fake;
    struct dev_cmos cmos;

    (void)state;
    dev_cmos_init(&cmos, fake_bus_make(&fake), 0);
    cmos_write(&cmos, 0x0b, 0x12);
    fake_pass(&fake, 1000000000);
    assert_true(fake.irq[8]);
    assert_int_equal(cmos_read(&cmos, 0x0c), 0x90);
    assert_false(fake.irq[8]);
    fake_pass(&fake, 1000000000);
    assert_int_equal(fake.rises[8], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channel_2_counts_down_at_1193182_hz_for_tsc_calibration),
        cmocka_unit_test(channel_0_in_mode_2_interrupts_once_a_period),
        cmocka_unit_test(channel_0_in_mode_4_interrupts_once_for_each_count),
        cmocka_unit_test(the_null_count_flag_clears_when_a_count_is_loaded),
        cmocka_unit_test(a_latched_count_stays_while_time_passes),
        cmocka_unit_test(the_rtc_tells_the_time_in_bcd_with_century),
        cmocka_unit_test(the_rtc_is_never_updating_for_long_and_has_a_battery),
        cmocka_unit_test(setting_the_rtc_takes_effect_when_set_is_released),
        cmocka_unit_test(the_rtc_update_interrupt_comes_each_second_and_c_clears_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
