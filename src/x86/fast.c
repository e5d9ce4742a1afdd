/* SPDX-License-Identifier: Apache-2.0 */
/* Quicker handlers for frequent shapes and pairs of instructions in a finished block. */
#include "x86/flow.h"

/* Direct branches whose target lies in the block's page. */
static void make_near(struct x86_insn *i, uint64_t offset)
{
    x86_exec_fn *near;

    if (i->len == 0 || i->width != 8 || ((offset + i->imm) & CB_PAGE_MASK) != 0)
        return;
    near = x86_near_form(i->fn);
    if (!near)
        return;
    i->fn = near;
    i->taken = NULL;
}

void x86_make_fast(const struct x86_cpu *cpu, struct x86_insn *insn, unsigned n, uint64_t offset)
{
    if (cpu->mode != X86_MODE_64)
        return;
    for (unsigned k = 0; k < n; k++)
        make_near(&insn[k], offset);
}
