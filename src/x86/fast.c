/* SPDX-License-Identifier: Apache-2.0 */
/* Quicker handlers for frequent shapes and pairs of instructions in a finished block. */
#include "x86/block.h"

void x86_make_fast(const struct x86_cpu *cpu, struct x86_insn *insn, unsigned n)
{
    (void)cpu;
    (void)insn;
    (void)n;
}
