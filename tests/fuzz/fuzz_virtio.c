/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile driver: a device whose queues are up, and rings that the input fills.
 *
 * Byte 0: device (bits 0-1), features (2-3), queue size (4-7, a power of two).
 * Byte 1: which queues are ready.  Then records of 12 bytes: kind, queue or offset,
 * and what to do: write a descriptor, an entry of the available ring, its index,
 * raw memory, a register; or let the device take input; or notify.
 */
#include <stdlib.h>

#include "dev/dev.h"

#define MEMORY  0x10000u
#define QUEUE_AT(q) (0x1000u + (q) * 0x4000u) /* descriptors; + 1000h available, + 2000h used */
#define RECORD  12u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fixture {
    uint8_t memory[MEMORY];
    uint8_t disk[8192];
    struct dev_virtio_blk blk;
    struct dev_virtio_console console;
    struct dev_virtio_net net;
    struct dev_virtio_rng rng;
    struct dev_virtio *device;
    uint16_t size;
    uint64_t bytes_out;
};

static bool dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    const bool ok = cb_range_ok(bus, len, MEMORY);

    if (ok)
        memcpy(to, ((struct fixture *)ctx)->memory + bus, len);
    else
        memset(to, 0xff, len);
    return ok;
}

static bool dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    const bool ok = cb_range_ok(bus, len, MEMORY);

    if (ok)
        memcpy(((struct fixture *)ctx)->memory + bus, from, len);
    return ok;
}

static void irq(void *ctx, unsigned line, bool level) { (void)ctx; (void)line; (void)level; }
static void msi(void *ctx, uint64_t address, uint32_t data) { (void)ctx; (void)address; (void)data; }
static uint64_t now_ns(void *ctx) { (void)ctx; return 1; }
static void timer_arm(void *ctx, struct dev_timer *t, uint64_t at) { (void)ctx; (void)t; (void)at; }
static void timer_cancel(void *ctx, struct dev_timer *t) { (void)ctx; (void)t; }
static void request(void *ctx, enum dev_request r, uint32_t v) { (void)ctx; (void)r; (void)v; }
static void trace(void *ctx, const char *line) { (void)ctx; (void)line; }

static const struct dev_bus_ops bus_ops = {dma_read,  dma_write,    irq,     msi,  now_ns,
                                           timer_arm, timer_cancel, request, trace};

static bool disk_read(void *ctx, uint64_t offset, void *to, size_t len)
{
    if (!cb_range_ok(offset, len, sizeof(((struct fixture *)ctx)->disk)))
        abort(); /* the device must not ask for this */
    memcpy(to, ((struct fixture *)ctx)->disk + offset, len);
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *from, size_t len)
{
    if (!cb_range_ok(offset, len, sizeof(((struct fixture *)ctx)->disk)))
        abort();
    memcpy(((struct fixture *)ctx)->disk + offset, from, len);
    return true;
}

static bool disk_flush(void *ctx) { (void)ctx; return true; }
static const struct dev_disk_ops disk_ops = {disk_read, disk_write, disk_flush};

/* Reads what it is given to its last byte: a sanitizer notices if it is not there. */
static void on_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    struct fixture *f = ctx;

    for (size_t i = 0; i < len; i++)
        f->bytes_out += bytes[i];
}

static void on_random(void *ctx, void *to, size_t len) { (void)ctx; memset(to, 4, len); }

static void store(struct fixture *f, uint64_t offset, uint64_t value, unsigned size)
{
    dev_pci_bar_store(&f->device->pci, 0, offset, value, size);
}

static void set_up(struct fixture *f, uint8_t device)
{
    const struct dev_disk disk = {.ops = &disk_ops, .ctx = f, .size = sizeof(f->disk),
                                  .read_only = (device & 4) != 0};
    static const uint8_t mac[6] = {2};
    const struct dev_bus bus = {&bus_ops, f};
    struct dev_virtio *devices[] = {&f->blk.virtio, &f->console.virtio, &f->net.virtio,
                                    &f->rng.virtio};

    dev_virtio_blk_init(&f->blk, bus, &disk, 0);
    dev_virtio_console_init(&f->console, bus, on_bytes, f);
    dev_virtio_net_init(&f->net, bus, mac, on_bytes, f);
    dev_virtio_rng_init(&f->rng, bus, on_random, f);
    f->device = devices[device & 3];
    f->size = (uint16_t)(1u << (device >> 4) % 9);
}

/* Registers of the common configuration, as a driver programs them. */
static void start(struct fixture *f, uint8_t features, uint8_t ready)
{
    dev_pci_cfg_write(&f->device->pci, DEV_PCI_COMMAND, 6, 2);
    store(f, 0x14, 0, 1);
    store(f, 0x14, 3, 1);
    store(f, 0x08, 0, 4);
    store(f, 0x0c, features & 8 ? 0xffffffff : 0, 4);
    store(f, 0x08, 1, 4);
    store(f, 0x0c, 3, 4); /* VERSION_1, ACCESS_PLATFORM */
    store(f, 0x14, 0xb, 1);
    for (unsigned q = 0; q < DEV_VIRTIO_QUEUES; q++) {
        store(f, 0x16, q, 2);
        store(f, 0x18, f->size, 2);
        store(f, 0x20, QUEUE_AT(q), 4);
        store(f, 0x28, QUEUE_AT(q) + 0x1000, 4);
        store(f, 0x30, QUEUE_AT(q) + 0x2000, 4);
        store(f, 0x1c, ready >> q & 1, 2);
    }
    store(f, 0x14, 0xf, 1);
}

static void descriptor(struct fixture *f, const uint8_t *in)
{
    uint8_t *d = f->memory + QUEUE_AT(in[1] % 3u) + 16u * (in[2] % f->size);

    cb_store_le64(d, cb_load_le16(in + 4) | (uint64_t)(in[11] & 1) << 47);
    cb_store_le32(d + 8, in[11] & 2 ? UINT32_MAX - in[6] : cb_load_le16(in + 6));
    cb_store_le16(d + 12, in[8]);
    cb_store_le16(d + 14, cb_load_le16(in + 9));
}

static void step(struct fixture *f, const uint8_t *in)
{
    const uint32_t queue = QUEUE_AT(in[1] % 3u);

    switch (in[0] % 8) {
    case 0:
    case 1:
        descriptor(f, in);
        break;
    case 2:
        cb_store_le16(f->memory + queue + 0x1000 + 4 + 2u * (in[2] % f->size), cb_load_le16(in + 4));
        break;
    case 3:
        cb_store_le16(f->memory + queue + 0x1000 + 2, cb_load_le16(in + 4));
        break;
    case 4:
        memcpy(f->memory + cb_load_le16(in + 2) % (MEMORY - 8), in + 4, 8);
        break;
    case 5:
        dev_pci_bar_store(&f->device->pci, in[1] & 1 ? 0 : in[1] % 6u, cb_load_le16(in + 2),
                          cb_load_le64(in + 4), 1u << in[1] % 4);
        break;
    case 6:
        (void)dev_virtio_console_receive(&f->console, in + 1, in[1] % 11u);
        (void)dev_virtio_net_receive(&f->net, in, 1 + in[1] % 12u);
        break;
    default:
        store(f, 0x3000 + 4u * (in[1] % 3u), in[1] % 3u, 2);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fixture *f;

    if (size < 2)
        return 0;
    f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    set_up(f, data[0]);
    start(f, data[0], data[1]);
    for (size_t at = 2; at + RECORD <= size; at += RECORD)
        step(f, data + at);
    for (unsigned q = 0; q < DEV_VIRTIO_QUEUES; q++)
        store(f, 0x3000 + 4 * q, q, 2);
    free(f);
    return 0;
}
