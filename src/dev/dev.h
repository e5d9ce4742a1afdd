/* SPDX-License-Identifier: Apache-2.0 */
/* Front door of dev: one device a file; each knows struct dev_bus and nothing else. */
#ifndef DEV_DEV_H
#define DEV_DEV_H

#include "dev/acpi_pm.h"
#include "dev/bus.h"
#include "dev/cmos.h"
#include "dev/debug_exit.h"
#include "dev/disk.h"
#include "dev/fw_cfg.h"
#include "dev/hpet.h"
#include "dev/i8042.h"
#include "dev/i8254.h"
#include "dev/i8259.h"
#include "dev/ioapic.h"
#include "dev/lapic.h"
#include "dev/pci_host.h"
#include "dev/pvpanic.h"
#include "dev/testdev.h"
#include "dev/uart16550.h"
#include "dev/virtio_blk.h"
#include "dev/virtio_console.h"
#include "dev/virtio_net.h"
#include "dev/virtio_rng.h"

#endif
