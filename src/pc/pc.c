/* SPDX-License-Identifier: Apache-2.0 */
/* Building, resetting and taking apart the bare-metal machine. */
#include "pc/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MIN_MEMORY  (UINT64_C(4) << 20)
#define MAX_MEMORY  (UINT64_C(1) << 40)
#define LOW_MEMORY  (UINT64_C(3) << 30) /* above it, up to 4 GiB, are devices */
#define NVDIMM_UNIT (UINT64_C(2) << 20)
#define FIXED_EPOCH 1704067200          /* 2024-01-01: the RTC of repeatable runs */

static enum cbit_status fail(struct pc_error *error, enum cbit_status status, const char *text)
{
    snprintf(error->text, sizeof(error->text), "%s", text);
    return status;
}

static enum cbit_status check(const struct pc_config *config, struct pc_error *error)
{
    const uint64_t memory = config->memory;

    if (memory < MIN_MEMORY || memory > MAX_MEMORY || memory % CB_PAGE_SIZE)
        return fail(error, CBIT_INVALID, "memory: 4 MiB to 1 TiB, in whole pages");
    if (config->smp > 1)
        return fail(error, CBIT_UNIMPLEMENTED, "more than one CPU is not built yet");
    if (config->n_disks > PC_MAX_DISKS)
        return fail(error, CBIT_INVALID, "too many disks");
    if (config->nvdimm.size % NVDIMM_UNIT || config->nvdimm.size > MAX_MEMORY)
        return fail(error, CBIT_INVALID, "nvdimm: its size must be a multiple of 2 MiB");
    if (config->append && strlen(config->append) > PC_APPEND_MAX)
        return fail(error, CBIT_INVALID, "command line: more than 2047 bytes");
    return CBIT_OK;
}

static void lay_out_memory(struct pc *pc)
{
    const uint64_t memory = pc->config.memory;

    pc->map.below_4g = memory < LOW_MEMORY ? memory : LOW_MEMORY;
    pc->map.above_4g = memory - pc->map.below_4g;
    pc->map.pmem_size = pc->config.nvdimm.size;
    pc->map.pmem = cb_align_up(CB_BIT(32) + pc->map.above_4g, CB_BIT(30));
    pc->map.tables = pc->map.below_4g - (pc->config.no_acpi ? 0 : BOARD_ACPI_SIZE);
}

static enum cbit_status make_memory(struct pc *pc, const struct asp_profile *profile)
{
    struct mc_config config = {
        .cipher = profile->cipher,
        .n_asids = profile->n_asids,
        .range = {{spa(0), BOARD_LEGACY_HOLE},
                  {spa(BOARD_LEGACY_HOLE_END), pc->map.below_4g - BOARD_LEGACY_HOLE_END}},
        .n_ranges = 2,
    };

    if (pc->map.above_4g)
        config.range[config.n_ranges++] = (struct mc_range){spa(CB_BIT(32)), pc->map.above_4g};
    if (pc->map.pmem_size)
        config.range[config.n_ranges++] = (struct mc_range){spa(pc->map.pmem), pc->map.pmem_size};
    return mc_new(&config, &pc->mc);
}

static void asp_line(void *ctx, const char *line)
{
    pc_trace(ctx, "asp", line);
}

static void asp_touch(void *ctx, spa_t at, size_t len, struct mc_access access, bool write)
{
    struct pc *pc = ctx;

    if (pc->check)
        board_check_firmware(pc->check, at, len, access, write);
}

static enum cbit_status make_asp(struct pc *pc, const struct asp_profile *profile)
{
    const struct asp_config config = {
        .mc = pc->mc,
        .profile = profile,
        .chip = pc->config.chip.data,
        .chip_len = pc->config.chip.len,
        .flash = pc->config.flash.save ? &pc->config.flash : NULL,
        .tsme = pc->config.tsme,
        .seeded = pc->config.seeded,
        .seed = pc->config.seed,
        .expose = pc->config.expose_keys,
        .tweak = pc->config.tweak,
        .min_sev_asid = pc->config.min_sev_asid,
        .trace = pc->config.callbacks.trace ? asp_line : NULL,
        .trace_ctx = pc,
        .touch = pc->config.check || pc->config.cache_m1 ? asp_touch : NULL,
        .touch_ctx = pc,
    };

    return asp_new(&config, &pc->asp);
}

static uint64_t instructions(void *ctx)
{
    const struct pc *pc = ctx;

    return pc->cpu ? x86_instructions(pc->cpu) : 0;
}

static enum cbit_status make_platform(struct pc *pc)
{
    const struct board_platform_config config = {
        .ops = &pc_platform_ops,
        .ctx = pc,
        .instructions = instructions,
        .deterministic = pc->config.deterministic,
        .rtc_epoch = pc->config.deterministic   ? FIXED_EPOCH
                     : pc->config.rtc_epoch     ? (int64_t)pc->config.rtc_epoch
                                                : (int64_t)time(NULL),
        .below_4g = pc->map.below_4g,
        .above_4g = pc->map.above_4g,
        .acpi = !pc->config.no_acpi,
        .testdev = pc->config.image == PC_IMAGE_MULTIBOOT,
        .n_cpus = 1,
        .debugcon = pc->config.callbacks.debugcon ? pc_debugcon : NULL,
    };

    return board_platform_new(&config, &pc->platform);
}

static void fabric_line(void *ctx, const char *room, const char *line)
{
    pc_trace(ctx, room, line);
}

static enum cbit_status make_cpu(struct pc *pc)
{
    const struct board_fabric_config fabric = {
        .mc = pc->mc,
        .asp = pc->asp,
        .platform = pc->platform,
        .c_bit = pc->profile->c_bit,
        .seeded = pc->config.seeded,
        .seed = pc->config.seed,
        .trace = pc->config.callbacks.trace ? fabric_line : NULL,
        .trace_ctx = pc,
    };
    struct x86_config cpu = {
        .profile = pc->profile,
        .ctx = &pc->fabric,
        .min_sev_asid = pc->config.min_sev_asid,
        .no_jit = pc->config.no_jit || pc->check,
    };
    enum cbit_status status;

    board_fabric_init(&pc->fabric, &fabric);
    cpu.ops = board_fabric_ops(&pc->fabric);
    if (pc->check)
        board_check_attach(pc->check, &pc->fabric);
    status = x86_new(&cpu, &pc->cpu);
    if (!status)
        board_fabric_attach_cpu(&pc->fabric, pc->cpu);
    return status;
}

static void report(void *ctx, const struct board_report *report)
{
    struct pc *pc = ctx;

    if (pc->config.callbacks.report)
        pc->config.callbacks.report(pc->config.callbacks.ctx, report);
}

/* Before anybody touches memory. */
static enum cbit_status make_check(struct pc *pc, struct pc_error *error)
{
    const struct board_check_config config = {
        .mc = pc->mc, .report = pc->config.check, .m1 = pc->config.cache_m1, .tell = report, .ctx = pc};

    if (!pc->config.check && !pc->config.cache_m1)
        return CBIT_OK;
    if (pc->config.cache_m1 && pc->profile->coherent)
        return fail(error, CBIT_INVALID,
                    "cache m1: this processor keeps its caches coherent; naples and rome do not");
    return board_check_new(&config, &pc->check);
}

static void add_psp(struct pc *pc)
{
    board_psp_init(&pc->psp, pc->platform->bus, pc->asp);
    board_add_pci(pc->platform, DEV_PCI_DEVFN(BOARD_SLOT_PSP, 0), &pc->psp.pci);
}

static void hvc_output(void *ctx, const uint8_t *bytes, size_t len)
{
    struct pc *pc = ctx;
    const struct pc_callbacks *to = &pc->config.callbacks;

    if (to->hvc) {
        to->hvc(to->ctx, bytes, len);
    } else if (to->console) {
        board_run_flush(&pc->run); /* keep the order of the two consoles */
        to->console(to->ctx, bytes, len);
    }
}

static void net_output(void *ctx, const uint8_t *frame, size_t len)
{
    struct pc *pc = ctx;

    pc->config.callbacks.net_send(pc->config.callbacks.ctx, frame, len);
}

static bool random_word(void *ctx, uint64_t *out)
{
    struct pc *pc = ctx;

    return pc->fabric.ops.random(&pc->fabric, out);
}

static void add_virtio(struct pc *pc)
{
    const struct board_virtio_config config = {
        .ctx = pc,
        .disk = pc->config.disk,
        .n_disks = pc->config.n_disks,
        .console = hvc_output,
        .random = pc->config.rng ? random_word : NULL,
        .net_send = pc->config.callbacks.net_send ? net_output : NULL,
    };

    board_virtio_add(&pc->virtio, pc->platform, &config);
}

static enum cbit_status build(struct pc *pc, struct pc_error *error)
{
    const char *name = pc->config.cpu ? pc->config.cpu : "milan";
    const struct asp_profile *profile = asp_profile_find(name);
    enum cbit_status status;

    pc->profile = x86_profile_find(name);
    if (!profile || !pc->profile)
        return fail(error, CBIT_INVALID, "unknown CPU");
    pc_tell_image(pc);
    lay_out_memory(pc);
    status = make_memory(pc, profile);
    if (!status)
        status = make_check(pc, error);
    if (status && *error->text)
        return status;
    if (!status)
        status = make_asp(pc, profile);
    if (!status)
        status = make_platform(pc);
    if (!status)
        status = make_cpu(pc);
    if (status)
        return fail(error, status, cb_status_text(status));
    pc->run.platform = pc->platform;
    add_virtio(pc);
    add_psp(pc);
    status = pc_prepare_images(pc, error);
    if (!status)
        status = pc_reset(pc, error);
    if (!status && pc->config.nvdimm.size) {
        status = pc_nvdimm_load(pc);
        if (status)
            return fail(error, status, "nvdimm: the file cannot be read");
    }
    return status;
}

static struct pc *allocate(const struct pc_config *config)
{
    struct pc *pc = calloc(1, sizeof(*pc));

    if (!pc)
        return NULL;
    pc->config = *config;
    pc->append = strdup(config->append ? config->append : "");
    if (!pc->append) {
        free(pc);
        return NULL;
    }
    pc->config.append = pc->append;
    pc->config.seeded |= config->deterministic;
    pc->run = (struct board_run){
        .ops = &pc_run_ops,
        .ctx = pc,
        .deterministic = config->deterministic,
        .ended = BOARD_RUNNING,
    };
    return pc;
}

enum cbit_status pc_new(const struct pc_config *config, struct pc **out, struct pc_error *error)
{
    enum cbit_status status = check(config, error);
    struct pc *pc;

    if (status)
        return status;
    pc = allocate(config);
    if (!pc)
        return fail(error, CBIT_NO_MEMORY, cb_status_text(CBIT_NO_MEMORY));
    status = build(pc, error);
    if (status) {
        pc_free(pc);
        return status;
    }
    if (config->paused)
        pc_pause(pc);
    *out = pc;
    return CBIT_OK;
}

void pc_free(struct pc *pc)
{
    if (!pc)
        return;
    board_run_flush(&pc->run);
    pc_nvdimm_save(pc);
    if (pc->cpu)
        x86_free(pc->cpu);
    if (pc->platform)
        board_platform_free(pc->platform);
    asp_free(pc->asp);
    board_check_free(pc->check);
    if (pc->mc)
        mc_free(pc->mc);
    free(pc->rom);
    free(pc->append);
    free(pc);
}

enum cbit_status pc_reset(struct pc *pc, struct pc_error *error)
{
    board_run_flush(&pc->run);
    board_run_reset(&pc->run);
    board_virtio_reset(&pc->virtio);
    board_psp_reset(&pc->psp);
    board_platform_reset(pc->platform);
    asp_reset(pc->asp); /* the AMD-SP first, then the CPU */
    if (pc->check)
        board_check_reset(pc->check);
    x86_reset(pc->cpu);
    return pc_load(pc, error);
}

struct mc *pc_mc(struct pc *pc)
{
    return pc->mc;
}

struct x86_cpu *pc_cpu(struct pc *pc)
{
    return pc->cpu;
}

struct asp *pc_asp(struct pc *pc)
{
    return pc->asp;
}

const struct pc_config *pc_config(const struct pc *pc)
{
    return &pc->config;
}

struct pc_stats pc_stats(const struct pc *pc)
{
    const struct board_platform_stats *board = &pc->platform->stats;

    return (struct pc_stats){
        .mmio = board->mmio,
        .ports = board->ports,
        .dma_bytes = board->dma_bytes,
        .irqs = board->irqs,
        .idle_returns = pc->run.idle_returns,
        .mmio_c = pc->fabric.stats.mmio_c,
        .check = pc->check ? board_check_stats(pc->check) : (struct board_check_stats){.allowed = 0},
    };
}
