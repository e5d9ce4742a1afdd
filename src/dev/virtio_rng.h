/* SPDX-License-Identifier: Apache-2.0 */
/* virtio entropy device (virtio 1.1, 5.4). */
#ifndef DEV_VIRTIO_RNG_H
#define DEV_VIRTIO_RNG_H

#include "dev/virtio.h"

struct dev_virtio_rng {
    struct dev_virtio virtio; /* first: the class functions come back from it */
    void (*fill)(void *ctx, void *to, size_t len);
    void *ctx;
};

void dev_virtio_rng_init(struct dev_virtio_rng *rng, struct dev_bus bus,
                         void (*fill)(void *ctx, void *to, size_t len), void *ctx);

#endif
