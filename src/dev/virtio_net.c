/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/virtio_net.h"

enum { RX, TX };
#define F_MAC    CB_BIT(5)
#define F_STATUS CB_BIT(16)
#define HEADER   12u /* struct virtio_net_hdr with num_buffers */

static void config(struct dev_virtio *dev, uint8_t *bytes)
{
    const struct dev_virtio_net *net = (const struct dev_virtio_net *)dev;

    memcpy(bytes, net->mac, sizeof(net->mac));
    bytes[6] = 1; /* link up */
}

static void notify(struct dev_virtio *dev, unsigned queue)
{
    struct dev_virtio_net *net = (struct dev_virtio_net *)dev;
    struct dev_virtio_chain chain;
    uint8_t frame[DEV_VIRTIO_NET_FRAME];

    if (queue != TX)
        return; /* buffers for input: frames are offered again by whoever has them */
    while (dev_virtio_take(dev, TX, &chain)) {
        const uint64_t len = chain.readable > HEADER ? chain.readable - HEADER : 0;

        if (len && len <= sizeof(frame) && dev_virtio_read(dev, &chain, HEADER, frame, (size_t)len))
            net->send(net->ctx, frame, (size_t)len);
        dev_virtio_give(dev, TX, &chain, 0);
    }
}

bool dev_virtio_net_receive(struct dev_virtio_net *net, const uint8_t *frame, size_t len)
{
    uint8_t header[HEADER] = {0};
    struct dev_virtio_chain chain;

    if (len > DEV_VIRTIO_NET_FRAME)
        return true; /* would never fit: dropped */
    if (!dev_virtio_take(&net->virtio, RX, &chain))
        return false;
    if (chain.writable < HEADER + len) {
        dev_virtio_give(&net->virtio, RX, &chain, 0);
        return true;
    }
    cb_store_le16(header + 10, 1); /* num_buffers */
    (void)dev_virtio_write(&net->virtio, &chain, 0, header, sizeof(header));
    (void)dev_virtio_write(&net->virtio, &chain, HEADER, frame, len);
    dev_virtio_give(&net->virtio, RX, &chain, (uint32_t)(HEADER + len));
    return true;
}

void dev_virtio_net_init(struct dev_virtio_net *net, struct dev_bus bus, const uint8_t mac[6],
                         void (*send)(void *ctx, const uint8_t *frame, size_t len), void *ctx)
{
    static const struct dev_virtio_class class = {
        .type = DEV_VIRTIO_NET,
        .pci_class = 0x020000,
        .n_queues = 2,
        .features = F_MAC | F_STATUS,
        .config_len = 8,
        .config = config,
        .notify = notify,
    };

    memcpy(net->mac, mac, sizeof(net->mac));
    net->send = send;
    net->ctx = ctx;
    dev_virtio_init(&net->virtio, bus, &class);
}
