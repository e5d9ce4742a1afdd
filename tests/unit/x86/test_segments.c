/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of segment registers, descriptor tables, and questions about selectors. */
#include "unit/unit.h"

#include "unit/x86/box.h"

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

/* MOV sreg, AX: modrm by register number. */
static struct box_end load(struct box *b, unsigned seg, uint16_t selector)
{
    const uint8_t code[] = {0x8e, (uint8_t)(0xc0 | seg << 3)};

    b->regs.gpr[0] = selector;
    box_code(b, code, sizeof(code));
    return box_run(b, 1);
}

struct load_row {
    enum box_mode mode;
    uint8_t seg;
    uint16_t selector;
    int vector;
    uint32_t code;
};

static const struct load_row load_rows[] = {
    /* data segment registers */
    {BOX_PROT0, X86_DS, SEL_DATA, -1, 0},
    {BOX_PROT0, X86_DS, 0, -1, 0},
    {BOX_PROT0, X86_DS, 3, -1, 0},
    {BOX_PROT0, X86_ES, SEL_READ_ONLY, -1, 0},
    {BOX_PROT0, X86_FS, SEL_CODE32, -1, 0},             /* readable code */
    {BOX_PROT0, X86_GS, SEL_EXEC_ONLY, 13, SEL_EXEC_ONLY},
    {BOX_PROT0, X86_DS, SEL_TSS, 13, SEL_TSS},
    {BOX_PROT0, X86_DS, SEL_BEYOND, 13, SEL_BEYOND},
    {BOX_PROT0, X86_DS, SEL_DATA | 4, 13, SEL_DATA | 4}, /* no LDT */
    {BOX_PROT0, X86_DS, SEL_ABSENT, 11, SEL_ABSENT},
    {BOX_PROT0, X86_DS, SEL_DATA | 3, 13, SEL_DATA},    /* RPL above DPL */
    {BOX_PROT3, X86_DS, SEL_DATA, 13, SEL_DATA},        /* CPL above DPL */
    {BOX_PROT3, X86_DS, SEL_DATA_3, -1, 0},
    {BOX_PROT3, X86_DS, SEL_CONFORMING | 3, -1, 0},
    {BOX_LONG3, X86_DS, SEL_DATA, 13, SEL_DATA},
    {BOX_LONG3, X86_DS, 0, -1, 0},
    /* SS */
    {BOX_PROT0, X86_SS, SEL_DATA, -1, 0},
    {BOX_PROT0, X86_SS, 0, 13, 0},
    {BOX_PROT0, X86_SS, SEL_DATA | 3, 13, SEL_DATA},
    {BOX_PROT0, X86_SS, SEL_DATA_3, 13, SEL_DATA_3},
    {BOX_PROT0, X86_SS, SEL_READ_ONLY, 13, SEL_READ_ONLY},
    {BOX_PROT0, X86_SS, SEL_CODE32, 13, SEL_CODE32},
    {BOX_PROT0, X86_SS, SEL_ABSENT, 12, SEL_ABSENT},
    {BOX_PROT0, X86_SS, SEL_BEYOND, 13, SEL_BEYOND},
    {BOX_LONG0, X86_SS, 0, -1, 0},                      /* null SS is for 64-bit code ... */
    {BOX_LONG0, X86_SS, 1, 13, 0},
    {BOX_LONG3, X86_SS, 3, 13, 0},                      /* ... above CPL 3 */
    {BOX_LONG3, X86_SS, SEL_DATA_3 | 3, -1, 0},
    {BOX_COMPAT3, X86_SS, 3, 13, 0},
    {BOX_PROT0, X86_CS, SEL_CODE32, 6, 0},
    {BOX_REAL, X86_DS, 0xffff, -1, 0},
    {BOX_V86, X86_SS, 0x1234, -1, 0},
};

static void loads_are_refused_with_the_selector_as_error_code(void **state)
{
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(load_rows); n++) {
        const struct load_row *r = &load_rows[n];
        struct box_end e;

        box_set_mode(b, r->mode);
        e = load(b, r->seg, r->selector);
        if (e.vector != r->vector || e.code != r->code)
            fail_msg("row %u: vector %d code %x, not %d %x", n, e.vector, e.code, r->vector, r->code);
        if (r->vector == -1)
            assert_int_equal(e.regs.seg[r->seg].selector, r->selector);
    }
}

static void a_load_sets_the_accessed_bit_and_the_hidden_part(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    box_descriptor(b, SEL_SMALL, 0x12345678, 0xffff, 0x092);
    e = load(b, X86_FS, SEL_SMALL);
    assert_int_equal(e.regs.seg[X86_FS].base, 0x12345678);
    assert_int_equal(e.regs.seg[X86_FS].limit, 0xffff);
    assert_int_equal(e.regs.seg[X86_FS].attr, 0x093);
    assert_int_equal(box_get(b, BOX_GDT + SEL_SMALL + 5, 1), 0x93);
    e = load(b, X86_FS, 0);
    assert_int_equal(e.regs.seg[X86_FS].attr, 0);
}

static void real_mode_loads_keep_the_limit(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_REAL);
    b->regs.seg[X86_DS].limit = 0xffffffff;
    e = load(b, X86_DS, 0x1234);
    assert_int_equal(e.regs.seg[X86_DS].base, 0x12340);
    assert_int_equal(e.regs.seg[X86_DS].limit, 0xffffffff);
}

static void limits_and_rights_fault_with_gp_or_ss(void **state)
{
    static const struct {
        uint8_t seg;
        uint16_t selector;
        uint32_t offset;
        bool write;
        int vector;
    } rows[] = {
        {X86_DS, SEL_SMALL, 12, false, -1}, {X86_DS, SEL_SMALL, 13, false, 13},
        {X86_DS, SEL_SMALL, 12, true, -1},  {X86_DS, SEL_SMALL, 0xfffffffc, false, 13},
        {X86_DS, SEL_READ_ONLY, 0x8000, false, -1}, {X86_DS, SEL_READ_ONLY, 0x8000, true, 13},
        {X86_DS, SEL_CODE32, 0x8000, false, -1}, {X86_DS, SEL_CODE32, 0x8000, true, 13},
        {X86_DS, 0, 0x8000, false, 13}, {X86_DS, SEL_DATA_DOWN, 0xfff, false, 13},
        {X86_DS, SEL_DATA_DOWN, 0x1000, false, -1}, {X86_SS, SEL_SMALL, 13, false, 12},
        {X86_SS, SEL_SMALL, 12, true, -1},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        const bool stack = rows[n].seg == X86_SS;
        struct box_end e;

        box_set_mode(b, BOX_PROT0);
        e = load(b, X86_DS, rows[n].selector); /* for the hidden part */
        b->regs.seg[rows[n].seg] = e.regs.seg[X86_DS];
        b->regs.gpr[3] = rows[n].offset;
        /* A handler's stack must be good: #SS goes through a task in real life; here SS comes back. */
        if (stack && rows[n].vector >= 0)
            b->regs.gpr[4] = 0x10;
        e = stack ? BOX_DO(b, 1, 0x36, (uint8_t)(rows[n].write ? 0x89 : 0x8b), 0x03)
                  : BOX_DO(b, 1, (uint8_t)(rows[n].write ? 0x89 : 0x8b), 0x03);
        if (stack && rows[n].vector >= 0) {
            assert_int_equal(e.vector, 12);
            continue;
        }
        if (e.vector != rows[n].vector)
            fail_msg("row %u: vector %d, not %d", n, e.vector, rows[n].vector);
    }
}

static void pop_ss_and_mov_ss_hold_off_interrupts(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags = 0x202;
    b->regs.gpr[0] = SEL_DATA;
    box_code(b, "\x8e\xd0\xf8\xf8\xf8", 5); /* mov ss, ax; clc ... */
    b->interrupt = 0x40;
    e = box_run(b, 0);
    e = box_more(b, 1);
    x86_set_intr(b->cpu, true);
    e = box_more(b, 1);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 3);
    e = box_more(b, 1);
    assert_int_equal(e.vector, 0x40);
}

/* ---- LLDT, LTR ---- */

static void system_segments_are_checked(void **state)
{
    /* 0F 00 /2 LLDT, /3 LTR, with AX */
    static const struct {
        enum box_mode mode;
        uint8_t modrm;
        uint16_t selector;
        int vector;
        uint32_t code;
    } rows[] = {
        {BOX_PROT0, 0xd0, SEL_LDT, -1, 0},        {BOX_PROT0, 0xd0, 0, -1, 0},
        {BOX_PROT0, 0xd0, SEL_DATA, 13, SEL_DATA}, {BOX_PROT0, 0xd0, SEL_LDT | 4, 13, SEL_LDT | 4},
        {BOX_PROT0, 0xd0, SEL_BEYOND, 13, SEL_BEYOND}, {BOX_PROT3, 0xd0, SEL_LDT, 13, 0},
        {BOX_REAL, 0xd0, SEL_LDT, 6, 0},          {BOX_V86, 0xd8, SEL_TSS, 6, 0},
        {BOX_PROT0, 0xd8, SEL_TSS2, -1, 0},       {BOX_PROT0, 0xd8, 0, 13, 0},
        {BOX_PROT0, 0xd8, SEL_TSS2 | 4, 13, SEL_TSS2 | 4},
        {BOX_PROT0, 0xd8, SEL_LDT, 13, SEL_LDT},  {BOX_LONG0, 0xd0, SEL_LDT, -1, 0},
        {BOX_LONG0, 0xd8, SEL_TSS2, -1, 0},       {BOX_LONG0, 0xd8, SEL_LDT, 13, SEL_LDT},
        {BOX_LONG3, 0xd8, SEL_TSS2, 13, 0},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        struct box_end e;

        box_set_mode(b, rows[n].mode);
        b->regs.gpr[0] = rows[n].selector;
        e = BOX_DO(b, 1, 0x0f, 0x00, rows[n].modrm);
        if (e.vector != rows[n].vector || e.code != rows[n].code)
            fail_msg("row %u: vector %d code %x, not %d %x", n, e.vector, e.code, rows[n].vector,
                     rows[n].code);
    }
}

static void ltr_makes_the_tss_busy_and_a_busy_one_is_refused(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    box_put(b, BOX_GDT + SEL_TSS2 + 8, 0xffff8000, 4); /* base 63:32 */
    b->regs.gpr[0] = SEL_TSS2;
    e = BOX_DO(b, 1, 0x0f, 0x00, 0xd8);
    assert_int_equal(e.vector, -1);
    assert_true(e.regs.seg[X86_TR].base == (UINT64_C(0xffff800000000000) | BOX_TSS2));
    assert_int_equal(e.regs.seg[X86_TR].attr, 0x8b);
    assert_int_equal(box_get(b, BOX_GDT + SEL_TSS2 + 5, 1), 0x8b);
    e = BOX_DO(b, 1, 0x0f, 0x00, 0xd8);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, SEL_TSS2);
    box_put(b, BOX_GDT + SEL_TSS2 + 5, 0x89, 1);
    box_put(b, BOX_GDT + SEL_TSS2 + 12, 0x100, 4); /* type bits of the upper half */
    e = BOX_DO(b, 1, 0x0f, 0x00, 0xd8);
    assert_int_equal(e.vector, 13);
}

/* ---- LGDT, SGDT ---- */

static void lgdt_takes_what_sgdt_gives(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[3] = BOX_DATA;
    box_put(b, BOX_DATA, 0x1234, 2);
    box_put(b, BOX_DATA + 2, UINT64_C(0xffff800000001000), 8);
    e = BOX_DO(b, 1, 0x0f, 0x01, 0x13); /* lgdt [rbx] */
    assert_true(e.regs.gdtr.base == UINT64_C(0xffff800000001000));
    assert_int_equal(e.regs.gdtr.limit, 0x1234);
    box_put(b, BOX_DATA + 2, UINT64_C(0x800000000000), 8);
    e = BOX_DO(b, 1, 0x0f, 0x01, 0x1b); /* lidt [rbx]: not canonical */
    assert_int_equal(e.vector, 13);
    e = BOX_DO(b, 1, 0x0f, 0x01, 0x0b); /* sidt [rbx] */
    assert_int_equal(box_get(b, BOX_DATA, 2), 0xfff);
    assert_int_equal(box_get(b, BOX_DATA + 2, 8), BOX_IDT);

    box_set_mode(b, BOX_PROT0);
    b->regs.gpr[3] = BOX_DATA;
    box_put(b, BOX_DATA + 2, 0xab001000, 4);
    e = BOX_DO(b, 1, 0x66, 0x0f, 0x01, 0x13); /* 16-bit operand size: 24 bits of base */
    assert_int_equal(e.regs.gdtr.base, 0x1000);
}

static void umip_keeps_system_addresses_from_user_programs(void **state)
{
    static const uint8_t modrm[][3] = {
        {0x0f, 0x01, 0x03}, {0x0f, 0x01, 0x0b}, {0x0f, 0x00, 0xc0}, {0x0f, 0x00, 0xc8},
        {0x0f, 0x01, 0xe0}, /* SGDT SIDT SLDT STR SMSW */
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(modrm); n++) {
        struct box_end e;

        box_set_mode(b, BOX_LONG3);
        b->regs.gpr[3] = BOX_DATA;
        box_code(b, modrm[n], 3);
        assert_int_equal(box_run(b, 1).vector, -1);
        b->regs.cr4 |= 1 << 11;
        e = box_run(b, 1);
        assert_int_equal(e.vector, 13);
        assert_int_equal(e.code, 0);
    }
}

/* ---- LAR, LSL, VERR, VERW, ARPL ---- */

static void questions_about_selectors_are_answered_in_zf(void **state)
{
    static const struct {
        enum box_mode mode;
        uint16_t selector;
        bool lar, lsl, verr, verw;
    } rows[] = {
        {BOX_PROT0, 0, false, false, false, false},
        {BOX_PROT0, SEL_DATA, true, true, true, true},
        {BOX_PROT0, SEL_DATA | 3, false, false, false, false},
        {BOX_PROT0, SEL_CODE32, true, true, true, false},
        {BOX_PROT0, SEL_EXEC_ONLY, true, true, false, false},
        {BOX_PROT0, SEL_READ_ONLY, true, true, true, false},
        {BOX_PROT0, SEL_TSS, true, true, false, false},
        {BOX_PROT0, SEL_LDT, true, true, false, false},
        {BOX_PROT0, SEL_GATE, true, false, false, false}, /* call gate */
        {BOX_PROT0, SEL_BEYOND, false, false, false, false},
        {BOX_PROT3, SEL_DATA, false, false, false, false},
        {BOX_PROT3, SEL_CONFORMING, true, true, true, false},
        {BOX_LONG0, SEL_LDT, true, true, false, false},
        {BOX_LONG0, SEL_CODE16, true, true, true, false},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        bool zf[4];

        box_set_mode(b, rows[n].mode);
        if (rows[n].mode != BOX_LONG0)
            box_gate(b, BOX_GDT + SEL_GATE, SEL_CODE32, 0x1234, 0x8c, 0);
        b->regs.gpr[3] = rows[n].selector;
        b->regs.gpr[0] = 0xdead;
        zf[0] = (BOX_DO(b, 1, 0x0f, 0x02, 0xc3)).regs.rflags & 0x40;
        zf[1] = (BOX_DO(b, 1, 0x0f, 0x03, 0xc3)).regs.rflags & 0x40;
        zf[2] = (BOX_DO(b, 1, 0x0f, 0x00, 0xe3)).regs.rflags & 0x40;
        zf[3] = (BOX_DO(b, 1, 0x0f, 0x00, 0xeb)).regs.rflags & 0x40;
        if (zf[0] != rows[n].lar || zf[1] != rows[n].lsl || zf[2] != rows[n].verr ||
            zf[3] != rows[n].verw)
            fail_msg("row %u: %d %d %d %d", n, zf[0], zf[1], zf[2], zf[3]);
    }
    box_set_mode(b, BOX_PROT0);
    b->regs.gpr[3] = SEL_DATA;
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x02, 0xc3)).regs.gpr[0], 0xcf9300);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x03, 0xc3)).regs.gpr[0], 0xffffffff);
}

static void arpl_raises_the_rpl(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT3);
    b->regs.gpr[0] = 0x21;
    b->regs.gpr[3] = 0x33;
    e = BOX_DO(b, 1, 0x63, 0xd8); /* arpl ax, bx */
    assert_int_equal(e.regs.gpr[0], 0x23);
    assert_int_equal(e.regs.rflags & 0x40, 0x40);
    b->regs.gpr[0] = 0x23;
    e = BOX_DO(b, 1, 0x63, 0xd8);
    assert_int_equal(e.regs.rflags & 0x40, 0);
    box_set_mode(b, BOX_V86);
    assert_int_equal((BOX_DO(b, 1, 0x63, 0xd8)).vector, 6);
}

/* ---- FS and GS bases ---- */

static void fsgsbase_needs_cr4_and_a_canonical_base(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    b->regs.gpr[0] = UINT64_C(0xffff800012345678);
    assert_int_equal((BOX_DO(b, 1, 0xf3, 0x48, 0x0f, 0xae, 0xd0)).vector, 6); /* wrfsbase rax */
    b->regs.cr4 |= 1 << 16;
    e = BOX_DO(b, 2, 0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x48, 0x0f, 0xae, 0xc3); /* rdfsbase rbx */
    assert_int_equal(e.vector, -1);
    assert_true(e.regs.gpr[3] == UINT64_C(0xffff800012345678));
    e = BOX_DO(b, 1, 0xf3, 0x0f, 0xae, 0xd8); /* wrgsbase eax */
    assert_int_equal(e.regs.seg[X86_GS].base, 0x12345678);
    b->regs.gpr[0] = UINT64_C(0x800000000000);
    e = BOX_DO(b, 1, 0xf3, 0x48, 0x0f, 0xae, 0xd0);
    assert_int_equal(e.vector, 13);
}

static void swapgs_is_for_64_bit_code_at_cpl_0(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.seg[X86_GS].base = 0x1111;
    assert_true(x86_wrmsr(b->cpu, 0xc0000102, 0x2222));
    e = BOX_DO(b, 1, 0x0f, 0x01, 0xf8);
    assert_int_equal(e.regs.seg[X86_GS].base, 0x2222);
    box_set_mode(b, BOX_LONG3);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xf8)).vector, 13);
    box_set_mode(b, BOX_PROT0);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xf8)).vector, 6);
}

static void far_pointers_load_segment_and_register(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[3] = BOX_DATA;
    box_put(b, BOX_DATA, 0x12345678, 4);
    box_put(b, BOX_DATA + 4, SEL_DATA, 2);
    e = BOX_DO(b, 1, 0x0f, 0xb4, 0x03); /* lfs eax, [rbx] */
    assert_int_equal(e.regs.gpr[0], 0x12345678);
    assert_int_equal(e.regs.seg[X86_FS].selector, SEL_DATA);
    box_put(b, BOX_DATA + 4, SEL_ABSENT, 2);
    b->regs.gpr[0] = 7;
    e = BOX_DO(b, 1, 0x0f, 0xb4, 0x03);
    assert_int_equal(e.vector, 11);
    assert_int_equal(e.regs.gpr[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_are_refused_with_the_selector_as_error_code),
        cmocka_unit_test(a_load_sets_the_accessed_bit_and_the_hidden_part),
        cmocka_unit_test(real_mode_loads_keep_the_limit),
        cmocka_unit_test(limits_and_rights_fault_with_gp_or_ss),
        cmocka_unit_test(pop_ss_and_mov_ss_hold_off_interrupts),
        cmocka_unit_test(system_segments_are_checked),
        cmocka_unit_test(ltr_makes_the_tss_busy_and_a_busy_one_is_refused),
        cmocka_unit_test(lgdt_takes_what_sgdt_gives),
        cmocka_unit_test(umip_keeps_system_addresses_from_user_programs),
        cmocka_unit_test(questions_about_selectors_are_answered_in_zf),
        cmocka_unit_test(arpl_raises_the_rpl),
        cmocka_unit_test(fsgsbase_needs_cr4_and_a_canonical_base),
        cmocka_unit_test(swapgs_is_for_64_bit_code_at_cpl_0),
        cmocka_unit_test(far_pointers_load_segment_and_register),
    };

    return cmocka_run_group_tests_name("x86 segments", tests, setup, teardown);
}
