/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bit tests, bit scans, and the compare-and-exchange family.  BT and kin with a
 * register index reach memory beyond the operand: the index's upper part moves
 * the address.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/cpuid.h"
#include "x86/mem.h"
#include "x86/regs.h"

/* ---- BT, BTS, BTR, BTC: the carry alone changes ---- */

static inline void set_carry(struct x86_cpu *cpu, bool carry)
{
    cpu->cc = (cpu->cc & ~(uint32_t)X86_CC_C) | (carry ? X86_CC_C : 0);
}

#define BT_KEEP(v, bit) (v)
#define BT_SET(v, bit) ((v) | (bit))
#define BT_RESET(v, bit) ((v) & ~(bit))
#define BT_FLIP(v, bit) ((v) ^ (bit))

/* Where segments and address sizes count, the moved operand is checked as one of its own. */
static __attribute__((noinline)) uint64_t moved_address(struct x86_cpu *cpu,
                                                        const struct x86_insn *i, int64_t by)
{
    struct x86_insn moved = *i;

    moved.disp += by;
    return x86_ea(cpu, &moved);
}

/* Address of the word that holds bit `index` of the string at the operand. */
#define BIT_ADDRESS(bits, type, stype)                                                       \
    static inline uint64_t bit_address##bits(struct x86_cpu *cpu, const struct x86_insn *i)  \
    {                                                                                        \
        const int64_t by = ((stype)x86_get##bits(cpu, i->src) & -(int64_t)bits) / 8;         \
                                                                                             \
        if (CB_LIKELY(!(i->flags & X86_IF_EA_SLOW)))                                         \
            return x86_ea(cpu, i) + (uint64_t)by;                                            \
        return moved_address(cpu, i, by);                                                    \
    }

BIT_ADDRESS(16, uint16_t, int16_t)
BIT_ADDRESS(32, uint32_t, int32_t)
BIT_ADDRESS(64, uint64_t, int64_t)

#define BIT_REG(op, FORM, bits, type, suffix, index)                                         \
    static void op##bits##_##suffix(struct x86_cpu *cpu, const struct x86_insn *i)           \
    {                                                                                        \
        const type v = x86_get##bits(cpu, i->dst);                                           \
        const type bit = (type)((type)1 << ((index) & (bits - 1)));                          \
                                                                                             \
        set_carry(cpu, (v & bit) != 0);                                                      \
        x86_set##bits(cpu, i->dst, (type)FORM(v, bit));                                      \
        X86_NEXT(cpu, i);                                                                    \
    }

#define BIT_MEM(op, FORM, bits, type, suffix, index, address)                                \
    static void op##bits##_##suffix(struct x86_cpu *cpu, const struct x86_insn *i)           \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, address);                                 \
        const type bit = (type)((type)1 << ((index) & (bits - 1)));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, (type)FORM(v, bit));                                       \
        set_carry(cpu, (v & bit) != 0);                                                      \
        X86_NEXT(cpu, i);                                                                    \
    }

#define BIT_TEST(bits, type, suffix, index, source)                                          \
    static void bt##bits##_##suffix(struct x86_cpu *cpu, const struct x86_insn *i)           \
    {                                                                                        \
        const type v = source;                                                               \
                                                                                             \
        set_carry(cpu, v >> ((index) & (bits - 1)) & 1);                                     \
        X86_NEXT(cpu, i);                                                                    \
    }

#define BIT_OP(op, FORM, bits, type)                                                         \
    BIT_REG(op, FORM, bits, type, rr, x86_get##bits(cpu, i->src))                            \
    BIT_REG(op, FORM, bits, type, ri, i->imm)                                                \
    BIT_MEM(op, FORM, bits, type, mr, x86_get##bits(cpu, i->src), bit_address##bits(cpu, i)) \
    BIT_MEM(op, FORM, bits, type, mi, i->imm, x86_ea(cpu, i))

#define BIT_ALL(bits, type)                                                                  \
    BIT_TEST(bits, type, rr, x86_get##bits(cpu, i->src), x86_get##bits(cpu, i->dst))         \
    BIT_TEST(bits, type, ri, i->imm, x86_get##bits(cpu, i->dst))                             \
    BIT_TEST(bits, type, mr, x86_get##bits(cpu, i->src),                                     \
             x86_read##bits(cpu, i, bit_address##bits(cpu, i)))                              \
    BIT_TEST(bits, type, mi, i->imm, x86_read##bits(cpu, i, x86_ea(cpu, i)))                 \
    BIT_OP(bts, BT_SET, bits, type)                                                          \
    BIT_OP(btr, BT_RESET, bits, type)                                                        \
    BIT_OP(btc, BT_FLIP, bits, type)

BIT_ALL(16, uint16_t)
BIT_ALL(32, uint32_t)
BIT_ALL(64, uint64_t)

/* ---- BSF, BSR: source 0 leaves the destination, 32-bit ones without clearing the upper half ---- */

#define SCAN(op, bits, type)                                                                 \
    static inline void op##_##bits(struct x86_cpu *cpu, unsigned dst, type v)                \
    {                                                                                        \
        const type r = x86_alu_##op##bits(x86_get##bits(cpu, dst), v, &cpu->cc);             \
                                                                                             \
        if (v)                                                                               \
            x86_set##bits(cpu, dst, r);                                                      \
    }                                                                                        \
    static void op##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        op##_##bits(cpu, i->dst, x86_get##bits(cpu, i->src));                                \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        op##_##bits(cpu, i->dst, x86_read##bits(cpu, i, x86_ea(cpu, i)));                    \
        X86_NEXT(cpu, i);                                                                    \
    }

SCAN(bsf, 16, uint16_t)
SCAN(bsf, 32, uint32_t)
SCAN(bsf, 64, uint64_t)
SCAN(bsr, 16, uint16_t)
SCAN(bsr, 32, uint32_t)
SCAN(bsr, 64, uint64_t)

/* ---- XADD, CMPXCHG ---- */

#define EXCHANGES(bits, type)                                                                \
    static void xadd##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_get##bits(cpu, i->dst);                                           \
        const type sum = x86_alu_add##bits(v, x86_get##bits(cpu, i->src), &cpu->cc);         \
                                                                                             \
        x86_set##bits(cpu, i->src, v);                                                       \
        x86_set##bits(cpu, i->dst, sum);                                                     \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void xadd##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_alu_add##bits(v, x86_get##bits(cpu, i->src), &cpu->cc)); \
        x86_set##bits(cpu, i->src, v);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void cmpxchg##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)            \
    {                                                                                        \
        const type v = x86_get##bits(cpu, i->dst), a = x86_get##bits(cpu, X86_RAX);          \
                                                                                             \
        x86_alu_cmp##bits(a, v, &cpu->cc);                                                   \
        if (a == v)                                                                          \
            x86_set##bits(cpu, i->dst, x86_get##bits(cpu, i->src));                          \
        else                                                                                 \
            x86_set##bits(cpu, X86_RAX, v);                                                  \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void cmpxchg##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)            \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
        const type a = x86_get##bits(cpu, X86_RAX);                                          \
                                                                                             \
        x86_alu_cmp##bits(a, v, &cpu->cc);                                                   \
        x86_rmw_end##bits(cpu, i, a == v ? x86_get##bits(cpu, i->src) : v);                  \
        if (a != v)                                                                          \
            x86_set##bits(cpu, X86_RAX, v);                                                  \
        X86_NEXT(cpu, i);                                                                    \
    }

EXCHANGES(8, uint8_t)
EXCHANGES(16, uint16_t)
EXCHANGES(32, uint32_t)
EXCHANGES(64, uint64_t)

static inline void set_zero(struct x86_cpu *cpu, bool zero)
{
    cpu->cc = (cpu->cc & ~(uint32_t)X86_CC_Z) | (zero ? X86_CC_Z : 0);
}

static void cmpxchg8b(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t v = x86_rmw_begin64(cpu, i, x86_ea(cpu, i));
    const uint64_t old = cpu->r[X86_RDX] << 32 | (uint32_t)cpu->r[X86_RAX];
    const uint64_t new = cpu->r[X86_RCX] << 32 | (uint32_t)cpu->r[X86_RBX];

    x86_rmw_end64(cpu, i, v == old ? new : v);
    if (v != old) {
        cpu->r[X86_RAX] = (uint32_t)v;
        cpu->r[X86_RDX] = v >> 32;
    }
    set_zero(cpu, v == old);
    X86_NEXT(cpu, i);
}

static __attribute__((noinline)) void exchange16(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = x86_ea(cpu, i);
    uint64_t v[2];
    bool same;

    if (at & 15)
        x86_gp0(cpu, i);
    x86_at(cpu, i);
    x86_probe(cpu, i, at, 16, true);
    x86_read128(cpu, i, at, v);
    same = v[0] == cpu->r[X86_RAX] && v[1] == cpu->r[X86_RDX];
    if (same) {
        v[0] = cpu->r[X86_RBX];
        v[1] = cpu->r[X86_RCX];
    }
    x86_write128(cpu, i, at, v);
    if (!same) {
        cpu->r[X86_RAX] = v[0];
        cpu->r[X86_RDX] = v[1];
    }
    set_zero(cpu, same);
}

static void cmpxchg16b(struct x86_cpu *cpu, const struct x86_insn *i)
{
    exchange16(cpu, i);
    X86_NEXT(cpu, i);
}

/* ---- rows ---- */

#define WIDE X86_OP_BY_WIDTH
#define LOCKED (X86_OP_BY_WIDTH | X86_OP_LOCK)
#define BIT_ROWS(M, op, how)                                                                 \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM_R, .flags = how,                    \
     .reg = X86_BY3(op, rr), .mem = X86_BY3(op, mr)},                                        \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM_I, .flags = how,                    \
     .reg = X86_BY3(op, ri), .mem = X86_BY3(op, mi)}
#define SCAN_ROW(M, op)                                                                      \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_R_RM, .flags = WIDE,                   \
     .reg = X86_BY3(op, rr), .mem = X86_BY3(op, rm)}
#define EXCHANGE_ROW(M, op)                                                                  \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM_R, .flags = LOCKED,                 \
     .reg = X86_BY4(op, rr), .mem = X86_BY4(op, mr)}

static const struct x86_op rows[] = {
    BIT_ROWS(BT, bt, WIDE), BIT_ROWS(BTS, bts, LOCKED), BIT_ROWS(BTR, btr, LOCKED),
    BIT_ROWS(BTC, btc, LOCKED), SCAN_ROW(BSF, bsf), SCAN_ROW(BSR, bsr),
    EXCHANGE_ROW(XADD, xadd), EXCHANGE_ROW(CMPXCHG, cmpxchg),
    {.mnemonic = ZYDIS_MNEMONIC_CMPXCHG8B, .form = X86_FORM_M, .flags = X86_OP_LOCK,
     .mem = {cmpxchg8b}},
    {.mnemonic = ZYDIS_MNEMONIC_CMPXCHG16B, .form = X86_FORM_M, .flags = X86_OP_LOCK,
     .feature = X86_FEAT_CX16, .mem = {cmpxchg16b}},
};

const struct x86_op_table x86_ops_bits = {rows, CB_ARRAY_LEN(rows)};
