/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIST P-384: keys, ECDH, ECDSA; and the one point of secp256k1 that a chip id
 * is made of.  Numbers are big-endian byte strings of the field's width;
 * certificates turn them round elsewhere.
 */
#ifndef CRYPTO_EC_H
#define CRYPTO_EC_H

#include "crypto/random.h"

#define CR_P384_LEN 48

struct cr_p384_public {
    uint8_t x[CR_P384_LEN], y[CR_P384_LEN];
};

struct cr_p384_key {
    uint8_t d[CR_P384_LEN]; /* secret: whoever holds one wipes it */
    struct cr_p384_public pub;
};

struct cr_p384_sig {
    uint8_t r[CR_P384_LEN], s[CR_P384_LEN];
};

void cr_p384_generate(struct cr_random *random, struct cr_p384_key *key);

/* From a private number d in [1, n - 1]; false: it is not. */
bool cr_p384_from_private(const uint8_t d[CR_P384_LEN], struct cr_p384_key *key);

/* From seed material: d = (seed mod (n - 1)) + 1, the seed a little-endian number. */
#define CR_P384_SEED_LEN 56
void cr_p384_from_seed(const uint8_t seed[CR_P384_SEED_LEN], struct cr_p384_key *key);

/* On the curve, not infinity, coordinates below the field's prime? */
bool cr_p384_public_ok(const struct cr_p384_public *pub);

/* The x coordinate of d * other; false: other is no valid point. */
bool cr_p384_ecdh(const struct cr_p384_key *mine, const struct cr_p384_public *other,
                  uint8_t z[CR_P384_LEN]);

/*
 * ECDSA over a digest of at most 48 bytes, taken as a big-endian number without
 * truncation.  The nonce follows from key and digest (RFC 6979), so no
 * random source can leak the key, and equal runs sign alike.
 */
void cr_p384_sign(const struct cr_p384_key *key, const uint8_t *digest, size_t len,
                  struct cr_p384_sig *sig);
bool cr_p384_verify(const struct cr_p384_public *pub, const uint8_t *digest, size_t len,
                    const struct cr_p384_sig *sig);

/* X || Y of (d mod n) * G on secp256k1; d = 0 gives zeroes. */
void cr_secp256k1_public(const uint8_t d[32], uint8_t xy[64]);

#endif
