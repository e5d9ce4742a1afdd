/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's breakpoints and watchpoints outside the machine: the guest cannot see
 * them, unlike its own debug registers (debug.c).
 *
 * A block never runs into a breakpoint's address: decoding stops in front of it, and
 * the block that begins there is a single one, which nobody links to.  So execution
 * always comes by the run loop, which is the only one to look; without breakpoints
 * nothing is looked at.
 *
 * Watchpoints go the way of the guest's own data breakpoints, instruction by
 * instruction, and end in a stop instead of #DB.
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

/* ---- watchpoints ---- */

static bool reaches(const struct x86_watch *w, uint64_t at, uint64_t len)
{
    return at - w->at.v < w->len || w->at.v - at < len;
}

static unsigned find_watch(const struct x86_cpu *cpu, const struct x86_watch *w)
{
    unsigned i = 0;

    while (i < cpu->n_watches &&
           !(cpu->watches[i].at.v == w->at.v && cpu->watches[i].len == w->len &&
             cpu->watches[i].on_read == w->on_read && cpu->watches[i].on_write == w->on_write))
        i++;
    return i;
}

bool x86_watch_page(const struct x86_cpu *cpu, uint64_t at)
{
    for (unsigned i = 0; i < cpu->n_watches; i++) {
        if (reaches(&cpu->watches[i], at & CB_PAGE_MASK, CB_PAGE_SIZE))
            return true;
    }
    return false;
}

void x86_watch_data(struct x86_cpu *cpu, uint64_t at, unsigned len, bool write)
{
    for (unsigned i = 0; i < cpu->n_watches && !cpu->watch_due; i++) {
        const struct x86_watch *w = &cpu->watches[i];

        if ((write ? w->on_write : w->on_read) && reaches(w, at, len)) {
            cpu->watch_met = *w;
            cpu->watch_due = true;
        }
    }
}

enum cbit_status x86_watch_set(struct x86_cpu *cpu, const struct x86_watch *watch)
{
    uint64_t end;

    if (watch->len == 0 || !cb_add_ok(watch->at.v, watch->len - 1, &end))
        return CBIT_RANGE;
    if (find_watch(cpu, watch) < cpu->n_watches)
        return CBIT_OK;
    if (cpu->n_watches == X86_MAX_WATCHES)
        return CBIT_RANGE;
    cpu->watches[cpu->n_watches++] = *watch;
    x86_debug_armed(cpu);
    return CBIT_OK;
}

enum cbit_status x86_watch_clear(struct x86_cpu *cpu, const struct x86_watch *watch)
{
    const unsigned i = find_watch(cpu, watch);

    if (i == cpu->n_watches)
        return CBIT_NOT_FOUND;
    cpu->watches[i] = cpu->watches[--cpu->n_watches];
    cpu->watch_due = false;
    x86_debug_armed(cpu);
    return CBIT_OK;
}

const struct x86_watch *x86_watch_met(const struct x86_cpu *cpu)
{
    return cpu->watch_told ? &cpu->watch_met : NULL;
}
