/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions on control, debug, model-specific and flags registers, time,
 * identity, caches, TLB and random numbers.  The rules of CR0, CR3 and CR4 are
 * control.c, the registers behind RDMSR msr.c.
 * AMD64 Architecture Programmer's Manual, vol. 3.
 */
#include "base/base.h"
#include "x86/cpuid.h"
#include "x86/exec_sys.h"
#include "x86/far.h"
#include "x86/svm/guest.h"

/* ---- control registers ---- */

static bool write_cr(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t value)
{
    switch (i->src2) {
    case 0: return x86_write_cr0(cpu, value);
    case 2: cpu->cr2 = value; return true;
    case 3: return x86_write_cr3(cpu, value);
    case 4: return x86_write_cr4(cpu, value);
    case 8:
        if (value & ~UINT64_C(15))
            return false;
        x86_at(cpu, i);
        x86_svm_tpr_write(cpu, (uint8_t)value);
        return true;
    default: x86_fault(cpu, i, X86_UD);
    }
}

void x86_do_mov_cr_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const bool wide = cpu->mode == X86_MODE_64;

    if (!write_cr(cpu, i, wide ? cpu->r[i->src] : (uint32_t)cpu->r[i->src]))
        x86_gp0(cpu, i);
    x86_leave_after(cpu, i);
}

void x86_do_mov_r_cr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t value = 0;

    switch (i->src2) {
    case 0: value = cpu->cr0; break;
    case 2: value = cpu->cr2; break;
    case 3: value = cpu->cr3; break;
    case 4: value = cpu->cr4; break;
    case 8:
        x86_at(cpu, i);
        value = x86_svm_tpr_read(cpu);
        break;
    default: x86_fault(cpu, i, X86_UD);
    }
    cpu->r[i->dst] = cpu->mode == X86_MODE_64 ? value : (uint32_t)value;
    X86_NEXT(cpu, i);
}

static void lmsw(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t value)
{
    /* MP, EM, TS as given; PE can be set, not cleared. */
    if (!x86_write_cr0(cpu, (cpu->cr0 & ~UINT64_C(0xe)) | (value & 0xf)))
        x86_gp0(cpu, i);
    x86_leave_after(cpu, i);
}

void x86_do_lmsw_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lmsw(cpu, i, (uint16_t)cpu->r[i->dst]);
}

void x86_do_lmsw_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lmsw(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
}

static void check_umip(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((cpu->cr4 & X86_CR4_UMIP) && cpu->cpl != 0)
        x86_gp0(cpu, i);
}

void x86_do_smsw_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_put_reg(cpu, i->dst, cpu->cr0, i->width);
    X86_NEXT(cpu, i);
}

void x86_do_smsw_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_write16(cpu, i, x86_operand_ea(cpu, i, 2, true), (uint16_t)cpu->cr0);
    X86_NEXT(cpu, i);
}

void x86_do_clts(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->cr0 &= ~X86_CR0_TS;
    x86_leave_after(cpu, i);
}

/* ---- debug registers ---- */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE; general detect comes before the access. */
static unsigned debug_register(struct x86_cpu *cpu, const struct x86_insn *i)
{
    unsigned n = i->src2;

    if (n > 7 || ((n == 4 || n == 5) && (cpu->cr4 & X86_CR4_DE)))
        x86_fault(cpu, i, X86_UD);
    if (cpu->dr[7] & X86_DR7_GD) {
        cpu->dr[6] |= X86_DR6_BD;
        x86_fault(cpu, i, X86_DB);
    }
    return n == 4 || n == 5 ? n + 2 : n;
}

void x86_do_mov_dr_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const unsigned n = debug_register(cpu, i);
    const uint64_t value = cpu->mode == X86_MODE_64 ? cpu->r[i->src] : (uint32_t)cpu->r[i->src];

    if (n >= 6 && value >> 32)
        x86_gp0(cpu, i);
    if (n == 6)
        cpu->dr[6] = (value & 0xe00f) | 0xffff0ff0;
    else
        cpu->dr[n] = n == 7 ? (value & 0xffff23ff) | 0x400 : value;
    x86_debug_armed(cpu);
    x86_leave_after(cpu, i);
}

void x86_do_mov_r_dr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t value = cpu->dr[debug_register(cpu, i)];

    cpu->r[i->dst] = cpu->mode == X86_MODE_64 ? value : (uint32_t)value;
    X86_NEXT(cpu, i);
}

/* ---- model-specific registers, identity, time ---- */

static void put_edx_eax(struct x86_cpu *cpu, uint64_t value)
{
    cpu->r[X86_RAX] = (uint32_t)value;
    cpu->r[X86_RDX] = value >> 32;
}

static uint64_t get_edx_eax(const struct x86_cpu *cpu)
{
    return (uint32_t)cpu->r[X86_RAX] | cpu->r[X86_RDX] << 32;
}

void x86_do_rdmsr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t value = 0;

    x86_at(cpu, i);
    if (!x86_rdmsr(cpu, (uint32_t)cpu->r[X86_RCX], &value))
        x86_gp0(cpu, i);
    put_edx_eax(cpu, value);
    x86_leave_after(cpu, i);
}

void x86_do_wrmsr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_at(cpu, i);
    if (!x86_wrmsr(cpu, (uint32_t)cpu->r[X86_RCX], get_edx_eax(cpu)))
        x86_gp0(cpu, i);
    x86_leave_after(cpu, i);
}

void x86_do_cpuid(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint32_t out[4];

    x86_at(cpu, i);
    x86_cpuid(cpu, (uint32_t)cpu->r[X86_RAX], (uint32_t)cpu->r[X86_RCX], out);
    cpu->r[X86_RAX] = out[0];
    cpu->r[X86_RBX] = out[1];
    cpu->r[X86_RCX] = out[2];
    cpu->r[X86_RDX] = out[3];
    x86_leave_after(cpu, i);
}

static uint64_t time_stamp(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((cpu->cr4 & X86_CR4_TSD) && cpu->cpl != 0)
        x86_gp0(cpu, i);
    x86_at(cpu, i);
    return cpu->ops->tsc(cpu->ctx) + cpu->msr.tsc_offset + cpu->svm.tsc_offset;
}

void x86_do_rdtsc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    put_edx_eax(cpu, time_stamp(cpu, i));
    X86_NEXT(cpu, i);
}

void x86_do_rdtscp(struct x86_cpu *cpu, const struct x86_insn *i)
{
    put_edx_eax(cpu, time_stamp(cpu, i));
    cpu->r[X86_RCX] = (uint32_t)cpu->msr.tsc_aux;
    X86_NEXT(cpu, i);
}

void x86_do_rdpid(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->r[i->dst] = (uint32_t)cpu->msr.tsc_aux;
    X86_NEXT(cpu, i);
}

/* Four counters that never count. */
void x86_do_rdpmc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((!(cpu->cr4 & X86_CR4_PCE) && cpu->cpl != 0) || (uint32_t)cpu->r[X86_RCX] > 3)
        x86_gp0(cpu, i);
    put_edx_eax(cpu, 0);
    X86_NEXT(cpu, i);
}

static void check_xcr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (!(cpu->cr4 & X86_CR4_OSXSAVE))
        x86_fault(cpu, i, X86_UD);
    if ((uint32_t)cpu->r[X86_RCX] != 0)
        x86_gp0(cpu, i);
}

void x86_do_xgetbv(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_xcr(cpu, i);
    put_edx_eax(cpu, cpu->msr.xcr0);
    X86_NEXT(cpu, i);
}

void x86_do_xsetbv(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t value = get_edx_eax(cpu);

    if (!(cpu->cr4 & X86_CR4_OSXSAVE))
        x86_fault(cpu, i, X86_UD);
    if (cpu->cpl != 0)
        x86_gp0(cpu, i);
    check_xcr(cpu, i);
    if (!(value & 1) || (value & ~UINT64_C(3))) /* x87 always; SSE; nothing else is built */
        x86_gp0(cpu, i);
    cpu->msr.xcr0 = value;
    x86_leave_after(cpu, i);
}

/* ---- flags ---- */

static void check_v86_iopl(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->mode == X86_MODE_V86 && (cpu->rflags & X86_FL_IOPL) != X86_FL_IOPL)
        x86_gp0(cpu, i);
}

static void pushf(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    const uint64_t image = x86_rflags(cpu) & ~(uint64_t)(X86_FL_VM | X86_FL_RF);
    struct x86_stack stack = x86_stack_now(cpu);

    check_v86_iopl(cpu, i);
    x86_stack_push(cpu, i, &stack, image, size);
    x86_stack_commit(cpu, &stack);
    x86_leave_after(cpu, i);
}

void x86_do_pushf(struct x86_cpu *cpu, const struct x86_insn *i) { pushf(cpu, i, 2); }
void x86_do_pushfd(struct x86_cpu *cpu, const struct x86_insn *i) { pushf(cpu, i, 4); }

/* In 64-bit mode, and often: saving the interrupt flag. */
void x86_do_pushfq(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_write64(cpu, i, cpu->r[X86_RSP] - 8, x86_rflags(cpu) & ~(uint64_t)X86_FL_RF);
    cpu->r[X86_RSP] -= 8;
    X86_NEXT(cpu, i);
}

static void popf(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size)
{
    uint64_t mask = x86_flags_mask(cpu) & (size == 2 ? 0xffff : UINT32_MAX);
    struct x86_stack stack = x86_stack_now(cpu);
    uint64_t image;

    check_v86_iopl(cpu, i);
    image = x86_stack_pop(cpu, i, &stack, size);
    x86_stack_commit(cpu, &stack);
    x86_load_flags(cpu, image & ~(uint64_t)X86_FL_RF, mask);
    x86_mode_changed(cpu); /* AC */
    x86_leave_after(cpu, i);
}

void x86_do_popf(struct x86_cpu *cpu, const struct x86_insn *i) { popf(cpu, i, 2); }
void x86_do_popfd(struct x86_cpu *cpu, const struct x86_insn *i) { popf(cpu, i, 4); }
void x86_do_popfq(struct x86_cpu *cpu, const struct x86_insn *i) { popf(cpu, i, 8); }

static void check_iopl(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->cpl > (cpu->rflags & X86_FL_IOPL) >> 12)
        x86_gp0(cpu, i);
}

void x86_do_cli(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_iopl(cpu, i);
    cpu->rflags &= ~(uint32_t)X86_FL_IF;
    X86_NEXT(cpu, i);
}

void x86_do_sti(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_iopl(cpu, i);
    if (!(cpu->rflags & X86_FL_IF))
        cpu->shadow = true;
    cpu->rflags |= X86_FL_IF;
    x86_leave_after(cpu, i);
}

static void set_ac(struct x86_cpu *cpu, const struct x86_insn *i, bool on)
{
    if (cpu->cpl != 0)
        x86_fault(cpu, i, X86_UD);
    cpu->rflags = on ? cpu->rflags | X86_FL_AC : cpu->rflags & ~(uint32_t)X86_FL_AC;
    x86_tlb_select(cpu);
}

void x86_do_stac(struct x86_cpu *cpu, const struct x86_insn *i)
{
    set_ac(cpu, i, true);
    X86_NEXT(cpu, i);
}

void x86_do_clac(struct x86_cpu *cpu, const struct x86_insn *i)
{
    set_ac(cpu, i, false);
    X86_NEXT(cpu, i);
}

/* ---- TLB and caches ---- */

void x86_do_invlpg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t offset = cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp;

    if (i->flags & X86_IF_ADDR16)
        offset &= 0xffff;
    if ((i->flags & X86_IF_ADDR32) || cpu->mode != X86_MODE_64)
        offset &= UINT32_MAX;
    offset += cpu->ea_base[i->seg]; /* no limits, no faults */
    if (cpu->mode != X86_MODE_64)
        offset &= UINT32_MAX;
    if (x86_canonical(offset))
        x86_tlb_invlpg(cpu, offset);
    x86_leave_after(cpu, i);
}

/* Flushing more than was asked for is allowed, and this is rare. */
void x86_do_invpcid(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = x86_operand_ea(cpu, i, 16, false);
    const uint64_t low = x86_read64(cpu, i, at), linear = x86_read64(cpu, i, at + 8);
    const uint64_t type = cpu->mode == X86_MODE_64 ? cpu->r[i->dst] : (uint32_t)cpu->r[i->dst];

    if (type > 3 || low >> 12)
        x86_gp0(cpu, i);
    if (type < 2 && !(cpu->cr4 & X86_CR4_PCIDE) && low != 0)
        x86_gp0(cpu, i);
    if (type == 0 && !x86_canonical(linear))
        x86_gp0(cpu, i);
    x86_tlb_flush_all(cpu);
    x86_leave_after(cpu, i);
}

static void cache(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_cache_op op,
                  uint64_t line, struct mc_access access)
{
    x86_at(cpu, i);
    if (cpu->ops->cache)
        cpu->ops->cache(cpu->ctx, op, spa(line), access);
    x86_leave_after(cpu, i);
}

void x86_do_wbinvd(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cache(cpu, i, X86_CACHE_WBINVD, 0, (struct mc_access){0});
}

#define HWCR_INVDWBINVD CB_BIT(4)

void x86_do_invd(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cache(cpu, i, cpu->msr.hwcr & HWCR_INVDWBINVD ? X86_CACHE_WBINVD : X86_CACHE_INVD, 0,
          (struct mc_access){0});
}

/* Faults as a load of one byte would. */
void x86_do_clflush(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = x86_operand_ea(cpu, i, 1, false);
    struct mc_access access;
    spa_t line;

    x86_probe(cpu, i, at, 1, false);
    if (x86_debug_translate(cpu, gva(at), &line, &access))
        cache(cpu, i, X86_CACHE_CLFLUSH, cb_align_down(line.v, 64), access);
    else
        x86_leave_after(cpu, i);
}

/* ---- random numbers ---- */

/* RDRAND and RDSEED: CF says whether there was one; the other status flags are cleared. */
void x86_do_rdrand(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t value = 0;
    bool got;

    x86_at(cpu, i);
    got = cpu->ops->random(cpu->ctx, &value);
    x86_put_reg(cpu, i->dst, got ? value : 0, i->width);
    cpu->cc = got ? X86_CC_C : 0;
    x86_leave_after(cpu, i);
}
