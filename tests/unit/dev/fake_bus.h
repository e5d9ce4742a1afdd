/* SPDX-License-Identifier: Apache-2.0 */
/* A bus for device tests: a clock that the test moves, 64 KiB of memory, and a record of what was asked. */
#ifndef TESTS_DEV_FAKE_BUS_H
#define TESTS_DEV_FAKE_BUS_H

#include "dev/dev.h"

#define FAKE_MEMORY 65536u

struct fake_bus {
    uint64_t now;
    struct dev_timer *armed[16];
    unsigned n_armed;
    bool irq[32];
    unsigned rises[32];
    unsigned n_msi;
    uint64_t msi_address;
    uint32_t msi_data;
    unsigned n_requests;
    enum dev_request request;
    uint32_t value;
    uint8_t memory[FAKE_MEMORY];
};

static inline bool fake_read(void *ctx, uint64_t at, void *to, size_t len)
{
    struct fake_bus *fake = ctx;

    if (!cb_range_ok(at, len, FAKE_MEMORY)) {
        memset(to, 0xff, len);
        return false;
    }
    memcpy(to, fake->memory + at, len);
    return true;
}

static inline bool fake_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    struct fake_bus *fake = ctx;

    if (!cb_range_ok(at, len, FAKE_MEMORY))
        return false;
    memcpy(fake->memory + at, from, len);
    return true;
}

static inline void fake_irq(void *ctx, unsigned line, bool level)
{
    struct fake_bus *fake = ctx;

    fake->rises[line & 31] += level && !fake->irq[line & 31];
    fake->irq[line & 31] = level;
}

static inline void fake_msi(void *ctx, uint64_t address, uint32_t data)
{
    struct fake_bus *fake = ctx;

    fake->n_msi++;
    fake->msi_address = address;
    fake->msi_data = data;
}

static inline uint64_t fake_now(void *ctx)
{
    return ((struct fake_bus *)ctx)->now;
}

static inline void fake_cancel(void *ctx, struct dev_timer *timer)
{
    struct fake_bus *fake = ctx;

    for (unsigned i = 0; i < fake->n_armed; i++)
        if (fake->armed[i] == timer)
            fake->armed[i--] = fake->armed[--fake->n_armed];
    timer->armed = false;
}

static inline void fake_arm(void *ctx, struct dev_timer *timer, uint64_t at_ns)
{
    struct fake_bus *fake = ctx;

    fake_cancel(ctx, timer);
    timer->at_ns = at_ns;
    timer->armed = true;
    fake->armed[fake->n_armed++] = timer;
}

static inline void fake_request(void *ctx, enum dev_request request, uint32_t value)
{
    struct fake_bus *fake = ctx;

    fake->n_requests++;
    fake->request = request;
    fake->value = value;
}

static inline void fake_trace(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static inline struct dev_bus fake_bus_make(struct fake_bus *fake)
{
    static const struct dev_bus_ops ops = {
        .dma_read = fake_read,
        .dma_write = fake_write,
        .irq = fake_irq,
        .msi = fake_msi,
        .now_ns = fake_now,
        .timer_arm = fake_arm,
        .timer_cancel = fake_cancel,
        .request = fake_request,
        .trace = fake_trace,
    };

    memset(fake, 0, sizeof(*fake));
    return (struct dev_bus){.ops = &ops, .ctx = fake};
}

/* Moves the clock on, firing timers at their own times. */
static inline void fake_pass(struct fake_bus *fake, uint64_t ns)
{
    const uint64_t end = fake->now + ns;

    for (;;) {
        struct dev_timer *first = NULL;

        for (unsigned i = 0; i < fake->n_armed; i++)
            if (fake->armed[i]->at_ns <= end && (!first || fake->armed[i]->at_ns < first->at_ns))
                first = fake->armed[i];
        if (!first)
            break;
        if (first->at_ns > fake->now)
            fake->now = first->at_ns;
        fake_cancel(fake, first);
        first->fire(first->dev, fake->now);
    }
    fake->now = end;
}

#endif
