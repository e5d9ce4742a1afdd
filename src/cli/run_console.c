/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's first serial port on standard input and output, or in a file.
 *
 * Input is read only while the queue has room, so a pasted file is not lost: it
 * waits where it came from.  On a terminal, Ctrl-a is cbit's own key.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"

#define QUEUE 4096u
#define PROGRESS_AFTER_NS UINT64_C(1000000000)
#define PROGRESS_EVERY_NS UINT64_C(250000000)

struct run_console {
    struct run_console_config config;
    int out;
    bool out_is_file, progress_possible, progress_shown, spoke;
    uint64_t progress_next_ns;
    struct host_term *term; /* NULL: input is no terminal */
    struct run_keys keys;
    uint8_t queue[QUEUE];
    size_t queued;
};

/* ---- output ---- */

static void clear_progress(struct run_console *console)
{
    if (console->progress_shown)
        fputs("\r\033[K", stderr);
    console->progress_shown = false;
}

void run_console_output(struct run_console *console, const void *bytes, size_t len)
{
    clear_progress(console);
    console->spoke = true;
    if (host_write_all(console->out, bytes, len) && errno == EPIPE)
        console->config.quit(console->config.ctx); /* nobody will ever read the rest */
}

void run_console_progress(struct run_console *console, uint64_t insns, uint64_t elapsed_ns)
{
    if (!console->progress_possible || console->spoke || elapsed_ns < console->progress_next_ns)
        return;
    console->progress_next_ns = elapsed_ns + PROGRESS_EVERY_NS;
    console->progress_shown = true;
    fprintf(stderr, "\rcbit: %" PRIu64 " M instructions in %.1f s, no output yet\033[K",
            insns / 1000000, (double)elapsed_ns / 1e9);
}

/* ---- input ---- */

static const char help[] = "\r\nCtrl-a x  end the machine\r\n"
                           "Ctrl-a a  send Ctrl-a to the guest\r\n"
                           "Ctrl-a h  this help\r\n";

static void take_byte(struct run_console *console, uint8_t byte)
{
    switch (console->term ? run_keys_byte(&console->keys, &byte) : RUN_KEY_GUEST) {
    case RUN_KEY_GUEST:
        console->queue[console->queued++] = byte;
        break;
    case RUN_KEY_NONE:
        break;
    case RUN_KEY_QUIT:
        console->config.quit(console->config.ctx);
        break;
    case RUN_KEY_HELP:
        clear_progress(console);
        fputs(help, stderr);
        break;
    }
}

static void on_input(void *ctx, int fd, short revents)
{
    struct run_console *console = ctx;
    uint8_t bytes[QUEUE];
    const ssize_t n = read(fd, bytes, sizeof bytes - console->queued);

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        host_loop_unwatch(console->config.loop, fd); /* end of input is not the end of the run */
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        take_byte(console, bytes[i]);
    if (console->queued == QUEUE)
        host_loop_unwatch(console->config.loop, fd);
}

void run_console_feed(struct run_console *console, struct cbit_machine *machine)
{
    if (console->queued == 0)
        return;
    const bool was_full = console->queued == QUEUE;
    const size_t taken = cbit_machine_console_input(machine, console->queue, console->queued);

    console->queued -= taken;
    memmove(console->queue, console->queue + taken, console->queued);
    if (was_full && taken && !console->config.no_input &&
        host_loop_watch(console->config.loop, STDIN_FILENO, POLLIN, on_input, console))
        console->config.quit(console->config.ctx);
}

bool run_console_type(struct run_console *console, const void *bytes, size_t len)
{
    if (len > QUEUE - console->queued)
        return false;
    memcpy(console->queue + console->queued, bytes, len);
    console->queued += len;
    return true;
}

/* ---- life ---- */

static bool in_foreground(int fd)
{
    return tcgetpgrp(fd) == getpgrp();
}

static enum cbit_status open_input(struct run_console *console)
{
    if (console->config.no_input || fcntl(STDIN_FILENO, F_GETFD) < 0)
        return CBIT_OK; /* closed: no input */
    if (host_is_terminal(STDIN_FILENO)) {
        if (!in_foreground(STDIN_FILENO))
            return CBIT_OK;
        const enum cbit_status status = host_term_raw(STDIN_FILENO, &console->term);

        if (status)
            return status;
    }
    return host_loop_watch(console->config.loop, STDIN_FILENO, POLLIN, on_input, console);
}

static enum cbit_status open_output(struct run_console *console, struct cli_why *why)
{
    if (strcmp(console->config.serial, "stdio") == 0) {
        console->out = STDOUT_FILENO;
        return CBIT_OK;
    }
    const char *path = console->config.serial + strlen("file=");

    console->out_is_file = true;
    console->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (console->out >= 0)
        return CBIT_OK;
    snprintf(why->text, sizeof why->text, "--serial: %.120s: %s", path, strerror(errno));
    return CBIT_IO;
}

enum cbit_status run_console_new(const struct run_console_config *config, struct run_console **out,
                                 struct cli_why *why)
{
    struct run_console *console = calloc(1, sizeof *console);

    if (!console)
        return CBIT_NO_MEMORY;
    console->config = *config;
    console->progress_possible = host_is_terminal(STDERR_FILENO);
    console->progress_next_ns = PROGRESS_AFTER_NS;
    enum cbit_status status = open_output(console, why);

    if (!status && !console->out_is_file)
        status = open_input(console);
    if (status) {
        run_console_free(console);
        return status;
    }
    *out = console;
    return CBIT_OK;
}

void run_console_free(struct run_console *console)
{
    if (!console)
        return;
    clear_progress(console);
    host_loop_unwatch(console->config.loop, STDIN_FILENO);
    host_term_restore(console->term);
    if (console->out_is_file && console->out >= 0)
        close(console->out);
    cb_wipe(console->queue, sizeof console->queue); /* passwords are typed here */
    free(console);
}
