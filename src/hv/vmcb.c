/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMCB as the hypervisor writes and reads it: in DRAM, by its own C-bit.
 * APM vol. 2, 15.5 and appendix B.
 */
#include "hv/guest.h"

#define RESET_PAT UINT64_C(0x0007040600070406)
#define EFER_SVME CB_BIT(12)
#define FLAG_TF   CB_BIT(8)
#define DR6_BS    CB_BIT(14)

uint64_t hv_get(struct hv_guest *guest, unsigned offset)
{
    uint8_t field[8];

    hv_read(guest->hv, spa(guest->vmcb.v + offset), field, sizeof(field));
    return cb_load_le64(field);
}

void hv_set(struct hv_guest *guest, unsigned offset, uint64_t value)
{
    uint8_t field[8];

    cb_store_le64(field, value);
    hv_write(guest->hv, spa(guest->vmcb.v + offset), field, sizeof(field));
}

void hv_intercept(struct hv_guest *guest, unsigned code, bool on)
{
    const spa_t at = spa(guest->vmcb.v + VMCB_INTERCEPT + 4 * (code / 32));
    uint8_t word[4];
    uint32_t value;

    hv_read(guest->hv, at, word, sizeof(word));
    value = cb_load_le32(word) & ~(UINT32_C(1) << code % 32);
    cb_store_le32(word, value | (uint32_t)on << code % 32);
    hv_write(guest->hv, at, word, sizeof(word));
}

static void intercept_all(struct hv_guest *guest)
{
    static const uint8_t codes[] = {
        VMEXIT_CR_WRITE + 8, VMEXIT_INTR, VMEXIT_NMI, VMEXIT_SMI, VMEXIT_INIT, VMEXIT_RDPMC,
        VMEXIT_CPUID, VMEXIT_INVD, VMEXIT_HLT, VMEXIT_INVLPGA, VMEXIT_IOIO, VMEXIT_MSR,
        VMEXIT_SHUTDOWN, VMEXIT_VMRUN, VMEXIT_VMMCALL, VMEXIT_VMLOAD, VMEXIT_VMSAVE, VMEXIT_STGI,
        VMEXIT_CLGI, VMEXIT_SKINIT, VMEXIT_WBINVD, VMEXIT_MONITOR, VMEXIT_MWAIT, VMEXIT_RDPRU,
    };

    for (unsigned i = 0; i < sizeof(codes); i++)
        hv_intercept(guest, codes[i], true);
}

static void put_segment(uint8_t *to, const struct x86_seg *seg)
{
    cb_store_le16(to + VMCB_SEG_SELECTOR, seg->selector);
    cb_store_le16(to + VMCB_SEG_ATTR, seg->attr);
    cb_store_le32(to + VMCB_SEG_LIMIT, seg->limit);
    cb_store_le64(to + VMCB_SEG_BASE, seg->base);
}

static void put_segments(uint8_t *page, const struct x86_regs *regs)
{
    static const uint16_t where[X86_N_SEGS] = {
        [X86_ES] = VMCB_ES, [X86_CS] = VMCB_CS, [X86_SS] = VMCB_SS,     [X86_DS] = VMCB_DS,
        [X86_FS] = VMCB_FS, [X86_GS] = VMCB_GS, [X86_LDTR] = VMCB_LDTR, [X86_TR] = VMCB_TR,
    };

    for (unsigned i = 0; i < X86_N_SEGS; i++)
        put_segment(page + where[i], &regs->seg[i]);
    cb_store_le32(page + VMCB_GDTR + VMCB_SEG_LIMIT, regs->gdtr.limit);
    cb_store_le64(page + VMCB_GDTR + VMCB_SEG_BASE, regs->gdtr.base);
    cb_store_le32(page + VMCB_IDTR + VMCB_SEG_LIMIT, regs->idtr.limit);
    cb_store_le64(page + VMCB_IDTR + VMCB_SEG_BASE, regs->idtr.base);
}

static void put_state(uint8_t *page, const struct x86_regs *regs)
{
    put_segments(page, regs);
    cb_store_le64(page + VMCB_EFER, regs->efer | EFER_SVME);
    cb_store_le64(page + VMCB_CR0, regs->cr0);
    cb_store_le64(page + VMCB_CR3, regs->cr3);
    cb_store_le64(page + VMCB_CR4, regs->cr4);
    cb_store_le64(page + VMCB_DR6, regs->dr[6]);
    cb_store_le64(page + VMCB_DR7, regs->dr[7]);
    cb_store_le64(page + VMCB_RFLAGS, regs->rflags);
    cb_store_le64(page + VMCB_RIP, regs->rip);
    cb_store_le64(page + VMCB_RSP, regs->gpr[4]);
    cb_store_le64(page + VMCB_RAX, regs->gpr[0]);
    cb_store_le64(page + VMCB_G_PAT, RESET_PAT);
}

static void put_control(const struct hv_guest *guest, uint8_t *page)
{
    const struct hv *hv = guest->hv;

    cb_store_le64(page + VMCB_IOPM, hv_address(hv, hv->iopm));
    cb_store_le64(page + VMCB_MSRPM, hv_address(hv, hv->msrpm));
    cb_store_le32(page + VMCB_ASID, guest->asid);
    page[VMCB_TLB_CONTROL] = 1; /* nothing of an earlier guest's */
    cb_store_le64(page + VMCB_INT_CTL, VMCB_V_INTR_MASKING);
    cb_store_le64(page + VMCB_NP_CTL, VMCB_NP_ENABLE | (guest->config.sev ? VMCB_SEV_ENABLE : 0));
    cb_store_le64(page + VMCB_NCR3, hv_address(hv, spa(guest->tables)));
}

void hv_vmcb_init(struct hv_guest *guest)
{
    uint8_t page[VMCB_SIZE] = {0};

    board_entry_regs(&guest->layout.entry, guest->config.sev ? guest->hv->c_mask : 0, &guest->regs);
    put_state(page, &guest->regs);
    put_control(guest, page);
    hv_write(guest->hv, guest->vmcb, page, sizeof(page));
    intercept_all(guest);
    guest->window = false;
}

/* ---- events ---- */

void hv_inject(struct hv_guest *guest, unsigned type, unsigned vector)
{
    hv_set(guest, VMCB_EVENTINJ, VMCB_EVENT_VALID | type << VMCB_EVENT_TYPE_SHIFT | vector);
}

void hv_inject_code(struct hv_guest *guest, unsigned vector, uint32_t code)
{
    hv_set(guest, VMCB_EVENTINJ,
           (uint64_t)code << 32 | VMCB_EVENT_VALID | VMCB_EVENT_HAS_CODE |
               VMCB_EVENT_EXCEPTION << VMCB_EVENT_TYPE_SHIFT | vector);
}

void hv_skip(struct hv_guest *guest, uint64_t rip)
{
    hv_set(guest, VMCB_RIP, rip);
    hv_set(guest, VMCB_INT_STATE, hv_get(guest, VMCB_INT_STATE) & ~UINT64_C(1));
    if (hv_get(guest, VMCB_RFLAGS) & FLAG_TF) { /* the trap that the instruction would have ended in */
        hv_set(guest, VMCB_DR6, hv_get(guest, VMCB_DR6) | DR6_BS);
        hv_inject(guest, VMCB_EVENT_EXCEPTION, HV_DB);
    }
}

/* ---- general registers: RAX and RSP are in the VMCB, the rest still in the CPU ---- */

uint64_t hv_reg(struct hv_guest *guest, unsigned n)
{
    if (n == 0)
        return hv_get(guest, VMCB_RAX);
    return n == 4 ? hv_get(guest, VMCB_RSP) : x86_svm_gpr(guest->hv->cpu)[n];
}

void hv_set_reg(struct hv_guest *guest, unsigned n, uint64_t value)
{
    if (n == 0)
        hv_set(guest, VMCB_RAX, value);
    else if (n == 4)
        hv_set(guest, VMCB_RSP, value);
    else
        x86_svm_gpr(guest->hv->cpu)[n] = value;
}
