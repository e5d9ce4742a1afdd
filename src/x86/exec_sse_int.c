/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE without MXCSR, dst = op(dst, src): packed integers of SSE2 to SSE4.2,
 * bitwise logic, unpacking, AES and SHA rounds.  One line per instruction.
 *
 * Elsewhere: immediates in exec_sse_imm.c, plain moves in exec_sse_move.c.
 * Manual: APM vol. 4, 128-Bit Media Instructions.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"

#if X86_HOST_FPU

/* X(mnemonic, instruction, feature): 16 bytes aligned */
#define ALIGNED_OPS(X)                                                                             \
    X(PADDB, paddb, NONE) X(PADDW, paddw, NONE) X(PADDD, paddd, NONE) X(PADDQ, paddq, NONE)        \
    X(PADDSB, paddsb, NONE) X(PADDSW, paddsw, NONE)                                                \
    X(PADDUSB, paddusb, NONE) X(PADDUSW, paddusw, NONE)                                            \
    X(PSUBB, psubb, NONE) X(PSUBW, psubw, NONE) X(PSUBD, psubd, NONE) X(PSUBQ, psubq, NONE)        \
    X(PSUBSB, psubsb, NONE) X(PSUBSW, psubsw, NONE)                                                \
    X(PSUBUSB, psubusb, NONE) X(PSUBUSW, psubusw, NONE)                                            \
    X(PMULLW, pmullw, NONE) X(PMULHW, pmulhw, NONE) X(PMULHUW, pmulhuw, NONE)                      \
    X(PMULUDQ, pmuludq, NONE) X(PMADDWD, pmaddwd, NONE) X(PSADBW, psadbw, NONE)                    \
    X(PAVGB, pavgb, NONE) X(PAVGW, pavgw, NONE)                                                    \
    X(PMINUB, pminub, NONE) X(PMAXUB, pmaxub, NONE)                                                \
    X(PMINSW, pminsw, NONE) X(PMAXSW, pmaxsw, NONE)                                                \
    X(PCMPEQB, pcmpeqb, NONE) X(PCMPEQW, pcmpeqw, NONE) X(PCMPEQD, pcmpeqd, NONE)                  \
    X(PCMPGTB, pcmpgtb, NONE) X(PCMPGTW, pcmpgtw, NONE) X(PCMPGTD, pcmpgtd, NONE)                  \
    X(PACKSSWB, packsswb, NONE) X(PACKSSDW, packssdw, NONE) X(PACKUSWB, packuswb, NONE)            \
    X(PUNPCKLBW, punpcklbw, NONE) X(PUNPCKLWD, punpcklwd, NONE)                                    \
    X(PUNPCKLDQ, punpckldq, NONE) X(PUNPCKLQDQ, punpcklqdq, NONE)                                  \
    X(PUNPCKHBW, punpckhbw, NONE) X(PUNPCKHWD, punpckhwd, NONE)                                    \
    X(PUNPCKHDQ, punpckhdq, NONE) X(PUNPCKHQDQ, punpckhqdq, NONE)                                  \
    X(PAND, pand, NONE) X(PANDN, pandn, NONE) X(POR, por, NONE) X(PXOR, pxor, NONE)                \
    X(ANDPS, andps, NONE) X(ANDNPS, andnps, NONE) X(ORPS, orps, NONE) X(XORPS, xorps, NONE)        \
    X(ANDPD, andpd, NONE) X(ANDNPD, andnpd, NONE) X(ORPD, orpd, NONE) X(XORPD, xorpd, NONE)        \
    X(UNPCKLPS, unpcklps, NONE) X(UNPCKHPS, unpckhps, NONE)                                        \
    X(UNPCKLPD, unpcklpd, NONE) X(UNPCKHPD, unpckhpd, NONE)                                        \
    X(PSLLW, psllw, NONE) X(PSLLD, pslld, NONE) X(PSLLQ, psllq, NONE)                              \
    X(PSRLW, psrlw, NONE) X(PSRLD, psrld, NONE) X(PSRLQ, psrlq, NONE)                              \
    X(PSRAW, psraw, NONE) X(PSRAD, psrad, NONE)                                                    \
    X(MOVSHDUP, movshdup, SSE3) X(MOVSLDUP, movsldup, SSE3)                                        \
    X(PSHUFB, pshufb, SSSE3) X(PMADDUBSW, pmaddubsw, SSSE3) X(PMULHRSW, pmulhrsw, SSSE3)           \
    X(PHADDW, phaddw, SSSE3) X(PHADDD, phaddd, SSSE3) X(PHADDSW, phaddsw, SSSE3)                   \
    X(PHSUBW, phsubw, SSSE3) X(PHSUBD, phsubd, SSSE3) X(PHSUBSW, phsubsw, SSSE3)                   \
    X(PABSB, pabsb, SSSE3) X(PABSW, pabsw, SSSE3) X(PABSD, pabsd, SSSE3)                           \
    X(PSIGNB, psignb, SSSE3) X(PSIGNW, psignw, SSSE3) X(PSIGND, psignd, SSSE3)                     \
    X(PMULLD, pmulld, SSE41) X(PMULDQ, pmuldq, SSE41) X(PACKUSDW, packusdw, SSE41)                 \
    X(PMINSB, pminsb, SSE41) X(PMAXSB, pmaxsb, SSE41)                                              \
    X(PMINUW, pminuw, SSE41) X(PMAXUW, pmaxuw, SSE41)                                              \
    X(PMINSD, pminsd, SSE41) X(PMAXSD, pmaxsd, SSE41)                                              \
    X(PMINUD, pminud, SSE41) X(PMAXUD, pmaxud, SSE41)                                              \
    X(PCMPEQQ, pcmpeqq, SSE41) X(PHMINPOSUW, phminposuw, SSE41) X(PCMPGTQ, pcmpgtq, SSE42)         \
    X(AESENC, aesenc, AES) X(AESENCLAST, aesenclast, AES)                                          \
    X(AESDEC, aesdec, AES) X(AESDECLAST, aesdeclast, AES) X(AESIMC, aesimc, AES)                   \
    X(SHA1NEXTE, sha1nexte, SHA) X(SHA1MSG1, sha1msg1, SHA) X(SHA1MSG2, sha1msg2, SHA)             \
    X(SHA256MSG1, sha256msg1, SHA) X(SHA256MSG2, sha256msg2, SHA)

/* X(mnemonic, instruction, feature, load): fewer bytes, no alignment */
#define SHORT_OPS(X)                                                                               \
    X(MOVDDUP, movddup, SSE3, simd_load8)                                                          \
    X(PMOVSXBW, pmovsxbw, SSE41, simd_load8) X(PMOVZXBW, pmovzxbw, SSE41, simd_load8)              \
    X(PMOVSXBD, pmovsxbd, SSE41, simd_load4) X(PMOVZXBD, pmovzxbd, SSE41, simd_load4)              \
    X(PMOVSXBQ, pmovsxbq, SSE41, simd_load2) X(PMOVZXBQ, pmovzxbq, SSE41, simd_load2)              \
    X(PMOVSXWD, pmovsxwd, SSE41, simd_load8) X(PMOVZXWD, pmovzxwd, SSE41, simd_load8)              \
    X(PMOVSXWQ, pmovsxwq, SSE41, simd_load4) X(PMOVZXWQ, pmovzxwq, SSE41, simd_load4)              \
    X(PMOVSXDQ, pmovsxdq, SSE41, simd_load8) X(PMOVZXDQ, pmovzxdq, SSE41, simd_load8)

/* X(mnemonic, instruction, feature): third operand XMM0 */
#define XMM0_OPS(X)                                                                                \
    X(PBLENDVB, pblendvb, SSE41) X(BLENDVPS, blendvps, SSE41) X(BLENDVPD, blendvpd, SSE41)         \
    X(SHA256RNDS2, sha256rnds2, SHA)

#define DEFINE_ALIGNED(name, insn, feat) SIMD_OP(exec_##insn, #insn, simd_load16a)
#define DEFINE_SHORT(name, insn, feat, load) SIMD_OP(exec_##insn, #insn, load)
ALIGNED_OPS(DEFINE_ALIGNED)
SHORT_OPS(DEFINE_SHORT)

#define XMM0_OP(name, insn, feat)                                                                  \
    static inline __m128i insn##_xmm0(__m128i a, __m128i b, __m128i selector)                      \
    {                                                                                              \
        register __m128i xmm0 __asm__("xmm0") = selector;                                          \
                                                                                                   \
        __asm__(#insn " %%xmm0,%1,%0" : "+x"(a) : "x"(b), "x"(xmm0));                              \
        return a;                                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        simd_set(cpu, i->dst,                                                                      \
                 insn##_xmm0(simd_reg(cpu, i->dst), simd_reg(cpu, i->src), simd_reg(cpu, 0)));     \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        const __m128i b = simd_load16a(cpu, i, x86_ea(cpu, i));                                    \
                                                                                                   \
        simd_set(cpu, i->dst, insn##_xmm0(simd_reg(cpu, i->dst), b, simd_reg(cpu, 0)));            \
        X86_NEXT(cpu, i);                                                                          \
    }
XMM0_OPS(XMM0_OP)

SIMD_FN(exec_ptest_r)
{
    const __m128i a = simd_reg(cpu, i->dst);
    bool zf, cf;

    __asm__("ptest %3,%2" : "=@ccz"(zf), "=@ccc"(cf) : "x"(a), "xm"(cpu->xmm[i->src]));
    cpu->cc = (zf ? X86_CC_Z : 0u) | (cf ? X86_CC_C : 0u);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_ptest_m)
{
    const __m128i b = simd_load16a(cpu, i, x86_ea(cpu, i));
    bool zf, cf;

    __asm__("ptest %3,%2" : "=@ccz"(zf), "=@ccc"(cf) : "x"(simd_reg(cpu, i->dst)), "x"(b));
    cpu->cc = (zf ? X86_CC_Z : 0u) | (cf ? X86_CC_C : 0u);
    X86_NEXT(cpu, i);
}

#define ROW_ALIGNED(name, insn, feat)                                                              \
    SIMD_ROW(name, R_RM, feat, X86_OP_ALIGN16, XMM, exec_##insn##_r, exec_##insn##_m),
#define ROW_SHORT(name, insn, feat, load)                                                          \
    SIMD_ROW(name, R_RM, feat, 0, XMM, exec_##insn##_r, exec_##insn##_m),

static const struct x86_op rows[] = {
    ALIGNED_OPS(ROW_ALIGNED)
    SHORT_OPS(ROW_SHORT)
    XMM0_OPS(ROW_ALIGNED)
    SIMD_ROW(PTEST, R_RM, SSE41, X86_OP_ALIGN16, XMM, exec_ptest_r, exec_ptest_m),
};

const struct x86_op_table x86_ops_sse_int = {rows, CB_ARRAY_LEN(rows)};
#endif
