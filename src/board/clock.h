/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's one clock and its timers.  TSC, PIT, APIC timer, HPET and PM
 * timer all derive from it: 1 GHz, either the host's time or the number of
 * executed instructions.
 */
#ifndef BOARD_CLOCK_H
#define BOARD_CLOCK_H

#include "dev/dev.h"

#define BOARD_MAX_TIMERS 32
#define BOARD_NEVER      UINT64_MAX

struct board_clock {
    /* Instructions executed so far; NULL: host time. */
    uint64_t (*instructions)(void *ctx);
    void *ctx;
    uint64_t warp_ns;   /* by instructions: time that passed in HLT */
    uint64_t base_ns;   /* host time at which the clock read 0 */
    uint64_t stopped_ns;
    bool stopped;
    struct dev_timer *armed[BOARD_MAX_TIMERS];
    unsigned n_armed;
    uint64_t next_ns;   /* earliest deadline, BOARD_NEVER: none */
};

void board_clock_init(struct board_clock *clock, uint64_t (*instructions)(void *ctx), void *ctx);
uint64_t board_clock_now(const struct board_clock *clock);
void board_clock_stop(struct board_clock *clock); /* time stands still (host time only) */
void board_clock_cont(struct board_clock *clock);

void board_timer_arm(struct board_clock *clock, struct dev_timer *timer, uint64_t at_ns);
void board_timer_cancel(struct board_clock *clock, struct dev_timer *timer);
/* Fires what is due, in order of deadlines. */
void board_clock_run(struct board_clock *clock);
/* Nothing happens until at_ns: go there at once (instruction clock only). */
void board_clock_warp(struct board_clock *clock, uint64_t at_ns);

uint64_t board_host_ns(void);

#endif
