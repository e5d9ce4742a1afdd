/* SPDX-License-Identifier: Apache-2.0 */
/* P-384 private keys in PEM, as owners' other tools (openssl, sev-tool) keep them. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "crypto/ec.h"

#define CR_PEM_MAX 1024

/* PKCS #8; returns the length without the NUL. */
size_t cr_p384_to_pem(const struct cr_p384_key *key, char out[CR_PEM_MAX]);
/* PKCS #8 or SEC 1, not encrypted; false: no such key, or another curve. */
bool cr_p384_from_pem(const char *text, size_t len, struct cr_p384_key *key);

#endif
