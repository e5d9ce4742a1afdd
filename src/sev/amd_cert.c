/* SPDX-License-Identifier: Apache-2.0 */
/* ARK and ASK: make, sign, verify, bundle. */
#include "sev/amd_cert.h"

_Static_assert(sizeof(SEV_AMD_MARK) == 16, "the mark fills the reserved field");

static void reverse(const uint8_t *from, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = from[len - 1 - i];
}

void sev_amd_cert_make(struct wire_amd_cert *cert, uint32_t usage,
                       const uint8_t key_id[WIRE_AMD_KEY_ID_SIZE],
                       const uint8_t certifying_id[WIRE_AMD_KEY_ID_SIZE],
                       const struct cr_rsa_public *pub)
{
    memset(cert, 0, sizeof(*cert));
    cert->version = WIRE_SEV_CERT_VERSION;
    memcpy(cert->key_id, key_id, sizeof(cert->key_id));
    memcpy(cert->certifying_id, certifying_id, sizeof(cert->certifying_id));
    cert->usage = usage;
    memcpy(cert->reserved, SEV_AMD_MARK, sizeof(cert->reserved));
    cert->pubexp_bits = pub->bits;
    cert->modulus_bits = pub->bits;
    reverse(pub->e, cert->pubexp, pub->bits / 8);
    reverse(pub->n, cert->modulus, pub->bits / 8);
}

static enum cr_rsa_hash hash_for(unsigned bits)
{
    return bits == 4096 ? CR_RSA_SHA384 : CR_RSA_SHA256;
}

enum cbit_status sev_amd_cert_sign(struct wire_amd_cert *cert, const struct cr_rsa_key *signer)
{
    uint8_t body[WIRE_AMD_CERT_MAX], sig[CR_RSA_MAX];
    const size_t len = wire_amd_cert_encode_body(cert, body);
    enum cbit_status status;

    if (signer->pub.bits != cert->modulus_bits)
        return CBIT_INVALID; /* the layout has one size for both */
    status = cr_rsa_pss_sign(signer, hash_for(signer->pub.bits), body, len, sig);
    if (status == CBIT_OK)
        reverse(sig, cert->signature, signer->pub.bits / 8);
    return status;
}

void sev_amd_cert_rsa(const struct wire_amd_cert *cert, struct cr_rsa_public *out)
{
    const size_t len = cert->modulus_bits / 8, e_len = cert->pubexp_bits / 8;

    memset(out, 0, sizeof(*out));
    out->bits = cert->modulus_bits;
    reverse(cert->modulus, out->n, len);
    for (size_t i = 0; i < len && i < e_len; i++)
        out->e[len - 1 - i] = cert->pubexp[i];
}

enum wire_sev_status sev_amd_cert_verify(const struct wire_amd_cert *cert, uint32_t usage,
                                         const struct wire_amd_cert *signer)
{
    uint8_t body[WIRE_AMD_CERT_MAX], sig[CR_RSA_MAX];
    struct cr_rsa_public pub;
    size_t len;

    if (cert->version != WIRE_SEV_CERT_VERSION || cert->usage != usage ||
        signer->usage != WIRE_SEV_USAGE_ARK || signer->modulus_bits != cert->modulus_bits ||
        memcmp(cert->certifying_id, signer->key_id, sizeof(cert->certifying_id)) != 0)
        return WIRE_SEV_INVALID_CERTIFICATE;
    sev_amd_cert_rsa(signer, &pub);
    len = wire_amd_cert_encode_body(cert, body);
    reverse(cert->signature, sig, pub.bits / 8);
    return cr_rsa_pss_verify(&pub, hash_for(pub.bits), body, len, sig) ? WIRE_SEV_SUCCESS
                                                                       : WIRE_SEV_BAD_SIGNATURE;
}

void sev_amd_cert_public(const struct wire_amd_cert *cert, struct sev_public *out)
{
    struct cr_rsa_public pub;

    sev_amd_cert_rsa(cert, &pub);
    out->usage = cert->usage;
    out->algo = pub.bits == 4096 ? WIRE_SEV_ALGO_RSA_SHA384 : WIRE_SEV_ALGO_RSA_SHA256;
    sev_pubkey_from_rsa(&pub, out->pubkey);
}

void sev_amd_cert_fingerprint(const struct wire_amd_cert *cert, uint8_t out[48])
{
    uint8_t body[WIRE_AMD_CERT_MAX];

    cr_sha384_of(body, wire_amd_cert_encode_body(cert, body), out);
}

bool sev_amd_bundle_decode(const uint8_t *b, size_t len, struct wire_amd_cert *ask,
                           struct wire_amd_cert *ark)
{
    const size_t first = wire_amd_cert_decode(ask, b, len);

    return first > 0 && wire_amd_cert_decode(ark, b + first, len - first) == len - first &&
           len > first;
}

size_t sev_amd_bundle_encode(const struct wire_amd_cert *ask, const struct wire_amd_cert *ark,
                             uint8_t b[SEV_AMD_BUNDLE_MAX])
{
    const size_t first = wire_amd_cert_encode(ask, b);

    return first + wire_amd_cert_encode(ark, b + first);
}
