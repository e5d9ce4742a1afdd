/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One implementation of x86/alu.h as a table, so that two can be compared.
 * Included by two files, each with its own choice of implementation.
 */
#ifndef TESTS_X86_ALU_TABLE_H
#define TESTS_X86_ALU_TABLE_H

#include <stdint.h>

enum alu_kind { ALU_ADDS, ALU_LOGIC, ALU_SHIFT, ALU_ROTATE, ALU_DOUBLE, ALU_SCAN, ALU_MULTIPLY };

struct alu_entry {
    const char *name;
    unsigned bits;
    enum alu_kind kind;
    uint64_t (*fn)(uint64_t a, uint64_t b, uint8_t count, uint32_t *cc, uint64_t *high);
};

struct alu_table {
    const struct alu_entry *entry;
    unsigned n;
};

struct alu_table alu_of_this_host(void);
struct alu_table alu_portable(void);

#ifdef ALU_TABLE_HERE
#include "x86/alu.h"

#define WRAP(name, bits, expression)                                                           \
    static uint64_t name##bits(uint64_t a_, uint64_t b_, uint8_t n, uint32_t *cc, uint64_t *high) \
    {                                                                                          \
        const uint##bits##_t a = (uint##bits##_t)a_, b = (uint##bits##_t)b_;                   \
        uint##bits##_t h = 0, r;                                                               \
                                                                                               \
        (void)n, (void)b;                                                                      \
        r = expression;                                                                        \
        *high = h;                                                                             \
        return r;                                                                              \
    }

#define ALL(bits)                                                                      \
    WRAP(add, bits, x86_alu_add##bits(a, b, cc))                                       \
    WRAP(sub, bits, x86_alu_sub##bits(a, b, cc))                                       \
    WRAP(adc, bits, x86_alu_adc##bits(a, b, cc))                                       \
    WRAP(sbb, bits, x86_alu_sbb##bits(a, b, cc))                                       \
    WRAP(and, bits, x86_alu_and##bits(a, b, cc))                                       \
    WRAP(or, bits, x86_alu_or##bits(a, b, cc))                                         \
    WRAP(xor, bits, x86_alu_xor##bits(a, b, cc))                                       \
    WRAP(cmp, bits, (x86_alu_cmp##bits(a, b, cc), a))                                  \
    WRAP(test, bits, (x86_alu_test##bits(a, b, cc), a))                                \
    WRAP(inc, bits, x86_alu_inc##bits(a, cc))                                          \
    WRAP(dec, bits, x86_alu_dec##bits(a, cc))                                          \
    WRAP(neg, bits, x86_alu_neg##bits(a, cc))                                          \
    WRAP(shl, bits, x86_alu_shl##bits(a, n, cc))                                       \
    WRAP(shr, bits, x86_alu_shr##bits(a, n, cc))                                       \
    WRAP(sar, bits, x86_alu_sar##bits(a, n, cc))                                       \
    WRAP(rol, bits, x86_alu_rol##bits(a, n, cc))                                       \
    WRAP(ror, bits, x86_alu_ror##bits(a, n, cc))                                       \
    WRAP(rcl, bits, x86_alu_rcl##bits(a, n, cc))                                       \
    WRAP(rcr, bits, x86_alu_rcr##bits(a, n, cc))

#define WIDE(bits)                                                                     \
    WRAP(shld, bits, x86_alu_shld##bits(a, b, n, cc))                                  \
    WRAP(shrd, bits, x86_alu_shrd##bits(a, b, n, cc))                                  \
    WRAP(bsf, bits, x86_alu_bsf##bits(a, b, cc))                                       \
    WRAP(bsr, bits, x86_alu_bsr##bits(a, b, cc))                                       \
    WRAP(imul2_, bits, x86_alu_imul2_##bits(a, b, cc))                                 \
    WRAP(mul, bits, x86_alu_mul##bits(a, b, &h, cc))                                   \
    WRAP(imul, bits, x86_alu_imul##bits(a, b, &h, cc))

ALL(8)
ALL(16)
ALL(32)
ALL(64)
WIDE(16)
WIDE(32)
WIDE(64)

static uint64_t mul8(uint64_t a, uint64_t b, uint8_t n, uint32_t *cc, uint64_t *high)
{
    (void)n, *high = 0;
    return x86_alu_mul8((uint8_t)a, (uint8_t)b, cc);
}

static uint64_t imul8(uint64_t a, uint64_t b, uint8_t n, uint32_t *cc, uint64_t *high)
{
    (void)n, *high = 0;
    return x86_alu_imul8((uint8_t)a, (uint8_t)b, cc);
}

#define E(name, bits, kind) {#name #bits, bits, ALU_##kind, name##bits}
#define ALL_ENTRIES(bits)                                                              \
    E(add, bits, ADDS), E(sub, bits, ADDS), E(adc, bits, ADDS), E(sbb, bits, ADDS),    \
    E(cmp, bits, ADDS), E(inc, bits, ADDS), E(dec, bits, ADDS), E(neg, bits, ADDS),    \
    E(and, bits, LOGIC), E(or, bits, LOGIC), E(xor, bits, LOGIC), E(test, bits, LOGIC), \
    E(shl, bits, SHIFT), E(shr, bits, SHIFT), E(sar, bits, SHIFT),                     \
    E(rol, bits, ROTATE), E(ror, bits, ROTATE), E(rcl, bits, ROTATE), E(rcr, bits, ROTATE), \
    E(mul, bits, MULTIPLY), E(imul, bits, MULTIPLY)
#define WIDE_ENTRIES(bits)                                                             \
    E(shld, bits, DOUBLE), E(shrd, bits, DOUBLE), E(bsf, bits, SCAN), E(bsr, bits, SCAN), \
    E(imul2_, bits, MULTIPLY)

static const struct alu_entry entries[] = {
    ALL_ENTRIES(8), ALL_ENTRIES(16), ALL_ENTRIES(32), ALL_ENTRIES(64),
    WIDE_ENTRIES(16), WIDE_ENTRIES(32), WIDE_ENTRIES(64),
};

struct alu_table ALU_TABLE_HERE(void)
{
    return (struct alu_table){entries, CB_ARRAY_LEN(entries)};
}
#endif

#endif
