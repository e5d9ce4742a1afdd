/* SPDX-License-Identifier: Apache-2.0 */
/*
 * National Semiconductor PC16550D data sheet; OUT2 gates the interrupt as on a
 * PC.  Received data counts as timed out at once, so that a byte below the
 * FIFO's trigger level interrupts without a delay.
 */
#include "dev/uart16550.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { IER_RX = 1, IER_THRE = 2, IER_LSR = 4, IER_MSR = 8 };
enum { LCR_DLAB = 0x80, MCR_OUT2 = 0x08, MCR_LOOP = 0x10 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { IIR_NONE = 1, IIR_MSR = 0, IIR_THRE = 2, IIR_RX = 4, IIR_LSR = 6, IIR_TIMEOUT = 0xc };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4 };
#define MSR_CONNECTED 0xb0 /* DCD, DSR, CTS */

static uint32_t waiting(const struct dev_uart *uart)
{
    return uart->tail - uart->head;
}

static bool data_ready(const struct dev_uart *uart)
{
    return uart->mcr & MCR_LOOP ? uart->loop_full : waiting(uart) != 0;
}

static uint32_t trigger(const struct dev_uart *uart)
{
    static const uint8_t level[4] = {1, 4, 8, 14};

    return uart->fcr & FCR_ENABLE ? level[uart->fcr >> 6] : 1;
}

/* The most urgent interrupt, as IIR's low bits. */
static uint8_t interrupt(const struct dev_uart *uart)
{
    if (uart->ier & IER_LSR && uart->overrun)
        return IIR_LSR;
    if (uart->ier & IER_RX && data_ready(uart))
        return waiting(uart) >= trigger(uart) || !(uart->fcr & FCR_ENABLE) ? IIR_RX : IIR_TIMEOUT;
    if (uart->ier & IER_THRE && uart->thre_pending)
        return IIR_THRE;
    if (uart->ier & IER_MSR && uart->msr_delta)
        return IIR_MSR;
    return IIR_NONE;
}

static void update(struct dev_uart *uart)
{
    const bool line = uart->mcr & MCR_OUT2 && !(uart->mcr & MCR_LOOP) &&
                      interrupt(uart) != IIR_NONE;

    if (line != uart->line) {
        uart->line = line;
        dev_irq(&uart->bus, uart->irq, line);
    }
}

static uint8_t read_data(struct dev_uart *uart)
{
    if (uart->mcr & MCR_LOOP) {
        uart->loop_full = false;
        return uart->looped;
    }
    if (!waiting(uart))
        return 0;
    return uart->queue[uart->head++ % DEV_UART_QUEUE];
}

static uint8_t read_iir(struct dev_uart *uart)
{
    const uint8_t what = interrupt(uart);

    if (what == IIR_THRE)
        uart->thre_pending = false; /* reading it is its acknowledgement */
    return what | (uart->fcr & FCR_ENABLE ? 0xc0 : 0);
}

static uint8_t read_lsr(struct dev_uart *uart)
{
    const unsigned lsr = LSR_THRE | LSR_TEMT | (data_ready(uart) ? LSR_DR : 0u) |
                         (uart->overrun ? LSR_OE : 0u);

    uart->overrun = false;
    return (uint8_t)lsr;
}

/* CTS DSR RI DCD, bits 4-7; in loop-back they are RTS DTR OUT1 OUT2. */
static uint8_t modem_lines(const struct dev_uart *uart)
{
    const unsigned mcr = uart->mcr;

    if (!(mcr & MCR_LOOP))
        return MSR_CONNECTED;
    return (uint8_t)((mcr & 2) << 3 | (mcr & 1) << 5 | (mcr & 0x0c) << 4);
}

static uint8_t read_msr(struct dev_uart *uart)
{
    const uint8_t msr = modem_lines(uart) | uart->msr_delta;

    uart->msr_delta = 0;
    return msr;
}

static uint8_t read_register(struct dev_uart *uart, unsigned offset)
{
    const bool dlab = uart->lcr & LCR_DLAB;

    switch (offset & 7) {
    case RBR:
        return dlab ? (uint8_t)uart->divisor : read_data(uart);
    case IER:
        return dlab ? (uint8_t)(uart->divisor >> 8) : uart->ier;
    case IIR:
        return read_iir(uart);
    case LCR:
        return uart->lcr;
    case MCR:
        return uart->mcr;
    case LSR:
        return read_lsr(uart);
    case MSR:
        return read_msr(uart);
    default:
        return uart->scr;
    }
}

uint32_t dev_uart_in(void *dev, uint16_t offset, unsigned size)
{
    struct dev_uart *uart = dev;
    const uint8_t value = read_register(uart, offset);

    (void)size;
    update(uart);
    return value;
}

static void transmit(struct dev_uart *uart, uint8_t byte)
{
    if (uart->mcr & MCR_LOOP) {
        uart->overrun |= uart->loop_full;
        uart->looped = byte;
        uart->loop_full = true;
    } else {
        uart->send(uart->ctx, byte);
    }
    /* Full for no time at all: the interrupt goes away and comes back. */
    uart->thre_pending = false;
    update(uart);
    uart->thre_pending = true;
}

static void write_ier(struct dev_uart *uart, uint8_t value)
{
    if (value & IER_THRE && !(uart->ier & IER_THRE))
        uart->thre_pending = true;
    uart->ier = value & 0x0f;
}

static void write_fcr(struct dev_uart *uart, uint8_t value)
{
    if (value & FCR_CLEAR_RX && !(uart->mcr & MCR_LOOP)) {
        /* Only what the real FIFO could hold is lost, not what was typed ahead. */
        uart->overrun = false;
    }
    if (value & FCR_CLEAR_TX)
        uart->thre_pending = true;
    uart->fcr = value & (FCR_ENABLE | 0xc0);
}

static void write_mcr(struct dev_uart *uart, uint8_t value)
{
    const uint8_t before = modem_lines(uart);

    uart->mcr = value & 0x1f;
    uart->msr_delta |= (before ^ modem_lines(uart)) >> 4;
    if (!(uart->mcr & MCR_LOOP)) {
        uart->loop_full = false;
        uart->msr_delta = 0;
    }
}

static void write_register(struct dev_uart *uart, unsigned offset, uint8_t value)
{
    const bool dlab = uart->lcr & LCR_DLAB;

    switch (offset & 7) {
    case RBR:
        if (dlab)
            uart->divisor = (uint16_t)((uart->divisor & 0xff00) | value);
        else
            transmit(uart, value);
        break;
    case IER:
        if (dlab)
            uart->divisor = (uint16_t)((uart->divisor & 0xff) | value << 8);
        else
            write_ier(uart, value);
        break;
    case IIR:
        write_fcr(uart, value);
        break;
    case LCR:
        uart->lcr = value;
        break;
    case MCR:
        write_mcr(uart, value);
        break;
    case SCR:
        uart->scr = value;
        break;
    default:
        break; /* LSR and MSR are read-only */
    }
}

void dev_uart_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    (void)size;
    write_register(dev, offset, (uint8_t)value);
    update(dev);
}

size_t dev_uart_receive(struct dev_uart *uart, const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    while (n < len && waiting(uart) < DEV_UART_QUEUE)
        uart->queue[uart->tail++ % DEV_UART_QUEUE] = bytes[n++];
    update(uart);
    return n;
}

void dev_uart_init(struct dev_uart *uart, struct dev_bus bus, unsigned irq,
                   void (*send)(void *ctx, uint8_t byte), void *ctx)
{
    memset(uart, 0, sizeof(*uart));
    uart->bus = bus;
    uart->irq = irq;
    uart->send = send;
    uart->ctx = ctx;
    dev_uart_reset(uart);
}

void dev_uart_reset(struct dev_uart *uart)
{
    uart->ier = uart->lcr = uart->mcr = uart->scr = uart->fcr = uart->msr_delta = 0;
    uart->divisor = 12;
    uart->thre_pending = uart->loop_full = uart->overrun = false;
    update(uart);
}
