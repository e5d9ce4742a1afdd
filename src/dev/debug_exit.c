/* SPDX-License-Identifier: Apache-2.0 */
/* The exit port that test kernels use (QEMU calls it isa-debug-exit). */
#include "dev/debug_exit.h"

void dev_debug_exit_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    const struct dev_bus *bus = dev;

    (void)size;
    if (offset == 0)
        dev_request(bus, DEV_REQUEST_EXIT, value);
}
