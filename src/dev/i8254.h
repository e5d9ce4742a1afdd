/* SPDX-License-Identifier: Apache-2.0 */
/* 8254 timer with port 61h: channel 0 drives IRQ 0, channel 2 the speaker. */
#ifndef DEV_I8254_H
#define DEV_I8254_H

#include "dev/bus.h"

#define DEV_I8254_HZ UINT64_C(1193182)

struct dev_i8254_channel {
    uint8_t mode;      /* 0-5 */
    uint8_t access;    /* 1: low byte, 2: high byte, 3: low then high */
    bool bcd, gate;
    bool armed;        /* a count was loaded: counting, or waiting for its gate */
    bool high_next, read_high_next;
    uint8_t low;       /* first byte of a two-byte load */
    uint8_t latched;   /* bytes of the count latch still to be read */
    bool status_latched;
    uint8_t status;
    uint16_t latch;
    uint32_t reload;   /* 1 .. 65536 */
    uint64_t start_ns; /* when the count began at `from` */
    uint32_t from;
};

struct dev_i8254 {
    struct dev_bus bus;
    struct dev_i8254_channel channel[3];
    struct dev_timer timer; /* next rising edge of channel 0's output */
    bool speaker, refresh;
};

void dev_i8254_init(struct dev_i8254 *pit, struct dev_bus bus);
void dev_i8254_reset(struct dev_i8254 *pit);

dev_in_fn dev_i8254_in; /* port number as offset: 40h-43h, 61h */
dev_out_fn dev_i8254_out;

#endif
