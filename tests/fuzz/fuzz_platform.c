/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile kernel at the platform's ports and registers: every 8 bytes of
 * input are one access (port or memory, width, address, value), a piece of
 * memory that devices do DMA on, or time that passes.
 */
#include "board/board.h"

#include <stdlib.h>

#define MEMORY 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fixture {
    struct board_platform *p;
    uint64_t insns;
    uint8_t memory[MEMORY];
    uint8_t disk[4096];
    struct dev_virtio_blk blk;
    struct dev_virtio_console console;
    struct dev_virtio_net net;
    struct dev_virtio_rng rng;
};

static bool dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    struct fixture *f = ctx;

    if (!cb_range_ok(bus, len, MEMORY)) {
        memset(to, 0xff, len);
        return false;
    }
    memcpy(to, f->memory + bus, len);
    return true;
}

static bool dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    struct fixture *f = ctx;

    if (!cb_range_ok(bus, len, MEMORY))
        return false;
    memcpy(f->memory + bus, from, len);
    return true;
}

static void on_intr(void *ctx, bool level)
{
    (void)ctx;
    (void)level;
}

static void on_nmi(void *ctx)
{
    (void)ctx;
}

static void on_request(void *ctx, enum dev_request request, uint32_t value)
{
    (void)ctx;
    (void)request;
    (void)value;
}

static void on_byte(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)byte;
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    (void)len;
}

static void on_random(void *ctx, void *to, size_t len)
{
    (void)ctx;
    memset(to, 4, len);
}

static void on_trace(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static uint64_t on_instructions(void *ctx)
{
    return ((struct fixture *)ctx)->insns;
}

static bool disk_read(void *ctx, uint64_t offset, void *to, size_t len)
{
    memcpy(to, ((struct fixture *)ctx)->disk + offset, len);
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *from, size_t len)
{
    memcpy(((struct fixture *)ctx)->disk + offset, from, len);
    return true;
}

static bool disk_flush(void *ctx)
{
    (void)ctx;
    return true;
}

static const struct board_platform_ops ops = {dma_read,   dma_write, on_intr, on_nmi, on_nmi,
                                              on_request, on_byte,   on_trace};
static const struct dev_disk_ops disk_ops = {disk_read, disk_write, disk_flush};

static void add_virtio(struct fixture *f)
{
    const struct dev_disk disk = {.ops = &disk_ops, .ctx = f, .size = sizeof(f->disk)};
    static const uint8_t mac[6] = {2};
    const struct dev_bus bus = f->p->bus;

    dev_virtio_blk_init(&f->blk, bus, &disk, 0);
    dev_virtio_console_init(&f->console, bus, on_bytes, f);
    dev_virtio_net_init(&f->net, bus, mac, on_bytes, f);
    dev_virtio_rng_init(&f->rng, bus, on_random, f);
    board_add_pci(f->p, 0x08, &f->blk.virtio.pci);
    board_add_pci(f->p, 0x10, &f->console.virtio.pci);
    board_add_pci(f->p, 0x18, &f->net.virtio.pci);
    board_add_pci(f->p, 0x20, &f->rng.virtio.pci);
}

/* BARs where the short addresses of the input reach them. */
static void place_bars(struct fixture *f)
{
    for (unsigned i = 1; i <= 4; i++) {
        board_port_out(f->p, 0xcf8, 0x80000010u | i << 11, 4);
        board_port_out(f->p, 0xcfc, 0xc0000000u + i * 0x8000, 4);
        board_port_out(f->p, 0xcf8, 0x80000004u | i << 11, 4);
        board_port_out(f->p, 0xcfc, 6, 4);
    }
}

static uint64_t mmio_address(uint16_t raw)
{
    static const uint64_t bases[8] = {0xfee00000, 0xfec00000, 0xfed00000, 0xc0008000,
                                      0xc0010000, 0xc0018000, 0xc0020000, 0xfee00000};

    return bases[raw >> 13] + ((raw & 0x1fff) | (raw & 0x1000 ? 0x3000 : 0));
}

static void step(struct fixture *f, const uint8_t *in)
{
    const uint16_t where = cb_load_le16(in + 2);
    const uint32_t value = cb_load_le32(in + 4);
    const unsigned width = 1u << (in[1] % 3);
    uint8_t raw[64] = {0};

    memcpy(raw, in + 4, 4);
    switch (in[0] % 8) {
    case 0:
        board_port_out(f->p, where, value, width);
        break;
    case 1:
        (void)board_port_in(f->p, where, width);
        break;
    case 2:
        (void)board_mmio_write(f->p, mmio_address(where), raw, 1u << (in[1] % 4), true);
        break;
    case 3:
        (void)board_mmio_read(f->p, mmio_address(where), raw, 1 + in[1] % 64, true);
        break;
    case 4:
        memcpy(f->memory + where % (MEMORY - 4), in + 4, 4);
        break;
    case 5:
        f->insns += value % 100000000;
        board_clock_run(&f->p->clock);
        break;
    case 6:
        (void)dev_uart_receive(&f->p->uart, in + 4, 4);
        (void)dev_virtio_console_receive(&f->console, in + 4, 4);
        (void)dev_virtio_net_receive(&f->net, in, 8);
        break;
    default:
        (void)board_intr_ack(f->p);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct board_platform_config config = {
        .ops = &ops, .ctx = f, .instructions = on_instructions, .deterministic = true,
        .below_4g = 64u << 20, .acpi = true};

    if (!f || board_platform_new(&config, &f->p))
        abort();
    add_virtio(f);
    board_platform_reset(f->p);
    place_bars(f);
    for (; size >= 8; data += 8, size -= 8)
        step(f, data);
    board_platform_free(f->p);
    free(f);
    return 0;
}
