/* SPDX-License-Identifier: Apache-2.0 */
/* Literal bytes of a test, written as hex digits; blanks are skipped. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline size_t unhex(const char *text, void *out)
{
    uint8_t *to = out;
    size_t n = 0;

    while (*text) {
        char digits[3] = {0};

        if (isspace((unsigned char)*text)) {
            text++;
            continue;
        }
        digits[0] = *text++;
        digits[1] = *text++;
        to[n++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}

/* first, first + 1, ... */
static inline void ascending(void *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)(first + i);
}

#define assert_hex(bytes, text)                            \
    do {                                                   \
        uint8_t want_[1024];                               \
        const size_t n_ = unhex(text, want_);              \
        assert_memory_equal(bytes, want_, n_);             \
    } while (0)

#endif
