/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform's keys and certificates: CEK (from the fuses), OCA, PEK, PDH
 * (made here, kept in flash); AMD publication 55766, section 2.1.
 */
#include "asp/state.h"

void asp_chip_derive(struct asp_chip *chip)
{
    uint8_t digest[32], seed[CR_P384_SEED_LEN];

    cr_sha256_of(chip->secret, sizeof(chip->secret), digest);
    cr_kdf_sev(digest, sizeof(digest), "sev-chip-endorsement-key", NULL, 0, seed, sizeof(seed));
    cr_p384_from_seed(seed, &chip->cek);
    cr_secp256k1_public(chip->secret, chip->id);
    cr_kdf_sev(digest, sizeof(digest), "cbit-seal-encrypt", NULL, 0, chip->seal_key,
               sizeof(chip->seal_key));
    cr_kdf_sev(digest, sizeof(digest), "cbit-seal-mac", NULL, 0, chip->seal_mac_key,
               sizeof(chip->seal_mac_key));
    cr_kdf_sev(digest, sizeof(digest), "cbit-seal-iv", NULL, 0, chip->seal_iv_key,
               sizeof(chip->seal_iv_key));
    cb_wipe(digest, sizeof(digest));
    cb_wipe(seed, sizeof(seed));
}

void asp_cek_cert(const struct asp *asp, struct wire_sev_cert *cert)
{
    sev_cert_make(cert, WIRE_SEV_USAGE_CEK, WIRE_SEV_ALGO_ECDSA_SHA256, &asp->chip.cek.pub,
                  asp->profile->api_major, asp->profile->api_minor);
}

static void make_cert(const struct asp *asp, struct wire_sev_cert *cert, uint32_t usage,
                      uint32_t algo, const struct cr_p384_key *key)
{
    sev_cert_make(cert, usage, algo, &key->pub, asp->profile->api_major, asp->profile->api_minor);
}

void asp_nv_make_pdh(struct asp *asp, struct asp_nv *nv)
{
    cr_p384_generate(&asp->random, &nv->pdh);
    make_cert(asp, &nv->pdh_cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &nv->pdh);
    sev_cert_sign(&nv->pdh_cert, 0, WIRE_SEV_USAGE_PEK, &nv->pek);
}

void asp_nv_make_owner(struct asp *asp, struct asp_nv *nv)
{
    memset(nv, 0, sizeof(*nv));
    cr_p384_generate(&asp->random, &nv->oca);
    make_cert(asp, &nv->oca_cert, WIRE_SEV_USAGE_OCA, WIRE_SEV_ALGO_ECDSA_SHA256, &nv->oca);
    sev_cert_sign(&nv->oca_cert, 0, WIRE_SEV_USAGE_OCA, &nv->oca);
    cr_p384_generate(&asp->random, &nv->pek);
    make_cert(asp, &nv->pek_cert, WIRE_SEV_USAGE_PEK, WIRE_SEV_ALGO_ECDSA_SHA256, &nv->pek);
    sev_cert_sign(&nv->pek_cert, 0, WIRE_SEV_USAGE_OCA, &nv->oca);
    sev_cert_sign(&nv->pek_cert, 1, WIRE_SEV_USAGE_CEK, &asp->chip.cek);
    asp_nv_make_pdh(asp, nv);
}
