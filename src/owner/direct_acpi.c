/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI tables of a directly booted guest; docs/launch-layout.md, layout version 1. */
#include "owner/direct.h"

enum { HEADER_LEN = 36, FACS_LEN = 64, FADT_LEN = 268, HPET_LEN = 56, XSDT_LEN = 60, RSDP_LEN = 36,
       MADT_LEN = 82, MADT_CPU_LEN = 8 };

struct tables {
    uint8_t *bytes;
    uint64_t at;   /* guest address of bytes[0] */
    size_t next;
};

/* Room for a table at the next multiple of 64; *address is where the guest finds it. */
static uint8_t *take(struct tables *t, size_t len, uint64_t *address)
{
    uint8_t *table = t->bytes + t->next;

    *address = t->at + t->next;
    t->next = (size_t)cb_align_up(t->next + len, 64);
    CBIT_ASSERT(t->next <= OWN_DIRECT_TABLES);
    return table;
}

static uint8_t missing_to_zero(const uint8_t *bytes, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += bytes[i];
    return (uint8_t)(0u - sum);
}

static void finish(uint8_t *table, const char *signature, size_t len, uint8_t revision)
{
    memcpy(table, signature, 4);
    cb_store_le32(table + 4, (uint32_t)len);
    table[8] = revision;
    memcpy(table + 10, "CBIT  CBITPC  ", 14);
    cb_store_le32(table + 24, 1);
    memcpy(table + 28, "CBIT", 4);
    cb_store_le32(table + 32, 1);
    table[9] = 0;
    table[9] = missing_to_zero(table, len);
}

static void address_of_register(uint8_t *at, uint32_t head, uint64_t address)
{
    cb_store_le32(at, head);
    cb_store_le64(at + 4, address);
}

static uint64_t add_fadt(struct tables *t, uint64_t facs, uint64_t dsdt)
{
    uint64_t address;
    uint8_t *b = take(t, FADT_LEN, &address);

    cb_store_le32(b + 36, (uint32_t)facs);
    cb_store_le32(b + 40, (uint32_t)dsdt);
    b[45] = 4;
    cb_store_le16(b + 46, 9);
    cb_store_le32(b + 56, 0x600);
    cb_store_le32(b + 64, 0x604);
    cb_store_le32(b + 76, 0x608);
    b[88] = 4;
    b[89] = 2;
    b[91] = 4;
    cb_store_le16(b + 96, 0xfff);
    cb_store_le16(b + 98, 0xfff);
    b[108] = 0x32;
    cb_store_le16(b + 109, 5);
    cb_store_le32(b + 112, 0x525);
    address_of_register(b + 116, 0x01000801, 0xcf9);
    b[128] = 6;
    cb_store_le64(b + 140, dsdt);
    address_of_register(b + 148, 0x03002001, 0x600);
    address_of_register(b + 172, 0x02001001, 0x604);
    address_of_register(b + 208, 0x03002001, 0x608);
    finish(b, "FACP", FADT_LEN, 5);
    return address;
}

static uint64_t add_madt(struct tables *t, unsigned n_cpus)
{
    static const uint8_t rest[] = {
        0x01, 0x0c, 0x00, 0x00, 0x00, 0x00, 0xc0, 0xfe, 0x00, 0x00, 0x00, 0x00,
        0x02, 0x0a, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x02, 0x0a, 0x00, 0x09, 0x09, 0x00, 0x00, 0x00, 0x0d, 0x00,
        0x04, 0x06, 0xff, 0x00, 0x00, 0x01};
    const size_t len = MADT_LEN + (size_t)MADT_CPU_LEN * n_cpus;
    uint64_t address;
    uint8_t *b = take(t, len, &address);

    cb_store_le32(b + HEADER_LEN, 0xfee00000);
    cb_store_le32(b + HEADER_LEN + 4, 1);
    for (unsigned i = 0; i < n_cpus; i++) {
        uint8_t *cpu = b + HEADER_LEN + 8 + (size_t)MADT_CPU_LEN * i;

        cpu[1] = MADT_CPU_LEN;
        cpu[2] = cpu[3] = (uint8_t)i;
        cpu[4] = 1;
    }
    memcpy(b + len - sizeof(rest), rest, sizeof(rest));
    finish(b, "APIC", len, 3);
    return address;
}

static uint64_t add_hpet(struct tables *t)
{
    uint64_t address;
    uint8_t *b = take(t, HPET_LEN, &address);

    cb_store_le32(b + 36, 0x1022a201);
    cb_store_le32(b + 40, 0x00004000);
    cb_store_le64(b + 44, 0xfed00000);
    cb_store_le16(b + 53, 128);
    finish(b, "HPET", HPET_LEN, 1);
    return address;
}

static uint64_t add_rsdp(struct tables *t, uint64_t xsdt)
{
    uint64_t address;
    uint8_t *b = take(t, RSDP_LEN, &address);

    memcpy(b, "RSD PTR ", 8);
    memcpy(b + 9, "CBIT  ", 6);
    b[15] = 2;
    cb_store_le32(b + 20, RSDP_LEN);
    cb_store_le64(b + 24, xsdt);
    b[8] = missing_to_zero(b, 20);
    b[32] = missing_to_zero(b, RSDP_LEN);
    return address;
}

uint64_t own_direct_acpi(uint64_t at, unsigned n_cpus, uint8_t tables[OWN_DIRECT_TABLES])
{
    struct tables t = {.bytes = tables, .at = at};
    uint64_t facs, dsdt, pointed[3], xsdt;
    uint8_t *b;

    memset(tables, 0, OWN_DIRECT_TABLES);
    b = take(&t, FACS_LEN, &facs);
    memcpy(b, "FACS", 4);
    cb_store_le32(b + 4, FACS_LEN);
    b[32] = 2;
    memcpy(take(&t, OWN_DIRECT_DSDT_SIZE, &dsdt), own_direct_dsdt, OWN_DIRECT_DSDT_SIZE);
    pointed[0] = add_fadt(&t, facs, dsdt);
    pointed[1] = add_madt(&t, n_cpus);
    pointed[2] = add_hpet(&t);
    b = take(&t, XSDT_LEN, &xsdt);
    for (unsigned i = 0; i < 3; i++)
        cb_store_le64(b + HEADER_LEN + (size_t)8 * i, pointed[i]);
    finish(b, "XSDT", XSDT_LEN, 1);
    return add_rsdp(&t, xsdt);
}
