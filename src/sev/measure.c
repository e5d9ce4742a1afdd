/* SPDX-License-Identifier: Apache-2.0 */
/* MEASURE and the attestation report. */
#include "sev/measure.h"

void sev_measure_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], const struct sev_measure *m,
                     uint8_t measure[WIRE_SEV_MAC_SIZE])
{
    const bool old = m->api_major == 0 && m->api_minor < 17;
    uint8_t message[WIRE_SEV_MEASURE_MESSAGE_SIZE];
    const size_t skip = old ? 4 : 0;
    const struct cr_part part = {message + skip, sizeof(message) - skip};

    message[0] = WIRE_SEV_MEASURE_CONTEXT;
    message[1] = m->api_major;
    message[2] = m->api_minor;
    message[3] = m->build;
    cb_store_le32(message + 4, m->policy);
    memcpy(message + 8, m->digest, sizeof(m->digest));
    memcpy(message + 40, m->mnonce, sizeof(m->mnonce));
    cr_hmac_sha256(tik, WIRE_SEV_KEY_SIZE, &part, 1, measure);
}

void sev_report_sign(const struct sev_report *report, const struct cr_p384_key *pek,
                     uint8_t out[WIRE_SEV_REPORT_SIZE])
{
    struct cr_p384_sig sig;
    uint8_t digest[32];

    memset(out, 0, WIRE_SEV_REPORT_SIZE);
    memcpy(out + WIRE_SEV_REPORT_MNONCE, report->mnonce, sizeof(report->mnonce));
    memcpy(out + WIRE_SEV_REPORT_DIGEST, report->digest, sizeof(report->digest));
    cb_store_le32(out + WIRE_SEV_REPORT_POLICY, report->policy);
    cb_store_le32(out + WIRE_SEV_REPORT_SIG_USAGE, WIRE_SEV_USAGE_PEK);
    cb_store_le32(out + WIRE_SEV_REPORT_SIG_ALGO, WIRE_SEV_ALGO_ECDSA_SHA256);
    cr_sha256_of(out, WIRE_SEV_REPORT_SIG_USAGE, digest);
    cr_p384_sign(pek, digest, sizeof(digest), &sig);
    sev_sig_from_p384(&sig, out + WIRE_SEV_REPORT_SIG);
}

enum wire_sev_status sev_report_verify(const uint8_t in[WIRE_SEV_REPORT_SIZE],
                                       const struct wire_sev_cert *pek, struct sev_report *report)
{
    struct cr_p384_public pub;
    struct cr_p384_sig sig;
    uint8_t digest[32];

    if (pek->usage != WIRE_SEV_USAGE_PEK || !sev_pubkey_to_p384(pek->pubkey, &pub) ||
        cb_load_le32(in + WIRE_SEV_REPORT_SIG_USAGE) != WIRE_SEV_USAGE_PEK ||
        cb_load_le32(in + WIRE_SEV_REPORT_SIG_ALGO) != WIRE_SEV_ALGO_ECDSA_SHA256 ||
        cb_load_le32(in + WIRE_SEV_REPORT_RESERVED) != 0)
        return WIRE_SEV_INVALID_CERTIFICATE;
    cr_sha256_of(in, WIRE_SEV_REPORT_SIG_USAGE, digest);
    if (!sev_sig_to_p384(in + WIRE_SEV_REPORT_SIG, &sig) ||
        !cr_p384_verify(&pub, digest, sizeof(digest), &sig))
        return WIRE_SEV_BAD_SIGNATURE;
    memcpy(report->mnonce, in + WIRE_SEV_REPORT_MNONCE, sizeof(report->mnonce));
    memcpy(report->digest, in + WIRE_SEV_REPORT_DIGEST, sizeof(report->digest));
    report->policy = cb_load_le32(in + WIRE_SEV_REPORT_POLICY);
    return WIRE_SEV_SUCCESS;
}
