/* SPDX-License-Identifier: Apache-2.0 */
/* High precision event timer: 100 MHz, three comparators, legacy replacement routing. */
#ifndef DEV_HPET_H
#define DEV_HPET_H

#include "dev/bus.h"

#define DEV_HPET_BASE   UINT64_C(0xfed00000)
#define DEV_HPET_TIMERS 3

struct dev_hpet;

struct dev_hpet_timer {
    struct dev_hpet *hpet;
    unsigned index;
    uint64_t config, comparator, period;
    struct dev_timer timer;
};

struct dev_hpet {
    struct dev_bus bus;
    uint64_t config, status;
    uint64_t counter;   /* while halted; else at start_ns */
    uint64_t start_ns;
    struct dev_hpet_timer timer[DEV_HPET_TIMERS];
    /* GSI lines; in legacy mode timer 0 is IRQ 0 and timer 1 IRQ 8. */
    void (*irq)(void *ctx, unsigned gsi, bool level, bool legacy);
    void *ctx;
};

void dev_hpet_init(struct dev_hpet *hpet, struct dev_bus bus,
                   void (*irq)(void *ctx, unsigned gsi, bool level, bool legacy), void *ctx);
void dev_hpet_reset(struct dev_hpet *hpet);
/* Do the PIT's and the RTC's interrupts belong to the HPET? */
bool dev_hpet_legacy(const struct dev_hpet *hpet);

dev_load_fn dev_hpet_load; /* offset 0-3FFh, size 4 or 8 */
dev_store_fn dev_hpet_store;

#endif
