/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints, single step, general detect, and what holds them off. */
#include "unit/unit.h"

#include "unit/x86/box.h"

#define DR6 UINT64_C(0xffff0ff0)

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

static uint64_t return_rip(const struct box *b, const struct box_end *e)
{
    return box_get(b, (uint32_t)e->regs.gpr[4], 8);
}

static uint64_t return_flags(const struct box *b, const struct box_end *e)
{
    return box_get(b, (uint32_t)e->regs.gpr[4] + 16, 8);
}

static void instruction_breakpoints_fault_before_the_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.dr[1] = BOX_CODE + 1;
    b->regs.dr[7] = 0x404; /* L1, execution */
    e = BOX_DO(b, 3, 0xf8, 0xf9, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 2);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 1);
    assert_int_equal(return_flags(b, &e) & 0x10001, 0); /* STC was not executed; RF is software's */
}

static void rf_passes_one_instruction_by_the_breakpoint(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.dr[0] = BOX_CODE;
    b->regs.dr[7] = 0x401;
    b->regs.rflags |= 0x10000;
    e = BOX_DO(b, 2, 0xf9, 0xf8);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rflags & 0x10000, 0);
    box_set_mode(b, BOX_LONG0); /* IRETQ brings RF back */
    b->regs.dr[0] = BOX_CODE + 0x10;
    b->regs.dr[7] = 0x401;
    b->regs.gpr[4] = 0xa000;
    box_put(b, 0xa000, BOX_CODE + 0x10, 8);
    box_put(b, 0xa008, SEL_CODE64, 8);
    box_put(b, 0xa010, 0x10002, 8);
    box_put(b, 0xa018, 0xa800, 8);
    box_put(b, 0xa020, SEL_DATA, 8);
    e = BOX_DO(b, 2, 0x48, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf9, 0xf8);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 0x11);
}

static void data_breakpoints_trap_after_the_access(void **state)
{
    /* len codes: 0 1, 1 2, 3 4, 2 8 bytes; kind 1 write, 3 access */
    static const struct {
        uint64_t dr0, dr7;
        bool write;
        uint64_t at;
        bool hit;
    } rows[] = {
        {BOX_DATA, 0xd0401, true, BOX_DATA, true},      {BOX_DATA, 0xd0401, false, BOX_DATA, false},
        {BOX_DATA, 0xf0401, false, BOX_DATA, true},     {BOX_DATA, 0xd0401, true, BOX_DATA - 4, false},
        {BOX_DATA, 0xd0401, true, BOX_DATA - 3, true},  {BOX_DATA, 0xd0401, true, BOX_DATA + 4, false},
        {BOX_DATA + 3, 0xd0401, true, BOX_DATA + 3, true}, /* aligned down */
        {BOX_DATA, 0x90401, true, BOX_DATA + 7, true},  {BOX_DATA, 0x10401, true, BOX_DATA + 1, false},
        {BOX_DATA, 0xd0400, true, BOX_DATA, false},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        b->regs.dr[0] = rows[n].dr0;
        b->regs.dr[7] = rows[n].dr7;
        b->regs.gpr[3] = rows[n].at;
        b->regs.gpr[0] = 0x12345678;
        e = BOX_DO(b, 2, (uint8_t)(rows[n].write ? 0x89 : 0x8b), 0x03, 0xf8);
        if ((e.vector == 1) != rows[n].hit)
            fail_msg("row %u: vector %d", n, e.vector);
        if (!rows[n].hit)
            continue;
        assert_int_equal(e.regs.dr[6], DR6 | 1);
        assert_int_equal(return_rip(b, &e), BOX_CODE + 2);
        if (rows[n].write)
            assert_int_equal(box_get(b, (uint32_t)rows[n].at, 4), 0x12345678);
    }
}

static void io_breakpoints_need_debug_extensions(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.dr[2] = 0x80;
    b->regs.dr[7] = 0x02000410; /* L2, I/O, 1 byte */
    assert_int_equal((BOX_DO(b, 1, 0xe6, 0x80)).vector, -1);
    b->regs.cr4 |= 8;
    e = BOX_DO(b, 1, 0xe6, 0x80);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 4);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 2);
    assert_int_equal((BOX_DO(b, 1, 0xe6, 0x81)).vector, -1);
}

static void single_step_traps_after_each_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags |= 0x100;
    e = BOX_DO(b, 1, 0xf9, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 0x4000);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 1);
    assert_int_equal(return_flags(b, &e), 0x103);
    assert_int_equal(e.regs.rflags & 0x100, 0);
}

static void popf_of_tf_traps_after_the_next_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[4] = 0xa000;
    box_put(b, 0xa000, 0x102, 8);
    e = BOX_DO(b, 2, 0x9d, 0xf8, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 2);
    b->regs.rflags |= 0x100; /* and one that clears it traps behind itself */
    box_put(b, 0xa000, 2, 8);
    e = BOX_DO(b, 2, 0x9d, 0xf8, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 1);
}

static void a_fault_comes_instead_of_the_step(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags |= 0x100;
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(return_flags(b, &e), 0x10102);
    e = BOX_DO(b, 1, 0xcd, 0x20); /* so does a software interrupt */
    assert_int_equal(e.vector, 0x20);
    assert_int_equal(return_flags(b, &e), 0x102);
}

static void mov_ss_holds_off_traps_for_one_instruction(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags |= 0x100;
    b->regs.gpr[0] = SEL_DATA;
    e = BOX_DO(b, 2, 0x8e, 0xd0, 0xf8, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 3);
    box_set_mode(b, BOX_LONG0); /* its own data breakpoint waits, too */
    b->regs.dr[0] = BOX_DATA;
    b->regs.dr[7] = 0x70401;
    b->regs.gpr[3] = BOX_DATA;
    box_put(b, BOX_DATA, SEL_DATA, 2);
    e = BOX_DO(b, 2, 0x8e, 0x13, 0xf8, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 1);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 3);
    b->regs.dr[1] = BOX_CODE + 2; /* but AMD's processors meet instruction breakpoints behind it */
    b->regs.dr[7] |= 4;
    e = BOX_DO(b, 2, 0x8e, 0x13, 0xf8, 0xf8);
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 3);
    assert_int_equal(return_rip(b, &e), BOX_CODE + 2);
}

static void general_detect_guards_the_debug_registers(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.dr[7] = 0x2400;
    e = BOX_DO(b, 1, 0x0f, 0x21, 0xf8); /* mov rax, dr7 */
    assert_int_equal(e.vector, 1);
    assert_int_equal(e.regs.dr[6], DR6 | 0x2000);
    assert_int_equal(e.regs.dr[7], 0x400);
    assert_int_equal(return_rip(b, &e), BOX_CODE);
}

static void debug_registers_have_fixed_and_reserved_bits(void **state)
{
    static const struct { uint8_t dr; uint64_t value, then; int vector; } rows[] = {
        {6, 0, DR6, -1}, {6, 0xffffffff, 0xffffeffful, -1}, {6, UINT64_C(0x100000000), 0, 13},
        {7, 0, 0x400, -1}, {7, UINT64_C(0x100000000), 0, 13}, {7, 0xffff0000, 0xffff0400, -1},
        {0, UINT64_C(0x800000000000), UINT64_C(0x800000000000), -1},
        {4, 0, 0, 6}, {5, 0, 0, 6},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        const uint8_t code[] = {0x0f, 0x23, (uint8_t)(0xc0 | rows[n].dr << 3)};
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        b->regs.cr4 |= 8; /* DE: DR4 and DR5 are gone */
        b->regs.gpr[0] = rows[n].value;
        box_code(b, code, 3);
        e = box_run(b, 1);
        if (e.vector != rows[n].vector ||
            (e.vector == -1 && e.regs.dr[rows[n].dr] != rows[n].then))
            fail_msg("row %u: vector %d, %llx", n, e.vector,
                     (unsigned long long)e.regs.dr[rows[n].dr]);
    }
    box_set_mode(b, BOX_LONG0);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x21, 0xe0)).regs.gpr[0], DR6); /* mov rax, dr4 */
}

static void syscall_that_masks_tf_is_not_stepped(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    assert_true(x86_wrmsr(b->cpu, 0xc0000081, UINT64_C(0x00200008) << 32));
    assert_true(x86_wrmsr(b->cpu, 0xc0000082, 0x7000));
    assert_true(x86_wrmsr(b->cpu, 0xc0000084, 0x100));
    b->regs.rflags |= 0x100;
    b->ram[0x7000] = 0xf8;
    e = BOX_DO(b, 2, 0x0f, 0x05);
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, 0x7001);
    assert_int_equal(e.regs.gpr[11], 0x102);
}

/* mov [8000h], al; mov al, [8008h]; nop */
static const uint8_t touches[] = {0x88, 0x04, 0x25, 0x00, 0x80, 0, 0, 0x8a, 0x04, 0x25, 0x08, 0x80, 0, 0, 0x90};

static void a_watchpoint_stops_behind_the_instruction(void **state)
{
    static const struct {
        struct x86_watch watch;
        unsigned at; /* behind which byte of the code; 0: none */
    } rows[] = {
        {{{BOX_DATA}, 1, false, true}, 7},       {{{BOX_DATA}, 1, true, false}, 0},
        {{{BOX_DATA + 8}, 1, true, false}, 14},  {{{BOX_DATA + 8}, 1, false, true}, 0},
        {{{BOX_DATA + 1}, 8, true, true}, 14},   {{{BOX_DATA + 1}, 7, true, true}, 0},
        {{{BOX_DATA - 8}, 9, true, true}, 7},    {{{0}, UINT64_MAX, true, true}, 7},
    };
    struct box *b = *state;

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        box_set_mode(b, BOX_LONG0);
        assert_int_equal(x86_watch_set(b->cpu, &rows[i].watch), CBIT_OK);
        box_code(b, touches, sizeof touches);
        const struct box_end e = box_run(b, 3);

        assert_int_equal(e.vector, -1);
        assert_int_equal(e.stop, rows[i].at ? X86_STOP_BREAK : X86_STOP_BUDGET);
        assert_int_equal(e.regs.rip, BOX_CODE + (rows[i].at ? rows[i].at : sizeof touches));
        assert_int_equal(x86_watch_met(b->cpu) != NULL, rows[i].at != 0);
        assert_int_equal(e.regs.dr[6], DR6); /* the guest sees nothing */
        assert_int_equal(x86_watch_clear(b->cpu, &rows[i].watch), CBIT_OK);
    }
}

static void a_met_watchpoint_is_told_once_and_wins_over_the_budget(void **state)
{
    const struct x86_watch watch = {{BOX_DATA}, 1, false, true};
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    assert_int_equal(x86_watch_set(b->cpu, &watch), CBIT_OK);
    box_code(b, touches, sizeof touches);
    e = box_run(b, 1);
    assert_int_equal(e.stop, X86_STOP_BREAK);
    assert_true(x86_watch_met(b->cpu)->at.v == BOX_DATA);
    e = box_more(b, 2);
    assert_int_equal(e.stop, X86_STOP_BUDGET);
    assert_null(x86_watch_met(b->cpu));
    assert_int_equal(x86_watch_clear(b->cpu, &watch), CBIT_OK);
    assert_int_equal(x86_watch_clear(b->cpu, &watch), CBIT_NOT_FOUND);
}

static void watchpoints_that_make_no_sense_are_refused(void **state)
{
    struct box *b = *state;

    assert_int_equal(x86_watch_set(b->cpu, &(struct x86_watch){{1}, 0, true, true}), CBIT_RANGE);
    assert_int_equal(x86_watch_set(b->cpu, &(struct x86_watch){{2}, UINT64_MAX, true, true}),
                     CBIT_RANGE);
    for (unsigned i = 0; i < X86_MAX_WATCHES; i++)
        assert_int_equal(x86_watch_set(b->cpu, &(struct x86_watch){{i}, 1, true, true}), CBIT_OK);
    assert_int_equal(x86_watch_set(b->cpu, &(struct x86_watch){{99}, 1, true, true}), CBIT_RANGE);
    for (unsigned i = 0; i < X86_MAX_WATCHES; i++)
        assert_int_equal(x86_watch_clear(b->cpu, &(struct x86_watch){{i}, 1, true, true}), CBIT_OK);
}

static void control_registers_take_what_mov_would(void **state)
{
    static const struct {
        enum x86_control which;
        uint64_t value;
        bool taken;
    } rows[] = {
        {X86_CONTROL_CR0, 0x80010001, true},  {X86_CONTROL_CR0, 0x80000000, false},
        {X86_CONTROL_CR0, UINT64_MAX, false}, {X86_CONTROL_CR2, UINT64_MAX, true},
        {X86_CONTROL_CR3, BOX_PML4, true},    {X86_CONTROL_CR3, UINT64_MAX, false},
        {X86_CONTROL_CR4, 0, false},          {X86_CONTROL_CR4, 0x20, true},
        {X86_CONTROL_CR8, 15, true},          {X86_CONTROL_CR8, 16, false},
        {X86_CONTROL_EFER, 0, false},         {X86_CONTROL_EFER, UINT64_MAX, false},
    };
    struct box *b = *state;

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        box_set_mode(b, BOX_LONG0);
        x86_set_regs(b->cpu, &b->regs);
        assert_int_equal(x86_set_control(b->cpu, rows[i].which, rows[i].value), rows[i].taken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_breakpoints_fault_before_the_instruction),
        cmocka_unit_test(rf_passes_one_instruction_by_the_breakpoint),
        cmocka_unit_test(data_breakpoints_trap_after_the_access),
        cmocka_unit_test(io_breakpoints_need_debug_extensions),
        cmocka_unit_test(single_step_traps_after_each_instruction),
        cmocka_unit_test(popf_of_tf_traps_after_the_next_instruction),
        cmocka_unit_test(a_fault_comes_instead_of_the_step),
        cmocka_unit_test(mov_ss_holds_off_traps_for_one_instruction),
        cmocka_unit_test(general_detect_guards_the_debug_registers),
        cmocka_unit_test(debug_registers_have_fixed_and_reserved_bits),
        cmocka_unit_test(syscall_that_masks_tf_is_not_stepped),
        cmocka_unit_test(a_watchpoint_stops_behind_the_instruction),
        cmocka_unit_test(a_met_watchpoint_is_told_once_and_wins_over_the_budget),
        cmocka_unit_test(watchpoints_that_make_no_sense_are_refused),
        cmocka_unit_test(control_registers_take_what_mov_would),
    };

    return cmocka_run_group_tests_name("x86 debug", tests, setup, teardown);
}
