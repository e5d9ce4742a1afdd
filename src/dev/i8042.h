/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a keyboard controller without a keyboard: A20 and reset.
 *
 * Status reads as all ones, by which kernels see that there is no controller
 * to drive; the reset command (FEh at port 64h), port 92h and port CF9h work.
 * A20 is always open; what port 92h says about it is stored.
 */
#ifndef DEV_I8042_H
#define DEV_I8042_H

#include "dev/bus.h"

struct dev_i8042 {
    struct dev_bus bus;
    uint8_t command;   /* last command that takes a byte at port 60h; 0: none */
    uint8_t port92;
    uint8_t cf9;
};

void dev_i8042_init(struct dev_i8042 *kbc, struct dev_bus bus);
void dev_i8042_reset(struct dev_i8042 *kbc);

dev_in_fn dev_i8042_in; /* port number as offset: 60h, 64h, 92h, CF9h */
dev_out_fn dev_i8042_out;

#endif
