/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV certificates (AMD publication 55766, appendix C).  A signature covers the
 * body alone, so slots may be filled or exchanged without harm to each other.
 */
#include "sev/cert.h"

#define MARK_ROOM (WIRE_SEV_PUBKEY_SIZE - SEV_CERT_MARK_AT)
_Static_assert(sizeof(SEV_CERT_MARK) <= MARK_ROOM, "the mark fits behind the key");
_Static_assert(SEV_CERT_MARK_AT >= WIRE_SEV_EC_RESERVED, "the mark leaves the key alone");

void sev_cert_clear_sig(struct wire_sev_cert *cert, unsigned slot)
{
    memset(&cert->sig[slot], 0, sizeof(cert->sig[slot]));
    cert->sig[slot].usage = WIRE_SEV_USAGE_INVALID;
    cert->sig[slot].algo = WIRE_SEV_ALGO_INVALID;
}

bool sev_cert_slot_unused(const struct wire_sev_cert *cert, unsigned slot)
{
    return cert->sig[slot].usage == WIRE_SEV_USAGE_INVALID &&
           cert->sig[slot].algo == WIRE_SEV_ALGO_INVALID;
}

void sev_cert_make(struct wire_sev_cert *cert, uint32_t usage, uint32_t algo,
                   const struct cr_p384_public *pub, uint8_t api_major, uint8_t api_minor)
{
    memset(cert, 0, sizeof(*cert));
    cert->version = WIRE_SEV_CERT_VERSION;
    cert->api_major = api_major;
    cert->api_minor = api_minor;
    cert->usage = usage;
    cert->algo = algo;
    sev_pubkey_from_p384(pub, cert->pubkey);
    memcpy(cert->pubkey + SEV_CERT_MARK_AT, SEV_CERT_MARK, sizeof(SEV_CERT_MARK) - 1);
    sev_cert_clear_sig(cert, 0);
    sev_cert_clear_sig(cert, 1);
}

void sev_cert_sign(struct wire_sev_cert *cert, unsigned slot, uint32_t usage,
                   const struct cr_p384_key *key)
{
    uint8_t body[WIRE_SEV_CERT_BODY], digest[32];
    struct cr_p384_sig sig;

    wire_sev_cert_encode_body(cert, body);
    cr_sha256_of(body, sizeof(body), digest);
    cr_p384_sign(key, digest, sizeof(digest), &sig);
    sev_cert_clear_sig(cert, slot);
    cert->sig[slot].usage = usage;
    cert->sig[slot].algo = WIRE_SEV_ALGO_ECDSA_SHA256;
    sev_sig_from_p384(&sig, cert->sig[slot].bytes);
}

enum cbit_status sev_cert_sign_rsa(struct wire_sev_cert *cert, unsigned slot, uint32_t usage,
                                   const struct cr_rsa_key *key)
{
    const bool big = key->pub.bits == 4096;
    const size_t len = key->pub.bits / 8;
    uint8_t body[WIRE_SEV_CERT_BODY], sig[CR_RSA_MAX];
    enum cbit_status status;

    wire_sev_cert_encode_body(cert, body);
    status = cr_rsa_pss_sign(key, big ? CR_RSA_SHA384 : CR_RSA_SHA256, body, sizeof(body), sig);
    if (status != CBIT_OK)
        return status;
    sev_cert_clear_sig(cert, slot);
    cert->sig[slot].usage = usage;
    cert->sig[slot].algo = big ? WIRE_SEV_ALGO_RSA_SHA384 : WIRE_SEV_ALGO_RSA_SHA256;
    for (size_t i = 0; i < len; i++)
        cert->sig[slot].bytes[i] = sig[len - 1 - i];
    return CBIT_OK;
}

enum cbit_status sev_cert_sign_ask(struct wire_sev_cert *cert, unsigned slot,
                                   const struct cr_rsa_key *key)
{
    return sev_cert_sign_rsa(cert, slot, WIRE_SEV_USAGE_ASK, key);
}

void sev_public_of(const struct wire_sev_cert *cert, struct sev_public *out)
{
    out->usage = cert->usage;
    out->algo = cert->algo;
    memcpy(out->pubkey, cert->pubkey, sizeof(out->pubkey));
}

static bool verify_ec(const struct sev_public *signer, const uint8_t *body,
                      const struct wire_sev_sig *slot)
{
    uint8_t digest[48];
    size_t len = 32;
    struct cr_p384_public pub;
    struct cr_p384_sig sig;

    if (slot->algo == WIRE_SEV_ALGO_ECDSA_SHA384) {
        len = 48;
        cr_sha384_of(body, WIRE_SEV_CERT_BODY, digest);
    } else {
        cr_sha256_of(body, WIRE_SEV_CERT_BODY, digest);
    }
    return sev_pubkey_to_p384(signer->pubkey, &pub) && sev_sig_to_p384(slot->bytes, &sig) &&
           cr_p384_verify(&pub, digest, len, &sig);
}

static bool verify_rsa(const struct sev_public *signer, const uint8_t *body,
                       const struct wire_sev_sig *slot)
{
    struct cr_rsa_public pub;
    uint8_t sig[CR_RSA_MAX];
    size_t len;

    if (!sev_pubkey_to_rsa(signer->pubkey, &pub))
        return false;
    len = pub.bits / 8;
    for (size_t i = 0; i < len; i++)
        sig[i] = slot->bytes[len - 1 - i];
    return cr_rsa_pss_verify(
        &pub, slot->algo == WIRE_SEV_ALGO_RSA_SHA384 ? CR_RSA_SHA384 : CR_RSA_SHA256, body,
        WIRE_SEV_CERT_BODY, sig);
}

static bool verify_slot(const struct wire_sev_cert *cert, const struct sev_public *signer,
                        unsigned slot)
{
    uint8_t body[WIRE_SEV_CERT_BODY];

    wire_sev_cert_encode_body(cert, body);
    switch (signer->algo) {
    case WIRE_SEV_ALGO_ECDSA_SHA256:
    case WIRE_SEV_ALGO_ECDSA_SHA384:
        return verify_ec(signer, body, &cert->sig[slot]);
    case WIRE_SEV_ALGO_RSA_SHA256:
    case WIRE_SEV_ALGO_RSA_SHA384:
        return verify_rsa(signer, body, &cert->sig[slot]);
    default:
        return false; /* a key for ECDH signs nothing */
    }
}

/* Who may sign whom. */
static bool usage_fits(uint32_t cert, uint32_t signer)
{
    static const struct {
        uint32_t cert, signer;
    } allowed[] = {
        {WIRE_SEV_USAGE_PDH, WIRE_SEV_USAGE_PEK}, {WIRE_SEV_USAGE_PEK, WIRE_SEV_USAGE_OCA},
        {WIRE_SEV_USAGE_PEK, WIRE_SEV_USAGE_CEK}, {WIRE_SEV_USAGE_OCA, WIRE_SEV_USAGE_OCA},
        {WIRE_SEV_USAGE_CEK, WIRE_SEV_USAGE_ASK},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(allowed); i++)
        if (allowed[i].cert == cert && allowed[i].signer == signer)
            return true;
    return false;
}

/* Usage and algorithm are both there or both not. */
static bool slot_is_whole(const struct wire_sev_sig *sig)
{
    return (sig->usage == WIRE_SEV_USAGE_INVALID) == (sig->algo == WIRE_SEV_ALGO_INVALID);
}

enum wire_sev_status sev_cert_verify(const struct wire_sev_cert *cert,
                                     const struct sev_public *signer)
{
    bool named = false, good = false;
    struct sev_public own;

    if (!sev_public_ok(signer))
        return WIRE_SEV_INVALID_CERTIFICATE;
    if (!slot_is_whole(&cert->sig[0]) || !slot_is_whole(&cert->sig[1]))
        return WIRE_SEV_BAD_SIGNATURE;
    for (unsigned slot = 0; slot < 2; slot++) {
        if (cert->sig[slot].usage != signer->usage || cert->sig[slot].algo != signer->algo)
            continue;
        named = true;
        good = verify_slot(cert, signer, slot); /* with two of them the second decides */
    }
    if (!named)
        return WIRE_SEV_INVALID_CERTIFICATE;
    if (!good)
        return WIRE_SEV_BAD_SIGNATURE;
    sev_public_of(cert, &own);
    if (cert->version != WIRE_SEV_CERT_VERSION || !sev_public_ok(&own) ||
        !usage_fits(cert->usage, signer->usage))
        return WIRE_SEV_INVALID_CERTIFICATE;
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status sev_cert_verify_by(const struct wire_sev_cert *cert,
                                        const struct wire_sev_cert *signer)
{
    struct sev_public key;

    sev_public_of(signer, &key);
    return sev_cert_verify(cert, &key);
}

enum wire_sev_status sev_cert_check_dh(const struct wire_sev_cert *cert,
                                       struct cr_p384_public *pub)
{
    if (cert->version != WIRE_SEV_CERT_VERSION || !sev_pubkey_to_p384(cert->pubkey, pub) ||
        cert->usage != WIRE_SEV_USAGE_PDH || cert->algo != WIRE_SEV_ALGO_ECDH_SHA256)
        return WIRE_SEV_INVALID_CERTIFICATE;
    return WIRE_SEV_SUCCESS;
}

static bool sig_padding_ok(const struct wire_sev_sig *sig)
{
    switch (sig->algo) {
    case WIRE_SEV_ALGO_INVALID:
        return sig->usage == WIRE_SEV_USAGE_INVALID && cb_all_zero(sig->bytes, sizeof(sig->bytes));
    case WIRE_SEV_ALGO_ECDSA_SHA256:
    case WIRE_SEV_ALGO_ECDSA_SHA384:
        return cb_all_zero(sig->bytes + WIRE_SEV_REPORT_SIG_SIZE,
                           sizeof(sig->bytes) - WIRE_SEV_REPORT_SIG_SIZE);
    case WIRE_SEV_ALGO_RSA_SHA256: /* 2048 bits */
        return cb_all_zero(sig->bytes + 256, sizeof(sig->bytes) - 256);
    case WIRE_SEV_ALGO_RSA_SHA384:
        return true;
    default:
        return false;
    }
}

bool sev_cert_padding_ok(const struct wire_sev_cert *cert)
{
    return sig_padding_ok(&cert->sig[0]) && sig_padding_ok(&cert->sig[1]);
}

bool sev_cert_same_body(const struct wire_sev_cert *a, const struct wire_sev_cert *b)
{
    uint8_t x[WIRE_SEV_CERT_BODY], y[WIRE_SEV_CERT_BODY];

    wire_sev_cert_encode_body(a, x);
    wire_sev_cert_encode_body(b, y);
    return memcmp(x, y, sizeof(x)) == 0;
}
