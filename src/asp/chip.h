/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The making of a chip: a certificate authority (ARK and ASK), a chip's fuses,
 * and what AMD's key server would know of the chip.  Blobs in, blobs out; the
 * files are elsewhere.  All of it says TEST and chains to no root of AMD's.
 *
 * A chip blob is as secret as fuses are: it holds the chip's secret.  A CA blob
 * holds both private keys.  Neither is needed to verify anything.
 */
#ifndef ASP_CHIP_H
#define ASP_CHIP_H

#include "asp/profile.h"
#include "wire/sev_cert.h"

#define ASP_CA_MAX 8192
#define ASP_CHIP_MAX 8192
#define ASP_BUNDLE_MAX (2 * WIRE_AMD_CERT_MAX)

struct asp_maker {
    bool seeded; /* everything follows from seed */
    uint64_t seed;
    const uint8_t *ark_key_id; /* 16 bytes; NULL: one of our own */
};

/*
 * A new ARK and ASK for the profile's key size.  Draws RSA keys: seconds at 4096
 * bits.  CBIT_CRYPTO: libcrypto failed.
 */
enum cbit_status asp_ca_make(const struct asp_maker *maker, const struct asp_profile *profile,
                             uint8_t blob[ASP_CA_MAX], size_t *len) CBIT_MUST_CHECK;

/*
 * ASK || ARK of a CA (ask_ark.cert).  CBIT_CORRUPT, CBIT_VERSION as for a chip.
 */
enum cbit_status asp_ca_bundle(const uint8_t *blob, size_t len, uint8_t bundle[ASP_BUNDLE_MAX],
                               size_t *bundle_len) CBIT_MUST_CHECK;

/*
 * A new chip whose CEK the CA signs.  CBIT_INVALID: the CA's key size is not
 * the profile's; CBIT_CORRUPT, CBIT_VERSION: the CA blob.
 */
enum cbit_status asp_chip_make(const struct asp_maker *maker, const struct asp_profile *profile,
                               const uint8_t *ca, size_t ca_len, uint8_t blob[ASP_CHIP_MAX],
                               size_t *len) CBIT_MUST_CHECK;

/* What anybody may know of a chip. */
struct asp_chip_public {
    const struct asp_profile *profile;
    bool seeded;
    uint8_t id[WIRE_SEV_ID_SIZE];    /* GET_ID */
    uint8_t cek[WIRE_SEV_CERT_SIZE]; /* signed by the ASK, as the key server gives it */
    uint8_t bundle[ASP_BUNDLE_MAX];  /* ASK || ARK */
    size_t bundle_len;
};
enum cbit_status asp_chip_read(const uint8_t *blob, size_t len,
                               struct asp_chip_public *out) CBIT_MUST_CHECK;

/* "naples", "rome", "milan", "genoa" or 32 hex digits; false: neither. */
bool asp_ark_key_id(const char *text, uint8_t id[WIRE_AMD_KEY_ID_SIZE]);

#endif
