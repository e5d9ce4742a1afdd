/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE that MXCSR governs: arithmetic, comparisons, conversions, rounding, dot
 * products, of SSE to SSE4.1.
 *
 * The host's MXCSR is the guest's but for the exception masks (x86/fpu.h), so
 * an operation is the host's instruction and nothing else, unless the guest
 * has unmasked some exception: then flags are looked at after each one, and
 * before its result is stored (simd_exceptions.c).
 * Manual: APM vol. 1 "SIMD Floating-Point Exceptions", vol. 4.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"

#if X86_HOST_FPU

/* ---- dst = op(dst, src) ---- */

/* X(mnemonic, instruction, feature, load, what x86_fp_check needs to know) */
#define FLOAT_OPS(X)                                                                               \
    X(ADDPS, addps, NONE, simd_load16a, X86_FP_ADD | X86_FP_PS)                                    \
    X(ADDPD, addpd, NONE, simd_load16a, X86_FP_ADD | X86_FP_PD)                                    \
    X(ADDSS, addss, NONE, simd_load4, X86_FP_ADD | X86_FP_SS)                                      \
    X(ADDSD, addsd, NONE, simd_load8, X86_FP_ADD | X86_FP_SD)                                      \
    X(SUBPS, subps, NONE, simd_load16a, X86_FP_SUB | X86_FP_PS)                                    \
    X(SUBPD, subpd, NONE, simd_load16a, X86_FP_SUB | X86_FP_PD)                                    \
    X(SUBSS, subss, NONE, simd_load4, X86_FP_SUB | X86_FP_SS)                                      \
    X(SUBSD, subsd, NONE, simd_load8, X86_FP_SUB | X86_FP_SD)                                      \
    X(MULPS, mulps, NONE, simd_load16a, X86_FP_MUL | X86_FP_PS)                                    \
    X(MULPD, mulpd, NONE, simd_load16a, X86_FP_MUL | X86_FP_PD)                                    \
    X(MULSS, mulss, NONE, simd_load4, X86_FP_MUL | X86_FP_SS)                                      \
    X(MULSD, mulsd, NONE, simd_load8, X86_FP_MUL | X86_FP_SD)                                      \
    X(DIVPS, divps, NONE, simd_load16a, X86_FP_DIV | X86_FP_PS)                                    \
    X(DIVPD, divpd, NONE, simd_load16a, X86_FP_DIV | X86_FP_PD)                                    \
    X(DIVSS, divss, NONE, simd_load4, X86_FP_DIV | X86_FP_SS)                                      \
    X(DIVSD, divsd, NONE, simd_load8, X86_FP_DIV | X86_FP_SD)                                      \
    X(SQRTPS, sqrtps, NONE, simd_load16a, X86_FP_QUIET)                                            \
    X(SQRTPD, sqrtpd, NONE, simd_load16a, X86_FP_QUIET)                                            \
    X(SQRTSS, sqrtss, NONE, simd_load4, X86_FP_QUIET)                                              \
    X(SQRTSD, sqrtsd, NONE, simd_load8, X86_FP_QUIET)                                              \
    X(MINPS, minps, NONE, simd_load16a, X86_FP_QUIET)                                              \
    X(MINPD, minpd, NONE, simd_load16a, X86_FP_QUIET)                                              \
    X(MINSS, minss, NONE, simd_load4, X86_FP_QUIET)                                                \
    X(MINSD, minsd, NONE, simd_load8, X86_FP_QUIET)                                                \
    X(MAXPS, maxps, NONE, simd_load16a, X86_FP_QUIET)                                              \
    X(MAXPD, maxpd, NONE, simd_load16a, X86_FP_QUIET)                                              \
    X(MAXSS, maxss, NONE, simd_load4, X86_FP_QUIET)                                                \
    X(MAXSD, maxsd, NONE, simd_load8, X86_FP_QUIET)                                                \
    X(ADDSUBPS, addsubps, SSE3, simd_load16a, X86_FP_ADDSUB | X86_FP_PS)                           \
    X(ADDSUBPD, addsubpd, SSE3, simd_load16a, X86_FP_ADDSUB | X86_FP_PD)                           \
    X(HADDPS, haddps, SSE3, simd_load16a, X86_FP_HADD | X86_FP_PS)                                 \
    X(HADDPD, haddpd, SSE3, simd_load16a, X86_FP_HADD | X86_FP_PD)                                 \
    X(HSUBPS, hsubps, SSE3, simd_load16a, X86_FP_HSUB | X86_FP_PS)                                 \
    X(HSUBPD, hsubpd, SSE3, simd_load16a, X86_FP_HSUB | X86_FP_PD)                                 \
    X(CVTDQ2PS, cvtdq2ps, NONE, simd_load16a, X86_FP_QUIET)                                        \
    X(CVTPS2DQ, cvtps2dq, NONE, simd_load16a, X86_FP_QUIET)                                        \
    X(CVTTPS2DQ, cvttps2dq, NONE, simd_load16a, X86_FP_QUIET)                                      \
    X(CVTPD2DQ, cvtpd2dq, NONE, simd_load16a, X86_FP_QUIET)                                        \
    X(CVTTPD2DQ, cvttpd2dq, NONE, simd_load16a, X86_FP_QUIET)                                      \
    X(CVTPD2PS, cvtpd2ps, NONE, simd_load16a, X86_FP_NARROW | X86_FP_PD)                           \
    X(CVTPS2PD, cvtps2pd, NONE, simd_load8, X86_FP_QUIET)                                          \
    X(CVTSD2SS, cvtsd2ss, NONE, simd_load8, X86_FP_NARROW | X86_FP_SD)                             \
    X(CVTSS2SD, cvtss2sd, NONE, simd_load4, X86_FP_QUIET)

/* X(mnemonic, instruction, load): no exceptions at all */
#define QUIET_OPS(X)                                                                               \
    X(RCPPS, rcpps, simd_load16a) X(RCPSS, rcpss, simd_load4)                                      \
    X(RSQRTPS, rsqrtps, simd_load16a) X(RSQRTSS, rsqrtss, simd_load4)                              \
    X(CVTDQ2PD, cvtdq2pd, simd_load8)

#define DEFINE_FLOAT(name, insn, feat, load, op) SIMD_FP(exec_##insn, #insn, load, op)
#define DEFINE_QUIET(name, insn, load) SIMD_OP(exec_##insn, #insn, load)
FLOAT_OPS(DEFINE_FLOAT)
QUIET_OPS(DEFINE_QUIET)

/* ---- with an immediate ---- */

/* X(mnemonic, instruction, feature, bits that count, cases, load) */
#define FLOAT_IMM_OPS(X)                                                                           \
    X(CMPPS, cmpps, NONE, 7, SIMD_TO_8, simd_load16a)                                              \
    X(CMPPD, cmppd, NONE, 7, SIMD_TO_8, simd_load16a)                                              \
    X(CMPSS, cmpss, NONE, 7, SIMD_TO_8, simd_load4)                                                \
    X(CMPSD, cmpsd, NONE, 7, SIMD_TO_8, simd_load8)                                                \
    X(ROUNDPS, roundps, SSE41, 15, SIMD_TO_16, simd_load16a)                                       \
    X(ROUNDPD, roundpd, SSE41, 15, SIMD_TO_16, simd_load16a)                                       \
    X(ROUNDSS, roundss, SSE41, 15, SIMD_TO_16, simd_load4)                                         \
    X(ROUNDSD, roundsd, SSE41, 15, SIMD_TO_16, simd_load8)
#define DOT_OPS(X)                                                                                 \
    X(DPPS, dpps, SSE41, 255, SIMD_TO_256, simd_load16a)                                           \
    X(DPPD, dppd, SSE41, 255, SIMD_TO_256, simd_load16a)

#define CASE(insn, n)                                                                              \
    case n:                                                                                        \
        __asm__ volatile(#insn " %2,%1,%0" : "+x"(a) : "x"(b), "i"(n));                            \
        break;

#define DEFINE_BY_VALUE(insn, bits, cases)                                                         \
    static SIMD_OUT_OF_LINE __m128i insn##_by(__m128i a, __m128i b, uint64_t value)                \
    {                                                                                              \
        switch (value & (bits)) {                                                                  \
            cases(CASE, insn)                                                                      \
        default:                                                                                   \
            break;                                                                                 \
        }                                                                                          \
        return a;                                                                                  \
    }

#define DEFINE_FLOAT_IMM(name, insn, feat, bits, cases, load)                                      \
    DEFINE_BY_VALUE(insn, bits, cases)                                                             \
    static inline void insn(struct x86_cpu *cpu, const struct x86_insn *i, __m128i b)              \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        const __m128i r = insn##_by(simd_reg(cpu, i->dst), b, i->imm);                             \
                                                                                                   \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, r, b, X86_FP_QUIET);                                              \
        simd_set(cpu, i->dst, r);                                                                  \
    }
#define DEFINE_DOT(name, insn, feat, bits, cases, load)                                            \
    DEFINE_BY_VALUE(insn, bits, cases)                                                             \
    static inline void insn(struct x86_cpu *cpu, const struct x86_insn *i, __m128i b)              \
    {                                                                                              \
        if (CB_UNLIKELY(x86_fp_arm(cpu)))                                                          \
            x86_fp_check_##insn(cpu, i, simd_reg(cpu, i->dst), b, i->imm);                         \
        simd_set(cpu, i->dst, insn##_by(simd_reg(cpu, i->dst), b, i->imm));                        \
    }
#define DEFINE_HANDLERS(name, insn, feat, bits, cases, load)                                       \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        insn(cpu, i, simd_reg(cpu, i->src));                                                       \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        insn(cpu, i, load(cpu, i, x86_ea(cpu, i)));                                                \
        X86_NEXT(cpu, i);                                                                          \
    }
FLOAT_IMM_OPS(DEFINE_FLOAT_IMM)
DOT_OPS(DEFINE_DOT)
FLOAT_IMM_OPS(DEFINE_HANDLERS)
DOT_OPS(DEFINE_HANDLERS)

/* ---- comparisons into the flags ---- */

#define COMPARE(insn, load)                                                                        \
    static inline void insn##_flags(struct x86_cpu *cpu, const struct x86_insn *i, __m128i b)      \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        bool zf, pf, cf;                                                                           \
                                                                                                   \
        __asm__ volatile(#insn " %4,%3"                                                            \
                         : "=@ccz"(zf), "=@ccp"(pf), "=@ccc"(cf)                                   \
                         : "x"(simd_reg(cpu, i->dst)), "x"(b));                                    \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, b, b, X86_FP_QUIET);                                              \
        cpu->cc = (zf ? X86_CC_Z : 0u) | (pf ? X86_CC_P : 0u) | (cf ? X86_CC_C : 0u);              \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        insn##_flags(cpu, i, simd_reg(cpu, i->src));                                               \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        insn##_flags(cpu, i, load(cpu, i, x86_ea(cpu, i)));                                        \
        X86_NEXT(cpu, i);                                                                          \
    }
COMPARE(comiss, simd_load4)
COMPARE(ucomiss, simd_load4)
COMPARE(comisd, simd_load8)
COMPARE(ucomisd, simd_load8)

/* ---- from and to general registers ---- */

#define FROM_INT(name, insn, type, bits)                                                           \
    static inline void name(struct x86_cpu *cpu, const struct x86_insn *i, type v)                 \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        __m128i a = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__ volatile(insn " %1,%0" : "+x"(a) : "r"(v));                                        \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, a, a, X86_FP_QUIET);                                              \
        simd_set(cpu, i->dst, a);                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##name##_r)                                                                       \
    {                                                                                              \
        name(cpu, i, (type)cpu->r[i->src]);                                                        \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##name##_m)                                                                       \
    {                                                                                              \
        name(cpu, i, x86_read##bits(cpu, i, x86_ea(cpu, i)));                                      \
        X86_NEXT(cpu, i);                                                                          \
    }
FROM_INT(cvtsi2ss32, "cvtsi2ssl", uint32_t, 32)
FROM_INT(cvtsi2ss64, "cvtsi2ssq", uint64_t, 64)
FROM_INT(cvtsi2sd32, "cvtsi2sdl", uint32_t, 32)
FROM_INT(cvtsi2sd64, "cvtsi2sdq", uint64_t, 64)

#define TO_INT(name, insn, type, load)                                                             \
    static inline void name(struct x86_cpu *cpu, const struct x86_insn *i, __m128i b)              \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        type v;                                                                                    \
                                                                                                   \
        __asm__ volatile(insn " %1,%0" : "=r"(v) : "x"(b));                                        \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, b, b, X86_FP_QUIET);                                              \
        cpu->r[i->dst] = v;                                                                        \
    }                                                                                              \
    SIMD_FN(exec_##name##_r)                                                                       \
    {                                                                                              \
        name(cpu, i, simd_reg(cpu, i->src));                                                       \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##name##_m)                                                                       \
    {                                                                                              \
        name(cpu, i, load(cpu, i, x86_ea(cpu, i)));                                                \
        X86_NEXT(cpu, i);                                                                          \
    }
TO_INT(cvtss2si32, "cvtss2si", uint32_t, simd_load4)
TO_INT(cvtss2si64, "cvtss2si", uint64_t, simd_load4)
TO_INT(cvttss2si32, "cvttss2si", uint32_t, simd_load4)
TO_INT(cvttss2si64, "cvttss2si", uint64_t, simd_load4)
TO_INT(cvtsd2si32, "cvtsd2si", uint32_t, simd_load8)
TO_INT(cvtsd2si64, "cvtsd2si", uint64_t, simd_load8)
TO_INT(cvttsd2si32, "cvttsd2si", uint32_t, simd_load8)
TO_INT(cvttsd2si64, "cvttsd2si", uint64_t, simd_load8)

/* ---- rows ---- */

#define ROW_FLOAT(name, insn, feat, load, op)                                                      \
    SIMD_ROW(name, R_RM, feat, 0, XMM, exec_##insn##_r, exec_##insn##_m),
#define ROW_QUIET(name, insn, load)                                                                \
    SIMD_ROW(name, R_RM, NONE, 0, XMM, exec_##insn##_r, exec_##insn##_m),
#define ROW_FLOAT_IMM(name, insn, feat, bits, cases, load)                                         \
    SIMD_ROW(name, R_RM_I, feat, 0, XMM, exec_##insn##_r, exec_##insn##_m),
#define ROW_COMPARE(name, insn)                                                                    \
    SIMD_ROW(name, R_RM, NONE, 0, XMM, exec_##insn##_r, exec_##insn##_m)
/* The general register's width chooses, the 16-bit operand prefix changes nothing. */
#define ROW_INT(name, fn, regs)                                                                    \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_R_RM,                                     \
     .flags = X86_OP_SSE | X86_OP_BY_WIDTH, .operand = X86_REGS_##regs,                            \
     .reg = {NULL, exec_##fn##32_r, exec_##fn##32_r, exec_##fn##64_r},                             \
     .mem = {NULL, exec_##fn##32_m, exec_##fn##32_m, exec_##fn##64_m}}

static const struct x86_op rows[] = {
    FLOAT_OPS(ROW_FLOAT)
    QUIET_OPS(ROW_QUIET)
    FLOAT_IMM_OPS(ROW_FLOAT_IMM)
    DOT_OPS(ROW_FLOAT_IMM)
    ROW_COMPARE(COMISS, comiss),
    ROW_COMPARE(UCOMISS, ucomiss),
    ROW_COMPARE(COMISD, comisd),
    ROW_COMPARE(UCOMISD, ucomisd),
    ROW_INT(CVTSI2SS, cvtsi2ss, XMM_GPR),
    ROW_INT(CVTSI2SD, cvtsi2sd, XMM_GPR),
    ROW_INT(CVTSS2SI, cvtss2si, GPR_XMM),
    ROW_INT(CVTTSS2SI, cvttss2si, GPR_XMM),
    ROW_INT(CVTSD2SI, cvtsd2si, GPR_XMM),
    ROW_INT(CVTTSD2SI, cvttsd2si, GPR_XMM),
};

const struct x86_op_table x86_ops_sse_float = {rows, CB_ARRAY_LEN(rows)};
#endif
