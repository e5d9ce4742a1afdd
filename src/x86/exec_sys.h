/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of system instructions, for their table in exec_sys.c. */
#ifndef X86_EXEC_SYS_H
#define X86_EXEC_SYS_H

#include "x86/segment.h"

/* Linear address of a memory operand of `len` bytes (structures have no width of their own). */
static inline uint64_t x86_operand_ea(struct x86_cpu *cpu, const struct x86_insn *i, unsigned len,
                                      bool write)
{
    uint64_t offset = cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp;

    if (i->flags & X86_IF_ADDR16)
        offset &= 0xffff;
    else if ((i->flags & X86_IF_ADDR32) || cpu->mode != X86_MODE_64)
        offset &= UINT32_MAX;
    return x86_seg_ea(cpu, i, i->seg, offset, len, write);
}

/* Register write of an operand size: 16 bits leave the rest, 32 clear the upper half. */
static inline void x86_put_reg(struct x86_cpu *cpu, unsigned reg, uint64_t value, unsigned width)
{
    if (width == 2)
        cpu->r[reg] = (cpu->r[reg] & ~UINT64_C(0xffff)) | (value & 0xffff);
    else
        cpu->r[reg] = width == 4 ? (uint32_t)value : value;
}

/* On to the next instruction by way of the run loop. */
static inline void x86_leave_after(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t next = x86_next_rip(cpu, i);

    x86_leave_block(cpu, i, cpu->mode == X86_MODE_64 ? next : (uint32_t)next);
}

/* exec_sys_flow.c */
x86_exec_fn x86_do_jmp_far, x86_do_jmp_far_m, x86_do_call_far, x86_do_call_far_m, x86_do_ret_far,
    x86_do_iretw, x86_do_iretd, x86_do_iretq, x86_do_int, x86_do_int3, x86_do_into, x86_do_int1,
    x86_do_syscall, x86_do_sysret, x86_do_sysenter, x86_do_sysexit, x86_do_bound, x86_do_ud,
    x86_do_hlt;

/* exec_sys_seg.c */
x86_exec_fn x86_do_mov_sreg_r, x86_do_mov_sreg_m, x86_do_mov_r_sreg, x86_do_mov_m_sreg,
    x86_do_push_sreg, x86_do_pop_sreg, x86_do_lds, x86_do_les, x86_do_lfs, x86_do_lgs, x86_do_lss,
    x86_do_lgdt, x86_do_lidt, x86_do_sgdt, x86_do_sidt, x86_do_lldt_r, x86_do_lldt_m, x86_do_ltr_r,
    x86_do_ltr_m, x86_do_sldt_r, x86_do_sldt_m, x86_do_str_r, x86_do_str_m, x86_do_lar_r,
    x86_do_lar_m, x86_do_lsl_r, x86_do_lsl_m, x86_do_verr_r, x86_do_verr_m, x86_do_verw_r,
    x86_do_verw_m, x86_do_arpl_r, x86_do_arpl_m, x86_do_swapgs, x86_do_rdfsbase, x86_do_rdgsbase,
    x86_do_wrfsbase, x86_do_wrgsbase;

/* exec_sys_reg.c */
x86_exec_fn x86_do_mov_cr_r, x86_do_mov_r_cr, x86_do_mov_dr_r, x86_do_mov_r_dr, x86_do_lmsw_r,
    x86_do_lmsw_m, x86_do_smsw_r, x86_do_smsw_m, x86_do_clts, x86_do_rdmsr, x86_do_wrmsr,
    x86_do_cpuid, x86_do_rdtsc, x86_do_rdtscp, x86_do_rdpid, x86_do_rdpmc, x86_do_xgetbv,
    x86_do_xsetbv, x86_do_pushf, x86_do_pushfd, x86_do_pushfq, x86_do_popf, x86_do_popfd,
    x86_do_popfq, x86_do_cli, x86_do_sti, x86_do_stac, x86_do_clac, x86_do_invlpg,
    x86_do_invpcid, x86_do_wbinvd, x86_do_invd, x86_do_clflush, x86_do_rdrand;

#endif
