/* SPDX-License-Identifier: Apache-2.0 */
/* Base64; see base64.h.  Strict: every text has one meaning and one form. */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void cb_base64_encode(const void *in, size_t len, char *out)
{
    const uint8_t *b = in;

    for (size_t i = 0; i < len; i += 3) {
        const size_t n = len - i < 3 ? len - i : 3;
        const uint32_t bits = (uint32_t)b[i] << 16 | (n > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                              (n > 2 ? b[i + 2] : 0);

        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = n > 1 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = n > 2 ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct reader {
    uint32_t bits;
    unsigned n;       /* characters in bits */
    unsigned padding;
};

/* Takes one character that is not space; false: it does not belong here. */
static bool take(struct reader *r, char c)
{
    const char *found = c == '=' ? NULL : strchr(alphabet, c);

    if (c == '=') {
        r->padding++;
        if (r->n < 2 || r->padding > 2)
            return false;
    } else if (found == NULL || r->padding != 0) {
        return false;
    }
    r->bits = r->bits << 6 | (found ? (uint32_t)(found - alphabet) : 0);
    r->n++;
    return true;
}

bool cb_base64_decode(const char *text, void *out, size_t max, size_t *len)
{
    uint8_t *b = out;
    struct reader r = {0};

    *len = 0;
    for (; *text != '\0'; text++) {
        if (is_space(*text))
            continue;
        if ((r.n == 0 && r.padding != 0) || !take(&r, *text))
            return false;
        if (r.n < 4)
            continue;
        if (max - *len < 3 - r.padding || (r.padding && (r.bits & ((1u << 8 * r.padding) - 1))))
            return false;
        for (unsigned i = 0; i < 3 - r.padding; i++)
            b[(*len)++] = (uint8_t)(r.bits >> (16 - 8 * i));
        r.bits = 0;
        r.n = 0;
    }
    return r.n == 0;
}
