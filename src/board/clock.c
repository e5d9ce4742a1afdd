/* SPDX-License-Identifier: Apache-2.0 */
/* A handful of timers: a flat array with a cached minimum beats any tree. */
#include "board/clock.h"

#include <time.h>

uint64_t board_host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void board_clock_init(struct board_clock *clock, uint64_t (*instructions)(void *ctx), void *ctx)
{
    memset(clock, 0, sizeof(*clock));
    clock->instructions = instructions;
    clock->ctx = ctx;
    clock->base_ns = board_host_ns();
    clock->next_ns = BOARD_NEVER;
}

uint64_t board_clock_now(const struct board_clock *clock)
{
    if (clock->instructions)
        return clock->instructions(clock->ctx) + clock->warp_ns;
    return clock->stopped ? clock->stopped_ns : board_host_ns() - clock->base_ns;
}

void board_clock_stop(struct board_clock *clock)
{
    if (clock->stopped)
        return;
    clock->stopped_ns = board_clock_now(clock);
    clock->stopped = true;
}

void board_clock_cont(struct board_clock *clock)
{
    if (!clock->stopped)
        return;
    clock->stopped = false;
    clock->base_ns = board_host_ns() - clock->stopped_ns;
}

static void find_next(struct board_clock *clock)
{
    clock->next_ns = BOARD_NEVER;
    for (unsigned i = 0; i < clock->n_armed; i++)
        if (clock->armed[i]->at_ns < clock->next_ns)
            clock->next_ns = clock->armed[i]->at_ns;
}

void board_timer_arm(struct board_clock *clock, struct dev_timer *timer, uint64_t at_ns)
{
    if (!timer->armed) {
        CBIT_ASSERT(clock->n_armed < BOARD_MAX_TIMERS);
        clock->armed[clock->n_armed++] = timer;
        timer->armed = true;
    }
    timer->at_ns = at_ns;
    find_next(clock);
}

void board_timer_cancel(struct board_clock *clock, struct dev_timer *timer)
{
    if (!timer->armed)
        return;
    for (unsigned i = 0; i < clock->n_armed; i++) {
        if (clock->armed[i] == timer) {
            clock->armed[i] = clock->armed[--clock->n_armed];
            break;
        }
    }
    timer->armed = false;
    find_next(clock);
}

static struct dev_timer *earliest(const struct board_clock *clock)
{
    struct dev_timer *first = NULL;

    for (unsigned i = 0; i < clock->n_armed; i++)
        if (!first || clock->armed[i]->at_ns < first->at_ns)
            first = clock->armed[i];
    return first;
}

void board_clock_run(struct board_clock *clock)
{
    /* A timer that re-arms itself in the past must not keep us here. */
    for (unsigned budget = 4 * BOARD_MAX_TIMERS; budget && clock->next_ns != BOARD_NEVER; budget--) {
        const uint64_t now = board_clock_now(clock);
        struct dev_timer *timer;

        if (clock->next_ns > now)
            return;
        timer = earliest(clock);
        if (!timer)
            return;
        board_timer_cancel(clock, timer);
        timer->fire(timer->dev, now);
    }
}

void board_clock_warp(struct board_clock *clock, uint64_t at_ns)
{
    const uint64_t now = board_clock_now(clock);

    if (clock->instructions && at_ns > now)
        clock->warp_ns += at_ns - now;
}
