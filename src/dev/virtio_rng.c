/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/virtio_rng.h"

#define AT_ONCE 4096u /* bytes for one request; a driver that wants more asks again */

static void config(struct dev_virtio *dev, uint8_t *bytes)
{
    (void)dev;
    (void)bytes;
}

static void notify(struct dev_virtio *dev, unsigned queue)
{
    struct dev_virtio_rng *rng = (struct dev_virtio_rng *)dev;
    struct dev_virtio_chain chain;
    uint8_t bytes[AT_ONCE];

    while (dev_virtio_take(dev, queue, &chain)) {
        const size_t n = chain.writable < AT_ONCE ? (size_t)chain.writable : AT_ONCE;

        rng->fill(rng->ctx, bytes, n);
        (void)dev_virtio_write(dev, &chain, 0, bytes, n);
        cb_wipe(bytes, n);
        dev_virtio_give(dev, queue, &chain, (uint32_t)n);
    }
}

void dev_virtio_rng_init(struct dev_virtio_rng *rng, struct dev_bus bus,
                         void (*fill)(void *ctx, void *to, size_t len), void *ctx)
{
    static const struct dev_virtio_class class = {
        .type = DEV_VIRTIO_RNG,
        .pci_class = 0xff0000,
        .n_queues = 1,
        .config = config,
        .notify = notify,
    };

    rng->fill = fill;
    rng->ctx = ctx;
    dev_virtio_init(&rng->virtio, bus, &class);
}
