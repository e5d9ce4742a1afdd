/* SPDX-License-Identifier: Apache-2.0 */
/* INIT, identity, ownership and what is kept in flash. */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#include "asp/state.h"

static unsigned try_init(struct platform *p, struct wire_sev_init c)
{
    uint8_t b[20];

    wire_sev_init_encode(&c, b);
    return run(p, WIRE_SEV_INIT, b, sizeof(b));
}

static unsigned try_init_ex(struct platform *p, struct wire_sev_init c)
{
    uint8_t b[36];

    wire_sev_init_ex_encode(&c, b);
    return run(p, WIRE_SEV_INIT_EX, b, sizeof(b));
}

static void init_checks_every_field(void **state)
{
    static const struct {
        struct wire_sev_init c;
        unsigned want;
    } cases[] = {
        {{.flags = 2}, WIRE_SEV_INVALID_CONFIG},
        {{.flags = 0x80000000u}, WIRE_SEV_INVALID_CONFIG},
        {{.reserved = 1}, WIRE_SEV_INVALID_CONFIG},
        {{.flags = 1, .tmr_paddr = 0x80000, .tmr_length = 0x100000}, WIRE_SEV_INVALID_ADDRESS},
        {{.flags = 1, .tmr_paddr = 0x100010, .tmr_length = 0x100000}, WIRE_SEV_INVALID_ADDRESS},
        {{.flags = 1, .tmr_paddr = 0x100000, .tmr_length = 0xff000}, WIRE_SEV_INVALID_LENGTH},
        {{.flags = 1, .tmr_paddr = 0x100000, .tmr_length = 0x200000}, WIRE_SEV_INVALID_LENGTH},
        {{.flags = 1, .tmr_paddr = PLATFORM_DRAM, .tmr_length = 0x100000}, WIRE_SEV_INVALID_ADDRESS},
        {{.flags = 1, .tmr_paddr = 0xfffffffffff00000u, .tmr_length = 0x100000},
         WIRE_SEV_INVALID_ADDRESS},
        {{.flags = 0, .tmr_paddr = 77, .tmr_length = 5}, WIRE_SEV_SUCCESS}, /* no ES: not read */
    };
    struct platform p;

    (void)state;
    platform_new(&p);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++) {
        assert_int_equal(try_init(&p, cases[i].c), cases[i].want);
        assert_int_equal(platform_status(&p).state, cases[i].want == 0);
    }
    platform_free(&p);
}

static void init_needs_memory_encryption_enabled(void **state)
{
    struct platform p;

    (void)state;
    platform_new(&p);
    mc_set_smee(p.mc, false);
    assert_int_equal(init(&p, false), WIRE_SEV_HWERROR_PLATFORM);
    mc_set_smee(p.mc, true);
    assert_int_equal(init(&p, false), 0);
    platform_free(&p);
}

static void status_names_version_owner_and_es(void **state)
{
    struct platform p;
    struct wire_sev_platform_status s;

    (void)state;
    platform_new(&p);
    s = platform_status(&p);
    assert_int_equal(s.api_major, 0);
    assert_int_equal(s.api_minor, 24);
    assert_int_equal(s.build, 22);
    assert_int_equal(s.state, WIRE_SEV_PLATFORM_UNINIT);
    up(&p, true);
    s = platform_status(&p);
    assert_true(s.es);
    assert_false(s.owned);
    assert_int_equal(s.state, WIRE_SEV_PLATFORM_INIT);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    assert_false(platform_status(&p).es);
    platform_free(&p);
}

static void assert_same_identity(const struct exported *a, const struct exported *b, bool same)
{
    assert_int_equal(memcmp(&a->pek, &b->pek, sizeof(a->pek)) == 0, same);
    assert_int_equal(memcmp(&a->oca, &b->oca, sizeof(a->oca)) == 0, same);
    assert_int_equal(memcmp(&a->pdh, &b->pdh, sizeof(a->pdh)) == 0, same);
    assert_memory_equal(&a->cek, &b->cek, sizeof(a->cek)); /* the chip stays the chip */
}

static void the_exported_chain_verifies_link_by_link(void **state)
{
    struct platform p;
    struct exported e;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    assert_int_equal(sev_cert_verify_by(&e.oca, &e.oca), 0);
    assert_int_equal(sev_cert_verify_by(&e.pek, &e.oca), 0);
    assert_int_equal(sev_cert_verify_by(&e.pek, &e.cek), 0);
    assert_int_equal(sev_cert_verify_by(&e.pdh, &e.pek), 0);
    assert_true(sev_cert_slot_unused(&e.cek, 0) && sev_cert_slot_unused(&e.cek, 1));
    assert_int_equal(e.pek.sig[0].usage, WIRE_SEV_USAGE_OCA);
    assert_int_equal(e.pek.sig[1].usage, WIRE_SEV_USAGE_CEK);
    assert_memory_equal(e.pek.pubkey + SEV_CERT_MARK_AT, SEV_CERT_MARK, sizeof(SEV_CERT_MARK) - 1);
    platform_free(&p);
}

static void identity_survives_shutdown_and_dies_with_platform_reset(void **state)
{
    struct exported first, second;
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    first = export_certs(&p);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    up(&p, false);
    second = export_certs(&p);
    assert_same_identity(&first, &second, true);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    assert_int_equal(run_bare(&p, WIRE_SEV_PLATFORM_RESET), 0);
    up(&p, false);
    second = export_certs(&p);
    assert_same_identity(&first, &second, false);
    platform_free(&p);
}

static void a_damaged_record_is_reported_once_and_then_made_new(void **state)
{
    struct platform p;
    uint8_t good[ASP_FLASH_MAX];
    size_t len;

    (void)state;
    platform_new(&p);
    up(&p, false);
    len = p.flash_len;
    memcpy(good, p.flash, len);
    for (size_t i = 0; i < len; i += i < 16 || i >= len - 48 ? 1 : 211) {
        assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
        memcpy(p.flash, good, len);
        p.flash_len = len;
        p.flash[i] ^= 4;
        assert_int_equal(init(&p, false), WIRE_SEV_SECURE_DATA_INVALID);
        assert_int_equal(platform_status(&p).state, WIRE_SEV_PLATFORM_UNINIT);
        assert_int_equal(init(&p, false), 0);
    }
    platform_free(&p);
}

static void a_truncated_record_is_damaged_too(void **state)
{
    static const size_t lengths[] = {1, 15, 16, 63, 64, 100, 6399};
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    for (size_t i = 0; i < CB_ARRAY_LEN(lengths); i++) {
        assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
        p.flash_len = lengths[i];
        assert_int_equal(init(&p, false), WIRE_SEV_SECURE_DATA_INVALID);
        assert_int_equal(init(&p, false), 0);
    }
    platform_free(&p);
}

static void another_chips_record_is_refused(void **state)
{
    struct platform a, b;

    (void)state;
    platform_new(&a);
    up(&a, false);
    platform_config(&b, "milan");
    b.config.seed = 2;
    memcpy(b.flash, a.flash, sizeof(b.flash));
    b.flash_len = a.flash_len;
    b.flash_written = true;
    platform_start(&b);
    assert_int_equal(init(&b, false), WIRE_SEV_SECURE_DATA_INVALID);
    platform_free(&a);
    platform_free(&b);
}

/* Turns the record into a genuine one of version 2. */
static void make_newer(struct platform *p)
{
    const struct asp_chip *chip = &p->asp->chip;
    uint8_t *mac = p->flash + p->flash_len - 48;
    const struct cr_part parts[] = {{p->flash, p->flash_len - 48}, {mac + 32, 16}};

    cb_store_le32(p->flash + 8, 2);
    cr_hmac_sha256(chip->seal_mac_key, 32, parts, 2, mac);
}

static void a_newer_record_is_refused_and_kept(void **state)
{
    uint8_t before[ASP_FLASH_MAX];
    struct asp *second = NULL;
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    make_newer(&p);
    memcpy(before, p.flash, sizeof(before));
    assert_int_equal(init(&p, false), WIRE_SEV_HWERROR_PLATFORM);
    assert_int_equal(asp_new(&p.config, &second), CBIT_VERSION);
    assert_memory_equal(p.flash, before, sizeof(before));
    platform_free(&p);
}

static void a_flash_that_cannot_be_written_changes_nothing(void **state)
{
    struct exported first, second;
    struct platform p;

    (void)state;
    platform_new(&p);
    p.flash_fails = true;
    assert_int_equal(init(&p, false), WIRE_SEV_HWERROR_PLATFORM);
    assert_int_equal(platform_status(&p).state, WIRE_SEV_PLATFORM_UNINIT);
    p.flash_fails = false;
    up(&p, false);
    first = export_certs(&p);
    p.flash_fails = true;
    assert_int_equal(run_bare(&p, WIRE_SEV_PEK_GEN), WIRE_SEV_HWERROR_PLATFORM);
    assert_int_equal(run_bare(&p, WIRE_SEV_PDH_GEN), WIRE_SEV_HWERROR_PLATFORM);
    second = export_certs(&p);
    assert_same_identity(&first, &second, true);
    platform_free(&p);
}

static const struct wire_sev_init nv_area = {
    .length = 36, .nv_paddr = AT_NV, .nv_length = WIRE_SEV_NV_SIZE};

static void an_nv_area_of_zeroes_is_damaged_and_one_of_ff_is_empty(void **state)
{
    uint8_t ff[WIRE_SEV_NV_SIZE];
    struct platform p;

    (void)state;
    platform_new(&p);
    assert_int_equal(try_init_ex(&p, nv_area), WIRE_SEV_SECURE_DATA_INVALID);
    get(&p, AT_NV, ff, 4);
    assert_true(cb_load_le32(ff) == UINT32_MAX);
    assert_int_equal(try_init_ex(&p, nv_area), 0); /* Linux tries once more */
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    memset(ff, 0xff, sizeof(ff));
    put(&p, AT_NV, ff, sizeof(ff));
    assert_int_equal(try_init_ex(&p, nv_area), 0);
    assert_false(p.flash_written);
    platform_free(&p);
}

static void an_nv_area_holds_the_identity_in_place_of_the_flash(void **state)
{
    uint8_t area[WIRE_SEV_NV_SIZE];
    struct exported first, second;
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false); /* the flash has an identity of its own */
    first = export_certs(&p);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    memset(area, 0xff, sizeof(area));
    put(&p, AT_NV, area, sizeof(area));
    assert_int_equal(try_init_ex(&p, nv_area), 0);
    second = export_certs(&p);
    assert_same_identity(&first, &second, false);
    assert_int_equal(run_bare(&p, WIRE_SEV_PEK_GEN), 0);
    first = export_certs(&p);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    assert_int_equal(run_bare(&p, WIRE_SEV_PLATFORM_RESET), 0); /* the flash, not the area */
    assert_int_equal(try_init_ex(&p, nv_area), 0);
    second = export_certs(&p);
    assert_same_identity(&first, &second, true);
    platform_free(&p);
}

static void init_ex_checks_every_field(void **state)
{
    static const struct {
        struct wire_sev_init c;
        unsigned want;
    } cases[] = {
        {{.length = 0}, WIRE_SEV_INVALID_LENGTH},
        {{.length = 35}, WIRE_SEV_INVALID_LENGTH},
        {{.length = 40}, WIRE_SEV_INVALID_LENGTH},
        {{.length = 36, .reserved = 1}, WIRE_SEV_INVALID_CONFIG},
        {{.length = 36, .flags = 4}, WIRE_SEV_INVALID_CONFIG},
        {{.length = 36, .nv_paddr = AT_NV, .nv_length = 0x7fff}, WIRE_SEV_INVALID_LENGTH},
        {{.length = 36, .nv_paddr = AT_NV + 0x800, .nv_length = 0x8000}, WIRE_SEV_INVALID_ADDRESS},
        {{.length = 36, .nv_paddr = PLATFORM_DRAM - 0x7000, .nv_length = 0x8000},
         WIRE_SEV_INVALID_ADDRESS},
        {{.length = 36, .flags = 1, .tmr_paddr = 0x300000, .tmr_length = 0x100000,
          .nv_paddr = 0x3ff000, .nv_length = 0x8000}, WIRE_SEV_INVALID_ADDRESS},
        {{.length = 36, .flags = 1, .tmr_paddr = 0x300000, .tmr_length = 0x100000,
          .nv_paddr = 0x2f9000, .nv_length = 0x8000}, WIRE_SEV_INVALID_ADDRESS},
        {{.length = 36, .nv_length = 7}, WIRE_SEV_SUCCESS}, /* no area: the flash */
    };
    struct platform p;

    (void)state;
    platform_new(&p);
    for (size_t i = 0; i < CB_ARRAY_LEN(cases); i++)
        assert_int_equal(try_init_ex(&p, cases[i].c), cases[i].want);
    assert_true(p.flash_written);
    platform_free(&p);
}

/* An owner's certificate authority. */
struct domain {
    struct cr_p384_key key;
    struct wire_sev_cert cert;
};

static void domain_make(struct domain *d, uint64_t seed)
{
    struct cr_random random;

    cr_random_from_seed(&random, seed, "oca");
    cr_p384_generate(&random, &d->key);
    sev_cert_make(&d->cert, WIRE_SEV_USAGE_OCA, WIRE_SEV_ALGO_ECDSA_SHA256, &d->key.pub, 0, 0);
    sev_cert_sign(&d->cert, 0, WIRE_SEV_USAGE_OCA, &d->key);
}

static struct wire_sev_cert csr_of(struct platform *p)
{
    const struct wire_sev_blob c = {AT_OUT, WIRE_SEV_CERT_SIZE};
    uint8_t b[12], bytes[WIRE_SEV_CERT_SIZE];
    struct wire_sev_cert csr;

    wire_sev_blob_encode(&c, b);
    assert_int_equal(run(p, WIRE_SEV_PEK_CSR, b, sizeof(b)), 0);
    get(p, AT_OUT, bytes, sizeof(bytes));
    wire_sev_cert_decode(&csr, bytes);
    return csr;
}

static unsigned import_certs(struct platform *p, const struct wire_sev_cert *pek,
                             const struct wire_sev_cert *oca)
{
    const struct wire_sev_two_blobs c = {{AT_CERT, WIRE_SEV_CERT_SIZE},
                                         {AT_SESSION, WIRE_SEV_CERT_SIZE}};
    uint8_t b[28], bytes[WIRE_SEV_CERT_SIZE];

    wire_sev_cert_encode(pek, bytes);
    put(p, AT_CERT, bytes, sizeof(bytes));
    wire_sev_cert_encode(oca, bytes);
    put(p, AT_SESSION, bytes, sizeof(bytes));
    wire_sev_two_blobs_encode(&c, b);
    return run(p, WIRE_SEV_PEK_CERT_IMPORT, b, sizeof(b));
}

static void an_owner_takes_the_platform_and_gives_it_back(void **state)
{
    struct wire_sev_cert csr;
    struct exported before, after;
    struct platform p;
    struct domain d;

    (void)state;
    platform_new(&p);
    up(&p, false);
    domain_make(&d, 9);
    before = export_certs(&p);
    csr = csr_of(&p);
    assert_true(sev_cert_same_body(&csr, &before.pek));
    assert_true(sev_cert_slot_unused(&csr, 0) && sev_cert_slot_unused(&csr, 1));
    sev_cert_sign(&csr, 0, WIRE_SEV_USAGE_OCA, &d.key);
    assert_int_equal(import_certs(&p, &csr, &d.cert), 0);
    assert_true(platform_status(&p).owned);
    after = export_certs(&p);
    assert_memory_equal(&after.oca, &d.cert, sizeof(d.cert));
    assert_int_equal(sev_cert_verify_by(&after.pek, &d.cert), 0);
    assert_int_equal(sev_cert_verify_by(&after.pek, &after.cek), 0); /* put back by the firmware */
    assert_int_equal(sev_cert_verify_by(&after.pdh, &after.pek), 0);
    assert_memory_not_equal(&after.pdh, &before.pdh, sizeof(before.pdh));
    assert_int_equal(import_certs(&p, &csr, &d.cert), WIRE_SEV_ALREADY_OWNED);
    assert_int_equal(run_bare(&p, WIRE_SEV_SHUTDOWN), 0);
    up(&p, false);
    assert_true(platform_status(&p).owned); /* kept over a power cycle */
    assert_int_equal(run_bare(&p, WIRE_SEV_PEK_GEN), 0);
    assert_false(platform_status(&p).owned);
    platform_free(&p);
}

static void import_refuses_each_wrong_certificate(void **state)
{
    struct wire_sev_cert csr, signed_pek, bad, bad_oca;
    struct domain d, other;
    struct platform p;

    (void)state;
    platform_new(&p);
    up(&p, false);
    domain_make(&d, 9);
    domain_make(&other, 10);
    csr = csr_of(&p);
    signed_pek = csr;
    sev_cert_sign(&signed_pek, 0, WIRE_SEV_USAGE_OCA, &d.key);

    bad_oca = d.cert; /* not self-signed */
    bad_oca.sig[0].bytes[3] ^= 1;
    assert_int_equal(import_certs(&p, &signed_pek, &bad_oca), WIRE_SEV_BAD_SIGNATURE);
    bad_oca = d.cert;
    bad_oca.version = 2;
    sev_cert_sign(&bad_oca, 0, WIRE_SEV_USAGE_OCA, &d.key);
    assert_int_equal(import_certs(&p, &signed_pek, &bad_oca), WIRE_SEV_INVALID_CERTIFICATE);
    bad_oca = d.cert; /* a curve that is none */
    bad_oca.pubkey[0] = 1;
    assert_int_equal(import_certs(&p, &signed_pek, &bad_oca), WIRE_SEV_INVALID_CERTIFICATE);
    /* signed by another domain */
    assert_int_equal(import_certs(&p, &signed_pek, &other.cert), WIRE_SEV_BAD_SIGNATURE);
    /* not signed */
    assert_int_equal(import_certs(&p, &csr, &d.cert), WIRE_SEV_INVALID_CERTIFICATE);
    bad = signed_pek; /* half a slot */
    bad.sig[1].usage = WIRE_SEV_USAGE_CEK;
    assert_int_equal(import_certs(&p, &bad, &d.cert), WIRE_SEV_BAD_SIGNATURE);
    bad = csr; /* another body, well signed */
    bad.api_minor++;
    sev_cert_sign(&bad, 0, WIRE_SEV_USAGE_OCA, &d.key);
    assert_int_equal(import_certs(&p, &bad, &d.cert), WIRE_SEV_INVALID_CERTIFICATE);
    bad = signed_pek; /* no slot left for the CEK's signature */
    sev_cert_sign(&bad, 1, WIRE_SEV_USAGE_OCA, &d.key);
    assert_int_equal(import_certs(&p, &bad, &d.cert), WIRE_SEV_INVALID_CERTIFICATE);
    assert_false(platform_status(&p).owned);
    assert_int_equal(import_certs(&p, &signed_pek, &d.cert), 0);
    platform_free(&p);
}

static void lengths_are_told_to_who_asks(void **state)
{
    const struct wire_sev_blob none = {0};
    const struct wire_sev_two_blobs nothing = {0};
    struct wire_sev_two_blobs two;
    struct wire_sev_blob one;
    struct platform p;
    uint8_t b[28];

    (void)state;
    platform_new(&p);
    up(&p, false);
    wire_sev_blob_encode(&none, b);
    assert_int_equal(run(&p, WIRE_SEV_PEK_CSR, b, 12), WIRE_SEV_INVALID_LENGTH);
    wire_sev_blob_decode(&one, b);
    assert_int_equal(one.length, 0x824);
    wire_sev_blob_encode(&none, b);
    assert_int_equal(run(&p, WIRE_SEV_GET_ID, b, 12), WIRE_SEV_INVALID_LENGTH);
    wire_sev_blob_decode(&one, b);
    assert_int_equal(one.length, 64);
    wire_sev_two_blobs_encode(&nothing, b);
    assert_int_equal(run(&p, WIRE_SEV_PDH_CERT_EXPORT, b, 28), WIRE_SEV_INVALID_LENGTH);
    wire_sev_two_blobs_decode(&two, b);
    assert_int_equal(two.first.length, 0x824);
    assert_int_equal(two.second.length, 0x186c);
    platform_free(&p);
}

static void a_session_for_an_old_pdh_no_longer_opens(void **state)
{
    struct wire_sev_start c = start_command(1, true);
    struct exported e;
    struct platform p;
    struct owner o;

    (void)state;
    platform_new(&p);
    up(&p, false);
    e = export_certs(&p);
    owner_make(&o, &e.pdh, 1);
    owner_place(&p, &o);
    assert_int_equal(run_bare(&p, WIRE_SEV_PDH_GEN), 0);
    assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_BAD_MEASUREMENT);
    platform_free(&p);
}

static void seeded_platforms_say_so_and_repeat(void **state)
{
    struct platform a, b;
    struct exported ea, eb;
    struct asp_info info;

    (void)state;
    platform_new(&a);
    platform_new(&b);
    up(&a, false);
    up(&b, false);
    ea = export_certs(&a);
    eb = export_certs(&b);
    assert_same_identity(&ea, &eb, true);
    asp_info_get(a.asp, &info);
    assert_true(info.seeded);
    assert_true(info.persistent);
    platform_free(&a);
    platform_config(&a, "milan");
    a.config.seeded = false;
    platform_start(&a);
    asp_info_get(a.asp, &info);
    assert_false(info.seeded);
    platform_free(&a);
    platform_free(&b);
}

static void a_saved_state_goes_on_where_it_was(void **state)
{
    uint8_t *blob = malloc(1 << 20), *bad = malloc(1 << 20), text[16] = "still encrypted", seen[16];
    struct platform p;
    size_t len;

    (void)state;
    platform_new(&p);
    up(&p, true);
    new_guest(&p, 0, 4);
    put(&p, AT_GUEST, text, 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 16), 0);
    assert_int_equal(asp_state_save(p.asp, blob, 100, &len), CBIT_RANGE);
    assert_int_equal(asp_state_save(p.asp, blob, 1 << 20, &len), CBIT_OK);
    asp_reset(p.asp); /* all keys are gone */
    guest_sees(&p, 4, AT_GUEST, seen, 16);
    assert_memory_not_equal(seen, text, 16);
    for (size_t i = 0; i < len; i += i < 16 ? 1 : 4999) {
        memcpy(bad, blob, len);
        bad[i] ^= 1;
        assert_int_equal(asp_state_load(p.asp, bad, len), CBIT_CORRUPT);
    }
    assert_int_equal(asp_state_load(p.asp, blob, len - 1), CBIT_CORRUPT);
    assert_int_equal(platform_status(&p).state, WIRE_SEV_PLATFORM_UNINIT);
    assert_int_equal(asp_state_load(p.asp, blob, len), CBIT_OK);
    assert_int_equal(guest_status(&p, 1).asid, 4);
    /* DRAM went to RAW under the old SME key and tweak at the reset; the tweak is new. */
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    free(blob);
    free(bad);
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_checks_every_field),
        cmocka_unit_test(init_needs_memory_encryption_enabled),
        cmocka_unit_test(init_ex_checks_every_field),
        cmocka_unit_test(status_names_version_owner_and_es),
        cmocka_unit_test(the_exported_chain_verifies_link_by_link),
        cmocka_unit_test(identity_survives_shutdown_and_dies_with_platform_reset),
        cmocka_unit_test(a_damaged_record_is_reported_once_and_then_made_new),
        cmocka_unit_test(a_truncated_record_is_damaged_too),
        cmocka_unit_test(another_chips_record_is_refused),
        cmocka_unit_test(a_newer_record_is_refused_and_kept),
        cmocka_unit_test(a_flash_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(an_nv_area_of_zeroes_is_damaged_and_one_of_ff_is_empty),
        cmocka_unit_test(an_nv_area_holds_the_identity_in_place_of_the_flash),
        cmocka_unit_test(an_owner_takes_the_platform_and_gives_it_back),
        cmocka_unit_test(import_refuses_each_wrong_certificate),
        cmocka_unit_test(lengths_are_told_to_who_asks),
        cmocka_unit_test(a_session_for_an_old_pdh_no_longer_opens),
        cmocka_unit_test(seeded_platforms_say_so_and_repeat),
        cmocka_unit_test(a_saved_state_goes_on_where_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
