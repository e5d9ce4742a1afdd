/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86/alu.h by the host's own instructions: LAHF and SETO right after the
 * operation take all six flags, the undefined ones as this host leaves them.
 * Rotates and BT-like operations, which keep some flags, merge the old ones.
 */
#ifndef X86_ALU_HOST_H
#define X86_ALU_HOST_H

#include "x86/cpu.h"

/* AH: SF ZF - AF - PF - CF; AL: OF.  An operand in AX is consumed before it is overwritten. */
#define X86_ALU_TAKE "\n\tlahf\n\tseto %%al"
#define X86_ALU_CARRY "bt $8, %k[old]\n\t"
#define X86_CC_CO (X86_CC_C | X86_CC_O)

#define X86_ALU_BINARY(op, name, bits, type, s)                                                   \
    static inline type x86_alu_##name##bits(type a, type b, uint32_t *cc)                         \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(#op s " %[b], %[a]" X86_ALU_TAKE : [a] "+r"(a), "=a"(ax) : [b] "r"(b) : "cc");    \
        *cc = ax;                                                                                 \
        return a;                                                                                 \
    }

#define X86_ALU_COMPARE(op, name, bits, type, s)                                                  \
    static inline void x86_alu_##name##bits(type a, type b, uint32_t *cc)                         \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(#op s " %[b], %[a]" X86_ALU_TAKE : "=a"(ax) : [a] "r"(a), [b] "r"(b) : "cc");     \
        *cc = ax;                                                                                 \
    }

#define X86_ALU_CARRIED(op, bits, type, s)                                                        \
    static inline type x86_alu_##op##bits(type a, type b, uint32_t *cc)                           \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(X86_ALU_CARRY #op s " %[b], %[a]" X86_ALU_TAKE                                    \
                : [a] "+r"(a), "=a"(ax)                                                           \
                : [b] "r"(b), [old] "r"(*cc)                                                      \
                : "cc");                                                                          \
        *cc = ax;                                                                                 \
        return a;                                                                                 \
    }

#define X86_ALU_UNARY(op, bits, type, s)                                                          \
    static inline type x86_alu_##op##bits(type a, uint32_t *cc)                                   \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(X86_ALU_CARRY #op s " %[a]" X86_ALU_TAKE                                          \
                : [a] "+r"(a), "=a"(ax)                                                           \
                : [old] "r"(*cc)                                                                  \
                : "cc");                                                                          \
        *cc = ax;                                                                                 \
        return a;                                                                                 \
    }

/* Masked count not 0. */
#define X86_ALU_SHIFT(op, bits, type, s)                                                          \
    static inline type x86_alu_##op##bits(type a, uint8_t count, uint32_t *cc)                    \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(#op s " %%cl, %[a]" X86_ALU_TAKE : [a] "+r"(a), "=a"(ax) : "c"(count) : "cc");    \
        *cc = ax;                                                                                 \
        return a;                                                                                 \
    }

#define X86_ALU_ROTATE(op, bits, type, s)                                                         \
    static inline type x86_alu_##op##bits(type a, uint8_t count, uint32_t *cc)                    \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(X86_ALU_CARRY #op s " %%cl, %[a]" X86_ALU_TAKE                                    \
                : [a] "+r"(a), "=a"(ax)                                                           \
                : "c"(count), [old] "r"(*cc)                                                      \
                : "cc");                                                                          \
        *cc = (*cc & ~(uint32_t)X86_CC_CO) | (ax & X86_CC_CO);                                    \
        return a;                                                                                 \
    }

#define X86_ALU_DOUBLE(op, bits, type, s)                                                         \
    static inline type x86_alu_##op##bits(type a, type b, uint8_t count, uint32_t *cc)            \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(#op s " %%cl, %[b], %[a]" X86_ALU_TAKE                                            \
                : [a] "+r"(a), "=a"(ax)                                                           \
                : [b] "r"(b), "c"(count)                                                          \
                : "cc");                                                                          \
        *cc = ax;                                                                                 \
        return a;                                                                                 \
    }

/* Source 0: the result is the old destination. */
#define X86_ALU_SCAN(op, bits, type, s)                                                           \
    static inline type x86_alu_##op##bits(type old_value, type b, uint32_t *cc)                   \
    {                                                                                             \
        uint16_t ax;                                                                              \
                                                                                                  \
        __asm__(#op s " %[b], %[a]" X86_ALU_TAKE                                                  \
                : [a] "+r"(old_value), "=a"(ax)                                                   \
                : [b] "r"(b)                                                                      \
                : "cc");                                                                          \
        *cc = ax;                                                                                 \
        return old_value;                                                                         \
    }

/* Low half returned, high half in *high. */
#define X86_ALU_MULTIPLY(op, name, bits, type, s)                                                 \
    static inline type x86_alu_##name##bits(type a, type b, type *high, uint32_t *cc)             \
    {                                                                                             \
        uint16_t ax;                                                                              \
        type low;                                                                                 \
                                                                                                  \
        __asm__(#op s " %[b]\n\tmov %%" X86_ALU_A_##bits ", %[low]" X86_ALU_TAKE                  \
                : [low] "=&r"(low), "=&d"(*high), "=a"(ax)                                        \
                : "a"(a), [b] "r"(b)                                                              \
                : "cc");                                                                          \
        *cc = ax;                                                                                 \
        return low;                                                                               \
    }

#define X86_ALU_A_16 "ax"
#define X86_ALU_A_32 "eax"
#define X86_ALU_A_64 "rax"

#define X86_ALU_ALL(bits, type, s)                                                                \
    X86_ALU_BINARY(add, add, bits, type, s)                                                       \
    X86_ALU_BINARY(sub, sub, bits, type, s)                                                       \
    X86_ALU_BINARY(and, and, bits, type, s)                                                       \
    X86_ALU_BINARY(or, or, bits, type, s)                                                         \
    X86_ALU_BINARY(xor, xor, bits, type, s)                                                       \
    X86_ALU_COMPARE(cmp, cmp, bits, type, s)                                                      \
    X86_ALU_COMPARE(test, test, bits, type, s)                                                    \
    X86_ALU_CARRIED(adc, bits, type, s)                                                           \
    X86_ALU_CARRIED(sbb, bits, type, s)                                                           \
    X86_ALU_UNARY(inc, bits, type, s)                                                             \
    X86_ALU_UNARY(dec, bits, type, s)                                                             \
    X86_ALU_UNARY(neg, bits, type, s)                                                             \
    X86_ALU_SHIFT(shl, bits, type, s)                                                             \
    X86_ALU_SHIFT(shr, bits, type, s)                                                             \
    X86_ALU_SHIFT(sar, bits, type, s)                                                             \
    X86_ALU_ROTATE(rol, bits, type, s)                                                            \
    X86_ALU_ROTATE(ror, bits, type, s)                                                            \
    X86_ALU_ROTATE(rcl, bits, type, s)                                                            \
    X86_ALU_ROTATE(rcr, bits, type, s)

#define X86_ALU_WIDE(bits, type, s)                                                               \
    X86_ALU_DOUBLE(shld, bits, type, s)                                                           \
    X86_ALU_DOUBLE(shrd, bits, type, s)                                                           \
    X86_ALU_SCAN(bsf, bits, type, s)                                                              \
    X86_ALU_SCAN(bsr, bits, type, s)                                                              \
    X86_ALU_MULTIPLY(mul, mul, bits, type, s)                                                     \
    X86_ALU_MULTIPLY(imul, imul, bits, type, s)                                                   \
    X86_ALU_BINARY(imul, imul2_, bits, type, s)

X86_ALU_ALL(8, uint8_t, "b")
X86_ALU_ALL(16, uint16_t, "w")
X86_ALU_ALL(32, uint32_t, "l")
X86_ALU_ALL(64, uint64_t, "q")
X86_ALU_WIDE(16, uint16_t, "w")
X86_ALU_WIDE(32, uint32_t, "l")
X86_ALU_WIDE(64, uint64_t, "q")

/* 8 by 8: AX is the product. */
static inline uint16_t x86_alu_mul8(uint8_t a, uint8_t b, uint32_t *cc)
{
    uint16_t ax, product;

    __asm__("mulb %[b]\n\tmov %%ax, %[p]" X86_ALU_TAKE
            : [p] "=&r"(product), "=a"(ax) : "a"(a), [b] "r"(b) : "cc");
    *cc = ax;
    return product;
}

static inline uint16_t x86_alu_imul8(uint8_t a, uint8_t b, uint32_t *cc)
{
    uint16_t ax, product;

    __asm__("imulb %[b]\n\tmov %%ax, %[p]" X86_ALU_TAKE
            : [p] "=&r"(product), "=a"(ax) : "a"(a), [b] "r"(b) : "cc");
    *cc = ax;
    return product;
}

#endif
