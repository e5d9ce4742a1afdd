/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSASSA-PSS as AMD's CA uses it: 2048 or 4096 bits, MGF1 with the same hash,
 * salt as long as the hash.  Numbers are big-endian, right-aligned in the
 * first bits / 8 bytes.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "crypto/random.h"

#define CR_RSA_MAX 512 /* bytes of the largest modulus */

struct cr_rsa_public {
    unsigned bits; /* 2048 or 4096 */
    uint8_t n[CR_RSA_MAX], e[CR_RSA_MAX];
};

struct cr_rsa_key {
    struct cr_rsa_public pub;
    uint8_t d[CR_RSA_MAX]; /* secret: whoever holds one wipes it */
};

enum cr_rsa_hash {
    CR_RSA_SHA256,
    CR_RSA_SHA384,
};

/* Draws primes until two fit: a second or a few at 4096 bits.  e = 65537. */
void cr_rsa_generate(struct cr_random *random, unsigned bits, struct cr_rsa_key *key);

/* sig: bits / 8 bytes.  CBIT_CRYPTO: the key's numbers are no RSA key. */
enum cbit_status cr_rsa_pss_sign(const struct cr_rsa_key *key, enum cr_rsa_hash hash,
                                 const void *message, size_t len,
                                 uint8_t sig[CR_RSA_MAX]) CBIT_MUST_CHECK;

/* False for a wrong signature and for numbers that are no RSA key. */
bool cr_rsa_pss_verify(const struct cr_rsa_public *pub, enum cr_rsa_hash hash, const void *message,
                       size_t len, const uint8_t sig[CR_RSA_MAX]);

#endif
