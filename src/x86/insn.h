/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compact form of a decoded instruction, the contract of its handlers, and
 * the tables that lead from Zydis' decoding to a handler.
 *
 * A block is an array of struct x86_insn that ends with an instruction that
 * leaves the block.  Handlers are threaded: each ends in X86_NEXT, which goes
 * to the following one by a tail call (optimised builds) or returns to the
 * small loop in run.c (others).  A fault leaves by x86_fault(), which does not
 * return: so a handler does everything that can fault before it changes state.
 */
#ifndef X86_INSN_H
#define X86_INSN_H

#include "x86/cpu.h"

struct x86_insn;
typedef void x86_exec_fn(struct x86_cpu *cpu, const struct x86_insn *i);

enum x86_insn_flags {
    X86_IF_EA_SLOW = 1 << 0, /* address needs more than base + index * scale + disp + ea_base:
                                16/32-bit address size, or segment limits apply */
    X86_IF_LOCK = 1 << 1,
    X86_IF_REP = 1 << 2,     /* F3 */
    X86_IF_REPNE = 1 << 3,   /* F2 */
    X86_IF_STACK = 1 << 4,   /* address is relative to SS by default: limits fault with #SS */
    X86_IF_ADDR16 = 1 << 5,
    X86_IF_ADDR32 = 1 << 6,
    X86_IF_REX = 1 << 7,
};

struct x86_insn {
    x86_exec_fn *fn;
    uint64_t imm;   /* immediate, sign-extended to 64 bits as the instruction wants it; for direct
                       branches the target's offset from the block's RIP */
    union {
        struct x86_block *taken; /* direct branches: the target's block, once it is known (flow.h) */
        uint64_t imm2;           /* ENTER, far pointers, EXTRQ: a second immediate */
    };
    int64_t disp;
    uint8_t base, index; /* register numbers; X86_RZERO, X86_RBLOCK (disp already counts from there) */
    uint8_t scale;       /* 0 .. 3 */
    uint8_t seg;         /* enum x86_seg_name */
    uint8_t dst, src;    /* register operands by number; 8-bit general registers by BYTE OFFSET into
                            cpu->r (AL 0, AH 1, CL 8 ...) */
    uint8_t src2;        /* third register operand (VEX-less: rare), condition code, control reg */
    uint8_t width;       /* operand size in bytes: that of the first GPR operand, else of the memory
                            operand (1, 2, 4, 8, 10, 16), else the effective operand size */
    uint8_t len;         /* bytes of the instruction */
    uint8_t flags;       /* enum x86_insn_flags */
    uint16_t off;        /* offset of the instruction from the block's RIP */
    uint16_t left;  /* instructions of the block from this one on, this one included */
    uint16_t op;         /* row number in the table it came from (trace, profile) */
};

_Static_assert(sizeof(struct x86_insn) == 48, "two handlers' instructions should share few cache lines");

/* ---- handlers' ends ---- */

/*
 * A handler ends in X86_NEXT(cpu, i), or in `x86_leave_block(...); return;`.  No
 * local variable's address may be alive there: the call would not be a jump.
 */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define X86_THREADED 1
#define X86_GO(cpu, i)        \
    do {                      \
        (i)->fn((cpu), (i));  \
        return;               \
    } while (0)
#else
/* The loop in run.c picks up what is set here. */
#define X86_THREADED 0
#define X86_GO(cpu, i)     \
    do {                   \
        (cpu)->next = (i); \
        return;            \
    } while (0)
#endif
#define X86_NEXT(cpu, i) X86_GO((cpu), (i) + 1)

/* ---- faults: none of these returns ---- */

/* RIP is that of i; instructions of the block from i on are given back to the budget. */
_Noreturn void x86_fault(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_vector vector);
_Noreturn void x86_fault_code(struct x86_cpu *cpu, const struct x86_insn *i,
                              enum x86_vector vector, uint32_t error_code);
/* #GP(0), the most common one. */
_Noreturn void x86_gp0(struct x86_cpu *cpu, const struct x86_insn *i);
/* In front of i, without a fault: something else is pending for the run loop. */
_Noreturn void x86_abandon(struct x86_cpu *cpu, const struct x86_insn *i);
/* Sets CR2. */
_Noreturn void x86_page_fault(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t cr2,
                              uint32_t error_code);

/*
 * Before any call of ops out of a handler (memory slow paths do it themselves):
 * tells x86_instructions(), x86_kick() and x86_set_intr() where execution is.
 */
static inline void x86_at(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->at = i;
}

/*
 * Ends the block after i with cpu->rip = `rip`: for whatever changes the mode,
 * the address space, the flags that the run loop looks at, or code.
 */
void x86_leave_block(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t rip);

static inline uint64_t x86_insn_rip(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    return cpu->r[X86_RBLOCK] + i->off;
}

static inline uint64_t x86_next_rip(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    return cpu->r[X86_RBLOCK] + i->off + i->len;
}

/* ---- registers ---- */

static inline uint8_t *x86_r8(struct x86_cpu *cpu, unsigned byte_offset)
{
    return (uint8_t *)cpu->r + byte_offset;
}

/* ---- from Zydis to a handler ---- */

/*
 * How the explicit operands fill struct x86_insn.  "rm" is a register or
 * memory: the row has a handler for each (reg[], mem[]).  Memory goes to base,
 * index, scale, disp, seg; registers to dst/src; immediates to imm.
 *
 * SIMD and x87 rows: width is the memory operand's size in bytes (at most 128:
 * FXSAVE and XSAVE check their segment themselves), or, if the operand is a
 * general register, that register's size.  SSE rows have the effective operand
 * size in src2 (REX.W of PCMPESTRI).  x87 rows (X86_OP_X87) get the 11-bit
 * opcode, (first byte & 7) << 8 | ModRM, in imm2, and use BY_WIDTH as [0] 80,
 * [1] 16, [2] 32, [3] 64 bits.
 */
enum x86_form {
    X86_FORM_NONE,    /* no explicit operands */
    X86_FORM_RM,      /* one r/m: register in dst */
    X86_FORM_RM_R,    /* r/m destination (dst), register source (src) */
    X86_FORM_R_RM,    /* register destination (dst), r/m source (src) */
    X86_FORM_RM_I,    /* r/m destination (dst), immediate */
    X86_FORM_R_RM_I,  /* register destination (dst), r/m source (src), immediate */
    X86_FORM_RM_R_I,  /* r/m destination (dst), register source (src), immediate (SHLD, PEXTRx) */
    X86_FORM_RM_CL,   /* r/m (dst), count in CL */
    X86_FORM_RM_R_CL,
    X86_FORM_RM_1,    /* r/m (dst), count 1 (imm = 1) */
    X86_FORM_R,       /* opcode register (dst) */
    X86_FORM_R_I,
    X86_FORM_I,       /* immediate only */
    X86_FORM_REL,     /* direct branch: imm = target offset from the block */
    X86_FORM_M,       /* memory only */
    X86_FORM_R_M,     /* register, memory */
    X86_FORM_M_R,
    X86_FORM_ACC_R,   /* accumulator and opcode register (XCHG): dst 0, src */
    X86_FORM_ACC_MOFFS, /* MOV AL/AX/EAX/RAX, moffs */
    X86_FORM_MOFFS_ACC,
    X86_FORM_SREG_RM, /* segment register (dst: enum x86_seg_name), r/m source (src) */
    X86_FORM_RM_SREG,
    X86_FORM_CR_R, X86_FORM_R_CR, X86_FORM_DR_R, X86_FORM_R_DR, /* number in src2, GPR in dst/src */
    X86_FORM_SREG,    /* PUSH/POP of a segment register (dst: enum x86_seg_name) */
    X86_FORM_FAR,     /* ptr16:16/32: selector in imm2, offset in imm */
    X86_FORM_FAR_M,   /* far JMP/CALL through memory; near ones are X86_FORM_RM */
    X86_FORM_FAR_RET, /* far RET: imm = bytes to release, 0 without the operand; near ones are others */
    X86_FORM_STRING,  /* string instruction: width, rep flags, seg of the source */
    X86_FORM_IO,      /* IN/OUT: imm = port, or src2 = 1: DX */
    X86_FORM_ENTER,   /* imm, imm2 */
    X86_FORM_ST,      /* x87 stack register i in src (FLD ST(i), FXCH ...) */
    X86_FORM_ST0_STI, /* dst = ST(0), src = ST(i) */
    X86_FORM_STI_ST0, /* dst = ST(i) in dst, ST(0) source */
    X86_FORM_AX,      /* FNSTSW AX */
    X86_FORM_RM_I_I,  /* register (dst), imm, imm2: EXTRQ */
    X86_FORM_R_RM_I_I, /* INSERTQ: dst, src, imm, imm2 */
    X86_FORM_R_R_DI,  /* MASKMOVQ, MASKMOVDQU: registers dst, src; memory [rDI], by address size and
                         segment prefix, in base, index, disp, seg like any other memory operand */
    X86_FORM_R_R_RM,  /* VEX three-operand (BMI): dst, src2 = first source, rm = second (src) */
    X86_FORM_R_RM_R,  /* BMI shifts: dst, rm (src), src2 = count register */
    X86_FORM_VR_RM,   /* VEX.vvvv destination (dst), rm source (src): BLSR ... */
};

enum x86_op_flags {
    X86_OP_END = 1 << 0,      /* leaves the block (branch, or changes what blocks depend on) */
    X86_OP_CPL0 = 1 << 1,     /* #GP(0) unless CPL 0: checked by a handler that decode puts first */
    X86_OP_NO64 = 1 << 2,     /* #UD in 64-bit mode */
    X86_OP_ONLY64 = 1 << 3,   /* #UD outside */
    X86_OP_LOCK = 1 << 4,     /* LOCK allowed with a memory destination; else LOCK is #UD */
    /* Gates (x86/fpu.h): decode puts x86_sse_gate, x86_x87_gate, x86_mmx_gate in front of the
       block's first instruction of that kind; CR0 and CR4 do not change within a block. */
    X86_OP_SSE = 1 << 5,      /* needs CR4.OSFXSR, CR0.EM=0 (#UD), CR0.TS=0 (#NM) */
    X86_OP_X87 = 1 << 6,      /* needs CR0.EM=0, TS=0 (#NM); pending exceptions checked by handler */
    X86_OP_MMX = 1 << 7,      /* needs CR0.EM=0 (#UD), TS=0 (#NM); pending exceptions by handler */
    X86_OP_PROTECTED = 1 << 8, /* #UD in real and virtual-8086 mode */
    X86_OP_BY_WIDTH = 1 << 9, /* handler chosen by operand size: [0] 8, [1] 16, [2] 32, [3] 64 bits;
                                 without it [0] serves all */
    X86_OP_ALIGN16 = 1 << 10, /* memory operand must be 16-byte aligned, else #GP(0): the handler checks */
};

/*
 * One row: a mnemonic in one form.  Rows of one mnemonic may stand in several tables.
 * Without memory operand RM_R and R_RM are the same form, and so are RM, R and
 * ACC_R; accumulator forms (ADD EAX, imm) count as RM_I, moffs as RM_R/R_RM
 * unless a row of their own exists.
 */
struct x86_op {
    uint16_t mnemonic;   /* ZYDIS_MNEMONIC_... */
    uint8_t form;        /* enum x86_form */
    uint8_t feature;     /* 0: always; else enum x86_feature (x86/cpuid.h): #UD when not offered */
    uint16_t flags;      /* enum x86_op_flags */
    uint8_t operand;     /* for SIMD forms: enum x86_operand_class of the r/m's register file */
    x86_exec_fn *reg[4]; /* r/m is a register, or there is none */
    x86_exec_fn *mem[4]; /* r/m is memory */
};

/* Which register file a form's register operands name; a row may mix them (e.g. MOVD xmm, r32). */
enum x86_operand_class {
    X86_REGS_GPR = 0,
    X86_REGS_XMM,      /* both operands XMM */
    X86_REGS_MMX,      /* both operands MMX */
    X86_REGS_XMM_GPR,  /* register operand XMM, r/m is a GPR or memory (MOVD, PINSRx, CVTSI2SS) */
    X86_REGS_GPR_XMM,  /* register operand GPR, r/m XMM (MOVMSKPS, CVTSS2SI, PEXTRW) */
    X86_REGS_MMX_GPR, X86_REGS_GPR_MMX,
    X86_REGS_XMM_MMX, X86_REGS_MMX_XMM, /* MOVQ2DQ, CVTPI2PS ... */
    X86_REGS_GPR_8, X86_REGS_GPR_16, X86_REGS_GPR_32, X86_REGS_GPR_64, /* GPRs, second operand of that size (MOVZX, CRC32) */
};

/*
 * A table of one instruction family; decode.c indexes all of them by mnemonic
 * at start-up.  Two rows with one mnemonic, form and register class are an
 * error that a test finds.
 */
struct x86_op_table {
    const struct x86_op *rows;
    unsigned n;
};

extern const struct x86_op_table x86_ops_alu;     /* exec_alu.c */
extern const struct x86_op_table x86_ops_shift;   /* exec_shift.c */
extern const struct x86_op_table x86_ops_move;    /* exec_move.c */
extern const struct x86_op_table x86_ops_mul;     /* exec_mul.c: DIV and decimal adjustment too */
extern const struct x86_op_table x86_ops_bits;    /* exec_bits.c: BT, BSF, CMPXCHG and kin */
extern const struct x86_op_table x86_ops_stack;   /* exec_stack.c */
extern const struct x86_op_table x86_ops_string;  /* exec_string.c: ports too */
extern const struct x86_op_table x86_ops_flow;    /* exec_flow.c: near jumps, calls, returns, loops */
extern const struct x86_op_table x86_ops_system;  /* exec_sys*.c: far transfers, segments, CR/DR/MSR ... */
extern const struct x86_op_table x86_ops_fpstate; /* exec_xsave.c: FXSAVE, XSAVE, MXCSR */
extern const struct x86_op_table x86_ops_sse_move;  /* exec_sse_move.c: moves between XMM, memory, GPR */
extern const struct x86_op_table x86_ops_sse_int;   /* exec_sse_int.c: packed integers, logic */
extern const struct x86_op_table x86_ops_sse_imm;   /* exec_sse_imm.c: shuffles and others by immediate */
extern const struct x86_op_table x86_ops_sse_float; /* exec_sse_float.c: whatever MXCSR governs */
extern const struct x86_op_table x86_ops_sse_text;  /* exec_sse_text.c: SSE4.2 strings, AES, SHA, PCLMUL */
extern const struct x86_op_table x86_ops_mmx;       /* exec_mmx.c */
extern const struct x86_op_table x86_ops_x87;       /* exec_x87.c: arithmetic */
extern const struct x86_op_table x86_ops_x87_move;  /* exec_x87_move.c: loads, stores, stack */
extern const struct x86_op_table x86_ops_x87_env;   /* exec_x87_env.c: control words, environment */
extern const struct x86_op_table x86_ops_svm;     /* exec_svm.c */
extern const struct x86_op_table x86_ops_bmi;     /* exec_bmi.c: BMI1/2, POPCNT, LZCNT, ADX, CRC32, MOVBE */

#endif
