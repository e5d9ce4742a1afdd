/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mailbox registers, as Linux's driver uses them: addresses first, then the
 * command register, which runs the command.  The response is in place before
 * the interrupt status, and that before the interrupt.
 */
#include "asp/state.h"

#define COMMAND_IOC 1u          /* interrupt on completion */
#define COMMAND_ID(v) ((v) >> 16 & 0x7ff)
#define RESPONSE (1u << 31)
#define INT_SEV_DONE (1u << 1)

#define FEATURE_SEV (1u << 0)
#define FEATURE_REPORTING (1u << 7) /* the bits from 8 on are valid */
#define FEATURE_TSME (1u << 13)

static bool raise_done(struct asp *asp)
{
    asp->regs.intsts |= INT_SEV_DONE;
    return (asp->regs.inten & INT_SEV_DONE) != 0;
}

static bool run_command(struct asp *asp, uint32_t value)
{
    const uint64_t paddr = (uint64_t)asp->regs.high << 32 | asp->regs.low;
    const enum wire_sev_status status = asp_mailbox(asp, COMMAND_ID(value), paddr);

    asp->regs.command = RESPONSE | (uint32_t)status;
    return (value & COMMAND_IOC) != 0 && raise_done(asp);
}

bool asp_reg_write(struct asp *asp, enum asp_reg reg, uint32_t value)
{
    const bool ring = asp->ring.on;

    switch (reg) {
    case ASP_REG_COMMAND:
        return (ring ? asp_ring_control(asp, value) && raise_done(asp) : run_command(asp, value));
    case ASP_REG_ADDR_LOW:
        if (!ring) /* RBHead is the firmware's */
            asp->regs.low = value;
        return false;
    case ASP_REG_ADDR_HIGH:
        if (ring)
            return asp_ring_tail(asp, value) && raise_done(asp);
        asp->regs.high = value;
        return false;
    case ASP_REG_INTEN:
        asp->regs.inten = value;
        return false;
    case ASP_REG_INTSTS:
        asp->regs.intsts &= ~value;
        return false;
    case ASP_REG_BOOTLOADER:
    case ASP_REG_FEATURES:
        break; /* read-only */
    }
    return false;
}

static uint32_t features(const struct asp *asp)
{
    return (asp->profile->sev ? FEATURE_SEV : 0) | FEATURE_REPORTING |
           (asp->tsme ? FEATURE_TSME : 0);
}

uint32_t asp_reg_read(const struct asp *asp, enum asp_reg reg)
{
    switch (reg) {
    case ASP_REG_COMMAND:
        return asp->regs.command;
    case ASP_REG_ADDR_LOW:
        return asp->ring.on ? asp->ring.head : asp->regs.low;
    case ASP_REG_ADDR_HIGH:
        return asp->ring.on ? asp->ring.tail : asp->regs.high;
    case ASP_REG_FEATURES:
        return features(asp);
    case ASP_REG_INTEN:
        return asp->regs.inten;
    case ASP_REG_INTSTS:
        return asp->regs.intsts;
    case ASP_REG_BOOTLOADER:
        break;
    }
    return 0;
}
