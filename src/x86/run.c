/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run loop: faults, events and single steps between blocks.
 *
 * The budget is taken at a block's entry, and what a block leaves unexecuted is
 * given back; so at every point outside a block cpu->budget + run->held is what
 * is left, exactly.  Whoever wants the loop's attention (x86_kick, an
 * interrupt) moves the budget to run->held: the next entry then fails.  Called
 * out of an instruction (cpu->at) it also makes the following handlers of the
 * block lead out, so that events come between the same two instructions
 * whatever the blocks are.
 *
 * Delivery of events is x86/deliver.c, debugging x86/debug.c.
 */
#include <setjmp.h>
#include <stdlib.h>

#include "x86/fast.h"
#include "x86/fpu.h"
#include "x86/mem.h"
#include "x86/svm/guest.h"
#include "x86/sys.h"

#define FAR_BELOW (INT64_C(1) << 40) /* more than any block, less than overflow */
#define N_HOOKS 3u                   /* the budget's end; two for attention: a pair may be one handler */

struct hook {
    struct x86_insn *insn;
    x86_exec_fn *fn;
};

struct x86_run_state {
    jmp_buf jmp;
    bool fault;          /* one is to be delivered: */
    unsigned vector;
    bool has_code;
    uint32_t code;
    int64_t held;        /* budget withheld to get attention */
    int64_t given;       /* the budget of this x86_run */
    struct x86_block *hooked; /* its handlers were replaced: */
    struct hook hook[N_HOOKS];
    unsigned n_hooks;
    struct x86_block *link_block; /* left by its branch link_from, whose target may be remembered */
    struct x86_insn *link_from;
    uint64_t link_rip;   /* of link_block */
    struct x86_block *stale; /* left in front of this one because it is stale */
};

enum cbit_status x86_run_new(struct x86_cpu *cpu)
{
    cpu->run = calloc(1, sizeof(*cpu->run));
    if (!cpu->run)
        return CBIT_NO_MEMORY;
    return x86_blocks_new(cpu);
}

void x86_run_free(struct x86_cpu *cpu)
{
    x86_blocks_free(cpu);
    free(cpu->run);
    cpu->run = NULL;
}

/* What the last block left for linking is of no use: something else came between. */
static void forget_links(struct x86_run_state *run)
{
    run->link_block = NULL;
    run->stale = NULL;
}

void x86_run_reset(struct x86_cpu *cpu)
{
    cpu->run->fault = false;
    forget_links(cpu->run);
    cpu->run->hooked = NULL;
    cpu->run->n_hooks = 0;
    cpu->at = NULL;
    x86_blocks_forget(cpu);
}

/* ---- attention ---- */

/* cpu->at's place in the running block; -1: not in it. */
static long place_of_at(const struct x86_cpu *cpu)
{
    const struct x86_block *b = cpu->block;

    if (!b || cpu->at < b->insn || cpu->at >= b->insn + b->n_insns)
        return -1;
    return cpu->at - b->insn;
}

/* Execution of block b leads out in front of this instruction. */
static void hook(struct x86_run_state *run, struct x86_block *b, struct x86_insn *i)
{
    if (i->fn == x86_exec_stale)
        return;
    run->hooked = b;
    run->hook[run->n_hooks++] = (struct hook){.insn = i, .fn = i->fn};
    i->fn = x86_exec_stale;
}

/* Makes the handlers behind cpu->at lead out. */
static void hook_next(struct x86_cpu *cpu)
{
    struct x86_block *b = cpu->block;
    const long at = place_of_at(cpu);

    if (at < 0 || b->torn)
        return;
    for (unsigned k = 1; k <= 2 && at + k < b->n_insns && cpu->run->n_hooks < N_HOOKS; k++)
        hook(cpu->run, b, &b->insn[(unsigned long)at + k]);
}

static void unhook(struct x86_run_state *run)
{
    if (run->hooked && !run->hooked->torn)
        for (unsigned k = 0; k < run->n_hooks; k++)
            run->hook[k].insn->fn = run->hook[k].fn;
    run->hooked = NULL;
    run->n_hooks = 0;
}

static void want_attention(struct x86_cpu *cpu)
{
    if (!cpu->run->given)
        return; /* not running */
    cpu->run->held += cpu->budget + FAR_BELOW;
    cpu->budget = -FAR_BELOW;
    hook_next(cpu);
}

void x86_kick(struct x86_cpu *cpu)
{
    cpu->kick = true;
    want_attention(cpu);
}

void x86_set_intr(struct x86_cpu *cpu, bool level)
{
    if (level && !cpu->intr)
        want_attention(cpu);
    cpu->intr = level;
}

void x86_nmi(struct x86_cpu *cpu)
{
    cpu->nmi = true;
    want_attention(cpu);
}

void x86_smi(struct x86_cpu *cpu)
{
    cpu->smi = cpu->svm.special;
    want_attention(cpu);
}

static int64_t remaining(const struct x86_cpu *cpu)
{
    return cpu->budget + cpu->run->held;
}

uint64_t x86_instructions(const struct x86_cpu *cpu)
{
    const int64_t left = place_of_at(cpu) >= 0 ? cpu->at->left : 0;

    return cpu->instructions_base + (uint64_t)(cpu->run->given - remaining(cpu) - left);
}

struct x86_current x86_current(const struct x86_cpu *cpu)
{
    return (struct x86_current){.rip = place_of_at(cpu) >= 0 ? x86_insn_rip(cpu, cpu->at) : cpu->rip,
                                .at = gva(cpu->reached)};
}

/* ---- code and its frames ---- */

void x86_frame_written(struct x86_cpu *cpu, spa_t frame)
{
    x86_blocks_drop_frame(cpu, frame);
}

void x86_frame_turned(struct x86_cpu *cpu, spa_t frame)
{
    x86_tlb_drop_frame(cpu, frame);
    x86_blocks_drop_frame(cpu, frame);
}

/* ---- leaving a block ---- */

void x86_leave_to(struct x86_cpu *cpu, uint64_t rip, int64_t given)
{
    cpu->rip = rip;
    cpu->budget += given;
}

void x86_leave_block(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t rip)
{
    x86_leave_to(cpu, rip, i->left - 1);
}

void x86_leave_to_link(struct x86_cpu *cpu, const struct x86_insn *i, int64_t given)
{
    struct x86_block *b = cpu->block;

    cpu->run->link_block = b;
    cpu->run->link_from = &b->insn[i - b->insn];
    cpu->run->link_rip = cpu->r[X86_RBLOCK];
    x86_leave_to(cpu, cpu->r[X86_RBLOCK] + i->imm, given);
}

void x86_enter_refused(struct x86_cpu *cpu, const struct x86_block *b)
{
    cpu->budget += b->n;
    cpu->rip = cpu->r[X86_RBLOCK];
}

void x86_exec_stale(struct x86_cpu *cpu, const struct x86_insn *i)
{
    struct x86_block *b = cpu->block;

    if (i == b->insn && b->forward) {
        x86_enter(cpu, b->forward, b->n);
        return;
    }
    if (i == b->insn)
        cpu->run->stale = b;
    x86_leave_to(cpu, x86_insn_rip(cpu, i), i->left);
}

void x86_exec_fall_out(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->mode == X86_MODE_64)
        x86_jump_to(cpu, x86_insn_rip(cpu, i), 0);
    else
        x86_leave_to(cpu, x86_insn_rip(cpu, i), 0);
}

/* ---- faults ---- */


/* The instruction counts: faults and exits alone shall not run forever. */
static _Noreturn void leave_loose(struct x86_cpu *cpu, const struct x86_insn *i, bool fault)
{
    if (i) {
        cpu->rip = x86_insn_rip(cpu, i);
        cpu->budget += i->left - 1;
    } else {
        cpu->budget--;
    }
    cpu->run->fault = fault;
    longjmp(cpu->run->jmp, 1);
}

static _Noreturn void leave_by_fault(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_loose(cpu, i, true);
}

_Noreturn void x86_abandon(struct x86_cpu *cpu, const struct x86_insn *i)
{
    leave_loose(cpu, i, false);
}

_Noreturn void x86_fault(struct x86_cpu *cpu, const struct x86_insn *i, enum x86_vector vector)
{
    cpu->run->vector = vector;
    cpu->run->has_code = false;
    cpu->run->code = 0;
    leave_by_fault(cpu, i);
}

_Noreturn void x86_fault_code(struct x86_cpu *cpu, const struct x86_insn *i,
                              enum x86_vector vector, uint32_t error_code)
{
    cpu->run->vector = vector;
    cpu->run->has_code = true;
    cpu->run->code = error_code;
    leave_by_fault(cpu, i);
}

_Noreturn void x86_gp0(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_fault_code(cpu, i, X86_GP, 0);
}

_Noreturn void x86_page_fault(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t cr2,
                              uint32_t error_code)
{
    cpu->svm.old_cr2 = cpu->cr2; /* an intercepted #PF leaves CR2 alone */
    cpu->cr2 = cr2;
    x86_fault_code(cpu, i, X86_PF, error_code);
}

/* ---- the loop ---- */

/* Not running any block, all budget in cpu->budget. */
static void settle(struct x86_cpu *cpu)
{
    struct x86_run_state *run = cpu->run;

    unhook(run);
    cpu->block = NULL;
    cpu->at = NULL;
    cpu->budget += run->held;
    run->held = 0;
}

static bool interrupt_due(const struct x86_cpu *cpu)
{
    if (CB_UNLIKELY(cpu->svm.special))
        return x86_svm_event_due(cpu);
    return !cpu->shadow && ((cpu->nmi && !cpu->nmi_blocked) ||
                            (cpu->intr && (cpu->rflags & X86_FL_IF)));
}

/* True: something was delivered. */
static bool take_interrupt(struct x86_cpu *cpu)
{
    int vector;

    if (CB_UNLIKELY(cpu->svm.guest) && x86_svm_take_event(cpu))
        return true;
    if (cpu->nmi && !cpu->nmi_blocked) {
        cpu->nmi = false;
        cpu->stats.interrupts++;
        x86_deliver_nmi(cpu);
        return true;
    }
    vector = cpu->ops->intr_ack(cpu->ctx);
    if (vector < 0) {
        cpu->intr = false; /* it went away: the pin will tell when there is one */
        return false;
    }
    cpu->stats.interrupts++;
    x86_deliver_interrupt(cpu, (uint8_t)vector);
    return true;
}

/* The branch that led here, in the same page of the same code, goes directly next time. */
static void link_blocks(struct x86_cpu *cpu, struct x86_block *b)
{
    struct x86_run_state *run = cpu->run;
    const struct x86_block *from = run->link_block;

    if (from && from->page && from->page == b->page && !from->stale && !b->crosses &&
        !((run->link_rip ^ cpu->rip) & CB_PAGE_MASK))
        run->link_from->taken = b;
    if (run->stale && run->stale->dead && run->stale->page == b->page && !b->crosses)
        run->stale->forward = b;
}

static void execute(struct x86_cpu *cpu, struct x86_block *b)
{
    cpu->r[X86_RBLOCK] = cpu->rip;
    cpu->block = b;
    cpu->budget -= b->n;
    cpu->stats.blocks_run++;
#if X86_THREADED
    b->insn[0].fn(cpu, b->insn);
#else
    for (const struct x86_insn *i = b->insn; i; i = cpu->next) {
        cpu->next = NULL;
        i->fn(cpu, i);
    }
#endif
    settle(cpu);
}

/* One instruction, or one iteration of a repeated one. */
static void step(struct x86_cpu *cpu)
{
    cpu->run->held = cpu->budget - 1;
    cpu->budget = 1;
    forget_links(cpu->run);
    cpu->svm.in_shadow = cpu->svm.guest && cpu->shadow; /* an exit in front of it tells */
    cpu->shadow = cpu->shadow_ss = false;
    execute(cpu, x86_block_get(cpu, true));
    cpu->svm.in_shadow = false;
}

/* As far into the block as the budget goes, but not into the middle of a pair. */
static void execute_part(struct x86_cpu *cpu, struct x86_block *b)
{
    unsigned k = 0;

    while (b->n - b->insn[k].left != cpu->budget)
        k++;
    if (k > 0 && b->insn[k - 1].op & X86_PAIRED && b->insn[k - 1].op != UINT16_MAX)
        k--;
    if (k == 0) {
        step(cpu);
        return;
    }
    hook(cpu->run, b, &b->insn[k]);
    execute(cpu, b);
}

static void run_code(struct x86_cpu *cpu)
{
    struct x86_block *b;
    const uint64_t epoch = x86_blocks_epoch(cpu);

    cpu->jump_key = cpu->translations << 16 | x86_code_key(cpu);
    if (CB_UNLIKELY(x86_stepping(cpu))) {
        if (x86_debug_before(cpu))
            return;
        step(cpu);
        x86_debug_after(cpu);
        return;
    }
    /* due right after this instruction; or a guest's, which may leave in front of it */
    if (cpu->shadow && (cpu->intr || cpu->nmi || cpu->svm.guest)) {
        step(cpu);
        return;
    }
    cpu->shadow = cpu->shadow_ss = false;
    b = x86_block_get(cpu, false);
    if (epoch == x86_blocks_epoch(cpu))
        link_blocks(cpu, b);
    forget_links(cpu->run);
    if (b->n > cpu->budget)
        execute_part(cpu, b);
    else
        execute(cpu, b);
}

/* True: *stop says why x86_run ends. */
static bool should_stop(struct x86_cpu *cpu, enum x86_stop *stop)
{
    if (cpu->shutdown) {
        *stop = X86_STOP_TRIPLE_FAULT;
        return true;
    }
    if (cpu->kick || cpu->budget <= 0) {
        cpu->kick = false;
        *stop = X86_STOP_BUDGET;
        return true;
    }
    if (cpu->halted && !interrupt_due(cpu)) {
        *stop = x86_svm_wakes(cpu) ? X86_STOP_HLT : X86_STOP_DEAD;
        return true;
    }
    return false;
}

static bool at_break(struct x86_cpu *cpu)
{
    const uint64_t at = cpu->mode == X86_MODE_64
                            ? cpu->rip
                            : (uint32_t)(cpu->rip + cpu->seg[X86_CS].base);
    const bool told = cpu->break_told;

    cpu->break_told = !told && x86_break_at(cpu, at);
    return cpu->break_told;
}

static enum x86_stop loop(struct x86_cpu *cpu)
{
    enum x86_stop stop = X86_STOP_BUDGET;
    struct x86_run_state *run = cpu->run;

    for (;;) {
        if (CB_UNLIKELY(cpu->svm.pending)) {
            forget_links(run);
            x86_svm_pending(cpu);
            settle(cpu);
        } else if (run->fault) {
            run->fault = false;
            forget_links(run);
            cpu->stats.faults++;
            x86_deliver_exception(cpu, run->vector, run->has_code, run->code);
            settle(cpu);
        } else if (CB_UNLIKELY(cpu->watch_due)) {
            cpu->watch_due = false;
            cpu->watch_told = true;
            return X86_STOP_BREAK;
        } else if (should_stop(cpu, &stop)) {
            return stop;
        } else if (CB_UNLIKELY(interrupt_due(cpu))) {
            forget_links(run);
            take_interrupt(cpu);
            settle(cpu);
        } else if (CB_UNLIKELY(cpu->n_breaks) && at_break(cpu)) {
            return X86_STOP_BREAK;
        } else {
            run_code(cpu);
        }
    }
}

enum x86_stop x86_run(struct x86_cpu *cpu, uint64_t budget, uint64_t *done)
{
    struct x86_run_state *run = cpu->run;
    enum x86_stop stop;

    run->given = budget > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)budget;
    cpu->budget = run->given;
    run->held = 0;
    cpu->watch_told = false;
    forget_links(run);
    x86_fp_enter(cpu);
    if (_setjmp(run->jmp))
        settle(cpu);
    stop = loop(cpu);
    x86_fp_leave(cpu);
    *done = (uint64_t)(run->given - cpu->budget);
    cpu->instructions_base += *done;
    cpu->stats.instructions = cpu->instructions_base;
    cpu->budget = run->given = 0;
    return stop;
}
