/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control socket and a debugger may ask of a run.  They are called
 * between two slices of guest time only.
 */
#include "cli/runner.h"

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

void runner_stop(struct runner *r)
{
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

void runner_quit(struct runner *r)
{
    mon_event_shutdown(r->mon, "host-qmp-quit", false);
    runner_finish(r, CLI_EXIT_OK, "quit");
}

enum cbit_error runner_reset(struct runner *r)
{
    struct cbit_why why;

    mon_event(r->mon, "RESET");
    const enum cbit_error error = cbit_machine_reset(r->machine, &why);

    if (!error && (!runner_write_exposed(r) || (r->sev && !run_sev_launched(r->sev, r->machine))))
        return CBIT_E_IO;
    return error;
}

static void op_stop(void *ctx)
{
    runner_stop(ctx);
}

static void op_quit(void *ctx)
{
    runner_quit(ctx);
}

static enum cbit_error op_reset(void *ctx)
{
    return runner_reset(ctx);
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

static enum cbit_error op_find(void *ctx, uint64_t gpa, uint64_t *address)
{
    const struct runner *r = ctx;

    return cbit_guest_find(r->machine, gpa, address);
}

static void op_sev_info(void *ctx, struct cbit_sev_info *out)
{
    const struct runner *r = ctx;

    cbit_sev_info(r->machine, out);
}

static enum cbit_error op_sev_capabilities(void *ctx, struct cbit_sev_capabilities *out,
                                           struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_capabilities(r->machine, out, why);
}

static enum cbit_error op_sev_measure(void *ctx, uint8_t out[CBIT_SEV_MEASURE_SIZE],
                                      struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_measure(r->machine, out, why);
}

static enum cbit_error op_sev_report(void *ctx, const uint8_t mnonce[16],
                                     uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_report(r->machine, mnonce, out, why);
}

static enum cbit_error op_sev_inject(void *ctx, struct cbit_bytes header, struct cbit_bytes secret,
                                     uint64_t gpa, struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_inject_secret(r->machine, header, secret, gpa, why);
}

static enum cbit_error op_sev_debug_read(void *ctx, uint64_t at, void *to, size_t len,
                                         struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_debug_read(r->machine, at, to, len, why);
}

static enum cbit_error op_sev_debug_write(void *ctx, uint64_t at, const void *from, size_t len,
                                          struct cbit_why *why)
{
    const struct runner *r = ctx;

    return cbit_sev_debug_write(r->machine, at, from, len, why);
}

static const struct mon_sev_ops sev_ops = {
    .info = op_sev_info,
    .capabilities = op_sev_capabilities,
    .measure = op_sev_measure,
    .report = op_sev_report,
    .inject = op_sev_inject,
    .debug_read = op_sev_debug_read,
    .debug_write = op_sev_debug_write,
};

#define MON_OPS \
    .frame = op_frame, .regs = op_regs, .core_begin = op_core_begin, .core_peek = op_core_peek, \
    .core_end = op_core_end, .status = op_status, .stop = op_stop, .cont = op_cont, \
    .quit = op_quit, .reset = op_reset, .powerdown = op_powerdown, .peek = op_peek, \
    .peek_c0 = op_peek_c0, .dram = op_dram, .find = op_find

const struct mon_ops run_mon_ops = {MON_OPS};
const struct mon_ops run_mon_ops_sev = {MON_OPS, .sev = &sev_ops};

/* ---- what a debugger asks ---- */

static void gdb_step(void *ctx)
{
    struct runner *r = ctx;

    cbit_machine_cont(r->machine);
    cbit_machine_run(r->machine, (struct cbit_slice){.max_insns = 1});
    cbit_machine_pause(r->machine);
    r->started = true;
}

static enum cbit_error gdb_set_regs(void *ctx, const struct cbit_regs *in)
{
    const struct runner *r = ctx;

    return cbit_machine_set_regs(r->machine, in);
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

static enum cbit_error gdb_watch_set(void *ctx, const struct cbit_watch *watch)
{
    const struct runner *r = ctx;

    return cbit_machine_watch_set(r->machine, watch);
}

static enum cbit_error gdb_watch_clear(void *ctx, const struct cbit_watch *watch)
{
    const struct runner *r = ctx;

    return cbit_machine_watch_clear(r->machine, watch);
}

static bool gdb_watch_met(void *ctx, struct cbit_watch *out)
{
    const struct runner *r = ctx;

    return cbit_machine_watch_met(r->machine, out);
}

const struct mon_gdb_ops run_gdb_ops = {
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
    .watch_set = gdb_watch_set,
    .watch_clear = gdb_watch_clear,
    .watch_met = gdb_watch_met,
};
