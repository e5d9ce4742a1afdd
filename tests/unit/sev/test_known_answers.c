/* SPDX-License-Identifier: Apache-2.0 */
/* Published values of SEV's public tools, and one whole session computed apart from cbit. */
#include "unit/unit.h"
#include "unit/hex.h"

#include "sev/sev.h"

static void measure_equals_the_published_vector(void **state)
{
    struct sev_measure m = {.api_major = 0, .api_minor = 0x12, .build = 0x0f, .policy = 0};
    uint8_t tik[16], mac[32];

    (void)state;
    unhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", m.digest);
    unhex("4fbe0bedbad6c86ae8f68971d103e554", m.mnonce);
    unhex("66320db73158a35a255d051758e95ed4", tik);
    sev_measure_mac(tik, &m, mac);
    assert_hex(mac, "6faab2daae389bcd3405a05d6cafe33c0414f7bedd0bae19ba5f38b7fd1664ea");
}

static void measure_of_firmware_before_0_17_leaves_the_version_out(void **state)
{
    struct sev_measure m = {.api_major = 0, .api_minor = 16, .build = 1, .policy = 1};
    struct sev_measure other = m;
    uint8_t tik[16] = {1}, a[32], b[32];

    (void)state;
    other.build = 2;
    sev_measure_mac(tik, &m, a);
    sev_measure_mac(tik, &other, b);
    assert_memory_equal(a, b, 32);
    m.api_minor = other.api_minor = 17;
    sev_measure_mac(tik, &m, a);
    sev_measure_mac(tik, &other, b);
    assert_memory_not_equal(a, b, 32);
}

static void kdf_equals_the_published_vector(void **state)
{
    const uint8_t zero[16] = {0};
    uint8_t out[16];

    (void)state;
    cr_kdf_sev(zero, 16, "sev-master-secret", zero, 16, out, 16);
    assert_hex(out, "ab4d269fcc62bedb4511d56c386ce706");
}

static void policy_mac_equals_the_published_vector(void **state)
{
    const uint8_t zero[16] = {0};
    uint8_t mac[32];

    (void)state;
    sev_policy_mac(zero, 0, mac);
    assert_hex(mac, "aa7855e13839dd767cd5da7c1ff5036540c9264b7a803029315e55375287b4af");
}

static void session_of_zeroes_equals_the_published_vector(void **state)
{
    const uint8_t z[48] = {0};
    const struct sev_transport keys = {0};
    const struct sev_session_seed seed = {0};
    struct sev_wrap_keys wrap;
    uint8_t session[WIRE_SEV_SESSION_SIZE];

    (void)state;
    sev_wrap_keys_derive(z, sizeof(z), seed.nonce, &wrap);
    assert_hex(wrap.kek, "b6abfbfb75ea1ea74ed8750b8afdb973");
    assert_hex(wrap.kik, "53b524bf5669a363f365c864acba8572");
    sev_session_wrap(&wrap, 0, &keys, &seed, session);
    assert_hex(session + 0x10, "2137bc7f9bb8bd7c3e55a576a15d3454b3856b8ba27afadf46dcfee9f02c02c4");
    assert_hex(session + 0x40, "3176c0752738bd9d5e86689534020f528c088f16238826b000b327dee6aeed7d");
}

/* The worked session: owner's key 01..30, PDH 31..60. */
struct worked {
    struct cr_p384_key owner, pdh;
    struct sev_transport keys;
    struct sev_session_seed seed;
    uint8_t session[WIRE_SEV_SESSION_SIZE];
};

static int make_worked(void **state)
{
    static struct worked w;
    uint8_t d[48];

    ascending(d, 48, 0x01);
    assert_true(cr_p384_from_private(d, &w.owner));
    ascending(d, 48, 0x31);
    assert_true(cr_p384_from_private(d, &w.pdh));
    ascending(w.keys.tek, 16, 0x10);
    ascending(w.keys.tik, 16, 0x20);
    ascending(w.seed.nonce, 16, 0xa0);
    ascending(w.seed.wrap_iv, 16, 0xc0);
    assert_int_equal(sev_session_make(&w.owner, &w.pdh.pub, 5, &w.keys, &w.seed, w.session), 0);
    *state = &w;
    return 0;
}

static void worked_keys_have_the_right_points(void **state)
{
    const struct worked *w = *state;

    assert_hex(w->owner.pub.x, "c76f2283dda95cd49b0ed9e733d2904474e37216f124e13d2c9ab4cf01021c49"
                               "ad9cabb3d0b97499aef2f0ab313fa028");
    assert_hex(w->owner.pub.y, "26bc1f83451b5c8962a75caff73588d4400a6296436154fb343c393e91048a6c"
                               "7bcbadc83cd8a5f26feae883156f92a1");
    assert_hex(w->pdh.pub.x, "db89855d1980b2aacdec0752249bea9e0630c16b69c095f6c752b2547b520d81"
                             "09511d908881491780594f03cfee8a0a");
    assert_hex(w->pdh.pub.y, "8ca0eb1e634971e4c6fc551ca684edc32994c9068fc83964eb7ada3bbb9b1f24"
                             "69d57da6460ba7462d4d3b9e9a4fe421");
}

static void worked_secret_and_wrap_keys_are_right(void **state)
{
    const struct worked *w = *state;
    struct sev_wrap_keys wrap;
    uint8_t z[48], other[48];

    assert_true(cr_p384_ecdh(&w->owner, &w->pdh.pub, z));
    assert_true(cr_p384_ecdh(&w->pdh, &w->owner.pub, other));
    assert_memory_equal(z, other, 48);
    assert_hex(z, "9fafc5903b2f873ed24fffa1c5d44d75bf047179b13b3b3ea3681cfb329e8047"
                  "7e17aaa98ab10bff8265a0a6e9da74aa");
    sev_wrap_keys_derive(z, 48, w->seed.nonce, &wrap);
    assert_hex(wrap.kek, "748218f0a0bd96d773ab81297bb8399d");
    assert_hex(wrap.kik, "65cb018e983aee9151dbe15650fac3ff");
}

static void worked_session_has_the_right_bytes(void **state)
{
    const struct worked *w = *state;
    uint8_t digest[32];

    assert_hex(w->session + 0x10,
               "d18eaf35c6201982d01e815f31f255f5cf27653b61763273f7afe6b7772c796a");
    assert_hex(w->session + 0x40,
               "c8adee53aee4ca2a4b08cd91f9964c4336c4170d08664ea1bb62fb83c67bb786");
    assert_hex(w->session + 0x60,
               "d8149737e564648068d91f8d0b20db9c1ac8df416ce41b77a99906085c773ca1");
    cr_sha256_of(w->session, sizeof(w->session), digest);
    assert_hex(digest, "7e14cbef515f0de2617fb0528e0117f76823299d3c7459a8e98373a356328d59");
}

static void every_byte_of_a_session_matters(void **state)
{
    const struct worked *w = *state;
    struct sev_transport keys;

    assert_int_equal(sev_session_open(&w->pdh, &w->owner.pub, 5, w->session, &keys), 0);
    assert_memory_equal(&keys, &w->keys, sizeof(keys));
    for (size_t i = 0; i < WIRE_SEV_SESSION_SIZE; i++) {
        uint8_t bad[WIRE_SEV_SESSION_SIZE];
        enum wire_sev_status status;

        memcpy(bad, w->session, sizeof(bad));
        bad[i] ^= 1;
        status = sev_session_open(&w->pdh, &w->owner.pub, 5, bad, &keys);
        /* A wrong IV turns TEK and TIK into others; then the policy MAC fails. */
        assert_int_equal(status, WIRE_SEV_BAD_MEASUREMENT);
        assert_true(cb_all_zero(&keys, sizeof(keys)));
    }
    assert_int_equal(sev_session_open(&w->pdh, &w->owner.pub, 4, w->session, &keys),
                     WIRE_SEV_BAD_MEASUREMENT);
    assert_int_equal(sev_session_open(&w->owner, &w->owner.pub, 5, w->session, &keys),
                     WIRE_SEV_BAD_MEASUREMENT);
}

static void worked_measure(const struct worked *w, const uint8_t tik[16], uint8_t mac[32])
{
    struct sev_measure m = {.api_major = 0, .api_minor = 24, .build = 7, .policy = 5};

    (void)w;
    cr_sha256_of("", 0, m.digest);
    ascending(m.mnonce, 16, 0xe0);
    sev_measure_mac(tik, &m, mac);
}

static void worked_measurements_are_right(void **state)
{
    const struct worked *w = *state;
    const uint8_t zero[16] = {0};
    uint8_t mac[32];

    worked_measure(w, w->keys.tik, mac);
    assert_hex(mac, "5d51b9d19e6d4319fc8e4a928c19513a4ce277eca06f7805fb3ceb77c96fac7f");
    worked_measure(w, zero, mac);
    assert_hex(mac, "84398ec910cd60805a03c4f9d707cbb57943e6a4bbc130f5c4a30e7fa5922d9a");
}

static void worked_packets_are_right(void **state)
{
    const struct worked *w = *state;
    uint8_t measure[32], plain[64], cipher[64], back[64], header[WIRE_SEV_PACKET_SIZE];
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_SECRET, .guest_len = 64, .trans_len = 64};

    worked_measure(w, w->keys.tik, measure);
    packet.measure = measure;
    ascending(plain, 64, 0);
    ascending(packet.iv, 16, 0x40);
    sev_packet_seal(&w->keys, &packet, plain, cipher, header);
    assert_hex(cipher, "424adbb3e9c1e8aee4b09b29e76a3e4d2f45f120ef9210a51489800aa6e30006"
                       "a5445fdf23edf1ee67ad22f96a17ff41a45ea3bbed22ef21a5f54838dbf0aa73");
    assert_hex(header + 0x14, "a8841030c9c395652b9470427f8a5cc8e31ee5c2f22975f67ef1417211dd83cc");
    assert_int_equal(sev_packet_open(&w->keys, &packet, header, cipher, back), 0);
    assert_memory_equal(back, plain, 64);
    packet.kind = WIRE_SEV_PACKET_DATA;
    packet.measure = NULL;
    sev_packet_seal(&w->keys, &packet, plain, cipher, header);
    assert_hex(header + 0x14, "6366679128d9dfdf5c1bcd78eedf33504891d583d64d4c2ac088f57449c9d100");
}

static void chip_keys_follow_from_the_chip_secret(void **state)
{
    uint8_t cuk[32], digest[32], seed[56], id[64];
    struct cr_p384_key cek;

    (void)state;
    ascending(cuk, 32, 0);
    cr_sha256_of(cuk, 32, digest);
    cr_kdf_sev(digest, 32, "sev-chip-endorsement-key", NULL, 0, seed, sizeof(seed));
    assert_hex(seed, "17c8a2bf8b8ba3c908bdcdc44733431d4634b086f4773660ee876c98fdc5cf91"
                     "e15a0eb4270a5ffe671446580396860e42cf960ce4daf24a");
    cr_p384_from_seed(seed, &cek);
    assert_hex(cek.d, "0e86960358461467fe5f0a27b40e5ae1a262c61ea152b8d1c08adcf876f62474"
                      "ecf5956954a220627f626b6fe77eeab4");
    assert_hex(cek.pub.x, "74db39783b48981269814228627bfecccefd07873f3a87a9c7c529c82328c39d"
                          "625ad35a74dd006d7aa5867711f5ecaf");
    cr_secp256k1_public(cuk, id);
    assert_hex(id, "6d6caac248af96f6afa7f904f550253a0f3ef3f5aa2fe6838a95b216691468e2"
                   "487e6222a6664e079c8edf7518defd562dbeda1e7593dfd7f0be285880a24dab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure_equals_the_published_vector),
        cmocka_unit_test(measure_of_firmware_before_0_17_leaves_the_version_out),
        cmocka_unit_test(kdf_equals_the_published_vector),
        cmocka_unit_test(policy_mac_equals_the_published_vector),
        cmocka_unit_test(session_of_zeroes_equals_the_published_vector),
        cmocka_unit_test(worked_keys_have_the_right_points),
        cmocka_unit_test(worked_secret_and_wrap_keys_are_right),
        cmocka_unit_test(worked_session_has_the_right_bytes),
        cmocka_unit_test(every_byte_of_a_session_matters),
        cmocka_unit_test(worked_measurements_are_right),
        cmocka_unit_test(worked_packets_are_right),
        cmocka_unit_test(chip_keys_follow_from_the_chip_secret),
    };

    return cmocka_run_group_tests(tests, make_worked, NULL);
}
