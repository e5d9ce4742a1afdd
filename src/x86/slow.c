/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow memory accesses by value (x86/mem.h): what handlers call, so that
 * they have no local variable whose address escapes and can end in a jump.
 */
#include "x86/mem.h"

uint64_t x86_load_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, unsigned len)
{
    uint64_t v = 0;

    x86_at(cpu, i);
    x86_read_slow(cpu, i, at, &v, len);
    return v;
}

void x86_store_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t value,
                    unsigned len)
{
    x86_at(cpu, i);
    x86_write_slow(cpu, i, at, &value, len);
}

uint64_t x86_rmw_load_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at,
                           unsigned len)
{
    uint64_t v = 0;

    x86_at(cpu, i);
    x86_rmw_slow(cpu, i, at, &v, len);
    return v;
}
