/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/pvpanic.h"

uint32_t dev_pvpanic_in(void *dev, uint16_t offset, unsigned size)
{
    (void)dev;
    (void)offset;
    (void)size;
    return DEV_PVPANIC_PANICKED | DEV_PVPANIC_CRASHLOAD; /* the events that are understood */
}

void dev_pvpanic_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    const struct dev_bus *bus = dev;

    (void)offset;
    (void)size;
    if (value & DEV_PVPANIC_PANICKED)
        dev_request(bus, DEV_REQUEST_PANIC, value);
    else if (value & DEV_PVPANIC_CRASHLOAD)
        bus->ops->trace(bus->ctx, "pvpanic: the guest panicked and starts its crash kernel");
}
