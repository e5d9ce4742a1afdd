/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 arithmetic: the six operations in all their forms, comparisons, remainders
 * and scaling, transcendental functions.  One line per operation; the host's
 * x87 computes (see x86/x87.h).
 *
 * An operation whose operand raises an unmasked exception leaves the stack
 * alone: no result, no push, no pop.
 * Elsewhere: moves in exec_x87_move.c, control in exec_x87_env.c.
 * Manual: APM vol. 5.
 */
#include <Zydis/Zydis.h>

#include "x86/x87.h"

#if X86_HOST_FPU

/* r = op(a, b), a being the destination; returns the host's status word. */
typedef uint16_t binary_fn(const struct x86_st *a, const struct x86_st *b, struct x86_st *r,
                           uint16_t cw);
/* The same with b in memory, in the format that the function knows. */
typedef uint16_t memory_fn(const struct x86_st *a, uint64_t b, struct x86_st *r, uint16_t cw);

/* `rest` pops the second register, unless the operation did. */
#define BINARY(name, insn, rest)                                                                   \
    static uint16_t name(const struct x86_st *a, const struct x86_st *b, struct x86_st *r,         \
                         uint16_t cw)                                                              \
    {                                                                                              \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        X87_HOST(cw, "fldt %[b]\n\tfldt %[a]\n\t", insn, "fstpt %[r]\n\t", rest, *r, host_sw,      \
                 [a] "m"(*a), [b] "m"(*b));                                                        \
        return host_sw;                                                                            \
    }
#define POP_SECOND "fstp %%st(0)\n\t"

#define MEMORY(name, insn, bits)                                                                   \
    static uint16_t name(const struct x86_st *a, uint64_t b, struct x86_st *r, uint16_t cw)        \
    {                                                                                              \
        const uint##bits##_t source = (uint##bits##_t)b;                                           \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        X87_HOST(cw, "fldt %[a]\n\t", insn " %[b]", "fstpt %[r]\n\t", "", *r, host_sw,             \
                 [a] "m"(*a), [b] "m"(source));                                                    \
        return host_sw;                                                                            \
    }

/* ---- add, multiply, subtract, divide ---- */

/* X(NAME, name, NAMEP, INAME, iname): forms with memory, integer memory, registers and pop */
#define ARITHMETIC(X)                                                                              \
    X(FADD, fadd, FADDP, FIADD, fiadd)                                                             \
    X(FMUL, fmul, FMULP, FIMUL, fimul)                                                             \
    X(FSUB, fsub, FSUBP, FISUB, fisub)                                                             \
    X(FSUBR, fsubr, FSUBRP, FISUBR, fisubr)                                                        \
    X(FDIV, fdiv, FDIVP, FIDIV, fidiv)                                                             \
    X(FDIVR, fdivr, FDIVRP, FIDIVR, fidivr)

static X87_OUT_OF_LINE void with_register(struct x86_cpu *cpu, const struct x86_insn *i,
                                          binary_fn *op, unsigned dst, unsigned src, bool pop)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st r = {0};
    uint16_t host_sw;

    x87_begin(cpu, i);
    if (x87_empty(fpu, dst) || x87_empty(fpu, src)) {
        if (!x87_stack_fault(fpu, false))
            return;
        r = X87_INDEFINITE;
    } else {
        host_sw = op(x87_st(fpu, dst), x87_st(fpu, src), &r, fpu->cw);
        x87_merge(fpu, host_sw, X86_FSW_C1);
        if (x87_aborted(fpu, host_sw))
            return;
    }
    x87_put(fpu, dst, r);
    if (pop)
        x87_pop(fpu);
}

static uint64_t read_operand(struct x86_cpu *cpu, const struct x86_insn *i, unsigned bits)
{
    const uint64_t at = x86_ea(cpu, i);
    const uint64_t v = bits == 16   ? x86_read16(cpu, i, at)
                       : bits == 32 ? x86_read32(cpu, i, at)
                                    : x86_read64(cpu, i, at);

    x87_note_memory(cpu, i, at);
    return v;
}

static X87_OUT_OF_LINE void with_memory(struct x86_cpu *cpu, const struct x86_insn *i,
                                        memory_fn *op, unsigned bits)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st r = {0};
    uint64_t source;
    uint16_t host_sw;

    x87_wait(cpu, i);
    source = read_operand(cpu, i, bits);
    if (x87_empty(fpu, 0)) {
        if (x87_stack_fault(fpu, false))
            x87_put(fpu, 0, X87_INDEFINITE);
        return;
    }
    host_sw = op(x87_st(fpu, 0), source, &r, fpu->cw);
    x87_merge(fpu, host_sw, X86_FSW_C1);
    if (!x87_aborted(fpu, host_sw))
        *x87_st(fpu, 0) = r;
}

#define HANDLER(name, call)                                                                        \
    X87_FN(name)                                                                                   \
    {                                                                                              \
        call;                                                                                      \
        X86_NEXT(cpu, i);                                                                          \
    }

#define DEFINE_ARITHMETIC(NAME, name, NAMEP, INAME, iname)                                         \
    BINARY(name, #name " %%st(1),%%st", POP_SECOND)                                                \
    MEMORY(name##_m32, #name "s", 32)                                                              \
    MEMORY(name##_m64, #name "l", 64)                                                              \
    MEMORY(iname##_m16, #iname "s", 16)                                                            \
    MEMORY(iname##_m32, #iname "l", 32)                                                            \
    HANDLER(exec_##name##_st0_sti, with_register(cpu, i, name, 0, i->src, false))                  \
    HANDLER(exec_##name##_sti_st0, with_register(cpu, i, name, i->dst, 0, false))                  \
    HANDLER(exec_##name##p, with_register(cpu, i, name, i->dst, 0, true))                          \
    HANDLER(exec_##name##32, with_memory(cpu, i, name##_m32, 32))                                  \
    HANDLER(exec_##name##64, with_memory(cpu, i, name##_m64, 64))                                  \
    HANDLER(exec_##iname##16, with_memory(cpu, i, iname##_m16, 16))                                \
    HANDLER(exec_##iname##32, with_memory(cpu, i, iname##_m32, 32))
ARITHMETIC(DEFINE_ARITHMETIC)

/* ---- comparisons: condition codes C3 C2 C0, or ZF PF CF ---- */

BINARY(fcom, "fcom %%st(1)", POP_SECOND)
BINARY(fucom, "fucom %%st(1)", POP_SECOND)
MEMORY(fcom_m32, "fcoms", 32)
MEMORY(fcom_m64, "fcoml", 64)
MEMORY(ficom_m16, "ficoms", 16)
MEMORY(ficom_m32, "ficoml", 32)

static const unsigned unordered = X86_FSW_C0 | X86_FSW_C2 | X86_FSW_C3;

/* False: an unmasked exception, so nothing is popped; the codes are set all the same. */
static bool conclude_compare(struct x86_fpu *fpu, unsigned host_sw)
{
    x87_merge(fpu, host_sw, X87_CODES);
    return !x87_aborted(fpu, host_sw);
}

static bool compare_empty(struct x86_fpu *fpu)
{
    fpu->sw |= (uint16_t)unordered;
    return x87_stack_fault(fpu, false);
}

static X87_OUT_OF_LINE void compare(struct x86_cpu *cpu, const struct x86_insn *i, binary_fn *op,
                                    unsigned src, unsigned pops)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st unused = {0};
    bool done;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0) || x87_empty(fpu, src))
        done = compare_empty(fpu);
    else
        done = conclude_compare(fpu, op(x87_st(fpu, 0), x87_st(fpu, src), &unused, fpu->cw));
    for (; done && pops; pops--)
        x87_pop(fpu);
}

static X87_OUT_OF_LINE void compare_memory(struct x86_cpu *cpu, const struct x86_insn *i,
                                           memory_fn *op, unsigned bits, bool pop)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st unused = {0};
    uint64_t source;
    bool done;

    x87_wait(cpu, i);
    source = read_operand(cpu, i, bits);
    if (x87_empty(fpu, 0))
        done = compare_empty(fpu);
    else
        done = conclude_compare(fpu, op(x87_st(fpu, 0), source, &unused, fpu->cw));
    if (done && pop)
        x87_pop(fpu);
}

/* FCOMI and its like: the codes go to the flags, the status word keeps its own. */
static X87_OUT_OF_LINE void compare_flags(struct x86_cpu *cpu, const struct x86_insn *i,
                                          binary_fn *op, bool pop)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st unused = {0};
    unsigned host_sw = unordered;
    bool done;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0) || x87_empty(fpu, i->src)) {
        done = x87_stack_fault(fpu, false);
    } else {
        host_sw = op(x87_st(fpu, 0), x87_st(fpu, i->src), &unused, fpu->cw);
        x87_merge(fpu, host_sw, 0);
        done = !x87_aborted(fpu, host_sw);
    }
    cpu->cc = host_sw & unordered; /* C0 C2 C3 stand where AH has CF PF ZF */
    if (done && pop)
        x87_pop(fpu);
}

_Static_assert((int)X86_FSW_C0 == X86_CC_C && (int)X86_FSW_C2 == X86_CC_P &&
                   (int)X86_FSW_C3 == X86_CC_Z,
               "condition codes and flags coincide");

HANDLER(exec_fcom, compare(cpu, i, fcom, i->src, 0))
HANDLER(exec_fcomp, compare(cpu, i, fcom, i->src, 1))
HANDLER(exec_fcompp, compare(cpu, i, fcom, 1, 2))
HANDLER(exec_fucom, compare(cpu, i, fucom, i->src, 0))
HANDLER(exec_fucomp, compare(cpu, i, fucom, i->src, 1))
HANDLER(exec_fucompp, compare(cpu, i, fucom, 1, 2))
HANDLER(exec_fcomi, compare_flags(cpu, i, fcom, false))
HANDLER(exec_fcomip, compare_flags(cpu, i, fcom, true))
HANDLER(exec_fucomi, compare_flags(cpu, i, fucom, false))
HANDLER(exec_fucomip, compare_flags(cpu, i, fucom, true))
HANDLER(exec_fcom32, compare_memory(cpu, i, fcom_m32, 32, false))
HANDLER(exec_fcom64, compare_memory(cpu, i, fcom_m64, 64, false))
HANDLER(exec_fcomp32, compare_memory(cpu, i, fcom_m32, 32, true))
HANDLER(exec_fcomp64, compare_memory(cpu, i, fcom_m64, 64, true))
HANDLER(exec_ficom16, compare_memory(cpu, i, ficom_m16, 16, false))
HANDLER(exec_ficom32, compare_memory(cpu, i, ficom_m32, 32, false))
HANDLER(exec_ficomp16, compare_memory(cpu, i, ficom_m16, 16, true))
HANDLER(exec_ficomp32, compare_memory(cpu, i, ficom_m32, 32, true))

/* ---- one operand, one or two results ---- */

/* r[0] is the host's ST(0) afterwards, r[1] its ST(1) if there are two results. */
typedef uint16_t unary_fn(const struct x86_st *a, struct x86_st r[2], uint16_t cw);

#define UNARY(name)                                                                                \
    static uint16_t name(const struct x86_st *a, struct x86_st r[2], uint16_t cw)                  \
    {                                                                                              \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        X87_HOST(cw, "fldt %[a]\n\t", #name, "fstpt %[r]\n\t", "", r[0], host_sw, [a] "m"(*a));    \
        return host_sw;                                                                            \
    }

/* A dummy under the operand: an operation that pushes nothing still finds two registers. */
#define UNARY_2(name)                                                                              \
    static uint16_t name(const struct x86_st *a, struct x86_st r[2], uint16_t cw)                  \
    {                                                                                              \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        __asm__ volatile("fnclex\n\tfldcw %4\n\tfldz\n\tfldt %3\n\t" #name "\n\t"                  \
                         "fnstsw %2\n\tfnclex\n\tfstpt %0\n\tfstpt %1\n\tfninit"                   \
                         : "=m"(r[0]), "=m"(r[1]), "=m"(host_sw)                                   \
                         : "m"(*a), "m"(cw)                                                        \
                         : X87_CLOBBERS);                                                          \
        return host_sw;                                                                            \
    }

/* X(mnemonic, instruction, codes that it defines) */
#define ONE_RESULT(X)                                                                              \
    X(FSQRT, fsqrt, X86_FSW_C1) X(FRNDINT, frndint, X86_FSW_C1) X(F2XM1, f2xm1, X86_FSW_C1)        \
    X(FSIN, fsin, X86_FSW_C1 | X86_FSW_C2) X(FCOS, fcos, X86_FSW_C1 | X86_FSW_C2)
#define TWO_RESULTS(X)                                                                             \
    X(FSINCOS, fsincos, X86_FSW_C1 | X86_FSW_C2) X(FPTAN, fptan, X86_FSW_C1 | X86_FSW_C2)          \
    X(FXTRACT, fxtract, X86_FSW_C1)

static X87_OUT_OF_LINE void unary(struct x86_cpu *cpu, const struct x86_insn *i, unary_fn *op,
                                  unsigned codes)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st r[2] = {{0}, {0}};
    uint16_t host_sw;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0)) {
        fpu->sw &= (uint16_t) ~(codes & X86_FSW_C2);
        if (x87_stack_fault(fpu, false))
            x87_put(fpu, 0, X87_INDEFINITE);
        return;
    }
    host_sw = op(x87_st(fpu, 0), r, fpu->cw);
    x87_merge(fpu, host_sw, codes);
    if (!x87_aborted(fpu, host_sw))
        *x87_st(fpu, 0) = r[0];
}

/* r[1] replaces ST(0), then r[0] is pushed.  C2: out of range, nothing changes. */
static X87_OUT_OF_LINE void split(struct x86_cpu *cpu, const struct x86_insn *i, unary_fn *op,
                                  unsigned codes)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st r[2] = {X87_INDEFINITE, X87_INDEFINITE};
    uint16_t host_sw;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0) || !x87_empty(fpu, 7)) {
        fpu->sw &= (uint16_t) ~(codes & X86_FSW_C2);
        if (!x87_stack_fault(fpu, !x87_empty(fpu, 0)))
            return;
    } else {
        host_sw = op(x87_st(fpu, 0), r, fpu->cw);
        x87_merge(fpu, host_sw, codes);
        if (x87_aborted(fpu, host_sw) || (host_sw & codes & X86_FSW_C2))
            return;
    }
    x87_put(fpu, 0, r[1]);
    x87_push(fpu, r[0]);
}

#define DEFINE_UNARY(name, insn, codes)                                                            \
    UNARY(insn)                                                                                    \
    HANDLER(exec_##insn, unary(cpu, i, insn, codes))
#define DEFINE_SPLIT(name, insn, codes)                                                            \
    UNARY_2(insn)                                                                                  \
    HANDLER(exec_##insn, split(cpu, i, insn, codes))
ONE_RESULT(DEFINE_UNARY)
TWO_RESULTS(DEFINE_SPLIT)

UNARY(ftst)
UNARY(fxam)

static X87_OUT_OF_LINE void test_zero(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st unused[2] = {{0}, {0}};

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0))
        compare_empty(fpu);
    else
        conclude_compare(fpu, ftst(x87_st(fpu, 0), unused, fpu->cw));
}

/* No exceptions; an empty register still shows its sign. */
static X87_OUT_OF_LINE void examine(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st unused[2] = {{0}, {0}};
    unsigned codes = fxam(x87_st(fpu, 0), unused, fpu->cw | X86_FSW_EXCEPTIONS);

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0))
        codes = X86_FSW_C3 | X86_FSW_C0 | (codes & X86_FSW_C1);
    fpu->sw = (uint16_t)((fpu->sw & ~(unsigned)X87_CODES) | (codes & X87_CODES));
}

HANDLER(exec_ftst, test_zero(cpu, i))
HANDLER(exec_fxam, examine(cpu, i))

/* ---- ST(0) and ST(1) ---- */

/* X(mnemonic, instruction, codes, pops into ST(1), what the host has to pop besides) */
#define TWO_OPERANDS(X)                                                                            \
    X(FSCALE, fscale, X86_FSW_C1, false, POP_SECOND)                                               \
    X(FPATAN, fpatan, X86_FSW_C1, true, "")                                                        \
    X(FYL2X, fyl2x, X86_FSW_C1, true, "")                                                          \
    X(FYL2XP1, fyl2xp1, X86_FSW_C1, true, "")

/*
 * Remainders define the codes by the quotient's bits, but leave some alone where
 * there is no quotient: the host starts from the guest's codes.
 */
struct host_env {
    uint32_t cw, sw, tags, pointers[4];
};

#define REMAINDER(name)                                                                            \
    static uint16_t name(const struct x86_st *a, const struct x86_st *b, struct x86_st *r,         \
                         const struct host_env *env)                                               \
    {                                                                                              \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        __asm__ volatile("fldenv %4\n\tfldt %3\n\tfldt %2\n\t" #name "\n\t"                        \
                         "fnstsw %1\n\tfnclex\n\tfstpt %0\n\tfninit"                               \
                         : "=m"(*r), "=m"(host_sw)                                                 \
                         : "m"(*a), "m"(*b), "m"(*env)                                             \
                         : X87_CLOBBERS);                                                          \
        return host_sw;                                                                            \
    }
REMAINDER(fprem)
REMAINDER(fprem1)

static X87_OUT_OF_LINE void remainder_of(struct x86_cpu *cpu, const struct x86_insn *i, bool ieee)
{
    struct x86_fpu *fpu = &cpu->fpu;
    const struct host_env env = {fpu->cw, fpu->sw & X87_CODES, 0xffff, {0}};
    struct x86_st r = X87_INDEFINITE;
    uint16_t host_sw;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0) || x87_empty(fpu, 1)) {
        fpu->sw &= (uint16_t)~X86_FSW_C2;
        if (!x87_stack_fault(fpu, false))
            return;
    } else {
        host_sw = (ieee ? fprem1 : fprem)(x87_st(fpu, 0), x87_st(fpu, 1), &r, &env);
        x87_merge(fpu, host_sw, X87_CODES);
        if (x87_aborted(fpu, host_sw))
            return;
    }
    x87_put(fpu, 0, r);
}

HANDLER(exec_fprem, remainder_of(cpu, i, false))
HANDLER(exec_fprem1, remainder_of(cpu, i, true))

static X87_OUT_OF_LINE void two_operands(struct x86_cpu *cpu, const struct x86_insn *i,
                                         binary_fn *op, unsigned codes, bool pop)
{
    struct x86_fpu *fpu = &cpu->fpu;
    struct x86_st r = X87_INDEFINITE;
    uint16_t host_sw;

    x87_begin(cpu, i);
    if (x87_empty(fpu, 0) || x87_empty(fpu, 1)) {
        if (!x87_stack_fault(fpu, false))
            return;
    } else {
        host_sw = op(x87_st(fpu, 0), x87_st(fpu, 1), &r, fpu->cw);
        x87_merge(fpu, host_sw, codes);
        if (x87_aborted(fpu, host_sw))
            return;
    }
    if (pop)
        x87_pop(fpu);
    x87_put(fpu, 0, r);
}

#define DEFINE_TWO(name, insn, codes, pop, rest)                                                   \
    BINARY(insn, #insn, rest)                                                                      \
    HANDLER(exec_##insn, two_operands(cpu, i, insn, codes, pop))
TWO_OPERANDS(DEFINE_TWO)

/* ---- rows ---- */

#define ROW_ARITHMETIC(NAME, name, NAMEP, INAME, iname)                                            \
    X87_ROW(NAME, M, X86_OP_BY_WIDTH, X87_MEM(NULL, NULL, exec_##name##32, exec_##name##64)),      \
    X87_ROW(NAME, ST0_STI, 0, X87_REG(exec_##name##_st0_sti)),                                     \
    X87_ROW(NAME, STI_ST0, 0, X87_REG(exec_##name##_sti_st0)),                                     \
    X87_ROW(NAMEP, STI_ST0, 0, X87_REG(exec_##name##p)),                                           \
    X87_ROW(INAME, M, X86_OP_BY_WIDTH, X87_MEM(NULL, exec_##iname##16, exec_##iname##32, NULL)),
#define ROW_UNARY(name, insn, codes) X87_ROW(name, NONE, 0, X87_REG(exec_##insn)),
#define ROW_TWO(name, insn, codes, pop, rest) X87_ROW(name, NONE, 0, X87_REG(exec_##insn)),

static const struct x86_op rows[] = {
    ARITHMETIC(ROW_ARITHMETIC)
    ONE_RESULT(ROW_UNARY)
    TWO_RESULTS(ROW_UNARY)
    TWO_OPERANDS(ROW_TWO)
    X87_ROW(FCOM, ST, 0, X87_REG(exec_fcom)),
    X87_ROW(FCOMP, ST, 0, X87_REG(exec_fcomp)),
    X87_ROW(FCOMPP, NONE, 0, X87_REG(exec_fcompp)),
    X87_ROW(FUCOM, ST, 0, X87_REG(exec_fucom)),
    X87_ROW(FUCOMP, ST, 0, X87_REG(exec_fucomp)),
    X87_ROW(FUCOMPP, NONE, 0, X87_REG(exec_fucompp)),
    X87_ROW(FCOMI, ST0_STI, 0, X87_REG(exec_fcomi)),
    X87_ROW(FCOMIP, ST0_STI, 0, X87_REG(exec_fcomip)),
    X87_ROW(FUCOMI, ST0_STI, 0, X87_REG(exec_fucomi)),
    X87_ROW(FUCOMIP, ST0_STI, 0, X87_REG(exec_fucomip)),
    X87_ROW(FCOM, M, X86_OP_BY_WIDTH, X87_MEM(NULL, NULL, exec_fcom32, exec_fcom64)),
    X87_ROW(FCOMP, M, X86_OP_BY_WIDTH, X87_MEM(NULL, NULL, exec_fcomp32, exec_fcomp64)),
    X87_ROW(FICOM, M, X86_OP_BY_WIDTH, X87_MEM(NULL, exec_ficom16, exec_ficom32, NULL)),
    X87_ROW(FICOMP, M, X86_OP_BY_WIDTH, X87_MEM(NULL, exec_ficomp16, exec_ficomp32, NULL)),
    X87_ROW(FPREM, NONE, 0, X87_REG(exec_fprem)),
    X87_ROW(FPREM1, NONE, 0, X87_REG(exec_fprem1)),
    X87_ROW(FTST, NONE, 0, X87_REG(exec_ftst)),
    X87_ROW(FXAM, NONE, 0, X87_REG(exec_fxam)),
};

const struct x86_op_table x86_ops_x87 = {rows, CB_ARRAY_LEN(rows)};
#endif
