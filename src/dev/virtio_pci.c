/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio 1.1, 4.1: modern PCI transport.  One 64-bit memory BAR:
 *
 *   0000h common configuration   1000h ISR   2000h device configuration
 *   3000h notifications, 4 bytes a queue     4000h MSI-X table and pending bits
 */
#include "dev/virtio.h"

enum { COMMON = 0x0000, ISR = 0x1000, DEVICE = 0x2000, NOTIFY = 0x3000, MSIX = 0x4000,
       BAR_SIZE = 0x8000 };
enum { CAP_VENDOR = 0x09, CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };
enum { STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8, STATUS_NEEDS_RESET = 0x40 };
enum { FEATURE_SELECT = 0x00, FEATURE = 0x04, DRIVER_SELECT = 0x08, DRIVER_FEATURE = 0x0c,
       CONFIG_VECTOR = 0x10, NUM_QUEUES = 0x12, STATUS = 0x14, GENERATION = 0x15,
       QUEUE_SELECT = 0x16, QUEUE_SIZE = 0x18, QUEUE_VECTOR = 0x1a, QUEUE_ENABLE = 0x1c,
       QUEUE_NOTIFY_OFF = 0x1e, QUEUE_DESC = 0x20, QUEUE_DRIVER = 0x28, QUEUE_DEVICE = 0x30,
       COMMON_SIZE = 0x38 };
#define NO_VECTOR 0xffffu

static uint64_t offered(const struct dev_virtio *dev)
{
    return dev->class->features | DEV_VIRTIO_F_VERSION_1 | DEV_VIRTIO_F_ACCESS_PLATFORM;
}

bool dev_virtio_live(const struct dev_virtio *dev)
{
    return (dev->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK &&
           dev_pci_may_dma(&dev->pci);
}

/* The selected queue; NULL: there is none of that number. */
static struct dev_virtio_queue *selected(struct dev_virtio *dev)
{
    return dev->queue_select < dev->class->n_queues ? &dev->queue[dev->queue_select] : NULL;
}

static uint64_t read_common(struct dev_virtio *dev, unsigned offset)
{
    const struct dev_virtio_queue *q = selected(dev);

    switch (offset) {
    case FEATURE_SELECT:
        return dev->feature_select;
    case FEATURE:
        return dev->feature_select < 2 ? (uint32_t)(offered(dev) >> (32 * dev->feature_select)) : 0;
    case DRIVER_SELECT:
        return dev->driver_select;
    case DRIVER_FEATURE:
        return dev->driver_select < 2 ? (uint32_t)(dev->driver_features >> (32 * dev->driver_select))
                                      : 0;
    case CONFIG_VECTOR:
        return dev->config_vector;
    case NUM_QUEUES:
        return dev->class->n_queues;
    case STATUS:
        return dev->status;
    case QUEUE_SELECT:
        return dev->queue_select;
    default:
        break;
    }
    if (!q)
        return 0;
    switch (offset) {
    case QUEUE_SIZE:
        return q->size;
    case QUEUE_VECTOR:
        return q->vector;
    case QUEUE_ENABLE:
        return q->ready;
    case QUEUE_NOTIFY_OFF:
        return dev->queue_select;
    case QUEUE_DESC:
        return q->descriptors;
    case QUEUE_DESC + 4:
        return q->descriptors >> 32;
    case QUEUE_DRIVER:
        return q->avail;
    case QUEUE_DRIVER + 4:
        return q->avail >> 32;
    case QUEUE_DEVICE:
        return q->used;
    case QUEUE_DEVICE + 4:
        return q->used >> 32;
    default:
        return 0;
    }
}

static void write_status(struct dev_virtio *dev, uint8_t value)
{
    if (value == 0) {
        dev_virtio_reset(dev);
        return;
    }
    if (value & STATUS_FEATURES_OK && !(dev->status & STATUS_FEATURES_OK) &&
        (dev->driver_features & ~offered(dev) || !(dev->driver_features & DEV_VIRTIO_F_VERSION_1)))
        value &= (uint8_t)~STATUS_FEATURES_OK; /* the driver reads back that it was refused */
    dev->status = (uint8_t)(value | (dev->status & STATUS_NEEDS_RESET));
}

static uint16_t vector_or_none(const struct dev_virtio *dev, uint64_t value)
{
    return value < dev->pci.n_vectors ? (uint16_t)value : NO_VECTOR;
}

static void set_half(uint64_t *address, bool high, uint64_t value, unsigned size)
{
    if (size == 8)
        *address = value;
    else if (high)
        *address = (*address & CB_MASK(32)) | value << 32;
    else
        *address = (*address & ~CB_MASK(32)) | (value & CB_MASK(32));
}

static void write_queue(struct dev_virtio *dev, struct dev_virtio_queue *q, unsigned offset,
                        uint64_t value, unsigned size)
{
    if (offset == QUEUE_VECTOR) {
        q->vector = vector_or_none(dev, value);
        return;
    }
    if (q->ready)
        return; /* the rest is fixed while the queue runs */
    switch (offset & ~4u) {
    case QUEUE_SIZE:
        if (offset == QUEUE_ENABLE)
            q->ready = value == 1;
        else if (value && value <= DEV_VIRTIO_QUEUE_MAX && !(value & (value - 1)))
            q->size = (uint16_t)value;
        break;
    case QUEUE_DESC & ~4u:
        set_half(&q->descriptors, offset & 4, value, size);
        break;
    case QUEUE_DRIVER & ~4u:
        set_half(&q->avail, offset & 4, value, size);
        break;
    case QUEUE_DEVICE & ~4u:
        set_half(&q->used, offset & 4, value, size);
        break;
    default:
        break;
    }
}

static void write_driver_features(struct dev_virtio *dev, uint32_t value)
{
    if (dev->driver_select < 2 && !(dev->status & STATUS_FEATURES_OK))
        set_half(&dev->driver_features, dev->driver_select, value, 4);
}

static void write_common(struct dev_virtio *dev, unsigned offset, uint64_t value, unsigned size)
{
    struct dev_virtio_queue *q = selected(dev);

    switch (offset) {
    case FEATURE_SELECT:
        dev->feature_select = (uint32_t)value;
        break;
    case DRIVER_SELECT:
        dev->driver_select = (uint32_t)value;
        break;
    case DRIVER_FEATURE:
        write_driver_features(dev, (uint32_t)value);
        break;
    case CONFIG_VECTOR:
        dev->config_vector = vector_or_none(dev, value);
        break;
    case STATUS:
        write_status(dev, (uint8_t)value);
        break;
    case QUEUE_SELECT:
        dev->queue_select = (uint16_t)value;
        break;
    default:
        if (q && offset >= QUEUE_SIZE)
            write_queue(dev, q, offset, value, size);
        break;
    }
}

static uint64_t read_config(struct dev_virtio *dev, uint64_t offset, unsigned size)
{
    uint8_t bytes[64 + 8] = {0};

    CBIT_ASSERT(dev->class->config_len <= 64);
    if (offset >= dev->class->config_len)
        return 0;
    dev->class->config(dev, bytes);
    return cb_load_le64(bytes + offset) & CB_MASK(8 * size);
}

static uint64_t read_isr(struct dev_virtio *dev)
{
    const uint8_t isr = dev->isr;

    dev->isr = 0;
    dev_pci_set_intx(&dev->pci, false);
    return isr;
}

static uint64_t bar_load(void *ctx, uint64_t offset, unsigned size)
{
    struct dev_virtio *dev = ctx;

    if (offset < COMMON_SIZE)
        return read_common(dev, (unsigned)offset);
    if (offset == ISR)
        return read_isr(dev);
    if (offset >= DEVICE && offset < NOTIFY)
        return read_config(dev, offset - DEVICE, size);
    return 0;
}

static void bar_store(void *ctx, uint64_t offset, uint64_t value, unsigned size)
{
    struct dev_virtio *dev = ctx;

    if (offset < COMMON_SIZE) {
        write_common(dev, (unsigned)offset, value, size);
    } else if (offset >= NOTIFY && offset < MSIX) {
        const uint64_t queue = (offset - NOTIFY) / 4;

        if (queue < dev->class->n_queues && dev_virtio_live(dev) && dev->queue[queue].ready)
            dev->class->notify(dev, (unsigned)queue);
    }
}

static void add_capability(struct dev_virtio *dev, uint8_t type, uint32_t offset, uint32_t len)
{
    const unsigned size = type == CAP_NOTIFY ? 20 : 16;
    uint8_t *cap = dev->pci.cfg + dev_pci_add_capability(&dev->pci, CAP_VENDOR, size);

    cap[2] = (uint8_t)size;
    cap[3] = type;
    cb_store_le32(cap + 8, offset);
    cb_store_le32(cap + 12, len);
    if (type == CAP_NOTIFY)
        cb_store_le32(cap + 16, 4); /* bytes between two queues' addresses */
}

void dev_virtio_init(struct dev_virtio *dev, struct dev_bus bus,
                     const struct dev_virtio_class *class)
{
    const struct dev_pci_id id = {
        .vendor = 0x1af4,
        .device = (uint16_t)(0x1040 + class->type),
        .subsystem_vendor = 0x1af4,
        .subsystem = (uint16_t)(0x1100),
        .class_code = class->pci_class,
        .revision = 1,
    };
    const struct dev_pci_bar bar = {
        .size = BAR_SIZE, .is_64 = true, .prefetch = true, .load = bar_load, .store = bar_store};

    memset(dev, 0, sizeof(*dev));
    dev->class = class;
    dev_pci_init(&dev->pci, bus, &id, dev);
    dev_pci_add_bar(&dev->pci, 0, &bar);
    dev_pci_use_intx(&dev->pci);
    dev_pci_add_msix(&dev->pci, class->n_queues + 1, 0, MSIX);
    add_capability(dev, CAP_COMMON, COMMON, COMMON_SIZE);
    add_capability(dev, CAP_ISR, ISR, 1);
    add_capability(dev, CAP_DEVICE, DEVICE, 0x1000);
    add_capability(dev, CAP_NOTIFY, NOTIFY, 4 * class->n_queues);
    dev_virtio_reset(dev);
}

void dev_virtio_reset(struct dev_virtio *dev)
{
    dev->status = dev->isr = 0;
    dev->feature_select = dev->driver_select = 0;
    dev->driver_features = 0;
    dev->queue_select = 0;
    dev->config_vector = NO_VECTOR;
    for (unsigned i = 0; i < DEV_VIRTIO_QUEUES; i++)
        dev->queue[i] = (struct dev_virtio_queue){.size = DEV_VIRTIO_QUEUE_MAX, .vector = NO_VECTOR};
    dev_pci_set_intx(&dev->pci, false);
    if (dev->class->reset)
        dev->class->reset(dev);
}
