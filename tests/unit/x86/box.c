/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "unit/x86/box.h"

/* ---- the machine around the CPU ---- */

static void box_turn(struct box *b, spa_t at, bool c)
{
    uint8_t *frame = b->ram + (at.v & CB_PAGE_MASK);

    if (b->inverted[at.v / CB_PAGE_SIZE] == c)
        return;
    x86_frame_turned(b->cpu, spa(at.v & CB_PAGE_MASK));
    b->watched[at.v / CB_PAGE_SIZE] = false;
    b->inverted[at.v / CB_PAGE_SIZE] = c;
    for (unsigned k = 0; k < CB_PAGE_SIZE; k++)
        frame[k] = (uint8_t)~frame[k];
}

/* Does the access have to invert what lies in RAM? */
static bool box_inverts(struct box *b, spa_t at, struct mc_access access)
{
    if (b->turning && at.v < BOX_RAM)
        box_turn(b, at, access.host_c);
    return access.host_c && !b->turning;
}

static uint8_t *box_map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct box *b = ctx;

    if (at.v >= BOX_RAM || box_inverts(b, at, access) || (write && b->watched[at.v / CB_PAGE_SIZE]))
        return NULL;
    return b->ram + (at.v & CB_PAGE_MASK);
}

static void box_read(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    struct box *b = ctx;
    const bool invert = box_inverts(b, at, access);
    uint8_t *p = to;

    memset(to, 0xff, len);
    for (unsigned n = 0; n < len && at.v + n < BOX_RAM; n++)
        p[n] = (uint8_t)(b->ram[at.v + n] ^ (invert ? 0xff : 0));
}

static void box_write(void *ctx, spa_t at, struct mc_access access, const void *from, unsigned len)
{
    struct box *b = ctx;
    const bool invert = box_inverts(b, at, access);
    const uint8_t *p = from;

    if (at.v + len > BOX_RAM)
        return;
    for (unsigned n = 0; n < len; n++)
        b->ram[at.v + n] = (uint8_t)(p[n] ^ (invert ? 0xff : 0));
    if (b->watched[at.v / CB_PAGE_SIZE]) {
        b->watched[at.v / CB_PAGE_SIZE] = false;
        x86_frame_written(b->cpu, spa(at.v & CB_PAGE_MASK));
    }
}

static void box_watch(void *ctx, spa_t at)
{
    struct box *b = ctx;

    if (at.v < BOX_RAM)
        b->watched[at.v / CB_PAGE_SIZE] = true;
}

static uint32_t box_in(void *ctx, uint16_t port, unsigned size)
{
    (void)ctx;
    (void)size;
    return port;
}

static void box_out(void *ctx, uint16_t port, uint32_t value, unsigned size)
{
    (void)ctx;
    (void)port;
    (void)value;
    (void)size;
}

static int box_ack(void *ctx)
{
    struct box *b = ctx;
    const int vector = b->interrupt;

    b->interrupt = -1;
    x86_set_intr(b->cpu, false);
    return vector;
}

static uint8_t box_tpr_read(void *ctx) { return ((struct box *)ctx)->cr8; }
static void box_tpr_write(void *ctx, uint8_t cr8) { ((struct box *)ctx)->cr8 = cr8; }
static uint64_t box_apic_base_read(void *ctx) { return ((struct box *)ctx)->apic_base; }

static bool box_apic_base_write(void *ctx, uint64_t value)
{
    ((struct box *)ctx)->apic_base = value;
    return !(value & 0x400); /* no x2APIC */
}

static uint64_t box_tsc(void *ctx) { return ((struct box *)ctx)->tsc; }

static bool box_random(void *ctx, uint64_t *out)
{
    *out = ((struct box *)ctx)->random;
    return !((struct box *)ctx)->no_random;
}

static void box_smee(void *ctx, bool on)
{
    assert_true(on);
    ((struct box *)ctx)->smee_changes++;
}

static void box_cache(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access)
{
    (void)access;
    ((struct box *)ctx)->cache_ops[op]++;
    ((struct box *)ctx)->flushed = line;
}

static void box_trace(void *ctx, const char *line)
{
    snprintf(((struct box *)ctx)->trace, sizeof(((struct box *)ctx)->trace), "%s", line);
}

static const struct x86_ops box_ops = {
    .map = box_map, .read = box_read, .write = box_write, .watch = box_watch,
    .in = box_in, .out = box_out, .intr_ack = box_ack, .tpr_read = box_tpr_read,
    .tpr_write = box_tpr_write, .apic_base_read = box_apic_base_read,
    .apic_base_write = box_apic_base_write, .tsc = box_tsc, .random = box_random,
    .smee_changed = box_smee, .cache = box_cache, .trace = box_trace, .trace_on = true,
};

void box_open(struct box *b, const char *profile)
{
    struct x86_config config = {.profile = x86_profile_find(profile), .ops = &box_ops, .ctx = b,
                                .no_jit = true};

    memset(b, 0, sizeof(*b));
    assert_non_null(config.profile);
    b->ram = calloc(1, BOX_RAM);
    assert_non_null(b->ram);
    b->interrupt = -1;
    b->apic_base = 0xfee00900;
    assert_int_equal(x86_new(&config, &b->cpu), CBIT_OK);
}

void box_close(struct box *b)
{
    x86_free(b->cpu);
    free(b->ram);
}

/* ---- memory ---- */

uint64_t box_get(const struct box *b, uint32_t at, unsigned len)
{
    uint8_t bytes[8] = {0};

    if (at > BOX_RAM - sizeof(bytes)) /* a stack that went astray */
        return UINT64_MAX;
    memcpy(bytes, b->ram + at, len);
    return cb_load_le64(bytes);
}

void box_put(struct box *b, uint32_t at, uint64_t value, unsigned len)
{
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    memcpy(b->ram + at, bytes, len);
}

void box_code(struct box *b, const void *code, size_t len)
{
    memset(b->ram + BOX_CODE, 0xf4, CB_PAGE_SIZE);
    memcpy(b->ram + BOX_CODE, code, len);
}

void box_descriptor(struct box *b, unsigned selector, uint32_t base, uint32_t limit, unsigned attr)
{
    const uint32_t at = BOX_GDT + (selector & 0xfff8u);

    if (attr & 0x800)
        limit >>= 12;
    box_put(b, at, (limit & 0xffff) | base << 16, 4);
    box_put(b, at + 4, (base >> 16 & 0xff) | (attr & 0xff) << 8 | (limit & 0xf0000) |
            (attr & 0xf00) << 12 | (base & 0xff000000), 4);
}

void box_gate(struct box *b, uint32_t at, uint16_t selector, uint64_t offset, unsigned type_attr,
              unsigned low5)
{
    box_put(b, at, (offset & 0xffff) | (uint32_t)selector << 16, 4);
    box_put(b, at + 4, low5 | type_attr << 8 | (offset & 0xffff0000), 4);
    if (b->mode >= BOX_LONG0)
        box_put(b, at + 8, offset >> 32, 8);
}

uint32_t box_idt(const struct box *b, unsigned vector)
{
    return BOX_IDT + vector * (b->mode >= BOX_LONG0 ? 16 : 8);
}

struct x86_seg box_segment(unsigned selector, uint64_t base, uint32_t limit, unsigned attr)
{
    return (struct x86_seg){.selector = (uint16_t)selector, .base = base, .limit = limit,
                            .attr = (uint16_t)attr};
}

/* ---- tables ---- */

static void make_gdt(struct box *b)
{
    static const struct { uint16_t selector, attr; uint32_t base, limit; } rows[] = {
        {SEL_CODE64, 0xa9b, 0, 0xffffffff},   {SEL_DATA, 0xc93, 0, 0xffffffff},
        {SEL_CODE32, 0xc9b, 0, 0xffffffff},   {SEL_CODE32_3, 0xcfb, 0, 0xffffffff},
        {SEL_DATA_3, 0xcf3, 0, 0xffffffff},   {SEL_CODE64_3, 0xafb, 0, 0xffffffff},
        {SEL_CODE16, 0x09b, 0, 0xffff},       {SEL_LDT, 0x082, BOX_LDT, 0xff},
        {SEL_CONFORMING, 0xc9f, 0, 0xffffffff}, {SEL_ABSENT, 0xc13, 0, 0xffffffff},
        {SEL_READ_ONLY, 0xc91, 0, 0xffffffff}, {SEL_EXEC_ONLY, 0xc99, 0, 0xffffffff},
        {SEL_TSS2, 0x089, BOX_TSS2, 0x67},    {SEL_SMALL, 0x093, BOX_DATA, 0xf},
        {SEL_CONFORMING64, 0xa9f, 0, 0xffffffff}, {SEL_CODE_ABSENT, 0xc1b, 0, 0xffffffff},
        {SEL_DATA_DOWN, 0x497, 0, 0xfff},     {SEL_DATA_1, 0xcb3, 0, 0xffffffff},
    };

    memset(b->ram + BOX_GDT, 0, 0x1000);
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++)
        box_descriptor(b, rows[n].selector, rows[n].base, rows[n].limit, rows[n].attr);
    box_descriptor(b, SEL_TSS, BOX_TSS, 0xfff, 0x089);
}

static void make_idt(struct box *b)
{
    const bool wide = b->mode >= BOX_LONG0;

    memset(b->ram + BOX_IDT, 0, 0x1000);
    memset(b->ram + BOX_HANDLERS, 0xf4, 0x1000);
    for (unsigned v = 0; v < 256; v++) {
        if (b->mode == BOX_REAL)
            box_put(b, BOX_IDT + v * 4, v * 16 | (uint32_t)(BOX_HANDLERS / 16) << 16, 4);
        else
            box_gate(b, box_idt(b, v), wide ? SEL_CODE64 : SEL_CODE32, BOX_HANDLERS + v * 16, 0x8e, 0);
    }
}

static void make_tss(struct box *b)
{
    memset(b->ram + BOX_TSS, 0, 0x1000);
    if (b->mode >= BOX_LONG0) {
        box_put(b, BOX_TSS + 4, BOX_STACK0, 8);
        box_put(b, BOX_TSS + 0x24, BOX_IST, 8);
    } else {
        box_put(b, BOX_TSS + 4, BOX_STACK0, 4);
        box_put(b, BOX_TSS + 8, SEL_DATA, 4);
        box_put(b, BOX_TSS + 0xc, BOX_STACK0, 4);
        box_put(b, BOX_TSS + 0x10, SEL_DATA_1 | 1, 4);
    }
    box_put(b, BOX_TSS + 0x66, 0x68, 2);
}

static void make_page_tables(struct box *b)
{
    box_put(b, BOX_PML4, BOX_PDPT | 7, 8);
    box_put(b, BOX_PDPT, BOX_PD | 7, 8);
    box_put(b, BOX_PD, BOX_PT | 7, 8);
    box_put(b, BOX_PD + 8, 0x200000 | 0x87, 8);
    for (uint32_t n = 0; n < 512; n++)
        box_put(b, BOX_PT + n * 8, n * 0x1000 | 7, 8);
}

/* ---- registers ---- */

static void flat_segments(struct x86_regs *r, unsigned code, unsigned code_attr, unsigned data,
                          unsigned data_attr)
{
    for (unsigned n = X86_ES; n <= X86_GS; n++)
        r->seg[n] = box_segment(data, 0, 0xffffffff, data_attr);
    r->seg[X86_CS] = box_segment(code, 0, 0xffffffff, code_attr);
}

static void real_segments(struct x86_regs *r, unsigned attr)
{
    for (unsigned n = X86_ES; n <= X86_GS; n++)
        r->seg[n] = box_segment(BOX_DATA / 16, BOX_DATA, 0xffff, attr);
    r->seg[X86_CS] = box_segment(BOX_CODE / 16, BOX_CODE, 0xffff, attr);
    r->seg[X86_SS] = box_segment(0xa00, 0xa000, 0xffff, attr);
    r->gpr[4] = 0x1000;
    r->rip = 0;
}

void box_set_mode(struct box *b, enum box_mode mode)
{
    struct x86_regs *r = &b->regs;
    const bool wide = mode >= BOX_LONG0;

    b->mode = mode;
    make_gdt(b);
    make_idt(b);
    make_tss(b);
    make_page_tables(b);
    x86_reset(b->cpu);
    x86_get_regs(b->cpu, r);
    r->gdtr = (struct x86_table){.base = BOX_GDT, .limit = 0xff};
    r->idtr = (struct x86_table){.base = BOX_IDT, .limit = 0xfff};
    r->seg[X86_TR] = box_segment(SEL_TSS, BOX_TSS, 0xfff, 0x8b);
    r->seg[X86_LDTR] = box_segment(0, 0, 0, 0);
    r->rflags = 2;
    r->gpr[2] = 0;
    r->gpr[4] = BOX_STACK0 - 0x800;
    r->rip = BOX_CODE;
    r->cr0 = mode == BOX_REAL ? 0x10 : 0x11;
    if (wide) {
        r->cr0 = 0x80000011;
        r->cr3 = BOX_PML4;
        r->cr4 = 0x20;
        r->efer = 0x501; /* LMA, LME, SCE */
    }
    switch (mode) {
    case BOX_REAL: real_segments(r, 0x93); break;
    case BOX_V86: real_segments(r, 0xf3); r->rflags |= 0x20000; break;
    case BOX_PROT0: flat_segments(r, SEL_CODE32, 0xc9b, SEL_DATA, 0xc93); break;
    case BOX_PROT3: flat_segments(r, SEL_CODE32_3 | 3, 0xcfb, SEL_DATA_3 | 3, 0xcf3); break;
    case BOX_LONG0: flat_segments(r, SEL_CODE64, 0xa9b, SEL_DATA, 0xc93); break;
    case BOX_LONG3: flat_segments(r, SEL_CODE64_3 | 3, 0xafb, SEL_DATA_3 | 3, 0xcf3); break;
    case BOX_COMPAT3: flat_segments(r, SEL_CODE32_3 | 3, 0xcfb, SEL_DATA_3 | 3, 0xcf3); break;
    }
    if (mode == BOX_PROT3 || mode == BOX_LONG3 || mode == BOX_COMPAT3)
        r->gpr[4] = BOX_STACK3;
}

/* ---- running ---- */

static bool has_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

struct box_end box_more(struct box *b, unsigned n)
{
    struct box_end e = {.vector = -1};
    uint64_t done, at;

    e.stop = x86_run(b->cpu, n, &done);
    x86_get_regs(b->cpu, &e.regs);
    at = e.regs.rip + e.regs.seg[X86_CS].base;
    if (at >= BOX_HANDLERS && at < BOX_HANDLERS + 0x1000) {
        e.vector = (int)((at - BOX_HANDLERS) / 16);
        if (b->mode != BOX_REAL && has_code((unsigned)e.vector))
            e.code = (uint32_t)box_get(b, (uint32_t)(e.regs.seg[X86_SS].base + e.regs.gpr[4]), 4);
    }
    return e;
}

struct box_end box_run(struct box *b, unsigned n)
{
    for (uint64_t frame = 0; frame < BOX_RAM; frame += CB_PAGE_SIZE) {
        b->watched[frame / CB_PAGE_SIZE] = false;
        x86_frame_turned(b->cpu, spa(frame));
    }
    x86_set_regs(b->cpu, &b->regs);
    return box_more(b, n);
}
