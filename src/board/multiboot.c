/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiboot Specification 0.6.96: an ELF image of either class, or one that gives
 * its own addresses; entered in 32-bit protected mode without paging, also an ELF64.
 *
 *   9a000h  information block, memory map, module list   9b000h  GDT   9c000h  command line
 *
 * so that images may lie at the low addresses that real-mode programs use.
 *
 * The command line starts with a name for the image, as boot loaders do and
 * programs expect; the initial RAM disk is module 0.
 */
#include "board/loader.h"

#include <stdio.h>

#define HEADER_MAGIC 0x1badb002u
#define BOOT_MAGIC   0x2badb002u
#define SEARCH       8192u
#define INFO         UINT64_C(0x9a000)
#define GDT          UINT64_C(0x9b000)
#define CMDLINE      UINT64_C(0x9c000)
#define CMDLINE_ROOM 4096u
#define IMAGE_NAME   "kernel"

enum { NEEDS_ALIGN = 1, NEEDS_MEMORY = 2, HAS_ADDRESSES = 0x10000, KNOWN = 7 };
enum { INFO_MEMORY = 1, INFO_CMDLINE = 4, INFO_MODULES = 8, INFO_MAP = 0x40 };
enum { MODULES_AT = 0x100, MAP_AT = 0x200, MAP_ENTRY = 24 };

struct header {
    size_t at;
    uint32_t flags;
};

static enum cbit_status find_header(struct board_bytes image, struct header *out,
                                    struct board_error *error)
{
    const size_t end = image.len < SEARCH ? image.len : SEARCH;

    for (size_t at = 0; at + 12 <= end; at += 4) {
        const uint32_t flags = cb_load_le32(image.data + at + 4);

        if (cb_load_le32(image.data + at) != HEADER_MAGIC ||
            HEADER_MAGIC + flags + cb_load_le32(image.data + at + 8) != 0)
            continue;
        *out = (struct header){at, flags};
        if (flags & 0xffff & ~(uint32_t)KNOWN)
            return board_fail(error, "Multiboot: the image requires unknown features (flags %#x)",
                              flags);
        return CBIT_OK;
    }
    return board_fail(error, "Multiboot: no header in the first 8192 bytes");
}

/* The header's own addresses, as one segment. */
static enum cbit_status read_addresses(struct board_bytes image, const struct header *header,
                                       struct board_elf *out, struct board_error *error)
{
    const uint8_t *h = image.data + header->at;
    uint32_t header_addr, load, load_end, bss_end;
    uint64_t offset, len;

    if (header->at + 32 > image.len)
        return board_fail(error, "Multiboot: the header is cut off");
    header_addr = cb_load_le32(h + 12);
    load = cb_load_le32(h + 16);
    load_end = cb_load_le32(h + 20);
    bss_end = cb_load_le32(h + 24);
    if (load > header_addr || header_addr - load > header->at)
        return board_fail(error, "Multiboot: load address %#x does not fit header address %#x",
                          load, header_addr);
    offset = header->at - (header_addr - load);
    len = load_end ? (uint64_t)load_end - load : image.len - offset;
    if ((load_end && load_end < load) || !cb_range_ok(offset, len, image.len))
        return board_fail(error, "Multiboot: load end %#x is outside the file", load_end);
    memset(out, 0, sizeof(*out));
    out->n_segments = 1;
    out->segment[0].at = load;
    out->segment[0].offset = offset;
    out->segment[0].file_len = len;
    out->segment[0].memory_len = bss_end > load + len ? bss_end - load : len;
    out->entry = cb_load_le32(h + 28);
    out->low = load;
    out->high = load + out->segment[0].memory_len;
    return CBIT_OK;
}

static enum cbit_status parse(struct board_bytes image, struct board_elf *out,
                              struct board_error *error)
{
    struct header header = {0};
    enum cbit_status status = find_header(image, &header, error);

    if (status)
        return status;
    if (header.flags & HAS_ADDRESSES)
        return read_addresses(image, &header, out, error);
    status = board_elf_parse(image, out, error);
    if (!status && out->entry >> 32)
        return board_fail(error, "Multiboot: the entry point %#llx is above 4 GiB",
                          (unsigned long long)out->entry);
    return status;
}

bool board_is_multiboot(struct board_bytes image)
{
    struct header header;
    struct board_error ignored;

    return !board_is_bzimage(image) && find_header(image, &header, &ignored) == CBIT_OK;
}

static size_t put_map(uint8_t *at, const struct board_memory_map *map)
{
    struct wire_e820 e820[BOARD_MAX_E820];
    const unsigned n = board_e820(map, e820);

    for (unsigned i = 0; i < n; i++, at += MAP_ENTRY) {
        cb_store_le32(at, MAP_ENTRY - 4); /* size of what follows */
        cb_store_le64(at + 4, e820[i].base);
        cb_store_le64(at + 12, e820[i].size);
        cb_store_le32(at + 20, e820[i].type);
    }
    return n * MAP_ENTRY;
}

static void put_info(const struct board_multiboot *what, const struct board_target *target,
                     uint64_t module)
{
    uint8_t page[CB_PAGE_SIZE] = {0};
    const uint32_t has_module = what->initrd.len ? 1 : 0;

    cb_store_le32(page, INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MAP);
    cb_store_le32(page + 4, (uint32_t)(BOARD_EBDA >> 10));
    cb_store_le32(page + 8, (uint32_t)((what->map.tables - BOARD_HIGH_RAM) >> 10));
    cb_store_le32(page + 16, (uint32_t)CMDLINE);
    cb_store_le32(page + 20, has_module);
    cb_store_le32(page + 24, (uint32_t)INFO + MODULES_AT);
    cb_store_le32(page + MODULES_AT, (uint32_t)module);
    cb_store_le32(page + MODULES_AT + 4, (uint32_t)(module + what->initrd.len));
    cb_store_le32(page + 44, (uint32_t)put_map(page + MAP_AT, &what->map));
    cb_store_le32(page + 48, (uint32_t)INFO + MAP_AT);
    target->write(target->ctx, INFO, page, sizeof(page));
}

static void put_gdt_and_cmdline(const struct board_multiboot *what,
                                const struct board_target *target)
{
    uint8_t page[CMDLINE_ROOM] = {0};

    cb_store_le64(page + 0x10, UINT64_C(0x00cf9b000000ffff));
    cb_store_le64(page + 0x18, UINT64_C(0x00cf93000000ffff));
    target->write(target->ctx, GDT, page, sizeof(page));
    memset(page, 0, sizeof(page));
    snprintf((char *)page, sizeof(page), IMAGE_NAME "%s%s", *what->append ? " " : "",
             what->append);
    target->write(target->ctx, CMDLINE, page, sizeof(page));
}

/* In low memory below our own pages, or in high memory. */
static bool fits(const struct board_memory_map *map, const struct board_elf *elf)
{
    for (unsigned n = 0; n < elf->n_segments; n++) {
        const uint64_t low = elf->segment[n].at, high = low + elf->segment[n].memory_len;

        if (low < CB_PAGE_SIZE || high > map->tables || (low < BOARD_HIGH_RAM && high > INFO))
            return false;
    }
    return true;
}

static enum cbit_status check(const struct board_multiboot *what, const struct board_elf *elf,
                              uint64_t module, struct board_error *error)
{
    if (!fits(&what->map, elf))
        return board_fail(error, "Multiboot: the image wants %#llx-%#llx, RAM there is "
                          "0x1000-%#llx, %#llx-%#llx",
                          (unsigned long long)elf->low, (unsigned long long)elf->high,
                          (unsigned long long)INFO, (unsigned long long)BOARD_HIGH_RAM,
                          (unsigned long long)what->map.tables);
    if (what->initrd.len > what->map.tables || module > what->map.tables - what->initrd.len)
        return board_fail(error, "Multiboot: the module of %zu bytes does not fit",
                          what->initrd.len);
    if (strlen(what->append) + sizeof(IMAGE_NAME) + 1 > CMDLINE_ROOM)
        return board_fail(error, "command line: too long");
    return CBIT_OK;
}

enum cbit_status board_load_multiboot(const struct board_multiboot *what,
                                      const struct board_target *target, struct board_entry *entry,
                                      struct board_error *error)
{
    struct board_elf elf = {0};
    enum cbit_status status = parse(what->image, &elf, error);
    uint64_t module;

    if (status)
        return status;
    module = elf.high < BOARD_HIGH_RAM ? BOARD_HIGH_RAM : elf.high;
    module = module < CB_BIT(32) ? cb_align_up(module, CB_PAGE_SIZE) : module;
    status = check(what, &elf, module, error);
    if (status)
        return status;
    put_info(what, target, module);
    put_gdt_and_cmdline(what, target);
    board_elf_load(what->image, &elf, target);
    if (what->initrd.len)
        target->write(target->ctx, module, what->initrd.data, what->initrd.len);
    *entry = (struct board_entry){
        .mode = BOARD_ENTRY_32,
        .rip = elf.entry,
        .eax = BOOT_MAGIC,
        .ebx = (uint32_t)INFO,
        .gdt = GDT,
        .gdt_limit = 0x1f,
    };
    return CBIT_OK;
}
