/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors, segment loads and stacks, for the files that transfer control:
 * deliver.c, far.c, task.c, exec_sys*.c.
 *
 * Every check that can fault comes before any change of state.  Error codes get
 * EXT while an event that no instruction asked for is being delivered.
 */
#ifndef X86_SEGMENT_H
#define X86_SEGMENT_H

#include "x86/mem.h"
#include "x86/sys.h"

/* System descriptor types. */
enum {
    X86_SYS_TSS16 = 1, X86_SYS_LDT = 2, X86_SYS_TSS16_BUSY = 3, X86_SYS_CALL16 = 4,
    X86_SYS_TASK_GATE = 5, X86_SYS_INT16 = 6, X86_SYS_TRAP16 = 7, X86_SYS_TSS = 9,
    X86_SYS_TSS_BUSY = 11, X86_SYS_CALL = 12, X86_SYS_INT = 14, X86_SYS_TRAP = 15
};

/* A descriptor as read from its table; `at` is its linear address, for A and busy bits. */
struct x86_desc {
    uint32_t lo, hi;
    uint32_t lo2, hi2; /* second half of system descriptors in long mode, else 0 */
    uint64_t at;
};

static inline unsigned x86_desc_attr(const struct x86_desc *d)
{
    return (d->hi >> 8 & 0xff) | (d->hi >> 12 & 0xf00);
}
static inline unsigned x86_desc_dpl(const struct x86_desc *d) { return d->hi >> 13 & 3; }
static inline bool x86_desc_present(const struct x86_desc *d) { return d->hi >> 15 & 1; }
static inline unsigned x86_desc_type(const struct x86_desc *d) { return d->hi >> 8 & 15; }
static inline bool x86_desc_is_system(const struct x86_desc *d) { return !(d->hi >> 12 & 1); }
static inline bool x86_desc_is_code(const struct x86_desc *d)
{
    return (d->hi >> 11 & 3) == 3;
}
static inline bool x86_desc_conforming(const struct x86_desc *d) { return d->hi >> 10 & 1; }
static inline bool x86_desc_long(const struct x86_desc *d) { return d->hi >> 21 & 1; }
static inline bool x86_desc_big(const struct x86_desc *d) { return d->hi >> 22 & 1; }
/* Gates */
static inline uint16_t x86_gate_selector(const struct x86_desc *d) { return (uint16_t)(d->lo >> 16); }
static inline uint64_t x86_gate_offset(const struct x86_desc *d)
{
    return (d->lo & 0xffff) | (d->hi & 0xffff0000) | (uint64_t)d->lo2 << 32;
}

static inline bool x86_null_selector(uint16_t selector) { return (selector & ~3u) == 0; }

/* vector with error code selector | EXT. */
_Noreturn void x86_fault_sel(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_vector vector,
                             uint16_t selector);

/* False: beyond the table's limit, or no LDT. */
bool x86_desc_find(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                   struct x86_desc *out);
/* Same, but that is the fault `vector`(selector). */
struct x86_desc x86_desc_read(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                              enum x86_vector vector);
/* Reads the upper half of a system descriptor in long mode; false: beyond the limit. */
bool x86_desc_read_upper(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                         struct x86_desc *d);
struct x86_seg x86_desc_segment(const struct x86_desc *d, uint16_t selector);
void x86_desc_set_accessed(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_desc *d);

/* MOV, POP, LxS to a data or stack segment register, in any mode. */
void x86_load_segment(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg, uint16_t selector);
/* SS for a transfer to privilege `cpl`; faults are `vector` (not present: #SS). */
struct x86_desc x86_stack_desc(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                               unsigned cpl, enum x86_vector vector);
/* After a return to an outer privilege: data segments that it may not use become null. */
void x86_drop_inner_segments(struct x86_cpu *cpu);
struct x86_seg x86_null_segment(uint16_t selector);
/* Real-mode and virtual-8086 load: base = selector * 16. */
void x86_real_segment(struct x86_cpu *cpu, unsigned seg, uint16_t selector);

/* LLDT and the LDT of a task switch; vector for what is wrong with the selector. */
struct x86_seg x86_ldt_segment(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                               enum x86_vector vector, enum x86_vector absent);

/* ---- a stack to push to or pop from, not yet the CPU's ---- */

struct x86_stack {
    struct x86_seg seg;
    uint64_t sp;
    uint64_t mask;     /* of the stack pointer: 16, 32 or 64 bits */
    bool flat;         /* 64-bit mode: no segment, canonical addresses */
    bool implicit;     /* accesses are the processor's own, at supervisor privilege */
    uint16_t selector; /* for #SS error codes */
};

/* The current stack. */
struct x86_stack x86_stack_now(const struct x86_cpu *cpu);
/* A new stack: implicit accesses. */
struct x86_stack x86_stack_legacy(const struct x86_seg *seg, uint64_t sp);
struct x86_stack x86_stack_flat(uint64_t sp);
void x86_stack_push(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                    uint64_t value, unsigned size);
uint64_t x86_stack_pop(struct x86_cpu *cpu, const struct x86_insn *i, struct x86_stack *stack,
                       unsigned size);
/* RSP from the stack's pointer, as wide as that is. */
void x86_stack_commit(struct x86_cpu *cpu, const struct x86_stack *stack);

/* ---- code segments as targets: far.c ---- */

/* Does `offset` lie in the code segment (or is it canonical, for 64-bit code)? */
bool x86_code_offset_ok(const struct x86_cpu *cpu, const struct x86_desc *d, uint64_t offset);
/* CS := d with RPL = cpl, RIP := offset, CPL := cpl; cannot fault (set A before). */
void x86_enter_code(struct x86_cpu *cpu, const struct x86_desc *d, uint16_t selector, unsigned cpl,
                    uint64_t offset);

/* Stack pointer (and SS outside long mode) for privilege cpl from the TSS; faults #TS(TR). */
struct x86_stack x86_tss_stack(struct x86_cpu *cpu, const struct x86_insn *i, unsigned cpl,
                               struct x86_seg *ss);
/* Long mode: IST 1 .. 7. */
uint64_t x86_tss_ist(struct x86_cpu *cpu, const struct x86_insn *i, unsigned ist);

/* ---- task switches: task.c ---- */

enum x86_task_reason { X86_TASK_JMP, X86_TASK_CALL, X86_TASK_IRET, X86_TASK_EVENT };

/* next_rip: where the outgoing task goes on.  Legacy mode only. */
void x86_task_switch(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_task_reason reason,
                     uint16_t selector, uint64_t next_rip, const uint32_t *error_code);

/* ---- control and debug registers with their rules: control.c ---- */

/* False: #GP(0).  Used by MOV CR, LMSW, task switches. */
bool x86_write_cr0(struct x86_cpu *cpu, uint64_t value);
bool x86_write_cr3(struct x86_cpu *cpu, uint64_t value);
bool x86_write_cr4(struct x86_cpu *cpu, uint64_t value);

#endif
