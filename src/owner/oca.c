/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's certificate authority; see oca.h. */
#include "owner/oca.h"

void own_oca_make(const struct cr_p384_key *key, struct wire_sev_cert *oca)
{
    sev_cert_make(oca, WIRE_SEV_USAGE_OCA, WIRE_SEV_ALGO_ECDSA_SHA256, &key->pub, 0, 0);
    sev_cert_sign(oca, 0, WIRE_SEV_USAGE_OCA, key);
}

static bool is_key_of(const struct cr_p384_key *key, const struct wire_sev_cert *oca)
{
    struct cr_p384_public pub;

    return sev_pubkey_to_p384(oca->pubkey, &pub) && memcmp(&pub, &key->pub, sizeof(pub)) == 0;
}

enum wire_sev_status own_oca_sign(const struct cr_p384_key *key, const struct wire_sev_cert *oca,
                                  struct wire_sev_cert *csr)
{
    struct cr_p384_public pek;

    if (csr->version != WIRE_SEV_CERT_VERSION || csr->usage != WIRE_SEV_USAGE_PEK ||
        csr->algo != WIRE_SEV_ALGO_ECDSA_SHA256 || !sev_pubkey_to_p384(csr->pubkey, &pek))
        return WIRE_SEV_INVALID_CERTIFICATE;
    if (!sev_cert_slot_unused(csr, 0) || !sev_cert_slot_unused(csr, 1) || !is_key_of(key, oca))
        return WIRE_SEV_INVALID_CERTIFICATE;
    sev_cert_sign(csr, 0, WIRE_SEV_USAGE_OCA, key);
    return WIRE_SEV_SUCCESS;
}
