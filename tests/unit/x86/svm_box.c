/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/x86/svm_box.h"

#define PRESENT 7u /* present, writable, user */

uint64_t svm_get(const struct box *b, unsigned at)
{
    return box_get(b, SVM_VMCB + at, 8);
}

void svm_put(struct box *b, unsigned at, uint64_t value)
{
    box_put(b, SVM_VMCB + at, value, 8);
}

void svm_put32(struct box *b, unsigned at, uint32_t value)
{
    box_put(b, SVM_VMCB + at, value, 4);
}

void svm_intercept(struct box *b, unsigned code)
{
    const unsigned at = VMCB_INTERCEPT + code / 32 * 4;

    svm_put32(b, at, (uint32_t)box_get(b, SVM_VMCB + at, 4) | 1u << code % 32);
}

void svm_nested(struct box *b, uint32_t gpa, uint64_t entry)
{
    box_put(b, SVM_NPT + gpa / CB_PAGE_SIZE * 8, entry, 8);
}

static void segment(struct box *b, unsigned at, uint16_t selector, uint16_t attr, uint32_t limit)
{
    box_put(b, SVM_VMCB + at + VMCB_SEG_SELECTOR, selector, 2);
    box_put(b, SVM_VMCB + at + VMCB_SEG_ATTR, attr, 2);
    box_put(b, SVM_VMCB + at + VMCB_SEG_LIMIT, limit, 4);
    box_put(b, SVM_VMCB + at + VMCB_SEG_BASE, (uint64_t)selector << 4, 8);
}

static void nested_tables(struct box *b)
{
    box_put(b, SVM_NPML4, SVM_NPDPT | PRESENT, 8);
    box_put(b, SVM_NPDPT, SVM_NPD | PRESENT, 8);
    box_put(b, SVM_NPD, SVM_NPT | PRESENT, 8);
    box_put(b, SVM_NPD + 8, 0x200000 | 0x80 | PRESENT, 8);
    for (uint32_t at = 0; at < 0x200000; at += CB_PAGE_SIZE)
        svm_nested(b, at, at | PRESENT);
}

void svm_fresh(struct box *b)
{
    static const uint8_t data[] = {VMCB_ES / 16, VMCB_SS / 16, VMCB_DS / 16, VMCB_FS / 16, VMCB_GS / 16};

    box_set_mode(b, BOX_LONG0);
    b->regs.efer |= 0x1000;
    x86_set_regs(b->cpu, &b->regs);
    assert_true(x86_wrmsr(b->cpu, 0xc0010117, SVM_HSAVE));
    memset(b->ram + SVM_VMCB, 0, CB_PAGE_SIZE);
    memset(b->ram + SVM_IOPM, 0xff, 5 * CB_PAGE_SIZE);
    nested_tables(b);
    svm_intercept(b, VMEXIT_VMRUN);
    svm_put(b, VMCB_IOPM, SVM_IOPM);
    svm_put(b, VMCB_MSRPM, SVM_MSRPM);
    svm_put32(b, VMCB_ASID, 1);
    svm_put(b, VMCB_NP_CTL, VMCB_NP_ENABLE);
    svm_put(b, VMCB_NCR3, SVM_NPML4);
    svm_put(b, VMCB_G_PAT, UINT64_C(0x0007040600070406));
    for (unsigned n = 0; n < sizeof(data); n++)
        segment(b, data[n] * 16u, 0, 0x93, 0xffff);
    segment(b, VMCB_CS, 0, 0x9b, 0xffff);
    segment(b, VMCB_LDTR, 0, 0x82, 0xffff);
    segment(b, VMCB_TR, 0, 0x83, 0xffff);
    box_put(b, SVM_VMCB + VMCB_IDTR + VMCB_SEG_LIMIT, 0x3ff, 4);
    svm_put(b, VMCB_EFER, 0x1000);
    svm_put(b, VMCB_CR0, 0x10);
    svm_put(b, VMCB_RFLAGS, 2);
    svm_put(b, VMCB_RIP, SVM_CODE);
    svm_put(b, VMCB_RSP, SVM_STACK);
    svm_put(b, VMCB_DR6, 0xffff0ff0);
    svm_put(b, VMCB_DR7, 0x400);
}

void svm_guest_long(struct box *b)
{
    segment(b, VMCB_CS, 0, 0x29b, 0xffff);
    box_put(b, SVM_VMCB + VMCB_CS + VMCB_SEG_SELECTOR, SEL_CODE64, 2);
    svm_put(b, VMCB_EFER, 0x1500);
    svm_put(b, VMCB_CR0, 0x80000011);
    svm_put(b, VMCB_CR3, BOX_PML4);
    svm_put(b, VMCB_CR4, 0x20);
    svm_put(b, VMCB_GDTR + VMCB_SEG_BASE, BOX_GDT);
    svm_put32(b, VMCB_GDTR + VMCB_SEG_LIMIT, 0xfff);
    svm_put(b, VMCB_IDTR + VMCB_SEG_BASE, BOX_IDT);
    svm_put32(b, VMCB_IDTR + VMCB_SEG_LIMIT, 0xfff);
}

void svm_open(struct box *b, const char *profile)
{
    box_open(b, profile);
    svm_fresh(b);
}

void svm_close(struct box *b)
{
    box_close(b);
}

void svm_code(struct box *b, const void *code, size_t len)
{
    x86_frame_written(b->cpu, spa(SVM_CODE & CB_PAGE_MASK));
    memcpy(b->ram + SVM_CODE, code, len);
}

enum x86_svm_end svm_run(struct box *b, unsigned n)
{
    uint64_t done;

    return x86_svm_run(b->cpu, SVM_VMCB, n, &done);
}
