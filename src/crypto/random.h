/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes: the operating system's, or a stream that a seed decides.
 *
 * A seeded source makes a run repeatable and nothing else: whoever knows the
 * seed knows every key.  So a source says what it is, and a platform that was
 * built on a seeded one says so in its status.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/base.h"

struct cr_random {
    bool seeded;
    uint8_t key[32];  /* seeded: the stream is SHA-256(key, n) for n = 0, 1, ... */
    uint64_t counter; /* seeded: next n */
};

void cr_random_from_os(struct cr_random *random);

/* Streams of one seed with different labels are independent of each other. */
void cr_random_from_seed(struct cr_random *random, uint64_t seed, const char *label);

/* Never fails: an operating system without randomness ends the program. */
void cr_random_fill(struct cr_random *random, void *buf, size_t len);

#endif
