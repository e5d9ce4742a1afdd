/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes (FIPS 180-4) and HMAC (FIPS 198-1).
 *
 * libcrypto's EVP contexts are opaque allocations that can't be saved, so the
 * running SHA-256 uses its plain context, which OpenSSL 3 marks deprecated but
 * keeps, and which has the processor's SHA instructions all the same.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

static void to_openssl(const struct cr_sha256 *ctx, SHA256_CTX *sha)
{
    memset(sha, 0, sizeof(*sha));
    for (size_t i = 0; i < 8; i++)
        sha->h[i] = ctx->h[i];
    sha->Nl = (SHA_LONG)(ctx->len << 3);
    sha->Nh = (SHA_LONG)(ctx->len >> 29);
    sha->num = (unsigned)(ctx->len % sizeof(ctx->block));
    memcpy(sha->data, ctx->block, sha->num);
    sha->md_len = 32;
}

void cr_sha256_init(struct cr_sha256 *ctx)
{
    SHA256_CTX sha;

    memset(ctx, 0, sizeof(*ctx));
    SHA256_Init(&sha);
    for (size_t i = 0; i < 8; i++)
        ctx->h[i] = sha.h[i];
}

void cr_sha256_update(struct cr_sha256 *ctx, const void *p, size_t len)
{
    SHA256_CTX sha;

    to_openssl(ctx, &sha);
    SHA256_Update(&sha, p, len);
    for (size_t i = 0; i < 8; i++)
        ctx->h[i] = sha.h[i];
    ctx->len += len;
    memset(ctx->block, 0, sizeof(ctx->block));
    memcpy(ctx->block, sha.data, sha.num);
    cb_wipe(&sha, sizeof(sha));
}

void cr_sha256_digest(const struct cr_sha256 *ctx, uint8_t out[32])
{
    SHA256_CTX sha;

    to_openssl(ctx, &sha);
    SHA256_Final(out, &sha);
    cb_wipe(&sha, sizeof(sha));
}

void cr_sha256_of(const void *p, size_t len, uint8_t out[32])
{
    SHA256(p, len, out);
}

void cr_sha384_of(const void *p, size_t len, uint8_t out[48])
{
    SHA384(p, len, out);
}

static void key_block(const void *key, size_t key_len, uint8_t block[64])
{
    memset(block, 0, 64);
    if (key_len > 64)
        cr_sha256_of(key, key_len, block);
    else if (key_len > 0)
        memcpy(block, key, key_len);
}

/* One pass: H(block ^ pad, parts). */
static void keyed_hash(const uint8_t block[64], uint8_t pad, const struct cr_part *parts,
                       size_t n_parts, uint8_t out[32])
{
    uint8_t padded[64];
    SHA256_CTX sha;

    for (size_t i = 0; i < sizeof(padded); i++)
        padded[i] = block[i] ^ pad;
    SHA256_Init(&sha);
    SHA256_Update(&sha, padded, sizeof(padded));
    for (size_t i = 0; i < n_parts; i++)
        SHA256_Update(&sha, parts[i].p, parts[i].len);
    SHA256_Final(out, &sha);
    cb_wipe(&sha, sizeof(sha));
    cb_wipe(padded, sizeof(padded));
}

void cr_hmac_sha256(const void *key, size_t key_len, const struct cr_part *parts, size_t n_parts,
                    uint8_t out[32])
{
    uint8_t block[64], inner[32];
    const struct cr_part second = {inner, sizeof(inner)};

    key_block(key, key_len, block);
    keyed_hash(block, 0x36, parts, n_parts, inner);
    keyed_hash(block, 0x5c, &second, 1, out);
    cb_wipe(block, sizeof(block));
    cb_wipe(inner, sizeof(inner));
}
