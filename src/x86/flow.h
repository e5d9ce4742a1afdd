/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a handler passes on to another block: inline parts of x86/block.h for
 * the handlers of branches.  `given`: instructions of the present block that
 * will not be executed.
 */
#ifndef X86_FLOW_H
#define X86_FLOW_H

#include "x86/block.h"

/* Out of budget (or kicked): back to the loop, in front of block b, which is at r[X86_RBLOCK]. */
void x86_enter_refused(struct x86_cpu *cpu, const struct x86_block *b);
/* To the loop, which goes on at rip. */
void x86_leave_to(struct x86_cpu *cpu, uint64_t rip, int64_t given);
/* The same for direct branch i, to remember the target's block. */
void x86_leave_to_link(struct x86_cpu *cpu, const struct x86_insn *i, int64_t given);

/* r[X86_RBLOCK] is set. */
static inline void x86_enter(struct x86_cpu *cpu, struct x86_block *b, int64_t given)
{
    cpu->block = b;
    if (CB_UNLIKELY((cpu->budget -= (int64_t)b->n - given) < 0))
        x86_enter_refused(cpu, b);
    else
        X86_GO(cpu, b->insn);
}

/* 64-bit mode. */
static inline void x86_jump_to(struct x86_cpu *cpu, uint64_t rip, int64_t given)
{
    const struct x86_jump *j = x86_jump_slot(cpu, rip);

    if (CB_LIKELY(j->at == rip && j->key == cpu->jump_key)) {
        cpu->r[X86_RBLOCK] = rip;
        x86_enter(cpu, j->block, given);
    } else {
        x86_leave_to(cpu, rip, given);
    }
}

/* 64-bit mode: direct branch i, to r[X86_RBLOCK] + i->imm. */
static inline void x86_jump_direct(struct x86_cpu *cpu, const struct x86_insn *i, int64_t given)
{
    if (CB_LIKELY(i->taken != NULL)) {
        cpu->r[X86_RBLOCK] += i->imm;
        x86_enter(cpu, i->taken, given);
    } else {
        x86_leave_to_link(cpu, i, given);
    }
}

#endif
