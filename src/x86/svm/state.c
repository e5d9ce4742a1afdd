/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state-save area: what VMRUN and #VMEXIT move, and what VMLOAD and VMSAVE
 * move.  The host save area has the same form.
 * APM vol. 2, 15.5 and appendix B.
 */
#include "x86/svm/world.h"

#include "x86/sys.h"

static const struct { uint16_t at; uint8_t seg; } run_segments[] = {
    {VMCB_ES, X86_ES}, {VMCB_CS, X86_CS}, {VMCB_SS, X86_SS}, {VMCB_DS, X86_DS}},
    load_segments[] = {
    {VMCB_FS, X86_FS}, {VMCB_GS, X86_GS}, {VMCB_LDTR, X86_LDTR}, {VMCB_TR, X86_TR}};

static void put_segment(uint8_t *at, const struct x86_seg *seg)
{
    cb_store_le16(at + VMCB_SEG_SELECTOR, seg->selector);
    cb_store_le16(at + VMCB_SEG_ATTR, seg->attr & 0xfff);
    cb_store_le32(at + VMCB_SEG_LIMIT, seg->limit);
    cb_store_le64(at + VMCB_SEG_BASE, seg->base);
}

static struct x86_seg get_segment(const uint8_t *at)
{
    return (struct x86_seg){.selector = cb_load_le16(at + VMCB_SEG_SELECTOR),
                            .attr = cb_load_le16(at + VMCB_SEG_ATTR) & 0xfff,
                            .limit = cb_load_le32(at + VMCB_SEG_LIMIT),
                            .base = cb_load_le64(at + VMCB_SEG_BASE)};
}

static void put_table(uint8_t *at, const struct x86_table *table)
{
    cb_store_le32(at + VMCB_SEG_LIMIT, table->limit);
    cb_store_le64(at + VMCB_SEG_BASE, table->base);
}

static uint64_t canonical(uint64_t at)
{
    return (uint64_t)((int64_t)(at << 16) >> 16);
}

static struct x86_table get_table(const uint8_t *at)
{
    return (struct x86_table){.limit = (uint16_t)cb_load_le32(at + VMCB_SEG_LIMIT),
                              .base = canonical(cb_load_le64(at + VMCB_SEG_BASE))};
}

void x86_svm_store_state(const struct x86_cpu *cpu, uint8_t *page)
{
    for (unsigned n = 0; n < CB_ARRAY_LEN(run_segments); n++)
        put_segment(page + run_segments[n].at, &cpu->seg[run_segments[n].seg]);
    put_table(page + VMCB_GDTR, &cpu->gdtr);
    put_table(page + VMCB_IDTR, &cpu->idtr);
    page[VMCB_CPL] = cpu->cpl;
    cb_store_le64(page + VMCB_EFER, cpu->efer);
    cb_store_le64(page + VMCB_CR0, cpu->cr0);
    cb_store_le64(page + VMCB_CR3, cpu->cr3);
    cb_store_le64(page + VMCB_CR4, cpu->cr4);
    cb_store_le64(page + VMCB_RFLAGS, x86_rflags(cpu));
    cb_store_le64(page + VMCB_RIP, cpu->rip);
    cb_store_le64(page + VMCB_RSP, cpu->r[X86_RSP]);
    cb_store_le64(page + VMCB_RAX, cpu->r[X86_RAX]);
}

/* LMA follows LME and PG, whatever was stored. */
static uint64_t effective_efer(uint64_t efer, uint64_t cr0)
{
    efer &= ~X86_EFER_LMA;
    return (efer & X86_EFER_LME) && (cr0 & X86_CR0_PG) ? efer | X86_EFER_LMA : efer;
}

void x86_svm_load_state(struct x86_cpu *cpu, const uint8_t *page)
{
    for (unsigned n = 0; n < CB_ARRAY_LEN(run_segments); n++) {
        struct x86_seg seg = get_segment(page + run_segments[n].at);

        seg.base = (uint32_t)seg.base;
        cpu->seg[run_segments[n].seg] = seg;
    }
    cpu->gdtr = get_table(page + VMCB_GDTR);
    cpu->idtr = get_table(page + VMCB_IDTR);
    cpu->cr0 = (cb_load_le64(page + VMCB_CR0) & UINT32_MAX) | X86_CR0_ET;
    cpu->cr3 = cb_load_le64(page + VMCB_CR3);
    cpu->cr4 = cb_load_le64(page + VMCB_CR4);
    cpu->efer = effective_efer(cb_load_le64(page + VMCB_EFER), cpu->cr0);
    x86_set_rflags(cpu, cb_load_le64(page + VMCB_RFLAGS));
    cpu->rip = cb_load_le64(page + VMCB_RIP);
    cpu->r[X86_RSP] = cb_load_le64(page + VMCB_RSP);
    cpu->r[X86_RAX] = cb_load_le64(page + VMCB_RAX);
    cpu->cpl = page[VMCB_CPL] & 3;
    if (!(cpu->cr0 & X86_CR0_PE))
        cpu->cpl = 0;
    else if (cpu->rflags & X86_FL_VM)
        cpu->cpl = 3;
}

/* ---- VMLOAD, VMSAVE ---- */

static const struct { uint16_t at; size_t field; } load_msrs[] = {
#define FIELD(f) offsetof(struct x86_cpu, msr.f)
    {VMCB_STAR, FIELD(star)}, {VMCB_LSTAR, FIELD(lstar)}, {VMCB_CSTAR, FIELD(cstar)},
    {VMCB_SFMASK, FIELD(sfmask)}, {VMCB_KERNEL_GS_BASE, FIELD(kernel_gs_base)},
    {VMCB_SYSENTER_CS, FIELD(sysenter_cs)}, {VMCB_SYSENTER_ESP, FIELD(sysenter_esp)},
    {VMCB_SYSENTER_EIP, FIELD(sysenter_eip)},
#undef FIELD
};

void x86_svm_vmsave(struct x86_cpu *cpu, uint64_t vmcb)
{
    uint8_t buf[VMCB_SIZE];
    const uint64_t first = VMCB_FS, last = VMCB_TR + 16;

    x86_svm_phys_read(cpu, vmcb, buf, VMCB_SIZE);
    for (unsigned n = 0; n < CB_ARRAY_LEN(load_segments); n++)
        put_segment(buf + load_segments[n].at, &cpu->seg[load_segments[n].seg]);
    for (unsigned n = 0; n < CB_ARRAY_LEN(load_msrs); n++)
        memcpy(buf + load_msrs[n].at, (const uint8_t *)cpu + load_msrs[n].field, 8);
    x86_svm_phys_write(cpu, vmcb + first, buf + first, (unsigned)(last - first));
    x86_svm_phys_write(cpu, vmcb + VMCB_STAR, buf + VMCB_STAR, VMCB_CR2 - VMCB_STAR);
}

void x86_svm_vmload(struct x86_cpu *cpu, uint64_t vmcb)
{
    uint8_t buf[VMCB_SIZE];

    x86_svm_phys_read(cpu, vmcb, buf, VMCB_SIZE);
    for (unsigned n = 0; n < CB_ARRAY_LEN(load_segments); n++) {
        struct x86_seg seg = get_segment(buf + load_segments[n].at);

        seg.base = canonical(seg.base);
        cpu->seg[load_segments[n].seg] = seg;
    }
    for (unsigned n = 0; n < CB_ARRAY_LEN(load_msrs); n++)
        memcpy((uint8_t *)cpu + load_msrs[n].field, buf + load_msrs[n].at, 8);
    cpu->msr.sfmask = (uint32_t)cpu->msr.sfmask;
    cpu->msr.kernel_gs_base = canonical(cpu->msr.kernel_gs_base);
    cpu->msr.lstar = canonical(cpu->msr.lstar);
    cpu->msr.cstar = canonical(cpu->msr.cstar);
    x86_mode_changed(cpu);
}
