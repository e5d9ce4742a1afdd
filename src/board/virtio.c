/* SPDX-License-Identifier: Apache-2.0 */
#include "board/virtio.h"

enum { SLOT_CONSOLE = 2, SLOT_DISK = 3, SLOT_RNG = 7, SLOT_NET = 8 };

static void random_bytes(void *ctx, void *to, size_t len)
{
    const struct board_virtio *v = ctx;
    uint8_t *bytes = to;

    while (len) {
        const size_t n = len < 8 ? len : 8;
        uint8_t raw[8];
        uint64_t word = 0;

        while (!v->config.random(v->config.ctx, &word))
            ; /* the host's pool is filled once and for all soon after it boots */
        cb_store_le64(raw, word);
        memcpy(bytes, raw, n);
        bytes += n;
        len -= n;
    }
}

static void plug(struct board_platform *platform, unsigned slot, struct dev_virtio *dev)
{
    board_add_pci(platform, DEV_PCI_DEVFN(slot, 0), &dev->pci);
}

void board_virtio_add(struct board_virtio *v, struct board_platform *platform,
                      const struct board_virtio_config *config)
{
    const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, (uint8_t)(0x56 + config->net_number)};
    const struct dev_bus bus = platform->bus;

    v->config = *config;
    dev_virtio_console_init(&v->console, bus, config->console, config->ctx);
    plug(platform, SLOT_CONSOLE, &v->console.virtio);
    for (unsigned i = 0; i < config->n_disks; i++) {
        dev_virtio_blk_init(&v->disk[i], bus, &config->disk[i], i);
        plug(platform, SLOT_DISK + i, &v->disk[i].virtio);
    }
    if (config->random) {
        dev_virtio_rng_init(&v->rng, bus, random_bytes, v);
        plug(platform, SLOT_RNG, &v->rng.virtio);
    }
    if (config->net_send) {
        dev_virtio_net_init(&v->net, bus, mac, config->net_send, config->ctx);
        plug(platform, SLOT_NET, &v->net.virtio);
    }
}

void board_virtio_reset(struct board_virtio *v)
{
    dev_virtio_reset(&v->console.virtio);
    for (unsigned i = 0; i < v->config.n_disks; i++)
        dev_virtio_reset(&v->disk[i].virtio);
    if (v->config.random)
        dev_virtio_reset(&v->rng.virtio);
    if (v->config.net_send)
        dev_virtio_reset(&v->net.virtio);
}

bool board_virtio_net_input(struct board_virtio *v, const uint8_t *frame, size_t len)
{
    if (!v->config.net_send)
        return true; /* no card: dropped */
    return dev_virtio_net_receive(&v->net, frame, len);
}
