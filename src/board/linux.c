/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux boot protocol: a bzImage at its 64-bit or 32-bit entry, or an ELF
 * kernel at its own (Linux Documentation/x86/boot.rst, "64-bit boot protocol").
 *
 *   1000h-6FFFh  identity map of the low 4 GiB, 2 MiB pages
 *   7000h        zero page        8000h  GDT        9000h  command line
 *   kernel at its preferred address; initial RAM disk as high as it may be
 */
#include "board/loader.h"

#define TABLES    UINT64_C(0x1000)
#define ZERO_PAGE UINT64_C(0x7000)
#define GDT       UINT64_C(0x8000)
#define CMDLINE   UINT64_C(0x9000)
#define CMDLINE_ROOM 4096u
#define ENTRY_64  0x200u

enum { PTE_P = 1, PTE_RW = 2, PTE_PS = 0x80 };

/* Where the kernel runs: [at, end) is what it needs before it looks at the memory map. */
struct placed {
    uint64_t at, end;
    uint64_t entry;
    enum board_entry_mode mode;
    uint64_t initrd_max, cmdline_max;
    bool has_header;
    struct board_bytes header_from;
    uint64_t header_end;
    size_t setup_len; /* bzImage: bytes before the protected-mode part */
};

static enum cbit_status check_window(const struct board_linux *what, uint64_t at, uint64_t end,
                                     struct board_error *error)
{
    if (at < BOARD_HIGH_RAM || end < at || end > board_ram_end(&what->map))
        return board_fail(error, "kernel: needs memory %#llx-%#llx, RAM there is %#llx-%#llx",
                          (unsigned long long)at, (unsigned long long)end,
                          (unsigned long long)BOARD_HIGH_RAM,
                          (unsigned long long)board_ram_end(&what->map));
    return CBIT_OK;
}

static enum cbit_status place_bzimage(const struct board_linux *what, struct placed *out,
                                      struct board_error *error)
{
    struct board_bzimage bz;
    enum cbit_status status = board_bzimage_parse(what->kernel, &bz, error);
    uint64_t len;

    if (status)
        return status;
    len = what->kernel.len - bz.setup_len;
    if (bz.pref_address > CB_BIT(32))
        return board_fail(error, "kernel: preferred address %#llx is above 4 GiB",
                          (unsigned long long)bz.pref_address);
    *out = (struct placed){
        .at = bz.relocatable ? cb_align_up(bz.pref_address, bz.alignment) : bz.pref_address,
        .mode = bz.entry_64 ? BOARD_ENTRY_64 : BOARD_ENTRY_32,
        .initrd_max = bz.initrd_max,
        .cmdline_max = bz.cmdline_max,
        .has_header = true,
        .header_from = what->kernel,
        .header_end = bz.header_end,
        .setup_len = bz.setup_len,
    };
    out->end = out->at + (bz.init_size > len ? bz.init_size : len);
    out->entry = out->at + (bz.entry_64 ? ENTRY_64 : 0);
    return check_window(what, out->at, out->end, error);
}

/* An unpacked kernel keeps the setup header of its bzImage. */
static enum cbit_status take_header(const struct board_linux *what, struct placed *out,
                                    struct board_error *error)
{
    struct board_bzimage bz;
    enum cbit_status status;

    if (!what->bzimage.data)
        return CBIT_OK;
    status = board_bzimage_parse(what->bzimage, &bz, error);
    if (status)
        return status;
    out->has_header = true;
    out->header_from = what->bzimage;
    out->header_end = bz.header_end;
    out->initrd_max = bz.initrd_max;
    out->cmdline_max = bz.cmdline_max;
    if (out->end < out->at + bz.init_size)
        out->end = out->at + bz.init_size;
    return CBIT_OK;
}

static enum cbit_status place_elf(const struct board_linux *what, struct board_elf *elf,
                                  struct placed *out, struct board_error *error)
{
    enum cbit_status status = board_elf_parse(what->kernel, elf, error);

    if (status)
        return status;
    if (elf->entry < elf->low || elf->entry >= elf->high)
        return board_fail(error, "ELF: entry %#llx is outside what is loaded (%#llx-%#llx)",
                          (unsigned long long)elf->entry, (unsigned long long)elf->low,
                          (unsigned long long)elf->high);
    *out = (struct placed){
        .at = elf->low,
        .end = elf->high,
        .entry = elf->entry,
        .mode = elf->is_64 ? BOARD_ENTRY_64 : BOARD_ENTRY_32,
        .initrd_max = 0x7fffffff,
        .cmdline_max = 2047,
    };
    status = take_header(what, out, error);
    return status ? status : check_window(what, out->at, out->end, error);
}

static enum cbit_status place_initrd(const struct board_linux *what, const struct placed *kernel,
                                     uint64_t *at, struct board_error *error)
{
    uint64_t top = board_ram_end(&what->map);

    *at = 0;
    if (!what->initrd.len)
        return CBIT_OK;
    if (top > kernel->initrd_max + 1)
        top = kernel->initrd_max + 1;
    if (what->initrd.len <= top)
        *at = cb_align_down(top - what->initrd.len, CB_PAGE_SIZE);
    if (*at < kernel->end)
        return board_fail(error, "initrd: %zu bytes do not fit between the kernel's end %#llx and %#llx",
                          what->initrd.len, (unsigned long long)kernel->end,
                          (unsigned long long)top);
    return CBIT_OK;
}

static void put_header(uint8_t *page, const struct placed *kernel)
{
    if (kernel->has_header) {
        memcpy(page + WIRE_HDR_START, kernel->header_from.data + WIRE_HDR_START,
               kernel->header_end - WIRE_HDR_START);
        return;
    }
    cb_store_le16(page + WIRE_HDR_BOOT_FLAG, 0xaa55);
    cb_store_le32(page + WIRE_HDR_MAGIC, WIRE_HDR_MAGIC_VALUE);
    cb_store_le16(page + WIRE_HDR_VERSION, 0x020f);
    page[WIRE_HDR_LOADFLAGS] = WIRE_LOADFLAGS_HIGH;
    cb_store_le32(page + WIRE_HDR_ALIGNMENT, 0x200000);
}

static void put_zero_page(const struct board_linux *what, const struct board_target *target,
                          const struct placed *kernel, uint64_t initrd)
{
    struct wire_e820 map[BOARD_MAX_E820];
    const unsigned n = board_e820(&what->map, map);
    uint8_t page[WIRE_BP_SIZE] = {0};

    put_header(page, kernel);
    page[WIRE_HDR_TYPE_OF_LOADER] = 0xff;
    cb_store_le64(page + WIRE_BP_ACPI_RSDP, what->map.rsdp);
    cb_store_le32(page + WIRE_HDR_CODE32_START, (uint32_t)kernel->at);
    cb_store_le32(page + WIRE_HDR_RAMDISK_IMAGE, (uint32_t)initrd);
    cb_store_le32(page + WIRE_HDR_RAMDISK_SIZE, (uint32_t)what->initrd.len);
    cb_store_le32(page + WIRE_HDR_CMD_LINE_PTR, (uint32_t)CMDLINE);
    cb_store_le32(page + WIRE_BP_ALT_MEM_K, (uint32_t)((board_ram_end(&what->map) - BOARD_HIGH_RAM) >> 10));
    for (unsigned i = 0; i < n; i++)
        CBIT_ASSERT(wire_e820_put(page, i, &map[i]));
    page[WIRE_BP_E820_ENTRIES] = (uint8_t)n;
    target->write(target->ctx, ZERO_PAGE, page, sizeof(page));
}

static void put_page_tables(const struct board_target *target, uint64_t c_mask)
{
    uint8_t page[CB_PAGE_SIZE] = {0};

    cb_store_le64(page, (TABLES + 0x1000) | PTE_P | PTE_RW | c_mask);
    target->write(target->ctx, TABLES, page, sizeof(page));
    for (unsigned i = 0; i < 4; i++)
        cb_store_le64(page + 8 * i, (TABLES + 0x2000 + 0x1000 * i) | PTE_P | PTE_RW | c_mask);
    target->write(target->ctx, TABLES + 0x1000, page, sizeof(page));
    for (uint64_t directory = 0; directory < 4; directory++) {
        for (uint64_t i = 0; i < 512; i++)
            cb_store_le64(page + 8 * i,
                          directory << 30 | i << 21 | PTE_P | PTE_RW | PTE_PS | c_mask);
        target->write(target->ctx, TABLES + 0x2000 + 0x1000 * directory, page, sizeof(page));
    }
}

static void put_gdt(const struct board_target *target, enum board_entry_mode mode)
{
    uint8_t page[CB_PAGE_SIZE] = {0};

    cb_store_le64(page + 0x10, mode == BOARD_ENTRY_64 ? UINT64_C(0x00af9b000000ffff)
                                                      : UINT64_C(0x00cf9b000000ffff));
    cb_store_le64(page + 0x18, UINT64_C(0x00cf93000000ffff));
    target->write(target->ctx, GDT, page, sizeof(page));
}

static void put_cmdline(const struct board_target *target, const char *append, size_t len)
{
    uint8_t page[CMDLINE_ROOM] = {0};

    memcpy(page, append, len);
    target->write(target->ctx, CMDLINE, page, sizeof(page));
}

static void put_kernel(const struct board_linux *what, const struct board_target *target,
                       const struct placed *kernel, const struct board_elf *elf)
{
    if (elf->n_segments)
        board_elf_load(what->kernel, elf, target);
    else
        target->write(target->ctx, kernel->at, what->kernel.data + kernel->setup_len,
                      what->kernel.len - kernel->setup_len);
}

enum cbit_status board_load_linux(const struct board_linux *what, const struct board_target *target,
                                  struct board_entry *entry, struct board_error *error)
{
    const size_t cmdline_len = strlen(what->append);
    struct board_elf elf = {0};
    struct placed kernel = {0};
    uint64_t initrd = 0;
    enum cbit_status status = board_is_elf(what->kernel) ? place_elf(what, &elf, &kernel, error)
                                                         : place_bzimage(what, &kernel, error);

    if (!status)
        status = place_initrd(what, &kernel, &initrd, error);
    if (status)
        return status;
    if (cmdline_len > kernel.cmdline_max || cmdline_len >= CMDLINE_ROOM)
        return board_fail(error, "command line: %zu bytes, the kernel takes %llu", cmdline_len,
                          (unsigned long long)kernel.cmdline_max);
    put_page_tables(target, what->c_mask);
    put_zero_page(what, target, &kernel, initrd);
    put_gdt(target, kernel.mode);
    put_cmdline(target, what->append, cmdline_len);
    put_kernel(what, target, &kernel, &elf);
    if (what->initrd.len)
        target->write(target->ctx, initrd, what->initrd.data, what->initrd.len);
    *entry = (struct board_entry){
        .mode = kernel.mode,
        .rip = kernel.entry,
        .rsi = ZERO_PAGE,
        .cr3 = TABLES,
        .gdt = GDT,
        .gdt_limit = 0x1f,
    };
    return CBIT_OK;
}
