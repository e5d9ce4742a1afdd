/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "dev/fake_bus.h"

struct fixture {
    struct fake_bus fake;
    struct dev_pci_host host;
    struct dev_pci pci;
    uint64_t loaded_at, stored;
    bool intx;
};

static uint64_t on_load(void *dev, uint64_t offset, unsigned size)
{
    (void)size;
    ((struct fixture *)dev)->loaded_at = offset;
    return 0x1122334455667788;
}

static void on_store(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    ((struct fixture *)dev)->stored = value;
}

static void on_intx(void *ctx, uint8_t devfn, bool level)
{
    (void)devfn;
    ((struct fixture *)ctx)->intx = level;
}

static void setup(struct fixture *f)
{
    const struct dev_pci_id id = {.vendor = 0x1af4, .device = 0x1042, .class_code = 0x010000};
    const struct dev_pci_bar bar = {.size = 0x4000, .is_64 = true, .load = on_load,
                                    .store = on_store};
    struct dev_bus bus;

    memset(f, 0, sizeof(*f));
    bus = fake_bus_make(&f->fake);
    dev_pci_host_init(&f->host, bus);
    dev_pci_init(&f->pci, bus, &id, f);
    dev_pci_add_bar(&f->pci, 0, &bar);
    dev_pci_add_msix(&f->pci, 3, 0, 0x2000);
    dev_pci_use_intx(&f->pci);
    f->pci.intx_changed = on_intx;
    f->pci.intx_ctx = f;
    dev_pci_plug(&f->host, DEV_PCI_DEVFN(2, 0), &f->pci);
}

static void out32(struct fixture *f, uint32_t address, uint32_t value)
{
    dev_pci_host_out(&f->host, 0, 0x80000000u | address, 4);
    dev_pci_host_out(&f->host, 4, value, 4);
}

static uint32_t in32(struct fixture *f, uint32_t address)
{
    dev_pci_host_out(&f->host, 0, 0x80000000u | address, 4);
    return dev_pci_host_in(&f->host, 4, 4);
}

static void mechanism_1_is_found_as_linux_looks_for_it(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    dev_pci_host_out(&f.host, 3, 1, 1);
    dev_pci_host_out(&f.host, 0, 0x80000000, 4);
    assert_int_equal(dev_pci_host_in(&f.host, 0, 4), 0x80000000);
    assert_int_equal(in32(&f, 0x08) >> 16, 0x0600);
    assert_int_equal(in32(&f, 0x1000), 0x10421af4);
    assert_int_equal(in32(&f, 0x0800), 0xffffffff); /* absent */
    assert_int_equal(in32(&f, 0x10000), 0xffffffff); /* another bus */
    dev_pci_host_out(&f.host, 0, 0x80001000, 4);
    assert_int_equal(dev_pci_host_in(&f.host, 6, 2), 0x1042);
    assert_int_equal(dev_pci_host_in(&f.host, 5, 1), 0x1a);
}

static void bars_tell_their_size_and_decode_where_they_are_put(void **state)
{
    struct fixture f;
    uint64_t offset;
    unsigned bar;

    (void)state;
    setup(&f);
    out32(&f, 0x1010, 0xffffffff);
    out32(&f, 0x1014, 0xffffffff);
    assert_int_equal(in32(&f, 0x1010), 0xffffc004);
    assert_int_equal(in32(&f, 0x1014), 0xffffffff);
    out32(&f, 0x1010, 0x40000000);
    out32(&f, 0x1014, 0x1);
    assert_null(dev_pci_host_decode(&f.host, false, 0x140000010, &bar, &offset));
    out32(&f, 0x1004, 0x6);
    assert_ptr_equal(dev_pci_host_decode(&f.host, false, 0x140000010, &bar, &offset), &f.pci);
    assert_true(bar == 0 && offset == 0x10);
    assert_null(dev_pci_host_decode(&f.host, false, 0x140004000, &bar, &offset));
    assert_true(dev_pci_bar_load(&f.pci, 0, 0x20, 4) == 0x1122334455667788);
    assert_true(f.loaded_at == 0x20);
}

static void read_only_bits_stay(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    out32(&f, 0x1000, 0);
    assert_int_equal(in32(&f, 0x1000), 0x10421af4);
    out32(&f, 0x1004, 0xffffffff);
    assert_int_equal(in32(&f, 0x1004), 0x00100547);
}

static void msix_waits_while_masked_and_goes_out_when_unmasked(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    out32(&f, 0x1004, 0x6);
    out32(&f, 0x1040, 0x80000000); /* enable */
    dev_pci_bar_store(&f.pci, 0, 0x2010, 0xfee00000, 4);
    dev_pci_bar_store(&f.pci, 0, 0x2018, 0x4021, 4);
    dev_pci_notify(&f.pci, 1);
    assert_int_equal(f.fake.n_msi, 0);
    assert_int_equal(dev_pci_bar_load(&f.pci, 0, 0x2030, 4), 2); /* pending */
    dev_pci_bar_store(&f.pci, 0, 0x201c, 0, 4);
    assert_int_equal(f.fake.n_msi, 1);
    assert_true(f.fake.msi_address == 0xfee00000);
    assert_int_equal(f.fake.msi_data, 0x4021);
    dev_pci_notify(&f.pci, 0xffff);
    assert_int_equal(f.fake.n_msi, 1);
    assert_true(f.stored == 0); /* the table is not the device's */
}

static void without_bus_mastering_no_message_leaves(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    out32(&f, 0x1004, 0x2);
    out32(&f, 0x1040, 0x80000000);
    dev_pci_bar_store(&f.pci, 0, 0x200c, 0, 4);
    dev_pci_notify(&f.pci, 0);
    assert_int_equal(f.fake.n_msi, 0);
}

static void intx_follows_until_msix_or_the_disable_bit(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f);
    dev_pci_set_intx(&f.pci, true);
    assert_true(f.intx);
    assert_int_equal(in32(&f, 0x1004) >> 16 & 8, 8);
    out32(&f, 0x1004, 0x400);
    assert_false(f.intx);
    out32(&f, 0x1004, 0);
    assert_true(f.intx);
    out32(&f, 0x1040, 0x80000000);
    assert_false(f.intx);
}

static void the_ways_to_reset_ask_for_a_reset(void **state)
{
    static const struct {
        uint16_t port;
        uint8_t value;
        bool resets;
    } cases[] = {{0x64, 0xfe, true}, {0x64, 0xaa, false}, {0x92, 0x01, true}, {0x92, 0x02, false},
                 {0xcf9, 0x06, true}, {0xcf9, 0x02, false}};
    struct dev_i8042 kbc;
    struct fake_bus fake;

    (void)state;
    for (unsigned i = 0; i < CB_ARRAY_LEN(cases); i++) {
        dev_i8042_init(&kbc, fake_bus_make(&fake));
        dev_i8042_out(&kbc, cases[i].port, cases[i].value, 1);
        assert_int_equal(fake.n_requests, cases[i].resets);
        assert_true(!cases[i].resets || fake.request == DEV_REQUEST_RESET);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mechanism_1_is_found_as_linux_looks_for_it),
        cmocka_unit_test(bars_tell_their_size_and_decode_where_they_are_put),
        cmocka_unit_test(read_only_bits_stay),
        cmocka_unit_test(msix_waits_while_masked_and_goes_out_when_unmasked),
        cmocka_unit_test(without_bus_mastering_no_message_leaves),
        cmocka_unit_test(intx_follows_until_msix_or_the_disable_bit),
        cmocka_unit_test(the_ways_to_reset_ask_for_a_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
