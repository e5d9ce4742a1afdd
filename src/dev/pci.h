/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PCI function: configuration space with its write masks, BARs, a
 * capability list, MSI and MSI-X.
 *
 * What a device puts behind its BARs comes as functions; the MSI-X table and
 * its pending bits are kept here and may share a BAR with the device's own
 * registers.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include "dev/bus.h"

#define DEV_PCI_BARS        6
#define DEV_PCI_MAX_VECTORS 16

/* Standard configuration offsets. */
enum {
    DEV_PCI_VENDOR = 0x00, DEV_PCI_COMMAND = 0x04, DEV_PCI_STATUS = 0x06, DEV_PCI_REVISION = 0x08,
    DEV_PCI_CLASS = 0x09, DEV_PCI_HEADER_TYPE = 0x0e, DEV_PCI_BAR0 = 0x10,
    DEV_PCI_SUBSYSTEM = 0x2c, DEV_PCI_CAPABILITIES = 0x34, DEV_PCI_LINE = 0x3c, DEV_PCI_PIN = 0x3d
};
enum { DEV_PCI_CMD_IO = 1, DEV_PCI_CMD_MEMORY = 2, DEV_PCI_CMD_MASTER = 4,
       DEV_PCI_CMD_INTX_OFF = 0x400 };

struct dev_pci_bar {
    uint64_t size;  /* power of two; 0: none */
    bool io, is_64; /* a 64-bit BAR uses the next index too */
    bool prefetch;
    dev_load_fn *load;
    dev_store_fn *store;
};

struct dev_pci_vector {
    uint64_t address;
    uint32_t data;
    bool masked, pending;
};

struct dev_pci {
    struct dev_bus bus;
    void *dev;                 /* what the functions are given */
    uint8_t devfn;             /* where it is plugged; set by the host bridge */
    uint8_t cfg[256], writable[256];
    struct dev_pci_bar bar[DEV_PCI_BARS];
    uint8_t last_cap, next_free;

    uint8_t msi;               /* offset of the capability, 0: none */
    uint8_t msix;
    uint8_t msix_bar;
    uint32_t msix_offset;      /* of the table in its BAR; the pending bits follow it */
    unsigned n_vectors;        /* MSI-X */
    struct dev_pci_vector vector[DEV_PCI_MAX_VECTORS];
    bool intx;
    /* The INTA# wire; NULL: the function has no pin. */
    void (*intx_changed)(void *ctx, uint8_t devfn, bool level);
    void *intx_ctx;
    /* Called after a configuration write (bytes [offset, offset + size)); may be NULL. */
    void (*cfg_written)(void *dev, unsigned offset, unsigned size);
    /* Called before a read of [offset, offset + size); may be NULL. */
    void (*cfg_reading)(void *dev, unsigned offset, unsigned size);
};

struct dev_pci_id {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* 24 bits */
    uint8_t revision;
};

void dev_pci_init(struct dev_pci *pci, struct dev_bus bus, const struct dev_pci_id *id, void *dev);
void dev_pci_add_bar(struct dev_pci *pci, unsigned index, const struct dev_pci_bar *bar);
/* Appends a capability of len bytes (id and next included); returns its offset, 0: no room. */
uint8_t dev_pci_add_capability(struct dev_pci *pci, uint8_t id, unsigned len);
/* One vector, 64-bit address; mask register if per_vector_mask. */
void dev_pci_add_msi(struct dev_pci *pci);
/* Table at offset in the BAR, pending bits behind it. */
void dev_pci_add_msix(struct dev_pci *pci, unsigned n_vectors, unsigned bar, uint32_t offset);
void dev_pci_use_intx(struct dev_pci *pci);
/* Configuration as after RST#. */
void dev_pci_reset(struct dev_pci *pci);

uint32_t dev_pci_cfg_read(struct dev_pci *pci, unsigned offset, unsigned size);
void dev_pci_cfg_write(struct dev_pci *pci, unsigned offset, uint32_t value, unsigned size);

/* Which BAR decodes this address, and where in it?  -1: none. */
int dev_pci_decode(const struct dev_pci *pci, bool io, uint64_t address, uint64_t *offset);
uint64_t dev_pci_bar_load(struct dev_pci *pci, unsigned bar, uint64_t offset, unsigned size);
void dev_pci_bar_store(struct dev_pci *pci, unsigned bar, uint64_t offset, uint64_t value,
                       unsigned size);

bool dev_pci_msix_on(const struct dev_pci *pci);
bool dev_pci_msi_on(const struct dev_pci *pci);
/* Sends MSI-X vector n (kept pending while masked), or the MSI. */
void dev_pci_notify(struct dev_pci *pci, unsigned vector);
/* Level of INTA#; ignored while MSI or MSI-X is on. */
void dev_pci_set_intx(struct dev_pci *pci, bool level);
/* Bus mastering allowed? */
bool dev_pci_may_dma(const struct dev_pci *pci);

#endif
