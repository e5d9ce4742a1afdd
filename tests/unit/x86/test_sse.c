/* SPDX-License-Identifier: Apache-2.0 */
/* SSE to SSE4.2, AES, SHA, PCLMUL: published vectors, exceptions, rules of memory operands. */
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

/* SSE with exceptions on, RBX points to data. */
static void start(struct box *b)
{
    box_set_mode(b, BOX_LONG0);
    b->regs.cr0 |= 1u << 5 | 1u << 1;
    b->regs.cr4 |= 3u << 9;
    b->regs.mxcsr = 0x1f80;
    b->regs.gpr[3] = BOX_DATA;
    memset(b->ram + BOX_DATA, 0, 0x1000);
}

static void set(struct box *b, unsigned n, uint64_t high, uint64_t low)
{
    cb_store_le64(b->regs.xmm[n], low);
    cb_store_le64(b->regs.xmm[n] + 8, high);
}

#define ASSERT_XMM(e, n, high, low)                                                                \
    do {                                                                                           \
        assert_int_equal(cb_load_le64((e).regs.xmm[n] + 8), (high));                               \
        assert_int_equal(cb_load_le64((e).regs.xmm[n]), (low));                                    \
    } while (0)

/* ---- moves and memory operands ---- */

static void scalar_loads_clear_the_rest_and_register_moves_keep_it(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    box_put(b, BOX_DATA, 0x1122334455667788, 8);
    for (unsigned n = 0; n < 8; n++)
        set(b, n, 0xa0a0a0a0a0a0a0a0 + n, 0xb0b0b0b0b0b0b0b0 + n);
    e = BOX_DO(b, 7,
               0xf3, 0x0f, 0x10, 0x03, /* movss (rbx), xmm0 */
               0xf2, 0x0f, 0x10, 0x0b, /* movsd (rbx), xmm1 */
               0xf3, 0x0f, 0x10, 0xd7, /* movss xmm7, xmm2 */
               0xf2, 0x0f, 0x10, 0xdf, /* movsd xmm7, xmm3 */
               0x0f, 0x16, 0x23, /* movhps (rbx), xmm4 */
               0x66, 0x0f, 0x12, 0x2b, /* movlpd (rbx), xmm5 */
               0xf3, 0x0f, 0x7e, 0xf7 /* movq xmm7, xmm6 */);
    assert_int_equal(e.vector, -1);
    ASSERT_XMM(e, 0, 0, 0x55667788);
    ASSERT_XMM(e, 1, 0, 0x1122334455667788);
    ASSERT_XMM(e, 2, 0xa0a0a0a0a0a0a0a2, 0xb0b0b0b0b0b0b0b7);
    ASSERT_XMM(e, 3, 0xa0a0a0a0a0a0a0a3, 0xb0b0b0b0b0b0b0b7);
    ASSERT_XMM(e, 4, 0x1122334455667788, 0xb0b0b0b0b0b0b0b4);
    ASSERT_XMM(e, 5, 0xa0a0a0a0a0a0a0a5, 0x1122334455667788);
    ASSERT_XMM(e, 6, 0, 0xb0b0b0b0b0b0b0b7);
}

static void both_directions_between_xmm_and_general_registers(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 1, 1, 0xfedcba9876543210);
    b->regs.gpr[0] = b->regs.gpr[1] = UINT64_MAX;
    b->regs.gpr[6] = 0x0123456789abcdef;
    e = BOX_DO(b, 5,
               0x66, 0x0f, 0x7e, 0xc8, /* movd xmm1, eax */
               0x66, 0x48, 0x0f, 0x7e, 0xc9, /* movq xmm1, rcx */
               0x66, 0x0f, 0x6e, 0xd6, /* movd esi, xmm2 */
               0x66, 0x48, 0x0f, 0x6e, 0xde, /* movq rsi, xmm3 */
               0x66, 0x0f, 0xd7, 0xf9 /* pmovmskb xmm1, edi */);
    assert_int_equal(e.regs.gpr[0], 0x76543210);
    assert_int_equal(e.regs.gpr[1], 0xfedcba9876543210);
    ASSERT_XMM(e, 2, 0, 0x89abcdef);
    ASSERT_XMM(e, 3, 0, 0x0123456789abcdef);
    assert_int_equal(e.regs.gpr[7], 0xf0);
}

static void misaligned_operands_fault_except_where_they_may(void **state)
{
    static const struct { uint8_t code[6]; uint8_t len; int vector; } cases[] = {
        {{0x0f, 0x28, 0x03}, 3, 13},             /* movaps xmm0, [rbx] */
        {{0x0f, 0x29, 0x03}, 3, 13},             /* movaps [rbx], xmm0 */
        {{0x66, 0x0f, 0xfc, 0x03}, 4, 13},       /* paddb */
        {{0x0f, 0x58, 0x03}, 3, 13},             /* addps */
        {{0x66, 0x0f, 0xe7, 0x03}, 4, 13},       /* movntdq */
        {{0x66, 0x0f, 0x38, 0xdc, 0x03}, 5, 13}, /* aesenc */
        {{0x0f, 0x10, 0x03}, 3, -1},             /* movups */
        {{0xf2, 0x0f, 0xf0, 0x03}, 4, -1},       /* lddqu */
        {{0xf3, 0x0f, 0x58, 0x03}, 4, -1},       /* addss */
        {{0x66, 0x0f, 0x3a, 0x63, 0x03, 8}, 6, -1}, /* pcmpistri */
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(cases); n++) {
        start(b);
        b->regs.gpr[3] = BOX_DATA + 4;
        box_code(b, cases[n].code, cases[n].len);
        assert_int_equal(box_run(b, 1).vector, cases[n].vector);
    }
}

static void masked_move_writes_the_selected_bytes(void **state)
{
    struct box *b = *state;

    start(b);
    memset(b->ram + BOX_DATA, 0xee, 16);
    set(b, 0, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    set(b, 1, 0x8000000000000000, 0x0000ff0000007f80);
    b->regs.gpr[7] = BOX_DATA;
    BOX_DO(b, 1,
               0x66, 0x0f, 0xf7, 0xc1 /* maskmovdqu xmm1, xmm0 */);
    assert_int_equal(box_get(b, BOX_DATA, 8), 0xeeee05eeeeeeee00);
    assert_int_equal(box_get(b, BOX_DATA + 8, 8), 0x0feeeeeeeeeeeeee);
}

static void bit_fields_of_sse4a(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 0, 0, 0x123456789abcdef0);
    set(b, 1, 0, 0x123456789abcdef0);
    set(b, 2, 0x0c08, 0xff);
    e = BOX_DO(b, 2,
               0x66, 0x0f, 0x78, 0xc0, 0x0c, 0x04, /* extrq $4, $12, xmm0 */
               0xf2, 0x0f, 0x79, 0xca /* insertq xmm2, xmm1 */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(cb_load_le64(e.regs.xmm[0]), 0xdef);
    assert_int_equal(cb_load_le64(e.regs.xmm[1]), 0x123456789abffef0);
}

/* ---- immediates ---- */

static void shuffles_shifts_and_elements(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    for (unsigned n = 0; n < 8; n++)
        set(b, n, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    b->regs.gpr[0] = 0xabcd;
    e = BOX_DO(b, 8,
               0x66, 0x0f, 0x70, 0xc8, 0x1b, /* pshufd $0x1b, xmm0, xmm1 */
               0xf2, 0x0f, 0x70, 0xd0, 0x4e, /* pshuflw $0x4e, xmm0, xmm2 */
               0x66, 0x0f, 0x73, 0xfb, 0x03, /* pslldq $3, xmm3 */
               0x66, 0x0f, 0x73, 0xdc, 0x14, /* psrldq $20, xmm4 */
               0x66, 0x0f, 0x3a, 0x0f, 0xe8, 0x05, /* palignr $5, xmm0, xmm5 */
               0x66, 0x0f, 0x71, 0xf6, 0x04, /* psllw $4, xmm6 */
               0x66, 0x0f, 0xc4, 0xf8, 0x06, /* pinsrw $6, eax, xmm7 */
               0x66, 0x0f, 0xc5, 0xc8, 0x05 /* pextrw $5, xmm0, ecx */);
    assert_int_equal(e.vector, -1);
    ASSERT_XMM(e, 1, 0x0302010007060504, 0x0b0a09080f0e0d0c);
    ASSERT_XMM(e, 2, 0x0f0e0d0c0b0a0908, 0x0302010007060504);
    ASSERT_XMM(e, 3, 0x0c0b0a0908070605, 0x0403020100000000);
    ASSERT_XMM(e, 4, 0, 0);
    ASSERT_XMM(e, 5, 0x04030201000f0e0d, 0x0c0b0a0908070605);
    ASSERT_XMM(e, 6, 0xf0e0d0c0b0a09080, 0x7060504030201000);
    ASSERT_XMM(e, 7, 0x0f0eabcd0b0a0908, 0x0706050403020100);
    assert_int_equal(e.regs.gpr[1], 0x0b0a);
}

/* ---- text ---- */

static void implicit_length_comparison_finds_the_end_of_a_string(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    memcpy(b->ram + BOX_DATA + 3, "0123456789", 11);
    set(b, 0, 0, 0xff01); /* range 01..FF, the first byte outside is looked for */
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x3a, 0x63, 0x43, 0x03, 0x14 /* pcmpistri $0x14, 3(rbx), xmm0 */);
    assert_int_equal(e.regs.gpr[1], 10);
    assert_int_equal(e.regs.rflags & 0x8d5, 0xc1); /* CF: found; ZF, SF: both strings end */
}

static void explicit_length_comes_from_rax_and_rdx(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    memcpy(b->ram + BOX_DATA, "needle", 6);
    memcpy(b->ram + BOX_DATA + 16, "hay needle hay  ", 16);
    b->regs.gpr[0] = 6;
    b->regs.gpr[2] = UINT64_C(0x100000010); /* 16 in 32 bits */
    e = BOX_DO(b, 2,
               0x66, 0x0f, 0x6f, 0x0b, /* movdqa (rbx), xmm1 */
               0x66, 0x0f, 0x3a, 0x61, 0x4b, 0x10, 0x0c /* pcmpestri $0x0c, 16(rbx), xmm1 */);
    assert_int_equal(e.regs.gpr[1], 4);
    e = BOX_DO(b, 2,
               0x66, 0x0f, 0x6f, 0x0b, /* movdqa (rbx), xmm1 */
               0x66, 0x0f, 0x3a, 0x60, 0x4b, 0x10, 0x0c /* pcmpestrm $0x0c, 16(rbx), xmm1 */);
    ASSERT_XMM(e, 0, 0, 0x10);
    b->regs.gpr[2] = 9; /* one short */
    e = BOX_DO(b, 2,
               0x66, 0x0f, 0x6f, 0x0b, /* movdqa (rbx), xmm1 */
               0x66, 0x0f, 0x3a, 0x61, 0x4b, 0x10, 0x0c /* pcmpestri $0x0c, 16(rbx), xmm1 */);
    assert_int_equal(e.regs.gpr[1], 16);
}

/* ---- cryptography ---- */

static void aes_round_of_fips_197(void **state)
{
    struct box *b = *state;
    struct box_end e;

    /* FIPS 197, appendix B: round 1 from its start to the start of round 2. */
    start(b);
    set(b, 0, 0x0848f8e92a8dc69a, 0x2be2f4a0bee33d19);
    set(b, 1, 0x05766c2a3939a323, 0xb12c548817fefaa0);
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x38, 0xdc, 0xc1 /* aesenc xmm1, xmm0 */);
    ASSERT_XMM(e, 0, 0x49506a0243ea5b6b, 0x2b359f68f27f9ca4);
}

static void carry_less_product(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 0, 3, 0x8000000000000001);
    set(b, 1, 5, 6);
    e = BOX_DO(b, 3,
               0x66, 0x0f, 0x6f, 0xd0, /* movdqa xmm0, xmm2 */
               0x66, 0x0f, 0x3a, 0x44, 0xc1, 0x00, /* pclmulqdq $0x00, xmm1, xmm0 */
               0x66, 0x0f, 0x3a, 0x44, 0xd1, 0x11 /* pclmulqdq $0x11, xmm1, xmm2 */);
    ASSERT_XMM(e, 0, 3, 6);   /* (x^63 + 1)(x^2 + x) */
    ASSERT_XMM(e, 2, 0, 0xf); /* (x + 1)(x^2 + 1) */
}

static void sha256_two_rounds(void **state)
{
    struct box *b = *state;
    struct box_end e;

    /* FIPS 180-4's "abc": working variables after two rounds (published with the standard). */
    start(b);
    set(b, 1, 0x6a09e667bb67ae85, 0x510e527f9b05688c); /* A B E F */
    set(b, 2, 0x3c6ef372a54ff53a, 0x1f83d9ab5be0cd19); /* C D G H */
    set(b, 0, 0, 0x71374491a3ec9318);                  /* W + K of rounds 1 and 0 */
    e = BOX_DO(b, 1,
               0x0f, 0x38, 0xcb, 0xd1 /* sha256rnds2 xmm0, xmm1, xmm2 */);
    ASSERT_XMM(e, 2, 0x5a6ad9ad5d6aebcd, 0x78ce7989fa2a4622);
}

/* ---- floating point ---- */

static void the_first_operands_nan_wins(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 0, 0x7ff8000000000001, 0x7ff8000000000001);
    set(b, 1, 0x7ff8000000000002, 0xfff4000000000003);
    e = BOX_DO(b, 5,
               0x66, 0x0f, 0x28, 0xd0, /* movapd xmm0, xmm2 */
               0x66, 0x0f, 0x58, 0xd1, /* addpd xmm1, xmm2 */
               0x66, 0x0f, 0x28, 0xd9, /* movapd xmm1, xmm3 */
               0x66, 0x0f, 0x58, 0xd8, /* addpd xmm0, xmm3 */
               0x66, 0x0f, 0x5d, 0xc1 /* minpd xmm1, xmm0 */);
    ASSERT_XMM(e, 2, 0x7ff8000000000001, 0x7ff8000000000001);
    ASSERT_XMM(e, 3, 0x7ff8000000000002, 0xfffc000000000003);
    ASSERT_XMM(e, 0, 0x7ff8000000000002, 0xfff4000000000003); /* MIN: always the second */
    assert_int_equal(e.regs.mxcsr, 0x1f81);
}

static void comparisons_set_zf_pf_cf(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    b->regs.rflags = 0x8d7;
    set(b, 0, 0, 0x3ff0000000000000);
    set(b, 1, 0, 0x4000000000000000);
    set(b, 2, 0, 0x7ff8000000000000);
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x2e, 0xc1 /* ucomisd xmm1, xmm0 */);
    assert_int_equal(e.regs.rflags, 0x3);
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x2e, 0xc2 /* ucomisd xmm2, xmm0 */);
    assert_int_equal(e.regs.rflags, 0x47);
    assert_int_equal(e.regs.mxcsr, 0x1f80);
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x2f, 0xc2 /* comisd xmm2, xmm0 */);
    assert_int_equal(e.regs.mxcsr, 0x1f81);
}

static void conversions_out_of_range_are_indefinite(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 0, 0, 0x43e0000000000000); /* 2^63 */
    set(b, 1, 0, 0xc1e0000000200000); /* -2147483649 */
    set(b, 2, 0, 0x4004000000000000); /* 2.5 */
    e = BOX_DO(b, 4,
               0xf2, 0x48, 0x0f, 0x2c, 0xc0, /* cvttsd2si xmm0, rax */
               0xf2, 0x0f, 0x2c, 0xc9, /* cvttsd2si xmm1, ecx */
               0xf2, 0x0f, 0x2d, 0xd2, /* cvtsd2si xmm2, edx */
               0xf2, 0x48, 0x0f, 0x2c, 0xf1 /* cvttsd2si xmm1, rsi */);
    assert_int_equal(e.regs.gpr[0], 0x8000000000000000);
    assert_int_equal(e.regs.gpr[1], 0x80000000);
    assert_int_equal(e.regs.gpr[2], 2);
    assert_int_equal(e.regs.gpr[6], 0xffffffff7fffffff);
    assert_int_equal(e.regs.mxcsr, 0x1fa1);
}

static void denormals_by_daz_and_ftz(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    set(b, 0, 0, 1);
    set(b, 1, 0, 0x0010000000000000); /* smallest normal */
    set(b, 2, 0, 0x3fe0000000000000); /* 0.5 */
    e = BOX_DO(b, 2,
               0xf2, 0x0f, 0x58, 0xc0, /* addsd xmm0, xmm0 */
               0xf2, 0x0f, 0x59, 0xca /* mulsd xmm2, xmm1 */);
    assert_int_equal(cb_load_le64(e.regs.xmm[0]), 2);
    assert_int_equal(cb_load_le64(e.regs.xmm[1]), 0x0008000000000000);
    assert_int_equal(e.regs.mxcsr, 0x1f82); /* exact: no underflow */
    b->regs.mxcsr = 0x9fc0;
    e = BOX_DO(b, 2,
               0xf2, 0x0f, 0x58, 0xc0, /* addsd xmm0, xmm0 */
               0xf2, 0x0f, 0x59, 0xca /* mulsd xmm2, xmm1 */);
    assert_int_equal(cb_load_le64(e.regs.xmm[0]), 0);
    assert_int_equal(cb_load_le64(e.regs.xmm[1]), 0);
    assert_int_equal(e.regs.mxcsr, 0x9ff0); /* flushed: underflow, inexact */
}

/* 1.0 / divisor with the given MXCSR. */
static struct box_end divide(struct box *b, uint32_t mxcsr, uint64_t divisor, bool osxmmexcpt)
{
    start(b);
    b->regs.mxcsr = mxcsr;
    if (!osxmmexcpt)
        b->regs.cr4 &= ~UINT64_C(0x400);
    set(b, 0, 7, 0x3ff0000000000000);
    set(b, 1, 0, divisor);
    return BOX_DO(b, 2,
               0x90, /* nop */
               0xf2, 0x0f, 0x5e, 0xc1 /* divsd xmm1, xmm0 */);
}

static void an_unmasked_exception_stops_before_the_result(void **state)
{
    struct box *b = *state;
    struct box_end e = divide(b, 0x1d80, 0, true);

    assert_int_equal(e.vector, 19);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[4], 8), BOX_CODE + 1);
    ASSERT_XMM(e, 0, 7, 0x3ff0000000000000);
    assert_int_equal(e.regs.mxcsr, 0x1d84);
    assert_int_equal(divide(b, 0x1d80, 0, false).vector, 6);
    e = divide(b, 0x1580, 0x4000000000000000, true); /* underflow unmasked too: nothing to report */
    assert_int_equal(e.vector, -1);
    ASSERT_XMM(e, 0, 7, 0x3fe0000000000000);
    assert_int_equal(e.regs.mxcsr, 0x1580);
}

static void unmasked_underflow_counts_exact_tiny_results(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    b->regs.mxcsr = 0x1780;
    set(b, 0, 0, 0x0010000000000000);
    set(b, 1, 0, 0x3fe0000000000000);
    e = BOX_DO(b, 1,
               0xf2, 0x0f, 0x59, 0xc1 /* mulsd xmm1, xmm0 */);
    assert_int_equal(e.vector, 19);
    assert_int_equal(e.regs.mxcsr, 0x1790);
    start(b);
    set(b, 0, 0, 0x0010000000000000);
    set(b, 1, 0, 0x3fe0000000000000);
    e = BOX_DO(b, 1,
               0xf2, 0x0f, 0x59, 0xc1 /* mulsd xmm1, xmm0 */);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.mxcsr, 0x1f80);
}

static void operand_exceptions_hide_those_of_results(void **state)
{
    struct box *b = *state;
    struct box_end e;

    start(b);
    b->regs.mxcsr = 0x1f00; /* invalid */
    set(b, 0, 0x7ff4000000000000, 0x3ff0000000000000);
    set(b, 1, 0x3ff0000000000000, 0x4008000000000000);
    e = BOX_DO(b, 1,
               0x66, 0x0f, 0x5e, 0xc1 /* divpd xmm1, xmm0 */);
    assert_int_equal(e.vector, 19);
    assert_int_equal(e.regs.mxcsr, 0x1f01); /* not PE, though 1/3 is inexact */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalar_loads_clear_the_rest_and_register_moves_keep_it),
        cmocka_unit_test(both_directions_between_xmm_and_general_registers),
        cmocka_unit_test(misaligned_operands_fault_except_where_they_may),
        cmocka_unit_test(masked_move_writes_the_selected_bytes),
        cmocka_unit_test(bit_fields_of_sse4a),
        cmocka_unit_test(shuffles_shifts_and_elements),
        cmocka_unit_test(implicit_length_comparison_finds_the_end_of_a_string),
        cmocka_unit_test(explicit_length_comes_from_rax_and_rdx),
        cmocka_unit_test(aes_round_of_fips_197),
        cmocka_unit_test(carry_less_product),
        cmocka_unit_test(sha256_two_rounds),
        cmocka_unit_test(the_first_operands_nan_wins),
        cmocka_unit_test(comparisons_set_zf_pf_cf),
        cmocka_unit_test(conversions_out_of_range_are_indefinite),
        cmocka_unit_test(denormals_by_daz_and_ftz),
        cmocka_unit_test(an_unmasked_exception_stops_before_the_result),
        cmocka_unit_test(unmasked_underflow_counts_exact_tiny_results),
        cmocka_unit_test(operand_exceptions_hide_those_of_results),
    };

    return cmocka_run_group_tests_name("x86 SSE", tests, setup, teardown);
}
