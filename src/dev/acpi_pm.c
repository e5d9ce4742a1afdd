/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI Specification 6.3, chapter 4.8 (fixed hardware).  The machine is always in ACPI
 * mode; no firmware runs beside the system, so nobody ever releases the Global Lock and
 * GBL_STS stays clear, but its enable bit is there, as the specification demands.
 */
#include "dev/acpi_pm.h"

enum {
    STS_TIMER = 0x0001,
    STS_GLOBAL_LOCK = 0x0020,
    STS_POWER_BUTTON = 0x0100,
    STS_RTC = 0x0400,
    STS_WAKE = 0x8000
};
enum { CNT_SCI_EN = 0x0001, CNT_SLP_TYP_SHIFT = 10, CNT_SLP_EN = 0x2000 };
#define STATUS_BITS (STS_TIMER | STS_GLOBAL_LOCK | STS_POWER_BUTTON | STS_RTC | STS_WAKE)
#define ENABLE_BITS (STS_TIMER | STS_GLOBAL_LOCK | STS_POWER_BUTTON | STS_RTC)
#define TIMER_HZ    UINT64_C(3579545)
#define NS_PER_S    UINT64_C(1000000000)

void dev_acpi_pm_init(struct dev_acpi_pm *pm, struct dev_bus bus)
{
    pm->bus = bus;
    dev_acpi_pm_reset(pm);
}

static void update_sci(struct dev_acpi_pm *pm)
{
    dev_irq(&pm->bus, DEV_ACPI_SCI, pm->status & pm->enable & ENABLE_BITS);
}

void dev_acpi_pm_reset(struct dev_acpi_pm *pm)
{
    pm->status = pm->enable = 0;
    pm->control = CNT_SCI_EN;
    update_sci(pm);
}

void dev_acpi_pm_power_button(struct dev_acpi_pm *pm)
{
    pm->status |= STS_POWER_BUTTON;
    update_sci(pm);
}

void dev_acpi_pm_rtc_alarm(void *dev)
{
    struct dev_acpi_pm *pm = dev;

    pm->status |= STS_RTC;
    update_sci(pm);
}

static uint32_t timer(const struct dev_acpi_pm *pm)
{
    const uint64_t ns = dev_now(&pm->bus);

    return (uint32_t)(ns / NS_PER_S * TIMER_HZ + ns % NS_PER_S * TIMER_HZ / NS_PER_S);
}

static uint32_t read32(const struct dev_acpi_pm *pm, unsigned block)
{
    switch (block) {
    case DEV_ACPI_PM_EVENT:
        return pm->status | (uint32_t)pm->enable << 16;
    case DEV_ACPI_PM_CONTROL:
        return pm->control;
    default:
        return timer(pm);
    }
}

uint32_t dev_acpi_pm_in(void *dev, uint16_t offset, unsigned size)
{
    (void)size;
    return read32(dev, offset & 0xcu) >> (8 * (offset & 3));
}

static void write_control(struct dev_acpi_pm *pm, uint32_t value)
{
    pm->control = (uint16_t)((value & 0x1c06) | CNT_SCI_EN);
    if (!(value & CNT_SLP_EN))
        return;
    if ((value >> CNT_SLP_TYP_SHIFT & 7) == DEV_ACPI_S5)
        dev_request(&pm->bus, DEV_REQUEST_POWEROFF, 0);
    else
        pm->bus.ops->trace(pm->bus.ctx, "ACPI: a sleep state other than S5 was asked for");
}

/* bytes: which bytes of the 32-bit block are written. */
static void write_event(struct dev_acpi_pm *pm, uint32_t value, uint32_t bytes)
{
    pm->status &= (uint16_t)~(value & bytes & STATUS_BITS);
    pm->enable = (uint16_t)(((pm->enable & ~(bytes >> 16)) | (value & bytes) >> 16) & ENABLE_BITS);
    update_sci(pm);
}

void dev_acpi_pm_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    struct dev_acpi_pm *pm = dev;
    const unsigned shift = 8 * (offset & 3u);
    const uint32_t bytes = (uint32_t)(CB_MASK(8 * size) << shift);

    if ((offset & 0xc) == DEV_ACPI_PM_EVENT)
        write_event(pm, value << shift, bytes);
    else if ((offset & 0xc) == DEV_ACPI_PM_CONTROL && (offset & 3) < 2)
        write_control(pm, ((pm->control & ~bytes) | value << shift) & 0xffff);
}
