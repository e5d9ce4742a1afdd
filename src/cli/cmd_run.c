/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit run: one machine on one thread.
 *
 * The loop alternates a slice of guest time with a look at the terminal, the
 * signals and the control socket; an idle guest waits in the poll.  Everything
 * that can end the run sets runner.ended, and nothing else leaves the loop.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"

#define SLICE_NS UINT64_C(5000000)
#define SLICE_INSNS_DETERMINISTIC UINT64_C(1000000) /* host time must not decide anything */
#define IDLE_MAX_NS UINT64_C(1000000000)

enum { EXIT_RESET = 32, EXIT_LIMIT = 124 };

struct runner {
    const struct run_options *options;
    struct cbit_machine *machine;
    struct host_loop *loop;
    struct run_console *console;
    struct mon *mon;
    struct mon_gdb *gdb;
    struct cbit_c_map *core; /* while a core file is written */
    struct mon_trace *trace;
    struct host_net *net;       /* NULL: none */
    struct run_script *script; /* NULL: none */
    FILE *trace_to; /* NULL: standard error */
    int signals;
    uint64_t start_ns;
    bool started; /* has run, or was told to */
    bool ended;
    bool host_error;
    struct run_end end;
};

static void finish(struct runner *r, int code, const char *reason)
{
    if (r->ended)
        return;
    r->ended = true;
    r->end.code = code;
    r->end.reason = reason;
}

/* ---- what the machine calls ---- */

static void on_console(void *ctx, const void *bytes, size_t len)
{
    struct runner *r = ctx;

    run_console_output(r->console, bytes, len);
    if (r->script)
        run_script_output(r->script, bytes, len);
}

static void on_net_send(void *ctx, const void *frame, size_t len)
{
    struct runner *r = ctx;

    host_net_send(r->net, frame, len);
}

/* Frames that came in, as far as the guest's card has room. */
static void feed_net(struct runner *r)
{
    const void *frame;
    size_t len;

    while (r->net && (frame = host_net_next(r->net, &len)) &&
           cbit_machine_net_input(r->machine, frame, len))
        host_net_taken(r->net);
}

static void on_trace(void *ctx, const char *room, const char *line)
{
    struct runner *r = ctx;

    mon_trace_line(r->trace, r->machine ? cbit_machine_instructions(r->machine) : 0, room, line);
}

/* ---- what the control socket asks ---- */

static const char *op_status(void *ctx)
{
    const struct runner *r = ctx;

    if (r->ended)
        return "shutdown";
    if (!cbit_machine_is_paused(r->machine))
        return "running";
    return r->started ? "paused" : "prelaunch";
}

static void op_stop(void *ctx)
{
    struct runner *r = ctx;

    if (!cbit_machine_is_paused(r->machine)) {
        cbit_machine_pause(r->machine);
        mon_event(r->mon, "STOP");
    }
}

static void op_cont(void *ctx)
{
    struct runner *r = ctx;

    r->started = true;
    if (cbit_machine_is_paused(r->machine)) {
        cbit_machine_cont(r->machine);
        mon_event(r->mon, "RESUME");
    }
}

static void op_quit(void *ctx)
{
    struct runner *r = ctx;

    mon_event_shutdown(r->mon, "host-qmp-quit", false);
    finish(r, CLI_EXIT_OK, "quit");
}

static bool write_exposed(struct runner *r);

static enum cbit_error op_reset(void *ctx)
{
    struct runner *r = ctx;
    struct cbit_why why;

    mon_event(r->mon, "RESET");
    const enum cbit_error error = cbit_machine_reset(r->machine, &why);

    if (!error && !write_exposed(r))
        return CBIT_E_IO;
    return error;
}

static enum cbit_error op_powerdown(void *ctx)
{
    const struct runner *r = ctx;

    return cbit_machine_power_button(r->machine);
}

static enum cbit_error op_peek(void *ctx, uint64_t at, cbit_view view, void *to, size_t len)
{
    const struct runner *r = ctx;

    return cbit_machine_peek(r->machine, at, view, to, len);
}

static enum cbit_error op_peek_c0(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct runner *r = ctx;

    return cbit_machine_peek_c0(r->machine, at, to, len);
}

static size_t op_dram(void *ctx, struct cbit_range *out, size_t max)
{
    const struct runner *r = ctx;

    return cbit_machine_dram(r->machine, out, max);
}

static void op_regs(void *ctx, struct cbit_regs *out)
{
    const struct runner *r = ctx;

    cbit_machine_regs(r->machine, out);
}

static enum cbit_error op_core_begin(void *ctx)
{
    struct runner *r = ctx;

    return cbit_c_map_new(r->machine, &r->core);
}

static enum cbit_error op_core_peek(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct runner *r = ctx;

    return cbit_c_map_peek(r->core, at, to, len);
}

static void op_core_end(void *ctx)
{
    struct runner *r = ctx;

    cbit_c_map_free(r->core);
    r->core = NULL;
}

static bool op_frame(void *ctx, uint64_t at, cbit_view *view)
{
    const struct runner *r = ctx;

    return cbit_machine_frame(r->machine, at, view);
}

static const struct mon_ops ops = {
    .frame = op_frame,
    .regs = op_regs,
    .core_begin = op_core_begin,
    .core_peek = op_core_peek,
    .core_end = op_core_end,
    .status = op_status,
    .stop = op_stop,
    .cont = op_cont,
    .quit = op_quit,
    .reset = op_reset,
    .powerdown = op_powerdown,
    .peek = op_peek,
    .peek_c0 = op_peek_c0,
    .dram = op_dram,
};

/* ---- what a debugger asks ---- */

static void gdb_step(void *ctx)
{
    struct runner *r = ctx;

    cbit_machine_cont(r->machine);
    cbit_machine_run(r->machine, (struct cbit_slice){.max_insns = 1});
    cbit_machine_pause(r->machine);
    r->started = true;
}

static void gdb_set_regs(void *ctx, const struct cbit_regs *in)
{
    const struct runner *r = ctx;

    cbit_machine_set_regs(r->machine, in);
}

static enum cbit_error gdb_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct runner *r = ctx;

    return cbit_machine_read_virtual(r->machine, at, to, len);
}

static enum cbit_error gdb_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    const struct runner *r = ctx;

    return cbit_machine_write_virtual(r->machine, at, from, len);
}

static enum cbit_error gdb_break_set(void *ctx, uint64_t at)
{
    const struct runner *r = ctx;

    return cbit_machine_break_set(r->machine, at);
}

static enum cbit_error gdb_break_clear(void *ctx, uint64_t at)
{
    const struct runner *r = ctx;

    return cbit_machine_break_clear(r->machine, at);
}

static const struct mon_gdb_ops gdb_ops = {
    .pause = op_stop,
    .cont = op_cont,
    .step = gdb_step,
    .quit = op_quit,
    .regs = op_regs,
    .set_regs = gdb_set_regs,
    .read = gdb_read,
    .write = gdb_write,
    .break_set = gdb_break_set,
    .break_clear = gdb_break_clear,
};

/* ---- ends ---- */

static void on_signal(void *ctx, int fd, short revents)
{
    struct runner *r = ctx;
    const int number = host_signals_next(fd);

    (void)revents;
    if (!number)
        return;
    mon_event_shutdown(r->mon, "host-signal", false);
    finish(r, 128 + number, strsignal(number));
}

static void on_quit_key(void *ctx)
{
    struct runner *r = ctx;

    mon_event_shutdown(r->mon, "host-ui", false);
    finish(r, CLI_EXIT_OK, "quit");
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
        finish(r, code >= 0 ? code : EXIT_RESET, "guest reset");
    } else if (op_reset(r)) {
        r->host_error = true;
        finish(r, CLI_EXIT_ERROR, "the machine could not be reset");
    }
}

static void on_stop(struct runner *r, enum cbit_stop stop)
{
    if (stop == CBIT_STOP_PANIC)
        mon_event(r->mon, "GUEST_PANICKED"); /* and the end, with 34 */
    if (stop == CBIT_STOP_BREAK) {
        op_stop(r);
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
    finish(r, code, cbit_stop_text(stop));
}

static uint64_t elapsed(const struct runner *r)
{
    return host_now_ns() - r->start_ns;
}

static void check_limits(struct runner *r)
{
    const struct run_options *o = r->options;

    if (o->timeout_ns && elapsed(r) >= o->timeout_ns)
        finish(r, EXIT_LIMIT, "timeout");
    if (o->max_insns && cbit_machine_instructions(r->machine) >= o->max_insns)
        finish(r, EXIT_LIMIT, "instruction limit");
}

/* ---- the loop ---- */

/* Steps of the script that are due between the last slice and the next. */
static void follow_script(struct runner *r, bool idle)
{
    const char *text = NULL;
    size_t len = 0;

    while (r->script && !r->ended && !cbit_machine_is_paused(r->machine)) {
        switch (run_script_next(r->script, cbit_machine_instructions(r->machine), idle, &text,
                                &len)) {
        case RUN_SCRIPT_WAITS:
            return;
        case RUN_SCRIPT_SENDS:
            if (!run_console_type(r->console, text, len))
                finish(r, CLI_EXIT_ERROR, "the script types faster than the guest reads");
            break;
        case RUN_SCRIPT_STOPS:
            op_stop(r);
            break;
        case RUN_SCRIPT_QUITS:
            op_quit(r);
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
        const uint64_t used = elapsed(r);
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
        run_console_progress(r->console, cbit_machine_instructions(r->machine), elapsed(r));
        host_loop_wait(r->loop, sleep_ns(r, stop));
    }
}

/* ---- making it ---- */

static bool write_exposed(struct runner *r)
{
    const char *path = r->options->expose_keys;
    char *text;

    if (!path)
        return true;
    const enum cbit_error error = cbit_machine_exposed_keys(r->machine, &text);

    if (error) {
        cli_fail("cbit run", "--expose-keys: %s", cbit_error_text(error));
        return false;
    }
    const enum cbit_status status = host_file_replace(path, text, strlen(text), 0600);

    cb_wipe(text, strlen(text));
    free(text);
    if (status)
        cli_fail("cbit run", "--expose-keys %s: %s", path, strerror(errno));
    else
        fprintf(stderr, "cbit: EXPOSED: keys and tweaks of this platform are in %s\n", path);
    return !status;
}

static bool open_trace(struct runner *r)
{
    const struct run_options *o = r->options;
    struct cbit_why why = {{0}};

    if (!o->trace)
        return true;
    if (o->trace_file) {
        r->trace_to = fopen(o->trace_file, "we");
        if (!r->trace_to) {
            cli_fail("cbit run", "--trace-file %s: %s", o->trace_file, strerror(errno));
            return false;
        }
    }
    const struct mon_trace_config config = {
        .rooms = o->trace, .to = r->trace_to ? r->trace_to : stderr, .json = o->log_json};

    if (mon_trace_new(&config, &r->trace, &why)) {
        cli_fail("cbit run", "--trace: %s", why.text);
        return false;
    }
    return true;
}

static bool open_console(struct runner *r)
{
    struct cli_why why = {{0}};
    const struct run_console_config config = {.loop = r->loop,
                                              .serial = r->options->serial,
                                              .no_input = r->options->deterministic,
                                              .ctx = r,
                                              .quit = on_quit_key};
    const enum cbit_status status = run_console_new(&config, &r->console, &why);

    if (status)
        cli_fail("cbit run", "%s", *why.text ? why.text : cb_status_text(status));
    return !status;
}

static bool open_script(struct runner *r, const struct run_files *files)
{
    struct cli_why why = {{0}};

    if (!files->script.data)
        return true;
    const enum cbit_status status =
        run_script_new((const char *)files->script.data, &r->script, &why);

    if (status)
        cli_fail("cbit run", "--input-script %s: %s", r->options->input_script,
                 *why.text ? why.text : cb_status_text(status));
    return !status;
}

static bool open_net(struct runner *r)
{
    if (!r->options->net)
        return true;
    const enum cbit_status status = host_net_new(r->loop, &r->net);

    if (status)
        cli_fail("cbit run", "--net: %s",
                 status == CBIT_UNIMPLEMENTED ? "this cbit was built without libslirp"
                                              : cb_status_text(status));
    return !status;
}

static bool open_monitor(struct runner *r)
{
    struct mon_config config = {
        .ops = &ops, .ctx = r, .loop = r->loop, .exposed = r->options->expose_keys != NULL};

    if (!r->options->control)
        return true;
    enum cbit_status status = host_addr_parse(r->options->control, &config.addr);

    if (!status)
        status = mon_new(&config, &r->mon);
    if (status)
        cli_fail("cbit run", "--control %s: %s", r->options->control,
                 cli_status_text(status));
    return !status;
}

static bool open_gdb(struct runner *r)
{
    struct mon_gdb_config config = {.ops = &gdb_ops, .ctx = r, .loop = r->loop};

    if (!r->options->gdb)
        return true;
    enum cbit_status status = host_addr_parse(r->options->gdb, &config.addr);

    if (!status)
        status = mon_gdb_new(&config, &r->gdb);
    if (status)
        cli_fail("cbit run", "--gdb %s: %s", r->options->gdb,
                 cli_status_text(status));
    return !status;
}

static struct cbit_bytes bytes_of(const struct host_bytes *bytes)
{
    return (struct cbit_bytes){bytes->data, bytes->len};
}

static struct cbit_disk disk_of(struct host_disk *disk, bool read_only)
{
    return (struct cbit_disk){.size = host_disk_size(disk),
                              .read_only = read_only,
                              .ctx = disk,
                              .read = host_disk_read,
                              .write = host_disk_write,
                              .flush = host_disk_flush};
}

static struct cbit_config machine_config(struct runner *r, const struct run_files *files)
{
    const struct run_options *o = r->options;
    struct cbit_config config;

    cbit_config_init(&config);
    config.cpu = o->cpu;
    config.memory = o->memory;
    config.smp = o->smp;
    config.sme = o->sme;
    config.tsme = (enum cbit_choice)o->tsme;
    config.no_acpi = o->no_acpi;
    config.deterministic = o->deterministic;
    config.seeded = o->seeded || o->deterministic;
    config.seed = o->seed;
    config.expose_keys = o->expose_keys != NULL;
    config.tweak = bytes_of(&files->tweak);
    config.min_sev_asid = o->min_sev_asid;
    if (files->state != NULL) {
        config.chip = (struct cbit_bytes){files->state->chip, files->state->chip_len};
        config.flash = &files->state->flash;
    }
    config.image = o->multiboot ? CBIT_IMAGE_MULTIBOOT : o->bios ? CBIT_IMAGE_ROM : CBIT_IMAGE_AUTO;
    config.kernel = bytes_of(&files->kernel);
    config.initrd = bytes_of(&files->initrd);
    config.append = o->append;
    config.unpack_kernel = o->unpack_kernel;
    config.rng = o->rng;
    config.net = r->net != NULL;
    config.net_send = on_net_send;
    config.n_disks = files->n_disks;
    for (unsigned i = 0; i < files->n_disks; i++)
        config.disk[i] = disk_of(files->disk[i], files->disk_read_only[i]);
    if (files->nvdimm)
        config.nvdimm = disk_of(files->nvdimm, false);
    config.ctx = r;
    config.console = on_console;
    config.trace = r->trace ? on_trace : NULL;
    return config;
}

static bool make_machine(struct runner *r, const struct run_files *files)
{
    struct cbit_why why = {{0}};
    const struct cbit_config config = machine_config(r, files);
    const enum cbit_error error = cbit_machine_new(&config, &r->machine, &why);

    if (error) {
        cli_fail("cbit run", "%s", *why.text ? why.text : cbit_error_text(error));
        return false;
    }
    if (r->options->paused)
        cbit_machine_pause(r->machine);
    r->started = !r->options->paused;
    return write_exposed(r);
}

static bool open_signals(struct runner *r)
{
    r->signals = host_signals_open();
    if (r->signals >= 0 && !host_loop_watch(r->loop, r->signals, POLLIN, on_signal, r))
        return true;
    cli_fail("cbit run", "signals: %s", strerror(errno));
    return false;
}

/* The console last: from then on the terminal is raw. */
static bool open_all(struct runner *r, const struct run_files *files)
{
    if (host_loop_new(&r->loop))
        return false;
    return open_trace(r) && open_script(r, files) && open_signals(r) && open_net(r) && make_machine(r, files) && open_monitor(r) && open_gdb(r) &&
           open_console(r);
}

static void close_all(struct runner *r)
{
    run_console_free(r->console);
    mon_free(r->mon);
    mon_gdb_free(r->gdb);
    cbit_machine_free(r->machine);
    host_net_free(r->net);
    run_script_free(r->script);
    mon_trace_free(r->trace);
    if (r->trace_to)
        fclose(r->trace_to);
    if (r->loop)
        host_signals_close(r->signals);
    host_loop_free(r->loop);
}

static int run(const struct run_options *options, const struct run_files *files)
{
    struct runner r = {.options = options, .signals = -1, .start_ns = host_now_ns()};
    const uint64_t cpu_start = host_cpu_ns();
    int code = CLI_EXIT_ERROR;

    if (open_all(&r, files)) {
        run_loop(&r);
        run_console_free(r.console);
        r.console = NULL;
        r.end.wall_ns = elapsed(&r);
        r.end.cpu_ns = host_cpu_ns() - cpu_start;
        r.end.exposed = options->expose_keys != NULL;
        mon_gdb_ended(r.gdb, r.end.code);
        run_report(options, r.machine, &r.end);
        code = r.end.code;
    }
    close_all(&r);
    return code;
}

int cli_cmd_run(int argc, char **argv)
{
    struct run_options options = run_options_default();
    struct cli_line line = {.verb = "cbit run", .into = &options};
    struct run_files files;
    struct cli_why why = {{0}};

    line.table = run_option_table(&line.n_options);
    enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed == CLI_OK && !run_options_check(&options, &why))
        parsed = CLI_USAGE;
    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--kernel FILE [options]", &why);
    if (!run_files_load(&files, &options))
        return CLI_EXIT_ERROR;
    const int code = run(&options, &files);

    run_files_free(&files);
    return code;
}
