/* SPDX-License-Identifier: Apache-2.0 */
/* PCI Local Bus Specification 2.1, 3.7.4.1: configuration mechanism #1.  One bus. */
#include "dev/pci_host.h"

#define ENABLE CB_BIT(31)

void dev_pci_host_init(struct dev_pci_host *host, struct dev_bus bus)
{
    /* A Zen root complex by its ids. */
    static const struct dev_pci_id id = {
        .vendor = 0x1022, .device = 0x1480, .subsystem_vendor = 0x1022, .subsystem = 0x1480,
        .class_code = 0x060000,
    };

    memset(host, 0, sizeof(*host));
    dev_pci_init(&host->bridge, bus, &id, host);
    dev_pci_plug(host, 0, &host->bridge);
}

void dev_pci_plug(struct dev_pci_host *host, uint8_t devfn, struct dev_pci *pci)
{
    CBIT_ASSERT(!host->slot[devfn]);
    host->slot[devfn] = pci;
    pci->devfn = devfn;
    if (devfn & 7)
        host->slot[devfn & 0xf8]->cfg[DEV_PCI_HEADER_TYPE] |= 0x80; /* several functions */
}

void dev_pci_host_reset(struct dev_pci_host *host)
{
    host->address = 0;
    for (unsigned i = 0; i < CB_ARRAY_LEN(host->slot); i++)
        if (host->slot[i])
            dev_pci_reset(host->slot[i]);
}

static struct dev_pci *addressed(const struct dev_pci_host *host)
{
    if (!(host->address & ENABLE) || host->address >> 16 & 0xff)
        return NULL;
    return host->slot[host->address >> 8 & 0xff];
}

uint32_t dev_pci_host_in(void *dev, uint16_t offset, unsigned size)
{
    const struct dev_pci_host *host = dev;
    struct dev_pci *pci;

    if (offset < 4)
        return offset == 0 && size == 4 ? host->address : 0xffffffff;
    pci = addressed(host);
    if (!pci || (offset & 3) + size > 4)
        return 0xffffffff;
    return dev_pci_cfg_read(pci, (host->address & 0xfc) | (offset & 3), size);
}

void dev_pci_host_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    struct dev_pci_host *host = dev;
    struct dev_pci *pci;

    if (offset < 4) {
        if (offset == 0 && size == 4) /* only a dword write reaches the address register */
            host->address = value & 0x80fffffcu;
        return;
    }
    pci = addressed(host);
    if (pci && (offset & 3) + size <= 4)
        dev_pci_cfg_write(pci, (host->address & 0xfc) | (offset & 3), value, size);
}

struct dev_pci *dev_pci_host_decode(const struct dev_pci_host *host, bool io, uint64_t address,
                                    unsigned *bar, uint64_t *offset)
{
    for (unsigned i = 0; i < CB_ARRAY_LEN(host->slot); i++) {
        const int found = host->slot[i] ? dev_pci_decode(host->slot[i], io, address, offset) : -1;

        if (found >= 0) {
            *bar = (unsigned)found;
            return host->slot[i];
        }
    }
    return NULL;
}
