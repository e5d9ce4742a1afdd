/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MMX, with its SSE, SSE2 and SSSE3 additions, on the host's MMX registers.
 *
 * MMX register n is the significand of the x87's physical register n.  Every
 * instruction makes TOP 0 and all registers valid (EMMS: empty), also when it
 * only reads; a register that is written gets sign and exponent FFFFh.
 * Manual: APM vol. 1 "64-Bit Media Programming", vol. 5.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"
#include "x86/x87.h"

#if X86_HOST_FPU

#define MMX_CLOBBERS "mm0", "mm1", X87_CLOBBERS

static inline void enter(struct x86_cpu *cpu)
{
    cpu->fpu.sw &= (uint16_t) ~X86_FSW_TOP;
    cpu->fpu.tag_valid = 0xff;
}

static inline uint64_t get(const struct x86_cpu *cpu, unsigned n)
{
    return cpu->fpu.fpr[n & 7].mant;
}

static inline void set(struct x86_cpu *cpu, unsigned n, uint64_t v)
{
    enter(cpu);
    cpu->fpu.fpr[n & 7] = (struct x86_st){.mant = v, .se = 0xffff};
}

/* ---- dst = op(dst, src) ---- */

/* X(mnemonic, instruction, feature, bits of the memory form) */
#define OPS(X)                                                                                     \
    X(PADDB, paddb, NONE, 64) X(PADDW, paddw, NONE, 64) X(PADDD, paddd, NONE, 64)                  \
    X(PADDQ, paddq, NONE, 64) X(PADDSB, paddsb, NONE, 64) X(PADDSW, paddsw, NONE, 64)              \
    X(PADDUSB, paddusb, NONE, 64) X(PADDUSW, paddusw, NONE, 64)                                    \
    X(PSUBB, psubb, NONE, 64) X(PSUBW, psubw, NONE, 64) X(PSUBD, psubd, NONE, 64)                  \
    X(PSUBQ, psubq, NONE, 64) X(PSUBSB, psubsb, NONE, 64) X(PSUBSW, psubsw, NONE, 64)              \
    X(PSUBUSB, psubusb, NONE, 64) X(PSUBUSW, psubusw, NONE, 64)                                    \
    X(PMULLW, pmullw, NONE, 64) X(PMULHW, pmulhw, NONE, 64) X(PMULHUW, pmulhuw, NONE, 64)          \
    X(PMULUDQ, pmuludq, NONE, 64) X(PMADDWD, pmaddwd, NONE, 64) X(PSADBW, psadbw, NONE, 64)        \
    X(PAVGB, pavgb, NONE, 64) X(PAVGW, pavgw, NONE, 64)                                            \
    X(PMINUB, pminub, NONE, 64) X(PMAXUB, pmaxub, NONE, 64)                                        \
    X(PMINSW, pminsw, NONE, 64) X(PMAXSW, pmaxsw, NONE, 64)                                        \
    X(PCMPEQB, pcmpeqb, NONE, 64) X(PCMPEQW, pcmpeqw, NONE, 64) X(PCMPEQD, pcmpeqd, NONE, 64)      \
    X(PCMPGTB, pcmpgtb, NONE, 64) X(PCMPGTW, pcmpgtw, NONE, 64) X(PCMPGTD, pcmpgtd, NONE, 64)      \
    X(PACKSSWB, packsswb, NONE, 64) X(PACKSSDW, packssdw, NONE, 64)                                \
    X(PACKUSWB, packuswb, NONE, 64)                                                                \
    X(PUNPCKLBW, punpcklbw, NONE, 32) X(PUNPCKLWD, punpcklwd, NONE, 32)                            \
    X(PUNPCKLDQ, punpckldq, NONE, 32) X(PUNPCKHBW, punpckhbw, NONE, 64)                            \
    X(PUNPCKHWD, punpckhwd, NONE, 64) X(PUNPCKHDQ, punpckhdq, NONE, 64)                            \
    X(PAND, pand, NONE, 64) X(PANDN, pandn, NONE, 64) X(POR, por, NONE, 64) X(PXOR, pxor, NONE, 64)\
    X(PSLLW, psllw, NONE, 64) X(PSLLD, pslld, NONE, 64) X(PSLLQ, psllq, NONE, 64)                  \
    X(PSRLW, psrlw, NONE, 64) X(PSRLD, psrld, NONE, 64) X(PSRLQ, psrlq, NONE, 64)                  \
    X(PSRAW, psraw, NONE, 64) X(PSRAD, psrad, NONE, 64)                                            \
    X(PSHUFB, pshufb, SSSE3, 64) X(PMADDUBSW, pmaddubsw, SSSE3, 64)                                \
    X(PMULHRSW, pmulhrsw, SSSE3, 64)                                                               \
    X(PHADDW, phaddw, SSSE3, 64) X(PHADDD, phaddd, SSSE3, 64) X(PHADDSW, phaddsw, SSSE3, 64)       \
    X(PHSUBW, phsubw, SSSE3, 64) X(PHSUBD, phsubd, SSSE3, 64) X(PHSUBSW, phsubsw, SSSE3, 64)       \
    X(PABSB, pabsb, SSSE3, 64) X(PABSW, pabsw, SSSE3, 64) X(PABSD, pabsd, SSSE3, 64)               \
    X(PSIGNB, psignb, SSSE3, 64) X(PSIGNW, psignw, SSSE3, 64) X(PSIGND, psignd, SSSE3, 64)

/* X(mnemonic, instruction): shifts by an immediate, here by a register */
#define SHIFTS(X)                                                                                  \
    X(PSLLW, psllw) X(PSLLD, pslld) X(PSLLQ, psllq) X(PSRLW, psrlw) X(PSRLD, psrld)                \
    X(PSRLQ, psrlq) X(PSRAW, psraw) X(PSRAD, psrad)

#define DEFINE_OP(name, insn, feat, bits)                                                          \
    static inline uint64_t insn(uint64_t a, uint64_t b)                                            \
    {                                                                                              \
        __asm__ volatile("movq %1,%%mm0\n\tmovq %2,%%mm1\n\t" #insn " %%mm1,%%mm0\n\t"             \
                         "movq %%mm0,%0\n\temms"                                                   \
                         : "=r"(a)                                                                 \
                         : "r"(a), "r"(b)                                                          \
                         : MMX_CLOBBERS);                                                          \
        return a;                                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        set(cpu, i->dst, insn(get(cpu, i->dst), get(cpu, i->src)));                                \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        uint64_t b;                                                                                \
                                                                                                   \
        x87_wait(cpu, i);                                                                          \
        b = x86_read##bits(cpu, i, x86_ea(cpu, i));                                                \
        set(cpu, i->dst, insn(get(cpu, i->dst), b));                                               \
        X86_NEXT(cpu, i);                                                                          \
    }
OPS(DEFINE_OP)

#define DEFINE_SHIFT(name, insn)                                                                   \
    SIMD_FN(exec_##insn##_i)                                                                       \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        set(cpu, i->dst, insn(get(cpu, i->dst), (uint8_t)i->imm));                                 \
        X86_NEXT(cpu, i);                                                                          \
    }
SHIFTS(DEFINE_SHIFT)

/* ---- moves ---- */

#define READ_HANDLER(name, value)                                                                  \
    SIMD_FN(name)                                                                                  \
    {                                                                                              \
        uint64_t v;                                                                                \
                                                                                                   \
        x87_wait(cpu, i);                                                                          \
        v = (value);                                                                               \
        set(cpu, i->dst, v);                                                                       \
        X86_NEXT(cpu, i);                                                                          \
    }
READ_HANDLER(exec_movq_r, get(cpu, i->src))
READ_HANDLER(exec_load64, x86_read64(cpu, i, x86_ea(cpu, i)))
READ_HANDLER(exec_load32, x86_read32(cpu, i, x86_ea(cpu, i)))
READ_HANDLER(exec_from_gpr32, (uint32_t)cpu->r[i->src])
READ_HANDLER(exec_from_gpr64, cpu->r[i->src])
READ_HANDLER(exec_movdq2q, cpu->xmm[i->src].u64[0])

SIMD_FN(exec_store64)
{
    x87_wait(cpu, i);
    x86_write64(cpu, i, x86_ea(cpu, i), get(cpu, i->src));
    enter(cpu);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_store32)
{
    x87_wait(cpu, i);
    x86_write32(cpu, i, x86_ea(cpu, i), (uint32_t)get(cpu, i->src));
    enter(cpu);
    X86_NEXT(cpu, i);
}

#define WRITE_HANDLER(name, statement)                                                             \
    SIMD_FN(name)                                                                                  \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        enter(cpu);                                                                                \
        statement;                                                                                 \
        X86_NEXT(cpu, i);                                                                          \
    }
WRITE_HANDLER(exec_to_gpr32, cpu->r[i->dst] = (uint32_t)get(cpu, i->src))
WRITE_HANDLER(exec_to_gpr64, cpu->r[i->dst] = get(cpu, i->src))
WRITE_HANDLER(exec_movq2dq, simd_set(cpu, i->dst, simd_from64(get(cpu, i->src))))
WRITE_HANDLER(exec_pextrw, cpu->r[i->dst] = (uint16_t)(get(cpu, i->src) >> 16 * (i->imm & 3)))
WRITE_HANDLER(exec_pmovmskb,
              cpu->r[i->dst] = (uint32_t)_mm_movemask_epi8(simd_from64(get(cpu, i->src))))

SIMD_FN(exec_emms)
{
    x87_wait(cpu, i);
    enter(cpu);
    cpu->fpu.tag_valid = 0;
    X86_NEXT(cpu, i);
}

/* Whatever the mask, all 8 bytes must be writable. */
SIMD_FN(exec_maskmovq)
{
    const unsigned mask = (unsigned)_mm_movemask_epi8(simd_from64(get(cpu, i->src)));
    uint64_t at;

    x87_wait(cpu, i);
    at = x86_ea(cpu, i);
    x86_probe(cpu, i, at, 8, true);
    for (unsigned n = 0; n < 8; n++)
        if (mask >> n & 1)
            x86_write8(cpu, i, at + n, (uint8_t)(get(cpu, i->dst) >> 8 * n));
    enter(cpu);
    X86_NEXT(cpu, i);
}

/* ---- immediates ---- */

static inline uint64_t with_word(uint64_t v, uint64_t n, uint16_t word)
{
    const unsigned shift = 16 * (n & 3);

    return (v & ~(UINT64_C(0xffff) << shift)) | (uint64_t)word << shift;
}

static inline uint64_t pshufw(uint64_t v, uint64_t order)
{
    uint64_t r = 0;

    for (unsigned n = 0; n < 4; n++)
        r |= (v >> 16 * (order >> 2 * n & 3) & 0xffff) << 16 * n;
    return r;
}

/* Eight bytes of b:a from byte `by` on. */
static inline uint64_t palignr(uint64_t b, uint64_t a, uint8_t by)
{
    if (by == 0)
        return a;
    if (by < 8)
        return a >> 8 * by | b << (64 - 8 * by);
    return by < 16 ? b >> 8 * (by - 8) : 0;
}

READ_HANDLER(exec_pinsrw_r, with_word(get(cpu, i->dst), i->imm, (uint16_t)cpu->r[i->src]))
READ_HANDLER(exec_pinsrw_m,
             with_word(get(cpu, i->dst), i->imm, x86_read16(cpu, i, x86_ea(cpu, i))))
READ_HANDLER(exec_pshufw_r, pshufw(get(cpu, i->src), i->imm))
READ_HANDLER(exec_pshufw_m, pshufw(x86_read64(cpu, i, x86_ea(cpu, i)), i->imm))
READ_HANDLER(exec_palignr_r, palignr(get(cpu, i->dst), get(cpu, i->src), (uint8_t)i->imm))
READ_HANDLER(exec_palignr_m,
             palignr(get(cpu, i->dst), x86_read64(cpu, i, x86_ea(cpu, i)), (uint8_t)i->imm))

/* ---- conversions between MMX and XMM, under MXCSR ---- */

/*
 * TOP and tags change even if a SIMD exception follows.  With a memory operand
 * CVTPI2PS and CVTPI2PD leave the x87 alone, and its pending exceptions too.
 */
#define FROM_MMX(insn)                                                                             \
    static inline void insn(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t b)             \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        __m128i a = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__ volatile("movq %1,%%mm0\n\t" #insn " %%mm0,%0\n\temms"                             \
                         : "+x"(a)                                                                 \
                         : "r"(b)                                                                  \
                         : MMX_CLOBBERS);                                                          \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, a, a, X86_FP_QUIET);                                              \
        simd_set(cpu, i->dst, a);                                                                  \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        enter(cpu);                                                                                \
        insn(cpu, i, get(cpu, i->src));                                                            \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        insn(cpu, i, x86_read64(cpu, i, x86_ea(cpu, i)));                                          \
        X86_NEXT(cpu, i);                                                                          \
    }
FROM_MMX(cvtpi2ps)
FROM_MMX(cvtpi2pd)

#define TO_MMX(insn, load)                                                                         \
    static inline void insn(struct x86_cpu *cpu, const struct x86_insn *i, __m128i b)              \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        uint64_t v;                                                                                \
                                                                                                   \
        enter(cpu);                                                                                \
        __asm__ volatile(#insn " %1,%%mm0\n\tmovq %%mm0,%0\n\temms"                                \
                         : "=r"(v)                                                                 \
                         : "x"(b)                                                                  \
                         : MMX_CLOBBERS);                                                          \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, b, b, X86_FP_QUIET);                                              \
        set(cpu, i->dst, v);                                                                       \
    }                                                                                              \
    SIMD_FN(exec_##insn##_r)                                                                       \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        insn(cpu, i, simd_reg(cpu, i->src));                                                       \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(exec_##insn##_m)                                                                       \
    {                                                                                              \
        x87_wait(cpu, i);                                                                          \
        insn(cpu, i, load(cpu, i, x86_ea(cpu, i)));                                                \
        X86_NEXT(cpu, i);                                                                          \
    }
TO_MMX(cvtps2pi, simd_load8)
TO_MMX(cvttps2pi, simd_load8)
TO_MMX(cvtpd2pi, simd_load16a)
TO_MMX(cvttpd2pi, simd_load16a)

/* ---- rows ---- */

#define ROW(name, row_form, feat, op_flags, regs, r, m)                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_##row_form,                               \
     .feature = X86_FEAT_##feat, .flags = (op_flags), .operand = X86_REGS_##regs,                  \
     .reg = {r}, .mem = {m}}
#define ROW_OP(name, insn, feat, bits)                                                             \
    ROW(name, R_RM, feat, X86_OP_MMX, MMX, exec_##insn##_r, exec_##insn##_m),
#define ROW_SHIFT(name, insn) ROW(name, RM_I, NONE, X86_OP_MMX, MMX, exec_##insn##_i, NULL),
#define ROW_CONVERT(name, insn, regs)                                                              \
    ROW(name, R_RM, NONE, X86_OP_SSE, regs, exec_##insn##_r, exec_##insn##_m)

static const struct x86_op rows[] = {
    OPS(ROW_OP)
    SHIFTS(ROW_SHIFT)
    ROW(MOVQ, R_RM, NONE, X86_OP_MMX, MMX, exec_movq_r, exec_load64),
    ROW(MOVQ, RM_R, NONE, X86_OP_MMX, MMX, exec_movq_r, exec_store64),
    ROW(MOVQ, R_RM, NONE, X86_OP_MMX, MMX_GPR, exec_from_gpr64, exec_load64),
    ROW(MOVQ, RM_R, NONE, X86_OP_MMX, MMX_GPR, exec_to_gpr64, exec_store64),
    ROW(MOVD, R_RM, NONE, X86_OP_MMX, MMX_GPR, exec_from_gpr32, exec_load32),
    ROW(MOVD, RM_R, NONE, X86_OP_MMX, MMX_GPR, exec_to_gpr32, exec_store32),
    ROW(MOVNTQ, M_R, NONE, X86_OP_MMX, MMX, NULL, exec_store64),
    ROW(MASKMOVQ, R_R_DI, NONE, X86_OP_MMX, MMX, exec_maskmovq, exec_maskmovq),
    ROW(PMOVMSKB, R_RM, NONE, X86_OP_MMX, GPR_MMX, exec_pmovmskb, NULL),
    ROW(PEXTRW, R_RM_I, NONE, X86_OP_MMX, GPR_MMX, exec_pextrw, NULL),
    ROW(PINSRW, R_RM_I, NONE, X86_OP_MMX, MMX_GPR, exec_pinsrw_r, exec_pinsrw_m),
    ROW(PSHUFW, R_RM_I, NONE, X86_OP_MMX, MMX, exec_pshufw_r, exec_pshufw_m),
    ROW(PALIGNR, R_RM_I, SSSE3, X86_OP_MMX, MMX, exec_palignr_r, exec_palignr_m),
    ROW(EMMS, NONE, NONE, X86_OP_MMX, GPR, exec_emms, NULL),
    ROW(MOVQ2DQ, R_RM, NONE, X86_OP_SSE, XMM_MMX, exec_movq2dq, NULL),
    ROW(MOVDQ2Q, R_RM, NONE, X86_OP_SSE, MMX_XMM, exec_movdq2q, NULL),
    ROW_CONVERT(CVTPI2PS, cvtpi2ps, XMM_MMX),
    ROW_CONVERT(CVTPI2PD, cvtpi2pd, XMM_MMX),
    ROW_CONVERT(CVTPS2PI, cvtps2pi, MMX_XMM),
    ROW_CONVERT(CVTTPS2PI, cvttps2pi, MMX_XMM),
    ROW_CONVERT(CVTPD2PI, cvtpd2pi, MMX_XMM),
    ROW_CONVERT(CVTTPD2PI, cvttpd2pi, MMX_XMM),
};

const struct x86_op_table x86_ops_mmx = {rows, CB_ARRAY_LEN(rows)};
#endif
