/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit's machine: the public names over room pc.
 *
 * Nothing is decided here; configuration and values are carried across the
 * boundary, and what comes from the caller is checked before it goes in.  The
 * looks at memory are in look.c, the counters in counters.c.
 */
#include <stdlib.h>

#include "lib/machine.h"

#define SLICE_INSNS 2000000u /* how late cbit_machine_stop may be heard */

void cbit_config_init(struct cbit_config *config)
{
    *config = (struct cbit_config){
        .struct_size = sizeof *config,
        .cpu = "milan",
        .memory = UINT64_C(512) << 20,
        .smp = 1,
        .sme = true,
        .tsme = CBIT_DEFAULT,
    };
}

/* ---- callbacks, from pc's types to the public ones ---- */

static void on_console(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    if (machine->config.console)
        machine->config.console(machine->config.ctx, bytes, len);
}

static void on_hvc(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    machine->config.hvc(machine->config.ctx, bytes, len);
}

static void on_debugcon(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    machine->config.debugcon(machine->config.ctx, bytes, len);
}

static void on_net_send(void *ctx, const uint8_t *frame, size_t len)
{
    const struct cbit_machine *machine = ctx;

    if (machine->config.net_send)
        machine->config.net_send(machine->config.ctx, frame, len);
}

static void on_trace(void *ctx, const char *room, const char *line)
{
    const struct cbit_machine *machine = ctx;

    machine->config.trace(machine->config.ctx, room, line);
}

static bool disk_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct cbit_disk *disk = ctx;

    return disk->read(disk->ctx, at, to, len);
}

static bool disk_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    const struct cbit_disk *disk = ctx;

    return disk->write && disk->write(disk->ctx, at, from, len);
}

static bool disk_flush(void *ctx)
{
    const struct cbit_disk *disk = ctx;

    return !disk->flush || disk->flush(disk->ctx);
}

static const struct dev_disk_ops disk_ops = {disk_read, disk_write, disk_flush};

/* ---- configuration ---- */

static enum cbit_error refuse(struct cbit_why *why, const char *text)
{
    snprintf(why->text, sizeof why->text, "%s", text);
    return CBIT_E_INVALID;
}

static enum cbit_error check(const struct cbit_config *config, struct cbit_why *why)
{
    if (config->struct_size != sizeof *config)
        return refuse(why, "struct cbit_config was not made by this version's cbit_config_init");
    if (config->n_disks > CBIT_MAX_DISKS)
        return refuse(why, "too many disks");
    if (config->tweak.len && config->tweak.len != TWEAK_BYTES)
        return refuse(why, "a tweak file has 768 bytes: 48 constants of 16");
    if (!config->cpu)
        return refuse(why, "no processor profile named");
    for (unsigned i = 0; i < config->n_disks; i++) {
        if (!config->disk[i].read)
            return refuse(why, "a disk without a read function");
    }
    return CBIT_E_OK;
}

static bool tsme_of(const struct cbit_config *config)
{
    if (config->tsme == CBIT_DEFAULT)
        return strcmp(config->cpu, "ryzen-pro") == 0;
    return config->tsme == CBIT_ON;
}

static struct pc_bytes pc_bytes_of(struct cbit_bytes bytes)
{
    return (struct pc_bytes){bytes.data, bytes.len};
}

static struct pc_callbacks callbacks_of(struct cbit_machine *machine)
{
    const struct cbit_config *config = &machine->config;

    return (struct pc_callbacks){
        .ctx = machine,
        .console = on_console,
        .trace = config->trace ? on_trace : NULL,
        .net_send = config->net ? on_net_send : NULL,
        .hvc = config->hvc ? on_hvc : NULL,
        .debugcon = config->debugcon ? on_debugcon : NULL,
    };
}

static struct dev_disk disk_of(struct cbit_disk *disk)
{
    return (struct dev_disk){
        .ops = &disk_ops, .ctx = disk, .size = disk->size, .read_only = disk->read_only};
}

static struct pc_config pc_config_of(struct cbit_machine *machine)
{
    static const enum pc_image image[] = {
        [CBIT_IMAGE_AUTO] = PC_IMAGE_AUTO,
        [CBIT_IMAGE_MULTIBOOT] = PC_IMAGE_MULTIBOOT,
        [CBIT_IMAGE_ROM] = PC_IMAGE_ROM,
    };
    const struct cbit_config *from = &machine->config;
    struct pc_config to = {
        .cpu = from->cpu,
        .memory = from->memory,
        .smp = from->smp,
        .sme = from->sme,
        .tsme = tsme_of(from),
        .no_acpi = from->no_acpi,
        .deterministic = from->deterministic,
        .seeded = from->seeded,
        .seed = from->seed,
        .expose_keys = from->expose_keys,
        .tweak = from->tweak.data,
        .min_sev_asid = from->min_sev_asid,
        .chip = pc_bytes_of(from->chip),
        .flash = lib_flash(from->flash),
        .no_jit = from->no_jit,
        .image = image[from->image],
        .kernel = pc_bytes_of(from->kernel),
        .initrd = pc_bytes_of(from->initrd),
        .append = from->append,
        .unpack_kernel = from->unpack_kernel,
        .n_disks = from->n_disks,
        .rng = from->rng,
        .callbacks = callbacks_of(machine),
    };

    for (unsigned i = 0; i < from->n_disks; i++)
        to.disk[i] = disk_of(&machine->config.disk[i]);
    if (from->nvdimm.read)
        to.nvdimm = disk_of(&machine->config.nvdimm);
    return to;
}

enum cbit_error cbit_machine_new(const struct cbit_config *config, struct cbit_machine **out,
                                 struct cbit_why *why)
{
    struct cbit_why unheard;
    struct pc_error error = {{0}};

    if (!why)
        why = &unheard;
    why->text[0] = 0;
    const enum cbit_error checked = check(config, why);

    if (checked)
        return checked;
    struct cbit_machine *machine = calloc(1, sizeof *machine);

    if (!machine)
        return CBIT_E_NO_MEMORY;
    machine->config = *config;
    const struct pc_config pc = pc_config_of(machine);
    const enum cbit_status status = pc_new(&pc, &machine->pc, &error);

    if (status) {
        free(machine);
        snprintf(why->text, sizeof why->text, "%s", error.text);
        return lib_error(status);
    }
    *out = machine;
    return CBIT_E_OK;
}

void cbit_machine_free(struct cbit_machine *machine)
{
    if (!machine)
        return;
    pc_free(machine->pc);
    free(machine);
}

/* ---- running ---- */

static enum cbit_stop stop_of(enum pc_stop stop)
{
    static const enum cbit_stop map[] = {
        [PC_STOP_SLICE] = CBIT_STOP_SLICE,
        [PC_STOP_IDLE] = CBIT_STOP_IDLE,
        [PC_STOP_PAUSED] = CBIT_STOP_PAUSED,
        [PC_STOP_BREAK] = CBIT_STOP_BREAK,
        [PC_STOP_POWEROFF] = CBIT_STOP_POWER_OFF,
        [PC_STOP_RESET] = CBIT_STOP_RESET,
        [PC_STOP_PANIC] = CBIT_STOP_PANIC,
        [PC_STOP_TRIPLE_FAULT] = CBIT_STOP_TRIPLE_FAULT,
        [PC_STOP_DEAD_END] = CBIT_STOP_DEAD_END,
        [PC_STOP_EXIT_PORT] = CBIT_STOP_EXIT_PORT,
    };

    return map[stop];
}

static enum pc_stop stop_to(enum cbit_stop stop)
{
    for (unsigned i = PC_STOP_SLICE; i <= PC_STOP_EXIT_PORT; i++) {
        if (stop_of((enum pc_stop)i) == stop)
            return (enum pc_stop)i;
    }
    return PC_STOP_SLICE;
}

const char *cbit_stop_text(enum cbit_stop stop)
{
    return pc_stop_text(stop_to(stop));
}

static uint64_t spent(uint64_t limit, uint64_t used)
{
    return used < limit ? limit - used : 0;
}

/* Short slices, so that a stop from another thread is heard. */
enum cbit_stop cbit_machine_run(struct cbit_machine *machine, struct cbit_slice slice)
{
    const uint64_t start = cbit_machine_instructions(machine);
    struct pc_slice part = {.max_ns = slice.max_ns};
    enum pc_stop stop = PC_STOP_SLICE;

    for (;;) {
        const uint64_t used = cbit_machine_instructions(machine) - start;
        const uint64_t left = slice.max_insns ? spent(slice.max_insns, used) : UINT64_MAX;

        if (left == 0 || atomic_exchange(&machine->stop_asked, false))
            return CBIT_STOP_SLICE;
        part.max_insns = left < SLICE_INSNS ? left : SLICE_INSNS;
        stop = pc_run(machine->pc, part);
        if (stop != PC_STOP_SLICE || slice.max_ns)
            return stop_of(stop);
    }
}

void cbit_machine_stop(struct cbit_machine *machine)
{
    atomic_store(&machine->stop_asked, true);
}

int cbit_machine_exit_code(const struct cbit_machine *machine, enum cbit_stop stop)
{
    return pc_exit_code(machine->pc, stop_to(stop));
}

uint64_t cbit_machine_idle_ns(const struct cbit_machine *machine)
{
    return pc_next_event_ns(machine->pc);
}

void cbit_machine_pause(struct cbit_machine *machine)
{
    pc_pause(machine->pc);
}

void cbit_machine_cont(struct cbit_machine *machine)
{
    pc_cont(machine->pc);
}

bool cbit_machine_is_paused(const struct cbit_machine *machine)
{
    return pc_is_paused(machine->pc);
}

enum cbit_error cbit_machine_reset(struct cbit_machine *machine, struct cbit_why *why)
{
    struct pc_error error = {{0}};
    const enum cbit_status status = pc_reset(machine->pc, &error);

    if (why)
        snprintf(why->text, sizeof why->text, "%s", error.text);
    return lib_error(status);
}

enum cbit_error cbit_machine_power_button(struct cbit_machine *machine)
{
    return pc_power_button(machine->pc) ? CBIT_E_OK : CBIT_E_NOT_FOUND;
}

size_t cbit_machine_console_input(struct cbit_machine *machine, const void *bytes, size_t len)
{
    return pc_console_input(machine->pc, bytes, len);
}

size_t cbit_machine_hvc_input(struct cbit_machine *machine, const void *bytes, size_t len)
{
    return pc_hvc_input(machine->pc, bytes, len);
}

bool cbit_machine_net_input(struct cbit_machine *machine, const void *frame, size_t len)
{
    return pc_net_input(machine->pc, frame, len);
}
