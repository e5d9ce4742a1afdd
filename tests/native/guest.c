/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an instruction in the interpreter, at CPL 3 in 64-bit mode with paging.
 * Behind the instruction, and at every target of a branch, is int3; so each run
 * ends in the IDT, whose handlers are HLT at CPL 0: the handler's address tells
 * the vector, and the stack frame the rest.  Between runs the CPU's state is put
 * back whole.
 */
#include <cpuid.h>
#include <stdlib.h>

#include "native.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/mem.h"
#include "x86/sys.h"
#include "x86/x86.h"

#define N_FRAMES 64u

/* Physical frames */
enum {
    FRAME_PML4 = 1, FRAME_PDPT, FRAME_PD, FRAME_PT_CODE, FRAME_PT_DATA, FRAME_PT_KERNEL, FRAME_IDT,
    FRAME_GDT, FRAME_HANDLERS, FRAME_STACK, FRAME_CODE, FRAME_DATA, FRAME_READONLY = FRAME_DATA + 2
};

/* Linear addresses of the kernel's pages: supervisor only. */
#define KERNEL UINT64_C(0x00c00000)
#define IDT (KERNEL + 0x0000)
#define GDT (KERNEL + 0x1000)
#define TSS (KERNEL + 0x1800)
#define HANDLERS (KERNEL + 0x2000)
#define STACK_TOP (KERNEL + 0x4000)

struct nt_guest {
    uint8_t *memory; /* N_FRAMES */
    struct x86_cpu *cpu;
    struct x86_cpu *fresh; /* the state before a run */
};

/* ---- the machine: memory and nothing else ---- */

static uint8_t *ops_map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct nt_guest *guest = ctx;

    (void)access;
    (void)write;
    if (at.v >= (uint64_t)N_FRAMES * CB_PAGE_SIZE)
        return NULL;
    return guest->memory + (at.v & CB_PAGE_MASK);
}

static void ops_read(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    const uint8_t *p = ops_map(ctx, at, access, false);

    if (p)
        memcpy(to, p + (at.v & 0xfff), len);
    else
        memset(to, 0xff, len);
}

static void ops_write(void *ctx, spa_t at, struct mc_access access, const void *from, unsigned len)
{
    uint8_t *p = ops_map(ctx, at, access, true);

    if (p)
        memcpy(p + (at.v & 0xfff), from, len);
}

static void ops_watch(void *ctx, spa_t at) { (void)ctx; (void)at; }
static uint32_t ops_in(void *ctx, uint16_t port, unsigned size) { (void)ctx; (void)port; (void)size; return ~0u; }
static void ops_out(void *ctx, uint16_t port, uint32_t value, unsigned size) { (void)ctx; (void)port; (void)value; (void)size; }
static int ops_intr_ack(void *ctx) { (void)ctx; return -1; }
static uint8_t ops_tpr_read(void *ctx) { (void)ctx; return 0; }
static void ops_tpr_write(void *ctx, uint8_t cr8) { (void)ctx; (void)cr8; }
static uint64_t ops_apic_base_read(void *ctx) { (void)ctx; return 0; }
static bool ops_apic_base_write(void *ctx, uint64_t v) { (void)ctx; (void)v; return true; }
static uint64_t ops_tsc(void *ctx) { (void)ctx; return 0; }
static bool ops_random(void *ctx, uint64_t *out) { (void)ctx; *out = 4; return true; }
static void ops_smee(void *ctx, bool on) { (void)ctx; (void)on; }
static void ops_cache(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access)
{
    (void)ctx;
    (void)op;
    (void)line;
    (void)access;
}
static void ops_trace(void *ctx, const char *line) { (void)ctx; (void)line; }

static const struct x86_ops ops = {
    .map = ops_map, .read = ops_read, .write = ops_write, .watch = ops_watch, .in = ops_in,
    .out = ops_out, .intr_ack = ops_intr_ack, .tpr_read = ops_tpr_read,
    .tpr_write = ops_tpr_write, .apic_base_read = ops_apic_base_read,
    .apic_base_write = ops_apic_base_write, .tsc = ops_tsc, .random = ops_random,
    .smee_changed = ops_smee, .cache = ops_cache, .trace = ops_trace,
};

/* ---- tables ---- */

static uint8_t *frame(const struct nt_guest *guest, unsigned n)
{
    return guest->memory + (size_t)n * CB_PAGE_SIZE;
}

static void entry(const struct nt_guest *guest, unsigned table, unsigned index, unsigned to,
                  unsigned rights)
{
    cb_store_le64(frame(guest, table) + 8 * index, (uint64_t)to << 12 | rights);
}

#define USER 0x67u      /* P W U A D */
#define USER_RO 0x65u
#define SUPER 0x63u

static void build_pages(const struct nt_guest *guest)
{
    entry(guest, FRAME_PML4, 0, FRAME_PDPT, USER);
    entry(guest, FRAME_PDPT, 0, FRAME_PD, USER);
    entry(guest, FRAME_PD, NT_CODE >> 21, FRAME_PT_CODE, USER);
    entry(guest, FRAME_PD, NT_DATA >> 21, FRAME_PT_DATA, USER);
    entry(guest, FRAME_PD, KERNEL >> 21, FRAME_PT_KERNEL, USER);
    entry(guest, FRAME_PT_CODE, 0, FRAME_CODE, USER_RO);
    entry(guest, FRAME_PT_DATA, 0, FRAME_DATA, USER);
    entry(guest, FRAME_PT_DATA, 1, FRAME_DATA + 1, USER);
    entry(guest, FRAME_PT_DATA, NT_READONLY >> 12 & 511, FRAME_READONLY, USER_RO);
    for (unsigned k = 0; k < 4; k++)
        entry(guest, FRAME_PT_KERNEL, k, FRAME_IDT + k, SUPER);
}

static void build_idt(const struct nt_guest *guest)
{
    for (unsigned v = 0; v < 256; v++) {
        const uint64_t at = HANDLERS + 16 * v;
        uint8_t *gate = frame(guest, FRAME_IDT) + 16 * v;

        cb_store_le16(gate, (uint16_t)at);
        cb_store_le16(gate + 2, 0x08);
        gate[5] = v == 3 || v == 4 ? 0xee : 0x8e; /* interrupt gate; int3 and INTO from CPL 3 */
        cb_store_le16(gate + 6, (uint16_t)(at >> 16));
        cb_store_le32(gate + 8, (uint32_t)(at >> 32));
    }
    memset(frame(guest, FRAME_HANDLERS), 0xf4, CB_PAGE_SIZE);
}

/* Selectors as Linux has them for a 64-bit process, so that what MOV from a segment stores is equal. */
static void build_gdt(const struct nt_guest *guest)
{
    uint8_t *gdt = frame(guest, FRAME_GDT);

    cb_store_le64(gdt + 0x08, UINT64_C(0x00af9b000000ffff));
    cb_store_le64(gdt + 0x10, UINT64_C(0x00cf93000000ffff));
    cb_store_le64(gdt + 0x28, UINT64_C(0x00cff3000000ffff)); /* 2b */
    cb_store_le64(gdt + 0x30, UINT64_C(0x00affb000000ffff)); /* 33 */
    cb_store_le64(gdt + (TSS - GDT) + 4, STACK_TOP);
    cb_store_le16(gdt + (TSS - GDT) + 102, 0x68);
}

static void set_registers(struct nt_guest *guest)
{
    static const struct x86_seg null_seg = {0};
    struct x86_regs regs;

    x86_get_regs(guest->cpu, &regs);
    regs.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_PG;
    regs.cr3 = FRAME_PML4 << 12;
    regs.cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
    regs.efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_SCE | X86_EFER_NXE;
    for (unsigned k = 0; k < X86_N_SEGS; k++)
        regs.seg[k] = null_seg;
    regs.seg[X86_CS] = (struct x86_seg){0x33, 0xafb, 0xffffffff, 0};
    regs.seg[X86_SS] = (struct x86_seg){0x2b, 0xcf3, 0xffffffff, 0};
    regs.seg[X86_TR] = (struct x86_seg){0x40, 0x08b, 0x67, TSS};
    regs.gdtr = (struct x86_table){GDT, 0x7f};
    regs.idtr = (struct x86_table){IDT, 0xfff};
    regs.rflags = X86_FL_1 | X86_FL_IF;
    regs.rip = NT_ENTRY;
    x86_set_regs(guest->cpu, &regs);
}

struct nt_guest *nt_guest_new(void)
{
    struct nt_guest *guest = calloc(1, sizeof(*guest));
    struct x86_config config = {.profile = x86_profile_get(X86_MILAN), .ops = &ops, .ctx = guest,
                                .no_jit = true};

    if (!guest)
        return NULL;
    guest->memory = calloc(N_FRAMES, CB_PAGE_SIZE);
    guest->fresh = malloc(sizeof(*guest->fresh));
    if (!guest->memory || !guest->fresh || x86_new(&config, &guest->cpu) != CBIT_OK) {
        free(guest->memory);
        free(guest->fresh);
        free(guest);
        return NULL;
    }
    build_pages(guest);
    build_idt(guest);
    build_gdt(guest);
    memset(frame(guest, FRAME_CODE), 0xcc, CB_PAGE_SIZE);
    x86_reset(guest->cpu);
    x86_firmware_done(guest->cpu, false);
    set_registers(guest);
    memcpy(guest->fresh, guest->cpu, sizeof(*guest->fresh));
    return guest;
}

/* CPUID of both: the host's as the compiler's helper sees it, SHA by the leaf. */
struct nt_features nt_features_of(const struct nt_guest *guest)
{
    unsigned a, b = 0, c, d;

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        b = 0;
    return (struct nt_features){
        .sse4a = __builtin_cpu_supports("sse4a") && x86_has(guest->cpu, X86_FEAT_SSE4A),
        .sha = (b & 1u << 29) && x86_has(guest->cpu, X86_FEAT_SHA),
    };
}

void nt_guest_free(struct nt_guest *guest)
{
    x86_free(guest->cpu);
    free(guest->memory);
    free(guest->fresh);
    free(guest);
}

uint8_t *nt_guest_data(struct nt_guest *guest)
{
    return frame(guest, FRAME_DATA);
}

void nt_guest_load(struct nt_guest *guest, const struct nt_insn *insn)
{
    uint8_t *code = frame(guest, FRAME_CODE) + (NT_ENTRY - NT_CODE);

    memset(code, 0xcc, 32);
    memcpy(code, insn->bytes, insn->len);
    x86_frame_written(guest->cpu, spa(FRAME_CODE << 12));
}

/* ---- a run ---- */

static void put_state(struct x86_cpu *cpu, const struct nt_state *in)
{
    const uint8_t *fx = in->fx;
    unsigned top;

    memcpy(cpu->r, in->gpr, sizeof(in->gpr));
    x86_set_rflags(cpu, in->rflags);
    memcpy(cpu->xmm, fx + NT_FX_XMM, sizeof(cpu->xmm));
    cpu->mxcsr = cb_load_le32(fx + NT_FX_MXCSR);
    cpu->fpu.cw = cb_load_le16(fx + NT_FX_FCW);
    cpu->fpu.sw = cb_load_le16(fx + NT_FX_FSW);
    cpu->fpu.tag_valid = fx[NT_FX_FTW];
    top = cpu->fpu.sw >> 11 & 7;
    for (unsigned k = 0; k < 8; k++) {
        struct x86_st *st = &cpu->fpu.fpr[(top + k) & 7];

        st->mant = cb_load_le64(fx + NT_FX_ST + 16 * k);
        st->se = cb_load_le16(fx + NT_FX_ST + 16 * k + 8);
    }
    x86_tlb_select(cpu);
}

static void get_state(const struct x86_cpu *cpu, struct nt_state *out)
{
    const unsigned top = cpu->fpu.sw >> 11 & 7;
    uint8_t *fx = out->fx;

    memcpy(out->gpr, cpu->r, sizeof(out->gpr));
    memset(fx, 0, sizeof(out->fx));
    memcpy(fx + NT_FX_XMM, cpu->xmm, sizeof(cpu->xmm));
    cb_store_le32(fx + NT_FX_MXCSR, cpu->mxcsr);
    cb_store_le16(fx + NT_FX_FCW, cpu->fpu.cw);
    cb_store_le16(fx + NT_FX_FSW, cpu->fpu.sw);
    fx[NT_FX_FTW] = cpu->fpu.tag_valid;
    for (unsigned k = 0; k < 8; k++) {
        cb_store_le64(fx + NT_FX_ST + 16 * k, cpu->fpu.fpr[(top + k) & 7].mant);
        cb_store_le16(fx + NT_FX_ST + 16 * k + 8, cpu->fpu.fpr[(top + k) & 7].se);
    }
}

/* The frame that delivery pushed ends at STACK_TOP: [error] RIP CS RFLAGS RSP SS. */
static void take_frame(const struct nt_guest *guest, struct nt_state *out)
{
    const uint8_t *top = frame(guest, FRAME_STACK) + CB_PAGE_SIZE;
    const struct x86_cpu *cpu = guest->cpu;

    out->vector = (unsigned)(cpu->rip - HANDLERS) / 16;
    out->gpr[4] = cb_load_le64(top - 16);
    out->rflags = cb_load_le64(top - 24);
    out->rip = cb_load_le64(top - 40);
    out->cr2 = 0;
    out->error = 0;
    switch (out->vector) {
    case 3:
        out->rip--;
        out->vector = NT_NO_FAULT;
        break;
    case 14:
        out->cr2 = cpu->cr2;
        out->error = cb_load_le32(top - 48);
        break;
    case 10: case 11: case 12: case 13: case 17:
        out->error = cb_load_le32(top - 48);
        break;
    default:
        break;
    }
}

void nt_guest_run(struct nt_guest *guest, const struct nt_state *in, struct nt_state *out)
{
    struct x86_cpu *cpu = guest->cpu;
    uint64_t done;
    enum x86_stop stop;

    memcpy(cpu, guest->fresh, sizeof(*cpu));
    put_state(cpu, in);
    stop = x86_run(cpu, 100000, &done);
    get_state(cpu, out);
    if (stop != X86_STOP_DEAD || cpu->rip - HANDLERS > 4096) {
        out->vector = 1000 + (unsigned)stop; /* lost: differs from everything */
        out->error = 0;
        out->rip = cpu->rip;
        out->rflags = 0;
        return;
    }
    take_frame(guest, out);
}
