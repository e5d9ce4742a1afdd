/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the mailbox lies in the function's BAR 2 (second register set of Linux's
 * drivers/crypto/ccp/sp-pci.c); what the registers mean is the AMD-SP's.
 */
#include "board/psp.h"

#define BAR      2
#define BAR_SIZE (UINT64_C(1) << 20)

static const struct {
    uint32_t offset;
    enum asp_reg reg;
} registers[] = {
    {0x10980, ASP_REG_COMMAND},   {0x109e0, ASP_REG_ADDR_LOW}, {0x109e4, ASP_REG_ADDR_HIGH},
    {0x109ec, ASP_REG_BOOTLOADER}, {0x109fc, ASP_REG_FEATURES}, {0x10690, ASP_REG_INTEN},
    {0x10694, ASP_REG_INTSTS},
};

static bool find(uint64_t offset, unsigned size, enum asp_reg *reg)
{
    for (size_t i = 0; size == 4 && i < CB_ARRAY_LEN(registers); i++) {
        if (registers[i].offset == offset) {
            *reg = registers[i].reg;
            return true;
        }
    }
    return false;
}

/* The function has no CCP engine and no TEE: their registers read 0. */
static uint64_t load(void *dev, uint64_t offset, unsigned size)
{
    const struct board_psp *psp = dev;
    enum asp_reg reg;

    return find(offset, size, &reg) ? asp_reg_read(psp->asp, reg) : 0;
}

static void store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct board_psp *psp = dev;
    enum asp_reg reg;

    if (find(offset, size, &reg) && asp_reg_write(psp->asp, reg, (uint32_t)value))
        dev_pci_notify(&psp->pci, 0);
}

void board_psp_init(struct board_psp *psp, struct dev_bus bus, struct asp *asp)
{
    static const struct dev_pci_id id = {
        .vendor = 0x1022, .device = 0x14ca, .subsystem_vendor = 0x1022, .subsystem = 0x14ca,
        .class_code = 0x108000,
    };
    static const struct dev_pci_bar bar = {.size = BAR_SIZE, .load = load, .store = store};

    psp->asp = asp;
    dev_pci_init(&psp->pci, bus, &id, psp);
    dev_pci_add_bar(&psp->pci, BAR, &bar);
    dev_pci_add_msi(&psp->pci);
}

void board_psp_reset(struct board_psp *psp)
{
    dev_pci_reset(&psp->pci);
}
