/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE and SSE2 in plain C, for hosts that are not x86-64: what compilers and C
 * libraries use.  Moves and integers are exact.  Arithmetic rounds to nearest,
 * knows no DAZ and FTZ, raises no exceptions and leaves MXCSR's flags alone;
 * which of two NaNs survives is the host's choice.  MMX, SSE3 and later are not
 * offered; x87 arithmetic raises #UD.
 *
 * The exact versions: exec_sse_*.c.  Manual: APM vol. 4.
 */
#include <Zydis/Zydis.h>
#include <math.h>

#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/mem.h"

#if !X86_HOST_FPU

typedef void op_fn(union x86_xmm *d, const union x86_xmm *s, uint64_t imm);

#define FN(name) static void name(struct x86_cpu *cpu, const struct x86_insn *i)
/* Handlers end in a jump: buffers belong to functions of their own. */
#define OUT_OF_LINE __attribute__((noinline))

static OUT_OF_LINE void with_memory(struct x86_cpu *cpu, const struct x86_insn *i, op_fn *op,
                                    unsigned len)
{
    const uint64_t at = x86_ea(cpu, i);
    union x86_xmm s = {{0}};

    if (len == 16 && (at & 15))
        x86_gp0(cpu, i);
    x86_read_bytes(cpu, i, at, &s, len);
    op(&cpu->xmm[i->dst], &s, i->imm);
}

/* A copy: source and destination may be the same register. */
static OUT_OF_LINE void with_register(struct x86_cpu *cpu, const struct x86_insn *i, op_fn *op)
{
    const union x86_xmm s = cpu->xmm[i->src];

    op(&cpu->xmm[i->dst], &s, i->imm);
}

#define HANDLERS(name, len)                                                                        \
    FN(name##_r)                                                                                   \
    {                                                                                              \
        with_register(cpu, i, name);                                                               \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    FN(name##_m)                                                                                   \
    {                                                                                              \
        with_memory(cpu, i, name, len);                                                            \
        X86_NEXT(cpu, i);                                                                          \
    }

/* ---- element by element: a and b are the operands' elements ---- */

static inline int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* X(mnemonic, element, count, result) */
#define LANE_OPS(X)                                                                                \
    X(PADDB, u8, 16, a + b) X(PADDW, u16, 8, a + b) X(PADDD, u32, 4, a + b)                        \
    X(PADDQ, u64, 2, a + b)                                                                        \
    X(PSUBB, u8, 16, a - b) X(PSUBW, u16, 8, a - b) X(PSUBD, u32, 4, a - b)                        \
    X(PSUBQ, u64, 2, a - b)                                                                        \
    X(PADDSB, s8, 16, clamp(a + b, -128, 127)) X(PSUBSB, s8, 16, clamp(a - b, -128, 127))          \
    X(PADDSW, s16, 8, clamp(a + b, -32768, 32767)) X(PSUBSW, s16, 8, clamp(a - b, -32768, 32767))  \
    X(PADDUSB, u8, 16, clamp(a + b, 0, 255)) X(PSUBUSB, u8, 16, clamp(a - b, 0, 255))              \
    X(PADDUSW, u16, 8, clamp(a + b, 0, 65535)) X(PSUBUSW, u16, 8, clamp(a - b, 0, 65535))          \
    X(PMULLW, s16, 8, a * b) X(PMULHW, s16, 8, a * b >> 16)                                        \
    X(PMULHUW, u16, 8, (uint32_t)a * b >> 16)                                                      \
    X(PAVGB, u8, 16, (a + b + 1) >> 1) X(PAVGW, u16, 8, (a + b + 1) >> 1)                          \
    X(PMINUB, u8, 16, a < b ? a : b) X(PMAXUB, u8, 16, a > b ? a : b)                              \
    X(PMINSW, s16, 8, a < b ? a : b) X(PMAXSW, s16, 8, a > b ? a : b)                              \
    X(PCMPEQB, u8, 16, -(a == b)) X(PCMPEQW, u16, 8, -(a == b)) X(PCMPEQD, s32, 4, -(a == b))      \
    X(PCMPGTB, s8, 16, -(a > b)) X(PCMPGTW, s16, 8, -(a > b)) X(PCMPGTD, s32, 4, -(a > b))         \
    X(PMULUDQ, u64, 2, (a & UINT32_MAX) * (b & UINT32_MAX))                                        \
    X(PAND, u64, 2, a & b) X(ANDPS, u64, 2, a & b) X(ANDPD, u64, 2, a & b)                         \
    X(PANDN, u64, 2, ~a & b) X(ANDNPS, u64, 2, ~a & b) X(ANDNPD, u64, 2, ~a & b)                   \
    X(POR, u64, 2, a | b) X(ORPS, u64, 2, a | b) X(ORPD, u64, 2, a | b)                            \
    X(PXOR, u64, 2, a ^ b) X(XORPS, u64, 2, a ^ b) X(XORPD, u64, 2, a ^ b)                         \
    X(ADDPS, f32, 4, a + b) X(ADDPD, f64, 2, a + b)                                                \
    X(SUBPS, f32, 4, a - b) X(SUBPD, f64, 2, a - b)                                                \
    X(MULPS, f32, 4, a * b) X(MULPD, f64, 2, a * b)                                                \
    X(DIVPS, f32, 4, a / b) X(DIVPD, f64, 2, a / b)                                                \
    X(SQRTPS, f32, 4, ((void)a, sqrtf(b))) X(SQRTPD, f64, 2, ((void)a, sqrt(b)))                   \
    X(MINPS, f32, 4, a < b ? a : b) X(MINPD, f64, 2, a < b ? a : b)                                \
    X(MAXPS, f32, 4, a > b ? a : b) X(MAXPD, f64, 2, a > b ? a : b)

/* The same for element 0 alone: X(mnemonic, element, bytes, result) */
#define SCALAR_OPS(X)                                                                              \
    X(ADDSS, f32, 4, a + b) X(ADDSD, f64, 8, a + b) X(SUBSS, f32, 4, a - b)                        \
    X(SUBSD, f64, 8, a - b) X(MULSS, f32, 4, a * b) X(MULSD, f64, 8, a * b)                        \
    X(DIVSS, f32, 4, a / b) X(DIVSD, f64, 8, a / b)                                                \
    X(SQRTSS, f32, 4, ((void)a, sqrtf(b))) X(SQRTSD, f64, 8, ((void)a, sqrt(b)))                   \
    X(MINSS, f32, 4, a < b ? a : b) X(MINSD, f64, 8, a < b ? a : b)                                \
    X(MAXSS, f32, 4, a > b ? a : b) X(MAXSD, f64, 8, a > b ? a : b)

#define DEFINE_LANES(name, element, count, result)                                                 \
    static void name(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)                       \
    {                                                                                              \
        (void)imm;                                                                                 \
        for (unsigned n = 0; n < (count); n++) {                                                   \
            const __typeof__(d->element[0]) a = d->element[n], b = s->element[n];                  \
                                                                                                   \
            d->element[n] = (__typeof__(d->element[0]))(result);                                   \
        }                                                                                          \
    }                                                                                              \
    HANDLERS(name, 16)
#define DEFINE_SCALAR(name, element, len, result)                                                  \
    static void name(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)                       \
    {                                                                                              \
        const __typeof__(d->element[0]) a = d->element[0], b = s->element[0];                      \
                                                                                                   \
        (void)imm;                                                                                 \
        d->element[0] = (result);                                                                  \
    }                                                                                              \
    HANDLERS(name, len)
LANE_OPS(DEFINE_LANES)
SCALAR_OPS(DEFINE_SCALAR)

/* ---- rearrangements: element n of the result, from old d and s ---- */

/* X(mnemonic, form, element, count, element n) */
#define MOVE_OPS(X)                                                                                \
    X(PUNPCKLBW, R_RM, u8, 16, n & 1 ? s->u8[n / 2] : o.u8[n / 2])                                 \
    X(PUNPCKHBW, R_RM, u8, 16, n & 1 ? s->u8[8 + n / 2] : o.u8[8 + n / 2])                         \
    X(PUNPCKLWD, R_RM, u16, 8, n & 1 ? s->u16[n / 2] : o.u16[n / 2])                               \
    X(PUNPCKHWD, R_RM, u16, 8, n & 1 ? s->u16[4 + n / 2] : o.u16[4 + n / 2])                       \
    X(PUNPCKLDQ, R_RM, u32, 4, n & 1 ? s->u32[n / 2] : o.u32[n / 2])                               \
    X(UNPCKLPS, R_RM, u32, 4, n & 1 ? s->u32[n / 2] : o.u32[n / 2])                                \
    X(PUNPCKHDQ, R_RM, u32, 4, n & 1 ? s->u32[2 + n / 2] : o.u32[2 + n / 2])                       \
    X(UNPCKHPS, R_RM, u32, 4, n & 1 ? s->u32[2 + n / 2] : o.u32[2 + n / 2])                        \
    X(PUNPCKLQDQ, R_RM, u64, 2, n ? s->u64[0] : o.u64[0])                                          \
    X(UNPCKLPD, R_RM, u64, 2, n ? s->u64[0] : o.u64[0])                                            \
    X(PUNPCKHQDQ, R_RM, u64, 2, n ? s->u64[1] : o.u64[1])                                          \
    X(UNPCKHPD, R_RM, u64, 2, n ? s->u64[1] : o.u64[1])                                            \
    X(PACKSSWB, R_RM, s8, 16, clamp(n < 8 ? o.s16[n] : s->s16[n - 8], -128, 127))                  \
    X(PACKUSWB, R_RM, u8, 16, clamp(n < 8 ? o.s16[n] : s->s16[n - 8], 0, 255))                     \
    X(PACKSSDW, R_RM, s16, 8, clamp(n < 4 ? o.s32[n] : s->s32[n - 4], -32768, 32767))              \
    X(PMADDWD, R_RM, u32, 4, (uint32_t)(o.s16[2 * n] * s->s16[2 * n]) +                            \
                                 (uint32_t)(o.s16[2 * n + 1] * s->s16[2 * n + 1]))                 \
    X(PSHUFD, R_RM_I, u32, 4, s->u32[imm >> 2 * n & 3])                                            \
    X(PSHUFLW, R_RM_I, u16, 8, n < 4 ? s->u16[imm >> 2 * n & 3] : s->u16[n])                       \
    X(PSHUFHW, R_RM_I, u16, 8, n < 4 ? s->u16[n] : s->u16[4 + (imm >> 2 * (n - 4) & 3)])           \
    X(SHUFPS, R_RM_I, u32, 4, (n < 2 ? &o : s)->u32[imm >> 2 * n & 3])                             \
    X(SHUFPD, R_RM_I, u64, 2, (n < 1 ? &o : s)->u64[imm >> n & 1])                                 \
    X(PSLLW, R_RM, u16, 8, s->u64[0] > 15 ? 0 : o.u16[n] << s->u64[0])                             \
    X(PSLLD, R_RM, u32, 4, s->u64[0] > 31 ? 0 : o.u32[n] << s->u64[0])                             \
    X(PSLLQ, R_RM, u64, 2, s->u64[0] > 63 ? 0 : o.u64[n] << s->u64[0])                             \
    X(PSRLW, R_RM, u16, 8, s->u64[0] > 15 ? 0 : o.u16[n] >> s->u64[0])                             \
    X(PSRLD, R_RM, u32, 4, s->u64[0] > 31 ? 0 : o.u32[n] >> s->u64[0])                             \
    X(PSRLQ, R_RM, u64, 2, s->u64[0] > 63 ? 0 : o.u64[n] >> s->u64[0])                             \
    X(PSRAW, R_RM, s16, 8, o.s16[n] >> (s->u64[0] > 15 ? 15 : s->u64[0]))                          \
    X(PSRAD, R_RM, s32, 4, o.s32[n] >> (s->u64[0] > 31 ? 31 : s->u64[0]))                          \
    X(CVTDQ2PS, R_RM, f32, 4, (float)s->s32[n])

#define DEFINE_MOVE(name, form, element, count, value)                                             \
    static void name(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)                       \
    {                                                                                              \
        const union x86_xmm o = *d;                                                                \
                                                                                                   \
        (void)imm;                                                                                 \
        (void)o;                                                                                   \
        for (unsigned n = 0; n < (count); n++)                                                     \
            d->element[n] = (__typeof__(d->element[0]))(value);                                    \
    }                                                                                              \
    HANDLERS(name, 16)
MOVE_OPS(DEFINE_MOVE)

static void PSADBW(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    (void)imm;
    for (unsigned q = 0; q < 2; q++) {
        uint64_t sum = 0;

        for (unsigned n = 8 * q; n < 8 * q + 8; n++)
            sum += (uint64_t)abs(d->u8[n] - s->u8[n]);
        d->u64[q] = sum;
    }
}
HANDLERS(PSADBW, 16)

/* Shifts by an immediate use the forms above with the count as their source. */
#define SHIFTS(X) X(PSLLW) X(PSLLD) X(PSLLQ) X(PSRLW) X(PSRLD) X(PSRLQ) X(PSRAW) X(PSRAD)
static OUT_OF_LINE void shift(struct x86_cpu *cpu, const struct x86_insn *i, op_fn *op)
{
    const union x86_xmm count = {.u64 = {(uint8_t)i->imm, 0}};

    op(&cpu->xmm[i->dst], &count, 0);
}
#define DEFINE_SHIFT(name)                                                                         \
    FN(name##_i)                                                                                   \
    {                                                                                              \
        shift(cpu, i, name);                                                                       \
        X86_NEXT(cpu, i);                                                                          \
    }
SHIFTS(DEFINE_SHIFT)

static OUT_OF_LINE void shift_bytes(union x86_xmm *d, unsigned count, bool left)
{
    const union x86_xmm o = *d;

    for (unsigned n = 0; n < 16; n++)
        d->u8[n] = left ? n >= count ? o.u8[n - count] : 0 : n + count < 16 ? o.u8[n + count] : 0;
}

#define STATEMENT(name, statement)                                                                 \
    FN(name)                                                                                       \
    {                                                                                              \
        statement;                                                                                 \
        X86_NEXT(cpu, i);                                                                          \
    }
STATEMENT(pslldq_i, shift_bytes(&cpu->xmm[i->dst], (uint8_t)i->imm, true))
STATEMENT(psrldq_i, shift_bytes(&cpu->xmm[i->dst], (uint8_t)i->imm, false))

/* ---- moves ---- */

static void set(struct x86_cpu *cpu, unsigned n, uint64_t low)
{
    cpu->xmm[n].u64[0] = low;
    cpu->xmm[n].u64[1] = 0;
}

static OUT_OF_LINE void load16(struct x86_cpu *cpu, const struct x86_insn *i, bool aligned)
{
    const uint64_t at = x86_ea(cpu, i);
    union x86_xmm v;

    if (aligned && (at & 15))
        x86_gp0(cpu, i);
    x86_read_bytes(cpu, i, at, &v, 16);
    cpu->xmm[i->dst] = v;
}

static OUT_OF_LINE void store16(struct x86_cpu *cpu, const struct x86_insn *i, bool aligned)
{
    const uint64_t at = x86_ea(cpu, i);

    if (aligned && (at & 15))
        x86_gp0(cpu, i);
    x86_write_bytes(cpu, i, at, &cpu->xmm[i->src], 16);
}

static uint32_t top_bits(const union x86_xmm *v, unsigned size)
{
    uint32_t mask = 0;

    for (unsigned n = 0; n < 16 / size; n++)
        mask |= (uint32_t)(v->u8[n * size + size - 1] >> 7) << n;
    return mask;
}

STATEMENT(mov_r, cpu->xmm[i->dst] = cpu->xmm[i->src])
STATEMENT(mova_load, load16(cpu, i, true))
STATEMENT(movu_load, load16(cpu, i, false))
STATEMENT(mova_store, store16(cpu, i, true))
STATEMENT(movu_store, store16(cpu, i, false))
STATEMENT(movss_r, cpu->xmm[i->dst].u32[0] = cpu->xmm[i->src].u32[0])
STATEMENT(movsd_r, cpu->xmm[i->dst].u64[0] = cpu->xmm[i->src].u64[0])
STATEMENT(movq_r, set(cpu, i->dst, cpu->xmm[i->src].u64[0]))
STATEMENT(load4, set(cpu, i->dst, x86_read32(cpu, i, x86_ea(cpu, i))))
STATEMENT(load8, set(cpu, i->dst, x86_read64(cpu, i, x86_ea(cpu, i))))
STATEMENT(store4, x86_write32(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u32[0]))
STATEMENT(store8, x86_write64(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u64[0]))
STATEMENT(store_high, x86_write64(cpu, i, x86_ea(cpu, i), cpu->xmm[i->src].u64[1]))
STATEMENT(load_low, cpu->xmm[i->dst].u64[0] = x86_read64(cpu, i, x86_ea(cpu, i)))
STATEMENT(load_high, cpu->xmm[i->dst].u64[1] = x86_read64(cpu, i, x86_ea(cpu, i)))
STATEMENT(movhlps, cpu->xmm[i->dst].u64[0] = cpu->xmm[i->src].u64[1])
STATEMENT(movlhps, cpu->xmm[i->dst].u64[1] = cpu->xmm[i->src].u64[0])
STATEMENT(movd_from, set(cpu, i->dst, (uint32_t)cpu->r[i->src]))
STATEMENT(movq_from, set(cpu, i->dst, cpu->r[i->src]))
STATEMENT(movd_to, cpu->r[i->dst] = cpu->xmm[i->src].u32[0])
STATEMENT(movq_to, cpu->r[i->dst] = cpu->xmm[i->src].u64[0])
STATEMENT(movnti32, x86_write32(cpu, i, x86_ea(cpu, i), (uint32_t)cpu->r[i->src]))
STATEMENT(movnti64, x86_write64(cpu, i, x86_ea(cpu, i), cpu->r[i->src]))
STATEMENT(pmovmskb, cpu->r[i->dst] = top_bits(&cpu->xmm[i->src], 1))
STATEMENT(movmskps, cpu->r[i->dst] = top_bits(&cpu->xmm[i->src], 4))
STATEMENT(movmskpd, cpu->r[i->dst] = top_bits(&cpu->xmm[i->src], 8))
STATEMENT(pinsrw_r, cpu->xmm[i->dst].u16[i->imm & 7] = (uint16_t)cpu->r[i->src])
STATEMENT(pinsrw_m, cpu->xmm[i->dst].u16[i->imm & 7] = x86_read16(cpu, i, x86_ea(cpu, i)))
STATEMENT(pextrw, cpu->r[i->dst] = cpu->xmm[i->src].u16[i->imm & 7])

/* ---- comparisons and conversions ---- */

static bool holds(double a, double b, uint64_t predicate)
{
    const bool unordered = isunordered(a, b);
    const bool yes[4] = {a == b, a < b, a <= b, unordered};

    return yes[predicate & 3] != ((predicate & 4) != 0);
}

static void CMPPS(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    for (unsigned n = 0; n < 4; n++)
        d->u32[n] = holds((double)d->f32[n], (double)s->f32[n], imm) ? UINT32_MAX : 0;
}

static void CMPPD(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    for (unsigned n = 0; n < 2; n++)
        d->u64[n] = holds(d->f64[n], s->f64[n], imm) ? UINT64_MAX : 0;
}

static void CMPSS(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    d->u32[0] = holds((double)d->f32[0], (double)s->f32[0], imm) ? UINT32_MAX : 0;
}

static void CMPSD(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    d->u64[0] = holds(d->f64[0], s->f64[0], imm) ? UINT64_MAX : 0;
}

static void CVTSS2SD(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    (void)imm;
    d->f64[0] = (double)s->f32[0];
}

static void CVTSD2SS(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    (void)imm;
    d->f32[0] = (float)s->f64[0];
}

static void CVTDQ2PD(union x86_xmm *d, const union x86_xmm *s, uint64_t imm)
{
    const union x86_xmm o = *s;

    (void)imm;
    for (unsigned n = 0; n < 2; n++)
        d->f64[n] = (double)o.s32[n];
}
HANDLERS(CMPPS, 16)
HANDLERS(CMPPD, 16)
HANDLERS(CMPSS, 4)
HANDLERS(CMPSD, 8)
HANDLERS(CVTSS2SD, 4)
HANDLERS(CVTSD2SS, 8)
HANDLERS(CVTDQ2PD, 8)

static void compare(struct x86_cpu *cpu, double a, double b)
{
    cpu->cc = isunordered(a, b) ? X86_CC_Z | X86_CC_P | X86_CC_C
                                : (a == b ? X86_CC_Z : 0u) | (a < b ? X86_CC_C : 0u);
}

static double read_double(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const union x86_xmm v = {.u64 = {x86_read64(cpu, i, x86_ea(cpu, i)), 0}};

    return v.f64[0];
}

static double read_float(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const union x86_xmm v = {.u32 = {x86_read32(cpu, i, x86_ea(cpu, i)), 0}};

    return (double)v.f32[0];
}

#define REG32 ((double)cpu->xmm[i->src].f32[0])
#define REG64 (cpu->xmm[i->src].f64[0])
STATEMENT(comis32_r, compare(cpu, (double)cpu->xmm[i->dst].f32[0], REG32))
STATEMENT(comis32_m, compare(cpu, (double)cpu->xmm[i->dst].f32[0], read_float(cpu, i)))
STATEMENT(comis64_r, compare(cpu, cpu->xmm[i->dst].f64[0], REG64))
STATEMENT(comis64_m, compare(cpu, cpu->xmm[i->dst].f64[0], read_double(cpu, i)))

/* The integer indefinite value where it does not fit. */
static void to_integer(struct x86_cpu *cpu, const struct x86_insn *i, double v, bool chop)
{
    const double r = chop ? trunc(v) : nearbyint(v);

    if (i->width == 8)
        cpu->r[i->dst] = r >= -0x1p63 && r < 0x1p63 ? (uint64_t)(int64_t)r : CB_BIT(63);
    else
        cpu->r[i->dst] = r >= -0x1p31 && r < 0x1p31 ? (uint32_t)(int32_t)r : (uint32_t)CB_BIT(31);
}

STATEMENT(cvtss2si_r, to_integer(cpu, i, REG32, false))
STATEMENT(cvtss2si_m, to_integer(cpu, i, read_float(cpu, i), false))
STATEMENT(cvttss2si_r, to_integer(cpu, i, REG32, true))
STATEMENT(cvttss2si_m, to_integer(cpu, i, read_float(cpu, i), true))
STATEMENT(cvtsd2si_r, to_integer(cpu, i, REG64, false))
STATEMENT(cvtsd2si_m, to_integer(cpu, i, read_double(cpu, i), false))
STATEMENT(cvttsd2si_r, to_integer(cpu, i, REG64, true))
STATEMENT(cvttsd2si_m, to_integer(cpu, i, read_double(cpu, i), true))

static int64_t integer_operand(struct x86_cpu *cpu, const struct x86_insn *i, bool memory)
{
    if (i->width == 8)
        return (int64_t)(memory ? x86_read64(cpu, i, x86_ea(cpu, i)) : cpu->r[i->src]);
    return (int32_t)(memory ? x86_read32(cpu, i, x86_ea(cpu, i)) : (uint32_t)cpu->r[i->src]);
}

STATEMENT(cvtsi2sd_r, cpu->xmm[i->dst].f64[0] = (double)integer_operand(cpu, i, false))
STATEMENT(cvtsi2sd_m, cpu->xmm[i->dst].f64[0] = (double)integer_operand(cpu, i, true))
STATEMENT(cvtsi2ss_r, cpu->xmm[i->dst].f32[0] = (float)integer_operand(cpu, i, false))
STATEMENT(cvtsi2ss_m, cpu->xmm[i->dst].f32[0] = (float)integer_operand(cpu, i, true))

/* ---- rows ---- */

#define ROW(name, row_form, regs, r, m)                                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_##row_form, .flags = X86_OP_SSE,          \
     .operand = X86_REGS_##regs, .reg = {r}, .mem = {m}}
#define ROW_LANES(name, element, count, result) ROW(name, R_RM, XMM, name##_r, name##_m),
#define ROW_MOVE(name, form, element, count, value) ROW(name, form, XMM, name##_r, name##_m),
#define ROW_SHIFT(name) ROW(name, RM_I, XMM, name##_i, NULL),
#define LOAD_STORE(name, load, store)                                                              \
    ROW(name, R_RM, XMM, mov_r, load), ROW(name, RM_R, XMM, mov_r, store)
#define HALF(name, load, store) ROW(name, R_M, XMM, NULL, load), ROW(name, M_R, XMM, NULL, store)
#define BOTH(name, row_form, fn, regs) ROW(name, row_form, regs, fn##_r, fn##_m)

static const struct x86_op rows[] = {
    LANE_OPS(ROW_LANES)
    SCALAR_OPS(ROW_LANES)
    MOVE_OPS(ROW_MOVE)
    SHIFTS(ROW_SHIFT)
    BOTH(PSADBW, R_RM, PSADBW, XMM),
    ROW(PSLLDQ, RM_I, XMM, pslldq_i, NULL),
    ROW(PSRLDQ, RM_I, XMM, psrldq_i, NULL),
    LOAD_STORE(MOVAPS, mova_load, mova_store), LOAD_STORE(MOVUPS, movu_load, movu_store),
    LOAD_STORE(MOVAPD, mova_load, mova_store), LOAD_STORE(MOVUPD, movu_load, movu_store),
    LOAD_STORE(MOVDQA, mova_load, mova_store), LOAD_STORE(MOVDQU, movu_load, movu_store),
    ROW(MOVNTPS, M_R, XMM, NULL, mova_store), ROW(MOVNTPD, M_R, XMM, NULL, mova_store),
    ROW(MOVNTDQ, M_R, XMM, NULL, mova_store),
    ROW(MOVSS, R_RM, XMM, movss_r, load4), ROW(MOVSS, RM_R, XMM, movss_r, store4),
    ROW(MOVSD, R_RM, XMM, movsd_r, load8), ROW(MOVSD, RM_R, XMM, movsd_r, store8),
    HALF(MOVLPS, load_low, store8), HALF(MOVLPD, load_low, store8),
    HALF(MOVHPS, load_high, store_high), HALF(MOVHPD, load_high, store_high),
    ROW(MOVHLPS, R_RM, XMM, movhlps, NULL), ROW(MOVLHPS, R_RM, XMM, movlhps, NULL),
    ROW(MOVQ, R_RM, XMM, movq_r, load8), ROW(MOVQ, RM_R, XMM, movq_r, store8),
    ROW(MOVQ, R_RM, XMM_GPR, movq_from, load8), ROW(MOVQ, RM_R, XMM_GPR, movq_to, store8),
    ROW(MOVD, R_RM, XMM_GPR, movd_from, load4), ROW(MOVD, RM_R, XMM_GPR, movd_to, store4),
    ROW(PMOVMSKB, R_RM, GPR_XMM, pmovmskb, NULL),
    ROW(MOVMSKPS, R_RM, GPR_XMM, movmskps, NULL),
    ROW(MOVMSKPD, R_RM, GPR_XMM, movmskpd, NULL),
    BOTH(PINSRW, R_RM_I, pinsrw, XMM_GPR),
    ROW(PEXTRW, R_RM_I, GPR_XMM, pextrw, NULL),
    BOTH(CMPPS, R_RM_I, CMPPS, XMM), BOTH(CMPPD, R_RM_I, CMPPD, XMM),
    BOTH(CMPSS, R_RM_I, CMPSS, XMM), BOTH(CMPSD, R_RM_I, CMPSD, XMM),
    BOTH(COMISS, R_RM, comis32, XMM), BOTH(UCOMISS, R_RM, comis32, XMM),
    BOTH(COMISD, R_RM, comis64, XMM), BOTH(UCOMISD, R_RM, comis64, XMM),
    BOTH(CVTSS2SD, R_RM, CVTSS2SD, XMM), BOTH(CVTSD2SS, R_RM, CVTSD2SS, XMM),
    BOTH(CVTDQ2PD, R_RM, CVTDQ2PD, XMM),
    BOTH(CVTSS2SI, R_RM, cvtss2si, GPR_XMM), BOTH(CVTTSS2SI, R_RM, cvttss2si, GPR_XMM),
    BOTH(CVTSD2SI, R_RM, cvtsd2si, GPR_XMM), BOTH(CVTTSD2SI, R_RM, cvttsd2si, GPR_XMM),
    BOTH(CVTSI2SS, R_RM, cvtsi2ss, XMM_GPR), BOTH(CVTSI2SD, R_RM, cvtsi2sd, XMM_GPR),
    {.mnemonic = ZYDIS_MNEMONIC_MOVNTI, .form = X86_FORM_M_R, .flags = X86_OP_BY_WIDTH,
     .mem = {NULL, NULL, movnti32, movnti64}},
};

const struct x86_op_table x86_ops_sse_int = {rows, CB_ARRAY_LEN(rows)};
#endif
