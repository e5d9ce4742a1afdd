/* SPDX-License-Identifier: Apache-2.0 */
/* A command's view of the monitor; for neighbours in this room. */
#ifndef MONITOR_QMP_H
#define MONITOR_QMP_H

#include <jansson.h>

#include "monitor/monitor.h"

/* Outcome of a command: an answer, or a reason. */
struct mon_reply {
    json_t *answer;     /* owned; NULL with an empty reason: {} */
    const char *class_; /* error class; NULL: GenericError */
    char reason[256];   /* not empty: refused */
};

typedef void mon_command_fn(struct mon *mon, json_t *args, struct mon_reply *reply);

#define JSON_ANY_BOOL JSON_TRUE

/* One argument of a command.  type is jansson's; JSON_ANY_BOOL is either truth value. */
struct mon_param {
    const char *name;
    json_type type;
    bool optional;
};

#define MON_MAX_PARAMS 6

struct mon_command {
    const char *name;
    mon_command_fn *run;
    struct mon_param params[MON_MAX_PARAMS];
};

const struct mon_command *mon_command_find(const char *name);
const struct mon_command *mon_command_at(size_t i); /* NULL past the last */

/* Missing, unexpected and ill-typed arguments: false with a reason. */
bool mon_params_ok(const struct mon_command *command, json_t *args, struct mon_reply *reply);

__attribute__((format(printf, 2, 3))) void mon_refuse(struct mon_reply *reply, const char *format,
                                                      ...);

/* dump.c */
mon_command_fn mon_dump_guest_memory, mon_query_dump_capability;

/* qmp_sev.c */
mon_command_fn mon_query_sev, mon_query_sev_capabilities, mon_query_sev_launch_measure,
    mon_query_sev_attestation_report, mon_sev_inject_launch_secret, mon_cbit_dbg,
    mon_cbit_gpa;

const struct mon_config *mon_config_of(const struct mon *mon);

#endif
