/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a certificate authority and a chip, and reading them back.
 *
 * Both blobs: magic, version, payload, SHA-256 over all before it.  The digest
 * finds damage, not malice: whoever can write a chip's fuses is its maker.  The
 * envelope stays the same in all versions.
 */
#include "asp/state.h"

#define ENVELOPE_HEAD 16
#define ENVELOPE_TAIL 32
#define VERSION 1

static const char ca_magic[8] = "cbit-ca";
static const char chip_magic[8] = "cbitchip";

/* Payload of a CA: bundle length, bundle, then n and d of ARK and ASK, 512 bytes each. */
#define CA_BUNDLE 4
#define CA_KEYS (CA_BUNDLE + ASP_BUNDLE_MAX)
#define CA_SIZE (CA_KEYS + 4 * CR_RSA_MAX)

/* Payload of a chip. */
#define CHIP_PROFILE 0
#define CHIP_SEEDED 16
#define CHIP_SECRET 20
#define CHIP_CEK (CHIP_SECRET + 32)
#define CHIP_BUNDLE_LEN (CHIP_CEK + WIRE_SEV_CERT_SIZE)
#define CHIP_BUNDLE (CHIP_BUNDLE_LEN + 4)
#define CHIP_SIZE (CHIP_BUNDLE + ASP_BUNDLE_MAX)

_Static_assert(ENVELOPE_HEAD + CA_SIZE + ENVELOPE_TAIL <= ASP_CA_MAX, "a CA fits its blob");
_Static_assert(ENVELOPE_HEAD + CHIP_SIZE + ENVELOPE_TAIL <= ASP_CHIP_MAX, "a chip fits its blob");
_Static_assert(ASP_BUNDLE_MAX == SEV_AMD_BUNDLE_MAX, "one size of bundle");

static size_t close_envelope(const char magic[8], size_t payload, uint8_t *blob)
{
    memcpy(blob, magic, 8);
    cb_store_le32(blob + 8, VERSION);
    cb_store_le32(blob + 12, (uint32_t)payload);
    cr_sha256_of(blob, ENVELOPE_HEAD + payload, blob + ENVELOPE_HEAD + payload);
    return ENVELOPE_HEAD + payload + ENVELOPE_TAIL;
}

/* Gives the payload, which must have that size. */
static enum cbit_status open_envelope(const char magic[8], size_t payload, const uint8_t *blob,
                                      size_t len, const uint8_t **out)
{
    uint8_t digest[32];

    if (len < ENVELOPE_HEAD + ENVELOPE_TAIL || memcmp(blob, magic, 8) != 0)
        return CBIT_CORRUPT;
    cr_sha256_of(blob, len - ENVELOPE_TAIL, digest);
    if (memcmp(digest, blob + len - ENVELOPE_TAIL, sizeof(digest)) != 0)
        return CBIT_CORRUPT;
    if (cb_load_le32(blob + 8) > VERSION)
        return CBIT_VERSION;
    if (len != ENVELOPE_HEAD + payload + ENVELOPE_TAIL || cb_load_le32(blob + 12) != payload)
        return CBIT_CORRUPT;
    *out = blob + ENVELOPE_HEAD;
    return CBIT_OK;
}

static void source_of(const struct asp_maker *maker, const char *label, struct cr_random *random)
{
    if (maker->seeded)
        cr_random_from_seed(random, maker->seed, label);
    else
        cr_random_from_os(random);
}

/* A name that says TEST, then two random bytes that tell one CA from another. */
static void own_key_id(struct cr_random *random, const char *name,
                       uint8_t id[WIRE_AMD_KEY_ID_SIZE])
{
    memset(id, 0, WIRE_AMD_KEY_ID_SIZE);
    memcpy(id, name, strnlen(name, 14));
    cr_random_fill(random, id + 14, 2);
}

bool asp_ark_key_id(const char *text, uint8_t id[WIRE_AMD_KEY_ID_SIZE])
{
    static const struct {
        const char *name, *hex;
    } known[] = {
        {"naples", "1bb987c359494606b174945601c9ea5b"},
        {"rome", "e6002122fb58419399d15fee7b131351"},
        {"milan", "94c38e4177d0479292a7ae671d083fb6"},
        {"genoa", "9f9d4a8fe761456599f6946c4c010f3a"},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(known); i++)
        if (strcmp(text, known[i].name) == 0)
            text = known[i].hex;
    if (strlen(text) != 2 * WIRE_AMD_KEY_ID_SIZE)
        return false;
    for (size_t i = 0; i < 2 * WIRE_AMD_KEY_ID_SIZE; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = strchr(digits, text[i]);

        if (!digit)
            return false;
        id[i / 2] = (uint8_t)(id[i / 2] << 4 | ((digit - digits) & 15));
    }
    return true;
}

struct ca_keys {
    struct cr_rsa_key ark, ask;
};

static enum cbit_status make_ca_certs(struct cr_random *random, const uint8_t *ark_key_id,
                                      const struct ca_keys *keys, struct wire_amd_cert *ark,
                                      struct wire_amd_cert *ask)
{
    uint8_t ark_id[WIRE_AMD_KEY_ID_SIZE], ask_id[WIRE_AMD_KEY_ID_SIZE];
    enum cbit_status status;

    own_key_id(random, "cbit-TEST-ARK", ark_id);
    own_key_id(random, "cbit-TEST-ASK", ask_id);
    if (ark_key_id)
        memcpy(ark_id, ark_key_id, sizeof(ark_id));
    sev_amd_cert_make(ark, WIRE_SEV_USAGE_ARK, ark_id, ark_id, &keys->ark.pub);
    sev_amd_cert_make(ask, WIRE_SEV_USAGE_ASK, ask_id, ark_id, &keys->ask.pub);
    status = sev_amd_cert_sign(ark, &keys->ark);
    return status == CBIT_OK ? sev_amd_cert_sign(ask, &keys->ark) : status;
}

enum cbit_status asp_ca_make(const struct asp_maker *maker, const struct asp_profile *profile,
                             uint8_t blob[ASP_CA_MAX], size_t *len)
{
    uint8_t *payload = blob + ENVELOPE_HEAD;
    struct wire_amd_cert ark, ask;
    struct cr_random random;
    struct ca_keys keys;
    enum cbit_status status;
    size_t n;

    source_of(maker, "ca", &random);
    cr_rsa_generate(&random, profile->rsa_bits, &keys.ark);
    cr_rsa_generate(&random, profile->rsa_bits, &keys.ask);
    status = make_ca_certs(&random, maker->ark_key_id, &keys, &ark, &ask);
    if (status == CBIT_OK) {
        memset(blob, 0, ASP_CA_MAX);
        n = sev_amd_bundle_encode(&ask, &ark, payload + CA_BUNDLE);
        cb_store_le32(payload, (uint32_t)n);
        memcpy(payload + CA_KEYS, keys.ark.pub.n, CR_RSA_MAX);
        memcpy(payload + CA_KEYS + CR_RSA_MAX, keys.ark.d, CR_RSA_MAX);
        memcpy(payload + CA_KEYS + 2 * CR_RSA_MAX, keys.ask.pub.n, CR_RSA_MAX);
        memcpy(payload + CA_KEYS + 3 * CR_RSA_MAX, keys.ask.d, CR_RSA_MAX);
        *len = close_envelope(ca_magic, CA_SIZE, blob);
    }
    cb_wipe(&keys, sizeof(keys));
    cb_wipe(&random, sizeof(random));
    return status;
}

/* ASK || ARK out of a payload, checked to be two certificates. */
static enum cbit_status copy_bundle(const uint8_t *from, uint8_t bundle[ASP_BUNDLE_MAX],
                                    size_t *len, struct wire_amd_cert *ask,
                                    struct wire_amd_cert *ark)
{
    const size_t n = cb_load_le32(from);

    if (n > ASP_BUNDLE_MAX || !sev_amd_bundle_decode(from + 4, n, ask, ark))
        return CBIT_CORRUPT;
    memcpy(bundle, from + 4, n);
    *len = n;
    return CBIT_OK;
}

enum cbit_status asp_ca_bundle(const uint8_t *blob, size_t len, uint8_t bundle[ASP_BUNDLE_MAX],
                               size_t *bundle_len)
{
    struct wire_amd_cert ask, ark;
    const uint8_t *payload;
    const enum cbit_status status = open_envelope(ca_magic, CA_SIZE, blob, len, &payload);

    return status == CBIT_OK ? copy_bundle(payload, bundle, bundle_len, &ask, &ark) : status;
}

static enum cbit_status sign_cek(const uint8_t *ca, const struct wire_amd_cert *ask,
                                 struct wire_sev_cert *cek)
{
    struct cr_rsa_key key;
    enum cbit_status status;

    sev_amd_cert_rsa(ask, &key.pub);
    memcpy(key.d, ca + CA_KEYS + 3 * CR_RSA_MAX, CR_RSA_MAX);
    status = sev_cert_sign_ask(cek, 0, &key);
    cb_wipe(&key, sizeof(key));
    return status;
}

/* The CEK certificate of a chip, signed by the CA. */
static enum cbit_status endorse(const uint8_t *ca, const struct wire_amd_cert *ask,
                                const struct asp_profile *profile, const uint8_t *secret,
                                uint8_t out[WIRE_SEV_CERT_SIZE])
{
    struct asp_chip chip = {0};
    struct wire_sev_cert cek;
    enum cbit_status status;

    memcpy(chip.secret, secret, sizeof(chip.secret));
    asp_chip_derive(&chip);
    sev_cert_make(&cek, WIRE_SEV_USAGE_CEK, WIRE_SEV_ALGO_ECDSA_SHA256, &chip.cek.pub,
                  profile->api_major, profile->api_minor);
    cb_wipe(&chip, sizeof(chip));
    status = sign_cek(ca, ask, &cek);
    if (status == CBIT_OK)
        wire_sev_cert_encode(&cek, out);
    return status;
}

enum cbit_status asp_chip_make(const struct asp_maker *maker, const struct asp_profile *profile,
                               const uint8_t *ca, size_t ca_len, uint8_t blob[ASP_CHIP_MAX],
                               size_t *len)
{
    uint8_t *payload = blob + ENVELOPE_HEAD;
    struct wire_amd_cert ask, ark;
    struct cr_random random;
    const uint8_t *ca_payload;
    size_t bundle_len = 0;
    enum cbit_status status = open_envelope(ca_magic, CA_SIZE, ca, ca_len, &ca_payload);

    memset(blob, 0, ASP_CHIP_MAX);
    if (status == CBIT_OK)
        status = copy_bundle(ca_payload, payload + CHIP_BUNDLE, &bundle_len, &ask, &ark);
    if (status != CBIT_OK)
        return status;
    if (ask.modulus_bits != profile->rsa_bits)
        return CBIT_INVALID;
    source_of(maker, "chip", &random);
    memcpy(payload + CHIP_PROFILE, profile->name, strnlen(profile->name, 15));
    cb_store_le32(payload + CHIP_SEEDED, maker->seeded);
    cr_random_fill(&random, payload + CHIP_SECRET, 32);
    cb_store_le32(payload + CHIP_BUNDLE_LEN, (uint32_t)bundle_len);
    cb_wipe(&random, sizeof(random));
    status = endorse(ca_payload, &ask, profile, payload + CHIP_SECRET, payload + CHIP_CEK);
    if (status == CBIT_OK)
        *len = close_envelope(chip_magic, CHIP_SIZE, blob);
    return status;
}

/* Profile, fuses, certificates. */
static enum cbit_status read_chip(const uint8_t *blob, size_t len, struct asp_chip *chip,
                                  struct asp_chip_public *out)
{
    struct wire_amd_cert ask, ark;
    const uint8_t *payload;
    char name[16];
    enum cbit_status status = open_envelope(chip_magic, CHIP_SIZE, blob, len, &payload);

    if (status != CBIT_OK)
        return status;
    memcpy(name, payload + CHIP_PROFILE, sizeof(name));
    name[15] = 0;
    memset(out, 0, sizeof(*out));
    out->profile = asp_profile_find(name);
    out->seeded = cb_load_le32(payload + CHIP_SEEDED) != 0;
    memcpy(out->cek, payload + CHIP_CEK, sizeof(out->cek));
    status = copy_bundle(payload + CHIP_BUNDLE_LEN, out->bundle, &out->bundle_len, &ask, &ark);
    if (status != CBIT_OK || !out->profile)
        return CBIT_CORRUPT;
    memset(chip, 0, sizeof(*chip));
    memcpy(chip->secret, payload + CHIP_SECRET, sizeof(chip->secret));
    chip->seeded = out->seeded;
    chip->has_root = true;
    sev_amd_cert_fingerprint(&ark, chip->root);
    asp_chip_derive(chip);
    memcpy(out->id, chip->id, sizeof(out->id));
    return CBIT_OK;
}

enum cbit_status asp_chip_read(const uint8_t *blob, size_t len, struct asp_chip_public *out)
{
    struct asp_chip chip;
    const enum cbit_status status = read_chip(blob, len, &chip, out);

    cb_wipe(&chip, sizeof(chip));
    return status;
}

enum cbit_status asp_chip_load(const uint8_t *blob, size_t len, struct asp_chip *chip,
                               const struct asp_profile **profile)
{
    struct asp_chip_public pub;
    const enum cbit_status status = read_chip(blob, len, chip, &pub);

    if (status == CBIT_OK)
        *profile = pub.profile;
    return status;
}
