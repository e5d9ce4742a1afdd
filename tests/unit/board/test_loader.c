/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "board/loader.h"

#include <lz4.h>
#include <stdlib.h>

#define MEMORY (64u << 20)

struct fixture {
    uint8_t *memory;
    struct board_target target;
    struct board_memory_map map;
    struct board_error error;
    uint8_t image[16384];
};

static void on_write(void *ctx, uint64_t at, const void *bytes, size_t len)
{
    struct fixture *f = ctx;

    assert_true(cb_range_ok(at, len, MEMORY));
    memcpy(f->memory + at, bytes, len);
}

static void on_zero(void *ctx, uint64_t at, uint64_t len)
{
    struct fixture *f = ctx;

    assert_true(cb_range_ok(at, len, MEMORY));
    memset(f->memory + at, 0, len);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->memory = malloc(MEMORY);
    memset(f->memory, 0xcc, MEMORY);
    f->target = (struct board_target){on_write, on_zero, f};
    f->map = (struct board_memory_map){.below_4g = MEMORY, .tables = MEMORY};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    free(f->memory);
    free(f);
    return 0;
}

/* A bzImage of protocol 2.15: one setup sector, code behind it, payload at the end. */
static struct board_bytes make_bzimage(struct fixture *f)
{
    uint8_t *b = f->image;

    memset(b, 0, sizeof(f->image));
    b[WIRE_HDR_SETUP_SECTS] = 1;
    cb_store_le16(b + WIRE_HDR_BOOT_FLAG, 0xaa55);
    b[WIRE_HDR_JUMP + 1] = 0x66;
    cb_store_le32(b + WIRE_HDR_MAGIC, WIRE_HDR_MAGIC_VALUE);
    cb_store_le16(b + WIRE_HDR_VERSION, 0x20f);
    b[WIRE_HDR_LOADFLAGS] = 1;
    cb_store_le32(b + WIRE_HDR_INITRD_ADDR_MAX, 0x7fffffff);
    cb_store_le32(b + WIRE_HDR_ALIGNMENT, 0x200000);
    b[WIRE_HDR_RELOCATABLE] = 1;
    cb_store_le16(b + WIRE_HDR_XLOADFLAGS, 0x7f);
    cb_store_le32(b + WIRE_HDR_CMDLINE_SIZE, 2047);
    cb_store_le32(b + WIRE_HDR_PAYLOAD_OFFSET, 0x800);
    cb_store_le32(b + WIRE_HDR_PAYLOAD_LENGTH, 0x400);
    cb_store_le64(b + WIRE_HDR_PREF_ADDRESS, 0x1000000);
    cb_store_le32(b + WIRE_HDR_INIT_SIZE, 0x800000);
    memset(b + 1024, 0x90, 3072);
    return (struct board_bytes){b, 4096};
}

static struct board_bytes make_elf(struct fixture *f)
{
    uint8_t *b = f->image, *ph = b + 64;

    memset(b, 0, sizeof(f->image));
    memcpy(b, "\177ELF\2\1\1", 7);
    cb_store_le16(b + 16, 2);
    cb_store_le16(b + 18, 62);
    cb_store_le64(b + 24, 0x1000010);
    cb_store_le64(b + 32, 64);
    cb_store_le16(b + 54, 56);
    cb_store_le16(b + 56, 1);
    cb_store_le32(ph, 1);
    cb_store_le64(ph + 8, 0x200);
    cb_store_le64(ph + 16, 0xffffffff81000000);
    cb_store_le64(ph + 24, 0x1000000);
    cb_store_le64(ph + 32, 0x100);
    cb_store_le64(ph + 40, 0x300);
    memset(b + 0x200, 0xab, 0x100);
    return (struct board_bytes){b, 0x300};
}

static struct board_linux linux_of(struct fixture *f, struct board_bytes kernel)
{
    return (struct board_linux){.kernel = kernel, .append = "console=ttyS0", .map = f->map};
}

static enum cbit_status load(struct fixture *f, struct board_linux what, struct board_entry *entry)
{
    return board_load_linux(&what, &f->target, entry, &f->error);
}

static void a_bzimage_is_entered_at_its_64_bit_entry(void **state)
{
    struct fixture *f = *state;
    struct board_entry entry;
    const uint8_t *zero_page;

    assert_int_equal(load(f, linux_of(f, make_bzimage(f)), &entry), CBIT_OK);
    assert_int_equal(entry.mode, BOARD_ENTRY_64);
    assert_true(entry.rip == 0x1000200);
    zero_page = f->memory + entry.rsi;
    assert_int_equal(zero_page[WIRE_HDR_TYPE_OF_LOADER], 0xff);
    assert_int_equal(cb_load_le32(zero_page + WIRE_HDR_MAGIC), WIRE_HDR_MAGIC_VALUE);
    assert_string_equal(f->memory + cb_load_le32(zero_page + WIRE_HDR_CMD_LINE_PTR),
                        "console=ttyS0");
    assert_int_equal(zero_page[WIRE_BP_SENTINEL], 0);
    assert_int_equal(f->memory[0x1000000], 0x90);
    assert_int_equal(zero_page[WIRE_BP_E820_ENTRIES], 4);
}

static void page_tables_map_the_low_4_gib_one_to_one_with_the_c_bit_asked_for(void **state)
{
    struct fixture *f = *state;
    struct board_linux what = linux_of(f, make_bzimage(f));
    struct board_entry entry;
    uint64_t pml4e, pdpte, pde;

    what.c_mask = CB_BIT(51);
    assert_int_equal(load(f, what, &entry), CBIT_OK);
    pml4e = cb_load_le64(f->memory + entry.cr3);
    assert_true(pml4e >> 51 == 1);
    pdpte = cb_load_le64(f->memory + (pml4e & 0xffff000) + 8 * 3);
    pde = cb_load_le64(f->memory + (pdpte & 0xffff000) + 8 * 511);
    assert_true(pde == (0xffe00000 | CB_BIT(51) | 0x83));
}

static void the_initrd_lies_as_high_as_it_may(void **state)
{
    struct fixture *f = *state;
    struct board_linux what = linux_of(f, make_bzimage(f));
    struct board_entry entry;
    const uint8_t *zero_page = f->memory + 0x7000;

    what.initrd = (struct board_bytes){(const uint8_t *)"rootfs", 6};
    assert_int_equal(load(f, what, &entry), CBIT_OK);
    assert_int_equal(cb_load_le32(zero_page + WIRE_HDR_RAMDISK_IMAGE), MEMORY - 4096);
    assert_int_equal(cb_load_le32(zero_page + WIRE_HDR_RAMDISK_SIZE), 6);
    assert_memory_equal(f->memory + MEMORY - 4096, "rootfs", 6);
}

static void an_initrd_that_would_touch_the_kernel_is_refused(void **state)
{
    struct fixture *f = *state;
    struct board_linux what = linux_of(f, make_bzimage(f));
    struct board_entry entry;

    what.initrd = (struct board_bytes){f->memory, MEMORY - 0x1800000 + 1};
    assert_int_equal(load(f, what, &entry), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "initrd"));
    what.initrd.len = SIZE_MAX / 2;
    assert_int_equal(load(f, what, &entry), CBIT_INVALID);
}

static void an_elf_kernel_is_loaded_at_its_physical_address_with_zeroed_bss(void **state)
{
    struct fixture *f = *state;
    struct board_entry entry;

    assert_int_equal(load(f, linux_of(f, make_elf(f)), &entry), CBIT_OK);
    assert_true(entry.rip == 0x1000010);
    assert_int_equal(f->memory[0x10000ff], 0xab);
    assert_int_equal(f->memory[0x1000100], 0);
    assert_int_equal(f->memory[0x10002ff], 0);
    assert_int_equal(f->memory[0x1000300], 0xcc);
}

static void every_damaged_header_says_what_is_wrong(void **state)
{
    static const struct {
        unsigned offset, size;
        uint64_t value;
        const char *says;
    } cases[] = {
        {WIRE_HDR_MAGIC, 4, 0, "HdrS"},
        {WIRE_HDR_VERSION, 2, 0x204, "protocol"},
        {WIRE_HDR_LOADFLAGS, 1, 0, "zImage"},
        {WIRE_HDR_SETUP_SECTS, 1, 200, "setup part"},
        {WIRE_HDR_ALIGNMENT, 4, 3, "alignment"},
        {WIRE_HDR_PAYLOAD_OFFSET, 4, 0xffffffff, "payload"},
        {WIRE_HDR_PREF_ADDRESS, 8, UINT64_MAX, "preferred"},
        {WIRE_HDR_INIT_SIZE, 4, 0xffffffff, "memory"},
        {WIRE_HDR_CMDLINE_SIZE, 4, 3, "command line"},
    };
    struct fixture *f = *state;

    for (unsigned i = 0; i < CB_ARRAY_LEN(cases); i++) {
        const struct board_bytes image = make_bzimage(f);
        struct board_entry entry;
        uint8_t raw[8];

        cb_store_le64(raw, cases[i].value);
        memcpy(f->image + cases[i].offset, raw, cases[i].size);
        assert_int_equal(load(f, linux_of(f, image), &entry), CBIT_INVALID);
        assert_non_null(strstr(f->error.text, cases[i].says));
    }
}

static void every_damaged_elf_says_what_is_wrong(void **state)
{
    static const struct {
        unsigned offset, size;
        uint64_t value;
        const char *says;
    } cases[] = {
        {4, 1, 9, "neither"},          {18, 2, 40, "machine"},
        {32, 8, UINT64_MAX, "header"}, {56, 2, 0xffff, "header"},
        {24, 8, 0, "entry"},           {64 + 8, 8, UINT64_MAX, "segment"},
        {64 + 32, 8, 0x10000, "segment"}, {64 + 40, 8, 0x10, "segment"},
        {64 + 40, 8, UINT64_MAX, "segment"}, {64 + 24, 8, 0x100, "entry"},
        {64, 4, 2, "nothing"},
    };
    struct fixture *f = *state;

    for (unsigned i = 0; i < CB_ARRAY_LEN(cases); i++) {
        const struct board_bytes image = make_elf(f);
        struct board_entry entry;
        uint8_t raw[8];

        cb_store_le64(raw, cases[i].value);
        memcpy(f->image + cases[i].offset, raw, cases[i].size);
        assert_int_equal(load(f, linux_of(f, image), &entry), CBIT_INVALID);
        assert_non_null(strstr(f->error.text, cases[i].says));
    }
}

/* Every length that a file may be cut to. */
static void truncated_images_are_refused_at_any_length(void **state)
{
    struct fixture *f = *state;

    for (size_t len = 0; len < 0x300; len++) {
        struct board_entry entry;
        struct board_bytes image = make_elf(f);
        uint8_t *copy = malloc(len + 1);

        memcpy(copy, image.data, len);
        image = (struct board_bytes){copy, len};
        assert_int_equal(load(f, linux_of(f, image), &entry), CBIT_INVALID);
        image.data = make_bzimage(f).data;
        memcpy(copy, image.data, len);
        image.data = copy;
        assert_int_equal(load(f, linux_of(f, image), &entry), CBIT_INVALID);
        free(copy);
    }
}

static void an_lz4_payload_is_unpacked_and_a_damaged_one_refused(void **state)
{
    struct fixture *f = *state;
    const struct board_bytes image = make_bzimage(f);
    uint8_t plain[8192], *payload = f->image + 1024 + 0x800, *out;
    size_t len;
    int n;

    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i / 64);
    cb_store_le32(payload, 0x184c2102);
    n = LZ4_compress_default((const char *)plain, (char *)payload + 8, sizeof(plain), 900);
    assert_true(n > 0);
    cb_store_le32(payload + 4, (uint32_t)n);
    cb_store_le32(payload + 8 + n, sizeof(plain));
    cb_store_le32(f->image + WIRE_HDR_PAYLOAD_LENGTH, (uint32_t)n + 12);
    assert_int_equal(board_unpack(image, &out, &len, &f->error), CBIT_OK);
    assert_int_equal(len, sizeof(plain));
    assert_memory_equal(out, plain, len);
    free(out);
    cb_store_le32(payload + 4, 0x7fffffff);
    assert_int_equal(board_unpack(image, &out, &len, &f->error), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "LZ4"));
    memcpy(payload, "BZh91A", 6);
    assert_int_equal(board_unpack(image, &out, &len, &f->error), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "bzip2"));
}

static void the_memory_map_keeps_tables_out_of_ram(void **state)
{
    const struct board_memory_map map = {
        .below_4g = 0x10000000, .above_4g = 0x40000000, .tables = 0x0fff0000};
    static const struct wire_e820 expected[] = {
        {0, 0x9fc00, WIRE_E820_RAM},
        {0x9fc00, 0x400, WIRE_E820_RESERVED},
        {0xf0000, 0x10000, WIRE_E820_RESERVED},
        {0x100000, 0xfef0000, WIRE_E820_RAM},
        {0xfff0000, 0x10000, WIRE_E820_ACPI},
        {0x100000000, 0x40000000, WIRE_E820_RAM},
    };
    struct wire_e820 got[BOARD_MAX_E820];

    (void)state;
    assert_int_equal(board_e820(&map, got), CB_ARRAY_LEN(expected));
    for (unsigned i = 0; i < CB_ARRAY_LEN(expected); i++) {
        assert_true(got[i].base == expected[i].base);
        assert_true(got[i].size == expected[i].size);
        assert_int_equal(got[i].type, expected[i].type);
    }
}

/* The 64-bit ELF, with a Multiboot header behind its program headers. */
static struct board_bytes make_multiboot(struct fixture *f, uint64_t entry)
{
    const struct board_bytes image = make_elf(f);

    cb_store_le64(f->image + 24, entry);
    cb_store_le32(f->image + 0x1c0, 0x1badb002);
    cb_store_le32(f->image + 0x1c8, 0u - 0x1badb002);
    return image;
}

static void a_multiboot_header_tells_a_multiboot_image_whatever_else_it_is(void **state)
{
    struct fixture *f = *state;
    struct board_bytes image = make_elf(f);

    assert_false(board_is_multiboot(image));
    image = make_multiboot(f, 0x1000010);
    assert_true(board_is_multiboot(image));
    f->image[0x1c8] ^= 1;
    assert_false(board_is_multiboot(image));
    image = make_bzimage(f);
    cb_store_le32(f->image + 0x800, 0x1badb002);
    cb_store_le32(f->image + 0x808, 0u - 0x1badb002);
    assert_false(board_is_multiboot(image));
}

static void a_64_bit_multiboot_image_is_entered_in_32_bit_mode_below_4_gib(void **state)
{
    struct fixture *f = *state;
    struct board_multiboot what = {.image = make_multiboot(f, 0x1000010), .append = "x",
                                   .map = f->map};
    struct board_entry entry;

    assert_int_equal(board_load_multiboot(&what, &f->target, &entry, &f->error), CBIT_OK);
    assert_int_equal(entry.mode, BOARD_ENTRY_32);
    assert_true(entry.rip == 0x1000010);
    assert_true(entry.eax == 0x2badb002);
    assert_int_equal(f->memory[0x1000000], 0xab);
    assert_string_equal(f->memory + cb_load_le32(f->memory + entry.ebx + 16), "kernel x");
    what.image = make_multiboot(f, CB_BIT(32));
    assert_int_equal(board_load_multiboot(&what, &f->target, &entry, &f->error), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "above 4 GiB"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bzimage_is_entered_at_its_64_bit_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(
            page_tables_map_the_low_4_gib_one_to_one_with_the_c_bit_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(the_initrd_lies_as_high_as_it_may, setup, teardown),
        cmocka_unit_test_setup_teardown(an_initrd_that_would_touch_the_kernel_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            an_elf_kernel_is_loaded_at_its_physical_address_with_zeroed_bss, setup, teardown),
        cmocka_unit_test_setup_teardown(every_damaged_header_says_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(every_damaged_elf_says_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_images_are_refused_at_any_length, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_lz4_payload_is_unpacked_and_a_damaged_one_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_multiboot_header_tells_a_multiboot_image_whatever_else_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_64_bit_multiboot_image_is_entered_in_32_bit_mode_below_4_gib, setup, teardown),
        cmocka_unit_test(the_memory_map_keeps_tables_out_of_ram),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
