/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/fake_bus.h"

struct fixture {
    struct fake_bus fake;
    struct dev_lapic lapic;
    unsigned nmis, smis, ipis;
    int eoi;
};

static void on_intr(void *ctx)
{
    (void)ctx;
}

static void on_nmi(void *ctx)
{
    ((struct fixture *)ctx)->nmis++;
}

static void on_smi(void *ctx)
{
    ((struct fixture *)ctx)->smis++;
}

static void on_startup(void *ctx, uint8_t vector)
{
    (void)ctx;
    (void)vector;
}

static void on_eoi(void *ctx, uint8_t vector)
{
    ((struct fixture *)ctx)->eoi = vector;
}

static void on_ipi(void *ctx, struct dev_lapic_message message, bool all_but_self)
{
    struct fixture *f = ctx;

    f->ipis++;
    if (!all_but_self && dev_lapic_accepts(&f->lapic, message))
        dev_lapic_deliver(&f->lapic, message);
}

static const struct dev_lapic_ops ops = {on_intr, on_nmi, on_smi, on_intr, on_startup, on_eoi,
                                         on_ipi};

static void setup(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->eoi = -1;
    dev_lapic_init(&f->lapic, fake_bus_make(&f->fake), 0, true, &ops, f);
}

static void set(struct fixture *f, unsigned reg, uint32_t value)
{
    dev_lapic_store(&f->lapic, reg, value, 4);
}

static uint32_t get(struct fixture *f, unsigned reg)
{
    return (uint32_t)dev_lapic_load(&f->lapic, reg, 4);
}

static void send(struct fixture *f, uint8_t vector, bool level)
{
    dev_lapic_deliver(&f->lapic, (struct dev_lapic_message){.vector = vector, .level = level});
}

static void reset_state_is_the_manuals(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_true(f.lapic.base == 0xfee00900);
    assert_int_equal(get(&f, 0xf0), 0xff);
    assert_int_equal(get(&f, 0xe0), 0xffffffff);
    assert_int_equal(get(&f, 0x350), 0x10000);
    assert_true((get(&f, 0x30) & 0xff) >= 0x14);
    assert_true((get(&f, 0x30) >> 16 & 0xff) >= 4);
}

static void nothing_is_accepted_until_software_enables_it(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    send(&f, 0x40, false);
    assert_false(dev_lapic_pending(&f.lapic));
    set(&f, 0xf0, 0x1ff);
    send(&f, 0x40, false);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0x40);
}

static void priorities_follow_tpr_and_what_is_in_service(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xf0, 0x1ff);
    send(&f, 0x51, false);
    send(&f, 0x40, false);
    set(&f, 0x80, 0x50);
    assert_false(dev_lapic_pending(&f.lapic));
    assert_int_equal(dev_lapic_cr8(&f.lapic), 5);
    dev_lapic_set_cr8(&f.lapic, 0);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0x51);
    assert_int_equal(get(&f, 0xa0), 0x50);
    assert_int_equal(dev_lapic_ack(&f.lapic), -1); /* 40h has to wait */
    assert_int_equal(get(&f, 0x120), 1u << 17);    /* ISR */
    set(&f, 0xb0, 0);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0x40);
}

static void the_eoi_of_a_level_interrupt_is_broadcast(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xf0, 0x1ff);
    send(&f, 0x40, false);
    dev_lapic_ack(&f.lapic);
    set(&f, 0xb0, 0);
    assert_int_equal(f.eoi, -1);
    send(&f, 0x40, true);
    dev_lapic_ack(&f.lapic);
    set(&f, 0xb0, 0);
    assert_int_equal(f.eoi, 0x40);
}

static void the_8259_passes_when_lint0_is_extint_or_the_apic_is_off(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    assert_false(dev_lapic_extint_open(&f.lapic));
    dev_lapic_virtual_wire(&f.lapic);
    assert_true(dev_lapic_extint_open(&f.lapic));
    set(&f, 0x350, 0x10700);
    assert_false(dev_lapic_extint_open(&f.lapic));
    assert_true(dev_lapic_base_write(&f.lapic, 0xfee00000));
    assert_true(dev_lapic_extint_open(&f.lapic));
    assert_false(dev_lapic_base_write(&f.lapic, 0xfee00c00)); /* x2APIC */
}

static void the_timer_counts_down_and_repeats(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xf0, 0x1ff);
    set(&f, 0x3e0, 0x3);     /* divide by 16 */
    set(&f, 0x320, 0x200ec); /* periodic */
    set(&f, 0x380, 1000);
    fake_pass(&f.fake, 1600);
    assert_int_equal(get(&f, 0x390), 900);
    fake_pass(&f.fake, 14400);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0xec);
    set(&f, 0xb0, 0);
    fake_pass(&f.fake, 15999);
    assert_int_equal(dev_lapic_ack(&f.lapic), -1);
    fake_pass(&f.fake, 1);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0xec);
}

static void a_one_shot_timer_stops_at_zero(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xf0, 0x1ff);
    set(&f, 0x3e0, 0xb); /* divide by 1 */
    set(&f, 0x320, 0xec);
    set(&f, 0x380, 50);
    fake_pass(&f.fake, 500);
    assert_int_equal(get(&f, 0x390), 0);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0xec);
    set(&f, 0xb0, 0);
    fake_pass(&f.fake, 500);
    assert_int_equal(dev_lapic_ack(&f.lapic), -1);
}

static void ipis_reach_self_by_shorthand_and_by_id(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xf0, 0x1ff);
    set(&f, 0x300, 0x400f6); /* self */
    assert_int_equal(dev_lapic_ack(&f.lapic), 0xf6);
    set(&f, 0xb0, 0);
    set(&f, 0x310, 0);
    set(&f, 0x300, 0x40f7);
    assert_int_equal(dev_lapic_ack(&f.lapic), 0xf7);
    set(&f, 0xb0, 0);
    set(&f, 0x300, 0xc00f8); /* all but self */
    assert_int_equal(dev_lapic_ack(&f.lapic), -1);
    set(&f, 0x300, 0x40400); /* NMI to self */
    assert_int_equal(f.nmis, 1);
    set(&f, 0x300, 0x40200); /* SMI to self */
    assert_int_equal(f.smis, 1);
    assert_int_equal(f.nmis, 1);
}

static void logical_destinations_match_flat_and_cluster(void **state)
{
    struct dev_lapic_message message = {.destination = 0x05, .logical = true};
    struct fixture f;

    (void)state;
    setup(&f);
    set(&f, 0xd0, 0x01000000);
    assert_true(dev_lapic_accepts(&f.lapic, message));
    message.destination = 0x02;
    assert_false(dev_lapic_accepts(&f.lapic, message));
    set(&f, 0xe0, 0x0fffffff);
    set(&f, 0xd0, 0x32000000);
    message.destination = 0x36;
    assert_true(dev_lapic_accepts(&f.lapic, message));
    message.destination = 0x26;
    assert_false(dev_lapic_accepts(&f.lapic, message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_state_is_the_manuals),
        cmocka_unit_test(nothing_is_accepted_until_software_enables_it),
        cmocka_unit_test(priorities_follow_tpr_and_what_is_in_service),
        cmocka_unit_test(the_eoi_of_a_level_interrupt_is_broadcast),
        cmocka_unit_test(the_8259_passes_when_lint0_is_extint_or_the_apic_is_off),
        cmocka_unit_test(the_timer_counts_down_and_repeats),
        cmocka_unit_test(a_one_shot_timer_stops_at_zero),
        cmocka_unit_test(ipis_reach_self_by_shorthand_and_by_id),
        cmocka_unit_test(logical_destinations_match_flat_and_cluster),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
