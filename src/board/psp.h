/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AMD-SP as a PCI function (1022:14CA): its mailbox registers in BAR 2, where
 * Linux's ccp driver looks for them, and completion by MSI.
 */
#ifndef BOARD_PSP_H
#define BOARD_PSP_H

#include "asp/asp.h"
#include "dev/dev.h"

struct board_psp {
    struct dev_pci pci;
    struct asp *asp;
};

void board_psp_init(struct board_psp *psp, struct dev_bus bus, struct asp *asp);
void board_psp_reset(struct board_psp *psp);

#endif
