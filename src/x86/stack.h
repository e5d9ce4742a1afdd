/* SPDX-License-Identifier: Apache-2.0 */
/* The stack at its present width (SS.B, or 64-bit mode), for handlers: nothing changes on a fault. */
#ifndef X86_STACK_H
#define X86_STACK_H

#include "x86/mem.h"
#include "x86/regs.h"

static inline uint64_t x86_stack_mask(const struct x86_cpu *cpu)
{
    return cpu->stack64 ? UINT64_MAX : cpu->stack32 ? UINT32_MAX : UINT16_MAX;
}

static inline void x86_set_sp(struct x86_cpu *cpu, uint64_t sp)
{
    if (cpu->stack64)
        cpu->r[X86_RSP] = sp;
    else if (cpu->stack32)
        x86_set32(cpu, X86_RSP, (uint32_t)sp);
    else
        x86_set16(cpu, X86_RSP, (uint16_t)sp);
}

/* Adds to the stack pointer. */
static inline void x86_stack_move(struct x86_cpu *cpu, uint64_t by)
{
    x86_set_sp(cpu, cpu->r[X86_RSP] + by);
}

/* A stack that is not canonical is #SS(0), whatever the instruction's memory operand. */
void x86_push64_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t v);

/* 64-bit mode only. */
static inline void x86_push64(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t v)
{
    const uint64_t at = cpu->r[X86_RSP] - 8;
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_UNLIKELY(((at + 7) & CB_PAGE_MASK) != e->write_tag))
        x86_push64_slow(cpu, i, at, v);
    else
        memcpy((uint8_t *)(e->addend + at), &v, sizeof(v));
    cpu->r[X86_RSP] = at;
}

/* Reads or writes `width` bytes at an offset from the stack pointer, which stays. */
uint64_t x86_stack_peek(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t by, unsigned width);
void x86_stack_poke(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t by, uint64_t v,
                    unsigned width);

void x86_push(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t v, unsigned width);

#endif
