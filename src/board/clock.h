/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's one clock and its timers.  TSC, PIT, APIC timer, HPET and PM
 * timer all derive from it: 1 GHz, counted in executed instructions.
 *
 * With --deterministic an instruction is one nanosecond and nothing else moves
 * the clock but warps.  Otherwise instructions have the duration that makes the
 * clock follow the host's: between two looks at the host it is smooth, so that
 * a kernel which compares two timers is not fooled when this process loses its
 * processor for a while; what was lost is made up for over the next chunks.
 */
#ifndef BOARD_CLOCK_H
#define BOARD_CLOCK_H

#include "dev/dev.h"

#define BOARD_MAX_TIMERS 32
#define BOARD_NEVER      UINT64_MAX

struct board_clock {
    uint64_t (*instructions)(void *ctx); /* executed so far */
    void *ctx;
    bool deterministic;
    uint64_t warp_ns;      /* deterministic: time that passed in HLT */
    uint64_t anchor_ns;    /* the clock read this ... */
    uint64_t anchor_insns; /* ... when this many instructions had been executed */
    uint64_t rate;         /* ns per instruction since then, in 1/65536 */
    uint64_t speed;        /* the same as measured, averaged */
    uint64_t base_ns;      /* host time at which the clock read 0 */
    uint64_t synced_ns;    /* host time of the last look */
    bool idle;             /* the CPU waits: the host's time is the clock's */
    bool stopped;
    struct dev_timer *armed[BOARD_MAX_TIMERS];
    unsigned n_armed;
    uint64_t next_ns;   /* earliest deadline, BOARD_NEVER: none */
};

void board_clock_init(struct board_clock *clock, uint64_t (*instructions)(void *ctx), void *ctx,
                      bool deterministic);
uint64_t board_clock_now(const struct board_clock *clock);
/* Looks at the host's time; between chunks of instructions. */
void board_clock_sync(struct board_clock *clock);
/* The CPU begins or ends to wait. */
void board_clock_set_idle(struct board_clock *clock, bool idle);
void board_clock_stop(struct board_clock *clock); /* time stands still */
void board_clock_cont(struct board_clock *clock);

void board_timer_arm(struct board_clock *clock, struct dev_timer *timer, uint64_t at_ns);
void board_timer_cancel(struct board_clock *clock, struct dev_timer *timer);
/* Fires what is due, in order of deadlines. */
void board_clock_run(struct board_clock *clock);
/* Nothing happens until at_ns: go there at once (deterministic only). */
void board_clock_warp(struct board_clock *clock, uint64_t at_ns);

uint64_t board_host_ns(void);

#endif
