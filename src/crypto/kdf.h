/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation: NIST SP 800-108 in counter mode with HMAC-SHA-256. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/hash.h"

/*
 * The general form: block i is HMAC(key, [i], fixed input), blocks one after
 * the other, cut to out_len.  The counter stands first, width_bits wide.
 */
struct cr_kdf_counter {
    unsigned width_bits; /* 8, 16, 24 or 32 */
    bool little_endian;
};
void cr_kdf_counter_mode(struct cr_kdf_counter counter, const void *key, size_t key_len,
                         const struct cr_part *fixed, size_t n_fixed, void *out, size_t out_len);

/*
 * SEV's form: counter and length are 32-bit little-endian, the fixed input is
 * label, 0x00, context, length in bits.
 */
void cr_kdf_sev(const void *key, size_t key_len, const char *label, const void *context,
                size_t context_len, void *out, size_t out_len);

#endif
