/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regions of a direct boot, in ascending order, straight into the digest;
 * docs/launch-layout.md, layout version 1.  Files are hostile: whatever does not
 * add up in them is refused with its name.
 */
#include "owner/direct.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"

#define PAGE        CB_PAGE_SIZE
#define GIB         (UINT64_C(1) << 30)
#define APPEND_MAX  2047u
#define E820_ENTRY  20u
#define MAX_KERNEL  (UINT64_C(1) << 30)
#define ELF_HEADER  64u
#define PROGRAM_HEADER 56u

/* Offsets in a bzImage and in the boot parameters. */
enum { SETUP_SECTS = 0x1f1, JUMP_LEN = 0x201, MAGIC = 0x202, VERSION = 0x206, TYPE_OF_LOADER = 0x210,
       LOADFLAGS = 0x211, CODE32_START = 0x214, RAMDISK_IMAGE = 0x218, RAMDISK_SIZE = 0x21c,
       CMD_LINE_PTR = 0x228, INITRD_ADDR_MAX = 0x22c, KERNEL_ALIGNMENT = 0x230, RELOCATABLE = 0x234,
       CMDLINE_SIZE = 0x238, PREF_ADDRESS = 0x258, HEADER_MAX = 0x290,
       RSDP = 0x70, ALT_MEM_K = 0x1e0, E820_ENTRIES = 0x1e8, BOOT_FLAG = 0x1fe, E820 = 0x2d0 };

#define HDRS 0x53726448u

struct kernel {
    struct own_blob bzimage;  /* empty: an ELF alone */
    struct own_blob elf;      /* empty: the bzImage as it is */
    uint64_t at, end;         /* its region, whole pages */
    uint64_t address;         /* as the boot parameters tell it */
};

struct plan {
    const struct own_direct_launch *launch;
    uint64_t below, above, tables, secret, rsdp;
    struct kernel kernel;
    uint64_t initrd;          /* 0: none */
    char append[APPEND_MAX + 1];
    const char *what;
    struct cr_sha256 sha;
};

static enum cbit_status refuse(struct plan *p, const char *what)
{
    p->what = what;
    return CBIT_INVALID;
}

/* ---- into the digest ---- */

static void add_zeroes(struct plan *p, uint64_t len)
{
    static const uint8_t zeroes[PAGE];

    while (len) {
        const size_t n = len < sizeof(zeroes) ? (size_t)len : sizeof(zeroes);

        cr_sha256_update(&p->sha, zeroes, n);
        len -= n;
    }
}

static void add_padded(struct plan *p, const void *bytes, size_t len)
{
    if (len)
        cr_sha256_update(&p->sha, bytes, len);
    add_zeroes(p, cb_align_up(len, PAGE) - len);
}

static void add_page_tables(struct plan *p)
{
    const uint64_t c = CB_BIT(p->launch->c_bit);
    uint8_t page[PAGE] = {0};

    cb_store_le64(page, (0x2000 + 3) | c);
    cr_sha256_update(&p->sha, page, PAGE);
    for (uint64_t i = 0; i < 4; i++)
        cb_store_le64(page + 8 * i, (0x3000 + i * 0x1000 + 3) | c);
    cr_sha256_update(&p->sha, page, PAGE);
    for (uint64_t j = 0; j < 4; j++) {
        for (uint64_t i = 0; i < 512; i++)
            cb_store_le64(page + 8 * i, ((j << 30) + (i << 21) + 0x83) | c);
        cr_sha256_update(&p->sha, page, PAGE);
    }
}

static unsigned add_e820(uint8_t *zero_page, unsigned n, uint64_t start, uint64_t end, uint32_t type)
{
    uint8_t *entry = zero_page + E820 + E820_ENTRY * n;

    cb_store_le64(entry, start);
    cb_store_le64(entry + 8, end - start);
    cb_store_le32(entry + 16, type);
    return n + 1;
}

static void put_setup_header(const struct plan *p, uint8_t *page)
{
    const uint8_t *image = p->kernel.bzimage.data;
    size_t end;

    if (!p->kernel.bzimage.len) {
        cb_store_le16(page + BOOT_FLAG, 0xaa55);
        cb_store_le32(page + MAGIC, HDRS);
        cb_store_le16(page + VERSION, 0x20f);
        page[LOADFLAGS] = 1;
        cb_store_le32(page + KERNEL_ALIGNMENT, 0x200000);
        return;
    }
    end = MAGIC + (size_t)image[JUMP_LEN];
    if (end > HEADER_MAX)
        end = HEADER_MAX;
    memcpy(page + SETUP_SECTS, image + SETUP_SECTS, end - SETUP_SECTS);
}

static void add_boot_params(struct plan *p)
{
    const uint64_t high = UINT64_C(1) << 32;
    uint8_t page[PAGE] = {0};
    unsigned n = 0;

    put_setup_header(p, page);
    cb_store_le64(page + RSDP, p->rsdp);
    cb_store_le32(page + ALT_MEM_K, (uint32_t)((p->secret - 0x100000) / 1024));
    page[TYPE_OF_LOADER] = 0xff;
    cb_store_le32(page + CODE32_START, (uint32_t)p->kernel.address);
    cb_store_le32(page + RAMDISK_IMAGE, (uint32_t)p->initrd);
    cb_store_le32(page + RAMDISK_SIZE, (uint32_t)p->launch->initrd.len);
    cb_store_le32(page + CMD_LINE_PTR, 0x9000);
    n = add_e820(page, n, 0, 0x9fc00, 1);
    n = add_e820(page, n, 0x9fc00, 0xa0000, 2);
    n = add_e820(page, n, 0xf0000, 0x100000, 2);
    n = add_e820(page, n, 0x100000, p->secret, 1);
    n = add_e820(page, n, p->secret, p->tables, 2);
    n = add_e820(page, n, p->tables, p->below, 3);
    if (p->above)
        n = add_e820(page, n, high, high + p->above, 1);
    page[E820_ENTRIES] = (uint8_t)n;
    cr_sha256_update(&p->sha, page, PAGE);
}

static void add_gdt(struct plan *p)
{
    uint8_t page[PAGE] = {0};

    cb_store_le64(page + 0x10, UINT64_C(0x00af9b000000ffff));
    cb_store_le64(page + 0x18, UINT64_C(0x00cf93000000ffff));
    cr_sha256_update(&p->sha, page, PAGE);
}

/* ---- ELF ---- */

struct segment {
    uint64_t offset, at, file_len, len;
};

static uint16_t n_segments(struct own_blob elf)
{
    return cb_load_le16(elf.data + 56);
}

/* The i-th program header; len 0: nothing to load. */
static struct segment segment_at(struct own_blob elf, unsigned i)
{
    const uint8_t *b = elf.data + cb_load_le64(elf.data + 32) + (size_t)PROGRAM_HEADER * i;

    if (cb_load_le32(b) != 1)
        return (struct segment){0};
    return (struct segment){cb_load_le64(b + 8), cb_load_le64(b + 24), cb_load_le64(b + 32),
                            cb_load_le64(b + 40)};
}

static bool is_elf(struct own_blob image)
{
    return image.len >= ELF_HEADER && !memcmp(image.data, "\177ELF", 4);
}

static bool elf_legal(struct own_blob elf)
{
    return elf.len >= ELF_HEADER && elf.data[4] == 2 && elf.data[5] == 1 &&
           cb_load_le16(elf.data + 18) == 62 && cb_load_le16(elf.data + 54) == PROGRAM_HEADER &&
           cb_range_ok(cb_load_le64(elf.data + 32), (uint64_t)PROGRAM_HEADER * n_segments(elf),
                       elf.len);
}

static enum cbit_status plan_elf(struct plan *p)
{
    const struct own_blob elf = p->kernel.elf;
    uint64_t low = UINT64_MAX, high = 0;

    if (!elf_legal(elf))
        return refuse(p, "kernel: no 64-bit x86 ELF with sound program headers");
    for (unsigned i = 0; i < n_segments(elf); i++) {
        const struct segment s = segment_at(elf, i);
        uint64_t end;

        if (s.len == 0)
            continue;
        if (s.file_len > s.len || !cb_range_ok(s.offset, s.file_len, elf.len) ||
            !cb_add_ok(s.at, s.len, &end))
            return refuse(p, "kernel: a segment lies outside the file or wraps");
        low = s.at < low ? s.at : low;
        high = end > high ? end : high;
    }
    if (high == 0 || high > p->secret || high - low > MAX_KERNEL)
        return refuse(p, "kernel: its segments do not fit into the guest's memory");
    p->kernel.address = low;
    p->kernel.at = cb_align_down(low, PAGE);
    p->kernel.end = cb_align_up(high, PAGE);
    return CBIT_OK;
}

static enum cbit_status add_elf(struct plan *p)
{
    const struct own_blob elf = p->kernel.elf;
    const size_t len = (size_t)(p->kernel.end - p->kernel.at);
    uint8_t *image = calloc(1, len);

    if (!image) {
        p->what = "kernel: no memory";
        return CBIT_NO_MEMORY;
    }
    for (unsigned i = 0; i < n_segments(elf); i++) {
        const struct segment s = segment_at(elf, i);
        uint8_t *to;

        if (s.len == 0)
            continue;
        to = image + (s.at - p->kernel.at);
        if (s.file_len)
            memcpy(to, elf.data + s.offset, (size_t)s.file_len);
        memset(to + s.file_len, 0, (size_t)(s.len - s.file_len));
    }
    cr_sha256_update(&p->sha, image, len);
    free(image);
    return CBIT_OK;
}

/* ---- bzImage ---- */

static size_t setup_len(const uint8_t *image)
{
    const size_t sectors = image[SETUP_SECTS] ? image[SETUP_SECTS] : 4;

    return (sectors + 1) * 512;
}

static enum cbit_status plan_bzimage(struct plan *p)
{
    const struct own_blob image = p->kernel.bzimage;
    const uint64_t alignment = cb_load_le32(image.data + KERNEL_ALIGNMENT);
    uint64_t at = cb_load_le64(image.data + PREF_ADDRESS), rounded;

    if (image.data[RELOCATABLE] && alignment) {
        if (!cb_add_ok(at, alignment - 1, &rounded))
            return refuse(p, "kernel: its preferred address is out of all bounds");
        at = rounded - rounded % alignment;
    }
    if (at % PAGE || at >= p->secret)
        return refuse(p, "kernel: its preferred address is not in the guest's memory");
    p->kernel.address = p->kernel.at = at;
    p->kernel.end = at + cb_align_up(image.len - setup_len(image.data), PAGE);
    return CBIT_OK;
}

static enum cbit_status plan_kernel(struct plan *p, uint8_t **unpacked)
{
    const struct own_blob image = p->launch->kernel;
    size_t len = 0;
    enum cbit_status status;

    if (is_elf(image)) {
        p->kernel.elf = image;
        return plan_elf(p);
    }
    if (image.len < HEADER_MAX || cb_load_le32(image.data + MAGIC) != HDRS ||
        image.len <= setup_len(image.data))
        return refuse(p, "kernel: neither a bzImage nor an ELF");
    p->kernel.bzimage = image;
    if (!p->launch->unpack_kernel)
        return plan_bzimage(p);
    status = own_direct_unpack(image, unpacked, &len, &p->what);
    if (status)
        return status;
    p->kernel.elf = (struct own_blob){*unpacked, len};
    return plan_elf(p);
}

/* ---- the plan ---- */

static enum cbit_status plan_memory(struct plan *p)
{
    const uint64_t memory = p->launch->memory;

    if (memory % PAGE || memory < (UINT64_C(2) << 20) || memory > CB_BIT(40))
        return refuse(p, "memory: 2 MiB to 1 TiB, in whole pages");
    if (p->launch->n_cpus < 1 || p->launch->n_cpus > OWN_DIRECT_MAX_CPUS)
        return refuse(p, "smp: 1 to 255");
    if (p->launch->c_bit < 32 || p->launch->c_bit > 51)
        return refuse(p, "cbitpos: 32 to 51");
    p->below = memory < 3 * GIB ? memory : 3 * GIB;
    p->above = memory - p->below;
    p->tables = p->below - OWN_DIRECT_TABLES;
    p->secret = p->tables - PAGE;
    return CBIT_OK;
}

static enum cbit_status plan_initrd(struct plan *p)
{
    const struct own_blob image = p->kernel.bzimage;
    const uint64_t len = p->launch->initrd.len;
    const uint64_t most =
        (image.len ? cb_load_le32(image.data + INITRD_ADDR_MAX) : UINT64_C(0x7fffffff)) + 1;
    const uint64_t top = p->secret < most ? p->secret : most;

    if (len) {
        if (len > top)
            return refuse(p, "initrd: does not fit into the guest's memory");
        p->initrd = cb_align_down(top - len, PAGE);
    }
    if (p->kernel.end > (len ? p->initrd : p->secret))
        return refuse(p, "kernel and initrd do not fit into the guest's memory");
    return CBIT_OK;
}

static enum cbit_status plan_append(struct plan *p)
{
    const struct own_blob image = p->kernel.bzimage;
    const uint32_t limit = image.len ? cb_load_le32(image.data + CMDLINE_SIZE) : 0;
    const char *text = p->launch->append;
    const int n = snprintf(p->append, sizeof(p->append), "%s%scbit.secret=0x%llx", text,
                           *text ? " " : "", (unsigned long long)p->secret);

    if (n < 0 || (unsigned)n > APPEND_MAX || (limit && (unsigned)n > limit))
        return refuse(p, "append: too long");
    return CBIT_OK;
}

static enum cbit_status add_all(struct plan *p)
{
    const struct own_blob image = p->kernel.bzimage;
    uint8_t tables[OWN_DIRECT_TABLES];
    enum cbit_status status = CBIT_OK;

    p->rsdp = own_direct_acpi(p->tables, p->launch->n_cpus, tables);
    cr_sha256_init(&p->sha);
    add_zeroes(p, PAGE);
    add_page_tables(p);
    add_boot_params(p);
    add_gdt(p);
    add_padded(p, p->append, strlen(p->append));
    if (p->kernel.elf.len) {
        status = add_elf(p);
    } else {
        const size_t skip = setup_len(image.data);

        add_padded(p, image.data + skip, image.len - skip);
    }
    add_padded(p, p->launch->initrd.data, p->launch->initrd.len);
    add_zeroes(p, PAGE);
    cr_sha256_update(&p->sha, tables, sizeof(tables));
    return status;
}

enum cbit_status own_direct_digest(const struct own_direct_launch *launch,
                                   uint8_t digest[OWN_DIGEST_SIZE], const char **what)
{
    struct plan p = {.launch = launch, .what = ""};
    uint8_t *unpacked = NULL;
    enum cbit_status status = plan_memory(&p);

    if (!status)
        status = plan_kernel(&p, &unpacked);
    if (!status)
        status = plan_initrd(&p);
    if (!status)
        status = plan_append(&p);
    if (!status)
        status = add_all(&p);
    if (!status)
        cr_sha256_digest(&p.sha, digest);
    free(unpacked);
    *what = p.what;
    return status;
}
