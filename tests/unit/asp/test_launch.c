/* SPDX-License-Identifier: Apache-2.0 */
/* Launching a guest with a session, end to end, as hypervisor and guest owner do it. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#define POLICY 0x18000001u /* NODBG, API 0.24 */

static void put_pattern(struct platform *p, uint64_t at, size_t len, uint8_t *image)
{
    for (size_t i = 0; i < len; i++)
        image[i] = (uint8_t)(i * 7 + (i >> 8));
    put(p, at, image, len);
}

static void a_launch_gives_the_measurement_the_owner_expects(void **state)
{
    struct platform p;
    struct owner o;
    struct exported e;
    struct wire_sev_start c = start_command(POLICY, true);
    struct sev_measure m = {.api_major = 0, .api_minor = 24, .build = 22, .policy = POLICY};
    uint8_t image[0x3010], out[48], mac[32], seen[0x3010];

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    owner_make(&o, &e.pdh, POLICY);
    owner_place(&p, &o);
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), 0);
    assert_int_equal(c.handle, 1);
    assert_int_equal(activate(&p, 1, 5), 0);
    assert_false(asp_asid_runnable(p.asp, 5));
    put_pattern(&p, AT_GUEST + 0x7f0, sizeof(image), image);
    /* In two calls: the split doesn't matter to the digest. */
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST + 0x7f0, 0x1230), 0);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST + 0x7f0 + 0x1230,
                            sizeof(image) - 0x1230), 0);
    guest_sees(&p, 5, AT_GUEST + 0x7f0, seen, sizeof(seen));
    assert_memory_equal(seen, image, sizeof(image));
    get(&p, AT_GUEST + 0x7f0, seen, sizeof(seen));
    assert_memory_not_equal(seen, image, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    get(&p, AT_OUT, out, sizeof(out));
    cr_sha256_of(image, sizeof(image), m.digest);
    memcpy(m.mnonce, out + 32, 16);
    sev_measure_mac(o.transport.tik, &m, mac);
    assert_memory_equal(out, mac, 32);
    assert_int_equal(run_handle(&p, WIRE_SEV_LAUNCH_FINISH, 1), 0);
    assert_int_equal(guest_status(&p, 1).state, WIRE_SEV_GUEST_RUNNING);
    assert_true(asp_asid_runnable(p.asp, 5));
    platform_free(&p);
}

static void a_secret_reaches_the_guest_only_in_the_packet_the_owner_made(void **state)
{
    struct platform p;
    struct owner o;
    struct exported e;
    struct wire_sev_start c = start_command(POLICY, true);
    struct sev_packet pk = {.kind = WIRE_SEV_PACKET_SECRET, .guest_len = 64, .trans_len = 64};
    uint8_t out[48], plain[64], data[64], header[WIRE_SEV_PACKET_SIZE], before[64], seen[64];

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    owner_make(&o, &e.pdh, POLICY);
    owner_place(&p, &o);
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), 0);
    assert_int_equal(activate(&p, 1, 1), 0);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    get(&p, AT_OUT, out, sizeof(out));
    pk.measure = out;
    for (size_t i = 0; i < 64; i++)
        plain[i] = (uint8_t)(0xa0 + i);
    sev_packet_seal(&o.transport, &pk, plain, data, header);
    guest_sees(&p, 1, AT_GUEST, before, 64);
    for (size_t i = 0; i < sizeof(header) + sizeof(data); i++) {
        uint8_t *byte = i < sizeof(header) ? header + i : data + (i - sizeof(header));

        *byte ^= 0x80;
        put(&p, AT_HEADER, header, sizeof(header));
        put(&p, AT_PACKET, data, sizeof(data));
        assert_int_equal(packet(&p, WIRE_SEV_LAUNCH_SECRET, 1, AT_GUEST, 64),
                         WIRE_SEV_BAD_MEASUREMENT);
        *byte ^= 0x80;
    }
    guest_sees(&p, 1, AT_GUEST, seen, 64);
    assert_memory_equal(seen, before, 64);
    put(&p, AT_HEADER, header, sizeof(header));
    put(&p, AT_PACKET, data, sizeof(data));
    assert_int_equal(packet(&p, WIRE_SEV_LAUNCH_SECRET, 1, AT_GUEST, 64), 0);
    guest_sees(&p, 1, AT_GUEST, seen, 64);
    assert_memory_equal(seen, plain, 64);
    platform_free(&p);
}

static void a_compressed_packet_is_unsupported_after_its_mac(void **state)
{
    struct platform p;
    const struct sev_transport zero = {0};
    struct sev_packet pk = {.kind = WIRE_SEV_PACKET_SECRET, .flags = 1, .guest_len = 16,
                            .trans_len = 16};
    uint8_t out[48], data[16] = {0}, header[WIRE_SEV_PACKET_SIZE];

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    get(&p, AT_OUT, out, sizeof(out));
    pk.measure = out;
    sev_packet_seal(&zero, &pk, data, data, header); /* no session: the keys are zero */
    put(&p, AT_HEADER, header, sizeof(header));
    put(&p, AT_PACKET, data, sizeof(data));
    assert_int_equal(packet(&p, WIRE_SEV_LAUNCH_SECRET, 1, AT_GUEST, 16), WIRE_SEV_UNSUPPORTED);
    platform_free(&p);
}

static void plaintext_is_read_as_the_c_bit_of_the_address_says(void **state)
{
    struct platform p;
    uint8_t image[0x1000], seen[0x1000];
    uint32_t handle;

    (void)state;
    platform_new(&p);
    up(&p, false);
    handle = new_guest(&p, 0, 3);
    memset(image, 0x5a, sizeof(image));
    /* The host has the page in its own encrypted memory. */
    mc_write(p.mc, spa(AT_GUEST), mc_access_host(MC_KIND_DATA, true), image, sizeof(image));
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, handle, AT_GUEST | C_BIT_MILAN,
                            sizeof(image)), 0);
    guest_sees(&p, 3, AT_GUEST, seen, sizeof(seen));
    assert_memory_equal(seen, image, sizeof(image));
    platform_free(&p);
}

static void the_mailbox_reads_and_writes_the_command_buffer_in_dram(void **state)
{
    struct platform p;
    struct wire_sev_platform_status s;
    uint8_t b[12];

    (void)state;
    platform_new(&p);
    memset(b, 0xee, sizeof(b));
    mc_write(p.mc, spa(0x5000), mc_access_host(MC_KIND_DATA, true), b, sizeof(b));
    assert_int_equal(asp_mailbox(p.asp, WIRE_SEV_PLATFORM_STATUS, 0x5000 | C_BIT_MILAN), 0);
    mc_read(p.mc, spa(0x5000), mc_access_host(MC_KIND_DATA, true), b, sizeof(b));
    wire_sev_platform_status_decode(&s, b);
    assert_int_equal(s.api_minor, 24);
    assert_int_equal(s.build, 22);
    assert_int_equal(asp_mailbox(p.asp, WIRE_SEV_PLATFORM_STATUS, PLATFORM_DRAM - 11),
                     WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(asp_mailbox(p.asp, WIRE_SEV_NOP, UINT64_MAX), 0);
    assert_int_equal(asp_mailbox(p.asp, 0x7ff, 0), WIRE_SEV_INVALID_COMMAND);
    platform_free(&p);
}

static void guests_may_share_a_key_if_both_policies_allow(void **state)
{
    struct platform p;
    struct wire_sev_start c;
    uint8_t text[16] = "shared by two...", seen[16];

    (void)state;
    platform_new(&p);
    up(&p, false);
    new_guest(&p, 0, 1);
    put(&p, AT_GUEST, text, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 16), 0);
    c = start_command(WIRE_SEV_POLICY_NODBG, false);
    c.handle = 1;
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_POLICY_FAILURE);
    c = start_command(0, false);
    c.handle = 1;
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), 0);
    assert_int_equal(c.handle, 2);
    assert_int_equal(activate(&p, 2, 2), 0);
    guest_sees(&p, 2, AT_GUEST, seen, 16);
    assert_memory_equal(seen, text, 16);
    new_guest(&p, WIRE_SEV_POLICY_NOKS, 3);
    c = start_command(WIRE_SEV_POLICY_NOKS, false);
    c.handle = 3;
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_POLICY_FAILURE);
    c.handle = 77;
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_INVALID_GUEST);
    platform_free(&p);
}

static void an_attestation_report_verifies_under_the_pek(void **state)
{
    struct wire_sev_attestation c = {1, {AT_OUT, 100}, {9, 8, 7}};
    uint8_t b[36], bytes[WIRE_SEV_REPORT_SIZE], empty[32];
    struct sev_report report;
    struct exported e;
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    running_guest(&p, 3, 1);
    wire_sev_attestation_encode(&c, b);
    assert_int_equal(run(&p, WIRE_SEV_ATTESTATION, b, sizeof(b)), WIRE_SEV_INVALID_LENGTH);
    wire_sev_attestation_decode(&c, b);
    assert_int_equal(c.report.length, 208);
    assert_int_equal(run(&p, WIRE_SEV_ATTESTATION, b, sizeof(b)), 0);
    get(&p, AT_OUT, bytes, sizeof(bytes));
    assert_int_equal(sev_report_verify(bytes, &e.pek, &report), 0);
    assert_int_equal(report.policy, 3);
    assert_memory_equal(report.mnonce, c.mnonce, 16);
    cr_sha256_of("", 0, empty);
    assert_memory_equal(report.digest, empty, 32);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] ^= 1;
        assert_int_not_equal(sev_report_verify(bytes, &e.pek, &report), 0);
        bytes[i] ^= 1;
    }
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_gives_the_measurement_the_owner_expects),
        cmocka_unit_test(a_secret_reaches_the_guest_only_in_the_packet_the_owner_made),
        cmocka_unit_test(a_compressed_packet_is_unsupported_after_its_mac),
        cmocka_unit_test(plaintext_is_read_as_the_c_bit_of_the_address_says),
        cmocka_unit_test(the_mailbox_reads_and_writes_the_command_buffer_in_dram),
        cmocka_unit_test(guests_may_share_a_key_if_both_policies_allow),
        cmocka_unit_test(an_attestation_report_verifies_under_the_pek),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
