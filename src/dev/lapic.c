/* SPDX-License-Identifier: Apache-2.0 */
/*
 * APM vol. 2, chapter 16.  The timer's input clock is the machine's clock,
 * 1 GHz; x2APIC, TSC-deadline mode and the extended register space are not
 * offered.  Which CPUs a message reaches is the board's business.
 */
#include "dev/lapic.h"

enum { ID = 0x020, VERSION = 0x030, TPR = 0x080, APR = 0x090, PPR = 0x0a0, EOI = 0x0b0, LDR = 0x0d0,
       DFR = 0x0e0, SVR = 0x0f0, ISR = 0x100, TMR = 0x180, IRR = 0x200, ESR = 0x280,
       ICR_LOW = 0x300, ICR_HIGH = 0x310, LVT = 0x320, LVT_END = 0x370, INITIAL = 0x380,
       CURRENT = 0x390, DIVIDE = 0x3e0 };
#define VERSION_VALUE   0x00050014u /* six LVT entries */
#define LVT_MASKED      CB_BIT(16)
#define LVT_PENDING     CB_BIT(12)
#define LVT_PERIODIC    CB_BIT(17)
#define SVR_ENABLE      CB_BIT(8)
#define ESR_BAD_SEND    CB_BIT(5)
#define ESR_BAD_RECEIVE CB_BIT(6)
#define ESR_BAD_REG     CB_BIT(7)
#define ICR_LOGICAL     CB_BIT(11)
#define ICR_ASSERT      CB_BIT(14)
#define ICR_LEVEL       CB_BIT(15)
#define BASE_MASK       UINT64_C(0xffffffffff000)

static const uint32_t lvt_writable[DEV_N_LVT] = {
    [DEV_LVT_TIMER] = 0x300ff, [DEV_LVT_THERMAL] = 0x107ff, [DEV_LVT_PERF] = 0x107ff,
    [DEV_LVT_LINT0] = 0x1a7ff, [DEV_LVT_LINT1] = 0x1a7ff, [DEV_LVT_ERROR] = 0x100ff,
};

static void set_bit(uint32_t set[8], unsigned n) { set[n >> 5] |= 1u << (n & 31); }
static void clear_bit(uint32_t set[8], unsigned n) { set[n >> 5] &= ~(1u << (n & 31)); }
static bool test_bit(const uint32_t set[8], unsigned n) { return set[n >> 5] >> (n & 31) & 1; }

static int highest(const uint32_t set[8])
{
    for (int i = 7; i >= 0; i--)
        if (set[i])
            return i * 32 + 31 - __builtin_clz(set[i]);
    return -1;
}

static uint8_t ppr(const struct dev_lapic *lapic)
{
    const int in_service = highest(lapic->isr);

    if (in_service < 0 || lapic->tpr >> 4 >= in_service >> 4)
        return lapic->tpr;
    return (uint8_t)(in_service & 0xf0);
}

bool dev_lapic_enabled(const struct dev_lapic *lapic)
{
    return (lapic->base & DEV_LAPIC_ENABLE) != 0;
}

static bool software_enabled(const struct dev_lapic *lapic)
{
    return dev_lapic_enabled(lapic) && lapic->svr & SVR_ENABLE;
}

bool dev_lapic_pending(const struct dev_lapic *lapic)
{
    const int wanted = highest(lapic->irr);

    return wanted >= 0 && software_enabled(lapic) && wanted >> 4 > ppr(lapic) >> 4;
}

bool dev_lapic_extint_open(const struct dev_lapic *lapic)
{
    const uint32_t lint0 = lapic->lvt[DEV_LVT_LINT0];

    if (!dev_lapic_enabled(lapic))
        return true;
    return !(lint0 & LVT_MASKED) && (lint0 >> 8 & 7) == DEV_LAPIC_EXTINT;
}

bool dev_lapic_nmi_possible(const struct dev_lapic *lapic)
{
    for (unsigned i = 0; i < DEV_N_LVT; i++) {
        /* LINT1 is wired to nothing here, so its NMI never comes. */
        if (i == DEV_LVT_LINT1 || i == DEV_LVT_TIMER || i == DEV_LVT_ERROR)
            continue;
        if (i == DEV_LVT_LINT0 && !(lapic->lvt[i] & LVT_MASKED) &&
            (lapic->lvt[i] >> 8 & 7) == DEV_LAPIC_NMI)
            return true; /* the 8259's output as NMI: the NMI watchdog of old */
    }
    return false;
}

int dev_lapic_ack(struct dev_lapic *lapic)
{
    int vector;

    if (!dev_lapic_pending(lapic))
        return -1;
    vector = highest(lapic->irr);
    clear_bit(lapic->irr, (unsigned)vector);
    set_bit(lapic->isr, (unsigned)vector);
    return vector;
}

static void report(struct dev_lapic *lapic, uint64_t error)
{
    lapic->esr_next |= (uint32_t)error;
    if (!(lapic->lvt[DEV_LVT_ERROR] & LVT_MASKED) && (lapic->lvt[DEV_LVT_ERROR] & 0xff) >= 16) {
        set_bit(lapic->irr, lapic->lvt[DEV_LVT_ERROR] & 0xff);
        lapic->ops->intr(lapic->ctx);
    }
}

static void accept_fixed(struct dev_lapic *lapic, struct dev_lapic_message message)
{
    if (!software_enabled(lapic))
        return;
    if (message.vector < 16) {
        report(lapic, ESR_BAD_RECEIVE);
        return;
    }
    set_bit(lapic->irr, message.vector);
    if (message.level)
        set_bit(lapic->tmr, message.vector);
    else
        clear_bit(lapic->tmr, message.vector);
    lapic->ops->intr(lapic->ctx);
}

void dev_lapic_deliver(struct dev_lapic *lapic, struct dev_lapic_message message)
{
    if (!dev_lapic_enabled(lapic))
        return;
    switch (message.mode) {
    case DEV_LAPIC_FIXED:
    case DEV_LAPIC_LOWEST:
        accept_fixed(lapic, message);
        break;
    case DEV_LAPIC_NMI:
        lapic->ops->nmi(lapic->ctx);
        break;
    case DEV_LAPIC_SMI:
        lapic->ops->smi(lapic->ctx);
        break;
    case DEV_LAPIC_INIT:
        lapic->ops->init(lapic->ctx);
        break;
    case DEV_LAPIC_STARTUP:
        lapic->ops->startup(lapic->ctx, message.vector);
        break;
    default:
        break; /* ExtINT comes by its wire */
    }
}

bool dev_lapic_accepts(const struct dev_lapic *lapic, struct dev_lapic_message message)
{
    const uint8_t to = message.destination, mine = (uint8_t)(lapic->ldr >> 24);

    if (!message.logical)
        return to == 0xff || to == lapic->id;
    if (lapic->dfr >> 28 == 0xf)
        return (mine & to) != 0;
    return (to >> 4 == 0xf || to >> 4 == mine >> 4) && (to & mine & 15) != 0;
}

uint8_t dev_lapic_cr8(const struct dev_lapic *lapic)
{
    return lapic->tpr >> 4;
}

static void write_tpr(struct dev_lapic *lapic, uint8_t tpr)
{
    lapic->tpr = tpr;
    lapic->ops->intr(lapic->ctx);
}

void dev_lapic_set_cr8(struct dev_lapic *lapic, uint8_t cr8)
{
    write_tpr(lapic, (uint8_t)(cr8 << 4));
}

static void end_of_interrupt(struct dev_lapic *lapic)
{
    const int vector = highest(lapic->isr);

    if (vector < 0)
        return;
    clear_bit(lapic->isr, (unsigned)vector);
    if (test_bit(lapic->tmr, (unsigned)vector))
        lapic->ops->eoi(lapic->ctx, (uint8_t)vector);
    lapic->ops->intr(lapic->ctx);
}

static uint64_t divisor(const struct dev_lapic *lapic)
{
    const unsigned code = (lapic->divide & 3) | (lapic->divide >> 1 & 4);

    return code == 7 ? 1 : UINT64_C(2) << code;
}

static void start_timer(struct dev_lapic *lapic)
{
    lapic->start_ns = dev_now(&lapic->bus);
    if (lapic->initial)
        dev_timer_arm(&lapic->bus, &lapic->timer,
                      lapic->start_ns + lapic->initial * divisor(lapic));
    else
        dev_timer_cancel(&lapic->bus, &lapic->timer);
}

static uint32_t current_count(const struct dev_lapic *lapic)
{
    uint64_t ticks;

    if (!lapic->initial)
        return 0;
    ticks = (dev_now(&lapic->bus) - lapic->start_ns) / divisor(lapic);
    if (lapic->lvt[DEV_LVT_TIMER] & LVT_PERIODIC)
        return (uint32_t)(lapic->initial - ticks % lapic->initial);
    return ticks >= lapic->initial ? 0 : (uint32_t)(lapic->initial - ticks);
}

static void timer_fired(void *dev, uint64_t now_ns)
{
    struct dev_lapic *lapic = dev;
    const uint32_t lvt = lapic->lvt[DEV_LVT_TIMER];
    const uint64_t period = lapic->initial * divisor(lapic);

    if (lvt & LVT_PERIODIC && period)
        dev_timer_arm(&lapic->bus, &lapic->timer,
                      lapic->start_ns + ((now_ns - lapic->start_ns) / period + 1) * period);
    if (!(lvt & LVT_MASKED))
        accept_fixed(lapic, (struct dev_lapic_message){.vector = (uint8_t)lvt});
}

static void mask_all_lvt(struct dev_lapic *lapic)
{
    for (unsigned i = 0; i < DEV_N_LVT; i++)
        lapic->lvt[i] |= (uint32_t)LVT_MASKED;
}

static void write_svr(struct dev_lapic *lapic, uint32_t value)
{
    lapic->svr = value & 0x3ff;
    if (!(value & SVR_ENABLE))
        mask_all_lvt(lapic);
    lapic->ops->intr(lapic->ctx);
}

static void write_lvt(struct dev_lapic *lapic, unsigned index, uint32_t value)
{
    value &= lvt_writable[index];
    if (!(lapic->svr & SVR_ENABLE))
        value |= (uint32_t)LVT_MASKED;
    lapic->lvt[index] = value;
    if (index == DEV_LVT_TIMER && lapic->initial && !lapic->timer.armed && value & LVT_PERIODIC)
        start_timer(lapic);
    lapic->ops->intr(lapic->ctx); /* LINT0 may have opened or closed */
}

static void write_icr(struct dev_lapic *lapic, uint32_t value)
{
    const struct dev_lapic_message message = {
        .vector = (uint8_t)value,
        .mode = value >> 8 & 7,
        .destination = (uint8_t)(lapic->icr_high >> 24),
        .logical = (value & ICR_LOGICAL) != 0,
    };
    struct dev_lapic_message all = message;

    lapic->icr_low = value & 0xcdfff & (uint32_t)~LVT_PENDING;
    if (message.mode == DEV_LAPIC_INIT && value & ICR_LEVEL && !(value & ICR_ASSERT))
        return; /* INIT level de-assert synchronises arbitration ids that nobody has */
    if (message.mode == DEV_LAPIC_FIXED && message.vector < 16) {
        report(lapic, ESR_BAD_SEND);
        return;
    }
    all.logical = false;
    all.destination = 0xff;
    switch (value >> 18 & 3) {
    case 0:
        lapic->ops->ipi(lapic->ctx, message, false);
        break;
    case 1:
        dev_lapic_deliver(lapic, message);
        break;
    case 2:
        lapic->ops->ipi(lapic->ctx, all, false);
        break;
    default:
        lapic->ops->ipi(lapic->ctx, all, true);
        break;
    }
}

static uint32_t read_register(struct dev_lapic *lapic, unsigned offset)
{
    if (offset >= LVT && offset <= LVT_END)
        return lapic->lvt[(offset - LVT) >> 4];
    if (offset >= ISR && offset < ESR) {
        const uint32_t *set = offset >= IRR ? lapic->irr : offset >= TMR ? lapic->tmr : lapic->isr;

        return set[offset >> 4 & 7];
    }
    switch (offset) {
    case ID:
        return (uint32_t)lapic->id << 24;
    case VERSION:
        return VERSION_VALUE;
    case TPR:
        return lapic->tpr;
    case APR:
    case PPR:
        return ppr(lapic);
    case LDR:
        return lapic->ldr;
    case DFR:
        return lapic->dfr;
    case SVR:
        return lapic->svr;
    case ESR:
        return lapic->esr;
    case ICR_LOW:
        return lapic->icr_low;
    case ICR_HIGH:
        return lapic->icr_high;
    case INITIAL:
        return lapic->initial;
    case CURRENT:
        return current_count(lapic);
    case DIVIDE:
        return lapic->divide;
    case EOI:
        return 0;
    default:
        report(lapic, ESR_BAD_REG);
        return 0;
    }
}

static void write_register(struct dev_lapic *lapic, unsigned offset, uint32_t value)
{
    if (offset >= LVT && offset <= LVT_END) {
        write_lvt(lapic, (offset - LVT) >> 4, value);
        return;
    }
    switch (offset) {
    case ID:
        lapic->id = (uint8_t)(value >> 24);
        break;
    case TPR:
        write_tpr(lapic, (uint8_t)value);
        break;
    case EOI:
        end_of_interrupt(lapic);
        break;
    case LDR:
        lapic->ldr = value & 0xff000000u;
        break;
    case DFR:
        lapic->dfr = value | 0x0fffffffu;
        break;
    case SVR:
        write_svr(lapic, value);
        break;
    case ESR: /* a write moves what was gathered to where it can be read */
        lapic->esr = lapic->esr_next;
        lapic->esr_next = 0;
        break;
    case ICR_LOW:
        write_icr(lapic, value);
        break;
    case ICR_HIGH:
        lapic->icr_high = value & 0xff000000u;
        break;
    case INITIAL:
        lapic->initial = value;
        start_timer(lapic);
        break;
    case DIVIDE:
        lapic->divide = value & 0xb;
        break;
    case VERSION: /* read-only registers that software writes by habit */
    case PPR:
    case CURRENT:
        break;
    default:
        report(lapic, ESR_BAD_REG);
        break;
    }
}

uint64_t dev_lapic_load(void *dev, uint64_t offset, unsigned size)
{
    const unsigned within = offset & 15;

    (void)size;
    if (within > 3)
        return 0; /* registers are 16 bytes apart and 4 bytes long */
    return read_register(dev, (unsigned)offset & 0xff0) >> (8 * within);
}

void dev_lapic_store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    if ((offset & 15) == 0)
        write_register(dev, (unsigned)offset & 0xff0, (uint32_t)value);
}

bool dev_lapic_base_write(struct dev_lapic *lapic, uint64_t value)
{
    if (value & ~(BASE_MASK | DEV_LAPIC_ENABLE | DEV_LAPIC_BSP))
        return false; /* x2APIC enable and reserved bits */
    lapic->base = (value & (BASE_MASK | DEV_LAPIC_ENABLE)) | (lapic->bsp ? DEV_LAPIC_BSP : 0);
    lapic->ops->intr(lapic->ctx);
    return true;
}

void dev_lapic_init(struct dev_lapic *lapic, struct dev_bus bus, uint8_t id, bool bsp,
                    const struct dev_lapic_ops *ops, void *ctx)
{
    memset(lapic, 0, sizeof(*lapic));
    lapic->bus = bus;
    lapic->hard_id = id;
    lapic->bsp = bsp;
    lapic->ops = ops;
    lapic->ctx = ctx;
    lapic->timer = (struct dev_timer){.fire = timer_fired, .dev = lapic};
    dev_lapic_reset(lapic);
}

void dev_lapic_reset(struct dev_lapic *lapic)
{
    dev_timer_cancel(&lapic->bus, &lapic->timer);
    lapic->base = DEV_LAPIC_BASE | DEV_LAPIC_ENABLE | (lapic->bsp ? DEV_LAPIC_BSP : 0);
    lapic->id = lapic->hard_id;
    lapic->tpr = 0;
    lapic->ldr = lapic->esr = lapic->esr_next = lapic->icr_low = lapic->icr_high = 0;
    lapic->dfr = 0xffffffff;
    lapic->svr = 0xff;
    lapic->initial = lapic->divide = 0;
    memset(lapic->lvt, 0, sizeof(lapic->lvt));
    mask_all_lvt(lapic);
    memset(lapic->irr, 0, sizeof(lapic->irr));
    memset(lapic->isr, 0, sizeof(lapic->isr));
    memset(lapic->tmr, 0, sizeof(lapic->tmr));
}

void dev_lapic_virtual_wire(struct dev_lapic *lapic)
{
    lapic->svr = 0xff | (uint32_t)SVR_ENABLE;
    lapic->lvt[DEV_LVT_LINT0] = DEV_LAPIC_EXTINT << 8;
    lapic->lvt[DEV_LVT_LINT1] = DEV_LAPIC_NMI << 8;
    lapic->ops->intr(lapic->ctx);
}
