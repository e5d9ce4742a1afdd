/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of a PC and the wires between them: ports, memory-mapped
 * registers, interrupt lines.  Memory and the CPU are the owner's: the
 * bare-metal machine gives the fabric, a hypervisor its guest's memory.
 */
#ifndef BOARD_PLATFORM_H
#define BOARD_PLATFORM_H

#include "board/clock.h"

#define BOARD_MAX_PORT_REGIONS 64
#define BOARD_MAX_MMIO_REGIONS 8
#define BOARD_INTX_FIRST       10 /* INTA# of PCI devices: even ones line 10, odd ones 11 */
#define BOARD_INTX_LINES       2

/* What the platform needs from whoever owns it; all are given ctx. */
struct board_platform_ops {
    bool (*dma_read)(void *ctx, uint64_t bus, void *to, size_t len);
    bool (*dma_write)(void *ctx, uint64_t bus, const void *from, size_t len);
    void (*intr)(void *ctx, bool level); /* the CPU's INTR pin */
    void (*nmi)(void *ctx);
    void (*smi)(void *ctx);
    void (*request)(void *ctx, enum dev_request request, uint32_t value);
    void (*console)(void *ctx, uint8_t byte);
    void (*trace)(void *ctx, const char *line);
};

struct board_platform_config {
    const struct board_platform_ops *ops;
    void *ctx;
    uint64_t (*instructions)(void *ctx); /* executed so far: what the clock counts */
    bool deterministic;                  /* the clock looks at nothing else */
    int64_t rtc_epoch;                   /* seconds since 1970 */
    uint64_t below_4g, above_4g;         /* RAM, for the CMOS */
    bool acpi;                           /* I/O APIC, HPET and power management too */
    unsigned n_cpus;
    void (*debugcon)(void *ctx, uint8_t byte); /* ports E9h and 402h; NULL: none */
    bool testdev;                        /* the device of test kernels, which drives IRQ lines itself */
};

struct board_port_region {
    uint16_t base;
    uint8_t width;  /* widest access that the device takes; wider ones are split */
    dev_in_fn *in;  /* NULL: all ones */
    dev_out_fn *out;
    void *dev;
};

struct board_mmio_region {
    uint64_t base, size;
    unsigned width; /* 4 or 8 */
    dev_load_fn *load;
    dev_store_fn *store;
    void *dev;
};

struct board_platform_stats {
    uint64_t mmio, ports, irqs, msis, dma_bytes;
};

struct board_platform {
    struct board_platform_config config;
    struct dev_bus bus, timer_bus; /* timer_bus: for PIT and RTC, whose lines the HPET may take */
    struct board_clock clock;
    struct dev_i8259 pic;
    struct dev_i8254 pit;
    struct dev_cmos cmos;
    struct dev_i8042 kbc;
    struct dev_uart uart;
    struct dev_lapic lapic;
    struct dev_ioapic ioapic;
    struct dev_hpet hpet;
    struct dev_acpi_pm pm;
    struct dev_fw_cfg fw_cfg;
    struct dev_testdev testdev;
    struct dev_pci_host pci;
    uint32_t intx[BOARD_INTX_LINES]; /* which PCI devices (0-31) pull the line */
    struct board_port_region port[BOARD_MAX_PORT_REGIONS];
    unsigned n_ports;
    uint8_t port_map[65536]; /* index + 1 into port[], 0: nothing there */
    struct board_mmio_region mmio[BOARD_MAX_MMIO_REGIONS];
    unsigned n_mmio;
    bool intr;
    struct board_platform_stats stats;
};

enum cbit_status board_platform_new(const struct board_platform_config *config,
                                    struct board_platform **out) CBIT_MUST_CHECK;
void board_platform_free(struct board_platform *p);
void board_platform_reset(struct board_platform *p);

/* More devices, at construction. */
void board_add_ports(struct board_platform *p, uint16_t first, unsigned n,
                     const struct board_port_region *region);
void board_add_mmio(struct board_platform *p, const struct board_mmio_region *region);
/* Plugs a function and gives it an interrupt line. */
void board_add_pci(struct board_platform *p, uint8_t devfn, struct dev_pci *pci);

uint32_t board_port_in(struct board_platform *p, uint16_t port, unsigned size);
void board_port_out(struct board_platform *p, uint16_t port, uint32_t value, unsigned size);

/*
 * Memory-mapped registers, any length; false: nothing decodes the address.
 * from_cpu: the local APIC's page answers.
 */
bool board_mmio_read(struct board_platform *p, uint64_t at, void *to, unsigned len, bool from_cpu);
bool board_mmio_write(struct board_platform *p, uint64_t at, const void *from, unsigned len,
                      bool from_cpu);

/* A write to FEEx_xxxx: a message-signalled interrupt. */
void board_msi(struct board_platform *p, uint64_t address, uint32_t data);
static inline bool board_is_msi_address(uint64_t address)
{
    return address >> 20 == 0xfee;
}

/* Interrupt acknowledge: LAPIC first, then the 8259s; -1: nothing. */
int board_intr_ack(struct board_platform *p);

#endif
