/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this program reach these ports?  CPL against IOPL, then the I/O
 * permission bitmap of a 32-bit or 64-bit TSS.
 * AMD64 Architecture Programmer's Manual, vol. 2, 12.2.5.
 */
#include "x86/segment.h"

#define TSS_BITMAP_BASE 0x66u

static bool bitmap_allows(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned size)
{
    const struct x86_seg *tr = &cpu->seg[X86_TR];
    const uint64_t mask = x86_long_mode(cpu) ? UINT64_MAX : UINT32_MAX;
    unsigned offset, bits;

    if (!(tr->attr & 8) || tr->limit < TSS_BITMAP_BASE + 1) /* a 16-bit TSS has none */
        return false;
    offset = (unsigned)x86_sys_read(cpu, i, (tr->base + TSS_BITMAP_BASE) & mask, 2) + port / 8;
    if (offset + 1 > tr->limit)
        return false;
    bits = (unsigned)x86_sys_read(cpu, i, (tr->base + offset) & mask, 2) >> (port & 7);
    return (bits & ((1u << size) - 1)) == 0;
}

bool x86_io_allowed(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned size)
{
    const bool v86 = cpu->mode == X86_MODE_V86;

    if ((cpu->cr0 & X86_CR0_PE) && (v86 || cpu->cpl > (cpu->rflags & X86_FL_IOPL) >> 12) &&
        !bitmap_allows(cpu, i, port, size))
        return false;
    if (cpu->debug_armed)
        x86_debug_io(cpu, port, size);
    return true;
}
