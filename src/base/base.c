/* SPDX-License-Identifier: Apache-2.0 */
/* The few parts of base that are not inline. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

void cb_assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "cbit: internal error: %s (%s:%d)\n", expr, file, line);
    abort();
}

const char *cb_status_text(enum cbit_status status)
{
    static const char *const text[] = {
        [CBIT_OK] = "ok",
        [CBIT_INVALID] = "malformed input",
        [CBIT_NO_MEMORY] = "out of memory",
        [CBIT_IO] = "input/output error",
        [CBIT_NOT_FOUND] = "not found",
        [CBIT_BUSY] = "in use",
        [CBIT_RANGE] = "out of range",
        [CBIT_DENIED] = "refused",
        [CBIT_CORRUPT] = "integrity check failed",
        [CBIT_VERSION] = "version not supported",
        [CBIT_UNIMPLEMENTED] = "not implemented",
        [CBIT_CRYPTO] = "libcrypto failed",
    };

    if ((size_t)status >= CB_ARRAY_LEN(text))
        return "unknown status";
    return text[status];
}

void cb_wipe(void *p, size_t len)
{
    memset(p, 0, len);
    __asm__ volatile("" : : "r"(p) : "memory");
}

bool cb_ct_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint8_t diff = 0;

    for (size_t i = 0; i < len; i++)
        diff |= (uint8_t)(x[i] ^ y[i]);
    return diff == 0;
}

bool cb_all_zero(const void *p, size_t len)
{
    const uint8_t *b = p;
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= b[i];
    return any == 0;
}
