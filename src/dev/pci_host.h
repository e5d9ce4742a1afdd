/* SPDX-License-Identifier: Apache-2.0 */
/* Host bridge of bus 0, configuration mechanism #1 (ports CF8h-CFFh). */
#ifndef DEV_PCI_HOST_H
#define DEV_PCI_HOST_H

#include "dev/pci.h"

#define DEV_PCI_DEVFN(device, function) ((uint8_t)((device) << 3 | (function)))

struct dev_pci_host {
    struct dev_pci bridge;       /* 00:00.0 */
    struct dev_pci *slot[256];   /* by devfn; NULL: nothing there */
    uint32_t address;            /* CF8h */
};

void dev_pci_host_init(struct dev_pci_host *host, struct dev_bus bus);
void dev_pci_host_reset(struct dev_pci_host *host); /* every function too */
void dev_pci_plug(struct dev_pci_host *host, uint8_t devfn, struct dev_pci *pci);

/* Which function decodes this address?  NULL: none. */
struct dev_pci *dev_pci_host_decode(const struct dev_pci_host *host, bool io, uint64_t address,
                                    unsigned *bar, uint64_t *offset);

dev_in_fn dev_pci_host_in; /* offset 0-7 from CF8h */
dev_out_fn dev_pci_host_out;

#endif
