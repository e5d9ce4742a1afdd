/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DMA request names an address that the guest chose freely: the descriptor
 * is copied once, data move through a bounce buffer, and what is not DRAM sets
 * the error bit.
 */
#include "dev/fw_cfg.h"

enum { SELECT = 0, DATA = 1, DMA_HIGH = 4, DMA_LOW = 8 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };
#define MAX_TRANSFER (16u << 20) /* bytes that one request may take */

bool dev_fw_cfg_add(struct dev_fw_cfg *fw, uint16_t key, const void *data, uint32_t len)
{
    if (fw->n_items == DEV_FW_CFG_MAX)
        return false;
    fw->item[fw->n_items++] = (struct dev_fw_cfg_item){.key = key, .data = data, .len = len};
    return true;
}

static void add_number(struct dev_fw_cfg *fw, uint16_t key, uint64_t value, uint32_t len)
{
    uint8_t *at = fw->small[fw->n_items];

    cb_store_le64(at, value);
    CBIT_ASSERT(dev_fw_cfg_add(fw, key, at, len));
}

bool dev_fw_cfg_add_file(struct dev_fw_cfg *fw, const char *name, const void *data, uint32_t len)
{
    uint8_t *entry = fw->directory + 4 + 64 * (size_t)fw->n_files;
    const uint16_t key = (uint16_t)(DEV_FW_CFG_FILE_FIRST + fw->n_files);

    if (strlen(name) > 55 || !dev_fw_cfg_add(fw, key, data, len))
        return false;
    cb_store_be32(entry, len);
    entry[4] = (uint8_t)(key >> 8);
    entry[5] = (uint8_t)key;
    memcpy(entry + 8, name, strlen(name));
    cb_store_be32(fw->directory, ++fw->n_files);
    return true;
}

void dev_fw_cfg_init(struct dev_fw_cfg *fw, struct dev_bus bus, uint64_t ram, uint16_t cpus)
{
    memset(fw, 0, sizeof(*fw));
    fw->bus = bus;
    CBIT_ASSERT(dev_fw_cfg_add(fw, DEV_FW_CFG_SIGNATURE, "QEMU", 4)); /* the interface's magic */
    add_number(fw, DEV_FW_CFG_ID, 3, 4);                             /* ports and DMA */
    add_number(fw, DEV_FW_CFG_RAM_SIZE, ram, 8);
    add_number(fw, DEV_FW_CFG_NB_CPUS, cpus, 2);
    add_number(fw, DEV_FW_CFG_MAX_CPUS, cpus, 2);
    CBIT_ASSERT(dev_fw_cfg_add(fw, DEV_FW_CFG_DIRECTORY, fw->directory, sizeof(fw->directory)));
}

void dev_fw_cfg_reset(struct dev_fw_cfg *fw)
{
    fw->selected = 0;
    fw->offset = fw->dma_high = 0;
}

static const struct dev_fw_cfg_item *selected(const struct dev_fw_cfg *fw)
{
    for (unsigned i = 0; i < fw->n_items; i++)
        if (fw->item[i].key == fw->selected)
            return &fw->item[i];
    return NULL;
}

/* The next bytes of the selected item; zeroes behind its end. */
static void take(struct dev_fw_cfg *fw, uint8_t *to, uint32_t len)
{
    const struct dev_fw_cfg_item *item = selected(fw);
    const uint32_t left = item && fw->offset < item->len ? item->len - fw->offset : 0;
    const uint32_t n = len < left ? len : left;

    if (n)
        memcpy(to, item->data + fw->offset, n);
    memset(to + n, 0, len - n);
    fw->offset += n;
}

static bool transfer(struct dev_fw_cfg *fw, uint64_t at, uint32_t len)
{
    uint8_t bounce[512];
    bool ok = true;

    while (len) {
        const uint32_t n = len < sizeof(bounce) ? len : (uint32_t)sizeof(bounce);

        take(fw, bounce, n);
        ok &= fw->bus.ops->dma_write(fw->bus.ctx, at, bounce, n);
        at += n;
        len -= n;
    }
    return ok;
}

static void skip(struct dev_fw_cfg *fw, uint32_t len)
{
    fw->offset = len > UINT32_MAX - fw->offset ? UINT32_MAX : fw->offset + len;
}

/* Descriptor, big-endian: control u32, length u32, address u64. */
static void dma(struct dev_fw_cfg *fw, uint64_t at)
{
    uint8_t descriptor[16], result[4];
    uint32_t control, len;
    bool ok = true;

    if (!fw->bus.ops->dma_read(fw->bus.ctx, at, descriptor, sizeof(descriptor)))
        return;
    control = cb_load_be32(descriptor);
    len = cb_load_be32(descriptor + 4);
    if (control & DMA_SELECT) {
        fw->selected = (uint16_t)(control >> 16);
        fw->offset = 0;
    }
    if (control & DMA_WRITE || (control & DMA_READ && len > MAX_TRANSFER))
        ok = false;
    else if (control & DMA_READ)
        ok = transfer(fw, (uint64_t)cb_load_be32(descriptor + 8) << 32 | cb_load_be32(descriptor + 12),
                      len);
    else if (control & DMA_SKIP)
        skip(fw, len);
    cb_store_be32(result, ok ? 0 : DMA_ERROR);
    (void)fw->bus.ops->dma_write(fw->bus.ctx, at, result, sizeof(result));
}

uint32_t dev_fw_cfg_in(void *dev, uint16_t offset, unsigned size)
{
    struct dev_fw_cfg *fw = dev;
    uint8_t bytes[4] = {0};

    if (offset == DMA_HIGH && size == 4)
        return 0x554d4551; /* "QEMU CFG", big-endian: DMA is there */
    if (offset == DMA_LOW && size == 4)
        return 0x47464320;
    if (offset != DATA)
        return 0xffffffff;
    take(fw, bytes, 1); /* a byte at a time, whatever the width */
    return bytes[0];
}

static uint32_t swap(uint32_t v)
{
    uint8_t b[4];

    cb_store_le32(b, v);
    return cb_load_be32(b);
}

void dev_fw_cfg_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    struct dev_fw_cfg *fw = dev;

    if (offset == SELECT && size == 2) {
        fw->selected = (uint16_t)value;
        fw->offset = 0;
    } else if (offset == DMA_HIGH && size == 4) {
        fw->dma_high = swap(value);
    } else if (offset == DMA_LOW && size == 4) {
        dma(fw, (uint64_t)fw->dma_high << 32 | swap(value));
        fw->dma_high = 0;
    }
}
