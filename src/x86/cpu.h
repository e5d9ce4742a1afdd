/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU's state, for neighbours in this room.
 *
 * Hot fields first: handlers of decoded instructions reach registers by byte
 * offset from the struct's start.  Little-endian hosts only (AL is byte 0 of
 * r[0]); cpu.c asserts it at compile time.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include "mmu/mmu.h"
#include "x86/svm/state.h"
#include "x86/x86.h"

enum {
    X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI,
    X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15,
    X86_RZERO, /* always 0: the base or index that an address does not have */
    X86_RBLOCK, /* RIP of the running block's first instruction: the base of RIP-relative addresses */
    X86_N_R
};

/* Status flags as LAHF and SETO leave them: AH << 8 | OF.  x86/alu.h computes them. */
enum {
    X86_CC_O = 0x0001,
    X86_CC_C = 0x0100,
    X86_CC_P = 0x0400,
    X86_CC_A = 0x1000,
    X86_CC_Z = 0x4000,
    X86_CC_S = 0x8000,
    X86_CC_ALL = 0xd501
};

/* RFLAGS bits, as the manual numbers them. */
enum {
    X86_FL_CF = 1 << 0, X86_FL_1 = 1 << 1, X86_FL_PF = 1 << 2, X86_FL_AF = 1 << 4,
    X86_FL_ZF = 1 << 6, X86_FL_SF = 1 << 7, X86_FL_TF = 1 << 8, X86_FL_IF = 1 << 9,
    X86_FL_DF = 1 << 10, X86_FL_OF = 1 << 11, X86_FL_IOPL = 3 << 12, X86_FL_NT = 1 << 14,
    X86_FL_RF = 1 << 16, X86_FL_VM = 1 << 17, X86_FL_AC = 1 << 18, X86_FL_VIF = 1 << 19,
    X86_FL_VIP = 1 << 20, X86_FL_ID = 1 << 21,
    X86_FL_STATUS = X86_FL_CF | X86_FL_PF | X86_FL_AF | X86_FL_ZF | X86_FL_SF | X86_FL_OF
};

#define X86_CR0_PE CB_BIT(0)
#define X86_CR0_MP CB_BIT(1)
#define X86_CR0_EM CB_BIT(2)
#define X86_CR0_TS CB_BIT(3)
#define X86_CR0_ET CB_BIT(4)
#define X86_CR0_NE CB_BIT(5)
#define X86_CR0_WP CB_BIT(16)
#define X86_CR0_AM CB_BIT(18)
#define X86_CR0_NW CB_BIT(29)
#define X86_CR0_CD CB_BIT(30)
#define X86_CR0_PG CB_BIT(31)
#define X86_CR4_VME CB_BIT(0)
#define X86_CR4_PVI CB_BIT(1)
#define X86_CR4_TSD CB_BIT(2)
#define X86_CR4_DE CB_BIT(3)
#define X86_CR4_PSE CB_BIT(4)
#define X86_CR4_PAE CB_BIT(5)
#define X86_CR4_MCE CB_BIT(6)
#define X86_CR4_PGE CB_BIT(7)
#define X86_CR4_PCE CB_BIT(8)
#define X86_CR4_OSFXSR CB_BIT(9)
#define X86_CR4_OSXMMEXCPT CB_BIT(10)
#define X86_CR4_UMIP CB_BIT(11)
#define X86_CR4_LA57 CB_BIT(12)
#define X86_CR4_FSGSBASE CB_BIT(16)
#define X86_CR4_PCIDE CB_BIT(17)
#define X86_CR4_OSXSAVE CB_BIT(18)
#define X86_CR4_SMEP CB_BIT(20)
#define X86_CR4_SMAP CB_BIT(21)
#define X86_EFER_SCE CB_BIT(0)
#define X86_EFER_LME CB_BIT(8)
#define X86_EFER_LMA CB_BIT(10)
#define X86_EFER_NXE CB_BIT(11)
#define X86_EFER_SVME CB_BIT(12)
#define X86_EFER_LMSLE CB_BIT(13)
#define X86_EFER_FFXSR CB_BIT(14)
#define X86_SYSCFG_SMEE CB_BIT(23)
#define X86_HWCR_SMMLOCK CB_BIT(0)

enum x86_vector {
    X86_DE = 0, X86_DB = 1, X86_NMI = 2, X86_BP = 3, X86_OF = 4, X86_BR = 5, X86_UD = 6,
    X86_NM = 7, X86_DF = 8, X86_TS = 10, X86_NP = 11, X86_SS_FAULT = 12, X86_GP = 13,
    X86_PF = 14, X86_MF = 16, X86_AC = 17, X86_MC = 18, X86_XM = 19
};

/* How the running code is decoded and what it may do; part of a block's key. */
enum x86_mode { X86_MODE_REAL, X86_MODE_V86, X86_MODE_16, X86_MODE_32, X86_MODE_64 };
/* REAL, V86: 16-bit operands.  16/32: protected or compatibility mode by CS.D. */

union x86_xmm {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
    float f32[4];
    double f64[2];
} __attribute__((aligned(16)));

struct x86_st {          /* one 80-bit register; MMX register n aliases fpr[n].mant */
    uint64_t mant;
    uint16_t se;         /* sign and exponent */
};

struct x86_fpu {
    struct x86_st fpr[8]; /* physical registers */
    uint16_t cw, sw;      /* TOP in sw[13:11] */
    uint8_t tag_valid;    /* abridged tag: bit n set: physical register n not empty */
    uint16_t op;          /* FOP */
    uint16_t cs, ds;
    uint64_t ip, dp;
};

struct x86_msrs {
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat, tsc_aux, syscfg, hwcr, vm_cr, vm_hsave_pa, debugctl, tsc_offset, mtrr_def;
    uint64_t mtrr_var[16], mtrr_fix[11];
    uint64_t xcr0;
    uint64_t other[32]; /* plain storage of the MSR table's rows (x86/msr.c) */
};

struct x86_insn;
struct x86_block;

struct x86_cpu {
    uint64_t r[X86_N_R];
    uint64_t rip;         /* true between blocks and at faults; stale inside a block */
    uint32_t cc;          /* status flags, X86_CC_* */
    uint32_t rflags;      /* the others; status bits here are 0, bit 1 is 1 */
    uint64_t ea_base[6];  /* segment base added to addresses; ES CS SS DS are 0 in 64-bit mode */
    int64_t budget;       /* instructions left in this x86_run; blocks subtract their length on entry */
    struct mmu_fast_tlb *tlb; /* fast TLB of the current privilege (see x86/mem.h) */
    struct mmu_fast_tlb *tlbs; /* all of them */
    struct x86_block *block; /* the running block; NULL outside */
    struct x86_jump *jumps; /* branch targets outside the page: x86/block.h */
    uint64_t jump_key;    /* translations and mode in one; set by the run loop */
    const struct x86_insn *next; /* builds without tail calls: what comes next, NULL: leave */
    const struct x86_insn *at; /* the instruction that calls ops; see x86_at() */
    uint64_t translations; /* ++ by every TLB flush, INVLPG too: linear -> physical may differ now */
    void *rmw;            /* x86_rmw_begin: where the store goes, NULL: slow */
    uint64_t rmw_at;
    uint32_t rmw_len;

    uint8_t mode;         /* enum x86_mode */
    uint8_t cpl;
    bool df;              /* RFLAGS.DF is kept in rflags; this mirrors it for string handlers */
    bool stack32, stack64; /* width of the stack pointer */
    /* What makes x86_run look up between blocks: any of these set forces the slow loop. */
    bool kick;            /* x86_kick */
    bool intr;            /* INTR pin */
    bool nmi, nmi_blocked;
    bool smi;             /* with svm.special only: without, it has been handled */
    bool shadow;          /* STI or MOV SS just executed: no interrupt before the next instruction */
    bool halted, shutdown;
    /* Debugging and events in flight; see x86/sys.h. */
    bool shadow_ss;       /* the shadow is MOV SS's: debug traps wait too */
    uint64_t breaks[X86_MAX_BREAKS]; /* a debugger's, linear (breaks.c) */
    unsigned n_breaks;
    bool break_told;      /* the last x86_run stopped at a break: going on from there passes it */
    struct x86_watch watches[X86_MAX_WATCHES]; /* a debugger's, too */
    unsigned n_watches;
    struct x86_watch watch_met;
    bool watch_due;       /* stop: the running instruction has met watch_met */
    bool watch_told;      /* that is why the last x86_run stopped */
    bool debug_armed;     /* DR7 enables something, or there are watches */
    bool debug_data;      /* DR7 enables a data breakpoint, or there are watches */
    bool step_trap;       /* TF was set when the running instruction began */
    uint8_t delivering;   /* enum x86_delivering */
    uint32_t debug_hits;  /* DR6 bits of data breakpoints that the running instruction met */
    uint64_t reached;     /* the linear address that ops->read or write is called for */

    struct x86_seg seg[X86_N_SEGS];
    struct x86_table gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, efer;
    uint64_t pdpte[4];
    uint64_t dr[8];
    union x86_xmm xmm[16];
    uint32_t mxcsr;
    struct x86_fpu fpu;
    struct x86_msrs msr;

    const struct x86_ops *ops;
    void *ctx;
    const struct x86_profile *profile;
    struct x86_config config;
    struct x86_cpuid_table *cpuid;   /* x86/cpuid.c */
    struct mmu_tlb *arch_tlb;        /* architectural TLB, mmu room */
    struct x86_tlb_state *tlb_state; /* x86/tlb.c: fetch cache, walker's pointers */
    struct mmu_geometry geometry;    /* follows SYSCFG, EFER, CPUID */
    struct x86_block_cache *blocks;  /* x86/block.c */
    struct x86_run_state *run;       /* x86/run.c: jmp_buf, pending exception, debugger */
    struct x86_svm svm;              /* x86/svm/ */
    uint64_t instructions_base;      /* instructions of finished x86_run calls */
    struct x86_stats stats;
};

static inline bool x86_long_mode(const struct x86_cpu *cpu)
{
    return (cpu->efer & X86_EFER_LMA) != 0;
}

static inline bool x86_paging(const struct x86_cpu *cpu)
{
    return (cpu->cr0 & X86_CR0_PG) != 0;
}

/* RFLAGS as PUSHF shows it, and its counterpart (no privilege rules applied here). */
uint64_t x86_rflags(const struct x86_cpu *cpu);
void x86_set_rflags(struct x86_cpu *cpu, uint64_t rflags);

/* After a change of CR0, CR4, EFER, CS, SS, CPL, RFLAGS.AC/VM: recompute mode, ea_base, stack width, tlb. */
void x86_mode_changed(struct x86_cpu *cpu);

/* Does CPUID offer it?  enum x86_feature of x86/cpuid.h. */
bool x86_has(const struct x86_cpu *cpu, unsigned feature);

#endif
