/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two CA certificates above a chip: ARK (self-signed root) and ASK (signs
 * the CEK); AMD publication 55766, appendix B.  RSA-PSS with SHA-256 at 2048 bits
 * and SHA-384 at 4096.
 */
#ifndef SEV_AMD_CERT_H
#define SEV_AMD_CERT_H

#include "sev/cert.h"

#define SEV_AMD_MARK "TEST by cbit\0\0\0" /* 16 bytes of the reserved field */

/* ASK, then ARK, as AMD's bundle and SEND_START have them. */
#define SEV_AMD_BUNDLE_MAX (2 * WIRE_AMD_CERT_MAX)

/* A test certificate with SEV_AMD_MARK and no signature yet. */
void sev_amd_cert_make(struct wire_amd_cert *cert, uint32_t usage,
                       const uint8_t key_id[WIRE_AMD_KEY_ID_SIZE],
                       const uint8_t certifying_id[WIRE_AMD_KEY_ID_SIZE],
                       const struct cr_rsa_public *pub);
enum cbit_status sev_amd_cert_sign(struct wire_amd_cert *cert,
                                   const struct cr_rsa_key *signer) CBIT_MUST_CHECK;

/*
 * Is cert, of that usage, genuine under signer (for an ARK: itself)?
 * INVALID_CERTIFICATE: version, usage, sizes or certifying id; BAD_SIGNATURE.
 */
enum wire_sev_status sev_amd_cert_verify(const struct wire_amd_cert *cert, uint32_t usage,
                                         const struct wire_amd_cert *signer);

/* The key as the CEK's signature slot names it. */
void sev_amd_cert_public(const struct wire_amd_cert *cert, struct sev_public *out);
void sev_amd_cert_rsa(const struct wire_amd_cert *cert, struct cr_rsa_public *out);

/* SHA-384 over the signed bytes: what a chip's fuses, or an owner, pin. */
void sev_amd_cert_fingerprint(const struct wire_amd_cert *cert, uint8_t out[48]);

/* Splits ASK || ARK; false: not exactly two certificates. */
bool sev_amd_bundle_decode(const uint8_t *b, size_t len, struct wire_amd_cert *ask,
                           struct wire_amd_cert *ark);
size_t sev_amd_bundle_encode(const struct wire_amd_cert *ask, const struct wire_amd_cert *ark,
                             uint8_t b[SEV_AMD_BUNDLE_MAX]);

#endif
