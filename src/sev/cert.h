/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV certificates: make, sign, verify (AMD publication 55766, appendix C).
 *
 * Every certificate made here carries SEV_CERT_MARK in the reserved bytes of
 * its public key, under the signature: nobody takes it for AMD's.
 */
#ifndef SEV_CERT_H
#define SEV_CERT_H

#include "crypto/crypto.h"
#include "wire/sev_cert.h"

#define SEV_CERT_MARK "TEST emulated by cbit"
#define SEV_CERT_MARK_AT 0x3e0 /* in PUBKEY */

/* Who signs, as a certificate or a signature slot names it. */
struct sev_public {
    uint32_t usage, algo;
    uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE];
};

void sev_pubkey_from_p384(const struct cr_p384_public *pub, uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE]);
/* False: another curve, or no point of it. */
bool sev_pubkey_to_p384(const uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE], struct cr_p384_public *pub);
void sev_pubkey_from_rsa(const struct cr_rsa_public *pub, uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE]);
/* False: neither 2048 nor 4096 bits. */
bool sev_pubkey_to_rsa(const uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE], struct cr_rsa_public *pub);

/* r and s, each 72 bytes little-endian; the first 144 bytes of a slot or report. */
void sev_sig_from_p384(const struct cr_p384_sig *sig, uint8_t out[WIRE_SEV_REPORT_SIG_SIZE]);
/* False: a component wider than P-384. */
bool sev_sig_to_p384(const uint8_t in[WIRE_SEV_REPORT_SIG_SIZE], struct cr_p384_sig *sig);

/* An EC certificate of version 1 with both signature slots unused. */
void sev_cert_make(struct wire_sev_cert *cert, uint32_t usage, uint32_t algo,
                   const struct cr_p384_public *pub, uint8_t api_major, uint8_t api_minor);
void sev_cert_clear_sig(struct wire_sev_cert *cert, unsigned slot);
bool sev_cert_slot_unused(const struct wire_sev_cert *cert, unsigned slot);

/* ECDSA with SHA-256 into a slot; usage is the signer's. */
void sev_cert_sign(struct wire_sev_cert *cert, unsigned slot, uint32_t usage,
                   const struct cr_p384_key *key);
/* By the ASK: RSA-PSS, SHA-256 at 2048 bits, SHA-384 at 4096. */
enum cbit_status sev_cert_sign_ask(struct wire_sev_cert *cert, unsigned slot,
                                   const struct cr_rsa_key *key) CBIT_MUST_CHECK;
/* A self-signed certificate of an owner's own RSA key is signed with that usage instead. */
enum cbit_status sev_cert_sign_rsa(struct wire_sev_cert *cert, unsigned slot, uint32_t usage,
                                   const struct cr_rsa_key *key) CBIT_MUST_CHECK;

void sev_public_of(const struct wire_sev_cert *cert, struct sev_public *out);

/* Known usage and algorithm, and a key that fits the algorithm? */
bool sev_public_ok(const struct sev_public *key);

/*
 * Is cert genuine under signer?  INVALID_CERTIFICATE: a bad key or version, no
 * slot of this signer, or a signer that may not sign this usage; BAD_SIGNATURE:
 * a slot half filled, or a signature that does not verify.
 */
enum wire_sev_status sev_cert_verify(const struct wire_sev_cert *cert,
                                     const struct sev_public *signer);

/* The same with the signer's certificate. */
enum wire_sev_status sev_cert_verify_by(const struct wire_sev_cert *cert,
                                        const struct wire_sev_cert *signer);

/*
 * A DH certificate for a session: version 1, a P-384 point, usage PDH, ECDH
 * with SHA-256.  Signatures are not looked at.  Gives the point.
 */
enum wire_sev_status sev_cert_check_dh(const struct wire_sev_cert *cert,
                                       struct cr_p384_public *pub);

/* Are all bytes that no signature covers what they must be (padding, unused slots)? */
bool sev_cert_padding_ok(const struct wire_sev_cert *cert);

/* Same body (the signed part), whatever the signatures? */
bool sev_cert_same_body(const struct wire_sev_cert *a, const struct wire_sev_cert *b);

#endif
