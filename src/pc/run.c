/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's loop: timers that are due, then a chunk of instructions.
 *
 * A chunk is short enough that timers are on time.  With the deterministic
 * clock it ends exactly at the next timer, so that the same input gives the
 * same run.
 */
#include "pc/state.h"

#define CHUNK UINT64_C(20000) /* instructions between looks at the clock */

void pc_trace(struct pc *pc, const char *room, const char *line)
{
    if (pc->config.callbacks.trace)
        pc->config.callbacks.trace(pc->config.callbacks.ctx, room, line);
}

void pc_flush_console(struct pc *pc)
{
    if (pc->console_len && pc->config.callbacks.console)
        pc->config.callbacks.console(pc->config.callbacks.ctx, pc->console, pc->console_len);
    pc->console_len = 0;
}

/* What the platform asks of its owner. */

static bool dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    struct pc *pc = ctx;

    return board_dma_read(&pc->fabric, bus, to, len);
}

static bool dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    struct pc *pc = ctx;

    return board_dma_write(&pc->fabric, bus, from, len);
}

static void intr(void *ctx, bool level)
{
    struct pc *pc = ctx;

    if (pc->cpu) /* devices settle before there is one */
        x86_set_intr(pc->cpu, level);
}

static void nmi(void *ctx)
{
    struct pc *pc = ctx;

    pc->halted = false;
    x86_nmi(pc->cpu);
}

static void end(struct pc *pc, enum pc_stop why)
{
    if (pc->ended == PC_RUNNING)
        pc->ended = why;
    if (pc->cpu)
        x86_kick(pc->cpu);
}

static void request(void *ctx, enum dev_request what, uint32_t value)
{
    struct pc *pc = ctx;

    switch (what) {
    case DEV_REQUEST_RESET:
        end(pc, PC_STOP_RESET);
        break;
    case DEV_REQUEST_POWEROFF:
        end(pc, PC_STOP_POWEROFF);
        break;
    case DEV_REQUEST_EXIT:
        pc->exit_value = value;
        end(pc, PC_STOP_EXIT_PORT);
        break;
    case DEV_REQUEST_PANIC:
        pc->panicked = true;
        x86_kick(pc->cpu);
        break;
    }
}

static void console(void *ctx, uint8_t byte)
{
    struct pc *pc = ctx;

    pc->console[pc->console_len++] = byte;
    if (pc->console_len == sizeof(pc->console))
        pc_flush_console(pc);
}

void pc_debugcon(void *ctx, uint8_t byte)
{
    struct pc *pc = ctx;

    pc->config.callbacks.debugcon(pc->config.callbacks.ctx, &byte, 1);
}

static void trace(void *ctx, const char *line)
{
    pc_trace(ctx, "board", line);
}

const struct board_platform_ops pc_platform_ops = {
    .dma_read = dma_read,
    .dma_write = dma_write,
    .intr = intr,
    .nmi = nmi,
    .request = request,
    .console = console,
    .trace = trace,
};

/* Limits of one pc_run. */
struct limits {
    uint64_t insns_left; /* UINT64_MAX: none */
    uint64_t until_ns;   /* host time, UINT64_MAX: none */
};

static struct limits limits_of(struct pc_slice slice)
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

static uint64_t budget(const struct pc *pc, const struct limits *limits)
{
    uint64_t n = limits->insns_left < CHUNK ? limits->insns_left : CHUNK;

    if (pc->config.deterministic) {
        const uint64_t now = board_clock_now(&pc->platform->clock);
        const uint64_t next = pc->platform->clock.next_ns;

        if (next > now && next - now < n)
            n = next - now;
    }
    return n;
}

/* The CPU waits.  Returns PC_RUNNING if there is something to run after all. */
static enum pc_stop wait(struct pc *pc)
{
    const uint64_t next = pc->platform->clock.next_ns;

    if (pc->platform->intr || next <= board_clock_now(&pc->platform->clock))
        return PC_RUNNING;
    if (pc->config.deterministic && next != BOARD_NEVER) {
        board_clock_warp(&pc->platform->clock, next);
        return PC_RUNNING;
    }
    pc->idle_returns++;
    return PC_STOP_IDLE;
}

static void handle(struct pc *pc, enum x86_stop stop)
{
    pc->halted = stop == X86_STOP_HLT || stop == X86_STOP_DEAD;
    board_clock_set_idle(&pc->platform->clock, pc->halted);
    if (stop == X86_STOP_TRIPLE_FAULT)
        end(pc, PC_STOP_TRIPLE_FAULT);
    if (stop == X86_STOP_DEAD && !dev_lapic_nmi_possible(&pc->platform->lapic))
        end(pc, PC_STOP_DEAD_END);
}

/* One turn of the loop. */
static enum pc_stop turn(struct pc *pc, struct limits *limits)
{
    uint64_t done = 0;
    enum x86_stop stop;

    board_clock_sync(&pc->platform->clock);
    board_clock_run(&pc->platform->clock);
    if (pc->halted && !pc->platform->intr) {
        const enum pc_stop idle = wait(pc);

        if (idle == PC_RUNNING) /* a timer is due now: let it fire */
            board_clock_run(&pc->platform->clock);
        if (idle != PC_RUNNING || !pc->platform->intr)
            return idle;
    }
    board_clock_set_idle(&pc->platform->clock, false);
    stop = x86_run(pc->cpu, budget(pc, limits), &done);
    if (limits->insns_left != UINT64_MAX)
        limits->insns_left -= done < limits->insns_left ? done : limits->insns_left;
    handle(pc, stop);
    return stop == X86_STOP_BREAK ? PC_STOP_BREAK : PC_RUNNING;
}

static enum pc_stop loop(struct pc *pc, struct limits limits)
{
    for (;;) {
        enum pc_stop stop;

        if (pc->ended != PC_RUNNING)
            return pc->ended;
        if (pc->panicked && !pc->panic_told) {
            pc->panic_told = true;
            return PC_STOP_PANIC;
        }
        if (pc->paused)
            return PC_STOP_PAUSED;
        if (used_up(&limits))
            return PC_STOP_SLICE;
        stop = turn(pc, &limits);
        if (stop != PC_RUNNING)
            return stop;
        pc_flush_console(pc);
    }
}

enum pc_stop pc_run(struct pc *pc, struct pc_slice slice)
{
    const enum pc_stop stop = loop(pc, limits_of(slice));

    pc_flush_console(pc);
    return stop;
}

static const struct {
    int exit_code;
    const char *text;
} stops[] = {
    [PC_STOP_SLICE] = {-1, "running"},
    [PC_STOP_IDLE] = {-1, "idle"},
    [PC_STOP_PAUSED] = {-1, "paused"},
    [PC_STOP_BREAK] = {-1, "stopped by the debugger"},
    [PC_STOP_POWEROFF] = {0, "powered off"},
    [PC_STOP_RESET] = {32, "reset"},
    [PC_STOP_PANIC] = {34, "guest panic"},
    [PC_STOP_TRIPLE_FAULT] = {36, "triple fault"},
    [PC_STOP_DEAD_END] = {36, "dead end: halted with interrupts off and nothing that could wake it"},
    [PC_STOP_EXIT_PORT] = {1, "exit port"},
};

int pc_exit_code(const struct pc *pc, enum pc_stop stop)
{
    if (stop == PC_STOP_EXIT_PORT)
        return (int)(pc->exit_value * 2 + 1) & 0xff;
    if (stop == PC_STOP_RESET && pc->panicked)
        return 34;
    return stops[stop].exit_code;
}

const char *pc_stop_text(enum pc_stop stop)
{
    return stops[stop].text;
}

uint64_t pc_next_event_ns(const struct pc *pc)
{
    const uint64_t next = pc->platform->clock.next_ns;
    const uint64_t now = board_clock_now(&pc->platform->clock);

    if (next == BOARD_NEVER)
        return UINT64_MAX;
    return next > now ? next - now : 0;
}

uint64_t pc_now_ns(const struct pc *pc)
{
    return board_clock_now(&pc->platform->clock);
}

size_t pc_console_input(struct pc *pc, const uint8_t *bytes, size_t len)
{
    return dev_uart_receive(&pc->platform->uart, bytes, len);
}

bool pc_power_button(struct pc *pc)
{
    if (pc->config.no_acpi)
        return false;
    dev_acpi_pm_power_button(&pc->platform->pm);
    return true;
}

void pc_pause(struct pc *pc)
{
    pc->paused = true;
    board_clock_stop(&pc->platform->clock);
    x86_kick(pc->cpu);
}

void pc_cont(struct pc *pc)
{
    pc->paused = false;
    board_clock_cont(&pc->platform->clock);
}

bool pc_is_paused(const struct pc *pc)
{
    return pc->paused;
}
