/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block cache: pages of decoded code by frame, blocks by offset, the jump
 * cache by linear address.
 *
 * Memory comes from one arena; when it is full everything is forgotten.  A
 * frame with blocks is watched (ops->watch), so that every write to it, by
 * whoever, ends up in x86_blocks_drop_frame().  Frames that cannot be mapped
 * (devices, frames served eagerly) give blocks that serve once.
 */
#include "x86/block.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "x86/flow.h"
#include "x86/mem.h"
#include "x86/svm/guest.h"
#include "x86/sys.h"

#define ARENA_BYTES ((size_t)96 << 20)
#define N_FRAMES 4096u  /* heads of the hash by frame */
#define N_OFFSETS 64u   /* heads in a page */
#define MAX_BLOCK_BYTES (sizeof(struct x86_block) + X86_DECODED_INSNS * sizeof(struct x86_insn) + \
                         X86_BLOCK_INSNS * 16)

struct x86_code_page {
    struct x86_code_page *next; /* same head of the frame hash */
    spa_t frame;
    struct mc_access access;
    uint32_t key;
    bool watched;
    struct x86_block *by_offset[N_OFFSETS];
    struct x86_block *crossing; /* of other pages: their first instruction ends in this frame */
};

struct x86_block_cache {
    struct x86_code_page *frames[N_FRAMES];
    struct x86_code_page *last;
    uint8_t *arena;
    size_t used;
    struct x86_decoder *decoder;
    struct x86_fast *fast;
    uint64_t epoch; /* ++ when everything is forgotten */
    struct x86_insn insns[X86_DECODED_INSNS];
    struct x86_block *once; /* room for a block that is not kept */
};

/* ---- life ---- */

enum cbit_status x86_blocks_new(struct x86_cpu *cpu)
{
    struct x86_block_cache *c = calloc(1, sizeof(*c));

    if (!c)
        return CBIT_NO_MEMORY;
    cpu->blocks = c;
    cpu->jumps = calloc(X86_JUMPS, sizeof(*cpu->jumps));
    c->decoder = x86_decoder_new(cpu);
    c->fast = x86_fast_new();
    c->once = malloc(MAX_BLOCK_BYTES);
    c->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (c->arena == MAP_FAILED)
        c->arena = NULL;
    if (cpu->jumps && c->decoder && c->fast && c->once && c->arena) {
        x86_blocks_forget(cpu);
        return CBIT_OK;
    }
    x86_blocks_free(cpu);
    return CBIT_NO_MEMORY;
}

void x86_blocks_free(struct x86_cpu *cpu)
{
    struct x86_block_cache *c = cpu->blocks;

    if (!c)
        return;
    if (c->arena)
        munmap(c->arena, ARENA_BYTES);
    x86_decoder_free(c->decoder);
    x86_fast_free(c->fast);
    free(c->once);
    free(cpu->jumps);
    free(c);
    cpu->jumps = NULL;
    cpu->blocks = NULL;
}

static void forget_jumps(struct x86_cpu *cpu)
{
    for (unsigned k = 0; k < X86_JUMPS; k++)
        cpu->jumps[k] = (struct x86_jump){.at = 1, .key = UINT64_MAX};
}

void x86_blocks_forget(struct x86_cpu *cpu)
{
    struct x86_block_cache *c = cpu->blocks;

    memset(c->frames, 0, sizeof(c->frames));
    c->last = NULL;
    c->used = 0;
    c->epoch++;
    cpu->block = NULL;
    forget_jumps(cpu);
}

/* NULL: full. */
static void *arena_take(struct x86_block_cache *c, size_t len)
{
    uint8_t *at = c->arena + c->used;

    len = (len + 63) & ~(size_t)63;
    if (len > ARENA_BYTES - c->used)
        return NULL;
    c->used += len;
    return at;
}

/* ---- pages ---- */

static unsigned frame_head(spa_t frame)
{
    const uint64_t n = frame.v >> CB_PAGE_SHIFT;

    return (unsigned)((n ^ n >> 12) & (N_FRAMES - 1));
}

uint32_t x86_code_key(const struct x86_cpu *cpu)
{
    uint32_t key = cpu->mode;

    key |= (uint32_t)cpu->stack32 << 3 | (uint32_t)cpu->stack64 << 4;
    key |= (uint32_t)(cpu->cpl == 0) << 5 | (uint32_t)(cpu->cpl == 3) << 6;
    return key | (uint32_t)cpu->svm.guest << 7;
}

static bool same_access(struct mc_access a, struct mc_access b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static struct x86_code_page *page_new(struct x86_cpu *cpu, spa_t frame, struct mc_access access,
                                      uint32_t key)
{
    struct x86_block_cache *c = cpu->blocks;
    struct x86_code_page **head = &c->frames[frame_head(frame)];
    struct x86_code_page *p = arena_take(c, sizeof(*p));

    if (!p)
        return NULL;
    memset(p, 0, sizeof(*p));
    p->next = *head;
    p->frame = frame;
    p->access = access;
    p->key = key;
    *head = p;
    return p;
}

static struct x86_code_page *page_get(struct x86_cpu *cpu, spa_t frame, struct mc_access access,
                                      uint32_t key)
{
    struct x86_block_cache *c = cpu->blocks;
    struct x86_code_page *p = c->last;

    if (p && p->frame.v == frame.v && p->key == key && same_access(p->access, access))
        return p;
    for (p = c->frames[frame_head(frame)]; p; p = p->next)
        if (p->frame.v == frame.v && p->key == key && same_access(p->access, access))
            break;
    if (!p)
        p = page_new(cpu, frame, access, key);
    c->last = p;
    return p;
}

static void page_watch(struct x86_cpu *cpu, struct x86_code_page *p)
{
    if (p->watched)
        return;
    x86_tlb_drop_write(cpu, p->frame);
    if (cpu->ops->watch)
        cpu->ops->watch(cpu->ctx, p->frame);
    p->watched = true;
}

/* ---- staleness ---- */

static void block_make_stale(struct x86_cpu *cpu, struct x86_block *b)
{
    if (b == cpu->block && !b->torn) { /* it may be running: no handler of it may follow */
        for (unsigned k = 0; k < b->n_insns; k++)
            b->insn[k].fn = x86_exec_stale;
        b->torn = true;
    }
    if (b->stale)
        return;
    b->first_fn = b->insn[0].fn;
    b->insn[0].fn = x86_exec_stale;
    b->stale = true;
}

static void page_make_stale(struct x86_cpu *cpu, struct x86_code_page *p)
{
    p->watched = false;
    for (unsigned k = 0; k < N_OFFSETS; k++)
        for (struct x86_block *b = p->by_offset[k]; b; b = b->next)
            block_make_stale(cpu, b);
    for (struct x86_block *b = p->crossing; b; b = b->next_crossing)
        block_make_stale(cpu, b);
}

void x86_blocks_drop_frame(struct x86_cpu *cpu, spa_t frame)
{
    for (struct x86_code_page *p = cpu->blocks->frames[frame_head(frame)]; p; p = p->next)
        if (p->frame.v == frame.v)
            page_make_stale(cpu, p);
}

/* ---- decoding a block ---- */

/* The code segment's end, outside 64-bit mode; how many bytes from rip on lie before it. */
static uint64_t bytes_to_limit(const struct x86_cpu *cpu, uint64_t rip)
{
    if (cpu->mode == X86_MODE_64)
        return UINT64_MAX;
    return rip > cpu->seg[X86_CS].limit ? 0 : (uint64_t)cpu->seg[X86_CS].limit - rip + 1;
}

static void fetch_fault(struct x86_cpu *cpu, uint64_t cr2, uint32_t code)
{
    if (code == X86_FETCH_GP)
        x86_fault_code(cpu, NULL, X86_GP, 0);
    if (code == X86_NESTED_FAULT)
        x86_svm_npf(cpu, NULL);
    x86_page_fault(cpu, NULL, cr2, code);
}

/* Where decoding stands. */
struct reading {
    uint64_t at;        /* linear address of the block */
    uint64_t to_page;   /* bytes to the page's end */
    uint64_t to_limit;  /* bytes to CS's limit */
    unsigned max;       /* instructions */
    bool crosses;
    spa_t frame, frame2;
    struct mc_access access, access2;
};

/* The first instruction: here its fetch faults are raised. */
static enum x86_decode_result decode_first(struct x86_cpu *cpu, struct reading *r,
                                           struct x86_decoded *out)
{
    struct x86_fetch f;
    enum x86_decode_result result;
    unsigned n;
    uint32_t code;

    x86_fetch_bytes(cpu, r->at, &f);
    n = f.n > r->to_limit ? (unsigned)r->to_limit : f.n;
    result = n ? x86_decode(cpu->blocks->decoder, cpu, f.bytes, n, out) : X86_DECODE_SHORT;
    if (result == X86_DECODE_LONG || (result == X86_DECODE_SHORT && n < f.n))
        x86_fault_code(cpu, NULL, X86_GP, 0);
    if (result == X86_DECODE_SHORT)
        fetch_fault(cpu, f.fault_cr2, f.fault_code);
    r->frame = f.frame;
    r->access = f.access;
    r->crosses = out->bytes > r->to_page;
    if (r->crosses && !x86_fetch_page(cpu, r->at + r->to_page, &r->frame2, &r->access2, &code))
        fetch_fault(cpu, r->at + r->to_page, code);
    return result;
}

/* The others lie in the page altogether, or do not belong to the block. */
static enum x86_decode_result decode_next(struct x86_cpu *cpu, struct reading *r,
                                          struct x86_decoded *out)
{
    struct x86_fetch f;
    uint64_t n;
    enum x86_decode_result result;

    if (out->bytes >= r->to_page)
        return X86_DECODE_SHORT;
    x86_fetch_bytes(cpu, r->at + out->bytes, &f);
    n = f.n;
    if (n > r->to_page - out->bytes)
        n = r->to_page - out->bytes;
    if (n > r->to_limit - out->bytes)
        n = r->to_limit - out->bytes;
    result = n ? x86_decode(cpu->blocks->decoder, cpu, f.bytes, (unsigned)n, out)
               : X86_DECODE_SHORT;
    return result == X86_DECODE_LONG ? X86_DECODE_SHORT : result;
}

/* Not the bytes that the decoder looked at beyond the last instruction. */
static void tell_fetched(struct x86_cpu *cpu, const struct reading *r, const struct x86_decoded *d)
{
    const uint64_t first = d->bytes < r->to_page ? d->bytes : r->to_page;
    const spa_t at = spa((r->frame.v & CB_PAGE_MASK) | (r->at & ~CB_PAGE_MASK));

    if (!cpu->ops->fetched || d->bytes == 0)
        return;
    cpu->reached = r->at;
    cpu->ops->fetched(cpu->ctx, at, r->access, (unsigned)first);
    cpu->reached = r->at + r->to_page;
    if (r->crosses)
        cpu->ops->fetched(cpu->ctx, spa(r->frame2.v & CB_PAGE_MASK), r->access2,
                          (unsigned)(d->bytes - first));
}

static void decode_block(struct x86_cpu *cpu, struct reading *r, struct x86_decoded *out)
{
    enum x86_decode_result result = decode_first(cpu, r, out);

    while (result == X86_DECODE_MORE && out->n < r->max && !r->crosses &&
           !(cpu->n_breaks && x86_break_at(cpu, r->at + out->bytes)))
        result = decode_next(cpu, r, out);
    if (result != X86_DECODE_END) {
        struct x86_insn *mark = &out->insn[out->n_insns++];

        *mark = (struct x86_insn){.fn = x86_exec_fall_out, .off = (uint16_t)out->bytes};
    }
    tell_fetched(cpu, r, out);
}

/* What each instruction gives back when the block is left in front of it. */
static void count_left(struct x86_decoded *d)
{
    unsigned left = 0;

    for (unsigned k = d->n_insns; k-- > 0;) {
        struct x86_insn *i = &d->insn[k];
        const bool gate = k + 1 < d->n_insns && d->insn[k + 1].off == i->off && i->len != 0;

        left += i->len != 0 && !gate;
        i->left = (uint16_t)left;
    }
}

static void block_fill(struct x86_cpu *cpu, struct x86_block *b, const struct x86_decoded *d,
                       const struct reading *r)
{
    *b = (struct x86_block){.n = d->n, .n_insns = (uint16_t)d->n_insns,
                            .bytes = (uint16_t)d->bytes, .offset = r->at & (CB_PAGE_SIZE - 1),
                            .crosses = r->crosses, .frame2 = r->frame2};
    memcpy(b->insn, d->insn, d->n_insns * sizeof(d->insn[0]));
    x86_make_fast(cpu->blocks->fast, cpu, b->insn, d->n_insns, b->offset);
    cpu->stats.blocks_decoded++;
}

/* The bytes of the page as they are now; false: not all can be mapped. */
static bool page_bytes(struct x86_cpu *cpu, const struct x86_code_page *p, uint64_t offset,
                       uint8_t *to, uint64_t len)
{
    const uint8_t *host = cpu->ops->map(cpu->ctx, p->frame, p->access, false);

    if (!host)
        return false;
    memcpy(to, host + offset, len);
    return true;
}

static bool block_bytes(struct x86_cpu *cpu, const struct x86_block *b,
                        const struct x86_code_page *p, const struct x86_code_page *p2, uint8_t *to)
{
    const uint64_t first = b->crosses ? CB_PAGE_SIZE - b->offset : b->bytes;

    return page_bytes(cpu, p, b->offset, to, first) &&
           (!b->crosses || page_bytes(cpu, p2, 0, to + first, b->bytes - first));
}

/* ---- keeping and finding ---- */

/* One instruction: it may overwrite what follows, and nobody would notice. */
static struct x86_block *decode_once(struct x86_cpu *cpu, uint64_t at)
{
    struct x86_block_cache *c = cpu->blocks;
    struct x86_decoded d = {.insn = c->insns};
    struct reading r = {.at = at, .to_page = CB_PAGE_SIZE - (at & (CB_PAGE_SIZE - 1)),
                        .to_limit = bytes_to_limit(cpu, cpu->rip), .max = 1};

    decode_block(cpu, &r, &d);
    count_left(&d);
    block_fill(cpu, c->once, &d, &r);
    c->once->offset = CB_PAGE_SIZE; /* nobody links to it */
    return c->once;
}

static struct x86_block *block_keep(struct x86_cpu *cpu, struct x86_code_page *p,
                                    const struct x86_decoded *d, const struct reading *r)
{
    struct x86_block_cache *c = cpu->blocks;
    const size_t insns = d->n_insns * sizeof(struct x86_insn);
    struct x86_code_page *p2 = NULL;
    struct x86_block *b = arena_take(c, sizeof(*b) + insns + d->bytes);

    if (b && r->crosses)
        p2 = page_get(cpu, r->frame2, r->access2, p->key);
    if (!b || (r->crosses && !p2))
        return NULL;
    block_fill(cpu, b, d, r);
    b->page = p;
    b->code = (uint8_t *)b->insn + insns;
    page_watch(cpu, p);
    if (p2)
        page_watch(cpu, p2);
    if (!block_bytes(cpu, b, p, p2, (uint8_t *)b->insn + insns))
        return NULL;
    b->next = p->by_offset[b->offset % N_OFFSETS];
    p->by_offset[b->offset % N_OFFSETS] = b;
    if (p2) {
        b->next_crossing = p2->crossing;
        p2->crossing = b;
    }
    return b;
}

static struct x86_block *block_make(struct x86_cpu *cpu, struct x86_code_page *p, uint64_t at)
{
    struct x86_decoded d = {.insn = cpu->blocks->insns};
    struct reading r = {.at = at, .to_page = CB_PAGE_SIZE - (at & (CB_PAGE_SIZE - 1)),
                        .to_limit = bytes_to_limit(cpu, cpu->rip), .max = X86_BLOCK_INSNS};

    decode_block(cpu, &r, &d);
    count_left(&d);
    return block_keep(cpu, p, &d, &r);
}

static void block_unlink(struct x86_code_page *p, struct x86_block *b)
{
    struct x86_block **link = &p->by_offset[b->offset % N_OFFSETS];

    while (*link != b)
        link = &(*link)->next;
    b->dead = true;
    *link = b->next; /* stays on the crossing list, if it is on one: already stale */
}

/* A stale block again: true if it still says what memory says. */
static bool block_revive(struct x86_cpu *cpu, struct x86_code_page *p, struct x86_block *b)
{
    uint8_t now[X86_BLOCK_INSNS * 16];

    if (b->torn || b->crosses)
        return false;
    page_watch(cpu, p);
    if (!block_bytes(cpu, b, p, NULL, now) || memcmp(now, b->code, b->bytes) != 0)
        return false;
    b->insn[0].fn = b->first_fn;
    b->stale = false;
    return true;
}

static struct x86_block *block_find(struct x86_cpu *cpu, struct x86_code_page *p, uint64_t at)
{
    const uint64_t offset = at & (CB_PAGE_SIZE - 1);

    for (struct x86_block *b = p->by_offset[offset % N_OFFSETS]; b; b = b->next) {
        if (b->offset != offset)
            continue;
        if (b->stale && !block_revive(cpu, p, b)) {
            block_unlink(p, b);
            return NULL;
        }
        if (b->crosses) {
            struct mc_access access;
            spa_t frame;
            uint32_t code;

            if (!x86_fetch_page(cpu, (at | (CB_PAGE_SIZE - 1)) + 1, &frame, &access, &code) ||
                frame.v != b->frame2.v || !same_access(access, p->access)) {
                block_unlink(p, b);
                return NULL;
            }
        }
        return b;
    }
    return NULL;
}

static bool within_limit(const struct x86_cpu *cpu, const struct x86_block *b)
{
    return b->bytes <= bytes_to_limit(cpu, cpu->rip);
}

static struct x86_block *block_at(struct x86_cpu *cpu, uint64_t at)
{
    const uint32_t key = x86_code_key(cpu);
    struct mc_access access;
    spa_t frame;
    uint32_t code;
    struct x86_code_page *p;
    struct x86_block *b = NULL;

    if (!x86_fetch_page(cpu, at, &frame, &access, &code))
        fetch_fault(cpu, at, code);
    frame.v &= CB_PAGE_MASK;
    p = page_get(cpu, frame, access, key);
    if (p)
        b = block_find(cpu, p, at);
    if (p && !b && cpu->ops->map(cpu->ctx, frame, access, false))
        b = block_make(cpu, p, at);
    if (!b && cpu->blocks->used > ARENA_BYTES / 2)
        x86_blocks_forget(cpu); /* full; the next ones will be kept again */
    if (!b || !within_limit(cpu, b))
        return decode_once(cpu, at);
    return b;
}

/* After a TLB flush: is the block that was last found at this address still the one? */
static bool jump_revive(struct x86_cpu *cpu, struct x86_jump *j, uint64_t at)
{
    const struct x86_block *b = j->block;
    struct mc_access access;
    spa_t frame;
    uint32_t code;

    if (!b || j->at != at || b->stale || b->crosses || b->page->key != x86_code_key(cpu) ||
        !x86_fetch_page(cpu, at, &frame, &access, &code))
        return false;
    if ((frame.v & CB_PAGE_MASK) != b->page->frame.v || !same_access(access, b->page->access))
        return false;
    j->key = cpu->jump_key;
    return true;
}

struct x86_block *x86_block_get(struct x86_cpu *cpu, bool single)
{
    const uint64_t at = cpu->mode == X86_MODE_64
                            ? cpu->rip
                            : (uint32_t)(cpu->rip + cpu->seg[X86_CS].base);
    struct x86_jump *j = x86_jump_slot(cpu, at);
    struct x86_block *b;

    if (cpu->mode == X86_MODE_64 && !x86_canonical(at))
        x86_fault_code(cpu, NULL, X86_GP, 0);
    if (single || (CB_UNLIKELY(cpu->n_breaks) && x86_break_at(cpu, at)))
        return decode_once(cpu, at);
    if (j->at == at && j->key == cpu->jump_key && !j->block->stale && within_limit(cpu, j->block))
        return j->block;
    if (cpu->mode == X86_MODE_64 && jump_revive(cpu, j, at))
        return j->block;
    b = block_at(cpu, at);
    if (b != cpu->blocks->once)
        *j = (struct x86_jump){.at = at, .key = cpu->jump_key, .block = b};
    return b;
}

uint64_t x86_blocks_epoch(const struct x86_cpu *cpu)
{
    return cpu->blocks->epoch;
}
