/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's breakpoints outside the machine: the guest cannot see them, unlike
 * its own debug registers (debug.c).
 *
 * A block never runs into a breakpoint's address: decoding stops in front of it, and
 * the block that begins there is a single one, which nobody links to.  So execution
 * always comes by the run loop, which is the only one to look; without breakpoints
 * nothing is looked at.
 */
#include "x86/block.h"
#include "x86/cpu.h"
#include "x86/sys.h"

static unsigned find(const struct x86_cpu *cpu, uint64_t at)
{
    unsigned i = 0;

    while (i < cpu->n_breaks && cpu->breaks[i] != at)
        i++;
    return i;
}

bool x86_break_at(const struct x86_cpu *cpu, uint64_t at)
{
    return find(cpu, at) < cpu->n_breaks;
}

enum cbit_status x86_break_set(struct x86_cpu *cpu, gva_t at)
{
    if (x86_break_at(cpu, at.v))
        return CBIT_OK;
    if (cpu->n_breaks == X86_MAX_BREAKS)
        return CBIT_RANGE;
    cpu->breaks[cpu->n_breaks++] = at.v;
    x86_blocks_forget(cpu);
    return CBIT_OK;
}

enum cbit_status x86_break_clear(struct x86_cpu *cpu, gva_t at)
{
    const unsigned i = find(cpu, at.v);

    if (i == cpu->n_breaks)
        return CBIT_NOT_FOUND;
    cpu->breaks[i] = cpu->breaks[--cpu->n_breaks];
    x86_blocks_forget(cpu);
    return CBIT_OK;
}
