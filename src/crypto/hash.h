/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, SHA-384 and HMAC-SHA-256. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/base.h"

/* A stretch of bytes; what is hashed is often several, one after the other. */
struct cr_part {
    const void *p;
    size_t len;
};

/*
 * A running SHA-256.  Plain numbers, so that a launch digest can be saved half
 * way and go on elsewhere.
 */
struct cr_sha256 {
    uint32_t h[8];
    uint64_t len;      /* bytes so far */
    uint8_t block[64]; /* the len % 64 bytes that no h contains yet */
};

void cr_sha256_init(struct cr_sha256 *ctx);
void cr_sha256_update(struct cr_sha256 *ctx, const void *p, size_t len);
/* Leaves ctx as it was: more may follow. */
void cr_sha256_digest(const struct cr_sha256 *ctx, uint8_t out[32]);

void cr_sha256_of(const void *p, size_t len, uint8_t out[32]);
void cr_sha384_of(const void *p, size_t len, uint8_t out[48]);

void cr_hmac_sha256(const void *key, size_t key_len, const struct cr_part *parts, size_t n_parts,
                    uint8_t out[32]);

#endif
