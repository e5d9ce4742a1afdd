/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "board/board.h"

#include <stdlib.h>

struct fixture {
    struct board_platform *p;
    uint64_t insns;
    bool intr;
    unsigned n_requests;
    enum dev_request request;
    char out[64];
    size_t out_len;
};

static bool no_dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    (void)ctx;
    (void)bus;
    memset(to, 0xff, len);
    return false;
}

static bool no_dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    (void)ctx;
    (void)bus;
    (void)from;
    (void)len;
    return false;
}

static void on_intr(void *ctx, bool level)
{
    ((struct fixture *)ctx)->intr = level;
}

static void on_nmi(void *ctx)
{
    (void)ctx;
}

static void on_request(void *ctx, enum dev_request request, uint32_t value)
{
    struct fixture *f = ctx;

    (void)value;
    f->n_requests++;
    f->request = request;
}

static void on_console(void *ctx, uint8_t byte)
{
    struct fixture *f = ctx;

    f->out[f->out_len++ % sizeof(f->out)] = (char)byte;
}

static void on_trace(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static uint64_t on_instructions(void *ctx)
{
    return ((struct fixture *)ctx)->insns;
}

static void setup(struct fixture *f, bool acpi)
{
    static const struct board_platform_ops ops = {no_dma_read, no_dma_write, on_intr, on_nmi, on_nmi,
                                                  on_request,  on_console,   on_trace};
    const struct board_platform_config config = {
        .ops = &ops, .ctx = f, .instructions = on_instructions, .deterministic = true,
        .rtc_epoch = 0, .below_4g = 256u << 20, .acpi = acpi};

    memset(f, 0, sizeof(*f));
    assert_int_equal(board_platform_new(&config, &f->p), CBIT_OK);
    board_platform_reset(f->p);
}

static void pass(struct fixture *f, uint64_t ns)
{
    f->insns += ns;
    board_clock_run(&f->p->clock);
}

static void store32(struct fixture *f, uint64_t at, uint32_t value)
{
    uint8_t raw[4];

    cb_store_le32(raw, value);
    assert_true(board_mmio_write(f->p, at, raw, 4, true));
}

static uint32_t load32(struct fixture *f, uint64_t at)
{
    uint8_t raw[4];

    assert_true(board_mmio_read(f->p, at, raw, 4, true));
    return cb_load_le32(raw);
}

static void start_pit(struct fixture *f)
{
    board_port_out(f->p, 0x43, 0x34, 1);
    board_port_out(f->p, 0x40, 0xa5, 1);
    board_port_out(f->p, 0x40, 0x12, 1);
}

static void setup_pics(struct fixture *f)
{
    static const uint8_t words[][2] = {{0x20, 0x11}, {0x21, 0x30}, {0x21, 4}, {0x21, 1},
                                       {0xa0, 0x11}, {0xa1, 0x38}, {0xa1, 2}, {0xa1, 1},
                                       {0x21, 0xfa}, {0xa1, 0xff}};

    for (unsigned i = 0; i < CB_ARRAY_LEN(words); i++)
        board_port_out(f->p, words[i][0], words[i][1], 1);
}

static void timer_ticks_reach_the_cpu_through_the_8259_in_virtual_wire_mode(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, false);
    dev_lapic_virtual_wire(&f.p->lapic);
    setup_pics(&f);
    start_pit(&f);
    pass(&f, 4100000);
    assert_true(f.intr);
    assert_int_equal(board_intr_ack(f.p), 0x30);
    assert_false(f.intr);
    board_platform_free(f.p);
}

static void timer_ticks_reach_the_cpu_through_io_apic_input_2(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    store32(&f, 0xfee000f0, 0x1ff);
    store32(&f, 0xfec00000, 0x14);
    store32(&f, 0xfec00010, 0x30);
    start_pit(&f);
    pass(&f, 4100000);
    assert_int_equal(board_intr_ack(f.p), 0x30);
    assert_int_equal(board_intr_ack(f.p), -1);
    board_platform_free(f.p);
}

static void the_hpet_takes_the_timer_lines_in_legacy_mode(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    store32(&f, 0xfee000f0, 0x1ff);
    store32(&f, 0xfec00000, 0x14);
    store32(&f, 0xfec00010, 0x30);
    start_pit(&f);
    assert_int_equal(load32(&f, 0xfed00004), 10000000); /* femtoseconds a tick */
    store32(&f, 0xfed00010, 3);
    pass(&f, 5000000);
    assert_int_equal(board_intr_ack(f.p), -1); /* the PIT is cut off */
    store32(&f, 0xfed00108, load32(&f, 0xfed000f0) + 1000);
    store32(&f, 0xfed00100, 0x104); /* enable, 32 bits */
    store32(&f, 0xfed00108, load32(&f, 0xfed000f0) + 1000);
    pass(&f, 9990);
    assert_int_equal(board_intr_ack(f.p), -1);
    pass(&f, 10);
    assert_int_equal(board_intr_ack(f.p), 0x30);
    board_platform_free(f.p);
}

static void a_level_interrupt_comes_again_after_its_eoi(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    store32(&f, 0xfee000f0, 0x1ff);
    store32(&f, 0xfec00000, 0x10 + 2 * 9);
    store32(&f, 0xfec00010, 0x8040);
    board_port_out(f.p, 0x602, 0x100, 2); /* power button enable */
    dev_acpi_pm_power_button(&f.p->pm);
    assert_int_equal(board_intr_ack(f.p), 0x40);
    assert_int_equal(board_intr_ack(f.p), -1);
    store32(&f, 0xfee000b0, 0);
    assert_int_equal(board_intr_ack(f.p), 0x40);
    board_port_out(f.p, 0x600, 0x100, 2);
    store32(&f, 0xfee000b0, 0);
    assert_int_equal(board_intr_ack(f.p), -1);
    board_platform_free(f.p);
}

static void enable_bits_of_fixed_events_read_back(void **state)
{
    static const struct {
        const char *name;
        unsigned written, read;
    } rows[] = {
        {"the power button", 0x0100, 0x0100},
        {"the alarm clock", 0x0400, 0x0400},
        {"the timer's overflow", 0x0001, 0x0001},
        {"the Global Lock", 0x0020, 0x0020},
        {"a sleep button that isn't there", 0x0200, 0},
        {"reserved bits", 0x3852, 0},
    };
    struct fixture f;

    (void)state;
    setup(&f, true);
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        board_port_out(f.p, 0x602, rows[i].written, 2);
        print_message("%s\n", rows[i].name);
        assert_int_equal(board_port_in(f.p, 0x602, 2), rows[i].read);
    }
    board_platform_free(f.p);
}

static void s5_powers_off_and_the_reset_port_resets(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    assert_int_equal(board_port_in(f.p, 0x604, 2), 1); /* always in ACPI mode */
    board_port_out(f.p, 0x604, 5 << 10, 2);
    assert_int_equal(f.n_requests, 0);
    board_port_out(f.p, 0x604, 5 << 10 | 0x2000, 2);
    assert_int_equal(f.request, DEV_REQUEST_POWEROFF);
    board_port_out(f.p, 0xcf9, 6, 1);
    assert_int_equal(f.request, DEV_REQUEST_RESET);
    board_port_out(f.p, 0x505, 1, 1);
    assert_int_equal(f.request, DEV_REQUEST_PANIC);
    board_port_out(f.p, 0xf4, 21, 4);
    assert_int_equal(f.request, DEV_REQUEST_EXIT);
    board_platform_free(f.p);
}

static void the_pm_timer_runs_at_3579545_hz(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    pass(&f, 1000000000);
    assert_int_equal(board_port_in(f.p, 0x608, 4), 3579545);
    board_platform_free(f.p);
}

static void without_tables_there_is_neither_io_apic_nor_pm_block(void **state)
{
    uint8_t raw[4];
    struct fixture f;

    (void)state;
    setup(&f, false);
    assert_false(board_mmio_read(f.p, 0xfec00000, raw, 4, true));
    assert_int_equal(cb_load_le32(raw), 0xffffffff);
    assert_int_equal(board_port_in(f.p, 0x608, 4), 0xffffffff);
    assert_int_equal(board_port_in(f.p, 0x2f8, 1), 0xff);
    board_platform_free(f.p);
}

static void the_local_apic_is_the_cpus_alone(void **state)
{
    uint8_t raw[4];
    struct fixture f;

    (void)state;
    setup(&f, false);
    assert_true(board_mmio_read(f.p, 0xfee00030, raw, 4, true));
    assert_int_equal(cb_load_le32(raw), 0x00050014);
    assert_false(board_mmio_read(f.p, 0xfee00030, raw, 4, false));
    board_platform_free(f.p);
}

static void messages_are_delivered_to_the_addressed_apic_only(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, false);
    store32(&f, 0xfee000f0, 0x1ff);
    board_msi(f.p, 0xfee01000, 0x41);
    assert_int_equal(board_intr_ack(f.p), -1);
    board_msi(f.p, 0xfee00000, 0x41);
    assert_int_equal(board_intr_ack(f.p), 0x41);
    board_platform_free(f.p);
}

static void fw_cfg_tells_cpus_and_memory_and_survives_wild_dma(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, true);
    board_port_out(f.p, 0x510, 0x05, 2);
    assert_int_equal(board_port_in(f.p, 0x511, 1), 1);
    board_port_out(f.p, 0x510, 0x03, 2);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(board_port_in(f.p, 0x511, 1), 0);
    assert_int_equal(board_port_in(f.p, 0x511, 1), 0x10);
    board_port_out(f.p, 0x514, 0xffffffff, 4);
    board_port_out(f.p, 0x518, 0xffffffff, 4);
    board_platform_free(f.p);
}

static void the_console_speaks_and_wide_port_accesses_are_split(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, false);
    board_port_out(f.p, 0x3f8, 'A', 1);
    assert_int_equal(f.out_len, 1);
    assert_int_equal(f.out[0], 'A');
    assert_int_equal(board_port_in(f.p, 0x3fc, 2) >> 8, 0x60);
    board_platform_free(f.p);
}

static void warps_move_the_deterministic_clock(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, false);
    board_clock_warp(&f.p->clock, 5000);
    assert_true(board_clock_now(&f.p->clock) == 5000);
    f.insns = 10;
    assert_true(board_clock_now(&f.p->clock) == 5010);
    board_clock_warp(&f.p->clock, 100);
    assert_true(board_clock_now(&f.p->clock) == 5010);
    board_platform_free(f.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_ticks_reach_the_cpu_through_the_8259_in_virtual_wire_mode),
        cmocka_unit_test(timer_ticks_reach_the_cpu_through_io_apic_input_2),
        cmocka_unit_test(the_hpet_takes_the_timer_lines_in_legacy_mode),
        cmocka_unit_test(a_level_interrupt_comes_again_after_its_eoi),
        cmocka_unit_test(enable_bits_of_fixed_events_read_back),
        cmocka_unit_test(s5_powers_off_and_the_reset_port_resets),
        cmocka_unit_test(the_pm_timer_runs_at_3579545_hz),
        cmocka_unit_test(without_tables_there_is_neither_io_apic_nor_pm_block),
        cmocka_unit_test(the_local_apic_is_the_cpus_alone),
        cmocka_unit_test(messages_are_delivered_to_the_addressed_apic_only),
        cmocka_unit_test(fw_cfg_tells_cpus_and_memory_and_survives_wild_dma),
        cmocka_unit_test(the_console_speaks_and_wide_port_accesses_are_split),
        cmocka_unit_test(warps_move_the_deterministic_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
