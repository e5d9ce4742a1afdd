/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Motorola MC146818A data sheet; century at 32h as PCs have it.
 *
 * The time of day is the machine's clock plus an offset that setting the time
 * changes.  Timers run only while their interrupt is enabled.
 */
#include "dev/cmos.h"

#define NS_PER_S      UINT64_C(1000000000)
#define UPDATE_NS     UINT64_C(244000) /* UIP is up this long before each update */
#define SECONDS_A_DAY 86400

enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH, YEAR,
       REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32 };
enum { A_UIP = 0x80, B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_BINARY = 4, B_24H = 2 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
#define RTC_IRQ 8

/* Days since 1970-01-01 of a day in the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    of_era = (year - era * 400) * 365 + (year - era * 400) / 4 - (year - era * 400) / 100 + of_year;
    return era * 146097 + of_era - 719468;
}

static struct dev_cmos_time calendar_of(int64_t seconds)
{
    int64_t days = seconds / SECONDS_A_DAY, rest = seconds % SECONDS_A_DAY;
    int64_t era, of_era, year_of_era, of_year, month;
    struct dev_cmos_time c;

    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    c.weekday = (int)(((days + 4) % 7 + 7) % 7) + 1; /* 1 is Sunday */
    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = days - era * 146097;
    year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * of_year + 2) / 153;
    c.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    c.month = (int)(month < 10 ? month + 3 : month - 9);
    c.year = (int)(year_of_era + era * 400 + (c.month <= 2));
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    return c;
}

static int64_t seconds_of(const struct dev_cmos_time *c)
{
    return days_of(c->year, c->month, c->day) * SECONDS_A_DAY + c->hour * 3600 + c->minute * 60 +
           c->second;
}

static int64_t uptime(const struct dev_cmos *cmos)
{
    return (int64_t)(dev_now(&cmos->bus) / NS_PER_S);
}

static struct dev_cmos_time time_of_day(const struct dev_cmos *cmos)
{
    if (cmos->ram[REG_B] & B_SET)
        return cmos->held;
    return calendar_of(cmos->offset_s + uptime(cmos));
}

static uint8_t encode(const struct dev_cmos *cmos, int value)
{
    return (uint8_t)(cmos->ram[REG_B] & B_BINARY ? value : value / 10 % 10 << 4 | value % 10);
}

static int decode(const struct dev_cmos *cmos, uint8_t value)
{
    return cmos->ram[REG_B] & B_BINARY ? value : (value >> 4) * 10 + (value & 15);
}

static uint8_t encode_hour(const struct dev_cmos *cmos, int hour)
{
    if (cmos->ram[REG_B] & B_24H)
        return encode(cmos, hour);
    return encode(cmos, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static int decode_hour(const struct dev_cmos *cmos, uint8_t value)
{
    if (cmos->ram[REG_B] & B_24H)
        return decode(cmos, value);
    return decode(cmos, value & 0x7f) % 12 + (value & 0x80 ? 12 : 0);
}

static uint8_t time_register(const struct dev_cmos *cmos, const struct dev_cmos_time *c, unsigned index)
{
    switch (index) {
    case SECONDS:
        return encode(cmos, c->second);
    case MINUTES:
        return encode(cmos, c->minute);
    case HOURS:
        return encode_hour(cmos, c->hour);
    case WEEKDAY:
        return encode(cmos, c->weekday);
    case DAY:
        return encode(cmos, c->day);
    case MONTH:
        return encode(cmos, c->month);
    case YEAR:
        return encode(cmos, c->year % 100);
    default:
        return encode(cmos, c->year / 100);
    }
}

static bool is_time_register(unsigned index)
{
    return index <= YEAR ? index != SECONDS_ALARM && index != MINUTES_ALARM && index != HOURS_ALARM
                         : index == CENTURY;
}

static void set_time_register(const struct dev_cmos *cmos, struct dev_cmos_time *c, unsigned index,
                              uint8_t value)
{
    const int plain = decode(cmos, value);

    if (index == SECONDS)
        c->second = plain % 60;
    else if (index == MINUTES)
        c->minute = plain % 60;
    else if (index == HOURS)
        c->hour = decode_hour(cmos, value) % 24;
    else if (index == DAY && plain >= 1 && plain <= 31)
        c->day = plain;
    else if (index == MONTH && plain >= 1 && plain <= 12)
        c->month = plain;
    else if (index == YEAR)
        c->year = c->year / 100 * 100 + plain % 100;
    else if (index == CENTURY)
        c->year = plain * 100 + c->year % 100;
}

static void write_time(struct dev_cmos *cmos, unsigned index, uint8_t value)
{
    struct dev_cmos_time c = time_of_day(cmos);

    set_time_register(cmos, &c, index, value);
    if (cmos->ram[REG_B] & B_SET)
        cmos->held = c;
    else
        cmos->offset_s = seconds_of(&c) - uptime(cmos);
}

static void raise_flags(struct dev_cmos *cmos, uint8_t flags)
{
    cmos->flags |= flags;
    if (cmos->flags & cmos->ram[REG_B] & (C_PF | C_AF | C_UF)) {
        cmos->flags |= C_IRQF;
        dev_irq(&cmos->bus, RTC_IRQ, true);
    }
}

static bool alarm_matches(const struct dev_cmos *cmos, unsigned index, uint8_t now)
{
    return cmos->ram[index] >= 0xc0 || cmos->ram[index] == now; /* C0h and above: any */
}

static void check_alarm(struct dev_cmos *cmos)
{
    const struct dev_cmos_time c = time_of_day(cmos);

    if (!alarm_matches(cmos, SECONDS_ALARM, time_register(cmos, &c, SECONDS)) ||
        !alarm_matches(cmos, MINUTES_ALARM, time_register(cmos, &c, MINUTES)) ||
        !alarm_matches(cmos, HOURS_ALARM, time_register(cmos, &c, HOURS)))
        return;
    raise_flags(cmos, C_AF);
    if (cmos->alarm && cmos->ram[REG_B] & B_AIE)
        cmos->alarm(cmos->alarm_ctx);
}

static uint64_t period_ns(const struct dev_cmos *cmos)
{
    unsigned rate = cmos->ram[REG_A] & 15;

    if (rate == 0)
        return 0;
    if (rate <= 2)
        rate += 7;
    return NS_PER_S / (32768u >> (rate - 1));
}

static void schedule(struct dev_cmos *cmos)
{
    const uint64_t now = dev_now(&cmos->bus);

    if (cmos->ram[REG_B] & (B_UIE | B_AIE) && !(cmos->ram[REG_B] & B_SET))
        dev_timer_arm(&cmos->bus, &cmos->second, (now / NS_PER_S + 1) * NS_PER_S);
    else
        dev_timer_cancel(&cmos->bus, &cmos->second);
    if (cmos->ram[REG_B] & B_PIE && period_ns(cmos))
        dev_timer_arm(&cmos->bus, &cmos->periodic, (now / period_ns(cmos) + 1) * period_ns(cmos));
    else
        dev_timer_cancel(&cmos->bus, &cmos->periodic);
}

static void on_second(void *dev, uint64_t now_ns)
{
    struct dev_cmos *cmos = dev;

    dev_timer_arm(&cmos->bus, &cmos->second, (now_ns / NS_PER_S + 1) * NS_PER_S);
    raise_flags(cmos, C_UF);
    check_alarm(cmos);
}

static void on_period(void *dev, uint64_t now_ns)
{
    struct dev_cmos *cmos = dev;

    dev_timer_arm(&cmos->bus, &cmos->periodic, (now_ns / period_ns(cmos) + 1) * period_ns(cmos));
    raise_flags(cmos, C_PF);
}

static uint8_t read_c(struct dev_cmos *cmos)
{
    const uint8_t flags = cmos->flags;

    cmos->flags = 0;
    dev_irq(&cmos->bus, RTC_IRQ, false);
    return flags;
}

static uint8_t read_a(const struct dev_cmos *cmos)
{
    const bool updating = !(cmos->ram[REG_B] & B_SET) &&
                          dev_now(&cmos->bus) % NS_PER_S >= NS_PER_S - UPDATE_NS;

    return (uint8_t)((cmos->ram[REG_A] & 0x7f) | (updating ? A_UIP : 0));
}

uint32_t dev_cmos_in(void *dev, uint16_t offset, unsigned size)
{
    struct dev_cmos *cmos = dev;
    struct dev_cmos_time c;

    (void)size;
    if (!(offset & 1))
        return 0xff; /* the index is write-only */
    if (cmos->index == REG_A)
        return read_a(cmos);
    if (cmos->index == REG_C)
        return read_c(cmos);
    if (!is_time_register(cmos->index))
        return cmos->ram[cmos->index];
    c = time_of_day(cmos);
    return time_register(cmos, &c, cmos->index);
}

static void write_b(struct dev_cmos *cmos, uint8_t value)
{
    const bool was_held = cmos->ram[REG_B] & B_SET;

    if (was_held && !(value & B_SET)) /* the time that was set begins to run */
        cmos->offset_s = seconds_of(&cmos->held) - uptime(cmos);
    else if (!was_held)
        cmos->held = time_of_day(cmos);
    cmos->ram[REG_B] = value & B_SET ? value & (uint8_t)~B_UIE : value;
    raise_flags(cmos, 0);
    schedule(cmos);
}

void dev_cmos_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    struct dev_cmos *cmos = dev;
    const uint8_t byte = (uint8_t)value;

    (void)size;
    if (!(offset & 1)) {
        cmos->index = byte & 0x7f; /* bit 7 masks NMI, of which there is none */
    } else if (is_time_register(cmos->index)) {
        write_time(cmos, cmos->index, byte);
    } else if (cmos->index == REG_A) {
        cmos->ram[REG_A] = byte & 0x7f;
        schedule(cmos);
    } else if (cmos->index == REG_B) {
        write_b(cmos, byte);
    } else if (cmos->index != REG_C && cmos->index != REG_D) {
        cmos->ram[cmos->index] = byte;
    }
}

void dev_cmos_set_memory(struct dev_cmos *cmos, uint64_t below_4g, uint64_t above_4g)
{
    const uint64_t over_1m = below_4g > 0x100000 ? (below_4g - 0x100000) >> 10 : 0;
    const uint64_t over_16m = below_4g > 0x1000000 ? (below_4g - 0x1000000) >> 16 : 0;
    const uint16_t kib = (uint16_t)(over_1m > 0xffff ? 0xffff : over_1m);

    cb_store_le16(cmos->ram + 0x15, 640);
    cb_store_le16(cmos->ram + 0x17, kib);
    cb_store_le16(cmos->ram + 0x30, kib);
    cb_store_le16(cmos->ram + 0x34, (uint16_t)(over_16m > 0xffff ? 0xffff : over_16m));
    for (unsigned i = 0; i < 3; i++)
        cmos->ram[0x5b + i] = (uint8_t)(above_4g >> (16 + 8 * i));
}

void dev_cmos_init(struct dev_cmos *cmos, struct dev_bus bus, int64_t epoch_s)
{
    memset(cmos, 0, sizeof(*cmos));
    cmos->bus = bus;
    cmos->offset_s = epoch_s;
    cmos->second = (struct dev_timer){.fire = on_second, .dev = cmos};
    cmos->periodic = (struct dev_timer){.fire = on_period, .dev = cmos};
    cmos->ram[REG_D] = 0x80; /* the battery is good */
    dev_cmos_reset(cmos);
}

void dev_cmos_reset(struct dev_cmos *cmos)
{
    cmos->ram[REG_A] = 0x26; /* 32.768 kHz, 1024 Hz */
    cmos->ram[REG_B] = B_24H;
    cmos->flags = 0;
    cmos->index = 0;
    schedule(cmos);
}
