/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces handlers in a finished block by quicker ones: near branches, memory
 * operands without index, comparison and branch in one.  Which there are is in
 * x86/fast.h; here is a hash from a handler to what may take its place.
 */
#include "x86/fast.h"

#include <stdlib.h>

#define N_SLOTS 512u /* a power of two, well above the number of handlers with an entry */
#define NOT_ONE 0xff

struct slot {
    x86_exec_fn *fn;
    x86_exec_fn *near, *simple;
    uint8_t comparison, condition; /* NOT_ONE */
};

struct x86_fast {
    struct slot slot[N_SLOTS];
};

static unsigned slot_of(const struct x86_fast *fast, x86_exec_fn *fn)
{
    const uintptr_t v = (uintptr_t)fn;
    unsigned at = (unsigned)((v >> 4 ^ v >> 11) & (N_SLOTS - 1));

    while (fast->slot[at].fn && fast->slot[at].fn != fn)
        at = (at + 1) & (N_SLOTS - 1);
    return at;
}

static struct slot *add(struct x86_fast *fast, x86_exec_fn *fn)
{
    struct slot *s = &fast->slot[slot_of(fast, fn)];

    if (!s->fn)
        *s = (struct slot){.fn = fn, .comparison = NOT_ONE, .condition = NOT_ONE};
    return s;
}

struct x86_fast *x86_fast_new(void)
{
    struct x86_fast *fast = calloc(1, sizeof(*fast));

    if (!fast)
        return NULL;
    for (unsigned k = 0; k < x86_near_branches.n; k++)
        add(fast, x86_near_branches.list[k].general)->near = x86_near_branches.list[k].special;
    for (unsigned k = 0; k < x86_simple_moves.n; k++)
        add(fast, x86_simple_moves.list[k].general)->simple = x86_simple_moves.list[k].special;
    for (unsigned k = 0; k < X86_N_COMPARISONS; k++)
        add(fast, x86_comparisons[k])->comparison = (uint8_t)k;
    for (unsigned k = 0; k < 16; k++)
        add(fast, x86_near_jcc[k])->condition = (uint8_t)k;
    return fast;
}

void x86_fast_free(struct x86_fast *fast)
{
    free(fast);
}

static void specialise(const struct x86_fast *fast, struct x86_insn *i, uint64_t offset)
{
    const struct slot *s = &fast->slot[slot_of(fast, i->fn)];

    if (!s->fn || i->len == 0)
        return;
    if (s->near && i->width == 8 && ((offset + i->imm) & CB_PAGE_MASK) == 0) {
        i->fn = s->near;
        i->taken = NULL;
    } else if (s->simple && i->index == X86_RZERO && i->seg < X86_FS &&
               !(i->flags & X86_IF_EA_SLOW)) {
        i->fn = s->simple;
    }
}

static void pair_up(const struct x86_fast *fast, struct x86_insn *i)
{
    const struct slot *a = &fast->slot[slot_of(fast, i[0].fn)];
    const struct slot *b = &fast->slot[slot_of(fast, i[1].fn)];
    x86_exec_fn *pair;

    if (!a->fn || !b->fn || a->comparison == NOT_ONE || b->condition == NOT_ONE)
        return;
    pair = x86_pair_of(a->comparison, b->condition);
    if (!pair)
        return;
    i[0].fn = pair;
    i[0].op |= X86_PAIRED;
}

void x86_make_fast(const struct x86_fast *fast, const struct x86_cpu *cpu, struct x86_insn *insn,
                   unsigned n, uint64_t offset)
{
    if (cpu->mode != X86_MODE_64)
        return;
    for (unsigned k = 0; k < n; k++)
        specialise(fast, &insn[k], offset);
    for (unsigned k = 0; k + 1 < n; k++)
        pair_up(fast, &insn[k]);
}
