/* SPDX-License-Identifier: Apache-2.0 */
/* SEV and AMD certificates to and from bytes; what they mean is decided in sev/. */
#include "wire/sev_cert.h"

static void sig_decode(struct wire_sev_sig *sig, const uint8_t *b)
{
    sig->usage = cb_load_le32(b);
    sig->algo = cb_load_le32(b + 4);
    memcpy(sig->bytes, b + 8, sizeof(sig->bytes));
}

static void sig_encode(const struct wire_sev_sig *sig, uint8_t *b)
{
    cb_store_le32(b, sig->usage);
    cb_store_le32(b + 4, sig->algo);
    memcpy(b + 8, sig->bytes, sizeof(sig->bytes));
}

void wire_sev_cert_decode(struct wire_sev_cert *cert, const uint8_t b[WIRE_SEV_CERT_SIZE])
{
    cert->version = cb_load_le32(b);
    cert->api_major = b[4];
    cert->api_minor = b[5];
    cert->reserved = cb_load_le16(b + 6);
    cert->usage = cb_load_le32(b + 8);
    cert->algo = cb_load_le32(b + 0xc);
    memcpy(cert->pubkey, b + 0x10, sizeof(cert->pubkey));
    sig_decode(&cert->sig[0], b + 0x414);
    sig_decode(&cert->sig[1], b + 0x61c);
}

void wire_sev_cert_encode_body(const struct wire_sev_cert *cert, uint8_t b[WIRE_SEV_CERT_BODY])
{
    cb_store_le32(b, cert->version);
    b[4] = cert->api_major;
    b[5] = cert->api_minor;
    cb_store_le16(b + 6, cert->reserved);
    cb_store_le32(b + 8, cert->usage);
    cb_store_le32(b + 0xc, cert->algo);
    memcpy(b + 0x10, cert->pubkey, sizeof(cert->pubkey));
}

void wire_sev_cert_encode(const struct wire_sev_cert *cert, uint8_t b[WIRE_SEV_CERT_SIZE])
{
    wire_sev_cert_encode_body(cert, b);
    sig_encode(&cert->sig[0], b + 0x414);
    sig_encode(&cert->sig[1], b + 0x61c);
}

static bool size_is_legal(uint32_t bits)
{
    return bits == 2048 || bits == 4096;
}

size_t wire_amd_cert_decode(struct wire_amd_cert *cert, const uint8_t *b, size_t len)
{
    size_t at = WIRE_AMD_CERT_FIXED;

    memset(cert, 0, sizeof(*cert));
    if (len < WIRE_AMD_CERT_FIXED)
        return 0;
    cert->version = cb_load_le32(b);
    memcpy(cert->key_id, b + 0x04, sizeof(cert->key_id));
    memcpy(cert->certifying_id, b + 0x14, sizeof(cert->certifying_id));
    cert->usage = cb_load_le32(b + 0x24);
    memcpy(cert->reserved, b + 0x28, sizeof(cert->reserved));
    cert->pubexp_bits = cb_load_le32(b + 0x38);
    cert->modulus_bits = cb_load_le32(b + 0x3c);
    if (!size_is_legal(cert->pubexp_bits) || !size_is_legal(cert->modulus_bits) ||
        len < wire_amd_cert_size(cert->pubexp_bits, cert->modulus_bits))
        return 0;
    memcpy(cert->pubexp, b + at, cert->pubexp_bits / 8);
    at += cert->pubexp_bits / 8;
    memcpy(cert->modulus, b + at, cert->modulus_bits / 8);
    at += cert->modulus_bits / 8;
    memcpy(cert->signature, b + at, cert->modulus_bits / 8);
    return at + cert->modulus_bits / 8;
}

size_t wire_amd_cert_encode_body(const struct wire_amd_cert *cert, uint8_t b[WIRE_AMD_CERT_MAX])
{
    size_t at = WIRE_AMD_CERT_FIXED;

    CBIT_ASSERT(size_is_legal(cert->pubexp_bits) && size_is_legal(cert->modulus_bits));
    cb_store_le32(b, cert->version);
    memcpy(b + 0x04, cert->key_id, sizeof(cert->key_id));
    memcpy(b + 0x14, cert->certifying_id, sizeof(cert->certifying_id));
    cb_store_le32(b + 0x24, cert->usage);
    memcpy(b + 0x28, cert->reserved, sizeof(cert->reserved));
    cb_store_le32(b + 0x38, cert->pubexp_bits);
    cb_store_le32(b + 0x3c, cert->modulus_bits);
    memcpy(b + at, cert->pubexp, cert->pubexp_bits / 8);
    at += cert->pubexp_bits / 8;
    memcpy(b + at, cert->modulus, cert->modulus_bits / 8);
    return at + cert->modulus_bits / 8;
}

size_t wire_amd_cert_encode(const struct wire_amd_cert *cert, uint8_t b[WIRE_AMD_CERT_MAX])
{
    const size_t at = wire_amd_cert_encode_body(cert, b);

    memcpy(b + at, cert->signature, cert->modulus_bits / 8);
    return at + cert->modulus_bits / 8;
}
