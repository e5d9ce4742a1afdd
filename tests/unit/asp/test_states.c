/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command in every state of platform and guest: the exact status, and
 * nothing changed where it is not SUCCESS.  The tables were written from the
 * specification's state tables.
 */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#include <stdio.h>

enum {
    OK = WIRE_SEV_SUCCESS,
    PS = WIRE_SEV_INVALID_PLATFORM_STATE,
    GS = WIRE_SEV_INVALID_GUEST_STATE,
    NG = WIRE_SEV_INVALID_GUEST,
    IN = WIRE_SEV_INACTIVE,
    AC = WIRE_SEV_ACTIVE,
    UN = WIRE_SEV_UNSUPPORTED,
    BM = WIRE_SEV_BAD_MEASUREMENT,
    BS = WIRE_SEV_BAD_SIGNATURE,
    AO = WIRE_SEV_ALREADY_OWNED,
    IP = WIRE_SEV_INVALID_PARAM,
};

/* The guest owner who makes sessions and packets for the guests here. */
struct story {
    struct platform p;
    struct owner owner;
    struct wire_sev_cert pdh;
};

static void bring_up(struct story *s)
{
    platform_new(&s->p);
    up(&s->p, false);
    s->pdh = export_certs(&s->p).pdh;
    owner_make(&s->owner, &s->pdh, 0);
}

static unsigned send_start(struct story *s, uint32_t handle)
{
    const struct wire_sev_send_start c = {.handle = handle,
                                          .pdh = {AT_CERT, WIRE_SEV_CERT_SIZE},
                                          .session = {AT_SESSION, WIRE_SEV_SESSION_SIZE}};
    uint8_t b[68], cert[WIRE_SEV_CERT_SIZE];

    wire_sev_cert_encode(&s->pdh, cert);
    put(&s->p, AT_CERT, cert, sizeof(cert));
    wire_sev_send_start_encode(&c, b);
    return run(&s->p, WIRE_SEV_SEND_START, b, sizeof(b));
}

static unsigned session_start(struct story *s, unsigned id, uint32_t *handle)
{
    struct wire_sev_start c = start_command(0, true);
    unsigned status;

    owner_place(&s->p, &s->owner);
    status = start(&s->p, id, &c);
    *handle = c.handle;
    return status;
}

/* A guest of policy 0 in the given state, bound to ASID 1. */
static uint32_t guest_in(struct story *s, unsigned state)
{
    uint32_t handle;

    if (state == WIRE_SEV_GUEST_RUPDATE) {
        assert_int_equal(session_start(s, WIRE_SEV_RECEIVE_START, &handle), 0);
        assert_int_equal(activate(&s->p, handle, 1), 0);
        return handle;
    }
    handle = new_guest(&s->p, 0, 1);
    if (state == WIRE_SEV_GUEST_LUPDATE)
        return handle;
    assert_int_equal(region(&s->p, WIRE_SEV_LAUNCH_MEASURE, handle, AT_OUT, 48), 0);
    if (state == WIRE_SEV_GUEST_LSECRET)
        return handle;
    assert_int_equal(run_handle(&s->p, WIRE_SEV_LAUNCH_FINISH, handle), 0);
    if (state == WIRE_SEV_GUEST_RUNNING)
        return handle;
    assert_int_equal(send_start(s, handle), 0);
    if (state == WIRE_SEV_GUEST_SENT)
        assert_int_equal(run_handle(&s->p, WIRE_SEV_SEND_FINISH, handle), 0);
    return handle;
}

/* A packet that the guest accepts if its state allows any. */
static void put_packet(struct story *s, unsigned kind)
{
    const struct sev_transport zero = {0};
    struct sev_packet pk = {.kind = (uint8_t)kind, .guest_len = 0x1000, .trans_len = 0x1000};
    uint8_t data[0x1000] = {1}, header[WIRE_SEV_PACKET_SIZE], measure[48];

    get(&s->p, AT_OUT, measure, sizeof(measure));
    pk.measure = kind == WIRE_SEV_PACKET_SECRET ? measure : NULL;
    sev_packet_seal(kind == WIRE_SEV_PACKET_SECRET ? &zero : &s->owner.transport, &pk, data, data,
                    header);
    put(&s->p, AT_HEADER, header, sizeof(header));
    put(&s->p, AT_PACKET, data, sizeof(data));
}

static unsigned issue_blob(struct platform *p, unsigned id, uint64_t at, uint32_t len)
{
    const struct wire_sev_blob c = {at, len};
    uint8_t b[12];

    wire_sev_blob_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

static unsigned issue_two_blobs(struct platform *p, unsigned id, uint32_t second_len)
{
    const struct wire_sev_two_blobs c = {{AT_OUT, WIRE_SEV_CERT_SIZE}, {AT_OUT2, second_len}};
    uint8_t b[28];

    wire_sev_two_blobs_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

static unsigned issue_activate_ex(struct platform *p, uint32_t handle)
{
    const struct wire_sev_activate c = {24, handle, 2, 1, AT_OUT2};
    uint8_t b[24];

    wire_sev_activate_ex_encode(&c, b);
    return run(p, WIRE_SEV_ACTIVATE_EX, b, sizeof(b));
}

static unsigned issue_swap(struct platform *p, unsigned id, uint32_t handle)
{
    const struct wire_sev_swap c = {handle, 0, AT_GUEST, AT_GUEST + 0x1000, AT_HEADER + 0x1000, 7};
    uint8_t b[40];

    wire_sev_swap_out_encode(&c, b); /* SWAP_IN's buffer is its front */
    return run(p, id, b, id == WIRE_SEV_SWAP_OUT ? 40 : 32);
}

static unsigned issue_init(struct platform *p, unsigned id)
{
    const struct wire_sev_init c = {.length = 36};
    uint8_t b[36];

    if (id == WIRE_SEV_INIT)
        wire_sev_init_encode(&c, b);
    else
        wire_sev_init_ex_encode(&c, b);
    return run(p, id, b, id == WIRE_SEV_INIT ? 20 : 36);
}

/* Memory that commands read is laid out here, so that the command itself is all that runs later. */
static void prepare(struct story *s, unsigned id)
{
    uint8_t cert[WIRE_SEV_CERT_SIZE];
    const uint8_t apic_id[4] = {0};

    if (id == WIRE_SEV_ACTIVATE_EX)
        put(&s->p, AT_OUT2, apic_id, sizeof(apic_id));
    if (id == WIRE_SEV_LAUNCH_SECRET)
        put_packet(s, WIRE_SEV_PACKET_SECRET);
    if (id == WIRE_SEV_RECEIVE_UPDATE_DATA || id == WIRE_SEV_RECEIVE_UPDATE_VMSA)
        put_packet(s, WIRE_SEV_PACKET_DATA);
    if (id == WIRE_SEV_LAUNCH_START || id == WIRE_SEV_RECEIVE_START)
        owner_place(&s->p, &s->owner);
    if (id == WIRE_SEV_SEND_START) {
        wire_sev_cert_encode(&s->pdh, cert);
        put(&s->p, AT_CERT, cert, sizeof(cert));
    }
}

static unsigned issue(struct story *s, unsigned id, uint32_t handle)
{
    const struct wire_sev_copy copy = {handle, 0x1000, AT_GUEST, AT_GUEST + 0x1000};
    const struct wire_sev_attestation att = {handle, {AT_OUT2, 208}, {0}};
    const struct wire_sev_ring_buffer ring = {.lo_cmdptr = AT_OUT, .lo_statval = AT_OUT2,
                                              .lo_size = 1};
    struct platform *p = &s->p;
    uint8_t b[WIRE_SEV_CMD_MAX_SIZE] = {0};
    uint32_t new_handle;

    switch (id) {
    case WIRE_SEV_INIT:
    case WIRE_SEV_INIT_EX:
        return issue_init(p, id);
    case WIRE_SEV_PEK_CSR:
        return issue_blob(p, id, AT_OUT, WIRE_SEV_CERT_SIZE);
    case WIRE_SEV_GET_ID:
        return issue_blob(p, id, AT_OUT, 64);
    case WIRE_SEV_DOWNLOAD_FIRMWARE:
        return issue_blob(p, id, AT_OUT, 0x100);
    case WIRE_SEV_PEK_CERT_IMPORT: /* of no certificates at all */
        return issue_two_blobs(p, id, WIRE_SEV_CERT_SIZE);
    case WIRE_SEV_PDH_CERT_EXPORT:
        return issue_two_blobs(p, id, WIRE_SEV_CHAIN_SIZE);
    case WIRE_SEV_RING_BUFFER:
        wire_sev_ring_buffer_encode(&ring, b);
        return run(p, id, b, 40);
    case WIRE_SEV_ACTIVATE:
        return activate(p, handle, 2);
    case WIRE_SEV_ACTIVATE_EX:
        return issue_activate_ex(p, handle);
    case WIRE_SEV_COPY:
        wire_sev_copy_encode(&copy, b);
        return run(p, id, b, 24);
    case WIRE_SEV_LAUNCH_START:
    case WIRE_SEV_RECEIVE_START:
        return session_start(s, id, &new_handle);
    case WIRE_SEV_LAUNCH_UPDATE_DATA:
    case WIRE_SEV_LAUNCH_UPDATE_VMSA:
        return region(p, id, handle, AT_GUEST, 0x1000);
    case WIRE_SEV_LAUNCH_MEASURE:
        return region(p, id, handle, AT_OUT, 48);
    case WIRE_SEV_LAUNCH_SECRET:
    case WIRE_SEV_SEND_UPDATE_DATA:
    case WIRE_SEV_SEND_UPDATE_VMSA:
    case WIRE_SEV_RECEIVE_UPDATE_DATA:
    case WIRE_SEV_RECEIVE_UPDATE_VMSA:
        return packet(p, id, handle, AT_GUEST, 0x1000);
    case WIRE_SEV_ATTESTATION:
        wire_sev_attestation_encode(&att, b);
        return run(p, id, b, 36);
    case WIRE_SEV_SEND_START:
        return send_start(s, handle);
    case WIRE_SEV_DBG_DECRYPT:
        return dbg(p, id, handle, AT_GUEST, AT_OUT2, 0x100);
    case WIRE_SEV_DBG_ENCRYPT:
        return dbg(p, id, handle, AT_OUT2, AT_GUEST, 0x100);
    case WIRE_SEV_SWAP_OUT:
    case WIRE_SEV_SWAP_IN:
        return issue_swap(p, id, handle);
    case WIRE_SEV_PLATFORM_STATUS:
        return run(p, id, b, 12);
    case WIRE_SEV_GUEST_STATUS:
        return guest_status(p, handle).state != WIRE_SEV_GUEST_UNINIT ? OK : NG;
    default:
        return wire_sev_command_of(id)->size == 4 ? run_handle(p, id, handle) : run_bare(p, id);
    }
}

/* State blob and the DRAM that the commands here may touch, as on the pins. */
struct snapshot {
    uint8_t *blob;
    size_t len;
    uint8_t dram[32], flash[32];
};

#define DRAM_FROM 0x100000u
#define DRAM_LEN 0x310000u

static struct snapshot take(struct platform *p)
{
    struct snapshot s = {.blob = malloc(1 << 20)};
    uint8_t *raw = malloc(DRAM_LEN);

    assert_non_null(s.blob);
    assert_non_null(raw);
    assert_int_equal(asp_state_save(p->asp, s.blob, 1 << 20, &s.len), CBIT_OK);
    assert_int_equal(mc_peek(p->mc, spa(DRAM_FROM), MC_VIEW_RAW, raw, DRAM_LEN), CBIT_OK);
    cr_sha256_of(raw, DRAM_LEN, s.dram);
    cr_sha256_of(p->flash, sizeof(p->flash), s.flash);
    free(raw);
    return s;
}

static void assert_unchanged(struct platform *p, struct snapshot *before)
{
    struct snapshot after = take(p);

    assert_int_equal(after.len, before->len);
    assert_memory_equal(after.blob, before->blob, after.len);
    assert_memory_equal(after.dram, before->dram, 32);
    assert_memory_equal(after.flash, before->flash, 32);
    free(after.blob);
}

static void expect(struct story *s, unsigned id, uint32_t handle, unsigned want, const char *where)
{
    struct snapshot before;
    unsigned got;

    prepare(s, id);
    before = take(&s->p);
    got = issue(s, id, handle);
    if (got != want)
        fail_msg("%s in %s: %s, not %s", wire_sev_command_of(id)->name, where,
                 wire_sev_status_name(got), wire_sev_status_name(want));
    if (want != OK)
        assert_unchanged(&s->p, &before);
    free(before.blob);
}

/* Columns: UNINIT; INIT; WORKING with guest 1 running on ASID 1. */
static const struct {
    uint16_t id;
    uint8_t want[3];
} platform_table[] = {
    {WIRE_SEV_INIT, {OK, PS, PS}},
    {WIRE_SEV_INIT_EX, {OK, PS, PS}},
    {WIRE_SEV_SHUTDOWN, {OK, OK, OK}},
    {WIRE_SEV_PLATFORM_RESET, {OK, PS, PS}},
    {WIRE_SEV_PLATFORM_STATUS, {OK, OK, OK}},
    {WIRE_SEV_PEK_GEN, {PS, OK, PS}},
    {WIRE_SEV_PEK_CSR, {PS, OK, OK}},
    {WIRE_SEV_PEK_CERT_IMPORT, {PS, WIRE_SEV_INVALID_CERTIFICATE, PS}},
    {WIRE_SEV_PDH_CERT_EXPORT, {PS, OK, OK}},
    {WIRE_SEV_PDH_GEN, {PS, OK, OK}},
    {WIRE_SEV_DF_FLUSH, {PS, OK, OK}},
    {WIRE_SEV_DOWNLOAD_FIRMWARE, {BS, PS, PS}},
    {WIRE_SEV_GET_ID, {OK, OK, OK}},
    {WIRE_SEV_NOP, {OK, OK, OK}},
    {WIRE_SEV_RING_BUFFER, {PS, OK, OK}},
    {WIRE_SEV_DECOMMISSION, {PS, PS, AC}},
    {WIRE_SEV_ACTIVATE, {PS, PS, AC}},
    {WIRE_SEV_ACTIVATE_EX, {PS, PS, AC}},
    {WIRE_SEV_DEACTIVATE, {PS, PS, OK}},
    {WIRE_SEV_COPY, {PS, PS, OK}},
    {WIRE_SEV_LAUNCH_START, {PS, OK, OK}},
    {WIRE_SEV_LAUNCH_UPDATE_DATA, {PS, PS, GS}},
    {WIRE_SEV_LAUNCH_UPDATE_VMSA, {PS, PS, GS}},
    {WIRE_SEV_LAUNCH_MEASURE, {PS, PS, GS}},
    {WIRE_SEV_LAUNCH_SECRET, {PS, PS, GS}},
    {WIRE_SEV_LAUNCH_FINISH, {PS, PS, GS}},
    {WIRE_SEV_ATTESTATION, {PS, PS, OK}},
    {WIRE_SEV_SEND_START, {PS, PS, OK}},
    {WIRE_SEV_SEND_UPDATE_DATA, {PS, PS, GS}},
    {WIRE_SEV_SEND_UPDATE_VMSA, {PS, PS, GS}},
    {WIRE_SEV_SEND_FINISH, {PS, PS, GS}},
    {WIRE_SEV_SEND_CANCEL, {PS, PS, GS}},
    {WIRE_SEV_RECEIVE_START, {PS, OK, OK}},
    {WIRE_SEV_RECEIVE_UPDATE_DATA, {PS, PS, GS}},
    {WIRE_SEV_RECEIVE_UPDATE_VMSA, {PS, PS, GS}},
    {WIRE_SEV_RECEIVE_FINISH, {PS, PS, GS}},
    {WIRE_SEV_DBG_DECRYPT, {PS, PS, OK}},
    {WIRE_SEV_DBG_ENCRYPT, {PS, PS, OK}},
    {WIRE_SEV_SWAP_OUT, {PS, PS, OK}},
    {WIRE_SEV_SWAP_IN, {PS, PS, BM}},
};

static void every_command_in_every_platform_state(void **state)
{
    static const char *const names[] = {"UNINIT", "INIT", "WORKING"};

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(platform_table); i++) {
        for (unsigned st = 0; st < 3; st++) {
            struct story s;

            bring_up(&s);
            if (st == 0)
                assert_int_equal(run_bare(&s.p, WIRE_SEV_SHUTDOWN), 0);
            if (st == 2)
                assert_int_equal(guest_in(&s, WIRE_SEV_GUEST_RUNNING), 1);
            assert_int_equal(platform_status(&s.p).state, st);
            expect(&s, platform_table[i].id, 1, platform_table[i].want[st], names[st]);
            platform_free(&s.p);
        }
    }
}

static void the_platform_table_has_every_command(void **state)
{
    (void)state;
    for (unsigned i = 0; wire_sev_command_at(i); i++) {
        bool found = wire_sev_command_at(i)->id == WIRE_SEV_GUEST_STATUS; /* never fails by handle */

        for (size_t k = 0; k < CB_ARRAY_LEN(platform_table); k++)
            found |= platform_table[k].id == wire_sev_command_at(i)->id;
        assert_true(found);
    }
}

/* Columns: LUPDATE, LSECRET, RUNNING, SUPDATE, RUPDATE, SENT; no such guest. */
struct guest_row {
    uint16_t id;
    uint8_t want[7];
};

/* The guest is bound to ASID 1. */
static const struct guest_row bound_table[] = {
    {WIRE_SEV_DECOMMISSION, {AC, AC, AC, AC, AC, AC, NG}},
    {WIRE_SEV_ACTIVATE, {AC, AC, AC, AC, AC, AC, NG}},
    {WIRE_SEV_ACTIVATE_EX, {AC, AC, AC, AC, AC, AC, NG}},
    {WIRE_SEV_DEACTIVATE, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_GUEST_STATUS, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_COPY, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_LAUNCH_UPDATE_DATA, {OK, GS, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_UPDATE_VMSA, {UN, GS, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_MEASURE, {OK, GS, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_SECRET, {GS, OK, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_FINISH, {GS, OK, GS, GS, GS, GS, NG}},
    {WIRE_SEV_ATTESTATION, {GS, OK, OK, OK, GS, OK, NG}},
    {WIRE_SEV_SEND_START, {GS, GS, OK, GS, GS, GS, NG}},
    {WIRE_SEV_SEND_UPDATE_DATA, {GS, GS, GS, OK, GS, GS, NG}},
    {WIRE_SEV_SEND_UPDATE_VMSA, {GS, GS, GS, UN, GS, GS, NG}},
    {WIRE_SEV_SEND_FINISH, {GS, GS, GS, OK, GS, GS, NG}},
    {WIRE_SEV_SEND_CANCEL, {GS, GS, GS, OK, GS, GS, NG}},
    {WIRE_SEV_RECEIVE_UPDATE_DATA, {GS, GS, GS, GS, OK, GS, NG}},
    {WIRE_SEV_RECEIVE_UPDATE_VMSA, {GS, GS, GS, GS, UN, GS, NG}},
    {WIRE_SEV_RECEIVE_FINISH, {GS, GS, GS, GS, OK, GS, NG}},
    {WIRE_SEV_DBG_DECRYPT, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_DBG_ENCRYPT, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_SWAP_OUT, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_SWAP_IN, {BM, BM, BM, BM, BM, BM, NG}},
};

/* The same without an ASID. */
static const struct guest_row unbound_table[] = {
    {WIRE_SEV_DECOMMISSION, {OK, OK, OK, OK, OK, OK, NG}},
    {WIRE_SEV_ACTIVATE, {OK, OK, OK, OK, OK, GS, NG}},
    {WIRE_SEV_ACTIVATE_EX, {OK, OK, OK, OK, OK, GS, NG}},
    {WIRE_SEV_DEACTIVATE, {IN, IN, IN, IN, IN, IN, NG}},
    {WIRE_SEV_COPY, {IN, IN, IN, IN, IN, IN, NG}},
    {WIRE_SEV_LAUNCH_UPDATE_DATA, {IN, GS, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_MEASURE, {OK, GS, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_SECRET, {GS, IN, GS, GS, GS, GS, NG}},
    {WIRE_SEV_LAUNCH_FINISH, {GS, OK, GS, GS, GS, GS, NG}},
    {WIRE_SEV_ATTESTATION, {GS, OK, OK, OK, GS, OK, NG}},
    {WIRE_SEV_SEND_START, {GS, GS, OK, GS, GS, GS, NG}},
    {WIRE_SEV_SEND_UPDATE_DATA, {GS, GS, GS, IN, GS, GS, NG}},
    {WIRE_SEV_RECEIVE_UPDATE_DATA, {GS, GS, GS, GS, IN, GS, NG}},
    {WIRE_SEV_RECEIVE_FINISH, {GS, GS, GS, GS, OK, GS, NG}},
    {WIRE_SEV_DBG_DECRYPT, {IN, IN, IN, IN, IN, IN, NG}},
    {WIRE_SEV_DBG_ENCRYPT, {IN, IN, IN, IN, IN, IN, NG}},
    {WIRE_SEV_SWAP_OUT, {IN, IN, IN, IN, IN, IN, NG}},
    {WIRE_SEV_SWAP_IN, {IN, IN, IN, IN, IN, IN, NG}},
};

static void check_guest_rows(const struct guest_row *rows, size_t n, bool bound)
{
    static const char *const names[] = {"LUPDATE", "LSECRET", "RUNNING", "SUPDATE",
                                        "RUPDATE", "SENT",    "no guest"};

    for (size_t i = 0; i < n; i++) {
        for (unsigned st = 0; st < 7; st++) {
            struct story s;
            uint32_t handle;

            bring_up(&s);
            handle = guest_in(&s, st < 6 ? st + 1 : WIRE_SEV_GUEST_RUNNING);
            if (!bound) /* DEACTIVATE leaves a pending ASID clean, a used one dirty; 2 is clean */
                assert_int_equal(run_handle(&s.p, WIRE_SEV_DEACTIVATE, handle), 0);
            expect(&s, rows[i].id, st < 6 ? handle : 1024, rows[i].want[st], names[st]);
            platform_free(&s.p);
        }
    }
}

static void every_guest_command_in_every_guest_state_with_an_asid(void **state)
{
    (void)state;
    check_guest_rows(bound_table, CB_ARRAY_LEN(bound_table), true);
}

static void every_guest_command_in_every_guest_state_without_an_asid(void **state)
{
    (void)state;
    check_guest_rows(unbound_table, CB_ARRAY_LEN(unbound_table), false);
}

static void handles_outside_1_to_1024_name_nobody(void **state)
{
    static const uint32_t handles[] = {0, 2, 1024, 1025, 0x80000001u, UINT32_MAX};
    struct story s;

    (void)state;
    bring_up(&s);
    assert_int_equal(guest_in(&s, WIRE_SEV_GUEST_RUNNING), 1);
    for (size_t i = 0; i < CB_ARRAY_LEN(handles); i++) {
        for (size_t k = 0; k < CB_ARRAY_LEN(bound_table); k++)
            expect(&s, bound_table[k].id, handles[i], NG, "a wrong handle");
    }
    platform_free(&s.p);
}

static void the_first_free_handle_is_given_and_given_again(void **state)
{
    struct story s;

    (void)state;
    bring_up(&s);
    for (uint32_t i = 1; i <= 4; i++)
        assert_int_equal(new_guest(&s.p, 0, i), i);
    assert_int_equal(platform_status(&s.p).guest_count, 4);
    assert_int_equal(run_handle(&s.p, WIRE_SEV_DEACTIVATE, 2), 0);
    assert_int_equal(run_handle(&s.p, WIRE_SEV_DECOMMISSION, 2), 0);
    assert_int_equal(new_guest(&s.p, 0, 2), 2);
    platform_free(&s.p);
}

static void the_1025th_guest_finds_no_room(void **state)
{
    struct wire_sev_start c = start_command(0, false);
    struct story s;

    (void)state;
    bring_up(&s);
    for (uint32_t i = 1; i <= 1024; i++) {
        c.handle = 0;
        assert_int_equal(start(&s.p, WIRE_SEV_LAUNCH_START, &c), 0);
        assert_int_equal(c.handle, i);
    }
    c.handle = 0;
    assert_int_equal(start(&s.p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_RESOURCE_LIMIT);
    for (uint32_t i = 1; i <= 1024; i++)
        assert_int_equal(run_handle(&s.p, WIRE_SEV_DECOMMISSION, i), 0);
    assert_int_equal(platform_status(&s.p).state, WIRE_SEV_PLATFORM_INIT);
    platform_free(&s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_platform_table_has_every_command),
        cmocka_unit_test(every_command_in_every_platform_state),
        cmocka_unit_test(every_guest_command_in_every_guest_state_with_an_asid),
        cmocka_unit_test(every_guest_command_in_every_guest_state_without_an_asid),
        cmocka_unit_test(handles_outside_1_to_1024_name_nobody),
        cmocka_unit_test(the_first_free_handle_is_given_and_given_again),
        cmocka_unit_test(the_1025th_guest_finds_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
