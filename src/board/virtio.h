/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's virtio devices, by PCI device number: 2 console, 3-6 disks, 7 entropy, 8 network. */
#ifndef BOARD_VIRTIO_H
#define BOARD_VIRTIO_H

#include "board/platform.h"

#define BOARD_MAX_DISKS 4
#define BOARD_SLOT_PSP  9 /* the next PCI device */

struct board_virtio_config {
    void *ctx;                        /* given to the functions below */
    const struct dev_disk *disk;      /* stay as they are */
    unsigned n_disks;                 /* <= BOARD_MAX_DISKS */
    void (*console)(void *ctx, const uint8_t *bytes, size_t len);
    bool (*random)(void *ctx, uint64_t *out);                      /* NULL: no entropy device */
    void (*net_send)(void *ctx, const uint8_t *frame, size_t len); /* NULL: no network card */
    unsigned net_number;              /* last byte of the card's address beside 56h */
};

struct board_virtio {
    struct board_virtio_config config;
    struct dev_virtio_console console;
    struct dev_virtio_blk disk[BOARD_MAX_DISKS];
    struct dev_virtio_rng rng;
    struct dev_virtio_net net;
};

/* Plugs what config asks for into the platform. */
void board_virtio_add(struct board_virtio *v, struct board_platform *platform,
                      const struct board_virtio_config *config);
void board_virtio_reset(struct board_virtio *v);
/* A frame for the network card; false: no room in the guest's ring, offer it later. */
bool board_virtio_net_input(struct board_virtio *v, const uint8_t *frame, size_t len);

#endif
