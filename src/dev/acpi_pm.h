/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI fixed hardware: PM1a event and control blocks, PM timer; SCI on IRQ 9. */
#ifndef DEV_ACPI_PM_H
#define DEV_ACPI_PM_H

#include "dev/bus.h"

#define DEV_ACPI_PM_PORT  0x600
#define DEV_ACPI_PM_PORTS 12
#define DEV_ACPI_PM_EVENT   0 /* offsets */
#define DEV_ACPI_PM_CONTROL 4
#define DEV_ACPI_PM_TIMER   8
#define DEV_ACPI_SCI      9
#define DEV_ACPI_S5       5  /* SLP_TYP of soft-off, as the DSDT's _S5 says */

struct dev_acpi_pm {
    struct dev_bus bus;
    uint16_t status, enable, control;
};

void dev_acpi_pm_init(struct dev_acpi_pm *pm, struct dev_bus bus);
void dev_acpi_pm_reset(struct dev_acpi_pm *pm);
void dev_acpi_pm_power_button(struct dev_acpi_pm *pm);
void dev_acpi_pm_rtc_alarm(void *pm);

dev_in_fn dev_acpi_pm_in; /* offset from DEV_ACPI_PM_PORT; width 4 */
dev_out_fn dev_acpi_pm_out;

#endif
