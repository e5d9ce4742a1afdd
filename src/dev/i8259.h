/* SPDX-License-Identifier: Apache-2.0 */
/* Two cascaded 8259A interrupt controllers, as a PC has them. */
#ifndef DEV_I8259_H
#define DEV_I8259_H

#include "dev/bus.h"

struct dev_i8259_chip {
    uint8_t irr, isr, imr;
    uint8_t lines;    /* levels of the inputs */
    uint8_t elcr;     /* bit set: level-triggered */
    uint8_t base;     /* vector of input 0 */
    uint8_t first;    /* input with the highest priority */
    uint8_t icw;      /* next initialisation word expected (2, 3, 4); 0: operating */
    bool icw4_needed, single, auto_eoi, rotate_on_aeoi, special_mask, nested, poll, read_isr;
};

struct dev_i8259 {
    struct dev_i8259_chip chip[2];
    void (*output)(void *ctx, bool level); /* the INTR wire */
    void *ctx;
    bool level;
};

void dev_i8259_init(struct dev_i8259 *pic, void (*output)(void *ctx, bool level), void *ctx);
void dev_i8259_reset(struct dev_i8259 *pic);

/* Inputs 0-15; 2 is the cascade and ignored. */
void dev_i8259_set(struct dev_i8259 *pic, unsigned line, bool level);
bool dev_i8259_pending(const struct dev_i8259 *pic);
/* INTA cycle: the vector; a request that went away gives the spurious one. */
uint8_t dev_i8259_ack(struct dev_i8259 *pic);

dev_in_fn dev_i8259_in;      /* port number as offset: 20h, 21h, A0h, A1h, 4D0h, 4D1h */
dev_out_fn dev_i8259_out;

#endif
