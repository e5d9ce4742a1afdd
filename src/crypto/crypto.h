/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of crypto: thin wrappers of libcrypto and the memory cipher's
 * kernels.  No other room sees an OpenSSL header.  No context here holds a
 * pointer to an allocation; whoever owns one that held a secret wipes it.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "crypto/aes.h"
#include "crypto/ec.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/memory_cipher.h"
#include "crypto/pem.h"
#include "crypto/random.h"
#include "crypto/rsa.h"

#endif
