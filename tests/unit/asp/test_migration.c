/* SPDX-License-Identifier: Apache-2.0 */
/* A guest leaves one platform for another; chips, their CA, and swapping. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#include <stdio.h>

#include "asp/state.h"

#define POLICY (WIRE_SEV_POLICY_SEV | 0x18000000u)

/* Two naples chips (RSA-2048: quick to make) under one CA, and one under another. */
struct world {
    uint8_t ca[ASP_CA_MAX], other_ca[ASP_CA_MAX];
    size_t ca_len, other_ca_len;
    uint8_t chip[3][ASP_CHIP_MAX]; /* source, target, stranger */
    size_t chip_len[3];
    struct asp_chip_public pub[3];
};

static int make_world(void **state)
{
    const struct asp_profile *naples = asp_profile_find("naples");
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_int_equal(asp_ca_make(&(struct asp_maker){.seeded = true, .seed = 1}, naples, w->ca,
                                 &w->ca_len), CBIT_OK);
    assert_int_equal(asp_ca_make(&(struct asp_maker){.seeded = true, .seed = 2}, naples,
                                 w->other_ca, &w->other_ca_len), CBIT_OK);
    for (unsigned i = 0; i < 3; i++) {
        const struct asp_maker maker = {.seeded = true, .seed = 10 + i};

        assert_int_equal(asp_chip_make(&maker, naples, i < 2 ? w->ca : w->other_ca,
                                       i < 2 ? w->ca_len : w->other_ca_len, w->chip[i],
                                       &w->chip_len[i]), CBIT_OK);
        assert_int_equal(asp_chip_read(w->chip[i], w->chip_len[i], &w->pub[i]), CBIT_OK);
    }
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    free(*state);
    return 0;
}

static void chip_up(struct platform *p, const struct world *w, unsigned i, bool es)
{
    platform_config(p, "naples");
    p->config.chip = w->chip[i];
    p->config.chip_len = w->chip_len[i];
    p->config.seed = 100 + i;
    p->config.min_sev_asid = 4;
    platform_start(p);
    up(p, es);
}

static void the_ca_endorses_its_chips_and_says_test(void **state)
{
    const struct world *w = *state;
    struct wire_amd_cert ask, ark;
    struct wire_sev_cert cek;
    struct sev_public key;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(w->pub[i].bundle_len, 2 * 832);
        assert_true(sev_amd_bundle_decode(w->pub[i].bundle, w->pub[i].bundle_len, &ask, &ark));
        assert_int_equal(sev_amd_cert_verify(&ark, WIRE_SEV_USAGE_ARK, &ark), 0);
        assert_int_equal(sev_amd_cert_verify(&ask, WIRE_SEV_USAGE_ASK, &ark), 0);
        sev_amd_cert_public(&ask, &key);
        wire_sev_cert_decode(&cek, w->pub[i].cek);
        assert_int_equal(sev_cert_verify(&cek, &key), 0);
        assert_memory_equal(ark.key_id, "cbit-TEST-ARK", 13);
        assert_memory_equal(ark.reserved, SEV_AMD_MARK, 16);
    }
    assert_memory_not_equal(w->pub[0].id, w->pub[1].id, 64);
    assert_memory_equal(w->pub[0].bundle, w->pub[1].bundle, w->pub[0].bundle_len);
    assert_memory_not_equal(w->pub[0].bundle, w->pub[2].bundle, w->pub[0].bundle_len);
}

static void the_exported_cek_is_the_endorsed_one_without_signature(void **state)
{
    const struct world *w = *state;
    struct wire_sev_cert cek;
    struct platform p;
    struct exported e;

    chip_up(&p, w, 0, false);
    e = export_certs(&p);
    wire_sev_cert_decode(&cek, w->pub[0].cek);
    assert_true(sev_cert_same_body(&cek, &e.cek));
    platform_free(&p);
}

static void damaged_blobs_of_chip_and_ca_are_refused(void **state)
{
    struct world *w = *state;
    struct asp_chip_public pub;
    uint8_t bundle[ASP_BUNDLE_MAX];
    size_t len;

    for (size_t i = 0; i < w->chip_len[0]; i += 1 + i / 8) {
        w->chip[0][i] ^= 1;
        assert_int_equal(asp_chip_read(w->chip[0], w->chip_len[0], &pub), CBIT_CORRUPT);
        w->chip[0][i] ^= 1;
    }
    for (size_t i = 0; i < w->ca_len; i += 1 + i / 8) {
        w->ca[i] ^= 1;
        assert_int_equal(asp_ca_bundle(w->ca, w->ca_len, bundle, &len), CBIT_CORRUPT);
        w->ca[i] ^= 1;
    }
    assert_int_equal(asp_chip_read(w->chip[0], 0, &pub), CBIT_CORRUPT);
    assert_int_equal(asp_chip_read(w->chip[0], w->chip_len[0] - 1, &pub), CBIT_CORRUPT);
    assert_int_equal(asp_chip_read(w->ca, w->ca_len, &pub), CBIT_CORRUPT);
}

static void a_newer_chip_is_told_from_a_damaged_one(void **state)
{
    const struct world *w = *state;
    uint8_t blob[ASP_CHIP_MAX];
    struct asp_chip_public pub;

    memcpy(blob, w->chip[0], sizeof(blob));
    cb_store_le32(blob + 8, 2);
    cr_sha256_of(blob, w->chip_len[0] - 32, blob + w->chip_len[0] - 32);
    assert_int_equal(asp_chip_read(blob, w->chip_len[0], &pub), CBIT_VERSION);
}

static void key_ids_are_named_or_given_in_hex(void **state)
{
    uint8_t id[16];

    (void)state;
    assert_true(asp_ark_key_id("milan", id));
    assert_int_equal(id[0], 0x94);
    assert_int_equal(id[15], 0xb6);
    assert_true(asp_ark_key_id("000102030405060708090a0b0c0d0E0F", id));
    assert_int_equal(id[15], 0x0f);
    assert_false(asp_ark_key_id("vilnius", id));
    assert_false(asp_ark_key_id("000102030405060708090a0b0c0d0e0g", id));
    assert_false(asp_ark_key_id("000102030405060708090a0b0c0d0e0f0", id));
}

/* The receiver's certificates as they travel. */
struct parcel {
    uint8_t pdh[WIRE_SEV_CERT_SIZE], chain[WIRE_SEV_CHAIN_SIZE];
    uint8_t bundle[ASP_BUNDLE_MAX];
    uint32_t bundle_len;
};

static void make_parcel(struct platform *target, const struct asp_chip_public *pub,
                        struct parcel *out)
{
    struct exported e = export_certs(target);

    wire_sev_cert_encode(&e.pdh, out->pdh);
    wire_sev_cert_encode(&e.pek, out->chain);
    wire_sev_cert_encode(&e.oca, out->chain + WIRE_SEV_CERT_SIZE);
    memcpy(out->chain + 2 * WIRE_SEV_CERT_SIZE, pub->cek, WIRE_SEV_CERT_SIZE); /* the signed one */
    memcpy(out->bundle, pub->bundle, pub->bundle_len);
    out->bundle_len = (uint32_t)pub->bundle_len;
}

static unsigned send_start(struct platform *p, uint32_t handle, const struct parcel *parcel)
{
    const struct wire_sev_send_start c = {
        .handle = handle,
        .pdh = {AT_CERT, WIRE_SEV_CERT_SIZE},
        .plat_certs = {AT_OUT2, WIRE_SEV_CHAIN_SIZE},
        .amd_certs = {AT_AMD, parcel->bundle_len},
        .session = {AT_SESSION, WIRE_SEV_SESSION_SIZE},
    };
    uint8_t b[68];

    put(p, AT_CERT, parcel->pdh, sizeof(parcel->pdh));
    put(p, AT_OUT2, parcel->chain, sizeof(parcel->chain));
    put(p, AT_AMD, parcel->bundle, parcel->bundle_len);
    wire_sev_send_start_encode(&c, b);
    return run(p, WIRE_SEV_SEND_START, b, sizeof(b));
}

static void carry(struct platform *from, struct platform *to, uint64_t at, size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    get(from, at, bytes, len);
    put(to, at, bytes, len);
    free(bytes);
}

static void receive_start(struct platform *from, struct platform *to, uint32_t policy,
                          uint32_t asid)
{
    struct wire_sev_start c = start_command(policy, true);
    struct exported sender = export_certs(from);
    uint8_t cert[WIRE_SEV_CERT_SIZE];

    wire_sev_cert_encode(&sender.pdh, cert);
    put(to, AT_CERT, cert, sizeof(cert));
    carry(from, to, AT_SESSION, WIRE_SEV_SESSION_SIZE);
    assert_int_equal(start(to, WIRE_SEV_RECEIVE_START, &c), 0);
    assert_int_equal(c.handle, 1);
    assert_int_equal(activate(to, 1, asid), 0);
}

static void a_guest_moves_and_reads_the_same_under_the_targets_own_key(void **state)
{
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;
    uint8_t page[0x1000], seen[0x1000], raw_a[0x1000], raw_b[0x1000];

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    new_guest(&a, POLICY, 5);
    for (size_t i = 0; i < sizeof(page); i++)
        page[i] = (uint8_t)(i ^ i >> 4);
    put(&a, AT_GUEST, page, sizeof(page));
    assert_int_equal(region(&a, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 0x1000), 0);
    assert_int_equal(region(&a, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    assert_int_equal(run_handle(&a, WIRE_SEV_LAUNCH_FINISH, 1), 0);
    assert_int_equal(send_start(&a, 1, &parcel), 0);
    receive_start(&a, &b, POLICY, 9);
    assert_int_equal(packet(&a, WIRE_SEV_SEND_UPDATE_DATA, 1, AT_GUEST, 0x1000), 0);
    carry(&a, &b, AT_HEADER, WIRE_SEV_PACKET_SIZE);
    carry(&a, &b, AT_PACKET, 0x1000);
    get(&b, AT_PACKET, seen, sizeof(seen));
    assert_memory_not_equal(seen, page, sizeof(page)); /* on the wire it is ciphertext */
    assert_int_equal(packet(&b, WIRE_SEV_RECEIVE_UPDATE_DATA, 1, AT_GUEST, 0x1000), 0);
    assert_int_equal(run_handle(&a, WIRE_SEV_SEND_FINISH, 1), 0);
    assert_int_equal(run_handle(&b, WIRE_SEV_RECEIVE_FINISH, 1), 0);
    guest_sees(&b, 9, AT_GUEST, seen, sizeof(seen));
    assert_memory_equal(seen, page, sizeof(page));
    assert_int_equal(mc_probe_read(a.mc, spa(AT_GUEST), raw_a, sizeof(raw_a)), CBIT_OK);
    assert_int_equal(mc_probe_read(b.mc, spa(AT_GUEST), raw_b, sizeof(raw_b)), CBIT_OK);
    assert_memory_not_equal(raw_a, raw_b, sizeof(raw_a)); /* another key on other DIMMs */
    assert_int_equal(guest_status(&a, 1).state, WIRE_SEV_GUEST_SENT);
    assert_int_equal(guest_status(&b, 1).state, WIRE_SEV_GUEST_RUNNING);
    assert_true(asp_asid_runnable(b.asp, 9));
    platform_free(&a);
    platform_free(&b);
}

static void every_byte_of_a_migration_packet_is_authenticated(void **state)
{
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;
    uint8_t header[WIRE_SEV_PACKET_SIZE], data[32], before[32], seen[32];

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    running_guest(&a, 0, 5);
    assert_int_equal(send_start(&a, 1, &parcel), 0);
    receive_start(&a, &b, 0, 9);
    assert_int_equal(packet(&a, WIRE_SEV_SEND_UPDATE_DATA, 1, AT_GUEST, 32), 0);
    get(&a, AT_HEADER, header, sizeof(header));
    get(&a, AT_PACKET, data, sizeof(data));
    guest_sees(&b, 9, AT_GUEST, before, sizeof(before));
    for (size_t i = 0; i < sizeof(header) + sizeof(data); i++) {
        uint8_t *byte = i < sizeof(header) ? header + i : data + (i - sizeof(header));

        *byte ^= 1;
        put(&b, AT_HEADER, header, sizeof(header));
        put(&b, AT_PACKET, data, sizeof(data));
        assert_int_equal(packet(&b, WIRE_SEV_RECEIVE_UPDATE_DATA, 1, AT_GUEST, 32),
                         i == 0 ? WIRE_SEV_UNSUPPORTED : WIRE_SEV_BAD_MEASUREMENT);
        *byte ^= 1;
    }
    guest_sees(&b, 9, AT_GUEST, seen, sizeof(seen));
    assert_memory_equal(seen, before, sizeof(seen));
    platform_free(&a);
    platform_free(&b);
}

/* POLICY.SEV: which certificate is wrong, and what the AMD-SP says. */
static void a_guest_that_wants_a_genuine_platform_leaves_for_no_other(void **state)
{
    enum { PDH, CHAIN, BUNDLE };
    static const struct {
        unsigned part;
        size_t at;
        unsigned want;
    } cases[] = {
        {PDH, 0x000, WIRE_SEV_BAD_SIGNATURE},          /* version */
        {PDH, 0x006, WIRE_SEV_BAD_SIGNATURE},          /* reserved */
        {PDH, 0x020, WIRE_SEV_BAD_SIGNATURE},          /* the key */
        {PDH, 0x200, WIRE_SEV_BAD_SIGNATURE},          /* reserved bytes behind the key */
        {PDH, 0x414, WIRE_SEV_BAD_SIGNATURE},          /* usage 0x1000: half a slot */
        {PDH, 0x415, WIRE_SEV_INVALID_CERTIFICATE},    /* names another signer */
        {PDH, 0x41c, WIRE_SEV_BAD_SIGNATURE},          /* r */
        {PDH, 0x464, WIRE_SEV_BAD_SIGNATURE},          /* s */
        {CHAIN, 0x020, WIRE_SEV_BAD_SIGNATURE},        /* PEK's key, under the CEK's signature */
        {CHAIN, 0x624, WIRE_SEV_BAD_SIGNATURE},        /* CEK's signature of the PEK */
        {CHAIN, 2 * 0x824 + 0x20, WIRE_SEV_BAD_SIGNATURE},  /* CEK's key, under the ASK's */
        {CHAIN, 2 * 0x824 + 0x41c, WIRE_SEV_BAD_SIGNATURE}, /* ASK's signature */
        {BUNDLE, 0x000, WIRE_SEV_INVALID_CERTIFICATE}, /* ASK's version */
        {BUNDLE, 0x014, WIRE_SEV_INVALID_CERTIFICATE}, /* ASK's signer */
        {BUNDLE, 0x024, WIRE_SEV_INVALID_CERTIFICATE}, /* ASK's usage */
        {BUNDLE, 0x03c, WIRE_SEV_INVALID_LENGTH},      /* ASK's size */
        {BUNDLE, 0x200, WIRE_SEV_BAD_SIGNATURE},       /* ASK's modulus */
        {BUNDLE, 0x300, WIRE_SEV_BAD_SIGNATURE},       /* ARK's signature of the ASK */
        {BUNDLE, 832 + 0x200, WIRE_SEV_INVALID_CERTIFICATE}, /* not the ARK of the fuses */
        {BUNDLE, 832 + 0x300, WIRE_SEV_BAD_SIGNATURE}, /* ARK's own signature */
    };
    const struct world *w = *state;
    struct platform a, b;
    struct parcel good;

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &good);
    running_guest(&a, POLICY, 5);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        struct parcel bad = good;
        unsigned got;

        (cases[i].part == PDH ? bad.pdh : cases[i].part == CHAIN ? bad.chain : bad.bundle)
            [cases[i].at] ^= 2;
        got = send_start(&a, 1, &bad);
        if (got != cases[i].want)
            fail_msg("case %zu: %s", i, wire_sev_status_name(got));
        assert_int_equal(guest_status(&a, 1).state, WIRE_SEV_GUEST_RUNNING);
    }
    good.bundle_len -= 1;
    assert_int_equal(send_start(&a, 1, &good), WIRE_SEV_INVALID_LENGTH);
    good.bundle_len += 1;
    assert_int_equal(send_start(&a, 1, &good), 0);
    platform_free(&a);
    platform_free(&b);
}

static void a_platform_under_another_root_is_not_genuine(void **state)
{
    const struct world *w = *state;
    struct platform a, c;
    struct parcel parcel;

    chip_up(&a, w, 0, false);
    chip_up(&c, w, 2, false);
    make_parcel(&c, &w->pub[2], &parcel);
    running_guest(&a, POLICY, 5);
    assert_int_equal(send_start(&a, 1, &parcel), WIRE_SEV_INVALID_CERTIFICATE);
    platform_free(&a);
    platform_free(&c);
}

static void policies_that_forbid_sending_are_kept(void **state)
{
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel, own;

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    running_guest(&a, WIRE_SEV_POLICY_NOSEND, 5);
    assert_int_equal(send_start(&a, 1, &parcel), WIRE_SEV_POLICY_FAILURE);
    running_guest(&a, WIRE_SEV_POLICY_DOMAIN, 6);
    assert_int_equal(send_start(&a, 2, &parcel), WIRE_SEV_POLICY_FAILURE); /* another owner */
    make_parcel(&a, &w->pub[0], &own);
    assert_int_equal(send_start(&a, 2, &own), 0); /* itself has the same owner */
    platform_free(&a);
    platform_free(&b);
}

static void send_start_tells_the_session_length(void **state)
{
    struct wire_sev_send_start c = {.handle = 1};
    const struct world *w = *state;
    struct platform a;
    uint8_t b[68];

    chip_up(&a, w, 0, false);
    running_guest(&a, 0, 5);
    wire_sev_send_start_encode(&c, b);
    assert_int_equal(run(&a, WIRE_SEV_SEND_START, b, sizeof(b)), WIRE_SEV_INVALID_LENGTH);
    wire_sev_send_start_decode(&c, b);
    assert_int_equal(c.session.length, 128);
    platform_free(&a);
}

static void a_cancelled_guest_runs_on(void **state)
{
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    running_guest(&a, 0, 5);
    assert_int_equal(send_start(&a, 1, &parcel), 0);
    assert_int_equal(run_handle(&a, WIRE_SEV_SEND_CANCEL, 1), 0);
    assert_int_equal(guest_status(&a, 1).state, WIRE_SEV_GUEST_RUNNING);
    assert_int_equal(packet(&a, WIRE_SEV_SEND_UPDATE_DATA, 1, AT_GUEST, 16),
                     WIRE_SEV_INVALID_GUEST_STATE);
    platform_free(&a);
    platform_free(&b);
}

#define ES_POLICY WIRE_SEV_POLICY_ES

static void an_encrypted_save_area_moves_and_is_vouched_for(void **state)
{
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;
    uint8_t vmsa[0x1000], seen[0x1000], flip = 0;

    chip_up(&a, w, 0, true);
    chip_up(&b, w, 1, true);
    make_parcel(&b, &w->pub[1], &parcel);
    new_guest(&a, ES_POLICY, 1);
    memset(vmsa, 0, sizeof(vmsa));
    memset(vmsa, 0x33, 0x600);
    put(&a, AT_GUEST, vmsa, sizeof(vmsa));
    assert_int_equal(region(&a, WIRE_SEV_LAUNCH_UPDATE_VMSA, 1, AT_GUEST, 0xff0),
                     WIRE_SEV_INVALID_LENGTH);
    assert_int_equal(region(&a, WIRE_SEV_LAUNCH_UPDATE_VMSA, 1, AT_GUEST, 0x1000), 0);
    assert_int_equal(region(&a, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    assert_int_equal(run_handle(&a, WIRE_SEV_LAUNCH_FINISH, 1), 0);
    assert_int_equal(send_start(&a, 1, &parcel), 0);
    receive_start(&a, &b, ES_POLICY, 2);
    /* A host that writes ciphertext of its own over it is found out. */
    assert_int_equal(mc_probe_read(a.mc, spa(AT_GUEST + 0x100), &flip, 1), CBIT_OK);
    assert_int_equal(mc_probe_flip(a.mc, spa(AT_GUEST + 0x100), 1), CBIT_OK);
    assert_int_equal(packet(&a, WIRE_SEV_SEND_UPDATE_VMSA, 1, AT_GUEST, 0x1000),
                     WIRE_SEV_INVALID_PARAM);
    assert_int_equal(mc_probe_flip(a.mc, spa(AT_GUEST + 0x100), 1), CBIT_OK);
    assert_int_equal(packet(&a, WIRE_SEV_SEND_UPDATE_VMSA, 1, AT_GUEST, 0x1000), 0);
    carry(&a, &b, AT_HEADER, WIRE_SEV_PACKET_SIZE);
    carry(&a, &b, AT_PACKET, 0x1000);
    assert_int_equal(packet(&b, WIRE_SEV_RECEIVE_UPDATE_VMSA, 1, AT_GUEST, 0x1000), 0);
    guest_sees(&b, 2, AT_GUEST, seen, sizeof(seen));
    assert_memory_equal(seen, vmsa, 0xff8); /* the last eight bytes are the firmware's */
    platform_free(&a);
    platform_free(&b);
}

static unsigned swap(struct platform *p, unsigned id, uint32_t flags, uint64_t src, uint64_t dst)
{
    const struct wire_sev_swap c = {1, flags, src, dst, AT_HEADER, 0x1122334455667788};
    uint8_t b[40];

    wire_sev_swap_out_encode(&c, b);
    return run(p, id, b, id == WIRE_SEV_SWAP_OUT ? 40 : 32);
}

static void a_swapped_page_comes_back_anywhere_but_only_whole(void **state)
{
    const struct world *w = *state;
    uint8_t page[0x1000], seen[0x1000], entry[64];
    struct platform p;

    chip_up(&p, w, 0, false);
    new_guest(&p, 0, 5);
    memset(page, 0x77, sizeof(page));
    put(&p, AT_GUEST, page, sizeof(page));
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 0x1000), 0);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_OUT, 0, AT_GUEST, AT_PACKET), 0);
    get(&p, AT_HEADER, entry, sizeof(entry));
    assert_true(cb_load_le64(entry) == 0x1122334455667788);
    get(&p, AT_PACKET, seen, sizeof(seen));
    assert_memory_not_equal(seen, page, sizeof(page));
    for (size_t i = 0; i < 64; i++) {
        entry[i] ^= 1;
        put(&p, AT_HEADER, entry, sizeof(entry));
        assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 0, AT_PACKET, AT_GUEST + 0x3000),
                         i >= 0x3c ? WIRE_SEV_INVALID_PARAM : WIRE_SEV_BAD_MEASUREMENT);
        entry[i] ^= 1;
    }
    put(&p, AT_HEADER, entry, sizeof(entry));
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 1, AT_PACKET, AT_GUEST),
                     WIRE_SEV_INVALID_ADDRESS); /* not on a 2 MiB boundary */
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 8, AT_PACKET, AT_GUEST), WIRE_SEV_INVALID_PARAM);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 2, AT_PACKET, AT_GUEST), WIRE_SEV_INVALID_PARAM);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 4, AT_PACKET, AT_GUEST), WIRE_SEV_UNSUPPORTED);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 0, AT_PACKET, AT_GUEST + 0x3000), 0);
    guest_sees(&p, 5, AT_GUEST + 0x3000, seen, sizeof(seen));
    assert_memory_equal(seen, page, sizeof(page));
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 8, AT_PACKET, AT_PACKET), 0); /* in place */
    guest_sees(&p, 5, AT_PACKET, seen, sizeof(seen));
    assert_memory_equal(seen, page, sizeof(page));
    platform_free(&p);
}

static void a_large_page_swaps_too(void **state)
{
    const struct world *w = *state;
    uint8_t mark[16] = "in a large page", seen[16];
    struct platform p;

    chip_up(&p, w, 0, false);
    new_guest(&p, 0, 5);
    put(&p, 0x5ff000, mark, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, 0x5ff000, 16), 0);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_OUT, 1, 0x400000, 0x800000), 0);
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_IN, 1, 0x800000, 0xa00000), 0);
    guest_sees(&p, 5, 0xbff000, seen, 16);
    assert_memory_equal(seen, mark, 16);
    platform_free(&p);
}

static void the_swap_counter_never_wraps(void **state)
{
    const struct world *w = *state;
    struct platform p;

    chip_up(&p, w, 0, false);
    new_guest(&p, 0, 5);
    p.asp->guest[0].swap_counter = UINT64_MAX;
    assert_int_equal(swap(&p, WIRE_SEV_SWAP_OUT, 0, AT_GUEST, AT_PACKET), WIRE_SEV_AEAD_OFLOW);
    platform_free(&p);
}

static unsigned raw_packet(struct platform *p, unsigned id, struct wire_sev_packet c)
{
    uint8_t b[52];

    wire_sev_packet_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

#define END PLATFORM_DRAM

static void packets_have_their_lengths_and_addresses(void **state)
{
    static const struct {
        struct wire_sev_packet c;
        unsigned send, receive;
    } cases[] = {
        {{1, {AT_HEADER, 51}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_LENGTH,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {0, 0}, {0, 0}, {0, 0}}, WIRE_SEV_INVALID_LENGTH, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 0}, {AT_PACKET, 0}}, WIRE_SEV_INVALID_LENGTH,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 20}, {AT_PACKET, 20}}, WIRE_SEV_INVALID_LENGTH,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 0x5010}, {AT_PACKET, 0x5010}}, WIRE_SEV_INVALID_LENGTH,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 32}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_LENGTH,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST, UINT32_MAX - 15}, {AT_PACKET, UINT32_MAX - 15}},
         WIRE_SEV_INVALID_LENGTH, WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 52}, {AT_GUEST + 4, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_ADDRESS,
         WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {END - 16, 32}, {AT_PACKET, 32}}, WIRE_SEV_INVALID_ADDRESS,
         WIRE_SEV_INVALID_ADDRESS},
        {{1, {END - 51, 52}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_ADDRESS,
         WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 16}, {END - 15, 16}}, WIRE_SEV_INVALID_ADDRESS,
         WIRE_SEV_INVALID_ADDRESS},
        {{1, {AT_HEADER, 52}, {AT_GUEST, 16}, {UINT64_MAX - 7, 16}}, WIRE_SEV_INVALID_ADDRESS,
         WIRE_SEV_INVALID_ADDRESS},
        {{7, {AT_HEADER, 52}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_INVALID_GUEST,
         WIRE_SEV_INVALID_GUEST},
        /* Sending may give a larger buffer, receiving wants the lengths to agree. */
        {{1, {AT_HEADER, 60}, {AT_GUEST, 16}, {AT_PACKET, 32}}, WIRE_SEV_SUCCESS,
         WIRE_SEV_INVALID_LENGTH},
        {{1, {AT_HEADER, 60}, {AT_GUEST, 16}, {AT_PACKET, 16}}, WIRE_SEV_SUCCESS,
         WIRE_SEV_SUCCESS},
    };
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    running_guest(&a, 0, 5);
    assert_int_equal(send_start(&a, 1, &parcel), 0);
    receive_start(&a, &b, 0, 9);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        assert_int_equal(raw_packet(&a, WIRE_SEV_SEND_UPDATE_DATA, cases[i].c), cases[i].send);
        carry(&a, &b, AT_HEADER, WIRE_SEV_PACKET_SIZE);
        carry(&a, &b, AT_PACKET, 32);
        assert_int_equal(raw_packet(&b, WIRE_SEV_RECEIVE_UPDATE_DATA, cases[i].c),
                         cases[i].receive);
    }
    platform_free(&a);
    platform_free(&b);
}

static void send_start_has_its_lengths_and_addresses(void **state)
{
    const struct wire_sev_blob pdh = {AT_CERT, 0x824}, chain = {AT_OUT2, 0x186c};
    const struct wire_sev_blob amd = {AT_AMD, 1664}, session = {AT_SESSION, 128};
    const struct {
        struct wire_sev_send_start c;
        unsigned want;
    } cases[] = {
        {{9, 0, pdh, chain, amd, session}, WIRE_SEV_INVALID_GUEST},
        {{1, 0, pdh, chain, amd, {AT_SESSION, 127}}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, pdh, chain, amd, {AT_SESSION, 129}}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, {AT_CERT, 0x823}, chain, amd, session}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, pdh, {AT_OUT2, 0x186b}, amd, session}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, pdh, chain, {AT_AMD, 0}, session}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, pdh, chain, {AT_AMD, 1665}, session}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, pdh, chain, {AT_AMD, UINT32_MAX}, session}, WIRE_SEV_INVALID_LENGTH},
        {{1, 0, {END, 0x824}, chain, amd, session}, WIRE_SEV_INVALID_ADDRESS},
        {{1, 0, pdh, {END - 0x186b, 0x186c}, amd, session}, WIRE_SEV_INVALID_ADDRESS},
        {{1, 0, pdh, chain, {END - 1663, 1664}, session}, WIRE_SEV_INVALID_ADDRESS},
        {{1, 0, pdh, chain, amd, {END - 127, 128}}, WIRE_SEV_INVALID_ADDRESS},
        {{1, 0, pdh, chain, amd, session}, WIRE_SEV_SUCCESS},
    };
    const struct world *w = *state;
    struct platform a, b;
    struct parcel parcel;
    uint8_t bytes[68];

    chip_up(&a, w, 0, false);
    chip_up(&b, w, 1, false);
    make_parcel(&b, &w->pub[1], &parcel);
    running_guest(&a, POLICY, 5);
    put(&a, AT_CERT, parcel.pdh, sizeof(parcel.pdh));
    put(&a, AT_OUT2, parcel.chain, sizeof(parcel.chain));
    put(&a, AT_AMD, parcel.bundle, parcel.bundle_len);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        wire_sev_send_start_encode(&cases[i].c, bytes);
        assert_int_equal(run(&a, WIRE_SEV_SEND_START, bytes, sizeof(bytes)), cases[i].want);
    }
    platform_free(&a);
    platform_free(&b);
}

static void save_areas_run_out(void **state)
{
    const struct world *w = *state;
    struct platform p;

    chip_up(&p, w, 0, true);
    new_guest(&p, ES_POLICY, 1);
    for (unsigned i = 0; i < ASP_MAX_VMSA; i++)
        assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_VMSA, 1, AT_GUEST, 0x1000), 0);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_VMSA, 1, AT_GUEST, 0x1000),
                     WIRE_SEV_RESOURCE_LIMIT);
    assert_int_equal(run_handle(&p, WIRE_SEV_DEACTIVATE, 1), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_DECOMMISSION, 1), 0);
    new_guest(&p, ES_POLICY, 1); /* its areas went with the guest */
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_VMSA, 1, AT_GUEST, 0x1000), 0);
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ca_endorses_its_chips_and_says_test),
        cmocka_unit_test(the_exported_cek_is_the_endorsed_one_without_signature),
        cmocka_unit_test(damaged_blobs_of_chip_and_ca_are_refused),
        cmocka_unit_test(a_newer_chip_is_told_from_a_damaged_one),
        cmocka_unit_test(key_ids_are_named_or_given_in_hex),
        cmocka_unit_test(a_guest_moves_and_reads_the_same_under_the_targets_own_key),
        cmocka_unit_test(every_byte_of_a_migration_packet_is_authenticated),
        cmocka_unit_test(a_guest_that_wants_a_genuine_platform_leaves_for_no_other),
        cmocka_unit_test(a_platform_under_another_root_is_not_genuine),
        cmocka_unit_test(policies_that_forbid_sending_are_kept),
        cmocka_unit_test(send_start_tells_the_session_length),
        cmocka_unit_test(a_cancelled_guest_runs_on),
        cmocka_unit_test(an_encrypted_save_area_moves_and_is_vouched_for),
        cmocka_unit_test(a_swapped_page_comes_back_anywhere_but_only_whole),
        cmocka_unit_test(a_large_page_swaps_too),
        cmocka_unit_test(the_swap_counter_never_wraps),
        cmocka_unit_test(packets_have_their_lengths_and_addresses),
        cmocka_unit_test(send_start_has_its_lengths_and_addresses),
        cmocka_unit_test(save_areas_run_out),
    };

    return cmocka_run_group_tests(tests, make_world, free_world);
}
