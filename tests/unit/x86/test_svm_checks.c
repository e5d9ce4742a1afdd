/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What VMRUN refuses with VMEXIT_INVALID and what it does not, one field of the
 * VMCB at a time (APM vol. 2, 15.5.1, 15.20, 15.25.3, 15.34.3); nested page
 * faults with EXITINFO1 and 2, and A and D bits of both levels (15.25).
 */
#include "unit/unit.h"

#include "unit/x86/vm.h"

/* ---- consistency ---- */

struct change {
    const char *name;
    bool legal, sev;
    unsigned field, len;
    uint64_t value;
    bool add; /* to what is there, else in its place */
};

#define BAD false
#define GOOD true
#define PLAIN false
#define SEV true

static const struct change changes[] = {
    {"nothing", GOOD, PLAIN, VMCB_EXITCODE, 8, 0, false},
    {"nothing, SEV", GOOD, SEV, VMCB_EXITCODE, 8, 0, false},
    {"EFER.SVME clear", BAD, PLAIN, VMCB_EFER, 8, 0x500, false},
    {"a reserved bit of EFER", BAD, PLAIN, VMCB_EFER, 8, CB_BIT(9), true},
    {"bit 32 of EFER", BAD, PLAIN, VMCB_EFER, 8, CB_BIT(32), true},
    {"NW without CD", BAD, PLAIN, VMCB_CR0, 8, CB_BIT(29), true},
    {"CD without NW", GOOD, PLAIN, VMCB_CR0, 8, CB_BIT(30), true},
    {"bit 32 of CR0", BAD, PLAIN, VMCB_CR0, 8, CB_BIT(32), true},
    {"bit 52 of CR3", BAD, PLAIN, VMCB_CR3, 8, CB_BIT(52), true},
    {"bit 63 of CR3", BAD, PLAIN, VMCB_CR3, 8, CB_BIT(63), true},
    {"the C-bit in CR3 of a plain guest", BAD, PLAIN, VMCB_CR3, 8, CB_BIT(51), true},
    {"the C-bit in CR3 of an SEV guest", GOOD, SEV, VMCB_CR3, 8, CB_BIT(51), true},
    {"a reserved bit of CR4", BAD, PLAIN, VMCB_CR4, 8, CB_BIT(15), true},
    {"bit 32 of CR4", BAD, PLAIN, VMCB_CR4, 8, CB_BIT(32), true},
    {"long mode without PAE", BAD, PLAIN, VMCB_CR4, 8, 0, false},
    {"long mode without PE", BAD, PLAIN, VMCB_CR0, 8, 0x80000010, false},
    {"64-bit code that is also 32-bit code", BAD, PLAIN, VMCB_CS + VMCB_SEG_ATTR, 2, 0xe9b, false},
    {"bit 32 of DR6", BAD, PLAIN, VMCB_DR6, 8, CB_BIT(32), true},
    {"bit 32 of DR7", BAD, PLAIN, VMCB_DR7, 8, CB_BIT(32), true},
    {"ASID 0", BAD, PLAIN, VMCB_ASID, 4, 0, false},
    {"the highest ASID", GOOD, PLAIN, VMCB_ASID, 4, 0x7fff, false},
    {"an ASID beyond CPUID's number", BAD, PLAIN, VMCB_ASID, 4, 0x8000, false},
    {"an ASID of 32 bits", BAD, PLAIN, VMCB_ASID, 4, 0x10001, false},
    {"VMRUN not intercepted", BAD, PLAIN, VMCB_INTERCEPT + 16, 4, 2, false},
    {"IOPM beyond the limit", BAD, PLAIN, VMCB_IOPM, 8, CB_BIT(43) - 0x2000, false},
    {"IOPM just below it", GOOD, PLAIN, VMCB_IOPM, 8, CB_BIT(43) - 0x3000, false},
    {"MSRPM beyond the limit", BAD, PLAIN, VMCB_MSRPM, 8, CB_BIT(43) - 0x1000, false},
    {"MSRPM with the C-bit", GOOD, PLAIN, VMCB_MSRPM, 8, VM_MSRPM | CB_BIT(51), false},
    {"the low bits of IOPM", GOOD, PLAIN, VMCB_IOPM, 8, VM_IOPM | 0xfff, false},
    {"nCR3 beyond the limit", BAD, PLAIN, VMCB_NCR3, 8, CB_BIT(43) | VM_NPML4, false},
    {"a reserved type in G_PAT", BAD, PLAIN, VMCB_G_PAT, 8, 0x02, false},
    {"injection of type 1", BAD, PLAIN, VMCB_EVENTINJ, 8, 0x80000120, false},
    {"injection of type 5", BAD, PLAIN, VMCB_EVENTINJ, 8, 0x80000520, false},
    {"injection of exception 2", BAD, PLAIN, VMCB_EVENTINJ, 8, 0x80000302, false},
    {"injection of exception 32", BAD, PLAIN, VMCB_EVENTINJ, 8, 0x80000320, false},
    {"injection of #BR into 64-bit code", BAD, PLAIN, VMCB_EVENTINJ, 8, 0x80000305, false},
    {"a reserved type that is not valid", GOOD, PLAIN, VMCB_EVENTINJ, 8, 0x520, false},
    {"RIP that is not canonical", GOOD, PLAIN, VMCB_RIP, 8, CB_BIT(60), false},
    {"SEV without nested paging", BAD, SEV, VMCB_NP_CTL, 8, VMCB_SEV_ENABLE, false},
    {"encrypted state, which is not built", BAD, SEV, VMCB_NP_CTL, 8, 7, false},
    {"encrypted state without SEV", BAD, PLAIN, VMCB_NP_CTL, 8, 5, false},
    {"SEV: the last ASID of CPUID", GOOD, PLAIN, VMCB_ASID, 4, 509, false},
    {"SEV: one ASID too many", BAD, SEV, VMCB_ASID, 4, 510, false},
    {"SEV: ASID 0", BAD, SEV, VMCB_ASID, 4, 0, false},
};

static bool refused(struct vm *vm, const struct change *c)
{
    const uint64_t before = c->add ? vm_get(vm, c->field, c->len) : 0;

    vm_code(vm, "\xf4", 1);
    vm_set(vm, c->field, before ^ c->value, c->len);
    return vm_exit(vm) == VMEXIT_INVALID;
}

static void each_field_that_must_be_legal_is_looked_at(void **state)
{
    static struct vm vm;
    unsigned bad = 0;

    (void)state;
    for (unsigned sev = 0; sev < 2; sev++) {
        vm_open(&vm, (struct vm_options){.sev = sev});
        for (unsigned n = 0; n < CB_ARRAY_LEN(changes); n++) {
            if (changes[n].sev != (sev != 0))
                continue;
            vm_guest(&vm, VM_LONG);
            if (refused(&vm, &changes[n]) == changes[n].legal) {
                print_error("%s: %s\n", changes[n].name, changes[n].legal ? "refused" : "accepted");
                bad++;
            }
            assert_false(x86_svm_in_guest(vm.cpu));
        }
        vm_close(&vm);
    }
    assert_int_equal(bad, 0);
}

static void sev_asks_for_smm_lock_and_for_the_lowest_asid(void **state)
{
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){.sev = true});
    x86_reset(vm.cpu);
    assert_true(x86_wrmsr(vm.cpu, 0xc0010010, CB_BIT(23)));
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, "\xf4", 1);
    assert_true(vm_exit(&vm) == VMEXIT_INVALID);
    assert_true(x86_wrmsr(vm.cpu, 0xc0010015, 1));
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    vm_close(&vm);
}

static void an_operand_that_vmrun_would_not_take_is_refused(void **state)
{
    static const uint64_t bad[] = {VM_VMCB + 1, VM_VMCB | CB_BIT(43), VM_VMCB | CB_BIT(63)};
    static struct vm vm;
    uint64_t done;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    for (unsigned n = 0; n < CB_ARRAY_LEN(bad); n++)
        assert_int_equal(x86_svm_run(vm.cpu, bad[n], 100, &done), X86_SVM_REFUSED);
    assert_true(x86_wrmsr(vm.cpu, 0xc0000080, 0x500));
    assert_int_equal(x86_svm_run(vm.cpu, VM_VMCB, 100, &done), X86_SVM_REFUSED);
    vm_close(&vm);
}

/* ---- nested page faults ---- */

#define P 1u
#define W 2u
#define U 4u
#define RSVD 8u
#define I 16u
#define FINAL CB_BIT(32)
#define TABLE CB_BIT(33)
#define FRAME(gpa) (VM_GUEST + (uint64_t)(gpa))

struct fault {
    const char *name;
    bool nx;
    uint64_t page;      /* whose nested entry is replaced ... */
    uint64_t entry;     /* ... by this */
    uint8_t len, code[9];
    uint64_t info1, info2; /* info1 0: no fault */
    unsigned n_bytes;
};

#define LOAD 7, {0x8a, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00}
#define STORE 7, {0x88, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00}

static const struct fault faults[] = {
    {"load from an absent page", false, VM_DATA, 0, LOAD, FINAL | U, VM_DATA + 0x34, 15},
    {"store to an absent page", false, VM_DATA, 0, STORE, FINAL | U | W, VM_DATA + 0x34, 15},
    {"load from a supervisor page", false, VM_DATA, FRAME(VM_DATA) | 3, LOAD, FINAL | U | P, VM_DATA + 0x34, 15},
    {"store to a read-only page", false, VM_DATA, FRAME(VM_DATA) | 5, STORE, FINAL | U | W | P, VM_DATA + 0x34, 15},
    {"load from a read-only page", false, VM_DATA, FRAME(VM_DATA) | 5, LOAD, 0, 0, 0},
    {"a bit above the reduced width", false, VM_DATA, FRAME(VM_DATA) | 7 | CB_BIT(44), LOAD,
     FINAL | U | P | RSVD, VM_DATA + 0x34, 15},
    {"a bit above the width", false, VM_DATA, FRAME(VM_DATA) | 7 | CB_BIT(50), STORE,
     FINAL | U | P | W | RSVD, VM_DATA + 0x34, 15},
    {"NX where the host has no NX", false, VM_DATA, FRAME(VM_DATA) | 7 | CB_BIT(63), LOAD,
     FINAL | U | P | RSVD, VM_DATA + 0x34, 15},
    {"NX of data", true, VM_DATA, FRAME(VM_DATA) | 7 | CB_BIT(63), LOAD, 0, 0, 0},
    {"fetch from an absent page", false, VM_CODE, 0, LOAD, FINAL | U, VM_CODE, 0},
    {"fetch from an absent page, host with NX", true, VM_CODE, 0, LOAD, FINAL | U | I, VM_CODE, 0},
    {"fetch from a page with NX", true, VM_CODE, FRAME(VM_CODE) | 7 | CB_BIT(63), LOAD,
     FINAL | U | P | I, VM_CODE, 0},
    {"guest's page table absent, for a fetch", true, VM_PT, 0, LOAD, TABLE | U | W, VM_PT + 8 * 6, 0},
    {"guest's PML4 absent", false, VM_PML4, 0, LOAD, TABLE | U | W, VM_PML4, 0},
    {"guest's page directory read-only: walks are writes", false, VM_PD, FRAME(VM_PD) | 5, LOAD,
     TABLE | U | W | P, VM_PD, 0},
};

static unsigned check_fault(struct vm *vm, const struct fault *f)
{
    uint64_t code, info1, info2, bytes, want_bytes;
    unsigned n;

    vm_guest(vm, VM_LONG);
    vm_code(vm, f->code, f->len);
    if (f->nx)
        assert_true(x86_wrmsr(vm->cpu, 0xc0000080, 0x1d00));
    vm_nested(vm, f->page, f->entry);
    code = vm_exit(vm);
    if (!f->info1)
        return code != VMEXIT_HLT;
    info1 = vm_get(vm, VMCB_EXITINFO1, 8);
    info2 = vm_get(vm, VMCB_EXITINFO2, 8);
    n = (unsigned)vm_get(vm, VMCB_N_BYTES, 1);
    bytes = vm_get(vm, VMCB_BYTES, 7);
    want_bytes = f->n_bytes ? cb_load_le64((const uint8_t[8]){f->code[0], f->code[1], f->code[2],
                                                              f->code[3], f->code[4], f->code[5],
                                                              f->code[6], 0}) : 0;
    if (code == VMEXIT_NPF && info1 == f->info1 && info2 == f->info2 && n == f->n_bytes &&
        bytes == want_bytes && vm_get(vm, VMCB_NRIP, 8) == 0)
        return 0;
    print_error("%s: exit %llx, %llx %llx, %u bytes %llx\n", f->name, (unsigned long long)code,
                (unsigned long long)info1, (unsigned long long)info2, n, (unsigned long long)bytes);
    return 1;
}

static void nested_faults_tell_what_was_refused(void **state)
{
    static struct vm vm;
    unsigned bad = 0;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    for (unsigned n = 0; n < CB_ARRAY_LEN(faults); n++)
        bad += check_fault(&vm, &faults[n]);
    vm_close(&vm);
    assert_int_equal(bad, 0);
}

static void the_guests_own_fault_comes_before_the_nested_one_of_the_page(void **state)
{
    static const uint8_t store[] = {0x88, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00};
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, store, sizeof(store));
    vm_set(&vm, VMCB_CR0, 0x80010011, 8);
    vm_put(&vm, VM_PT + 8 * 8, VM_DATA | 5, 8);
    vm_nested(&vm, VM_DATA, 0);
    vm_intercept(&vm, VMEXIT_EXCEPTION + 14, true);
    assert_int_equal(vm_exit(&vm), VMEXIT_EXCEPTION + 14);
    assert_int_equal(vm_get(&vm, VMCB_EXITINFO1, 8), 3);
    assert_int_equal(vm_get(&vm, VMCB_EXITINFO2, 8), VM_DATA + 0x34);
    assert_int_equal(vm_get(&vm, VMCB_CR2, 8), 0);
    assert_int_equal(vm_get(&vm, VMCB_N_BYTES, 1), 15);
    vm_close(&vm);
}

#define A 0x20u
#define D 0x40u

static void accessed_and_dirty_bits_are_kept_at_both_levels(void **state)
{
    static const uint8_t store[] = {0x88, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00};
    static const uint8_t load[] = {0x8a, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00};
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, load, sizeof(load));
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    assert_int_equal(vm_nested_of(&vm, VM_DATA) & (A | D), A);
    assert_int_equal(vm_nested_of(&vm, VM_PT) & (A | D), A | D);
    assert_int_equal(vm_nested_of(&vm, VM_CODE) & (A | D), A);
    assert_int_equal(vm_nested_of(&vm, VM_DATA + 0x1000) & (A | D), 0);
    assert_int_equal(vm_mem(&vm, VM_PT + 8 * 8, 8) & (A | D), A);
    assert_int_equal(vm_mem(&vm, VM_PML4, 8) & (A | D), A);
    vm_set(&vm, VMCB_TLB_CONTROL, 0, 1);
    vm_code(&vm, store, sizeof(store));
    vm_set(&vm, VMCB_RIP, VM_CODE, 8);
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    assert_int_equal(vm_nested_of(&vm, VM_DATA) & (A | D), A | D);
    assert_int_equal(vm_mem(&vm, VM_PT + 8 * 8, 8) & (A | D), A | D);
    vm_close(&vm);
}

/* The bytes of an instruction that crosses into a page are all there; if that page is absent, the first ones. */
static void instruction_bytes_cross_pages(void **state)
{
    static const uint8_t store[] = {0x88, 0x04, 0x25, 0x34, 0x80, 0x00, 0x00};
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    vm_put_bytes(&vm, VM_CODE + 0xffd, store, sizeof(store));
    vm_set(&vm, VMCB_RIP, VM_CODE + 0xffd, 8);
    vm_nested(&vm, VM_DATA, 0);
    assert_int_equal(vm_exit(&vm), VMEXIT_NPF);
    assert_int_equal(vm_get(&vm, VMCB_N_BYTES, 1), 15);
    assert_int_equal(vm_get(&vm, VMCB_BYTES, 7), UINT64_C(0x00008034250488));
    vm_put(&vm, VM_CODE + 0xffd, 0x0888, 2); /* MOV [RAX], CL */
    vm_set(&vm, VMCB_RAX, VM_DATA, 8);
    vm_nested(&vm, VM_CODE + 0x1000, 0);
    vm_set(&vm, VMCB_RIP, VM_CODE + 0xffd, 8);
    assert_int_equal(vm_exit(&vm), VMEXIT_NPF);
    assert_int_equal(vm_get(&vm, VMCB_EXITINFO2, 8), VM_DATA);
    assert_int_equal(vm_get(&vm, VMCB_N_BYTES, 1), 3);
    vm_close(&vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_that_must_be_legal_is_looked_at),
        cmocka_unit_test(sev_asks_for_smm_lock_and_for_the_lowest_asid),
        cmocka_unit_test(an_operand_that_vmrun_would_not_take_is_refused),
        cmocka_unit_test(nested_faults_tell_what_was_refused),
        cmocka_unit_test(the_guests_own_fault_comes_before_the_nested_one_of_the_page),
        cmocka_unit_test(accessed_and_dirty_bits_are_kept_at_both_levels),
        cmocka_unit_test(instruction_bytes_cross_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
