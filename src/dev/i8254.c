/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel 8254 data sheet.
 *
 * Nothing ticks: a count is computed from the machine's clock when somebody
 * looks, so it is consistent with the TSC by construction.  A new count takes
 * effect at once (the chip waits for the end of a period in modes 2 and 3).
 * BCD counting is stored and reported, but counts in binary.
 */
#include "dev/i8254.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t ns_to_ticks(uint64_t ns)
{
    return ns / NS_PER_S * DEV_I8254_HZ + ns % NS_PER_S * DEV_I8254_HZ / NS_PER_S;
}

/* Rounded up, so that at this time the tick has happened. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks / DEV_I8254_HZ * NS_PER_S +
           (ticks % DEV_I8254_HZ * NS_PER_S + DEV_I8254_HZ - 1) / DEV_I8254_HZ;
}

static bool is_periodic(const struct dev_i8254_channel *ch)
{
    return ch->mode == 2 || ch->mode == 3;
}

static uint64_t elapsed(const struct dev_i8254 *pit, const struct dev_i8254_channel *ch)
{
    if (!ch->armed || (!ch->gate && ch->mode != 1 && ch->mode != 5))
        return 0;
    return ns_to_ticks(dev_now(&pit->bus) - ch->start_ns);
}

static uint16_t count(const struct dev_i8254 *pit, const struct dev_i8254_channel *ch)
{
    const uint64_t ticks = elapsed(pit, ch);

    if (ch->mode == 2)
        return (uint16_t)(ch->reload - ticks % ch->reload);
    if (ch->mode == 3) /* by twos, twice a period */
        return (uint16_t)((ch->reload - 2 * ticks % ch->reload) & 0xfffe);
    return (uint16_t)(ch->from - ticks);
}

static bool output(const struct dev_i8254 *pit, const struct dev_i8254_channel *ch)
{
    const uint64_t ticks = elapsed(pit, ch);

    switch (ch->mode) {
    case 0:
        return ch->armed && ticks >= ch->from;
    case 1:
        return !ch->armed || ticks >= ch->from;
    case 2:
        return ticks % ch->reload != ch->reload - 1;
    case 3:
        return ticks % ch->reload < (ch->reload + 1) / 2;
    default:
        return ticks != ch->from;
    }
}

/* When channel 0's output next rises; false: never. */
static bool next_edge(const struct dev_i8254 *pit, uint64_t *at_ns)
{
    const struct dev_i8254_channel *ch = &pit->channel[0];
    const uint64_t ticks = elapsed(pit, ch);

    if (!ch->armed || !ch->gate)
        return false;
    if (is_periodic(ch))
        *at_ns = ch->start_ns + ticks_to_ns((ticks / ch->reload + 1) * ch->reload);
    else if (ticks < ch->from && ch->mode != 1 && ch->mode != 5)
        *at_ns = ch->start_ns + ticks_to_ns(ch->from);
    else
        return false;
    return true;
}

static void schedule(struct dev_i8254 *pit)
{
    uint64_t at_ns;

    if (next_edge(pit, &at_ns))
        dev_timer_arm(&pit->bus, &pit->timer, at_ns);
    else
        dev_timer_cancel(&pit->bus, &pit->timer);
}

static void edge(void *dev, uint64_t now_ns)
{
    struct dev_i8254 *pit = dev;

    (void)now_ns;
    dev_irq(&pit->bus, 0, false);
    dev_irq(&pit->bus, 0, true);
    schedule(pit);
}

static void load(struct dev_i8254 *pit, struct dev_i8254_channel *ch, uint16_t value)
{
    ch->reload = ch->from = value ? value : 0x10000;
    ch->start_ns = dev_now(&pit->bus);
    ch->armed = true;
    if (ch == &pit->channel[0]) {
        if (ch->mode == 0)
            dev_irq(&pit->bus, 0, false);
        schedule(pit);
    }
}

static void write_counter(struct dev_i8254 *pit, struct dev_i8254_channel *ch, uint8_t value)
{
    if (ch->access == 1) {
        load(pit, ch, value);
    } else if (ch->access == 2) {
        load(pit, ch, (uint16_t)(value << 8));
    } else if (!ch->high_next) {
        ch->low = value;
        ch->high_next = true;
        if (ch->mode == 0)
            ch->armed = false; /* the first byte stops the count */
    } else {
        ch->high_next = false;
        load(pit, ch, (uint16_t)(value << 8 | ch->low));
    }
}

static void latch_count(const struct dev_i8254 *pit, struct dev_i8254_channel *ch)
{
    if (ch->latched)
        return; /* an unread latch stays */
    ch->latch = count(pit, ch);
    ch->latched = ch->access == 3 ? 2 : 1;
}

static void latch_status(const struct dev_i8254 *pit, struct dev_i8254_channel *ch)
{
    if (ch->status_latched)
        return;
    ch->status_latched = true;
    ch->status = (uint8_t)(output(pit, ch) << 7 | !ch->armed << 6 | ch->access << 4 |
                           ch->mode << 1 | ch->bcd);
}

static void read_back(struct dev_i8254 *pit, uint8_t value)
{
    for (unsigned i = 0; i < 3; i++) {
        if (!(value & 2u << i))
            continue;
        if (!(value & 0x20))
            latch_count(pit, &pit->channel[i]);
        if (!(value & 0x10))
            latch_status(pit, &pit->channel[i]);
    }
}

static void write_control(struct dev_i8254 *pit, uint8_t value)
{
    struct dev_i8254_channel *ch;

    if (value >> 6 == 3) {
        read_back(pit, value);
        return;
    }
    ch = &pit->channel[value >> 6];
    if (!(value & 0x30)) {
        latch_count(pit, ch);
        return;
    }
    ch->access = value >> 4 & 3;
    ch->mode = value >> 1 & 7;
    if (ch->mode > 5)
        ch->mode &= 3; /* 6 and 7 are 2 and 3 */
    ch->bcd = value & 1;
    ch->armed = ch->high_next = ch->read_high_next = ch->status_latched = false;
    ch->latched = 0;
    if (ch == &pit->channel[0]) {
        dev_timer_cancel(&pit->bus, &pit->timer);
        if (ch->mode == 0)
            dev_irq(&pit->bus, 0, false);
    }
}

static uint8_t read_counter(const struct dev_i8254 *pit, struct dev_i8254_channel *ch)
{
    uint16_t value;

    if (ch->status_latched) {
        ch->status_latched = false;
        return ch->status;
    }
    value = ch->latched ? ch->latch : count(pit, ch);
    if (ch->latched)
        ch->latched--;
    if (ch->access == 1)
        return (uint8_t)value;
    if (ch->access == 2)
        return (uint8_t)(value >> 8);
    ch->read_high_next = !ch->read_high_next;
    return (uint8_t)(ch->read_high_next ? value : value >> 8);
}

static void set_gate(struct dev_i8254 *pit, struct dev_i8254_channel *ch, bool gate)
{
    if (gate == ch->gate)
        return;
    if (gate) {
        ch->gate = true;
        if (ch->mode != 0 && ch->mode != 4)
            ch->from = ch->reload; /* a rising gate starts the count again */
        ch->start_ns = dev_now(&pit->bus);
    } else {
        ch->from = count(pit, ch);
        ch->gate = false;
    }
}

static void write_61(struct dev_i8254 *pit, uint8_t value)
{
    set_gate(pit, &pit->channel[2], value & 1);
    pit->speaker = value & 2;
}

static uint8_t read_61(struct dev_i8254 *pit)
{
    pit->refresh = !pit->refresh;
    return (uint8_t)(pit->channel[2].gate | pit->speaker << 1 | pit->refresh << 4 |
                     output(pit, &pit->channel[2]) << 5);
}

uint32_t dev_i8254_in(void *dev, uint16_t port, unsigned size)
{
    struct dev_i8254 *pit = dev;

    (void)size;
    if (port == 0x61)
        return read_61(pit);
    return port == 0x43 ? 0xff : read_counter(pit, &pit->channel[(port & 3) % 3]);
}

void dev_i8254_out(void *dev, uint16_t port, uint32_t value, unsigned size)
{
    struct dev_i8254 *pit = dev;

    (void)size;
    if (port == 0x61)
        write_61(pit, (uint8_t)value);
    else if (port == 0x43)
        write_control(pit, (uint8_t)value);
    else
        write_counter(pit, &pit->channel[(port & 3) % 3], (uint8_t)value);
}

void dev_i8254_init(struct dev_i8254 *pit, struct dev_bus bus)
{
    memset(pit, 0, sizeof(*pit));
    pit->bus = bus;
    pit->timer = (struct dev_timer){.fire = edge, .dev = pit};
    dev_i8254_reset(pit);
}

void dev_i8254_reset(struct dev_i8254 *pit)
{
    dev_timer_cancel(&pit->bus, &pit->timer);
    memset(pit->channel, 0, sizeof(pit->channel));
    for (unsigned i = 0; i < 3; i++) {
        pit->channel[i].reload = pit->channel[i].from = 0x10000;
        pit->channel[i].access = 3;
        pit->channel[i].gate = i != 2;
    }
    pit->speaker = pit->refresh = false;
}
