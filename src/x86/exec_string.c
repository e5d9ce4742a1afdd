/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String instructions and port I/O.
 *
 * A repeated one works in chunks.  Each iteration costs one of the budget; the
 * block's entry has paid for the first.  Registers are right after every chunk,
 * so a fault, or a budget at its end, leaves them at the iteration that comes
 * next, with RIP at the instruction.  Chunks of more than one element use host
 * pointers (x86_bulk), upwards and in 64-bit mode only.
 */
#include <Zydis/Zydis.h>

#include "x86/alu.h"
#include "x86/flow.h"
#include "x86/mem.h"
#include "x86/regs.h"
#include "x86/svm/guest.h"
#include "x86/sys.h"

/* ---- elements ---- */

static inline unsigned address_width(const struct x86_insn *i)
{
    return i->flags & X86_IF_ADDR16 ? 2 : i->flags & X86_IF_ADDR32 ? 4 : 8;
}

static uint64_t load(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    switch (i->width) {
    case 1: return x86_read8(cpu, i, at);
    case 2: return x86_read16(cpu, i, at);
    case 4: return x86_read32(cpu, i, at);
    default: return x86_read64(cpu, i, at);
    }
}

static void store(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t v)
{
    switch (i->width) {
    case 1: x86_write8(cpu, i, at, (uint8_t)v); break;
    case 2: x86_write16(cpu, i, at, (uint16_t)v); break;
    case 4: x86_write32(cpu, i, at, (uint32_t)v); break;
    default: x86_write64(cpu, i, at, v); break;
    }
}

static void compare(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t a, uint64_t b)
{
    switch (i->width) {
    case 1: x86_alu_cmp8((uint8_t)a, (uint8_t)b, &cpu->cc); break;
    case 2: x86_alu_cmp16((uint16_t)a, (uint16_t)b, &cpu->cc); break;
    case 4: x86_alu_cmp32((uint32_t)a, (uint32_t)b, &cpu->cc); break;
    default: x86_alu_cmp64(a, b, &cpu->cc); break;
    }
}

static uint64_t source(struct x86_cpu *cpu, const struct x86_insn *i)
{
    return x86_seg_ea(cpu, i, i->seg, x86_get(cpu, X86_RSI, address_width(i)), i->width, false);
}

/* The destination is always in ES. */
static uint64_t destination(struct x86_cpu *cpu, const struct x86_insn *i, bool write)
{
    return x86_seg_ea(cpu, i, X86_ES, x86_get(cpu, X86_RDI, address_width(i)), i->width, write);
}

static void advance(struct x86_cpu *cpu, const struct x86_insn *i, unsigned reg, uint64_t n)
{
    const unsigned width = address_width(i);
    const uint64_t by = n * i->width;

    x86_set(cpu, reg, width, cpu->r[reg] + (cpu->df ? (uint64_t)0 - by : by));
}

/* ---- host pointers ---- */

static bool may_use_bulk(const struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    return n > 1 && cpu->mode == X86_MODE_64 && !cpu->df && address_width(i) == 8;
}

/* Elements that lie at *out; 0: go by element. */
static uint64_t bulk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t n,
                     bool write, uint8_t **out)
{
    const uint64_t bytes = n < CB_PAGE_SIZE ? n * i->width : CB_PAGE_SIZE;

    return x86_bulk(cpu, i, at, bytes, write, out) / i->width;
}

/* ---- one chunk: how many elements (of at most n > 0), with STOP if the condition ends it ---- */

#define STOP (UINT64_C(1) << 63)

typedef uint64_t chunk_fn(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n);

static uint64_t movs_bulk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint64_t from = source(cpu, i), to = destination(cpu, i, true);
    uint8_t *d, *s;

    n = bulk(cpu, i, from, n, false, &s);
    if (n)
        n = bulk(cpu, i, to, n, true, &d);
    if (n == 0)
        return 0;
    /* Through two mappings of one frame either access may turn it: one element at a time. */
    if ((((uintptr_t)d ^ (uintptr_t)s) & CB_PAGE_MASK) == 0 && (from ^ to) & CB_PAGE_MASK)
        return 0;
    if (d > s && d < s + n * i->width)
        return 0; /* each element is read after the one before was written */
    memmove(d, s, n * i->width);
    return n;
}

static uint64_t movs_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    uint64_t done = 0;

    x86_at(cpu, i);
    if (may_use_bulk(cpu, i, n))
        done = movs_bulk(cpu, i, n);
    if (done == 0) {
        const uint64_t v = load(cpu, i, source(cpu, i));

        store(cpu, i, destination(cpu, i, true), v);
        done = 1;
    }
    advance(cpu, i, X86_RSI, done);
    advance(cpu, i, X86_RDI, done);
    return done;
}

static void fill(uint8_t *to, uint64_t v, unsigned width, uint64_t n)
{
    if (width == 1 || (width == 8 && v == 0)) {
        memset(to, (int)(v & 0xff), n * width);
        return;
    }
    for (; n > 0; n--, to += width)
        memcpy(to, &v, width);
}

static uint64_t stos_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint64_t v = cpu->r[X86_RAX], at = destination(cpu, i, true);
    uint8_t *to;
    uint64_t done = 0;

    x86_at(cpu, i);
    if (may_use_bulk(cpu, i, n))
        done = bulk(cpu, i, at, n, true, &to);
    if (done)
        fill(to, v, i->width, done);
    else
        store(cpu, i, at, v), done = 1;
    advance(cpu, i, X86_RDI, done);
    return done;
}

static uint64_t lods_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint64_t v = load(cpu, i, source(cpu, i));

    (void)n;
    x86_set(cpu, X86_RAX, i->width, v);
    advance(cpu, i, X86_RSI, 1);
    return 1;
}

/* Does the repetition end at this comparison? */
static bool condition_ends(const struct x86_insn *i, bool equal)
{
    return equal ? i->flags & X86_IF_REPNE : i->flags & X86_IF_REP;
}

static uint64_t element(const uint8_t *at, unsigned width)
{
    uint64_t v = 0;

    memcpy(&v, at, width);
    return v;
}

/* How many elements it takes to meet the condition, or n; the flags are of the last one. */
static uint64_t scan(struct x86_cpu *cpu, const struct x86_insn *i, const uint8_t *s, uint64_t n)
{
    const uint64_t v = x86_get(cpu, X86_RAX, i->width);
    uint64_t k = 0, e;

    do {
        e = element(s + k * i->width, i->width);
        k++;
    } while (k < n && !condition_ends(i, e == v));
    compare(cpu, i, v, e);
    return condition_ends(i, e == v) ? k | STOP : k;
}

static uint64_t scas_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint64_t at = destination(cpu, i, false);
    uint8_t *s;
    uint64_t done = 0, v;

    x86_at(cpu, i);
    if (may_use_bulk(cpu, i, n))
        done = bulk(cpu, i, at, n, false, &s);
    if (done) {
        done = scan(cpu, i, s, done);
    } else {
        v = load(cpu, i, at);
        compare(cpu, i, cpu->r[X86_RAX], v);
        done = 1 | (condition_ends(i, cpu->cc & X86_CC_Z) ? STOP : 0);
    }
    advance(cpu, i, X86_RDI, done & ~STOP);
    return done;
}

static uint64_t match(struct x86_cpu *cpu, const struct x86_insn *i, const uint8_t *a,
                      const uint8_t *b, uint64_t n)
{
    uint64_t k = 0, x, y;

    do {
        x = element(a + k * i->width, i->width);
        y = element(b + k * i->width, i->width);
        k++;
    } while (k < n && !condition_ends(i, x == y));
    compare(cpu, i, x, y);
    return condition_ends(i, x == y) ? k | STOP : k;
}

static uint64_t cmps_bulk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint64_t from = source(cpu, i), to = destination(cpu, i, false);
    uint8_t *a, *b;

    n = bulk(cpu, i, to, n, false, &b); /* processors look there first */
    if (n)
        n = bulk(cpu, i, from, n, false, &a);
    if (n == 0 || ((((uintptr_t)a ^ (uintptr_t)b) & CB_PAGE_MASK) == 0 &&
                   (from ^ to) & CB_PAGE_MASK))
        return 0;
    return match(cpu, i, a, b, n);
}

static uint64_t cmps_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    uint64_t done = 0, x, y;

    x86_at(cpu, i);
    if (may_use_bulk(cpu, i, n))
        done = cmps_bulk(cpu, i, n);
    if (!done) {
        y = load(cpu, i, destination(cpu, i, false));
        x = load(cpu, i, source(cpu, i));
        compare(cpu, i, x, y);
        done = 1 | (condition_ends(i, cpu->cc & X86_CC_Z) ? STOP : 0);
    }
    advance(cpu, i, X86_RSI, done & ~STOP);
    advance(cpu, i, X86_RDI, done & ~STOP);
    return done;
}

/* ---- ports ---- */

/* kind: VMCB_IOIO_IN, VMCB_IOIO_STRING */
static void check_port(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t port, unsigned kind)
{
    x86_at(cpu, i);
    if (!x86_io_allowed(cpu, i, port, i->width))
        x86_gp0(cpu, i);
    if (CB_UNLIKELY(cpu->svm.guest))
        x86_svm_port(cpu, i, port, kind);
}

static uint64_t port_in_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint16_t port = (uint16_t)cpu->r[X86_RDX];
    const uint64_t at = destination(cpu, i, true);

    (void)n;
    x86_probe(cpu, i, at, i->width, true); /* a fault must not have read the port */
    store(cpu, i, at, cpu->ops->in(cpu->ctx, port, i->width));
    advance(cpu, i, X86_RDI, 1);
    return 1;
}

static uint64_t port_out_chunk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t n)
{
    const uint16_t port = (uint16_t)cpu->r[X86_RDX];
    const uint64_t v = load(cpu, i, source(cpu, i));

    (void)n;
    x86_at(cpu, i);
    advance(cpu, i, X86_RSI, 1);
    cpu->ops->out(cpu->ctx, port, (uint32_t)v, i->width);
    return 1;
}

static uint16_t port_of(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    return i->src2 == 1 ? (uint16_t)cpu->r[X86_RDX] : (uint8_t)i->imm;
}

static void in(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t port = port_of(cpu, i);

    check_port(cpu, i, port, VMCB_IOIO_IN);
    x86_set(cpu, X86_RAX, i->width, cpu->ops->in(cpu->ctx, port, i->width));
    X86_NEXT(cpu, i);
}

static void out(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint16_t port = port_of(cpu, i);

    check_port(cpu, i, port, 0);
    cpu->ops->out(cpu->ctx, port, (uint32_t)x86_get(cpu, X86_RAX, i->width), i->width);
    X86_NEXT(cpu, i);
}

/* ---- repetition ---- */

/* False: the budget ends first, RCX says what is left. */
static __attribute__((noinline)) bool repeat(struct x86_cpu *cpu, const struct x86_insn *i,
                                             chunk_fn *chunk)
{
    const unsigned width = address_width(i);
    const uint32_t before = cpu->cc;

    for (bool first = true;; first = false) {
        const uint64_t count = x86_get(cpu, X86_RCX, width);
        uint64_t n;

        if (count == 0)
            return true;
        if (!first && cpu->budget <= 0)
            return false;
        cpu->budget -= !first;
        n = cpu->budget > 0 ? (uint64_t)cpu->budget + 1 : 1;
        cpu->cc = before; /* a fault shows the flags as they were at first */
        n = chunk(cpu, i, n < count ? n : count);
        x86_set(cpu, X86_RCX, width, count - (n & ~STOP));
        cpu->budget -= (int64_t)(n & ~STOP) - 1;
        if (n & STOP)
            return true;
    }
}

static inline void after_repeat(struct x86_cpu *cpu, const struct x86_insn *i, bool finished)
{
    if (!finished)
        x86_leave_to(cpu, x86_insn_rip(cpu, i), 0);
    else if (cpu->mode == X86_MODE_64)
        x86_jump_to(cpu, x86_next_rip(cpu, i), 0);
    else
        x86_leave_to(cpu, x86_next_rip(cpu, i), 0);
}

/* ends_block() in decode.c: a repeated one is the last of its block. */
#define STRING(op)                                                          \
    static void op(struct x86_cpu *cpu, const struct x86_insn *i)           \
    {                                                                       \
        if (i->flags & (X86_IF_REP | X86_IF_REPNE)) {                       \
            after_repeat(cpu, i, repeat(cpu, i, op##_chunk));               \
        } else {                                                            \
            op##_chunk(cpu, i, 1);                                          \
            X86_NEXT(cpu, i);                                               \
        }                                                                   \
    }

STRING(movs)
STRING(stos)
STRING(lods)
STRING(scas)
STRING(cmps)
STRING(port_in)
STRING(port_out)

/* The port is checked even if the count is 0. */
static void ins(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_port(cpu, i, (uint16_t)cpu->r[X86_RDX], VMCB_IOIO_IN | VMCB_IOIO_STRING);
    port_in(cpu, i);
}

static void outs(struct x86_cpu *cpu, const struct x86_insn *i)
{
    check_port(cpu, i, (uint16_t)cpu->r[X86_RDX], VMCB_IOIO_STRING);
    port_out(cpu, i);
}

/* ---- rows ---- */

#define ROW(NAME, fn) {.mnemonic = ZYDIS_MNEMONIC_##NAME, .form = X86_FORM_STRING, .reg = {fn}}

static const struct x86_op rows[] = {
    ROW(MOVSB, movs), ROW(MOVSW, movs), ROW(MOVSD, movs), ROW(MOVSQ, movs),
    ROW(STOSB, stos), ROW(STOSW, stos), ROW(STOSD, stos), ROW(STOSQ, stos),
    ROW(LODSB, lods), ROW(LODSW, lods), ROW(LODSD, lods), ROW(LODSQ, lods),
    ROW(SCASB, scas), ROW(SCASW, scas), ROW(SCASD, scas), ROW(SCASQ, scas),
    ROW(CMPSB, cmps), ROW(CMPSW, cmps), ROW(CMPSD, cmps), ROW(CMPSQ, cmps),
    ROW(INSB, ins), ROW(INSW, ins), ROW(INSD, ins),
    ROW(OUTSB, outs), ROW(OUTSW, outs), ROW(OUTSD, outs),
    {.mnemonic = ZYDIS_MNEMONIC_IN, .form = X86_FORM_IO, .reg = {in}},
    {.mnemonic = ZYDIS_MNEMONIC_OUT, .form = X86_FORM_IO, .reg = {out}},
};

const struct x86_op_table x86_ops_string = {rows, CB_ARRAY_LEN(rows)};
