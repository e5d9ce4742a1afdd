/* SPDX-License-Identifier: Apache-2.0 */
/* virtio network card (virtio 1.1, 5.1), without offloads. */
#ifndef DEV_VIRTIO_NET_H
#define DEV_VIRTIO_NET_H

#include "dev/virtio.h"

#define DEV_VIRTIO_NET_FRAME 1514u /* longest Ethernet frame, without its checksum */

struct dev_virtio_net {
    struct dev_virtio virtio; /* first: the class functions come back from it */
    void (*send)(void *ctx, const uint8_t *frame, size_t len);
    void *ctx;
    uint8_t mac[6];
};

void dev_virtio_net_init(struct dev_virtio_net *net, struct dev_bus bus, const uint8_t mac[6],
                         void (*send)(void *ctx, const uint8_t *frame, size_t len), void *ctx);
/* False: the guest has no buffer at the moment. */
bool dev_virtio_net_receive(struct dev_virtio_net *net, const uint8_t *frame, size_t len);

#endif
