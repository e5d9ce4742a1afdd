/* SPDX-License-Identifier: Apache-2.0 */
/* Requests are served at once, through a bounce buffer: the host never works on guest memory itself. */
#include "dev/virtio_blk.h"

#include <stdio.h>

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_GET_ID = 8 };
enum { STATUS_OK, STATUS_IOERR, STATUS_UNSUPPORTED };
#define F_SEG_MAX  CB_BIT(2)
#define F_RO       CB_BIT(5)
#define F_BLK_SIZE CB_BIT(6)
#define F_FLUSH    CB_BIT(9)
#define SECTOR     512u
#define HEADER     16u
#define SEG_MAX    128u

static void config(struct dev_virtio *dev, uint8_t *bytes)
{
    const struct dev_virtio_blk *blk = (const struct dev_virtio_blk *)dev;

    cb_store_le64(bytes, blk->disk.size / SECTOR);
    cb_store_le32(bytes + 12, SEG_MAX);
    cb_store_le32(bytes + 20, SECTOR);
}

/* Moves data between disk and guest; false: some of it failed. */
static bool transfer(struct dev_virtio_blk *blk, const struct dev_virtio_chain *chain,
                     uint64_t at, uint64_t len, bool to_guest)
{
    bool ok = true;

    for (uint64_t done = 0; done < len && ok;) {
        const size_t n = len - done < sizeof(blk->bounce) ? (size_t)(len - done)
                                                          : sizeof(blk->bounce);

        if (to_guest)
            ok = blk->disk.ops->read(blk->disk.ctx, at + done, blk->bounce, n) &&
                 dev_virtio_write(&blk->virtio, chain, done, blk->bounce, n);
        else
            ok = dev_virtio_read(&blk->virtio, chain, HEADER + done, blk->bounce, n) &&
                 blk->disk.ops->write(blk->disk.ctx, at + done, blk->bounce, n);
        done += n;
    }
    return ok;
}

static uint8_t read_or_write(struct dev_virtio_blk *blk, const struct dev_virtio_chain *chain,
                             uint64_t sector, bool to_guest)
{
    const uint64_t len = to_guest ? chain->writable - 1 : chain->readable - HEADER;

    if (sector > blk->disk.size / SECTOR || !cb_range_ok(sector * SECTOR, len, blk->disk.size) ||
        len % SECTOR || (!to_guest && blk->disk.read_only))
        return STATUS_IOERR;
    return transfer(blk, chain, sector * SECTOR, len, to_guest) ? STATUS_OK : STATUS_IOERR;
}

static uint8_t get_id(struct dev_virtio_blk *blk, const struct dev_virtio_chain *chain)
{
    if (chain->writable < sizeof(blk->id) + 1)
        return STATUS_IOERR;
    return dev_virtio_write(&blk->virtio, chain, 0, blk->id, sizeof(blk->id)) ? STATUS_OK
                                                                              : STATUS_IOERR;
}

static uint8_t serve(struct dev_virtio_blk *blk, const struct dev_virtio_chain *chain)
{
    uint8_t header[HEADER];
    uint64_t sector;

    if (!dev_virtio_read(&blk->virtio, chain, 0, header, sizeof(header)))
        return STATUS_IOERR;
    sector = cb_load_le64(header + 8);
    switch (cb_load_le32(header)) {
    case TYPE_IN:
        return read_or_write(blk, chain, sector, true);
    case TYPE_OUT:
        return read_or_write(blk, chain, sector, false);
    case TYPE_FLUSH:
        return blk->disk.ops->flush(blk->disk.ctx) ? STATUS_OK : STATUS_IOERR;
    case TYPE_GET_ID:
        return get_id(blk, chain);
    default:
        return STATUS_UNSUPPORTED;
    }
}

static void notify(struct dev_virtio *dev, unsigned queue)
{
    struct dev_virtio_blk *blk = (struct dev_virtio_blk *)dev;
    struct dev_virtio_chain chain;

    while (dev_virtio_take(dev, queue, &chain)) {
        uint8_t status;

        if (chain.writable < 1 || chain.readable < HEADER) {
            dev_virtio_broken(dev, "a request without header or status");
            return;
        }
        status = serve(blk, &chain);
        (void)dev_virtio_write(dev, &chain, chain.writable - 1, &status, 1);
        dev_virtio_give(dev, queue, &chain, (uint32_t)chain.writable);
    }
}

void dev_virtio_blk_init(struct dev_virtio_blk *blk, struct dev_bus bus,
                         const struct dev_disk *disk, unsigned number)
{
    blk->disk = *disk;
    blk->class = (struct dev_virtio_class){
        .type = DEV_VIRTIO_BLOCK,
        .pci_class = 0x010000,
        .n_queues = 1,
        .features = F_SEG_MAX | F_BLK_SIZE | F_FLUSH | (disk->read_only ? F_RO : 0),
        .config_len = 24,
        .config = config,
        .notify = notify,
    };
    memset(blk->id, 0, sizeof(blk->id));
    snprintf(blk->id, sizeof(blk->id), "cbit-disk%u", number);
    dev_virtio_init(&blk->virtio, bus, &blk->class);
}
