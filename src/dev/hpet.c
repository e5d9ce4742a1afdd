/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IA-PC HPET Specification 1.0a.  The main counter is computed from the
 * machine's clock; comparators are 64 bits wide, 32-bit mode is honoured by
 * masking.  No FSB (message) delivery.
 */
#include "dev/hpet.h"

#define NS_PER_TICK   10u
#define PERIOD_FS     UINT64_C(10000000)
#define CAPABILITIES  (PERIOD_FS << 32 | UINT64_C(0x1022) << 16 | 1u << 15 | 1u << 13 | \
                       (DEV_HPET_TIMERS - 1) << 8 | 1u)
#define PINS          UINT64_C(0x00f00000) /* GSI 20-23 */

enum { CAPS = 0x000, CONFIG = 0x010, STATUS = 0x020, COUNTER = 0x0f0, TIMERS = 0x100 };
enum { CFG_ENABLE = 1, CFG_LEGACY = 2 };
enum { T_LEVEL = 0x02, T_ENABLE = 0x04, T_PERIODIC = 0x08, T_CAN_PERIODIC = 0x10, T_CAN_64 = 0x20,
       T_SET_VALUE = 0x40, T_32 = 0x100, T_ROUTE_SHIFT = 9 };
#define T_WRITABLE    (T_LEVEL | T_ENABLE | T_PERIODIC | T_SET_VALUE | T_32 | 0x1fu << T_ROUTE_SHIFT)

bool dev_hpet_legacy(const struct dev_hpet *hpet)
{
    return (hpet->config & CFG_LEGACY) != 0;
}

static bool running(const struct dev_hpet *hpet)
{
    return hpet->config & CFG_ENABLE;
}

static uint64_t counter(const struct dev_hpet *hpet)
{
    if (!running(hpet))
        return hpet->counter;
    return hpet->counter + (dev_now(&hpet->bus) - hpet->start_ns) / NS_PER_TICK;
}

static uint64_t width(const struct dev_hpet_timer *t)
{
    return t->config & T_32 ? CB_MASK(32) : ~UINT64_C(0);
}

static void set_line(const struct dev_hpet_timer *t, bool level)
{
    struct dev_hpet *hpet = t->hpet;

    if (dev_hpet_legacy(hpet) && t->index < 2)
        hpet->irq(hpet->ctx, t->index ? 8 : 0, level, true);
    else
        hpet->irq(hpet->ctx, t->config >> T_ROUTE_SHIFT & 0x1f, level, false);
}

/* Arms the timer for the comparator's next match. */
static void schedule(struct dev_hpet_timer *t)
{
    struct dev_hpet *hpet = t->hpet;
    uint64_t ticks;

    if (!running(hpet)) {
        dev_timer_cancel(&hpet->bus, &t->timer);
        return;
    }
    ticks = (t->comparator - counter(hpet)) & width(t);
    if (ticks == 0)
        ticks = width(t) / 2; /* matches now only by passing through again */
    if (ticks > UINT64_MAX / 4 / NS_PER_TICK)
        dev_timer_cancel(&hpet->bus, &t->timer);
    else
        dev_timer_arm(&hpet->bus, &t->timer, dev_now(&hpet->bus) + ticks * NS_PER_TICK);
}

static void matched(void *dev, uint64_t now_ns)
{
    struct dev_hpet_timer *t = dev;
    const uint64_t now = counter(t->hpet);

    (void)now_ns;
    if (t->config & T_PERIODIC && t->period) {
        const uint64_t late = (now - t->comparator) & width(t);

        t->comparator = (t->comparator + (late / t->period + 1) * t->period) & width(t);
        schedule(t);
    }
    if (t->config & T_LEVEL)
        t->hpet->status |= CB_BIT(t->index);
    if (!(t->config & T_ENABLE))
        return;
    set_line(t, true);
    if (!(t->config & T_LEVEL))
        set_line(t, false);
}

static void write_config(struct dev_hpet *hpet, uint64_t value)
{
    const bool was = running(hpet);

    if (was && !(value & CFG_ENABLE))
        hpet->counter = counter(hpet);
    if (!was && value & CFG_ENABLE)
        hpet->start_ns = dev_now(&hpet->bus);
    hpet->config = value & (CFG_ENABLE | CFG_LEGACY);
    for (unsigned i = 0; i < DEV_HPET_TIMERS; i++)
        schedule(&hpet->timer[i]);
}

static void write_status(struct dev_hpet *hpet, uint64_t value)
{
    for (unsigned i = 0; i < DEV_HPET_TIMERS; i++)
        if (value & hpet->status & CB_BIT(i))
            set_line(&hpet->timer[i], false);
    hpet->status &= ~value;
}

static void write_comparator(struct dev_hpet_timer *t, uint64_t value)
{
    value &= width(t);
    if (!(t->config & T_PERIODIC) || t->config & T_SET_VALUE)
        t->comparator = value;
    if (t->config & T_PERIODIC && !(t->config & T_SET_VALUE))
        t->period = value;
    else if (t->config & T_PERIODIC)
        t->period = value; /* software that writes once means both */
    t->config &= ~(uint64_t)T_SET_VALUE;
    schedule(t);
}

static void write_timer_config(struct dev_hpet_timer *t, uint64_t value)
{
    t->config = (t->config & ~(uint64_t)T_WRITABLE) | (value & T_WRITABLE);
    schedule(t);
}

static struct dev_hpet_timer *timer_at(struct dev_hpet *hpet, uint64_t offset)
{
    const uint64_t index = (offset - TIMERS) / 0x20;

    return offset >= TIMERS && index < DEV_HPET_TIMERS ? &hpet->timer[index] : NULL;
}

static uint64_t read64(struct dev_hpet *hpet, uint64_t offset)
{
    const struct dev_hpet_timer *t = timer_at(hpet, offset);

    switch (offset) {
    case CAPS:
        return CAPABILITIES;
    case CONFIG:
        return hpet->config;
    case STATUS:
        return hpet->status;
    case COUNTER:
        return counter(hpet);
    default:
        break;
    }
    if (!t)
        return 0;
    return (offset & 0x1f) == 0 ? t->config | PINS << 32 : (offset & 0x1f) == 8 ? t->comparator : 0;
}

static void write64(struct dev_hpet *hpet, uint64_t offset, uint64_t value)
{
    struct dev_hpet_timer *t = timer_at(hpet, offset);

    if (offset == CONFIG)
        write_config(hpet, value);
    else if (offset == STATUS)
        write_status(hpet, value);
    else if (offset == COUNTER && !running(hpet))
        hpet->counter = value;
    else if (t && (offset & 0x1f) == 0)
        write_timer_config(t, value);
    else if (t && (offset & 0x1f) == 8)
        write_comparator(t, value);
}

uint64_t dev_hpet_load(void *dev, uint64_t offset, unsigned size)
{
    const uint64_t value = read64(dev, offset & ~UINT64_C(7));

    (void)size;
    return value >> (8 * (offset & 7));
}

void dev_hpet_store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    const uint64_t at = offset & ~UINT64_C(7);

    if (size == 4 && at == STATUS) {
        value <<= 8 * (offset & 4); /* write-one-to-clear: the other half is left alone */
    } else if (size == 4) {
        const uint64_t old = read64(dev, at);

        value = offset & 4 ? (old & CB_MASK(32)) | value << 32
                           : (old & ~CB_MASK(32)) | (value & CB_MASK(32));
    } else if (size != 8) {
        return; /* narrower accesses are undefined */
    }
    write64(dev, at, value);
}

void dev_hpet_init(struct dev_hpet *hpet, struct dev_bus bus,
                   void (*irq)(void *ctx, unsigned gsi, bool level, bool legacy), void *ctx)
{
    memset(hpet, 0, sizeof(*hpet));
    hpet->bus = bus;
    hpet->irq = irq;
    hpet->ctx = ctx;
    for (unsigned i = 0; i < DEV_HPET_TIMERS; i++) {
        hpet->timer[i].hpet = hpet;
        hpet->timer[i].index = i;
        hpet->timer[i].timer = (struct dev_timer){.fire = matched, .dev = &hpet->timer[i]};
    }
    dev_hpet_reset(hpet);
}

void dev_hpet_reset(struct dev_hpet *hpet)
{
    hpet->config = hpet->status = hpet->counter = 0;
    for (unsigned i = 0; i < DEV_HPET_TIMERS; i++) {
        struct dev_hpet_timer *t = &hpet->timer[i];

        dev_timer_cancel(&hpet->bus, &t->timer);
        t->config = T_CAN_PERIODIC | T_CAN_64;
        t->comparator = ~UINT64_C(0);
        t->period = 0;
    }
}
