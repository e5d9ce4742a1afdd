/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/fake_bus.h"

/* Where the driver of these tests keeps its things in the fake bus's memory. */
enum { DESC = 0x1000, AVAIL = 0x2000, USED = 0x3000, DATA = 0x4000 };

struct fixture {
    struct fake_bus fake;
    struct dev_virtio_blk blk;
    struct dev_virtio_console console;
    struct dev_virtio_net net;
    uint8_t disk[8192];
    unsigned flushes;
    uint8_t out[256];
    size_t out_len;
    uint16_t avail;
};

static bool disk_read(void *ctx, uint64_t offset, void *to, size_t len)
{
    memcpy(to, ((struct fixture *)ctx)->disk + offset, len);
    return true;
}

static bool disk_write(void *ctx, uint64_t offset, const void *from, size_t len)
{
    memcpy(((struct fixture *)ctx)->disk + offset, from, len);
    return true;
}

static bool disk_flush(void *ctx)
{
    ((struct fixture *)ctx)->flushes++;
    return true;
}

static const struct dev_disk_ops disk_ops = {disk_read, disk_write, disk_flush};

static void on_output(void *ctx, const uint8_t *bytes, size_t len)
{
    struct fixture *f = ctx;

    assert_true(len <= sizeof(f->out));
    memcpy(f->out, bytes, len);
    f->out_len = len;
}

static uint64_t load(struct dev_virtio *dev, uint64_t offset, unsigned size)
{
    return dev_pci_bar_load(&dev->pci, 0, offset, size);
}

static void store(struct dev_virtio *dev, uint64_t offset, uint64_t value, unsigned size)
{
    dev_pci_bar_store(&dev->pci, 0, offset, value, size);
}

/* What a driver does at start, one queue of 8 entries. */
static void start(struct fixture *f, struct dev_virtio *dev, unsigned queue)
{
    dev_pci_cfg_write(&dev->pci, DEV_PCI_COMMAND, 6, 2);
    store(dev, 0x14, 0, 1);
    store(dev, 0x14, 3, 1);
    store(dev, 0x08, 1, 4);
    store(dev, 0x0c, 3, 4); /* VERSION_1, ACCESS_PLATFORM */
    store(dev, 0x14, 0xb, 1);
    assert_int_equal(load(dev, 0x14, 1), 0xb);
    store(dev, 0x16, queue, 2);
    store(dev, 0x18, 8, 2);
    store(dev, 0x20, DESC, 4);
    store(dev, 0x28, AVAIL, 4);
    store(dev, 0x30, USED, 4);
    store(dev, 0x1c, 1, 2);
    store(dev, 0x14, 0xf, 1);
    f->avail = 0;
}

static void descriptor(struct fixture *f, unsigned i, uint64_t at, uint32_t len, uint16_t flags,
                       uint16_t next)
{
    uint8_t *d = f->fake.memory + DESC + 16 * i;

    cb_store_le64(d, at);
    cb_store_le32(d + 8, len);
    cb_store_le16(d + 12, flags);
    cb_store_le16(d + 14, next);
}

static void offer(struct fixture *f, struct dev_virtio *dev, unsigned queue, uint16_t head)
{
    cb_store_le16(f->fake.memory + AVAIL + 4 + 2 * (f->avail % 8), head);
    cb_store_le16(f->fake.memory + AVAIL + 2, ++f->avail);
    store(dev, 0x3000 + 4 * queue, queue, 2);
}

static unsigned used_index(const struct fixture *f)
{
    return cb_load_le16(f->fake.memory + USED + 2);
}

static struct fixture *setup(void)
{
    static struct fixture f;
    const struct dev_disk disk = {.ops = &disk_ops, .ctx = &f, .size = sizeof(f.disk)};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    const struct dev_bus bus = fake_bus_make(&f.fake);

    f.flushes = 0;
    f.out_len = 0;
    for (size_t i = 0; i < sizeof(f.disk); i++)
        f.disk[i] = (uint8_t)(i / 512);
    dev_virtio_blk_init(&f.blk, bus, &disk, 0);
    dev_virtio_console_init(&f.console, bus, on_output, &f);
    dev_virtio_net_init(&f.net, bus, mac, on_output, &f);
    return &f;
}

static void block_request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len)
{
    uint8_t *header = f->fake.memory + DATA;

    cb_store_le32(header, type);
    cb_store_le64(header + 8, sector);
    f->fake.memory[DATA + 0x100] = 0xee;
    descriptor(f, 0, DATA, 16, 1, 1);
    descriptor(f, 1, DATA + 0x1000, len, type == 0 ? 3 : 1, 2);
    descriptor(f, 2, DATA + 0x100, 1, 2, 0);
    offer(f, &f->blk.virtio, 0, 0);
}

static uint8_t block_status(const struct fixture *f)
{
    return f->fake.memory[DATA + 0x100];
}

static void features_include_access_platform_and_nonsense_is_refused(void **state)
{
    struct fixture *f = setup();
    struct dev_virtio *dev = &f->blk.virtio;

    (void)state;
    store(dev, 0x00, 1, 4);
    assert_int_equal(load(dev, 0x04, 4), 3);
    store(dev, 0x14, 3, 1);
    store(dev, 0x08, 1, 4);
    store(dev, 0x0c, 7, 4); /* one bit too many */
    store(dev, 0x14, 0xb, 1);
    assert_int_equal(load(dev, 0x14, 1), 3); /* FEATURES_OK did not stick */
    assert_int_equal(load(dev, 0x2000, 8), 16); /* capacity in sectors */
}

static void a_disk_is_read_and_written(void **state)
{
    struct fixture *f = setup();

    (void)state;
    start(f, &f->blk.virtio, 0);
    block_request(f, 0, 3, 1024);
    assert_int_equal(block_status(f), 0);
    assert_int_equal(f->fake.memory[DATA + 0x1000], 3);
    assert_int_equal(f->fake.memory[DATA + 0x1000 + 1023], 4);
    assert_int_equal(used_index(f), 1);
    assert_int_equal(cb_load_le32(f->fake.memory + USED + 8), 1025);
    memset(f->fake.memory + DATA + 0x1000, 0x77, 512);
    block_request(f, 1, 15, 512);
    assert_int_equal(block_status(f), 0);
    assert_int_equal(f->disk[8191], 0x77);
    block_request(f, 4, 0, 0);
    assert_int_equal(f->flushes, 1);
}

static void requests_beyond_the_disk_fail_without_touching_it(void **state)
{
    static const struct {
        uint64_t sector;
        uint32_t len;
    } cases[] = {{16, 512}, {15, 1024}, {UINT64_MAX, 512}, {UINT64_C(1) << 55, 512}, {0, 100}};
    struct fixture *f = setup();

    (void)state;
    start(f, &f->blk.virtio, 0);
    for (unsigned i = 0; i < CB_ARRAY_LEN(cases); i++) {
        block_request(f, 1, cases[i].sector, cases[i].len);
        assert_int_equal(block_status(f), 1);
    }
    block_request(f, 99, 0, 512);
    assert_int_equal(block_status(f), 2);
}

static void a_read_only_disk_says_so_and_refuses_writes(void **state)
{
    struct fixture *f = setup();
    const struct dev_disk disk = {
        .ops = &disk_ops, .ctx = f, .size = sizeof(f->disk), .read_only = true};

    (void)state;
    dev_virtio_blk_init(&f->blk, f->blk.virtio.pci.bus, &disk, 0);
    assert_int_equal(load(&f->blk.virtio, 0x04, 4) & 0x20, 0x20);
    start(f, &f->blk.virtio, 0);
    block_request(f, 1, 0, 512);
    assert_int_equal(block_status(f), 1);
    assert_int_equal(f->disk[0], 0);
}

static void impossible_rings_stop_the_device_until_reset(void **state)
{
    struct fixture *f = setup();
    struct dev_virtio *dev = &f->blk.virtio;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        start(f, dev, 0);
        memset(f->fake.memory + USED, 0, 64);
        dev->queue[0].next_used = 0;
        descriptor(f, 0, DATA, 16, 1, 1);
        descriptor(f, 1, DATA, 512, 1, 0); /* a loop */
        switch (i) {
        case 1:
            descriptor(f, 1, DATA, 512, 1, 200); /* out of the table */
            break;
        case 2:
            descriptor(f, 1, DATA, 512, 3, 2); /* writable before readable */
            descriptor(f, 2, DATA, 512, 0, 0);
            break;
        case 3:
            descriptor(f, 1, DATA, 512, 4, 0); /* indirect was not offered */
            break;
        case 4:
            f->avail = 500; /* more than the ring holds */
            break;
        case 5:
            descriptor(f, 0, DATA, 4, 0, 0); /* no header, no status */
            break;
        default:
            break;
        }
        offer(f, dev, 0, 0);
        assert_int_equal(load(dev, 0x14, 1) & 0x40, 0x40);
        assert_int_equal(used_index(f), 0);
        offer(f, dev, 0, 0);
        assert_int_equal(used_index(f), 0);
    }
    store(dev, 0x14, 0, 1);
    assert_int_equal(load(dev, 0x14, 1), 0);
}

static void rings_outside_memory_stop_the_device(void **state)
{
    struct fixture *f = setup();
    struct dev_virtio *dev = &f->blk.virtio;

    (void)state;
    start(f, dev, 0);
    dev->queue[0].avail = UINT64_C(1) << 62;
    offer(f, dev, 0, 0);
    assert_int_equal(load(dev, 0x14, 1) & 0x40, 0x40);
}

static void without_bus_mastering_the_ring_is_not_touched(void **state)
{
    struct fixture *f = setup();

    (void)state;
    start(f, &f->blk.virtio, 0);
    dev_pci_cfg_write(&f->blk.virtio.pci, DEV_PCI_COMMAND, 2, 2);
    block_request(f, 0, 0, 512);
    assert_int_equal(used_index(f), 0);
}

static void the_console_prints_what_it_is_given(void **state)
{
    struct fixture *f = setup();

    (void)state;
    start(f, &f->console.virtio, 1);
    memcpy(f->fake.memory + DATA, "hello", 5);
    descriptor(f, 0, DATA, 3, 1, 1);
    descriptor(f, 1, DATA + 3, 2, 0, 0);
    offer(f, &f->console.virtio, 1, 0);
    assert_int_equal(f->out_len, 5);
    assert_memory_equal(f->out, "hello", 5);
    assert_int_equal(used_index(f), 1);
}

static void console_input_waits_for_a_buffer(void **state)
{
    struct fixture *f = setup();

    (void)state;
    assert_int_equal(dev_virtio_console_receive(&f->console, (const uint8_t *)"abc", 3), 3);
    start(f, &f->console.virtio, 0);
    descriptor(f, 0, DATA, 16, 2, 0);
    offer(f, &f->console.virtio, 0, 0);
    assert_memory_equal(f->fake.memory + DATA, "abc", 3);
    assert_int_equal(cb_load_le32(f->fake.memory + USED + 8), 3);
}

static void frames_go_out_without_header_and_come_in_with_one(void **state)
{
    struct fixture *f = setup();
    uint8_t frame[60];

    (void)state;
    memset(frame, 0x42, sizeof(frame));
    start(f, &f->net.virtio, 1);
    memcpy(f->fake.memory + DATA + 12, frame, sizeof(frame));
    descriptor(f, 0, DATA, 72, 0, 0);
    offer(f, &f->net.virtio, 1, 0);
    assert_int_equal(f->out_len, 60);
    assert_false(dev_virtio_net_receive(&f->net, frame, sizeof(frame))); /* no buffer */
    start(f, &f->net.virtio, 0);
    cb_store_le16(f->fake.memory + AVAIL + 2, 0);
    memset(f->fake.memory + USED, 0, 64);
    f->avail = 0;
    descriptor(f, 0, DATA, 2048, 2, 0);
    offer(f, &f->net.virtio, 0, 0);
    assert_true(dev_virtio_net_receive(&f->net, frame, sizeof(frame)));
    assert_int_equal(cb_load_le32(f->fake.memory + USED + 8), 72);
    assert_int_equal(f->fake.memory[DATA + 10], 1);
    assert_int_equal(f->fake.memory[DATA + 12], 0x42);
}

static void completion_interrupts_unless_the_driver_declines(void **state)
{
    struct fixture *f = setup();
    struct dev_virtio *dev = &f->blk.virtio;

    (void)state;
    start(f, dev, 0);
    dev_pci_cfg_write(&dev->pci, dev->pci.msix, 0x80000000, 4);
    store(dev, 0x4010, 0xfee00000, 4);
    store(dev, 0x4018, 0x55, 4);
    store(dev, 0x401c, 0, 4);
    store(dev, 0x1a, 1, 2);
    assert_int_equal(load(dev, 0x1a, 2), 1);
    block_request(f, 0, 0, 512);
    assert_int_equal(f->fake.n_msi, 1);
    assert_int_equal(f->fake.msi_data, 0x55);
    cb_store_le16(f->fake.memory + AVAIL, 1);
    block_request(f, 0, 0, 512);
    assert_int_equal(f->fake.n_msi, 1);
    store(dev, 0x1a, 77, 2);
    assert_int_equal(load(dev, 0x1a, 2), 0xffff); /* no such vector */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_include_access_platform_and_nonsense_is_refused),
        cmocka_unit_test(a_disk_is_read_and_written),
        cmocka_unit_test(requests_beyond_the_disk_fail_without_touching_it),
        cmocka_unit_test(a_read_only_disk_says_so_and_refuses_writes),
        cmocka_unit_test(impossible_rings_stop_the_device_until_reset),
        cmocka_unit_test(rings_outside_memory_stop_the_device),
        cmocka_unit_test(without_bus_mastering_the_ring_is_not_touched),
        cmocka_unit_test(the_console_prints_what_it_is_given),
        cmocka_unit_test(console_input_waits_for_a_buffer),
        cmocka_unit_test(frames_go_out_without_header_and_come_in_with_one),
        cmocka_unit_test(completion_interrupts_unless_the_driver_declines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
