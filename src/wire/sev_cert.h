/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts of the SEV certificate (OCA, PEK, PDH, CEK, guest owner's DH key) and
 * of AMD's CA certificate (ARK, ASK); AMD publication 55766, appendix C.
 *
 * The structs hold every byte of the layout, reserved ones too, so that encode
 * after decode gives the same bytes.  Numbers inside keys and signatures are
 * little-endian byte strings as on the wire; sev/ turns them round.
 */
#ifndef WIRE_SEV_CERT_H
#define WIRE_SEV_CERT_H

#include "wire/sev.h"

#define WIRE_SEV_CERT_SIZE 0x824u
#define WIRE_SEV_CERT_BODY 0x414u /* what signatures cover: header and public key */
#define WIRE_SEV_CHAIN_SIZE (3 * WIRE_SEV_CERT_SIZE) /* PEK, OCA, CEK */
#define WIRE_SEV_PUBKEY_SIZE 0x404u
#define WIRE_SEV_SIG_SIZE 0x200u

enum wire_sev_usage {
    WIRE_SEV_USAGE_ARK = 0x0000,
    WIRE_SEV_USAGE_ASK = 0x0013,
    WIRE_SEV_USAGE_INVALID = 0x1000, /* unused signature slot */
    WIRE_SEV_USAGE_OCA = 0x1001,
    WIRE_SEV_USAGE_PEK = 0x1002,
    WIRE_SEV_USAGE_PDH = 0x1003, /* the guest owner's DH certificate too */
    WIRE_SEV_USAGE_CEK = 0x1004,
};

enum wire_sev_algo {
    WIRE_SEV_ALGO_INVALID = 0x000,
    WIRE_SEV_ALGO_RSA_SHA256 = 0x001,
    WIRE_SEV_ALGO_ECDSA_SHA256 = 0x002,
    WIRE_SEV_ALGO_ECDH_SHA256 = 0x003,
    WIRE_SEV_ALGO_RSA_SHA384 = 0x101,
    WIRE_SEV_ALGO_ECDSA_SHA384 = 0x102,
    WIRE_SEV_ALGO_ECDH_SHA384 = 0x103,
};

/* PUBKEY of an EC key. */
#define WIRE_SEV_CURVE_P256 1u
#define WIRE_SEV_CURVE_P384 2u
#define WIRE_SEV_EC_CURVE 0x000
#define WIRE_SEV_EC_QX 0x004
#define WIRE_SEV_EC_QY 0x04c
#define WIRE_SEV_EC_RESERVED 0x094
#define WIRE_SEV_EC_FIELD 72 /* width of a coordinate or signature component */

/* PUBKEY of an RSA key. */
#define WIRE_SEV_RSA_BITS 0x000
#define WIRE_SEV_RSA_PUBEXP 0x004
#define WIRE_SEV_RSA_MODULUS 0x204
#define WIRE_SEV_RSA_FIELD 0x200

struct wire_sev_sig {
    uint32_t usage, algo; /* of the key that signed */
    uint8_t bytes[WIRE_SEV_SIG_SIZE];
};

struct wire_sev_cert {
    uint32_t version;
    uint8_t api_major, api_minor;
    uint16_t reserved;
    uint32_t usage, algo;
    uint8_t pubkey[WIRE_SEV_PUBKEY_SIZE];
    struct wire_sev_sig sig[2];
};
#define WIRE_SEV_CERT_VERSION 1u

void wire_sev_cert_decode(struct wire_sev_cert *cert, const uint8_t b[WIRE_SEV_CERT_SIZE]);
void wire_sev_cert_encode(const struct wire_sev_cert *cert, uint8_t b[WIRE_SEV_CERT_SIZE]);
/* The signed part alone. */
void wire_sev_cert_encode_body(const struct wire_sev_cert *cert, uint8_t b[WIRE_SEV_CERT_BODY]);

/* ARK and ASK: 64 bytes, then exponent, modulus and signature of the modulus' size. */
#define WIRE_AMD_CERT_FIXED 64u
#define WIRE_AMD_CERT_MAX (WIRE_AMD_CERT_FIXED + 3 * 512u)
#define WIRE_AMD_KEY_ID_SIZE 16

struct wire_amd_cert {
    uint32_t version;
    uint8_t key_id[WIRE_AMD_KEY_ID_SIZE];
    uint8_t certifying_id[WIRE_AMD_KEY_ID_SIZE]; /* of the signer */
    uint32_t usage;
    uint8_t reserved[16];
    uint32_t pubexp_bits, modulus_bits; /* 2048 or 4096 */
    uint8_t pubexp[512], modulus[512], signature[512];
};

/* Bytes that a certificate of these sizes takes; the signer's modulus is as large as its own. */
static inline size_t wire_amd_cert_size(uint32_t pubexp_bits, uint32_t modulus_bits)
{
    return WIRE_AMD_CERT_FIXED + pubexp_bits / 8 + 2 * (size_t)(modulus_bits / 8);
}

/*
 * Reads one certificate from the front of [b, b + len).  Returns the bytes it
 * takes; 0: too short, or sizes that no such certificate has.
 */
size_t wire_amd_cert_decode(struct wire_amd_cert *cert, const uint8_t *b, size_t len);
/* Returns the bytes written, at most WIRE_AMD_CERT_MAX.  The sizes must be legal ones. */
size_t wire_amd_cert_encode(const struct wire_amd_cert *cert, uint8_t b[WIRE_AMD_CERT_MAX]);
/* The signed part alone: everything before the signature. */
size_t wire_amd_cert_encode_body(const struct wire_amd_cert *cert, uint8_t b[WIRE_AMD_CERT_MAX]);

#endif
