/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near branches.  In 64-bit mode control passes to the next block directly
 * (flow.h); elsewhere by way of the run loop, after the target is truncated to
 * the operand size and checked against CS's limit.  A target that is not
 * canonical or beyond the limit is a fault of the branch, before anything has
 * changed.  Far transfers are in the system files.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/fast.h"
#include "x86/flow.h"
#include "x86/mem.h"
#include "x86/regs.h"
#include "x86/stack.h"
#include "x86/sys.h"

/* ---- targets ---- */

/* Truncated to the operand size, and checked. */
static uint64_t checked(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t target)
{
    if (i->width == 2)
        target = (uint16_t)target;
    else if (i->width == 4)
        target = (uint32_t)target;
    if (cpu->mode == X86_MODE_64 ? !x86_canonical(target) : target > cpu->seg[X86_CS].limit)
        x86_gp0(cpu, i);
    return target;
}

static inline bool plain(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    return CB_LIKELY(cpu->mode == X86_MODE_64 && i->width == 8);
}

static inline int64_t given(const struct x86_insn *i)
{
    return i->left - 1;
}

/* ---- JMP ---- */

/* In the same page, 64-bit mode: decode found that out. */
static void jmp_near(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_jump_direct(cpu, i, given(i));
}

static void jmp_rel(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t target = cpu->r[X86_RBLOCK] + i->imm;

    if (plain(cpu, i) && x86_canonical(target))
        x86_jump_to(cpu, target, given(i));
    else
        x86_leave_to(cpu, checked(cpu, i, target), given(i));
}

static inline void jump_indirect(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t target)
{
    if (plain(cpu, i) && x86_canonical(target))
        x86_jump_to(cpu, target, given(i));
    else
        x86_leave_to(cpu, checked(cpu, i, target), given(i));
}

static void jmp_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    jump_indirect(cpu, i, x86_get(cpu, i->dst, i->width));
}

static inline uint64_t read_target(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = x86_ea(cpu, i);

    if (CB_LIKELY(i->width == 8))
        return x86_read64(cpu, i, at);
    return i->width == 4 ? x86_read32(cpu, i, at) : x86_read16(cpu, i, at);
}

static void jmp_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    jump_indirect(cpu, i, read_target(cpu, i));
}

/* ---- CALL, RET ---- */

static inline void call_to(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t target)
{
    if (plain(cpu, i) && x86_canonical(target)) {
        x86_push64(cpu, i, x86_next_rip(cpu, i));
        x86_jump_to(cpu, target, given(i));
    } else {
        target = checked(cpu, i, target);
        x86_push(cpu, i, x86_next_rip(cpu, i), i->width);
        x86_leave_to(cpu, target, given(i));
    }
}

static X86_COLD void call_slow(struct x86_cpu *cpu, const struct x86_insn *i)
{
    call_to(cpu, i, cpu->r[X86_RBLOCK] + i->imm);
}

static void call_near(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t *p = x86_hit_write(cpu, cpu->r[X86_RSP] - 8, 8);

    if (CB_UNLIKELY(!p)) {
        call_slow(cpu, i);
        return;
    }
    x86_put64(p, x86_next_rip(cpu, i));
    cpu->r[X86_RSP] -= 8;
    x86_jump_direct(cpu, i, given(i));
}

static void call_rel(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t target = cpu->r[X86_RBLOCK] + i->imm;
    uint8_t *p = plain(cpu, i) ? x86_hit_write(cpu, cpu->r[X86_RSP] - 8, 8) : NULL;

    if (CB_UNLIKELY(!p) || !x86_canonical(target)) {
        call_slow(cpu, i);
        return;
    }
    x86_put64(p, x86_next_rip(cpu, i));
    cpu->r[X86_RSP] -= 8;
    x86_jump_to(cpu, target, given(i));
}

static void call_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    call_to(cpu, i, x86_get(cpu, i->dst, i->width));
}

static void call_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t target = read_target(cpu, i);

    if (CB_UNLIKELY(cpu->mode == X86_MODE_64 && !x86_canonical(cpu->r[X86_RSP] - 8)))
        x86_fault_code(cpu, i, X86_SS_FAULT, 0); /* i's own address is the operand's */
    call_to(cpu, i, target);
}

static X86_COLD void ret_slow(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t target;

    target = checked(cpu, i, x86_stack_peek(cpu, i, 0, i->width));
    x86_stack_move(cpu, i->width + i->imm);
    x86_leave_to(cpu, target, given(i));
}

static void ret(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint8_t *p = plain(cpu, i) ? x86_hit_read(cpu, cpu->r[X86_RSP], 8) : NULL;
    uint64_t target;

    if (CB_UNLIKELY(!p) || !x86_canonical(target = x86_at64(p))) {
        ret_slow(cpu, i);
        return;
    }
    cpu->r[X86_RSP] += 8 + i->imm;
    x86_jump_to(cpu, target, given(i));
}

/* ---- Jcc: falls through within the block ---- */

#define JCC(n, name)                                                                         \
    static void j##name##_near(struct x86_cpu *cpu, const struct x86_insn *i)                \
    {                                                                                        \
        if (x86_condition(cpu->cc, n))                                                       \
            x86_jump_direct(cpu, i, given(i));                                               \
        else                                                                                 \
            X86_NEXT(cpu, i);                                                                \
    }                                                                                        \
    static void j##name##_rel(struct x86_cpu *cpu, const struct x86_insn *i)                 \
    {                                                                                        \
        if (x86_condition(cpu->cc, n))                                                       \
            jmp_rel(cpu, i);                                                                 \
        else                                                                                 \
            X86_NEXT(cpu, i);                                                                \
    }

JCC(0, o)
JCC(1, no)
JCC(2, b)
JCC(3, nb)
JCC(4, z)
JCC(5, nz)
JCC(6, be)
JCC(7, nbe)
JCC(8, s)
JCC(9, ns)
JCC(10, p)
JCC(11, np)
JCC(12, l)
JCC(13, nl)
JCC(14, le)
JCC(15, nle)

/* ---- LOOP, JCXZ: the count register has the address size ---- */

static inline unsigned count_width(const struct x86_insn *i)
{
    return i->flags & X86_IF_ADDR16 ? 2 : i->flags & X86_IF_ADDR32 ? 4 : 8;
}

/* A faulting branch leaves the count as it was. */
static void loop_while(struct x86_cpu *cpu, const struct x86_insn *i, bool condition)
{
    const unsigned width = count_width(i);
    const uint64_t count = (x86_get(cpu, X86_RCX, width) - 1) & CB_MASK(width * 8);
    const bool taken = count != 0 && condition;
    uint64_t target = x86_next_rip(cpu, i);

    if (taken)
        target = checked(cpu, i, cpu->r[X86_RBLOCK] + i->imm);
    x86_set(cpu, X86_RCX, width, count);
    if (cpu->mode == X86_MODE_64)
        x86_jump_to(cpu, target, given(i));
    else
        x86_leave_to(cpu, target, given(i));
}

static void loop(struct x86_cpu *cpu, const struct x86_insn *i)
{
    loop_while(cpu, i, true);
}

static void loope(struct x86_cpu *cpu, const struct x86_insn *i)
{
    loop_while(cpu, i, cpu->cc & X86_CC_Z);
}

static void loopne(struct x86_cpu *cpu, const struct x86_insn *i)
{
    loop_while(cpu, i, !(cpu->cc & X86_CC_Z));
}

static void jcxz(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (x86_get(cpu, X86_RCX, count_width(i)) == 0)
        jmp_rel(cpu, i);
    else
        X86_NEXT(cpu, i);
}

/* ---- direct branches within a page ---- */

static const struct x86_variant near_forms[] = {
#define NEAR(name) {j##name##_rel, j##name##_near}
    {jmp_rel, jmp_near}, {call_rel, call_near},
    NEAR(o), NEAR(no), NEAR(b), NEAR(nb), NEAR(z), NEAR(nz), NEAR(be), NEAR(nbe),
    NEAR(s), NEAR(ns), NEAR(p), NEAR(np), NEAR(l), NEAR(nl), NEAR(le), NEAR(nle),
};

const struct x86_variants x86_near_branches = {near_forms, CB_ARRAY_LEN(near_forms)};

x86_exec_fn *const x86_near_jcc[16] = {
    jo_near, jno_near, jb_near, jnb_near, jz_near, jnz_near, jbe_near, jnbe_near,
    js_near, jns_near, jp_near, jnp_near, jl_near, jnl_near, jle_near, jnle_near,
};

/* ---- rows ---- */

#define M(NAME) .mnemonic = ZYDIS_MNEMONIC_##NAME
#define ENDS(NAME, FORM, fn) {M(NAME), .form = X86_FORM_##FORM, .flags = X86_OP_END, .reg = {fn}}
#define ROW_JCC(NAME, name) {M(NAME), .form = X86_FORM_REL, .reg = {j##name##_rel}}

static const struct x86_op rows[] = {
    ENDS(JMP, REL, jmp_rel),
    {M(JMP), .form = X86_FORM_RM, .flags = X86_OP_END, .reg = {jmp_r}, .mem = {jmp_m}},
    ENDS(CALL, REL, call_rel),
    {M(CALL), .form = X86_FORM_RM, .flags = X86_OP_END, .reg = {call_r}, .mem = {call_m}},
    ENDS(RET, NONE, ret), ENDS(RET, I, ret),
    ROW_JCC(JO, o), ROW_JCC(JNO, no), ROW_JCC(JB, b), ROW_JCC(JNB, nb),
    ROW_JCC(JZ, z), ROW_JCC(JNZ, nz), ROW_JCC(JBE, be), ROW_JCC(JNBE, nbe),
    ROW_JCC(JS, s), ROW_JCC(JNS, ns), ROW_JCC(JP, p), ROW_JCC(JNP, np),
    ROW_JCC(JL, l), ROW_JCC(JNL, nl), ROW_JCC(JLE, le), ROW_JCC(JNLE, nle),
    ENDS(LOOP, REL, loop), ENDS(LOOPE, REL, loope), ENDS(LOOPNE, REL, loopne),
    {M(JCXZ), .form = X86_FORM_REL, .reg = {jcxz}},
    {M(JECXZ), .form = X86_FORM_REL, .reg = {jcxz}},
    {M(JRCXZ), .form = X86_FORM_REL, .reg = {jcxz}},
};

const struct x86_op_table x86_ops_flow = {rows, CB_ARRAY_LEN(rows)};
