/* SPDX-License-Identifier: Apache-2.0 */
/* The launch measurement and the attestation report (AMD publication 55766, 6.5 and 6.8). */
#ifndef SEV_MEASURE_H
#define SEV_MEASURE_H

#include "sev/cert.h"

struct sev_measure {
    uint8_t api_major, api_minor, build;
    uint32_t policy;
    uint8_t digest[32]; /* SHA-256 of all launched data */
    uint8_t mnonce[WIRE_SEV_NONCE_SIZE];
};

/*
 * MEASURE.  Firmware before 0.17 left the first four bytes of the message out;
 * the versions in m decide.
 */
void sev_measure_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], const struct sev_measure *m,
                     uint8_t measure[WIRE_SEV_MAC_SIZE]);

struct sev_report {
    uint8_t mnonce[WIRE_SEV_NONCE_SIZE];
    uint8_t digest[32];
    uint32_t policy;
};
void sev_report_sign(const struct sev_report *report, const struct cr_p384_key *pek,
                     uint8_t out[WIRE_SEV_REPORT_SIZE]);
/* INVALID_CERTIFICATE: not signed by a PEK's kind of key; BAD_SIGNATURE. */
enum wire_sev_status sev_report_verify(const uint8_t in[WIRE_SEV_REPORT_SIZE],
                                       const struct wire_sev_cert *pek, struct sev_report *report);

#endif
