/* SPDX-License-Identifier: Apache-2.0 */
/* PCI Local Bus Specification 3.0, chapter 6 (configuration space, MSI, MSI-X). */
#include "dev/pci.h"

enum { CAP_MSI = 0x05, CAP_MSIX = 0x11 };
enum { MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_DATA = 12, MSI_ENABLE = 1, MSI_64BIT = 0x80 };
enum { MSIX_CONTROL = 2, MSIX_ENABLE = 0x8000, MSIX_MASK_ALL = 0x4000 };
enum { STATUS_INTX = 0x08, STATUS_CAPABILITIES = 0x10 };
#define MSIX_ENTRY 16u

static void set_writable(struct dev_pci *pci, unsigned offset, uint32_t mask, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        pci->writable[offset + i] = (uint8_t)(mask >> (8 * i));
}

void dev_pci_init(struct dev_pci *pci, struct dev_bus bus, const struct dev_pci_id *id, void *dev)
{
    memset(pci, 0, sizeof(*pci));
    pci->bus = bus;
    pci->dev = dev;
    cb_store_le16(pci->cfg + DEV_PCI_VENDOR, id->vendor);
    cb_store_le16(pci->cfg + DEV_PCI_VENDOR + 2, id->device);
    cb_store_le32(pci->cfg + DEV_PCI_REVISION, id->class_code << 8 | id->revision);
    cb_store_le16(pci->cfg + DEV_PCI_SUBSYSTEM, id->subsystem_vendor);
    cb_store_le16(pci->cfg + DEV_PCI_SUBSYSTEM + 2, id->subsystem);
    set_writable(pci, DEV_PCI_COMMAND, 0x0547, 2);
    set_writable(pci, 0x0c, 0xffff, 2); /* cache line size, latency timer */
    set_writable(pci, DEV_PCI_LINE, 0xff, 1);
    pci->next_free = 0x40;
}

void dev_pci_add_bar(struct dev_pci *pci, unsigned index, const struct dev_pci_bar *bar)
{
    const unsigned at = DEV_PCI_BAR0 + 4 * index;
    const uint64_t mask = ~(bar->size - 1);
    const unsigned flags = bar->io ? 1u : (bar->is_64 ? 4u : 0u) | (bar->prefetch ? 8u : 0u);

    CBIT_ASSERT(index < DEV_PCI_BARS && bar->size >= 16 && !(bar->size & (bar->size - 1)));
    CBIT_ASSERT(!bar->is_64 || index + 1 < DEV_PCI_BARS);
    pci->bar[index] = *bar;
    cb_store_le32(pci->cfg + at, flags);
    set_writable(pci, at, (uint32_t)mask, 4);
    if (bar->is_64)
        set_writable(pci, at + 4, (uint32_t)(mask >> 32), 4);
}

uint8_t dev_pci_add_capability(struct dev_pci *pci, uint8_t id, unsigned len)
{
    const uint8_t at = pci->next_free;

    if (!at || at + len > sizeof(pci->cfg))
        return 0;
    pci->cfg[at] = id;
    if (pci->last_cap)
        pci->cfg[pci->last_cap + 1] = at;
    else
        pci->cfg[DEV_PCI_CAPABILITIES] = at;
    pci->cfg[DEV_PCI_STATUS] |= STATUS_CAPABILITIES;
    pci->last_cap = at;
    pci->next_free = (uint8_t)cb_align_up(at + len, 4);
    return at;
}

void dev_pci_add_msi(struct dev_pci *pci)
{
    pci->msi = dev_pci_add_capability(pci, CAP_MSI, 14);
    CBIT_ASSERT(pci->msi);
    cb_store_le16(pci->cfg + pci->msi + MSI_CONTROL, MSI_64BIT);
    set_writable(pci, pci->msi + MSI_CONTROL, MSI_ENABLE, 2);
    set_writable(pci, pci->msi + MSI_ADDRESS, 0xfffffffc, 4);
    set_writable(pci, pci->msi + MSI_ADDRESS + 4u, 0xffffffff, 4);
    set_writable(pci, pci->msi + MSI_DATA, 0xffff, 2);
}

void dev_pci_add_msix(struct dev_pci *pci, unsigned n_vectors, unsigned bar, uint32_t offset)
{
    CBIT_ASSERT(n_vectors >= 1 && n_vectors <= DEV_PCI_MAX_VECTORS);
    pci->msix = dev_pci_add_capability(pci, CAP_MSIX, 12);
    CBIT_ASSERT(pci->msix);
    pci->n_vectors = n_vectors;
    pci->msix_bar = (uint8_t)bar;
    pci->msix_offset = offset;
    cb_store_le16(pci->cfg + pci->msix + MSIX_CONTROL, (uint16_t)(n_vectors - 1));
    cb_store_le32(pci->cfg + pci->msix + 4, offset | bar);
    cb_store_le32(pci->cfg + pci->msix + 8, (uint32_t)(offset + n_vectors * MSIX_ENTRY) | bar);
    set_writable(pci, pci->msix + MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK_ALL, 2);
    for (unsigned i = 0; i < n_vectors; i++)
        pci->vector[i].masked = true;
}

void dev_pci_use_intx(struct dev_pci *pci)
{
    pci->cfg[DEV_PCI_PIN] = 1;
}

static unsigned bar_flags(const struct dev_pci_bar *bar)
{
    return bar->io ? 1u : (bar->is_64 ? 4u : 0u) | (bar->prefetch ? 8u : 0u);
}

void dev_pci_reset(struct dev_pci *pci)
{
    dev_pci_set_intx(pci, false);
    for (unsigned i = 0; i < sizeof(pci->cfg); i++)
        if (i != DEV_PCI_LINE)
            pci->cfg[i] &= (uint8_t)~pci->writable[i];
    for (unsigned i = 0; i < DEV_PCI_BARS; i++)
        if (pci->bar[i].size)
            pci->cfg[DEV_PCI_BAR0 + 4 * i] |= (uint8_t)bar_flags(&pci->bar[i]);
    for (unsigned i = 0; i < pci->n_vectors; i++)
        pci->vector[i] = (struct dev_pci_vector){.masked = true};
}

uint32_t dev_pci_cfg_read(struct dev_pci *pci, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    if (offset + size > sizeof(pci->cfg))
        return 0xffffffff;
    if (pci->cfg_reading)
        pci->cfg_reading(pci->dev, offset, size);
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)pci->cfg[offset + i] << (8 * i);
    return value;
}

static void send(struct dev_pci *pci, uint64_t address, uint32_t data)
{
    if (dev_pci_may_dma(pci))
        pci->bus.ops->msi(pci->bus.ctx, address, data);
}

static bool all_masked(const struct dev_pci *pci)
{
    return (cb_load_le16(pci->cfg + pci->msix + MSIX_CONTROL) & MSIX_MASK_ALL) != 0;
}

static void send_pending(struct dev_pci *pci)
{
    if (!dev_pci_msix_on(pci) || all_masked(pci))
        return;
    for (unsigned i = 0; i < pci->n_vectors; i++) {
        struct dev_pci_vector *v = &pci->vector[i];

        if (v->pending && !v->masked) {
            v->pending = false;
            send(pci, v->address, v->data);
        }
    }
}

static void update_intx(struct dev_pci *pci)
{
    const bool off = cb_load_le16(pci->cfg + DEV_PCI_COMMAND) & DEV_PCI_CMD_INTX_OFF ||
                     dev_pci_msi_on(pci) || dev_pci_msix_on(pci);

    pci->cfg[DEV_PCI_STATUS] =
        (uint8_t)((pci->cfg[DEV_PCI_STATUS] & ~STATUS_INTX) | (pci->intx ? STATUS_INTX : 0));
    if (pci->intx_changed)
        pci->intx_changed(pci->intx_ctx, pci->devfn, pci->intx && !off);
}

void dev_pci_cfg_write(struct dev_pci *pci, unsigned offset, uint32_t value, unsigned size)
{
    if (offset + size > sizeof(pci->cfg))
        return;
    for (unsigned i = 0; i < size; i++) {
        const uint8_t mask = pci->writable[offset + i], byte = (uint8_t)(value >> (8 * i));

        pci->cfg[offset + i] = (uint8_t)((pci->cfg[offset + i] & ~mask) | (byte & mask));
    }
    if (pci->msix)
        send_pending(pci);
    update_intx(pci);
    if (pci->cfg_written)
        pci->cfg_written(pci->dev, offset, size);
}

static uint64_t bar_address(const struct dev_pci *pci, unsigned i)
{
    const uint8_t *at = pci->cfg + DEV_PCI_BAR0 + 4 * i;

    return (pci->bar[i].is_64 ? cb_load_le64(at) : cb_load_le32(at)) & ~(pci->bar[i].size - 1);
}

int dev_pci_decode(const struct dev_pci *pci, bool io, uint64_t address, uint64_t *offset)
{
    const unsigned command = cb_load_le16(pci->cfg + DEV_PCI_COMMAND);

    if (!(command & (io ? DEV_PCI_CMD_IO : DEV_PCI_CMD_MEMORY)))
        return -1;
    for (unsigned i = 0; i < DEV_PCI_BARS; i++) {
        const uint64_t base = bar_address(pci, i);

        if (!pci->bar[i].size || pci->bar[i].io != io || base == 0)
            continue;
        if (address - base < pci->bar[i].size) {
            *offset = address - base;
            return (int)i;
        }
    }
    return -1;
}

/* Is this offset in the MSI-X table (or its pending bits)? */
static bool in_msix(const struct dev_pci *pci, unsigned bar, uint64_t offset)
{
    return pci->msix && bar == pci->msix_bar && offset >= pci->msix_offset &&
           offset - pci->msix_offset < pci->n_vectors * MSIX_ENTRY + 8;
}

static uint32_t msix_load32(const struct dev_pci *pci, unsigned at)
{
    const struct dev_pci_vector *v = &pci->vector[at / MSIX_ENTRY % DEV_PCI_MAX_VECTORS];
    uint32_t pending = 0;

    if (at < pci->n_vectors * MSIX_ENTRY) {
        switch (at % MSIX_ENTRY / 4) {
        case 0:
            return (uint32_t)v->address;
        case 1:
            return (uint32_t)(v->address >> 32);
        case 2:
            return v->data;
        default:
            return v->masked;
        }
    }
    if (at >= pci->n_vectors * MSIX_ENTRY + 4)
        return 0;
    for (unsigned i = 0; i < pci->n_vectors; i++)
        pending |= (uint32_t)pci->vector[i].pending << i;
    return pending;
}

static void msix_store32(struct dev_pci *pci, unsigned at, uint32_t value)
{
    struct dev_pci_vector *v = &pci->vector[at / MSIX_ENTRY % DEV_PCI_MAX_VECTORS];

    if (at >= pci->n_vectors * MSIX_ENTRY)
        return;
    switch (at % MSIX_ENTRY / 4) {
    case 0:
        v->address = (v->address & ~CB_MASK(32)) | (value & ~3u);
        break;
    case 1:
        v->address = (v->address & CB_MASK(32)) | (uint64_t)value << 32;
        break;
    case 2:
        v->data = value;
        break;
    default:
        v->masked = value & 1;
        send_pending(pci);
        break;
    }
}

uint64_t dev_pci_bar_load(struct dev_pci *pci, unsigned bar, uint64_t offset, unsigned size)
{
    if (in_msix(pci, bar, offset)) {
        const unsigned at = (unsigned)(offset - pci->msix_offset);
        uint64_t value = msix_load32(pci, at & ~3u);

        if (size == 8)
            value |= (uint64_t)msix_load32(pci, (at & ~3u) + 4) << 32;
        return value >> (8 * (at & 3));
    }
    return pci->bar[bar].load ? pci->bar[bar].load(pci->dev, offset, size) : ~UINT64_C(0);
}

void dev_pci_bar_store(struct dev_pci *pci, unsigned bar, uint64_t offset, uint64_t value,
                       unsigned size)
{
    if (in_msix(pci, bar, offset)) {
        const unsigned at = (unsigned)(offset - pci->msix_offset);

        if (size < 4 || at & 3)
            return; /* only whole registers may be written */
        msix_store32(pci, at, (uint32_t)value);
        if (size == 8)
            msix_store32(pci, at + 4, (uint32_t)(value >> 32));
    } else if (pci->bar[bar].store) {
        pci->bar[bar].store(pci->dev, offset, value, size);
    }
}

bool dev_pci_msix_on(const struct dev_pci *pci)
{
    return pci->msix && cb_load_le16(pci->cfg + pci->msix + MSIX_CONTROL) & MSIX_ENABLE;
}

bool dev_pci_msi_on(const struct dev_pci *pci)
{
    return pci->msi && pci->cfg[pci->msi + MSI_CONTROL] & MSI_ENABLE;
}

bool dev_pci_may_dma(const struct dev_pci *pci)
{
    return (pci->cfg[DEV_PCI_COMMAND] & DEV_PCI_CMD_MASTER) != 0;
}

void dev_pci_notify(struct dev_pci *pci, unsigned vector)
{
    if (dev_pci_msix_on(pci)) {
        if (vector >= pci->n_vectors)
            return; /* the guest asked for no vector (FFFFh) or nonsense */
        pci->vector[vector].pending = true;
        send_pending(pci);
    } else if (dev_pci_msi_on(pci)) {
        send(pci, cb_load_le64(pci->cfg + pci->msi + MSI_ADDRESS),
             cb_load_le16(pci->cfg + pci->msi + MSI_DATA));
    }
}

void dev_pci_set_intx(struct dev_pci *pci, bool level)
{
    pci->intx = level;
    update_intx(pci);
}
