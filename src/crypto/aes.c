/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-128-CTR (SP 800-38A) and AES-256-GCM (SP 800-38D) by libcrypto.  Its only
 * failure with these fixed arguments is a host out of memory, which ends the
 * program.
 */
#include "crypto/aes.h"

#include <limits.h>

#include <openssl/evp.h>

#define MUST(call) CBIT_ASSERT((call) == 1)

void cr_aes128_ctr(const uint8_t key[16], const uint8_t iv[16], const void *in, void *out,
                   size_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    CBIT_ASSERT(ctx && len <= INT_MAX);
    MUST(EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, iv));
    MUST(EVP_EncryptUpdate(ctx, out, &n, in, (int)len));
    EVP_CIPHER_CTX_free(ctx);
}

/* A context with key, IV and AAD in it. */
static EVP_CIPHER_CTX *gcm_start(const struct cr_gcm *gcm, int encrypt)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    CBIT_ASSERT(ctx && gcm->iv_len <= 64 && gcm->aad_len <= INT_MAX);
    MUST(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, NULL, NULL, encrypt));
    MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)gcm->iv_len, NULL));
    MUST(EVP_CipherInit_ex(ctx, NULL, NULL, gcm->key, gcm->iv, encrypt));
    MUST(EVP_CipherUpdate(ctx, NULL, &n, gcm->aad, (int)gcm->aad_len));
    return ctx;
}

void cr_aes256_gcm_seal(const struct cr_gcm *gcm, const void *in, void *out, size_t len,
                        uint8_t tag[16])
{
    EVP_CIPHER_CTX *ctx = gcm_start(gcm, 1);
    uint8_t none[16];
    int n = 0;

    CBIT_ASSERT(len <= INT_MAX);
    MUST(EVP_CipherUpdate(ctx, out, &n, in, (int)len));
    MUST(EVP_CipherFinal_ex(ctx, none, &n));
    MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag));
    EVP_CIPHER_CTX_free(ctx);
}

bool cr_aes256_gcm_open(const struct cr_gcm *gcm, const void *in, void *out, size_t len,
                        const uint8_t tag[16])
{
    EVP_CIPHER_CTX *ctx = gcm_start(gcm, 0);
    uint8_t wanted[16], none[16];
    bool good;
    int n = 0;

    CBIT_ASSERT(len <= INT_MAX);
    memcpy(wanted, tag, sizeof(wanted));
    MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, wanted));
    MUST(EVP_CipherUpdate(ctx, out, &n, in, (int)len));
    good = EVP_CipherFinal_ex(ctx, none, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!good)
        cb_wipe(out, len);
    return good;
}
