/* SPDX-License-Identifier: Apache-2.0 */
/* x87 and MMX: arithmetic under the control word, stack faults, exceptions, environment. */
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

/* CR0.NE set, x87 initialised, BX points to data. */
static void start(struct box *b, enum box_mode mode)
{
    box_set_mode(b, mode);
    b->regs.cr0 |= 1u << 5 | 1u << 1;
    b->regs.cr4 |= 3u << 9;
    b->regs.fcw = 0x37f;
    b->regs.fsw = 0;
    b->regs.ftw = 0xffff;
    b->regs.mxcsr = 0x1f80;
    b->regs.gpr[3] = BOX_DATA;
    memset(b->ram + BOX_DATA, 0, 0x1000);
}

/* ST(i) of the result. */
static uint64_t mantissa(const struct box_end *e, unsigned i)
{
    return cb_load_le64(e->regs.st[((e->regs.fsw >> 11) + i) & 7]);
}

static unsigned exponent(const struct box_end *e, unsigned i)
{
    return cb_load_le16(e->regs.st[((e->regs.fsw >> 11) + i) & 7] + 8);
}

#define ASSERT_ST(e, i, se, m)                                                                     \
    do {                                                                                           \
        assert_int_equal(exponent(&(e), (i)), (se));                                               \
        assert_int_equal(mantissa(&(e), (i)), (m));                                                \
    } while (0)

/* ---- rounding and precision ---- */

static void division_obeys_precision_and_rounding(void **state)
{
    static const struct { uint16_t cw; uint64_t mantissa; unsigned c1; } cases[] = {
        {0x37f, 0xaaaaaaaaaaaaaaab, 1}, {0x77f, 0xaaaaaaaaaaaaaaaa, 0},
        {0xb7f, 0xaaaaaaaaaaaaaaab, 1}, {0xf7f, 0xaaaaaaaaaaaaaaaa, 0},
        {0x27f, 0xaaaaaaaaaaaaa800, 0}, {0xa7f, 0xaaaaaaaaaaaab000, 1},
        {0x07f, 0xaaaaab0000000000, 1}, {0xc7f, 0xaaaaaa0000000000, 0},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(cases); n++) {
        struct box_end e;

        start(b, BOX_LONG0);
        b->regs.fcw = cases[n].cw;
        box_put(b, BOX_DATA, 0x40000000, 4);     /* 2.0 */
        box_put(b, BOX_DATA + 4, 0x40400000, 4); /* 3.0 */
        e = BOX_DO(b, 2,
               0xd9, 0x03, /* flds (rbx) */
               0xd8, 0x73, 0x04 /* fdivs 4(rbx) */);
        assert_int_equal(e.vector, -1);
        ASSERT_ST(e, 0, 0x3ffe, cases[n].mantissa);
        assert_int_equal(e.regs.fsw, 0x3820 | cases[n].c1 << 9);
    }
}

static void constants_follow_the_rounding(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    e = BOX_DO(b, 2,
               0xd9, 0xeb, /* fldpi */
               0xd9, 0xea /* fldl2e */);
    ASSERT_ST(e, 1, 0x4000, 0xc90fdaa22168c235);
    ASSERT_ST(e, 0, 0x3fff, 0xb8aa3b295c17f0bc);
    b->regs.fcw = 0x77f;
    e = BOX_DO(b, 1,
               0xd9, 0xeb /* fldpi */);
    ASSERT_ST(e, 0, 0x4000, 0xc90fdaa22168c234);
}

static void integers_are_rounded_or_chopped(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0xc0200000, 4); /* -2.5 */
    e = BOX_DO(b, 3,
               0xd9, 0x03, /* flds (rbx) */
               0xdb, 0x53, 0x04, /* fistl 4(rbx) */
               0xdf, 0x4b, 0x08 /* fisttps 8(rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 4, 4), 0xfffffffe);
    assert_int_equal(box_get(b, BOX_DATA + 8, 2), 0xfffe);
    assert_int_equal(e.regs.ftw, 0xffff);
    b->regs.fcw = 0x77f; /* down */
    BOX_DO(b, 2,
               0xd9, 0x03, /* flds (rbx) */
               0xdf, 0x7b, 0x04 /* fistpll 4(rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 4, 8), 0xfffffffffffffffd);
    box_put(b, BOX_DATA, 0x47000000, 4); /* 32768.0 does not fit */
    e = BOX_DO(b, 2,
               0xd9, 0x03, /* flds (rbx) */
               0xdf, 0x5b, 0x04 /* fistps 4(rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 4, 2), 0x8000);
    assert_int_equal(e.regs.fsw & 0xff, 0x01);
}

static void packed_decimals_go_both_ways(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x0000000000012345, 8);
    box_put(b, BOX_DATA + 8, 0x8000, 2);
    e = BOX_DO(b, 3,
               0xdf, 0x23, /* fbld (rbx) */
               0xd9, 0xc0, /* fld st(0) */
               0xdf, 0x73, 0x10 /* fbstp 16(rbx) */);
    ASSERT_ST(e, 0, 0xc00c, 0xc0e4000000000000); /* -12345 */
    assert_int_equal(box_get(b, BOX_DATA + 16, 8), 0x12345);
    assert_int_equal(box_get(b, BOX_DATA + 24, 2), 0x8000);
}

static void remainder_gives_the_quotients_low_bits(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x41b80000, 4);     /* 23.0 */
    box_put(b, BOX_DATA + 4, 0x40800000, 4); /* 4.0: 23 = 5 * 4 + 3, 5 = 101b */
    e = BOX_DO(b, 3,
               0xd9, 0x43, 0x04, /* flds 4(rbx) */
               0xd9, 0x03, /* flds (rbx) */
               0xd9, 0xf8 /* fprem */);
    ASSERT_ST(e, 0, 0x4000, 0xc000000000000000);
    assert_int_equal(e.regs.fsw & 0x4700, 0x0300); /* C0 = Q2, C3 = Q1, C1 = Q0 */
    e = BOX_DO(b, 3,
               0xd9, 0x43, 0x04, /* flds 4(rbx) */
               0xd9, 0x03, /* flds (rbx) */
               0xd9, 0xf5 /* fprem1 */); /* to nearest: 6 * 4 - 1 */
    ASSERT_ST(e, 0, 0xbfff, 0x8000000000000000);
    assert_int_equal(e.regs.fsw & 0x4700, 0x4100);
}

static void two_results_are_pushed(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x41400000, 4); /* 12.0 = 1.5 * 2^3 */
    e = BOX_DO(b, 2,
               0xd9, 0x03, /* flds (rbx) */
               0xd9, 0xf4 /* fxtract */);
    ASSERT_ST(e, 0, 0x3fff, 0xc000000000000000);
    ASSERT_ST(e, 1, 0x4000, 0xc000000000000000);
    e = BOX_DO(b, 2,
               0xd9, 0xee, /* fldz */
               0xd9, 0xfb /* fsincos */);
    ASSERT_ST(e, 0, 0x3fff, 0x8000000000000000);
    ASSERT_ST(e, 1, 0, 0);
}

/* ---- classes, comparisons ---- */

static void examine_names_the_class(void **state)
{
    static const struct { uint64_t mantissa; uint16_t se; uint16_t codes; } cases[] = {
        {0x8000000000000000, 0x3fff, 0x0400}, {0xc000000000000000, 0xffff, 0x0300},
        {0x8000000000000000, 0x7fff, 0x0500}, {0, 0x8000, 0x4200},
        {1, 0, 0x4400}, {0x4000000000000000, 0x3fff, 0x0000},
    };
    struct box *b = *state;
    struct box_end e;

    for (unsigned n = 0; n < CB_ARRAY_LEN(cases); n++) {
        start(b, BOX_LONG0);
        box_put(b, BOX_DATA, cases[n].mantissa, 8);
        box_put(b, BOX_DATA + 8, cases[n].se, 2);
        e = BOX_DO(b, 2,
               0xdb, 0x2b, /* fldt (rbx) */
               0xd9, 0xe5 /* fxam */);
        assert_int_equal(e.regs.fsw & 0x4700, cases[n].codes);
    }
    e = BOX_DO(b, 3,
               0xdb, 0x2b, /* fldt (rbx) */
               0xdd, 0xd8, /* fstp st(0) */
               0xd9, 0xe5 /* fxam */);
    assert_int_equal(e.regs.fsw & 0x4500, 0x4100); /* empty */
}

static void comparisons_set_codes_or_flags(void **state)
{
    static const struct { uint32_t a, b; uint16_t codes; uint64_t flags; unsigned sw; } cases[] = {
        {0x40000000, 0x3f800000, 0x0000, 0x00, 0}, /* 2 > 1 */
        {0x3f800000, 0x40000000, 0x0100, 0x01, 0}, /* 1 < 2 */
        {0x3f800000, 0x3f800000, 0x4000, 0x40, 0},
        {0x7fc00000, 0x3f800000, 0x4500, 0x45, 1}, /* NaN: invalid for FCOM and FCOMI */
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(cases); n++) {
        struct box_end e;

        start(b, BOX_LONG0);
        b->regs.rflags = 0x8d7;
        box_put(b, BOX_DATA, cases[n].a, 4);
        box_put(b, BOX_DATA + 4, cases[n].b, 4);
        e = BOX_DO(b, 2,
               0xd9, 0x03, /* flds (rbx) */
               0xd8, 0x53, 0x04 /* fcoms 4(rbx) */);
        assert_int_equal(e.regs.fsw & 0x4500, cases[n].codes);
        assert_int_equal(e.regs.fsw & 0x3f, cases[n].sw);
        assert_int_equal(e.regs.rflags, 0x8d7);
        e = BOX_DO(b, 3,
               0xd9, 0x43, 0x04, /* flds 4(rbx) */
               0xd9, 0x03, /* flds (rbx) */
               0xdb, 0xe9 /* fucomi st(1), st */);
        assert_int_equal(e.regs.rflags, 0x2 | cases[n].flags);
        assert_int_equal(e.regs.fsw & 0x3f, 0); /* quiet NaN */
        e = BOX_DO(b, 4,
               0xd9, 0x43, 0x04, /* flds 4(rbx) */
               0xd9, 0x03, /* flds (rbx) */
               0xdf, 0xf1, /* fcomip st(1), st */
               0xdf, 0xe0 /* fnstsw ax */);
        assert_int_equal(e.regs.rflags, 0x2 | cases[n].flags);
        assert_int_equal(e.regs.gpr[0] & 0xffff, 0x3800 | cases[n].sw);
    }
}

static void conditional_moves_read_the_flags(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.rflags = 0x42; /* ZF */
    e = BOX_DO(b, 3,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xda, 0xc9 /* fcmove st(1), st */);
    ASSERT_ST(e, 0, 0x3fff, 0x8000000000000000);
    e = BOX_DO(b, 3,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xdb, 0xc9 /* fcmovne st(1), st */);
    ASSERT_ST(e, 0, 0, 0);
}

/* ---- the stack ---- */

static void a_ninth_push_overflows(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    e = BOX_DO(b, 9,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee /* fldz */);
    ASSERT_ST(e, 0, 0xffff, 0xc000000000000000);
    assert_int_equal(e.regs.fsw, 0x3a41); /* TOP 7, C1, SF, IE */
    b->regs.fcw = 0x37e;
    e = BOX_DO(b, 9,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee /* fldz */);
    ASSERT_ST(e, 0, 0x3fff, 0x8000000000000000); /* unmasked: nothing pushed */
    assert_int_equal(e.regs.fsw, 0x82c1);
}

static void an_empty_register_underflows(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    e = BOX_DO(b, 2,
               0xd9, 0xe8, /* fld1 */
               0xd8, 0xc1 /* fadd st(1), st */);
    ASSERT_ST(e, 0, 0xffff, 0xc000000000000000);
    assert_int_equal(e.regs.fsw, 0x3841);
    box_put(b, BOX_DATA, 0x1234, 4);
    e = BOX_DO(b, 1,
               0xd9, 0x1b /* fstps (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA, 4), 0xffc00000);
    assert_int_equal(e.regs.fsw, 0x0841);
    b->regs.fcw = 0x37e;
    box_put(b, BOX_DATA, 0x1234, 4);
    e = BOX_DO(b, 1,
               0xd9, 0x1b /* fstps (rbx) */);
    assert_int_equal(box_get(b, BOX_DATA, 4), 0x1234);
    assert_int_equal(e.regs.fsw, 0x80c1);
}

/* ---- exceptions ---- */

static void an_unmasked_exception_waits_for_the_next_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.fcw = 0x37b; /* division by zero */
    e = BOX_DO(b, 5,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0xdf, 0xe0, /* fnstsw ax */
               0x9b /* fwait */);
    assert_int_equal(e.vector, 16);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4], 8), BOX_CODE + 8);
    assert_int_equal(e.regs.gpr[0] & 0xffff, 0xb084); /* TOP still 6 */
    e = BOX_DO(b, 5,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0xdb, 0xe2, /* fnclex */
               0x9b /* fwait */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.fsw, 0x3000);
    e = BOX_DO(b, 4,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0x0f, 0xfc, 0xc8 /* paddb mm0, mm1 */);
    assert_int_equal(e.vector, 16);
    e = BOX_DO(b, 5,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0xdb, 0xe3, /* fninit */
               0xd9, 0xe8 /* fld1 */);
    assert_int_equal(e.vector, -1);
}

static void unmasking_a_flag_makes_it_pending(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x37b, 2);
    e = BOX_DO(b, 5,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0xd9, 0x2b, /* fldcw (rbx) */
               0xd9, 0xd0 /* fnop */);
    assert_int_equal(e.vector, 16);
    assert_int_equal(e.regs.fsw & 0xff, 0x84);
}

static void without_cr0_ne_nothing_is_raised(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.cr0 &= ~UINT64_C(0x20);
    b->regs.fcw = 0x37b;
    e = BOX_DO(b, 4,
               0xd9, 0xe8, /* fld1 */
               0xd9, 0xee, /* fldz */
               0xde, 0xf9, /* fdivrp */
               0x9b /* fwait */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.fsw & 0xff, 0x84);
}

static void unmasked_overflow_leaves_a_scaled_result_in_registers_only(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.fcw = 0x377;
    box_put(b, BOX_DATA, 0x8000000000000000, 8);
    box_put(b, BOX_DATA + 8, 0x7ffe, 2);
    box_put(b, BOX_DATA + 16, 0x1234, 8);
    e = BOX_DO(b, 2,
               0xdb, 0x2b, /* fldt (rbx) */
               0xd8, 0xc0 /* fadd st(0), st */);
    ASSERT_ST(e, 0, 0x7fff - 24576, 0x8000000000000000);
    assert_int_equal(e.regs.fsw & 0xff, 0x88);
    e = BOX_DO(b, 2,
               0xdb, 0x2b, /* fldt (rbx) */
               0xdd, 0x5b, 0x10 /* fstpl 16(rbx) */);
    assert_int_equal(box_get(b, BOX_DATA + 16, 8), 0x1234);
    assert_int_equal(e.regs.fsw & 0x38ff, 0x3888);
}

static void a_page_fault_comes_before_any_change(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    b->regs.gpr[3] = UINT64_C(0x7f0000000000);
    e = BOX_DO(b, 2,
               0xd9, 0xe8, /* fld1 */
               0xdd, 0x1b /* fstpl (rbx) */);
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.regs.fsw, 0x3800);
    assert_int_equal(e.regs.ftw, 0x3fff);
}

/* ---- environment ---- */

static void environment_has_a_layout_for_each_mode(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_PROT0);
    e = BOX_DO(b, 4,
               0x90, /* nop */
               0xdd, 0x43, 0x40, /* fldl 0x40(ebx) */
               0xd9, 0xee, /* fldz */
               0xd9, 0x33 /* fnstenv (ebx) */);
    assert_int_equal(box_get(b, BOX_DATA, 4), 0xffff037f);
    assert_int_equal(box_get(b, BOX_DATA + 4, 4), 0xffff3000);
    assert_int_equal(box_get(b, BOX_DATA + 8, 4), 0xffff5fff); /* both zero */
    assert_int_equal(box_get(b, BOX_DATA + 12, 4), BOX_CODE + 4);
    assert_int_equal(box_get(b, BOX_DATA + 16, 4), 0x1ee0000 | SEL_CODE32);
    assert_int_equal(box_get(b, BOX_DATA + 20, 4), BOX_DATA + 0x40);
    assert_int_equal(box_get(b, BOX_DATA + 24, 4), 0xffff0000 | SEL_DATA);
    assert_int_equal(e.regs.fcw, 0x37f); /* all masked afterwards, as they were */

    start(b, BOX_PROT0);
    b->regs.fcw = 0x360;
    e = BOX_DO(b, 2,
               0xdd, 0x43, 0x40, /* fldl 0x40(ebx) */
               0x66, 0xd9, 0x33 /* data16 fnstenv (ebx) */);
    assert_int_equal(box_get(b, BOX_DATA, 8), 0x60007fff38000360);
    assert_int_equal(box_get(b, BOX_DATA + 8, 2), SEL_CODE32);
    assert_int_equal(box_get(b, BOX_DATA + 10, 4), (uint32_t)SEL_DATA << 16 | (BOX_DATA + 0x40));
    assert_int_equal(e.regs.fcw, 0x37f);
}

static void real_mode_keeps_linear_pointers(void **state)
{
    struct box *b = *state;

    start(b, BOX_REAL); /* DS and CS are based on data and code */
    b->regs.gpr[3] = 0;
    BOX_DO(b, 2,
               0xdd, 0x47, 0x40, /* fldl 0x40(bx) */
               0xd9, 0x37 /* fnstenv (bx) */);
    assert_int_equal(box_get(b, BOX_DATA, 2), 0x37f);
    assert_int_equal(box_get(b, BOX_DATA + 6, 2), BOX_CODE & 0xffff);
    assert_int_equal(box_get(b, BOX_DATA + 8, 2), 0x0547 | (BOX_CODE >> 16) << 12);
    assert_int_equal(box_get(b, BOX_DATA + 10, 2), (BOX_DATA + 0x40) & 0xffff);
}

static void whole_state_is_saved_in_stack_order_and_restored(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    e = BOX_DO(b, 3,
               0xd9, 0xee, /* fldz */
               0xd9, 0xe8, /* fld1 */
               0xdd, 0x33 /* fnsave (rbx) */);
    assert_int_equal(e.regs.ftw, 0xffff);
    assert_int_equal(e.regs.fsw, 0);
    assert_int_equal(box_get(b, BOX_DATA + 28, 8), 0x8000000000000000);
    assert_int_equal(box_get(b, BOX_DATA + 36, 2), 0x3fff);
    assert_int_equal(box_get(b, BOX_DATA + 38, 8), 0);
    e = BOX_DO(b, 4,
               0xd9, 0xee, /* fldz */
               0xd9, 0xe8, /* fld1 */
               0xdd, 0x33, /* fnsave (rbx) */
               0xdd, 0x23 /* frstor (rbx) */);
    assert_int_equal(e.regs.fsw, 0x3000);
    assert_int_equal(e.regs.ftw, 0x4fff); /* register 6 valid, 7 zero */
    ASSERT_ST(e, 0, 0x3fff, 0x8000000000000000);
    ASSERT_ST(e, 1, 0, 0);
}

/* ---- MMX ---- */

static void mmx_registers_are_significands(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b, BOX_LONG0);
    box_put(b, BOX_DATA, 0x0102030405060708, 8);
    e = BOX_DO(b, 4,
               0xd9, 0xe8, /* fld1 */
               0x0f, 0x6f, 0x1b, /* movq (rbx), mm3 */
               0x0f, 0xfc, 0xdb, /* paddb mm3, mm3 */
               0x0f, 0x7f, 0x5b, 0x08 /* movq mm3, 8(rbx) */);
    assert_int_equal(e.regs.fsw, 0);  /* TOP */
    assert_int_equal(e.regs.ftw & 0xc0, 0x80); /* register 3: special */
    assert_true(e.regs.ftw != 0xffff);
    assert_int_equal(cb_load_le64(e.regs.st[3]), 0x020406080a0c0e10);
    assert_int_equal(cb_load_le16(e.regs.st[3] + 8), 0xffff);
    assert_int_equal(box_get(b, BOX_DATA + 8, 8), 0x020406080a0c0e10);
    e = BOX_DO(b, 2,
               0x0f, 0x6f, 0x1b, /* movq (rbx), mm3 */
               0x0f, 0x77 /* emms */);
    assert_int_equal(e.regs.ftw, 0xffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(division_obeys_precision_and_rounding),
        cmocka_unit_test(constants_follow_the_rounding),
        cmocka_unit_test(integers_are_rounded_or_chopped),
        cmocka_unit_test(packed_decimals_go_both_ways),
        cmocka_unit_test(remainder_gives_the_quotients_low_bits),
        cmocka_unit_test(two_results_are_pushed),
        cmocka_unit_test(examine_names_the_class),
        cmocka_unit_test(comparisons_set_codes_or_flags),
        cmocka_unit_test(conditional_moves_read_the_flags),
        cmocka_unit_test(a_ninth_push_overflows),
        cmocka_unit_test(an_empty_register_underflows),
        cmocka_unit_test(an_unmasked_exception_waits_for_the_next_instruction),
        cmocka_unit_test(unmasking_a_flag_makes_it_pending),
        cmocka_unit_test(without_cr0_ne_nothing_is_raised),
        cmocka_unit_test(unmasked_overflow_leaves_a_scaled_result_in_registers_only),
        cmocka_unit_test(a_page_fault_comes_before_any_change),
        cmocka_unit_test(environment_has_a_layout_for_each_mode),
        cmocka_unit_test(real_mode_keeps_linear_pointers),
        cmocka_unit_test(whole_state_is_saved_in_stack_order_and_restored),
        cmocka_unit_test(mmx_registers_are_significands),
    };

    return cmocka_run_group_tests_name("x87 and MMX", tests, setup, teardown);
}
