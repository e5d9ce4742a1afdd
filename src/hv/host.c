/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host: DRAM and its controller, AMD-SP, and a CPU in 64-bit host mode with
 * EFER.SVME, VM_HSAVE_PA and page tables of its own, as a hypervisor's boot code
 * would leave it.  Its lowest 2 MiB are the hypervisor's; guests lie above.
 */
#include "hv/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN_MEMORY  (UINT64_C(2) << 20)
#define MAX_MEMORY  (UINT64_C(1) << 40)
#define MSR_HSAVE   0xc0010117u
#define IOPM_SIZE   0x3000u
#define MSRPM_SIZE  0x2000u
#define TABLE_PAGES 6u /* of the host's identity map of 4 GiB */

void hv_trace(const struct hv *hv, const char *format, ...)
{
    char line[160];
    va_list args;

    if (!hv->config.trace)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    hv->config.trace(hv->config.ctx, "hv", line);
}

/* ---- memory ---- */

static struct mc_access own(const struct hv *hv)
{
    return mc_access_host(MC_KIND_DATA, hv->c_bit);
}

void hv_read(struct hv *hv, spa_t at, void *to, size_t len)
{
    mc_read(hv->mc, at, own(hv), to, len);
}

void hv_write(struct hv *hv, spa_t at, const void *from, size_t len)
{
    mc_write(hv->mc, at, own(hv), from, len);
}

void hv_zero(struct hv *hv, spa_t at, uint64_t len)
{
    static const uint8_t zeroes[CB_PAGE_SIZE];

    while (len) {
        const size_t n = len < sizeof(zeroes) ? (size_t)len : sizeof(zeroes);

        hv_write(hv, at, zeroes, n);
        at.v += n;
        len -= n;
    }
}

uint64_t hv_address(const struct hv *hv, spa_t at)
{
    return at.v | (hv->c_bit ? hv->c_mask : 0);
}

/* Pages of the hypervisor's own, zeroed. */
static spa_t take(struct hv *hv, uint64_t len)
{
    const spa_t at = spa(hv->next_page);

    hv->next_page += cb_align_up(len, CB_PAGE_SIZE);
    CBIT_ASSERT(hv->next_page <= OWN_MEMORY);
    hv_zero(hv, at, len);
    return at;
}

/* ---- parts ---- */

static enum cbit_status fail(struct board_error *error, enum cbit_status status, const char *text)
{
    snprintf(error->text, sizeof(error->text), "%s", text);
    return status;
}

static enum cbit_status make_memory(struct hv *hv, const struct asp_profile *profile)
{
    const unsigned n = hv->config.n_guests ? hv->config.n_guests : 1;
    const struct mc_config config = {
        .cipher = profile->cipher,
        .n_asids = profile->n_asids,
        .range = {{spa(0), OWN_MEMORY + hv_guest_footprint(hv->config.memory) +
                               (n - 1) * hv_guest_footprint(0)}},
        .n_ranges = 1,
    };

    return mc_new(&config, &hv->mc);
}

static void asp_line(void *ctx, const char *line)
{
    const struct hv *hv = ctx;

    hv->config.trace(hv->config.ctx, "asp", line);
}

static enum cbit_status make_asp(struct hv *hv, const struct asp_profile *profile)
{
    const struct asp_config config = {
        .mc = hv->mc,
        .profile = profile,
        .chip = hv->config.chip.data,
        .chip_len = hv->config.chip.len,
        .flash = hv->config.flash.save ? &hv->config.flash : NULL,
        .tsme = hv->config.tsme,
        .seeded = hv->config.seeded,
        .seed = hv->config.seed,
        .expose = hv->config.expose_keys,
        .tweak = hv->config.tweak,
        .min_sev_asid = hv->config.min_sev_asid,
        .trace = hv->config.trace ? asp_line : NULL,
        .trace_ctx = hv,
    };

    return asp_new(&config, &hv->asp);
}

/* ---- the host's own platform: nothing is plugged in, nobody programs it ---- */

static bool no_dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    (void)ctx;
    (void)bus;
    memset(to, 0xff, len);
    return false;
}

static bool no_dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    (void)ctx;
    (void)bus;
    (void)from;
    (void)len;
    return false;
}

static void no_intr(void *ctx, bool level)
{
    (void)ctx;
    (void)level;
}

static void no_nmi(void *ctx)
{
    (void)ctx;
}

static void no_request(void *ctx, enum dev_request request, uint32_t value)
{
    (void)ctx;
    (void)request;
    (void)value;
}

static void no_console(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)byte;
}

static void no_trace(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static const struct board_platform_ops host_platform_ops = {
    .dma_read = no_dma_read,
    .dma_write = no_dma_write,
    .intr = no_intr,
    .nmi = no_nmi,
    .request = no_request,
    .console = no_console,
    .trace = no_trace,
};

static uint64_t instructions(void *ctx)
{
    const struct hv *hv = ctx;

    return hv->cpu ? x86_instructions(hv->cpu) : 0;
}

static enum cbit_status make_platform(struct hv *hv)
{
    const struct board_platform_config config = {
        .ops = &host_platform_ops,
        .ctx = hv,
        .instructions = instructions,
        .deterministic = true, /* nobody looks at its clock */
        .n_cpus = 1,
    };

    return board_platform_new(&config, &hv->platform);
}

static void fabric_line(void *ctx, const char *room, const char *line)
{
    const struct hv *hv = ctx;

    hv->config.trace(hv->config.ctx, room, line);
}

static enum cbit_status make_cpu(struct hv *hv)
{
    const struct board_fabric_config fabric = {
        .mc = hv->mc,
        .asp = hv->asp,
        .platform = hv->platform,
        .c_bit = hv->profile->c_bit,
        .seeded = hv->config.seeded,
        .seed = hv->config.seed,
        .trace = hv->config.trace ? fabric_line : NULL,
        .trace_ctx = hv,
    };
    struct x86_config cpu = {
        .profile = hv->profile,
        .ctx = &hv->fabric,
        .min_sev_asid = hv->config.min_sev_asid,
        .no_jit = hv->config.no_jit,
    };
    enum cbit_status status;

    board_fabric_init(&hv->fabric, &fabric);
    cpu.ops = board_fabric_ops(&hv->fabric);
    status = x86_new(&cpu, &hv->cpu);
    if (!status)
        board_fabric_attach_cpu(&hv->fabric, hv->cpu);
    return status;
}

/* ---- what a hypervisor's boot code would do ---- */

static void put_entry(struct hv *hv, spa_t table, unsigned index, uint64_t value)
{
    uint8_t entry[8];

    cb_store_le64(entry, value);
    hv_write(hv, spa(table.v + 8 * index), entry, sizeof(entry));
}

/* The low 4 GiB, one to one. */
static spa_t make_tables(struct hv *hv)
{
    const spa_t root = take(hv, TABLE_PAGES * CB_PAGE_SIZE);
    const spa_t pdpt = spa(root.v + CB_PAGE_SIZE);

    put_entry(hv, root, 0, hv_address(hv, pdpt) | 3);
    for (unsigned g = 0; g < 4; g++) {
        const spa_t pd = spa(pdpt.v + (1 + g) * CB_PAGE_SIZE);

        put_entry(hv, pdpt, g, hv_address(hv, pd) | 3);
        for (unsigned m = 0; m < 512; m++)
            put_entry(hv, pd, m, hv_address(hv, spa(((uint64_t)g << 30) + (uint64_t)m * CB_BIT(21))) | 0x83);
    }
    return root;
}

static void make_permission_maps(struct hv *hv)
{
    uint8_t ones[CB_PAGE_SIZE];

    hv->iopm = take(hv, IOPM_SIZE);
    hv->msrpm = take(hv, MSRPM_SIZE);
    memset(ones, 0xff, sizeof(ones));
    for (uint64_t at = 0; at < IOPM_SIZE; at += sizeof(ones))
        hv_write(hv, spa(hv->iopm.v + at), ones, sizeof(ones));
    hv_msr_permissions(hv);
}

#define HOST_CR0  (CB_BIT(0) | CB_BIT(4) | CB_BIT(16) | CB_BIT(31)) /* PE ET WP PG */
#define HOST_CR4  (CB_BIT(5) | CB_BIT(9) | CB_BIT(10))              /* PAE OSFXSR OSXMMEXCPT */
#define HOST_EFER (CB_BIT(8) | CB_BIT(10) | CB_BIT(11) | CB_BIT(12)) /* LME LMA NXE SVME */

void hv_host_mode(struct hv *hv)
{
    x86_reset(hv->cpu);
    x86_firmware_done(hv->cpu, hv->config.sme);
    x86_set_regs(hv->cpu, &hv->host);
    if (!x86_wrmsr(hv->cpu, MSR_HSAVE, hv_address(hv, hv->hsave)))
        CBIT_ASSERT(false);
}

static void make_host_state(struct hv *hv)
{
    const struct board_entry entry = {.mode = BOARD_ENTRY_64, .cr3 = make_tables(hv).v};

    board_entry_regs(&entry, hv->c_bit ? hv->c_mask : 0, &hv->host);
    hv->host.cr0 = HOST_CR0;
    hv->host.cr4 = HOST_CR4;
    hv->host.efer = HOST_EFER;
    hv->host.rflags |= CB_BIT(9); /* interrupts reach the hypervisor while a guest runs */
}

static void boot(struct hv *hv)
{
    asp_reset(hv->asp); /* the AMD-SP first, then the CPU */
    x86_reset(hv->cpu);
    x86_firmware_done(hv->cpu, hv->config.sme);
    hv->hsave = take(hv, CB_PAGE_SIZE);
    make_permission_maps(hv);
    hv->psp = (struct hv_psp){
        .asp = hv->asp,
        .mc = hv->mc,
        .c_bit = hv->c_bit,
        .c_mask = hv->c_mask,
        .n_cpus = 1,
        .page = take(hv, HV_PSP_MEMORY),
    };
    make_host_state(hv);
    hv_host_mode(hv);
}

static enum cbit_status build(struct hv *hv, struct board_error *error)
{
    const char *name = hv->config.cpu ? hv->config.cpu : "milan";
    const struct asp_profile *profile = asp_profile_find(name);
    enum cbit_status status;

    hv->profile = x86_profile_find(name);
    if (!profile || !hv->profile)
        return fail(error, CBIT_INVALID, "unknown CPU");
    hv->c_bit = hv->config.sme;
    hv->c_mask = CB_BIT(hv->profile->c_bit);
    status = make_memory(hv, profile);
    if (!status)
        status = make_asp(hv, profile);
    if (!status)
        status = make_platform(hv);
    if (!status)
        status = make_cpu(hv);
    if (status)
        return fail(error, status, cb_status_text(status));
    boot(hv);
    return CBIT_OK;
}

enum cbit_status hv_new(const struct hv_config *config, struct hv **out, struct board_error *error)
{
    struct hv *hv;
    enum cbit_status status;

    if (config->memory == 0 || config->memory > MAX_MEMORY || config->memory % CB_PAGE_SIZE ||
        config->n_guests > HV_MAX_GUESTS)
        return fail(error, CBIT_INVALID, "memory: up to 1 TiB for up to 16 guests, in whole pages");
    hv = calloc(1, sizeof(*hv));
    if (!hv)
        return fail(error, CBIT_NO_MEMORY, cb_status_text(CBIT_NO_MEMORY));
    hv->config = *config;
    status = build(hv, error);
    if (status) {
        hv_free(hv);
        return status;
    }
    *out = hv;
    return CBIT_OK;
}

void hv_free(struct hv *hv)
{
    if (!hv)
        return;
    for (unsigned i = 0; i < HV_MAX_GUESTS; i++)
        CBIT_ASSERT(hv->guest[i] == NULL);
    if (hv->cpu)
        x86_free(hv->cpu);
    if (hv->platform)
        board_platform_free(hv->platform);
    asp_free(hv->asp);
    if (hv->mc)
        mc_free(hv->mc);
    free(hv);
}

struct mc *hv_mc(struct hv *hv)
{
    return hv->mc;
}

struct x86_cpu *hv_cpu(struct hv *hv)
{
    return hv->cpu;
}

struct asp *hv_asp(struct hv *hv)
{
    return hv->asp;
}
