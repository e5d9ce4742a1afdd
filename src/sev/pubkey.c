/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and signatures between crypto's big-endian numbers and the little-endian
 * fields of certificates, zero-extended at the high end.
 */
#include "sev/cert.h"

/* Big-endian n bytes to a little-endian field. */
static void to_field(const uint8_t *be, size_t n, uint8_t *field, size_t field_len)
{
    memset(field, 0, field_len);
    for (size_t i = 0; i < n; i++)
        field[i] = be[n - 1 - i];
}

/* False: the number does not fit n bytes. */
static bool from_field(const uint8_t *field, size_t field_len, uint8_t *be, size_t n)
{
    for (size_t i = 0; i < n; i++)
        be[n - 1 - i] = field[i];
    return cb_all_zero(field + n, field_len - n);
}

void sev_pubkey_from_p384(const struct cr_p384_public *pub, uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE])
{
    memset(pubkey, 0, WIRE_SEV_PUBKEY_SIZE);
    cb_store_le32(pubkey + WIRE_SEV_EC_CURVE, WIRE_SEV_CURVE_P384);
    to_field(pub->x, CR_P384_LEN, pubkey + WIRE_SEV_EC_QX, WIRE_SEV_EC_FIELD);
    to_field(pub->y, CR_P384_LEN, pubkey + WIRE_SEV_EC_QY, WIRE_SEV_EC_FIELD);
}

bool sev_pubkey_to_p384(const uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE], struct cr_p384_public *pub)
{
    return cb_load_le32(pubkey + WIRE_SEV_EC_CURVE) == WIRE_SEV_CURVE_P384 &&
           from_field(pubkey + WIRE_SEV_EC_QX, WIRE_SEV_EC_FIELD, pub->x, CR_P384_LEN) &&
           from_field(pubkey + WIRE_SEV_EC_QY, WIRE_SEV_EC_FIELD, pub->y, CR_P384_LEN) &&
           cr_p384_public_ok(pub);
}

void sev_pubkey_from_rsa(const struct cr_rsa_public *pub, uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE])
{
    memset(pubkey, 0, WIRE_SEV_PUBKEY_SIZE);
    cb_store_le32(pubkey + WIRE_SEV_RSA_BITS, pub->bits);
    to_field(pub->e, pub->bits / 8, pubkey + WIRE_SEV_RSA_PUBEXP, WIRE_SEV_RSA_FIELD);
    to_field(pub->n, pub->bits / 8, pubkey + WIRE_SEV_RSA_MODULUS, WIRE_SEV_RSA_FIELD);
}

bool sev_pubkey_to_rsa(const uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE], struct cr_rsa_public *pub)
{
    const uint32_t bits = cb_load_le32(pubkey + WIRE_SEV_RSA_BITS);

    memset(pub, 0, sizeof(*pub));
    if (bits != 2048 && bits != 4096)
        return false;
    pub->bits = bits;
    return from_field(pubkey + WIRE_SEV_RSA_PUBEXP, WIRE_SEV_RSA_FIELD, pub->e, bits / 8) &&
           from_field(pubkey + WIRE_SEV_RSA_MODULUS, WIRE_SEV_RSA_FIELD, pub->n, bits / 8);
}

void sev_sig_from_p384(const struct cr_p384_sig *sig, uint8_t out[WIRE_SEV_REPORT_SIG_SIZE])
{
    to_field(sig->r, CR_P384_LEN, out, WIRE_SEV_EC_FIELD);
    to_field(sig->s, CR_P384_LEN, out + WIRE_SEV_EC_FIELD, WIRE_SEV_EC_FIELD);
}

bool sev_sig_to_p384(const uint8_t in[WIRE_SEV_REPORT_SIG_SIZE], struct cr_p384_sig *sig)
{
    return from_field(in, WIRE_SEV_EC_FIELD, sig->r, CR_P384_LEN) &&
           from_field(in + WIRE_SEV_EC_FIELD, WIRE_SEV_EC_FIELD, sig->s, CR_P384_LEN);
}

static bool usage_known(uint32_t usage)
{
    return usage == WIRE_SEV_USAGE_ARK || usage == WIRE_SEV_USAGE_ASK ||
           (usage >= WIRE_SEV_USAGE_OCA && usage <= WIRE_SEV_USAGE_CEK);
}

bool sev_public_ok(const struct sev_public *key)
{
    struct cr_p384_public ec;
    struct cr_rsa_public rsa;

    if (!usage_known(key->usage))
        return false;
    switch (key->algo) {
    case WIRE_SEV_ALGO_RSA_SHA256:
    case WIRE_SEV_ALGO_RSA_SHA384:
        return sev_pubkey_to_rsa(key->pubkey, &rsa);
    case WIRE_SEV_ALGO_ECDSA_SHA256:
    case WIRE_SEV_ALGO_ECDSA_SHA384:
    case WIRE_SEV_ALGO_ECDH_SHA256:
    case WIRE_SEV_ALGO_ECDH_SHA384:
        return sev_pubkey_to_p384(key->pubkey, &ec);
    default:
        return false;
    }
}
