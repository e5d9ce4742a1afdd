/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction intercepts.  A gate stands in front of each instruction of a
 * guest's block that a hypervisor can intercept: behind the checks of mode and
 * privilege, which decode has made, and in front of everything else.
 * APM vol. 2, 15.8 (decode assists), 15.9 to 15.11, table 15-7 for the order.
 */
#include "x86/svm/world.h"

#include <Zydis/Zydis.h>

#include "x86/exec_sys.h"
#include "x86/mem.h"

#define INFO_MOV_CR CB_BIT(63)
#define X86_MSR_SEV_STATUS 0xc0010131u

static uint64_t next_rip(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t next = x86_next_rip(cpu, i);

    return cpu->mode == X86_MODE_64 ? next : (uint32_t)next;
}

static _Noreturn void leave(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t code,
                            uint64_t info1)
{
    x86_svm_leave(cpu, i, (struct x86_svm_exit){.code = code, .info1 = info1,
                                                .nrip = next_rip(cpu, i)});
}

static void leave_if(struct x86_cpu *cpu, const struct x86_insn *i, unsigned code, uint64_t info1)
{
    if (x86_svm_intercepts(cpu, code))
        leave(cpu, i, code, info1);
}

/* The code is the gate's. */
static void gate_plain(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, (unsigned)i->imm2, 0);
    X86_NEXT(cpu, i);
}

static void gate_time_stamp(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (!(cpu->cr4 & X86_CR4_TSD) || cpu->cpl == 0) /* #GP goes first */
        leave_if(cpu, i, (unsigned)i->imm2, 0);
    X86_NEXT(cpu, i);
}

static void gate_rdpmc(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((cpu->cr4 & X86_CR4_PCE) || cpu->cpl == 0)
        leave_if(cpu, i, VMEXIT_RDPMC, 0);
    X86_NEXT(cpu, i);
}

/* Writes that change other bits than TS and MP. */
static bool selective(const struct x86_cpu *cpu, uint64_t value)
{
    return ((value ^ cpu->cr0) & UINT32_MAX & ~(X86_CR0_TS | X86_CR0_MP | X86_CR0_ET)) != 0;
}

static void gate_mov_to_cr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t value = cpu->mode == X86_MODE_64 ? cpu->r[i->src] : (uint32_t)cpu->r[i->src];

    leave_if(cpu, i, VMEXIT_CR_WRITE + (i->src2 & 15u), INFO_MOV_CR | i->src);
    if (i->src2 == 0 && selective(cpu, value))
        leave_if(cpu, i, VMEXIT_CR0_SEL_WRITE, INFO_MOV_CR | i->src);
    X86_NEXT(cpu, i);
}

static void gate_mov_from_cr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, VMEXIT_CR_READ + (i->src2 & 15u), INFO_MOV_CR | i->dst);
    X86_NEXT(cpu, i);
}

/* LMSW from memory: whatever it loads, the selective intercept takes it. */
static void gate_lmsw(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, VMEXIT_CR_WRITE, 0);
    leave_if(cpu, i, VMEXIT_CR0_SEL_WRITE, 0);
    X86_NEXT(cpu, i);
}

static void gate_mov_to_dr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, VMEXIT_DR_WRITE + (i->src2 & 15u), i->src);
    X86_NEXT(cpu, i);
}

static void gate_mov_from_dr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, VMEXIT_DR_READ + (i->src2 & 15u), i->dst);
    X86_NEXT(cpu, i);
}

static void gate_int(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_if(cpu, i, VMEXIT_SWINT, (uint8_t)i->imm);
    X86_NEXT(cpu, i);
}

static void gate_invlpg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t at = cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp;

    if (i->flags & X86_IF_ADDR16)
        at &= 0xffff;
    if ((i->flags & X86_IF_ADDR32) || cpu->mode != X86_MODE_64)
        at &= UINT32_MAX;
    leave_if(cpu, i, VMEXIT_INVLPG, at + cpu->ea_base[i->seg]);
    X86_NEXT(cpu, i);
}

/* The filter lets as many pass as it counts, then each leaves until it is loaded anew. */
static void gate_pause(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (x86_svm_intercepts(cpu, VMEXIT_PAUSE)) {
        if (cpu->svm.pause_left == 0)
            leave(cpu, i, VMEXIT_PAUSE, 0);
        cpu->svm.pause_left--;
    }
    X86_NEXT(cpu, i);
}

/* ---- MSRs and ports: bitmaps ---- */

/* Two bits an MSR, read and write; outside the three ranges all are intercepted. */
static bool msr_intercepted(struct x86_cpu *cpu, uint32_t msr, bool write)
{
    static const uint32_t ranges[] = {0, 0xc0000000, 0xc0010000};
    uint8_t byte;

    for (unsigned n = 0; n < CB_ARRAY_LEN(ranges); n++) {
        const uint32_t at = msr - ranges[n];

        if (at >= 0x2000)
            continue;
        x86_svm_phys_read(cpu, cpu->svm.msrpm + n * 0x800 + at / 4, &byte, 1);
        return byte >> (at % 4 * 2 + write) & 1;
    }
    return true;
}

static void gate_msr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const bool write = i->imm2 != 0;

    if (!write && (uint32_t)cpu->r[X86_RCX] == X86_MSR_SEV_STATUS) /* what the hypervisor cannot forge */
        X86_NEXT(cpu, i);
    if (x86_svm_intercepts(cpu, VMEXIT_MSR)) {
        x86_at(cpu, i);
        if (msr_intercepted(cpu, (uint32_t)cpu->r[X86_RCX], write))
            leave(cpu, i, VMEXIT_MSR, write);
    }
    X86_NEXT(cpu, i);
}

/* One bit a port; an access that reaches beyond FFFFh finds three more. */
static bool port_intercepted(struct x86_cpu *cpu, uint16_t port, unsigned size)
{
    uint8_t two[2];

    x86_svm_phys_read(cpu, cpu->svm.iopm + port / 8, two, sizeof(two));
    return (cb_load_le16(two) >> port % 8 & ((1u << size) - 1)) != 0;
}

static unsigned address_size(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (i->flags & X86_IF_ADDR16)
        return 2;
    if (i->flags & X86_IF_ADDR32)
        return 4;
    return cpu->mode == X86_MODE_64 ? 8 : 4;
}

void x86_svm_port(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned kind)
{
    struct x86_svm_exit e = {.code = VMEXIT_IOIO, .nrip = next_rip(cpu, i)};

    if (!x86_svm_intercepts(cpu, VMEXIT_IOIO) || !port_intercepted(cpu, port, i->width))
        return;
    e.info1 = kind | (uint64_t)i->width << VMCB_IOIO_SIZE_SHIFT |
              (uint64_t)port << VMCB_IOIO_PORT_SHIFT |
              (uint64_t)address_size(cpu, i) << VMCB_IOIO_ADDRESS_SHIFT;
    if (kind == VMCB_IOIO_STRING) /* of the source; INS knows ES alone, which is 0 */
        e.info1 |= (uint64_t)i->seg << VMCB_IOIO_SEG_SHIFT;
    if (i->flags & (X86_IF_REP | X86_IF_REPNE))
        e.info1 |= VMCB_IOIO_REP;
    e.info2 = e.nrip;
    x86_svm_leave(cpu, i, e);
}

/* ---- which instruction has which gate ---- */

#define ANY 0xffu

static const struct row {
    uint16_t mnemonic;
    uint8_t form; /* ANY, where the mnemonic says enough */
    struct x86_svm_gate gate;
} rows[] = {
#define M(name) ZYDIS_MNEMONIC_##name
#define PLAIN(name, code) {M(name), ANY, {gate_plain, VMEXIT_##code}}
    {M(MOV), X86_FORM_CR_R, {gate_mov_to_cr, 0}},
    {M(MOV), X86_FORM_R_CR, {gate_mov_from_cr, 0}},
    {M(MOV), X86_FORM_DR_R, {gate_mov_to_dr, 0}},
    {M(MOV), X86_FORM_R_DR, {gate_mov_from_dr, 0}},
    {M(LMSW), ANY, {gate_lmsw, 0}},
    {M(SMSW), ANY, {gate_plain, VMEXIT_CR_READ}},
    {M(CLTS), ANY, {gate_plain, VMEXIT_CR_WRITE}},
    {M(RDMSR), ANY, {gate_msr, 0}},
    {M(WRMSR), ANY, {gate_msr, 1}},
    {M(INT), X86_FORM_I, {gate_int, 0}},
    {M(INVLPG), ANY, {gate_invlpg, 0}},
    {M(PAUSE), ANY, {gate_pause, 0}},
    {M(RDTSC), ANY, {gate_time_stamp, VMEXIT_RDTSC}},
    {M(RDTSCP), ANY, {gate_time_stamp, VMEXIT_RDTSCP}},
    {M(RDPMC), ANY, {gate_rdpmc, 0}},
    PLAIN(SIDT, IDTR_READ), PLAIN(SGDT, GDTR_READ), PLAIN(SLDT, LDTR_READ), PLAIN(STR, TR_READ),
    PLAIN(LIDT, IDTR_WRITE), PLAIN(LGDT, GDTR_WRITE), PLAIN(LLDT, LDTR_WRITE),
    PLAIN(LTR, TR_WRITE), PLAIN(PUSHF, PUSHF), PLAIN(PUSHFD, PUSHF), PLAIN(PUSHFQ, PUSHF),
    PLAIN(POPF, POPF), PLAIN(POPFD, POPF), PLAIN(POPFQ, POPF), PLAIN(CPUID, CPUID),
    PLAIN(RSM, RSM), PLAIN(IRET, IRET), PLAIN(IRETD, IRET), PLAIN(IRETQ, IRET),
    PLAIN(INVD, INVD), PLAIN(HLT, HLT), PLAIN(INT1, ICEBP), PLAIN(WBINVD, WBINVD),
    PLAIN(XSETBV, XSETBV), PLAIN(INVPCID, INVPCID),
#undef PLAIN
#undef M
};

const struct x86_svm_gate *x86_svm_gate_for(const struct x86_op *op)
{
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++)
        if (rows[n].mnemonic == op->mnemonic &&
            (rows[n].form == ANY || rows[n].form == op->form))
            return &rows[n].gate;
    return NULL;
}
