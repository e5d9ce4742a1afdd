/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87 control: control and status word, environment (FLDENV, FNSTENV), whole
 * state (FRSTOR, FNSAVE), initialisation, waiting, the stack pointer and tags.
 *
 * Zydis shows FSTCW and its like as FWAIT and the non-waiting form, as the
 * processor does.  FXSAVE and XSAVE: exec_xsave.c.
 * Manual: APM vol. 1 "x87 Floating-Point Programming", vol. 2 "x87 state", vol. 5.
 */
#include <Zydis/Zydis.h>

#include "x86/sys.h"
#include "x86/x87.h"

enum { ENV_16 = 14, ENV_32 = 28, STATE_MAX = ENV_32 + 80 };

/* With CR0.NE = 0 the exception would go out as FERR#, which no board here wires up. */
void x86_x87_pending(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->cr0 & X86_CR0_NE)
        x86_fault(cpu, i, X86_MF);
    x86_trace(cpu, "x87 exception with CR0.NE = 0 is ignored");
}

static void initialise(struct x86_fpu *fpu)
{
    fpu->cw = X86_FCW_INIT;
    fpu->sw = 0;
    fpu->tag_valid = 0;
    fpu->op = fpu->cs = fpu->ds = 0;
    fpu->ip = fpu->dp = 0;
    x86_fpu_host_clear();
}

static void load_cw(struct x86_fpu *fpu, uint16_t cw)
{
    fpu->cw = (cw & 0x1f7f) | 0x40;
    x86_fpu_update_es(fpu);
}

X87_FN(exec_fninit)
{
    initialise(&cpu->fpu);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnclex)
{
    cpu->fpu.sw &= 0x7f00;
    x86_fpu_host_clear();
    X86_NEXT(cpu, i);
}

X87_FN(exec_fldcw)
{
    uint16_t cw;

    x87_wait(cpu, i);
    cw = x86_read16(cpu, i, x86_ea(cpu, i));
    load_cw(&cpu->fpu, cw);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnstcw)
{
    x86_write16(cpu, i, x86_ea(cpu, i), cpu->fpu.cw);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnstsw)
{
    x86_write16(cpu, i, x86_ea(cpu, i), cpu->fpu.sw);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnstsw_ax)
{
    cpu->r[X86_RAX] = (cpu->r[X86_RAX] & ~UINT64_C(0xffff)) | cpu->fpu.sw;
    X86_NEXT(cpu, i);
}

X87_FN(exec_fwait)
{
    if ((cpu->cr0 & X86_CR0_MP) && (cpu->cr0 & X86_CR0_TS))
        x86_fault(cpu, i, X86_NM);
    x87_wait(cpu, i);
    X86_NEXT(cpu, i);
}

X87_FN(exec_nothing)
{
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnop)
{
    x87_begin(cpu, i);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fincstp)
{
    x87_begin(cpu, i);
    x87_move_top(&cpu->fpu, 1);
    cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    X86_NEXT(cpu, i);
}

X87_FN(exec_fdecstp)
{
    x87_begin(cpu, i);
    x87_move_top(&cpu->fpu, 7);
    cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    X86_NEXT(cpu, i);
}

X87_FN(exec_ffree)
{
    x87_begin(cpu, i);
    x87_free(&cpu->fpu, i->src);
    cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    X86_NEXT(cpu, i);
}

X87_FN(exec_ffreep)
{
    x87_begin(cpu, i);
    x87_free(&cpu->fpu, i->src);
    x87_pop(&cpu->fpu);
    cpu->fpu.sw &= (uint16_t)~X86_FSW_C1;
    X86_NEXT(cpu, i);
}

/* ---- environment: 14 or 28 bytes; pointers as selector and offset, or linear in real mode ---- */

/* Of environment or state, with 16-bit operands. */
static bool is_short(const struct x86_insn *i)
{
    return i->width == ENV_16 || i->width == ENV_16 + 80;
}

static bool linear_pointers(const struct x86_cpu *cpu)
{
    return cpu->mode == X86_MODE_REAL || cpu->mode == X86_MODE_V86;
}

static uint32_t linear(uint16_t selector, uint64_t offset)
{
    return (uint32_t)((uint32_t)selector * 16 + offset);
}

static void put_env16(const struct x86_cpu *cpu, uint8_t *env)
{
    const struct x86_fpu *fpu = &cpu->fpu;

    cb_store_le16(env, fpu->cw);
    cb_store_le16(env + 2, fpu->sw);
    cb_store_le16(env + 4, x86_fpu_tag_word(fpu));
    if (linear_pointers(cpu)) {
        const uint32_t ip = linear(fpu->cs, fpu->ip), dp = linear(fpu->ds, fpu->dp);

        cb_store_le16(env + 6, (uint16_t)ip);
        cb_store_le16(env + 8, (uint16_t)((ip >> 16 & 15) << 12 | fpu->op));
        cb_store_le16(env + 10, (uint16_t)dp);
        cb_store_le16(env + 12, (uint16_t)((dp >> 16 & 15) << 12));
        return;
    }
    cb_store_le16(env + 6, (uint16_t)fpu->ip);
    cb_store_le16(env + 8, fpu->cs);
    cb_store_le16(env + 10, (uint16_t)fpu->dp);
    cb_store_le16(env + 12, fpu->ds);
}

static void put_env32(const struct x86_cpu *cpu, uint8_t *env)
{
    const struct x86_fpu *fpu = &cpu->fpu;

    cb_store_le32(env, 0xffff0000u | fpu->cw);
    cb_store_le32(env + 4, 0xffff0000u | fpu->sw);
    cb_store_le32(env + 8, 0xffff0000u | x86_fpu_tag_word(fpu));
    if (linear_pointers(cpu)) {
        const uint32_t ip = linear(fpu->cs, fpu->ip), dp = linear(fpu->ds, fpu->dp);

        cb_store_le32(env + 12, 0xffff0000u | (ip & 0xffff));
        cb_store_le32(env + 16, (ip >> 16) << 12 | fpu->op);
        cb_store_le32(env + 20, 0xffff0000u | (dp & 0xffff));
        cb_store_le32(env + 24, (dp >> 16) << 12);
        return;
    }
    cb_store_le32(env + 12, (uint32_t)fpu->ip);
    cb_store_le32(env + 16, (uint32_t)fpu->op << 16 | fpu->cs);
    cb_store_le32(env + 20, (uint32_t)fpu->dp);
    cb_store_le32(env + 24, 0xffff0000u | fpu->ds);
}

/* The words that both sizes have, at a stride of 2 or 4 bytes. */
static void get_words(struct x86_fpu *fpu, const uint8_t *env, unsigned stride)
{
    fpu->sw = cb_load_le16(env + stride);
    fpu->tag_valid = x86_fpu_abridge(cb_load_le16(env + 2 * stride));
    load_cw(fpu, cb_load_le16(env));
}

static void get_env16(struct x86_cpu *cpu, const uint8_t *env)
{
    struct x86_fpu *fpu = &cpu->fpu;
    const uint16_t w8 = cb_load_le16(env + 8), w12 = cb_load_le16(env + 12);

    get_words(fpu, env, 2);
    fpu->ip = cb_load_le16(env + 6);
    fpu->dp = cb_load_le16(env + 10);
    if (linear_pointers(cpu)) {
        fpu->ip |= (uint32_t)(w8 >> 12) << 16;
        fpu->dp |= (uint32_t)(w12 >> 12) << 16;
        fpu->op = w8 & 0x7ff;
        fpu->cs = fpu->ds = 0;
    } else {
        fpu->cs = w8;
        fpu->ds = w12;
    }
}

static void get_env32(struct x86_cpu *cpu, const uint8_t *env)
{
    struct x86_fpu *fpu = &cpu->fpu;
    const uint32_t w16 = cb_load_le32(env + 16), w24 = cb_load_le32(env + 24);

    get_words(fpu, env, 4);
    fpu->ip = cb_load_le32(env + 12);
    fpu->dp = cb_load_le32(env + 20);
    if (linear_pointers(cpu)) {
        fpu->ip = (fpu->ip & 0xffff) | (w16 >> 12 & 0xffff) << 16;
        fpu->dp = (fpu->dp & 0xffff) | (w24 >> 12 & 0xffff) << 16;
        fpu->op = w16 & 0x7ff;
        fpu->cs = fpu->ds = 0;
    } else {
        fpu->op = w16 >> 16 & 0x7ff;
        fpu->cs = (uint16_t)w16;
        fpu->ds = (uint16_t)w24;
    }
}

static unsigned put_env(const struct x86_cpu *cpu, const struct x86_insn *i, uint8_t *env)
{
    if (is_short(i)) {
        put_env16(cpu, env);
        return ENV_16;
    }
    put_env32(cpu, env);
    return ENV_32;
}

static unsigned env_len(const struct x86_insn *i)
{
    return is_short(i) ? ENV_16 : ENV_32;
}

static void get_env(struct x86_cpu *cpu, const struct x86_insn *i, const uint8_t *env)
{
    if (is_short(i))
        get_env16(cpu, env);
    else
        get_env32(cpu, env);
}

static X87_OUT_OF_LINE void store_env(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t env[ENV_32];
    const unsigned len = put_env(cpu, i, env);

    x86_write_bytes(cpu, i, x86_ea(cpu, i), env, len);
    cpu->fpu.cw |= X86_FSW_EXCEPTIONS;
    x86_fpu_update_es(&cpu->fpu);
}

static X87_OUT_OF_LINE void load_env(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t env[ENV_32];

    x87_wait(cpu, i);
    x86_read_bytes(cpu, i, x86_ea(cpu, i), env, env_len(i));
    get_env(cpu, i, env);
}

static X87_OUT_OF_LINE void save(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t state[STATE_MAX];
    const unsigned len = put_env(cpu, i, state);

    for (unsigned n = 0; n < 8; n++) {
        const struct x86_st *st = x87_st(&cpu->fpu, n);

        cb_store_le64(state + len + 10 * n, st->mant);
        cb_store_le16(state + len + 10 * n + 8, st->se);
    }
    x86_write_bytes(cpu, i, x86_ea(cpu, i), state, len + 80);
    initialise(&cpu->fpu);
}

static X87_OUT_OF_LINE void restore(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t state[STATE_MAX];
    const unsigned len = env_len(i);

    x87_wait(cpu, i);
    x86_read_bytes(cpu, i, x86_ea(cpu, i), state, len + 80);
    get_env(cpu, i, state);
    for (unsigned n = 0; n < 8; n++) {
        struct x86_st *st = x87_st(&cpu->fpu, n);

        st->mant = cb_load_le64(state + len + 10 * n);
        st->se = cb_load_le16(state + len + 10 * n + 8);
    }
}

X87_FN(exec_fnstenv)
{
    store_env(cpu, i);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fldenv)
{
    load_env(cpu, i);
    X86_NEXT(cpu, i);
}

X87_FN(exec_fnsave)
{
    save(cpu, i);
    X86_NEXT(cpu, i);
}

X87_FN(exec_frstor)
{
    restore(cpu, i);
    X86_NEXT(cpu, i);
}

static const struct x86_op rows[] = {
    X87_ROW(FNINIT, NONE, 0, X87_REG(exec_fninit)),
    X87_ROW(FNCLEX, NONE, 0, X87_REG(exec_fnclex)),
    X87_ROW(FNOP, NONE, 0, X87_REG(exec_fnop)),
    X87_ROW(FINCSTP, NONE, 0, X87_REG(exec_fincstp)),
    X87_ROW(FDECSTP, NONE, 0, X87_REG(exec_fdecstp)),
    X87_ROW(FENI8087_NOP, NONE, 0, X87_REG(exec_nothing)),
    X87_ROW(FDISI8087_NOP, NONE, 0, X87_REG(exec_nothing)),
    X87_ROW(FSETPM287_NOP, NONE, 0, X87_REG(exec_nothing)),
    X87_ROW(FFREE, ST, 0, X87_REG(exec_ffree)),
    X87_ROW(FFREEP, ST, 0, X87_REG(exec_ffreep)),
    X87_ROW(FLDCW, M, 0, .mem = {exec_fldcw}),
    X87_ROW(FNSTCW, M, 0, .mem = {exec_fnstcw}),
    X87_ROW(FNSTSW, M, 0, .mem = {exec_fnstsw}),
    X87_ROW(FNSTSW, AX, 0, X87_REG(exec_fnstsw_ax)),
    X87_ROW(FLDENV, M, 0, .mem = {exec_fldenv}),
    X87_ROW(FNSTENV, M, 0, .mem = {exec_fnstenv}),
    X87_ROW(FRSTOR, M, 0, .mem = {exec_frstor}),
    X87_ROW(FNSAVE, M, 0, .mem = {exec_fnsave}),
    /* WAIT looks at CR0.MP and TS together. */
    {.mnemonic = ZYDIS_MNEMONIC_FWAIT, .form = X86_FORM_NONE, .reg = {exec_fwait}},
};

const struct x86_op_table x86_ops_x87_env = {rows, CB_ARRAY_LEN(rows)};
