/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop (board/run.h) and the devices need of the bare-metal machine. */
#include "pc/state.h"

void pc_trace(struct pc *pc, const char *room, const char *line)
{
    if (pc->config.callbacks.trace)
        pc->config.callbacks.trace(pc->config.callbacks.ctx, room, line);
}

/* ---- the loop's ---- */

static enum x86_stop run_step(void *ctx, uint64_t budget, uint64_t *done)
{
    struct pc *pc = ctx;

    return x86_run(pc->cpu, budget, done);
}

static void run_kick(void *ctx)
{
    struct pc *pc = ctx;

    if (pc->cpu) /* devices settle before there is one */
        x86_kick(pc->cpu);
}

static void run_console(void *ctx, const uint8_t *bytes, size_t len)
{
    struct pc *pc = ctx;

    if (pc->config.callbacks.console)
        pc->config.callbacks.console(pc->config.callbacks.ctx, bytes, len);
}

const struct board_run_ops pc_run_ops = {
    .step = run_step,
    .kick = run_kick,
    .console = run_console,
};

/* ---- the platform's ---- */

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

    if (pc->cpu)
        x86_set_intr(pc->cpu, level);
}

static void nmi(void *ctx)
{
    struct pc *pc = ctx;

    pc->run.halted = false;
    x86_nmi(pc->cpu);
}

static void smi(void *ctx)
{
    struct pc *pc = ctx;

    x86_smi(pc->cpu);
}

static void request(void *ctx, enum dev_request what, uint32_t value)
{
    struct pc *pc = ctx;

    board_run_request(&pc->run, what, value);
}

static void console(void *ctx, uint8_t byte)
{
    struct pc *pc = ctx;

    board_run_console(&pc->run, byte);
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
    .smi = smi,
    .request = request,
    .console = console,
    .trace = trace,
};

/* ---- the front door's ---- */

enum board_stop pc_run(struct pc *pc, struct board_slice slice)
{
    return board_run_go(&pc->run, slice);
}

int pc_exit_code(const struct pc *pc, enum board_stop stop)
{
    return board_run_exit_code(&pc->run, stop);
}

uint64_t pc_next_event_ns(const struct pc *pc)
{
    return board_run_next_event_ns(&pc->run);
}

uint64_t pc_now_ns(const struct pc *pc)
{
    return board_clock_now(&pc->platform->clock);
}

size_t pc_console_input(struct pc *pc, const uint8_t *bytes, size_t len)
{
    return dev_uart_receive(&pc->platform->uart, bytes, len);
}

size_t pc_hvc_input(struct pc *pc, const uint8_t *bytes, size_t len)
{
    return dev_virtio_console_receive(&pc->virtio.console, bytes, len);
}

bool pc_net_input(struct pc *pc, const uint8_t *frame, size_t len)
{
    return board_virtio_net_input(&pc->virtio, frame, len);
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
    board_run_pause(&pc->run);
}

void pc_cont(struct pc *pc)
{
    board_run_cont(&pc->run);
}

bool pc_is_paused(const struct pc *pc)
{
    return pc->run.paused;
}
