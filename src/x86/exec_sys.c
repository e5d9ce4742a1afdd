/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of system instructions: far transfers, segments, control, debug and
 * model-specific registers, system calls, caches.  I/O is exec_io's family, SVM
 * svm/'s.
 */
#include "x86/exec_sys.h"

#include <Zydis/Zydis.h>

#include "base/base.h"
#include "x86/cpuid.h"

#define M(name) ZYDIS_MNEMONIC_##name
#define END X86_OP_END
#define CPL0 X86_OP_CPL0
#define PROT X86_OP_PROTECTED

/* mnemonic, form, feature, flags; handlers for register (or no) operand and for memory */
#define ROW(mn, fo, fe, fl, r, m)                                                            \
    {.mnemonic = M(mn), .form = X86_FORM_##fo, .feature = X86_FEAT_##fe, .flags = (fl),      \
     .reg = {r}, .mem = {m}}

static const struct x86_op rows[] = {
    /* far transfers */
    ROW(JMP, FAR, NONE, END, x86_do_jmp_far, NULL),
    ROW(JMP, FAR_M, NONE, END, NULL, x86_do_jmp_far_m),
    ROW(CALL, FAR, NONE, END, x86_do_call_far, NULL),
    ROW(CALL, FAR_M, NONE, END, NULL, x86_do_call_far_m),
    ROW(RET, FAR_RET, NONE, END, x86_do_ret_far, NULL),
    ROW(IRET, NONE, NONE, END, x86_do_iretw, NULL),
    ROW(IRETD, NONE, NONE, END, x86_do_iretd, NULL),
    ROW(IRETQ, NONE, NONE, END, x86_do_iretq, NULL),
    ROW(INT, I, NONE, END, x86_do_int, NULL),
    ROW(INT3, NONE, NONE, END, x86_do_int3, NULL),
    ROW(INTO, NONE, NONE, END | X86_OP_NO64, x86_do_into, NULL),
    ROW(INT1, NONE, NONE, END, x86_do_int1, NULL),
    ROW(SYSCALL, NONE, NONE, END | PROT, x86_do_syscall, NULL),
    ROW(SYSRET, NONE, NONE, END, x86_do_sysret, NULL),
    ROW(SYSENTER, NONE, NONE, END, x86_do_sysenter, NULL),
    ROW(SYSEXIT, NONE, NONE, END, x86_do_sysexit, NULL),
    ROW(BOUND, R_M, NONE, X86_OP_NO64, NULL, x86_do_bound),
    ROW(UD0, R_RM, NONE, END, x86_do_ud, x86_do_ud),
    ROW(UD1, R_RM, NONE, END, x86_do_ud, x86_do_ud),
    ROW(UD2, NONE, NONE, END, x86_do_ud, NULL),
    ROW(RSM, NONE, NONE, END, x86_do_ud, NULL),
    ROW(HLT, NONE, NONE, END | CPL0, x86_do_hlt, NULL),

    /* segment registers and descriptor tables */
    ROW(MOV, SREG_RM, NONE, END, x86_do_mov_sreg_r, x86_do_mov_sreg_m),
    ROW(MOV, RM_SREG, NONE, 0, x86_do_mov_r_sreg, x86_do_mov_m_sreg),
    ROW(PUSH, SREG, NONE, 0, x86_do_push_sreg, NULL),
    ROW(POP, SREG, NONE, END, x86_do_pop_sreg, NULL),
    ROW(LDS, R_M, NONE, END | X86_OP_NO64, NULL, x86_do_lds),
    ROW(LES, R_M, NONE, END | X86_OP_NO64, NULL, x86_do_les),
    ROW(LFS, R_M, NONE, END, NULL, x86_do_lfs),
    ROW(LGS, R_M, NONE, END, NULL, x86_do_lgs),
    ROW(LSS, R_M, NONE, END, NULL, x86_do_lss),
    ROW(LGDT, M, NONE, END | CPL0, NULL, x86_do_lgdt),
    ROW(LIDT, M, NONE, END | CPL0, NULL, x86_do_lidt),
    ROW(SGDT, M, NONE, 0, NULL, x86_do_sgdt),
    ROW(SIDT, M, NONE, 0, NULL, x86_do_sidt),
    ROW(LLDT, RM, NONE, END | CPL0 | PROT, x86_do_lldt_r, x86_do_lldt_m),
    ROW(LTR, RM, NONE, END | CPL0 | PROT, x86_do_ltr_r, x86_do_ltr_m),
    ROW(SLDT, RM, NONE, PROT, x86_do_sldt_r, x86_do_sldt_m),
    ROW(STR, RM, NONE, PROT, x86_do_str_r, x86_do_str_m),
    ROW(LAR, R_RM, NONE, PROT, x86_do_lar_r, x86_do_lar_m),
    ROW(LSL, R_RM, NONE, PROT, x86_do_lsl_r, x86_do_lsl_m),
    ROW(VERR, RM, NONE, PROT, x86_do_verr_r, x86_do_verr_m),
    ROW(VERW, RM, NONE, PROT, x86_do_verw_r, x86_do_verw_m),
    ROW(ARPL, RM_R, NONE, PROT | X86_OP_NO64, x86_do_arpl_r, x86_do_arpl_m),
    ROW(SWAPGS, NONE, NONE, CPL0 | X86_OP_ONLY64, x86_do_swapgs, NULL),
    ROW(RDFSBASE, RM, FSGSBASE, X86_OP_ONLY64, x86_do_rdfsbase, NULL),
    ROW(RDGSBASE, RM, FSGSBASE, X86_OP_ONLY64, x86_do_rdgsbase, NULL),
    ROW(WRFSBASE, RM, FSGSBASE, X86_OP_ONLY64, x86_do_wrfsbase, NULL),
    ROW(WRGSBASE, RM, FSGSBASE, X86_OP_ONLY64, x86_do_wrgsbase, NULL),

    /* control, debug, model-specific registers; identity; time */
    ROW(MOV, CR_R, NONE, END | CPL0, x86_do_mov_cr_r, NULL),
    ROW(MOV, R_CR, NONE, CPL0, x86_do_mov_r_cr, NULL),
    ROW(MOV, DR_R, NONE, END | CPL0, x86_do_mov_dr_r, NULL),
    ROW(MOV, R_DR, NONE, CPL0, x86_do_mov_r_dr, NULL),
    ROW(LMSW, RM, NONE, END | CPL0, x86_do_lmsw_r, x86_do_lmsw_m),
    ROW(SMSW, RM, NONE, 0, x86_do_smsw_r, x86_do_smsw_m),
    ROW(CLTS, NONE, NONE, END | CPL0, x86_do_clts, NULL),
    ROW(RDMSR, NONE, NONE, CPL0, x86_do_rdmsr, NULL),
    ROW(WRMSR, NONE, NONE, END | CPL0, x86_do_wrmsr, NULL),
    ROW(CPUID, NONE, NONE, 0, x86_do_cpuid, NULL),
    ROW(RDTSC, NONE, NONE, 0, x86_do_rdtsc, NULL),
    ROW(RDTSCP, NONE, RDTSCP, 0, x86_do_rdtscp, NULL),
    ROW(RDPID, RM, RDPID, 0, x86_do_rdpid, NULL),
    ROW(RDPMC, NONE, NONE, 0, x86_do_rdpmc, NULL),
    ROW(XGETBV, NONE, XSAVE, 0, x86_do_xgetbv, NULL),
    ROW(XSETBV, NONE, XSAVE, END, x86_do_xsetbv, NULL),

    /* flags */
    ROW(PUSHF, NONE, NONE, 0, x86_do_pushf, NULL),
    ROW(PUSHFD, NONE, NONE, 0, x86_do_pushfd, NULL),
    ROW(PUSHFQ, NONE, NONE, 0, x86_do_pushfq, NULL),
    ROW(POPF, NONE, NONE, END, x86_do_popf, NULL),
    ROW(POPFD, NONE, NONE, END, x86_do_popfd, NULL),
    ROW(POPFQ, NONE, NONE, END, x86_do_popfq, NULL),
    ROW(CLI, NONE, NONE, 0, x86_do_cli, NULL),
    ROW(STI, NONE, NONE, END, x86_do_sti, NULL),
    ROW(STAC, NONE, SMAP, 0, x86_do_stac, NULL),
    ROW(CLAC, NONE, SMAP, 0, x86_do_clac, NULL),

    /* TLB, caches, random numbers */
    ROW(INVLPG, M, NONE, END | CPL0, NULL, x86_do_invlpg),
    ROW(INVPCID, R_M, INVPCID, END | CPL0, NULL, x86_do_invpcid),
    ROW(WBINVD, NONE, NONE, END | CPL0, x86_do_wbinvd, NULL),
    ROW(INVD, NONE, NONE, END | CPL0, x86_do_invd, NULL),
    ROW(CLFLUSH, M, NONE, 0, NULL, x86_do_clflush),
    ROW(CLFLUSHOPT, M, CLFLUSHOPT, 0, NULL, x86_do_clflush),
    ROW(CLWB, M, CLWB, 0, NULL, x86_do_clflush),
    ROW(RDRAND, RM, RDRAND, 0, x86_do_rdrand, NULL),
    ROW(RDSEED, RM, RDSEED, 0, x86_do_rdrand, NULL),
    ROW(MONITOR, NONE, MONITOR, END, x86_do_ud, NULL),
    ROW(MWAIT, NONE, MONITOR, END, x86_do_ud, NULL),
};

const struct x86_op_table x86_ops_system = {rows, CB_ARRAY_LEN(rows)};
