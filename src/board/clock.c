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

#define ONE         UINT64_C(65536)        /* 1 ns per instruction */
#define FIRST_SPEED (4 * ONE)
#define SLOWEST     (4000 * ONE)
#define FASTEST     (ONE / 64)
#define CATCH_UP    UINT64_C(400000)       /* instructions over which a lag is made up for */
#define JUMP_NS     INT64_C(1000000000)    /* a lag that is not made up for: the host slept */

static uint64_t host_time(const struct board_clock *clock)
{
    return board_host_ns() - clock->base_ns;
}

void board_clock_init(struct board_clock *clock, uint64_t (*instructions)(void *ctx), void *ctx,
                      bool deterministic)
{
    memset(clock, 0, sizeof(*clock));
    clock->instructions = instructions;
    clock->ctx = ctx;
    clock->deterministic = deterministic;
    clock->rate = clock->speed = FIRST_SPEED;
    clock->base_ns = board_host_ns();
    clock->next_ns = BOARD_NEVER;
}

static uint64_t running_time(const struct board_clock *clock)
{
    const uint64_t insns = clock->instructions(clock->ctx) - clock->anchor_insns;

    return clock->anchor_ns + insns / ONE * clock->rate + insns % ONE * clock->rate / ONE;
}

uint64_t board_clock_now(const struct board_clock *clock)
{
    uint64_t host;

    if (clock->deterministic)
        return clock->instructions(clock->ctx) + clock->warp_ns;
    if (clock->stopped)
        return clock->anchor_ns;
    if (!clock->idle)
        return running_time(clock);
    host = host_time(clock);
    return host > clock->anchor_ns ? host : clock->anchor_ns;
}

static void anchor(struct board_clock *clock, uint64_t now)
{
    clock->anchor_ns = now;
    clock->anchor_insns = clock->instructions(clock->ctx);
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static void measure(struct board_clock *clock, uint64_t host)
{
    const uint64_t insns = clock->instructions(clock->ctx) - clock->anchor_insns;

    if (insns > 1000)
        clock->speed = clamp((7 * clock->speed + (host - clock->synced_ns) * ONE / insns) / 8,
                             FASTEST, SLOWEST);
    clock->synced_ns = host;
}

void board_clock_sync(struct board_clock *clock)
{
    uint64_t now, host;
    int64_t lag, rate;

    if (clock->deterministic || clock->stopped || clock->idle)
        return;
    now = running_time(clock);
    host = host_time(clock);
    lag = (int64_t)(host - now);
    measure(clock, host);
    anchor(clock, lag > JUMP_NS ? host : now);
    if (lag > JUMP_NS)
        lag = 0;
    rate = (int64_t)clock->speed + lag * (int64_t)ONE / (int64_t)CATCH_UP;
    clock->rate = clamp(rate < 0 ? 0 : (uint64_t)rate, clock->speed / 2, clock->speed * 2);
}

void board_clock_set_idle(struct board_clock *clock, bool idle)
{
    if (idle == clock->idle || clock->deterministic)
        return;
    anchor(clock, board_clock_now(clock));
    clock->idle = idle;
    clock->synced_ns = host_time(clock);
}

void board_clock_stop(struct board_clock *clock)
{
    if (clock->stopped || clock->deterministic)
        return;
    anchor(clock, board_clock_now(clock));
    clock->stopped = true;
}

void board_clock_cont(struct board_clock *clock)
{
    if (!clock->stopped)
        return;
    clock->stopped = false;
    clock->base_ns = board_host_ns() - clock->anchor_ns;
    anchor(clock, clock->anchor_ns);
    clock->synced_ns = clock->anchor_ns;
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

    if (clock->deterministic && at_ns > now)
        clock->warp_ns += at_ns - now;
}
