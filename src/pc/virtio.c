/* SPDX-License-Identifier: Apache-2.0 */
#include "pc/virtio.h"

#include "pc/state.h"

#include <stdlib.h>

enum { SLOT_CONSOLE = 2, SLOT_DISK = 3, SLOT_RNG = 7, SLOT_NET = 8 };

static void hvc_output(void *ctx, const uint8_t *bytes, size_t len)
{
    struct pc *pc = ctx;
    const struct pc_callbacks *to = &pc->config.callbacks;

    if (to->hvc) {
        to->hvc(to->ctx, bytes, len);
    } else if (to->console) {
        pc_flush_console(pc); /* keep the order of the two consoles */
        to->console(to->ctx, bytes, len);
    }
}

static void random_bytes(void *ctx, void *to, size_t len)
{
    struct pc *pc = ctx;
    uint8_t *bytes = to;

    while (len) {
        const size_t n = len < 8 ? len : 8;
        uint8_t raw[8];
        uint64_t v = 0;

        while (!pc->fabric.ops.random(&pc->fabric, &v))
            ; /* the host's pool is filled once and for all soon after it boots */
        cb_store_le64(raw, v);
        memcpy(bytes, raw, n);
        bytes += n;
        len -= n;
    }
}

static void net_output(void *ctx, const uint8_t *frame, size_t len)
{
    struct pc *pc = ctx;

    pc->config.callbacks.net_send(pc->config.callbacks.ctx, frame, len);
}

static void plug(struct pc *pc, unsigned slot, struct dev_virtio *dev)
{
    board_add_pci(pc->platform, DEV_PCI_DEVFN(slot, 0), &dev->pci);
}

enum cbit_status pc_virtio_add(struct pc *pc)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    const struct dev_bus bus = pc->platform->bus;
    struct pc_virtio *v = calloc(1, sizeof(*v));

    if (!v)
        return CBIT_NO_MEMORY;
    pc->virtio = v;
    dev_virtio_console_init(&v->console, bus, hvc_output, pc);
    plug(pc, SLOT_CONSOLE, &v->console.virtio);
    for (unsigned i = 0; i < pc->config.n_disks; i++) {
        dev_virtio_blk_init(&v->disk[i], bus, &pc->config.disk[i], i);
        plug(pc, SLOT_DISK + i, &v->disk[i].virtio);
    }
    if (pc->config.rng) {
        dev_virtio_rng_init(&v->rng, bus, random_bytes, pc);
        plug(pc, SLOT_RNG, &v->rng.virtio);
    }
    if (pc->config.callbacks.net_send) {
        dev_virtio_net_init(&v->net, bus, mac, net_output, pc);
        plug(pc, SLOT_NET, &v->net.virtio);
    }
    return CBIT_OK;
}

void pc_virtio_reset(struct pc *pc)
{
    dev_virtio_reset(&pc->virtio->console.virtio);
    for (unsigned i = 0; i < pc->config.n_disks; i++)
        dev_virtio_reset(&pc->virtio->disk[i].virtio);
    if (pc->config.rng)
        dev_virtio_reset(&pc->virtio->rng.virtio);
    if (pc->config.callbacks.net_send)
        dev_virtio_reset(&pc->virtio->net.virtio);
}

size_t pc_hvc_input(struct pc *pc, const uint8_t *bytes, size_t len)
{
    return dev_virtio_console_receive(&pc->virtio->console, bytes, len);
}

bool pc_net_input(struct pc *pc, const uint8_t *frame, size_t len)
{
    if (!pc->config.callbacks.net_send)
        return true; /* no card: dropped */
    return dev_virtio_net_receive(&pc->virtio->net, frame, len);
}
