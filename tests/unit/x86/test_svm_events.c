/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and the guest: injection, EXITINTINFO, physical and virtual interrupts,
 * V_TPR, interrupt shadow, GIF; the bitmaps of ports and MSRs; and the
 * instructions as a hypervisor in the machine executes them.
 * Written from APM vol. 2, 15.7, 15.10 to 15.13, 15.17, 15.20, 15.21.
 */
#include "unit/unit.h"

#include "unit/x86/vm.h"

/* HLT of a vector's handler: RIP of the exit. */
#define HANDLER(v) (VM_HANDLERS + (uint64_t)(v) * 16)

static struct vm *fresh(void)
{
    static struct vm vm;

    if (vm.cpu)
        vm_close(&vm);
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, "\x90\x90\x90\x90\xf4", 5);
    return &vm;
}

static enum x86_stop run_host(struct vm *vm, const char *code, size_t len, unsigned n);

static void at(struct vm *vm, uint64_t exit, uint64_t rip)
{
    const uint64_t code = vm_exit(vm), have = vm_get(vm, VMCB_RIP, 8);

    if (code != exit || have != rip)
        fail_msg("exit %llx at %llx, not %llx at %llx", (unsigned long long)code,
                 (unsigned long long)have, (unsigned long long)exit, (unsigned long long)rip);
}

/* ---- injection ---- */

struct injection {
    const char *name;
    enum vm_mode mode;
    uint64_t event;
    unsigned vector;
    uint64_t return_rip;
    bool has_code;
    uint32_t code;
};

static const struct injection injections[] = {
    {"interrupt 20h", VM_LONG, 0x80000020, 0x20, VM_CODE, false, 0},
    {"NMI, whatever the vector", VM_LONG, 0x80000255, 2, VM_CODE, false, 0},
    {"#GP with a code", VM_LONG, UINT64_C(0x123480000b0d), 13, VM_CODE, true, 0x1234},
    {"#UD", VM_LONG, 0x80000306, 6, VM_CODE, false, 0},
    {"INT 80h returns behind it: to nRIP", VM_LONG, 0x80000480, 0x80, VM_CODE + 2, false, 0},
    {"interrupt in protected mode", VM_FLAT, 0x80000021, 0x21, VM_CODE, false, 0},
    {"interrupt in real mode", VM_REAL, 0x80000022, 0x22, VM_CODE, false, 0},
    {"#DF with its code", VM_LONG, 0x80000b08, 8, VM_CODE, true, 0},
};

static unsigned pushed_size(enum vm_mode mode)
{
    return mode == VM_LONG ? 8 : mode == VM_REAL ? 2 : 4;
}

static void injected_events_are_delivered_before_the_first_instruction(void **state)
{
    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(injections); n++) {
        const struct injection *j = &injections[n];
        struct vm *vm = fresh();
        unsigned size = pushed_size(j->mode);
        uint64_t rsp;

        print_message("# %s\n", j->name);
        vm_guest(vm, j->mode);
        vm_code(vm, "\x90\x90\xf4", 3);
        for (unsigned v = 0; v < 32; v++)
            vm_intercept(vm, VMEXIT_EXCEPTION + v, true); /* injection is not intercepted */
        vm_set(vm, VMCB_EVENTINJ, j->event, 8);
        vm_set(vm, VMCB_NRIP, VM_CODE + 2, 8);
        at(vm, VMEXIT_HLT, j->mode == VM_REAL ? j->vector * 16u : HANDLER(j->vector));
        rsp = vm_get(vm, VMCB_RSP, 8);
        if (j->has_code) {
            assert_int_equal(vm_mem(vm, rsp, 4), j->code);
            rsp += size;
        }
        assert_int_equal(vm_mem(vm, rsp, size), j->return_rip);
        assert_int_equal(vm_get(vm, VMCB_EVENTINJ, 8) & CB_BIT(31), 0);
        assert_int_equal(vm_get(vm, VMCB_EXITINTINFO, 8), 0);
    }
}

static void an_event_whose_delivery_meets_the_nested_tables_is_in_exitintinfo(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_set(vm, VMCB_EVENTINJ, UINT64_C(0x123480000b0d), 8);
    vm_nested(vm, VM_IDT, 0);
    at(vm, VMEXIT_NPF, VM_CODE);
    assert_true(vm_get(vm, VMCB_EXITINTINFO, 8) == UINT64_C(0x123480000b0d));
    assert_int_equal(vm_get(vm, VMCB_EXITINFO2, 8), VM_IDT + 13 * 16);
    vm_nested(vm, VM_IDT, (VM_GUEST + VM_IDT) | 7);
    vm_set(vm, VMCB_EVENTINJ, vm_get(vm, VMCB_EXITINTINFO, 8), 8);
    at(vm, VMEXIT_HLT, HANDLER(13));
}

static void an_intercepted_exception_in_a_delivery_comes_before_the_double_fault(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, "\x0f\x0b", 2);
    vm_set(vm, VMCB_IDTR + VMCB_SEG_LIMIT, 6 * 16, 4); /* #UD's gate lies beyond */
    vm_intercept(vm, VMEXIT_EXCEPTION + 13, true);
    at(vm, VMEXIT_EXCEPTION + 13, VM_CODE);
    assert_int_equal(vm_get(vm, VMCB_EXITINTINFO, 8), 0x80000306);
    assert_int_equal(vm_get(vm, VMCB_EXITINFO1, 8), 6 * 8 + 3);
}

static void software_interrupts_are_told_by_type_4(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, "\xcd\x80", 2);
    vm_nested(vm, VM_IDT, 0);
    at(vm, VMEXIT_NPF, VM_CODE);
    assert_int_equal(vm_get(vm, VMCB_EXITINTINFO, 8), 0x80000480);
    vm_code(vm, "\xcc", 1);
    at(vm, VMEXIT_NPF, VM_CODE);
    assert_int_equal(vm_get(vm, VMCB_EXITINTINFO, 8), 0x80000303);
}

static void a_triple_fault_is_shutdown(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, "\x0f\x0b", 2);
    vm_set(vm, VMCB_IDTR + VMCB_SEG_LIMIT, 0, 4);
    at(vm, VMEXIT_SHUTDOWN, VM_CODE);
    vm_intercept(vm, VMEXIT_SHUTDOWN, false);
    assert_int_equal(vm_run(vm), X86_SVM_SHUTDOWN);
}

/* ---- interrupts ---- */

static void a_physical_interrupt_leaves_or_is_delivered(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_intercept(vm, VMEXIT_INTR, true);
    vm->interrupt = 0x31;
    x86_set_intr(vm->cpu, true);
    at(vm, VMEXIT_HLT, VM_CODE + 4); /* IF clear */
    vm_set(vm, VMCB_RFLAGS, 0x202, 8);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    at(vm, VMEXIT_INTR, VM_CODE);
    assert_int_equal(vm->interrupt, 0x31); /* not acknowledged */
    vm_intercept(vm, VMEXIT_INTR, false);
    at(vm, VMEXIT_HLT, HANDLER(0x31));
    assert_int_equal(vm->interrupt, -1);
}

static void with_v_intr_masking_the_hosts_if_counts(void **state)
{
    struct vm *vm = fresh();
    struct x86_regs r;

    (void)state;
    vm_intercept(vm, VMEXIT_INTR, true);
    vm_set(vm, VMCB_INT_CTL, VMCB_V_INTR_MASKING, 8);
    vm_set(vm, VMCB_RFLAGS, 0x202, 8);
    vm->interrupt = 0x31;
    x86_set_intr(vm->cpu, true);
    at(vm, VMEXIT_HLT, VM_CODE + 4);
    x86_get_regs(vm->cpu, &r);
    r.rflags = 0x202;
    x86_set_regs(vm->cpu, &r);
    vm_set(vm, VMCB_RFLAGS, 2, 8);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    at(vm, VMEXIT_INTR, VM_CODE);
}

static void an_nmi_leaves(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_intercept(vm, VMEXIT_NMI, true);
    x86_nmi(vm->cpu);
    at(vm, VMEXIT_NMI, VM_CODE);
    vm_intercept(vm, VMEXIT_NMI, false);
    at(vm, VMEXIT_HLT, HANDLER(2));
}

/* With an SMI on its way since before VMRUN; firmware locks SMM where there is SME. */
static uint64_t exit_after_smi(bool intercepted, bool locked)
{
    struct vm vm;
    struct x86_regs r;
    uint64_t code;

    vm_open(&vm, (struct vm_options){.no_sme = !locked});
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, "\x90\x90\x90\x90\xf4", 5);
    vm_intercept(&vm, VMEXIT_SMI, intercepted);
    assert_int_equal(run_host(&vm, "\x0f\x01\xdd\x0f\x01\xd8\xeb\xfe", 8, 1), X86_STOP_BUDGET);
    x86_smi(vm.cpu);
    assert_int_equal(x86_run(vm.cpu, 100, &(uint64_t){0}), X86_STOP_BUDGET);
    x86_get_regs(vm.cpu, &r);
    assert_int_equal(r.rip, VM_HOST_CODE + 6);
    code = vm_get(&vm, VMCB_EXITCODE, 8);
    vm_close(&vm);
    return code;
}

static void an_smi_leaves_unless_smm_is_locked(void **state)
{
    (void)state;
    assert_int_equal(exit_after_smi(true, false), VMEXIT_SMI);
    assert_int_equal(exit_after_smi(false, false), VMEXIT_HLT);
    assert_int_equal(exit_after_smi(true, true), VMEXIT_HLT);
}

static void outside_guests_an_smi_is_handled_unseen(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_intercept(vm, VMEXIT_SMI, true);
    x86_smi(vm->cpu);
    at(vm, VMEXIT_HLT, VM_CODE + 4);
}

#define VIRQ(vector, prio) \
    (VMCB_V_IRQ | (uint64_t)(prio) << VMCB_V_PRIO_SHIFT | (uint64_t)(vector) << VMCB_V_VECTOR_SHIFT | \
     VMCB_V_INTR_MASKING)

static void a_virtual_interrupt_waits_for_if_and_priority(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_set(vm, VMCB_INT_CTL, VIRQ(0x41, 4), 8);
    at(vm, VMEXIT_HLT, VM_CODE + 4); /* IF clear */
    assert_int_equal(vm_get(vm, VMCB_INT_CTL, 8) & VMCB_V_IRQ, VMCB_V_IRQ);
    vm_set(vm, VMCB_RFLAGS, 0x202, 8);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    vm_set(vm, VMCB_INT_CTL, VIRQ(0x41, 4) | 4, 8);
    at(vm, VMEXIT_HLT, VM_CODE + 4); /* V_TPR is as high */
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    vm_set(vm, VMCB_INT_CTL, VIRQ(0x41, 4) | 4 | VMCB_V_IGN_TPR, 8);
    at(vm, VMEXIT_HLT, HANDLER(0x41));
    assert_int_equal(vm_get(vm, VMCB_INT_CTL, 8) & VMCB_V_IRQ, 0);
}

static void the_vintr_intercept_opens_a_window(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, "\x90\xfb\x90\x90\xf4", 5); /* NOP; STI; NOP, in the shadow; NOP */
    vm_intercept(vm, VMEXIT_VINTR, true);
    vm_set(vm, VMCB_INT_CTL, VIRQ(0, 1), 8);
    at(vm, VMEXIT_VINTR, VM_CODE + 3);
    assert_int_equal(vm_get(vm, VMCB_INT_CTL, 8) & VMCB_V_IRQ, VMCB_V_IRQ);
}

static void cr8_is_the_virtual_tpr_under_v_intr_masking(void **state)
{
    static const uint8_t code[] = {0xb8, 5, 0, 0, 0, 0x44, 0x0f, 0x22, 0xc0, 0x31, 0xc0,
                                   0x44, 0x0f, 0x20, 0xc0, 0xf4};
    struct vm *vm = fresh();

    (void)state;
    vm->cr8 = 9;
    vm_code(vm, code, sizeof(code));
    vm_set(vm, VMCB_INT_CTL, VMCB_V_INTR_MASKING, 8);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    assert_int_equal(vm_get(vm, VMCB_RAX, 8), 5);
    assert_int_equal(vm_get(vm, VMCB_INT_CTL, 1), 5);
    assert_int_equal(vm->cr8, 9);
    vm_set(vm, VMCB_INT_CTL, 0, 8);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    assert_int_equal(vm->cr8, 5);
    assert_int_equal(vm_get(vm, VMCB_INT_CTL, 1), 5);
}

static void the_interrupt_shadow_travels(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, "\xfb\x0f\x01\xd9\x90", 5); /* STI; VMMCALL */
    at(vm, VMEXIT_VMMCALL, VM_CODE + 1);
    assert_int_equal(vm_get(vm, VMCB_INT_STATE, 8), 1);
    vm_intercept(vm, VMEXIT_INTR, true);
    x86_set_intr(vm->cpu, true);
    vm_set(vm, VMCB_RIP, VM_CODE + 4, 8); /* the NOP is in the shadow that was loaded */
    at(vm, VMEXIT_INTR, VM_CODE + 5);
    assert_int_equal(vm_get(vm, VMCB_INT_STATE, 8), 0);
}

static void a_halted_guest_waits_and_goes_on(void **state)
{
    struct vm *vm = fresh();

    (void)state;
    vm_intercept(vm, VMEXIT_HLT, false);
    vm_code(vm, "\xfb\xf4\x0f\x01\xd9", 5);
    assert_int_equal(vm_run(vm), X86_SVM_HLT);
    assert_true(x86_svm_in_guest(vm->cpu));
    assert_int_equal(vm_run(vm), X86_SVM_HLT);
    vm_intercept(vm, VMEXIT_HLT, true);
    vm_put_bytes(vm, VM_HANDLERS + 0x31 * 16, "\x48\xcf", 2); /* IRETQ */
    vm->interrupt = 0x31;
    x86_set_intr(vm->cpu, true);
    at(vm, VMEXIT_VMMCALL, VM_CODE + 2);
}

static void a_budget_ends_between_instructions_and_goes_on(void **state)
{
    struct vm *vm = fresh();
    uint64_t done, total = 0;

    (void)state;
    vm_code(vm, "\xb9\x40\x42\x0f\x00\xff\xc9\x75\xfc\xf4", 10); /* a million times DEC, JNZ */
    for (unsigned n = 0;; n++) {
        const enum x86_svm_end end = x86_svm_run(vm->cpu, VM_VMCB, 100000, &done);

        total += done;
        if (end == X86_SVM_EXIT)
            break;
        assert_int_equal(end, X86_SVM_BUDGET);
        assert_int_equal(done, 100000);
        assert_true(n < 100);
    }
    assert_int_equal(total, 2000002);
    assert_int_equal(vm_get(vm, VMCB_EXITCODE, 8), VMEXIT_HLT);
}

/* ---- bitmaps ---- */

struct port_row {
    const char *name;
    uint8_t len, code[4];
    uint16_t bit;      /* the port whose bit is set */
    uint64_t rdx, info1; /* info1 0: no exit */
};

static const struct port_row port_rows[] = {
    {"OUT DX, AL", 1, {0xee}, 0x3f8, 0x3f8, 0x03f80210},
    {"IN AL, DX", 1, {0xec}, 0x3f8, 0x3f8, 0x03f80211},
    {"IN EAX, DX", 1, {0xed}, 0x3f8, 0x3f8, 0x03f80241},
    {"OUT DX, AX", 2, {0x66, 0xef}, 0x3f8, 0x3f8, 0x03f80220},
    {"IN AL, 60h", 2, {0xe4, 0x60}, 0x60, 0, 0x00600211},
    {"the last byte of a double word", 1, {0xed}, 0x3fb, 0x3f8, 0x03f80241},
    {"a byte beside it", 1, {0xec}, 0x3f9, 0x3f8, 0},
    {"the double word behind it", 1, {0xed}, 0x3fc, 0x3f8, 0},
    {"OUTSB", 1, {0x6e}, 0x3f8, 0x3f8, 0x03f80e14},
    {"REP INSD", 2, {0xf3, 0x6d}, 0x3f8, 0x3f8, 0x03f8024d},
    {"OUTSB from FS, 32-bit address", 3, {0x64, 0x67, 0x6e}, 0x3f8, 0x3f8, 0x03f81114},
    {"beyond the last port", 1, {0xed}, 0xffff, 0xfffe, 0xfffe0241},
};

static void ports_leave_by_the_bitmap(void **state)
{
    unsigned bad = 0;

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(port_rows); n++) {
        const struct port_row *row = &port_rows[n];
        struct vm *vm = fresh();
        const uint64_t next = VM_CODE + (uint64_t)row->len;
        uint64_t exit, info1;
        uint64_t *gpr = x86_svm_gpr(vm->cpu);

        vm_code(vm, row->code, row->len);
        vm_intercept(vm, VMEXIT_IOIO, true);
        vm_host_put(vm, VM_IOPM + row->bit / 8, 1u << row->bit % 8, 1);
        gpr[1] = 2;
        gpr[2] = row->rdx;
        gpr[6] = gpr[7] = VM_DATA;
        exit = vm_exit(vm);
        info1 = vm_get(vm, VMCB_EXITINFO1, 8);
        if (row->info1 ? exit == VMEXIT_IOIO && info1 == row->info1 &&
                             vm_get(vm, VMCB_EXITINFO2, 8) == next &&
                             vm_get(vm, VMCB_NRIP, 8) == next
                       : exit == VMEXIT_HLT)
            continue;
        print_error("%s: exit %llx, %llx\n", row->name, (unsigned long long)exit,
                    (unsigned long long)info1);
        bad++;
    }
    assert_int_equal(bad, 0);
}

struct msr_row {
    const char *name;
    bool write;
    uint32_t index;
    uint16_t byte;
    uint8_t bit;
    bool leaves;
};

static const struct msr_row msr_rows[] = {
    {"read of 10h", false, 0x10, 0x4, 0x01, true},
    {"write of 10h by the read's bit", true, 0x174, 0x5d, 0x01, false},
    {"write of 174h", true, 0x174, 0x5d, 0x02, true},
    {"read of EFER", false, 0xc0000080, 0x820, 0x01, true},
    {"write of STAR", true, 0xc0000081, 0x820, 0x08, true},
    {"read of SYSCFG", false, 0xc0010010, 0x1004, 0x01, true},
    {"read of SYSCFG, bit clear", false, 0xc0010010, 0x1004, 0x02, false},
    {"beyond the first range", false, 0x2000, 0, 0, true},
    {"below the second", true, 0xbfffffff, 0, 0, true},
    {"beyond the third", false, 0xc0012000, 0, 0, true},
    {"KVM's own", true, 0x4b564d00, 0, 0, true},
};

static void msrs_leave_by_the_bitmap(void **state)
{
    unsigned bad = 0;

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(msr_rows); n++) {
        const struct msr_row *row = &msr_rows[n];
        struct vm *vm = fresh();
        uint64_t exit;

        vm_code(vm, row->write ? "\x0f\x30" : "\x0f\x32", 2);
        vm_intercept(vm, VMEXIT_MSR, true);
        vm_host_put(vm, VM_MSRPM + row->byte, row->bit, 1);
        x86_svm_gpr(vm->cpu)[1] = row->index;
        exit = vm_exit(vm);
        if (exit == (row->leaves ? VMEXIT_MSR : VMEXIT_HLT) &&
            (!row->leaves || (vm_get(vm, VMCB_EXITINFO1, 8) == row->write &&
                              vm_get(vm, VMCB_NRIP, 8) == VM_CODE + 2)))
            continue;
        print_error("%s: exit %llx\n", row->name, (unsigned long long)exit);
        bad++;
    }
    assert_int_equal(bad, 0);
}

/* ---- a hypervisor in the machine ---- */

static enum x86_stop run_host(struct vm *vm, const char *code, size_t len, unsigned n)
{
    struct x86_regs r;
    uint64_t done;

    mc_write(vm->mc, spa(VM_HOST_CODE), mc_access_host(MC_KIND_DATA, false), code, len);
    x86_get_regs(vm->cpu, &r);
    r.rip = VM_HOST_CODE;
    r.gpr[0] = VM_VMCB;
    x86_set_regs(vm->cpu, &r);
    return x86_run(vm->cpu, n, &done);
}

static void vmrun_as_an_instruction_returns_behind_itself(void **state)
{
    struct vm *vm = fresh();
    struct x86_regs r;

    (void)state;
    vm_set(vm, VMCB_RAX, 0x7777, 8);
    assert_int_equal(run_host(vm, "\x0f\x01\xd8\x48\xff\xc3\xf4", 7, 100), X86_STOP_DEAD);
    x86_get_regs(vm->cpu, &r);
    assert_int_equal(r.rip, VM_HOST_CODE + 7);
    assert_int_equal(r.gpr[3], 1);
    assert_int_equal(r.gpr[0], VM_VMCB);
    assert_int_equal(vm_get(vm, VMCB_EXITCODE, 8), VMEXIT_HLT);
    assert_int_equal(vm_get(vm, VMCB_RAX, 8), 0x7777);
    assert_int_equal(vm_get(vm, VMCB_RIP, 8), VM_CODE + 4);
}

static void gif_holds_interrupts_until_stgi(void **state)
{
    struct vm *vm = fresh();
    struct x86_regs r;

    (void)state;
    assert_int_equal(run_host(vm, "\x0f\x01\xdd\x48\xff\xc3\xeb\xfb", 8, 2), X86_STOP_BUDGET);
    x86_nmi(vm->cpu);
    assert_int_equal(x86_run(vm->cpu, 100, &(uint64_t){0}), X86_STOP_BUDGET);
    x86_get_regs(vm->cpu, &r);
    assert_true(r.rip >= VM_HOST_CODE && r.rip < VM_HOST_CODE + 8);
    assert_true(r.gpr[3] > 40);
}

static void vmsave_and_vmload_move_what_vmrun_does_not(void **state)
{
    struct vm *vm = fresh();
    uint64_t value = 0;

    (void)state;
    assert_true(x86_wrmsr(vm->cpu, 0xc0000082, 0x123456));
    assert_int_equal(run_host(vm, "\x0f\x01\xdb\xeb\xfe", 5, 100), X86_STOP_BUDGET);
    assert_int_equal(vm_get(vm, VMCB_LSTAR, 8), 0x123456);
    assert_int_equal(vm_get(vm, VMCB_FS, 2), VM_SEL_DATA);
    vm_set(vm, VMCB_LSTAR, 0x654321, 8);
    vm_set(vm, VMCB_KERNEL_GS_BASE, UINT64_C(0xaaaa000000000000), 8);
    assert_int_equal(run_host(vm, "\x0f\x01\xda\xeb\xfe", 5, 100), X86_STOP_BUDGET);
    assert_true(x86_rdmsr(vm->cpu, 0xc0000082, &value));
    assert_int_equal(value, 0x654321);
    assert_true(x86_rdmsr(vm->cpu, 0xc0000102, &value));
    assert_int_equal(value, 0); /* made canonical */
}

static void without_svme_they_are_ud(void **state)
{
    static const uint8_t last[] = {0xd8, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xd9};
    struct vm *vm = fresh();

    (void)state;
    assert_true(x86_wrmsr(vm->cpu, 0xc0000080, 0x500));
    for (unsigned n = 0; n < sizeof(last); n++) {
        const char code[] = {0x0f, 0x01, (char)last[n]};

        assert_int_equal(run_host(vm, code, 3, 1), X86_STOP_TRIPLE_FAULT); /* there is no IDT */
        x86_reset(vm->cpu);
        x86_firmware_done(vm->cpu, true);
        vm_guest(vm, VM_LONG);
        assert_true(x86_wrmsr(vm->cpu, 0xc0000080, 0x500));
    }
}

static void the_host_state_is_as_it_was(void **state)
{
    struct vm *vm = fresh();
    struct x86_regs before, after;

    (void)state;
    x86_get_regs(vm->cpu, &before);
    vm_guest(vm, VM_REAL);
    vm_code(vm, "\xf4", 1);
    x86_get_regs(vm->cpu, &before);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    x86_get_regs(vm->cpu, &after);
    before.dr[6] = after.dr[6]; /* are not the host's after an exit */
    before.dr[7] = after.dr[7];
    before.cr2 = after.cr2;
    assert_memory_equal(&before, &after, sizeof(before));
}

/* ---- TLB ---- */

static void translations_stay_until_they_are_flushed(void **state)
{
    static const uint8_t load[] = {0x8a, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, 0xf4};
    struct vm *vm = fresh();

    (void)state;
    vm_code(vm, load, sizeof(load));
    vm_put(vm, VM_DATA, 0x11, 1);
    vm_put(vm, VM_DATA + 0x1000, 0x22, 1);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    assert_int_equal(vm_get(vm, VMCB_RAX, 1), 0x11);
    vm_nested(vm, VM_DATA, (VM_GUEST + VM_DATA + 0x1000) | 7);
    vm_set(vm, VMCB_TLB_CONTROL, 0, 1);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    assert_int_equal(vm_get(vm, VMCB_RAX, 1), 0x11);
    vm_set(vm, VMCB_TLB_CONTROL, 3, 1);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    assert_int_equal(vm_exit(vm), VMEXIT_HLT);
    assert_int_equal(vm_get(vm, VMCB_RAX, 1), 0x22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(injected_events_are_delivered_before_the_first_instruction),
        cmocka_unit_test(an_event_whose_delivery_meets_the_nested_tables_is_in_exitintinfo),
        cmocka_unit_test(an_intercepted_exception_in_a_delivery_comes_before_the_double_fault),
        cmocka_unit_test(software_interrupts_are_told_by_type_4),
        cmocka_unit_test(a_triple_fault_is_shutdown),
        cmocka_unit_test(a_physical_interrupt_leaves_or_is_delivered),
        cmocka_unit_test(with_v_intr_masking_the_hosts_if_counts),
        cmocka_unit_test(an_nmi_leaves),
        cmocka_unit_test(an_smi_leaves_unless_smm_is_locked),
        cmocka_unit_test(outside_guests_an_smi_is_handled_unseen),
        cmocka_unit_test(a_virtual_interrupt_waits_for_if_and_priority),
        cmocka_unit_test(the_vintr_intercept_opens_a_window),
        cmocka_unit_test(cr8_is_the_virtual_tpr_under_v_intr_masking),
        cmocka_unit_test(the_interrupt_shadow_travels),
        cmocka_unit_test(a_halted_guest_waits_and_goes_on),
        cmocka_unit_test(a_budget_ends_between_instructions_and_goes_on),
        cmocka_unit_test(ports_leave_by_the_bitmap),
        cmocka_unit_test(msrs_leave_by_the_bitmap),
        cmocka_unit_test(vmrun_as_an_instruction_returns_behind_itself),
        cmocka_unit_test(gif_holds_interrupts_until_stgi),
        cmocka_unit_test(vmsave_and_vmload_move_what_vmrun_does_not),
        cmocka_unit_test(without_svme_they_are_ud),
        cmocka_unit_test(the_host_state_is_as_it_was),
        cmocka_unit_test(translations_stay_until_they_are_flushed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
