/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a system physical address leads: DRAM through the memory controller,
 * ROM, a device, or nowhere.  Implements the CPU's view of the machine
 * (struct x86_ops) and the devices' DMA for the bare-metal machine.
 *
 * Encryption belongs to DRAM: an access with C=1 that misses DRAM reaches no
 * device.  A device's bus address may carry the C-bit while SMEE is on.
 */
#ifndef BOARD_FABRIC_H
#define BOARD_FABRIC_H

#include "board/check.h"
#include "board/platform.h"
#include "asp/asp.h"
#include "mc/mc.h"
#include "x86/x86.h"

struct board_fabric_stats {
    uint64_t mmio_c;   /* device accesses with C=1 */
    uint64_t unmapped; /* accesses that nothing decodes */
};

struct board_fabric {
    struct mc *mc;
    struct asp *asp;          /* hears of WBINVD */
    struct board_platform *platform;
    struct x86_cpu *cpu;      /* set once it exists */
    struct x86_ops ops;
    struct board_check *check; /* NULL: off; else ops are its own, and these the fabric's: */
    struct x86_ops plain;
    unsigned c_bit;           /* its position in a bus address */
    const uint8_t *rom;       /* mapped so that it ends at 4 GiB; NULL: none */
    uint64_t rom_size;        /* whole pages */
    bool seeded;
    uint64_t random_state;
    void (*trace)(void *ctx, const char *room, const char *line);
    void *trace_ctx;
    unsigned complaints;      /* trace lines about odd accesses so far */
    struct board_fabric_stats stats;
};

struct board_fabric_config {
    struct mc *mc;
    struct asp *asp;
    struct board_platform *platform;
    unsigned c_bit;
    bool seeded;              /* RDRAND follows from seed */
    uint64_t seed;
    void (*trace)(void *ctx, const char *room, const char *line); /* NULL: silent */
    void *trace_ctx;
};

void board_fabric_init(struct board_fabric *fabric, const struct board_fabric_config *config);
/* For x86_config: ops of the machine; their ctx is the fabric. */
const struct x86_ops *board_fabric_ops(const struct board_fabric *fabric);
/* The CPU hears of turned and written frames from now on. */
void board_fabric_attach_cpu(struct board_fabric *fabric, struct x86_cpu *cpu);

/* False: some byte was not DRAM. */
bool board_dma_read(struct board_fabric *fabric, uint64_t bus, void *to, size_t len);
bool board_dma_write(struct board_fabric *fabric, uint64_t bus, const void *from, size_t len);

#endif
