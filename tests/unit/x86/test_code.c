/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code as memory: decoding, blocks that change under execution, page borders,
 * budgets that end anywhere, and repeated string instructions.
 */
#include "unit/unit.h"

#include "unit/x86/box.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };
#define PTE(page) (BOX_PT + (page) * 8)

static int setup(void **state)
{
    static struct box b;

    box_open(&b, "milan");
    box_set_mode(&b, BOX_LONG0);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    box_close(*state);
    return 0;
}

static void put_code(struct box *b, uint32_t at, const void *code, size_t len)
{
    memcpy(b->ram + at, code, len);
}
/* A HLT of the test before is over. */
static void awake(struct box *b)
{
    const struct x86_regs regs = b->regs;

    box_set_mode(b, b->mode);
    b->regs = regs;
}

#define PUT(b, at, ...) \
    put_code((b), (at), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* ---- budgets ---- */

/* mov ecx, 5; l: add rax, rcx; dec ecx; jnz l; xor edx, edx; hlt */
static const uint8_t sum_loop[] = {0xb9, 5, 0, 0, 0, 0x48, 0x01, 0xc8, 0xff, 0xc9,
                                   0x75, 0xf9, 0x31, 0xd2, 0xf4};

static void every_budget_stops_at_its_instruction(void **state)
{
    static const uint8_t loop_offset[3] = {5, 8, 10};
    struct box *b = *state;

    box_code(b, sum_loop, sizeof(sum_loop));
    for (unsigned n = 1; n <= 16; n++) {
        const struct box_end e = box_run(b, n);
        const unsigned offset = n == 16 ? 12 : loop_offset[(n - 1) % 3];

        assert_int_equal(e.stop, X86_STOP_BUDGET);
        assert_int_equal(e.regs.rip, BOX_CODE + offset);
    }
}

static void slices_of_any_size_give_the_same_result(void **state)
{
    struct box *b = *state;
    struct box_end whole, e;

    box_code(b, sum_loop, sizeof(sum_loop));
    b->regs.gpr[RAX] = 0;
    whole = box_run(b, 100);
    assert_int_equal(whole.regs.gpr[RAX], 15);
    assert_int_equal(whole.stop, X86_STOP_DEAD);
    for (unsigned slice = 1; slice < 8; slice++) {
        uint64_t before;

        awake(b);
        before = x86_instructions(b->cpu);
        for (e = box_run(b, slice); e.stop == X86_STOP_BUDGET;)
            e = box_more(b, slice);
        assert_int_equal(x86_instructions(b->cpu) - before, 18);
        assert_memory_equal(&e.regs, &whole.regs, sizeof(e.regs));
    }
}

static void an_iteration_of_a_repeated_instruction_costs_one(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.gpr[RCX] = 100;
    b->regs.gpr[RDI] = BOX_DATA;
    b->regs.gpr[RAX] = 0x5a;
    e = BOX_DO(b, 31, 0x90, 0xf3, 0xaa, 0xf4); /* nop; rep stosb; hlt */
    assert_int_equal(e.stop, X86_STOP_BUDGET);
    assert_int_equal(e.regs.rip, BOX_CODE + 1);
    assert_int_equal(e.regs.gpr[RCX], 70);
    assert_int_equal(e.regs.gpr[RDI], BOX_DATA + 30);
    assert_int_equal(box_get(b, BOX_DATA + 29, 2), 0x005a);
    e = box_more(b, 70);
    assert_int_equal(e.regs.rip, BOX_CODE + 3);
    assert_int_equal(e.regs.gpr[RCX], 0);
    assert_int_equal(e.regs.gpr[RDI], BOX_DATA + 100);
}

/* ---- code that changes ---- */

static void a_store_into_the_next_instruction_counts(void **state)
{
    struct box *b = *state;
    /* mov byte [rip+0], 0x42 (the immediate of mov al, 1) */
    const struct box_end e = BOX_DO(b, 4, 0xc6, 0x05, 0x01, 0, 0, 0, 0x42, 0xb0, 0x01, 0xf4);

    assert_int_equal(e.regs.gpr[RAX] & 0xff, 0x42);
    assert_int_equal(e.stop, X86_STOP_DEAD);
}

static void a_loop_that_patches_itself_sees_each_patch(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.gpr[RCX] = 10;
    b->regs.gpr[RAX] = 0;
    /* l: add eax, imm32 (starts as 1); inc dword [l+1]; dec ecx; jnz l; hlt */
    e = BOX_DO(b, 100, 0x05, 1, 0, 0, 0, 0xff, 0x05, 0xf6, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x75, 0xf1,
               0xf4);
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RAX], 55);
}

static void a_called_function_may_be_rewritten_between_calls(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0x1100, 0xb8, 1, 0, 0, 0, 0xc3); /* mov eax, 1; ret */
    /* call f; add ebx, eax; mov byte [f+1], 7; call f; add ebx, eax; hlt */
    b->regs.gpr[RBX] = 0;
    e = BOX_DO(b, 100, 0xe8, 0xfb, 0x10, 0, 0, 0x01, 0xc3, 0xc6, 0x05, 0xf3, 0x10, 0, 0, 7, 0xe8,
               0xeb, 0x10, 0, 0, 0x01, 0xc3, 0xf4);
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RBX], 8);
}

static void writes_from_outside_are_seen(void **state)
{
    struct box *b = *state;
    struct box_end e = BOX_DO(b, 2, 0xb0, 1, 0xeb, 0xfc); /* l: mov al, 1; jmp l */

    assert_int_equal(e.regs.gpr[RAX] & 0xff, 1);
    b->ram[BOX_CODE + 1] = 2;
    x86_frame_written(b->cpu, spa(BOX_CODE));
    e = box_more(b, 4);
    assert_int_equal(e.regs.gpr[RAX] & 0xff, 2);
}

static void unchanged_code_survives_a_write_beside_it(void **state)
{
    struct box *b = *state;
    struct x86_stats before;
    struct box_end e;

    b->regs.gpr[RCX] = 50;
    /* l: inc dword [rip+0x100]; dec ecx; jnz l; hlt: data and code share a page */
    e = BOX_DO(b, 3, 0xff, 0x05, 0, 1, 0, 0, 0xff, 0xc9, 0x75, 0xf6, 0xf4);
    before = x86_stats(b->cpu);
    e = box_more(b, 1000);
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(box_get(b, BOX_CODE + 0x106, 4), 0xf4f4f4f4 + 50); /* box_code fills with HLT */
    assert_true(x86_stats(b->cpu).blocks_decoded - before.blocks_decoded < 120);
}

/* ---- page borders ---- */

static void an_instruction_may_lie_in_two_pages(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0xffd, 0xb8, 0x11, 0x22, 0x33, 0x44, 0xf4); /* mov eax, 0x44332211; hlt */
    b->regs.rip = BOX_CODE + 0xffd;
    e = box_run(b, 10);
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RAX], 0x44332211);
}

static void its_second_half_may_be_rewritten(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0xffd, 0xb8, 0x11, 0x22, 0x33, 0x44, 0xeb, 0xf9); /* l: mov eax, imm; jmp l */
    b->regs.rip = BOX_CODE + 0xffd;
    e = box_run(b, 4);
    assert_int_equal(e.regs.gpr[RAX], 0x44332211);
    b->ram[BOX_CODE + 0x1001] = 0x55;
    x86_frame_written(b->cpu, spa(BOX_CODE + 0x1000));
    e = box_more(b, 2);
    assert_int_equal(e.regs.gpr[RAX], 0x55332211);
}

static void its_second_page_may_be_mapped_elsewhere(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0xffd, 0xb8, 0x11, 0x22, 0x33, 0x44, 0xeb, 0xf9);
    PUT(b, 0x100000, 0x00, 0x66, 0xeb, 0xf9);
    b->regs.rip = BOX_CODE + 0xffd;
    e = box_run(b, 4);
    assert_int_equal(e.regs.gpr[RAX], 0x44332211);
    box_put(b, PTE(7), 0x100000 | 7, 8);
    x86_get_regs(b->cpu, &e.regs);
    x86_set_regs(b->cpu, &e.regs); /* flushes the TLB */
    e = box_more(b, 2);
    assert_int_equal(e.regs.gpr[RAX], 0x66002211);
}

static void a_missing_second_page_faults_at_the_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0xffc, 0x90, 0xb8, 0x11, 0x22);
    box_put(b, PTE(7), 0, 8);
    b->regs.rip = BOX_CODE + 0xffc;
    e = box_run(b, 2);
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.regs.cr2, BOX_CODE + 0x1000);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP] + 8, 8), BOX_CODE + 0xffd);
}

static void code_up_to_a_missing_page_runs(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0xffe, 0xff, 0xc0); /* inc eax, then nothing */
    box_put(b, PTE(7), 0, 8);
    b->regs.rip = BOX_CODE + 0xffe;
    b->regs.gpr[RAX] = 7;
    e = box_run(b, 2);
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.regs.gpr[RAX], 8);
    assert_int_equal(e.code & 0x1f, 0); /* not present, read, supervisor; no NX: no I */
}

static void another_address_space_has_its_own_code(void **state)
{
    struct box *b = *state;
    struct box_end e;

    /* A second set of tables whose page of BOX_CODE is elsewhere. */
    memcpy(b->ram + 0x20000, b->ram + BOX_PML4, 0x4000);
    box_put(b, 0x20000, 0x21000 | 7, 8);
    box_put(b, 0x21000, 0x22000 | 7, 8);
    box_put(b, 0x22000, 0x23000 | 7, 8);
    box_put(b, 0x23000 + 6 * 8, 0x100000 | 7, 8);
    PUT(b, 0x100003, 0xb3, 2, 0xf4); /* mov bl, 2; hlt */
    b->regs.gpr[RAX] = 0x20000;
    e = BOX_DO(b, 10, 0x0f, 0x22, 0xd8, 0xb3, 1, 0xf4); /* mov cr3, rax; mov bl, 1; hlt */
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RBX] & 0xff, 2);
}

/* ---- decoding ---- */

static void fifteen_bytes_are_an_instruction_and_sixteen_are_not(void **state)
{
    struct box *b = *state;
    struct box_end e;

    e = BOX_DO(b, 1, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
               0x66, 0x90);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 15);
    e = BOX_DO(b, 1, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
               0x66, 0x66, 0x90);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, 0);
}

static const struct {
    const char *what;
    enum box_mode mode;
    uint8_t code[8];
    int vector;
} refusals[] = {
    {"UD2", BOX_LONG0, {0x0f, 0x0b}, 6},
    {"LOCK with a register destination", BOX_LONG0, {0xf0, 0x01, 0xc8}, 6},
    {"LOCK MOV", BOX_LONG0, {0xf0, 0x89, 0x00}, 6},
    {"LOCK CMP", BOX_LONG0, {0xf0, 0x39, 0x00}, 6},
    {"PUSH CS in 64-bit mode", BOX_LONG0, {0x0e}, 6},
    {"DAA in 64-bit mode", BOX_LONG0, {0x27}, 6},
    {"PUSHA in 64-bit mode", BOX_LONG0, {0x60}, 6},
    {"AVX", BOX_LONG0, {0xc5, 0xf8, 0x77}, 6},
    {"HLT at CPL 3", BOX_LONG3, {0xf4}, 13},
    {"DIV by zero", BOX_LONG0, {0x31, 0xc9, 0xf7, 0xf1}, 0},
    {"AAM by zero", BOX_PROT0, {0xd4, 0x00}, 0},
};

static void what_is_not_allowed_faults(void **state)
{
    struct box *b = *state;

    for (unsigned k = 0; k < CB_ARRAY_LEN(refusals); k++) {
        struct box_end e;

        box_set_mode(b, refusals[k].mode);
        b->regs.gpr[RAX] = BOX_DATA;
        box_code(b, refusals[k].code, sizeof(refusals[k].code));
        e = box_run(b, refusals[k].vector == 0 && refusals[k].mode == BOX_LONG0 ? 2 : 1);
        if (e.vector != refusals[k].vector)
            fail_msg("%s: vector %d", refusals[k].what, e.vector);
    }
}

static void locked_ones_with_memory_work(void **state)
{
    struct box *b = *state;

    b->regs.gpr[RAX] = BOX_DATA;
    b->regs.gpr[RCX] = 5;
    box_put(b, BOX_DATA, 37, 8);
    BOX_DO(b, 1, 0xf0, 0x48, 0x01, 0x08); /* lock add [rax], rcx */
    assert_int_equal(box_get(b, BOX_DATA, 8), 42);
}

/* ---- conditions ---- */

static bool condition(unsigned n, unsigned fl)
{
    const bool c = fl & 1, p = fl & 4, z = fl & 0x40, s = fl & 0x80, o = fl & 0x800;
    const bool is[8] = {o, c, z, c || z, s, p, s != o, z || s != o};

    return is[n / 2] != (n & 1);
}

static void jcc_setcc_and_cmov_follow_the_flags(void **state)
{
    static const unsigned bits[5] = {1, 4, 0x40, 0x80, 0x800};
    struct box *b = *state;

    for (unsigned n = 0; n < 16; n++) {
        for (unsigned m = 0; m < 32; m++) {
            unsigned fl = 2;
            struct box_end e;

            for (unsigned k = 0; k < 5; k++)
                fl |= m >> k & 1 ? bits[k] : 0;
            awake(b);
            b->regs.rflags = fl;
            b->regs.gpr[RAX] = b->regs.gpr[RCX] = 0;
            b->regs.gpr[RDX] = 1;
            /* setcc al; cmovcc ecx, edx; jcc +1; hlt; hlt */
            e = BOX_DO(b, 10, 0x0f, (uint8_t)(0x90 | n), 0xc0, 0x0f, (uint8_t)(0x40 | n), 0xca,
                       (uint8_t)(0x70 | n), 1, 0xf4, 0xf4);
            assert_int_equal(e.regs.gpr[RAX], condition(n, fl));
            assert_int_equal(e.regs.gpr[RCX], condition(n, fl));
            assert_int_equal(e.regs.rip, BOX_CODE + 9 + condition(n, fl));
        }
    }
}

/* Comparing and branching may be one handler: all conditions after all comparisons. */
static void compare_and_branch_agree_with_branch_alone(void **state)
{
    static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    struct box *b = *state;

    for (unsigned n = 0; n < 16; n++) {
        for (unsigned k = 0; k < 25; k++) {
            const uint8_t op[2] = {0x39, 0x85}; /* cmp, test */

            for (unsigned t = 0; t < 2; t++) {
                struct box_end apart, fused;

                b->regs.gpr[RAX] = values[k / 5];
                b->regs.gpr[RCX] = values[k % 5];
                BOX_DO(b, 1, op[t], 0xc8, (uint8_t)(0x70 | n), 1, 0xf4, 0xf4);
                apart = box_more(b, 1);
                fused = box_run(b, 2);
                assert_memory_equal(&apart.regs, &fused.regs, sizeof(apart.regs));
            }
        }
    }
}

/* ---- branches ---- */

static void branches_to_nowhere_fault_before_they_change_anything(void **state)
{
    struct box *b = *state;
    struct box_end e;
    const uint64_t sp = b->regs.gpr[RSP];

    b->regs.gpr[RAX] = UINT64_C(0x800000000000);
    e = BOX_DO(b, 1, 0xff, 0xe0); /* jmp rax */
    assert_int_equal(e.vector, 13);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP] + 8, 8), BOX_CODE);
    e = BOX_DO(b, 1, 0xff, 0xd0); /* call rax */
    assert_int_equal(e.vector, 13);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP] + 32, 8), sp);
    box_put(b, (uint32_t)sp, b->regs.gpr[RAX], 8);
    e = BOX_DO(b, 1, 0xc3); /* ret */
    assert_int_equal(e.vector, 13);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP] + 32, 8), sp);
}

static void calls_return_behind_themselves(void **state)
{
    struct box *b = *state;
    struct box_end e;

    PUT(b, BOX_CODE + 0x2000, 0xff, 0xc0, 0xc2, 0x10, 0x00); /* another page: inc eax; ret 16 */
    b->regs.gpr[RAX] = 0;
    e = BOX_DO(b, 10, 0xe8, 0xfb, 0x1f, 0, 0, 0xff, 0xc0, 0xf4); /* call; inc eax; hlt */
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RAX], 2);
    assert_int_equal(e.regs.gpr[RSP], b->regs.gpr[RSP] + 16);
}

static void loop_counts_in_the_address_size(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.gpr[RCX] = UINT64_C(0x100000001);
    e = BOX_DO(b, 1, 0x67, 0xe2, 0x10, 0xf4); /* loop with ECX: 0, not taken */
    assert_int_equal(e.regs.rip, BOX_CODE + 3);
    assert_int_equal(e.regs.gpr[RCX], 0);
    b->regs.gpr[RCX] = UINT64_C(0x100000001);
    e = BOX_DO(b, 1, 0xe2, 0x10, 0xf4);
    assert_int_equal(e.regs.rip, BOX_CODE + 0x12);
    assert_int_equal(e.regs.gpr[RCX], UINT64_C(0x100000000));
}

static void real_mode_wraps_ip_and_checks_the_limit(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_REAL);
    PUT(b, BOX_CODE + 0x100, 0xeb, 0x10);
    b->regs.rip = 0x100;
    e = box_run(b, 1);
    assert_int_equal(e.regs.rip, 0x112);
    PUT(b, BOX_CODE + 0x100, 0xe9, 0x00, 0xfe); /* jmp -0x200: IP wraps to 0xff03 */
    e = box_run(b, 1);
    assert_int_equal(e.regs.rip, 0xff03);
    b->regs.seg[X86_CS].limit = 0x7fff;
    e = box_run(b, 1);
    assert_int_equal(e.vector, 13);
}

/* ---- strings ---- */

static void a_copy_onto_its_own_tail_repeats_the_head(void **state)
{
    struct box *b = *state;

    box_put(b, BOX_DATA, 0x030201, 8);
    b->regs.gpr[RSI] = BOX_DATA;
    b->regs.gpr[RDI] = BOX_DATA + 3;
    b->regs.gpr[RCX] = 9;
    BOX_DO(b, 9, 0xf3, 0xa4); /* rep movsb */
    assert_int_equal(box_get(b, BOX_DATA + 4, 8), UINT64_C(0x0302010302010302));
}

static void a_copy_may_run_downwards(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_put(b, BOX_DATA, UINT64_C(0x0807060504030201), 8);
    b->regs.rflags = 0x402;
    b->regs.gpr[RSI] = BOX_DATA + 6;
    b->regs.gpr[RDI] = BOX_DATA + 0x106;
    b->regs.gpr[RCX] = 3;
    e = BOX_DO(b, 3, 0x66, 0xf3, 0xa5); /* rep movsw */
    assert_int_equal(box_get(b, BOX_DATA + 0x102, 6), UINT64_C(0x080706050403));
    assert_int_equal(e.regs.gpr[RSI], BOX_DATA);
    assert_int_equal(e.regs.gpr[RDI], BOX_DATA + 0x100);
}

static void a_fault_leaves_a_repeated_store_at_the_page_border(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_put(b, PTE(0x102), 0, 8);
    b->regs.gpr[RDI] = 0x100ff8;
    b->regs.gpr[RCX] = 1000;
    b->regs.gpr[RAX] = UINT64_C(0x1122334455667788);
    e = BOX_DO(b, 2000, 0xf3, 0x48, 0xab); /* rep stosq */
    assert_int_equal(e.vector, 14);
    assert_int_equal(e.regs.cr2, 0x102000);
    assert_int_equal(e.code, 2);
    assert_int_equal(e.regs.gpr[RDI], 0x102000);
    assert_int_equal(e.regs.gpr[RCX], 1000 - 1 - 512);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP] + 8, 8), BOX_CODE);
    assert_int_equal(box_get(b, 0x101ff8, 8), UINT64_C(0x1122334455667788));
}

static void scanning_stops_behind_the_match(void **state)
{
    struct box *b = *state;
    struct box_end e;

    memset(b->ram + BOX_DATA, 1, 64);
    b->ram[BOX_DATA + 40] = 9;
    b->regs.gpr[RDI] = BOX_DATA;
    b->regs.gpr[RCX] = 64;
    b->regs.gpr[RAX] = 9;
    e = BOX_DO(b, 41, 0xf2, 0xae); /* repne scasb */
    assert_int_equal(e.regs.gpr[RDI], BOX_DATA + 41);
    assert_int_equal(e.regs.gpr[RCX], 23);
    assert_int_equal(e.regs.rflags & 0x40, 0x40);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
}

static void comparison_stops_behind_the_difference(void **state)
{
    struct box *b = *state;
    struct box_end e;

    memset(b->ram + BOX_DATA, 7, 0x200);
    b->ram[BOX_DATA + 0x105] = 8;
    b->regs.gpr[RSI] = BOX_DATA;
    b->regs.gpr[RDI] = BOX_DATA + 0x100;
    b->regs.gpr[RCX] = 64;
    e = BOX_DO(b, 6, 0xf3, 0xa6); /* repe cmpsb */
    assert_int_equal(e.regs.gpr[RCX], 58);
    assert_int_equal(e.regs.gpr[RDI], BOX_DATA + 0x106);
    assert_int_equal(e.regs.rflags & 0x41, 1); /* 7 < 8 */
}

static void a_single_step_is_one_iteration(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.rflags = 0x102; /* TF */
    b->regs.gpr[RCX] = 5;
    b->regs.gpr[RDI] = BOX_DATA;
    e = BOX_DO(b, 1, 0xf3, 0xaa);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.gpr[RCX], 4);
    assert_int_equal(box_get(b, (uint32_t)e.regs.gpr[RSP], 8), BOX_CODE);
}

static void a_count_of_zero_touches_nothing(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.gpr[RCX] = 0;
    b->regs.gpr[RDI] = UINT64_C(0xdead00000000);
    e = BOX_DO(b, 1, 0xf3, 0xaa);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
}

/* ---- bits beyond the operand ---- */

static void bit_strings_reach_beyond_their_operand(void **state)
{
    struct box *b = *state;

    b->regs.gpr[RAX] = BOX_DATA + 64;
    b->regs.gpr[RCX] = 64 * 8 + 3;
    BOX_DO(b, 1, 0x48, 0x0f, 0xab, 0x08); /* bts [rax], rcx */
    assert_int_equal(box_get(b, BOX_DATA + 128, 8), 8);
    b->regs.gpr[RCX] = (uint64_t)-1;
    BOX_DO(b, 1, 0x48, 0x0f, 0xab, 0x08);
    assert_int_equal(box_get(b, BOX_DATA + 56, 8), UINT64_C(1) << 63);
}

/* ---- the quick ways against the plain one ---- */

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/*
 * Programs of register arithmetic, loads, stores, comparisons and short forward
 * branches.  RBX points at data, RSP at a stack; neither is a destination.
 */
static unsigned make_program(uint32_t *seed, uint8_t *code, unsigned room)
{
    static const uint8_t alu[] = {0x01, 0x29, 0x21, 0x09, 0x31, 0x39, 0x85, 0x11, 0x19, 0x89};
    static const uint8_t regs[] = {0, 1, 2, 6, 7}; /* RAX RCX RDX RSI RDI */
    unsigned n = 0;

    while (n + 16 < room) {
        const unsigned d = regs[draw(seed) % 5], s = regs[draw(seed) % 5], what = draw(seed) % 10;
        const uint8_t op = alu[draw(seed) % 10], wide = draw(seed) & 1 ? 0x48 : 0x40;

        code[n++] = wide;
        if (what < 3) { /* op d, s */
            code[n++] = op;
            code[n++] = (uint8_t)(0xc0 | s << 3 | d);
        } else if (what < 5) { /* op [rbx+disp8], s or the other way */
            code[n++] = draw(seed) & 1 ? op : 0x8b;
            code[n++] = (uint8_t)(0x43 | s << 3);
            code[n++] = (uint8_t)(draw(seed) & 0x78);
        } else if (what < 6) { /* shift by an immediate */
            code[n++] = 0xc1;
            code[n++] = (uint8_t)(0xc0 | (draw(seed) & 7) << 3 | d);
            code[n++] = (uint8_t)draw(seed);
        } else if (what < 7) { /* cmp d, imm8 */
            code[n++] = 0x83;
            code[n++] = (uint8_t)(0xf8 | d);
            code[n++] = (uint8_t)draw(seed);
        } else if (what < 8) { /* cmp byte [rbx+disp8], imm8 */
            code[n++] = 0x80;
            code[n++] = 0x7b;
            code[n++] = (uint8_t)(draw(seed) & 0x7f);
            code[n++] = (uint8_t)draw(seed);
        } else if (what < 9) { /* push s; pop d */
            code[n++] = (uint8_t)(0x50 | s);
            code[n++] = (uint8_t)(0x58 | d);
        } else { /* imul d, s */
            code[n++] = 0x0f;
            code[n++] = 0xaf;
            code[n++] = (uint8_t)(0xc0 | d << 3 | s);
        }
        if (draw(seed) % 3 == 0) { /* jcc over a one-byte instruction */
            code[n++] = (uint8_t)(0x70 | (draw(seed) & 15));
            code[n++] = 1;
            code[n++] = draw(seed) & 1 ? 0xf8 : 0xf9; /* clc, stc */
        }
    }
    code[n++] = 0xf4;
    return n;
}

static struct box_end run_program(struct box *b, unsigned slice, uint8_t data[128])
{
    struct box_end e;

    awake(b);
    memset(b->ram + BOX_DATA, 0x7e, 128);
    for (e = box_run(b, slice); e.stop == X86_STOP_BUDGET;)
        e = box_more(b, slice);
    memcpy(data, b->ram + BOX_DATA, 128);
    return e;
}

static void programs_end_the_same_whole_in_slices_and_step_by_step(void **state)
{
    struct box *b = *state;
    uint32_t seed = 1;

    for (unsigned k = 0; k < 60; k++) {
        uint8_t code[900], data[3][128];
        struct box_end e[3];

        box_code(b, code, make_program(&seed, code, sizeof(code)));
        for (unsigned r = 0; r < 8; r++)
            if (r != RSP)
                b->regs.gpr[r] = (uint64_t)draw(&seed) << 40 | draw(&seed);
        b->regs.gpr[RBX] = BOX_DATA;
        e[0] = run_program(b, 100000, data[0]);
        e[1] = run_program(b, 1, data[1]);
        e[2] = run_program(b, 2 + k % 9, data[2]);
        for (unsigned n = 1; n < 3; n++) {
            assert_memory_equal(&e[n].regs, &e[0].regs, sizeof(e[0].regs));
            assert_memory_equal(data[n], data[0], sizeof(data[0]));
        }
    }
}

/* Handlers go on to one another by jumps: a long block must not need a long stack. */
static void a_long_run_needs_no_stack(void **state)
{
    struct box *b = *state;
    struct box_end e;

    b->regs.gpr[RCX] = 3000000;
    e = BOX_DO(b, 100000000, 0x48, 0x03, 0x05, 0, 1, 0, 0, /* l: add rax, [rip+0x100] */
               0x50, 0x58, 0xff, 0xc9, 0x75, 0xf3, 0xf4);  /* push rax; pop rax; dec ecx; jnz l; hlt */
    assert_int_equal(e.stop, X86_STOP_DEAD);
    assert_int_equal(e.regs.gpr[RCX], 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_budget_stops_at_its_instruction),
        T(slices_of_any_size_give_the_same_result),
        T(an_iteration_of_a_repeated_instruction_costs_one),
        T(a_store_into_the_next_instruction_counts),
        T(a_loop_that_patches_itself_sees_each_patch),
        T(a_called_function_may_be_rewritten_between_calls),
        T(writes_from_outside_are_seen),
        T(unchanged_code_survives_a_write_beside_it),
        T(an_instruction_may_lie_in_two_pages),
        T(its_second_half_may_be_rewritten),
        T(its_second_page_may_be_mapped_elsewhere),
        T(a_missing_second_page_faults_at_the_instruction),
        T(code_up_to_a_missing_page_runs),
        T(another_address_space_has_its_own_code),
        T(fifteen_bytes_are_an_instruction_and_sixteen_are_not),
        T(what_is_not_allowed_faults),
        T(locked_ones_with_memory_work),
        T(jcc_setcc_and_cmov_follow_the_flags),
        T(compare_and_branch_agree_with_branch_alone),
        T(branches_to_nowhere_fault_before_they_change_anything),
        T(calls_return_behind_themselves),
        T(loop_counts_in_the_address_size),
        T(real_mode_wraps_ip_and_checks_the_limit),
        T(a_copy_onto_its_own_tail_repeats_the_head),
        T(a_copy_may_run_downwards),
        T(a_fault_leaves_a_repeated_store_at_the_page_border),
        T(scanning_stops_behind_the_match),
        T(comparison_stops_behind_the_difference),
        T(a_single_step_is_one_iteration),
        T(a_count_of_zero_touches_nothing),
        T(bit_strings_reach_beyond_their_operand),
        T(programs_end_the_same_whole_in_slices_and_step_by_step),
        T(a_long_run_needs_no_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
