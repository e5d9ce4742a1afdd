/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE with an immediate and without MXCSR: shuffles, shifts, blends, PALIGNR,
 * single elements in and out (PINSRx, PEXTRx, INSERTPS, EXTRACTPS), MPSADBW,
 * PCLMULQDQ, AESKEYGENASSIST, SHA1RNDS4.
 *
 * The host's instructions want a constant: each operation is a function with a
 * case per value, shared by the register and the memory form.
 * Manual: APM vol. 4, 128-Bit Media Instructions.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"

#if X86_HOST_FPU

/* X(mnemonic, instruction, feature, bits of the immediate that count, cases); no case: zero */
#define IMM_OPS(X)                                                                                 \
    X(PSHUFD, pshufd, NONE, 0xff, SIMD_TO_256)                                                     \
    X(PSHUFHW, pshufhw, NONE, 0xff, SIMD_TO_256)                                                   \
    X(PSHUFLW, pshuflw, NONE, 0xff, SIMD_TO_256)                                                   \
    X(SHUFPS, shufps, NONE, 0xff, SIMD_TO_256)                                                     \
    X(SHUFPD, shufpd, NONE, 3, SIMD_TO_4)                                                          \
    X(PALIGNR, palignr, SSSE3, 0xff, SIMD_TO_32)                                                   \
    X(PBLENDW, pblendw, SSE41, 0xff, SIMD_TO_256)                                                  \
    X(BLENDPS, blendps, SSE41, 15, SIMD_TO_16)                                                     \
    X(BLENDPD, blendpd, SSE41, 3, SIMD_TO_4)                                                       \
    X(MPSADBW, mpsadbw, SSE41, 7, SIMD_TO_8)                                                       \
    X(PCLMULQDQ, pclmulqdq, PCLMUL, 0x11, PCLMUL_CASES)                                            \
    X(AESKEYGENASSIST, aeskeygenassist, AES, 0xff, SIMD_TO_256)                                    \
    X(SHA1RNDS4, sha1rnds4, SHA, 3, SIMD_TO_4)

#define PCLMUL_CASES(M, x) M(x, 0) M(x, 1) M(x, 16) M(x, 17)

#define CASE(insn, n)                                                                              \
    case n:                                                                                        \
        __asm__(#insn " %2,%1,%0" : "+x"(a) : "x"(b), "i"(n));                                     \
        break;

#define IMM_OP(name, insn, feat, bits, cases)                                                      \
    static SIMD_OUT_OF_LINE __m128i insn##_by(__m128i a, __m128i b, uint64_t value)                \
    {                                                                                              \
        switch (value & (bits)) {                                                                  \
            cases(CASE, insn)                                                                      \
        default:                                                                                   \
            a = _mm_setzero_si128();                                                               \
        }                                                                                          \
        return a;                                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        simd_set(cpu, i->dst, insn##_by(simd_reg(cpu, i->dst), simd_reg(cpu, i->src), i->imm));    \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        const __m128i b = simd_load16a(cpu, i, x86_ea(cpu, i));                                    \
                                                                                                   \
        simd_set(cpu, i->dst, insn##_by(simd_reg(cpu, i->dst), b, i->imm));                        \
        X86_NEXT(cpu, i);                                                                          \
    }
IMM_OPS(IMM_OP)

/* ---- shifts of elements: the count may as well come from a register ---- */

#define SHIFTS(X)                                                                                  \
    X(PSLLW, psllw) X(PSLLD, pslld) X(PSLLQ, psllq) X(PSRLW, psrlw) X(PSRLD, psrld)                \
    X(PSRLQ, psrlq) X(PSRAW, psraw) X(PSRAD, psrad)

#define SHIFT(name, insn)                                                                          \
    SIMD_FN(exec_##insn##_i)                                                                       \
    {                                                                                              \
        __m128i a = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__(#insn " %1,%0" : "+x"(a) : "x"(simd_from32((uint8_t)i->imm)));                     \
        simd_set(cpu, i->dst, a);                                                                  \
        X86_NEXT(cpu, i);                                                                          \
    }
SHIFTS(SHIFT)

/* ---- shifts of the whole register by bytes ---- */

#define BYTE_CASE(insn, n)                                                                         \
    case n:                                                                                        \
        __asm__(#insn " %1,%0" : "+x"(a) : "i"(n));                                                \
        break;

#define BYTE_SHIFT(insn)                                                                           \
    static SIMD_OUT_OF_LINE __m128i insn##_by(__m128i a, uint8_t count)                            \
    {                                                                                              \
        switch (count) {                                                                           \
            SIMD_TO_16(BYTE_CASE, insn)                                                            \
        default:                                                                                   \
            a = _mm_setzero_si128();                                                               \
        }                                                                                          \
        return a;                                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##insn##_i)                                                                       \
    {                                                                                              \
        simd_set(cpu, i->dst, insn##_by(simd_reg(cpu, i->dst), (uint8_t)i->imm));                  \
        X86_NEXT(cpu, i);                                                                          \
    }
BYTE_SHIFT(pslldq)
BYTE_SHIFT(psrldq)

/* ---- single elements ---- */

#define PINSR(name, element, count, bits)                                                          \
    SIMD_FN(name##_r)                                                                              \
    {                                                                                              \
        cpu->xmm[i->dst].element[i->imm & (count - 1)] = (uint##bits##_t)cpu->r[i->src];           \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(name##_m)                                                                              \
    {                                                                                              \
        const uint##bits##_t v = x86_read##bits(cpu, i, x86_ea(cpu, i));                           \
                                                                                                   \
        cpu->xmm[i->dst].element[i->imm & (count - 1)] = v;                                        \
        X86_NEXT(cpu, i);                                                                          \
    }

#define PEXTR(name, element, count, bits)                                                          \
    SIMD_FN(name##_r)                                                                              \
    {                                                                                              \
        cpu->r[i->dst] = cpu->xmm[i->src].element[i->imm & (count - 1)];                           \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(name##_m)                                                                              \
    {                                                                                              \
        x86_write##bits(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].element[i->imm & (count - 1)]);   \
        X86_NEXT(cpu, i);                                                                          \
    }

PINSR(exec_pinsrb, u8, 16, 8)
PINSR(exec_pinsrw, u16, 8, 16)
PINSR(exec_pinsrd, u32, 4, 32)
PINSR(exec_pinsrq, u64, 2, 64)
PEXTR(exec_pextrb, u8, 16, 8)
PEXTR(exec_pextrw, u16, 8, 16)
PEXTR(exec_pextrd, u32, 4, 32) /* EXTRACTPS too */
PEXTR(exec_pextrq, u64, 2, 64)

static void insertps(union x86_xmm *dst, uint32_t v, uint64_t control)
{
    dst->u32[control >> 4 & 3] = v;
    for (unsigned n = 0; n < 4; n++)
        if (control >> n & 1)
            dst->u32[n] = 0;
}

SIMD_FN(exec_insertps_r)
{
    insertps(&cpu->xmm[i->dst], cpu->xmm[i->src].u32[i->imm >> 6 & 3], i->imm);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_insertps_m)
{
    insertps(&cpu->xmm[i->dst], x86_read32(cpu, i, x86_ea(cpu, i)), i->imm);
    X86_NEXT(cpu, i);
}

#define ROW_IMM(name, insn, feat, bits, cases)                                                     \
    SIMD_ROW(name, R_RM_I, feat, X86_OP_ALIGN16, XMM, exec_##insn##_r, exec_##insn##_m),
#define ROW_SHIFT(name, insn) SIMD_ROW(name, RM_I, NONE, 0, XMM, exec_##insn##_i, NULL),
#define ROW_ELEMENT(name, row_form, feat, regs, fn)                                                \
    SIMD_ROW(name, row_form, feat, 0, regs, fn##_r, fn##_m)

static const struct x86_op rows[] = {
    IMM_OPS(ROW_IMM)
    SHIFTS(ROW_SHIFT)
    ROW_SHIFT(PSLLDQ, pslldq)
    ROW_SHIFT(PSRLDQ, psrldq)
    ROW_ELEMENT(PINSRB, R_RM_I, SSE41, XMM_GPR, exec_pinsrb),
    ROW_ELEMENT(PINSRW, R_RM_I, NONE, XMM_GPR, exec_pinsrw),
    ROW_ELEMENT(PINSRD, R_RM_I, SSE41, XMM_GPR, exec_pinsrd),
    ROW_ELEMENT(PINSRQ, R_RM_I, SSE41, XMM_GPR, exec_pinsrq),
    ROW_ELEMENT(PEXTRB, RM_R_I, SSE41, XMM_GPR, exec_pextrb),
    ROW_ELEMENT(PEXTRW, RM_R_I, SSE41, XMM_GPR, exec_pextrw),
    SIMD_ROW(PEXTRW, R_RM_I, NONE, 0, GPR_XMM, exec_pextrw_r, NULL),
    ROW_ELEMENT(PEXTRD, RM_R_I, SSE41, XMM_GPR, exec_pextrd),
    ROW_ELEMENT(PEXTRQ, RM_R_I, SSE41, XMM_GPR, exec_pextrq),
    ROW_ELEMENT(EXTRACTPS, RM_R_I, SSE41, XMM_GPR, exec_pextrd),
    ROW_ELEMENT(INSERTPS, R_RM_I, SSE41, XMM, exec_insertps),
};

const struct x86_op_table x86_ops_sse_imm = {rows, CB_ARRAY_LEN(rows)};
#endif
