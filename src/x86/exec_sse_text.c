/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE4.2's string comparisons: PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM.
 * One case per immediate; flags are the host's.
 * Manual: APM vol. 4.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/simd.h"

#if X86_HOST_FPU

struct comparison {
    __m128i mask;
    uint64_t index;
    bool cf, zf, sf, of;
};

/* Length in RAX and RDX, of which REX.W takes 64 bits: saturate first, the host takes 32. */
static inline uint32_t saturated(const struct x86_cpu *cpu, const struct x86_insn *i, unsigned reg)
{
    const int64_t wide = (int64_t)cpu->r[reg];

    if (i->src2 != 8)
        return (uint32_t)cpu->r[reg];
    return wide > 16 || wide < -16 ? 16 : (uint32_t)(int32_t)wide;
}

#define FLAGS "=@ccc"(c->cf), "=@ccz"(c->zf), "=@ccs"(c->sf), "=@cco"(c->of)
#define CASE_EXPLICIT_INDEX(insn, n)                                                               \
    case n:                                                                                        \
        __asm__("pcmpestri %9,%6,%5"                                                               \
                : FLAGS, "=c"(c->index)                                                            \
                : "x"(a), "x"(b), "a"(la), "d"(lb), "i"(n));                                       \
        break;
#define CASE_IMPLICIT_INDEX(insn, n)                                                               \
    case n:                                                                                        \
        __asm__("pcmpistri %7,%6,%5" : FLAGS, "=c"(c->index) : "x"(a), "x"(b), "i"(n));            \
        break;
#define CASE_EXPLICIT_MASK(insn, n)                                                                \
    case n:                                                                                        \
        __asm__("pcmpestrm %9,%6,%5"                                                               \
                : FLAGS, "=Yz"(c->mask)                                                            \
                : "x"(a), "x"(b), "a"(la), "d"(lb), "i"(n));                                       \
        break;
#define CASE_IMPLICIT_MASK(insn, n)                                                                \
    case n:                                                                                        \
        __asm__("pcmpistrm %7,%6,%5" : FLAGS, "=Yz"(c->mask) : "x"(a), "x"(b), "i"(n));            \
        break;

#define COMPARE(name, CASE)                                                                        \
    static SIMD_OUT_OF_LINE void name(__m128i a, __m128i b, uint32_t la, uint32_t lb, uint64_t by, \
                                      struct comparison *c)                                        \
    {                                                                                              \
        (void)la;                                                                                  \
        (void)lb;                                                                                  \
        switch (by & 0x7f) {                                                                       \
            SIMD_CASES_64(CASE, name, 0)                                                           \
            SIMD_CASES_64(CASE, name, 64)                                                          \
        default:                                                                                   \
            break;                                                                                 \
        }                                                                                          \
    }
COMPARE(explicit_index, CASE_EXPLICIT_INDEX)
COMPARE(implicit_index, CASE_IMPLICIT_INDEX)
COMPARE(explicit_mask, CASE_EXPLICIT_MASK)
COMPARE(implicit_mask, CASE_IMPLICIT_MASK)

typedef void compare_fn(__m128i a, __m128i b, uint32_t la, uint32_t lb, uint64_t by,
                        struct comparison *c);

static SIMD_OUT_OF_LINE void compare(struct x86_cpu *cpu, const struct x86_insn *i, compare_fn *fn,
                                     __m128i b, bool to_mask)
{
    struct comparison c;

    fn(simd_reg(cpu, i->dst), b, saturated(cpu, i, X86_RAX), saturated(cpu, i, X86_RDX), i->imm,
       &c);
    if (to_mask)
        simd_set(cpu, 0, c.mask);
    else
        cpu->r[X86_RCX] = (uint32_t)c.index;
    cpu->cc = (c.cf ? X86_CC_C : 0u) | (c.zf ? X86_CC_Z : 0u) | (c.sf ? X86_CC_S : 0u) |
              (c.of ? X86_CC_O : 0u);
}

/* Memory operands need no alignment here. */
#define DEFINE(name, fn, to_mask)                                                                  \
    SIMD_FN(name##_r)                                                                              \
    {                                                                                              \
        compare(cpu, i, fn, simd_reg(cpu, i->src), to_mask);                                       \
        X86_NEXT(cpu, i);                                                                          \
    }                                                                                              \
    SIMD_FN(name##_m)                                                                              \
    {                                                                                              \
        compare(cpu, i, fn, simd_load16(cpu, i, x86_ea(cpu, i)), to_mask);                         \
        X86_NEXT(cpu, i);                                                                          \
    }
DEFINE(exec_pcmpestri, explicit_index, false)
DEFINE(exec_pcmpistri, implicit_index, false)
DEFINE(exec_pcmpestrm, explicit_mask, true)
DEFINE(exec_pcmpistrm, implicit_mask, true)

#define ROW(name, fn) SIMD_ROW(name, R_RM_I, SSE42, 0, XMM, fn##_r, fn##_m)

static const struct x86_op rows[] = {
    ROW(PCMPESTRI, exec_pcmpestri),
    ROW(PCMPISTRI, exec_pcmpistri),
    ROW(PCMPESTRM, exec_pcmpestrm),
    ROW(PCMPISTRM, exec_pcmpistrm),
};

const struct x86_op_table x86_ops_sse_text = {rows, CB_ARRAY_LEN(rows)};
#endif
