/* SPDX-License-Identifier: Apache-2.0 */
/* Local APIC of one CPU, xAPIC mode. */
#ifndef DEV_LAPIC_H
#define DEV_LAPIC_H

#include "dev/bus.h"

#define DEV_LAPIC_BASE   UINT64_C(0xfee00000)
#define DEV_LAPIC_ENABLE CB_BIT(11) /* of APIC_BASE */
#define DEV_LAPIC_BSP    CB_BIT(8)

enum dev_lapic_mode {
    DEV_LAPIC_FIXED, DEV_LAPIC_LOWEST, DEV_LAPIC_SMI, DEV_LAPIC_NMI = 4, DEV_LAPIC_INIT,
    DEV_LAPIC_STARTUP, DEV_LAPIC_EXTINT
};

/* An interrupt on its way to one or more local APICs. */
struct dev_lapic_message {
    uint8_t vector;
    uint8_t mode;       /* enum dev_lapic_mode */
    uint8_t destination;
    bool logical;       /* destination mode */
    bool level;         /* level-triggered: its EOI is told to the I/O APIC */
};

enum dev_lapic_lvt { DEV_LVT_TIMER, DEV_LVT_THERMAL, DEV_LVT_PERF, DEV_LVT_LINT0, DEV_LVT_LINT1,
                     DEV_LVT_ERROR, DEV_N_LVT };

/* How the APIC reaches its CPU and the others. */
struct dev_lapic_ops {
    void (*intr)(void *ctx);             /* what dev_lapic_pending says may have changed */
    void (*nmi)(void *ctx);
    void (*smi)(void *ctx);
    void (*init)(void *ctx);             /* INIT, to this CPU */
    void (*startup)(void *ctx, uint8_t vector);
    void (*eoi)(void *ctx, uint8_t vector); /* of a level-triggered interrupt */
    /* An IPI to others (all_but_self: everybody else, message.destination is unused). */
    void (*ipi)(void *ctx, struct dev_lapic_message message, bool all_but_self);
};

struct dev_lapic {
    struct dev_bus bus;
    const struct dev_lapic_ops *ops;
    void *ctx;
    uint64_t base;       /* MSR 1Bh */
    uint8_t id, hard_id, tpr;
    bool bsp;
    uint32_t ldr, dfr, svr, esr, esr_next, icr_low, icr_high;
    uint32_t lvt[DEV_N_LVT];
    uint32_t irr[8], isr[8], tmr[8];
    uint32_t initial, divide;
    uint64_t start_ns;
    struct dev_timer timer;
};

void dev_lapic_init(struct dev_lapic *lapic, struct dev_bus bus, uint8_t id, bool bsp,
                    const struct dev_lapic_ops *ops, void *ctx);
void dev_lapic_reset(struct dev_lapic *lapic);
/* Virtual wire mode, as firmware leaves it: enabled, 8259 through LINT0, NMI on LINT1. */
void dev_lapic_virtual_wire(struct dev_lapic *lapic);

bool dev_lapic_base_write(struct dev_lapic *lapic, uint64_t value); /* false: #GP */
bool dev_lapic_enabled(const struct dev_lapic *lapic); /* by APIC_BASE */

/* Is this APIC addressed? */
bool dev_lapic_accepts(const struct dev_lapic *lapic, struct dev_lapic_message message);
void dev_lapic_deliver(struct dev_lapic *lapic, struct dev_lapic_message message);

/* Is there an interrupt that the CPU should take? */
bool dev_lapic_pending(const struct dev_lapic *lapic);
/* Does an 8259's request pass (LINT0 is ExtINT and open, or the APIC is off)? */
bool dev_lapic_extint_open(const struct dev_lapic *lapic);
int dev_lapic_ack(struct dev_lapic *lapic); /* the vector, -1: nothing */

/* Could an NMI ever come (for dead ends)? */
bool dev_lapic_nmi_possible(const struct dev_lapic *lapic);

uint8_t dev_lapic_cr8(const struct dev_lapic *lapic);
void dev_lapic_set_cr8(struct dev_lapic *lapic, uint8_t cr8);

dev_load_fn dev_lapic_load; /* offset 0-FFFh */
dev_store_fn dev_lapic_store;

#endif
