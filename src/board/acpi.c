/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI Specification 6.3.  Full (not hardware-reduced) ACPI, so that power-off,
 * the I/O APIC and more than one CPU work.
 */
#include "board/acpi.h"

#include "board/aml.h"
#include "dev/dev.h"

#define HEADER       36u
#define PCI_WINDOW   0xc0000000u /* up to the I/O APIC */
#define PCI_WINDOW_64_SIZE (UINT64_C(64) << 30)
#define RESET_PORT   0xcf9
#define RESET_VALUE  0x06
#define PCI_DEVICES  32u

enum { GAS_MEMORY = 0, GAS_IO = 1 };
enum { FADT_WBINVD = 1u << 0, FADT_PROC_C1 = 1u << 2, FADT_SLP_BUTTON = 1u << 5,
       FADT_TMR_EXT = 1u << 8, FADT_RESET_SUP = 1u << 10 };
enum { BOOT_LEGACY = 1, BOOT_NO_VGA = 4 };

/* A table under construction, and where the next one goes. */
struct writer {
    const struct board_target *target;
    bool guest; /* constant DSDT, no copy of the RSDP */
    uint64_t base;
    uint64_t next; /* offset from base */
    uint64_t xsdt[8];
    unsigned n_xsdt;
    uint8_t bytes[16384];
};

static uint8_t checksum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;

    while (n--)
        sum = (uint8_t)(sum + *bytes++);
    return (uint8_t)-sum;
}

static void start(struct writer *w, const char *signature, uint8_t revision)
{
    memset(w->bytes, 0, sizeof(w->bytes));
    memcpy(w->bytes, signature, 4);
    w->bytes[8] = revision;
    memcpy(w->bytes + 10, "CBIT  CBITPC  ", 14);
    cb_store_le32(w->bytes + 24, 1);
    memcpy(w->bytes + 28, "CBIT", 4);
    cb_store_le32(w->bytes + 32, 1);
}

static uint64_t place(struct writer *w, size_t len)
{
    const uint64_t at = w->base + w->next;

    CBIT_ASSERT(w->next + len <= BOARD_ACPI_SIZE);
    w->target->write(w->target->ctx, at, w->bytes, len);
    w->next = cb_align_up(w->next + len, 64);
    return at;
}

static uint64_t finish(struct writer *w, size_t len)
{
    cb_store_le32(w->bytes + 4, (uint32_t)len);
    w->bytes[9] = 0;
    w->bytes[9] = checksum(w->bytes, len);
    return place(w, len);
}

static void list(struct writer *w, uint64_t table)
{
    CBIT_ASSERT(w->n_xsdt < CB_ARRAY_LEN(w->xsdt));
    w->xsdt[w->n_xsdt++] = table;
}

static void put_gas(uint8_t *at, uint8_t space, uint8_t bits, uint64_t address)
{
    at[0] = space;
    at[1] = bits;
    at[3] = bits == 32 ? 3 : bits == 16 ? 2 : 1; /* access size */
    cb_store_le64(at + 4, address);
}

/* DSDT. */

static void dsdt_prt(struct board_aml *aml)
{
    board_aml_name(aml, "_PRT");
    board_aml_package(aml, PCI_DEVICES - 1);
    for (uint32_t device = 1; device < PCI_DEVICES; device++) {
        board_aml_package(aml, 4);
        board_aml_integer(aml, device << 16 | 0xffff);
        board_aml_integer(aml, 0); /* INTA# */
        board_aml_integer(aml, 0); /* no link device: the next number is a GSI */
        board_aml_integer(aml, device & 1 ? 11 : 10);
        board_aml_close(aml);
    }
    board_aml_close(aml);
}

/* Above RAM and persistent memory. */
static uint64_t first_free(const struct board_memory_map *map)
{
    const uint64_t ram = CB_BIT(32) + map->above_4g, pmem = map->pmem + map->pmem_size;

    return cb_align_up(map->pmem_size ? pmem : ram, CB_BIT(30));
}

static void dsdt_pci(struct board_aml *aml, const struct board_memory_map *map, bool guest)
{
    const uint64_t first_64 = first_free(map);

    board_aml_device(aml, "PCI0");
    board_aml_hid(aml, "PNP0A03");
    board_aml_name_integer(aml, "_UID", 0);
    board_aml_name_integer(aml, "_BBN", 0);
    board_aml_resources(aml);
    board_aml_window16(aml, BOARD_AML_BUS, 0, 0);
    board_aml_io(aml, 0xcf8, 8);
    board_aml_window16(aml, BOARD_AML_IO, 0x0000, 0x0cf7);
    board_aml_window16(aml, BOARD_AML_IO, 0x0d00, 0xffff);
    board_aml_window32(aml, (uint32_t)BOARD_LEGACY_HOLE, (uint32_t)BOARD_LEGACY_HOLE_END - 1);
    board_aml_window32(aml, PCI_WINDOW, (uint32_t)DEV_IOAPIC_BASE - 1);
    if (!guest)
        board_aml_window64(aml, first_64, first_64 + PCI_WINDOW_64_SIZE - 1);
    board_aml_resources_end(aml);
    dsdt_prt(aml);
    board_aml_close(aml);
}

static void dsdt_device(struct board_aml *aml, const char *name, const char *hid, uint16_t port,
                        uint8_t n, int irq)
{
    board_aml_device(aml, name);
    if (memcmp(hid, "PNP", 3) == 0)
        board_aml_hid(aml, hid);
    else
        board_aml_name_string(aml, "_HID", hid);
    board_aml_name_integer(aml, "_UID", 1);
    board_aml_name_integer(aml, "_STA", 0x0f);
    board_aml_resources(aml);
    board_aml_io(aml, port, n);
    if (irq >= 0)
        board_aml_irq(aml, (unsigned)irq);
    board_aml_resources_end(aml);
    board_aml_close(aml);
}

static void dsdt_hpet(struct board_aml *aml)
{
    board_aml_device(aml, "HPET");
    board_aml_hid(aml, "PNP0103");
    board_aml_name_integer(aml, "_UID", 0);
    board_aml_resources(aml);
    board_aml_memory(aml, (uint32_t)DEV_HPET_BASE, 0x400);
    board_aml_resources_end(aml);
    board_aml_close(aml);
}

static void dsdt_cpus(struct board_aml *aml, unsigned n_cpus)
{
    for (unsigned i = 0; i < n_cpus; i++) {
        const char name[5] = {'C', 'P', (char)('0' + i / 10 % 10), (char)('0' + i % 10), 0};

        board_aml_device(aml, name);
        board_aml_name_string(aml, "_HID", "ACPI0007");
        board_aml_name_integer(aml, "_UID", i);
        board_aml_close(aml);
    }
}

static uint64_t write_dsdt(struct writer *w, const struct board_memory_map *map, unsigned n_cpus)
{
    struct board_aml aml = {.bytes = w->bytes, .len = HEADER, .room = sizeof(w->bytes)};

    start(w, "DSDT", 2);
    board_aml_name(&aml, "\\_S5_");
    board_aml_package(&aml, 4);
    board_aml_integer(&aml, DEV_ACPI_S5);
    board_aml_integer(&aml, 0);
    board_aml_integer(&aml, 0);
    board_aml_integer(&aml, 0);
    board_aml_close(&aml);
    board_aml_scope(&aml, "\\_SB_");
    if (!w->guest)
        dsdt_cpus(&aml, n_cpus);
    dsdt_pci(&aml, map, w->guest);
    dsdt_device(&aml, "COM1", "PNP0501", 0x3f8, 8, 4);
    dsdt_device(&aml, "RTC_", "PNP0B00", 0x070, 2, 8);
    dsdt_device(&aml, "PEVT", "QEMU0001", DEV_PVPANIC_PORT, 1, -1);
    dsdt_device(&aml, "FWCF", "QEMU0002", DEV_FW_CFG_PORT, DEV_FW_CFG_PORTS, -1);
    dsdt_hpet(&aml);
    board_aml_close(&aml);
    CBIT_ASSERT(!aml.overflow && aml.depth == 0);
    return finish(w, aml.len);
}

/* The rest. */

static uint64_t write_facs(struct writer *w)
{
    memset(w->bytes, 0, 64);
    memcpy(w->bytes, "FACS", 4);
    cb_store_le32(w->bytes + 4, 64);
    w->bytes[32] = 2;
    return place(w, 64);
}

static void fadt_legacy_blocks(uint8_t *b, uint64_t facs, uint64_t dsdt)
{
    cb_store_le32(b + 36, (uint32_t)facs);
    cb_store_le32(b + 40, (uint32_t)dsdt);
    b[45] = 4; /* enterprise server */
    cb_store_le16(b + 46, DEV_ACPI_SCI);
    cb_store_le32(b + 56, DEV_ACPI_PM_PORT + DEV_ACPI_PM_EVENT);
    cb_store_le32(b + 64, DEV_ACPI_PM_PORT + DEV_ACPI_PM_CONTROL);
    cb_store_le32(b + 76, DEV_ACPI_PM_PORT + DEV_ACPI_PM_TIMER);
    b[88] = 4; /* lengths of the event, control and timer blocks */
    b[89] = 2;
    b[91] = 4;
    cb_store_le16(b + 96, 0xfff); /* no C2, no C3 */
    cb_store_le16(b + 98, 0xfff);
    b[108] = 0x32; /* century in the CMOS */
}

static uint64_t write_fadt(struct writer *w, uint64_t facs, uint64_t dsdt)
{
    uint8_t *b = w->bytes;

    start(w, "FACP", 5);
    fadt_legacy_blocks(b, facs, dsdt);
    cb_store_le16(b + 109, BOOT_LEGACY | BOOT_NO_VGA);
    cb_store_le32(b + 112, FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_TMR_EXT |
                               FADT_RESET_SUP);
    put_gas(b + 116, GAS_IO, 8, RESET_PORT);
    b[128] = RESET_VALUE;
    cb_store_le64(b + 140, dsdt);
    put_gas(b + 148, GAS_IO, 32, DEV_ACPI_PM_PORT + DEV_ACPI_PM_EVENT);
    put_gas(b + 172, GAS_IO, 16, DEV_ACPI_PM_PORT + DEV_ACPI_PM_CONTROL);
    put_gas(b + 208, GAS_IO, 32, DEV_ACPI_PM_PORT + DEV_ACPI_PM_TIMER);
    return finish(w, 268);
}

static size_t madt_override(uint8_t *at, uint8_t source, uint32_t gsi, uint16_t flags)
{
    at[0] = 2;
    at[1] = 10;
    at[3] = source;
    cb_store_le32(at + 4, gsi);
    cb_store_le16(at + 8, flags);
    return 10;
}

static uint64_t write_madt(struct writer *w, unsigned n_cpus)
{
    uint8_t *b = w->bytes;
    size_t n = 44;

    start(w, "APIC", 3);
    cb_store_le32(b + 36, (uint32_t)DEV_LAPIC_BASE);
    cb_store_le32(b + 40, 1); /* 8259s are there too */
    for (unsigned i = 0; i < n_cpus; i++, n += 8) {
        b[n + 1] = 8;
        b[n + 2] = b[n + 3] = (uint8_t)i;
        b[n + 4] = 1;
    }
    b[n] = 1;
    b[n + 1] = 12;
    cb_store_le32(b + n + 4, (uint32_t)DEV_IOAPIC_BASE);
    n += 12;
    n += madt_override(b + n, 0, 2, 0);
    n += madt_override(b + n, DEV_ACPI_SCI, DEV_ACPI_SCI, 0x0d); /* level, active high */
    b[n] = 4; /* NMI on LINT1 of every CPU */
    b[n + 1] = 6;
    b[n + 2] = 0xff;
    b[n + 5] = 1;
    return finish(w, n + 6);
}

static uint64_t write_hpet(struct writer *w)
{
    start(w, "HPET", 1);
    cb_store_le32(w->bytes + 36, 0x1022a201); /* low half of the capabilities register */
    put_gas(w->bytes + 40, GAS_MEMORY, 64, DEV_HPET_BASE);
    w->bytes[43] = 0;
    cb_store_le16(w->bytes + 53, 128); /* least period in ticks */
    return finish(w, 56);
}

static uint64_t write_xsdt(struct writer *w)
{
    start(w, "XSDT", 1);
    for (unsigned i = 0; i < w->n_xsdt; i++)
        cb_store_le64(w->bytes + HEADER + 8 * i, w->xsdt[i]);
    return finish(w, HEADER + 8 * w->n_xsdt);
}

static uint64_t write_rsdp(struct writer *w, uint64_t xsdt)
{
    uint8_t *b = w->bytes;

    memset(b, 0, 36);
    memcpy(b, "RSD PTR ", 8);
    memcpy(b + 9, "CBIT  ", 6);
    b[15] = 2;
    cb_store_le32(b + 20, 36);
    cb_store_le64(b + 24, xsdt);
    b[8] = checksum(b, 20);
    b[32] = checksum(b, 36);
    if (!w->guest)
        w->target->write(w->target->ctx, BOARD_BIOS_AREA, b, 36);
    return place(w, 36);
}

static uint64_t write_all(struct writer *w, const struct board_memory_map *map, unsigned n_cpus)
{
    const uint64_t facs = write_facs(w), dsdt = write_dsdt(w, map, n_cpus);

    list(w, write_fadt(w, facs, dsdt));
    list(w, write_madt(w, n_cpus));
    list(w, write_hpet(w));
    return write_rsdp(w, write_xsdt(w));
}

uint64_t board_acpi_write(const struct board_memory_map *map, unsigned n_cpus,
                          const struct board_target *target)
{
    struct writer w = {.target = target, .base = map->tables};

    return write_all(&w, map, n_cpus);
}

uint64_t board_acpi_write_guest(const struct board_memory_map *map, unsigned n_cpus,
                                const struct board_target *target)
{
    struct writer w = {.target = target, .guest = true, .base = map->tables};

    return write_all(&w, map, n_cpus);
}
