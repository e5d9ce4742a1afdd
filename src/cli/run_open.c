/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens all that a run needs, in the order in which it is needed, and closes it
 * again.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cli/runner.h"
#include "host/sandbox.h"

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
                                              .quit = runner_on_quit_key};
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
        .ops = r->sev ? &run_mon_ops_sev : &run_mon_ops,
        .ctx = r,
        .loop = r->loop,
        .exposed = r->options->expose_keys != NULL,
    };

    if (!r->options->control)
        return true;
    enum cbit_status status = host_addr_parse(r->options->control, &config.addr);

    if (!status)
        status = mon_new(&config, &r->mon);
    if (status)
        cli_fail("cbit run", "--control %s: %s", r->options->control, cli_status_text(status));
    return !status;
}

static bool open_gdb(struct runner *r)
{
    struct mon_gdb_config config = {.ops = &run_gdb_ops, .ctx = r, .loop = r->loop};

    if (!r->options->gdb)
        return true;
    enum cbit_status status = host_addr_parse(r->options->gdb, &config.addr);

    if (!status)
        status = mon_gdb_new(&config, &r->gdb);
    if (status)
        cli_fail("cbit run", "--gdb %s: %s", r->options->gdb, cli_status_text(status));
    return !status;
}

static bool open_signals(struct runner *r)
{
    r->signals = host_signals_open();
    if (r->signals >= 0 && !host_loop_watch(r->loop, r->signals, POLLIN, runner_on_signal, r))
        return true;
    cli_fail("cbit run", "signals: %s", strerror(errno));
    return false;
}

/* The console last: from then on the terminal is raw. */
bool runner_open(struct runner *r, const struct run_files *files)
{
    if (host_loop_new(&r->loop))
        return false;
    return open_trace(r) && open_script(r, files) && open_signals(r) && open_net(r) &&
           runner_make_machine(r, files) && open_monitor(r) && open_gdb(r) && open_console(r);
}

/*
 * Last of all: what comes after may write files only if an option or a client of
 * the control socket can ask for one, and reach out only with a network card.
 */
bool runner_sandbox(struct runner *r)
{
    const struct run_options *o = r->options;
    const struct host_sandbox_run needs = {
        .files = o->control || o->state || o->expose_keys || o->net || o->sev.dump,
        .network = o->net != NULL,
    };

    r->end.sandbox = !o->sandbox ? "off" : host_sandbox_built() ? "on" : "not built";
    if (strcmp(r->end.sandbox, "on") != 0)
        return true;
    const enum cbit_status status = host_sandbox_run(&needs);

    if (status)
        cli_fail("cbit run", "the filter of system calls: %s (--sandbox off does without)",
                 cb_status_text(status));
    return !status;
}

void runner_close(struct runner *r)
{
    run_console_free(r->console);
    mon_free(r->mon);
    mon_gdb_free(r->gdb);
    cbit_machine_free(r->machine);
    run_sev_free(r->sev);
    host_net_free(r->net);
    run_script_free(r->script);
    mon_trace_free(r->trace);
    if (r->trace_to)
        fclose(r->trace_to);
    if (r->loop)
        host_signals_close(r->signals);
    host_loop_free(r->loop);
}
