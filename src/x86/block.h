/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded code: blocks, where they are kept, and how execution passes from one
 * to the next.
 *
 * A block is straight code within one page (its first instruction may reach
 * into the next page).  Conditional branches inside fall through; the block
 * goes on to an unconditional transfer, the page's end or X86_BLOCK_INSNS.
 * Blocks are found by what they were decoded from: frame, access, offset, and
 * all that decoding depends on (struct x86_code_page).  They survive changes of
 * CR3.  The jump cache leads from linear addresses to blocks and does not.
 *
 * A block whose bytes may have changed is stale: its handlers lead out to the
 * run loop, so that pointers to it need not be found.  Coming back, it is
 * compared with memory and decoded again only if it differs.
 */
#ifndef X86_BLOCK_H
#define X86_BLOCK_H

#include "x86/insn.h"

#define X86_BLOCK_INSNS 64u

struct x86_code_page;

struct x86_block {
    uint32_t n;             /* instructions; what entering costs */
    uint16_t n_insns;       /* elements of insn[]: gates and the end mark count here */
    uint16_t bytes;
    uint64_t offset;        /* of the first byte in its page */
    struct x86_code_page *page;
    struct x86_block *next; /* of the same page and bucket */
    struct x86_block *next_crossing;
    spa_t frame2;           /* crosses: of the second page */
    bool crosses, stale;
    bool torn;              /* all handlers replaced, of no more use */
    bool dead;              /* stale, and memory says something else: not found any more */
    struct x86_block *forward; /* dead: what is there instead, for branches that still lead here */
    x86_exec_fn *first_fn;  /* stale: what insn[0] had */
    const uint8_t *code;    /* the bytes it was decoded from */
    struct x86_insn insn[];
};

struct x86_jump {
    uint64_t at;            /* linear */
    uint64_t key;           /* cpu->jump_key */
    struct x86_block *block;
};

#define X86_JUMPS 4096u

static inline struct x86_jump *x86_jump_slot(const struct x86_cpu *cpu, uint64_t at)
{
    return &cpu->jumps[(at ^ at >> 12) & (X86_JUMPS - 1)];
}

enum cbit_status x86_blocks_new(struct x86_cpu *cpu) CBIT_MUST_CHECK;
void x86_blocks_free(struct x86_cpu *cpu);
void x86_blocks_forget(struct x86_cpu *cpu); /* everything; not while a block runs */

/*
 * The block at cpu->rip; decodes it if need be.  Faults (#PF, #GP of the fetch)
 * as the instruction there would.  single: one instruction, for stepping; such
 * blocks, and those in memory that cannot be watched, live until the next call.
 */
struct x86_block *x86_block_get(struct x86_cpu *cpu, bool single);

/* All blocks made from this frame are stale from now on, the running one after its present instruction. */
void x86_blocks_drop_frame(struct x86_cpu *cpu, spa_t frame);

/* What blocks depend on besides bytes: mode, stack width, privilege. */
uint32_t x86_code_key(const struct x86_cpu *cpu);

/* Changes when all blocks were forgotten. */
uint64_t x86_blocks_epoch(const struct x86_cpu *cpu);

/* ---- decode.c ---- */

/* All families' tables. */
const struct x86_op_table *const *x86_op_tables(unsigned *n);

struct x86_decoder;
struct x86_decoder *x86_decoder_new(const struct x86_cpu *cpu);
void x86_decoder_free(struct x86_decoder *decoder);

/* What came out of a run of bytes. */
struct x86_decoded {
    struct x86_insn *insn;  /* room for X86_DECODED_INSNS */
    unsigned n_insns, n, bytes;
    unsigned gates;         /* kinds that have been placed */
};
#define X86_DECODED_INSNS (2 * X86_BLOCK_INSNS + 4) /* a guest's have a gate each; FPU gates, the end mark */

enum x86_decode_result {
    X86_DECODE_MORE,   /* appended; the block may go on */
    X86_DECODE_END,    /* appended; ends the block */
    X86_DECODE_SHORT,  /* nothing appended: more bytes are needed */
    X86_DECODE_LONG,   /* nothing appended: beyond 15 bytes, #GP(0) */
};
/* Appends the instruction at bytes[0..n), which has the given offset in the block. */
enum x86_decode_result x86_decode(const struct x86_decoder *decoder, const struct x86_cpu *cpu,
                                  const uint8_t *bytes, unsigned n, struct x86_decoded *out);

/* The mark behind blocks that do not end in a transfer: goes on to the next block. */
void x86_exec_fall_out(struct x86_cpu *cpu, const struct x86_insn *i);
/* Leaves to the run loop in front of this instruction. */
void x86_exec_stale(struct x86_cpu *cpu, const struct x86_insn *i);

/* Quicker handlers for frequent shapes and pairs: fast.c; called on a finished block at `offset`
   of its page. */
struct x86_fast;
struct x86_fast *x86_fast_new(void);
void x86_fast_free(struct x86_fast *fast);
void x86_make_fast(const struct x86_fast *fast, const struct x86_cpu *cpu, struct x86_insn *insn,
                   unsigned n, uint64_t offset);

#endif
