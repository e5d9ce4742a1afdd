/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of x86: one x86-64 CPU that knows no machine.
 *
 * Everything outside the CPU is reached through struct x86_ops.  The CPU runs
 * on the caller's thread, for a bounded number of instructions at a time, and
 * never blocks.  Manual: AMD64 Architecture Programmer's Manual (APM), vol. 1-5.
 */
#ifndef X86_X86_H
#define X86_X86_H

#include <stdio.h>

#include "mc/access.h"

struct x86_cpu;

/* What the CPU's caches were asked to do; the AMD-SP's WBINVD rules hang on it. */
enum x86_cache_op { X86_CACHE_WBINVD, X86_CACHE_INVD, X86_CACHE_CLFLUSH };

/* The machine, as the CPU sees it.  All functions are given ctx. */
struct x86_ops {
    /*
     * Host pointer to the first byte of the frame at `at` in the view that the
     * access selects, or NULL: use read/write (device, eager or watched frame,
     * nothing there).
     */
    uint8_t *(*map)(void *ctx, spa_t at, struct mc_access access, bool write);
    /* len 1 .. 4096, within one page.  Nothing there: reads are all ones, writes are dropped. */
    void (*read)(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len);
    void (*write)(void *ctx, spa_t at, struct mc_access access, const void *from, unsigned len);
    /* The CPU keeps decoded code of this frame: see mc_watch. */
    void (*watch)(void *ctx, spa_t at);

    uint32_t (*in)(void *ctx, uint16_t port, unsigned size);           /* size 1, 2, 4 */
    void (*out)(void *ctx, uint16_t port, uint32_t value, unsigned size);

    /* Interrupt acknowledge: the vector, or -1 if the request went away. */
    int (*intr_ack)(void *ctx);
    uint8_t (*tpr_read)(void *ctx);             /* CR8 */
    void (*tpr_write)(void *ctx, uint8_t cr8);
    uint64_t (*apic_base_read)(void *ctx);      /* MSR 1Bh */
    bool (*apic_base_write)(void *ctx, uint64_t value); /* false: #GP */

    uint64_t (*tsc)(void *ctx);                 /* before TSC offset */
    bool (*random)(void *ctx, uint64_t *out);   /* RDRAND, RDSEED */
    void (*smee_changed)(void *ctx, bool on);   /* SYSCFG[23] */
    /* line and access: of CLFLUSH alone. */
    void (*cache)(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access);
    /* Instructions that were decoded and are about to run lie here, within one page.  NULL: nobody asks. */
    void (*fetched)(void *ctx, spa_t at, struct mc_access access, unsigned len);
    /* Something unusual (unknown MSR, #UD of a missing feature): one line, no newline. */
    void (*trace)(void *ctx, const char *line);
    bool trace_on; /* saves formatting */
};

enum x86_generation { X86_NAPLES, X86_ROME, X86_MILAN, X86_GENOA, X86_RYZEN_PRO, X86_N_GENERATIONS };

/* Identity and sizes; the table is in x86/profile.c. */
struct x86_profile {
    const char *name;      /* "milan" */
    const char *brand;     /* CPUID 8000_0002h.., up to 47 bytes */
    uint32_t signature;    /* CPUID 1 EAX */
    uint8_t phys_bits;     /* CPUID 8000_0008h EAX[7:0], not reduced */
    uint8_t c_bit;         /* 8000_001Fh EBX[5:0] */
    uint8_t reduction;     /* 8000_001Fh EBX[11:6] */
    uint16_t sev_asids;    /* 8000_001Fh ECX; 0: no SEV */
    bool coherent;         /* 8000_001Fh EAX[10] */
};

const struct x86_profile *x86_profile_get(enum x86_generation generation);
/* By name; NULL if unknown. */
const struct x86_profile *x86_profile_find(const char *name);

struct x86_config {
    const struct x86_profile *profile;
    const struct x86_ops *ops;
    void *ctx;
    uint32_t min_sev_asid; /* 8000_001Fh EDX; 0: 1 */
    bool no_jit;
    bool hide_svm;         /* offer no SVM and no SEV */
};

enum cbit_status x86_new(const struct x86_config *config, struct x86_cpu **out) CBIT_MUST_CHECK;
void x86_free(struct x86_cpu *cpu);

/* Power-on or RESET#: real mode at FFFF_FFF0h, all MSRs at reset value, caches and TLB empty. */
void x86_reset(struct x86_cpu *cpu);

enum x86_stop {
    X86_STOP_BUDGET,       /* the budget is used up, or x86_kick() */
    X86_STOP_HLT,          /* HLT with interrupts possible; call again after an event */
    X86_STOP_DEAD,         /* HLT with interrupts off: only NMI, INIT or reset help */
    X86_STOP_TRIPLE_FAULT, /* shutdown state */
    X86_STOP_BREAK,        /* debugger's breakpoint or watchpoint, or single step done */
};

/*
 * Runs at most `budget` instructions (REP iterations count); *done is how many
 * were executed.  Pending interrupts and NMIs are taken on the way.
 */
enum x86_stop x86_run(struct x86_cpu *cpu, uint64_t budget, uint64_t *done);

/* Ends x86_run soon; for callers on the CPU's own thread (device callbacks). */
void x86_kick(struct x86_cpu *cpu);

/* Level of the INTR pin (from LAPIC/8259); edge of NMI. */
void x86_set_intr(struct x86_cpu *cpu, bool level);
void x86_nmi(struct x86_cpu *cpu);
/* There is no SMM: the handler returns at once.  But a guest may leave for it. */
void x86_smi(struct x86_cpu *cpu);
/* Instructions executed since x86_new, exact at every callback. */
uint64_t x86_instructions(const struct x86_cpu *cpu);

/*
 * Within ops->read, write and fetched: the instruction that is at work, and the linear
 * address of what it reaches (of a page-table entry: the one that is being translated).
 */
struct x86_current {
    uint64_t rip;
    gva_t at;
};
struct x86_current x86_current(const struct x86_cpu *cpu);

/* Forward to mc_listen: host pointers and decoded code of this frame go. */
void x86_frame_turned(struct x86_cpu *cpu, spa_t frame);
void x86_frame_written(struct x86_cpu *cpu, spa_t frame);

/* Register access for loaders, debuggers and tests. */
enum x86_seg_name { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_LDTR, X86_TR, X86_N_SEGS };

struct x86_seg {
    uint16_t selector;
    uint16_t attr;  /* descriptor bits 47:40 in 7:0, 55:52 in 11:8 (the VMCB's form) */
    uint32_t limit; /* in bytes, expanded */
    uint64_t base;
};

struct x86_table {
    uint64_t base;
    uint16_t limit;
};

struct x86_regs {
    uint64_t gpr[16]; /* RAX RCX RDX RBX RSP RBP RSI RDI R8 .. R15 */
    uint64_t rip, rflags;
    struct x86_seg seg[X86_N_SEGS];
    struct x86_table gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, cr8, efer;
    uint64_t dr[8];
    uint8_t xmm[16][16];
    uint8_t st[8][10]; /* physical registers R0-R7 */
    uint16_t fcw, fsw, ftw; /* ftw: full 16-bit tag word */
    uint32_t mxcsr;
};

void x86_get_regs(const struct x86_cpu *cpu, struct x86_regs *out);
/* Loads state as it is given (hidden parts of segments too); flushes the TLB. */
void x86_set_regs(struct x86_cpu *cpu, const struct x86_regs *in);
/* MSRs as RDMSR/WRMSR would, without CPL check; false: #GP. */
bool x86_rdmsr(struct x86_cpu *cpu, uint32_t index, uint64_t *value);
bool x86_wrmsr(struct x86_cpu *cpu, uint32_t index, uint64_t value);
void x86_cpuid(const struct x86_cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
/* What a loader does instead of firmware: SYSCFG.SMEE and with it HWCR.SmmLock, MTRRs as firmware leaves them. */
void x86_firmware_done(struct x86_cpu *cpu, bool smee);

/*
 * Debugger's translation of a virtual address with the tables in force: no
 * fault, no A/D update, no TLB fill.  False: not mapped.  *access is what the
 * CPU would use for a data access.
 */
bool x86_debug_translate(struct x86_cpu *cpu, gva_t at, spa_t *out, struct mc_access *access);

/*
 * A debugger's instruction breakpoints, at linear addresses, unseen by the guest:
 * x86_run stops with X86_STOP_BREAK in front of the instruction, and the next one
 * goes on with it.  CBIT_RANGE: too many; CBIT_NOT_FOUND: none there.
 */
#define X86_MAX_BREAKS 64
enum cbit_status x86_break_set(struct x86_cpu *cpu, gva_t at) CBIT_MUST_CHECK;
enum cbit_status x86_break_clear(struct x86_cpu *cpu, gva_t at) CBIT_MUST_CHECK;

/*
 * A debugger's watchpoints: x86_run stops with X86_STOP_BREAK behind the instruction that
 * reached one.  Instructions run one by one while there is any.  CBIT_RANGE: too many, no
 * length, or the range wraps; CBIT_NOT_FOUND: no such one.
 */
#define X86_MAX_WATCHES 16
struct x86_watch {
    gva_t at;
    uint64_t len;
    bool on_read, on_write;
};
enum cbit_status x86_watch_set(struct x86_cpu *cpu, const struct x86_watch *watch) CBIT_MUST_CHECK;
enum cbit_status x86_watch_clear(struct x86_cpu *cpu, const struct x86_watch *watch) CBIT_MUST_CHECK;
/* Which one the last x86_run stopped at; NULL: none. */
const struct x86_watch *x86_watch_met(const struct x86_cpu *cpu);

/* Control registers as MOV and WRMSR set them; false: a value that they would not take. */
enum x86_control { X86_CONTROL_CR0, X86_CONTROL_CR2, X86_CONTROL_CR3, X86_CONTROL_CR4,
                   X86_CONTROL_CR8, X86_CONTROL_EFER, X86_N_CONTROLS };
bool x86_set_control(struct x86_cpu *cpu, enum x86_control which, uint64_t value);

struct x86_stats {
    uint64_t instructions, blocks_decoded, blocks_run, tlb_fills, page_walks, faults, interrupts;
};
struct x86_stats x86_stats(const struct x86_cpu *cpu);

#endif
