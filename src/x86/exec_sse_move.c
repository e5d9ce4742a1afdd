/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE moves: between XMM registers, memory and general registers, without
 * change of the data; masks of sign bits; SSE4a's bit fields.
 *
 * Elsewhere: PINSRx, PEXTRx, INSERTPS, EXTRACTPS in exec_sse_imm.c; moves from
 * and to MMX registers in exec_mmx.c.
 * Manual: APM vol. 4, 128-Bit Media Instructions.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"

#if X86_HOST_FPU

SIMD_OUT_OF_LINE __m128i x86_simd_load_slow(struct x86_cpu *cpu, const struct x86_insn *i,
                                            uint64_t at)
{
    union x86_xmm v;

    x86_read_slow(cpu, i, at, &v, 16);
    return _mm_load_si128((const __m128i *)&v);
}

SIMD_OUT_OF_LINE void x86_simd_store_slow(struct x86_cpu *cpu, const struct x86_insn *i,
                                          uint64_t at, __m128i value)
{
    union x86_xmm v;

    _mm_store_si128((__m128i *)&v, value);
    x86_write_slow(cpu, i, at, &v, 16);
}

/* ---- 16 bytes ---- */

SIMD_FN(exec_mov_r)
{
    simd_set(cpu, i->dst, simd_reg(cpu, i->src));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_mova_load)
{
    simd_set(cpu, i->dst, simd_load16a(cpu, i, x86_ea(cpu, i)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movu_load)
{
    simd_set(cpu, i->dst, simd_load16(cpu, i, x86_ea(cpu, i)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_mova_store)
{
    simd_store16a(cpu, i, x86_ea(cpu, i), simd_reg(cpu, i->src));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movu_store)
{
    simd_store16(cpu, i, x86_ea(cpu, i), simd_reg(cpu, i->src));
    X86_NEXT(cpu, i);
}

/* ---- scalars and halves ---- */

SIMD_FN(exec_movss_r)
{
    cpu->xmm[i->dst].u32[0] = cpu->xmm[i->src].u32[0];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movsd_r)
{
    cpu->xmm[i->dst].u64[0] = cpu->xmm[i->src].u64[0];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_load4)
{
    simd_set(cpu, i->dst, simd_load4(cpu, i, x86_ea(cpu, i)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_load8)
{
    simd_set(cpu, i->dst, simd_load8(cpu, i, x86_ea(cpu, i)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_store4)
{
    x86_write32(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u32[0]);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_store8)
{
    x86_write64(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u64[0]);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_store_high)
{
    x86_write64(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u64[1]);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_load_low)
{
    cpu->xmm[i->dst].u64[0] = x86_read64(cpu, i, x86_ea(cpu, i));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_load_high)
{
    cpu->xmm[i->dst].u64[1] = x86_read64(cpu, i, x86_ea(cpu, i));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movhlps)
{
    cpu->xmm[i->dst].u64[0] = cpu->xmm[i->src].u64[1];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movlhps)
{
    cpu->xmm[i->dst].u64[1] = cpu->xmm[i->src].u64[0];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movq_r)
{
    simd_set(cpu, i->dst, simd_from64(cpu->xmm[i->src].u64[0]));
    X86_NEXT(cpu, i);
}

/* ---- general registers ---- */

SIMD_FN(exec_movd_from_gpr)
{
    simd_set(cpu, i->dst, simd_from32((uint32_t)cpu->r[i->src]));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movq_from_gpr)
{
    simd_set(cpu, i->dst, simd_from64(cpu->r[i->src]));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movd_to_gpr)
{
    cpu->r[i->dst] = cpu->xmm[i->src].u32[0];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movq_to_gpr)
{
    cpu->r[i->dst] = cpu->xmm[i->src].u64[0];
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_pmovmskb)
{
    cpu->r[i->dst] = (uint32_t)_mm_movemask_epi8(simd_reg(cpu, i->src));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movmskps)
{
    cpu->r[i->dst] = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(simd_reg(cpu, i->src)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movmskpd)
{
    cpu->r[i->dst] = (uint32_t)_mm_movemask_pd(_mm_castsi128_pd(simd_reg(cpu, i->src)));
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movnti32)
{
    x86_write32(cpu, i, x86_ea(cpu, i), (uint32_t)cpu->r[i->src]);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_movnti64)
{
    x86_write64(cpu, i, x86_ea(cpu, i), cpu->r[i->src]);
    X86_NEXT(cpu, i);
}

/* Whatever the mask, all 16 bytes must be writable; processors look at the upper half first. */
SIMD_FN(exec_maskmovdqu)
{
    const unsigned mask = (unsigned)_mm_movemask_epi8(simd_reg(cpu, i->src));
    const uint64_t at = x86_ea(cpu, i);

    x86_probe(cpu, i, at + 8, 8, true);
    x86_probe(cpu, i, at, 8, true);
    for (unsigned n = 0; n < 16; n++)
        if (mask >> n & 1)
            x86_write8(cpu, i, at + n, cpu->xmm[i->dst].u8[n]);
    X86_NEXT(cpu, i);
}

/* ---- SSE4a: a bit field by length and position, 0 meaning 64 bits ---- */

static inline uint64_t field_mask(unsigned length)
{
    return CB_MASK((length & 63) ? length & 63 : 64);
}

static inline uint64_t extracted(uint64_t v, unsigned length, unsigned from)
{
    return v >> (from & 63) & field_mask(length);
}

static inline uint64_t inserted(uint64_t into, uint64_t v, unsigned length, unsigned at)
{
    const uint64_t mask = field_mask(length) << (at & 63);

    return (into & ~mask) | (v << (at & 63) & mask);
}

SIMD_FN(exec_extrq_i)
{
    cpu->xmm[i->dst].u64[0] =
        extracted(cpu->xmm[i->dst].u64[0], (unsigned)i->imm, (unsigned)i->imm2);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_extrq_r)
{
    const union x86_xmm *control = &cpu->xmm[i->src];

    cpu->xmm[i->dst].u64[0] =
        extracted(cpu->xmm[i->dst].u64[0], control->u8[0], control->u8[1]);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_insertq_i)
{
    cpu->xmm[i->dst].u64[0] = inserted(cpu->xmm[i->dst].u64[0], cpu->xmm[i->src].u64[0],
                                       (unsigned)i->imm, (unsigned)i->imm2);
    X86_NEXT(cpu, i);
}

SIMD_FN(exec_insertq_r)
{
    const union x86_xmm *source = &cpu->xmm[i->src];

    cpu->xmm[i->dst].u64[0] =
        inserted(cpu->xmm[i->dst].u64[0], source->u64[0], source->u8[8], source->u8[9]);
    X86_NEXT(cpu, i);
}

#define LOAD_STORE(name, op_flags, load, store)                                                    \
    SIMD_ROW(name, R_RM, NONE, op_flags, XMM, exec_mov_r, load),                                   \
    SIMD_ROW(name, RM_R, NONE, op_flags, XMM, exec_mov_r, store)

static const struct x86_op rows[] = {
    LOAD_STORE(MOVAPS, X86_OP_ALIGN16, exec_mova_load, exec_mova_store),
    LOAD_STORE(MOVAPD, X86_OP_ALIGN16, exec_mova_load, exec_mova_store),
    LOAD_STORE(MOVDQA, X86_OP_ALIGN16, exec_mova_load, exec_mova_store),
    LOAD_STORE(MOVUPS, 0, exec_movu_load, exec_movu_store),
    LOAD_STORE(MOVUPD, 0, exec_movu_load, exec_movu_store),
    LOAD_STORE(MOVDQU, 0, exec_movu_load, exec_movu_store),
    SIMD_ROW(LDDQU, R_M, SSE3, 0, XMM, NULL, exec_movu_load),
    SIMD_ROW(MOVNTDQA, R_M, SSE41, X86_OP_ALIGN16, XMM, NULL, exec_mova_load),
    SIMD_ROW(MOVNTPS, M_R, NONE, X86_OP_ALIGN16, XMM, NULL, exec_mova_store),
    SIMD_ROW(MOVNTPD, M_R, NONE, X86_OP_ALIGN16, XMM, NULL, exec_mova_store),
    SIMD_ROW(MOVNTDQ, M_R, NONE, X86_OP_ALIGN16, XMM, NULL, exec_mova_store),
    SIMD_ROW(MOVNTSS, M_R, SSE4A, 0, XMM, NULL, exec_store4),
    SIMD_ROW(MOVNTSD, M_R, SSE4A, 0, XMM, NULL, exec_store8),

    SIMD_ROW(MOVSS, R_RM, NONE, 0, XMM, exec_movss_r, exec_load4),
    SIMD_ROW(MOVSS, RM_R, NONE, 0, XMM, exec_movss_r, exec_store4),
    SIMD_ROW(MOVSD, R_RM, NONE, 0, XMM, exec_movsd_r, exec_load8),
    SIMD_ROW(MOVSD, RM_R, NONE, 0, XMM, exec_movsd_r, exec_store8),
    SIMD_ROW(MOVLPS, R_M, NONE, 0, XMM, NULL, exec_load_low),
    SIMD_ROW(MOVLPS, M_R, NONE, 0, XMM, NULL, exec_store8),
    SIMD_ROW(MOVLPD, R_M, NONE, 0, XMM, NULL, exec_load_low),
    SIMD_ROW(MOVLPD, M_R, NONE, 0, XMM, NULL, exec_store8),
    SIMD_ROW(MOVHPS, R_M, NONE, 0, XMM, NULL, exec_load_high),
    SIMD_ROW(MOVHPS, M_R, NONE, 0, XMM, NULL, exec_store_high),
    SIMD_ROW(MOVHPD, R_M, NONE, 0, XMM, NULL, exec_load_high),
    SIMD_ROW(MOVHPD, M_R, NONE, 0, XMM, NULL, exec_store_high),
    SIMD_ROW(MOVHLPS, R_RM, NONE, 0, XMM, exec_movhlps, NULL),
    SIMD_ROW(MOVLHPS, R_RM, NONE, 0, XMM, exec_movlhps, NULL),

    SIMD_ROW(MOVQ, R_RM, NONE, 0, XMM, exec_movq_r, exec_load8),
    SIMD_ROW(MOVQ, RM_R, NONE, 0, XMM, exec_movq_r, exec_store8),
    SIMD_ROW(MOVQ, R_RM, NONE, 0, XMM_GPR, exec_movq_from_gpr, exec_load8),
    SIMD_ROW(MOVQ, RM_R, NONE, 0, XMM_GPR, exec_movq_to_gpr, exec_store8),
    SIMD_ROW(MOVD, R_RM, NONE, 0, XMM_GPR, exec_movd_from_gpr, exec_load4),
    SIMD_ROW(MOVD, RM_R, NONE, 0, XMM_GPR, exec_movd_to_gpr, exec_store4),
    SIMD_ROW(PMOVMSKB, R_RM, NONE, 0, GPR_XMM, exec_pmovmskb, NULL),
    SIMD_ROW(MOVMSKPS, R_RM, NONE, 0, GPR_XMM, exec_movmskps, NULL),
    SIMD_ROW(MOVMSKPD, R_RM, NONE, 0, GPR_XMM, exec_movmskpd, NULL),
    SIMD_ROW(MASKMOVDQU, R_R_DI, NONE, 0, XMM, exec_maskmovdqu, exec_maskmovdqu),
    {.mnemonic = ZYDIS_MNEMONIC_MOVNTI, .form = X86_FORM_M_R, .flags = X86_OP_BY_WIDTH,
     .mem = {NULL, NULL, exec_movnti32, exec_movnti64}},

    SIMD_ROW(EXTRQ, RM_I_I, SSE4A, 0, XMM, exec_extrq_i, NULL),
    SIMD_ROW(EXTRQ, R_RM, SSE4A, 0, XMM, exec_extrq_r, NULL),
    SIMD_ROW(INSERTQ, R_RM_I_I, SSE4A, 0, XMM, exec_insertq_i, NULL),
    SIMD_ROW(INSERTQ, R_RM, SSE4A, 0, XMM, exec_insertq_r, NULL),
};

const struct x86_op_table x86_ops_sse_move = {rows, CB_ARRAY_LEN(rows)};
#endif
