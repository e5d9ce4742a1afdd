/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's rows of the encryption-control table as guest programs: one store
 * to a page, in every paging mode, with the guest's and the nested C-bit as the
 * row says; then the view that each frame is in.  Written from APM vol. 2, 15.34.4
 * to 15.34.8; so are the other rules of SEV that a processor keeps.
 */
#include "unit/unit.h"

#include "unit/x86/vm.h"

#define RAW MC_VIEW_RAW
#define HOST MC_VIEW_HOST
#define KEY MC_VIEW_ASID(VM_ASID)

struct row {
    const char *name;
    bool sev, tsme, no_sme;
    enum vm_mode mode;
    bool guest_c, nested_c;  /* of the page that is written */
    bool clear_code;         /* guest C clear in the mapping of the code */
    bool nested_other;       /* nested C of the frames with code and tables */
    mc_view_t data, code, tables;
};

static const struct row rows[] = {
    {"plain guest, nested C clear", false, false, false, VM_LONG, false, false, false, false, RAW, RAW, RAW},
    {"plain guest, nested C of the page", false, false, false, VM_LONG, false, true, false, false, HOST, RAW, RAW},
    {"plain guest, nested C of code and tables", false, false, false, VM_LONG, false, false, false, true, RAW, HOST, HOST},
    {"plain guest in real mode, nested C", false, false, false, VM_REAL, false, true, false, false, HOST, RAW, RAW},
    {"plain guest under 32-bit paging, nested C", false, false, false, VM_LEGACY, false, true, false, true, HOST, HOST, HOST},
    {"plain guest under PAE, nested C", false, false, false, VM_PAE, false, true, false, false, HOST, RAW, RAW},
    {"plain guest under TSME", false, true, false, VM_LONG, false, false, false, false, HOST, HOST, HOST},
    {"SEV, long mode, C set", true, false, false, VM_LONG, true, false, false, false, KEY, KEY, KEY},
    {"SEV, long mode, C clear", true, false, false, VM_LONG, false, false, false, false, RAW, KEY, KEY},
    {"SEV, long mode, C clear, nested C set", true, false, false, VM_LONG, false, true, false, false, HOST, KEY, KEY},
    {"SEV, long mode, both set: the guest's wins", true, false, false, VM_LONG, true, true, false, false, KEY, KEY, KEY},
    {"SEV, long mode, C clear for code: fetches are private", true, false, false, VM_LONG, true, false, true, false, KEY, KEY, KEY},
    {"SEV, long mode, nested C for code and tables counts for nothing", true, false, false, VM_LONG, true, false, true, true, KEY, KEY, KEY},
    {"SEV, PAE, C set", true, false, false, VM_PAE, true, false, false, false, KEY, KEY, KEY},
    {"SEV, PAE, C clear", true, false, false, VM_PAE, false, false, false, false, RAW, KEY, KEY},
    {"SEV, PAE, C clear, nested C set", true, false, false, VM_PAE, false, true, false, true, HOST, KEY, KEY},
    {"SEV, 32-bit paging: all private", true, false, false, VM_LEGACY, false, false, false, false, KEY, KEY, KEY},
    {"SEV, 32-bit paging, nested C counts for nothing", true, false, false, VM_LEGACY, false, true, false, true, KEY, KEY, KEY},
    {"SEV, protected mode without paging: all private", true, false, false, VM_FLAT, false, false, false, false, KEY, KEY, KEY},
    {"SEV, protected mode without paging, nested C", true, false, false, VM_FLAT, false, true, false, true, KEY, KEY, KEY},
    {"SEV, real mode: all private", true, false, false, VM_REAL, false, false, false, false, KEY, KEY, KEY},
    {"SEV, real mode, nested C", true, false, false, VM_REAL, false, true, false, false, KEY, KEY, KEY},
    {"SEV under TSME, C clear", true, true, false, VM_LONG, false, false, false, false, HOST, KEY, KEY},
    {"SEV under TSME, C set", true, true, false, VM_LONG, true, false, false, false, KEY, KEY, KEY},
    {"SMEE clear: the guest is a plain one", false, false, true, VM_LONG, false, false, false, false, RAW, RAW, RAW},
};

/* MOV byte [VM_DATA], 5a: by a 32-bit and by a 16-bit displacement. */
static const uint8_t store32[] = {0xc6, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, 0x5a, 0xf4};
static const uint8_t store32_legacy[] = {0xc6, 0x05, 0x00, 0x80, 0x00, 0x00, 0x5a, 0xf4};
static const uint8_t store16[] = {0xc6, 0x06, 0x00, 0x80, 0x5a, 0xf4};

static void put_program(struct vm *vm)
{
    if (vm->mode == VM_LONG)
        vm_code(vm, store32, sizeof(store32));
    else if (vm->mode == VM_REAL)
        vm_code(vm, store16, sizeof(store16));
    else
        vm_code(vm, store32_legacy, sizeof(store32_legacy));
}

static bool has_tables(enum vm_mode mode)
{
    return mode >= VM_LEGACY;
}

/* What a plain guest's frame holds, under the host's key. */
static void to_host_view(struct vm *vm, uint64_t gpa)
{
    uint8_t page[CB_PAGE_SIZE];

    mc_read(vm->mc, spa(VM_GUEST + gpa), mc_access_host(MC_KIND_DATA, false), page, sizeof(page));
    mc_write(vm->mc, spa(VM_GUEST + gpa), mc_access_host(MC_KIND_DATA, true), page, sizeof(page));
}

static void set_nested_c(struct vm *vm, const struct row *row)
{
    static const uint16_t others[] = {VM_CODE >> 12, VM_PML4 >> 12, VM_PDPT >> 12, VM_PD >> 12,
                                      VM_PT >> 12};

    if (row->nested_c)
        vm_nested(vm, VM_DATA, vm_nested_of(vm, VM_DATA) | vm->c_mask);
    for (unsigned n = 0; row->nested_other && n < CB_ARRAY_LEN(others); n++) {
        const uint64_t gpa = (uint64_t)others[n] << 12;

        vm_nested(vm, gpa, vm_nested_of(vm, gpa) | vm->c_mask);
        if (!row->sev)
            to_host_view(vm, gpa);
    }
}

static void set_guest_c(struct vm *vm, uint64_t page, bool c)
{
    const unsigned size = vm->mode == VM_LEGACY ? 4 : 8;
    const uint64_t at = VM_PT + (page >> 12) * size;
    const uint64_t entry = vm_mem(vm, at, size) & ~vm->c_mask;

    vm_put(vm, at, entry | (c ? vm->c_mask : 0), size);
}

static unsigned check_view(struct vm *vm, const struct row *row, const char *what, uint64_t gpa,
                           mc_view_t want)
{
    const mc_view_t have = mc_frame_view(vm->mc, spa(VM_GUEST + gpa));

    if (have == want)
        return 0;
    print_error("%s: %s in view %u, not %u\n", row->name, what, have, want);
    return 1;
}

static unsigned check_data(struct vm *vm, const struct row *row)
{
    uint8_t byte, pins;

    assert_int_equal(mc_peek(vm->mc, spa(VM_GUEST + VM_DATA), row->data, &byte, 1), CBIT_OK);
    assert_int_equal(mc_peek(vm->mc, spa(VM_GUEST + VM_DATA), RAW, &pins, 1), CBIT_OK);
    if (byte == 0x5a && (pins == 0x5a) == (row->data == RAW))
        return 0;
    print_error("%s: %02x, at the pins %02x\n", row->name, byte, pins);
    return 1;
}

static unsigned run_row(const struct row *row, bool host_c)
{
    static struct vm vm;
    unsigned bad = 0;

    vm_open(&vm, (struct vm_options){.sev = row->sev, .tsme = row->tsme, .no_sme = row->no_sme,
                                     .host_c = host_c});
    vm_guest(&vm, row->mode);
    put_program(&vm);
    if (row->mode == VM_LONG || row->mode == VM_PAE) {
        set_guest_c(&vm, VM_DATA, row->guest_c);
        if (row->clear_code)
            set_guest_c(&vm, VM_CODE, false);
    }
    set_nested_c(&vm, row);
    if (vm_run(&vm) != X86_SVM_EXIT || vm_get(&vm, VMCB_EXITCODE, 8) != VMEXIT_HLT) {
        print_error("%s: exit %llx\n", row->name,
                    (unsigned long long)vm_get(&vm, VMCB_EXITCODE, 8));
        bad++;
    }
    bad += check_view(&vm, row, "data", VM_DATA, row->data);
    bad += check_view(&vm, row, "code", VM_CODE, row->code);
    if (has_tables(row->mode))
        bad += check_view(&vm, row, "page table", VM_PT, row->tables);
    if (row->mode == VM_LONG)
        bad += check_view(&vm, row, "PML4", VM_PML4, row->tables);
    if (row->mode == VM_PAE)
        bad += check_view(&vm, row, "PDPT", VM_PDPT, row->tables);
    bad += check_data(&vm, row);
    vm_close(&vm);
    return bad;
}

static void each_row_holds_when_a_guest_runs(void **state)
{
    unsigned bad = 0;

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++)
        for (unsigned host_c = 0; host_c < 2; host_c++)
            if (!(host_c && rows[n].no_sme))
                bad += run_row(&rows[n], host_c);
    assert_int_equal(bad, 0);
}

static void sev_bits_count_for_nothing_while_smee_is_clear(void **state)
{
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){.no_sme = true});
    vm_guest(&vm, VM_LONG);
    vm_set(&vm, VMCB_NP_CTL, VMCB_NP_ENABLE | VMCB_SEV_ENABLE, 8);
    vm_set(&vm, VMCB_ASID, 0x7000, 4);
    put_program(&vm);
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    assert_int_equal(mc_frame_view(vm.mc, spa(VM_GUEST + VM_CODE)), RAW);
    vm_close(&vm);
}

/* The bit leaves the guest physical address before the nested walk: inside the width or above it. */
static void no_exit_information_holds_the_guests_c_bit(void **state)
{
    static const char *const profiles[] = {"naples", "rome", "milan", "genoa"};
    static struct vm vm;

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(profiles); n++) {
        vm_open(&vm, (struct vm_options){.sev = true, .profile = profiles[n]});
        vm_guest(&vm, VM_LONG);
        put_program(&vm);
        vm_nested(&vm, VM_DATA, 0);
        assert_int_equal(vm_exit(&vm), VMEXIT_NPF);
        assert_true(vm_get(&vm, VMCB_EXITINFO1, 8) == UINT64_C(0x100000006));
        assert_true(vm_get(&vm, VMCB_EXITINFO2, 8) == VM_DATA);
        assert_int_equal(vm_get(&vm, VMCB_N_BYTES, 1), 15);
        assert_int_equal(vm_get(&vm, VMCB_BYTES, 8), UINT64_C(0x5a000080002504c6));
        vm_guest(&vm, VM_LONG);
        put_program(&vm);
        vm_set(&vm, VMCB_CR3, VM_PML4 | vm.c_mask, 8);
        vm_nested(&vm, VM_PML4, 0);
        assert_int_equal(vm_exit(&vm), VMEXIT_NPF);
        assert_true(vm_get(&vm, VMCB_EXITINFO1, 8) == UINT64_C(0x200000006));
        assert_true(vm_get(&vm, VMCB_EXITINFO2, 8) == VM_PML4);
        vm_close(&vm);
    }
}

/* RDMSR of SEV_STATUS. */
static void sev_status_is_read_past_every_intercept(void **state)
{
    static const uint8_t code[] = {0xb9, 0x31, 0x01, 0x01, 0xc0, 0x0f, 0x32, 0xf4};
    static const uint8_t write[] = {0xb9, 0x31, 0x01, 0x01, 0xc0, 0x0f, 0x30, 0xf4};
    static struct vm vm;

    (void)state;
    for (unsigned sev = 0; sev < 2; sev++) {
        vm_open(&vm, (struct vm_options){.sev = sev});
        vm_guest(&vm, VM_LONG);
        vm_intercept(&vm, VMEXIT_MSR, true);
        for (unsigned n = 0; n < 0x2000; n += 8)
            vm_host_put(&vm, VM_MSRPM + n, UINT64_MAX, 8);
        vm_code(&vm, code, sizeof(code));
        assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
        assert_int_equal(vm_get(&vm, VMCB_RAX, 8), sev);
        vm_guest(&vm, VM_LONG);
        vm_code(&vm, write, sizeof(write));
        assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
        assert_int_equal(vm_get(&vm, VMCB_RIP, 8), VM_HANDLERS + 13 * 16);
        vm_close(&vm);
    }
}

static void the_host_reads_zero_from_sev_status_after_an_exit(void **state)
{
    static struct vm vm;
    uint64_t value = 1;

    (void)state;
    vm_open(&vm, (struct vm_options){.sev = true});
    vm_guest(&vm, VM_LONG);
    put_program(&vm);
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    assert_true(x86_rdmsr(vm.cpu, 0xc0010131, &value));
    assert_int_equal(value, 0);
    vm_close(&vm);
}

/* Another ASID: another key, and the same bytes are garbage. */
static void the_asid_selects_the_key(void **state)
{
    static struct vm vm;

    (void)state;
    vm_open(&vm, (struct vm_options){.sev = true});
    vm_guest(&vm, VM_LONG);
    put_program(&vm);
    vm_set(&vm, VMCB_ASID, VM_OTHER_ASID, 4);
    assert_int_equal(vm_run(&vm), X86_SVM_EXIT);
    assert_int_not_equal(vm_get(&vm, VMCB_EXITCODE, 8), VMEXIT_HLT);
    assert_int_equal(mc_frame_view(vm.mc, spa(VM_GUEST + VM_PML4)), MC_VIEW_ASID(VM_OTHER_ASID));
    vm_set(&vm, VMCB_ASID, VM_ASID, 4);
    vm_guest(&vm, VM_LONG);
    put_program(&vm);
    assert_int_equal(vm_exit(&vm), VMEXIT_HLT);
    vm_close(&vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds_when_a_guest_runs),
        cmocka_unit_test(sev_bits_count_for_nothing_while_smee_is_clear),
        cmocka_unit_test(no_exit_information_holds_the_guests_c_bit),
        cmocka_unit_test(sev_status_is_read_past_every_intercept),
        cmocka_unit_test(the_host_reads_zero_from_sev_status_after_an_exit),
        cmocka_unit_test(the_asid_selects_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
