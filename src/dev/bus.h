/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a device knows of the machine around it: struct dev_bus.
 *
 * Devices see bus addresses, interrupt lines and a clock; never the CPU, the
 * fabric or DRAM.  A bus address may carry the C-bit (a Linux host with SME
 * gives such addresses to devices with a wide DMA mask); what that means is the
 * fabric's business.  Everything runs on the machine's one thread.
 */
#ifndef DEV_BUS_H
#define DEV_BUS_H

#include "base/base.h"

/* What a device asks of the machine as a whole. */
enum dev_request {
    DEV_REQUEST_RESET,    /* keyboard controller, port 92h, port CF9h, ACPI reset register */
    DEV_REQUEST_POWEROFF, /* ACPI S5 */
    DEV_REQUEST_EXIT,     /* debug-exit port; value is the byte that was written */
    DEV_REQUEST_PANIC,    /* pvpanic; value is the event byte */
};

/* Owned by the device; the queue links it by pointer while it is armed. */
struct dev_timer {
    void (*fire)(void *dev, uint64_t now_ns); /* disarmed before the call */
    void *dev;
    uint64_t at_ns;
    bool armed;
};

struct dev_bus_ops {
    /* False: some byte was not DRAM (reads give all ones, writes are dropped there). */
    bool (*dma_read)(void *ctx, uint64_t bus, void *to, size_t len);
    bool (*dma_write)(void *ctx, uint64_t bus, const void *from, size_t len);
    /* Level of an interrupt line: 0-15 are the ISA lines. */
    void (*irq)(void *ctx, unsigned line, bool level);
    /* A message-signalled interrupt: a 32-bit write of data to address. */
    void (*msi)(void *ctx, uint64_t address, uint32_t data);
    uint64_t (*now_ns)(void *ctx); /* the machine's clock; starts near 0, never goes back */
    void (*timer_arm)(void *ctx, struct dev_timer *timer, uint64_t at_ns); /* re-arming moves it */
    void (*timer_cancel)(void *ctx, struct dev_timer *timer);
    void (*request)(void *ctx, enum dev_request request, uint32_t value);
    /* Something unusual, one line without newline. */
    void (*trace)(void *ctx, const char *line);
};

/* Copied freely. */
struct dev_bus {
    const struct dev_bus_ops *ops;
    void *ctx;
};

/* How a device is reached.  Offsets count from the start of the region; size 1, 2, 4 (8: memory only). */
typedef uint32_t dev_in_fn(void *dev, uint16_t offset, unsigned size);
typedef void dev_out_fn(void *dev, uint16_t offset, uint32_t value, unsigned size);
typedef uint64_t dev_load_fn(void *dev, uint64_t offset, unsigned size);
typedef void dev_store_fn(void *dev, uint64_t offset, uint64_t value, unsigned size);

static inline uint64_t dev_now(const struct dev_bus *bus)
{
    return bus->ops->now_ns(bus->ctx);
}

static inline void dev_irq(const struct dev_bus *bus, unsigned line, bool level)
{
    bus->ops->irq(bus->ctx, line, level);
}

static inline void dev_timer_arm(const struct dev_bus *bus, struct dev_timer *timer, uint64_t at_ns)
{
    bus->ops->timer_arm(bus->ctx, timer, at_ns);
}

static inline void dev_timer_cancel(const struct dev_bus *bus, struct dev_timer *timer)
{
    bus->ops->timer_cancel(bus->ctx, timer);
}

static inline void dev_request(const struct dev_bus *bus, enum dev_request request, uint32_t value)
{
    bus->ops->request(bus->ctx, request, value);
}

#endif
