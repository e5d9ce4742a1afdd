/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quicker handlers for frequent shapes and pairs.  Each file that has some
 * exports a list; fast.c looks handlers up in it when a block is finished.
 * 64-bit mode only.
 */
#ifndef X86_FAST_H
#define X86_FAST_H

#include "x86/flow.h"

struct x86_variant {
    x86_exec_fn *general, *special;
};

struct x86_variants {
    const struct x86_variant *list;
    unsigned n;
};

extern const struct x86_variants x86_near_branches; /* exec_flow.c: the target is in the block's page */
extern const struct x86_variants x86_simple_moves;  /* exec_move.c: base and displacement alone */

/* exec_alu.c: the handlers of CMP and TEST that may be half of a pair: 8, 32, 64 bits, each as
   CMP rr ri mi mr rm, TEST rr ri mi. */
#define X86_N_COMPARISONS 24
extern x86_exec_fn *const x86_comparisons[X86_N_COMPARISONS];
/* exec_flow.c: near Jcc by condition. */
extern x86_exec_fn *const x86_near_jcc[16];
/* exec_pair.c: both as one; NULL: there is none. */
x86_exec_fn *x86_pair_of(unsigned comparison, unsigned condition);

/* Set in x86_insn.op: the handler covers the next instruction too. */
#define X86_PAIRED 0x8000u

#endif
