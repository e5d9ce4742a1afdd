/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a machine, bare metal or guest: timers that are due, then a chunk
 * of instructions; how it stands still, waits and ends.  What a chunk is, its
 * owner says.
 */
#ifndef BOARD_RUN_H
#define BOARD_RUN_H

#include "board/platform.h"
#include "x86/x86.h"

enum board_stop {
    BOARD_STOP_SLICE,        /* the slice is used up: call again */
    BOARD_STOP_IDLE,         /* HLT: wait board_run_next_event_ns() or for input, then call again */
    BOARD_STOP_PAUSED,       /* board_run_pause() is in force */
    BOARD_STOP_BREAK,        /* debugger's breakpoint, watchpoint or step */
    BOARD_STOP_POWEROFF,
    BOARD_STOP_RESET,        /* the guest asked for it */
    BOARD_STOP_PANIC,        /* pvpanic; may be run on */
    BOARD_STOP_TRIPLE_FAULT,
    BOARD_STOP_DEAD_END,     /* HLT with interrupts off and nothing that could wake it */
    BOARD_STOP_EXIT_PORT,    /* debug-exit port */
};
#define BOARD_RUNNING ((enum board_stop)-1)

/* How long one call may run; 0 is no limit of that kind. */
struct board_slice {
    uint64_t max_insns;
    uint64_t max_ns; /* of host time; checked every few ten thousand instructions */
};

struct board_run_ops {
    /* Executes at most budget instructions. */
    enum x86_stop (*step)(void *ctx, uint64_t budget, uint64_t *done);
    void (*kick)(void *ctx); /* ends step soon */
    void (*console)(void *ctx, const uint8_t *bytes, size_t len);
};

#define BOARD_CONSOLE_BUFFER 512u

struct board_run {
    const struct board_run_ops *ops;
    void *ctx;
    struct board_platform *platform; /* set once it exists */
    bool deterministic;
    bool paused;
    bool halted;
    bool panicked;           /* pvpanic was heard since power-on */
    bool panic_told;
    enum board_stop ended;   /* BOARD_RUNNING, or why the machine stands */
    uint32_t exit_value;
    uint64_t idle_returns;
    uint8_t console[BOARD_CONSOLE_BUFFER];
    size_t console_len;
};

/* Power-on or reset: nothing has happened yet. */
void board_run_reset(struct board_run *run);

/*
 * Runs until something happens.  After POWEROFF, RESET, TRIPLE_FAULT, DEAD_END
 * and EXIT_PORT the same value is returned again until board_run_reset().
 */
enum board_stop board_run_go(struct board_run *run, struct board_slice slice);

/* What devices and the CPU tell. */
void board_run_end(struct board_run *run, enum board_stop why);
void board_run_request(struct board_run *run, enum dev_request what, uint32_t value);
void board_run_console(struct board_run *run, uint8_t byte);
void board_run_flush(struct board_run *run);

/* Time stands still while paused. */
void board_run_pause(struct board_run *run);
void board_run_cont(struct board_run *run);

/* Nanoseconds until the next timer fires; 0: due; UINT64_MAX: only input can wake the guest. */
uint64_t board_run_next_event_ns(const struct board_run *run);
/*
 * Exit code of `cbit run` for a stop that ends it: 0, 32, 34, 36, or the exit
 * port's value * 2 + 1.  A panic that was seen wins over a reset that follows.
 * -1: this stop ends nothing.
 */
int board_run_exit_code(const struct board_run *run, enum board_stop stop);
/* "powered off", "triple fault", ... */
const char *board_stop_text(enum board_stop stop);

#endif
