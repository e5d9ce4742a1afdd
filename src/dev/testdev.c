/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's pc-testdev, as far as test kernels use it. */
#include "dev/testdev.h"

void dev_testdev_init(struct dev_testdev *t, struct dev_bus bus)
{
    memset(t, 0, sizeof(*t));
    t->bus = bus;
}

uint32_t dev_testdev_echo_in(void *dev, uint16_t offset, unsigned size)
{
    const struct dev_testdev *t = dev;

    return t->echo >> offset % 4 * 8 & (uint32_t)CB_MASK(size * 8);
}

void dev_testdev_echo_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    struct dev_testdev *t = dev;
    const uint32_t mask = (uint32_t)CB_MASK(size * 8) << offset % 4 * 8;

    t->echo = (t->echo & ~mask) | (value << offset % 4 * 8 & mask);
}

/* Port n is line n: nonzero raises it. */
void dev_testdev_irq_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    const struct dev_testdev *t = dev;

    (void)size;
    if (offset < 16) /* the ISA lines */
        dev_irq(&t->bus, offset, value != 0);
}

uint64_t dev_testdev_load(void *dev, uint64_t offset, unsigned size)
{
    const struct dev_testdev *t = dev;
    uint8_t bytes[8] = {0};

    if (cb_range_ok(offset, size, sizeof(t->memory)))
        memcpy(bytes, t->memory + offset, size);
    return cb_load_le64(bytes);
}

void dev_testdev_store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct dev_testdev *t = dev;
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    if (cb_range_ok(offset, size, sizeof(t->memory)))
        memcpy(t->memory + offset, bytes, size);
}
