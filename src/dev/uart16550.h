/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16550A serial port.  Output leaves at once through a callback, so the
 * transmitter is always empty; input waits in a queue behind the 16-byte FIFO,
 * so typing ahead is never an overrun.
 */
#ifndef DEV_UART16550_H
#define DEV_UART16550_H

#include "dev/bus.h"

#define DEV_UART_QUEUE 65536u /* a power of two */

struct dev_uart {
    struct dev_bus bus;
    unsigned irq;
    void (*send)(void *ctx, uint8_t byte);
    void *ctx;
    uint8_t ier, lcr, mcr, scr, fcr;
    uint16_t divisor;
    bool thre_pending;   /* the transmitter-empty interrupt was not yet seen */
    bool line;
    uint8_t msr_delta;
    uint8_t looped;      /* the byte that loop-back holds */
    bool loop_full, overrun;
    uint32_t head, tail; /* free-running; tail - head bytes wait */
    uint8_t queue[DEV_UART_QUEUE];
};

void dev_uart_init(struct dev_uart *uart, struct dev_bus bus, unsigned irq,
                   void (*send)(void *ctx, uint8_t byte), void *ctx);
void dev_uart_reset(struct dev_uart *uart); /* the input queue stays */

/* Bytes from outside; returns how many fitted. */
size_t dev_uart_receive(struct dev_uart *uart, const uint8_t *bytes, size_t len);

dev_in_fn dev_uart_in; /* offset 0-7 */
dev_out_fn dev_uart_out;

#endif
