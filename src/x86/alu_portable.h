/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86/alu.h in plain C.  Flags that the manual leaves undefined are cleared or
 * kept, whichever is shorter; a test compares the defined ones with the host's.
 */
#ifndef X86_ALU_PORTABLE_H
#define X86_ALU_PORTABLE_H

#include "x86/cpu.h"

static inline uint32_t x86_cc_parity(uint8_t v)
{
    return __builtin_parity(v) ? 0 : X86_CC_P;
}

static inline uint32_t x86_cc_bit(bool b, uint32_t flag)
{
    return b ? flag : 0;
}

#define X86_ALU_ADDERS(bits, type)                                                                \
    static inline uint32_t x86_cc_szp##bits(type r)                                               \
    {                                                                                             \
        return x86_cc_bit(r >> (bits - 1), X86_CC_S) | x86_cc_bit(r == 0, X86_CC_Z) |             \
               x86_cc_parity((uint8_t)r);                                                         \
    }                                                                                             \
    static inline type x86_alu_sum##bits(type a, type b, bool carry, uint32_t *cc)                \
    {                                                                                             \
        const type r = (type)((type)(a + b) + carry);                                             \
        const bool c = carry ? r <= a : r < a;                                                    \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(c, X86_CC_C) |                                     \
              x86_cc_bit((a ^ b ^ r) & 0x10, X86_CC_A) |                                          \
              x86_cc_bit((type)((a ^ r) & (b ^ r)) >> (bits - 1), X86_CC_O);                      \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_difference##bits(type a, type b, bool borrow, uint32_t *cc)        \
    {                                                                                             \
        const type r = (type)((type)(a - b) - borrow);                                            \
        const bool c = borrow ? a <= b : a < b;                                                   \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(c, X86_CC_C) |                                     \
              x86_cc_bit((a ^ b ^ r) & 0x10, X86_CC_A) |                                          \
              x86_cc_bit((type)((a ^ b) & (a ^ r)) >> (bits - 1), X86_CC_O);                      \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_add##bits(type a, type b, uint32_t *cc)                            \
    {                                                                                             \
        return x86_alu_sum##bits(a, b, false, cc);                                                \
    }                                                                                             \
    static inline type x86_alu_sub##bits(type a, type b, uint32_t *cc)                            \
    {                                                                                             \
        return x86_alu_difference##bits(a, b, false, cc);                                         \
    }                                                                                             \
    static inline void x86_alu_cmp##bits(type a, type b, uint32_t *cc)                            \
    {                                                                                             \
        x86_alu_difference##bits(a, b, false, cc);                                                \
    }                                                                                             \
    static inline type x86_alu_adc##bits(type a, type b, uint32_t *cc)                            \
    {                                                                                             \
        return x86_alu_sum##bits(a, b, *cc & X86_CC_C, cc);                                       \
    }                                                                                             \
    static inline type x86_alu_sbb##bits(type a, type b, uint32_t *cc)                            \
    {                                                                                             \
        return x86_alu_difference##bits(a, b, *cc & X86_CC_C, cc);                                \
    }                                                                                             \
    static inline type x86_alu_inc##bits(type a, uint32_t *cc)                                    \
    {                                                                                             \
        const uint32_t carry = *cc & X86_CC_C;                                                    \
                                                                                                  \
        a = x86_alu_sum##bits(a, 1, false, cc);                                                   \
        *cc = (*cc & ~(uint32_t)X86_CC_C) | carry;                                                \
        return a;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_dec##bits(type a, uint32_t *cc)                                    \
    {                                                                                             \
        const uint32_t carry = *cc & X86_CC_C;                                                    \
                                                                                                  \
        a = x86_alu_difference##bits(a, 1, false, cc);                                            \
        *cc = (*cc & ~(uint32_t)X86_CC_C) | carry;                                                \
        return a;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_neg##bits(type a, uint32_t *cc)                                    \
    {                                                                                             \
        return x86_alu_difference##bits(0, a, false, cc);                                         \
    }

#define X86_ALU_LOGIC(name, op, bits, type)                                                       \
    static inline type x86_alu_##name##bits(type a, type b, uint32_t *cc)                         \
    {                                                                                             \
        const type r = (type)(a op b);                                                            \
                                                                                                  \
        *cc = x86_cc_szp##bits(r);                                                                \
        return r;                                                                                 \
    }

/* Masked count not 0; 8 and 16 bits: it may exceed the width. */
#define X86_ALU_SHIFTS(bits, type, stype)                                                         \
    static inline void x86_alu_test##bits(type a, type b, uint32_t *cc)                           \
    {                                                                                             \
        *cc = x86_cc_szp##bits(a & b);                                                            \
    }                                                                                             \
    static inline type x86_alu_shl##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = count & (bits == 64 ? 63 : 31);                                        \
        const type before = n > bits ? 0 : (type)((uint64_t)a << (n - 1));                        \
        const type r = (type)(before << 1);                                                       \
        const bool c = before >> (bits - 1);                                                      \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(c, X86_CC_C) |                                     \
              x86_cc_bit(c != (r >> (bits - 1)), X86_CC_O);                                       \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_shr##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = count & (bits == 64 ? 63 : 31);                                        \
        const type before = n > bits ? 0 : (type)((uint64_t)a >> (n - 1));                        \
        const type r = before >> 1;                                                               \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(before & 1, X86_CC_C) |                            \
              x86_cc_bit(a >> (bits - 1), X86_CC_O);                                              \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_sar##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = count & (bits == 64 ? 63 : 31);                                        \
        const int64_t before = (int64_t)(stype)a >> (n - 1);                                      \
        const type r = (type)(before >> 1);                                                       \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(before & 1, X86_CC_C);                             \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_rol##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = count & (bits - 1);                                                    \
        const type r = n ? (type)(a << n | a >> (bits - n)) : a;                                  \
                                                                                                  \
        *cc = (*cc & ~(uint32_t)(X86_CC_C | X86_CC_O)) | x86_cc_bit(r & 1, X86_CC_C) |            \
              x86_cc_bit((r & 1) != (r >> (bits - 1)), X86_CC_O);                                 \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_ror##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = count & (bits - 1);                                                    \
        const type r = n ? (type)(a >> n | a << (bits - n)) : a;                                  \
                                                                                                  \
        *cc = (*cc & ~(uint32_t)(X86_CC_C | X86_CC_O)) | x86_cc_bit(r >> (bits - 1), X86_CC_C) |  \
              x86_cc_bit((r >> (bits - 1) ^ r >> (bits - 2)) & 1, X86_CC_O);                      \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_rcl##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = (count & (bits == 64 ? 63 : 31)) % (bits + 1);                         \
        bool c = *cc & X86_CC_C;                                                                  \
                                                                                                  \
        for (unsigned k = 0; k < n; k++) {                                                        \
            const bool out = a >> (bits - 1);                                                     \
                                                                                                  \
            a = (type)(a << 1 | c);                                                               \
            c = out;                                                                              \
        }                                                                                         \
        *cc = (*cc & ~(uint32_t)(X86_CC_C | X86_CC_O)) | x86_cc_bit(c, X86_CC_C) |                \
              x86_cc_bit(c != (a >> (bits - 1)), X86_CC_O);                                       \
        return a;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_rcr##bits(type a, uint8_t count, uint32_t *cc)                     \
    {                                                                                             \
        const unsigned n = (count & (bits == 64 ? 63 : 31)) % (bits + 1);                         \
        bool c = *cc & X86_CC_C;                                                                  \
                                                                                                  \
        for (unsigned k = 0; k < n; k++) {                                                        \
            const bool out = a & 1;                                                               \
                                                                                                  \
            a = (type)(a >> 1 | (type)c << (bits - 1));                                           \
            c = out;                                                                              \
        }                                                                                         \
        *cc = (*cc & ~(uint32_t)(X86_CC_C | X86_CC_O)) | x86_cc_bit(c, X86_CC_C) |                \
              x86_cc_bit((a >> (bits - 1) ^ a >> (bits - 2)) & 1, X86_CC_O);                      \
        return a;                                                                                 \
    }

/* 16 bits: counts above 16 are undefined. */
#define X86_ALU_WIDE(bits, type, stype, wide, swide)                                              \
    static inline type x86_alu_shld##bits(type a, type b, uint8_t count, uint32_t *cc)            \
    {                                                                                             \
        const unsigned n = count & (bits == 64 ? 63 : 31);                                        \
        const type r = n >= bits ? b : (type)(a << n | b >> (bits - n));                          \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(n <= bits && a >> (bits - n) & 1, X86_CC_C) |      \
              x86_cc_bit((a ^ r) >> (bits - 1), X86_CC_O);                                        \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_shrd##bits(type a, type b, uint8_t count, uint32_t *cc)            \
    {                                                                                             \
        const unsigned n = count & (bits == 64 ? 63 : 31);                                        \
        const type r = n >= bits ? b : (type)(a >> n | b << (bits - n));                          \
                                                                                                  \
        *cc = x86_cc_szp##bits(r) | x86_cc_bit(n <= bits && a >> (n - 1) & 1, X86_CC_C) |         \
              x86_cc_bit((a ^ r) >> (bits - 1), X86_CC_O);                                        \
        return r;                                                                                 \
    }                                                                                             \
    static inline type x86_alu_bsf##bits(type old_value, type b, uint32_t *cc)                    \
    {                                                                                             \
        *cc = x86_cc_bit(b == 0, X86_CC_Z);                                                       \
        return b ? (type)__builtin_ctzll(b) : old_value;                                          \
    }                                                                                             \
    static inline type x86_alu_bsr##bits(type old_value, type b, uint32_t *cc)                    \
    {                                                                                             \
        *cc = x86_cc_bit(b == 0, X86_CC_Z);                                                       \
        return b ? (type)(63 - __builtin_clzll(b)) : old_value;                                   \
    }                                                                                             \
    static inline type x86_alu_mul##bits(type a, type b, type *high, uint32_t *cc)                \
    {                                                                                             \
        const wide p = (wide)a * b;                                                               \
                                                                                                  \
        *high = (type)(p >> bits);                                                                \
        *cc = x86_cc_szp##bits((type)p) | x86_cc_bit(*high != 0, X86_CC_C | X86_CC_O);            \
        return (type)p;                                                                           \
    }                                                                                             \
    static inline type x86_alu_imul##bits(type a, type b, type *high, uint32_t *cc)               \
    {                                                                                             \
        const swide p = (swide)(stype)a * (stype)b;                                               \
                                                                                                  \
        *high = (type)((wide)p >> bits);                                                          \
        *cc = x86_cc_szp##bits((type)p) | x86_cc_bit(p != (stype)p, X86_CC_C | X86_CC_O);         \
        return (type)p;                                                                           \
    }                                                                                             \
    static inline type x86_alu_imul2_##bits(type a, type b, uint32_t *cc)                         \
    {                                                                                             \
        type high;                                                                                \
                                                                                                  \
        return x86_alu_imul##bits(a, b, &high, cc);                                               \
    }

#define X86_ALU_ALL(bits, type, stype)                                                            \
    X86_ALU_ADDERS(bits, type)                                                                    \
    X86_ALU_LOGIC(and, &, bits, type)                                                             \
    X86_ALU_LOGIC(or, |, bits, type)                                                              \
    X86_ALU_LOGIC(xor, ^, bits, type)                                                             \
    X86_ALU_SHIFTS(bits, type, stype)

X86_ALU_ALL(8, uint8_t, int8_t)
X86_ALU_ALL(16, uint16_t, int16_t)
X86_ALU_ALL(32, uint32_t, int32_t)
X86_ALU_ALL(64, uint64_t, int64_t)
X86_ALU_WIDE(16, uint16_t, int16_t, uint32_t, int32_t)
X86_ALU_WIDE(32, uint32_t, int32_t, uint64_t, int64_t)
__extension__ typedef unsigned __int128 x86_u128;
__extension__ typedef __int128 x86_s128;
X86_ALU_WIDE(64, uint64_t, int64_t, x86_u128, x86_s128)

static inline uint16_t x86_alu_mul8(uint8_t a, uint8_t b, uint32_t *cc)
{
    const uint16_t p = (uint16_t)(a * b);

    *cc = x86_cc_szp8((uint8_t)p) | x86_cc_bit(p > 0xff, X86_CC_C | X86_CC_O);
    return p;
}

static inline uint16_t x86_alu_imul8(uint8_t a, uint8_t b, uint32_t *cc)
{
    const int p = (int8_t)a * (int8_t)b;

    *cc = x86_cc_szp8((uint8_t)p) | x86_cc_bit(p != (int8_t)p, X86_CC_C | X86_CC_O);
    return (uint16_t)p;
}

#endif
