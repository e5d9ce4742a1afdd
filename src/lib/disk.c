/* SPDX-License-Identifier: Apache-2.0 */
/* A caller's disk as the devices want it: what the caller left out does nothing. */
#include "lib/machine.h"

bool lib_disk_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct cbit_disk *disk = ctx;

    return disk->read(disk->ctx, at, to, len);
}

bool lib_disk_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    const struct cbit_disk *disk = ctx;

    return disk->write && disk->write(disk->ctx, at, from, len);
}

bool lib_disk_flush(void *ctx)
{
    const struct cbit_disk *disk = ctx;

    return !disk->flush || disk->flush(disk->ctx);
}
