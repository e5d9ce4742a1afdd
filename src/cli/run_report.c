/* SPDX-License-Identifier: Apache-2.0 */
/* What is said when a run is over. */
#include <inttypes.h>

#include <jansson.h>

#include "cli/run.h"

#define MAX_REPORTS 1000u

static void report_text(const struct run_end *end)
{
    if (end->code == 0)
        return;
    fprintf(stderr, "cbit: %s (exit code %d)\n", end->reason, end->code);
    if (end->hint)
        fprintf(stderr, "cbit: %s\n", end->hint);
}

static void report_stats(const struct cbit_machine *machine, const struct run_end *end)
{
    struct cbit_counter counter;

    for (size_t i = 0; cbit_machine_counter(machine, i, &counter); i++)
        fprintf(stderr, "%-20s %20" PRIu64 "\n", counter.name, counter.value);
    fprintf(stderr, "%-20s %20s\n", "sandbox", end->sandbox);
}

static json_t *stats_json(const struct cbit_machine *machine)
{
    struct cbit_counter counter;
    json_t *object = json_object();

    for (size_t i = 0; cbit_machine_counter(machine, i, &counter); i++)
        json_object_set_new(object, counter.name, json_integer((json_int_t)counter.value));
    return object;
}

void run_reports_add(struct run_reports *reports, const struct cbit_report *report)
{
    char rip[24], at[24], gva[24];
    json_t *row;

    if (!reports->list)
        reports->list = json_array();
    if (json_array_size(reports->list) >= MAX_REPORTS)
        return;
    snprintf(rip, sizeof rip, "%#" PRIx64, report->rip);
    snprintf(at, sizeof at, "%#" PRIx64, report->spa);
    snprintf(gva, sizeof gva, "%#" PRIx64, report->gva);
    row = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s}", "kind", report->kind, "rip", rip,
                    "symbol", report->symbol, "gva", report->has_gva ? gva : NULL, "spa", at,
                    "access", report->access, "view", report->view, "last", report->last);
    if (row)
        json_array_append_new(reports->list, row);
}

void run_reports_free(struct run_reports *reports)
{
    json_decref(reports->list);
    reports->list = NULL;
}

static void report_json(const struct run_options *options, const struct cbit_machine *machine,
                        const struct run_end *end)
{
    json_t *object = json_pack(
        "{s:s, s:i, s:s, s:I, s:f, s:f, s:I, s:b, s:s, s:o}", "cbit", cbit_version(), "exit", end->code,
        "reason", end->reason, "instructions", (json_int_t)cbit_machine_instructions(machine),
        "wall_s", (double)end->wall_ns / 1e9, "cpu_s", (double)end->cpu_ns / 1e9, "peak_rss",
        (json_int_t)host_memory_peak(), "exposed", (int)end->exposed, "sandbox", end->sandbox,
        "stats",
        stats_json(machine));

    if (object && options->check)
        json_object_set_new(object, "check",
                            end->reports.list ? json_incref(end->reports.list) : json_array());
    if (object) {
        json_dumpf(object, stderr, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
        fputc('\n', stderr);
    }
    json_decref(object);
}

void run_report(const struct run_options *options, const struct cbit_machine *machine,
                const struct run_end *end)
{
    report_text(end);
    if (options->stats)
        report_stats(machine, end);
    if (options->json)
        report_json(options, machine, end);
}
