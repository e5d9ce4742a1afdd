/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile relay between guest owner and platform: it replaces, replays and
 * flips what passes through it.  Owner or AMD-SP must refuse each time, and the
 * secret must reach the guest in the one honest run alone.
 */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#include <stdio.h>

#include "owner/owner.h"

#define POLICY 0x18000021u /* NODBG, SEV, API 0.24 */
#define IMAGE_LEN 0x2000u
#define BUILD 20 /* naples */

struct world {
    uint8_t chip[2][ASP_CHIP_MAX]; /* the platform's; the relay's own, under its own CA */
    size_t chip_len[2];
    struct asp_chip_public pub[2];
    uint8_t image[IMAGE_LEN];
    struct cr_random random;
};

static int make_world(void **state)
{
    const struct asp_profile *naples = asp_profile_find("naples");
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    for (unsigned i = 0; i < 2; i++) {
        const struct asp_maker maker = {.seeded = true, .seed = 30 + i};
        uint8_t ca[ASP_CA_MAX];
        size_t ca_len;

        assert_int_equal(asp_ca_make(&maker, naples, ca, &ca_len), CBIT_OK);
        assert_int_equal(asp_chip_make(&maker, naples, ca, ca_len, w->chip[i], &w->chip_len[i]),
                         CBIT_OK);
        assert_int_equal(asp_chip_read(w->chip[i], w->chip_len[i], &w->pub[i]), CBIT_OK);
    }
    for (size_t i = 0; i < IMAGE_LEN; i++)
        w->image[i] = (uint8_t)(i * 13 + (i >> 7));
    cr_random_from_seed(&w->random, 7, "relay");
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    free(*state);
    return 0;
}

static void chip_up(struct platform *p, const struct world *w, unsigned i)
{
    platform_config(p, "naples");
    p->config.chip = w->chip[i];
    p->config.chip_len = w->chip_len[i];
    p->config.seed = 200 + i;
    platform_start(p);
    up(p, false);
}

/* The files that the relay carries to the owner. */
enum { PDH, PEK, OCA, CEK, BUNDLE, N_FILES };
struct files {
    uint8_t bytes[N_FILES][ASP_BUNDLE_MAX];
    size_t len[N_FILES];
};

static void collect(struct platform *p, const struct asp_chip_public *pub, struct files *f)
{
    const struct exported e = export_certs(p);

    memset(f, 0, sizeof(*f));
    wire_sev_cert_encode(&e.pdh, f->bytes[PDH]);
    wire_sev_cert_encode(&e.pek, f->bytes[PEK]);
    wire_sev_cert_encode(&e.oca, f->bytes[OCA]);
    memcpy(f->bytes[CEK], pub->cek, WIRE_SEV_CERT_SIZE);
    memcpy(f->bytes[BUNDLE], pub->bundle, pub->bundle_len);
    for (unsigned i = 0; i < BUNDLE; i++)
        f->len[i] = WIRE_SEV_CERT_SIZE;
    f->len[BUNDLE] = pub->bundle_len;
}

/* The owner trusts the platform's CA, known out of band.  NULL: accepted, else what failed. */
static const char *owner_judges(const struct world *w, const struct files *f,
                                struct own_chain *chain)
{
    static struct own_link links[OWN_MAX_LINKS];
    struct own_chain root = {0};
    const char *why = NULL;
    size_t n = 0;

    memset(chain, 0, sizeof(*chain));
    assert_int_equal(own_chain_add(&root, w->pub[0].bundle, w->pub[0].bundle_len, &why), CBIT_OK);
    for (unsigned i = 0; i < N_FILES; i++)
        if (own_chain_add(chain, f->bytes[i], f->len[i], &why) != CBIT_OK)
            return why;
    if (own_chain_verify(chain, &root, links, &n))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!links[i].ok)
            return links[i].what;
    return "?";
}

static void launch(struct platform *p, const struct world *w, const struct own_session *s,
                   unsigned want)
{
    struct wire_sev_start c = start_command(POLICY, true);

    put(p, AT_CERT, s->godh, sizeof(s->godh));
    put(p, AT_SESSION, s->session, sizeof(s->session));
    assert_int_equal(start(p, WIRE_SEV_LAUNCH_START, &c), want);
    if (want != 0)
        return;
    assert_int_equal(c.handle, 1);
    assert_int_equal(activate(p, 1, 3), 0);
    put(p, AT_GUEST, w->image, IMAGE_LEN);
}

static void measure(struct platform *p, uint8_t out[48])
{
    assert_int_equal(region(p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, IMAGE_LEN), 0);
    assert_int_equal(region(p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    get(p, AT_OUT, out, 48);
}

static void finish(struct platform *p)
{
    assert_int_equal(run_handle(p, WIRE_SEV_DEACTIVATE, 1), 0);
    assert_int_equal(run_handle(p, WIRE_SEV_DECOMMISSION, 1), 0);
}

/* What the owner expects, from its own image and its own idea of the version. */
static bool owner_accepts(const struct world *w, const struct own_session *s, const uint8_t *got)
{
    struct sev_measure m = {.api_major = 0, .api_minor = 24, .build = BUILD, .policy = POLICY};
    uint8_t mac[32];

    cr_sha256_of(w->image, IMAGE_LEN, m.digest);
    memcpy(m.mnonce, got + 32, sizeof(m.mnonce));
    sev_measure_mac(s->keys.tik, &m, mac);
    return memcmp(mac, got, sizeof(mac)) == 0;
}

static const char secret_text[32] = "the disk's key: open sesame....";

static void make_packet(const struct sev_transport *keys, const uint8_t *measured,
                        uint8_t header[WIRE_SEV_PACKET_SIZE], uint8_t data[32])
{
    const struct sev_packet pk = {.kind = WIRE_SEV_PACKET_SECRET, .iv = {5}, .guest_len = 32,
                                  .trans_len = 32, .measure = measured};

    sev_packet_seal(keys, &pk, secret_text, data, header);
}

static unsigned inject(struct platform *p, const uint8_t *header, const uint8_t *data)
{
    put(p, AT_HEADER, header, WIRE_SEV_PACKET_SIZE);
    put(p, AT_PACKET, data, 32);
    return packet(p, WIRE_SEV_LAUNCH_SECRET, 1, AT_GUEST + 0x8000, 32);
}

/* Is the secret's text anywhere in what a host can read? */
static bool secret_is_out(struct platform *p)
{
    static uint8_t dram[0x600000];

    assert_int_equal(mc_peek(p->mc, spa(0), MC_VIEW_RAW, dram, sizeof(dram)), CBIT_OK);
    return memmem(dram, sizeof(dram), secret_text, 16) != NULL;
}

static void the_honest_run_ends_with_the_secret_in_the_guest_alone(void **state)
{
    struct world *w = *state;
    uint8_t got[48], header[WIRE_SEV_PACKET_SIZE], data[32], seen[32];
    struct own_chain chain;
    struct own_session s;
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    launch(&p, w, &s, 0);
    measure(&p, got);
    assert_true(owner_accepts(w, &s, got));
    make_packet(&s.keys, got, header, data);
    assert_int_equal(inject(&p, header, data), 0);
    assert_int_equal(run_handle(&p, WIRE_SEV_LAUNCH_FINISH, 1), 0);
    guest_sees(&p, 3, AT_GUEST + 0x8000, seen, 32);
    assert_memory_equal(seen, secret_text, 32);
    assert_false(secret_is_out(&p));
    platform_free(&p);
}

static void a_chain_of_the_relays_own_has_the_wrong_root(void **state)
{
    const struct world *w = *state;
    struct own_chain chain;
    struct files f;
    struct platform mine;

    chip_up(&mine, w, 1);
    collect(&mine, &w->pub[1], &f);
    assert_non_null(owner_judges(w, &f, &chain));
    /* With the honest bundle in front of the relay's CEK it is no better. */
    memcpy(f.bytes[BUNDLE], w->pub[0].bundle, w->pub[0].bundle_len);
    assert_non_null(owner_judges(w, &f, &chain));
    platform_free(&mine);
}

static void each_certificate_replaced_by_the_relays_own_is_refused(void **state)
{
    const struct world *w = *state;
    struct files honest, own, f;
    struct own_chain chain;
    struct platform p, mine;

    chip_up(&p, w, 0);
    chip_up(&mine, w, 1);
    collect(&p, &w->pub[0], &honest);
    collect(&mine, &w->pub[1], &own);
    for (unsigned i = 0; i < N_FILES; i++) {
        f = honest;
        memcpy(f.bytes[i], own.bytes[i], sizeof(f.bytes[i]));
        assert_non_null(owner_judges(w, &f, &chain));
    }
    platform_free(&p);
    platform_free(&mine);
}

static void flipped_bytes_of_the_chain_are_refused(void **state)
{
    const struct world *w = *state;
    struct own_chain chain;
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    for (unsigned i = 0; i < N_FILES; i++) {
        for (size_t at = 0; at < f.len[i]; at += at < 0x20 ? 1 : 29) {
            f.bytes[i][at] ^= 0x10;
            if (!owner_judges(w, &f, &chain))
                fail_msg("file %u, byte 0x%zx", i, at);
            f.bytes[i][at] ^= 0x10;
        }
    }
    platform_free(&p);
}

static void a_dh_certificate_or_session_of_somebody_else_does_not_open(void **state)
{
    struct world *w = *state;
    struct own_session honest, own, mixed;
    struct own_chain chain;
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &honest), 0);
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &own), 0);
    mixed = honest;
    memcpy(mixed.godh, own.godh, sizeof(mixed.godh));
    launch(&p, w, &mixed, WIRE_SEV_BAD_MEASUREMENT);
    mixed = honest;
    memcpy(mixed.session, own.session, sizeof(mixed.session));
    launch(&p, w, &mixed, WIRE_SEV_BAD_MEASUREMENT);
    mixed = honest;
    memcpy(mixed.session, own.session, WIRE_SEV_NONCE_SIZE); /* the nonce alone */
    launch(&p, w, &mixed, WIRE_SEV_BAD_MEASUREMENT);
    /* An older launch's, from before the platform made a new PDH. */
    assert_int_equal(run_bare(&p, WIRE_SEV_PDH_GEN), 0);
    launch(&p, w, &honest, WIRE_SEV_BAD_MEASUREMENT);
    platform_free(&p);
}

static void a_session_of_the_relays_own_gives_a_measurement_the_owner_refuses(void **state)
{
    struct world *w = *state;
    struct own_session honest, own;
    struct own_chain chain;
    uint8_t got[48], header[WIRE_SEV_PACKET_SIZE], data[32];
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &honest), 0);
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &own), 0);
    launch(&p, w, &own, 0);
    measure(&p, got);
    assert_false(owner_accepts(w, &honest, got));
    /* And if the owner sent the secret all the same, this guest could not take it. */
    make_packet(&honest.keys, got, header, data);
    assert_int_equal(inject(&p, header, data), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(secret_is_out(&p));
    platform_free(&p);
}

static void one_changed_byte_of_the_image_is_refused(void **state)
{
    static const uint32_t places[] = {0, 1, 0xfff, 0x1000, IMAGE_LEN - 1};
    struct world *w = *state;
    struct own_session s;
    struct own_chain chain;
    uint8_t got[48], byte;
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    for (size_t i = 0; i < CB_ARRAY_LEN(places); i++) {
        launch(&p, w, &s, 0);
        byte = (uint8_t)(w->image[places[i]] ^ 1);
        put(&p, AT_GUEST + places[i], &byte, 1);
        measure(&p, got);
        assert_false(owner_accepts(w, &s, got));
        finish(&p);
    }
    platform_free(&p);
}

static void flipped_bytes_of_the_measurement_are_refused(void **state)
{
    struct world *w = *state;
    struct own_session s;
    struct own_chain chain;
    uint8_t got[48];
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    launch(&p, w, &s, 0);
    measure(&p, got);
    for (size_t i = 0; i < sizeof(got); i++) {
        got[i] ^= 1;
        assert_false(owner_accepts(w, &s, got));
        got[i] ^= 1;
    }
    assert_true(owner_accepts(w, &s, got));
    platform_free(&p);
}

static void an_older_launchs_measurement_and_secret_do_not_fit_a_new_one(void **state)
{
    struct world *w = *state;
    struct own_session s;
    struct own_chain chain;
    uint8_t first[48], second[48], header[WIRE_SEV_PACKET_SIZE], data[32];
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    launch(&p, w, &s, 0);
    measure(&p, first);
    make_packet(&s.keys, first, header, data);
    finish(&p);
    /* The relay launches a changed image with the same session and replays the old answer. */
    launch(&p, w, &s, 0);
    put(&p, AT_GUEST, "changed", 7);
    measure(&p, second);
    assert_memory_not_equal(first, second, sizeof(first));
    assert_int_equal(inject(&p, header, data), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(secret_is_out(&p));
    finish(&p);
    /* Even the right image: the nonce is new, so the old packet is void. */
    launch(&p, w, &s, 0);
    measure(&p, second);
    assert_true(owner_accepts(w, &s, second));
    assert_int_equal(inject(&p, header, data), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(secret_is_out(&p));
    platform_free(&p);
}

static void a_lower_api_version_or_build_is_refused(void **state)
{
    static const struct {
        uint8_t major, minor, build;
    } lies[] = {{0, 23, BUILD}, {0, 24, BUILD - 1}, {0, 16, BUILD}, {1, 24, BUILD}};
    struct world *w = *state;
    struct own_session s;
    struct own_chain chain;
    uint8_t got[48];
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    launch(&p, w, &s, 0);
    measure(&p, got);
    for (size_t i = 0; i < CB_ARRAY_LEN(lies); i++) {
        /* As a platform of that version would have answered. */
        struct sev_measure m = {.api_major = lies[i].major, .api_minor = lies[i].minor,
                                .build = lies[i].build, .policy = POLICY};
        uint8_t other[48];

        cr_sha256_of(w->image, IMAGE_LEN, m.digest);
        memcpy(m.mnonce, got + 32, sizeof(m.mnonce));
        sev_measure_mac(s.keys.tik, &m, other);
        memcpy(other + 32, got + 32, 16);
        assert_false(owner_accepts(w, &s, other));
    }
    platform_free(&p);
}

static void secret_packets_of_the_relays_own_are_refused(void **state)
{
    struct world *w = *state;
    struct own_session s, own;
    struct own_chain chain;
    uint8_t got[48], header[WIRE_SEV_PACKET_SIZE], data[32], mine[WIRE_SEV_PACKET_SIZE], junk[32];
    struct files f;
    struct platform p;

    chip_up(&p, w, 0);
    collect(&p, &w->pub[0], &f);
    assert_null(owner_judges(w, &f, &chain));
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &s), 0);
    assert_int_equal(own_session_make(&w->random, &chain.sev[OWN_PDH], POLICY, &own), 0);
    launch(&p, w, &s, 0);
    measure(&p, got);
    make_packet(&own.keys, got, mine, junk);
    assert_int_equal(inject(&p, mine, junk), WIRE_SEV_BAD_MEASUREMENT);
    make_packet(&s.keys, got, header, data);
    assert_int_equal(inject(&p, mine, data), WIRE_SEV_BAD_MEASUREMENT); /* header and data mixed */
    assert_int_equal(inject(&p, header, junk), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(secret_is_out(&p));
    assert_int_equal(inject(&p, header, data), 0);
    platform_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_honest_run_ends_with_the_secret_in_the_guest_alone),
        cmocka_unit_test(a_chain_of_the_relays_own_has_the_wrong_root),
        cmocka_unit_test(each_certificate_replaced_by_the_relays_own_is_refused),
        cmocka_unit_test(flipped_bytes_of_the_chain_are_refused),
        cmocka_unit_test(a_dh_certificate_or_session_of_somebody_else_does_not_open),
        cmocka_unit_test(a_session_of_the_relays_own_gives_a_measurement_the_owner_refuses),
        cmocka_unit_test(one_changed_byte_of_the_image_is_refused),
        cmocka_unit_test(flipped_bytes_of_the_measurement_are_refused),
        cmocka_unit_test(an_older_launchs_measurement_and_secret_do_not_fit_a_new_one),
        cmocka_unit_test(a_lower_api_version_or_build_is_refused),
        cmocka_unit_test(secret_packets_of_the_relays_own_are_refused),
    };

    return cmocka_run_group_tests(tests, make_world, free_world);
}
