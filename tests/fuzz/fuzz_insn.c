/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU on random code: any mode, random registers, tables and bytes, 64 KiB
 * of RAM of which some frames are devices, callbacks that refuse, interrupt and
 * take frames away.  Whatever the guest does, the CPU neither crashes nor
 * reaches host memory, stays within its budget, and repeats itself exactly.
 *
 * Input: a head (see struct head), then patches of the tables, then the code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "x86/x86.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM 0x10000u
enum { GDT = 0x1000, IDT = 0x2000, TSS = 0x3000, PML4 = 0x4000, PDPT = 0x5000, PD = 0x6000,
       PT = 0x7000, DATA = 0x8000, CODE = 0xc000, CODE_LEN = 0x1000 };
#define STEPS 6
#define BUDGET 150

struct head {
    uint8_t mode, profile, smee, cr4, n_patches, device_frames, flags, events;
    uint64_t seed;
};

struct machine {
    struct x86_cpu *cpu;
    uint8_t ram[RAM];
    bool watched[RAM / CB_PAGE_SIZE];
    struct head head;
    uint64_t random, tsc;
};

static uint64_t next_random(struct machine *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

/* ---- the machine ---- */

static uint8_t *map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct machine *m = ctx;
    const uint64_t frame = at.v / CB_PAGE_SIZE;

    if (at.v >= RAM || access.host_c || (write && m->watched[frame]) ||
        (frame >= 8 && m->head.device_frames >> (frame - 8) & 1))
        return NULL;
    return m->ram + frame * CB_PAGE_SIZE;
}

static void check_length(spa_t at, unsigned len)
{
    if (len == 0 || len > CB_PAGE_SIZE || (at.v & (CB_PAGE_SIZE - 1)) + len > CB_PAGE_SIZE)
        abort(); /* the contract of x86_ops */
}

static void read_memory(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    const struct machine *m = ctx;

    check_length(at, len);
    memset(to, 0xff, len);
    if (at.v < RAM)
        memcpy(to, m->ram + at.v, len);
    (void)access;
}

static void write_memory(void *ctx, spa_t at, struct mc_access access, const void *from, unsigned len)
{
    struct machine *m = ctx;

    check_length(at, len);
    (void)access;
    if (at.v >= RAM)
        return;
    memcpy(m->ram + at.v, from, len);
    if (m->watched[at.v / CB_PAGE_SIZE]) {
        m->watched[at.v / CB_PAGE_SIZE] = false;
        x86_frame_written(m->cpu, spa(at.v & CB_PAGE_MASK));
    }
}

static void watch(void *ctx, spa_t at)
{
    if (at.v < RAM)
        ((struct machine *)ctx)->watched[at.v / CB_PAGE_SIZE] = true;
}

static uint32_t in(void *ctx, uint16_t port, unsigned size)
{
    struct machine *m = ctx;

    (void)size;
    if (port & 1)
        x86_set_intr(m->cpu, (port & 2) != 0);
    return (uint32_t)next_random(m);
}

static void out(void *ctx, uint16_t port, uint32_t value, unsigned size)
{
    struct machine *m = ctx;

    (void)size;
    if (port & 1)
        x86_kick(m->cpu);
    if (port & 2)
        x86_nmi(m->cpu);
    if (port & 4)
        x86_frame_turned(m->cpu, spa(value & (RAM - 1) & CB_PAGE_MASK));
}

static int intr_ack(void *ctx)
{
    struct machine *m = ctx;
    const uint64_t r = next_random(m);

    x86_set_intr(m->cpu, (r & 0x300) == 0);
    return (r & 0x400) ? -1 : (int)(r & 0xff);
}

static uint8_t tpr_read(void *ctx) { return next_random(ctx) & 15; }
static void tpr_write(void *ctx, uint8_t cr8) { (void)ctx; (void)cr8; }
static uint64_t apic_base_read(void *ctx) { (void)ctx; return 0xfee00900; }
static bool apic_base_write(void *ctx, uint64_t value) { (void)ctx; return !(value & 0x400); }
static uint64_t tsc(void *ctx) { return ((struct machine *)ctx)->tsc += 3; }
static void smee_changed(void *ctx, bool on) { (void)ctx; (void)on; }
static void cache(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access)
{
    (void)ctx;
    (void)op;
    (void)line;
    (void)access;
}
static void trace(void *ctx, const char *line) { (void)ctx; (void)line; }

static bool random_number(void *ctx, uint64_t *value)
{
    *value = next_random(ctx);
    return *value & 1;
}

static const struct x86_ops ops = {
    .map = map, .read = read_memory, .write = write_memory, .watch = watch, .in = in, .out = out,
    .intr_ack = intr_ack, .tpr_read = tpr_read, .tpr_write = tpr_write,
    .apic_base_read = apic_base_read, .apic_base_write = apic_base_write, .tsc = tsc,
    .random = random_number, .smee_changed = smee_changed, .cache = cache, .trace = trace,
    .trace_on = true,
};

/* ---- the starting state ---- */

enum mode { REAL, V86, PROTECTED_0, PROTECTED_3, LONG_0, LONG_3, COMPATIBILITY_3, PAGED_32, N_MODES };

static void put(struct machine *m, uint32_t at, uint64_t value, unsigned len)
{
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    memcpy(m->ram + at, bytes, len);
}

static void make_tables(struct machine *m, enum mode mode)
{
    static const uint16_t attrs[] = {0, 0xa9b, 0xc93, 0xc9b, 0xcfb, 0xcf3, 0xafb, 0x09b, 0x08b, 0, 0x082,
                                     0, 0x08c, 0, 0x085, 0xc9f, 0xc97, 0x013, 0x093};
    const bool wide = mode >= LONG_0 && mode != PAGED_32;

    for (uint32_t at = DATA; at < RAM; at += 8)
        put(m, at, next_random(m) & next_random(m), 8);
    for (unsigned n = 0; n < CB_ARRAY_LEN(attrs); n++) {
        put(m, GDT + n * 8, n == 8 ? TSS << 16 | 0xfff : 0xffff, 4);
        put(m, GDT + n * 8 + 4, (attrs[n] & 0xffu) << 8 | (attrs[n] & 0xf00u) << 12 | 0xf0000u, 4);
    }
    for (unsigned v = 0; v < 256 && mode != REAL; v++) {
        const uint32_t handler = CODE + (v & 31) * 64, at = IDT + v * (wide ? 16 : 8);

        put(m, at, handler | (wide ? 8u : 24u) << 16, 4);
        put(m, at + 4, (v & 1 ? 0x8e00u : 0xee00u) | (v & 7), 4);
    }
    for (unsigned n = 0; n < 512; n++) /* one word of the TSS in eight is a stack */
        put(m, TSS + n * 8, n < 13 ? 0xb000 : next_random(m), 8);
    if (mode == PAGED_32) {
        put(m, PML4, PDPT | 7, 4);
        for (unsigned n = 0; n < 1024; n++)
            put(m, PDPT + n * 4, (n & 15) * 0x1000 | 7, 4);
        return;
    }
    put(m, PML4, PDPT | 7, 8);
    put(m, PDPT, PD | 7, 8);
    put(m, PD, PT | 7, 8);
    for (unsigned n = 0; n < 512; n++)
        put(m, PT + n * 8, (n & 15) * 0x1000 | 7, 8);
}

static void set_segments(struct x86_regs *r, uint16_t code, uint16_t code_attr, uint16_t data,
                         uint16_t data_attr)
{
    for (unsigned n = X86_ES; n <= X86_GS; n++)
        r->seg[n] = (struct x86_seg){.selector = data, .attr = data_attr, .limit = UINT32_MAX};
    r->seg[X86_CS] = (struct x86_seg){.selector = code, .attr = code_attr, .limit = UINT32_MAX};
}

static void set_modes_registers(struct x86_regs *r, enum mode mode)
{
    switch (mode) {
    case REAL:
    case V86:
        for (unsigned n = X86_ES; n <= X86_GS; n++)
            r->seg[n] = (struct x86_seg){.selector = DATA / 16, .base = DATA, .limit = 0xffff,
                                         .attr = mode == REAL ? 0x93 : 0xf3};
        r->seg[X86_CS].base = CODE;
        r->seg[X86_CS].selector = CODE / 16;
        r->rip = 0;
        r->rflags |= mode == V86 ? 0x20000 : 0;
        break;
    case PROTECTED_0: case PAGED_32: set_segments(r, 24, 0xc9b, 16, 0xc93); break;
    case PROTECTED_3: set_segments(r, 35, 0xcfb, 43, 0xcf3); break;
    case LONG_0: set_segments(r, 8, 0xa9b, 16, 0xc93); break;
    case LONG_3: set_segments(r, 51, 0xafb, 43, 0xcf3); break;
    case COMPATIBILITY_3: case N_MODES: default: set_segments(r, 35, 0xcfb, 43, 0xcf3); break;
    }
}

static void set_registers(struct machine *m, enum mode mode)
{
    const bool wide = mode >= LONG_0 && mode != PAGED_32;
    struct x86_regs r;

    x86_get_regs(m->cpu, &r);
    for (unsigned n = 0; n < 16; n++) {
        const uint64_t v = next_random(m);

        r.gpr[n] = v & 1 ? DATA + (v >> 8 & 0x7fff) : v & 2 ? v >> 48 : v;
    }
    r.gpr[4] = m->head.flags & 1 ? r.gpr[4] : 0xb000;
    r.rip = CODE;
    r.rflags = 2 | (next_random(m) & (m->head.flags & 2 ? 0x257fd5 : 0x40ed5));
    r.gdtr = (struct x86_table){.base = GDT, .limit = 0x97};
    r.idtr = (struct x86_table){.base = IDT, .limit = 0xfff};
    r.cr0 = mode == REAL ? 0x10 : mode == PAGED_32 ? 0x80000011 : wide ? 0x80000033 : 0x11;
    r.cr4 = (m->head.cr4 & 0x80 ? 0x40600 : 0x600) | (m->head.cr4 & 0x1c) | (m->head.cr4 & 3 ? 0x310800 : 0);
    r.cr4 |= wide ? 0x20 : 0;
    r.cr3 = PML4;
    r.efer = wide ? 0xd01 : 1;
    if (m->head.flags & 4) {
        r.dr[0] = CODE + (next_random(m) & 63);
        r.dr[1] = DATA + (next_random(m) & 0x7fff);
        r.dr[7] = 0x400 | (next_random(m) & 0xffff03ff);
    }
    set_modes_registers(&r, mode);
    r.seg[X86_TR] = (struct x86_seg){.selector = 64, .attr = 0x8b, .limit = 0xfff, .base = TSS};
    r.seg[X86_LDTR] = (struct x86_seg){0};
    for (unsigned n = 0; n < sizeof(r.xmm); n++)
        ((uint8_t *)r.xmm)[n] = (uint8_t)next_random(m);
    x86_set_regs(m->cpu, &r);
}

/* ---- one run ---- */

static void poke(struct machine *m)
{
    const uint64_t r = next_random(m);
    uint64_t value;
    struct mc_access access;
    spa_t at;

    if (m->head.events & 1)
        x86_set_intr(m->cpu, true);
    if (m->head.events & 2)
        x86_nmi(m->cpu);
    if (m->head.events & 4)
        x86_frame_turned(m->cpu, spa((r & 15) * CB_PAGE_SIZE));
    if (m->head.events & 8)
        (void)x86_wrmsr(m->cpu, 0xc0000080u + (r & 7), r >> 3);
    (void)x86_rdmsr(m->cpu, (uint32_t)r & 0xc0011fff, &value);
    (void)x86_debug_translate(m->cpu, gva(r), &at, &access);
}

/* Everything that can be seen, folded into one number. */
static uint64_t digest(const struct machine *m)
{
    struct x86_regs r;
    uint64_t h = 14695981039346656037u;

    x86_get_regs(m->cpu, &r);
    for (size_t n = 0; n < sizeof(r.gpr); n++)
        h = (h ^ ((const uint8_t *)r.gpr)[n]) * 1099511628211u;
    h = (h ^ r.rip) * 1099511628211u;
    h = (h ^ r.rflags ^ r.cr0 ^ r.cr3) * 1099511628211u;
    for (size_t n = 0; n < RAM; n += 8)
        h = (h ^ cb_load_le64(m->ram + n)) * 1099511628211u;
    return h;
}

static uint64_t run(struct machine *m, const struct head *head, const uint8_t *data, size_t size)
{
    const enum mode mode = (enum mode)(head->mode % N_MODES);
    uint64_t done;

    m->head = *head;
    m->random = head->seed | 1;
    m->tsc = 0;
    memset(m->ram, 0, sizeof(m->ram));
    memset(m->watched, 0, sizeof(m->watched));
    x86_reset(m->cpu);
    for (uint64_t frame = 0; frame < RAM; frame += CB_PAGE_SIZE)
        x86_frame_turned(m->cpu, spa(frame));
    make_tables(m, mode);
    for (unsigned n = 0; n < head->n_patches && size >= 4; n++, data += 3, size -= 3)
        m->ram[cb_load_le16(data) & 0x7fff] = data[2]; /* below DATA: the tables */
    for (size_t n = 0; n < CODE_LEN && size; n++)
        m->ram[CODE + n] = data[n % size];
    if (head->smee & 1)
        x86_firmware_done(m->cpu, true);
    set_registers(m, mode);
    for (unsigned step = 0; step < STEPS; step++) {
        x86_set_intr(m->cpu, false);
        poke(m);
        if (x86_run(m->cpu, BUDGET, &done) == X86_STOP_TRIPLE_FAULT)
            break;
        if (done > BUDGET + 4) /* an event's delivery may fault a few times */
            abort();
    }
    return digest(m);
}

static struct machine *machine_of(unsigned profile)
{
    static struct machine *machines[X86_N_GENERATIONS];
    struct x86_config config = {.ops = &ops};

    profile %= X86_N_GENERATIONS;
    if (!machines[profile]) {
        machines[profile] = calloc(1, sizeof(struct machine));
        if (!machines[profile])
            abort();
        config.ctx = machines[profile];
        config.profile = x86_profile_get((enum x86_generation)profile);
        if (x86_new(&config, &machines[profile]->cpu) != CBIT_OK)
            abort();
    }
    return machines[profile];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct head head;

    if (size < 17)
        return 0;
    head = (struct head){data[0], data[1], data[2], data[3], data[4] & 31, data[5], data[6], data[7],
                         cb_load_le64(data + 8)};
    data += 16;
    size -= 16;
    if (run(machine_of(head.profile), &head, data, size) !=
        run(machine_of(head.profile), &head, data, size)) {
        fprintf(stderr, "two runs of one input differ\n");
        abort();
    }
    return 0;
}
