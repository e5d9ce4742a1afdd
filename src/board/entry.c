/* SPDX-License-Identifier: Apache-2.0 */
/* Linux and Multiboot both start with flat segments, interrupts off, FPU as after reset. */
#include "board/entry.h"

enum { ATTR_CODE_64 = 0xa9b, ATTR_CODE_32 = 0xc9b, ATTR_DATA = 0xc93, ATTR_TSS = 0x8b,
       ATTR_LDT = 0x82 };
#define CR0_PE  CB_BIT(0)
#define CR0_ET  CB_BIT(4)
#define CR0_PG  CB_BIT(31)
#define CR4_PAE CB_BIT(5)
#define EFER_LME CB_BIT(8)
#define EFER_LMA CB_BIT(10)

static void set_segments(const struct board_entry *entry, struct x86_regs *out)
{
    const struct x86_seg data = {.selector = 0x18, .attr = ATTR_DATA, .limit = 0xffffffff};
    const bool is_64 = entry->mode == BOARD_ENTRY_64;

    for (unsigned i = X86_ES; i <= X86_GS; i++)
        out->seg[i] = data;
    out->seg[X86_CS] = (struct x86_seg){
        .selector = 0x10, .attr = is_64 ? ATTR_CODE_64 : ATTR_CODE_32, .limit = 0xffffffff};
    out->seg[X86_LDTR] = (struct x86_seg){.attr = ATTR_LDT, .limit = 0xffff};
    out->seg[X86_TR] = (struct x86_seg){.attr = ATTR_TSS, .limit = 0xffff};
    out->gdtr = (struct x86_table){.base = entry->gdt, .limit = entry->gdt_limit};
    out->idtr = (struct x86_table){.base = 0, .limit = 0};
}

void board_entry_regs(const struct board_entry *entry, uint64_t c_mask, struct x86_regs *out)
{
    memset(out, 0, sizeof(*out));
    set_segments(entry, out);
    out->gpr[0] = entry->eax;
    out->gpr[3] = entry->ebx;
    out->gpr[6] = entry->rsi;
    out->rip = entry->rip;
    out->rflags = 2;
    out->cr0 = CR0_PE | CR0_ET;
    out->dr[6] = 0xffff0ff0;
    out->dr[7] = 0x400;
    out->fcw = 0x37f;
    out->ftw = 0xffff;
    out->mxcsr = 0x1f80;
    if (entry->mode == BOARD_ENTRY_64) {
        out->cr0 |= CR0_PG;
        out->cr3 = entry->cr3 | c_mask;
        out->cr4 = CR4_PAE;
        out->efer = EFER_LME | EFER_LMA;
    }
}
