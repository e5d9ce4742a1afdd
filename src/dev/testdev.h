/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test device of QEMU (pc-testdev), for test kernels that are started by
 * Multiboot: a register that reads back, interrupt lines that software drives,
 * and 64 KiB of memory that answers like a device.
 */
#ifndef DEV_TESTDEV_H
#define DEV_TESTDEV_H

#include "dev/bus.h"

#define DEV_TESTDEV_ECHO_PORT 0xe0u
#define DEV_TESTDEV_ECHO_PORTS 4u
#define DEV_TESTDEV_IRQ_PORT 0x2000u
#define DEV_TESTDEV_IRQ_PORTS 24u
#define DEV_TESTDEV_MEMORY UINT64_C(0xff000000)
#define DEV_TESTDEV_MEMORY_LEN 0x10000u

struct dev_testdev {
    struct dev_bus bus;
    uint32_t echo;
    uint8_t memory[DEV_TESTDEV_MEMORY_LEN];
};

void dev_testdev_init(struct dev_testdev *t, struct dev_bus bus);
dev_in_fn dev_testdev_echo_in;
dev_out_fn dev_testdev_echo_out, dev_testdev_irq_out;
dev_load_fn dev_testdev_load;
dev_store_fn dev_testdev_store;

#endif
