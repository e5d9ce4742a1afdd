/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers for a debugger.  Whatever it asks for, the processor gets into no state
 * that software could not bring it into: segments come from descriptors that fit, and
 * control registers go through the checks of the instructions that set them.
 * AMD64 Architecture Programmer's Manual, vol. 2, 4.7 (descriptors) and 3.1.
 */
#include "lib/machine.h"

#define STATUS_FLAGS UINT64_C(0x8d5) /* OF SF ZF AF PF CF */
#define CR0_PE 1u
#define FLAGS_VM CB_BIT(17)

/* Attributes of a segment, in struct x86_seg's form. */
enum { WRITABLE = 0x002, READABLE = 0x002, CODE = 0x008, MEMORY = 0x010, PRESENT = 0x080,
       LONG = 0x200, BIG = 0x400, PAGES = 0x800 };

static unsigned top(uint16_t fsw)
{
    return fsw >> 11 & 7;
}

void cbit_machine_regs(const struct cbit_machine *machine, struct cbit_regs *out)
{
    struct x86_regs regs;

    x86_get_regs(lib_cpu(machine), &regs);
    *out = (struct cbit_regs){.rip = regs.rip,
                              .rflags = regs.rflags,
                              .fs_base = regs.seg[X86_FS].base,
                              .gs_base = regs.seg[X86_GS].base,
                              .cr0 = regs.cr0,
                              .cr2 = regs.cr2,
                              .cr3 = regs.cr3,
                              .cr4 = regs.cr4,
                              .cr8 = regs.cr8,
                              .efer = regs.efer,
                              .fcw = regs.fcw,
                              .fsw = regs.fsw,
                              .ftw = regs.ftw,
                              .mxcsr = regs.mxcsr};
    memcpy(out->gpr, regs.gpr, sizeof out->gpr);
    memcpy(out->xmm, regs.xmm, sizeof out->xmm);
    for (unsigned i = 0; i < 8; i++)
        memcpy(out->st[i], regs.st[(top(regs.fsw) + i) & 7], sizeof out->st[i]);
    for (unsigned i = 0; i < 6; i++)
        out->segment[i] = regs.seg[X86_ES + i].selector;
}

/* ---- segments ---- */

static bool read_descriptor(struct cbit_machine *machine, const struct x86_regs *regs,
                            uint16_t selector, uint64_t *descriptor)
{
    const bool local = selector & 4;
    const uint64_t base = local ? regs->seg[X86_LDTR].base : regs->gdtr.base;
    const uint64_t limit = local ? regs->seg[X86_LDTR].limit : regs->gdtr.limit;
    const uint64_t at = selector & ~7u;
    uint8_t bytes[8];

    if (at + 7 > limit || (local && !(regs->seg[X86_LDTR].attr & PRESENT)) ||
        cbit_machine_read_virtual(machine, base + at, bytes, sizeof bytes))
        return false;
    *descriptor = cb_load_le64(bytes);
    return true;
}

static struct x86_seg segment_of(uint64_t d, uint16_t selector)
{
    const uint32_t limit = (uint32_t)(cb_bits(d, 15, 0) | cb_bits(d, 51, 48) << 16);
    struct x86_seg seg = {.selector = selector,
                          .attr = (uint16_t)(cb_bits(d, 47, 40) | cb_bits(d, 55, 52) << 8)};

    seg.limit = seg.attr & PAGES ? limit << 12 | 0xfff : limit;
    seg.base = cb_bits(d, 39, 16) | cb_bits(d, 63, 56) << 24;
    return seg;
}

static bool fits(unsigned name, unsigned attr)
{
    if (!(attr & PRESENT) || !(attr & MEMORY))
        return false;
    if (name == X86_CS)
        return (attr & CODE) && (attr & (LONG | BIG)) != (LONG | BIG);
    if (name == X86_SS)
        return !(attr & CODE) && (attr & WRITABLE);
    return !(attr & CODE) || (attr & READABLE);
}

static bool load_segment(struct cbit_machine *machine, struct x86_regs *regs, unsigned name,
                         uint16_t selector)
{
    struct x86_seg *seg = &regs->seg[name];
    uint64_t descriptor;

    if (selector == seg->selector)
        return true;
    if (!(regs->cr0 & CR0_PE) || (regs->rflags & FLAGS_VM)) {
        seg->selector = selector;
        seg->base = (uint64_t)selector << 4;
        return true;
    }
    if (selector < 4 && name != X86_CS && name != X86_SS) {
        *seg = (struct x86_seg){.selector = selector};
        return true;
    }
    if (selector < 4 || !read_descriptor(machine, regs, selector, &descriptor))
        return false;
    const struct x86_seg loaded = segment_of(descriptor, selector);

    if (!fits(name, loaded.attr))
        return false;
    *seg = loaded;
    return true;
}

static bool load_base(struct x86_seg *seg, uint64_t before, uint64_t base)
{
    if (base == before)
        return true;
    if ((uint64_t)((int64_t)(base << 16) >> 16) != base)
        return false; /* not canonical */
    seg->base = base;
    return true;
}

static bool load_segments(struct cbit_machine *machine, struct x86_regs *regs,
                          const struct cbit_regs *in)
{
    const uint64_t fs = regs->seg[X86_FS].base, gs = regs->seg[X86_GS].base;
    bool ok = true;

    for (unsigned i = 0; i < 6 && ok; i++)
        ok = load_segment(machine, regs, X86_ES + i, in->segment[i]);
    return ok && load_base(&regs->seg[X86_FS], fs, in->fs_base) &&
           load_base(&regs->seg[X86_GS], gs, in->gs_base);
}

/* ---- control registers ---- */

static bool load_controls(struct cbit_machine *machine, const struct cbit_regs *now,
                          const struct cbit_regs *in)
{
    const struct {
        enum x86_control which;
        uint64_t now, wanted;
    } rows[] = {
        {X86_CONTROL_CR2, now->cr2, in->cr2},    {X86_CONTROL_CR3, now->cr3, in->cr3},
        {X86_CONTROL_CR4, now->cr4, in->cr4},    {X86_CONTROL_EFER, now->efer, in->efer},
        {X86_CONTROL_CR0, now->cr0, in->cr0},    {X86_CONTROL_CR8, now->cr8, in->cr8},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        if (rows[i].now != rows[i].wanted &&
            !x86_set_control(lib_cpu(machine), rows[i].which, rows[i].wanted))
            return false;
    }
    return true;
}

enum cbit_error cbit_machine_set_regs(struct cbit_machine *machine, const struct cbit_regs *in)
{
    struct cbit_regs now;
    struct x86_regs regs;

    cbit_machine_regs(machine, &now);
    x86_get_regs(lib_cpu(machine), &regs);
    if (!load_segments(machine, &regs, in))
        return CBIT_E_INVALID;
    memcpy(regs.gpr, in->gpr, sizeof regs.gpr);
    memcpy(regs.xmm, in->xmm, sizeof regs.xmm);
    regs.rip = in->rip;
    regs.rflags = (regs.rflags & ~STATUS_FLAGS) | (in->rflags & STATUS_FLAGS);
    regs.fcw = in->fcw;
    regs.fsw = in->fsw;
    regs.ftw = in->ftw;
    regs.mxcsr = in->mxcsr;
    for (unsigned i = 0; i < 8; i++)
        memcpy(regs.st[(top(in->fsw) + i) & 7], in->st[i], sizeof regs.st[0]);
    x86_set_regs(lib_cpu(machine), &regs);
    return load_controls(machine, &now, in) ? CBIT_E_OK : CBIT_E_INVALID;
}
