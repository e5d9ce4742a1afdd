/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware configuration interface at ports 510h, 511h and 514h (QEMU
 * docs/specs/fw_cfg): items that firmware and test kernels read, by port or by
 * DMA.  Read-only.
 */
#ifndef DEV_FW_CFG_H
#define DEV_FW_CFG_H

#include "dev/bus.h"

#define DEV_FW_CFG_PORT  0x510
#define DEV_FW_CFG_PORTS 12
#define DEV_FW_CFG_MAX   32

enum {
    DEV_FW_CFG_SIGNATURE = 0x00, DEV_FW_CFG_ID = 0x01, DEV_FW_CFG_RAM_SIZE = 0x03,
    DEV_FW_CFG_NB_CPUS = 0x05, DEV_FW_CFG_MAX_CPUS = 0x0f, DEV_FW_CFG_DIRECTORY = 0x19,
    DEV_FW_CFG_FILE_FIRST = 0x20
};

struct dev_fw_cfg_item {
    uint16_t key;
    const uint8_t *data; /* borrowed */
    uint32_t len;
};

struct dev_fw_cfg {
    struct dev_bus bus;
    struct dev_fw_cfg_item item[DEV_FW_CFG_MAX];
    unsigned n_items, n_files;
    uint8_t small[DEV_FW_CFG_MAX][8];             /* numbers */
    uint8_t directory[4 + 64 * DEV_FW_CFG_MAX];
    uint16_t selected;
    uint32_t offset;
    uint32_t dma_high;
};

void dev_fw_cfg_init(struct dev_fw_cfg *fw, struct dev_bus bus, uint64_t ram, uint16_t cpus);
void dev_fw_cfg_reset(struct dev_fw_cfg *fw);
/* False: no room. */
bool dev_fw_cfg_add(struct dev_fw_cfg *fw, uint16_t key, const void *data, uint32_t len);
bool dev_fw_cfg_add_file(struct dev_fw_cfg *fw, const char *name, const void *data, uint32_t len);

dev_in_fn dev_fw_cfg_in; /* offset from DEV_FW_CFG_PORT; width 4 */
dev_out_fn dev_fw_cfg_out;

#endif
