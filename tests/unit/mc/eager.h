/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle of the memory controller: DRAM that holds ciphertext at all times and
 * converts on every access.  Shares no code with src/: its AES is OpenSSL's, its
 * tweaks are added up bit by bit, its key choice follows the decision procedure of
 * the manual step by step.  From src/ it takes the description of an access alone.
 */
#ifndef TESTS_MC_EAGER_H
#define TESTS_MC_EAGER_H

#include <stddef.h>

#include "mc/access.h"

enum eager_cipher { EAGER_XE, EAGER_XEX, EAGER_XTS };

struct eager_span {
    uint64_t base;
    uint64_t size;
};

struct eager {
    bool smee;
    bool tsme;
    enum eager_cipher cipher;
    const struct eager_span *span;
    unsigned n_spans;
    unsigned n_views; /* 0: the pins, 1: host, 1 + n: ASID n */
    struct eager_key *key;
    uint8_t *stored;
    uint8_t *tweaks; /* T of every block in stored */
    size_t size;
};

void eager_init(struct eager *e, enum eager_cipher cipher, const struct eager_span *span,
                unsigned n_spans, unsigned n_asids);
void eager_fini(struct eager *e);
void eager_set_key(struct eager *e, unsigned view, const uint8_t *key);
void eager_set_tweaks(struct eager *e, const uint8_t *t); /* 48 x 16 bytes */

unsigned eager_view(const struct eager *e, struct mc_access access);
void eager_read(const struct eager *e, uint64_t at, unsigned view, uint8_t *to, size_t len);
void eager_write(struct eager *e, uint64_t at, unsigned view, const uint8_t *from, size_t len);

#endif
