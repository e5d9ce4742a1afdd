/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory as handlers see it: linear addresses, current privilege, precise
 * faults.  The hit path is inline: hash, compare, add.  Everything else
 * (miss, page crossing, device, eager frame, watched frame) is mem.c.
 *
 * The fast TLB holds host pointers; it is a cache of the architectural TLB
 * (mmu room), which alone decides what is stale.  An entry's tag is the page's
 * linear address if accesses of that kind may go through the pointer, else a
 * value that no page has.
 */
#ifndef X86_MEM_H
#define X86_MEM_H

#include "x86/insn.h"

static inline struct mmu_fast_entry *x86_tlb_entry(const struct x86_cpu *cpu, uint64_t at)
{
    return &cpu->tlb->entry[mmu_fast_index(at)];
}

/*
 * Linear address of the memory operand.  Outside 64-bit mode the segment rules
 * are applied for an access of i->width bytes; a segment that may not be
 * written makes cpu->tlb the empty one for the access that follows, and the
 * slow path refuses a write.
 */
uint64_t x86_ea_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t offset);

/* Without X86_IF_EA_SLOW. */
static inline uint64_t x86_ea_plain(const struct x86_cpu *cpu, const struct x86_insn *i)
{
    return cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp +
           cpu->ea_base[i->seg];
}

static inline uint64_t x86_ea(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint64_t offset = cpu->r[i->base] + (cpu->r[i->index] << i->scale) + (uint64_t)i->disp;

    if (CB_UNLIKELY(i->flags & X86_IF_EA_SLOW))
        return x86_ea_slow(cpu, i, offset);
    return offset + cpu->ea_base[i->seg];
}

/*
 * Linear address of seg:offset for an access that is no memory operand (stack,
 * string pointers, far structures).  The caller has wrapped offset to the
 * address size.  Outside 64-bit mode: null, limit and rights, #SS(0) for SS,
 * else #GP(0).
 */
uint64_t x86_seg_ea_slow(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg,
                         uint64_t offset, unsigned len, bool write);

static inline uint64_t x86_seg_ea(struct x86_cpu *cpu, const struct x86_insn *i, unsigned seg,
                                  uint64_t offset, unsigned len, bool write)
{
    if (CB_LIKELY(cpu->mode == X86_MODE_64))
        return offset + cpu->ea_base[seg];
    return x86_seg_ea_slow(cpu, i, seg, offset, len, write);
}

/*
 * Slow halves: translate (and fault), fill the fast TLB if possible, then
 * access; len <= 64, any alignment, page crossings probed on both pages before
 * anything is written.  Non-canonical: #GP(0), or #SS(0) with X86_IF_STACK.
 */
void x86_read_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to, unsigned len);
void x86_write_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from,
                    unsigned len);

/* Probes for write, reads, and sets cpu->rmw (or NULL and rmw_at). */
void x86_rmw_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to, unsigned len);

/* Host pointer for `size` bytes at `at` if the fast TLB has it for such an access, else NULL. */
static inline uint8_t *x86_hit_read(const struct x86_cpu *cpu, uint64_t at, unsigned size)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_UNLIKELY(((at + size - 1) & CB_PAGE_MASK) != e->read_tag))
        return NULL;
    return (uint8_t *)(e->addend + at);
}

static inline uint8_t *x86_hit_write(const struct x86_cpu *cpu, uint64_t at, unsigned size)
{
    const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);

    if (CB_UNLIKELY(((at + size - 1) & CB_PAGE_MASK) != e->write_tag))
        return NULL;
    return (uint8_t *)(e->addend + at);
}

/*
 * The beginning of a frequent handler: p is where the operand lies; else `slow`
 * does everything instead.  Nothing else of the handler then calls a function,
 * so that it needs no stack frame.  SIMPLE: neither index nor segment base.
 */
#define X86_HIT(p, kind, cpu, i, size, slow)                                                      \
    uint8_t *const p = CB_LIKELY(!((i)->flags & X86_IF_EA_SLOW))                                  \
                           ? x86_hit_##kind((cpu), x86_ea_plain((cpu), (i)), (size))              \
                           : NULL;                                                                \
                                                                                                  \
    if (CB_UNLIKELY(!p)) {                                                                        \
        slow((cpu), (i));                                                                         \
        return;                                                                                   \
    }

#define X86_HIT_SIMPLE(p, kind, cpu, i, size, slow)                                               \
    uint8_t *const p = x86_hit_##kind((cpu), (cpu)->r[(i)->base] + (uint64_t)(i)->disp, (size));  \
                                                                                                  \
    if (CB_UNLIKELY(!p)) {                                                                        \
        slow((cpu), (i));                                                                         \
        return;                                                                                   \
    }

/* The same by value, len <= 8: no local's address in a handler, so that it ends in a jump. */
uint64_t x86_load_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, unsigned len);
void x86_store_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t value,
                    unsigned len);
uint64_t x86_rmw_load_slow(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, unsigned len);

#define X86_MEM_ACCESSORS(bits, type)                                                             \
    static inline type x86_read##bits(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at) \
    {                                                                                             \
        const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);                                  \
        type v;                                                                                   \
                                                                                                  \
        if (CB_UNLIKELY(((at + sizeof(type) - 1) & CB_PAGE_MASK) != e->read_tag))                 \
            return (type)x86_load_slow(cpu, i, at, sizeof(v));                                    \
        memcpy(&v, (const uint8_t *)(e->addend + at), sizeof(v));                                 \
        return v;                                                                                 \
    }                                                                                             \
    static inline void x86_write##bits(struct x86_cpu *cpu, const struct x86_insn *i,             \
                                       uint64_t at, type v)                                       \
    {                                                                                             \
        const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);                                  \
                                                                                                  \
        if (CB_LIKELY(((at + sizeof(type) - 1) & CB_PAGE_MASK) == e->write_tag))                  \
            memcpy((uint8_t *)(e->addend + at), &v, sizeof(v));                                   \
        else                                                                                      \
            x86_store_slow(cpu, i, at, v, sizeof(v));                                             \
    }                                                                                             \
    /* Read of a read-modify-write: faults as a write would; x86_rmw_end stores to the same place. */\
    static inline type x86_rmw_begin##bits(struct x86_cpu *cpu, const struct x86_insn *i,         \
                                           uint64_t at)                                           \
    {                                                                                             \
        const struct mmu_fast_entry *e = x86_tlb_entry(cpu, at);                                  \
        type v;                                                                                   \
                                                                                                  \
        if (CB_UNLIKELY(((at + sizeof(type) - 1) & CB_PAGE_MASK) != e->write_tag))                \
            return (type)x86_rmw_load_slow(cpu, i, at, sizeof(v));                                \
        cpu->rmw = (uint8_t *)(e->addend + at);                                                   \
        memcpy(&v, cpu->rmw, sizeof(v));                                                          \
        return v;                                                                                 \
    }                                                                                             \
    static inline void x86_rmw_end##bits(struct x86_cpu *cpu, const struct x86_insn *i, type v)   \
    {                                                                                             \
        if (CB_LIKELY(cpu->rmw != NULL))                                                          \
            memcpy(cpu->rmw, &v, sizeof(v));                                                      \
        else                                                                                      \
            x86_store_slow(cpu, i, cpu->rmw_at, v, sizeof(v));                                    \
    }

X86_MEM_ACCESSORS(8, uint8_t)
X86_MEM_ACCESSORS(16, uint16_t)
X86_MEM_ACCESSORS(32, uint32_t)
X86_MEM_ACCESSORS(64, uint64_t)

/* 16 bytes without an alignment rule; rows with X86_OP_ALIGN16 have been checked. */
void x86_read128(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to);
void x86_write128(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from);

/* Any length up to 4096 + 64 (FXSAVE, XSAVE, far structures); faults before the first byte is written. */
void x86_read_bytes(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, void *to, size_t len);
void x86_write_bytes(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, const void *from, size_t len);

/* Faults as an access would, without accessing: stack switches, ENTER, string moves. */
void x86_probe(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len, bool write);

/*
 * Host pointer for a run of bytes within one page, for bulk string moves: how
 * many bytes from `at` on (up to len, to the page's end) can be reached at the
 * pointer; 0: go element by element.  Faults as an access of one byte would.
 */
size_t x86_bulk(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, size_t len, bool write,
                uint8_t **out);

/* Accesses of the CPU itself at CPL 0 whatever the CPL: descriptor tables, TSS, IDT. */
uint64_t x86_sys_read(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, unsigned len);
void x86_sys_write(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t value, unsigned len);

/* In place of a #PF error code: the address is not canonical, #GP(0). */
#define X86_FETCH_GP UINT32_MAX
/* ... and of any: no #PF, the nested tables refused (x86/svm/guest.h) */
#define X86_NESTED_FAULT (UINT32_MAX - 1)

/*
 * Instruction bytes at the linear address `at` (CS base + RIP, 32 bits outside
 * 64-bit mode) for the decoder: up to 15, across pages; returns how many are
 * there before a page that faults (its fault is in fault_cr2 and fault_code).
 * frame and access describe the first byte's page.  CS's limit is the caller's.
 */
struct x86_fetch {
    uint8_t bytes[16];
    unsigned n;
    bool faulted;          /* the page after the last byte cannot be fetched */
    uint64_t fault_cr2;
    uint32_t fault_code;   /* or X86_FETCH_GP */
    spa_t frame;           /* of the first byte */
    struct mc_access access;
};
void x86_fetch_bytes(struct x86_cpu *cpu, uint64_t at, struct x86_fetch *out);

/* Translates for fetch: frame and access of the page that holds the linear address `at`;
   false: *code as above, CR2 = at. */
bool x86_fetch_page(struct x86_cpu *cpu, uint64_t at, spa_t *frame, struct mc_access *access,
                    uint32_t *code);

/* ---- TLBs: x86/tlb.c ---- */

/*
 * A change of CR0.PG/WP, CR4.PSE/PAE/PGE/SMEP/SMAP/PCIDE, EFER.NXE/LMA, SYSCFG
 * or cpu->geometry: flush_all.  MOV CR3: flush_non_global.  A change of CPL,
 * RFLAGS.AC, CR0.AM: select.
 */
void x86_tlb_flush_all(struct x86_cpu *cpu);        /* of this ASID, global ones too */
void x86_tlb_flush_everything(struct x86_cpu *cpu); /* of all ASIDs */
void x86_tlb_flush_caches(struct x86_cpu *cpu);     /* what hangs on the architectural TLB, in this world */
void x86_tlb_flush_non_global(struct x86_cpu *cpu); /* MOV CR3 */
void x86_tlb_invlpg(struct x86_cpu *cpu, uint64_t at);
void x86_tlb_invlpga(struct x86_cpu *cpu, uint64_t at, uint32_t asid);
void x86_tlb_drop_frame(struct x86_cpu *cpu, spa_t frame);       /* host pointers only */
void x86_tlb_drop_write(struct x86_cpu *cpu, spa_t frame);       /* write pointers only */
void x86_tlb_select(struct x86_cpu *cpu);           /* cpu->tlb for CPL, SMAP and AC */

#endif
