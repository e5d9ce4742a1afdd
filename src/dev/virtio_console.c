/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/virtio_console.h"

enum { RX, TX };
#define MAX_OUTPUT (1u << 20) /* bytes taken from one request */

static uint32_t waiting(const struct dev_virtio_console *console)
{
    return console->tail - console->head;
}

/* Fills one request with what waits; returns its bytes. */
static uint32_t fill(struct dev_virtio_console *console, const struct dev_virtio_chain *chain)
{
    uint32_t n = 0;

    while (n < chain->writable && waiting(console)) {
        const uint8_t byte = console->queue[console->head % DEV_VIRTIO_CONSOLE_QUEUE];

        if (!dev_virtio_write(&console->virtio, chain, n, &byte, 1))
            break;
        console->head++;
        n++;
    }
    return n;
}

static void pump_input(struct dev_virtio_console *console)
{
    struct dev_virtio_chain chain;

    while (waiting(console) && dev_virtio_take(&console->virtio, RX, &chain)) {
        const uint32_t n = fill(console, &chain);

        dev_virtio_give(&console->virtio, RX, &chain, n);
        if (n == 0)
            return; /* a buffer that takes nothing */
    }
}

static void pump_output(struct dev_virtio_console *console)
{
    struct dev_virtio_chain chain;
    uint8_t bytes[256];

    while (dev_virtio_take(&console->virtio, TX, &chain)) {
        const uint64_t len = chain.readable < MAX_OUTPUT ? chain.readable : MAX_OUTPUT;

        for (uint64_t at = 0; at < len;) {
            const size_t n = len - at < sizeof(bytes) ? (size_t)(len - at) : sizeof(bytes);

            if (!dev_virtio_read(&console->virtio, &chain, at, bytes, n))
                break;
            console->send(console->ctx, bytes, n);
            at += n;
        }
        dev_virtio_give(&console->virtio, TX, &chain, 0);
    }
}

static void notify(struct dev_virtio *dev, unsigned queue)
{
    struct dev_virtio_console *console = (struct dev_virtio_console *)dev;

    if (queue == TX)
        pump_output(console);
    else
        pump_input(console);
}

static void config(struct dev_virtio *dev, uint8_t *bytes)
{
    (void)dev; /* columns, rows, ports: only with features that are not offered */
    (void)bytes;
}

void dev_virtio_console_init(struct dev_virtio_console *console, struct dev_bus bus,
                             void (*send)(void *ctx, const uint8_t *bytes, size_t len), void *ctx)
{
    static const struct dev_virtio_class class = {
        .type = DEV_VIRTIO_CONSOLE,
        .pci_class = 0x078000,
        .n_queues = 2,
        .config_len = 12,
        .config = config,
        .notify = notify,
    };

    console->send = send;
    console->ctx = ctx;
    console->head = console->tail = 0;
    dev_virtio_init(&console->virtio, bus, &class);
}

size_t dev_virtio_console_receive(struct dev_virtio_console *console, const uint8_t *bytes,
                                  size_t len)
{
    size_t n = 0;

    while (n < len && waiting(console) < DEV_VIRTIO_CONSOLE_QUEUE)
        console->queue[console->tail++ % DEV_VIRTIO_CONSOLE_QUEUE] = bytes[n++];
    pump_input(console);
    return n;
}
