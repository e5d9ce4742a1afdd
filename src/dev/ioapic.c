/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel 82093AA data sheet, with the EOI register of version 20h.  Polarity is
 * stored and reported; a line here is asserted or not, whatever its volts.
 */
#include "dev/ioapic.h"

enum { SELECT = 0x00, WINDOW = 0x10, EOI = 0x40 };
enum { REG_ID, REG_VERSION, REG_ARBITRATION, REG_TABLE = 0x10 };
#define ENTRY_MASKED     CB_BIT(16)
#define ENTRY_LEVEL      CB_BIT(15)
#define ENTRY_REMOTE_IRR CB_BIT(14)
#define ENTRY_LOGICAL    CB_BIT(11)
#define ENTRY_READ_ONLY  (ENTRY_REMOTE_IRR | CB_BIT(12))
#define VERSION          (0x20u | (DEV_IOAPIC_PINS - 1) << 16)

void dev_ioapic_init(struct dev_ioapic *ioapic, struct dev_bus bus)
{
    memset(ioapic, 0, sizeof(*ioapic));
    ioapic->bus = bus;
    dev_ioapic_reset(ioapic);
}

void dev_ioapic_reset(struct dev_ioapic *ioapic)
{
    ioapic->id = ioapic->select = 0;
    for (unsigned i = 0; i < DEV_IOAPIC_PINS; i++)
        ioapic->entry[i] = ENTRY_MASKED;
}

static void send(struct dev_ioapic *ioapic, uint64_t entry)
{
    const uint64_t address = UINT64_C(0xfee00000) | cb_bits(entry, 63, 56) << 12 |
                             (entry & ENTRY_LOGICAL ? 4u : 0u);

    ioapic->bus.ops->msi(ioapic->bus.ctx, address, (uint32_t)(entry & (0x7ff | ENTRY_LEVEL)));
}

/* A level input asks as long as it is high and its last interrupt was ended. */
static void ask_level(struct dev_ioapic *ioapic, unsigned pin)
{
    uint64_t *entry = &ioapic->entry[pin];

    if (!(ioapic->lines >> pin & 1) || !(*entry & ENTRY_LEVEL) ||
        *entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR))
        return;
    *entry |= ENTRY_REMOTE_IRR;
    send(ioapic, *entry);
}

void dev_ioapic_set(struct dev_ioapic *ioapic, unsigned pin, bool level)
{
    bool was;

    if (pin >= DEV_IOAPIC_PINS)
        return;
    was = ioapic->lines >> pin & 1;
    ioapic->lines = (ioapic->lines & ~(1u << pin)) | (uint32_t)level << pin;
    if (ioapic->entry[pin] & ENTRY_LEVEL)
        ask_level(ioapic, pin);
    else if (level && !was && !(ioapic->entry[pin] & ENTRY_MASKED))
        send(ioapic, ioapic->entry[pin]);
}

void dev_ioapic_eoi(struct dev_ioapic *ioapic, uint8_t vector)
{
    for (unsigned pin = 0; pin < DEV_IOAPIC_PINS; pin++) {
        if ((uint8_t)ioapic->entry[pin] != vector || !(ioapic->entry[pin] & ENTRY_LEVEL))
            continue;
        ioapic->entry[pin] &= ~ENTRY_REMOTE_IRR;
        ask_level(ioapic, pin);
    }
}

static uint32_t read_register(const struct dev_ioapic *ioapic)
{
    const unsigned index = ioapic->select;

    if (index == REG_ID || index == REG_ARBITRATION)
        return (uint32_t)ioapic->id << 24;
    if (index == REG_VERSION)
        return VERSION;
    if (index < REG_TABLE || index >= REG_TABLE + 2 * DEV_IOAPIC_PINS)
        return 0xffffffff;
    return (uint32_t)(ioapic->entry[(index - REG_TABLE) / 2] >> (index & 1 ? 32 : 0));
}

static void write_entry(struct dev_ioapic *ioapic, unsigned index, uint32_t value)
{
    const unsigned pin = index / 2;
    uint64_t *entry = &ioapic->entry[pin];
    const uint64_t kept = index & 1 ? CB_MASK(32) : ~CB_MASK(32) | ENTRY_READ_ONLY;
    const uint64_t wanted = index & 1 ? (uint64_t)(value & 0xff000000u) << 32 : value & 0x1ffffu;

    *entry = (*entry & kept) | (wanted & ~kept);
    if (!(*entry & ENTRY_LEVEL))
        *entry &= ~ENTRY_REMOTE_IRR; /* going to edge ends a stuck level interrupt */
    ask_level(ioapic, pin);
}

uint64_t dev_ioapic_load(void *dev, uint64_t offset, unsigned size)
{
    const struct dev_ioapic *ioapic = dev;

    (void)size;
    if (offset == SELECT)
        return ioapic->select;
    return offset == WINDOW ? read_register(ioapic) : 0;
}

void dev_ioapic_store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct dev_ioapic *ioapic = dev;
    const unsigned index = ioapic->select;

    (void)size;
    if (offset == SELECT)
        ioapic->select = (uint8_t)value;
    else if (offset == EOI)
        dev_ioapic_eoi(ioapic, (uint8_t)value);
    else if (offset == WINDOW && index == REG_ID)
        ioapic->id = value >> 24 & 0x0f;
    else if (offset == WINDOW && index >= REG_TABLE && index < REG_TABLE + 2 * DEV_IOAPIC_PINS)
        write_entry(ioapic, index - REG_TABLE, (uint32_t)value);
}
