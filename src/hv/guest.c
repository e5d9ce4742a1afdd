/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's life: made, loaded or launched, reset, taken apart. */
#include "hv/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIXED_EPOCH 1704067200 /* 2024-01-01: the RTC of repeatable runs */

static enum cbit_status fail(struct board_error *error, enum cbit_status status, const char *text)
{
    snprintf(error->text, sizeof(error->text), "%s", text);
    return status;
}

/* ---- launching ---- */

static bool find_memory(void *ctx, uint64_t gpa, spa_t *at)
{
    return hv_guest_find(ctx, gpa, at);
}

static enum cbit_status refused(const struct hv_refusal *refusal, struct board_error *error)
{
    hv_refusal_text(refusal, error->text, sizeof(error->text));
    return CBIT_DENIED;
}

/* The owner's session, or one of the caller's own for this platform. */
static enum cbit_status find_session(struct hv_guest *guest, struct hv_session *out,
                                     struct board_error *error)
{
    const struct hv_guest_config *config = &guest->config;
    struct hv_identity identity;
    struct hv_refusal refusal;
    enum cbit_status status;

    *out = (struct hv_session){config->dh_cert, config->session};
    if (config->dh_cert.len || !config->make_session || config->share)
        return CBIT_OK;
    if (hv_psp_identity(&guest->hv->psp, &identity, &refusal))
        return refused(&refusal, error);
    status = config->make_session(config->ctx, identity.pdh, out);
    return status ? fail(error, status, "no launch session could be made") : CBIT_OK;
}

static void on_launched(void *ctx, const struct hv_region *region)
{
    const struct hv_guest *guest = ctx;

    if (guest->config.launched)
        guest->config.launched(guest->config.ctx, region);
}

static enum cbit_status launch(struct hv_guest *guest, struct board_error *error)
{
    const struct hv_launch_memory memory = {guest, find_memory};
    struct hv_session session;
    struct hv_launch_terms terms = {
        .policy = guest->config.policy,
        .share = guest->config.share ? guest->config.share->launch.handle : 0,
        .asid = guest->asid,
        .session = &session,
        .ctx = guest,
        .launched = on_launched,
    };
    struct hv_refusal refusal;
    enum cbit_status status;

    if (hv_psp_start(&guest->hv->psp, &refusal))
        return refused(&refusal, error);
    hv_launch_init(&guest->launch, &guest->hv->psp, memory);
    status = find_session(guest, &session, error);
    if (status)
        return status;
    if (hv_launch_conduct(&guest->launch, &terms, &guest->layout))
        return refused(&guest->launch.refusal, error);
    guest->finished = false;
    return CBIT_OK;
}

static void write_regions(struct hv_guest *guest)
{
    for (unsigned i = 0; i < guest->layout.n_regions; i++) {
        const struct hv_region *region = &guest->layout.region[i];

        hv_guest_write(guest, region->at, region->bytes, region->len);
    }
    guest->finished = true;
}

static enum cbit_status load(struct hv_guest *guest, struct board_error *error)
{
    const struct hv_layout_input input = {
        .kernel = guest->config.kernel,
        .initrd = guest->config.initrd,
        .append = guest->append,
        .unpack_kernel = guest->config.unpack_kernel,
        .memory = guest->config.memory,
        .n_cpus = 1,
        .sev = guest->config.sev,
        .c_bit = guest->hv->profile->c_bit,
    };
    enum cbit_status status = hv_layout_make(&input, &guest->layout, error);

    if (status)
        return status;
    if (guest->config.sev)
        status = launch(guest, error);
    else
        write_regions(guest);
    hv_layout_free(&guest->layout);
    return status;
}

static void end_launch(struct hv_guest *guest)
{
    if (guest->launch.psp)
        hv_launch_end(&guest->launch);
}

enum cbit_status hv_guest_reset(struct hv_guest *guest, struct board_error *error)
{
    enum cbit_status status;

    if (guest->hv->current == guest)
        hv_step_out(guest->hv);
    end_launch(guest);
    board_run_flush(&guest->run);
    board_run_reset(&guest->run);
    board_virtio_reset(&guest->virtio);
    board_platform_reset(guest->platform);
    dev_lapic_virtual_wire(&guest->platform->lapic);
    guest->halted = guest->broken = guest->nmi_pending = guest->nmi_masked = false;
    guest->fresh = true;
    guest->tsc_aux = 0;
    status = load(guest, error);
    if (status)
        return status;
    hv_msrs_reset(guest);
    hv_guest_clear_tables(guest);
    hv_vmcb_init(guest);
    return CBIT_OK;
}

/* ---- parts ---- */

static uint64_t instructions(void *ctx)
{
    return hv_guest_instructions(ctx);
}

static enum cbit_status make_platform(struct hv_guest *guest)
{
    const struct hv_guest_config *config = &guest->config;
    const uint64_t low = UINT64_C(3) << 30;
    const struct board_platform_config platform = {
        .ops = &hv_platform_ops,
        .ctx = guest,
        .instructions = instructions,
        .deterministic = config->deterministic,
        .rtc_epoch = config->deterministic ? FIXED_EPOCH
                     : config->rtc_epoch   ? (int64_t)config->rtc_epoch
                                           : (int64_t)time(NULL),
        .below_4g = config->memory < low ? config->memory : low,
        .above_4g = config->memory < low ? 0 : config->memory - low,
        .acpi = true,
        .n_cpus = 1,
        .debugcon = config->debugcon ? hv_debugcon : NULL,
    };
    const enum cbit_status status = board_platform_new(&platform, &guest->platform);

    guest->run.platform = guest->platform;
    return status;
}

static void hvc_output(void *ctx, const uint8_t *bytes, size_t len)
{
    struct hv_guest *guest = ctx;
    const struct hv_guest_config *config = &guest->config;

    if (config->hvc) {
        config->hvc(config->ctx, bytes, len);
    } else if (config->console) {
        board_run_flush(&guest->run); /* keep the order of the two consoles */
        config->console(config->ctx, bytes, len);
    }
}

static void net_output(void *ctx, const uint8_t *frame, size_t len)
{
    struct hv_guest *guest = ctx;

    guest->config.net_send(guest->config.ctx, frame, len);
}

static bool random_word(void *ctx, uint64_t *out)
{
    struct hv_guest *guest = ctx;

    return guest->hv->fabric.ops.random(&guest->hv->fabric, out);
}

static void add_virtio(struct hv_guest *guest)
{
    const struct board_virtio_config config = {
        .ctx = guest,
        .disk = guest->config.disk,
        .n_disks = guest->config.n_disks,
        .console = hvc_output,
        .random = guest->config.rng ? random_word : NULL,
        .net_send = guest->config.net_send ? net_output : NULL,
        .net_number = guest->config.number,
    };

    board_virtio_add(&guest->virtio, guest->platform, &config);
}

/* SEV guests have the first ASIDs, others those that no key belongs to. */
static unsigned choose_asid(const struct hv_guest *guest)
{
    const struct hv *hv = guest->hv;
    const unsigned first = hv->config.min_sev_asid ? hv->config.min_sev_asid : 1;
    unsigned asid = guest->config.sev ? first : hv->profile->sev_asids + 1u;
    bool taken = true;

    if (guest->config.share)
        return guest->config.share->asid;
    while (taken) {
        taken = false;
        for (unsigned i = 0; i < HV_MAX_GUESTS; i++)
            taken |= hv->guest[i] && hv->guest[i]->asid == asid;
        asid += taken;
    }
    return guest->config.sev && asid > hv->profile->sev_asids ? 0 : asid;
}

static enum cbit_status check(struct hv *hv, const struct hv_guest_config *config,
                              struct board_error *error)
{
    if (config->sev && hv->profile->sev_asids == 0)
        return fail(error, CBIT_INVALID, "this processor has no SEV");
    if (config->sev && !hv->config.sme)
        return fail(error, CBIT_INVALID, "SEV needs SYSCFG.SMEE");
    if (!config->kernel.data)
        return fail(error, CBIT_INVALID, "no kernel given");
    if (config->n_disks > BOARD_MAX_DISKS)
        return fail(error, CBIT_INVALID, "too many disks");
    return CBIT_OK;
}

static enum cbit_status build(struct hv_guest *guest, struct board_error *error)
{
    enum cbit_status status;

    guest->asid = choose_asid(guest);
    if (guest->asid == 0)
        return fail(error, CBIT_INVALID, "every ASID for SEV guests is taken");
    if (!hv_guest_place(guest))
        return fail(error, CBIT_NO_MEMORY, "no room for another guest in the platform's DRAM");
    status = make_platform(guest);
    if (status)
        return fail(error, status, cb_status_text(status));
    add_virtio(guest);
    return hv_guest_reset(guest, error);
}

static unsigned free_slot(const struct hv *hv)
{
    unsigned slot = 0;

    while (slot < HV_MAX_GUESTS && hv->guest[slot])
        slot++;
    return slot;
}

static struct hv_guest *allocate(struct hv *hv, const struct hv_guest_config *config)
{
    struct hv_guest *guest = calloc(1, sizeof(*guest));

    if (!guest)
        return NULL;
    guest->hv = hv;
    guest->config = *config;
    guest->append = strdup(config->append ? config->append : "");
    guest->config.append = guest->append;
    guest->run = (struct board_run){.ops = &hv_run_ops,
                                    .ctx = guest,
                                    .deterministic = config->deterministic,
                                    .ended = BOARD_RUNNING};
    if (!guest->append) {
        free(guest);
        return NULL;
    }
    return guest;
}

enum cbit_status hv_guest_new(struct hv *hv, const struct hv_guest_config *config,
                              struct hv_guest **out, struct board_error *error)
{
    const unsigned slot = free_slot(hv);
    enum cbit_status status = check(hv, config, error);
    struct hv_guest *guest;

    if (status)
        return status;
    if (slot == HV_MAX_GUESTS)
        return fail(error, CBIT_INVALID, "too many guests");
    guest = allocate(hv, config);
    if (!guest)
        return fail(error, CBIT_NO_MEMORY, cb_status_text(CBIT_NO_MEMORY));
    guest->slot = slot;
    status = build(guest, error);
    if (status) {
        hv_guest_free(guest);
        return status;
    }
    hv->guest[slot] = guest;
    if (config->paused)
        hv_guest_pause(guest);
    *out = guest;
    return CBIT_OK;
}

void hv_guest_free(struct hv_guest *guest)
{
    if (!guest)
        return;
    board_run_flush(&guest->run);
    if (guest->hv->current == guest)
        hv_step_out(guest->hv);
    end_launch(guest);
    if (guest->platform)
        board_platform_free(guest->platform);
    guest->hv->guest[guest->slot] = NULL;
    free(guest->append);
    free(guest);
}

/* ---- the front door's ---- */

enum board_stop hv_guest_run(struct hv_guest *guest, struct board_slice slice)
{
    if (!guest->finished && !guest->run.paused) {
        if (hv_launch_finish(&guest->launch))
            guest->broken = true;
        guest->finished = true;
    }
    return board_run_go(&guest->run, slice);
}

int hv_guest_exit_code(const struct hv_guest *guest, enum board_stop stop)
{
    return board_run_exit_code(&guest->run, stop);
}

uint64_t hv_guest_next_event_ns(const struct hv_guest *guest)
{
    return board_run_next_event_ns(&guest->run);
}

size_t hv_guest_console_input(struct hv_guest *guest, const uint8_t *bytes, size_t len)
{
    return dev_uart_receive(&guest->platform->uart, bytes, len);
}

size_t hv_guest_hvc_input(struct hv_guest *guest, const uint8_t *bytes, size_t len)
{
    return dev_virtio_console_receive(&guest->virtio.console, bytes, len);
}

bool hv_guest_net_input(struct hv_guest *guest, const uint8_t *frame, size_t len)
{
    return board_virtio_net_input(&guest->virtio, frame, len);
}

void hv_guest_power_button(struct hv_guest *guest)
{
    dev_acpi_pm_power_button(&guest->platform->pm);
}

void hv_guest_pause(struct hv_guest *guest)
{
    board_run_pause(&guest->run);
}

void hv_guest_cont(struct hv_guest *guest)
{
    board_run_cont(&guest->run);
}

bool hv_guest_is_paused(const struct hv_guest *guest)
{
    return guest->run.paused;
}

struct hv *hv_guest_host(struct hv_guest *guest)
{
    return guest->hv;
}

struct hv_launch *hv_guest_launch(struct hv_guest *guest)
{
    return guest->config.sev ? &guest->launch : NULL;
}

uint64_t hv_guest_secret_page(const struct hv_guest *guest)
{
    return guest->layout.secret;
}

unsigned hv_guest_asid(const struct hv_guest *guest)
{
    return guest->asid;
}

uint64_t hv_guest_instructions(const struct hv_guest *guest)
{
    return guest->instructions +
           (guest->running ? x86_instructions(guest->hv->cpu) - guest->entered_at : 0);
}

struct hv_stats hv_guest_stats(const struct hv_guest *guest)
{
    const struct board_platform_stats *board = &guest->platform->stats;
    struct hv_stats stats = {
        .mmio = board->mmio,
        .ports = board->ports,
        .dma_bytes = board->dma_bytes,
        .irqs = board->irqs,
        .idle_returns = guest->run.idle_returns,
    };

    memcpy(stats.exits, guest->exits, sizeof(stats.exits));
    return stats;
}
