/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on numbers that come from outside: false means it would have wrapped. */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool cb_add_ok(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool cb_mul_ok(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Does [base, base + len) lie within [0, size)? */
static inline bool cb_range_ok(uint64_t base, uint64_t len, uint64_t size)
{
    return base <= size && len <= size - base;
}

#endif
