/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit run: one machine on one thread.
 *
 * The loop alternates a slice of guest time with a look at the terminal, the
 * signals and the control socket; an idle guest waits in the poll.  Everything
 * that can end the run sets runner.ended, and nothing else leaves the loop.
 * What is opened before and closed after it is in run_open.c.
 */
#include <string.h>

#include "cli/runner.h"

#define SLICE_NS                  UINT64_C(5000000)
#define SLICE_INSNS_DETERMINISTIC UINT64_C(1000000) /* host time must not decide anything */
#define IDLE_MAX_NS               UINT64_C(1000000000)

enum { EXIT_RESET = 32, EXIT_LIMIT = 124 };

void runner_finish(struct runner *r, int code, const char *reason)
{
    if (r->ended)
        return;
    r->ended = true;
    r->end.code = code;
    r->end.reason = reason;
}

uint64_t runner_elapsed(const struct runner *r)
{
    return host_now_ns() - r->start_ns;
}

/* ---- ends ---- */

void runner_on_signal(void *ctx, int fd, short revents)
{
    struct runner *r = ctx;
    const int number = host_signals_next(fd);

    (void)revents;
    if (!number)
        return;
    mon_event_shutdown(r->mon, "host-signal", false);
    runner_finish(r, 128 + number, strsignal(number));
}

void runner_on_quit_key(void *ctx)
{
    struct runner *r = ctx;

    mon_event_shutdown(r->mon, "host-ui", false);
    runner_finish(r, CLI_EXIT_OK, "quit");
}

static const char *hint_of(enum cbit_stop stop)
{
    if (stop == CBIT_STOP_DEAD_END)
        return "the guest halted with interrupts off and nothing can wake it; Linux does this on "
               "'poweroff -f' without ACPI, and where its check of the C-bit failed";
    if (stop == CBIT_STOP_TRIPLE_FAULT)
        return "an exception could not be delivered; --trace cpu shows the last ones";
    return NULL;
}

static void on_reset(struct runner *r)
{
    const int code = cbit_machine_exit_code(r->machine, CBIT_STOP_RESET);

    if (r->options->no_reboot) {
        mon_event_shutdown(r->mon, "guest-reset", true);
        runner_finish(r, code >= 0 ? code : EXIT_RESET, "guest reset");
    } else if (runner_reset(r)) {
        r->host_error = true;
        runner_finish(r, CLI_EXIT_ERROR, "the machine could not be reset");
    }
}

static void on_stop(struct runner *r, enum cbit_stop stop)
{
    if (stop == CBIT_STOP_PANIC)
        mon_event(r->mon, "GUEST_PANICKED"); /* and the end, with 34 */
    if (stop == CBIT_STOP_BREAK) {
        runner_stop(r);
        mon_gdb_stopped(r->gdb);
        return;
    }
    if (stop == CBIT_STOP_RESET) {
        on_reset(r);
        return;
    }
    const int code = cbit_machine_exit_code(r->machine, stop);

    if (code < 0)
        return;
    r->end.hint = hint_of(stop);
    mon_event_shutdown(r->mon, "guest-shutdown", true);
    runner_finish(r, code, cbit_stop_text(stop));
}

static void check_limits(struct runner *r)
{
    const struct run_options *o = r->options;

    if (o->timeout_ns && runner_elapsed(r) >= o->timeout_ns)
        runner_finish(r, EXIT_LIMIT, "timeout");
    if (o->max_insns && cbit_machine_instructions(r->machine) >= o->max_insns)
        runner_finish(r, EXIT_LIMIT, "instruction limit");
}

/* ---- the loop ---- */

/* Frames that came in, as far as the guest's card has room. */
static void feed_net(struct runner *r)
{
    const void *frame;
    size_t len;

    while (r->net && (frame = host_net_next(r->net, &len)) &&
           cbit_machine_net_input(r->machine, frame, len))
        host_net_taken(r->net);
}

/* Steps of the script that are due between the last slice and the next. */
static void follow_script(struct runner *r, bool idle)
{
    const char *text = NULL;
    size_t len = 0;

    while (r->script && !r->ended && !cbit_machine_is_paused(r->machine)) {
        switch (
            run_script_next(r->script, cbit_machine_instructions(r->machine), idle, &text, &len)) {
        case RUN_SCRIPT_WAITS:
            return;
        case RUN_SCRIPT_SENDS:
            if (!run_console_type(r->console, text, len))
                runner_finish(r, CLI_EXIT_ERROR, "the script types faster than the guest reads");
            break;
        case RUN_SCRIPT_STOPS:
            runner_stop(r);
            break;
        case RUN_SCRIPT_QUITS:
            runner_quit(r);
            break;
        }
    }
}

static void at_most(uint64_t *insns, uint64_t limit)
{
    if (*insns == 0 || limit < *insns)
        *insns = limit;
}

static struct cbit_slice next_slice(const struct runner *r)
{
    const struct run_options *o = r->options;
    const uint64_t now = cbit_machine_instructions(r->machine);
    struct cbit_slice slice = {.max_ns = o->deterministic ? 0 : SLICE_NS,
                               .max_insns = o->deterministic ? SLICE_INSNS_DETERMINISTIC : 0};

    if (o->max_insns)
        at_most(&slice.max_insns, o->max_insns - now);
    if (r->script && run_script_until(r->script) > now)
        at_most(&slice.max_insns, run_script_until(r->script) - now);
    return slice;
}

/* How long the loop may sleep: not past a timer of the guest, not past --timeout. */
static uint64_t sleep_ns(const struct runner *r, enum cbit_stop stop)
{
    uint64_t ns = IDLE_MAX_NS;

    if (stop != CBIT_STOP_IDLE && stop != CBIT_STOP_PAUSED)
        return 0;
    if (stop == CBIT_STOP_IDLE && cbit_machine_idle_ns(r->machine) < ns)
        ns = cbit_machine_idle_ns(r->machine);
    if (r->options->timeout_ns) {
        const uint64_t used = runner_elapsed(r);
        const uint64_t left = used < r->options->timeout_ns ? r->options->timeout_ns - used : 0;

        ns = left < ns ? left : ns;
    }
    return ns;
}

static void run_loop(struct runner *r)
{
    while (!r->ended) {
        run_console_feed(r->console, r->machine);
        feed_net(r);
        const enum cbit_stop stop = cbit_machine_is_paused(r->machine)
                                        ? CBIT_STOP_PAUSED
                                        : cbit_machine_run(r->machine, next_slice(r));

        if (stop > CBIT_STOP_PAUSED)
            on_stop(r, stop);
        follow_script(r, stop == CBIT_STOP_IDLE);
        check_limits(r);
        if (r->ended)
            return;
        run_console_progress(r->console, cbit_machine_instructions(r->machine), runner_elapsed(r));
        host_loop_wait(r->loop, sleep_ns(r, stop));
    }
}

static int run(const struct run_options *options, const struct run_files *files)
{
    struct runner r = {.options = options, .signals = -1, .start_ns = host_now_ns()};
    const uint64_t cpu_start = host_cpu_ns();
    int code = CLI_EXIT_ERROR;

    if (runner_open(&r, files) && runner_sandbox(&r)) {
        run_loop(&r);
        run_console_free(r.console);
        r.console = NULL;
        r.end.wall_ns = runner_elapsed(&r);
        r.end.cpu_ns = host_cpu_ns() - cpu_start;
        r.end.exposed = options->expose_keys != NULL;
        mon_gdb_ended(r.gdb, r.end.code);
        run_report(options, r.machine, &r.end);
        code = r.end.code;
    }
    runner_close(&r);
    run_reports_free(&r.end.reports);
    return code;
}

int cli_cmd_run(int argc, char **argv)
{
    struct run_options options = run_options_default();
    struct cli_line line = {.verb = "cbit run", .into = &options};
    struct run_files files;
    struct run_guest_file guest = {{NULL}};
    struct cli_why why = {{0}};

    line.table = run_option_table(&line.n_options);
    enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed == CLI_OK && options.guest && !run_guest_read(&options, &guest, &why))
        parsed = CLI_USAGE;
    if (parsed == CLI_OK && !run_options_check(&options, &why))
        parsed = CLI_USAGE;
    int code;

    if (parsed != CLI_OK) {
        code = cli_usage(parsed, &line, "--kernel FILE [options]", &why);
    } else if (!run_files_load(&files, &options)) {
        code = CLI_EXIT_ERROR;
    } else {
        code = run(&options, &files);
        run_files_free(&files);
    }
    run_guest_file_free(&guest);
    return code;
}
