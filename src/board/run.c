/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See board/run.h.  A chunk is short enough that timers are on time.  With the
 * deterministic clock it ends exactly at the next timer, so that the same input
 * gives the same run.
 */
#include "board/run.h"

#define CHUNK UINT64_C(20000) /* instructions between looks at the clock */

void board_run_reset(struct board_run *run)
{
    run->halted = run->panicked = run->panic_told = false;
    run->ended = BOARD_RUNNING;
}

void board_run_flush(struct board_run *run)
{
    if (run->console_len)
        run->ops->console(run->ctx, run->console, run->console_len);
    run->console_len = 0;
}

void board_run_console(struct board_run *run, uint8_t byte)
{
    run->console[run->console_len++] = byte;
    if (run->console_len == sizeof(run->console))
        board_run_flush(run);
}

void board_run_end(struct board_run *run, enum board_stop why)
{
    if (run->ended == BOARD_RUNNING)
        run->ended = why;
    run->ops->kick(run->ctx);
}

void board_run_request(struct board_run *run, enum dev_request what, uint32_t value)
{
    switch (what) {
    case DEV_REQUEST_RESET:
        board_run_end(run, BOARD_STOP_RESET);
        break;
    case DEV_REQUEST_POWEROFF:
        board_run_end(run, BOARD_STOP_POWEROFF);
        break;
    case DEV_REQUEST_EXIT:
        run->exit_value = value;
        board_run_end(run, BOARD_STOP_EXIT_PORT);
        break;
    case DEV_REQUEST_PANIC:
        run->panicked = true;
        run->ops->kick(run->ctx);
        break;
    }
}

/* Limits of one board_run_go. */
struct limits {
    uint64_t insns_left; /* UINT64_MAX: none */
    uint64_t until_ns;   /* host time, UINT64_MAX: none */
};

static struct limits limits_of(struct board_slice slice)
{
    return (struct limits){
        .insns_left = slice.max_insns ? slice.max_insns : UINT64_MAX,
        .until_ns = slice.max_ns ? board_host_ns() + slice.max_ns : UINT64_MAX,
    };
}

static bool used_up(const struct limits *limits)
{
    return limits->insns_left == 0 ||
           (limits->until_ns != UINT64_MAX && board_host_ns() >= limits->until_ns);
}

static uint64_t budget(const struct board_run *run, const struct limits *limits)
{
    uint64_t n = limits->insns_left < CHUNK ? limits->insns_left : CHUNK;

    if (run->deterministic) {
        const uint64_t now = board_clock_now(&run->platform->clock);
        const uint64_t next = run->platform->clock.next_ns;

        if (next > now && next - now < n)
            n = next - now;
    }
    return n;
}

/* The CPU waits.  Returns BOARD_RUNNING if there is something to run after all. */
static enum board_stop wait(struct board_run *run)
{
    const uint64_t next = run->platform->clock.next_ns;

    if (run->platform->intr || next <= board_clock_now(&run->platform->clock))
        return BOARD_RUNNING;
    if (run->deterministic && next != BOARD_NEVER) {
        board_clock_warp(&run->platform->clock, next);
        return BOARD_RUNNING;
    }
    run->idle_returns++;
    return BOARD_STOP_IDLE;
}

static void handle(struct board_run *run, enum x86_stop stop)
{
    run->halted = stop == X86_STOP_HLT || stop == X86_STOP_DEAD;
    board_clock_set_idle(&run->platform->clock, run->halted);
    if (stop == X86_STOP_TRIPLE_FAULT)
        board_run_end(run, BOARD_STOP_TRIPLE_FAULT);
    if (stop == X86_STOP_DEAD && !dev_lapic_nmi_possible(&run->platform->lapic))
        board_run_end(run, BOARD_STOP_DEAD_END);
}

/* One turn of the loop. */
static enum board_stop turn(struct board_run *run, struct limits *limits)
{
    struct board_clock *clock = &run->platform->clock;
    uint64_t done = 0;
    enum x86_stop stop;

    board_clock_sync(clock);
    board_clock_run(clock);
    if (run->halted && !run->platform->intr) {
        const enum board_stop idle = wait(run);

        if (idle == BOARD_RUNNING) /* a timer is due now: let it fire */
            board_clock_run(clock);
        if (idle != BOARD_RUNNING || !run->platform->intr)
            return idle;
    }
    board_clock_set_idle(clock, false);
    stop = run->ops->step(run->ctx, budget(run, limits), &done);
    if (limits->insns_left != UINT64_MAX)
        limits->insns_left -= done < limits->insns_left ? done : limits->insns_left;
    handle(run, stop);
    return stop == X86_STOP_BREAK ? BOARD_STOP_BREAK : BOARD_RUNNING;
}

static enum board_stop loop(struct board_run *run, struct limits limits)
{
    for (;;) {
        enum board_stop stop;

        if (run->ended != BOARD_RUNNING)
            return run->ended;
        if (run->panicked && !run->panic_told) {
            run->panic_told = true;
            return BOARD_STOP_PANIC;
        }
        if (run->paused)
            return BOARD_STOP_PAUSED;
        if (used_up(&limits))
            return BOARD_STOP_SLICE;
        stop = turn(run, &limits);
        if (stop != BOARD_RUNNING)
            return stop;
        board_run_flush(run);
    }
}

enum board_stop board_run_go(struct board_run *run, struct board_slice slice)
{
    const enum board_stop stop = loop(run, limits_of(slice));

    board_run_flush(run);
    return stop;
}

void board_run_pause(struct board_run *run)
{
    run->paused = true;
    board_clock_stop(&run->platform->clock);
    run->ops->kick(run->ctx);
}

void board_run_cont(struct board_run *run)
{
    run->paused = false;
    board_clock_cont(&run->platform->clock);
}

uint64_t board_run_next_event_ns(const struct board_run *run)
{
    const uint64_t next = run->platform->clock.next_ns;
    const uint64_t now = board_clock_now(&run->platform->clock);

    if (next == BOARD_NEVER)
        return UINT64_MAX;
    return next > now ? next - now : 0;
}

static const struct {
    int exit_code;
    const char *text;
} stops[] = {
    [BOARD_STOP_SLICE] = {-1, "running"},
    [BOARD_STOP_IDLE] = {-1, "idle"},
    [BOARD_STOP_PAUSED] = {-1, "paused"},
    [BOARD_STOP_BREAK] = {-1, "stopped by the debugger"},
    [BOARD_STOP_POWEROFF] = {0, "powered off"},
    [BOARD_STOP_RESET] = {32, "reset"},
    [BOARD_STOP_PANIC] = {34, "guest panic"},
    [BOARD_STOP_TRIPLE_FAULT] = {36, "triple fault"},
    [BOARD_STOP_DEAD_END] = {36,
                             "dead end: halted with interrupts off and nothing that could wake it"},
    [BOARD_STOP_EXIT_PORT] = {1, "exit port"},
};

int board_run_exit_code(const struct board_run *run, enum board_stop stop)
{
    if (stop == BOARD_STOP_EXIT_PORT)
        return (int)(run->exit_value * 2 + 1) & 0xff;
    if (stop == BOARD_STOP_RESET && run->panicked)
        return 34;
    return stops[stop].exit_code;
}

const char *board_stop_text(enum board_stop stop)
{
    return stops[stop].text;
}
