/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's virtio devices, by PCI device number: 2 console, 3-6 disks, 7 entropy, 8 network. */
#ifndef PC_VIRTIO_H
#define PC_VIRTIO_H

#include "pc/pc.h"

struct pc_virtio {
    struct dev_virtio_console console;
    struct dev_virtio_blk disk[PC_MAX_DISKS];
    struct dev_virtio_rng rng;
    struct dev_virtio_net net;
};

/* Plugs what config asks for into the platform. */
enum cbit_status pc_virtio_add(struct pc *pc) CBIT_MUST_CHECK;
void pc_virtio_reset(struct pc *pc);

#endif
