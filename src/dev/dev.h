/* SPDX-License-Identifier: Apache-2.0 */
/* Front door of dev: one device a file; each knows struct dev_bus and nothing else. */
#ifndef DEV_DEV_H
#define DEV_DEV_H

#include "dev/acpi_pm.h"
#include "dev/bus.h"
#include "dev/cmos.h"
#include "dev/debug_exit.h"
#include "dev/fw_cfg.h"
#include "dev/hpet.h"
#include "dev/i8042.h"
#include "dev/i8254.h"
#include "dev/i8259.h"
#include "dev/ioapic.h"
#include "dev/lapic.h"
#include "dev/pci_host.h"
#include "dev/pvpanic.h"
#include "dev/uart16550.h"

/*
 * Where a disk's or persistent memory's bytes are: files are the caller's side.
 * Functions return false when the host failed.
 */
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
