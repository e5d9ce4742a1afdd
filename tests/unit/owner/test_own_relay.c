/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile relay stands between guest owner and platform: it sees and replaces
 * every message.  Whatever it does, owner or AMD-SP refuses it by name, and the
 * secret opens in no launch but the one that was measured and accepted.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cbit/asp.h"
#include "owner/owner.h"
#include "wire/sev_cmd.h"

#define POLICY     1u
#define IMAGE_SIZE 4096u

/* Where things lie in the platform's DRAM. */
enum { AT_GODH = 0x10000, AT_SESSION = 0x20000, AT_IMAGE = 0x30000, AT_OUT = 0x40000,
       AT_HEADER = 0x50000, AT_TRANS = 0x60000, AT_SECRET = 0x30800, AT_PDH = 0x70000,
       AT_CHAIN = 0x80000 };

struct story {
    struct cbit_asp *asp;
    struct cbit_chip_info chip;
    struct wire_sev_cert pdh;
    uint8_t chain[3 * WIRE_SEV_CERT_SIZE];
    struct cr_random random;
    uint8_t image[IMAGE_SIZE];
    struct sev_measure expected; /* what the owner trusts: version, policy, digest */
};

/* What goes over the wire in one launch. */
struct launch {
    struct own_session session;
    uint32_t policy;
    uint32_t handle;
    uint8_t measure[WIRE_SEV_MEASURE_SIZE];
};

static struct story *story_of(void **state)
{
    return *state;
}

static unsigned command(struct story *s, unsigned id, uint8_t *buffer, size_t len)
{
    return cbit_asp_command(s->asp, id, buffer, len, NULL);
}

static void put(struct story *s, uint64_t at, const void *from, size_t len)
{
    assert_int_equal(cbit_asp_write(s->asp, at, from, len), CBIT_E_OK);
}

static void take(struct story *s, uint64_t at, void *to, size_t len)
{
    assert_int_equal(cbit_asp_read(s->asp, at, to, len), CBIT_E_OK);
}

static void init_platform(struct story *s)
{
    const struct wire_sev_init init = {0};
    const struct wire_sev_two_blobs export = {{AT_PDH, WIRE_SEV_CERT_SIZE},
                                              {AT_CHAIN, 3 * WIRE_SEV_CERT_SIZE}};
    uint8_t pdh[WIRE_SEV_CERT_SIZE];
    uint8_t buffer[28];

    wire_sev_init_encode(&init, buffer);
    assert_int_equal(command(s, WIRE_SEV_INIT, buffer, 20), WIRE_SEV_SUCCESS);
    assert_int_equal(command(s, WIRE_SEV_DF_FLUSH, NULL, 0), WIRE_SEV_SUCCESS);
    wire_sev_two_blobs_encode(&export, buffer);
    assert_int_equal(command(s, WIRE_SEV_PDH_CERT_EXPORT, buffer, 28), WIRE_SEV_SUCCESS);
    take(s, AT_PDH, pdh, sizeof(pdh));
    wire_sev_cert_decode(&s->pdh, pdh);
    take(s, AT_CHAIN, s->chain, sizeof(s->chain));
}

static int set_up(void **state)
{
    const struct cbit_maker maker = {.profile = "naples", .seeded = true, .seed = 11};
    static uint8_t ca[CBIT_CA_MAX];
    static uint8_t chip[CBIT_CHIP_MAX];
    struct story *s = calloc(1, sizeof(*s));
    struct cbit_asp_config config;
    struct cbit_asp_info info;
    size_t ca_len;
    size_t chip_len;

    assert_non_null(s);
    assert_int_equal(cbit_ca_make(&maker, ca, &ca_len), CBIT_E_OK);
    assert_int_equal(cbit_chip_make(&maker, (struct cbit_bytes){ca, ca_len}, chip, &chip_len),
                     CBIT_E_OK);
    assert_int_equal(cbit_chip_read((struct cbit_bytes){chip, chip_len}, &s->chip), CBIT_E_OK);
    cbit_asp_config_init(&config);
    config.chip = (struct cbit_bytes){chip, chip_len};
    config.memory = 1 << 20;
    assert_int_equal(cbit_asp_new(&config, &s->asp, NULL), CBIT_E_OK);
    init_platform(s);
    cr_random_from_seed(&s->random, 12, "relay test");
    cr_random_fill(&s->random, s->image, sizeof(s->image));
    cbit_asp_info(s->asp, &info);
    s->expected = (struct sev_measure){.api_major = (uint8_t)info.api_major,
                                       .api_minor = (uint8_t)info.api_minor,
                                       .build = (uint8_t)info.build, .policy = POLICY};
    cr_sha256_of(s->image, sizeof(s->image), s->expected.digest);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct story *s = *state;

    cbit_asp_free(s->asp);
    free(s);
    return 0;
}

/* ---- the launch, as an honest relay forwards it ---- */

static unsigned start(struct story *s, struct launch *l)
{
    const struct wire_sev_start c = {.policy = l->policy,
                                     .cert = {AT_GODH, WIRE_SEV_CERT_SIZE},
                                     .session = {AT_SESSION, WIRE_SEV_SESSION_SIZE}};
    struct wire_sev_start back;
    uint8_t buffer[36];
    unsigned status;

    put(s, AT_GODH, l->session.godh, WIRE_SEV_CERT_SIZE);
    put(s, AT_SESSION, l->session.session, WIRE_SEV_SESSION_SIZE);
    wire_sev_start_encode(&c, buffer);
    status = command(s, WIRE_SEV_LAUNCH_START, buffer, sizeof(buffer));
    wire_sev_start_decode(&back, buffer);
    l->handle = back.handle;
    return status;
}

static void region(struct story *s, unsigned id, uint32_t handle, uint64_t at, uint32_t len)
{
    const struct wire_sev_region c = {handle, {at, len}};
    uint8_t buffer[20];

    wire_sev_region_encode(&c, buffer);
    assert_int_equal(command(s, id, buffer, sizeof(buffer)), WIRE_SEV_SUCCESS);
}

static void update_and_measure(struct story *s, struct launch *l, const uint8_t *image)
{
    const struct wire_sev_activate activate = {.handle = l->handle, .asid = l->handle};
    uint8_t buffer[8];

    wire_sev_activate_encode(&activate, buffer);
    assert_int_equal(command(s, WIRE_SEV_ACTIVATE, buffer, sizeof(buffer)), WIRE_SEV_SUCCESS);
    put(s, AT_IMAGE, image, IMAGE_SIZE);
    region(s, WIRE_SEV_LAUNCH_UPDATE_DATA, l->handle, AT_IMAGE, IMAGE_SIZE);
    region(s, WIRE_SEV_LAUNCH_MEASURE, l->handle, AT_OUT, WIRE_SEV_MEASURE_SIZE);
    take(s, AT_OUT, l->measure, sizeof(l->measure));
}

static void forget(struct story *s, const struct launch *l)
{
    uint8_t buffer[4];

    cb_store_le32(buffer, l->handle);
    (void)command(s, WIRE_SEV_DEACTIVATE, buffer, 4); /* INACTIVE where it never was */
    assert_int_equal(command(s, WIRE_SEV_DECOMMISSION, buffer, 4), WIRE_SEV_SUCCESS);
}

static void new_session(struct story *s, struct launch *l)
{
    l->policy = POLICY;
    assert_int_equal(own_session_make(&s->random, &s->pdh, POLICY, &l->session), WIRE_SEV_SUCCESS);
}

/* A whole honest launch up to the measurement. */
static void launch(struct story *s, struct launch *l)
{
    new_session(s, l);
    assert_int_equal(start(s, l), WIRE_SEV_SUCCESS);
    update_and_measure(s, l, s->image);
}

/* ---- the owner ---- */

static bool owner_accepts(const struct story *s, const struct own_session *session,
                          const uint8_t blob[WIRE_SEV_MEASURE_SIZE])
{
    struct sev_measure expected = s->expected;
    uint8_t mac[WIRE_SEV_MAC_SIZE];

    memcpy(expected.mnonce, blob + WIRE_SEV_MEASURE_MNONCE, sizeof(expected.mnonce));
    sev_measure_mac(session->keys.tik, &expected, mac);
    return cb_ct_equal(mac, blob, sizeof(mac));
}

struct packet {
    uint8_t header[WIRE_SEV_PACKET_SIZE];
    uint8_t data[64];
};

static const char secret[64] = "the key of the vault";

static void owner_seals(struct story *s, const struct launch *l, struct packet *out)
{
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_SECRET, .guest_len = sizeof(out->data),
                                .trans_len = sizeof(out->data), .measure = l->measure};

    cr_random_fill(&s->random, packet.iv, sizeof(packet.iv));
    sev_packet_seal(&l->session.keys, &packet, secret, out->data, out->header);
}

static unsigned inject(struct story *s, const struct launch *l, const struct packet *packet)
{
    const struct wire_sev_packet c = {l->handle,
                                      {AT_HEADER, WIRE_SEV_PACKET_SIZE},
                                      {AT_SECRET, sizeof(packet->data)},
                                      {AT_TRANS, sizeof(packet->data)}};
    uint8_t buffer[52];

    put(s, AT_HEADER, packet->header, sizeof(packet->header));
    put(s, AT_TRANS, packet->data, sizeof(packet->data));
    wire_sev_packet_encode(&c, buffer);
    return command(s, WIRE_SEV_LAUNCH_SECRET, buffer, sizeof(buffer));
}

static bool dram_holds_secret(struct story *s)
{
    static uint8_t all[1 << 20];

    for (cbit_view view = CBIT_VIEW_RAW; view <= CBIT_VIEW_HOST; view++) {
        assert_int_equal(cbit_asp_peek(s->asp, 0, view, all, sizeof(all)), CBIT_E_OK);
        if (memmem(all, sizeof(all), secret, strlen(secret)) != NULL)
            return true;
    }
    return false;
}

/* ---- the stories ---- */

static void an_honest_relay_ends_with_the_secret_in_the_guest_alone(void **state)
{
    struct story *s = story_of(state);
    struct launch l;
    struct packet packet;

    launch(s, &l);
    assert_true(owner_accepts(s, &l.session, l.measure));
    owner_seals(s, &l, &packet);
    assert_int_equal(inject(s, &l, &packet), WIRE_SEV_SUCCESS);
    assert_false(dram_holds_secret(s));
    forget(s, &l);
}

static void a_pdh_of_the_relays_own_does_not_verify(void **state)
{
    struct story *s = story_of(state);
    struct own_chain chain = {0};
    struct own_chain root = {0};
    struct own_link links[OWN_MAX_LINKS];
    struct cr_p384_key mine;
    struct wire_sev_cert pdh;
    uint8_t bytes[WIRE_SEV_CERT_SIZE];
    const char *why;
    size_t n;

    cr_p384_generate(&s->random, &mine);
    sev_cert_make(&pdh, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &mine.pub, 0, 24);
    sev_cert_sign(&pdh, 0, WIRE_SEV_USAGE_PEK, &mine);
    wire_sev_cert_encode(&pdh, bytes);
    assert_int_equal(own_chain_add(&root, s->chip.bundle, s->chip.bundle_len, &why), CBIT_OK);
    assert_int_equal(own_chain_add(&chain, s->chain, sizeof(s->chain), &why), CBIT_OK);
    assert_int_equal(own_chain_add(&chain, s->chip.cek, CBIT_CERT_SIZE, &why), CBIT_OK);
    assert_int_equal(own_chain_add(&chain, bytes, sizeof(bytes), &why), CBIT_OK);
    assert_false(own_chain_verify(&chain, &root, links, &n));
    assert_string_equal(links[n - 1].what, "PDH signed by PEK");
    assert_false(links[n - 1].ok);
    wire_sev_cert_encode(&s->pdh, bytes);
    memset(&chain.has[OWN_PDH], 0, sizeof(chain.has[OWN_PDH]));
    assert_int_equal(own_chain_add(&chain, bytes, sizeof(bytes), &why), CBIT_OK);
    assert_true(own_chain_verify(&chain, &root, links, &n)); /* the control */
}

static void every_flipped_byte_of_the_session_is_refused_at_launch_start(void **state)
{
    struct story *s = story_of(state);
    struct launch l;

    new_session(s, &l);
    for (unsigned at = 0; at < WIRE_SEV_SESSION_SIZE; at++) {
        struct launch spoiled = l;

        spoiled.session.session[at] ^= 0x10;
        if (start(s, &spoiled) != WIRE_SEV_BAD_MEASUREMENT)
            fail_msg("session byte %u", at);
    }
    assert_int_equal(start(s, &l), WIRE_SEV_SUCCESS);
    forget(s, &l);
}

static void every_flipped_byte_of_the_dh_key_is_refused_at_launch_start(void **state)
{
    struct story *s = story_of(state);
    struct launch l;

    new_session(s, &l);
    /* version, usage, algorithm, curve and both coordinates with their padding */
    for (unsigned at = 0; at < 0x10 + WIRE_SEV_EC_RESERVED; at++) {
        struct launch spoiled = l;
        unsigned status;

        if (at >= 4 && at < 8)
            continue; /* API version and reserved: firmware looks at neither */
        spoiled.session.godh[at] ^= 0x10;
        status = start(s, &spoiled);
        if (status != WIRE_SEV_INVALID_CERTIFICATE && status != WIRE_SEV_BAD_MEASUREMENT)
            fail_msg("certificate byte %#x: %s", at, wire_sev_status_name(status));
    }
}

static void a_dh_key_of_the_relays_own_is_refused(void **state)
{
    struct story *s = story_of(state);
    struct launch l;
    struct launch other;

    new_session(s, &l);
    new_session(s, &other);
    memcpy(l.session.godh, other.session.godh, sizeof(l.session.godh));
    assert_int_equal(start(s, &l), WIRE_SEV_BAD_MEASUREMENT);
}

static void another_policy_is_refused_by_both(void **state)
{
    struct story *s = story_of(state);
    struct launch l;

    new_session(s, &l);
    l.policy = 0; /* would let the host debug the guest */
    assert_int_equal(start(s, &l), WIRE_SEV_BAD_MEASUREMENT);
    assert_int_equal(own_session_make(&s->random, &s->pdh, 0, &l.session), WIRE_SEV_SUCCESS);
    assert_int_equal(start(s, &l), WIRE_SEV_SUCCESS);
    update_and_measure(s, &l, s->image);
    assert_false(owner_accepts(s, &l.session, l.measure));
    forget(s, &l);
}

static void a_spoiled_image_is_refused_by_the_owner(void **state)
{
    struct story *s = story_of(state);
    uint8_t image[IMAGE_SIZE];
    struct launch l;

    for (unsigned at = 0; at < IMAGE_SIZE; at += 97) {
        memcpy(image, s->image, sizeof(image));
        image[at] ^= 1;
        new_session(s, &l);
        assert_int_equal(start(s, &l), WIRE_SEV_SUCCESS);
        update_and_measure(s, &l, image);
        assert_false(owner_accepts(s, &l.session, l.measure));
        forget(s, &l);
    }
}

static void every_flipped_byte_of_the_measurement_is_refused(void **state)
{
    struct story *s = story_of(state);
    struct launch l;

    launch(s, &l);
    for (unsigned at = 0; at < WIRE_SEV_MEASURE_SIZE; at++) {
        l.measure[at] ^= 1;
        assert_false(owner_accepts(s, &l.session, l.measure));
        l.measure[at] ^= 1;
    }
    assert_true(owner_accepts(s, &l.session, l.measure));
    forget(s, &l);
}

static void an_older_api_version_is_refused(void **state)
{
    struct story *s = story_of(state);
    struct sev_measure lower = s->expected;
    struct launch l;
    uint8_t forged[WIRE_SEV_MEASURE_SIZE];

    launch(s, &l);
    /* firmware that is older than the owner demands, with the right keys */
    lower.api_minor--;
    memcpy(lower.mnonce, l.measure + WIRE_SEV_MEASURE_MNONCE, sizeof(lower.mnonce));
    sev_measure_mac(l.session.keys.tik, &lower, forged);
    memcpy(forged + WIRE_SEV_MEASURE_MNONCE, lower.mnonce, sizeof(lower.mnonce));
    assert_false(owner_accepts(s, &l.session, forged));
    forget(s, &l);
}

static void an_older_launchs_session_gives_a_measurement_that_is_refused(void **state)
{
    struct story *s = story_of(state);
    struct launch old;
    struct launch now;

    launch(s, &old);
    forget(s, &old);
    new_session(s, &now);
    assert_int_equal(start(s, &old), WIRE_SEV_SUCCESS); /* the relay replays the old one */
    update_and_measure(s, &old, s->image);
    assert_false(owner_accepts(s, &now.session, old.measure));
    forget(s, &old);
}

static void an_older_launchs_measurement_buys_no_secret(void **state)
{
    struct story *s = story_of(state);
    struct launch first;
    struct launch again;
    struct packet packet;

    launch(s, &first);
    again = first;
    forget(s, &first);
    assert_int_equal(start(s, &again), WIRE_SEV_SUCCESS); /* same session, new launch */
    update_and_measure(s, &again, s->image);
    assert_true(owner_accepts(s, &first.session, first.measure)); /* it is genuine, but old */
    owner_seals(s, &first, &packet);
    assert_int_equal(inject(s, &again, &packet), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(dram_holds_secret(s));
    forget(s, &again);
}

static void every_flipped_byte_of_the_secret_packet_is_refused(void **state)
{
    struct story *s = story_of(state);
    struct launch l;
    struct packet packet;
    uint8_t *bytes = (uint8_t *)&packet;

    launch(s, &l);
    owner_seals(s, &l, &packet);
    for (unsigned at = 0; at < sizeof(packet); at++) {
        unsigned status;

        bytes[at] ^= 0x10;
        status = inject(s, &l, &packet);
        if (status != WIRE_SEV_BAD_MEASUREMENT && status != WIRE_SEV_UNSUPPORTED &&
            status != WIRE_SEV_INVALID_PARAM)
            fail_msg("packet byte %u: %s", at, wire_sev_status_name(status));
        bytes[at] ^= 0x10;
    }
    assert_int_equal(inject(s, &l, &packet), WIRE_SEV_SUCCESS);
    forget(s, &l);
}

static void a_secret_of_another_launch_does_not_open(void **state)
{
    struct story *s = story_of(state);
    struct launch mine;
    struct launch others;
    struct packet packet;

    launch(s, &mine);
    launch(s, &others);
    owner_seals(s, &mine, &packet);
    assert_int_equal(inject(s, &others, &packet), WIRE_SEV_BAD_MEASUREMENT);
    assert_false(dram_holds_secret(s));
    forget(s, &others);
    forget(s, &mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_relay_ends_with_the_secret_in_the_guest_alone),
        cmocka_unit_test(a_pdh_of_the_relays_own_does_not_verify),
        cmocka_unit_test(every_flipped_byte_of_the_session_is_refused_at_launch_start),
        cmocka_unit_test(every_flipped_byte_of_the_dh_key_is_refused_at_launch_start),
        cmocka_unit_test(a_dh_key_of_the_relays_own_is_refused),
        cmocka_unit_test(another_policy_is_refused_by_both),
        cmocka_unit_test(a_spoiled_image_is_refused_by_the_owner),
        cmocka_unit_test(every_flipped_byte_of_the_measurement_is_refused),
        cmocka_unit_test(an_older_api_version_is_refused),
        cmocka_unit_test(an_older_launchs_session_gives_a_measurement_that_is_refused),
        cmocka_unit_test(an_older_launchs_measurement_buys_no_secret),
        cmocka_unit_test(every_flipped_byte_of_the_secret_packet_is_refused),
        cmocka_unit_test(a_secret_of_another_launch_does_not_open),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
