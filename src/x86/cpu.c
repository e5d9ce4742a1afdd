/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU as a thing: construction, reset, registers for loaders and debuggers,
 * and what follows from a change of mode.  The run loop is run.c.
 *
 * Invariant: cpu->mode, cpl, ea_base, stack width and tlb agree with the
 * registers whenever a block starts; whoever changes one of those registers
 * calls x86_mode_changed.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "base/base.h"
#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/mem.h"
#include "x86/svm/guest.h"
#include "x86/sys.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "register handlers take AL to be byte 0 of r[0]"
#endif

#define DR6_RESET UINT64_C(0xffff0ff0)
#define DR7_RESET UINT64_C(0x400)
#define CR0_RESET (X86_CR0_CD | X86_CR0_NW | X86_CR0_ET)

/* ---- construction ---- */

static void *zeroed_aligned(size_t size)
{
    const size_t rounded = (size_t)cb_align_up(size, 64);
    void *p = aligned_alloc(64, rounded);

    if (p)
        memset(p, 0, rounded);
    return p;
}

void x86_free(struct x86_cpu *cpu)
{
    if (!cpu)
        return;
    x86_run_free(cpu);
    x86_mem_free(cpu);
    x86_cpuid_free(cpu);
    free(cpu);
}

enum cbit_status x86_new(const struct x86_config *config, struct x86_cpu **out)
{
    enum cbit_status status = CBIT_NO_MEMORY;
    struct x86_cpu *cpu = zeroed_aligned(sizeof(*cpu));

    *out = NULL;
    if (!cpu)
        return CBIT_NO_MEMORY;
    cpu->config = *config;
    cpu->profile = config->profile ? config->profile : x86_profile_get(X86_MILAN);
    cpu->config.profile = cpu->profile;
    cpu->ops = config->ops;
    cpu->ctx = config->ctx;
    status = x86_cpuid_new(cpu);
    if (status != CBIT_OK)
        goto fail;
    status = x86_mem_new(cpu);
    if (status != CBIT_OK)
        goto fail;
    status = x86_run_new(cpu);
    if (status != CBIT_OK)
        goto fail;
    x86_reset(cpu);
    *out = cpu;
    return CBIT_OK;

fail:
    x86_free(cpu);
    return status;
}

/* ---- reset ---- */

static void reset_segments(struct x86_cpu *cpu)
{
    const struct x86_seg data = {.attr = 0x93, .limit = 0xffff};

    for (unsigned n = X86_ES; n <= X86_GS; n++)
        cpu->seg[n] = data;
    cpu->seg[X86_CS] = (struct x86_seg){.selector = 0xf000, .base = 0xffff0000, .limit = 0xffff,
                                        .attr = 0x9b};
    cpu->seg[X86_LDTR] = (struct x86_seg){.attr = 0x82, .limit = 0xffff};
    cpu->seg[X86_TR] = (struct x86_seg){.attr = 0x83, .limit = 0xffff};
    cpu->gdtr = cpu->idtr = (struct x86_table){.limit = 0xffff};
}

static void reset_events(struct x86_cpu *cpu)
{
    cpu->nmi = cpu->nmi_blocked = cpu->smi = false;
    cpu->shadow = cpu->shadow_ss = false;
    cpu->halted = cpu->shutdown = false;
    cpu->delivering = X86_DELIVERING_NOTHING;
    cpu->step_trap = cpu->watch_due = false;
    cpu->debug_hits = 0;
    cpu->debug_armed = cpu->debug_data = cpu->n_watches > 0;
}

void x86_reset(struct x86_cpu *cpu)
{
    memset(cpu->r, 0, sizeof(cpu->r));
    cpu->r[X86_RDX] = cpu->profile->signature;
    cpu->rip = 0xfff0;
    cpu->cc = 0;
    cpu->rflags = X86_FL_1;
    cpu->cpl = 0;
    reset_segments(cpu);
    cpu->cr0 = CR0_RESET;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->efer = 0;
    memset(cpu->pdpte, 0, sizeof(cpu->pdpte));
    memset(cpu->dr, 0, sizeof(cpu->dr));
    cpu->dr[6] = DR6_RESET;
    cpu->dr[7] = DR7_RESET;
    reset_events(cpu);
    x86_svm_reset(cpu);
    x86_fpu_reset(cpu);
    x86_msr_reset(cpu);
    x86_geometry_changed(cpu);
    x86_run_reset(cpu);
    x86_mode_changed(cpu);
}

void x86_geometry_changed(struct x86_cpu *cpu)
{
    const struct x86_profile *p = cpu->profile;

    cpu->svm.host_geometry = mmu_geometry_make(p->phys_bits, p->c_bit, p->reduction,
                                               (cpu->msr.syscfg & X86_SYSCFG_SMEE) != 0,
                                               x86_has(cpu, X86_FEAT_GBPAGES));
    x86_svm_set_geometry(cpu);
    x86_tlb_flush_everything(cpu);
}

/* ---- mode ---- */

static enum x86_mode mode_of(const struct x86_cpu *cpu)
{
    if (!(cpu->cr0 & X86_CR0_PE))
        return X86_MODE_REAL;
    if (cpu->rflags & X86_FL_VM)
        return X86_MODE_V86;
    if (x86_long_mode(cpu) && (cpu->seg[X86_CS].attr & X86_ATTR_L))
        return X86_MODE_64;
    return cpu->seg[X86_CS].attr & X86_ATTR_DB ? X86_MODE_32 : X86_MODE_16;
}

void x86_mode_changed(struct x86_cpu *cpu)
{
    const enum x86_mode mode = mode_of(cpu);

    cpu->mode = (uint8_t)mode;
    for (unsigned n = X86_ES; n <= X86_DS; n++)
        cpu->ea_base[n] = mode == X86_MODE_64 ? 0 : cpu->seg[n].base;
    cpu->ea_base[X86_FS] = cpu->seg[X86_FS].base;
    cpu->ea_base[X86_GS] = cpu->seg[X86_GS].base;
    cpu->stack64 = mode == X86_MODE_64;
    cpu->stack32 = !cpu->stack64 && (cpu->seg[X86_SS].attr & X86_ATTR_DB);
    cpu->df = (cpu->rflags & X86_FL_DF) != 0;
    x86_tlb_select(cpu);
}

/* ---- flags ---- */

uint64_t x86_rflags(const struct x86_cpu *cpu)
{
    const uint64_t low = cpu->cc >> 8 & (X86_FL_CF | X86_FL_PF | X86_FL_AF | X86_FL_ZF | X86_FL_SF);

    return cpu->rflags | low | (cpu->cc & X86_CC_O ? X86_FL_OF : 0);
}

#define RFLAGS_WRITABLE UINT64_C(0x3f7fd5)

void x86_set_rflags(struct x86_cpu *cpu, uint64_t rflags)
{
    cpu->cc = (uint32_t)((rflags & (X86_FL_STATUS & ~X86_FL_OF)) << 8) |
              (rflags & X86_FL_OF ? X86_CC_O : 0);
    cpu->rflags = (uint32_t)((rflags & RFLAGS_WRITABLE & ~(uint64_t)X86_FL_STATUS) | X86_FL_1);
    cpu->df = (rflags & X86_FL_DF) != 0;
}

/* ---- registers for loaders, debuggers and tests ---- */

static void get_fpu(const struct x86_cpu *cpu, struct x86_regs *out)
{
    for (unsigned n = 0; n < 8; n++) {
        cb_store_le64(out->st[n], cpu->fpu.fpr[n].mant);
        cb_store_le16(out->st[n] + 8, cpu->fpu.fpr[n].se);
    }
    out->fcw = cpu->fpu.cw;
    out->fsw = cpu->fpu.sw;
    out->ftw = x86_fpu_tag_word(&cpu->fpu);
}

static void set_fpu(struct x86_cpu *cpu, const struct x86_regs *in)
{
    for (unsigned n = 0; n < 8; n++) {
        cpu->fpu.fpr[n].mant = cb_load_le64(in->st[n]);
        cpu->fpu.fpr[n].se = cb_load_le16(in->st[n] + 8);
    }
    cpu->fpu.cw = in->fcw;
    cpu->fpu.sw = in->fsw;
    cpu->fpu.tag_valid = x86_fpu_abridge(in->ftw);
    x86_fpu_update_es(&cpu->fpu);
}

void x86_get_regs(const struct x86_cpu *cpu, struct x86_regs *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->gpr, cpu->r, sizeof(out->gpr));
    out->rip = cpu->rip;
    out->rflags = x86_rflags(cpu);
    memcpy(out->seg, cpu->seg, sizeof(out->seg));
    out->gdtr = cpu->gdtr;
    out->idtr = cpu->idtr;
    out->cr0 = cpu->cr0;
    out->cr2 = cpu->cr2;
    out->cr3 = cpu->cr3;
    out->cr4 = cpu->cr4;
    out->cr8 = cpu->ops->tpr_read(cpu->ctx);
    out->efer = cpu->efer;
    memcpy(out->dr, cpu->dr, sizeof(out->dr));
    for (unsigned n = 0; n < 16; n++)
        memcpy(out->xmm[n], cpu->xmm[n].u8, 16);
    get_fpu(cpu, out);
    out->mxcsr = cpu->mxcsr;
}

/*
 * CS's RPL is the CPL once a far transfer has loaded it, and so is SS's DPL;
 * code that has just set CR0.PE may have any CS, and SYSRET leaves SS's DPL.
 */
static uint8_t cpl_of(const struct x86_cpu *cpu)
{
    if (!(cpu->cr0 & X86_CR0_PE))
        return 0;
    if (cpu->rflags & X86_FL_VM)
        return 3;
    if (x86_long_mode(cpu))
        return cpu->seg[X86_CS].selector & 3;
    return (uint8_t)((cpu->seg[X86_SS].attr & X86_ATTR_DPL) >> 5);
}

void x86_set_regs(struct x86_cpu *cpu, const struct x86_regs *in)
{
    struct mmu_mem mem;

    memcpy(cpu->r, in->gpr, sizeof(in->gpr));
    cpu->r[X86_RZERO] = 0;
    cpu->rip = in->rip;
    x86_set_rflags(cpu, in->rflags);
    memcpy(cpu->seg, in->seg, sizeof(cpu->seg));
    cpu->gdtr = in->gdtr;
    cpu->idtr = in->idtr;
    cpu->cr0 = in->cr0;
    cpu->cr2 = in->cr2;
    cpu->cr3 = in->cr3;
    cpu->cr4 = in->cr4;
    cpu->efer = in->efer;
    cpu->ops->tpr_write(cpu->ctx, (uint8_t)(in->cr8 & 15));
    memcpy(cpu->dr, in->dr, sizeof(cpu->dr));
    for (unsigned n = 0; n < 16; n++)
        memcpy(cpu->xmm[n].u8, in->xmm[n], 16);
    set_fpu(cpu, in);
    cpu->mxcsr = in->mxcsr & X86_MXCSR_WRITABLE;
    cpu->cpl = cpl_of(cpu);
    x86_debug_armed(cpu);
    x86_geometry_changed(cpu);
    if (x86_paging(cpu) && (cpu->cr4 & X86_CR4_PAE) && !x86_long_mode(cpu)) {
        mem = x86_mmu_mem(cpu);
        (void)mmu_load_pdptes(&cpu->geometry, &mem, cpu->cr3, cpu->pdpte);
    }
    x86_mode_changed(cpu);
}

/* ---- statistics, trace ---- */

struct x86_stats x86_stats(const struct x86_cpu *cpu)
{
    struct x86_stats stats = cpu->stats;

    stats.instructions = x86_instructions(cpu);
    return stats;
}

void x86_trace(struct x86_cpu *cpu, const char *format, ...)
{
    char line[160];
    va_list args;

    if (!cpu->ops->trace_on || !cpu->ops->trace)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    cpu->ops->trace(cpu->ctx, line);
}
