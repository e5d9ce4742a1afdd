/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System side of the CPU, for neighbours in this room: events and their
 * delivery, segments, debug registers, I/O permission, MSRs, construction.
 *
 * How faults travel.  x86_fault*() and x86_page_fault() (run.c) record
 * {vector, code}, set cpu->rip (and CR2) and jump to the run loop, which calls
 * x86_deliver_exception().  While an event is being delivered cpu->delivering
 * says which; a fault in between comes back to x86_deliver_exception() the same
 * way, and there becomes #DF or shutdown where the manual says so.
 *
 * `i` may be NULL in x86_fault*(), in every accessor of x86/mem.h and in the
 * functions below: then cpu->rip is right already, and no instructions are
 * given back to the budget.  That is how delivery, outside any block, accesses
 * memory.
 */
#ifndef X86_SYS_H
#define X86_SYS_H

#include "x86/insn.h"

/* ---- events: deliver.c; called by the run loop with cpu->rip right ---- */

/*
 * Any of these may leave by a fault (x86_fault with i = NULL).  A triple fault
 * sets cpu->shutdown.  Each clears halted and shadow.
 */
void x86_deliver_exception(struct x86_cpu *cpu, unsigned vector, bool has_code, uint32_t code);
void x86_deliver_interrupt(struct x86_cpu *cpu, uint8_t vector);
void x86_deliver_nmi(struct x86_cpu *cpu);
/* EVENTINJ: no intercept looks at it.  next_rip: where a software interrupt or a trap returns to. */
void x86_deliver_injected(struct x86_cpu *cpu, uint64_t event, uint64_t next_rip);

/* cpu->delivering */
enum x86_delivering {
    X86_DELIVERING_NOTHING,
    X86_DELIVERING_BENIGN,       /* interrupt, NMI, benign exception */
    X86_DELIVERING_CONTRIBUTORY, /* #DE #TS #NP #SS #GP */
    X86_DELIVERING_PAGE_FAULT,
    X86_DELIVERING_DOUBLE_FAULT,
};

/* ---- debug: debug.c ---- */

/*
 * While this holds, the run loop executes one instruction at a time, with
 * x86_debug_before() in front of it and x86_debug_after() behind it (not after
 * a fault).  False on every ordinary path: DR7 disarmed, no watches, TF and RF clear.
 */
static inline bool x86_stepping(const struct x86_cpu *cpu)
{
    return cpu->debug_armed || (cpu->rflags & (X86_FL_TF | X86_FL_RF));
}

#define X86_DR6_BD CB_BIT(13)
#define X86_DR6_BS CB_BIT(14)
#define X86_DR6_BT CB_BIT(15)
#define X86_DR7_GD CB_BIT(13)

/* True: an instruction breakpoint hit, #DB has been delivered; start over. */
bool x86_debug_before(struct x86_cpu *cpu);
/* Ends RF; delivers the #DB trap of a single step or a data breakpoint, if any. */
void x86_debug_after(struct x86_cpu *cpu);

/*
 * Data breakpoints.  mem.c: a page for which x86_debug_page() holds gets no
 * fast TLB entry (a change of that flushes); its slow accesses
 * are reported by x86_debug_data().  Both cost nothing while no data breakpoint
 * is armed: test cpu->debug_data first.
 */
/* #DB with these bits in DR6; cpu->rip is where it returns to. */
void x86_debug_raise(struct x86_cpu *cpu, uint32_t dr6_bits);
void x86_debug_armed(struct x86_cpu *cpu); /* after any change of DR0-3, DR7, CR4.DE */
void x86_debug_io(struct x86_cpu *cpu, uint16_t port, unsigned len);
bool x86_debug_page(const struct x86_cpu *cpu, uint64_t at);
void x86_debug_data(struct x86_cpu *cpu, uint64_t at, unsigned len, bool write);

/* breaks.c: a debugger's breakpoint at a linear address. */
bool x86_break_at(const struct x86_cpu *cpu, uint64_t at);
/* breaks.c: a debugger's watchpoints, for debug.c. */
bool x86_watch_page(const struct x86_cpu *cpu, uint64_t at);
void x86_watch_data(struct x86_cpu *cpu, uint64_t at, unsigned len, bool write);

/* ---- what other handlers ask ---- */

/*
 * May IN/OUT/INS/OUTS reach these ports (CPL, IOPL, TSS bitmap)?  False: #GP(0)
 * for the caller to raise.  Reading the bitmap may fault by itself.  Also
 * reports the access to I/O breakpoints; call it for every access.
 */
bool x86_io_allowed(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned size);

/* Canonical in the 48-bit sense (no LA57). */
static inline bool x86_canonical(uint64_t at)
{
    return (uint64_t)((int64_t)(at << 16) >> 16) == at;
}

/* One line to ops->trace, formatted only if trace_on. */
void x86_trace(struct x86_cpu *cpu, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- segments: segment.c ---- */

enum x86_seg_attr {
    X86_ATTR_TYPE = 0x00f, X86_ATTR_A = 0x001, X86_ATTR_W = 0x002, X86_ATTR_R = 0x002,
    X86_ATTR_DOWN = 0x004, X86_ATTR_CONFORMING = 0x004, X86_ATTR_CODE = 0x008, X86_ATTR_S = 0x010,
    X86_ATTR_DPL = 0x060, X86_ATTR_P = 0x080,
    X86_ATTR_AVL = 0x100, X86_ATTR_L = 0x200, X86_ATTR_DB = 0x400, X86_ATTR_G = 0x800,
};

/*
 * A null selector's segment has attr 0.  Outside 64-bit mode does `len` bytes at
 * `offset` lie within the segment, present, of the right kind for `write`?
 * (x86_ea_slow raises #SS(0) or #GP(0) when not; in 64-bit mode only canonical
 * addresses count.)
 */
bool x86_seg_allows(const struct x86_seg *seg, uint32_t offset, unsigned len, bool write);

/* ---- construction and reset of the neighbours' parts; x86_new calls them ---- */

enum cbit_status x86_run_new(struct x86_cpu *cpu) CBIT_MUST_CHECK;  /* run.c: cpu->run, cpu->blocks */
void x86_run_free(struct x86_cpu *cpu);
void x86_run_reset(struct x86_cpu *cpu);                            /* drop blocks and pending faults */
enum cbit_status x86_mem_new(struct x86_cpu *cpu) CBIT_MUST_CHECK;  /* mem.c: tlbs, arch_tlb */
void x86_mem_free(struct x86_cpu *cpu);                             /* reset: x86_tlb_flush_all */
void x86_fpu_reset(struct x86_cpu *cpu);                            /* exec_xsave.c: as after reset, MXCSR and XMM too */

/* mem.c: page tables as this CPU reaches them, and the registers that walks depend on. */
struct mmu_mem x86_mmu_mem(struct x86_cpu *cpu);
struct mmu_regs x86_mmu_regs(const struct x86_cpu *cpu);

/* ---- identity: cpuid.c, msr.c ---- */

enum cbit_status x86_cpuid_new(struct x86_cpu *cpu) CBIT_MUST_CHECK;
void x86_cpuid_free(struct x86_cpu *cpu);
void x86_msr_reset(struct x86_cpu *cpu);
/* May EFER, CR4 hold this value at all?  (control.c has CR4's.) */
bool x86_efer_valid(const struct x86_cpu *cpu, uint64_t value);
bool x86_cr4_valid(const struct x86_cpu *cpu, uint64_t value);
/* cpu->geometry anew from profile and SYSCFG; flushes the TLB. */
void x86_geometry_changed(struct x86_cpu *cpu);

#endif
