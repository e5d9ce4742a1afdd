/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shifts and rotates.  A masked count of 0 changes nothing, flags included; yet
 * a memory destination is written (it must be writable), and a 32-bit register
 * loses its upper half.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/mem.h"
#include "x86/regs.h"

#define COUNT_MASK(bits) ((bits) == 64 ? 63u : 31u)

#define SHIFT(op, bits, type)                                                                \
    static inline type do_##op##bits(struct x86_cpu *cpu, type v, uint8_t count)             \
    {                                                                                        \
        return count & COUNT_MASK(bits) ? x86_alu_##op##bits(v, count, &cpu->cc) : v;        \
    }                                                                                        \
    static void op##bits##_ri(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst,                                                           \
                      do_##op##bits(cpu, x86_get##bits(cpu, i->dst), (uint8_t)i->imm));      \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rc(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const uint8_t count = (uint8_t)cpu->r[X86_RCX];                                      \
                                                                                             \
        x86_set##bits(cpu, i->dst, do_##op##bits(cpu, x86_get##bits(cpu, i->dst), count));   \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mi(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, do_##op##bits(cpu, v, (uint8_t)i->imm));                   \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mc(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, do_##op##bits(cpu, v, (uint8_t)cpu->r[X86_RCX]));          \
        X86_NEXT(cpu, i);                                                                    \
    }

#define DOUBLE(op, bits, type)                                                               \
    static inline type do_##op##bits(struct x86_cpu *cpu, const struct x86_insn *i, type v,  \
                                     uint8_t count)                                          \
    {                                                                                        \
        if (!(count & COUNT_MASK(bits)))                                                     \
            return v;                                                                        \
        return x86_alu_##op##bits(v, x86_get##bits(cpu, i->src), count, &cpu->cc);           \
    }                                                                                        \
    static void op##bits##_ri(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst,                                                           \
                      do_##op##bits(cpu, i, x86_get##bits(cpu, i->dst), (uint8_t)i->imm));   \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rc(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const uint8_t count = (uint8_t)cpu->r[X86_RCX];                                      \
                                                                                             \
        x86_set##bits(cpu, i->dst, do_##op##bits(cpu, i, x86_get##bits(cpu, i->dst), count)); \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mi(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, do_##op##bits(cpu, i, v, (uint8_t)i->imm));                \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mc(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, do_##op##bits(cpu, i, v, (uint8_t)cpu->r[X86_RCX]));       \
        X86_NEXT(cpu, i);                                                                    \
    }

#define EACH(op)              \
    SHIFT(op, 8, uint8_t)     \
    SHIFT(op, 16, uint16_t)   \
    SHIFT(op, 32, uint32_t)   \
    SHIFT(op, 64, uint64_t)

EACH(shl)
EACH(shr)
EACH(sar)
EACH(rol)
EACH(ror)
EACH(rcl)
EACH(rcr)
DOUBLE(shld, 16, uint16_t)
DOUBLE(shld, 32, uint32_t)
DOUBLE(shld, 64, uint64_t)
DOUBLE(shrd, 16, uint16_t)
DOUBLE(shrd, 32, uint32_t)
DOUBLE(shrd, 64, uint64_t)

#define ROW(M, FORM, by, op, r, m)                                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_##FORM, .flags = X86_OP_BY_WIDTH,       \
     .reg = by(op, r), .mem = by(op, m)}
#define SHIFT_ROWS(M, op)                                                                     \
    ROW(M, RM_I, X86_BY4, op, ri, mi), ROW(M, RM_1, X86_BY4, op, ri, mi),                     \
        ROW(M, RM_CL, X86_BY4, op, rc, mc)
#define DOUBLE_ROWS(M, op)                                                                    \
    ROW(M, RM_R_I, X86_BY3, op, ri, mi), ROW(M, RM_R_CL, X86_BY3, op, rc, mc)

static const struct x86_op rows[] = {
    SHIFT_ROWS(SHL, shl), SHIFT_ROWS(SHR, shr), SHIFT_ROWS(SAR, sar), SHIFT_ROWS(ROL, rol),
    SHIFT_ROWS(ROR, ror), SHIFT_ROWS(RCL, rcl), SHIFT_ROWS(RCR, rcr), DOUBLE_ROWS(SHLD, shld),
    DOUBLE_ROWS(SHRD, shrd),
};

const struct x86_op_table x86_ops_shift = {rows, CB_ARRAY_LEN(rows)};
