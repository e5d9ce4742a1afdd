/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A victim's program: steps in a row, as machine code for 64-bit mode that runs
 * wherever it lies.  RBX is the first byte of the victim's memory.
 */
#ifndef ATTACK_PROGRAM_H
#define ATTACK_PROGRAM_H

#include "base/base.h"

#define ATTACK_MAX_YIELDS 8
#define ATTACK_YIELD_LEN  2

struct attack_program {
    uint8_t code[CB_PAGE_SIZE];
    size_t len;
    size_t yield[ATTACK_MAX_YIELDS]; /* offsets of the instructions that yield */
    unsigned n_yields;
    bool halts; /* how it yields: HLT, on which a guest leaves; else it runs on the spot */
};

/* Begins one that lies at this offset of the victim's memory. */
void attack_program_begin(struct attack_program *p, uint32_t offset, bool halts);

/* Steps.  Offsets are into the victim's memory; a block is 16 bytes. */
void attack_step_draw(struct attack_program *p, uint32_t to);   /* block = RDRAND */
void attack_step_copy(struct attack_program *p, uint32_t to, uint32_t from);
void attack_step_zero(struct attack_program *p, uint32_t to);
void attack_step_load(struct attack_program *p, uint32_t from); /* RDX:RAX = block */
void attack_step_store(struct attack_program *p, uint32_t to);  /* block = RDX:RAX */
void attack_step_clear(struct attack_program *p);               /* RAX = RDX = 0 */
void attack_step_yield(struct attack_program *p);
/*
 * For each bit of the block `secret`: first quadword of `to` = bit, yield.  salted:
 * the second quadword is random each time, else it is 0.
 */
void attack_step_bits(struct attack_program *p, uint32_t to, uint32_t secret, bool salted);
/* Goes back to this offset of the code. */
void attack_step_again(struct attack_program *p, size_t offset);

/* Does the program yield at this offset? */
bool attack_program_yields(const struct attack_program *p, uint64_t offset);

#endif
