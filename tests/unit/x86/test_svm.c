/* SPDX-License-Identifier: Apache-2.0 */
/* Guests under a hypervisor in C: intercepts, nested page faults, events. */
#include "unit/unit.h"

#include "unit/x86/svm_box.h"

static int setup(void **state)
{
    static struct box b;

    svm_open(&b, "milan");
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    svm_close(*state);
    return 0;
}

/* ---- intercepts: one row each ---- */

struct intercept_row {
    const char *name;
    unsigned code;
    uint8_t bytes[6];
    uint8_t len;       /* of the instruction, for nRIP */
    uint8_t before;    /* bytes of instructions in front */
    uint64_t info1, info2;
};

#define MOV_CR (UINT64_C(1) << 63)

static const struct intercept_row real_rows[] = {
    {"cpuid", VMEXIT_CPUID, {0x0f, 0xa2}, 2, 0, 0, 0},
    {"hlt", VMEXIT_HLT, {0xf4}, 1, 0, 0, 0},
    {"invd", VMEXIT_INVD, {0x0f, 0x08}, 2, 0, 0, 0},
    {"wbinvd", VMEXIT_WBINVD, {0x0f, 0x09}, 2, 0, 0, 0},
    {"pause", VMEXIT_PAUSE, {0xf3, 0x90}, 2, 0, 0, 0},
    {"pushf", VMEXIT_PUSHF, {0x9c}, 1, 0, 0, 0},
    {"popf", VMEXIT_POPF, {0x9d}, 1, 0, 0, 0},
    {"iret", VMEXIT_IRET, {0xcf}, 1, 0, 0, 0},
    {"int 33", VMEXIT_SWINT, {0xcd, 33}, 2, 0, 33, 0},
    {"int3", VMEXIT_EXCEPTION + 3, {0xcc}, 1, 0, 0, 0},
    {"icebp", VMEXIT_ICEBP, {0xf1}, 1, 0, 0, 0},
    {"rdtsc", VMEXIT_RDTSC, {0x0f, 0x31}, 2, 0, 0, 0},
    {"rdtscp", VMEXIT_RDTSCP, {0x0f, 0x01, 0xf9}, 3, 0, 0, 0},
    {"rdpmc", VMEXIT_RDPMC, {0x0f, 0x33}, 2, 0, 0, 0},
    {"invlpg [bx]", VMEXIT_INVLPG, {0x0f, 0x01, 0x3f}, 3, 0, 0, 0},
    {"vmmcall", VMEXIT_VMMCALL, {0x0f, 0x01, 0xd9}, 3, 0, 0, 0},
    {"vmload", VMEXIT_VMLOAD, {0}, 0, 0, 0, 0}, /* protected mode alone; see below */
    {"mov eax, cr0", VMEXIT_CR_READ + 0, {0x0f, 0x20, 0xc0}, 3, 0, MOV_CR | 0, 0},
    {"mov esi, cr3", VMEXIT_CR_READ + 3, {0x0f, 0x20, 0xde}, 3, 0, MOV_CR | 6, 0},
    {"mov cr4, ecx", VMEXIT_CR_WRITE + 4, {0x0f, 0x22, 0xe1}, 3, 0, MOV_CR | 1, 0},
    {"smsw ax", VMEXIT_CR_READ + 0, {0x0f, 0x01, 0xe0}, 3, 0, 0, 0},
    {"lmsw bx", VMEXIT_CR_WRITE + 0, {0x0f, 0x01, 0xf3}, 3, 0, 0, 0},
    {"clts", VMEXIT_CR_WRITE + 0, {0x0f, 0x06}, 2, 0, 0, 0},
    {"mov ebx, dr6", VMEXIT_DR_READ + 6, {0x0f, 0x21, 0xf3}, 3, 0, 3, 0},
    {"mov dr0, eax", VMEXIT_DR_WRITE + 0, {0x0f, 0x23, 0xc0}, 3, 0, 0, 0},
    {"sgdt", VMEXIT_GDTR_READ, {0x0f, 0x01, 0x07}, 3, 0, 0, 0},
    {"sidt", VMEXIT_IDTR_READ, {0x0f, 0x01, 0x0f}, 3, 0, 0, 0},
    {"lgdt", VMEXIT_GDTR_WRITE, {0x0f, 0x01, 0x17}, 3, 0, 0, 0},
    {"lidt", VMEXIT_IDTR_WRITE, {0x0f, 0x01, 0x1f}, 3, 0, 0, 0},
    {"rdmsr", VMEXIT_MSR, {0x0f, 0x32}, 2, 0, 0, 0},
    {"wrmsr", VMEXIT_MSR, {0x0f, 0x30}, 2, 0, 1, 0},
    {"in al, 0x71", VMEXIT_IOIO, {0xe4, 0x71}, 2, 0, 0x00710000 | 0x91, SVM_CODE + 2},
    {"out dx, ax", VMEXIT_IOIO, {0xef}, 1, 0, 0xa0, SVM_CODE + 1},
    {"rep outsb", VMEXIT_IOIO, {0xf3, 0x6e}, 2, 0, 0x9c | X86_DS << 10, SVM_CODE + 2},
    {"insw, 32-bit address", VMEXIT_IOIO, {0x67, 0x6d}, 2, 0, 0x125, SVM_CODE + 2},
    {"a nop in front", VMEXIT_CPUID, {0x90, 0x0f, 0xa2}, 2, 1, 0, 0},
};

static void check_intercept(struct box *b, const struct intercept_row *row)
{
    svm_fresh(b);
    svm_code(b, row->bytes, sizeof(row->bytes));
    svm_intercept(b, row->code);
    svm_put(b, VMCB_RAX, 0x1234);
    for (unsigned n = 1; n < 16; n++)
        x86_svm_gpr(b->cpu)[n] = 0;
    if (svm_run(b, 100) != X86_SVM_EXIT || svm_get(b, VMCB_EXITCODE) != row->code)
        fail_msg("%s: exit %#llx", row->name, (unsigned long long)svm_get(b, VMCB_EXITCODE));
    assert_int_equal(svm_get(b, VMCB_EXITINFO1), row->info1);
    assert_int_equal(svm_get(b, VMCB_EXITINFO2), row->info2);
    assert_int_equal(svm_get(b, VMCB_RIP), SVM_CODE + row->before);
    assert_int_equal(svm_get(b, VMCB_NRIP), SVM_CODE + row->before + row->len);
    assert_int_equal(svm_get(b, VMCB_RAX), 0x1234);
    assert_int_equal(svm_get(b, VMCB_EXITINTINFO), 0);
    assert_false(x86_svm_in_guest(b->cpu));
}

static void intercepted_instructions_leave_in_front_with_the_next_rip(void **state)
{
    for (unsigned n = 0; n < CB_ARRAY_LEN(real_rows); n++)
        if (real_rows[n].len)
            check_intercept(*state, &real_rows[n]);
}

static void without_the_intercept_the_guest_executes_it(void **state)
{
    static const uint8_t cpuid_hlt[] = {0x0f, 0xa2, 0xf4};
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, cpuid_hlt, sizeof(cpuid_hlt));
    svm_intercept(b, VMEXIT_HLT);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_HLT);
    assert_int_equal(svm_get(b, VMCB_RIP), SVM_CODE + 2);
    assert_int_not_equal(x86_svm_gpr(b->cpu)[3], 0); /* EBX: the vendor */
}

static void the_host_comes_back_as_it_was(void **state)
{
    static const uint8_t code[] = {0xf4};
    struct box *b = *state;
    struct x86_regs before, after;

    svm_fresh(b);
    svm_code(b, code, sizeof(code));
    svm_intercept(b, VMEXIT_HLT);
    x86_get_regs(b->cpu, &before);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    x86_get_regs(b->cpu, &after);
    assert_memory_equal(after.seg, before.seg, sizeof(after.seg));
    assert_int_equal(after.cr3, before.cr3);
    assert_int_equal(after.cr0, before.cr0);
    assert_int_equal(after.efer, before.efer);
    assert_int_equal(after.rip, before.rip);
    assert_int_equal(after.gpr[4], before.gpr[4]);
}

/* ---- nested paging ---- */

static void a_nested_fault_tells_address_cause_and_bytes(void **state)
{
    static const uint8_t store[] = {0xa2, 0x10, 0x90}; /* mov [0x9010], al */
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, store, sizeof(store));
    svm_nested(b, 0x9000, 0);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_NPF);
    assert_int_equal(svm_get(b, VMCB_EXITINFO1), UINT64_C(1) << 32 | 6); /* write, user, absent */
    assert_int_equal(svm_get(b, VMCB_EXITINFO2), 0x9010);
    assert_int_equal(svm_get(b, VMCB_RIP), SVM_CODE);
    assert_in_range(b->ram[SVM_VMCB + VMCB_N_BYTES], 3, 15);
    assert_memory_equal(b->ram + SVM_VMCB + VMCB_BYTES, store, sizeof(store));
    svm_nested(b, 0x9000, 0x9000 | 5); /* read-only */
    svm_put32(b, VMCB_TLB_CONTROL, 1);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITINFO1), UINT64_C(1) << 32 | 7);
    svm_nested(b, 0x9000, 0x9000 | 7);
    svm_put(b, VMCB_RAX, 0x5a);
    assert_int_equal(svm_run(b, 1), X86_SVM_BUDGET);
    assert_int_equal(b->ram[0x9010], 0x5a);
    assert_int_equal(box_get(b, SVM_NPT + 9 * 8, 8) & 0x60, 0x60); /* accessed, dirty */
}

static void a_fetch_that_faults_has_no_bytes(void **state)
{
    struct box *b = *state;

    svm_fresh(b);
    svm_put(b, VMCB_RIP, 0x9000);
    svm_nested(b, 0x9000, 0);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_NPF);
    assert_int_equal(svm_get(b, VMCB_EXITINFO2), 0x9000);
    assert_int_equal(b->ram[SVM_VMCB + VMCB_N_BYTES], 0);
}

static void the_guests_own_table_may_be_what_is_missing(void **state)
{
    struct box *b = *state;

    svm_fresh(b);
    svm_guest_long(b);
    svm_nested(b, BOX_PD, 0);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_NPF);
    assert_int_equal(svm_get(b, VMCB_EXITINFO1) >> 32, 2);
    assert_int_equal(svm_get(b, VMCB_EXITINFO2) & CB_PAGE_MASK, BOX_PD);
}

static void guest_addresses_go_where_the_nested_tables_say(void **state)
{
    static const uint8_t load[] = {0xa0, 0x00, 0x90, 0xf4}; /* mov al, [0x9000]; hlt */
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, load, sizeof(load));
    svm_intercept(b, VMEXIT_HLT);
    svm_nested(b, 0x9000, 0x300000 | 7);
    b->ram[0x9000] = 1;
    b->ram[0x300000] = 0x77;
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_RAX) & 0xff, 0x77);
}

/* ---- events ---- */

static void an_injected_interrupt_enters_its_handler(void **state)
{
    static const uint8_t handler[] = {0x0f, 0xa2};
    struct box *b = *state;

    svm_fresh(b);
    svm_intercept(b, VMEXIT_CPUID);
    box_put(b, 0x20 * 4, 0x6100, 4); /* the real-mode vector */
    memcpy(b->ram + 0x6100, handler, sizeof(handler));
    svm_put(b, VMCB_EVENTINJ, VMCB_EVENT_VALID | 0x20);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_RIP), 0x6100);
    assert_int_equal(box_get(b, SVM_STACK - 6, 2), SVM_CODE);
    assert_int_equal(svm_get(b, VMCB_EVENTINJ) & VMCB_EVENT_VALID, 0);
}

static void a_nested_fault_in_a_delivery_says_what_was_on_its_way(void **state)
{
    struct box *b = *state;

    svm_fresh(b);
    svm_nested(b, SVM_STACK - CB_PAGE_SIZE, 0);
    svm_put(b, VMCB_EVENTINJ, VMCB_EVENT_VALID | 0x20);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_NPF);
    assert_int_equal(svm_get(b, VMCB_EXITINTINFO), VMCB_EVENT_VALID | 0x20);
    assert_int_equal(svm_get(b, VMCB_RIP), SVM_CODE);
}

static void a_virtual_interrupt_waits_for_the_guests_if(void **state)
{
    static const uint8_t code[] = {0x90, 0xfb, 0x90, 0x90}; /* nop; sti; nop */
    static const uint8_t handler[] = {0x0f, 0xa2};
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, code, sizeof(code));
    svm_intercept(b, VMEXIT_CPUID);
    box_put(b, 0x31 * 4, 0x6100, 4);
    memcpy(b->ram + 0x6100, handler, sizeof(handler));
    svm_put(b, VMCB_INT_CTL, VMCB_V_IRQ | UINT64_C(3) << VMCB_V_PRIO_SHIFT |
                                 VMCB_V_INTR_MASKING | UINT64_C(0x31) << VMCB_V_VECTOR_SHIFT);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_RIP), 0x6100);
    assert_int_equal(box_get(b, SVM_STACK - 6, 2), SVM_CODE + 3); /* after STI's shadow */
    assert_int_equal(svm_get(b, VMCB_INT_CTL) & VMCB_V_IRQ, 0);
}

static void an_intercepted_exception_leaves_with_its_code(void **state)
{
    static const uint8_t code[] = {0x0f, 0x0b}; /* ud2 */
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, code, sizeof(code));
    svm_intercept(b, VMEXIT_EXCEPTION + 6);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_EXCEPTION + 6);
    assert_int_equal(svm_get(b, VMCB_RIP), SVM_CODE);
}

static void a_triple_fault_is_a_shutdown(void **state)
{
    static const uint8_t code[] = {0x0f, 0x0b};
    struct box *b = *state;

    svm_fresh(b);
    svm_code(b, code, sizeof(code));
    svm_intercept(b, VMEXIT_SHUTDOWN);
    box_put(b, SVM_VMCB + VMCB_IDTR + VMCB_SEG_LIMIT, 0, 4);
    assert_int_equal(svm_run(b, 100), X86_SVM_EXIT);
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_SHUTDOWN);
}

/* ---- what makes a VMCB illegal ---- */

static const struct {
    const char *what;
    unsigned at, len;
    uint64_t value;
} illegal_rows[] = {
    {"ASID 0", VMCB_ASID, 4, 0},
    {"ASID beyond the last", VMCB_ASID, 4, 0x8000},
    {"VMRUN not intercepted", VMCB_INTERCEPT + 16, 4, 0},
    {"EFER without SVME", VMCB_EFER, 8, 0},
    {"EFER with a reserved bit", VMCB_EFER, 8, 0x1002},
    {"CR0 beyond 32 bits", VMCB_CR0, 8, UINT64_C(0x100000010)},
    {"NW without CD", VMCB_CR0, 8, 0x20000010},
    {"CR4 with a reserved bit", VMCB_CR4, 8, UINT64_C(1) << 40},
    {"DR6 beyond 32 bits", VMCB_DR6, 8, UINT64_C(1) << 32},
    {"DR7 beyond 32 bits", VMCB_DR7, 8, UINT64_C(1) << 32},
    {"an event of a reserved type", VMCB_EVENTINJ, 8, VMCB_EVENT_VALID | 1 << 8},
    {"an exception that is none", VMCB_EVENTINJ, 8, VMCB_EVENT_VALID | 3 << 8 | 2},
    {"bitmap beyond memory's width", VMCB_IOPM, 8, UINT64_C(1) << 52},
    {"nested tables beyond memory's width", VMCB_NCR3, 8, UINT64_C(1) << 52},
    {"SEV without SMEE and SmmLock", VMCB_NP_CTL, 8, 0}, /* a legal one: must run */
};

static void an_illegal_vmcb_is_refused_by_exit_code_minus_one(void **state)
{
    static const uint8_t code[] = {0xf4};
    struct box *b = *state;

    for (unsigned n = 0; n < CB_ARRAY_LEN(illegal_rows); n++) {
        const bool legal = n + 1 == CB_ARRAY_LEN(illegal_rows);

        svm_fresh(b);
        svm_code(b, code, sizeof(code));
        svm_intercept(b, VMEXIT_HLT);
        box_put(b, SVM_VMCB + illegal_rows[n].at, illegal_rows[n].value, illegal_rows[n].len);
        if (svm_run(b, 100) != X86_SVM_EXIT ||
            svm_get(b, VMCB_EXITCODE) != (legal ? VMEXIT_HLT : VMEXIT_INVALID))
            fail_msg("%s: exit %#llx", illegal_rows[n].what,
                     (unsigned long long)svm_get(b, VMCB_EXITCODE));
    }
}

/* ---- the instructions ---- */

static void vmrun_returns_behind_itself_with_gif_clear(void **state)
{
    static const uint8_t guest[] = {0x0f, 0x01, 0xd9};
    /* vmrun; stgi; hlt */
    static const uint8_t host[] = {0x0f, 0x01, 0xd8, 0x0f, 0x01, 0xdc, 0xf4};
    struct box *b = *state;
    struct x86_regs regs;
    uint64_t done;

    svm_fresh(b);
    svm_code(b, guest, sizeof(guest));
    svm_intercept(b, VMEXIT_VMMCALL);
    box_code(b, host, sizeof(host));
    x86_get_regs(b->cpu, &regs);
    regs.gpr[0] = SVM_VMCB;
    regs.rip = BOX_CODE;
    x86_set_regs(b->cpu, &regs);
    assert_int_equal(x86_run(b->cpu, 2, &done), X86_STOP_BUDGET); /* vmrun, vmmcall's exit */
    assert_int_equal(svm_get(b, VMCB_EXITCODE), VMEXIT_VMMCALL);
    x86_get_regs(b->cpu, &regs);
    assert_int_equal(regs.rip, BOX_CODE + 3);
    assert_int_equal(regs.gpr[0], SVM_VMCB);
    assert_int_equal(x86_run(b->cpu, 100, &done), X86_STOP_DEAD);
    x86_get_regs(b->cpu, &regs);
    assert_int_equal(regs.rip, BOX_CODE + 7);
}

static void svm_instructions_need_svme(void **state)
{
    static const uint8_t last[] = {0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xdf};
    struct box *b = *state;

    for (unsigned n = 0; n < sizeof(last); n++) {
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        e = BOX_DO(b, 1, 0x0f, 0x01, last[n]);
        assert_int_equal(e.vector, 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intercepted_instructions_leave_in_front_with_the_next_rip),
        cmocka_unit_test(without_the_intercept_the_guest_executes_it),
        cmocka_unit_test(the_host_comes_back_as_it_was),
        cmocka_unit_test(a_nested_fault_tells_address_cause_and_bytes),
        cmocka_unit_test(a_fetch_that_faults_has_no_bytes),
        cmocka_unit_test(the_guests_own_table_may_be_what_is_missing),
        cmocka_unit_test(guest_addresses_go_where_the_nested_tables_say),
        cmocka_unit_test(an_injected_interrupt_enters_its_handler),
        cmocka_unit_test(a_nested_fault_in_a_delivery_says_what_was_on_its_way),
        cmocka_unit_test(a_virtual_interrupt_waits_for_the_guests_if),
        cmocka_unit_test(an_intercepted_exception_leaves_with_its_code),
        cmocka_unit_test(a_triple_fault_is_a_shutdown),
        cmocka_unit_test(an_illegal_vmcb_is_refused_by_exit_code_minus_one),
        cmocka_unit_test(vmrun_returns_behind_itself_with_gif_clear),
        cmocka_unit_test(svm_instructions_need_svme),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
