/* SPDX-License-Identifier: Apache-2.0 */
/* MC146818 real-time clock and 128 bytes of CMOS RAM; IRQ 8. */
#ifndef DEV_CMOS_H
#define DEV_CMOS_H

#include "dev/bus.h"

struct dev_cmos_time {
    int year, month, day, weekday, hour, minute, second;
};

struct dev_cmos {
    struct dev_bus bus;
    int64_t offset_s;       /* time of day = offset_s + the machine's clock, in seconds since 1970 */
    struct dev_cmos_time held; /* while register B's SET is on; any nonsense that was written */
    uint8_t index;
    uint8_t ram[128];       /* 0Eh and up; alarm bytes and registers A, B too */
    uint8_t flags;          /* register C */
    struct dev_timer second, periodic;
    void (*alarm)(void *ctx); /* RTC alarm for the power-management block; may be NULL */
    void *alarm_ctx;
};

void dev_cmos_init(struct dev_cmos *cmos, struct dev_bus bus, int64_t epoch_s);
void dev_cmos_reset(struct dev_cmos *cmos); /* time and RAM stay: they have a battery */
/* Where firmware looks for the size of memory. */
void dev_cmos_set_memory(struct dev_cmos *cmos, uint64_t below_4g, uint64_t above_4g);

dev_in_fn dev_cmos_in; /* offset 0, 1 */
dev_out_fn dev_cmos_out;

#endif
