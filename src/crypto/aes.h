/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES as the transports use it.  (The memory cipher is elsewhere:
 * crypto/memory_cipher*.)
 */
#ifndef CRYPTO_AES_H
#define CRYPTO_AES_H

#include "base/base.h"

/*
 * AES-128 in counter mode; the 16-byte initial block counts as a big-endian
 * number.  Encrypts and decrypts; in and out may be the same.
 */
void cr_aes128_ctr(const uint8_t key[16], const uint8_t iv[16], const void *in, void *out,
                   size_t len);

/* AES-256-GCM.  in and out may be the same. */
struct cr_gcm {
    const uint8_t *key; /* 32 bytes */
    const void *iv;
    size_t iv_len;
    const void *aad;
    size_t aad_len;
};
void cr_aes256_gcm_seal(const struct cr_gcm *gcm, const void *in, void *out, size_t len,
                        uint8_t tag[16]);
/* False: the tag is wrong; out is wiped. */
bool cr_aes256_gcm_open(const struct cr_gcm *gcm, const void *in, void *out, size_t len,
                        const uint8_t tag[16]);

#endif
