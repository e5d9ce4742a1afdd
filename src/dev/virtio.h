/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio 1.1 over PCI: transport (virtio_pci.c), split virtqueues
 * (virtio_ring.c), and the frame that each device fills in.
 *
 * Every device offers VERSION_1 and ACCESS_PLATFORM: with memory encryption on
 * a driver must be told that the device sees bus addresses, not plain memory.
 * Rings are hostile: each descriptor is copied once, chains are bounded, and a
 * ring that makes no sense stops the device until its driver resets it.
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "dev/pci.h"

#define DEV_VIRTIO_QUEUES    3
#define DEV_VIRTIO_QUEUE_MAX 256u /* entries */

enum { DEV_VIRTIO_NET = 1, DEV_VIRTIO_BLOCK = 2, DEV_VIRTIO_CONSOLE = 3, DEV_VIRTIO_RNG = 4 };
#define DEV_VIRTIO_F_VERSION_1       CB_BIT(32)
#define DEV_VIRTIO_F_ACCESS_PLATFORM CB_BIT(33)

struct dev_virtio;

struct dev_virtio_class {
    uint16_t type;
    uint32_t pci_class;
    unsigned n_queues;
    uint64_t features;     /* besides the two above */
    unsigned config_len;   /* bytes of device configuration */
    /* Device configuration at this moment. */
    void (*config)(struct dev_virtio *dev, uint8_t *bytes);
    /* The driver made buffers available. */
    void (*notify)(struct dev_virtio *dev, unsigned queue);
    void (*reset)(struct dev_virtio *dev); /* may be NULL */
};

struct dev_virtio_queue {
    bool ready;
    uint16_t size, vector;
    uint16_t next_avail, next_used;
    uint64_t descriptors, avail, used;
};

struct dev_virtio {
    struct dev_pci pci;
    const struct dev_virtio_class *class;
    struct dev_virtio_queue queue[DEV_VIRTIO_QUEUES];
    uint32_t feature_select, driver_select;
    uint64_t driver_features;
    uint16_t queue_select, config_vector;
    uint8_t status, isr;
};

/* One request of the driver: readable segments, then writable ones. */
struct dev_virtio_segment {
    uint64_t at;
    uint32_t len;
    bool writable;
};

struct dev_virtio_chain {
    uint16_t head;
    unsigned n;
    uint64_t readable, writable; /* bytes */
    struct dev_virtio_segment segment[DEV_VIRTIO_QUEUE_MAX];
};

void dev_virtio_init(struct dev_virtio *dev, struct dev_bus bus,
                     const struct dev_virtio_class *class);
void dev_virtio_reset(struct dev_virtio *dev);
/* Is the driver ready, and may the device touch memory? */
bool dev_virtio_live(const struct dev_virtio *dev);

/* Takes the next request; false: none, or the ring is broken. */
bool dev_virtio_take(struct dev_virtio *dev, unsigned queue, struct dev_virtio_chain *chain);
/* Puts a taken request back as if it had not been looked at (the last one taken only). */
void dev_virtio_untake(struct dev_virtio *dev, unsigned queue);
/* Gives a request back with `written` bytes in its writable part, and interrupts. */
void dev_virtio_give(struct dev_virtio *dev, unsigned queue, const struct dev_virtio_chain *chain,
                     uint32_t written);
/* Bytes [offset, offset + len) of the readable or writable part; false: not all are there. */
bool dev_virtio_read(struct dev_virtio *dev, const struct dev_virtio_chain *chain, uint64_t offset,
                     void *to, size_t len);
bool dev_virtio_write(struct dev_virtio *dev, const struct dev_virtio_chain *chain,
                      uint64_t offset, const void *from, size_t len);
/* The driver did something impossible. */
void dev_virtio_broken(struct dev_virtio *dev, const char *what);
/* Queue interrupt, if the driver wants one. */
void dev_virtio_interrupt(struct dev_virtio *dev, unsigned queue);

#endif
