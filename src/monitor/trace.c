/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace output.  The names of the rooms and the form of a line are an interface:
 *
 *     [1234567] asp: line                       text
 *     {"insns":1234567,"room":"asp","line":"line"}   --log-json
 */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "monitor/monitor.h"

static const char *const rooms[] = {"asp", "board", "check", "cpu", "dev", "mc", "mmu", "pc"};

struct mon_trace {
    struct mon_trace_config config;
    bool on[CB_ARRAY_LEN(rooms)];
};

static size_t room_index(const char *name, size_t len)
{
    size_t i = 0;

    while (i < CB_ARRAY_LEN(rooms) &&
           (strlen(rooms[i]) != len || memcmp(rooms[i], name, len) != 0))
        i++;
    return i;
}

static bool select_rooms(struct mon_trace *trace, const char *list, struct cbit_why *why)
{
    while (*list) {
        const size_t len = strcspn(list, ",");
        const bool all = len == 3 && memcmp(list, "all", 3) == 0;
        const size_t i = room_index(list, len);

        if (!all && i == CB_ARRAY_LEN(rooms)) {
            snprintf(why->text, sizeof why->text,
                     "there is no room '%.*s' to trace; there are: all asp board check cpu dev mc mmu pc",
                     (int)(len < 40 ? len : 40), list);
            return false;
        }
        for (size_t k = 0; k < CB_ARRAY_LEN(rooms); k++)
            trace->on[k] = trace->on[k] || all || k == i;
        list += len + (list[len] == ',');
    }
    return true;
}

enum cbit_status mon_trace_new(const struct mon_trace_config *config, struct mon_trace **out,
                               struct cbit_why *why)
{
    struct mon_trace *trace = calloc(1, sizeof *trace);

    if (!trace)
        return CBIT_NO_MEMORY;
    trace->config = *config;
    if (!select_rooms(trace, config->rooms, why)) {
        free(trace);
        return CBIT_NOT_FOUND;
    }
    *out = trace;
    return CBIT_OK;
}

void mon_trace_free(struct mon_trace *trace)
{
    free(trace);
}

static void print_json(FILE *to, uint64_t insns, const char *room, const char *line)
{
    json_t *object = json_pack("{s:I, s:s, s:s}", "insns", (json_int_t)insns, "room", room, "line",
                               line);

    if (object) {
        json_dumpf(object, to, JSON_COMPACT | JSON_PRESERVE_ORDER);
        fputc('\n', to);
    }
    json_decref(object);
}

void mon_trace_line(struct mon_trace *trace, uint64_t insns, const char *room, const char *line)
{
    const size_t i = room_index(room, strlen(room));

    if (i < CB_ARRAY_LEN(rooms) && !trace->on[i])
        return;
    if (trace->config.json)
        print_json(trace->config.to, insns, room, line);
    else
        fprintf(trace->config.to, "[%" PRIu64 "] %s: %s\n", insns, room, line);
}
