/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIST's and the RFCs' vectors, from Debian's package python3-cryptography-vectors
 * where it is installed; SKIP otherwise.
 */
#include "unit/unit.h"
#include "unit/hex.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/crypto.h"

#define ROOT "/usr/lib/python3/dist-packages/cryptography_vectors/"

#define MAX_FIELDS 24
#define MAX_LINE (1 << 17)

/* One block of "key = value" lines between blank lines, and the section it stands in. */
struct record {
    char section[256];
    unsigned n;
    char *key[MAX_FIELDS], *value[MAX_FIELDS];
};

/* Returns how many vectors of a record were applied: 0 or 1. */
typedef unsigned record_fn(const struct record *record);

static const char *value_of(const struct record *r, const char *key)
{
    for (unsigned i = 0; i < r->n; i++)
        if (strcasecmp(r->key[i], key) == 0)
            return r->value[i];
    return ""; /* absent, like an empty one */
}

static bool has(const struct record *r, const char *key)
{
    for (unsigned i = 0; i < r->n; i++)
        if (strcasecmp(r->key[i], key) == 0)
            return true;
    return false;
}

/* Bytes of a field; an absent one is empty. */
static size_t bytes_of(const struct record *r, const char *key, uint8_t *out)
{
    return unhex(value_of(r, key), out);
}

static void clear(struct record *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        free(r->key[i]);
        free(r->value[i]);
    }
    r->n = 0;
}

static void add_field(struct record *r, char *line)
{
    char *equals = strstr(line, " =");

    if (!equals || r->n == MAX_FIELDS)
        return;
    *equals = 0;
    equals += 2;
    while (*equals == ' ')
        equals++;
    while (*line == ' ' || *line == '\t')
        line++;
    r->key[r->n] = strdup(line);
    r->value[r->n] = strdup(equals);
    r->n++;
}

static unsigned for_each(const char *file, record_fn *fn)
{
    static char line[MAX_LINE];
    char path[512];
    struct record r = {.n = 0};
    unsigned applied = 0;
    FILE *f;

    snprintf(path, sizeof(path), ROOT "%s", file);
    f = fopen(path, "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == '#')
            continue;
        if (line[0] == '[') {
            const bool fresh = r.n == 0 && line[1] != 'R' && line[1] != 'C';

            /* [RLEN...] and [CTRLOCATION...] add to [PRF...]; others begin anew. */
            snprintf(r.section + (fresh ? 0 : strlen(r.section)),
                     sizeof(r.section) - (fresh ? 0 : strlen(r.section)), "%s", line);
        } else if (line[0] == 0) {
            applied += r.n > 0 ? fn(&r) : 0;
            clear(&r);
        } else {
            add_field(&r, line);
        }
    }
    applied += r.n > 0 ? fn(&r) : 0;
    clear(&r);
    fclose(f);
    return applied;
}

/* Zero applied means that the file isn't there or isn't what it was. */
static void need(const char *file, record_fn *fn, unsigned at_least)
{
    const unsigned n = for_each(file, fn);

    if (n < at_least)
        fail_msg("%s: %u vectors applied, at least %u expected", file, n, at_least);
}

static uint8_t msg[MAX_LINE / 2], other[MAX_LINE / 2], out[MAX_LINE / 2];

static unsigned sha256_record(const struct record *r)
{
    const char *md = value_of(r, "MD");
    const size_t bits = (size_t)atoi(value_of(r, "Len"));
    struct cr_sha256 running;
    uint8_t digest[32];

    if (!*md)
        return 0;
    bytes_of(r, "Msg", msg);
    cr_sha256_of(msg, bits / 8, digest);
    assert_hex(digest, md);
    /* The same in two parts, with the state copied in between. */
    cr_sha256_init(&running);
    cr_sha256_update(&running, msg, bits / 8 / 3);
    struct cr_sha256 moved = running;
    cr_sha256_update(&moved, msg + bits / 8 / 3, bits / 8 - bits / 8 / 3);
    cr_sha256_digest(&moved, digest);
    assert_hex(digest, md);
    return 1;
}

static void sha256(void **state)
{
    (void)state;
    need("hashes/SHA2/SHA256ShortMsg.rsp", sha256_record, 60);
    need("hashes/SHA2/SHA256LongMsg.rsp", sha256_record, 60);
}

static unsigned sha384_record(const struct record *r)
{
    const char *md = value_of(r, "MD");
    uint8_t digest[48];

    if (!*md)
        return 0;
    bytes_of(r, "Msg", msg);
    cr_sha384_of(msg, (size_t)atoi(value_of(r, "Len")) / 8, digest);
    assert_hex(digest, md);
    return 1;
}

static void sha384(void **state)
{
    (void)state;
    need("hashes/SHA2/SHA384ShortMsg.rsp", sha384_record, 100);
}

static unsigned hmac_record(const struct record *r)
{
    uint8_t key[256], mac[32];
    const char *md = value_of(r, "MD");
    struct cr_part part;

    if (strlen(md) != 64)
        return 0;
    part = (struct cr_part){msg, bytes_of(r, "Msg", msg)};
    cr_hmac_sha256(key, bytes_of(r, "Key", key), &part, 1, mac);
    assert_hex(mac, md);
    return 1;
}

static void hmac_sha256(void **state)
{
    (void)state;
    need("HMAC/rfc-4231-sha256.txt", hmac_record, 4);
}

static unsigned kdf_record(const struct record *r)
{
    static const char *const widths[] = {"[RLEN=8_BITS]", "[RLEN=16_BITS]", "[RLEN=24_BITS]",
                                         "[RLEN=32_BITS]"};
    const char *last = strrchr(r->section, '[');
    const char *prf = NULL;
    struct cr_kdf_counter form = {0};
    struct cr_part fixed;
    uint8_t key[64], ko[256];

    for (const char *at = strstr(r->section, "[PRF="); at; at = strstr(at + 1, "[PRF="))
        prf = at;
    if (!prf || !strstr(prf, "PRF=HMAC_SHA256") || !strstr(prf, "BEFORE_FIXED") || !last)
        return 0;
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(last, widths[i]) == 0)
            form.width_bits = 8 * (i + 1);
    if (form.width_bits == 0 || !has(r, "KO"))
        return 0;
    fixed = (struct cr_part){msg, bytes_of(r, "FixedInputData", msg)};
    cr_kdf_counter_mode(form, key, bytes_of(r, "KI", key), &fixed, 1, ko,
                        (size_t)atoi(value_of(r, "L")) / 8);
    assert_hex(ko, value_of(r, "KO"));
    return 1;
}

static void sp800_108_counter_mode(void **state)
{
    (void)state;
    need("KDF/nist-800-108-KBKDF-CTR.txt", kdf_record, 40);
}

static unsigned ctr_record(const struct record *r)
{
    uint8_t key[32], iv[16];
    size_t len;

    if (!has(r, "CIPHERTEXT") || bytes_of(r, "KEY", key) != 16)
        return 0;
    bytes_of(r, "IV", iv);
    len = bytes_of(r, "PLAINTEXT", msg);
    cr_aes128_ctr(key, iv, msg, out, len);
    assert_hex(out, value_of(r, "CIPHERTEXT"));
    return 1;
}

static void aes128_ctr(void **state)
{
    (void)state;
    need("ciphers/AES/CTR/aes-128-ctr.txt", ctr_record, 3);
}

static unsigned gcm_record(const struct record *r)
{
    uint8_t key[32], iv[256], aad[256], tag[16], want[16];
    struct cr_gcm gcm = {.key = key, .iv = iv, .aad = aad};
    const bool bad = r->n > 0 && !has(r, "PT");
    size_t len;

    if (!has(r, "Tag") || bytes_of(r, "Tag", tag) != 16 || bytes_of(r, "Key", key) != 32)
        return 0;
    gcm.iv_len = bytes_of(r, "IV", iv);
    gcm.aad_len = bytes_of(r, "AAD", aad);
    if (gcm.iv_len > 64)
        return 0;
    len = bytes_of(r, "CT", msg);
    assert_int_equal(cr_aes256_gcm_open(&gcm, msg, out, len, tag), !bad);
    if (bad)
        return 1;
    assert_int_equal(bytes_of(r, "PT", other), len);
    assert_memory_equal(out, other, len);
    cr_aes256_gcm_seal(&gcm, other, out, len, want);
    assert_memory_equal(want, tag, 16);
    assert_memory_equal(out, msg, len);
    return 1;
}

static void aes256_gcm(void **state)
{
    (void)state;
    need("ciphers/AES/GCM/gcmDecrypt256.rsp", gcm_record, 200);
}

static void number_of(const struct record *r, const char *key, uint8_t be[48])
{
    uint8_t raw[128];
    const size_t n = bytes_of(r, key, raw);

    memset(be, 0, 48);
    if (n >= 48)
        memcpy(be, raw + (n - 48), 48);
    else
        memcpy(be + (48 - n), raw, n);
}

static unsigned ecdsa_record(const struct record *r)
{
    const bool sha256_used = strstr(r->section, "[P-384,SHA-256]") != NULL;
    const char *last = strrchr(r->section, '[');
    struct cr_p384_public pub;
    struct cr_p384_sig sig;
    uint8_t digest[48];
    size_t len;

    if (!last || (strcmp(last, "[P-384,SHA-256]") != 0 && strcmp(last, "[P-384,SHA-384]") != 0) ||
        !has(r, "Result"))
        return 0;
    number_of(r, "Qx", pub.x);
    number_of(r, "Qy", pub.y);
    number_of(r, "R", sig.r);
    number_of(r, "S", sig.s);
    len = bytes_of(r, "Msg", msg);
    if (sha256_used && strcmp(last, "[P-384,SHA-256]") == 0) {
        cr_sha256_of(msg, len, digest);
        len = 32;
    } else {
        cr_sha384_of(msg, len, digest);
        len = 48;
    }
    assert_int_equal(cr_p384_verify(&pub, digest, len, &sig), value_of(r, "Result")[0] == 'P');
    return 1;
}

static void ecdsa_p384(void **state)
{
    (void)state;
    need("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", ecdsa_record, 30);
}

static unsigned pkv_record(const struct record *r)
{
    const char *last = strrchr(r->section, '[');
    struct cr_p384_public pub;

    if (!last || strcmp(last, "[P-384]") != 0 || !has(r, "Result"))
        return 0;
    if (strstr(value_of(r, "Result"), "out of range")) /* wider than the field: sev/ refuses it */
        return 1;
    number_of(r, "Qx", pub.x);
    number_of(r, "Qy", pub.y);
    assert_int_equal(cr_p384_public_ok(&pub), value_of(r, "Result")[0] == 'P');
    return 1;
}

static void points_of_p384(void **state)
{
    (void)state;
    need("asymmetric/ECDSA/FIPS_186-3/PKV.rsp", pkv_record, 10);
}

static unsigned ecdh_record(const struct record *r)
{
    const char *last = strrchr(r->section, '[');
    struct cr_p384_public cavs;
    struct cr_p384_key mine;
    uint8_t d[48], z[48], want[48];
    bool good;

    if (!last || strcmp(last, "[ED - SHA384]") != 0 || !has(r, "Result"))
        return 0;
    number_of(r, "dsIUT", d);
    number_of(r, "QsCAVSx", cavs.x);
    number_of(r, "QsCAVSy", cavs.y);
    number_of(r, "Z", want);
    if (!cr_p384_from_private(d, &mine))
        return 0;
    good = cr_p384_ecdh(&mine, &cavs, z);
    if (value_of(r, "Result")[0] == 'P')
        assert_true(good && memcmp(z, want, 48) == 0);
    return 1;
}

static void ecdh_p384(void **state)
{
    (void)state;
    need("asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_init.fax", ecdh_record, 20);
}

/* RFC 6979, A.2.6, SHA-256, messages "sample" and "test". */
static void ecdsa_nonces_follow_rfc_6979(void **state)
{
    uint8_t d[48], digest[32];
    struct cr_p384_key key;
    struct cr_p384_sig sig;

    (void)state;
    unhex("6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
          "96D5724E4C70A825F872C9EA60D2EDF5", d);
    assert_true(cr_p384_from_private(d, &key));
    assert_hex(key.pub.x, "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                          "DEF8F0EA9055866064A254515480BC13");
    cr_sha256_of("sample", 6, digest);
    cr_p384_sign(&key, digest, 32, &sig);
    assert_hex(sig.r, "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33"
                      "BDE1E888E63355D92FA2B3C36D8FB2CD");
    assert_hex(sig.s, "F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEB"
                      "EFDC63ECCD1AC42EC0CB8668A4FA0AB0");
    assert_true(cr_p384_verify(&key.pub, digest, 32, &sig));
    digest[31] ^= 1;
    assert_false(cr_p384_verify(&key.pub, digest, 32, &sig));
}

static void rsa_pss_signs_and_verifies_and_a_seed_finds_the_same_key(void **state)
{
    struct cr_rsa_key key, again;
    struct cr_random random;
    uint8_t sig[CR_RSA_MAX];

    (void)state;
    cr_random_from_seed(&random, 5, "rsa");
    cr_rsa_generate(&random, 2048, &key);
    cr_random_from_seed(&random, 5, "rsa");
    cr_rsa_generate(&random, 2048, &again);
    assert_memory_equal(&key, &again, sizeof(key));
    assert_int_equal(cr_rsa_pss_sign(&key, CR_RSA_SHA256, "text", 4, sig), CBIT_OK);
    assert_true(cr_rsa_pss_verify(&key.pub, CR_RSA_SHA256, "text", 4, sig));
    assert_false(cr_rsa_pss_verify(&key.pub, CR_RSA_SHA384, "text", 4, sig));
    assert_false(cr_rsa_pss_verify(&key.pub, CR_RSA_SHA256, "texT", 4, sig));
    sig[100] ^= 1;
    assert_false(cr_rsa_pss_verify(&key.pub, CR_RSA_SHA256, "text", 4, sig));
    key.pub.n[255] &= 0xfe; /* even: no RSA modulus */
    assert_false(cr_rsa_pss_verify(&key.pub, CR_RSA_SHA256, "text", 4, sig));
}

int main(void)
{
    if (access(ROOT, R_OK) != 0) {
        puts("1..0 # SKIP python3-cryptography-vectors is not installed");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),
        cmocka_unit_test(sha384),
        cmocka_unit_test(hmac_sha256),
        cmocka_unit_test(sp800_108_counter_mode),
        cmocka_unit_test(aes128_ctr),
        cmocka_unit_test(aes256_gcm),
        cmocka_unit_test(ecdsa_p384),
        cmocka_unit_test(points_of_p384),
        cmocka_unit_test(ecdh_p384),
        cmocka_unit_test(ecdsa_nonces_follow_rfc_6979),
        cmocka_unit_test(rsa_pss_signs_and_verifies_and_a_seed_finds_the_same_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
