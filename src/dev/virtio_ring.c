/* SPDX-License-Identifier: Apache-2.0 */
/* Split virtqueues (virtio 1.1, 2.6), without indirect descriptors and event indices. */
#include "dev/virtio.h"

#include <stdio.h>

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };
enum { STATUS_NEEDS_RESET = 0x40 };
#define DESC_SIZE 16u
#define USED_SIZE 8u

static bool read_bus(struct dev_virtio *dev, uint64_t at, void *to, size_t len)
{
    return dev->pci.bus.ops->dma_read(dev->pci.bus.ctx, at, to, len);
}

static bool write_bus(struct dev_virtio *dev, uint64_t at, const void *from, size_t len)
{
    return dev->pci.bus.ops->dma_write(dev->pci.bus.ctx, at, from, len);
}

void dev_virtio_broken(struct dev_virtio *dev, const char *what)
{
    char line[96];

    dev->status |= STATUS_NEEDS_RESET;
    snprintf(line, sizeof(line), "virtio device %u: %s; stopped until it is reset",
             dev->class->type, what);
    dev->pci.bus.ops->trace(dev->pci.bus.ctx, line);
}

static bool read_u16(struct dev_virtio *dev, uint64_t at, uint16_t *out)
{
    uint8_t bytes[2];

    if (!read_bus(dev, at, bytes, sizeof(bytes)))
        return false;
    *out = cb_load_le16(bytes);
    return true;
}

/* Adds descriptor `index`; returns the next one, -1: the chain ends here, -2: nonsense. */
static int add_segment(struct dev_virtio *dev, const struct dev_virtio_queue *q, unsigned index,
                       struct dev_virtio_chain *chain)
{
    uint8_t raw[DESC_SIZE];
    uint16_t flags;
    struct dev_virtio_segment *segment = &chain->segment[chain->n];

    if (index >= q->size || chain->n == q->size || chain->n == DEV_VIRTIO_QUEUE_MAX ||
        !read_bus(dev, q->descriptors + DESC_SIZE * (uint64_t)index, raw, sizeof(raw)))
        return -2;
    flags = cb_load_le16(raw + 12);
    *segment = (struct dev_virtio_segment){
        .at = cb_load_le64(raw), .len = cb_load_le32(raw + 8), .writable = flags & DESC_WRITE};
    if (flags & DESC_INDIRECT || (!segment->writable && chain->writable))
        return -2;
    if (segment->writable)
        chain->writable += segment->len;
    else
        chain->readable += segment->len;
    chain->n++;
    return flags & DESC_NEXT ? cb_load_le16(raw + 14) : -1;
}

bool dev_virtio_take(struct dev_virtio *dev, unsigned queue, struct dev_virtio_chain *chain)
{
    struct dev_virtio_queue *q = &dev->queue[queue];
    uint16_t index;
    int next;

    if (!dev_virtio_live(dev) || !q->ready)
        return false;
    if (!read_u16(dev, q->avail + 2, &index)) {
        dev_virtio_broken(dev, "available ring outside memory");
        return false;
    }
    if (index == q->next_avail)
        return false;
    if ((uint16_t)(index - q->next_avail) > q->size ||
        !read_u16(dev, q->avail + 4 + 2 * (uint64_t)(q->next_avail % q->size), &chain->head)) {
        dev_virtio_broken(dev, "impossible available index");
        return false;
    }
    chain->n = 0;
    chain->readable = chain->writable = 0;
    next = chain->head;
    while (next >= 0)
        next = add_segment(dev, q, (unsigned)next, chain);
    if (next == -2) {
        dev_virtio_broken(dev, "impossible descriptor chain");
        return false;
    }
    q->next_avail++;
    return true;
}

void dev_virtio_untake(struct dev_virtio *dev, unsigned queue)
{
    dev->queue[queue].next_avail--;
}

void dev_virtio_give(struct dev_virtio *dev, unsigned queue, const struct dev_virtio_chain *chain,
                     uint32_t written)
{
    struct dev_virtio_queue *q = &dev->queue[queue];
    uint8_t element[USED_SIZE], index[2];

    cb_store_le32(element, chain->head);
    cb_store_le32(element + 4, written);
    cb_store_le16(index, (uint16_t)(q->next_used + 1));
    /* The element first: the index is what the driver looks at. */
    if (!write_bus(dev, q->used + 4 + USED_SIZE * (uint64_t)(q->next_used % q->size), element,
                   sizeof(element)) ||
        !write_bus(dev, q->used + 2, index, sizeof(index))) {
        dev_virtio_broken(dev, "used ring outside memory");
        return;
    }
    q->next_used++;
    dev_virtio_interrupt(dev, queue);
}

void dev_virtio_interrupt(struct dev_virtio *dev, unsigned queue)
{
    const struct dev_virtio_queue *q = &dev->queue[queue];
    uint16_t flags;

    if (!read_u16(dev, q->avail, &flags) || flags & AVAIL_NO_INTERRUPT)
        return;
    if (dev_pci_msix_on(&dev->pci)) {
        dev_pci_notify(&dev->pci, q->vector);
    } else {
        dev->isr |= 1;
        dev_pci_set_intx(&dev->pci, true);
    }
}

/* Walks one part of the chain; exactly one of to and from is used. */
static bool move(struct dev_virtio *dev, const struct dev_virtio_chain *chain, uint64_t offset,
                 uint8_t *to, const uint8_t *from, size_t len)
{
    bool ok = true;

    for (unsigned i = 0; i < chain->n && len; i++) {
        const struct dev_virtio_segment *s = &chain->segment[i];
        size_t n;

        if (s->writable != (from != NULL))
            continue;
        if (offset >= s->len) {
            offset -= s->len;
            continue;
        }
        n = len < s->len - offset ? len : (size_t)(s->len - offset);
        ok &= from ? write_bus(dev, s->at + offset, from, n) : read_bus(dev, s->at + offset, to, n);
        if (from)
            from += n;
        else
            to += n;
        len -= n;
        offset = 0;
    }
    return ok && len == 0;
}

bool dev_virtio_read(struct dev_virtio *dev, const struct dev_virtio_chain *chain, uint64_t offset,
                     void *to, size_t len)
{
    return move(dev, chain, offset, to, NULL, len);
}

bool dev_virtio_write(struct dev_virtio *dev, const struct dev_virtio_chain *chain,
                      uint64_t offset, const void *from, size_t len)
{
    return move(dev, chain, offset, NULL, from, len);
}
