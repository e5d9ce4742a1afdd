/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bit manipulation beyond the base set: POPCNT, LZCNT, TZCNT, BMI1, BMI2, ADX,
 * MOVBE, CRC32 (which is SSE4.2 but works on general registers), RDRAND's kin
 * excepted.  Flags that the manual leaves undefined are cleared.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/cpuid.h"
#include "x86/mem.h"
#include "x86/regs.h"

/* ---- results with flags ---- */

static inline uint32_t flag(bool set, uint32_t f)
{
    return set ? f : 0;
}

#define COUNTS(bits, type)                                                                   \
    static inline type popcnt##bits(struct x86_cpu *cpu, type v)                             \
    {                                                                                        \
        cpu->cc = flag(v == 0, X86_CC_Z);                                                    \
        return (type)__builtin_popcountll(v);                                                \
    }                                                                                        \
    static inline type lzcnt##bits(struct x86_cpu *cpu, type v)                              \
    {                                                                                        \
        const type n = v ? (type)(__builtin_clzll(v) - (64 - bits)) : bits;                  \
                                                                                             \
        cpu->cc = flag(v == 0, X86_CC_C) | flag(n == 0, X86_CC_Z);                           \
        return n;                                                                            \
    }                                                                                        \
    static inline type tzcnt##bits(struct x86_cpu *cpu, type v)                              \
    {                                                                                        \
        const type n = v ? (type)__builtin_ctzll(v) : bits;                                  \
                                                                                             \
        cpu->cc = flag(v == 0, X86_CC_C) | flag(n == 0, X86_CC_Z);                           \
        return n;                                                                            \
    }

COUNTS(16, uint16_t)
COUNTS(32, uint32_t)
COUNTS(64, uint64_t)

#define RESULT_FLAGS(bits, r) (flag((r) >> (bits - 1), X86_CC_S) | flag((r) == 0, X86_CC_Z))

#define BMI1(bits, type)                                                                     \
    static inline type blsr##bits(struct x86_cpu *cpu, type v)                               \
    {                                                                                        \
        const type r = v & (v - 1);                                                          \
                                                                                             \
        cpu->cc = RESULT_FLAGS(bits, r) | flag(v == 0, X86_CC_C);                            \
        return r;                                                                            \
    }                                                                                        \
    static inline type blsmsk##bits(struct x86_cpu *cpu, type v)                             \
    {                                                                                        \
        const type r = v ^ (v - 1);                                                          \
                                                                                             \
        cpu->cc = RESULT_FLAGS(bits, r) | flag(v == 0, X86_CC_C);                            \
        return r;                                                                            \
    }                                                                                        \
    static inline type blsi##bits(struct x86_cpu *cpu, type v)                               \
    {                                                                                        \
        const type r = v & (0 - v);                                                          \
                                                                                             \
        cpu->cc = RESULT_FLAGS(bits, r) | flag(v != 0, X86_CC_C);                            \
        return r;                                                                            \
    }                                                                                        \
    static inline type andn##bits(struct x86_cpu *cpu, type a, type b)                       \
    {                                                                                        \
        const type r = ~a & b;                                                               \
                                                                                             \
        cpu->cc = RESULT_FLAGS(bits, r);                                                     \
        return r;                                                                            \
    }                                                                                        \
    static inline type bextr##bits(struct x86_cpu *cpu, type v, type control)                \
    {                                                                                        \
        const unsigned start = control & 0xff, len = control >> 8 & 0xff;                    \
        const type shifted = start < bits ? v >> start : 0;                                  \
        const type r = shifted & (type)CB_MASK(len);                                         \
                                                                                             \
        cpu->cc = flag(r == 0, X86_CC_Z);                                                    \
        return r;                                                                            \
    }                                                                                        \
    static inline type bzhi##bits(struct x86_cpu *cpu, type v, type index)                   \
    {                                                                                        \
        const unsigned n = index & 0xff;                                                     \
        const type r = n < bits ? v & (type)CB_MASK(n) : v;                                  \
                                                                                             \
        cpu->cc = RESULT_FLAGS(bits, r) | flag(n >= bits, X86_CC_C);                         \
        return r;                                                                            \
    }

BMI1(32, uint32_t)
BMI1(64, uint64_t)

/* ---- results without flags ---- */

#define BMI2(bits, type, stype)                                                              \
    static inline type shlx##bits(struct x86_cpu *cpu, type v, type n)                       \
    {                                                                                        \
        (void)cpu;                                                                           \
        return v << (n & (bits - 1));                                                        \
    }                                                                                        \
    static inline type shrx##bits(struct x86_cpu *cpu, type v, type n)                       \
    {                                                                                        \
        (void)cpu;                                                                           \
        return v >> (n & (bits - 1));                                                        \
    }                                                                                        \
    static inline type sarx##bits(struct x86_cpu *cpu, type v, type n)                       \
    {                                                                                        \
        (void)cpu;                                                                           \
        return (type)((stype)v >> (n & (bits - 1)));                                         \
    }                                                                                        \
    static inline type rorx##bits(struct x86_cpu *cpu, type v, type n)                       \
    {                                                                                        \
        (void)cpu;                                                                           \
        n &= bits - 1;                                                                       \
        return n ? v >> n | v << (bits - n) : v;                                             \
    }                                                                                        \
    static inline type pdep##bits(struct x86_cpu *cpu, type v, type mask)                    \
    {                                                                                        \
        type r = 0;                                                                          \
                                                                                             \
        (void)cpu;                                                                           \
        for (; mask; mask &= mask - 1, v >>= 1)                                              \
            if (v & 1)                                                                       \
                r |= mask & (0 - mask);                                                      \
        return r;                                                                            \
    }                                                                                        \
    static inline type pext##bits(struct x86_cpu *cpu, type v, type mask)                    \
    {                                                                                        \
        type r = 0;                                                                          \
                                                                                             \
        (void)cpu;                                                                           \
        for (type bit = 1; mask; mask &= mask - 1, bit <<= 1)                                \
            if (v & mask & (0 - mask))                                                       \
                r |= bit;                                                                    \
        return r;                                                                            \
    }

BMI2(32, uint32_t, int32_t)
BMI2(64, uint64_t, int64_t)

/* ---- handlers ---- */

/* One source. */
#define UNARY(op, bits, type)                                                                \
    static void op##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, op##bits(cpu, x86_get##bits(cpu, i->src)));               \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, op##bits(cpu, x86_read##bits(cpu, i, x86_ea(cpu, i))));   \
        X86_NEXT(cpu, i);                                                                    \
    }

/* r/m and src2: (r/m, other) or, swapped, (other, r/m). */
#define AS_IS(a, b) a, b
#define SWAPPED(a, b) b, a
#define BINARY(op, bits, type, order, other)                                                 \
    static void op##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_get##bits(cpu, i->src);                                           \
                                                                                             \
        x86_set##bits(cpu, i->dst, op##bits(cpu, order(v, (type)(other))));                  \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_set##bits(cpu, i->dst, op##bits(cpu, order(v, (type)(other))));                  \
        X86_NEXT(cpu, i);                                                                    \
    }

UNARY(popcnt, 16, uint16_t)
UNARY(lzcnt, 16, uint16_t)
UNARY(tzcnt, 16, uint16_t)

#define EACH(bits, type)                                                                     \
    UNARY(popcnt, bits, type)                                                                \
    UNARY(lzcnt, bits, type)                                                                 \
    UNARY(tzcnt, bits, type)                                                                 \
    UNARY(blsr, bits, type)                                                                  \
    UNARY(blsmsk, bits, type)                                                                \
    UNARY(blsi, bits, type)                                                                  \
    BINARY(andn, bits, type, SWAPPED, cpu->r[i->src2])                                       \
    BINARY(bextr, bits, type, AS_IS, cpu->r[i->src2])                                        \
    BINARY(bzhi, bits, type, AS_IS, cpu->r[i->src2])                                         \
    BINARY(shlx, bits, type, AS_IS, cpu->r[i->src2])                                         \
    BINARY(shrx, bits, type, AS_IS, cpu->r[i->src2])                                         \
    BINARY(sarx, bits, type, AS_IS, cpu->r[i->src2])                                         \
    BINARY(rorx, bits, type, AS_IS, i->imm)                                                  \
    BINARY(pdep, bits, type, SWAPPED, cpu->r[i->src2])                                       \
    BINARY(pext, bits, type, SWAPPED, cpu->r[i->src2])

EACH(32, uint32_t)
EACH(64, uint64_t)

/* MULX: the high half to dst, the low one to src2, which goes first: they may be the same. */
#define MULX(bits, type, wide)                                                               \
    static inline void mulx##bits(struct x86_cpu *cpu, const struct x86_insn *i, type v)     \
    {                                                                                        \
        const wide p = (wide)x86_get##bits(cpu, X86_RDX) * v;                                \
                                                                                             \
        x86_set##bits(cpu, i->src2, (type)p);                                                \
        x86_set##bits(cpu, i->dst, (type)(p >> bits));                                       \
    }                                                                                        \
    static void mulx##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        mulx##bits(cpu, i, x86_get##bits(cpu, i->src));                                      \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mulx##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        mulx##bits(cpu, i, x86_read##bits(cpu, i, x86_ea(cpu, i)));                          \
        X86_NEXT(cpu, i);                                                                    \
    }

__extension__ typedef unsigned __int128 u128;
MULX(32, uint32_t, uint64_t)
MULX(64, uint64_t, u128)

/* ADCX carries through CF, ADOX through OF; nothing else changes. */
#define ADX(op, carry_flag, bits, type)                                                      \
    static inline type op##bits(struct x86_cpu *cpu, type a, type b)                         \
    {                                                                                        \
        type sum;                                                                            \
        const bool c1 = __builtin_add_overflow(a, b, &sum);                                  \
        const bool c2 = __builtin_add_overflow(sum, (type)((cpu->cc & carry_flag) != 0), &sum); \
                                                                                             \
        cpu->cc = (cpu->cc & ~(uint32_t)carry_flag) | flag(c1 || c2, carry_flag);            \
        return sum;                                                                          \
    }                                                                                        \
    BINARY(op, bits, type, AS_IS, cpu->r[i->dst])

ADX(adcx, X86_CC_C, 32, uint32_t)
ADX(adcx, X86_CC_C, 64, uint64_t)
ADX(adox, X86_CC_O, 32, uint32_t)
ADX(adox, X86_CC_O, 64, uint64_t)

/* ---- MOVBE ---- */

#define MOVBE(bits, swap)                                                                    \
    static void movbe##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, swap(x86_read##bits(cpu, i, x86_ea(cpu, i))));            \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void movbe##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        x86_write##bits(cpu, i, x86_ea(cpu, i), swap(x86_get##bits(cpu, i->src)));           \
        X86_NEXT(cpu, i);                                                                    \
    }

MOVBE(16, __builtin_bswap16)
MOVBE(32, __builtin_bswap32)
MOVBE(64, __builtin_bswap64)

/* ---- CRC32: polynomial 11EDC6F41h, reflected ---- */

static uint32_t crc32c(uint32_t crc, uint64_t v, unsigned bytes)
{
    for (unsigned k = 0; k < bytes; k++) {
        crc ^= (uint8_t)(v >> (8 * k));
        for (unsigned b = 0; b < 8; b++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return crc;
}

#define CRC(bits, get)                                                                       \
    static void crc##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        cpu->r[i->dst] = crc32c((uint32_t)cpu->r[i->dst], get(cpu, i->src), bits / 8);       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void crc##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        const uint64_t v = x86_read##bits(cpu, i, x86_ea(cpu, i));                           \
                                                                                             \
        cpu->r[i->dst] = crc32c((uint32_t)cpu->r[i->dst], v, bits / 8);                      \
        X86_NEXT(cpu, i);                                                                    \
    }

CRC(8, x86_get8)
CRC(16, x86_get16)
CRC(32, x86_get32)
CRC(64, x86_get64)

/* ---- rows ---- */

#define WIDE X86_OP_BY_WIDTH
#define BY2(op, suffix) {NULL, NULL, op##32_##suffix, op##64_##suffix}
#define ROW(NAME, FORM, FEATURE, by, op)                                                     \
    {.mnemonic = ZYDIS_MNEMONIC_##NAME, .form = X86_FORM_##FORM, .flags = WIDE,              \
     .feature = X86_FEAT_##FEATURE, .reg = by(op, rr), .mem = by(op, rm)}
#define CRC_ROW(n)                                                                           \
    {.mnemonic = ZYDIS_MNEMONIC_CRC32, .form = X86_FORM_R_RM, .operand = X86_REGS_GPR_##n,   \
     .feature = X86_FEAT_SSE42, .reg = {crc##n##_rr}, .mem = {crc##n##_rm}}

static const struct x86_op rows[] = {
    ROW(POPCNT, R_RM, POPCNT, X86_BY3, popcnt), ROW(LZCNT, R_RM, LZCNT, X86_BY3, lzcnt),
    ROW(TZCNT, R_RM, BMI1, X86_BY3, tzcnt), ROW(BLSR, VR_RM, BMI1, BY2, blsr),
    ROW(BLSMSK, VR_RM, BMI1, BY2, blsmsk), ROW(BLSI, VR_RM, BMI1, BY2, blsi),
    ROW(ANDN, R_R_RM, BMI1, BY2, andn), ROW(BEXTR, R_RM_R, BMI1, BY2, bextr),
    ROW(BZHI, R_RM_R, BMI2, BY2, bzhi), ROW(SHLX, R_RM_R, BMI2, BY2, shlx),
    ROW(SHRX, R_RM_R, BMI2, BY2, shrx), ROW(SARX, R_RM_R, BMI2, BY2, sarx),
    ROW(RORX, R_RM_I, BMI2, BY2, rorx), ROW(PDEP, R_R_RM, BMI2, BY2, pdep),
    ROW(PEXT, R_R_RM, BMI2, BY2, pext), ROW(MULX, R_R_RM, BMI2, BY2, mulx),
    ROW(ADCX, R_RM, ADX, BY2, adcx), ROW(ADOX, R_RM, ADX, BY2, adox),
    {.mnemonic = ZYDIS_MNEMONIC_MOVBE, .form = X86_FORM_R_M, .flags = WIDE,
     .feature = X86_FEAT_MOVBE, .mem = X86_BY3(movbe, rm)},
    {.mnemonic = ZYDIS_MNEMONIC_MOVBE, .form = X86_FORM_M_R, .flags = WIDE,
     .feature = X86_FEAT_MOVBE, .mem = X86_BY3(movbe, mr)},
    CRC_ROW(8), CRC_ROW(16), CRC_ROW(32),
    {.mnemonic = ZYDIS_MNEMONIC_CRC32, .form = X86_FORM_R_RM, .operand = X86_REGS_GPR_64,
     .feature = X86_FEAT_SSE42, .reg = {crc64_rr}, .mem = {crc64_rm}},
};

const struct x86_op_table x86_ops_bmi = {rows, CB_ARRAY_LEN(rows)};
