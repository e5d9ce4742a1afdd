/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two-operand arithmetic and logic, and INC, DEC, NEG, NOT: one handler for
 * each operation, width and shape.  rr, ri: registers; rm: register from
 * memory; mr, mi: memory from register or immediate.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/fast.h"
#include "x86/mem.h"
#include "x86/regs.h"

#define ALU_REG(op, bits, type)                                                              \
    static void op##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_alu_##op##bits(x86_get##bits(cpu, i->dst),            \
                                                      x86_get##bits(cpu, i->src), &cpu->cc)); \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_ri(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_alu_##op##bits(x86_get##bits(cpu, i->dst),            \
                                                      (type)i->imm, &cpu->cc));              \
        X86_NEXT(cpu, i);                                                                    \
    }

#define ALU_MEM_SLOW(op, bits, type)                                                         \
    static X86_COLD void op##bits##_rm_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_set##bits(cpu, i->dst,                                                           \
                      x86_alu_##op##bits(x86_get##bits(cpu, i->dst), v, &cpu->cc));          \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void op##bits##_mr_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_alu_##op##bits(v, x86_get##bits(cpu, i->src), &cpu->cc));\
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void op##bits##_mi_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_alu_##op##bits(v, (type)i->imm, &cpu->cc));            \
        X86_NEXT(cpu, i);                                                                    \
    }

#define ALU_MEM(op, bits, type)                                                              \
    ALU_MEM_SLOW(op, bits, type)                                                             \
    static void op##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(type), op##bits##_rm_slow)                           \
                                                                                             \
        x86_set##bits(cpu, i->dst,                                                           \
                      x86_alu_##op##bits(x86_get##bits(cpu, i->dst), x86_at##bits(p), &cpu->cc));\
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, write, cpu, i, sizeof(type), op##bits##_mr_slow)                          \
                                                                                             \
        x86_put##bits(p, x86_alu_##op##bits(x86_at##bits(p), x86_get##bits(cpu, i->src),     \
                                            &cpu->cc));                                      \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mi(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, write, cpu, i, sizeof(type), op##bits##_mi_slow)                          \
                                                                                             \
        x86_put##bits(p, x86_alu_##op##bits(x86_at##bits(p), (type)i->imm, &cpu->cc));       \
        X86_NEXT(cpu, i);                                                                    \
    }

/* CMP, TEST: flags alone. */
#define ALU_COMPARE(op, bits, type)                                                          \
    static void op##bits##_rr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_alu_##op##bits(x86_get##bits(cpu, i->dst), x86_get##bits(cpu, i->src), &cpu->cc); \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_ri(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_alu_##op##bits(x86_get##bits(cpu, i->dst), (type)i->imm, &cpu->cc);              \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void op##bits##_rm_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_alu_##op##bits(x86_get##bits(cpu, i->dst), v, &cpu->cc);                         \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_rm(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(type), op##bits##_rm_slow)                           \
                                                                                             \
        x86_alu_##op##bits(x86_get##bits(cpu, i->dst), x86_at##bits(p), &cpu->cc);           \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void op##bits##_mr_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_alu_##op##bits(v, x86_get##bits(cpu, i->src), &cpu->cc);                         \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mr(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(type), op##bits##_mr_slow)                           \
                                                                                             \
        x86_alu_##op##bits(x86_at##bits(p), x86_get##bits(cpu, i->src), &cpu->cc);           \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static X86_COLD void op##bits##_mi_slow(struct x86_cpu *cpu, const struct x86_insn *i)   \
    {                                                                                        \
        const type v = x86_read##bits(cpu, i, x86_ea(cpu, i));                               \
                                                                                             \
        x86_alu_##op##bits(v, (type)i->imm, &cpu->cc);                                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_mi(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        X86_HIT(p, read, cpu, i, sizeof(type), op##bits##_mi_slow)                           \
                                                                                             \
        x86_alu_##op##bits(x86_at##bits(p), (type)i->imm, &cpu->cc);                         \
        X86_NEXT(cpu, i);                                                                    \
    }

#define ALU_UNARY(op, bits, type)                                                            \
    static void op##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                  \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, x86_alu_##op##bits(x86_get##bits(cpu, i->dst), &cpu->cc)); \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void op##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                  \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, x86_alu_##op##bits(v, &cpu->cc));                          \
        X86_NEXT(cpu, i);                                                                    \
    }

#define NOT_HANDLERS(bits, type)                                                             \
    static void not##bits##_r(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        x86_set##bits(cpu, i->dst, (type)~x86_get##bits(cpu, i->dst));                       \
        X86_NEXT(cpu, i);                                                                    \
    }                                                                                        \
    static void not##bits##_m(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        const type v = x86_rmw_begin##bits(cpu, i, x86_ea(cpu, i));                          \
                                                                                             \
        x86_rmw_end##bits(cpu, i, (type)~v);                                                 \
        X86_NEXT(cpu, i);                                                                    \
    }

#define EACH_BINARY(bits, type)                        \
    ALU_REG(add, bits, type) ALU_MEM(add, bits, type)  \
    ALU_REG(or, bits, type) ALU_MEM(or, bits, type)    \
    ALU_REG(adc, bits, type) ALU_MEM(adc, bits, type)  \
    ALU_REG(sbb, bits, type) ALU_MEM(sbb, bits, type)  \
    ALU_REG(and, bits, type) ALU_MEM(and, bits, type)  \
    ALU_REG(sub, bits, type) ALU_MEM(sub, bits, type)  \
    ALU_REG(xor, bits, type) ALU_MEM(xor, bits, type)  \
    ALU_COMPARE(cmp, bits, type)                       \
    ALU_COMPARE(test, bits, type)                      \
    ALU_UNARY(inc, bits, type)                         \
    ALU_UNARY(dec, bits, type)                         \
    ALU_UNARY(neg, bits, type)                         \
    NOT_HANDLERS(bits, type)

EACH_BINARY(8, uint8_t)
EACH_BINARY(16, uint16_t)
EACH_BINARY(32, uint32_t)
EACH_BINARY(64, uint64_t)

#define COMPARISONS(bits)                                                                    \
    cmp##bits##_rr, cmp##bits##_ri, cmp##bits##_mi, cmp##bits##_mr, cmp##bits##_rm,          \
        test##bits##_rr, test##bits##_ri, test##bits##_mi

x86_exec_fn *const x86_comparisons[X86_N_COMPARISONS] = {
    COMPARISONS(8), COMPARISONS(32), COMPARISONS(64),
};

#define WIDE X86_OP_BY_WIDTH
#define LOCKED (X86_OP_BY_WIDTH | X86_OP_LOCK)

#define BINARY_ROWS(M, op, how)                                                                  \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM_R, .flags = how,                        \
     .reg = X86_BY4(op, rr), .mem = X86_BY4(op, mr)},                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_R_RM, .flags = WIDE,                       \
     .reg = X86_BY4(op, rr), .mem = X86_BY4(op, rm)},                                            \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM_I, .flags = how,                        \
     .reg = X86_BY4(op, ri), .mem = X86_BY4(op, mi)}

#define UNARY_ROW(M, op)                                                                         \
    {.mnemonic = ZYDIS_MNEMONIC_##M, .form = X86_FORM_RM, .flags = LOCKED,                       \
     .reg = X86_BY4(op, r), .mem = X86_BY4(op, m)}

static const struct x86_op rows[] = {
    BINARY_ROWS(ADD, add, LOCKED), BINARY_ROWS(OR, or, LOCKED),   BINARY_ROWS(ADC, adc, LOCKED),
    BINARY_ROWS(SBB, sbb, LOCKED), BINARY_ROWS(AND, and, LOCKED), BINARY_ROWS(SUB, sub, LOCKED),
    BINARY_ROWS(XOR, xor, LOCKED), BINARY_ROWS(CMP, cmp, WIDE),   BINARY_ROWS(TEST, test, WIDE),
    UNARY_ROW(INC, inc),           UNARY_ROW(DEC, dec),           UNARY_ROW(NEG, neg),
    UNARY_ROW(NOT, not),
};

const struct x86_op_table x86_ops_alu = {rows, CB_ARRAY_LEN(rows)};
