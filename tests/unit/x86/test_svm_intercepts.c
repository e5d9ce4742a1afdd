/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every instruction intercept, as a guest program of one instruction: with the
 * intercept the exit code, its information, nRIP and RIP; without it the
 * instruction goes on to the HLT behind it (or to where the row says).
 * Written from APM vol. 2, 15.7 to 15.13 and appendix C.
 */
#include "unit/unit.h"

#include "unit/x86/vm.h"

enum without {
    GOES_ON,   /* to the HLT behind it */
    FAULTS_UD, /* without the intercept: #UD */
    FAULTS_GP,
    ELSEWHERE, /* not looked at */
};

struct row {
    const char *name;
    enum vm_mode mode;
    uint8_t len, code[9];
    uint16_t intercept, exit;
    uint64_t info1, info2;
    enum without without;
    uint64_t rax, rcx, rdx;
};

#define MOV_CR CB_BIT(63)

static const struct row rows[] = {
    {"MOV EAX, CR0", VM_LONG, 3, {0x0f, 0x20, 0xc0}, 0x00, 0x00, MOV_CR | 0, 0, GOES_ON, 0, 0, 0},
    {"MOV RDI, CR3", VM_LONG, 3, {0x0f, 0x20, 0xdf}, 0x03, 0x03, MOV_CR | 7, 0, GOES_ON, 0, 0, 0},
    {"MOV R9, CR8", VM_LONG, 4, {0x45, 0x0f, 0x20, 0xc1}, 0x08, 0x08, MOV_CR | 9, 0, GOES_ON, 0, 0, 0},
    {"SMSW EAX", VM_LONG, 3, {0x0f, 0x01, 0xe0}, 0x00, 0x00, 0, 0, GOES_ON, 0, 0, 0},
    {"MOV CR0, RAX", VM_LONG, 3, {0x0f, 0x22, 0xc0}, 0x10, 0x10, MOV_CR | 0, 0, GOES_ON, 0x80000011, 0, 0},
    {"MOV CR3, RCX", VM_LONG, 3, {0x0f, 0x22, 0xd9}, 0x13, 0x13, MOV_CR | 1, 0, GOES_ON, 0, VM_PML4, 0},
    {"MOV CR8, RDX", VM_LONG, 4, {0x44, 0x0f, 0x22, 0xc2}, 0x18, 0x18, MOV_CR | 2, 0, GOES_ON, 0, 0, 3},
    {"CLTS", VM_LONG, 2, {0x0f, 0x06}, 0x10, 0x10, 0, 0, GOES_ON, 0, 0, 0},
    {"LMSW AX", VM_LONG, 3, {0x0f, 0x01, 0xf0}, 0x10, 0x10, 0, 0, GOES_ON, 1, 0, 0},
    {"MOV CR0, RAX with another bit than TS and MP, selective", VM_LONG, 3, {0x0f, 0x22, 0xc0},
     0x65, 0x65, MOV_CR | 0, 0, GOES_ON, 0x80010011, 0, 0},
    {"MOV RAX, DR6", VM_LONG, 3, {0x0f, 0x21, 0xf0}, 0x26, 0x26, 0, 0, GOES_ON, 0, 0, 0},
    {"MOV RCX, DR7", VM_LONG, 3, {0x0f, 0x21, 0xf9}, 0x27, 0x27, 1, 0, GOES_ON, 0, 0, 0},
    {"MOV DR0, RDX", VM_LONG, 3, {0x0f, 0x23, 0xc2}, 0x30, 0x30, 2, 0, GOES_ON, 0, 0, 0},
    {"MOV DR7, RCX", VM_LONG, 3, {0x0f, 0x23, 0xf9}, 0x37, 0x37, 1, 0, GOES_ON, 0, 0x400, 0},
    {"#DE", VM_LONG, 2, {0xf7, 0xf1}, 0x40, 0x40, 0, 0, ELSEWHERE, 0, 0, 0},
    {"INT3", VM_LONG, 1, {0xcc}, 0x43, 0x43, 0, 0, ELSEWHERE, 0, 0, 0},
    {"#UD", VM_LONG, 2, {0x0f, 0x0b}, 0x46, 0x46, 0, 0, FAULTS_UD, 0, 0, 0},
    {"#GP with its error code", VM_LONG, 2, {0x8e, 0xd8}, 0x4d, 0x4d, 0x1234 & 0xfffc, 0, ELSEWHERE,
     0x1234, 0, 0},
    {"#PF with error code and address", VM_LONG, 3, {0x48, 0x8b, 0x01}, 0x4e, 0x4e, 0, 0x40000000,
     ELSEWHERE, 0, 0x40000000, 0},
    {"SIDT", VM_LONG, 3, {0x0f, 0x01, 0x09}, 0x66, 0x66, 0, 0, GOES_ON, 0, VM_DATA, 0},
    {"SGDT", VM_LONG, 3, {0x0f, 0x01, 0x01}, 0x67, 0x67, 0, 0, GOES_ON, 0, VM_DATA, 0},
    {"SLDT", VM_LONG, 3, {0x0f, 0x00, 0xc0}, 0x68, 0x68, 0, 0, GOES_ON, 0, 0, 0},
    {"STR", VM_LONG, 3, {0x0f, 0x00, 0xc8}, 0x69, 0x69, 0, 0, GOES_ON, 0, 0, 0},
    {"LIDT", VM_LONG, 3, {0x0f, 0x01, 0x19}, 0x6a, 0x6a, 0, 0, GOES_ON, 0, VM_DATA, 0},
    {"LGDT", VM_LONG, 3, {0x0f, 0x01, 0x11}, 0x6b, 0x6b, 0, 0, GOES_ON, 0, VM_DATA, 0},
    {"LLDT", VM_LONG, 3, {0x0f, 0x00, 0xd0}, 0x6c, 0x6c, 0, 0, GOES_ON, 0, 0, 0},
    {"LTR", VM_LONG, 3, {0x0f, 0x00, 0xd8}, 0x6d, 0x6d, 0, 0, GOES_ON, VM_SEL_TSS2, 0, 0},
    {"RDTSC", VM_LONG, 2, {0x0f, 0x31}, 0x6e, 0x6e, 0, 0, GOES_ON, 0, 0, 0},
    {"RDPMC", VM_LONG, 2, {0x0f, 0x33}, 0x6f, 0x6f, 0, 0, GOES_ON, 0, 0, 0},
    {"PUSHFQ", VM_LONG, 1, {0x9c}, 0x70, 0x70, 0, 0, GOES_ON, 0, 0, 0},
    {"POPFQ", VM_LONG, 1, {0x9d}, 0x71, 0x71, 0, 0, GOES_ON, 0, 0, 0},
    {"CPUID", VM_LONG, 2, {0x0f, 0xa2}, 0x72, 0x72, 0, 0, GOES_ON, 0, 0, 0},
    {"RSM", VM_LONG, 2, {0x0f, 0xaa}, 0x73, 0x73, 0, 0, FAULTS_UD, 0, 0, 0},
    {"IRETQ", VM_LONG, 2, {0x48, 0xcf}, 0x74, 0x74, 0, 0, ELSEWHERE, 0, 0, 0},
    {"INT 80h", VM_LONG, 2, {0xcd, 0x80}, 0x75, 0x75, 0x80, 0, ELSEWHERE, 0, 0, 0},
    {"INVD", VM_LONG, 2, {0x0f, 0x08}, 0x76, 0x76, 0, 0, GOES_ON, 0, 0, 0},
    {"PAUSE", VM_LONG, 2, {0xf3, 0x90}, 0x77, 0x77, 0, 0, GOES_ON, 0, 0, 0},
    {"HLT", VM_LONG, 1, {0xf4}, 0x78, 0x78, 0, 0, ELSEWHERE, 0, 0, 0},
    {"INVLPG [RCX]", VM_LONG, 3, {0x0f, 0x01, 0x39}, 0x79, 0x79, 0x123456, 0, GOES_ON, 0, 0x123456, 0},
    {"INVLPGA", VM_LONG, 3, {0x0f, 0x01, 0xdf}, 0x7a, 0x7a, 0, 0, GOES_ON, 0, 0, 0},
    {"VMRUN, whose intercept is always set", VM_LONG, 3, {0x0f, 0x01, 0xd8}, 0x80, 0x80, 0, 0, ELSEWHERE, 0, 0, 0},
    {"VMMCALL", VM_LONG, 3, {0x0f, 0x01, 0xd9}, 0x81, 0x81, 0, 0, FAULTS_UD, 0, 0, 0},
    {"VMLOAD", VM_LONG, 3, {0x0f, 0x01, 0xda}, 0x82, 0x82, 0, 0, ELSEWHERE, 0, 0, 0},
    {"VMLOAD, intercepted before its operand is looked at", VM_LONG, 3, {0x0f, 0x01, 0xda}, 0x82, 0x82,
     0, 0, ELSEWHERE, 123, 0, 0},
    {"VMSAVE", VM_LONG, 3, {0x0f, 0x01, 0xdb}, 0x83, 0x83, 0, 0, ELSEWHERE, 0, 0, 0},
    {"STGI", VM_LONG, 3, {0x0f, 0x01, 0xdc}, 0x84, 0x84, 0, 0, GOES_ON, 0, 0, 0},
    {"CLGI", VM_LONG, 3, {0x0f, 0x01, 0xdd}, 0x85, 0x85, 0, 0, ELSEWHERE, 0, 0, 0},
    {"SKINIT", VM_LONG, 3, {0x0f, 0x01, 0xde}, 0x86, 0x86, 0, 0, ELSEWHERE, 0, 0, 0},
    {"RDTSCP", VM_LONG, 3, {0x0f, 0x01, 0xf9}, 0x87, 0x87, 0, 0, GOES_ON, 0, 0, 0},
    {"ICEBP", VM_LONG, 1, {0xf1}, 0x88, 0x88, 0, 0, ELSEWHERE, 0, 0, 0},
    {"WBINVD", VM_LONG, 2, {0x0f, 0x09}, 0x89, 0x89, 0, 0, GOES_ON, 0, 0, 0},
    {"XSETBV", VM_LONG, 3, {0x0f, 0x01, 0xd1}, 0x8d, 0x8d, 0, 0, GOES_ON, 1, 0, 0},
    {"LAR of 32-bit code: CPUID", VM_FLAT, 2, {0x0f, 0xa2}, 0x72, 0x72, 0, 0, GOES_ON, 0, 0, 0},
    {"CPUID in real mode", VM_REAL, 2, {0x0f, 0xa2}, 0x72, 0x72, 0, 0, GOES_ON, 0, 0, 0},
    {"CPUID under 32-bit paging", VM_LEGACY, 2, {0x0f, 0xa2}, 0x72, 0x72, 0, 0, GOES_ON, 0, 0, 0},
    {"CPUID under PAE", VM_PAE, 2, {0x0f, 0xa2}, 0x72, 0x72, 0, 0, GOES_ON, 0, 0, 0},
    {"INT 21h in real mode", VM_REAL, 2, {0xcd, 0x21}, 0x75, 0x75, 0x21, 0, ELSEWHERE, 0, 0, 0},
    {"PUSHF in real mode", VM_REAL, 1, {0x9c}, 0x70, 0x70, 0, 0, GOES_ON, 0, 0, 0},
    {"task switch by a far JMP", VM_FLAT, 7, {0xea, 0, 0, 0, 0, VM_SEL_TSS2, 0}, 0x7d, 0x7d, VM_SEL_TSS2,
     CB_BIT(38), ELSEWHERE, 0, 0, 0},
    {"task switch by a far CALL", VM_FLAT, 7, {0x9a, 0, 0, 0, 0, VM_SEL_TSS2, 0}, 0x7d, 0x7d, VM_SEL_TSS2,
     0, ELSEWHERE, 0, 0, 0},
};

/* Exits that are no instruction's: nRIP is 0. */
static bool tells_next(unsigned exit)
{
    if (exit >= 0x40 && exit < 0x60)
        return exit == 0x43 || exit == 0x44;
    return exit != 0x7d;
}

static void begin(struct vm *vm, const struct row *row, bool intercept)
{
    uint64_t *gpr;

    vm_guest(vm, row->mode);
    gpr = x86_svm_gpr(vm->cpu);
    gpr[1] = row->rcx;
    gpr[2] = row->rdx;
    vm_set(vm, VMCB_RAX, row->rax, 8);
    vm_put(vm, VM_STACK, 2, 8); /* what POPF takes */
    vm_put(vm, VM_DATA, UINT64_C(0x10000fff), 8);
    vm_put(vm, VM_DATA + 2, row->code[2] == 0x19 ? VM_IDT : VM_GDT, 8);
    vm_put(vm, VM_DATA, 0xfff, 2);
    if (row->exit == 0x8d)
        vm_set(vm, VMCB_CR4, vm_get(vm, VMCB_CR4, 8) | CB_BIT(18), 8);
    vm_intercept(vm, row->intercept, intercept || row->intercept == 0x80);
    vm_code(vm, row->code, row->len);
}

#define CHECK(what, have, want)                                                              \
    do {                                                                                     \
        if ((have) != (want)) {                                                              \
            print_error("%s: %s is %llx, not %llx\n", row->name, what,                       \
                        (unsigned long long)(have), (unsigned long long)(want));             \
            bad++;                                                                           \
        }                                                                                    \
    } while (0)

static unsigned check_exit(struct vm *vm, const struct row *row)
{
    unsigned bad = 0;

    CHECK("end", (unsigned)vm_run(vm), (unsigned)X86_SVM_EXIT);
    CHECK("exit code", vm_get(vm, VMCB_EXITCODE, 8), (uint64_t)row->exit);
    CHECK("EXITINFO1", vm_get(vm, VMCB_EXITINFO1, 8), row->info1);
    CHECK("EXITINFO2", vm_get(vm, VMCB_EXITINFO2, 8), row->info2);
    CHECK("EXITINTINFO", vm_get(vm, VMCB_EXITINTINFO, 8), (uint64_t)0);
    CHECK("RIP", vm_get(vm, VMCB_RIP, 8), (uint64_t)VM_CODE);
    CHECK("nRIP", vm_get(vm, VMCB_NRIP, 8), tells_next(row->exit) ? VM_CODE + (uint64_t)row->len : 0);
    CHECK("RAX", vm_get(vm, VMCB_RAX, 8), row->rax);
    return bad;
}

static void every_intercept_leaves_in_front_of_its_instruction(void **state)
{
    static struct vm vm;
    unsigned bad = 0;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        begin(&vm, &rows[n], true);
        bad += check_exit(&vm, &rows[n]);
    }
    vm_close(&vm);
    assert_int_equal(bad, 0);
}

static void without_the_intercept_the_instruction_executes(void **state)
{
    static struct vm vm;
    unsigned bad = 0;

    (void)state;
    vm_open(&vm, (struct vm_options){0});
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        const struct row *row = &rows[n];
        uint64_t want = VM_CODE + row->len;

        if (row->without == ELSEWHERE)
            continue;
        begin(&vm, row, false);
        if (row->without != GOES_ON)
            want = VM_HANDLERS + (row->without == FAULTS_UD ? 6 : 13) * 16;
        if (row->intercept >= 0x7a && row->intercept <= 0x86)
            vm_intercept(&vm, VMEXIT_HLT, true);
        CHECK("end", (unsigned)vm_run(&vm), (unsigned)X86_SVM_EXIT);
        CHECK("exit code", vm_get(&vm, VMCB_EXITCODE, 8), (uint64_t)VMEXIT_HLT);
        CHECK("RIP", vm_get(&vm, VMCB_RIP, 8), want);
    }
    vm_close(&vm);
    assert_int_equal(bad, 0);
}

static void a_block_of_nothing_but_intercepted_instructions_fits(void **state)
{
    static struct vm vm;
    uint8_t code[160];

    (void)state;
    for (unsigned n = 0; n < sizeof(code); n += 2) {
        code[n] = 0x0f; /* RDTSC */
        code[n + 1] = 0x31;
    }
    vm_open(&vm, (struct vm_options){0});
    vm_guest(&vm, VM_LONG);
    vm_code(&vm, code, sizeof(code));
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    assert_int_equal(vm_get(&vm, VMCB_RIP, 8), VM_CODE + sizeof(code));
    vm_close(&vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_intercept_leaves_in_front_of_its_instruction),
        cmocka_unit_test(without_the_intercept_the_instruction_executes),
        cmocka_unit_test(a_block_of_nothing_but_intercepted_instructions_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
