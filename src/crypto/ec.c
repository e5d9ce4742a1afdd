/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-384 on libcrypto's group arithmetic (FIPS 186-4, SP 800-56A, RFC 6979).
 *
 * Group arithmetic, not EVP_PKEY: SEV's keys come as bare numbers, some from
 * seed material, and signing must not depend on the host's randomness in a
 * seeded run.  libcrypto's only failure with valid arguments is a host out of
 * memory, which ends the program; invalid points from outside return false.
 */
#include "crypto/ec.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "crypto/hash.h"

#define MUST(call) CBIT_ASSERT((call) == 1)

/* One operation's temporaries. */
struct work {
    EC_GROUP *group;
    BN_CTX *bn;
    const BIGNUM *n; /* order */
};

static struct work work_begin(int curve)
{
    struct work w;

    w.group = EC_GROUP_new_by_curve_name(curve);
    w.bn = BN_CTX_secure_new();
    CBIT_ASSERT(w.group && w.bn);
    BN_CTX_start(w.bn);
    w.n = EC_GROUP_get0_order(w.group);
    return w;
}

static void work_end(struct work *w)
{
    BN_CTX_end(w->bn);
    BN_CTX_free(w->bn);
    EC_GROUP_free(w->group);
}

static BIGNUM *number(struct work *w)
{
    BIGNUM *n = BN_CTX_get(w->bn);

    CBIT_ASSERT(n);
    return n;
}

static BIGNUM *secret_number(struct work *w)
{
    BIGNUM *n = number(w);

    BN_set_flags(n, BN_FLG_CONSTTIME);
    return n;
}

static void from_bytes(BIGNUM *n, const uint8_t *bytes, size_t len)
{
    CBIT_ASSERT(BN_bin2bn(bytes, (int)len, n));
}

static void to_bytes(const BIGNUM *n, uint8_t out[CR_P384_LEN])
{
    CBIT_ASSERT(BN_bn2binpad(n, out, CR_P384_LEN) == CR_P384_LEN);
}

/* NULL: not a point of the curve. */
static EC_POINT *point_from(struct work *w, const struct cr_p384_public *pub)
{
    EC_POINT *point = EC_POINT_new(w->group);
    uint8_t octets[1 + 2 * CR_P384_LEN] = {POINT_CONVERSION_UNCOMPRESSED};

    CBIT_ASSERT(point);
    memcpy(octets + 1, pub->x, CR_P384_LEN);
    memcpy(octets + 1 + CR_P384_LEN, pub->y, CR_P384_LEN);
    if (EC_POINT_oct2point(w->group, point, octets, sizeof(octets), w->bn) == 1)
        return point;
    EC_POINT_free(point);
    return NULL;
}

static void key_from_number(struct work *w, const BIGNUM *d, struct cr_p384_key *key)
{
    EC_POINT *point = EC_POINT_new(w->group);
    BIGNUM *x = number(w), *y = number(w);

    CBIT_ASSERT(point);
    MUST(EC_POINT_mul(w->group, point, d, NULL, NULL, w->bn));
    MUST(EC_POINT_get_affine_coordinates(w->group, point, x, y, w->bn));
    to_bytes(d, key->d);
    to_bytes(x, key->pub.x);
    to_bytes(y, key->pub.y);
    EC_POINT_free(point);
}

void cr_p384_from_seed(const uint8_t seed[CR_P384_SEED_LEN], struct cr_p384_key *key)
{
    struct work w = work_begin(NID_secp384r1);
    BIGNUM *d = secret_number(&w), *range = number(&w);

    CBIT_ASSERT(BN_lebin2bn(seed, CR_P384_SEED_LEN, d));
    CBIT_ASSERT(BN_copy(range, w.n));
    MUST(BN_sub_word(range, 1));
    MUST(BN_mod(d, d, range, w.bn));
    MUST(BN_add_word(d, 1));
    key_from_number(&w, d, key);
    BN_clear(d);
    work_end(&w);
}

void cr_p384_generate(struct cr_random *random, struct cr_p384_key *key)
{
    uint8_t seed[CR_P384_SEED_LEN]; /* 64 bits more than the order: no bias worth the name */

    cr_random_fill(random, seed, sizeof(seed));
    cr_p384_from_seed(seed, key);
    cb_wipe(seed, sizeof(seed));
}

bool cr_p384_from_private(const uint8_t d_bytes[CR_P384_LEN], struct cr_p384_key *key)
{
    struct work w = work_begin(NID_secp384r1);
    BIGNUM *d = secret_number(&w);
    bool good;

    from_bytes(d, d_bytes, CR_P384_LEN);
    good = !BN_is_zero(d) && BN_cmp(d, w.n) < 0;
    if (good)
        key_from_number(&w, d, key);
    BN_clear(d);
    work_end(&w);
    return good;
}

bool cr_p384_public_ok(const struct cr_p384_public *pub)
{
    struct work w = work_begin(NID_secp384r1);
    EC_POINT *point = point_from(&w, pub);

    EC_POINT_free(point);
    work_end(&w);
    return point != NULL;
}

bool cr_p384_ecdh(const struct cr_p384_key *mine, const struct cr_p384_public *other,
                  uint8_t z[CR_P384_LEN])
{
    struct work w = work_begin(NID_secp384r1);
    EC_POINT *point = point_from(&w, other);
    const bool good = point != NULL;

    if (good) {
        BIGNUM *d = secret_number(&w), *x = number(&w);

        from_bytes(d, mine->d, CR_P384_LEN);
        MUST(EC_POINT_mul(w.group, point, NULL, point, d, w.bn));
        MUST(EC_POINT_get_affine_coordinates(w.group, point, x, NULL, w.bn));
        to_bytes(x, z);
        BN_clear(d);
        BN_clear(x);
    }
    EC_POINT_clear_free(point);
    work_end(&w);
    return good;
}

/* RFC 6979, 3.2: HMAC-SHA-256 DRBG over key and digest; the state between candidates. */
struct nonce_drbg {
    uint8_t k[32], v[32];
};

static void drbg_step(struct nonce_drbg *g, uint8_t mark, const uint8_t *seed, size_t seed_len)
{
    const struct cr_part all[] = {{g->v, 32}, {&mark, 1}, {seed, seed_len}};
    const struct cr_part v = {g->v, 32};
    uint8_t k[32];

    cr_hmac_sha256(g->k, 32, all, 3, k);
    memcpy(g->k, k, 32);
    cr_hmac_sha256(g->k, 32, &v, 1, k);
    memcpy(g->v, k, 32);
}

static void drbg_begin(struct nonce_drbg *g, const uint8_t seed[2 * CR_P384_LEN])
{
    memset(g->v, 1, 32);
    memset(g->k, 0, 32);
    drbg_step(g, 0, seed, 2 * CR_P384_LEN);
    drbg_step(g, 1, seed, 2 * CR_P384_LEN);
}

static void drbg_candidate(struct nonce_drbg *g, uint8_t out[CR_P384_LEN])
{
    uint8_t next[64];
    const struct cr_part v = {g->v, 32};

    for (size_t i = 0; i < 2; i++) {
        cr_hmac_sha256(g->k, 32, &v, 1, next + 32 * i);
        memcpy(g->v, next + 32 * i, 32);
    }
    memcpy(out, next, CR_P384_LEN);
    cb_wipe(next, sizeof(next));
}

/* r = x(kG) mod n; false: unusable, as happens once in 2^384. */
static bool sig_r(struct work *w, const BIGNUM *k, BIGNUM *r)
{
    EC_POINT *point = EC_POINT_new(w->group);

    CBIT_ASSERT(point);
    MUST(EC_POINT_mul(w->group, point, k, NULL, NULL, w->bn));
    MUST(EC_POINT_get_affine_coordinates(w->group, point, r, NULL, w->bn));
    MUST(BN_nnmod(r, r, w->n, w->bn));
    EC_POINT_clear_free(point);
    return !BN_is_zero(r);
}

/* s = (z + r d) / k mod n, 1/k by Fermat so that time does not tell k. */
static bool sig_s(struct work *w, const BIGNUM *k, const BIGNUM *z, const BIGNUM *r,
                  const BIGNUM *d, BIGNUM *s)
{
    BIGNUM *inverse = secret_number(w), *exponent = number(w);
    BN_MONT_CTX *mont = BN_MONT_CTX_new();

    CBIT_ASSERT(mont);
    MUST(BN_MONT_CTX_set(mont, w->n, w->bn));
    CBIT_ASSERT(BN_copy(exponent, w->n));
    MUST(BN_sub_word(exponent, 2));
    MUST(BN_mod_exp_mont_consttime(inverse, k, exponent, w->n, w->bn, mont));
    MUST(BN_mod_mul(s, r, d, w->n, w->bn));
    MUST(BN_mod_add(s, s, z, w->n, w->bn));
    MUST(BN_mod_mul(s, s, inverse, w->n, w->bn));
    BN_clear(inverse);
    BN_MONT_CTX_free(mont);
    return !BN_is_zero(s);
}

void cr_p384_sign(const struct cr_p384_key *key, const uint8_t *digest, size_t len,
                  struct cr_p384_sig *sig)
{
    struct work w = work_begin(NID_secp384r1);
    BIGNUM *d = secret_number(&w), *k = secret_number(&w);
    BIGNUM *z = number(&w), *r = number(&w), *s = number(&w);
    uint8_t seed[2 * CR_P384_LEN], candidate[CR_P384_LEN];
    struct nonce_drbg drbg;

    CBIT_ASSERT(len <= CR_P384_LEN);
    from_bytes(d, key->d, CR_P384_LEN);
    from_bytes(z, digest, len);
    MUST(BN_nnmod(z, z, w.n, w.bn));
    memcpy(seed, key->d, CR_P384_LEN);
    to_bytes(z, seed + CR_P384_LEN);
    drbg_begin(&drbg, seed);
    for (;;) {
        drbg_candidate(&drbg, candidate);
        from_bytes(k, candidate, sizeof(candidate));
        if (!BN_is_zero(k) && BN_cmp(k, w.n) < 0 && sig_r(&w, k, r) && sig_s(&w, k, z, r, d, s))
            break;
        drbg_step(&drbg, 0, NULL, 0);
    }
    to_bytes(r, sig->r);
    to_bytes(s, sig->s);
    BN_clear(d);
    BN_clear(k);
    cb_wipe(seed, sizeof(seed));
    cb_wipe(candidate, sizeof(candidate));
    cb_wipe(&drbg, sizeof(drbg));
    work_end(&w);
}

/* x(z/s G + r/s Q) mod n == r, for r and s in range. */
static bool verify_numbers(struct work *w, const EC_POINT *q, const BIGNUM *z, const BIGNUM *r,
                           const BIGNUM *s)
{
    BIGNUM *inverse = number(w), *u1 = number(w), *u2 = number(w), *x = number(w);
    EC_POINT *point = EC_POINT_new(w->group);
    bool good;

    CBIT_ASSERT(point && BN_mod_inverse(inverse, s, w->n, w->bn));
    MUST(BN_mod_mul(u1, z, inverse, w->n, w->bn));
    MUST(BN_mod_mul(u2, r, inverse, w->n, w->bn));
    MUST(EC_POINT_mul(w->group, point, u1, q, u2, w->bn));
    good = !EC_POINT_is_at_infinity(w->group, point);
    if (good) {
        MUST(EC_POINT_get_affine_coordinates(w->group, point, x, NULL, w->bn));
        MUST(BN_nnmod(x, x, w->n, w->bn));
        good = BN_cmp(x, r) == 0;
    }
    EC_POINT_free(point);
    return good;
}

bool cr_p384_verify(const struct cr_p384_public *pub, const uint8_t *digest, size_t len,
                    const struct cr_p384_sig *sig)
{
    struct work w = work_begin(NID_secp384r1);
    BIGNUM *z = number(&w), *r = number(&w), *s = number(&w);
    EC_POINT *q = point_from(&w, pub);
    bool good = q != NULL && len <= CR_P384_LEN;

    if (good) {
        from_bytes(z, digest, len);
        from_bytes(r, sig->r, CR_P384_LEN);
        from_bytes(s, sig->s, CR_P384_LEN);
        good = !BN_is_zero(r) && BN_cmp(r, w.n) < 0 && !BN_is_zero(s) && BN_cmp(s, w.n) < 0 &&
               verify_numbers(&w, q, z, r, s);
    }
    EC_POINT_free(q);
    work_end(&w);
    return good;
}

void cr_secp256k1_public(const uint8_t d_bytes[32], uint8_t xy[64])
{
    struct work w = work_begin(NID_secp256k1);
    BIGNUM *d = secret_number(&w), *x = number(&w), *y = number(&w);
    EC_POINT *point = EC_POINT_new(w.group);

    CBIT_ASSERT(point);
    memset(xy, 0, 64);
    from_bytes(d, d_bytes, 32);
    MUST(BN_mod(d, d, w.n, w.bn));
    if (!BN_is_zero(d)) {
        MUST(EC_POINT_mul(w.group, point, d, NULL, NULL, w.bn));
        MUST(EC_POINT_get_affine_coordinates(w.group, point, x, y, w.bn));
        CBIT_ASSERT(BN_bn2binpad(x, xy, 32) == 32 && BN_bn2binpad(y, xy + 32, 32) == 32);
    }
    BN_clear(d);
    EC_POINT_free(point);
    work_end(&w);
}
