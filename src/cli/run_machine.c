/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of a run: its configuration, from options and files; what it calls
 * while it runs; and the file of its keys, where --expose-keys asks for one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/runner.h"

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

static void on_trace(void *ctx, const char *room, const char *line)
{
    struct runner *r = ctx;

    mon_trace_line(r->trace, r->machine ? cbit_machine_instructions(r->machine) : 0, room, line);
}

static void on_report(void *ctx, const struct cbit_report *report)
{
    struct runner *r = ctx;

    fprintf(stderr, "cbit: check: %s\n", report->line);
    run_reports_add(&r->end.reports, report);
}

/* ---- keys for whoever asked ---- */

bool runner_write_exposed(struct runner *r)
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

/* ---- configuration ---- */

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
    config.guest = r->sev != NULL || o->guest != NULL;
    config.sev = r->sev ? run_sev_config(r->sev) : NULL;
    config.ctx = r;
    config.console = on_console;
    config.debugcon = on_console;
    config.trace = r->trace ? on_trace : NULL;
    config.check = o->check;
    config.cache_m1 = o->cache != NULL;
    config.report = on_report;
    return config;
}

bool runner_make_machine(struct runner *r, const struct run_files *files)
{
    struct cbit_why why = {{0}};

    if (r->options->sev.on && !(r->sev = run_sev_new(&r->options->sev)))
        return false;
    const struct cbit_config config = machine_config(r, files);
    const enum cbit_error error = cbit_machine_new(&config, &r->machine, &why);

    if (error) {
        cli_fail("cbit run", "%s", *why.text ? why.text : cbit_error_text(error));
        return false;
    }
    if (r->options->paused || r->options->sev.wait)
        cbit_machine_pause(r->machine);
    r->started = !cbit_machine_is_paused(r->machine);
    return runner_write_exposed(r) && (!r->sev || run_sev_launched(r->sev, r->machine));
}
