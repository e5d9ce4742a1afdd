/* SPDX-License-Identifier: Apache-2.0 */
/* virtio block device on a struct dev_disk (virtio 1.1, 5.2). */
#ifndef DEV_VIRTIO_BLK_H
#define DEV_VIRTIO_BLK_H

#include "dev/disk.h"
#include "dev/virtio.h"

struct dev_virtio_blk {
    struct dev_virtio virtio; /* first: the class functions come back from it */
    struct dev_disk disk;
    char id[20];
    struct dev_virtio_class class;
    uint8_t bounce[65536];
};

void dev_virtio_blk_init(struct dev_virtio_blk *blk, struct dev_bus bus,
                         const struct dev_disk *disk, unsigned number);

#endif
