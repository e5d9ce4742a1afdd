/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug registers: instruction, data and I/O breakpoints, single step, general
 * detect.  Nothing here costs anything while DR7 is disarmed and TF is clear:
 * the run loop looks at x86_stepping, mem.c at cpu->debug_data.
 * AMD64 Architecture Programmer's Manual, vol. 2, 13.1.
 */
#include "base/base.h"
#include "x86/mem.h"
#include "x86/sys.h"

enum breakpoint_kind { ON_FETCH = 0, ON_WRITE = 1, ON_IO = 2, ON_ACCESS = 3 };

struct breakpoint {
    bool enabled;
    unsigned kind; /* enum breakpoint_kind */
    uint64_t at, len;
};

static struct breakpoint breakpoint(const struct x86_cpu *cpu, unsigned n)
{
    static const uint8_t lengths[4] = {1, 2, 8, 4};
    const uint64_t dr7 = cpu->dr[7];
    struct breakpoint b;

    b.enabled = dr7 >> n * 2 & 3;
    b.kind = (unsigned)cb_bits(dr7, 17 + n * 4, 16 + n * 4);
    b.len = lengths[cb_bits(dr7, 19 + n * 4, 18 + n * 4)];
    b.at = cb_align_down(cpu->dr[n], b.len);
    if (b.kind == ON_IO && !(cpu->cr4 & X86_CR4_DE))
        b.enabled = false; /* undefined without debug extensions */
    return b;
}

void x86_debug_armed(struct x86_cpu *cpu)
{
    const bool data_before = cpu->debug_data;

    cpu->debug_armed = cpu->debug_data = cpu->n_watches > 0;
    for (unsigned n = 0; n < 4; n++) {
        const struct breakpoint b = breakpoint(cpu, n);

        cpu->debug_armed |= b.enabled;
        cpu->debug_data |= b.enabled && (b.kind == ON_WRITE || b.kind == ON_ACCESS);
    }
    if (cpu->debug_data || data_before)
        x86_tlb_flush_all(cpu); /* host pointers of watched pages go, or may come back */
}

static bool overlap(const struct breakpoint *b, uint64_t at, uint64_t len)
{
    return at - b->at < b->len || b->at - at < len;
}

bool x86_debug_page(const struct x86_cpu *cpu, uint64_t at)
{
    for (unsigned n = 0; n < 4; n++) {
        const struct breakpoint b = breakpoint(cpu, n);

        if (b.enabled && (b.kind == ON_WRITE || b.kind == ON_ACCESS) &&
            overlap(&b, at & CB_PAGE_MASK, CB_PAGE_SIZE))
            return true;
    }
    return x86_watch_page(cpu, at);
}

void x86_debug_data(struct x86_cpu *cpu, uint64_t at, unsigned len, bool write)
{
    for (unsigned n = 0; n < 4; n++) {
        const struct breakpoint b = breakpoint(cpu, n);

        if (b.enabled && (b.kind == ON_ACCESS || (b.kind == ON_WRITE && write)) &&
            overlap(&b, at, len))
            cpu->debug_hits |= 1u << n;
    }
    x86_watch_data(cpu, at, len, write);
}

void x86_debug_io(struct x86_cpu *cpu, uint16_t port, unsigned len)
{
    for (unsigned n = 0; n < 4; n++) {
        const struct breakpoint b = breakpoint(cpu, n);

        if (b.enabled && b.kind == ON_IO && overlap(&b, port, len))
            cpu->debug_hits |= 1u << n;
    }
}

/* DR6 bits of the instruction breakpoints at this linear address. */
static uint32_t fetch_hits(const struct x86_cpu *cpu, uint64_t at)
{
    uint32_t hits = 0;

    for (unsigned n = 0; n < 4; n++) {
        const struct breakpoint b = breakpoint(cpu, n);

        if (b.enabled && b.kind == ON_FETCH && cpu->dr[n] == at)
            hits |= 1u << n;
    }
    return hits;
}

/* B0-B3 tell of this event alone; the other bits stay until software clears them. */
void x86_debug_raise(struct x86_cpu *cpu, uint32_t dr6_bits)
{
    cpu->dr[6] = (cpu->dr[6] & ~UINT64_C(0xf)) | dr6_bits;
    cpu->debug_hits = 0;
    x86_deliver_exception(cpu, X86_DB, false, 0);
}

bool x86_debug_before(struct x86_cpu *cpu)
{
    uint64_t at = cpu->rip;
    uint32_t hits = 0;

    if (!cpu->shadow_ss)
        cpu->debug_hits = 0; /* those of MOV SS wait for the next instruction's end */
    if (cpu->debug_armed && !(cpu->rflags & X86_FL_RF)) { /* MOV SS holds off traps, not faults */
        if (cpu->mode != X86_MODE_64)
            at = (uint32_t)(at + cpu->seg[X86_CS].base);
        hits = fetch_hits(cpu, at);
    }
    if (hits) {
        cpu->budget--; /* a breakpoint on its own handler goes on for ever */
        x86_debug_raise(cpu, hits | cpu->debug_hits);
        return true;
    }
    cpu->rflags &= ~(uint32_t)X86_FL_RF; /* the instruction may set it anew (IRET) */
    cpu->step_trap = (cpu->rflags & X86_FL_TF) != 0;
    return false;
}

void x86_debug_after(struct x86_cpu *cpu)
{
    uint32_t hits = cpu->debug_hits;

    if (cpu->shadow_ss) {
        cpu->step_trap = false;
        return;
    }
    if (cpu->step_trap)
        hits |= (uint32_t)X86_DR6_BS;
    cpu->step_trap = false;
    cpu->debug_hits = 0;
    if (hits)
        x86_debug_raise(cpu, hits);
}
