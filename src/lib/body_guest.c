/* SPDX-License-Identifier: Apache-2.0 */
/* A guest under the built-in hypervisor as a body of libcbit's machine. */
#include <stdlib.h>

#include "hv/hv.h"
#include "lib/machine.h"

/* A host and its only guest. */
struct body {
    struct hv *hv;
    struct hv_guest *guest;
};

static struct board_bytes board_bytes_of(struct cbit_bytes bytes)
{
    return (struct board_bytes){bytes.data, bytes.len};
}

/* ---- configuration ---- */

static struct hv_config hv_config_of(struct cbit_machine *machine)
{
    const struct cbit_config *from = &machine->config;

    return (struct hv_config){
        .cpu = from->cpu,
        .memory = from->memory,
        .sme = from->sme,
        .tsme = lib_tsme(from),
        .seeded = from->seeded || from->deterministic,
        .seed = from->seed,
        .expose_keys = from->expose_keys,
        .tweak = from->tweak.data,
        .min_sev_asid = from->min_sev_asid,
        .chip = board_bytes_of(from->chip),
        .flash = lib_flash(from->flash),
        .no_jit = from->no_jit,
        .ctx = machine,
        .trace = from->trace ? lib_on_trace : NULL,
    };
}

static enum cbit_status make_session(void *ctx, const uint8_t pdh[HV_PDH_SIZE],
                                     struct hv_session *out)
{
    const struct cbit_machine *machine = ctx;
    struct cbit_bytes dh_cert = {NULL, 0}, session = {NULL, 0};

    if (machine->sev.make_session(machine->sev.ctx, pdh, &dh_cert, &session))
        return CBIT_INVALID;
    *out = (struct hv_session){board_bytes_of(dh_cert), board_bytes_of(session)};
    return CBIT_OK;
}

static void on_launched(void *ctx, const struct hv_region *region)
{
    const struct cbit_machine *machine = ctx;

    machine->sev.launched(machine->sev.ctx, region->at, region->bytes, region->len);
}

static void add_sev(const struct cbit_machine *machine, struct hv_guest_config *to)
{
    const struct cbit_sev_config *sev = &machine->sev;

    to->sev = true;
    to->policy = sev->policy;
    to->dh_cert = board_bytes_of(sev->dh_cert);
    to->session = board_bytes_of(sev->session);
    to->make_session = sev->make_session ? make_session : NULL;
    to->launched = sev->launched ? on_launched : NULL;
}

static struct hv_guest_config guest_config_of(struct cbit_machine *machine)
{
    const struct cbit_config *from = &machine->config;
    struct hv_guest_config to = {
        .memory = from->memory,
        .deterministic = from->deterministic,
        .no_hypercalls = from->no_hypercalls,
        .kernel = board_bytes_of(from->kernel),
        .initrd = board_bytes_of(from->initrd),
        .append = from->append,
        .unpack_kernel = from->unpack_kernel,
        .n_disks = from->n_disks,
        .rng = from->rng,
        .ctx = machine,
        .console = lib_on_console,
        .hvc = from->hvc ? lib_on_hvc : NULL,
        .debugcon = from->debugcon ? lib_on_debugcon : NULL,
        .net_send = from->net ? lib_on_net_send : NULL,
    };

    for (unsigned i = 0; i < from->n_disks; i++)
        to.disk[i] = lib_disk_of(&machine->config.disk[i]);
    if (from->sev)
        add_sev(machine, &to);
    return to;
}

/* What a caller says about the processor must be so; QEMU's 1 reduced bit is taken as "some". */
static enum cbit_error check(const struct cbit_machine *machine, struct cbit_why *why)
{
    const struct cbit_config *config = &machine->config;
    const struct asp_profile *profile = asp_profile_find(config->cpu);
    const unsigned c_bit = machine->sev.c_bit, reduced = machine->sev.reduced_phys_bits;
    const char *text = NULL;

    if (config->image != CBIT_IMAGE_AUTO || config->no_acpi || config->nvdimm.read)
        text = "a guest is a Linux kernel on the platform with ACPI tables, without NVDIMM";
    else if (config->smp > 1)
        text = "a guest with more than one CPU is not built yet";
    else if (!config->sev || !profile)
        return CBIT_E_OK; /* an unknown processor is hv's to refuse */
    else if (c_bit && c_bit != profile->c_bit)
        text = "cbitpos: this processor's C-bit is elsewhere";
    else if (reduced > 1 && reduced != profile->reduction)
        text = "reduced-phys-bits: this processor gives up another number";
    if (text)
        snprintf(why->text, sizeof why->text, "%s", text);
    return text ? CBIT_E_INVALID : CBIT_E_OK;
}

/* ---- life ---- */

static void body_free(void *ctx)
{
    struct body *body = ctx;

    hv_guest_free(body->guest);
    hv_free(body->hv);
    free(body);
}

static enum cbit_stop body_run(void *ctx, uint64_t max_insns, uint64_t max_ns)
{
    struct body *body = ctx;
    const struct board_slice slice = {.max_insns = max_insns, .max_ns = max_ns};

    return lib_stop_of(hv_guest_run(body->guest, slice));
}

static int body_exit_code(const void *ctx, enum cbit_stop stop)
{
    const struct body *body = ctx;

    return hv_guest_exit_code(body->guest, lib_stop_to(stop));
}

static uint64_t body_idle_ns(const void *ctx)
{
    const struct body *body = ctx;

    return hv_guest_next_event_ns(body->guest);
}

static void body_pause(void *ctx)
{
    struct body *body = ctx;

    hv_guest_pause(body->guest);
}

static void body_cont(void *ctx)
{
    struct body *body = ctx;

    hv_guest_cont(body->guest);
}

static bool body_is_paused(const void *ctx)
{
    const struct body *body = ctx;

    return hv_guest_is_paused(body->guest);
}

static enum cbit_error told(enum cbit_status status, const struct board_error *error,
                            struct cbit_why *why)
{
    snprintf(why->text, sizeof why->text, "%s", error->text);
    return lib_error(status);
}

static enum cbit_error body_reset(void *ctx, struct cbit_why *why)
{
    struct body *body = ctx;
    struct board_error error = {""};

    return told(hv_guest_reset(body->guest, &error), &error, why);
}

static bool body_power_button(void *ctx)
{
    struct body *body = ctx;

    hv_guest_power_button(body->guest);
    return true;
}

static size_t body_console_input(void *ctx, const void *bytes, size_t len)
{
    struct body *body = ctx;

    return hv_guest_console_input(body->guest, bytes, len);
}

static size_t body_hvc_input(void *ctx, const void *bytes, size_t len)
{
    struct body *body = ctx;

    return hv_guest_hvc_input(body->guest, bytes, len);
}

static bool body_net_input(void *ctx, const void *frame, size_t len)
{
    struct body *body = ctx;

    return hv_guest_net_input(body->guest, frame, len);
}

static struct mc *body_mc(void *ctx)
{
    struct body *body = ctx;

    return hv_mc(body->hv);
}

static struct x86_cpu *body_cpu(void *ctx)
{
    struct body *body = ctx;

    return hv_cpu(body->hv);
}

static struct asp *body_asp(void *ctx)
{
    struct body *body = ctx;

    return hv_asp(body->hv);
}

static void body_counts(const void *ctx, struct lib_counts *out)
{
    const struct body *body = ctx;
    const struct hv_stats stats = hv_guest_stats(body->guest);

    *out = (struct lib_counts){
        .mmio = stats.mmio,
        .ports = stats.ports,
        .dma_bytes = stats.dma_bytes,
        .irqs = stats.irqs,
        .idle_returns = stats.idle_returns,
    };
    memcpy(out->exits, stats.exits, sizeof out->exits);
}

static struct hv_launch *body_launch(void *ctx)
{
    struct body *body = ctx;

    return hv_guest_launch(body->guest);
}

static uint64_t body_secret_page(const void *ctx)
{
    const struct body *body = ctx;

    return hv_guest_secret_page(body->guest);
}

static bool body_find(const void *ctx, uint64_t gpa, spa_t *at)
{
    const struct body *body = ctx;

    return hv_guest_find(body->guest, gpa, at);
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
    .launch = body_launch,
    .secret_page = body_secret_page,
    .find = body_find,
};

static enum cbit_status make(struct cbit_machine *machine, struct body *body,
                             struct board_error *error)
{
    const struct hv_config config = hv_config_of(machine);
    const struct hv_guest_config guest = guest_config_of(machine);
    const enum cbit_status status = hv_new(&config, &body->hv, error);

    return status ? status : hv_guest_new(body->hv, &guest, &body->guest, error);
}

enum cbit_error lib_guest_new(struct cbit_machine *machine, struct cbit_why *why)
{
    struct body *body = calloc(1, sizeof *body);
    struct board_error error = {""};
    const enum cbit_error wrong = check(machine, why);
    enum cbit_status status;

    if (!body || wrong) {
        free(body);
        return wrong ? wrong : CBIT_E_NO_MEMORY;
    }
    status = make(machine, body, &error);
    if (status) {
        body_free(body);
        return told(status, &error, why);
    }
    machine->ops = &ops;
    machine->body = body;
    return CBIT_E_OK;
}
