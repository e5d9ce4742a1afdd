/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/x86/vm.h"

#include "mc/keys.h"

#define BUDGET 20000u

/* ---- the machine around the CPU ---- */

static uint8_t *machine_map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct vm *vm = ctx;

    return at.v < VM_DRAM ? mc_map(vm->mc, at, access, write) : NULL;
}

static void machine_read(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    struct vm *vm = ctx;

    if (at.v + len <= VM_DRAM)
        mc_read(vm->mc, at, access, to, len);
    else
        memset(to, 0xff, len);
}

static void machine_write(void *ctx, spa_t at, struct mc_access access, const void *from,
                          unsigned len)
{
    struct vm *vm = ctx;

    if (at.v + len <= VM_DRAM)
        mc_write(vm->mc, at, access, from, len);
}

static void machine_watch(void *ctx, spa_t at)
{
    if (at.v < VM_DRAM)
        mc_watch(((struct vm *)ctx)->mc, at);
}

static void on_mc(void *ctx, spa_t frame, enum mc_event event)
{
    struct vm *vm = ctx;

    if (event == MC_EVENT_TURN)
        x86_frame_turned(vm->cpu, frame);
    else
        x86_frame_written(vm->cpu, frame);
}

static uint32_t machine_in(void *ctx, uint16_t port, unsigned size)
{
    struct vm *vm = ctx;

    (void)size;
    vm->n_in++;
    vm->port = port;
    return 0x11223344;
}

static void machine_out(void *ctx, uint16_t port, uint32_t value, unsigned size)
{
    struct vm *vm = ctx;

    (void)size;
    vm->n_out++;
    vm->port = port;
    vm->out_value = value;
}

static int machine_ack(void *ctx)
{
    struct vm *vm = ctx;
    const int vector = vm->interrupt;

    vm->interrupt = -1;
    x86_set_intr(vm->cpu, false);
    return vector;
}

static uint8_t tpr_read(void *ctx) { return ((struct vm *)ctx)->cr8; }
static void tpr_write(void *ctx, uint8_t cr8) { ((struct vm *)ctx)->cr8 = cr8; }
static uint64_t apic_base_read(void *ctx) { (void)ctx; return 0xfee00900; }
static bool apic_base_write(void *ctx, uint64_t value) { (void)ctx; return value != 0; }
static uint64_t machine_tsc(void *ctx) { return ((struct vm *)ctx)->tsc; }
static bool machine_random(void *ctx, uint64_t *out) { (void)ctx; *out = 4; return true; }
static void smee_changed(void *ctx, bool on) { mc_set_smee(((struct vm *)ctx)->mc, on); }

static const struct x86_ops ops = {
    .map = machine_map, .read = machine_read, .write = machine_write, .watch = machine_watch,
    .in = machine_in, .out = machine_out, .intr_ack = machine_ack, .tpr_read = tpr_read,
    .tpr_write = tpr_write, .apic_base_read = apic_base_read, .apic_base_write = apic_base_write,
    .tsc = machine_tsc, .random = machine_random, .smee_changed = smee_changed,
};

static void install_key(struct mc *mc, mc_view_t view, uint8_t first)
{
    uint8_t key[16];

    for (unsigned n = 0; n < sizeof(key); n++)
        key[n] = (uint8_t)(first + n * 7);
    assert_int_equal(mc_key_install(mc, view, key, sizeof(key)), CBIT_OK);
}

static void open_memory(struct vm *vm)
{
    const struct mc_config config = {.cipher = MC_CIPHER_XEX, .range = {{spa(0), VM_DRAM}},
                                     .n_ranges = 1, .n_asids = 8, .flip_limit = 1000000,
                                     .flip_window = 1000000};
    struct mc_tweak tweak;

    assert_int_equal(mc_new(&config, &vm->mc), CBIT_OK);
    mc_tweak_published(&tweak);
    mc_tweak_install(vm->mc, &tweak);
    install_key(vm->mc, MC_VIEW_HOST, 1);
    install_key(vm->mc, MC_VIEW_ASID(VM_ASID), 101);
    install_key(vm->mc, MC_VIEW_ASID(VM_OTHER_ASID), 201);
    mc_set_tsme(vm->mc, vm->options.tsme);
}

void vm_open(struct vm *vm, struct vm_options options)
{
    struct x86_config config = {.ops = &ops, .ctx = vm, .no_jit = true};

    memset(vm, 0, sizeof(*vm));
    vm->options = options;
    vm->interrupt = -1;
    config.profile = x86_profile_find(options.profile ? options.profile : "milan");
    assert_non_null(config.profile);
    if (!options.no_sme)
        vm->c_mask = CB_BIT(config.profile->c_bit);
    open_memory(vm);
    assert_int_equal(x86_new(&config, &vm->cpu), CBIT_OK);
    mc_listen(vm->mc, on_mc, vm);
    x86_firmware_done(vm->cpu, !options.no_sme);
}

void vm_close(struct vm *vm)
{
    x86_free(vm->cpu);
    mc_free(vm->mc);
}

/* ---- the host's side ---- */

static uint64_t host_c(const struct vm *vm)
{
    return vm->options.host_c ? vm->c_mask : 0;
}

static struct mc_access host_access(const struct vm *vm)
{
    return mc_access_host(MC_KIND_DATA, vm->options.host_c);
}

uint64_t vm_host_get(struct vm *vm, uint64_t at, unsigned len)
{
    uint8_t bytes[8] = {0};

    mc_read(vm->mc, spa(at), host_access(vm), bytes, len);
    return cb_load_le64(bytes);
}

void vm_host_put(struct vm *vm, uint64_t at, uint64_t value, unsigned len)
{
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    mc_write(vm->mc, spa(at), host_access(vm), bytes, len);
}

uint64_t vm_get(struct vm *vm, unsigned field, unsigned len)
{
    return vm_host_get(vm, VM_VMCB + field, len);
}

void vm_set(struct vm *vm, unsigned field, uint64_t value, unsigned len)
{
    vm_host_put(vm, VM_VMCB + field, value, len);
}

void vm_intercept(struct vm *vm, unsigned code, bool on)
{
    const unsigned field = VMCB_INTERCEPT + code / 32 * 4;
    const uint32_t bit = UINT32_C(1) << code % 32, word = (uint32_t)vm_get(vm, field, 4);

    vm_set(vm, field, on ? word | bit : word & ~bit, 4);
}

void vm_nested(struct vm *vm, uint64_t gpa, uint64_t entry)
{
    vm_host_put(vm, VM_NPT + (gpa >> 12) * 8, entry, 8);
}

uint64_t vm_nested_of(struct vm *vm, uint64_t gpa)
{
    return vm_host_get(vm, VM_NPT + (gpa >> 12) * 8, 8);
}

static void clear(struct vm *vm, uint64_t at, unsigned pages)
{
    static const uint8_t zero[CB_PAGE_SIZE];

    for (unsigned n = 0; n < pages; n++)
        mc_write(vm->mc, spa(at + n * CB_PAGE_SIZE), host_access(vm), zero, sizeof(zero));
}

static void make_nested_tables(struct vm *vm)
{
    const uint64_t c = host_c(vm);

    clear(vm, VM_NPML4, 4);
    vm_host_put(vm, VM_NPML4, VM_NPDPT | 7 | c, 8);
    vm_host_put(vm, VM_NPDPT, VM_NPD | 7 | c, 8);
    vm_host_put(vm, VM_NPD, VM_NPT | 7 | c, 8);
    for (uint64_t n = 0; n < VM_GUEST_SIZE / CB_PAGE_SIZE; n++)
        vm_host_put(vm, VM_NPT + n * 8, (VM_GUEST + n * CB_PAGE_SIZE) | 7, 8);
}

/* ---- the guest's memory ---- */

static struct mc_access guest_access(const struct vm *vm)
{
    if (!vm->options.sev)
        return mc_access_host(MC_KIND_DATA, false);
    return (struct mc_access){.asid = VM_ASID, .kind = MC_KIND_DATA, .sev = true, .guest_c = true,
                              .guest_c_exists = true};
}

void vm_put_bytes(struct vm *vm, uint64_t gpa, const void *bytes, size_t len)
{
    mc_write(vm->mc, spa(VM_GUEST + gpa), guest_access(vm), bytes, len);
}

void vm_put(struct vm *vm, uint64_t gpa, uint64_t value, unsigned len)
{
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    vm_put_bytes(vm, gpa, bytes, len);
}

uint64_t vm_mem(struct vm *vm, uint64_t gpa, unsigned len)
{
    uint8_t bytes[8] = {0};

    mc_read(vm->mc, spa(VM_GUEST + gpa), guest_access(vm), bytes, len);
    return cb_load_le64(bytes);
}

static void put_descriptor(struct vm *vm, unsigned selector, uint32_t base, uint32_t limit,
                           unsigned attr)
{
    if (attr & 0x800)
        limit >>= 12;
    vm_put(vm, VM_GDT + selector, (limit & 0xffff) | base << 16, 4);
    vm_put(vm, VM_GDT + selector + 4, (base >> 16 & 0xff) | (attr & 0xff) << 8 |
           (limit & 0xf0000) | (attr & 0xf00) << 12 | (base & 0xff000000), 4);
}

static void make_gdt(struct vm *vm)
{
    put_descriptor(vm, VM_SEL_CODE64, 0, UINT32_MAX, 0xa9b);
    put_descriptor(vm, VM_SEL_DATA, 0, UINT32_MAX, 0xc93);
    put_descriptor(vm, VM_SEL_CODE32, 0, UINT32_MAX, 0xc9b);
    put_descriptor(vm, VM_SEL_CODE32_3, 0, UINT32_MAX, 0xcfb);
    put_descriptor(vm, VM_SEL_DATA_3, 0, UINT32_MAX, 0xcf3);
    put_descriptor(vm, VM_SEL_CODE64_3, 0, UINT32_MAX, 0xafb);
    put_descriptor(vm, VM_SEL_TSS, VM_TSS, 0xfff, 0x08b);
    put_descriptor(vm, VM_SEL_TSS2, VM_TSS + 0x800, 0x67, 0x089);
}

/* A HLT for each vector, 16 bytes apart. */
static void make_idt(struct vm *vm)
{
    uint8_t handlers[CB_PAGE_SIZE];

    memset(handlers, 0xf4, sizeof(handlers));
    vm_put_bytes(vm, VM_HANDLERS, handlers, sizeof(handlers));
    for (unsigned v = 0; v < 256; v++) {
        const uint32_t to = VM_HANDLERS + v * 16;

        if (vm->mode == VM_REAL) {
            vm_put(vm, VM_IDT + v * 4, v * 16 | (uint32_t)(VM_HANDLERS / 16) << 16, 4);
            continue;
        }
        const uint32_t at = VM_IDT + v * (vm->mode == VM_LONG ? 16 : 8);
        const uint32_t code = vm->mode == VM_LONG ? VM_SEL_CODE64 : VM_SEL_CODE32;

        vm_put(vm, at, (to & 0xffff) | code << 16, 4);
        vm_put(vm, at + 4, (to & 0xffff0000) | 0x8e00, 4);
        if (vm->mode == VM_LONG)
            vm_put(vm, at + 8, 0, 8);
    }
}

static void make_tables(struct vm *vm)
{
    const bool wide = vm->mode == VM_PAE || vm->mode == VM_LONG;
    const uint64_t c = vm->options.sev && wide ? vm->c_mask : 0;

    if (vm->mode == VM_LONG) {
        vm_put(vm, VM_PML4, VM_PDPT | 7 | c, 8);
        vm_put(vm, VM_PDPT, VM_PD | 7 | c, 8);
    } else if (vm->mode == VM_PAE) {
        vm_put(vm, VM_PDPT, VM_PD | 1 | c, 8);
        for (unsigned n = 1; n < 4; n++)
            vm_put(vm, VM_PDPT + n * 8, 0, 8);
    }
    vm_put(vm, VM_PD, VM_PT | 7 | c, wide ? 8 : 4);
    for (uint32_t n = 0; n < (wide ? 512 : 1024); n++)
        vm_put(vm, VM_PT + n * (wide ? 8 : 4), n % 512 * 0x1000 | 7 | c, wide ? 8 : 4);
}

/* ---- the VMCB ---- */

static void put_segment(struct vm *vm, unsigned field, unsigned selector, unsigned attr,
                        uint32_t limit, uint64_t base)
{
    vm_set(vm, field + VMCB_SEG_SELECTOR, selector, 2);
    vm_set(vm, field + VMCB_SEG_ATTR, attr, 2);
    vm_set(vm, field + VMCB_SEG_LIMIT, limit, 4);
    vm_set(vm, field + VMCB_SEG_BASE, base, 8);
}

static void put_segments(struct vm *vm)
{
    static const uint16_t data[] = {VMCB_ES, VMCB_SS, VMCB_DS, VMCB_FS, VMCB_GS};
    const bool real = vm->mode == VM_REAL;

    for (unsigned n = 0; n < CB_ARRAY_LEN(data); n++)
        put_segment(vm, data[n], real ? 0 : VM_SEL_DATA, real ? 0x93 : 0xc93,
                    real ? 0xffff : UINT32_MAX, 0);
    if (real)
        put_segment(vm, VMCB_CS, 0, 0x9b, 0xffff, 0);
    else if (vm->mode == VM_LONG)
        put_segment(vm, VMCB_CS, VM_SEL_CODE64, 0xa9b, UINT32_MAX, 0);
    else
        put_segment(vm, VMCB_CS, VM_SEL_CODE32, 0xc9b, UINT32_MAX, 0);
    put_segment(vm, VMCB_GDTR, 0, 0, 0xfff, VM_GDT);
    put_segment(vm, VMCB_IDTR, 0, 0, 0xfff, VM_IDT);
    put_segment(vm, VMCB_TR, VM_SEL_TSS, 0x8b, 0x7ff, VM_TSS);
    put_segment(vm, VMCB_LDTR, 0, 0, 0, 0);
}

static void put_control_registers(struct vm *vm)
{
    static const struct { uint64_t cr0, cr3, cr4, efer; } rows[] = {
        [VM_REAL] = {0x10, 0, 0, 0}, [VM_FLAT] = {0x11, 0, 0, 0},
        [VM_LEGACY] = {0x80000011, VM_PD, 0, 0}, [VM_PAE] = {0x80000011, VM_PDPT, 0x20, 0},
        [VM_LONG] = {0x80000011, VM_PML4, 0x20, 0x500},
    };

    vm_set(vm, VMCB_CR0, rows[vm->mode].cr0, 8);
    vm_set(vm, VMCB_CR3, rows[vm->mode].cr3, 8);
    vm_set(vm, VMCB_CR4, rows[vm->mode].cr4, 8);
    vm_set(vm, VMCB_EFER, rows[vm->mode].efer | 0x1000, 8);
}

static void make_vmcb(struct vm *vm)
{
    const uint64_t c = host_c(vm);

    clear(vm, VM_VMCB, 1);
    clear(vm, VM_IOPM, 3);
    clear(vm, VM_MSRPM, 2);
    vm_intercept(vm, VMEXIT_VMRUN, true);
    vm_intercept(vm, VMEXIT_VMMCALL, true);
    vm_intercept(vm, VMEXIT_HLT, true);
    vm_intercept(vm, VMEXIT_SHUTDOWN, true);
    vm_set(vm, VMCB_IOPM, VM_IOPM | c, 8);
    vm_set(vm, VMCB_MSRPM, VM_MSRPM | c, 8);
    vm_set(vm, VMCB_ASID, VM_ASID, 4);
    vm_set(vm, VMCB_TLB_CONTROL, 1, 1);
    vm_set(vm, VMCB_NP_CTL, VMCB_NP_ENABLE | (vm->options.sev ? VMCB_SEV_ENABLE : 0), 8);
    vm_set(vm, VMCB_NCR3, VM_NPML4 | c, 8);
    vm_set(vm, VMCB_G_PAT, UINT64_C(0x0007040600070406), 8);
    vm_set(vm, VMCB_RFLAGS, 2, 8);
    vm_set(vm, VMCB_RIP, VM_CODE, 8);
    vm_set(vm, VMCB_RSP, VM_STACK, 8);
    vm_set(vm, VMCB_DR6, 0xffff0ff0, 8);
    vm_set(vm, VMCB_DR7, 0x400, 8);
    put_control_registers(vm);
    put_segments(vm);
}

/* ---- 64-bit host mode ---- */

static void enter_host(struct vm *vm)
{
    struct x86_regs r;

    clear(vm, VM_HOST_PML4, 2);
    vm_host_put(vm, VM_HOST_PML4, VM_HOST_PDPT | 7 | host_c(vm), 8);
    vm_host_put(vm, VM_HOST_PDPT, 0x87 | host_c(vm), 8);
    x86_get_regs(vm->cpu, &r);
    memset(r.gpr, 0, sizeof(r.gpr));
    r.rip = VM_HOST_CODE;
    r.gpr[4] = VM_HOST_STACK;
    r.rflags = 2;
    r.cr0 = 0x80000011;
    r.cr3 = VM_HOST_PML4 | host_c(vm);
    r.cr4 = 0x20;
    r.efer = 0x500;
    for (unsigned n = X86_ES; n <= X86_GS; n++)
        r.seg[n] = (struct x86_seg){.selector = VM_SEL_DATA, .attr = 0xc93, .limit = UINT32_MAX};
    r.seg[X86_CS] = (struct x86_seg){.selector = VM_SEL_CODE64, .attr = 0xa9b, .limit = UINT32_MAX};
    x86_set_regs(vm->cpu, &r);
    assert_true(x86_wrmsr(vm->cpu, 0xc0000080, 0x1500));
    assert_true(x86_wrmsr(vm->cpu, 0xc0010117, VM_HSAVE | host_c(vm)));
}

void vm_guest(struct vm *vm, enum vm_mode mode)
{
    vm->mode = mode;
    if (x86_svm_in_guest(vm->cpu)) {
        x86_reset(vm->cpu);
        x86_firmware_done(vm->cpu, !vm->options.no_sme);
    }
    enter_host(vm);
    make_nested_tables(vm);
    make_vmcb(vm);
    make_gdt(vm);
    make_idt(vm);
    if (mode >= VM_LEGACY)
        make_tables(vm);
}

void vm_code(struct vm *vm, const void *code, size_t len)
{
    uint8_t page[CB_PAGE_SIZE];

    memset(page, 0xf4, sizeof(page));
    memcpy(page, code, len);
    vm_put_bytes(vm, VM_CODE, page, sizeof(page));
}

enum x86_svm_end vm_run(struct vm *vm)
{
    uint64_t done;

    return x86_svm_run(vm->cpu, VM_VMCB | host_c(vm), BUDGET, &done);
}

uint64_t vm_exit(struct vm *vm)
{
    assert_int_equal(vm_run(vm), X86_SVM_EXIT);
    return vm_get(vm, VMCB_EXITCODE, 8);
}
