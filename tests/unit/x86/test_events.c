/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery of exceptions and interrupts: gates, stacks, error codes, escalation, blocking. */
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

static uint64_t on_stack(const struct box *b, const struct box_end *e, unsigned slot, unsigned size)
{
    return box_get(b, (uint32_t)(e->regs.seg[X86_SS].base + e->regs.gpr[4] + slot * size), size);
}

/* ---- frames ---- */

static void long_mode_frame_has_five_words_on_an_aligned_stack(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[4] = 0xb7f9;
    b->regs.rflags = 0x302; /* IF, TF clear below */
    b->regs.rflags &= ~UINT64_C(0x100);
    e = BOX_DO(b, 1, 0x0f, 0x0b); /* ud2 */
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], 0xb7f0 - 40);
    assert_int_equal(on_stack(b, &e, 0, 8), BOX_CODE);
    assert_int_equal(on_stack(b, &e, 1, 8), SEL_CODE64);
    assert_int_equal(on_stack(b, &e, 2, 8), 0x10202); /* a fault: RF in the image */
    assert_int_equal(on_stack(b, &e, 3, 8), 0xb7f9);
    assert_int_equal(on_stack(b, &e, 4, 8), SEL_DATA);
    assert_int_equal(e.regs.rflags, 2); /* interrupt gate */
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA);
}

static void from_cpl_3_long_mode_takes_rsp0_and_a_null_ss(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 40);
    assert_int_equal(on_stack(b, &e, 1, 8), SEL_CODE64_3 | 3);
    assert_int_equal(on_stack(b, &e, 3, 8), BOX_STACK3);
    assert_int_equal(on_stack(b, &e, 4, 8), SEL_DATA_3 | 3);
    assert_int_equal(e.regs.seg[X86_CS].selector, SEL_CODE64);
    assert_int_equal(e.regs.seg[X86_SS].selector, 0);
    assert_int_equal(e.regs.seg[X86_DS].selector, SEL_DATA_3 | 3);
}

static void ist_gives_the_stack_whatever_the_privilege(void **state)
{
    struct box *b = *state;

    for (int user = 0; user < 2; user++) {
        struct box_end e;

        box_set_mode(b, user ? BOX_LONG3 : BOX_LONG0);
        box_gate(b, box_idt(b, 6), SEL_CODE64, BOX_HANDLERS + 6 * 16, 0x8e, 1);
        e = BOX_DO(b, 1, 0x0f, 0x0b);
        assert_int_equal(e.vector, 6);
        assert_int_equal(e.regs.gpr[4], BOX_IST - 40);
    }
}

static void trap_gate_leaves_interrupts_on(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags = 0x4202; /* NT, IF */
    box_gate(b, box_idt(b, 6), SEL_CODE64, BOX_HANDLERS + 6 * 16, 0x8f, 0);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.rflags, 0x202);
}

static void legacy_frame_within_cpl_0_has_three_words(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 0x800 - 12);
    assert_int_equal(on_stack(b, &e, 0, 4), BOX_CODE);
    assert_int_equal(on_stack(b, &e, 1, 4), SEL_CODE32);
    assert_int_equal(on_stack(b, &e, 2, 4), 0x10002);
}

static void legacy_frame_from_cpl_3_has_the_old_stack(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT3);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 20);
    assert_int_equal(on_stack(b, &e, 3, 4), BOX_STACK3);
    assert_int_equal(on_stack(b, &e, 4, 4), SEL_DATA_3 | 3);
    assert_int_equal(e.regs.seg[X86_SS].selector, SEL_DATA);
}

static void sixteen_bit_gates_push_words(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT0);
    box_gate(b, box_idt(b, 6), SEL_CODE32, BOX_HANDLERS + 6 * 16, 0x86, 0);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 0x800 - 6);
    assert_int_equal(on_stack(b, &e, 0, 2), BOX_CODE);
}

static void virtual_8086_frame_has_the_data_segments(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_V86);
    b->regs.seg[X86_GS].selector = 0x1234;
    b->regs.seg[X86_ES].selector = 0x4321;
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    assert_int_equal(e.regs.gpr[4], BOX_STACK0 - 36);
    assert_int_equal(on_stack(b, &e, 0, 4), 0);
    assert_int_equal(on_stack(b, &e, 1, 4), BOX_CODE / 16);
    assert_int_equal(on_stack(b, &e, 2, 4), 0x30002);
    assert_int_equal(on_stack(b, &e, 3, 4), 0x1000);
    assert_int_equal(on_stack(b, &e, 4, 4), 0xa00);
    assert_int_equal(on_stack(b, &e, 5, 4), 0x4321);
    assert_int_equal(on_stack(b, &e, 8, 4), 0x1234);
    assert_int_equal(e.regs.seg[X86_ES].selector, 0);
    assert_int_equal(e.regs.rflags & 0x20000, 0);
}

static void real_mode_pushes_three_words_and_no_error_code(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_REAL);
    b->regs.rflags = 0x202;
    e = BOX_DO(b, 1, 0xcd, 0x21); /* int 21h */
    assert_int_equal(e.vector, 0x21);
    assert_int_equal(e.regs.gpr[4], 0x1000 - 6);
    assert_int_equal(on_stack(b, &e, 0, 2), 2);
    assert_int_equal(on_stack(b, &e, 1, 2), BOX_CODE / 16);
    assert_int_equal(on_stack(b, &e, 2, 2), 0x202);
    assert_int_equal(e.regs.rflags, 2);
}

static void beyond_the_limit_of_the_ivt_is_gp_then_shutdown(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_REAL);
    b->regs.idtr.limit = 0x21 * 4 + 2;
    e = BOX_DO(b, 1, 0xcd, 0x21);
    assert_int_equal(e.vector, 13);
    assert_int_equal(on_stack(b, &e, 0, 2), 0); /* IP of the INT */
    b->regs.idtr.limit = 3;
    e = BOX_DO(b, 1, 0xcd, 0x21);
    assert_int_equal(e.stop, X86_STOP_TRIPLE_FAULT);
}

/* ---- what is wrong with a gate, a handler, a stack: error codes ---- */

enum damage {
    NOTHING, IDT_LIMIT, GATE_ABSENT, GATE_TYPE, GATE_NULL_CS, GATE_DATA_CS, GATE_ABSENT_CS,
    GATE_CS_BEYOND, GATE_CS_32, GATE_CONFORMING_3, GATE_NON_CANONICAL, TSS_LIMIT, TSS_NULL_SS,
    TSS_READ_ONLY_SS, TSS_ABSENT_SS, TSS_SS_RPL, TSS_BAD_RSP
};

static void apply_damage(struct box *b, enum damage damage, unsigned vector)
{
    const bool wide = b->mode >= BOX_LONG0;
    const uint32_t gate = box_idt(b, vector);
    uint64_t to = BOX_HANDLERS + vector * 16;

    switch (damage) {
    case IDT_LIMIT: b->regs.idtr.limit = (uint16_t)(gate - BOX_IDT + (wide ? 15 : 7) - 1); break;
    case GATE_ABSENT: box_gate(b, gate, SEL_CODE32, to, 0x0e, 0); break;
    case GATE_TYPE: box_gate(b, gate, SEL_CODE32, to, 0x8c, 0); break;
    case GATE_NULL_CS: box_gate(b, gate, 3, to, 0x8e, 0); break;
    case GATE_DATA_CS: box_gate(b, gate, SEL_DATA, to, 0x8e, 0); break;
    case GATE_ABSENT_CS: box_gate(b, gate, SEL_CODE_ABSENT, to, 0x8e, 0);
        if (wide)
            box_descriptor(b, SEL_CODE_ABSENT, 0, 0xffffffff, 0xa1b);
        break;
    case GATE_CS_BEYOND: box_gate(b, gate, SEL_BEYOND, to, 0x8e, 0); break;
    case GATE_CS_32: box_gate(b, gate, SEL_CODE32, to, 0x8e, 0); break;
    case GATE_CONFORMING_3: box_gate(b, gate, SEL_CODE32_3, to, 0x8e, 0); break;
    case GATE_NON_CANONICAL: box_gate(b, gate, SEL_CODE64, UINT64_C(0x800000000000), 0x8e, 0); break;
    case TSS_LIMIT: b->regs.seg[X86_TR].limit = wide ? 10 : 8; break;
    case TSS_NULL_SS: box_put(b, BOX_TSS + 8, 0, 2); break;
    case TSS_READ_ONLY_SS: box_put(b, BOX_TSS + 8, SEL_READ_ONLY, 2); break;
    case TSS_ABSENT_SS: box_descriptor(b, SEL_DATA, 0, 0xffffffff, 0xc13); break;
    case TSS_SS_RPL: box_put(b, BOX_TSS + 8, SEL_DATA | 1, 2); break;
    case TSS_BAD_RSP: box_put(b, BOX_TSS + 4, UINT64_C(0x800000000010), 8); break;
    case NOTHING: break;
    }
}

struct refusal {
    const char *name;
    enum box_mode mode;
    enum damage damage;
    int vector;
    uint32_t code;
};

/* INT 20h: software interrupts have no EXT. */
static const struct refusal software_rows[] = {
    {"delivered", BOX_LONG0, NOTHING, 0x20, 0},
    {"beyond the IDT", BOX_LONG0, IDT_LIMIT, 13, 0x102},
    {"gate not present", BOX_LONG0, GATE_ABSENT, 11, 0x102},
    {"no gate type", BOX_LONG0, GATE_TYPE, 13, 0x102},
    {"null CS", BOX_LONG0, GATE_NULL_CS, 13, 0},
    {"CS is data", BOX_LONG0, GATE_DATA_CS, 13, SEL_DATA},
    {"CS not present", BOX_LONG0, GATE_ABSENT_CS, 11, SEL_CODE_ABSENT},
    {"CS beyond the GDT", BOX_LONG0, GATE_CS_BEYOND, 13, SEL_BEYOND},
    {"CS not 64-bit", BOX_LONG0, GATE_CS_32, 13, SEL_CODE32},
    {"CS of less privilege", BOX_LONG0, GATE_CONFORMING_3, 13, SEL_CODE32_3},
    {"RIP not canonical", BOX_LONG0, GATE_NON_CANONICAL, 13, 0},
    {"delivered", BOX_PROT0, NOTHING, 0x20, 0},
    {"beyond the IDT", BOX_PROT0, IDT_LIMIT, 13, 0x102},
    {"gate not present", BOX_PROT0, GATE_ABSENT, 11, 0x102},
    {"no gate type", BOX_PROT0, GATE_TYPE, 13, 0x102},
    {"null CS", BOX_PROT0, GATE_NULL_CS, 13, 0},
    {"CS is data", BOX_PROT0, GATE_DATA_CS, 13, SEL_DATA},
    {"CS not present", BOX_PROT0, GATE_ABSENT_CS, 11, SEL_CODE_ABSENT},
    {"CS of less privilege", BOX_PROT0, GATE_CONFORMING_3, 13, SEL_CODE32_3},
    {"DPL 0 from CPL 3", BOX_PROT3, NOTHING, 13, 0x102},
    {"DPL 0 from CPL 3", BOX_LONG3, NOTHING, 13, 0x102},
    {"DPL 0 from CPL 3", BOX_COMPAT3, NOTHING, 13, 0x102},
    {"IOPL below 3", BOX_V86, NOTHING, 13, 0},
};

static void int_n_names_what_is_wrong(void **state)
{
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(software_rows); n++) {
        const struct refusal *r = &software_rows[n];
        struct box_end e;

        box_set_mode(b, r->mode);
        apply_damage(b, r->damage, 0x20);
        if (r->damage == IDT_LIMIT)
            b->regs.idtr.limit = (uint16_t)(box_idt(b, 0x20) - BOX_IDT + 6); /* lower vectors stay */
        e = BOX_DO(b, 1, 0xcd, 0x20);
        if (e.vector != r->vector || e.code != r->code)
            fail_msg("mode %d, %s: vector %d code %x, not %d %x", r->mode, r->name, e.vector, e.code,
                     r->vector, r->code);
    }
}

/* #UD (benign) at CPL 3: what goes wrong is delivered after it, with EXT. */
static const struct refusal hardware_rows[] = {
    {"gate not present", BOX_PROT3, GATE_ABSENT, 11, 0x33},
    {"null CS", BOX_PROT3, GATE_NULL_CS, 13, 1},
    {"CS is data", BOX_PROT3, GATE_DATA_CS, 13, SEL_DATA | 1},
    {"CS not present", BOX_PROT3, GATE_ABSENT_CS, 11, SEL_CODE_ABSENT | 1},
    {"gate not present", BOX_LONG3, GATE_ABSENT, 11, 0x33},
    {"CS not 64-bit", BOX_LONG3, GATE_CS_32, 13, SEL_CODE32 | 1},
    {"delivered", BOX_LONG3, NOTHING, 6, 0},
};

static void faults_in_the_delivery_of_an_exception_have_ext(void **state)
{
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(hardware_rows); n++) {
        const struct refusal *r = &hardware_rows[n];
        struct box_end e;

        box_set_mode(b, r->mode);
        apply_damage(b, r->damage, 6);
        e = BOX_DO(b, 1, 0x0f, 0x0b);
        if (e.vector != r->vector || e.code != r->code)
            fail_msg("mode %d, %s: vector %d code %x, not %d %x", r->mode, r->name, e.vector, e.code,
                     r->vector, r->code);
    }
}

/* The stack of CPL 0 is bad: only a task or IST could help; here #TS or #SS is contributory after
   #GP, hence #DF, which meets the same stack: shutdown.  After a benign one, #DF too in the end. */
static void a_bad_inner_stack_ends_in_shutdown(void **state)
{
    static const struct { enum box_mode mode; enum damage damage; } rows[] = {
        {BOX_PROT3, TSS_LIMIT}, {BOX_PROT3, TSS_NULL_SS}, {BOX_PROT3, TSS_READ_ONLY_SS},
        {BOX_PROT3, TSS_ABSENT_SS}, {BOX_PROT3, TSS_SS_RPL}, {BOX_LONG3, TSS_LIMIT},
        {BOX_LONG3, TSS_BAD_RSP},
    };
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        box_set_mode(b, rows[n].mode);
        apply_damage(b, rows[n].damage, 6);
        assert_int_equal((BOX_DO(b, 1, 0x0f, 0x0b)).stop, X86_STOP_TRIPLE_FAULT);
    }
}

/* With IST for the fault that follows, its error code can be seen. */
static void a_bad_inner_stack_names_the_tss_or_the_segment(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG3);
    apply_damage(b, TSS_BAD_RSP, 6);
    box_gate(b, box_idt(b, 12), SEL_CODE64, BOX_HANDLERS + 12 * 16, 0x8e, 1);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 12);
    assert_int_equal(e.code, 1);

    box_set_mode(b, BOX_LONG3);
    b->regs.seg[X86_TR].limit = 0x30; /* IST 1 is within, RSP0 is, IST 2 is not */
    box_gate(b, box_idt(b, 6), SEL_CODE64, BOX_HANDLERS + 6 * 16, 0x8e, 2);
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 10);
    assert_int_equal(e.code, SEL_TSS | 1);
}

/* ---- escalation ---- */

static void contributory_after_contributory_is_a_double_fault(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    box_gate(b, box_idt(b, 13), SEL_CODE64, 0, 0x0e, 0);
    e = BOX_DO(b, 1, 0xcd, 0x20); /* delivered */
    assert_int_equal(e.vector, 0x20);
    box_gate(b, box_idt(b, 0x20), SEL_CODE64, 0, 0x8c, 0); /* #GP, whose gate is absent: #NP */
    e = BOX_DO(b, 1, 0xcd, 0x20);
    assert_int_equal(e.vector, 8);
    assert_int_equal(e.code, 0);
    assert_int_equal(on_stack(b, &e, 1, 8), BOX_CODE);
}

static void page_fault_after_gp_is_delivered_and_after_page_fault_doubles(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0); /* #GP whose handler's gate lies in an absent page */
    b->regs.idtr.base = 0x7f80 - 13 * 16 + 0x80 - 8;
    b->regs.idtr.limit = 0xfff;
    for (unsigned v = 0; v < 13; v++)
        box_gate(b, (uint32_t)b->regs.idtr.base + v * 16, SEL_CODE64, BOX_HANDLERS + v * 16, 0x8e, 0);
    box_put(b, BOX_PT + 8 * 8, 0, 8); /* page 8: gates 13 (second half) and above */
    e = BOX_DO(b, 1, 0x0f, 0x0b);
    assert_int_equal(e.vector, 6);
    e = BOX_DO(b, 1, 0xcd, 0x20); /* #PF; gate 14 is absent too: #PF again: #DF */
    assert_int_equal(e.vector, 8);
    assert_int_equal(e.regs.cr2 & ~UINT64_C(0xfff), 0x8000);
}

static void without_a_double_fault_handler_comes_shutdown(void **state)
{
    struct box *b = *state;

    box_set_mode(b, BOX_LONG0);
    b->regs.idtr.limit = 0;
    assert_int_equal((BOX_DO(b, 5, 0x0f, 0x0b)).stop, X86_STOP_TRIPLE_FAULT);
    assert_non_null(strstr(b->trace, "triple fault"));
}

/* ---- interrupts ---- */

static void interrupts_wait_for_if_and_for_the_shadow_of_sti(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    box_code(b, "\xfb\xfa\xfb\xf8\xf8\xf4", 6); /* sti; cli; sti; clc; clc */
    x86_set_intr(b->cpu, true);
    b->interrupt = 0x30;
    e = box_run(b, 2); /* STI's shadow covers CLI: nothing comes */
    assert_int_equal(e.vector, -1);
    assert_int_equal(e.regs.rip, BOX_CODE + 2);
    x86_set_intr(b->cpu, true);
    e = box_more(b, 3);
    assert_int_equal(e.vector, 0x30);
    assert_int_equal(on_stack(b, &e, 0, 8), BOX_CODE + 4); /* one instruction after STI */
    assert_int_equal(on_stack(b, &e, 2, 8) & 0x10200, 0x200); /* no RF: nothing faulted */
}

static void hlt_ends_by_an_interrupt_behind_it(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    b->regs.rflags = 0x202;
    e = BOX_DO(b, 5, 0xf4, 0xf8);
    assert_int_equal(e.stop, X86_STOP_HLT);
    assert_int_equal(e.regs.rip, BOX_CODE + 1);
    b->interrupt = 0x31;
    x86_set_intr(b->cpu, true);
    e = box_more(b, 1);
    assert_int_equal(e.vector, 0x31);
    assert_int_equal(on_stack(b, &e, 0, 8), BOX_CODE + 1);
    box_set_mode(b, BOX_LONG0);
    assert_int_equal((BOX_DO(b, 5, 0xf4)).stop, X86_STOP_DEAD);
}

static void nmi_is_blocked_until_iret(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_LONG0);
    memcpy(b->ram + BOX_HANDLERS + 2 * 16, "\xf8\xf8\x48\xcf", 4); /* clc; clc; iretq */
    BOX_DO(b, 0, 0xf8, 0xf8, 0xf8, 0xf8);
    x86_nmi(b->cpu);
    e = box_more(b, 1);
    assert_int_equal(e.vector, 2);
    x86_nmi(b->cpu); /* waits */
    e = box_more(b, 1);
    assert_int_equal(e.vector, 2);
    assert_int_equal(e.regs.rip, BOX_HANDLERS + 2 * 16 + 2);
    e = box_more(b, 1); /* IRETQ: and now the second */
    e = box_more(b, 1);
    assert_int_equal(e.vector, 2);
    assert_int_equal(e.regs.rip, BOX_HANDLERS + 2 * 16 + 1);
    assert_int_equal(on_stack(b, &e, 0, 8), BOX_CODE);
}

static void int3_and_into_go_through_gates_of_their_dpl(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT3);
    e = BOX_DO(b, 1, 0xcc);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, 3 * 8 + 2);
    box_gate(b, box_idt(b, 3), SEL_CODE32, BOX_HANDLERS + 3 * 16, 0xee, 0);
    box_gate(b, box_idt(b, 4), SEL_CODE32, BOX_HANDLERS + 4 * 16, 0xee, 0);
    e = BOX_DO(b, 1, 0xcc);
    assert_int_equal(e.vector, 3);
    assert_int_equal(on_stack(b, &e, 0, 4), BOX_CODE + 1);
    e = BOX_DO(b, 1, 0xce); /* OF clear: nothing */
    assert_int_equal(e.vector, -1);
    b->regs.rflags |= 0x800;
    e = BOX_DO(b, 1, 0xce);
    assert_int_equal(e.vector, 4);
    box_set_mode(b, BOX_LONG0);
    e = BOX_DO(b, 1, 0xce);
    assert_int_equal(e.vector, 6);
}

static void icebp_asks_no_gate_for_its_dpl(void **state)
{
    struct box *b = *state;
    struct box_end e;

    box_set_mode(b, BOX_PROT3);
    e = BOX_DO(b, 1, 0xf1);
    assert_int_equal(e.vector, 1);
    assert_int_equal(on_stack(b, &e, 0, 4), BOX_CODE + 1);
    assert_int_equal(e.regs.dr[6], 0xffff0ff0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_mode_frame_has_five_words_on_an_aligned_stack),
        cmocka_unit_test(from_cpl_3_long_mode_takes_rsp0_and_a_null_ss),
        cmocka_unit_test(ist_gives_the_stack_whatever_the_privilege),
        cmocka_unit_test(trap_gate_leaves_interrupts_on),
        cmocka_unit_test(legacy_frame_within_cpl_0_has_three_words),
        cmocka_unit_test(legacy_frame_from_cpl_3_has_the_old_stack),
        cmocka_unit_test(sixteen_bit_gates_push_words),
        cmocka_unit_test(virtual_8086_frame_has_the_data_segments),
        cmocka_unit_test(real_mode_pushes_three_words_and_no_error_code),
        cmocka_unit_test(beyond_the_limit_of_the_ivt_is_gp_then_shutdown),
        cmocka_unit_test(int_n_names_what_is_wrong),
        cmocka_unit_test(faults_in_the_delivery_of_an_exception_have_ext),
        cmocka_unit_test(a_bad_inner_stack_ends_in_shutdown),
        cmocka_unit_test(a_bad_inner_stack_names_the_tss_or_the_segment),
        cmocka_unit_test(contributory_after_contributory_is_a_double_fault),
        cmocka_unit_test(page_fault_after_gp_is_delivered_and_after_page_fault_doubles),
        cmocka_unit_test(without_a_double_fault_handler_comes_shutdown),
        cmocka_unit_test(interrupts_wait_for_if_and_for_the_shadow_of_sti),
        cmocka_unit_test(hlt_ends_by_an_interrupt_behind_it),
        cmocka_unit_test(nmi_is_blocked_until_iret),
        cmocka_unit_test(int3_and_into_go_through_gates_of_their_dpl),
        cmocka_unit_test(icebp_asks_no_gate_for_its_dpl),
    };

    return cmocka_run_group_tests_name("x86 events", tests, setup, teardown);
}
