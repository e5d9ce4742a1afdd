/* SPDX-License-Identifier: Apache-2.0 */
/* I/O APIC with 24 inputs; its interrupts leave as messages. */
#ifndef DEV_IOAPIC_H
#define DEV_IOAPIC_H

#include "dev/bus.h"

#define DEV_IOAPIC_BASE UINT64_C(0xfec00000)
#define DEV_IOAPIC_PINS 24

struct dev_ioapic {
    struct dev_bus bus;
    uint8_t id, select;
    uint32_t lines;  /* levels */
    uint64_t entry[DEV_IOAPIC_PINS];
};

void dev_ioapic_init(struct dev_ioapic *ioapic, struct dev_bus bus);
void dev_ioapic_reset(struct dev_ioapic *ioapic);
void dev_ioapic_set(struct dev_ioapic *ioapic, unsigned pin, bool level);
/* The local APIC ended a level-triggered interrupt. */
void dev_ioapic_eoi(struct dev_ioapic *ioapic, uint8_t vector);

dev_load_fn dev_ioapic_load; /* offset 0-FFh */
dev_store_fn dev_ioapic_store;

#endif
