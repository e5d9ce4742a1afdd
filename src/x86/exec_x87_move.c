/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 moves: FLD, FILD, FBLD, constants, FST, FIST, FISTTP, FBSTP, FXCH, FCMOV,
 * and the sign operations that are moves in disguise (FCHS, FABS).
 *
 * A load that raises an unmasked exception pushes nothing; a store that does
 * so stores nothing.  Memory is accessed before any state changes.
 * Manual: APM vol. 5.
 */
#include <Zydis/Zydis.h>

#include "x86/x87.h"

#if X86_HOST_FPU

/* ---- loads ---- */

/* Pushes what was loaded, if the stack has room; host_sw may hold exceptions of the conversion. */
static void push_loaded(struct x86_fpu *fpu, struct x86_st value, unsigned host_sw)
{
    if (!x87_empty(fpu, 7)) {
        x86_fpu_host_clear(); /* the conversion has not happened */
        if (x87_stack_fault(fpu, true))
            x87_push(fpu, X87_INDEFINITE);
        return;
    }
    x87_merge(fpu, host_sw, X86_FSW_C1);
    if (!(host_sw & ~fpu->cw & X86_FSW_IE)) /* a denormal is pushed even if that is unmasked */
        x87_push(fpu, value);
}

/* Loads `source`, of the type that the instruction takes, on the host. */
#define HOST_LOAD(name, insn, type)                                                                \
    static X87_OUT_OF_LINE void name(struct x86_fpu *fpu, type source)                             \
    {                                                                                              \
        struct x86_st value = {0};                                                                 \
        uint16_t host_sw;                                                                          \
                                                                                                   \
        X87_HOST(fpu->cw, "", insn " %[source]", "fstpt %[r]\n\t", "", value, host_sw,             \
                 [source] "m"(source));                                                            \
        push_loaded(fpu, value, host_sw);                                                          \
    }

#define LOAD(name, insn, bits)                                                                     \
    HOST_LOAD(name, insn, uint##bits##_t)                                                          \
    X87_FN(exec_##name)                                                                            \
    {                                                                                              \
        uint64_t at;                                                                               \
        uint##bits##_t source;                                                                     \
                                                                                                   \
        x87_wait(cpu, i);                                                                          \
        at = x86_ea(cpu, i);                                                                       \
        source = x86_read##bits(cpu, i, at);                                                       \
        x87_note_memory(cpu, i, at);                                                               \
        name(&cpu->fpu, source);                                                                   \
        X86_NEXT(cpu, i);                                                                          \
    }

LOAD(fld32, "flds", 32)
LOAD(fld64, "fldl", 64)
LOAD(fild16, "filds", 16)
LOAD(fild32, "fildl", 32)
LOAD(fild64, "fildll", 64)

static X87_OUT_OF_LINE void load80(struct x86_cpu *cpu, const struct x86_insn *i, bool decimal)
{
    uint64_t at;
    uint8_t bytes[10];
    struct x86_st value = {0};

    x87_wait(cpu, i);
    at = x86_ea(cpu, i);
    x86_read_bytes(cpu, i, at, bytes, sizeof(bytes));
    x87_note_memory(cpu, i, at);
    if (decimal)
        __asm__ volatile("fbld %1\n\tfstpt %0" : "=m"(value) : "m"(bytes) : X87_CLOBBERS);
    else
        value = (struct x86_st){.mant = cb_load_le64(bytes), .se = cb_load_le16(bytes + 8)};
    push_loaded(&cpu->fpu, value, 0);
}

X87_FN(exec_fld80)
{
    load80(cpu, i, false);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fbld)
{
    load80(cpu, i, true);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fld_st)
{
    struct x86_fpu *fpu = &cpu->fpu;

    x87_begin(cpu, i);
    if (!x87_empty(fpu, i->src))
        push_loaded(fpu, *x87_st(fpu, i->src), 0);
    else if (x87_stack_fault(fpu, false))
        x87_push(fpu, X87_INDEFINITE);
    X86_NEXT(cpu, i);
}

#define CONSTANTS(X)                                                                               \
    X(FLD1, fld1) X(FLDL2T, fldl2t) X(FLDL2E, fldl2e) X(FLDPI, fldpi) X(FLDLG2, fldlg2)            \
    X(FLDLN2, fldln2) X(FLDZ, fldz)

#define CONSTANT(name, insn)                                                                       \
    static X87_OUT_OF_LINE void insn(struct x86_fpu *fpu)                                          \
    {                                                                                              \
        struct x86_st value = {0};                                                                 \
        const uint16_t cw = fpu->cw | X86_FSW_EXCEPTIONS;                                          \
        uint16_t unused;                                                                           \
                                                                                                   \
        X87_HOST(cw, "", #insn, "fstpt %[r]\n\t", "", value, unused, "m"(cw));                     \
        push_loaded(fpu, value, 0);                                                                \
    }                                                                                              \
    X87_FN(exec_##insn)                                                                            \
    {                                                                                              \
        x87_begin(cpu, i);                                                                         \
        insn(&cpu->fpu);                                                                           \
        X86_NEXT(cpu, i);                                                                          \
    }
CONSTANTS(CONSTANT)

/* ---- stores ---- */

/* ST(0) in the operand's format and the exceptions of that; few formats need all ten bytes. */
struct stored {
    uint8_t bytes[10];
    uint16_t host_sw;
};

typedef void convert_fn(const struct x86_st *value, uint16_t cw, struct stored *out);

#define CONVERT(name, insn)                                                                        \
    static void name(const struct x86_st *value, uint16_t cw, struct stored *out)                  \
    {                                                                                              \
        X87_HOST(cw, "fldt %[value]\n\t", insn " %[r]", "", "", out->bytes, out->host_sw,          \
                 [value] "m"(*value));                                                             \
    }

CONVERT(to_m32, "fstps")
CONVERT(to_m64, "fstpl")
CONVERT(to_i16, "fistps")
CONVERT(to_i32, "fistpl")
CONVERT(to_i64, "fistpll")
CONVERT(to_i16_chopped, "fisttps")
CONVERT(to_i32_chopped, "fisttpl")
CONVERT(to_i64_chopped, "fisttpll")
CONVERT(to_bcd, "fbstp")

static void to_m80(const struct x86_st *value, uint16_t cw, struct stored *out)
{
    (void)cw;
    cb_store_le64(out->bytes, value->mant);
    cb_store_le16(out->bytes + 8, value->se);
    out->host_sw = 0;
}

/*
 * Unmasked overflow and underflow also keep a value out of memory, unlike out of
 * a register.  Memory is then not touched at all, so it cannot fault either.
 */
static bool stores(const struct x86_fpu *fpu, unsigned host_sw)
{
    const unsigned fatal = X87_BEFORE | X86_FSW_OE | X86_FSW_UE;

    return (host_sw & ~(unsigned)fpu->cw & fatal) == 0;
}

static void write_stored(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at,
                         const struct stored *out, unsigned len)
{
    if (len == 8)
        x86_write64(cpu, i, at, cb_load_le64(out->bytes));
    else if (len == 4)
        x86_write32(cpu, i, at, cb_load_le32(out->bytes));
    else if (len == 2)
        x86_write16(cpu, i, at, cb_load_le16(out->bytes));
    else
        x86_write_bytes(cpu, i, at, out->bytes, len);
}

static X87_OUT_OF_LINE void store(struct x86_cpu *cpu, const struct x86_insn *i,
                                  convert_fn *convert, unsigned len, bool pop)
{
    struct x86_fpu *fpu = &cpu->fpu;
    const bool empty = x87_empty(fpu, 0);
    const struct x86_st value = empty ? X87_INDEFINITE : *x87_st(fpu, 0);
    struct stored out = {{0}, 0};
    uint64_t at;
    bool done;

    x87_wait(cpu, i);
    convert(&value, fpu->cw, &out);
    if (out.host_sw & ~fpu->sw & X86_FSW_EXCEPTIONS)
        x86_fpu_host_clear(); /* the store may fault, and then they have not happened */
    done = empty ? (fpu->cw & X86_FSW_IE) != 0 : stores(fpu, out.host_sw);
    at = x86_ea(cpu, i);
    if (done) /* else memory is not even looked at */
        write_stored(cpu, i, at, &out, len);
    x87_note_memory(cpu, i, at);
    if (empty)
        x87_stack_fault(fpu, false);
    else
        x87_merge(fpu, out.host_sw, X86_FSW_C1);
    if (done && pop)
        x87_pop(fpu);
}

#define STORE(name, convert, len, pop)                                                             \
    X87_FN(name)                                                                                   \
    {                                                                                              \
        store(cpu, i, convert, len, pop);                                                          \
        X86_NEXT(cpu, i);                                                                          \
    }

STORE(exec_fst32, to_m32, 4, false)
STORE(exec_fst64, to_m64, 8, false)
STORE(exec_fstp32, to_m32, 4, true)
STORE(exec_fstp64, to_m64, 8, true)
STORE(exec_fstp80, to_m80, 10, true)
STORE(exec_fist16, to_i16, 2, false)
STORE(exec_fist32, to_i32, 4, false)
STORE(exec_fistp16, to_i16, 2, true)
STORE(exec_fistp32, to_i32, 4, true)
STORE(exec_fistp64, to_i64, 8, true)
STORE(exec_fisttp16, to_i16_chopped, 2, true)
STORE(exec_fisttp32, to_i32_chopped, 4, true)
STORE(exec_fisttp64, to_i64_chopped, 8, true)
STORE(exec_fbstp, to_bcd, 10, true)

/* ---- between registers ---- */

static X87_OUT_OF_LINE void copy_to(struct x86_fpu *fpu, unsigned st, bool pop)
{
    if (x87_empty(fpu, 0)) {
        if (!x87_stack_fault(fpu, false))
            return;
        x87_put(fpu, st, X87_INDEFINITE);
    } else {
        fpu->sw &= (uint16_t)~X86_FSW_C1;
        x87_put(fpu, st, *x87_st(fpu, 0));
    }
    if (pop)
        x87_pop(fpu);
}

X87_FN(exec_fst_st)
{
    x87_begin(cpu, i);
    copy_to(&cpu->fpu, i->src, false);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fstp_st)
{
    x87_begin(cpu, i);
    copy_to(&cpu->fpu, i->src, true);
    X86_NEXT(cpu, i);
}

/* Almost FSTP: an empty ST(0) is no fault, it is just not stored. */
X87_FN(exec_fstpnce)
{
    struct x86_fpu *fpu = &cpu->fpu;

    x87_begin(cpu, i);
    if (!x87_empty(fpu, 0))
        x87_put(fpu, i->src, *x87_st(fpu, 0));
    x87_pop(fpu);
    fpu->sw &= (uint16_t)~X86_FSW_C1;
    X86_NEXT(cpu, i);
}

/* Empty registers take the indefinite value first.  False: unmasked stack fault. */
static bool fill_empty(struct x86_fpu *fpu, unsigned a, unsigned b)
{
    fpu->sw &= (uint16_t)~X86_FSW_C1;
    if (!x87_empty(fpu, a) && !x87_empty(fpu, b))
        return true;
    if (!x87_stack_fault(fpu, false))
        return false;
    if (x87_empty(fpu, a))
        x87_put(fpu, a, X87_INDEFINITE);
    if (x87_empty(fpu, b))
        x87_put(fpu, b, X87_INDEFINITE);
    return true;
}

static X87_OUT_OF_LINE void exchange(struct x86_fpu *fpu, unsigned st)
{
    if (fill_empty(fpu, 0, st)) {
        const struct x86_st was = *x87_st(fpu, 0);

        *x87_st(fpu, 0) = *x87_st(fpu, st);
        *x87_st(fpu, st) = was;
    }
}

X87_FN(exec_fxch)
{
    x87_begin(cpu, i);
    exchange(&cpu->fpu, i->src);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fchs)
{
    x87_begin(cpu, i);
    if (!x87_empty(&cpu->fpu, 0)) {
        x87_st(&cpu->fpu, 0)->se ^= 0x8000;
        cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    } else {
        fill_empty(&cpu->fpu, 0, 0);
    }
    X86_NEXT(cpu, i);
}

X87_FN(exec_fabs)
{
    x87_begin(cpu, i);
    if (!x87_empty(&cpu->fpu, 0)) {
        x87_st(&cpu->fpu, 0)->se &= 0x7fff;
        cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    } else {
        fill_empty(&cpu->fpu, 0, 0);
    }
    X86_NEXT(cpu, i);
}

/* An empty register is a fault whatever the condition. */
static X87_OUT_OF_LINE void move_if(struct x86_fpu *fpu, unsigned st, bool condition)
{
    if (x87_empty(fpu, 0) || x87_empty(fpu, st)) {
        if (x87_stack_fault(fpu, false))
            x87_put(fpu, 0, X87_INDEFINITE);
    } else if (condition) {
        *x87_st(fpu, 0) = *x87_st(fpu, st);
    }
}

/* X(mnemonic, handler, condition) */
#define CMOVS(X)                                                                                   \
    X(FCMOVB, exec_fcmovb, cpu->cc & X86_CC_C)                                                     \
    X(FCMOVE, exec_fcmove, cpu->cc & X86_CC_Z)                                                     \
    X(FCMOVBE, exec_fcmovbe, cpu->cc & (X86_CC_C | X86_CC_Z))                                      \
    X(FCMOVU, exec_fcmovu, cpu->cc & X86_CC_P)                                                     \
    X(FCMOVNB, exec_fcmovnb, !(cpu->cc & X86_CC_C))                                                \
    X(FCMOVNE, exec_fcmovne, !(cpu->cc & X86_CC_Z))                                                \
    X(FCMOVNBE, exec_fcmovnbe, !(cpu->cc & (X86_CC_C | X86_CC_Z)))                                 \
    X(FCMOVNU, exec_fcmovnu, !(cpu->cc & X86_CC_P))

#define CMOV(name, fn, condition)                                                                  \
    X87_FN(fn)                                                                                     \
    {                                                                                              \
        x87_begin(cpu, i);                                                                         \
        move_if(&cpu->fpu, i->src, condition);                                                     \
        X86_NEXT(cpu, i);                                                                          \
    }
CMOVS(CMOV)

#define ROW_CONSTANT(name, insn) X87_ROW(name, NONE, 0, X87_REG(exec_##insn)),
#define ROW_CMOV(name, fn, condition) X87_ROW(name, ST0_STI, 0, X87_REG(fn)),
#define ROW_MEMORY(name, m80, m16, m32, m64)                                                       \
    X87_ROW(name, M, X86_OP_BY_WIDTH, X87_MEM(m80, m16, m32, m64))

static const struct x86_op rows[] = {
    ROW_MEMORY(FLD, exec_fld80, NULL, exec_fld32, exec_fld64),
    ROW_MEMORY(FILD, NULL, exec_fild16, exec_fild32, exec_fild64),
    ROW_MEMORY(FST, NULL, NULL, exec_fst32, exec_fst64),
    ROW_MEMORY(FSTP, exec_fstp80, NULL, exec_fstp32, exec_fstp64),
    ROW_MEMORY(FIST, NULL, exec_fist16, exec_fist32, NULL),
    ROW_MEMORY(FISTP, NULL, exec_fistp16, exec_fistp32, exec_fistp64),
    ROW_MEMORY(FISTTP, NULL, exec_fisttp16, exec_fisttp32, exec_fisttp64),
    X87_ROW(FBLD, M, 0, .mem = {exec_fbld}),
    X87_ROW(FBSTP, M, 0, .mem = {exec_fbstp}),
    X87_ROW(FLD, ST, 0, X87_REG(exec_fld_st)),
    X87_ROW(FST, ST, 0, X87_REG(exec_fst_st)),
    X87_ROW(FSTP, ST, 0, X87_REG(exec_fstp_st)),
    X87_ROW(FSTPNCE, ST, 0, X87_REG(exec_fstpnce)),
    X87_ROW(FXCH, ST, 0, X87_REG(exec_fxch)),
    X87_ROW(FCHS, NONE, 0, X87_REG(exec_fchs)),
    X87_ROW(FABS, NONE, 0, X87_REG(exec_fabs)),
    CONSTANTS(ROW_CONSTANT)
    CMOVS(ROW_CMOV)
};

const struct x86_op_table x86_ops_x87_move = {rows, CB_ARRAY_LEN(rows)};
#endif
