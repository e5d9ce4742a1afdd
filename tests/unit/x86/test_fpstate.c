/* SPDX-License-Identifier: Apache-2.0 */
/* FXSAVE, FXRSTOR, the XSAVE family, MXCSR, and the gates in front of SIMD and x87. */
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

/* SSE on, x87 initialised, RBX points to data. */
static void start(struct box *b, enum box_mode mode)
{
    box_set_mode(b, mode);
    b->regs.cr0 |= 1u << 5 | 1u << 1;
    b->regs.cr4 |= 3u << 9 | 1u << 18;
    b->regs.fcw = 0x37f;
    b->regs.fsw = 0;
    b->regs.ftw = 0xffff;
    b->regs.mxcsr = 0x1f80;
    b->regs.gpr[3] = BOX_DATA;
    memset(b->ram + BOX_DATA, 0xee, 0x1000);
}

static void fill(struct box *b)
{
    for (unsigned n = 0; n < 16; n++)
        memset(b->regs.xmm[n], (int)(0x10 + n), 16);
    for (unsigned n = 0; n < 8; n++)
        memset(b->regs.st[n], (int)(0xa0 + n), 10);
    b->regs.fcw = 0x27f;
    b->regs.fsw = 0x3020; /* TOP = 6 */
    b->regs.ftw = 0x0fff; /* registers 6 and 7 in use */
    b->regs.mxcsr = 0x1fa0;
}

/* ---- FXSAVE ---- */

static void fxsave_lays_out_512_bytes(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    fill(b);
    e = BOX_DO(b, 1,
               0x0f, 0xae, 0x03 /* fxsave (rbx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(box_get(b, BOX_DATA, 8), 0x000000c03020027f); /* FCW FSW FTW FOP */
    assert_int_equal(box_get(b, BOX_DATA + 24, 8), 0x0000ffff00001fa0);
    /* ST(0) is register 6, ST(2) register 0 */
    assert_int_equal(box_get(b, BOX_DATA + 32, 8), 0xa6a6a6a6a6a6a6a6);
    assert_int_equal(box_get(b, BOX_DATA + 40, 8), 0xa6a6);
    assert_int_equal(box_get(b, BOX_DATA + 64, 8), 0xa0a0a0a0a0a0a0a0);
    assert_int_equal(box_get(b, BOX_DATA + 160, 8), 0x1010101010101010);
    assert_int_equal(box_get(b, BOX_DATA + 160 + 15 * 16, 8), 0x1f1f1f1f1f1f1f1f);
    assert_int_equal(box_get(b, BOX_DATA + 416, 8), 0xeeeeeeeeeeeeeeee); /* not written */
}

static void fxsave_in_32_bit_mode_has_eight_xmm_registers(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_PROT0);
    fill(b);
    e = BOX_DO(b, 1,
               0x0f, 0xae, 0x03 /* fxsave (ebx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(box_get(b, BOX_DATA + 160 + 7 * 16, 8), 0x1717171717171717);
    assert_int_equal(box_get(b, BOX_DATA + 160 + 8 * 16, 8), 0xeeeeeeeeeeeeeeee);
}

static void the_last_instruction_and_operand_are_recorded(void **state)
{
    struct box *b = *state;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA + 0x208, 0x3ff0000000000000, 8);
    BOX_DO(b, 3,
               0x90, /* nop */
               0xdd, 0x83, 0x08, 0x02, 0x00, 0x00, /* fldl 0x208(rbx) */
               0x48, 0x0f, 0xae, 0x03 /* fxsave64 (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 6, 2), 0x583); /* DD 83: fldl disp32(rbx) */
    assert_int_equal(box_get(b, BOX_DATA + 8, 8), BOX_CODE + 1);
    assert_int_equal(box_get(b, BOX_DATA + 16, 8), BOX_DATA + 0x208);
    BOX_DO(b, 2,
               0xdd, 0x83, 0x08, 0x02, 0x00, 0x00, /* fldl 0x208(rbx) */
               0x0f, 0xae, 0x03 /* fxsave (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 8, 8), (uint64_t)SEL_CODE64 << 32 | BOX_CODE);
    assert_int_equal(box_get(b, BOX_DATA + 16, 8), (uint64_t)SEL_DATA << 32 | (BOX_DATA + 0x208));
}

static void fxrstor_takes_everything_back(void **state)
{
    struct box *b = *state;
    struct box_end e;

    uint8_t image[512];

    start(b, BOX_LONG0);
    fill(b);
    BOX_DO(b, 1,
               0x48, 0x0f, 0xae, 0x03 /* fxsave64 (rbx) */);
    memcpy(image, b->ram + BOX_DATA, sizeof(image));
    start(b, BOX_LONG0);
    memcpy(b->ram + BOX_DATA, image, sizeof(image));
    e = BOX_DO(b, 1,
               0x48, 0x0f, 0xae, 0x0b /* fxrstor64 (rbx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.fcw, 0x27f | 0x40);
    assert_int_equal(e.regs.fsw, 0x3020);
    assert_int_equal(e.regs.ftw, 0x0fff);
    assert_int_equal(e.regs.mxcsr, 0x1fa0);
    assert_int_equal(e.regs.xmm[15][0], 0x1f);
    assert_int_equal(e.regs.st[6][9], 0xa6);
}

static void fxrstor_refuses_reserved_mxcsr_bits_and_changes_nothing(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    fill(b);
    memset(b->ram + BOX_DATA, 0, 512);
    box_put(b, BOX_DATA + 24, 0x11f80, 4);
    e = BOX_DO(b, 1,
               0x0f, 0xae, 0x0b /* fxrstor (rbx) */);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, 0);
    assert_int_equal(e.regs.fcw, 0x27f);
    assert_int_equal(e.regs.mxcsr, 0x1fa0);
    assert_int_equal(e.regs.xmm[0][0], 0x10);
}

static void ffxsr_leaves_xmm_out_for_the_kernel_only(void **state)
{
    struct box *b = *state;

    start(b, BOX_LONG0);
    fill(b);
    b->regs.efer |= 1u << 14;
    BOX_DO(b, 1,
               0x0f, 0xae, 0x03 /* fxsave (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 24, 4), 0x1fa0);
    assert_int_equal(box_get(b, BOX_DATA + 160, 8), 0xeeeeeeeeeeeeeeee);
    start(b, BOX_LONG3);
    fill(b);
    b->regs.efer |= 1u << 14;
    BOX_DO(b, 1,
               0x0f, 0xae, 0x03 /* fxsave (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 160, 8), 0x1010101010101010);
}

static void images_are_aligned(void **state)
{
    struct box *b = *state;

    start(b, BOX_LONG0);
    b->regs.gpr[3] = BOX_DATA + 8;
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x03 /* fxsave (rbx) */)).vector, 13);
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x0b /* fxrstor (rbx) */)).vector, 13);
    b->regs.gpr[3] = BOX_DATA + 32;
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x23 /* xsave (rbx) */)).vector, 13);
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x2b /* xrstor (rbx) */)).vector, 13);
}

/* ---- MXCSR ---- */

static void flags_of_sse_arithmetic_reach_stmxcsr(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x3ff0000000000000, 8);     /* 1.0 */
    box_put(b, BOX_DATA + 8, 0x4008000000000000, 8); /* 3.0 */
    e = BOX_DO(b, 3,
               0xf2, 0x0f, 0x10, 0x03, /* movsd (rbx), xmm0 */
               0xf2, 0x0f, 0x5e, 0x43, 0x08, /* divsd 8(rbx), xmm0 */
               0x0f, 0xae, 0x5b, 0x10 /* stmxcsr 16(rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 16, 4), 0x1fa0);
    assert_int_equal(cb_load_le64(e.regs.xmm[0]), 0x3fd5555555555555);
    /* and outlive the run in which they arose */
    assert_int_equal(e.regs.mxcsr, 0x1fa0);
    e = box_more(b, 1);
    assert_int_equal(e.regs.mxcsr, 0x1fa0);
}

static void ldmxcsr_clears_flags_and_sets_the_rounding(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.mxcsr = 0x1fbf;
    box_put(b, BOX_DATA, 0x5f80, 4); /* up */
    box_put(b, BOX_DATA + 8, 0x3ff0000000000000, 8);
    box_put(b, BOX_DATA + 16, 0x4008000000000000, 8);
    e = BOX_DO(b, 4,
               0x0f, 0xae, 0x13, /* ldmxcsr (rbx) */
               0x0f, 0xae, 0x5b, 0x04, /* stmxcsr 4(rbx) */
               0xf2, 0x0f, 0x10, 0x43, 0x08, /* movsd 8(rbx), xmm0 */
               0xf2, 0x0f, 0x5e, 0x43, 0x10 /* divsd 16(rbx), xmm0 */);
    assert_int_equal(box_get(b, BOX_DATA + 4, 4), 0x5f80);
    assert_int_equal(cb_load_le64(e.regs.xmm[0]), 0x3fd5555555555556);
    assert_int_equal(e.regs.mxcsr, 0x5fa0);
}

static void ldmxcsr_refuses_reserved_bits(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x11f80, 4);
    e = BOX_DO(b, 1,
               0x0f, 0xae, 0x13 /* ldmxcsr (rbx) */);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.regs.mxcsr, 0x1f80);
}

static void the_guests_rounding_does_not_reach_the_host(void **state)
{
    struct box *b = *state;
    volatile double one = 1, three = 3;
    const double before = one / three;

    start(b, BOX_LONG0);
    b->regs.mxcsr = 0xffc0; /* towards zero, DAZ, FTZ */
    b->regs.fcw = 0xc7f;
    box_put(b, BOX_DATA, 0x3ff0000000000000, 8);
    BOX_DO(b, 5,
               0xf2, 0x0f, 0x10, 0x03, /* movsd (rbx), xmm0 */
               0xdd, 0x03, /* fldl (rbx) */
               0xd9, 0xeb, /* fldpi */
               0xde, 0xf1, /* fdivp */
               0x90 /* nop */);
    assert_true(one / three == before);
    {
        volatile float tiny = 1.0e-40f;
        volatile long double third = 1.0L;

        assert_true(tiny + 0.0f != 0.0f);
        third /= 3;
        assert_true(third * 3 == 1.0L);
    }
}

/* ---- XSAVE ---- */

static void start_xsave(struct box *b)
{
    start(b, BOX_LONG0);
    memset(b->ram + BOX_DATA, 0, 0x400);
    b->regs.gpr[0] = 3;
    b->regs.gpr[2] = 0;
    b->regs.gpr[1] = 0; /* tests start with XSETBV: XCR0 = 3 */
}

static void xsave_marks_what_is_in_use(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start_xsave(b);
    memset(b->regs.st, 0, sizeof(b->regs.st));
    memset(b->regs.xmm, 0, sizeof(b->regs.xmm));
    e = BOX_DO(b, 3,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0xdb, 0xe3, /* fninit */
               0x0f, 0xae, 0x23 /* xsave (rbx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(box_get(b, BOX_DATA + 512, 8), 0);
    assert_int_equal(box_get(b, BOX_DATA, 2), 0x37f); /* written all the same */
    start_xsave(b);
    memset(b->regs.st, 0, sizeof(b->regs.st));
    memset(b->regs.xmm, 0, sizeof(b->regs.xmm));
    b->regs.xmm[9][3] = 1;
    BOX_DO(b, 3,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0xdb, 0xe3, /* fninit */
               0x0f, 0xae, 0x23 /* xsave (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 512, 8), 2);
    assert_int_equal(box_get(b, BOX_DATA + 160 + 9 * 16, 4), 0x01000000);
}

static void xsave_keeps_components_that_were_not_asked_for(void **state)
{
    struct box *b = *state;

    start_xsave(b);
    fill(b);
    box_put(b, BOX_DATA + 512, 2, 8);
    box_put(b, BOX_DATA + 160, 0x1234, 8);
    BOX_DO(b, 3,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0xb8, 0x01, 0x00, 0x00, 0x00, /* mov $1, eax */
               0x0f, 0xae, 0x23 /* xsave (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 512, 8), 3);
    assert_int_equal(box_get(b, BOX_DATA + 160, 8), 0x1234);
    assert_int_equal(box_get(b, BOX_DATA + 24, 4), 0); /* MXCSR goes with SSE */
    assert_int_equal(box_get(b, BOX_DATA, 2), 0x27f);
}

static void xrstor_initialises_what_the_header_lacks(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start_xsave(b);
    fill(b);
    box_put(b, BOX_DATA + 24, 0x3f80, 4);
    e = BOX_DO(b, 2,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0x0f, 0xae, 0x2b /* xrstor (rbx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.fcw, 0x37f);
    assert_int_equal(e.regs.ftw, 0xffff);
    assert_int_equal(e.regs.xmm[5][5], 0);
    assert_int_equal(e.regs.mxcsr, 0x3f80); /* standard form: always from memory */
}

static void xrstor_checks_the_header(void **state)
{
    static const struct { uint32_t at; uint64_t value; } bad[] = {
        {512, 4},                  /* not in XCR0 */
        {520, 1},                  /* XCOMP_BV of the standard form */
        {528, 1},
        {520, 0x8000000000000004}, /* compacted, not in XCR0 */
        {24, 0x11f80},             /* MXCSR */
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(bad); n++) {
        start_xsave(b);
        box_put(b, BOX_DATA + 24, 0x1f80, 4);
        box_put(b, BOX_DATA + bad[n].at, bad[n].value, 8);
        assert_int_equal((BOX_DO(b, 2,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0x0f, 0xae, 0x2b /* xrstor (rbx) */)).vector, 13);
    }
}

static void xsavec_writes_the_compacted_header(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start_xsave(b);
    fill(b);
    e = BOX_DO(b, 2,
               0x0f, 0x01, 0xd1, /* xsetbv */
               0x0f, 0xc7, 0x23 /* xsavec (rbx) */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(box_get(b, BOX_DATA + 512, 8), 3);
    assert_int_equal(box_get(b, BOX_DATA + 520, 8), 0x8000000000000003);
    assert_int_equal(box_get(b, BOX_DATA + 160, 8), 0x1010101010101010);
}

static void xsave_needs_osxsave(void **state)
{
    struct box *b = *state;

    start_xsave(b);
    b->regs.cr4 &= ~(uint64_t)(1u << 18);
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x23 /* xsave (rbx) */)).vector, 6);
    start_xsave(b);
    b->regs.cr0 |= 8;
    assert_int_equal((BOX_DO(b, 1,
               0x0f, 0xae, 0x23 /* xsave (rbx) */)).vector, 7);
}

/* ---- gates ---- */

static void each_kind_has_its_gate(void **state)
{
    enum { EM = 4, TS = 8, MP = 2 };
    static const uint8_t code[][3] = {
        {0x0f, 0x58, 0xc1}, /* addps xmm0, xmm1 */
        {0x0f, 0xfc, 0xc1}, /* paddb mm0, mm1 */
        {0xd9, 0xe8, 0x90}, /* fld1 */
        {0x9b, 0x90, 0x90}, /* wait */
        {0x0f, 0xae, 0x03}, /* fxsave [rbx] */
    };
    static const struct { unsigned cr0; bool osfxsr; int8_t vector[5]; } cases[] = {
        {MP, true, {-1, -1, -1, -1, -1}},
        {MP, false, {6, -1, -1, -1, -1}},
        {MP | EM, true, {6, 6, 7, -1, 7}},
        {TS, true, {7, 7, 7, -1, 7}},
        {MP | TS, true, {7, 7, 7, 7, 7}},
        {EM | TS, true, {6, 6, 7, -1, 7}},
    };
    struct box *b = *state;

    for (unsigned c = 0; c < CB_ARRAY_LEN(cases); c++)
        for (unsigned k = 0; k < CB_ARRAY_LEN(code); k++) {
            start(b, BOX_LONG0);
            b->regs.cr0 = (b->regs.cr0 & ~UINT64_C(14)) | cases[c].cr0;
            if (!cases[c].osfxsr)
                b->regs.cr4 &= ~(uint64_t)(1u << 9);
            box_code(b, code[k], 3);
            assert_int_equal(box_run(b, 1).vector, cases[c].vector[k]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fxsave_lays_out_512_bytes),
        cmocka_unit_test(fxsave_in_32_bit_mode_has_eight_xmm_registers),
        cmocka_unit_test(the_last_instruction_and_operand_are_recorded),
        cmocka_unit_test(fxrstor_takes_everything_back),
        cmocka_unit_test(fxrstor_refuses_reserved_mxcsr_bits_and_changes_nothing),
        cmocka_unit_test(ffxsr_leaves_xmm_out_for_the_kernel_only),
        cmocka_unit_test(images_are_aligned),
        cmocka_unit_test(flags_of_sse_arithmetic_reach_stmxcsr),
        cmocka_unit_test(ldmxcsr_clears_flags_and_sets_the_rounding),
        cmocka_unit_test(ldmxcsr_refuses_reserved_bits),
        cmocka_unit_test(the_guests_rounding_does_not_reach_the_host),
        cmocka_unit_test(xsave_marks_what_is_in_use),
        cmocka_unit_test(xsave_keeps_components_that_were_not_asked_for),
        cmocka_unit_test(xrstor_initialises_what_the_header_lacks),
        cmocka_unit_test(xrstor_checks_the_header),
        cmocka_unit_test(xsavec_writes_the_compacted_header),
        cmocka_unit_test(xsave_needs_osxsave),
        cmocka_unit_test(each_kind_has_its_gate),
    };

    return cmocka_run_group_tests_name("x86 floating-point state", tests, setup, teardown);
}
