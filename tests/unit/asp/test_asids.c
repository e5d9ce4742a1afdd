/* SPDX-License-Identifier: Apache-2.0 */
/* ASIDs: who may have which, and when the caches must be flushed before. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

/* In a machine of two cores; plain SEV from ASID 4 on, 509 ASIDs. */
static void machine_up(struct platform *p)
{
    platform_config(p, "milan");
    p->config.standalone = false;
    p->config.n_cpus = 2;
    p->config.min_sev_asid = 4;
    platform_start(p);
    mc_set_smee(p->mc, true); /* as the CPU does by SYSCFG */
    assert_int_equal(init(p, true), 0);
}

static unsigned df_flush(struct platform *p)
{
    return run_bare(p, WIRE_SEV_DF_FLUSH);
}

static void flush_all(struct platform *p)
{
    asp_note_wbinvd(p->asp, 0);
    asp_note_wbinvd(p->asp, 1);
    assert_int_equal(df_flush(p), 0);
}

static uint32_t unbound_guest(struct platform *p, uint32_t policy)
{
    struct wire_sev_start c = start_command(policy, false);

    assert_int_equal(start(p, WIRE_SEV_LAUNCH_START, &c), 0);
    return c.handle;
}

static void after_init_every_core_must_flush_before_an_asid_is_given(void **state)
{
    struct platform p;
    uint32_t handle;

    (void)state;
    machine_up(&p);
    handle = unbound_guest(&p, 0);
    assert_int_equal(activate(&p, handle, 4), WIRE_SEV_DF_FLUSH_REQUIRED);
    assert_int_equal(df_flush(&p), WIRE_SEV_WBINVD_REQUIRED);
    asp_note_wbinvd(p.asp, 0);
    assert_int_equal(df_flush(&p), WIRE_SEV_WBINVD_REQUIRED);
    asp_note_wbinvd(p.asp, 1);
    assert_int_equal(activate(&p, handle, 4), WIRE_SEV_DF_FLUSH_REQUIRED);
    assert_int_equal(df_flush(&p), 0);
    assert_int_equal(activate(&p, handle, 4), 0);
    platform_free(&p);
}

static void asids_have_their_ranges_and_their_order_of_checks(void **state)
{
    struct platform p;
    uint32_t sev, es, second;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    sev = unbound_guest(&p, 0);
    es = unbound_guest(&p, WIRE_SEV_POLICY_ES);
    second = unbound_guest(&p, 0);
    assert_int_equal(activate(&p, sev, 0), WIRE_SEV_INVALID_ASID);
    assert_int_equal(activate(&p, sev, 510), WIRE_SEV_INVALID_ASID);
    assert_int_equal(activate(&p, sev, UINT32_MAX), WIRE_SEV_INVALID_ASID);
    assert_int_equal(activate(&p, 99, 0), WIRE_SEV_INVALID_GUEST); /* the handle comes first */
    assert_int_equal(activate(&p, sev, 3), WIRE_SEV_INVALID_ASID);
    assert_int_equal(activate(&p, es, 4), WIRE_SEV_INVALID_ASID);
    assert_int_equal(activate(&p, es, 3), 0);
    assert_int_equal(activate(&p, sev, 509), 0);
    assert_int_equal(activate(&p, second, 509), WIRE_SEV_ASID_OWNED);
    assert_int_equal(activate(&p, sev, 509), WIRE_SEV_ASID_OWNED); /* its own, even */
    assert_int_equal(activate(&p, sev, 508), WIRE_SEV_ACTIVE);
    platform_free(&p);
}

static void an_asid_that_never_ran_is_clean_again_one_that_ran_is_dirty(void **state)
{
    struct platform p;
    uint32_t first, second;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    first = unbound_guest(&p, 0);
    second = unbound_guest(&p, 0);
    assert_int_equal(activate(&p, first, 4), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DEACTIVATE, first), 0);
    assert_int_equal(activate(&p, second, 4), 0);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, second, AT_OUT, 48), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_LAUNCH_FINISH, second), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DEACTIVATE, second), 0);
    assert_int_equal(activate(&p, first, 4), WIRE_SEV_DF_FLUSH_REQUIRED);
    assert_int_equal(df_flush(&p), WIRE_SEV_WBINVD_REQUIRED); /* DEACTIVATE forgot the WBINVDs */
    flush_all(&p);
    assert_int_equal(activate(&p, first, 4), 0);
    platform_free(&p);
}

static void a_deactivated_guest_takes_its_key_to_another_asid(void **state)
{
    uint8_t text[16] = "my key, my data", seen[16];
    struct platform p;
    uint32_t handle;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    handle = new_guest(&p, 0, 7);
    put(&p, AT_GUEST, text, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, handle, AT_GUEST, 16), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DEACTIVATE, handle), 0);
    guest_sees(&p, 7, AT_GUEST, seen, 16);
    assert_memory_not_equal(seen, text, 16); /* ASID 7 has no key of anybody's now */
    assert_int_equal(activate(&p, handle, 8), 0);
    guest_sees(&p, 8, AT_GUEST, seen, 16);
    assert_memory_equal(seen, text, 16);
    platform_free(&p);
}

static void a_decommissioned_guests_memory_is_lost(void **state)
{
    uint8_t text[16] = "gone with key..", seen[16];
    struct platform p;
    uint32_t handle;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    handle = new_guest(&p, 0, 7);
    put(&p, AT_GUEST, text, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, handle, AT_GUEST, 16), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DECOMMISSION, handle), WIRE_SEV_ACTIVE);
    assert_int_equal(run_handle(&p, WIRE_SEV_DEACTIVATE, handle), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DECOMMISSION, handle), 0);
    assert_int_equal(new_guest(&p, 0, 7), handle);
    guest_sees(&p, 7, AT_GUEST, seen, 16);
    assert_memory_not_equal(seen, text, 16);
    platform_free(&p);
}

static void shutdown_wipes_every_guests_key(void **state)
{
    uint8_t text[16] = "before shutdown", seen[16];
    struct platform p;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    new_guest(&p, 0, 7);
    put(&p, AT_GUEST, text, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 16), 0);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    guest_sees(&p, 7, AT_GUEST, seen, 16);
    assert_memory_not_equal(seen, text, 16);
    assert_int_equal(platform_status(&p).guest_count, 0);
    platform_free(&p);
}

static unsigned activate_ex(struct platform *p, struct wire_sev_activate c)
{
    uint8_t b[24];

    wire_sev_activate_ex_encode(&c, b);
    return run(p, WIRE_SEV_ACTIVATE_EX, b, sizeof(b));
}

static void activate_ex_wants_its_length_and_ids_of_cores(void **state)
{
    const uint8_t ids[12] = {0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    struct platform p;
    uint32_t h;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    h = unbound_guest(&p, 0);
    put(&p, AT_OUT, ids, sizeof(ids));
    const struct {
        struct wire_sev_activate c;
        unsigned want;
    } cases[] = {
        {{0, h, 4, 1, AT_OUT}, WIRE_SEV_INVALID_PARAM},
        {{32, h, 4, 1, AT_OUT}, WIRE_SEV_INVALID_PARAM},
        {{24, h, 4, 0, AT_OUT}, WIRE_SEV_INVALID_PARAM},
        {{24, h, 4, 1025, AT_OUT}, WIRE_SEV_INVALID_PARAM},
        {{24, 99, 4, 1, AT_OUT}, WIRE_SEV_INVALID_GUEST},
        {{24, h, 0, 1, AT_OUT}, WIRE_SEV_INVALID_ASID},
        {{24, h, 4, 2, PLATFORM_DRAM - 4}, WIRE_SEV_INVALID_ADDRESS},
        {{24, h, 4, 1, UINT64_MAX - 3}, WIRE_SEV_INVALID_ADDRESS},
        {{24, h, 4, 3, AT_OUT}, WIRE_SEV_INVALID_PARAM}, /* there is no core 2 */
        {{24, h, 4, 1, AT_OUT}, WIRE_SEV_SUCCESS},
        {{24, h, 4, 2, AT_OUT}, WIRE_SEV_SUCCESS}, /* more complexes, the same ASID */
        {{24, h, 5, 2, AT_OUT}, WIRE_SEV_ACTIVE},
    };
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++)
        assert_int_equal(activate_ex(&p, cases[i].c), cases[i].want);
    platform_free(&p);
}

static void the_first_df_flush_initialises_the_tmr(void **state)
{
    uint8_t bytes[16];
    struct platform p;

    (void)state;
    platform_config(&p, "milan");
    platform_start(&p);
    memset(bytes, 0x99, sizeof(bytes));
    put(&p, AT_TMR + 0x5000, bytes, sizeof(bytes));
    assert_int_equal(init(&p, true), 0);
    get(&p, AT_TMR + 0x5000, bytes, sizeof(bytes));
    assert_int_equal(bytes[0], 0x99);
    assert_int_equal(df_flush(&p), 0);
    get(&p, AT_TMR + 0x5000, bytes, sizeof(bytes));
    assert_true(cb_all_zero(bytes, sizeof(bytes)));
    platform_free(&p);
}

static void no_command_touches_the_tmr_for_the_host(void **state)
{
    struct platform p;
    uint32_t h;

    (void)state;
    machine_up(&p);
    flush_all(&p);
    h = new_guest(&p, 0, 4);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, h, AT_TMR, 16),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, h, AT_TMR - 16, 32),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, h, AT_TMR - 16, 16), 0);
    assert_int_equal(dbg(&p, WIRE_SEV_DBG_DECRYPT, h, AT_GUEST, AT_TMR + 0xffff0, 16),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(asp_mailbox(p.asp, WIRE_SEV_PLATFORM_STATUS, AT_TMR),
                     WIRE_SEV_INVALID_ADDRESS);
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_init_every_core_must_flush_before_an_asid_is_given),
        cmocka_unit_test(asids_have_their_ranges_and_their_order_of_checks),
        cmocka_unit_test(an_asid_that_never_ran_is_clean_again_one_that_ran_is_dirty),
        cmocka_unit_test(a_deactivated_guest_takes_its_key_to_another_asid),
        cmocka_unit_test(a_decommissioned_guests_memory_is_lost),
        cmocka_unit_test(shutdown_wipes_every_guests_key),
        cmocka_unit_test(activate_ex_wants_its_length_and_ids_of_cores),
        cmocka_unit_test(the_first_df_flush_initialises_the_tmr),
        cmocka_unit_test(no_command_touches_the_tmr_for_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
