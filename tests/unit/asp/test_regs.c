/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox registers, one command at a time and as a pair of rings. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#define AT_BUFFER 0x6000u
#define AT_LO_CMD 0x8000u
#define AT_LO_STAT 0x9000u
#define AT_HI_CMD 0xa000u
#define AT_HI_STAT 0xb000u

static bool write_reg(struct platform *p, enum asp_reg reg, uint32_t v)
{
    return asp_reg_write(p->asp, reg, v);
}

static uint32_t read_reg(struct platform *p, enum asp_reg reg)
{
    return asp_reg_read(p->asp, reg);
}

static void a_command_answers_before_its_interrupt(void **state)
{
    struct platform p;
    uint8_t b[12];

    (void)state;
    platform_new(&p);
    write_reg(&p, ASP_REG_INTEN, 0xffffffff);
    write_reg(&p, ASP_REG_ADDR_LOW, AT_BUFFER);
    write_reg(&p, ASP_REG_ADDR_HIGH, 0x80000); /* the C-bit */
    assert_false(write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_NOP << 16)); /* nobody asked for it */
    assert_int_equal(read_reg(&p, ASP_REG_INTSTS), 0);
    assert_true(write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_PLATFORM_STATUS << 16 | 1));
    assert_true(read_reg(&p, ASP_REG_COMMAND) == 0x80000000u);
    assert_int_equal(read_reg(&p, ASP_REG_INTSTS), 2);
    write_reg(&p, ASP_REG_INTSTS, 2);
    assert_int_equal(read_reg(&p, ASP_REG_INTSTS), 0);
    mc_read(p.mc, spa(AT_BUFFER), mc_access_host(MC_KIND_DATA, true), b, sizeof(b));
    assert_int_equal(b[1], 24);
    assert_true(write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_PEK_GEN << 16 | 1));
    assert_true(read_reg(&p, ASP_REG_COMMAND) == 0x80000001u);
    write_reg(&p, ASP_REG_INTEN, 0);
    assert_false(write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_NOP << 16 | 1));
    platform_free(&p);
}

static void features_tell_sev_and_tsme(void **state)
{
    struct platform p;

    (void)state;
    platform_new(&p);
    assert_int_equal(read_reg(&p, ASP_REG_FEATURES), 0x81);
    write_reg(&p, ASP_REG_FEATURES, 0xffffffff);
    assert_int_equal(read_reg(&p, ASP_REG_FEATURES), 0x81);
    platform_free(&p);
    platform_config(&p, "milan");
    p.config.tsme = true;
    platform_start(&p);
    assert_int_equal(read_reg(&p, ASP_REG_FEATURES), 0x2081);
    platform_free(&p);
    platform_config(&p, "ryzen-pro");
    platform_start(&p);
    assert_int_equal(read_reg(&p, ASP_REG_FEATURES), 0x80);
    platform_free(&p);
}

static void ring_up(struct platform *p, uint16_t flags)
{
    const struct wire_sev_ring_buffer c = {AT_LO_CMD, AT_LO_STAT, AT_HI_CMD, AT_HI_STAT,
                                           1, 1, 0, 0, flags};
    uint8_t b[40];

    platform_new(p);
    up(p, false);
    write_reg(p, ASP_REG_INTEN, 2);
    wire_sev_ring_buffer_encode(&c, b);
    put(p, AT_BUFFER, b, sizeof(b));
    write_reg(p, ASP_REG_ADDR_LOW, AT_BUFFER);
    write_reg(p, ASP_REG_ADDR_HIGH, 0);
    write_reg(p, ASP_REG_COMMAND, WIRE_SEV_RING_BUFFER << 16);
    assert_true(read_reg(p, ASP_REG_COMMAND) == 0x80000000u);
    write_reg(p, ASP_REG_COMMAND, 0xc0000000u);
}

static void entry(struct platform *p, uint64_t queue, unsigned i, uint16_t id, uint16_t flags)
{
    uint8_t e[16] = {0};

    cb_store_le16(e, id);
    cb_store_le16(e + 2, flags);
    cb_store_le64(e + 8, AT_BUFFER);
    put(p, queue + 16 * i, e, sizeof(e));
}

static uint16_t result(struct platform *p, uint64_t queue, unsigned i)
{
    uint8_t e[16];

    get(p, queue + 16 * i, e, sizeof(e));
    return cb_load_le16(e);
}

static void rings_run_what_the_tail_gives_them(void **state)
{
    struct platform p;

    (void)state;
    ring_up(&p, 0);
    entry(&p, AT_LO_CMD, 0, WIRE_SEV_NOP, 0);
    entry(&p, AT_LO_CMD, 1, WIRE_SEV_ACTIVATE, 2); /* fails, but goes on */
    entry(&p, AT_LO_CMD, 2, WIRE_SEV_PLATFORM_STATUS, 1);
    entry(&p, AT_HI_CMD, 0, WIRE_SEV_PDH_GEN, 0);
    assert_true(write_reg(&p, ASP_REG_ADDR_HIGH, 1u << 16 | 3));
    assert_int_equal(result(&p, AT_LO_STAT, 0), 0);
    assert_int_equal(result(&p, AT_LO_STAT, 1), WIRE_SEV_INVALID_PLATFORM_STATE);
    assert_int_equal(result(&p, AT_LO_STAT, 2), 0);
    assert_int_equal(result(&p, AT_HI_STAT, 0), 0);
    assert_int_equal(read_reg(&p, ASP_REG_ADDR_LOW), 0x30010003); /* heads; done; all empty */
    write_reg(&p, ASP_REG_COMMAND, 0xe0000000u);
    assert_int_equal(read_reg(&p, ASP_REG_ADDR_LOW), 0x10010003);
    platform_free(&p);
}

static void a_failing_entry_pauses_until_it_is_resumed(void **state)
{
    struct platform p;

    (void)state;
    ring_up(&p, 0);
    entry(&p, AT_LO_CMD, 0, WIRE_SEV_INIT, 0);
    entry(&p, AT_LO_CMD, 1, WIRE_SEV_NOP, 0);
    put(&p, AT_LO_STAT + 16, "\xee\xee", 2);
    write_reg(&p, ASP_REG_ADDR_HIGH, 2);
    assert_int_equal(result(&p, AT_LO_STAT, 0), WIRE_SEV_INVALID_PLATFORM_STATE);
    assert_int_equal(result(&p, AT_LO_STAT, 1), 0xeeee);
    assert_int_equal(read_reg(&p, ASP_REG_ADDR_LOW) & 0x400000ff, 0x40000001);
    write_reg(&p, ASP_REG_COMMAND, 0xc0000100u);
    assert_int_equal(result(&p, AT_LO_STAT, 1), 0);
    assert_int_equal(read_reg(&p, ASP_REG_ADDR_LOW) & 0x400000ff, 2);
    platform_free(&p);
}

static void an_empty_ring_interrupts_if_asked_to(void **state)
{
    struct platform p;

    (void)state;
    ring_up(&p, 1);
    entry(&p, AT_LO_CMD, 0, WIRE_SEV_NOP, 0);
    assert_true(write_reg(&p, ASP_REG_ADDR_HIGH, 1));
    platform_free(&p);
}

static void ring_mode_ends_by_control_shutdown_or_reset(void **state)
{
    struct platform p;

    (void)state;
    ring_up(&p, 0);
    write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_NOP << 16); /* bits 30 and 31 are clear */
    assert_true(read_reg(&p, ASP_REG_COMMAND) == (0x80000000u | WIRE_SEV_RB_MODE_EXITED));
    write_reg(&p, ASP_REG_COMMAND, WIRE_SEV_NOP << 16);
    assert_true(read_reg(&p, ASP_REG_COMMAND) == 0x80000000u);
    platform_free(&p);

    ring_up(&p, 0);
    entry(&p, AT_LO_CMD, 0, WIRE_SEV_SHUTDOWN, 0);
    entry(&p, AT_LO_CMD, 1, WIRE_SEV_NOP, 0);
    write_reg(&p, ASP_REG_ADDR_HIGH, 2);
    write_reg(&p, ASP_REG_ADDR_LOW, 0x1234);
    assert_int_equal(read_reg(&p, ASP_REG_ADDR_LOW), 0x1234); /* an address again */
    platform_free(&p);
}

static void a_second_ring_and_wrong_sizes_are_refused(void **state)
{
    static const struct {
        struct wire_sev_ring_buffer c;
        unsigned want;
    } cases[] = {
        {{AT_LO_CMD, AT_LO_STAT, 0, 0, 0, 0, 0, 0, 0}, WIRE_SEV_INVALID_PARAM},
        {{AT_LO_CMD, AT_LO_STAT, 0, 0, 2, 0, 0, 0, 0}, WIRE_SEV_INVALID_PARAM},
        {{AT_LO_CMD, AT_LO_STAT, 0, 0, 1, 2, 0, 0, 0}, WIRE_SEV_INVALID_PARAM},
        {{AT_LO_CMD + 64, AT_LO_STAT, 0, 0, 1, 0, 0, 0, 0}, WIRE_SEV_INVALID_ADDRESS},
        {{AT_LO_CMD, PLATFORM_DRAM, 0, 0, 1, 0, 0, 0, 0}, WIRE_SEV_INVALID_ADDRESS},
        {{AT_LO_CMD, AT_LO_STAT, 8, AT_HI_STAT, 1, 1, 0, 0, 0}, WIRE_SEV_INVALID_ADDRESS},
        {{AT_LO_CMD, AT_LO_STAT, 8, 8, 1, 0, 0, 0, 0}, WIRE_SEV_SUCCESS}, /* no high queue */
        {{AT_LO_CMD, AT_LO_STAT, 0, 0, 1, 0, 0, 0, 0}, WIRE_SEV_INVALID_PARAM}, /* already on */
    };
    struct platform p;
    uint8_t b[40];

    (void)state;
    platform_new(&p);
    up(&p, false);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        wire_sev_ring_buffer_encode(&cases[i].c, b);
        assert_int_equal(run(&p, WIRE_SEV_RING_BUFFER, b, sizeof(b)), cases[i].want);
    }
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_answers_before_its_interrupt),
        cmocka_unit_test(features_tell_sev_and_tsme),
        cmocka_unit_test(rings_run_what_the_tail_gives_them),
        cmocka_unit_test(a_failing_entry_pauses_until_it_is_resumed),
        cmocka_unit_test(an_empty_ring_interrupts_if_asked_to),
        cmocka_unit_test(ring_mode_ends_by_control_shutdown_or_reset),
        cmocka_unit_test(a_second_ring_and_wrong_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
