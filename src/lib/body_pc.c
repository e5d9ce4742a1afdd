/* SPDX-License-Identifier: Apache-2.0 */
/* The bare-metal machine as a body of libcbit's machine: room pc's types to the public ones. */
#include "lib/machine.h"
#include "pc/pc.h"

static void on_report(void *ctx, const struct board_report *from)
{
    lib_report(ctx, from);
}

/* ---- configuration ---- */

static struct pc_bytes pc_bytes_of(struct cbit_bytes bytes)
{
    return (struct pc_bytes){bytes.data, bytes.len};
}

static struct pc_callbacks callbacks_of(struct cbit_machine *machine)
{
    const struct cbit_config *config = &machine->config;

    return (struct pc_callbacks){
        .ctx = machine,
        .console = lib_on_console,
        .trace = config->trace ? lib_on_trace : NULL,
        .report = on_report,
        .net_send = config->net ? lib_on_net_send : NULL,
        .hvc = config->hvc ? lib_on_hvc : NULL,
        .debugcon = config->debugcon ? lib_on_debugcon : NULL,
    };
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
        .tsme = lib_tsme(from),
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
        .check = from->check,
        .cache_m1 = from->cache_m1,
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
        to.disk[i] = lib_disk_of(&machine->config.disk[i]);
    if (from->nvdimm.read)
        to.nvdimm = lib_disk_of(&machine->config.nvdimm);
    return to;
}

/* ---- life ---- */

static enum cbit_stop body_run(void *body, uint64_t max_insns, uint64_t max_ns)
{
    return lib_stop_of(pc_run(body, (struct board_slice){.max_insns = max_insns, .max_ns = max_ns}));
}

static void body_free(void *body)
{
    pc_free(body);
}

static int body_exit_code(const void *body, enum cbit_stop stop)
{
    return pc_exit_code(body, lib_stop_to(stop));
}

static uint64_t body_idle_ns(const void *body)
{
    return pc_next_event_ns(body);
}

static void body_pause(void *body)
{
    pc_pause(body);
}

static void body_cont(void *body)
{
    pc_cont(body);
}

static bool body_is_paused(const void *body)
{
    return pc_is_paused(body);
}

static enum cbit_error body_reset(void *body, struct cbit_why *why)
{
    struct pc_error error = {{0}};
    const enum cbit_status status = pc_reset(body, &error);

    snprintf(why->text, sizeof why->text, "%s", error.text);
    return lib_error(status);
}

static bool body_power_button(void *body)
{
    return pc_power_button(body);
}

static size_t body_console_input(void *body, const void *bytes, size_t len)
{
    return pc_console_input(body, bytes, len);
}

static size_t body_hvc_input(void *body, const void *bytes, size_t len)
{
    return pc_hvc_input(body, bytes, len);
}

static bool body_net_input(void *body, const void *frame, size_t len)
{
    return pc_net_input(body, frame, len);
}

static struct mc *body_mc(void *body)
{
    return pc_mc(body);
}

static struct x86_cpu *body_cpu(void *body)
{
    return pc_cpu(body);
}

static struct asp *body_asp(void *body)
{
    return pc_asp(body);
}

static void body_counts(const void *body, struct lib_counts *out)
{
    const struct pc_stats stats = pc_stats(body);

    *out = (struct lib_counts){
        .mmio = stats.mmio,
        .ports = stats.ports,
        .dma_bytes = stats.dma_bytes,
        .irqs = stats.irqs,
        .idle_returns = stats.idle_returns,
        .mmio_c = stats.mmio_c,
        .check = stats.check,
    };
}

static const struct lib_body_ops ops = {
    .free = body_free,
    .run = body_run,
    .exit_code = body_exit_code,
    .idle_ns = body_idle_ns,
    .pause = body_pause,
    .cont = body_cont,
    .is_paused = body_is_paused,
    .reset = body_reset,
    .power_button = body_power_button,
    .console_input = body_console_input,
    .hvc_input = body_hvc_input,
    .net_input = body_net_input,
    .mc = body_mc,
    .cpu = body_cpu,
    .asp = body_asp,
    .counts = body_counts,
};

enum cbit_error lib_pc_new(struct cbit_machine *machine, struct cbit_why *why)
{
    const struct pc_config config = pc_config_of(machine);
    struct pc_error error = {{0}};
    struct pc *pc;
    const enum cbit_status status = pc_new(&config, &pc, &error);

    if (status) {
        snprintf(why->text, sizeof why->text, "%s", error.text);
        return lib_error(status);
    }
    machine->ops = &ops;
    machine->body = pc;
    return CBIT_E_OK;
}
