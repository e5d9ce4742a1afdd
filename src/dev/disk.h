/* SPDX-License-Identifier: Apache-2.0 */
/* Where a disk's or persistent memory's bytes are: files are the caller's side. */
#ifndef DEV_DISK_H
#define DEV_DISK_H

#include "base/base.h"

/* Functions return false when the host failed. */
struct dev_disk_ops {
    bool (*read)(void *ctx, uint64_t offset, void *to, size_t len);
    bool (*write)(void *ctx, uint64_t offset, const void *from, size_t len);
    bool (*flush)(void *ctx);
};

struct dev_disk {
    const struct dev_disk_ops *ops;
    void *ctx;
    uint64_t size; /* bytes */
    bool read_only;
};

#endif
