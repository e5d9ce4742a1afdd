/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong lengths, addresses, alignments and certificates: each with its exact status. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#define END PLATFORM_DRAM

/* Addresses that no buffer of 16 bytes or more may have. */
static const uint64_t bad_addresses[] = {
    END, END - 8, UINT64_MAX, UINT64_MAX - 15, UINT64_C(1) << 50, C_BIT_MILAN | END,
    C_BIT_MILAN << 1,
};

static unsigned blob(struct platform *p, unsigned id, uint64_t at, uint32_t len)
{
    const struct wire_sev_blob c = {at, len};
    uint8_t b[12];

    wire_sev_blob_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

static unsigned two(struct platform *p, unsigned id, uint64_t a, uint32_t a_len, uint64_t b,
                    uint32_t b_len)
{
    const struct wire_sev_two_blobs c = {{a, a_len}, {b, b_len}};
    uint8_t bytes[28];

    wire_sev_two_blobs_encode(&c, bytes);
    return run(p, id, bytes, sizeof(bytes));
}

static void output_buffers_outside_dram_are_refused(void **state)
{
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    for (size_t i = 0; i < CB_ARRAY_LEN(bad_addresses); i++) {
        const uint64_t at = bad_addresses[i];

        assert_int_equal(blob(&p, WIRE_SEV_GET_ID, at, 64), WIRE_SEV_INVALID_ADDRESS);
        assert_int_equal(blob(&p, WIRE_SEV_PEK_CSR, at, 0x824), WIRE_SEV_INVALID_ADDRESS);
        assert_int_equal(two(&p, WIRE_SEV_PDH_CERT_EXPORT, at, 0x824, AT_OUT, 0x186c),
                         WIRE_SEV_INVALID_ADDRESS);
        assert_int_equal(two(&p, WIRE_SEV_PDH_CERT_EXPORT, AT_OUT, 0x824, at, 0x186c),
                         WIRE_SEV_INVALID_ADDRESS);
        assert_int_equal(two(&p, WIRE_SEV_PEK_CERT_IMPORT, at, 0x824, AT_OUT, 0x824),
                         WIRE_SEV_INVALID_ADDRESS);
        assert_int_equal(two(&p, WIRE_SEV_PEK_CERT_IMPORT, AT_OUT, 0x824, at, 0x824),
                         WIRE_SEV_INVALID_ADDRESS);
    }
    /* A longer length than needed is no promise to write more. */
    assert_int_equal(blob(&p, WIRE_SEV_GET_ID, END - 64, UINT32_MAX), 0);
    platform_free(&p);
}

static void import_takes_exactly_one_length(void **state)
{
    static const uint32_t lengths[] = {0, 0x823, 0x825, 0x1048, UINT32_MAX};
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    for (size_t i = 0; i < CB_ARRAY_LEN(lengths); i++) {
        assert_int_equal(two(&p, WIRE_SEV_PEK_CERT_IMPORT, AT_OUT, lengths[i], AT_OUT2, 0x824),
                         WIRE_SEV_INVALID_LENGTH);
        assert_int_equal(two(&p, WIRE_SEV_PEK_CERT_IMPORT, AT_OUT, 0x824, AT_OUT2, lengths[i]),
                         WIRE_SEV_INVALID_LENGTH);
    }
    platform_free(&p);
}

static void firmware_images_are_never_genuine(void **state)
{
    struct platform p;

    (void)state;
    platform_new(&p);
    assert_int_equal(blob(&p, WIRE_SEV_DOWNLOAD_FIRMWARE, AT_OUT + 16, 0x1000),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(blob(&p, WIRE_SEV_DOWNLOAD_FIRMWARE, AT_OUT, 0xff), WIRE_SEV_INVALID_LENGTH);
    assert_int_equal(blob(&p, WIRE_SEV_DOWNLOAD_FIRMWARE, END - 0x100, 0x101),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(blob(&p, WIRE_SEV_DOWNLOAD_FIRMWARE, AT_OUT, UINT32_MAX),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(blob(&p, WIRE_SEV_DOWNLOAD_FIRMWARE, AT_OUT, 0x10000), WIRE_SEV_BAD_SIGNATURE);
    platform_free(&p);
}

static void launched_data_is_aligned_and_inside_dram(void **state)
{
    static const struct {
        uint64_t at;
        uint32_t len;
        unsigned want;
    } cases[] = {
        {AT_GUEST + 8, 16, WIRE_SEV_INVALID_ADDRESS},
        {AT_GUEST + 1, 16, WIRE_SEV_INVALID_ADDRESS},
        {AT_GUEST, 0, WIRE_SEV_INVALID_LENGTH},
        {AT_GUEST, 15, WIRE_SEV_INVALID_LENGTH},
        {AT_GUEST, 17, WIRE_SEV_INVALID_LENGTH},
        {AT_GUEST + 8, 15, WIRE_SEV_INVALID_ADDRESS}, /* the address is looked at first */
        {END - 16, 32, WIRE_SEV_INVALID_ADDRESS},
        {END, 16, WIRE_SEV_INVALID_ADDRESS},
        {0, 0xfffffff0u, WIRE_SEV_INVALID_ADDRESS},
        {UINT64_MAX - 15, 32, WIRE_SEV_INVALID_ADDRESS},
        {UINT64_C(1) << 48, 16, WIRE_SEV_INVALID_ADDRESS},
        {END - 16, 16, WIRE_SEV_SUCCESS},
        {0, 16, WIRE_SEV_SUCCESS},
    };
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++)
        assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, cases[i].at, cases[i].len),
                         cases[i].want);
    platform_free(&p);
}

static void measure_wants_room_for_48_bytes(void **state)
{
    struct wire_sev_region c = {1, {AT_OUT, 47}};
    struct platform p;
    uint8_t b[20];

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    wire_sev_region_encode(&c, b);
    assert_int_equal(run(&p, WIRE_SEV_LAUNCH_MEASURE, b, sizeof(b)), WIRE_SEV_INVALID_LENGTH);
    wire_sev_region_decode(&c, b);
    assert_int_equal(c.data.length, 48);
    assert_int_equal(guest_status(&p, 1).state, WIRE_SEV_GUEST_LUPDATE);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, END - 47, 48),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, END - 48, 48), 0);
    platform_free(&p);
}

static unsigned secret(struct platform *p, struct wire_sev_packet c)
{
    uint8_t b[52];

    wire_sev_packet_encode(&c, b);
    return run(p, WIRE_SEV_LAUNCH_SECRET, b, sizeof(b));
}

static void secret_packets_have_their_lengths_and_addresses(void **state)
{
    static const struct {
        struct wire_sev_packet c;
        unsigned want;
    } cases[] = {
        {{1, {AT_HEADER, 51}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 53}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 0}, {AT_PACKET, 0}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 24}, {AT_PACKET, 24}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 16}, {AT_PACKET, 32}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 0x5010}, {AT_PACKET, 0x5010}}, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST + 8, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_ADDRESS},
        {{1, {END - 51, 52}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {END - 16, 32}, {AT_PACKET, 32}}, WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 32}, {END - 31, 32}}, WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 0x5000}, {AT_PACKET, 0x5000}}, WIRE_SEV_BAD_MEASUREMENT},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_BAD_MEASUREMENT},
    };
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++)
        assert_int_equal(secret(&p, cases[i].c), cases[i].want);
    platform_free(&p);
}

static void debugging_has_its_order_of_checks(void **state)
{
    static const struct {
        uint32_t handle;
        uint64_t src, dst;
        uint32_t len;
        unsigned want;
    } cases[] = {
        {9, AT_GUEST + 8, AT_OUT, 7, WIRE_SEV_INVALID_ADDRESS},
        {9, AT_GUEST, AT_OUT + 4, 7, WIRE_SEV_INVALID_ADDRESS},
        {9, AT_GUEST, AT_OUT, 7, WIRE_SEV_INVALID_LENGTH},
        {9, AT_GUEST, AT_OUT, 16, WIRE_SEV_INVALID_GUEST},
        {2, AT_GUEST, AT_OUT, 16, WIRE_SEV_POLICY_FAILURE},
        {3, AT_GUEST, AT_OUT, 16, WIRE_SEV_INACTIVE},
        {1, END, AT_OUT, 16, WIRE_SEV_INVALID_ADDRESS},
        {1, AT_GUEST, END - 16, 32, WIRE_SEV_INVALID_ADDRESS},
        {1, AT_GUEST, AT_OUT, 0xfffffff0u, WIRE_SEV_INVALID_ADDRESS},
        {1, END, END, 0, WIRE_SEV_SUCCESS}, /* nothing at all is no error */
        {1, AT_GUEST, AT_OUT, 0x2010, WIRE_SEV_SUCCESS},
    };
    struct wire_sev_start c = start_command(0, false);
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    new_guest(&p, WIRE_SEV_POLICY_NODBG, 2);
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), 0);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        assert_int_equal(dbg(&p, WIRE_SEV_DBG_DECRYPT, cases[i].handle, cases[i].src, cases[i].dst,
                             cases[i].len), cases[i].want);
        assert_int_equal(dbg(&p, WIRE_SEV_DBG_ENCRYPT, cases[i].handle, cases[i].src, cases[i].dst,
                             cases[i].len), cases[i].want);
    }
    platform_free(&p);
}

static void debugging_reads_and_writes_guest_memory(void **state)
{
    uint8_t text[0x1800], seen[0x1800];
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 3);
    put(&p, AT_PACKET, text, sizeof(text));
    assert_int_equal(dbg(&p, WIRE_SEV_DBG_ENCRYPT, 1, AT_PACKET, AT_GUEST + 0x700, sizeof(text)), 0);
    guest_sees(&p, 1, AT_GUEST + 0x700, seen, sizeof(seen));
    assert_memory_equal(seen, text, sizeof(text));
    assert_int_equal(dbg(&p, WIRE_SEV_DBG_DECRYPT, 1, AT_GUEST + 0x700, AT_OUT | C_BIT_MILAN,
                         sizeof(text)), 0);
    mc_read(p.mc, spa(AT_OUT), mc_access_host(MC_KIND_DATA, true), seen, sizeof(seen));
    assert_memory_equal(seen, text, sizeof(text));
    platform_free(&p);
}

static void copies_are_whole_pages_and_may_overlap(void **state)
{
    static const struct {
        uint32_t len;
        uint64_t src, dst;
        unsigned want;
    } cases[] = {
        {0, AT_GUEST, AT_GUEST + 0x8000, WIRE_SEV_INVALID_LENGTH},
        {0x800, AT_GUEST, AT_GUEST + 0x8000, WIRE_SEV_INVALID_LENGTH},
        {0x1000, AT_GUEST + 16, AT_GUEST + 0x8000, WIRE_SEV_INVALID_ADDRESS},
        {0x1000, AT_GUEST, AT_GUEST + 0x8010, WIRE_SEV_INVALID_ADDRESS},
        {0x2000, END - 0x1000, AT_GUEST, WIRE_SEV_INVALID_ADDRESS},
        {0x3000, AT_GUEST, AT_GUEST + 0x1000, WIRE_SEV_SUCCESS},
    };
    struct platform p;
    uint8_t b[24], seen;

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    for (uint8_t page = 0; page < 3; page++) {
        uint8_t mark[16] = {(uint8_t)(page + 1)};

        put(&p, AT_GUEST + page * 0x1000u, mark, 16);
        assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST + page * 0x1000u, 16),
                         0);
    }
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        const struct wire_sev_copy c = {1, cases[i].len, cases[i].src, cases[i].dst};

        wire_sev_copy_encode(&c, b);
        assert_int_equal(run(&p, WIRE_SEV_COPY, b, sizeof(b)), cases[i].want);
    }
    for (uint8_t page = 0; page < 3; page++) {
        guest_sees(&p, 1, AT_GUEST + 0x1000 + page * 0x1000u, &seen, 1);
        assert_int_equal(seen, page + 1);
    }
    platform_free(&p);
}

/* What is wrong with the certificate or the session, and what LAUNCH_START says. */
static void launch_start_looks_at_certificate_session_and_policy(void **state)
{
    enum { NONE, CERT, SESSION };
    static const struct {
        unsigned part;
        size_t at;
        uint8_t flip;
        unsigned want;
    } cases[] = {
        {CERT, 0x00, 2, WIRE_SEV_INVALID_CERTIFICATE},  /* version 3 */
        {CERT, 0x00, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* version 0 */
        {CERT, 0x08, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* usage PEK */
        {CERT, 0x0c, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* algorithm ECDSA */
        {CERT, 0x0d, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* ECDH with SHA-384 */
        {CERT, 0x10, 3, WIRE_SEV_INVALID_CERTIFICATE},  /* curve P-256 */
        {CERT, 0x14, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* off the curve */
        {CERT, 0x5c, 1, WIRE_SEV_INVALID_CERTIFICATE},
        {CERT, 0x44, 1, WIRE_SEV_INVALID_CERTIFICATE},  /* wider than the field */
        {CERT, 0xa3, 1, WIRE_SEV_INVALID_CERTIFICATE},
        {SESSION, 0x00, 1, WIRE_SEV_BAD_MEASUREMENT},   /* nonce */
        {SESSION, 0x10, 1, WIRE_SEV_BAD_MEASUREMENT},   /* wrapped keys */
        {SESSION, 0x30, 1, WIRE_SEV_BAD_MEASUREMENT},   /* IV: another TEK, TIK still fails */
        {SESSION, 0x40, 1, WIRE_SEV_BAD_MEASUREMENT},   /* wrap MAC */
        {SESSION, 0x7f, 1, WIRE_SEV_BAD_MEASUREMENT},   /* policy MAC */
        {CERT, 0x04, 1, WIRE_SEV_SUCCESS},              /* API version: nobody checks */
        {CERT, 0x06, 1, WIRE_SEV_SUCCESS},              /* reserved */
        {CERT, 0x500, 1, WIRE_SEV_SUCCESS},             /* signatures are not looked at */
        {NONE, 0, 0, WIRE_SEV_SUCCESS},
    };
    struct platform p;
    struct exported e;
    struct owner good;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    owner_make(&good, &e.pdh, 1);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        struct wire_sev_start c = start_command(1, true);
        struct owner o = good;

        (cases[i].part == SESSION ? o.session : o.cert)[cases[i].at] ^= cases[i].flip;
        owner_place(&p, &o);
        assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), cases[i].want);
    }
    platform_free(&p);
}

static void policies_are_judged_only_with_a_session(void **state)
{
    static const struct {
        uint32_t policy;
        bool session;
        unsigned want;
    } cases[] = {
        {0x18000001u, true, WIRE_SEV_SUCCESS},
        {0x19000001u, true, WIRE_SEV_POLICY_FAILURE}, /* needs API 0.25 */
        {0x00010001u, true, WIRE_SEV_POLICY_FAILURE}, /* needs API 1.0 */
        {0x00000041u, true, WIRE_SEV_POLICY_FAILURE}, /* reserved bit */
        {0x00008001u, true, WIRE_SEV_POLICY_FAILURE},
        {0xffffffc0u & ~4u, false, WIRE_SEV_SUCCESS},
        {WIRE_SEV_POLICY_ES, false, WIRE_SEV_UNSUPPORTED}, /* the platform has no ES */
        {WIRE_SEV_POLICY_ES, true, WIRE_SEV_UNSUPPORTED},
    };
    struct platform p;
    struct exported e;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        struct wire_sev_start c = start_command(cases[i].policy, cases[i].session);
        struct owner o;

        owner_make(&o, &e.pdh, cases[i].policy);
        owner_place(&p, &o);
        assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), cases[i].want);
    }
    platform_free(&p);
}

static void a_policy_other_than_the_owners_fails(void **state)
{
    struct wire_sev_start c = start_command(0, true);
    struct platform p;
    struct exported e;
    struct owner o;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    owner_make(&o, &e.pdh, 1); /* the hypervisor would like debugging */
    owner_place(&p, &o);
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_BAD_MEASUREMENT);
    platform_free(&p);
}

static void launch_start_lengths_and_addresses(void **state)
{
    static const struct {
        struct wire_sev_blob cert, session;
        unsigned want;
    } cases[] = {
        {{AT_CERT, 0x824}, {AT_SESSION, 127}, WIRE_SEV_INVALID_LENGTH},
        {{AT_CERT, 0x824}, {AT_SESSION, 524}, WIRE_SEV_INVALID_LENGTH},
        {{AT_CERT, 0x823}, {AT_SESSION, 128}, WIRE_SEV_INVALID_LENGTH},
        {{AT_CERT, 0}, {AT_SESSION, 128}, WIRE_SEV_INVALID_LENGTH},
        {{END - 0x823, 0x824}, {AT_SESSION, 128}, WIRE_SEV_INVALID_ADDRESS},
        {{AT_CERT, 0x824}, {END - 127, 128}, WIRE_SEV_INVALID_ADDRESS},
        {{0, 7}, {END, 9}, WIRE_SEV_SUCCESS}, /* no certificate: the session is not looked at */
    };
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        struct wire_sev_start c = {.cert = cases[i].cert, .session = cases[i].session};

        assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), cases[i].want);
    }
    platform_free(&p);
}

static void unknown_commands_and_short_buffers_are_refused(void **state)
{
    static const unsigned unknown[] = {0, 0x10, 0x1f, 0x26, 0x37, 0x45, 0x54, 0x62, 0x72, 0x81,
                                       0x7ff, 0xffffffffu};
    struct platform p;
    uint8_t b[16] = {0};

    (void)state;
    platform_new(&p);
    for (size_t i = 0; i < CB_ARRAY_LEN(unknown); i++)
        assert_int_equal(run(&p, unknown[i], b, sizeof(b)), WIRE_SEV_INVALID_COMMAND);
    assert_int_equal(run(&p, WIRE_SEV_PLATFORM_STATUS, b, 11), WIRE_SEV_INVALID_LENGTH);
    assert_int_equal(run(&p, WIRE_SEV_PLATFORM_STATUS, NULL, 0), WIRE_SEV_INVALID_LENGTH);
    platform_free(&p);
}

static void a_client_chip_speaks_no_sev(void **state)
{
    struct platform p;
    uint8_t b[12];

    (void)state;
    platform_config(&p, "ryzen-pro");
    platform_start(&p);
    assert_int_equal(run(&p, WIRE_SEV_PLATFORM_STATUS, b, sizeof(b)), WIRE_SEV_INVALID_COMMAND);
    platform_free(&p);
}

/* A transport whose callers have their buffers elsewhere. */
struct elsewhere {
    uint64_t base;
    uint8_t bytes[0x3000];
};

static bool elsewhere_covers(void *ctx, uint64_t paddr, uint64_t len)
{
    const struct elsewhere *e = ctx;

    return paddr >= e->base && cb_range_ok(paddr - e->base, len, sizeof(e->bytes));
}

static void elsewhere_read(void *ctx, uint64_t paddr, void *to, size_t len)
{
    struct elsewhere *e = ctx;

    memcpy(to, e->bytes + (paddr - e->base), len);
}

static void elsewhere_write(void *ctx, uint64_t paddr, const void *from, size_t len)
{
    struct elsewhere *e = ctx;

    memcpy(e->bytes + (paddr - e->base), from, len);
}

static void a_transport_may_have_its_buffers_elsewhere(void **state)
{
    static struct elsewhere e = {.base = 0x7f0000000000};
    const struct asp_mem mem = {&e, elsewhere_covers, elsewhere_read, elsewhere_write};
    const struct wire_sev_two_blobs c = {{0x7f0000000000, 0x824}, {0x7f0000001000, 0x186c}};
    struct wire_sev_cert pdh, pek;
    struct platform p;
    uint8_t b[28];

    (void)state;
    platform_new(&p);
    up(&p, false);
    wire_sev_two_blobs_encode(&c, b);
    assert_int_equal(asp_command(p.asp, WIRE_SEV_PDH_CERT_EXPORT, b, sizeof(b), NULL),
                     WIRE_SEV_INVALID_ADDRESS);
    wire_sev_two_blobs_encode(&c, b);
    assert_int_equal(asp_command(p.asp, WIRE_SEV_PDH_CERT_EXPORT, b, sizeof(b), &mem), 0);
    wire_sev_cert_decode(&pdh, e.bytes);
    wire_sev_cert_decode(&pek, e.bytes + 0x1000);
    assert_int_equal(sev_cert_verify_by(&pdh, &pek), 0);
    platform_free(&p);
}

/* Collects trace lines; no key byte may ever be among them. */
static void collect(void *ctx, const char *line)
{
    char *all = ctx;

    strncat(all, line, 65535 - strlen(all));
    strncat(all, "\n", 65535 - strlen(all));
}

static void trace_lines_name_command_fields_and_status(void **state)
{
    static char all[65536];
    struct platform p;

    (void)state;
    platform_config(&p, "milan");
    p.config.trace = collect;
    p.config.trace_ctx = all;
    platform_start(&p);
    up(&p, false);
    new_guest(&p, 1, 3);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST + 1, 16),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_non_null(strstr(all, "ACTIVATE handle=1 asid=3 -> SUCCESS"));
    assert_non_null(strstr(
        all, "LAUNCH_UPDATE_DATA handle=1 paddr=0x400001 paddr_len=16 -> INVALID_ADDRESS"));
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_buffers_outside_dram_are_refused),
        cmocka_unit_test(import_takes_exactly_one_length),
        cmocka_unit_test(firmware_images_are_never_genuine),
        cmocka_unit_test(launched_data_is_aligned_and_inside_dram),
        cmocka_unit_test(measure_wants_room_for_48_bytes),
        cmocka_unit_test(secret_packets_have_their_lengths_and_addresses),
        cmocka_unit_test(debugging_has_its_order_of_checks),
        cmocka_unit_test(debugging_reads_and_writes_guest_memory),
        cmocka_unit_test(copies_are_whole_pages_and_may_overlap),
        cmocka_unit_test(launch_start_looks_at_certificate_session_and_policy),
        cmocka_unit_test(policies_are_judged_only_with_a_session),
        cmocka_unit_test(a_policy_other_than_the_owners_fails),
        cmocka_unit_test(launch_start_lengths_and_addresses),
        cmocka_unit_test(unknown_commands_and_short_buffers_are_refused),
        cmocka_unit_test(a_client_chip_speaks_no_sev),
        cmocka_unit_test(a_transport_may_have_its_buffers_elsewhere),
        cmocka_unit_test(trace_lines_name_command_fields_and_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
