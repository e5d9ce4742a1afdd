/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/fake_bus.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

struct fixture {
    struct fake_bus fake;
    struct dev_uart uart;
    uint8_t sent[64];
    size_t n_sent;
};

static void on_send(void *ctx, uint8_t byte)
{
    struct fixture *f = ctx;

    f->sent[f->n_sent++ % sizeof(f->sent)] = byte;
}

static struct fixture *setup(void)
{
    static struct fixture f;

    f.n_sent = 0;
    dev_uart_init(&f.uart, fake_bus_make(&f.fake), 4, on_send, &f);
    return &f;
}

static void out(struct fixture *f, uint16_t reg, uint8_t value)
{
    dev_uart_out(&f->uart, reg, value, 1);
}

static unsigned in(struct fixture *f, uint16_t reg)
{
    return dev_uart_in(&f->uart, reg, 1);
}

static void polled_output_finds_the_transmitter_empty(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, LCR, 0x83);
    out(f, RBR, 0x0c);
    out(f, IER, 0x00);
    out(f, LCR, 0x03);
    assert_int_equal(in(f, LSR), 0x60);
    out(f, RBR, 'x');
    assert_int_equal(in(f, LSR), 0x60);
    assert_int_equal(f->n_sent, 1);
    assert_int_equal(f->sent[0], 'x');
}

static void autoconfiguration_finds_a_16550a(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, IER, 0xff);
    assert_int_equal(in(f, IER), 0x0f);
    out(f, IER, 0x00);
    out(f, MCR, 0x1a); /* loop back, RTS and OUT2 */
    assert_int_equal(in(f, MSR) & 0xf0, 0x90);
    out(f, MCR, 0x00);
    out(f, FCR, 0x01);
    assert_int_equal(in(f, IIR) >> 6, 3);
    out(f, FCR, 0x21);
    assert_int_equal(in(f, IIR) >> 5, 6); /* no 64-byte FIFO */
    out(f, SCR, 0x5a);
    assert_int_equal(in(f, SCR), 0x5a);
}

static void enabling_the_transmitter_interrupt_raises_it_at_once(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, MCR, 0x0b);
    out(f, IER, 0x02);
    assert_true(f->fake.irq[4]);
    assert_int_equal(in(f, IIR) & 0x0f, 0x02);
    assert_false(f->fake.irq[4]);
    assert_int_equal(in(f, IIR) & 0x0f, 0x01);
    out(f, IER, 0x00);
    out(f, IER, 0x02); /* Linux tests that it comes a second time */
    assert_int_equal(in(f, IIR) & 0x0f, 0x02);
}

static void each_sent_byte_makes_a_new_edge(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, MCR, 0x0b);
    out(f, IER, 0x02);
    for (unsigned i = 2; i < 5; i++) {
        out(f, RBR, 'a');
        assert_int_equal(f->fake.rises[4], i);
        assert_true(f->fake.irq[4]);
    }
}

static void input_interrupts_and_waits_in_order(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, FCR, 0x81);
    out(f, MCR, 0x0b);
    out(f, IER, 0x05);
    assert_int_equal(dev_uart_receive(&f->uart, (const uint8_t *)"hi", 2), 2);
    assert_true(f->fake.irq[4]);
    assert_int_equal(in(f, IIR) & 0x0f, 0x0c); /* below the trigger level: time-out */
    assert_int_equal(in(f, LSR) & 1, 1);
    assert_int_equal(in(f, RBR), 'h');
    assert_int_equal(in(f, RBR), 'i');
    assert_int_equal(in(f, LSR) & 1, 0);
    assert_false(f->fake.irq[4]);
}

static void the_queue_takes_64_kib_and_no_more(void **state)
{
    static uint8_t much[70000];
    struct fixture *f = setup();

    (void)state;
    assert_int_equal(dev_uart_receive(&f->uart, much, sizeof(much)), 65536);
    in(f, RBR);
    assert_int_equal(dev_uart_receive(&f->uart, much, 5), 1);
}

static void out2_gates_the_interrupt(void **state)
{
    struct fixture *f = setup();

    (void)state;
    out(f, IER, 0x02);
    assert_false(f->fake.irq[4]);
    out(f, MCR, 0x08);
    assert_true(f->fake.irq[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polled_output_finds_the_transmitter_empty),
        cmocka_unit_test(autoconfiguration_finds_a_16550a),
        cmocka_unit_test(enabling_the_transmitter_interrupt_raises_it_at_once),
        cmocka_unit_test(each_sent_byte_makes_a_new_edge),
        cmocka_unit_test(input_interrupts_and_waits_in_order),
        cmocka_unit_test(the_queue_takes_64_kib_and_no_more),
        cmocka_unit_test(out2_gates_the_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
