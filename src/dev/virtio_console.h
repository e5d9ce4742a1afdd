/* SPDX-License-Identifier: Apache-2.0 */
/* virtio console with one port (virtio 1.1, 5.3): hvc0 in Linux. */
#ifndef DEV_VIRTIO_CONSOLE_H
#define DEV_VIRTIO_CONSOLE_H

#include "dev/virtio.h"

#define DEV_VIRTIO_CONSOLE_QUEUE 65536u /* bytes of type-ahead; a power of two */

struct dev_virtio_console {
    struct dev_virtio virtio; /* first: the class functions come back from it */
    void (*send)(void *ctx, const uint8_t *bytes, size_t len);
    void *ctx;
    uint32_t head, tail;
    uint8_t queue[DEV_VIRTIO_CONSOLE_QUEUE];
};

void dev_virtio_console_init(struct dev_virtio_console *console, struct dev_bus bus,
                             void (*send)(void *ctx, const uint8_t *bytes, size_t len), void *ctx);
/* Returns how many bytes were taken. */
size_t dev_virtio_console_receive(struct dev_virtio_console *console, const uint8_t *bytes,
                                  size_t len);

#endif
