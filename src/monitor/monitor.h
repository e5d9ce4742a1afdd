/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of monitor: the control socket (QMP, as QEMU's protocol document
 * describes it) of a running machine.
 *
 * The monitor knows the machine only through struct mon_ops, so that the
 * protocol is tested without one.  Everything a peer sends is hostile: frames
 * are bounded, unknown members refused, a peer that does not read is dropped.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "cbit/cbit.h"
#include "cbit/sev.h"
#include "host/host.h"

/* What a SEV guest's owner and administrator ask: cbit/sev.h. */
struct mon_sev_ops {
    void (*info)(void *ctx, struct cbit_sev_info *out);
    enum cbit_error (*capabilities)(void *ctx, struct cbit_sev_capabilities *out,
                                    struct cbit_why *why);
    enum cbit_error (*measure)(void *ctx, uint8_t out[CBIT_SEV_MEASURE_SIZE], struct cbit_why *why);
    enum cbit_error (*report)(void *ctx, const uint8_t mnonce[16],
                              uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why);
    enum cbit_error (*inject)(void *ctx, struct cbit_bytes header, struct cbit_bytes secret,
                              uint64_t gpa, struct cbit_why *why);
    enum cbit_error (*debug_read)(void *ctx, uint64_t at, void *to, size_t len,
                                  struct cbit_why *why);
    enum cbit_error (*debug_write)(void *ctx, uint64_t at, const void *from, size_t len,
                                   struct cbit_why *why);
};

/* What a command can ask of the machine; called on the loop's thread, between slices. */
struct mon_ops {
    const char *(*status)(void *ctx); /* "running", "paused", "prelaunch", "shutdown" */
    void (*stop)(void *ctx);
    void (*cont)(void *ctx);
    void (*quit)(void *ctx);
    enum cbit_error (*reset)(void *ctx);
    enum cbit_error (*powerdown)(void *ctx);
    enum cbit_error (*peek)(void *ctx, uint64_t at, cbit_view view, void *to, size_t len);
    enum cbit_error (*peek_c0)(void *ctx, uint64_t at, void *to, size_t len);
    size_t (*dram)(void *ctx, struct cbit_range *out, size_t max);
    /* Whose bytes the frame holds at present; false: never written. */
    bool (*frame)(void *ctx, uint64_t at, cbit_view *view);
    void (*regs)(void *ctx, struct cbit_regs *out);
    /* Memory as the host's CPU reads it, between core_begin and core_end. */
    enum cbit_error (*core_begin)(void *ctx);
    enum cbit_error (*core_peek)(void *ctx, uint64_t at, void *to, size_t len);
    void (*core_end)(void *ctx);
    /* Where a guest's memory lies. */
    enum cbit_error (*find)(void *ctx, uint64_t gpa, uint64_t *address);
    const struct mon_sev_ops *sev; /* NULL: no SEV guest */
};

struct mon_config {
    const struct mon_ops *ops;
    void *ctx;
    struct host_loop *loop; /* outlives the monitor */
    struct host_addr addr;
    bool exposed;           /* keys were written out: every answer about memory says so */
};

struct mon;
enum cbit_status mon_new(const struct mon_config *config, struct mon **out) CBIT_MUST_CHECK;
void mon_free(struct mon *mon); /* NULL is allowed; what is queued is still sent, briefly */

/* Events: told to every peer that finished its negotiation.  NULL mon: nothing. */
void mon_event(struct mon *mon, const char *name);
/* SHUTDOWN with the reason that QEMU's schema knows ("guest-shutdown", "host-signal", ...). */
void mon_event_shutdown(struct mon *mon, const char *reason, bool guest);

/* ---- client side: cbit dram and cbit qmp ---- */

struct mon_client;
/* Connects and negotiates; *why says what failed. */
enum cbit_status mon_client_open(const struct host_addr *addr, struct mon_client **out,
                                 struct cbit_why *why) CBIT_MUST_CHECK;
void mon_client_close(struct mon_client *client);
/*
 * One command; arguments is JSON text or NULL.  On success *answer is the JSON
 * text of "return" (free it); CBIT_DENIED: the peer refused, *why is its reason.
 */
enum cbit_status mon_client_ask(struct mon_client *client, const char *command,
                                const char *arguments, char **answer,
                                struct cbit_why *why) CBIT_MUST_CHECK;
/* cbit-dram: len bytes as a view shows them; *exposed may be NULL. */
enum cbit_status mon_client_read(struct mon_client *client, const char *view, uint64_t at, void *to,
                                 size_t len, bool *exposed, struct cbit_why *why) CBIT_MUST_CHECK;

/* "raw", "host" or "asid=N"; false: ill-formed. */
bool mon_view_parse(const char *text, cbit_view *view);

/* ---- GDB remote protocol ---- */

struct mon_gdb_ops {
    void (*pause)(void *ctx);
    void (*cont)(void *ctx);
    void (*step)(void *ctx); /* one instruction, then paused again */
    void (*quit)(void *ctx);
    void (*regs)(void *ctx, struct cbit_regs *out);
    enum cbit_error (*set_regs)(void *ctx, const struct cbit_regs *in);
    enum cbit_error (*read)(void *ctx, uint64_t at, void *to, size_t len);
    enum cbit_error (*write)(void *ctx, uint64_t at, const void *from, size_t len);
    enum cbit_error (*break_set)(void *ctx, uint64_t at);
    enum cbit_error (*break_clear)(void *ctx, uint64_t at);
    enum cbit_error (*watch_set)(void *ctx, const struct cbit_watch *watch);
    enum cbit_error (*watch_clear)(void *ctx, const struct cbit_watch *watch);
    bool (*watch_met)(void *ctx, struct cbit_watch *out); /* why the machine stopped last */
};

struct mon_gdb_config {
    const struct mon_gdb_ops *ops;
    void *ctx;
    struct host_loop *loop; /* outlives the stub */
    struct host_addr addr;
};

struct mon_gdb;
enum cbit_status mon_gdb_new(const struct mon_gdb_config *config, struct mon_gdb **out) CBIT_MUST_CHECK;
void mon_gdb_free(struct mon_gdb *gdb); /* NULL is allowed, here and below */
void mon_gdb_stopped(struct mon_gdb *gdb); /* at a breakpoint; the machine is paused already */
void mon_gdb_ended(struct mon_gdb *gdb, int code);

/* ---- trace output: one line an event, as text or as JSON lines ---- */

struct mon_trace;
struct mon_trace_config {
    const char *rooms; /* "asp,cpu" or "all" */
    FILE *to;          /* stays the caller's */
    bool json;
};
/* CBIT_NOT_FOUND: *why names the room that does not exist. */
enum cbit_status mon_trace_new(const struct mon_trace_config *config, struct mon_trace **out,
                               struct cbit_why *why) CBIT_MUST_CHECK;
void mon_trace_free(struct mon_trace *trace);
/* insns: the machine's instruction count, the time axis of every line. */
void mon_trace_line(struct mon_trace *trace, uint64_t insns, const char *room, const char *line);

#endif
