/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiplication and division.  DIV and IDIV leave the flags, which the manual
 * calls undefined, as they are; a quotient that does not fit is #DE.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/mem.h"
#include "x86/regs.h"

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

/* ---- one operand: double-width result ---- */

static inline void mul_8(struct x86_cpu *cpu, uint8_t v)
{
    x86_set16(cpu, X86_RAX, x86_alu_mul8((uint8_t)cpu->r[X86_RAX], v, &cpu->cc));
}

static inline void imul_8(struct x86_cpu *cpu, uint8_t v)
{
    x86_set16(cpu, X86_RAX, x86_alu_imul8((uint8_t)cpu->r[X86_RAX], v, &cpu->cc));
}

#define MULTIPLY(op, bits, type)                                                             \
    static inline void op##_##bits(struct x86_cpu *cpu, type v)                              \
    {                                                                                        \
        type high;                                                                           \
        const type low = x86_alu_##op##bits(x86_get##bits(cpu, X86_RAX), v, &high, &cpu->cc); \
                                                                                             \
        x86_set##bits(cpu, X86_RAX, low);                                                    \
        x86_set##bits(cpu, X86_RDX, high);                                                   \
    }

MULTIPLY(mul, 16, uint16_t)
MULTIPLY(mul, 32, uint32_t)
MULTIPLY(mul, 64, uint64_t)
MULTIPLY(imul, 16, uint16_t)
MULTIPLY(imul, 32, uint32_t)
MULTIPLY(imul, 64, uint64_t)

/* ---- division; each returns false for #DE ---- */

static inline bool div_8(struct x86_cpu *cpu, uint8_t v)
{
    const uint16_t n = (uint16_t)cpu->r[X86_RAX];

    if (v == 0 || n / v > 0xff)
        return false;
    x86_set16(cpu, X86_RAX, (uint16_t)(n % v << 8 | n / v));
    return true;
}

static inline bool idiv_8(struct x86_cpu *cpu, uint8_t v)
{
    const int n = (int16_t)cpu->r[X86_RAX], d = (int8_t)v;

    if (d == 0 || n / d != (int8_t)(n / d))
        return false;
    x86_set16(cpu, X86_RAX, (uint16_t)((n % d & 0xff) << 8 | (n / d & 0xff)));
    return true;
}

#define DIVIDE(bits, type, stype, wide, swide)                                               \
    static inline bool div_##bits(struct x86_cpu *cpu, type v)                               \
    {                                                                                        \
        const type high = x86_get##bits(cpu, X86_RDX);                                       \
        const wide n = (wide)high << bits | x86_get##bits(cpu, X86_RAX);                     \
                                                                                             \
        if (high >= v) /* zero divisor too */                                                \
            return false;                                                                    \
        x86_set##bits(cpu, X86_RAX, (type)(n / v));                                          \
        x86_set##bits(cpu, X86_RDX, (type)(n % v));                                          \
        return true;                                                                         \
    }                                                                                        \
    static inline bool idiv_##bits(struct x86_cpu *cpu, type v)                              \
    {                                                                                        \
        const wide n = (wide)x86_get##bits(cpu, X86_RDX) << bits | x86_get##bits(cpu, X86_RAX); \
        const bool negative = (swide)n < 0, opposite = negative != ((stype)v < 0);           \
        const wide un = negative ? -n : n;                                                   \
        const type uv = (stype)v < 0 ? (type)-v : v;                                         \
        wide q;                                                                              \
        type r;                                                                              \
                                                                                             \
        if (uv == 0 || (type)(un >> bits) >= uv)                                             \
            return false;                                                                    \
        q = un / uv;                                                                         \
        r = (type)(un % uv);                                                                 \
        if (q > ((wide)1 << (bits - 1)) - !opposite)                                         \
            return false;                                                                    \
        x86_set##bits(cpu, X86_RAX, (type)(opposite ? -q : q));                              \
        x86_set##bits(cpu, X86_RDX, negative ? (type)-r : r);                                \
        return true;                                                                         \
    }

DIVIDE(16, uint16_t, int16_t, uint32_t, int32_t)
DIVIDE(32, uint32_t, int32_t, uint64_t, int64_t)
DIVIDE(64, uint64_t, int64_t, u128, s128)

/* ---- handlers ---- */

#define HANDLERS(bits, type)                                                                 \
    static void mul##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        mul_##bits(cpu, x86_get##bits(cpu, i->dst));                                         \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mul##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        mul_##bits(cpu, x86_read##bits(cpu, i, x86_ea(cpu, i)));                             \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void imul##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        imul_##bits(cpu, x86_get##bits(cpu, i->dst));                                        \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void imul##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        imul_##bits(cpu, x86_read##bits(cpu, i, x86_ea(cpu, i)));                            \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void div##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        if (CB_UNLIKELY(!div_##bits(cpu, x86_get##bits(cpu, i->dst))))                       \
            x86_fault(cpu, i, X86_DE);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void div##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        if (CB_UNLIKELY(!div_##bits(cpu, x86_read##bits(cpu, i, x86_ea(cpu, i)))))           \
            x86_fault(cpu, i, X86_DE);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void idiv##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        if (CB_UNLIKELY(!idiv_##bits(cpu, x86_get##bits(cpu, i->dst))))                      \
            x86_fault(cpu, i, X86_DE);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void idiv##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        if (CB_UNLIKELY(!idiv_##bits(cpu, x86_read##bits(cpu, i, x86_ea(cpu, i)))))          \
            x86_fault(cpu, i, X86_DE);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }

HANDLERS(8, uint8_t)
HANDLERS(16, uint16_t)
HANDLERS(32, uint32_t)
HANDLERS(64, uint64_t)

/* IMUL with two and three operands. */
#define SIGNED_MULTIPLY(bits, type)                                                          \
    static void imul##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        x86_set##bits(cpu, i->dst,                                                           \
                      x86_alu_imul2_##bits(x86_get##bits(cpu, i->dst),                       \
                                           x86_get##bits(cpu, i->src), &cpu->cc));           \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void imul##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_set##bits(cpu, i->dst,                                                           \
                      x86_alu_imul2_##bits(x86_get##bits(cpu, i->dst), v, &cpu->cc));        \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void imul##bits##_rri(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_alu_imul2_##bits(x86_get##bits(cpu, i->src),          \
                                                        (type)i->imm, &cpu->cc));            \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void imul##bits##_rmi(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_alu_imul2_##bits(v, (type)i->imm, &cpu->cc));         \
        X86_NEXT(cpu, i);                                                                    \
    }

SIGNED_MULTIPLY(16, uint16_t)
SIGNED_MULTIPLY(32, uint32_t)
SIGNED_MULTIPLY(64, uint64_t)

/* ---- decimal adjustment ---- */

static uint32_t szp(uint8_t v)
{
    return (v & 0x80 ? X86_CC_S : 0u) | (v ? 0u : X86_CC_Z) |
           (__builtin_parity(v) ? 0u : X86_CC_P);
}

/* DAA and DAS differ in the sign of the corrections. */
static void decimal_adjust(struct x86_cpu *cpu, int sign)
{
    const uint8_t old = (uint8_t)cpu->r[X86_RAX];
    const bool old_carry = cpu->cc & X86_CC_C;
    uint8_t al = old;
    uint32_t cc = 0;

    if ((al & 15) > 9 || cpu->cc & X86_CC_A) {
        al = (uint8_t)(al + sign * 6);
        cc |= X86_CC_A;
        if (sign < 0 && (old_carry || old < 6))
            cc |= X86_CC_C;
    }
    if (old > 0x99 || old_carry) {
        al = (uint8_t)(al + sign * 0x60);
        cc |= X86_CC_C;
    }
    x86_set8(cpu, 0, al);
    cpu->cc = cc | szp(al);
}

static void daa(struct x86_cpu *cpu, const struct x86_insn *i)
{
    decimal_adjust(cpu, 1);
    X86_NEXT(cpu, i);
}

static void das(struct x86_cpu *cpu, const struct x86_insn *i)
{
    decimal_adjust(cpu, -1);
    X86_NEXT(cpu, i);
}

static void ascii_adjust(struct x86_cpu *cpu, int sign)
{
    const bool adjust = (cpu->r[X86_RAX] & 15) > 9 || cpu->cc & X86_CC_A;
    uint16_t ax = (uint16_t)cpu->r[X86_RAX];

    if (adjust)
        ax = (uint16_t)(ax + sign * 0x106);
    ax &= 0xff0f;
    x86_set16(cpu, X86_RAX, ax);
    cpu->cc = szp((uint8_t)ax) | (adjust ? X86_CC_A | X86_CC_C : 0u);
}

static void aaa(struct x86_cpu *cpu, const struct x86_insn *i)
{
    ascii_adjust(cpu, 1);
    X86_NEXT(cpu, i);
}

static void aas(struct x86_cpu *cpu, const struct x86_insn *i)
{
    ascii_adjust(cpu, -1);
    X86_NEXT(cpu, i);
}

static void aam(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint8_t al = (uint8_t)cpu->r[X86_RAX], base = (uint8_t)i->imm;

    if (base == 0)
        x86_fault(cpu, i, X86_DE);
    x86_set16(cpu, X86_RAX, (uint16_t)(al / base << 8 | al % base));
    cpu->cc = szp((uint8_t)(al % base));
    X86_NEXT(cpu, i);
}

static void aad(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t ax = (uint16_t)cpu->r[X86_RAX];
    const uint8_t al = (uint8_t)((ax & 0xff) + (ax >> 8) * (uint8_t)i->imm);

    x86_set16(cpu, X86_RAX, al);
    cpu->cc = szp(al);
    X86_NEXT(cpu, i);
}

static void salc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set8(cpu, 0, cpu->cc & X86_CC_C ? 0xff : 0);
    X86_NEXT(cpu, i);
}

/* ---- rows ---- */

#define WIDE X86_OP_BY_WIDTH
#define UNARY(M, op)                                                                         \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM, .flags = WIDE,                     \
     .reg = X86_BY4(op, r), .mem = X86_BY4(op, m)}
#define DECIMAL(M, FORM, fn)                                                                 \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_##FORM, .flags = X86_OP_NO64, .reg = {fn}}

static const struct x86_op rows[] = {
    UNARY(MUL, mul), UNARY(IMUL, imul), UNARY(DIV, div), UNARY(IDIV, idiv),
    {.mnemonic = ZYDIS_MNEMONIC_IMUL, .form = X86_FORM_R_RM, .flags = WIDE,
     .reg = X86_BY3(imul, rr), .mem = X86_BY3(imul, rm)},
    {.mnemonic = ZYDIS_MNEMONIC_IMUL, .form = X86_FORM_R_RM_I, .flags = WIDE,
     .reg = X86_BY3(imul, rri), .mem = X86_BY3(imul, rmi)},
    DECIMAL(DAA, NONE, daa), DECIMAL(DAS, NONE, das), DECIMAL(AAA, NONE, aaa),
    DECIMAL(AAS, NONE, aas), DECIMAL(AAM, I, aam), DECIMAL(AAD, I, aad), DECIMAL(SALC, NONE, salc),
};

const struct x86_op_table x86_ops_mul = {rows, CB_ARRAY_LEN(rows)};
