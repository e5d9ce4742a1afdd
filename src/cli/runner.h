/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run while it lasts, for the files that make up cbit run: cmd_run.c (the
 * verb and the loop), run_open.c (opens and closes everything), run_machine.c
 * (the machine, from options and files), run_ops.c (what the control socket and
 * a debugger may ask).
 */
#ifndef CLI_RUNNER_H
#define CLI_RUNNER_H

#include "cli/run.h"

struct runner {
    const struct run_options *options;
    struct cbit_machine *machine;
    struct run_sev *sev; /* NULL: no SEV guest */
    struct host_loop *loop;
    struct run_console *console;
    struct mon *mon;
    struct mon_gdb *gdb;
    struct cbit_c_map *core; /* while a core file is written */
    struct mon_trace *trace;
    struct host_net *net;      /* NULL: none */
    struct run_script *script; /* NULL: none */
    FILE *trace_to;            /* NULL: standard error */
    int signals;
    uint64_t start_ns;
    bool started; /* has run, or was told to */
    bool ended;
    bool host_error;
    struct run_end end;
};

/* Ends the run after the slice that is under way; the first reason counts (cmd_run.c). */
void runner_finish(struct runner *r, int code, const char *reason);
uint64_t runner_elapsed(const struct runner *r);
void runner_on_signal(void *ctx, int fd, short revents);
void runner_on_quit_key(void *ctx);

/* run_ops.c */
extern const struct mon_ops run_mon_ops, run_mon_ops_sev;
extern const struct mon_gdb_ops run_gdb_ops;
void runner_stop(struct runner *r);
void runner_quit(struct runner *r);
enum cbit_error runner_reset(struct runner *r);

/* run_machine.c; false: said why on standard error */
bool runner_make_machine(struct runner *r, const struct run_files *files);
bool runner_write_exposed(struct runner *r);

/* run_open.c; false: said why on standard error; what is open is closed by runner_close() */
bool runner_open(struct runner *r, const struct run_files *files);
bool runner_sandbox(struct runner *r);
void runner_close(struct runner *r);

#endif
