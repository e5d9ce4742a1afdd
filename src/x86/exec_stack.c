/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUSH, POP, PUSHA, POPA, ENTER, LEAVE.  Segment registers and flags are
 * pushed and popped in the system files.
 */
#include "x86/stack.h"

#include <Zydis/Zydis.h>

#include "x86/sys.h"

/* ---- accesses ---- */

static uint64_t stack_at(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t by,
                         unsigned width, bool write)
{
    const uint64_t sp = (cpu->r[X86_RSP] + by) & x86_stack_mask(cpu);

    if (CB_UNLIKELY(!x86_canonical(sp)))
        x86_fault_code(cpu, i, X86_SS_FAULT, 0);
    return x86_seg_ea(cpu, i, X86_SS, sp, width, write);
}

void x86_push64_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t v)
{
    if (!x86_canonical(at) || !x86_canonical(at + 7))
        x86_fault_code(cpu, i, X86_SS_FAULT, 0);
    x86_store_slow(cpu, i, at, v, 8);
}

uint64_t x86_stack_peek(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t by, unsigned width)
{
    const uint64_t at = stack_at(cpu, i, by, width, false);

    return width == 8 ? x86_read64(cpu, i, at)
           : width == 4 ? x86_read32(cpu, i, at) : x86_read16(cpu, i, at);
}

void x86_stack_poke(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t by, uint64_t v,
                    unsigned width)
{
    const uint64_t at = stack_at(cpu, i, by, width, true);

    if (width == 8)
        x86_write64(cpu, i, at, v);
    else if (width == 4)
        x86_write32(cpu, i, at, (uint32_t)v);
    else
        x86_write16(cpu, i, at, (uint16_t)v);
}

void x86_push(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t v, unsigned width)
{
    x86_stack_poke(cpu, i, (uint64_t)0 - width, v, width);
    x86_stack_move(cpu, (uint64_t)0 - width);
}

/* ---- PUSH ---- */

/* 8 bytes wide only in 64-bit mode. */
static X86_COLD void push64_r_slow(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_push64(cpu, i, cpu->r[i->dst]);
    X86_NEXT(cpu, i);
}

static void push64_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint8_t *p = x86_hit_write(cpu, cpu->r[X86_RSP] - 8, 8);

    if (CB_UNLIKELY(!p)) {
        push64_r_slow(cpu, i);
        return;
    }
    x86_put64(p, cpu->r[i->dst]);
    cpu->r[X86_RSP] -= 8;
    X86_NEXT(cpu, i);
}

static void push_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_push(cpu, i, cpu->r[i->dst], i->width);
    X86_NEXT(cpu, i);
}

static void push_i(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_push(cpu, i, i->imm, i->width);
    X86_NEXT(cpu, i);
}

static void push64_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t v = x86_read64(cpu, i, x86_ea(cpu, i));

    if (CB_UNLIKELY(!x86_canonical(cpu->r[X86_RSP] - 8)))
        x86_fault_code(cpu, i, X86_SS_FAULT, 0); /* i's own address is the operand's */
    x86_push64(cpu, i, v);
    X86_NEXT(cpu, i);
}

static void push32_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_push(cpu, i, x86_read32(cpu, i, x86_ea(cpu, i)), 4);
    X86_NEXT(cpu, i);
}

static void push16_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_push(cpu, i, x86_read16(cpu, i, x86_ea(cpu, i)), 2);
    X86_NEXT(cpu, i);
}

/* ---- POP ---- */

static X86_COLD void pop64_r_slow(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t v = x86_read64(cpu, i, cpu->r[X86_RSP]);

    cpu->r[X86_RSP] += 8;
    cpu->r[i->dst] = v;
    X86_NEXT(cpu, i);
}

static void pop64_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint8_t *p = x86_hit_read(cpu, cpu->r[X86_RSP], 8);

    if (CB_UNLIKELY(!p)) {
        pop64_r_slow(cpu, i);
        return;
    }
    cpu->r[X86_RSP] += 8;
    cpu->r[i->dst] = x86_at64(p);
    X86_NEXT(cpu, i);
}

static void pop_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t v = x86_stack_peek(cpu, i, 0, i->width);

    x86_stack_move(cpu, i->width);
    x86_set(cpu, i->dst, i->width, v);
    X86_NEXT(cpu, i);
}

/* The destination's address is made with the stack pointer already moved. */
static __attribute__((noinline)) void pop_to_memory(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t v = x86_stack_peek(cpu, i, 0, i->width);
    struct x86_insn moved = *i;
    uint64_t at;

    if (moved.base == X86_RSP)
        moved.disp += moved.width;
    at = x86_ea(cpu, &moved);
    if (i->width == 8)
        x86_write64(cpu, i, at, v);
    else if (i->width == 4)
        x86_write32(cpu, i, at, (uint32_t)v);
    else
        x86_write16(cpu, i, at, (uint16_t)v);
    x86_stack_move(cpu, i->width);
}

static void pop_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    pop_to_memory(cpu, i);
    X86_NEXT(cpu, i);
}

/* ---- PUSHA, POPA: not in 64-bit mode ---- */

static void pusha(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t all = (uint64_t)0 - 8u * i->width;

    /* The whole area first: a fault leaves nothing half done. */
    x86_stack_poke(cpu, i, all, cpu->r[X86_RDI], i->width);
    for (unsigned k = 0; k < 8; k++)
        x86_stack_poke(cpu, i, (uint64_t)0 - (k + 1) * i->width, cpu->r[k], i->width);
    x86_stack_move(cpu, all);
    X86_NEXT(cpu, i);
}

static void popa(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t v[8];

    for (unsigned k = 0; k < 8; k++)
        v[k] = x86_stack_peek(cpu, i, (7 - k) * i->width, i->width);
    for (unsigned k = 0; k < 8; k++)
        if (k != X86_RSP)
            x86_set(cpu, k, i->width, v[k]);
    x86_stack_move(cpu, 8u * i->width);
    X86_NEXT(cpu, i);
}

/* ---- ENTER, LEAVE ---- */

static __attribute__((noinline)) void make_frame(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const unsigned w = i->width, level = i->imm2 & 31;
    const uint64_t mask = x86_stack_mask(cpu), bp = cpu->r[X86_RBP] & mask;
    const uint64_t frame = (cpu->r[X86_RSP] - w) & mask;
    const uint64_t end = (uint64_t)0 - (uint64_t)w * (level + 1) - (i->imm & 0xffff);

    x86_stack_poke(cpu, i, (uint64_t)0 - w, cpu->r[X86_RBP], w);
    for (unsigned k = 1; k < level; k++) {
        const uint64_t from = x86_seg_ea(cpu, i, X86_SS, (bp - (uint64_t)k * w) & mask, w, false);
        const uint64_t v = w == 8 ? x86_read64(cpu, i, from)
                           : w == 4 ? x86_read32(cpu, i, from) : x86_read16(cpu, i, from);

        x86_stack_poke(cpu, i, (uint64_t)0 - (uint64_t)w * (k + 1), v, w);
    }
    if (level)
        x86_stack_poke(cpu, i, (uint64_t)0 - (uint64_t)w * (level + 1), frame, w);
    x86_probe(cpu, i, stack_at(cpu, i, end, w, true), w, true); /* the frame's end must be there */
    x86_set(cpu, X86_RBP, w, frame);
    x86_stack_move(cpu, end);
}

static void enter(struct x86_cpu *cpu, const struct x86_insn *i)
{
    make_frame(cpu, i);
    X86_NEXT(cpu, i);
}

static void leave(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t mask = x86_stack_mask(cpu), bp = cpu->r[X86_RBP] & mask;
    const uint64_t at = x86_seg_ea(cpu, i, X86_SS, bp, i->width, false);
    const uint64_t v = i->width == 8 ? x86_read64(cpu, i, at)
                       : i->width == 4 ? x86_read32(cpu, i, at) : x86_read16(cpu, i, at);

    x86_set_sp(cpu, bp + i->width);
    x86_set(cpu, X86_RBP, i->width, v);
    X86_NEXT(cpu, i);
}

/* ---- rows ---- */

#define M(NAME) .mnemonic = ZYDIS_MNEMONIC_##NAME
#define PLAIN(NAME, fn) {M(NAME), .form = X86_FORM_NONE, .reg = {fn}}
#define NOT_64(NAME, fn) {M(NAME), .form = X86_FORM_NONE, .flags = X86_OP_NO64, .reg = {fn}}

static const struct x86_op rows[] = {
    {M(PUSH), .form = X86_FORM_RM, .flags = X86_OP_BY_WIDTH,
     .reg = {NULL, push_r, push_r, push64_r}, .mem = {NULL, push16_m, push32_m, push64_m}},
    {M(PUSH), .form = X86_FORM_I, .reg = {push_i}},
    {M(POP), .form = X86_FORM_RM, .flags = X86_OP_BY_WIDTH,
     .reg = {NULL, pop_r, pop_r, pop64_r}, .mem = {NULL, pop_m, pop_m, pop_m}},
    NOT_64(PUSHA, pusha), NOT_64(PUSHAD, pusha), NOT_64(POPA, popa), NOT_64(POPAD, popa),
    {M(ENTER), .form = X86_FORM_ENTER, .reg = {enter}},
    PLAIN(LEAVE, leave),
};

const struct x86_op_table x86_ops_stack = {rows, CB_ARRAY_LEN(rows)};
