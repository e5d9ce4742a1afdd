/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How SIMD handlers are made on an x86-64 host, for exec_sse*.c and exec_mmx.c:
 * the guest's operands go into host registers and the very same instruction is
 * executed on them, as inline assembly.  Its result is exact by construction,
 * and the compiler can neither swap operands (which chooses between two NaNs)
 * nor fold anything away.  An instruction that the host lacks is never reached:
 * x86/cpuid.c does not offer it.
 *
 * Handlers end in a jump, so none may have a local whose address escapes.
 */
#ifndef X86_SIMD_H
#define X86_SIMD_H

#include "x86/fpu.h"
#include "x86/mem.h"

#if X86_HOST_FPU
#include <emmintrin.h>

#define SIMD_FN(name) static void name(struct x86_cpu *cpu, const struct x86_insn *i)
#define SIMD_OUT_OF_LINE __attribute__((noinline))

/* ---- operands ---- */

static inline __m128i simd_reg(const struct x86_cpu *cpu, unsigned n)
{
    return _mm_load_si128((const __m128i *)&cpu->xmm[n]);
}

static inline void simd_set(struct x86_cpu *cpu, unsigned n, __m128i v)
{
    _mm_store_si128((__m128i *)&cpu->xmm[n], v);
}

__m128i x86_simd_load_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at);
void x86_simd_store_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, __m128i v);

static inline __m128i simd_load16(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_UNLIKELY(((at + 15) & CB_PAGE_MASK) != e->read_tag))
        return x86_simd_load_slow(cpu, i, at);
    return _mm_loadu_si128((const __m128i *)(e->addend + at));
}

static inline void simd_store16(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at,
                                __m128i v)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_UNLIKELY(((at + 15) & CB_PAGE_MASK) != e->write_tag))
        x86_simd_store_slow(cpu, i, at, v);
    else
        _mm_storeu_si128((__m128i *)(e->addend + at), v);
}

/* The legacy SSE rule: misaligned 16 bytes are #GP(0), before any page fault. */
static inline __m128i simd_load16a(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    if (CB_UNLIKELY(at & 15))
        x86_gp0(cpu, i);
    return simd_load16(cpu, i, at);
}

static inline void simd_store16a(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at,
                                 __m128i v)
{
    if (CB_UNLIKELY(at & 15))
        x86_gp0(cpu, i);
    simd_store16(cpu, i, at, v);
}

static inline __m128i simd_from64(uint64_t v)
{
    return _mm_cvtsi64_si128((long long)v);
}

static inline __m128i simd_from32(uint32_t v)
{
    return _mm_cvtsi32_si128((int)v);
}

static inline uint64_t simd_low64(__m128i v)
{
    return (uint64_t)_mm_cvtsi128_si64(v);
}

static inline uint32_t simd_low32(__m128i v)
{
    return (uint32_t)_mm_cvtsi128_si32(v);
}

static inline __m128i simd_load8(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    return simd_from64(x86_read64(cpu, i, at));
}

static inline __m128i simd_load4(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    return simd_from32(x86_read32(cpu, i, at));
}

static inline __m128i simd_load2(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    return simd_from32(x86_read16(cpu, i, at));
}

/* ---- dst = op(dst, src) without MXCSR ---- */

/* `load` reads the memory form's source. */
#define SIMD_OP(name, insn, load)                                                                  \
    SIMD_FN(name##_r)                                                                              \
    {                                                                                              \
        __m128i a = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__(insn " %1,%0" : "+x"(a) : "xm"(cpu->xmm[i->src]));                                 \
        simd_set(cpu, i->dst, a);                                                                  \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(name##_m)                                                                              \
    {                                                                                              \
        const __m128i b = load(cpu, i, x86_ea(cpu, i));                                            \
        __m128i a = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__(insn " %1,%0" : "+x"(a) : "x"(b));                                                 \
        simd_set(cpu, i->dst, a);                                                                  \
        X86_NEXT(cpu, i);                                                                          \
    }

/* ---- the same under MXCSR: SIMD floating-point exceptions ---- */

/*
 * What an operation computes, so that overflow and underflow can be judged when
 * they are unmasked: kind plus shape.  QUIET: it can have neither.
 */
enum x86_fp_op {
    X86_FP_PS = 0, X86_FP_PD = 1, X86_FP_SS = 2, X86_FP_SD = 3, /* NARROW: of the source */
    X86_FP_QUIET = 0,
    X86_FP_ADD = 4, X86_FP_SUB = 8, X86_FP_MUL = 12, X86_FP_DIV = 16,
    X86_FP_ADDSUB = 20, X86_FP_HADD = 24, X86_FP_HSUB = 28,
    X86_FP_NARROW = 32, /* CVTSD2SS, CVTPD2PS */
};

/* With some exception unmasked, each operation starts with no flags in the host's MXCSR ... */
static inline bool x86_fp_arm(struct x86_cpu *cpu)
{
    if (CB_LIKELY((cpu->mxcsr & X86_MXCSR_MASKS) == X86_MXCSR_MASKS))
        return false;
    x86_fp_sync(cpu);
    x86_fp_load(cpu);
    return true;
}

/*
 * ... and before its result is stored, this raises #XM, or #UD without
 * CR4.OSXMMEXCPT, if due.  a and b: destination and source before the operation.
 */
void x86_fp_check(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a, __m128i b,
                  enum x86_fp_op op);
/* DPPS and DPPD, with their immediate, from the start. */
void x86_fp_check_dpps(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a, __m128i b,
                       uint64_t control);
void x86_fp_check_dppd(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a, __m128i b,
                       uint64_t control);

#define SIMD_FP(name, insn, load, op)                                                              \
    SIMD_FN(name##_r)                                                                              \
    {                                                                                              \
        const bool armed = x86_fp_arm(cpu);                                                        \
        const __m128i b = simd_reg(cpu, i->src);                                                   \
        __m128i r = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__ volatile(insn " %1,%0" : "+x"(r) : "x"(b));                                        \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, simd_reg(cpu, i->dst), b, op);                                    \
        simd_set(cpu, i->dst, r);                                                                  \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(name##_m)                                                                              \
    {                                                                                              \
        const __m128i b = load(cpu, i, x86_ea(cpu, i));                                            \
        const bool armed = x86_fp_arm(cpu);                                                        \
        __m128i r = simd_reg(cpu, i->dst);                                                         \
                                                                                                   \
        __asm__ volatile(insn " %1,%0" : "+x"(r) : "x"(b));                                        \
        if (CB_UNLIKELY(armed))                                                                    \
            x86_fp_check(cpu, i, simd_reg(cpu, i->dst), b, op);                                    \
        simd_set(cpu, i->dst, r);                                                                  \
        X86_NEXT(cpu, i);                                                                          \
    }

/* ---- immediates: the instruction wants a constant, so one case for each ---- */

/* M(x, value) for each value; x is passed through. */
#define SIMD_CASES_4(M, x, n) M(x, n) M(x, (n) + 1) M(x, (n) + 2) M(x, (n) + 3)
#define SIMD_CASES_16(M, x, n)                                                                     \
    SIMD_CASES_4(M, x, n) SIMD_CASES_4(M, x, (n) + 4)                                              \
    SIMD_CASES_4(M, x, (n) + 8) SIMD_CASES_4(M, x, (n) + 12)
#define SIMD_CASES_64(M, x, n)                                                                     \
    SIMD_CASES_16(M, x, n) SIMD_CASES_16(M, x, (n) + 16)                                           \
    SIMD_CASES_16(M, x, (n) + 32) SIMD_CASES_16(M, x, (n) + 48)

#define SIMD_TO_4(M, x) SIMD_CASES_4(M, x, 0)
#define SIMD_TO_8(M, x) SIMD_CASES_4(M, x, 0) SIMD_CASES_4(M, x, 4)
#define SIMD_TO_16(M, x) SIMD_CASES_16(M, x, 0)
#define SIMD_TO_32(M, x) SIMD_CASES_16(M, x, 0) SIMD_CASES_16(M, x, 16)
#define SIMD_TO_256(M, x)                                                                          \
    SIMD_CASES_64(M, x, 0) SIMD_CASES_64(M, x, 64)                                                 \
    SIMD_CASES_64(M, x, 128) SIMD_CASES_64(M, x, 192)

/* ---- rows ---- */

#define SIMD_ROW(name, row_form, feat, op_flags, regs, r, m)                                       \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_##row_form,                               \
     .feature = X86_FEAT_##feat, .flags = X86_OP_SSE | (op_flags), .operand = X86_REGS_##regs,     \
     .reg = {r}, .mem = {m}}

#endif
#endif
