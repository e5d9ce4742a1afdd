/* SPDX-License-Identifier: Apache-2.0 */
#include "board/fabric.h"

#include <stdio.h>
#include <sys/random.h>

#define MAX_COMPLAINTS 200u /* a guest that probes must not flood the log */

static void complain(struct board_fabric *f, const char *what, uint64_t at, unsigned len)
{
    char line[96];

    if (!f->trace || f->complaints >= MAX_COMPLAINTS)
        return;
    f->complaints++;
    snprintf(line, sizeof(line), "%s, address %#llx, %u bytes", what, (unsigned long long)at, len);
    f->trace(f->trace_ctx, "board", line);
}

/*
 * Would this access be encrypted if it went to DRAM?  TSME is left out: it is
 * the memory controller's own and no part of an address.
 */
static bool is_private(const struct board_fabric *f, struct mc_access access)
{
    const struct mc_policy policy = {.smee = mc_policy(f->mc).smee};

    return mc_decide(policy, access) != MC_VIEW_RAW;
}

static const uint8_t *rom_at(const struct board_fabric *f, uint64_t at, uint64_t len)
{
    const uint64_t base = CB_BIT(32) - f->rom_size;

    return f->rom && at >= base && cb_range_ok(at - base, len, f->rom_size) ? f->rom + (at - base)
                                                                            : NULL;
}

static uint8_t *fabric_map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct board_fabric *f = ctx;

    return mc_map(f->mc, at, access, write); /* NULL outside DRAM */
}

static void device_read(struct board_fabric *f, spa_t at, struct mc_access access, void *to,
                        unsigned len)
{
    const uint8_t *rom = rom_at(f, at.v, len);

    if (rom) {
        memcpy(to, rom, len);
    } else if (is_private(f, access)) {
        f->stats.mmio_c++;
        if (f->check)
            board_check_mmio(f->check, at, access, false);
        complain(f, "read with C=1 reaches no device", at.v, len);
        memset(to, 0xff, len);
    } else if (!board_mmio_read(f->platform, at.v, to, len, true)) {
        f->stats.unmapped++;
        complain(f, "read from nowhere", at.v, len);
    }
}

static void fabric_read(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    struct board_fabric *f = ctx;

    if (mc_covers(f->mc, at, len))
        mc_read(f->mc, at, access, to, len);
    else
        device_read(f, at, access, to, len);
}

static void fabric_write(void *ctx, spa_t at, struct mc_access access, const void *from,
                         unsigned len)
{
    struct board_fabric *f = ctx;

    if (mc_covers(f->mc, at, len)) {
        mc_write(f->mc, at, access, from, len);
    } else if (rom_at(f, at.v, len)) {
        complain(f, "write to ROM", at.v, len);
    } else if (is_private(f, access)) {
        f->stats.mmio_c++;
        if (f->check)
            board_check_mmio(f->check, at, access, true);
        complain(f, "write with C=1 reaches no device", at.v, len);
    } else if (!board_mmio_write(f->platform, at.v, from, len, true)) {
        f->stats.unmapped++;
        complain(f, "write to nowhere", at.v, len);
    }
}

static void fabric_watch(void *ctx, spa_t at)
{
    struct board_fabric *f = ctx;

    if (mc_covers(f->mc, at, 1))
        mc_watch(f->mc, at);
}

static uint32_t fabric_in(void *ctx, uint16_t port, unsigned size)
{
    struct board_fabric *f = ctx;

    return board_port_in(f->platform, port, size);
}

static void fabric_out(void *ctx, uint16_t port, uint32_t value, unsigned size)
{
    struct board_fabric *f = ctx;

    board_port_out(f->platform, port, value, size);
}

static int fabric_intr_ack(void *ctx)
{
    struct board_fabric *f = ctx;

    return board_intr_ack(f->platform);
}

static uint8_t fabric_tpr_read(void *ctx)
{
    struct board_fabric *f = ctx;

    return dev_lapic_cr8(&f->platform->lapic);
}

static void fabric_tpr_write(void *ctx, uint8_t cr8)
{
    struct board_fabric *f = ctx;

    dev_lapic_set_cr8(&f->platform->lapic, cr8);
}

static uint64_t fabric_apic_base_read(void *ctx)
{
    struct board_fabric *f = ctx;

    return f->platform->lapic.base;
}

static bool fabric_apic_base_write(void *ctx, uint64_t value)
{
    struct board_fabric *f = ctx;

    return dev_lapic_base_write(&f->platform->lapic, value);
}

static uint64_t fabric_tsc(void *ctx)
{
    struct board_fabric *f = ctx;

    return board_clock_now(&f->platform->clock);
}

/* Vigna's SplitMix64: repeatable, and all that a seeded run asks for. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool fabric_random(void *ctx, uint64_t *out)
{
    struct board_fabric *f = ctx;

    if (f->seeded) {
        *out = splitmix(&f->random_state);
        return true;
    }
    return getrandom(out, sizeof(*out), GRND_NONBLOCK) == (ssize_t)sizeof(*out);
}

static void fabric_smee_changed(void *ctx, bool on)
{
    struct board_fabric *f = ctx;

    mc_set_smee(f->mc, on);
}

static void fabric_cache(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access)
{
    struct board_fabric *f = ctx;

    (void)line;
    (void)access; /* memory is always coherent with the caches here */
    if (op == X86_CACHE_WBINVD && f->asp)
        asp_note_wbinvd(f->asp, 0);
}

static void fabric_trace(void *ctx, const char *line)
{
    struct board_fabric *f = ctx;

    if (f->trace)
        f->trace(f->trace_ctx, "cpu", line);
}

void board_fabric_init(struct board_fabric *fabric, const struct board_fabric_config *config)
{
    *fabric = (struct board_fabric){
        .mc = config->mc,
        .asp = config->asp,
        .platform = config->platform,
        .c_bit = config->c_bit,
        .seeded = config->seeded,
        .random_state = config->seed,
        .trace = config->trace,
        .trace_ctx = config->trace_ctx,
        .ops = {
            .map = fabric_map,
            .read = fabric_read,
            .write = fabric_write,
            .watch = fabric_watch,
            .in = fabric_in,
            .out = fabric_out,
            .intr_ack = fabric_intr_ack,
            .tpr_read = fabric_tpr_read,
            .tpr_write = fabric_tpr_write,
            .apic_base_read = fabric_apic_base_read,
            .apic_base_write = fabric_apic_base_write,
            .tsc = fabric_tsc,
            .random = fabric_random,
            .smee_changed = fabric_smee_changed,
            .cache = fabric_cache,
            .trace = fabric_trace,
            .trace_on = config->trace != NULL,
        },
    };
}

const struct x86_ops *board_fabric_ops(const struct board_fabric *fabric)
{
    return &fabric->ops;
}

static void frame_event(void *ctx, spa_t frame, enum mc_event event)
{
    struct board_fabric *f = ctx;

    if (event == MC_EVENT_TURN)
        x86_frame_turned(f->cpu, frame);
    else
        x86_frame_written(f->cpu, frame);
}

void board_fabric_attach_cpu(struct board_fabric *fabric, struct x86_cpu *cpu)
{
    fabric->cpu = cpu;
    mc_listen(fabric->mc, frame_event, fabric);
}

/* A bus address without its C-bit, and the access that it stands for. */
static struct mc_access dma_access(const struct board_fabric *f, uint64_t *bus)
{
    const bool c = mc_policy(f->mc).smee && (*bus >> f->c_bit & 1);

    if (c)
        *bus &= ~CB_BIT(f->c_bit);
    return mc_access_host(MC_KIND_DMA, c);
}

/* Bytes up to the end of the page: DRAM comes in whole pages. */
static size_t within_page(uint64_t at, size_t len)
{
    const size_t rest = CB_PAGE_SIZE - (size_t)(at & (CB_PAGE_SIZE - 1));

    return len < rest ? len : rest;
}

bool board_dma_read(struct board_fabric *fabric, uint64_t bus, void *to, size_t len)
{
    const struct mc_access access = dma_access(fabric, &bus);
    uint8_t *bytes = to;
    bool ok = true;

    while (len) {
        const size_t n = within_page(bus, len);

        if (mc_covers(fabric->mc, spa(bus), n)) {
            if (fabric->check)
                board_check_dma(fabric->check, spa(bus), n, access, false);
            mc_read(fabric->mc, spa(bus), access, bytes, n);
        } else {
            memset(bytes, 0xff, n);
            complain(fabric, "DMA read from outside DRAM", bus, (unsigned)n);
            ok = false;
        }
        bus += n;
        bytes += n;
        len -= n;
    }
    return ok;
}

bool board_dma_write(struct board_fabric *fabric, uint64_t bus, const void *from, size_t len)
{
    const struct mc_access access = dma_access(fabric, &bus);
    const uint8_t *bytes = from;
    bool ok = true;

    while (len) {
        const size_t n = within_page(bus, len);

        if (mc_covers(fabric->mc, spa(bus), n)) {
            if (fabric->check)
                board_check_dma(fabric->check, spa(bus), n, access, true);
            mc_write(fabric->mc, spa(bus), access, bytes, n);
        } else {
            complain(fabric, "DMA write outside DRAM", bus, (unsigned)n);
            ok = false;
        }
        bus += n;
        bytes += n;
        len -= n;
    }
    return ok;
}
