/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's way to memory: translations and how long they live, faults, pages without a pointer. */
#include "unit/unit.h"

#include "unit/x86/box.h"

#define PTE(page) (BOX_PT + (uint32_t)((page) >> 12) * 8)
#define LE32(v) (v) & 0xff, (v) >> 8 & 0xff, (v) >> 16 & 0xff, (v) >> 24 & 0xff

/* In 64-bit mode, with an absolute address. */
#define LOAD(reg, at) 0x48, 0x8b, 0x04 | (reg) << 3, 0x25, LE32(at)
#define STORE(at, reg) 0x48, 0x89, 0x04 | (reg) << 3, 0x25, LE32(at)
#define STORE_IMM(at, imm) 0x48, 0xc7, 0x04, 0x25, LE32(at), LE32(imm)
#define INVLPG(at) 0x0f, 0x01, 0x3c, 0x25, LE32(at)
#define MOV_CR3_RBX 0x0f, 0x22, 0xdb
#define STAC 0x0f, 0x01, 0xcb
#define CLAC 0x0f, 0x01, 0xca

enum { RAX, RCX, RDX, RBX };

#define PAGE 0x20000u  /* one page of the tests' own, and the one that it may be changed to */
#define OTHER 0x30000u
#define LARGE 0x201000u /* in the 2 MiB page */

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

static void long_mode(struct box *b, enum box_mode mode)
{
    box_set_mode(b, mode);
    box_put(b, PAGE, 0x1111, 8);
    box_put(b, OTHER, 0x2222, 8);
    box_put(b, LARGE, 0x3333, 8);
}

/* ---- A and D ---- */

static void a_read_sets_a_and_a_write_sets_d(void **state)
{
    struct box *b = *state;

    long_mode(b, BOX_LONG0);
    BOX_DO(b, 1, LOAD(RAX, PAGE));
    assert_int_equal(box_get(b, PTE(PAGE), 8), PAGE | 0x27);
    assert_int_equal(box_get(b, BOX_PD, 8), BOX_PT | 0x27);
    assert_int_equal(box_get(b, BOX_PML4, 8), BOX_PDPT | 0x27);
    BOX_DO(b, 1, STORE(PAGE, RAX));
    assert_int_equal(box_get(b, PTE(PAGE), 8), PAGE | 0x67);
}

static void the_first_write_sets_d_though_reads_have_a_pointer(void **state)
{
    struct box *b = *state;

    long_mode(b, BOX_LONG0);
    BOX_DO(b, 3, LOAD(RAX, PAGE), LOAD(RAX, PAGE), STORE(PAGE, RAX));
    assert_int_equal(box_get(b, PTE(PAGE), 8), PAGE | 0x67);
}

static void a_write_that_faults_sets_no_d(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG3);
    box_put(b, PTE(PAGE), PAGE | 5, 8);
    e = BOX_DO(b, 1, STORE(PAGE, RAX));
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.code, 7);
    assert_true(e.regs.cr2 == PAGE);
    assert_int_equal(box_get(b, PTE(PAGE), 8) & 0x40, 0);
}

/* ---- how long a translation lives ---- */

static void a_translation_stays_until_invlpg(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    e = BOX_DO(b, 5, LOAD(RAX, PAGE), STORE_IMM(PTE(PAGE), OTHER | 0x67), LOAD(RCX, PAGE),
               INVLPG(PAGE + 8), LOAD(RDX, PAGE));
    assert_int_equal(e.regs.gpr[RAX], 0x1111);
    assert_int_equal(e.regs.gpr[RCX], 0x1111);
    assert_int_equal(e.regs.gpr[RDX], 0x2222);
}

static void a_translation_that_was_not_used_is_not_remembered(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    box_put(b, PTE(PAGE), 0, 8);
    e = BOX_DO(b, 2, STORE_IMM(PTE(PAGE), OTHER | 7), LOAD(RAX, PAGE));
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.gpr[RAX], 0x2222);
}

static void rights_that_grew_need_no_invlpg(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    b->regs.cr0 |= 0x10000; /* WP */
    box_put(b, PTE(PAGE), PAGE | 5, 8);
    e = BOX_DO(b, 3, LOAD(RAX, PAGE), STORE_IMM(PTE(PAGE), PAGE | 7), STORE_IMM(PAGE, 5));
    assert_int_equal(e.vector, -1);
    assert_int_equal(box_get(b, PAGE, 8), 5);
}

static void rights_that_shrank_need_invlpg(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    b->regs.cr0 |= 0x10000;
    e = BOX_DO(b, 5, STORE_IMM(PAGE, 1), STORE_IMM(PTE(PAGE), PAGE | 0x65), STORE_IMM(PAGE, 2),
               INVLPG(PAGE), STORE_IMM(PAGE, 3));
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.code, 3);
    assert_int_equal(box_get(b, PAGE, 8), 2);
}

static void mov_cr3_forgets_what_is_not_global(void **state)
{
    struct box *b = *state;

    for (unsigned global = 0; global < 2; global++) {
        struct box_end e;

        long_mode(b, BOX_LONG0);
        b->regs.cr4 |= 0x80; /* PGE */
        b->regs.gpr[RBX] = BOX_PML4;
        box_put(b, PTE(PAGE), PAGE | 7 | global << 8, 8);
        e = BOX_DO(b, 4, LOAD(RAX, PAGE), STORE_IMM(PTE(PAGE), OTHER | 7), MOV_CR3_RBX,
                   LOAD(RCX, PAGE));
        assert_int_equal(e.regs.gpr[RAX], 0x1111);
        assert_int_equal(e.regs.gpr[RCX], global ? 0x1111 : 0x2222);
    }
}

static void invlpg_of_a_large_page_forgets_all_of_it(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    e = BOX_DO(b, 5, LOAD(RAX, LARGE), STORE_IMM(BOX_PD + 8, 0), LOAD(RCX, LARGE),
               INVLPG(0x3ff000), LOAD(RDX, LARGE));
    assert_int_equal(e.regs.gpr[RAX], 0x3333);
    assert_int_equal(e.regs.gpr[RCX], 0x3333);
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.code, 0);
}

/* ---- accesses across pages ---- */

static void a_write_into_a_missing_page_leaves_the_first_one_alone(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    box_put(b, PTE(PAGE + 0x1000), 0, 8);
    box_put(b, PAGE + 0xff8, 0x7777777777777777, 8);
    e = BOX_DO(b, 1, STORE_IMM(PAGE + 0xffc, 0));
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.code, 2);
    assert_true(e.regs.cr2 == PAGE + 0x1000);
    assert_true(box_get(b, PAGE + 0xff8, 8) == 0x7777777777777777);
}

static void an_access_across_pages_joins_frames_that_lie_apart(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    box_put(b, PTE(PAGE + 0x1000), OTHER | 7, 8);
    box_put(b, PAGE + 0xffc, 0x01020304, 4);
    box_put(b, OTHER, 0x05060708, 4);
    e = BOX_DO(b, 2, LOAD(RAX, PAGE + 0xffc), STORE_IMM(PAGE + 0xffe, 0));
    assert_true(e.regs.gpr[RAX] == UINT64_C(0x0506070801020304));
    assert_int_equal(box_get(b, PAGE + 0xffc, 4), 0x0304);
    assert_int_equal(box_get(b, OTHER, 8), 0);
}

/* A page whose neighbour below is at the other end of the address space. */
static void an_access_that_wraps_does_not_meet_page_0(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    b->regs.gpr[RAX] = UINT64_MAX - 1;
    e = BOX_DO(b, 2, LOAD(RCX, 0), 0x48, 0x8b, 0x00); /* mov rax, [rax] */
    assert_int_equal(e.vector, 14);
    assert_true(e.regs.cr2 == UINT64_MAX - 1);
}

/* ---- pages without a pointer: here those with C=1, which hold everything inverted ---- */

static void encrypted_pages(struct box *b)
{
    long_mode(b, BOX_LONG0);
    x86_firmware_done(b->cpu, true);
    box_put(b, PTE(PAGE), PAGE | 7 | CB_BIT(51), 8);
}

static void a_page_without_a_pointer_is_read_and_written(void **state)
{
    struct box *b = *state;
    struct box_end e;

    encrypted_pages(b);
    box_put(b, PAGE, ~UINT64_C(0x12345678), 8);
    e = BOX_DO(b, 2, LOAD(RAX, PAGE), STORE_IMM(PAGE + 0x10, 0x55));
    assert_int_equal(e.regs.gpr[RAX], 0x12345678);
    assert_true(box_get(b, PAGE + 0x10, 8) == ~UINT64_C(0x55));
}

static void a_read_modify_write_of_such_a_page_ends_there(void **state)
{
    struct box *b = *state;

    encrypted_pages(b);
    box_put(b, PAGE, ~UINT64_C(40), 8);
    b->regs.gpr[RAX] = 2;
    BOX_DO(b, 1, 0x48, 0x01, 0x04, 0x25, LE32(PAGE)); /* add [PAGE], rax */
    assert_true(box_get(b, PAGE, 8) == ~UINT64_C(42));
}

static void half_an_access_may_have_a_pointer(void **state)
{
    struct box *b = *state;
    struct box_end e;

    encrypted_pages(b);
    box_put(b, PAGE - 4, 0x11223344, 4);
    box_put(b, PAGE, ~UINT32_C(0x55667788), 4);
    e = BOX_DO(b, 2, LOAD(RAX, PAGE - 4), STORE_IMM(PAGE - 4, 9));
    assert_true(e.regs.gpr[RAX] == UINT64_C(0x5566778811223344));
    assert_int_equal(box_get(b, PAGE - 4, 4), 9);
    assert_int_equal(box_get(b, PAGE, 4), UINT32_MAX);
}

/* One frame at two neighbouring pages, with and without C: each half has its own view. */
static void an_access_across_two_views_of_one_frame_sees_each_as_it_is(void **state)
{
    struct box *b = *state;
    struct box_end e;

    encrypted_pages(b);
    b->turning = true;
    box_put(b, PTE(PAGE), OTHER | 0x67, 8);
    box_put(b, PTE(PAGE + 0x1000), OTHER | 0x67 | CB_BIT(51), 8);
    box_put(b, OTHER, 0xa1a2a3a4, 4);
    box_put(b, OTHER + 0xffc, 0xb1b2b3b4, 4);
    e = BOX_DO(b, 1, LOAD(RAX, PAGE + 0xffc));
    assert_true(e.regs.gpr[RAX] == UINT64_C(0x5e5d5c5bb1b2b3b4));
    b->regs.gpr[RAX] = UINT64_C(0x1122334455667788);
    e = BOX_DO(b, 3, STORE(PAGE + 0xffc, RAX), LOAD(RCX, PAGE + 0xff8), LOAD(RDX, PAGE + 0x1000));
    assert_int_equal(e.regs.gpr[RCX] >> 32, 0x55667788);
    assert_int_equal(e.regs.gpr[RDX] & UINT32_MAX, 0x11223344);
}

/* ---- privilege ---- */

static void smap_holds_until_stac_and_again_after_clac(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    b->regs.cr4 |= CB_BIT(21);
    for (uint32_t at = 0; at < PAGE; at += 0x1000)
        box_put(b, PTE(at), at | 3, 8); /* the supervisor's own */
    e = BOX_DO(b, 4, STAC, LOAD(RAX, PAGE), CLAC, LOAD(RCX, PAGE));
    assert_int_equal(e.regs.gpr[RAX], 0x1111);
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.code, 1);
    assert_true(e.regs.cr2 == PAGE);
}

static void misaligned_accesses_fault_at_cpl_3_with_am_and_ac(void **state)
{
    static const struct { enum box_mode mode; uint64_t cr0, rflags; uint32_t at; int vector; } cases[] = {
        {BOX_LONG3, 0x40000, 0x40002, PAGE + 1, 17}, {BOX_LONG3, 0x40000, 0x40002, PAGE + 8, -1},
        {BOX_LONG3, 0x40000, 0x00002, PAGE + 1, -1}, {BOX_LONG3, 0, 0x40002, PAGE + 1, -1},
        {BOX_LONG0, 0x40000, 0x40002, PAGE + 1, -1},
    };
    struct box *b = *state;

    for (size_t k = 0; k < CB_ARRAY_LEN(cases); k++) {
        struct box_end e;

        long_mode(b, cases[k].mode);
        b->regs.cr0 |= cases[k].cr0;
        b->regs.rflags = cases[k].rflags;
        b->regs.gpr[RBX] = cases[k].at;
        e = BOX_DO(b, 2, LOAD(RAX, PAGE), 0x48, 0x8b, 0x03); /* mov rax, [rbx] */
        assert_int_equal(e.vector, cases[k].vector);
        if (e.vector == 17)
            assert_int_equal(e.code, 0);
    }
}

/* ---- addresses ---- */

static void an_address_that_is_not_canonical_is_gp_or_ss(void **state)
{
    struct box *b = *state;

    long_mode(b, BOX_LONG0);
    b->regs.gpr[RAX] = b->regs.gpr[5] = UINT64_C(0x0000800000000000);
    assert_int_equal(BOX_DO(b, 1, 0x48, 0x8b, 0x00).vector, 13);             /* mov rax, [rax] */
    assert_int_equal(BOX_DO(b, 1, 0x48, 0x8b, 0x45, 0x00).vector, 12);       /* mov rax, [rbp] */
    assert_int_equal(BOX_DO(b, 1, 0x3e, 0x48, 0x8b, 0x45, 0x00).vector, 12); /* DS: counts for nothing */
    b->regs.gpr[RAX] = UINT64_C(0x00007ffffffffffc);
    assert_int_equal(BOX_DO(b, 1, 0x48, 0x8b, 0x00).vector, 14); /* the first half is looked at first */
}

static void a_32_bit_address_wraps(void **state)
{
    struct box *b = *state;
    struct box_end e;

    long_mode(b, BOX_LONG0);
    b->regs.gpr[RAX] = UINT64_C(0xabcdef00fffffff8);
    e = BOX_DO(b, 1, 0x67, 0x48, 0x8b, 0x80, LE32(PAGE + 8)); /* mov rax, [eax + PAGE + 8] */
    assert_int_equal(e.regs.gpr[RAX], 0x1111);
}

/* 32-bit protected mode; DS is the segment in question, and was used before. */
static struct box_end with_ds(struct box *b, unsigned selector, unsigned attr, uint32_t base,
                              uint32_t limit, const uint8_t *code, size_t len)
{
    box_set_mode(b, BOX_PROT0);
    b->regs.seg[X86_DS] = box_segment(selector, base, limit, attr);
    box_code(b, code, len);
    return box_run(b, 2);
}

static void segments_have_limits_and_rights(void **state)
{
    /* mov eax, [4]; then the access */
    static const uint8_t read12[] = {0xa1, 4, 0, 0, 0, 0xa1, 12, 0, 0, 0};
    static const uint8_t read13[] = {0xa1, 4, 0, 0, 0, 0xa1, 13, 0, 0, 0};
    static const uint8_t write4[] = {0xa1, 4, 0, 0, 0, 0xa3, 4, 0, 0, 0};
    static const uint8_t add4[] = {0xa1, 4, 0, 0, 0, 0x01, 0x05, 4, 0, 0, 0};
    static const uint8_t down_low[] = {0xa1, 0, 0x20, 0, 0, 0xa1, 0xff, 0x0f, 0, 0};
    static const uint8_t down_high[] = {0xa1, 0, 0x20, 0, 0, 0xa1, 0x00, 0x10, 0, 0};
#define CODE(c) c, sizeof(c)
    struct box *b = *state;

    assert_int_equal(with_ds(b, SEL_SMALL, 0x093, BOX_DATA, 15, CODE(read12)).vector, -1);
    assert_int_equal(with_ds(b, SEL_SMALL, 0x093, BOX_DATA, 15, CODE(read13)).vector, 13);
    assert_int_equal(with_ds(b, SEL_DATA, 0xc93, 0, UINT32_MAX, CODE(write4)).vector, -1);
    assert_int_equal(with_ds(b, SEL_READ_ONLY, 0xc91, 0, UINT32_MAX, CODE(read12)).vector, -1);
    assert_int_equal(with_ds(b, SEL_READ_ONLY, 0xc91, 0, UINT32_MAX, CODE(write4)).vector, 13);
    assert_int_equal(with_ds(b, SEL_READ_ONLY, 0xc91, 0, UINT32_MAX, CODE(add4)).vector, 13);
    assert_int_equal(with_ds(b, SEL_CODE32, 0xc9b, 0, UINT32_MAX, CODE(read12)).vector, -1);
    assert_int_equal(with_ds(b, SEL_CODE32, 0xc9b, 0, UINT32_MAX, CODE(write4)).vector, 13);
    assert_int_equal(with_ds(b, SEL_EXEC_ONLY, 0xc99, 0, UINT32_MAX, CODE(read12)).vector, 13);
    assert_int_equal(with_ds(b, 0, 0, 0, 0, CODE(read12)).vector, 13);
    assert_int_equal(with_ds(b, SEL_DATA_DOWN, 0x497, 0, 0xfff, CODE(down_high)).vector, -1);
    assert_int_equal(with_ds(b, SEL_DATA_DOWN, 0x497, 0, 0xfff, CODE(down_low)).vector, 13);
}

static void a_write_refused_by_one_segment_does_not_touch_the_next(void **state)
{
    /* mov eax, [4] (read-only DS); mov es:[8], eax */
    static const uint8_t code[] = {0xa1, 4, 0, 0, 0, 0x26, 0xa3, 8, 0, 0, 0};
    struct box *b = *state;

    assert_int_equal(with_ds(b, SEL_READ_ONLY, 0xc91, 0, UINT32_MAX, CODE(code)).vector, -1);
}

static void a_16_bit_address_wraps_within_64_kib(void **state)
{
    static const uint8_t code[] = {0x67, 0x8b, 0x40, 0x04}; /* mov eax, [bx + si + 4] */
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    box_put(b, 2, 0x4444, 4);
    b->regs.gpr[RBX] = 0xfffe;
    b->regs.gpr[6] = 0;
    box_code(b, CODE(code));
    e = box_run(b, 1);
    assert_int_equal(e.regs.gpr[RAX], 0x4444);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_read_sets_a_and_a_write_sets_d),
        CASE(the_first_write_sets_d_though_reads_have_a_pointer),
        CASE(a_write_that_faults_sets_no_d),
        CASE(a_translation_stays_until_invlpg),
        CASE(a_translation_that_was_not_used_is_not_remembered),
        CASE(rights_that_grew_need_no_invlpg),
        CASE(rights_that_shrank_need_invlpg),
        CASE(mov_cr3_forgets_what_is_not_global),
        CASE(invlpg_of_a_large_page_forgets_all_of_it),
        CASE(a_write_into_a_missing_page_leaves_the_first_one_alone),
        CASE(an_access_across_pages_joins_frames_that_lie_apart),
        CASE(an_access_that_wraps_does_not_meet_page_0),
        CASE(a_page_without_a_pointer_is_read_and_written),
        CASE(a_read_modify_write_of_such_a_page_ends_there),
        CASE(half_an_access_may_have_a_pointer),
        CASE(an_access_across_two_views_of_one_frame_sees_each_as_it_is),
        CASE(smap_holds_until_stac_and_again_after_clac),
        CASE(misaligned_accesses_fault_at_cpl_3_with_am_and_ac),
        CASE(an_address_that_is_not_canonical_is_gp_or_ss),
        CASE(a_32_bit_address_wraps),
        CASE(segments_have_limits_and_rights),
        CASE(a_write_refused_by_one_segment_does_not_touch_the_next),
        CASE(a_16_bit_address_wraps_within_64_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
