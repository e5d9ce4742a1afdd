/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions on segment registers, descriptor tables and segment bases.
 * A load of a segment register ends the block: what follows was decoded for
 * the old one.  AMD64 Architecture Programmer's Manual, vol. 3.
 */
#include "base/base.h"
#include "x86/exec_sys.h"

/* ---- MOV, PUSH, POP, LxS ---- */

/* MOV SS and POP SS hold off interrupts and debug traps until the next instruction is done. */
static void loaded(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg)
{
    if (seg == X86_SS)
        cpu->shadow = cpu->shadow_ss = true;
    x86_leave_after(cpu, i);
}

void x86_do_mov_sreg_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_load_segment(cpu, i, i->dst, (uint16_t)cpu->r[i->src]);
    loaded(cpu, i, i->dst);
}

void x86_do_mov_sreg_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_load_segment(cpu, i, i->dst, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
    loaded(cpu, i, i->dst);
}

void x86_do_mov_r_sreg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_put_reg(cpu, i->dst, cpu->seg[i->src].selector, i->width);
    X86_NEXT(cpu, i);
}

void x86_do_mov_m_sreg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_write16(cpu, i, x86_operand_ea(cpu, i, 2, true), cpu->seg[i->src].selector);
    X86_NEXT(cpu, i);
}

void x86_do_push_sreg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_stack stack = x86_stack_now(cpu);

    x86_stack_push(cpu, i, &stack, cpu->seg[i->dst].selector, i->width);
    x86_stack_commit(cpu, &stack);
    x86_leave_after(cpu, i);
}

void x86_do_pop_sreg(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_stack stack = x86_stack_now(cpu);
    const uint16_t selector = (uint16_t)x86_stack_pop(cpu, i, &stack, i->width);

    x86_load_segment(cpu, i, i->dst, selector);
    if (i->dst == X86_SS) { /* the width of the old stack counted for the pop */
        if (stack.mask == 0xffff)
            cpu->r[X86_RSP] = (cpu->r[X86_RSP] & ~UINT64_C(0xffff)) | stack.sp;
        else
            cpu->r[X86_RSP] = stack.sp;
    } else {
        x86_stack_commit(cpu, &stack);
    }
    loaded(cpu, i, i->dst);
}

static void load_far_pointer(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg)
{
    const unsigned size = i->width == 2 ? 2 : 4; /* AMD's processors have no m16:64 */
    const uint64_t at = x86_operand_ea(cpu, i, size + 2, false);
    const uint64_t offset = size == 2 ? x86_read16(cpu, i, at) : x86_read32(cpu, i, at);

    x86_load_segment(cpu, i, seg, x86_read16(cpu, i, at + size));
    x86_put_reg(cpu, i->dst, offset, size);
    x86_leave_after(cpu, i);
}

void x86_do_lds(struct x86_cpu *cpu, const struct x86_insn *i) { load_far_pointer(cpu, i, X86_DS); }
void x86_do_les(struct x86_cpu *cpu, const struct x86_insn *i) { load_far_pointer(cpu, i, X86_ES); }
void x86_do_lfs(struct x86_cpu *cpu, const struct x86_insn *i) { load_far_pointer(cpu, i, X86_FS); }
void x86_do_lgs(struct x86_cpu *cpu, const struct x86_insn *i) { load_far_pointer(cpu, i, X86_GS); }
void x86_do_lss(struct x86_cpu *cpu, const struct x86_insn *i) { load_far_pointer(cpu, i, X86_SS); }

/* ---- descriptor tables ---- */

static void check_umip(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((cpu->cr4 & X86_CR4_UMIP) && cpu->cpl != 0)
        x86_gp0(cpu, i);
}

static struct x86_table read_table(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const bool wide = cpu->mode == X86_MODE_64;
    const uint64_t at = x86_operand_ea(cpu, i, wide ? 10 : 6, false);
    struct x86_table table = {.limit = x86_read16(cpu, i, at)};

    table.base = wide ? x86_read64(cpu, i, at + 2) : x86_read32(cpu, i, at + 2);
    if (!wide && i->width == 2)
        table.base &= 0xffffff;
    if (!x86_canonical(table.base))
        x86_gp0(cpu, i);
    return table;
}

void x86_do_lgdt(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->gdtr = read_table(cpu, i);
    x86_leave_after(cpu, i);
}

void x86_do_lidt(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->idtr = read_table(cpu, i);
    x86_leave_after(cpu, i);
}

static void store_table(struct x86_cpu *cpu, const struct x86_insn *i, const struct x86_table *table)
{
    const bool wide = cpu->mode == X86_MODE_64;
    const unsigned len = wide ? 10 : 6;
    const uint64_t at = x86_operand_ea(cpu, i, len, true);

    x86_probe(cpu, i, at, len, true);
    x86_write16(cpu, i, at, table->limit);
    if (wide)
        x86_write64(cpu, i, at + 2, table->base);
    else
        x86_write32(cpu, i, at + 2, (uint32_t)table->base);
}

void x86_do_sgdt(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    store_table(cpu, i, &cpu->gdtr);
    X86_NEXT(cpu, i);
}

void x86_do_sidt(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    store_table(cpu, i, &cpu->idtr);
    X86_NEXT(cpu, i);
}

static void lldt(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector)
{
    cpu->seg[X86_LDTR] = x86_ldt_segment(cpu, i, selector, X86_GP, X86_NP);
    x86_leave_after(cpu, i);
}

void x86_do_lldt_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lldt(cpu, i, (uint16_t)cpu->r[i->dst]);
}

void x86_do_lldt_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lldt(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
}

static void ltr(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector)
{
    struct x86_desc d;
    unsigned type;

    if (x86_null_selector(selector))
        x86_gp0(cpu, i);
    if (selector & 4)
        x86_fault_sel(cpu, i, X86_GP, selector);
    d = x86_desc_read(cpu, i, selector, X86_GP);
    type = x86_desc_type(&d);
    if (!x86_desc_is_system(&d) ||
        (type != X86_SYS_TSS && (x86_long_mode(cpu) || type != X86_SYS_TSS16)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_desc_present(&d))
        x86_fault_sel(cpu, i, X86_NP, selector);
    if (x86_long_mode(cpu) &&
        (!x86_desc_read_upper(cpu, i, selector, &d) || (d.hi2 & 0x1f00)))
        x86_fault_sel(cpu, i, X86_GP, selector);
    if (!x86_canonical(x86_desc_segment(&d, selector).base))
        x86_fault_sel(cpu, i, X86_GP, selector);
    d.hi |= 0x200; /* busy */
    x86_sys_write(cpu, i, d.at + 4, d.hi, 4);
    cpu->seg[X86_TR] = x86_desc_segment(&d, selector);
    x86_leave_after(cpu, i);
}

void x86_do_ltr_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    ltr(cpu, i, (uint16_t)cpu->r[i->dst]);
}

void x86_do_ltr_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    ltr(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
}

void x86_do_sldt_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_put_reg(cpu, i->dst, cpu->seg[X86_LDTR].selector, i->width);
    X86_NEXT(cpu, i);
}

void x86_do_sldt_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_write16(cpu, i, x86_operand_ea(cpu, i, 2, true), cpu->seg[X86_LDTR].selector);
    X86_NEXT(cpu, i);
}

void x86_do_str_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_put_reg(cpu, i->dst, cpu->seg[X86_TR].selector, i->width);
    X86_NEXT(cpu, i);
}

void x86_do_str_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_umip(cpu, i);
    x86_write16(cpu, i, x86_operand_ea(cpu, i, 2, true), cpu->seg[X86_TR].selector);
    X86_NEXT(cpu, i);
}

/* ---- questions about selectors: the answer is ZF ---- */

static void set_zf(struct x86_cpu *cpu, bool yes)
{
    cpu->cc = yes ? cpu->cc | X86_CC_Z : cpu->cc & ~(uint32_t)X86_CC_Z;
}

#define LAR_LEGACY 0x1a3eu /* TSS16, LDT, busy, CALL16, task gate, TSS, busy, CALL */
#define LAR_LONG 0x1a04u   /* LDT, TSS, busy, CALL */
#define LSL_LEGACY 0x0a0eu
#define LSL_LONG 0x0a04u

/* LAR and LSL: may the descriptor be seen? */
static bool visible(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                    unsigned legacy, unsigned wide, struct x86_desc *d)
{
    const unsigned types = x86_long_mode(cpu) ? wide : legacy;

    if (x86_null_selector(selector) || !x86_desc_find(cpu, i, selector, d))
        return false;
    if (x86_desc_is_system(d) && !(types >> x86_desc_type(d) & 1))
        return false;
    if (x86_desc_is_code(d) && x86_desc_conforming(d))
        return true;
    return x86_desc_dpl(d) >= cpu->cpl && x86_desc_dpl(d) >= (selector & 3u);
}

static void lar(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector)
{
    struct x86_desc d;
    const bool yes = visible(cpu, i, selector, LAR_LEGACY, LAR_LONG, &d);

    if (yes)
        x86_put_reg(cpu, i->dst, d.hi & 0x00ffff00, i->width);
    set_zf(cpu, yes);
    x86_leave_after(cpu, i);
}

void x86_do_lar_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lar(cpu, i, (uint16_t)cpu->r[i->src]);
}

void x86_do_lar_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lar(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
}

static void lsl(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector)
{
    struct x86_desc d;
    const bool yes = visible(cpu, i, selector, LSL_LEGACY, LSL_LONG, &d);

    if (yes)
        x86_put_reg(cpu, i->dst, x86_desc_segment(&d, 0).limit, i->width);
    set_zf(cpu, yes);
    x86_leave_after(cpu, i);
}

void x86_do_lsl_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lsl(cpu, i, (uint16_t)cpu->r[i->src]);
}

void x86_do_lsl_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    lsl(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)));
}

static void verify(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector, bool write)
{
    struct x86_desc d;
    bool yes = visible(cpu, i, selector, 0, 0, &d);

    if (yes && x86_desc_is_code(&d))
        yes = !write && (d.hi & 0x200);
    else if (yes && write)
        yes = (d.hi & 0x200) != 0;
    set_zf(cpu, yes);
    x86_leave_after(cpu, i);
}

void x86_do_verr_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    verify(cpu, i, (uint16_t)cpu->r[i->dst], false);
}

void x86_do_verr_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    verify(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)), false);
}

void x86_do_verw_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    verify(cpu, i, (uint16_t)cpu->r[i->dst], true);
}

void x86_do_verw_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    verify(cpu, i, x86_read16(cpu, i, x86_operand_ea(cpu, i, 2, false)), true);
}

void x86_do_arpl_r(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const unsigned want = cpu->r[i->src] & 3, have = cpu->r[i->dst] & 3;

    set_zf(cpu, have < want);
    if (have < want)
        cpu->r[i->dst] = (cpu->r[i->dst] & ~UINT64_C(3)) | want;
    X86_NEXT(cpu, i);
}

void x86_do_arpl_m(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t at = x86_operand_ea(cpu, i, 2, true);
    const uint16_t v = x86_rmw_begin16(cpu, i, at);
    const unsigned want = cpu->r[i->src] & 3;
    const bool raise = (v & 3u) < want;

    if (raise)
        x86_rmw_end16(cpu, i, (uint16_t)((v & ~3u) | want));
    set_zf(cpu, raise);
    X86_NEXT(cpu, i);
}

/* ---- segment bases of 64-bit mode ---- */

void x86_do_swapgs(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t base = cpu->seg[X86_GS].base;

    cpu->seg[X86_GS].base = cpu->ea_base[X86_GS] = cpu->msr.kernel_gs_base;
    cpu->msr.kernel_gs_base = base;
    X86_NEXT(cpu, i);
}

static void read_base(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg)
{
    if (!(cpu->cr4 & X86_CR4_FSGSBASE))
        x86_fault(cpu, i, X86_UD);
    x86_put_reg(cpu, i->dst, cpu->seg[seg].base, i->width);
}

static void write_base(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg)
{
    const uint64_t base = i->width == 8 ? cpu->r[i->dst] : (uint32_t)cpu->r[i->dst];

    if (!(cpu->cr4 & X86_CR4_FSGSBASE))
        x86_fault(cpu, i, X86_UD);
    if (!x86_canonical(base))
        x86_gp0(cpu, i);
    cpu->seg[seg].base = cpu->ea_base[seg] = base;
}

void x86_do_rdfsbase(struct x86_cpu *cpu, const struct x86_insn *i)
{
    read_base(cpu, i, X86_FS);
    X86_NEXT(cpu, i);
}

void x86_do_rdgsbase(struct x86_cpu *cpu, const struct x86_insn *i)
{
    read_base(cpu, i, X86_GS);
    X86_NEXT(cpu, i);
}

void x86_do_wrfsbase(struct x86_cpu *cpu, const struct x86_insn *i)
{
    write_base(cpu, i, X86_FS);
    X86_NEXT(cpu, i);
}

void x86_do_wrgsbase(struct x86_cpu *cpu, const struct x86_insn *i)
{
    write_base(cpu, i, X86_GS);
    X86_NEXT(cpu, i);
}
