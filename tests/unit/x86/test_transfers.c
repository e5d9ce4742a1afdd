/* SPDX-License-Identifier: Apache-2.0 */
/* Far JMP, CALL, RET, IRET, call gates, task switches, system calls. */
#include "unit/unit.h"

#include "unit/x86/box.h"

#define TARGET 0x7000u

static int setup(void **state)
{
    static struct box b;

    box_open(&b, "milan");
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    box_close(*state);
    return 0;
}

/* JMP or CALL m16:32 through [RBX]; the pointer lies at BOX_DATA. */
static struct box_end far_branch(struct box *b, bool call, uint16_t selector, uint32_t offset)
{
    box_put(b, BOX_DATA, offset, 4);
    box_put(b, BOX_DATA + 4, selector, 2);
    b->regs.gpr[3] = BOX_DATA;
    return BOX_DO(b, 1, 0xff, (uint8_t)(call ? 0x1b : 0x2b));
}

struct branch_row {
    enum box_mode mode;
    bool call;
    uint16_t selector;
    int vector;
    uint32_t code;
};

static const struct branch_row branch_rows[] = {
    {BOX_PROT0, false, SEL_CODE32, -1, 0},
    {BOX_PROT0, true, SEL_CODE32, -1, 0},
    {BOX_PROT0, false, 0, 13, 0},
    {BOX_PROT0, false, 3, 13, 0},
    {BOX_PROT0, false, SEL_BEYOND, 13, SEL_BEYOND},
    {BOX_PROT0, false, SEL_DATA, 13, SEL_DATA},
    {BOX_PROT0, false, SEL_CODE32 | 3, 13, SEL_CODE32},
    {BOX_PROT0, true, SEL_CODE32_3, 13, SEL_CODE32_3},
    {BOX_PROT0, false, SEL_CODE_ABSENT, 11, SEL_CODE_ABSENT},
    {BOX_PROT0, false, SEL_CONFORMING | 3, -1, 0},
    {BOX_PROT3, false, SEL_CONFORMING, -1, 0},
    {BOX_PROT3, false, SEL_CODE32, 13, SEL_CODE32},
    {BOX_PROT3, true, SEL_CODE32_3 | 3, -1, 0},
    {BOX_PROT0, false, SEL_LDT, 13, SEL_LDT},
    {BOX_LONG0, false, SEL_CODE64, -1, 0},
    {BOX_LONG0, false, SEL_CODE32, -1, 0},
    {BOX_LONG0, false, SEL_TSS2, 13, SEL_TSS2},
    {BOX_LONG3, true, SEL_CODE64_3 | 3, -1, 0},
    {BOX_LONG3, true, SEL_CODE64, 13, SEL_CODE64},
};

static void far_branches_check_the_target(void **state)
{
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(branch_rows); n++) {
        const struct branch_row *r = &branch_rows[n];
        struct box_end e;

        box_set_mode(b, r->mode);
        e = far_branch(b, r->call, r->selector, TARGET);
        if (e.vector != r->vector || e.code != r->code)
            fail_msg("row %u: vector %d code %x, not %d %x", n, e.vector, e.code, r->vector, r->code);
        if (r->vector != -1)
            continue;
        assert_int_equal(e.regs.rip, TARGET);
        assert_int_equal(e.regs.seg[X86_CS].selector,
                         (r->selector & ~3u) | (r->mode == BOX_PROT3 || r->mode == BOX_LONG3 ? 3 : 0));
        if (r->call) {
            assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4], 4), BOX_CODE + 2);
            assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4] + 4, 4), b->regs.seg[X86_CS].selector);
        }
    }
}

static void beyond_the_code_segment_is_gp_0(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    e = far_branch(b, false, SEL_CODE16, 0x10000);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, 0);
    box_descriptor(b, SEL_CODE64, 0, 0xffffffff, 0xe9b); /* L and D */
    box_set_mode(b, BOX_LONG0);
    box_descriptor(b, SEL_CONFORMING64, 0, 0xffffffff, 0xe9b);
    e = far_branch(b, false, SEL_CONFORMING64, TARGET);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, SEL_CONFORMING64);
}

static void real_mode_far_calls_and_returns(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_REAL);
    b->ram[0x7010] = 0xca; /* retf 2 */
    b->ram[0x7011] = 2;
    b->ram[0x7012] = 0;
    box_code(b, "\x9a\x10\x00\x00\x07\xf8", 6); /* call 700h:10h */
    e = box_run(b, 1);
    assert_int_equal(e.regs.rip, 0x10);
    assert_int_equal(e.regs.seg[X86_CS].base, 0x7000);
    e = box_more(b, 1);
    assert_int_equal(e.regs.rip, 5);
    assert_int_equal(e.regs.seg[X86_CS].base, BOX_CODE);
    assert_int_equal(e.regs.gpr[4], 0x1002);
}

/* ---- call gates ---- */

static void gates_lead_inward_with_parameters(void **state)
{
    struct box *b = *state;
    struct box_end e;
    const uint32_t sp = BOX_STACK0 - 24;

    box_set_mode(b, BOX_PROT3);
    box_gate(b, BOX_GDT + SEL_GATE, SEL_CODE32, TARGET, 0xec, 2);
    box_put(b, BOX_STACK3, 0x11111111, 4);
    box_put(b, BOX_STACK3 + 4, 0x22222222, 4);
    e = far_branch(b, true, SEL_GATE | 3, 0);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.seg[X86_CS].selector, SEL_CODE32);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA);
    assert_int_equal(e.regs.gpr[4], sp);
    assert_int_equal(box_get(b, sp, 4), BOX_CODE + 2);
    assert_int_equal(box_get(b, sp + 4, 4), SEL_CODE32_3 | 3);
    assert_int_equal(box_get(b, sp + 8, 4), 0x11111111);
    assert_int_equal(box_get(b, sp + 12, 4), 0x22222222);
    assert_int_equal(box_get(b, sp + 16, 4), BOX_STACK3);
    assert_int_equal(box_get(b, sp + 20, 4), SEL_DATA_3 | 3);
    /* and back: RETF 8 releases the parameters on both stacks */
    memcpy(b->ram + TARGET, "\xca\x08\x00", 3);
    e = box_more(b, 1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
    assert_int_equal(e.regs.gpr[4], BOX_STACK3 + 8);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA_3 | 3);
}

static void long_mode_gates_have_sixteen_bytes(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    box_gate(b, BOX_GDT + SEL_GATE, SEL_CODE64, TARGET, 0xec, 0);
    e = far_branch(b, true, SEL_GATE | 3, 0);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 32);
    assert_int_equal(e.regs.seg[X86_SS].selector, 0);
    assert_int_equal(box_get(b, BOX_STACK0 - 32, 8), BOX_CODE + 2);
    box_put(b, BOX_GDT + SEL_GATE + 12, 0x1f00, 4);
    e = far_branch(b, true, SEL_GATE | 3, 0);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, SEL_GATE);
}

static void gates_are_refused(void **state)
{
    static const struct {
        enum box_mode mode;
        bool call;
        uint8_t type_attr;
        uint16_t target;
        int vector;
        uint32_t code;
    } rows[] = {
        {BOX_PROT3, true, 0x8c, SEL_CODE32, 13, SEL_GATE},      /* gate's DPL 0 */
        {BOX_PROT3, true, 0x6c, SEL_CODE32, 11, SEL_GATE},      /* not present */
        {BOX_PROT3, true, 0xec, 0, 13, 0},
        {BOX_PROT3, true, 0xec, SEL_DATA, 13, SEL_DATA},
        {BOX_PROT3, true, 0xec, SEL_CODE_ABSENT, 11, SEL_CODE_ABSENT},
        {BOX_PROT3, false, 0xec, SEL_CODE32, 13, SEL_CODE32},   /* JMP does not change privilege */
        {BOX_PROT3, false, 0xec, SEL_CONFORMING, -1, 0},
        {BOX_PROT0, true, 0xec, SEL_CODE32_3, 13, SEL_CODE32_3},
        {BOX_PROT0, true, 0xec, SEL_CODE32, -1, 0},
        {BOX_LONG3, true, 0xec, SEL_CODE32, 13, SEL_CODE32},    /* only to 64-bit code */
        {BOX_LONG3, true, 0xe4, SEL_CODE64, 13, SEL_GATE},      /* no 16-bit gates */
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        struct box_end e;

        box_set_mode(b, rows[n].mode);
        box_gate(b, BOX_GDT + SEL_GATE, rows[n].target, TARGET, rows[n].type_attr, 0);
        e = far_branch(b, rows[n].call, SEL_GATE | (rows[n].mode == BOX_PROT0 ? 0 : 3), 0);
        if (e.vector != rows[n].vector || e.code != rows[n].code)
            fail_msg("row %u: vector %d code %x, not %d %x", n, e.vector, e.code, rows[n].vector,
                     rows[n].code);
    }
}

/* ---- IRET ---- */

static void push_image(struct box *b, unsigned size, unsigned n, const uint64_t *image)
{
    b->regs.gpr[4] = 0xa000;
    for (unsigned k = 0; k < n; k++)
        box_put(b, 0xa000 + k * size, image[k], size);
}

static void iretq_checks_what_it_pops(void **state)
{
    static const struct {
        uint64_t rip;
        uint16_t cs, ss;
        int vector;
        uint32_t code;
    } rows[] = {
        {TARGET, SEL_CODE64_3 | 3, SEL_DATA_3 | 3, -1, 0},
        {TARGET, SEL_CODE32_3 | 3, SEL_DATA_3 | 3, -1, 0},
        {TARGET, SEL_CODE64, SEL_DATA, -1, 0},
        {TARGET, SEL_CODE64, 0, -1, 0},
        {TARGET, SEL_CODE64_3 | 3, 0, 13, 0},
        {TARGET, SEL_CODE64_3 | 3, 3, 13, 0},
        {TARGET, SEL_CODE64_3 | 3, SEL_DATA, 13, SEL_DATA},
        {TARGET, SEL_CODE64_3, SEL_DATA_3 | 3, 13, SEL_CODE64_3},
        {TARGET, 0, SEL_DATA, 13, 0},
        {TARGET, SEL_DATA, SEL_DATA, 13, SEL_DATA},
        {TARGET, SEL_CODE_ABSENT, SEL_DATA, 11, SEL_CODE_ABSENT},
        {TARGET, SEL_BEYOND, SEL_DATA, 13, SEL_BEYOND},
        {TARGET, SEL_CODE64, SEL_ABSENT, 12, SEL_ABSENT},
        {UINT64_C(0x800000000000), SEL_CODE64_3 | 3, SEL_DATA_3 | 3, 13, 0},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        const uint64_t image[5] = {rows[n].rip, rows[n].cs, 0x202, BOX_STACK3, rows[n].ss};
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        push_image(b, 8, 5, image);
        e = BOX_DO(b, 1, 0x48, 0xcf);
        if (e.vector != rows[n].vector || e.code != rows[n].code)
            fail_msg("row %u: vector %d code %x, not %d %x", n, e.vector, e.code, rows[n].vector,
                     rows[n].code);
        if (rows[n].vector == -1) {
            assert_int_equal(e.regs.gpr[4], BOX_STACK3);
            assert_int_equal(e.regs.rflags, 0x202);
            assert_int_equal(e.regs.seg[X86_CS].selector, rows[n].cs);
        }
    }
}

static void iret_with_nt_is_gp_in_long_mode(void **state)
{
    struct box *b = *state;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags |= 0x4000;
    assert_int_equal((BOX_DO(b, 1, 0x48, 0xcf)).vector, 13);
}

static void a_return_outward_drops_segments_of_more_privilege(void **state)
{
    const uint64_t image[5] = {TARGET, SEL_CODE32_3 | 3, 0x2, BOX_STACK3, SEL_DATA_3 | 3};
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    push_image(b, 4, 5, image);
    b->regs.seg[X86_FS] = box_segment(SEL_DATA_3 | 3, 0, 0xffffffff, 0xcf3);
    e = BOX_DO(b, 1, 0xcf);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.seg[X86_DS].selector, 0);
    assert_int_equal(e.regs.seg[X86_DS].attr, 0);
    assert_int_equal(e.regs.seg[X86_FS].selector, SEL_DATA_3 | 3);
}

static void user_iret_cannot_raise_iopl_or_if(void **state)
{
    const uint64_t image[5] = {TARGET, SEL_CODE64_3 | 3, 0x3ed7 | 0x4000, BOX_STACK3, SEL_DATA_3 | 3};
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    push_image(b, 8, 5, image);
    e = BOX_DO(b, 1, 0x48, 0xcf);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rflags, 0x4cd7);
    b->regs.rflags |= 0x3000; /* IOPL 3: IF may change */
    e = BOX_DO(b, 1, 0x48, 0xcf);
    assert_int_equal(e.regs.rflags, 0x7ed7);
}

static void iretd_leads_to_virtual_8086_mode(void **state)
{
    const uint64_t image[9] = {0x10, 0x700, 0x20202, 0x1000, 0xa00, 0x111, 0x222, 0x333, 0x444};
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    push_image(b, 4, 9, image);
    e = BOX_DO(b, 1, 0xcf);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, 0x10);
    assert_int_equal(e.regs.rflags, 0x20202);
    assert_int_equal(e.regs.seg[X86_CS].base, 0x7000);
    assert_int_equal(e.regs.seg[X86_SS].base, 0xa000);
    assert_int_equal(e.regs.seg[X86_ES].selector, 0x111);
    assert_int_equal(e.regs.seg[X86_DS].selector, 0x222);
    assert_int_equal(e.regs.seg[X86_FS].selector, 0x333);
    assert_int_equal(e.regs.seg[X86_GS].selector, 0x444);
    assert_int_equal(e.regs.seg[X86_GS].attr, 0xf3);
}

/* ---- tasks ---- */

static void make_task(struct box *b, uint32_t eflags)
{
    static const uint16_t selectors[6] = {SEL_DATA, SEL_CODE32, SEL_DATA, SEL_DATA, SEL_DATA, SEL_DATA};

    memset(b->ram + BOX_TSS2, 0, 0x68);
    box_put(b, BOX_TSS2 + 0x20, TARGET, 4);
    box_put(b, BOX_TSS2 + 0x24, eflags, 4);
    for (unsigned n = 0; n < 8; n++)
        box_put(b, BOX_TSS2 + 0x28 + n * 4, 0x1000 + n, 4);
    box_put(b, BOX_TSS2 + 0x38, 0x9000, 4); /* ESP */
    for (unsigned n = 0; n < 6; n++)
        box_put(b, BOX_TSS2 + 0x48 + n * 4, selectors[n], 2);
}

static void a_call_of_a_tss_nests_and_iret_returns(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    make_task(b, 2);
    box_put(b, BOX_GDT + SEL_TSS + 5, 0x8b, 1);
    b->regs.gpr[1] = 0x55667788;
    e = far_branch(b, true, SEL_TSS2, 0);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.rflags, 0x4002); /* NT */
    assert_int_equal(e.regs.gpr[7], 0x1007);
    assert_int_equal(e.regs.gpr[4], 0x9000);
    assert_int_equal(e.regs.cr0 & 8, 8);
    assert_int_equal(e.regs.seg[X86_TR].selector, SEL_TSS2);
    assert_int_equal(box_get(b, BOX_TSS2, 2), SEL_TSS);
    assert_int_equal(box_get(b, BOX_TSS + 0x20, 4), BOX_CODE + 2);
    assert_int_equal(box_get(b, BOX_TSS + 0x2c, 4), 0x55667788);
    assert_int_equal(box_get(b, BOX_GDT + SEL_TSS2 + 5, 1), 0x8b);
    assert_int_equal(box_get(b, BOX_GDT + SEL_TSS + 5, 1), 0x8b);
    b->ram[TARGET] = 0xcf;
    e = box_more(b, 1);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
    assert_int_equal(e.regs.rflags, 2);
    assert_int_equal(e.regs.gpr[1], 0x55667788);
    assert_int_equal(box_get(b, BOX_GDT + SEL_TSS2 + 5, 1), 0x89);
    assert_int_equal(box_get(b, BOX_TSS2 + 0x24, 4), 2); /* NT is not saved by IRET */
}

static void tasks_are_refused(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    make_task(b, 2);
    box_put(b, BOX_GDT + SEL_TSS2 + 5, 0x8b, 1);
    e = far_branch(b, false, SEL_TSS2, 0);
    assert_int_equal(e.vector, 13); /* busy */
    assert_int_equal(e.code, SEL_TSS2);
    box_put(b, BOX_GDT + SEL_TSS2 + 5, 0x09, 1);
    e = far_branch(b, false, SEL_TSS2, 0);
    assert_int_equal(e.vector, 11);
    box_descriptor(b, SEL_TSS2, BOX_TSS2, 0x66, 0x089);
    e = far_branch(b, false, SEL_TSS2, 0);
    assert_int_equal(e.vector, 10);
    assert_int_equal(e.code, SEL_TSS2);
    box_set_mode(b, BOX_PROT0);
    make_task(b, 2);
    box_put(b, BOX_TSS2 + 0x54, SEL_TSS, 2); /* DS */
    e = far_branch(b, false, SEL_TSS2, 0);
    assert_int_equal(e.vector, 10);
    assert_int_equal(e.code, SEL_TSS);
    assert_int_equal(e.regs.seg[X86_TR].selector, SEL_TSS2); /* in the new task */
}

static void a_task_gate_takes_the_error_code_along(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    make_task(b, 2);
    box_gate(b, box_idt(b, 13), SEL_TSS2, 0, 0x85, 0);
    b->regs.gpr[0] = SEL_BEYOND;
    e = BOX_DO(b, 1, 0x8e, 0xd8); /* mov ds, ax: #GP */
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.gpr[4], 0x9000 - 4);
    assert_int_equal(box_get(b, 0x9000 - 4, 4), SEL_BEYOND);
    assert_int_equal(box_get(b, BOX_TSS + 0x20, 4), BOX_CODE); /* a fault: to be restarted */
}

static void the_t_bit_traps_into_the_debugger(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    make_task(b, 2);
    box_put(b, BOX_TSS2 + 0x64, 1, 2);
    e = far_branch(b, false, SEL_TSS2, 0);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], 0xffff0ff0 | 0x8000);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4], 4), TARGET);
}

/* ---- system calls ---- */

#define STAR (UINT64_C(0x00200008) << 32) /* SYSCALL 08h/10h; SYSRET 20h, 28h, 30h */

static void syscall_enters_at_lstar_and_masks_flags(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    b->regs.rflags = 0x246;
    assert_true(x86_wrmsr(b->cpu, 0xc0000081, STAR));
    assert_true(x86_wrmsr(b->cpu, 0xc0000082, TARGET));
    assert_true(x86_wrmsr(b->cpu, 0xc0000083, TARGET + 0x100));
    assert_true(x86_wrmsr(b->cpu, 0xc0000084, 0x204));
    e = BOX_DO(b, 1, 0x0f, 0x05);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.gpr[1], BOX_CODE + 2);
    assert_int_equal(e.regs.gpr[11], 0x246);
    assert_int_equal(e.regs.rflags, 0x42);
    assert_int_equal(e.regs.seg[X86_CS].selector, SEL_CODE64);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA);
    assert_int_equal(e.regs.gpr[4], BOX_STACK3);
    memcpy(b->ram + TARGET, "\x48\x0f\x07", 3);
    e = box_more(b, 1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
    assert_int_equal(e.regs.rflags, 0x246);
    assert_int_equal(e.regs.seg[X86_CS].selector, SEL_CODE64_3 | 3);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA_3 | 3);
    assert_int_equal(e.regs.seg[X86_CS].attr, 0xafb);
}

static void syscall_from_compatibility_mode_takes_cstar(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_COMPAT3);
    assert_true(x86_wrmsr(b->cpu, 0xc0000081, STAR));
    assert_true(x86_wrmsr(b->cpu, 0xc0000083, TARGET));
    e = BOX_DO(b, 1, 0x0f, 0x05);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.seg[X86_CS].attr & 0x200, 0x200);
    memcpy(b->ram + TARGET, "\x0f\x07", 2); /* sysretl */
    e = box_more(b, 1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
    assert_int_equal(e.regs.seg[X86_CS].selector, SEL_CODE32_3 | 3);
    assert_int_equal(e.regs.seg[X86_CS].attr, 0xcfb);
}

static void system_calls_are_refused(void **state)
{
    struct box *b = *state;

    box_set_mode(b, BOX_LONG3);
    b->regs.efer &= ~UINT64_C(1);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x05)).vector, 6); /* SCE clear */
    box_set_mode(b, BOX_LONG3);
    assert_int_equal((BOX_DO(b, 1, 0x48, 0x0f, 0x07)).vector, 13); /* SYSRET at CPL 3 */
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x34)).vector, 6); /* SYSENTER: not in AMD's long mode */
    box_set_mode(b, BOX_COMPAT3);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x34)).vector, 6);
    box_set_mode(b, BOX_LONG0);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x35)).vector, 6);
    box_set_mode(b, BOX_PROT3);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x34)).vector, 13); /* SYSENTER_CS is null */
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x35)).vector, 13);
}

static void sysret_to_a_rip_that_is_not_canonical_faults_in_user_mode(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    assert_true(x86_wrmsr(b->cpu, 0xc0000081, STAR));
    b->regs.gpr[1] = UINT64_C(0x800000000000);
    b->regs.gpr[11] = 2;
    e = BOX_DO(b, 1, 0x48, 0x0f, 0x07);
    assert_int_equal(e.vector, -1);
    e = box_more(b, 1);
    assert_int_equal(e.vector, 13);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4] + 16, 8), SEL_CODE64_3 | 3);
}

static void sysenter_and_sysexit_in_legacy_mode(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT3);
    b->regs.rflags = 0x202;
    assert_true(x86_wrmsr(b->cpu, 0x174, SEL_CODE32)); /* +8 SS, +16, +24 for SYSEXIT */
    assert_true(x86_wrmsr(b->cpu, 0x175, 0x9800));
    assert_true(x86_wrmsr(b->cpu, 0x176, TARGET));
    e = BOX_DO(b, 1, 0x0f, 0x34);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.gpr[4], 0x9800);
    assert_int_equal(e.regs.rflags, 2);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_CODE32 + 8);
    assert_int_equal(e.regs.seg[X86_SS].attr, 0xc93);
    box_set_mode(b, BOX_PROT0);
    assert_true(x86_wrmsr(b->cpu, 0x174, SEL_CODE32));
    b->regs.gpr[1] = 0xb000;
    b->regs.gpr[2] = TARGET;
    e = BOX_DO(b, 1, 0x0f, 0x35);
    assert_int_equal(e.regs.rip, TARGET);
    assert_int_equal(e.regs.gpr[4], 0xb000);
    assert_int_equal(e.regs.seg[X86_CS].selector, (SEL_CODE32 + 16) | 3);
    assert_int_equal(e.regs.seg[X86_CS].attr, 0xcfb);
}

static void bound_raises_br(void **state)
{
    struct box *b = *state;

    box_set_mode(b, BOX_PROT0);
    b->regs.gpr[3] = BOX_DATA;
    box_put(b, BOX_DATA, (uint32_t)-5, 4);
    box_put(b, BOX_DATA + 4, 10, 4);
    b->regs.gpr[0] = 10;
    assert_int_equal((BOX_DO(b, 1, 0x62, 0x03)).vector, -1);
    b->regs.gpr[0] = 11;
    assert_int_equal((BOX_DO(b, 1, 0x62, 0x03)).vector, 5);
    b->regs.gpr[0] = (uint32_t)-6;
    assert_int_equal((BOX_DO(b, 1, 0x62, 0x03)).vector, 5);
}

/* An empty entry of the table of jumps looked like one for this address. */
static void a_jump_to_address_1_finds_what_is_there(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[0] = 1;
    memcpy(b->ram + 1, "\xf9\xf4", 2); /* stc; hlt */
    e = BOX_DO(b, 2, 0xff, 0xe0);
    assert_int_equal(e.regs.rip, 2);
    assert_int_equal(e.regs.rflags & 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_branches_check_the_target),
        cmocka_unit_test(beyond_the_code_segment_is_gp_0),
        cmocka_unit_test(real_mode_far_calls_and_returns),
        cmocka_unit_test(gates_lead_inward_with_parameters),
        cmocka_unit_test(long_mode_gates_have_sixteen_bytes),
        cmocka_unit_test(gates_are_refused),
        cmocka_unit_test(iretq_checks_what_it_pops),
        cmocka_unit_test(iret_with_nt_is_gp_in_long_mode),
        cmocka_unit_test(a_return_outward_drops_segments_of_more_privilege),
        cmocka_unit_test(user_iret_cannot_raise_iopl_or_if),
        cmocka_unit_test(iretd_leads_to_virtual_8086_mode),
        cmocka_unit_test(a_call_of_a_tss_nests_and_iret_returns),
        cmocka_unit_test(tasks_are_refused),
        cmocka_unit_test(a_task_gate_takes_the_error_code_along),
        cmocka_unit_test(the_t_bit_traps_into_the_debugger),
        cmocka_unit_test(syscall_enters_at_lstar_and_masks_flags),
        cmocka_unit_test(syscall_from_compatibility_mode_takes_cstar),
        cmocka_unit_test(system_calls_are_refused),
        cmocka_unit_test(sysret_to_a_rip_that_is_not_canonical_faults_in_user_mode),
        cmocka_unit_test(sysenter_and_sysexit_in_legacy_mode),
        cmocka_unit_test(bound_raises_br),
        cmocka_unit_test(a_jump_to_address_1_finds_what_is_there),
    };

    return cmocka_run_group_tests_name("x86 transfers", tests, setup, teardown);
}
