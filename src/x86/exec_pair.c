/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMP and TEST together with the conditional branch behind them, when that
 * stays in its page.  The flags are made as ever; the branch need not wait for
 * them.  Memory operands that miss the fast TLB go the ordinary way, one
 * handler after the other.
 */
#include "x86/alu.h"
#include "x86/fast.h"
#include "x86/mem.h"
#include "x86/regs.h"

/* Conditions on the two operands of a comparison; TEST compares the common bits with 0. */
#define WHEN_b(a, b, s) ((a) < (b))
#define WHEN_nb(a, b, s) ((a) >= (b))
#define WHEN_z(a, b, s) ((a) == (b))
#define WHEN_nz(a, b, s) ((a) != (b))
#define WHEN_be(a, b, s) ((a) <= (b))
#define WHEN_nbe(a, b, s) ((a) > (b))
#define WHEN_s(a, b, s) ((s)((a) - (b)) < 0)
#define WHEN_ns(a, b, s) ((s)((a) - (b)) >= 0)
#define WHEN_l(a, b, s) ((s)(a) < (s)(b))
#define WHEN_nl(a, b, s) ((s)(a) >= (s)(b))
#define WHEN_le(a, b, s) ((s)(a) <= (s)(b))
#define WHEN_nle(a, b, s) ((s)(a) > (s)(b))

#define BRANCH(yes)                                                                          \
    if (yes)                                                                                 \
        x86_jump_direct(cpu, i + 1, i[1].left - 1);                                          \
    else                                                                                     \
        X86_GO(cpu, i + 2)

#define CMP(name, bits, when, a_, b_)                                                        \
    static void name##_##when(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const uint##bits##_t a = (a_), b = (b_);                                             \
                                                                                             \
        x86_alu_cmp##bits(a, b, &cpu->cc);                                                   \
        BRANCH(WHEN_##when(a, b, int##bits##_t));                                            \
    }

#define TEST(name, bits, when, a_, b_)                                                       \
    static void name##_##when(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const uint##bits##_t a = (a_), b = (b_), both = a & b, zero = 0;                     \
                                                                                             \
        x86_alu_test##bits(a, b, &cpu->cc);                                                  \
        (void)zero;                                                                          \
        BRANCH(WHEN_##when(both, zero, int##bits##_t));                                      \
    }

/* `slow` goes on to i + 1 by itself, so it must not be a pair. */
#define CMP_MEM(name, bits, when, a_, b_)                                                    \
    static void name##_##when(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, bits / 8, name##_slow)                                      \
                                                                                             \
        const uint##bits##_t a = (a_), b = (b_);                                             \
                                                                                             \
        x86_alu_cmp##bits(a, b, &cpu->cc);                                                   \
        BRANCH(WHEN_##when(a, b, int##bits##_t));                                            \
    }

#define TEST_MEM(name, bits, when, a_, b_)                                                   \
    static void name##_##when(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, bits / 8, name##_slow)                                      \
                                                                                             \
        const uint##bits##_t a = (a_), b = (b_), both = a & b, zero = 0;                     \
                                                                                             \
        x86_alu_test##bits(a, b, &cpu->cc);                                                  \
        (void)zero;                                                                          \
        BRANCH(WHEN_##when(both, zero, int##bits##_t));                                      \
    }

#define SLOW(op, name, bits, a_, b_)                                                         \
    static X86_COLD void name##_slow(struct x86_cpu *cpu, const struct x86_insn *i)          \
    {                                                                                        \
        const uint##bits##_t v = x86_read##bits(cpu, i, x86_ea(cpu, i));                     \
                                                                                             \
        x86_alu_##op##bits(a_, b_, &cpu->cc);                                                \
        X86_NEXT(cpu, i);                                                                    \
    }

/* clang-format off */
#define EACH(KIND, name, bits, x, y)                                                         \
    KIND(name, bits, b, x, y) KIND(name, bits, nb, x, y) KIND(name, bits, z, x, y)           \
    KIND(name, bits, nz, x, y) KIND(name, bits, be, x, y) KIND(name, bits, nbe, x, y)        \
    KIND(name, bits, s, x, y) KIND(name, bits, ns, x, y) KIND(name, bits, l, x, y)           \
    KIND(name, bits, nl, x, y) KIND(name, bits, le, x, y) KIND(name, bits, nle, x, y)
/* clang-format on */

#define REGISTERS(bits)                                                                      \
    EACH(CMP, cmp##bits##_rr, bits, x86_get##bits(cpu, i->dst), x86_get##bits(cpu, i->src))  \
    EACH(CMP, cmp##bits##_ri, bits, x86_get##bits(cpu, i->dst), (uint##bits##_t)i->imm)      \
    EACH(TEST, test##bits##_rr, bits, x86_get##bits(cpu, i->dst), x86_get##bits(cpu, i->src)) \
    EACH(TEST, test##bits##_ri, bits, x86_get##bits(cpu, i->dst), (uint##bits##_t)i->imm)

#define MEMORY(bits)                                                                         \
    SLOW(cmp, cmp##bits##_mi, bits, v, (uint##bits##_t)i->imm)                               \
    SLOW(cmp, cmp##bits##_mr, bits, v, x86_get##bits(cpu, i->src))                           \
    SLOW(cmp, cmp##bits##_rm, bits, x86_get##bits(cpu, i->dst), v)                           \
    SLOW(test, test##bits##_mi, bits, v, (uint##bits##_t)i->imm)                             \
    EACH(CMP_MEM, cmp##bits##_mi, bits, x86_at##bits(p), (uint##bits##_t)i->imm)             \
    EACH(CMP_MEM, cmp##bits##_mr, bits, x86_at##bits(p), x86_get##bits(cpu, i->src))         \
    EACH(CMP_MEM, cmp##bits##_rm, bits, x86_get##bits(cpu, i->dst), x86_at##bits(p))         \
    EACH(TEST_MEM, test##bits##_mi, bits, x86_at##bits(p), (uint##bits##_t)i->imm)

REGISTERS(8)
REGISTERS(32)
REGISTERS(64)
MEMORY(8)
MEMORY(32)
MEMORY(64)

/* By enum x86_comparison, then by condition; no overflow and parity conditions. */
#define ROW(name)                                                                            \
    {                                                                                        \
        [2] = name##_b, [3] = name##_nb, [4] = name##_z, [5] = name##_nz, [6] = name##_be,   \
        [7] = name##_nbe, [8] = name##_s, [9] = name##_ns, [12] = name##_l, [13] = name##_nl, \
        [14] = name##_le, [15] = name##_nle                                                  \
    }
#define ROWS(bits)                                                                           \
    ROW(cmp##bits##_rr), ROW(cmp##bits##_ri), ROW(cmp##bits##_mi), ROW(cmp##bits##_mr),      \
        ROW(cmp##bits##_rm), ROW(test##bits##_rr), ROW(test##bits##_ri), ROW(test##bits##_mi)

static x86_exec_fn *const pairs[X86_N_COMPARISONS][16] = {ROWS(8), ROWS(32), ROWS(64)};

x86_exec_fn *x86_pair_of(unsigned comparison, unsigned condition)
{
    return pairs[comparison][condition];
}
