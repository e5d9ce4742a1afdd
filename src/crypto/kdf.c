/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIST SP 800-108 counter mode.  SEV counts in little-endian, unlike the usual
 * reading of the publication; the general form takes either, so that NIST's
 * vectors test the same code.
 */
#include "crypto/kdf.h"

static void put_counter(struct cr_kdf_counter form, uint32_t i, uint8_t out[4])
{
    const unsigned n = form.width_bits / 8;

    for (unsigned k = 0; k < n; k++)
        out[form.little_endian ? k : n - 1 - k] = (uint8_t)(i >> (8 * k));
}

#define MAX_FIXED 7

void cr_kdf_counter_mode(struct cr_kdf_counter counter, const void *key, size_t key_len,
                         const struct cr_part *fixed, size_t n_fixed, void *out, size_t out_len)
{
    struct cr_part parts[1 + MAX_FIXED];
    uint8_t i_bytes[4], block[32];
    uint8_t *to = out;

    CBIT_ASSERT(n_fixed <= MAX_FIXED && counter.width_bits % 8 == 0 && counter.width_bits <= 32);
    parts[0] = (struct cr_part){i_bytes, counter.width_bits / 8};
    for (size_t k = 0; k < n_fixed; k++)
        parts[1 + k] = fixed[k];
    for (uint32_t i = 1; out_len > 0; i++) {
        const size_t n = out_len < sizeof(block) ? out_len : sizeof(block);

        put_counter(counter, i, i_bytes);
        cr_hmac_sha256(key, key_len, parts, 1 + n_fixed, block);
        memcpy(to, block, n);
        to += n;
        out_len -= n;
    }
    cb_wipe(block, sizeof(block));
}

void cr_kdf_sev(const void *key, size_t key_len, const char *label, const void *context,
                size_t context_len, void *out, size_t out_len)
{
    static const uint8_t separator = 0;
    uint8_t bits[4];
    const struct cr_part fixed[] = {
        {label, strlen(label)}, {&separator, 1}, {context, context_len}, {bits, sizeof(bits)}};

    cb_store_le32(bits, (uint32_t)(out_len * 8));
    cr_kdf_counter_mode((struct cr_kdf_counter){32, true}, key, key_len, fixed,
                        CB_ARRAY_LEN(fixed), out, out_len);
}
