/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing under a chip's key.  Layout: 16 bytes of header (magic, version,
 * kind), ciphertext (AES-128-CTR), HMAC-SHA-256 over all of that and the IV, IV.
 *
 * The envelope stays the same in all versions, so that a genuine record of a
 * newer version (CBIT_VERSION) can be told from a damaged one (CBIT_CORRUPT).
 * The IV follows from the content: equal state gives equal bytes, and no IV is
 * ever used for two contents.
 */
#include "asp/state.h"

#define HEADER 16
#define VERSION 1
static const char magic[8] = "cbit-asp";

static void mac_of(const struct asp_chip *chip, const uint8_t *head, size_t len, const uint8_t *iv,
                   uint8_t mac[32])
{
    const struct cr_part parts[] = {{head, len}, {iv, 16}};

    cr_hmac_sha256(chip->seal_mac_key, sizeof(chip->seal_mac_key), parts, 2, mac);
}

size_t asp_seal(const struct asp_chip *chip, enum asp_seal_kind kind, const uint8_t *plain,
                size_t len, uint8_t *out)
{
    uint8_t *mac = out + HEADER + len, *iv = mac + 32, digest[32];
    const struct cr_part parts[] = {{out, HEADER}, {plain, len}};

    memcpy(out, magic, sizeof(magic));
    cb_store_le32(out + 8, VERSION);
    cb_store_le32(out + 12, (uint32_t)kind);
    cr_hmac_sha256(chip->seal_iv_key, sizeof(chip->seal_iv_key), parts, 2, digest);
    memcpy(iv, digest, 16);
    cr_aes128_ctr(chip->seal_key, iv, plain, out + HEADER, len);
    mac_of(chip, out, HEADER + len, iv, mac);
    return HEADER + len + 32 + 16;
}

enum cbit_status asp_unseal(const struct asp_chip *chip, enum asp_seal_kind kind, uint8_t *sealed,
                            size_t len, uint8_t **plain, size_t *plain_len)
{
    const uint8_t *sealed_mac, *iv;
    uint8_t mac[32];

    if (len < ASP_SEAL_OVERHEAD || memcmp(sealed, magic, sizeof(magic)) != 0)
        return CBIT_CORRUPT;
    *plain_len = len - ASP_SEAL_OVERHEAD;
    sealed_mac = sealed + HEADER + *plain_len;
    iv = sealed_mac + 32;
    mac_of(chip, sealed, HEADER + *plain_len, iv, mac);
    if (!cb_ct_equal(mac, sealed_mac, sizeof(mac)) ||
        cb_load_le32(sealed + 12) != (uint32_t)kind)
        return CBIT_CORRUPT;
    if (cb_load_le32(sealed + 8) > VERSION)
        return CBIT_VERSION;
    *plain = sealed + HEADER;
    cr_aes128_ctr(chip->seal_key, iv, *plain, *plain, *plain_len);
    return CBIT_OK;
}
