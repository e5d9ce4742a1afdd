/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves that compute nothing: MOV, MOVZX, MOVSX, LEA, XCHG, CMOVcc, SETcc,
 * BSWAP, conversions of the accumulator, flag moves, and what is a NOP here.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/fast.h"
#include "x86/mem.h"
#include "x86/regs.h"

/* ---- MOV, XCHG ---- */

#define MOVES(bits, type)                                                                    \
    static void mov##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_get##bits(cpu, i->src));                              \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_ri(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, (type)i->imm);                                            \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void mov##bits##_rm_slow(struct x86_cpu *cpu, const struct x86_insn *i)  \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_read##bits(cpu, i, x86_ea(cpu, i)));                  \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(type), mov##bits##_rm_slow)                          \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_at##bits(p));                                         \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_rm_simple(struct x86_cpu *cpu, const struct x86_insn *i)         \
    {                                                                                        \
        X86_HIT_SIMPLE(p, read, cpu, i, sizeof(type), mov##bits##_rm_slow)                   \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_at##bits(p));                                         \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void mov##bits##_mr_slow(struct x86_cpu *cpu, const struct x86_insn *i)  \
    {                                                                                        \
        x86_write##bits(cpu, i, x86_ea(cpu, i), x86_get##bits(cpu, i->src));                 \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        X86_HIT(p, write, cpu, i, sizeof(type), mov##bits##_mr_slow)                         \
                                                                                             \
        x86_put##bits(p, x86_get##bits(cpu, i->src));                                        \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_mr_simple(struct x86_cpu *cpu, const struct x86_insn *i)         \
    {                                                                                        \
        X86_HIT_SIMPLE(p, write, cpu, i, sizeof(type), mov##bits##_mr_slow)                  \
                                                                                             \
        x86_put##bits(p, x86_get##bits(cpu, i->src));                                        \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void mov##bits##_mi_slow(struct x86_cpu *cpu, const struct x86_insn *i)  \
    {                                                                                        \
        x86_write##bits(cpu, i, x86_ea(cpu, i), (type)i->imm);                               \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_mi(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        X86_HIT(p, write, cpu, i, sizeof(type), mov##bits##_mi_slow)                         \
                                                                                             \
        x86_put##bits(p, (type)i->imm);                                                      \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void mov##bits##_mi_simple(struct x86_cpu *cpu, const struct x86_insn *i)         \
    {                                                                                        \
        X86_HIT_SIMPLE(p, write, cpu, i, sizeof(type), mov##bits##_mi_slow)                  \
                                                                                             \
        x86_put##bits(p, (type)i->imm);                                                      \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void xchg##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_get##bits(cpu, i->dst);                                           \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_get##bits(cpu, i->src));                              \
        x86_set##bits(cpu, i->src, v);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void xchg##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_get##bits(cpu, i->src));                               \
        x86_set##bits(cpu, i->src, v);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void xchg##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)               \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_get##bits(cpu, i->dst));                               \
        x86_set##bits(cpu, i->dst, v);                                                       \
        X86_NEXT(cpu, i);                                                                    \
    }

MOVES(8, uint8_t)
MOVES(16, uint16_t)
MOVES(32, uint32_t)
MOVES(64, uint64_t)

/* ---- wider from narrower ---- */

#define EXTEND(name, to, to_type, from, from_type)                                           \
    static void name##to##_r##from(struct x86_cpu *cpu, const struct x86_insn *i)            \
    {                                                                                        \
        x86_set##to(cpu, i->dst, (to_type)(from_type)x86_get##from(cpu, i->src));            \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void name##to##_m##from##_slow(struct x86_cpu *cpu, const struct x86_insn *i)\
    {                                                                                        \
        const from_type v = (from_type)x86_read##from(cpu, i, x86_ea(cpu, i));               \
                                                                                             \
        x86_set##to(cpu, i->dst, (to_type)v);                                                \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void name##to##_m##from(struct x86_cpu *cpu, const struct x86_insn *i)            \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(from_type), name##to##_m##from##_slow)               \
                                                                                             \
        x86_set##to(cpu, i->dst, (to_type)(from_type)x86_at##from(p));                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void name##to##_m##from##_simple(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        X86_HIT_SIMPLE(p, read, cpu, i, sizeof(from_type), name##to##_m##from##_slow)        \
                                                                                             \
        x86_set##to(cpu, i->dst, (to_type)(from_type)x86_at##from(p));                       \
        X86_NEXT(cpu, i);                                                                    \
    }

EXTEND(movzx, 16, uint16_t, 8, uint8_t)
EXTEND(movzx, 32, uint32_t, 8, uint8_t)
EXTEND(movzx, 64, uint64_t, 8, uint8_t)
EXTEND(movzx, 16, uint16_t, 16, uint16_t)
EXTEND(movzx, 32, uint32_t, 16, uint16_t)
EXTEND(movzx, 64, uint64_t, 16, uint16_t)
EXTEND(movsx, 16, uint16_t, 8, int8_t)
EXTEND(movsx, 32, uint32_t, 8, int8_t)
EXTEND(movsx, 64, uint64_t, 8, int8_t)
EXTEND(movsx, 16, uint16_t, 16, int16_t)
EXTEND(movsx, 32, uint32_t, 16, int16_t)
EXTEND(movsx, 64, uint64_t, 16, int16_t)
EXTEND(movsx, 32, uint32_t, 32, int32_t)
EXTEND(movsx, 64, uint64_t, 32, int32_t)

/* ---- LEA: the offset, without segment ---- */

static uint64_t lea_offset(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp;

    if (i->flags & X86_IF_ADDR16)
        return (uint16_t)at;
    return i->flags & X86_IF_ADDR32 ? (uint32_t)at : at;
}

static void lea16_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set16(cpu, i->dst, (uint16_t)lea_offset(cpu, i));
    X86_NEXT(cpu, i);
}

static void lea32_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set32(cpu, i->dst, (uint32_t)lea_offset(cpu, i));
    X86_NEXT(cpu, i);
}

static void lea64_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set64(cpu, i->dst, lea_offset(cpu, i));
    X86_NEXT(cpu, i);
}

/* ---- by condition ---- */

#define CONDITIONAL(n, cc_name)                                                              \
    static void set##cc_name##_r(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        x86_set8(cpu, i->dst, x86_condition(cpu->cc, n));                                    \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void set##cc_name##_m(struct x86_cpu *cpu, const struct x86_insn *i)              \
    {                                                                                        \
        x86_write8(cpu, i, x86_ea(cpu, i), x86_condition(cpu->cc, n));                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    CMOV(n, cc_name, 16, uint16_t)                                                           \
    CMOV(n, cc_name, 32, uint32_t)                                                           \
    CMOV(n, cc_name, 64, uint64_t)

/* The source is read, and a 32-bit destination extended, whatever the condition. */
#define CMOV(n, cc_name, bits, type)                                                         \
    static void cmov##cc_name##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)      \
    {                                                                                        \
        const type a = x86_get##bits(cpu, i->dst), b = x86_get##bits(cpu, i->src);           \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_condition(cpu->cc, n) ? b : a);                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void cmov##cc_name##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)      \
    {                                                                                        \
        const type b = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
        const type a = x86_get##bits(cpu, i->dst);                                           \
                                                                                             \
        x86_set##bits(cpu, i->dst, x86_condition(cpu->cc, n) ? b : a);                       \
        X86_NEXT(cpu, i);                                                                    \
    }

CONDITIONAL(0, o)
CONDITIONAL(1, no)
CONDITIONAL(2, b)
CONDITIONAL(3, nb)
CONDITIONAL(4, z)
CONDITIONAL(5, nz)
CONDITIONAL(6, be)
CONDITIONAL(7, nbe)
CONDITIONAL(8, s)
CONDITIONAL(9, ns)
CONDITIONAL(10, p)
CONDITIONAL(11, np)
CONDITIONAL(12, l)
CONDITIONAL(13, nl)
CONDITIONAL(14, le)
CONDITIONAL(15, nle)

/* ---- accumulator ---- */

static void cbw(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set16(cpu, X86_RAX, (uint16_t)(int8_t)cpu->r[X86_RAX]);
    X86_NEXT(cpu, i);
}

static void cwde(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set32(cpu, X86_RAX, (uint32_t)(int16_t)cpu->r[X86_RAX]);
    X86_NEXT(cpu, i);
}

static void cdqe(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->r[X86_RAX] = (uint64_t)(int32_t)cpu->r[X86_RAX];
    X86_NEXT(cpu, i);
}

static void cwd(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set16(cpu, X86_RDX, (int16_t)cpu->r[X86_RAX] < 0 ? 0xffff : 0);
    X86_NEXT(cpu, i);
}

static void cdq(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set32(cpu, X86_RDX, (int32_t)cpu->r[X86_RAX] < 0 ? UINT32_MAX : 0);
    X86_NEXT(cpu, i);
}

static void cqo(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->r[X86_RDX] = (int64_t)cpu->r[X86_RAX] < 0 ? UINT64_MAX : 0;
    X86_NEXT(cpu, i);
}

static void bswap16(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set16(cpu, i->dst, 0); /* undefined; processors clear it */
    X86_NEXT(cpu, i);
}

static void bswap32(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set32(cpu, i->dst, __builtin_bswap32(x86_get32(cpu, i->dst)));
    X86_NEXT(cpu, i);
}

static void bswap64(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->r[i->dst] = __builtin_bswap64(cpu->r[i->dst]);
    X86_NEXT(cpu, i);
}

/* AL from [rBX + AL]. */
static void xlat(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t offset = cpu->r[X86_RBX] + (uint8_t)cpu->r[X86_RAX];

    if (i->flags & X86_IF_ADDR16)
        offset = (uint16_t)offset;
    else if (i->flags & X86_IF_ADDR32)
        offset = (uint32_t)offset;
    x86_set8(cpu, 0, x86_read8(cpu, i, x86_seg_ea(cpu, i, i->seg, offset, 1, false)));
    X86_NEXT(cpu, i);
}

/* ---- flags ---- */

static void lahf(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_set8(cpu, 1, (uint8_t)((cpu->cc >> 8 & 0xd5) | X86_FL_1));
    X86_NEXT(cpu, i);
}

static void sahf(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->cc = (cpu->cc & X86_CC_O) | (uint32_t)(x86_get8(cpu, 1) & 0xd5) << 8;
    X86_NEXT(cpu, i);
}

static void clc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->cc &= ~(uint32_t)X86_CC_C;
    X86_NEXT(cpu, i);
}

static void stc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->cc |= X86_CC_C;
    X86_NEXT(cpu, i);
}

static void cmc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->cc ^= X86_CC_C;
    X86_NEXT(cpu, i);
}

static void cld(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->rflags &= ~(uint32_t)X86_FL_DF;
    cpu->df = false;
    X86_NEXT(cpu, i);
}

static void std(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->rflags |= X86_FL_DF;
    cpu->df = true;
    X86_NEXT(cpu, i);
}

static void nop(struct x86_cpu *cpu, const struct x86_insn *i)
{
    X86_NEXT(cpu, i);
}

/* ---- operands without index and segment base ---- */

#define SIMPLE4(n, f)                                                                        \
    {n##8_##f, n##8_##f##_simple}, {n##16_##f, n##16_##f##_simple},                          \
        {n##32_##f, n##32_##f##_simple}, {n##64_##f, n##64_##f##_simple}
#define SIMPLE3(n, f)                                                                        \
    {n##16_##f, n##16_##f##_simple}, {n##32_##f, n##32_##f##_simple},                        \
        {n##64_##f, n##64_##f##_simple}

static const struct x86_variant simple[] = {
    SIMPLE4(mov, rm),  SIMPLE4(mov, mr),    SIMPLE4(mov, mi),
    SIMPLE3(movzx, m8), SIMPLE3(movzx, m16), SIMPLE3(movsx, m8),
    SIMPLE3(movsx, m16), {movsx32_m32, movsx32_m32_simple}, {movsx64_m32, movsx64_m32_simple},
};

const struct x86_variants x86_simple_moves = {simple, CB_ARRAY_LEN(simple)};

/* ---- rows ---- */

#define WIDE X86_OP_BY_WIDTH
#define M(NAME) .mnemonic = ZYDIS_MNEMONIC_##NAME
#define SET_CMOV(N, n)                                                                       \
    {M(SET##N), .form = X86_FORM_RM, .reg = {set##n##_r}, .mem = {set##n##_m}},              \
    {M(CMOV##N), .form = X86_FORM_R_RM, .flags = WIDE, .reg = X86_BY3(cmov##n, rr),          \
     .mem = X86_BY3(cmov##n, rm)}
#define EXTEND_ROW(N, n, from)                                                               \
    {M(N), .form = X86_FORM_R_RM, .flags = WIDE, .operand = X86_REGS_GPR_##from,             \
     .reg = X86_BY3(n, r##from), .mem = X86_BY3(n, m##from)}
#define PLAIN(N, fn) {M(N), .form = X86_FORM_NONE, .reg = {fn}}
#define IGNORED(N, FORM) {M(N), .form = X86_FORM_##FORM, .reg = {nop}, .mem = {nop}}

static const struct x86_op rows[] = {
    {M(MOV), .form = X86_FORM_RM_R, .flags = WIDE, .reg = X86_BY4(mov, rr),
     .mem = X86_BY4(mov, mr)},
    {M(MOV), .form = X86_FORM_R_RM, .flags = WIDE, .reg = X86_BY4(mov, rr),
     .mem = X86_BY4(mov, rm)},
    {M(MOV), .form = X86_FORM_RM_I, .flags = WIDE, .reg = X86_BY4(mov, ri),
     .mem = X86_BY4(mov, mi)},
    {M(XCHG), .form = X86_FORM_RM_R, .flags = WIDE | X86_OP_LOCK, .reg = X86_BY4(xchg, rr),
     .mem = X86_BY4(xchg, mr)},
    {M(XCHG), .form = X86_FORM_R_RM, .flags = WIDE | X86_OP_LOCK, .reg = X86_BY4(xchg, rr),
     .mem = X86_BY4(xchg, rm)},
    EXTEND_ROW(MOVZX, movzx, 8), EXTEND_ROW(MOVZX, movzx, 16),
    EXTEND_ROW(MOVSX, movsx, 8), EXTEND_ROW(MOVSX, movsx, 16),
    EXTEND_ROW(MOVSXD, movsx, 16),
    {M(MOVSXD), .form = X86_FORM_R_RM, .flags = WIDE, .operand = X86_REGS_GPR_32, /* 66h: 16 bits */
     .reg = {NULL, movsx16_r16, movsx32_r32, movsx64_r32},
     .mem = {NULL, movsx16_m16, movsx32_m32, movsx64_m32}},
    {M(LEA), .form = X86_FORM_R_M, .flags = WIDE, .mem = X86_BY3(lea, m)},
    SET_CMOV(O, o), SET_CMOV(NO, no), SET_CMOV(B, b), SET_CMOV(NB, nb),
    SET_CMOV(Z, z), SET_CMOV(NZ, nz), SET_CMOV(BE, be), SET_CMOV(NBE, nbe),
    SET_CMOV(S, s), SET_CMOV(NS, ns), SET_CMOV(P, p), SET_CMOV(NP, np),
    SET_CMOV(L, l), SET_CMOV(NL, nl), SET_CMOV(LE, le), SET_CMOV(NLE, nle),
    PLAIN(CBW, cbw), PLAIN(CWDE, cwde), PLAIN(CDQE, cdqe),
    PLAIN(CWD, cwd), PLAIN(CDQ, cdq), PLAIN(CQO, cqo),
    {M(BSWAP), .form = X86_FORM_R, .flags = WIDE, .reg = {NULL, bswap16, bswap32, bswap64}},
    {M(XLAT), .form = X86_FORM_STRING, .reg = {xlat}},
    PLAIN(LAHF, lahf), PLAIN(SAHF, sahf), PLAIN(CLC, clc), PLAIN(STC, stc), PLAIN(CMC, cmc),
    PLAIN(CLD, cld), PLAIN(STD, std),
    IGNORED(NOP, NONE), IGNORED(NOP, RM), IGNORED(NOP, RM_R), IGNORED(NOP, R_RM),
    IGNORED(PAUSE, NONE), IGNORED(LFENCE, NONE), IGNORED(MFENCE, NONE), IGNORED(SFENCE, NONE),
    IGNORED(PREFETCH, M), IGNORED(PREFETCHNTA, M), IGNORED(PREFETCHT0, M),
    IGNORED(PREFETCHT1, M), IGNORED(PREFETCHT2, M), IGNORED(PREFETCHW, M),
    IGNORED(ENDBR32, NONE), IGNORED(ENDBR64, NONE),
};

const struct x86_op_table x86_ops_move = {rows, CB_ARRAY_LEN(rows)};
