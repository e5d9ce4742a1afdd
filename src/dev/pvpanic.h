/* SPDX-License-Identifier: Apache-2.0 */
/* The port by which a guest tells that it panicked (QEMU docs/specs/pvpanic.txt). */
#ifndef DEV_PVPANIC_H
#define DEV_PVPANIC_H

#include "dev/bus.h"

#define DEV_PVPANIC_PORT      0x505
#define DEV_PVPANIC_PANICKED  1u
#define DEV_PVPANIC_CRASHLOAD 2u /* panicked, but a crash kernel takes over */

dev_in_fn dev_pvpanic_in; /* dev: const struct dev_bus */
dev_out_fn dev_pvpanic_out;

#endif
