/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA (RFC 8017, PSS) by libcrypto.  Primes are searched here, over libcrypto's
 * primality test, because a seeded platform must find the same ones again.
 */
#include "crypto/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define MUST(call) CBIT_ASSERT((call) == 1)
#define EXPONENT 65537u

/* A prime of the given width with its two upper bits set and (p - 1) prime to e. */
static void find_prime(struct cr_random *random, unsigned bits, BIGNUM *p, BN_CTX *ctx)
{
    uint8_t bytes[CR_RSA_MAX / 2];

    for (;;) {
        cr_random_fill(random, bytes, bits / 8);
        bytes[0] |= 0xc0;
        bytes[bits / 8 - 1] |= 1;
        CBIT_ASSERT(BN_bin2bn(bytes, (int)(bits / 8), p));
        if (BN_mod_word(p, EXPONENT) != 1 && BN_check_prime(p, ctx, NULL) == 1)
            break;
    }
    cb_wipe(bytes, sizeof(bytes));
}

static void to_bytes(const BIGNUM *n, uint8_t *out, unsigned bits)
{
    CBIT_ASSERT(BN_bn2binpad(n, out, (int)(bits / 8)) == (int)(bits / 8));
}

/* d = 1/e mod (p - 1)(q - 1). */
static void private_exponent(const BIGNUM *p, const BIGNUM *q, BIGNUM *d, BN_CTX *ctx)
{
    BIGNUM *p1 = BN_dup(p), *q1 = BN_dup(q), *e = BN_new(), *phi = BN_new();

    CBIT_ASSERT(p1 && q1 && e && phi);
    MUST(BN_sub_word(p1, 1));
    MUST(BN_sub_word(q1, 1));
    MUST(BN_mul(phi, p1, q1, ctx));
    MUST(BN_set_word(e, EXPONENT));
    BN_set_flags(phi, BN_FLG_CONSTTIME);
    CBIT_ASSERT(BN_mod_inverse(d, e, phi, ctx));
    BN_clear_free(p1);
    BN_clear_free(q1);
    BN_clear_free(phi);
    BN_free(e);
}

void cr_rsa_generate(struct cr_random *random, unsigned bits, struct cr_rsa_key *key)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new(), *d = BN_new();

    CBIT_ASSERT(ctx && p && q && n && d && (bits == 2048 || bits == 4096));
    memset(key, 0, sizeof(*key));
    find_prime(random, bits / 2, p, ctx);
    do
        find_prime(random, bits / 2, q, ctx);
    while (BN_cmp(p, q) == 0);
    MUST(BN_mul(n, p, q, ctx));
    private_exponent(p, q, d, ctx);
    key->pub.bits = bits;
    to_bytes(n, key->pub.n, bits);
    to_bytes(d, key->d, bits);
    cb_store_be32(key->pub.e + bits / 8 - 4, EXPONENT);
    BN_clear_free(p);
    BN_clear_free(q);
    BN_clear_free(d);
    BN_free(n);
    BN_CTX_free(ctx);
}

static BIGNUM *number(const uint8_t *bytes, unsigned bits)
{
    BIGNUM *n = BN_bin2bn(bytes, (int)(bits / 8), NULL);

    CBIT_ASSERT(n);
    return n;
}

/* NULL: libcrypto doesn't take these numbers.  d NULL: public key. */
static EVP_PKEY *make_pkey(const struct cr_rsa_public *pub, const uint8_t *d)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = number(pub->n, pub->bits), *e = number(pub->e, pub->bits);
    BIGNUM *dn = d ? number(d, pub->bits) : NULL;
    OSSL_PARAM *params;
    EVP_PKEY *pkey = NULL;

    CBIT_ASSERT(build && ctx);
    MUST(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n));
    MUST(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e));
    if (dn)
        MUST(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, dn));
    params = OSSL_PARAM_BLD_to_param(build);
    if (params && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, dn ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    BN_clear_free(dn);
    return pkey;
}

static bool use_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static const EVP_MD *digest_of(enum cr_rsa_hash hash)
{
    return hash == CR_RSA_SHA256 ? EVP_sha256() : EVP_sha384();
}

enum cbit_status cr_rsa_pss_sign(const struct cr_rsa_key *key, enum cr_rsa_hash hash,
                                 const void *message, size_t len, uint8_t sig[CR_RSA_MAX])
{
    EVP_PKEY *pkey = make_pkey(&key->pub, key->d);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    size_t sig_len = CR_RSA_MAX;
    bool good;

    CBIT_ASSERT(md);
    good = pkey && EVP_DigestSignInit(md, &ctx, digest_of(hash), NULL, pkey) == 1 &&
           use_pss(ctx) && EVP_DigestSign(md, sig, &sig_len, message, len) == 1 &&
           sig_len == key->pub.bits / 8;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return good ? CBIT_OK : CBIT_CRYPTO;
}

bool cr_rsa_pss_verify(const struct cr_rsa_public *pub, enum cr_rsa_hash hash, const void *message,
                       size_t len, const uint8_t sig[CR_RSA_MAX])
{
    EVP_PKEY *pkey;
    EVP_MD_CTX *md;
    EVP_PKEY_CTX *ctx = NULL;
    bool good;

    if ((pub->bits != 2048 && pub->bits != 4096) || !(pub->n[0] & 0x80) ||
        !(pub->n[pub->bits / 8 - 1] & 1))
        return false; /* the modulus isn't as wide as it says, or even */
    pkey = make_pkey(pub, NULL);
    md = EVP_MD_CTX_new();
    CBIT_ASSERT(md);
    good = pkey && EVP_DigestVerifyInit(md, &ctx, digest_of(hash), NULL, pkey) == 1 &&
           use_pss(ctx) && EVP_DigestVerify(md, sig, pub->bits / 8, message, len) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return good;
}
