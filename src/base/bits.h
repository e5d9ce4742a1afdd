/* SPDX-License-Identifier: Apache-2.0 */
/* Small bit helpers; all arguments unsigned. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CB_BIT(n) (UINT64_C(1) << (n))
#define CB_MASK(n) ((n) >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (n)) - 1) /* n low bits */
#define CB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Bits [hi:lo] of v, right-aligned. */
static inline uint64_t cb_bits(uint64_t v, unsigned hi, unsigned lo)
{
    return (v >> lo) & CB_MASK(hi - lo + 1);
}

static inline uint64_t cb_align_down(uint64_t v, uint64_t power_of_2)
{
    return v & ~(power_of_2 - 1);
}

/* Caller knows that this cannot wrap. */
static inline uint64_t cb_align_up(uint64_t v, uint64_t power_of_2)
{
    return (v + power_of_2 - 1) & ~(power_of_2 - 1);
}

static inline bool cb_is_aligned(uint64_t v, uint64_t power_of_2)
{
    return (v & (power_of_2 - 1)) == 0;
}

#endif
