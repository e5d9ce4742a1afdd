/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIMD floating-point exceptions that the guest has unmasked.
 *
 * The host always runs with all of them masked.  Flags then differ in two ways
 * from those of a processor that is about to fault:
 *   - exceptions of operands (IE DE ZE) hide those of results, which are not
 *     computed;
 *   - unmasked overflow and underflow are judged, and PE set, by the result
 *     rounded as if its exponent had no limits; unmasked underflow also counts
 *     results that are tiny but exact.
 * The second needs the elements one by one: SSE says which are concerned, and
 * the x87, with its wide exponent and reduced precision, whether they are exact.
 * Nobody's inner loop unmasks exceptions; this need not be quick.
 *
 * Manual: APM vol. 1 "SIMD Floating-Point Exceptions".
 */
#include "x86/simd.h"

#if X86_HOST_FPU

enum { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32 };
enum { X87_CW_SINGLE = 0x7f, X87_CW_DOUBLE = 0x27f };

enum element_op { E_ADD, E_SUB, E_MUL, E_DIV, E_NARROW };

/* One element: x and y as bits of a double, or of a float in the low half. */
struct element {
    enum element_op op;
    bool wide; /* the result is a double */
    uint64_t x, y;
};

/* Runs `op` on the host's SSE with no flags set: flags in the result, value in *r. */
static uint32_t element_sse(uint32_t control, const struct element *e, uint64_t *r)
{
    __m128i a = simd_from64(e->x), b = simd_from64(e->y);
    uint32_t csr = 0;

#define RUN(insn)                                                                                  \
    __asm__ volatile("ldmxcsr %3\n\t" insn " %2,%0\n\tstmxcsr %1"                                  \
                     : "+x"(a), "=m"(csr)                                                          \
                     : "x"(b), "m"(control));                                                      \
    break
    switch ((unsigned)e->op << 1 | e->wide) {
    case E_ADD << 1: RUN("addss");
    case E_SUB << 1: RUN("subss");
    case E_MUL << 1: RUN("mulss");
    case E_DIV << 1: RUN("divss");
    case E_ADD << 1 | 1: RUN("addsd");
    case E_SUB << 1 | 1: RUN("subsd");
    case E_MUL << 1 | 1: RUN("mulsd");
    case E_DIV << 1 | 1: RUN("divsd");
    default: b = a; RUN("cvtsd2ss");
    }
#undef RUN
    *r = simd_low64(a);
    return csr & X86_MXCSR_FLAGS;
}

/* Would the result be inexact if exponents had no limits? */
static bool element_inexact(uint32_t mxcsr, const struct element *e)
{
    const bool wide_source = e->wide || e->op == E_NARROW;
    const double x64 = _mm_cvtsd_f64(_mm_castsi128_pd(simd_from64(e->x)));
    const double y64 = _mm_cvtsd_f64(_mm_castsi128_pd(simd_from64(e->y)));
    const uint32_t x32 = (uint32_t)e->x, y32 = (uint32_t)e->y;
    const uint16_t cw = (uint16_t)((e->wide ? X87_CW_DOUBLE : X87_CW_SINGLE) |
                                   (mxcsr & X86_MXCSR_RC) >> 3);
    uint16_t sw = 0;

#define RUN(insn)                                                                                  \
    if (wide_source)                                                                               \
        __asm__ volatile("fninit\n\tfldcw %1\n\tfldl %3\n\tfldl %2\n\tfnclex\n\t" insn             \
                         "\n\tfnstsw %0\n\tfninit"                                                 \
                         : "=m"(sw)                                                                \
                         : "m"(cw), "m"(x64), "m"(y64));                                           \
    else                                                                                           \
        __asm__ volatile("fninit\n\tfldcw %1\n\tflds %3\n\tflds %2\n\tfnclex\n\t" insn             \
                         "\n\tfnstsw %0\n\tfninit"                                                 \
                         : "=m"(sw)                                                                \
                         : "m"(cw), "m"(x32), "m"(y32));                                           \
    break
    switch (e->op) {
    case E_ADD: RUN("fadd %%st(1),%%st");
    case E_SUB: RUN("fsub %%st(1),%%st");
    case E_MUL: RUN("fmul %%st(1),%%st");
    case E_DIV: RUN("fdiv %%st(1),%%st");
    case E_NARROW:
    default: RUN("fld1\n\tfmulp");
    }
#undef RUN
    return (sw & X86_FSW_PE) != 0;
}

static bool tiny(uint64_t r, bool wide)
{
    if (wide)
        return (r & UINT64_C(0x7ff0000000000000)) == 0 && (r & INT64_MAX) != 0;
    return (r & 0x7f800000u) == 0 && (r & 0x7fffffffu) != 0;
}

static uint32_t element_flags(const struct x86_cpu *cpu, const struct element *e)
{
    const uint32_t unmasked = ~cpu->mxcsr >> 7 & X86_MXCSR_FLAGS;
    uint64_t r;
    uint32_t flags = element_sse(x86_fp_host_control(cpu->mxcsr), e, &r);

    if ((unmasked & UE) && tiny(r, e->wide))
        flags |= UE;
    if (flags & unmasked & (OE | UE)) {
        flags &= ~(uint32_t)PE;
        if (element_inexact(cpu->mxcsr, e))
            flags |= PE;
    }
    return flags;
}

/* ---- an instruction's elements ---- */

static struct element element_of(enum x86_fp_op op, unsigned n, const union x86_xmm *a,
                                 const union x86_xmm *b)
{
    static const enum element_op plain[] = {
        [X86_FP_ADD] = E_ADD, [X86_FP_SUB] = E_SUB, [X86_FP_MUL] = E_MUL, [X86_FP_DIV] = E_DIV,
        [X86_FP_NARROW] = E_NARROW, [X86_FP_HADD] = E_ADD, [X86_FP_HSUB] = E_SUB,
    };
    const unsigned kind = (unsigned)op & ~3u, shape = (unsigned)op & 3;
    const bool wide = shape == X86_FP_PD || shape == X86_FP_SD;
    struct element e = {E_ADD, wide && kind != X86_FP_NARROW, 0, 0};
    const union x86_xmm *from = a;
    unsigned x = n, y = n;

    if (kind == X86_FP_ADDSUB)
        e.op = n & 1 ? E_ADD : E_SUB;
    else
        e.op = plain[kind];
    if (kind == X86_FP_HADD || kind == X86_FP_HSUB) { /* pairs of a, then pairs of b */
        const unsigned half = wide ? 1 : 2;

        from = n < half ? a : b;
        b = from;
        x = 2 * (n % half);
        y = x + 1;
    }
    if (kind == X86_FP_NARROW)
        from = b;
    e.x = wide ? from->u64[x] : from->u32[x];
    e.y = wide ? b->u64[y] : b->u32[y];
    return e;
}

static uint32_t exact_flags(const struct x86_cpu *cpu, enum x86_fp_op op, __m128i a, __m128i b)
{
    static const uint8_t counts[] = {
        [X86_FP_PS] = 4, [X86_FP_PD] = 2, [X86_FP_SS] = 1, [X86_FP_SD] = 1};
    union x86_xmm va, vb;
    uint32_t flags = 0;

    _mm_store_si128((__m128i *)&va, a);
    _mm_store_si128((__m128i *)&vb, b);
    for (unsigned n = 0; n < counts[(unsigned)op & 3]; n++) {
        const struct element e = element_of(op, n, &va, &vb);

        flags |= element_flags(cpu, &e);
    }
    return flags;
}

SIMD_OUT_OF_LINE void x86_fp_check(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a,
                                   __m128i b, enum x86_fp_op op)
{
    const uint32_t unmasked = ~cpu->mxcsr >> 7 & X86_MXCSR_FLAGS;
    uint32_t flags = _mm_getcsr() & X86_MXCSR_FLAGS;

    if (flags & unmasked & (IE | DE | ZE))
        flags &= IE | DE | ZE;
    else if (op != X86_FP_QUIET && (unmasked & (OE | UE)))
        flags = exact_flags(cpu, op, a, b);
    cpu->mxcsr |= flags;
    x86_fp_load(cpu); /* drops the host's flags: those that count are in cpu->mxcsr */
    if (flags & unmasked)
        x86_fault(cpu, i, cpu->cr4 & X86_CR4_OSXMMEXCPT ? X86_XM : X86_UD);
}

/* ---- dot products fault after the multiplication or after one of the additions ---- */

SIMD_OUT_OF_LINE void x86_fp_check_dpps(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a,
                                        __m128i b, uint64_t control)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i on = _mm_set_epi32(-(int)(control >> 7 & 1), -(int)(control >> 6 & 1),
                                     -(int)(control >> 5 & 1), -(int)(control >> 4 & 1));
    __m128i v;

    a = _mm_and_si128(a, on);
    b = _mm_and_si128(b, on);
    v = a;
    x86_fp_load(cpu);
    __asm__ volatile("mulps %1,%0" : "+x"(v) : "x"(b));
    x86_fp_check(cpu, i, a, b, X86_FP_MUL | X86_FP_PS);
    for (unsigned step = 0; step < 2; step++) {
        a = v;
        __asm__ volatile("haddps %1,%0" : "+x"(v) : "x"(zero));
        x86_fp_check(cpu, i, a, zero, X86_FP_HADD | X86_FP_PS);
    }
}

SIMD_OUT_OF_LINE void x86_fp_check_dppd(struct x86_cpu *cpu, const struct x86_insn *i, __m128i a,
                                        __m128i b, uint64_t control)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i on = _mm_set_epi64x(-(int64_t)(control >> 5 & 1), -(int64_t)(control >> 4 & 1));
    __m128i v;

    a = _mm_and_si128(a, on);
    b = _mm_and_si128(b, on);
    v = a;
    x86_fp_load(cpu);
    __asm__ volatile("mulpd %1,%0" : "+x"(v) : "x"(b));
    x86_fp_check(cpu, i, a, b, X86_FP_MUL | X86_FP_PD);
    a = v;
    __asm__ volatile("haddpd %1,%0" : "+x"(v) : "x"(zero));
    x86_fp_check(cpu, i, a, zero, X86_FP_HADD | X86_FP_PD);
}
#endif
