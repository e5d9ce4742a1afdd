/* SPDX-License-Identifier: Apache-2.0 */
/* The expectations are those of docs/launch-layout.md, computed by hand from it. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/hash.h"
#include "hv/layout.h"
#include "owner/owner.h"

#define MIB UINT64_C(0x100000)

struct fixture {
    uint8_t image[4096];
    uint8_t initrd[5000];
    struct hv_layout_input input;
    struct hv_layout layout;
    struct board_error error;
};

static struct board_bytes make_bzimage(uint8_t *b)
{
    b[0x1f1] = 1;
    b[0x201] = 0x66;
    cb_store_le32(b + 0x202, 0x53726448);
    cb_store_le16(b + 0x206, 0x20f);
    b[0x211] = 1;
    cb_store_le32(b + 0x22c, 0x7fffffff);
    cb_store_le32(b + 0x230, 0x200000);
    b[0x234] = 1;
    cb_store_le16(b + 0x236, 0x7f);
    cb_store_le32(b + 0x238, 2047);
    cb_store_le64(b + 0x258, 0x1000000);
    cb_store_le32(b + 0x260, 0x800000);
    memset(b + 1024, 0x90, 3072);
    return (struct board_bytes){b, 4096};
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    memset(f->initrd, 'i', sizeof(f->initrd));
    f->input = (struct hv_layout_input){
        .kernel = make_bzimage(f->image),
        .initrd = {f->initrd, sizeof(f->initrd)},
        .append = "console=ttyS0",
        .memory = 64 * MIB,
        .n_cpus = 1,
        .sev = true,
        .c_bit = 51,
    };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    hv_layout_free(&f->layout);
    free(f);
    return 0;
}

static void make(struct fixture *f)
{
    hv_layout_free(&f->layout);
    if (hv_layout_make(&f->input, &f->layout, &f->error))
        fail_msg("%s", f->error.text);
}

/* The launched byte at an address. */
static const uint8_t *at(const struct fixture *f, uint64_t address)
{
    for (unsigned i = 0; i < f->layout.n_regions; i++) {
        const struct hv_region *r = &f->layout.region[i];

        if (address >= r->at && address < r->at + r->len)
            return r->bytes + (address - r->at);
    }
    fail_msg("%#llx is not launched", (unsigned long long)address);
    return NULL;
}

static void regions_are_whole_pages_in_ascending_order(void **state)
{
    static const struct {
        uint64_t at, len;
    } expected[] = {
        {0, 0xa000},
        {0x1000000, 0x1000}, /* 3072 bytes of kernel */
        {0x3fed000, 0x13000}, /* 2 pages of initrd, the secret page, 16 pages of tables */
    };
    struct fixture *f = *state;

    make(f);
    assert_int_equal(f->layout.n_regions, CB_ARRAY_LEN(expected));
    for (unsigned i = 0; i < CB_ARRAY_LEN(expected); i++) {
        assert_int_equal(f->layout.region[i].at, expected[i].at);
        assert_int_equal(f->layout.region[i].len, expected[i].len);
    }
    assert_int_equal(f->layout.secret, 0x3fef000);
}

static void every_page_table_entry_is_private(void **state)
{
    struct fixture *f = *state;

    make(f);
    assert_int_equal(cb_load_le64(at(f, 0x1000)), UINT64_C(0x0008000000002003));
    assert_int_equal(cb_load_le64(at(f, 0x1008)), 0);
    assert_int_equal(cb_load_le64(at(f, 0x2018)), UINT64_C(0x0008000000006003));
    assert_int_equal(cb_load_le64(at(f, 0x2020)), 0);
    assert_int_equal(cb_load_le64(at(f, 0x3008)), UINT64_C(0x0008000000200083));
    assert_int_equal(cb_load_le64(at(f, 0x6ff8)), UINT64_C(0x00080000ffe00083));
    f->input.c_bit = 47;
    make(f);
    assert_int_equal(cb_load_le64(at(f, 0x1000)), UINT64_C(0x0000800000002003));
}

static void the_command_line_names_the_secret_page(void **state)
{
    struct fixture *f = *state;

    make(f);
    assert_string_equal((const char *)at(f, 0x9000), "console=ttyS0 cbit.secret=0x3fef000");
    f->input.append = "";
    make(f);
    assert_string_equal((const char *)at(f, 0x9000), "cbit.secret=0x3fef000");
}

static void a_plain_guest_has_neither_c_bits_nor_a_secret_page(void **state)
{
    struct fixture *f = *state;

    f->input.sev = false;
    make(f);
    assert_int_equal(cb_load_le64(at(f, 0x1000)), 0x2003);
    assert_string_equal((const char *)at(f, 0x9000), "console=ttyS0");
    assert_int_equal(f->layout.secret, 0);
    assert_int_equal(f->layout.region[2].at, 0x3fee000);
}

static void boot_parameters_are_as_documented(void **state)
{
    static const uint64_t e820[][3] = {
        {0, 0x9fc00, 1},          {0x9fc00, 0x400, 2},     {0xf0000, 0x10000, 2},
        {0x100000, 0x3eef000, 1}, {0x3fef000, 0x1000, 2}, {0x3ff0000, 0x10000, 3},
    };
    struct fixture *f = *state;
    const uint8_t *page;

    make(f);
    page = at(f, 0x7000);
    assert_int_equal(cb_load_le64(page + 0x70), 0x3ff0640);
    assert_int_equal(cb_load_le32(page + 0x1e0), 0x3eef000 / 1024);
    assert_int_equal(page[0x1e8], CB_ARRAY_LEN(e820));
    assert_int_equal(page[0x210], 0xff);
    assert_int_equal(cb_load_le32(page + 0x214), 0x1000000);
    assert_int_equal(cb_load_le32(page + 0x218), 0x3fed000);
    assert_int_equal(cb_load_le32(page + 0x21c), 5000);
    assert_int_equal(cb_load_le32(page + 0x228), 0x9000);
    assert_int_equal(cb_load_le32(page + 0x260), 0x800000);
    for (unsigned i = 0; i < CB_ARRAY_LEN(e820); i++) {
        assert_int_equal(cb_load_le64(page + 0x2d0 + 20 * i), e820[i][0]);
        assert_int_equal(cb_load_le64(page + 0x2d0 + 20 * i + 8), e820[i][1]);
        assert_int_equal(cb_load_le32(page + 0x2d0 + 20 * i + 16), e820[i][2]);
    }
}

static void memory_above_3_gib_goes_on_at_4_gib(void **state)
{
    struct fixture *f = *state;

    f->input.memory = 4096 * MIB;
    make(f);
    assert_int_equal(f->layout.secret, 0xbffef000);
    assert_int_equal(at(f, 0x7000)[0x1e8], 7);
    assert_int_equal(cb_load_le64(at(f, 0x7000) + 0x2d0 + 120), UINT64_C(0x100000000));
    assert_int_equal(cb_load_le64(at(f, 0x7000) + 0x2d0 + 128), 1024 * MIB);
}

static void digest_of(const void *bytes, size_t len, char hex[65])
{
    uint8_t digest[32];

    cr_sha256_of(bytes, len, digest);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void the_dsdt_is_the_same_for_every_guest(void **state)
{
    static const uint64_t memory[] = {64, 512, 4096};
    struct fixture *f = *state;
    char hex[65];

    for (unsigned i = 0; i < CB_ARRAY_LEN(memory); i++) {
        f->input.memory = memory[i] * MIB;
        f->input.n_cpus = i + 1;
        make(f);
        digest_of(at(f, f->layout.map.tables + 0x40), 941, hex);
        assert_string_equal(hex, "d0050fc835b15d36efa7aebdeabbf4a84d821b04808da6aacb93e3320d2c06c0");
    }
}

static struct board_bytes make_elf(uint8_t *b)
{
    static const struct {
        uint64_t offset, at, file_len, memory_len;
    } segment[] = {{0x200, 0x1000100, 0x100, 0x200}, {0x300, 0x1003000, 0x80, 0x2000}};

    memset(b, 0, 4096);
    memcpy(b, "\177ELF\2\1\1", 7);
    cb_store_le16(b + 16, 2);
    cb_store_le16(b + 18, 62);
    cb_store_le64(b + 24, 0x1000110);
    cb_store_le64(b + 32, 64);
    cb_store_le16(b + 54, 56);
    cb_store_le16(b + 56, CB_ARRAY_LEN(segment));
    for (unsigned i = 0; i < CB_ARRAY_LEN(segment); i++) {
        uint8_t *ph = b + 64 + 56 * i;

        cb_store_le32(ph, 1);
        cb_store_le64(ph + 8, segment[i].offset);
        cb_store_le64(ph + 24, segment[i].at);
        cb_store_le64(ph + 32, segment[i].file_len);
        cb_store_le64(ph + 40, segment[i].memory_len);
    }
    memset(b + 0x200, 0xab, 0x200);
    return (struct board_bytes){b, 0x400};
}

static void an_elf_is_launched_from_end_to_end(void **state)
{
    struct fixture *f = *state;

    f->input.kernel = make_elf(f->image);
    make(f);
    assert_int_equal(f->layout.region[1].at, 0x1000000);
    assert_int_equal(f->layout.region[1].len, 0x5000);
    assert_int_equal(*at(f, 0x10000ff), 0);
    assert_int_equal(*at(f, 0x1000100), 0xab);
    assert_int_equal(*at(f, 0x1000200), 0);
    assert_int_equal(*at(f, 0x100307f), 0xab);
    assert_int_equal(*at(f, 0x1003080), 0);
    assert_int_equal(cb_load_le32(at(f, 0x7214)), 0x1000100);
    assert_int_equal(f->layout.entry.rip, 0x1000110);
}

static void layout_digest(const struct hv_layout *layout, uint8_t digest[32])
{
    struct cr_sha256 hash;

    cr_sha256_init(&hash);
    for (unsigned i = 0; i < layout->n_regions; i++)
        cr_sha256_update(&hash, layout->region[i].bytes, layout->region[i].len);
    cr_sha256_digest(&hash, digest);
}

static void the_owner_computes_the_same_digest_from_the_files(void **state)
{
    struct fixture *f = *state;
    uint8_t elf[4096], ours[32], owners[32];
    const struct board_bytes kernels[] = {f->input.kernel, make_elf(elf)};
    const struct board_bytes initrds[] = {{NULL, 0}, f->input.initrd};
    static const struct {
        uint64_t memory;
        unsigned n_cpus, c_bit;
        const char *append;
    } cases[] = {
        {64 * MIB, 1, 51, ""},          {64 * MIB, 7, 47, "quiet"},
        {3072 * MIB, 1, 51, "a b"},     {3073 * MIB, 2, 51, "a b"},
        {512 * MIB + 4096, 64, 47, "x"},
    };

    for (unsigned n = 0; n < CB_ARRAY_LEN(cases) * 4; n++) {
        const char *what = "";
        struct own_direct_launch launch;

        f->input.kernel = kernels[n & 1];
        f->input.initrd = initrds[n >> 1 & 1];
        f->input.memory = cases[n / 4].memory;
        f->input.n_cpus = cases[n / 4].n_cpus;
        f->input.c_bit = cases[n / 4].c_bit;
        f->input.append = cases[n / 4].append;
        launch = (struct own_direct_launch){
            .kernel = {f->input.kernel.data, f->input.kernel.len},
            .initrd = {f->input.initrd.data, f->input.initrd.len},
            .append = f->input.append,
            .memory = f->input.memory,
            .n_cpus = f->input.n_cpus,
            .c_bit = f->input.c_bit,
        };
        make(f);
        layout_digest(&f->layout, ours);
        assert_int_equal(own_direct_digest(&launch, owners, &what), CBIT_OK);
        assert_memory_equal(ours, owners, 32);
    }
}

static void what_cannot_be_launched_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    static char append[2048];
    struct hv_layout_input input;

    input = f->input;
    input.memory = 8 * MIB;
    assert_int_equal(hv_layout_make(&input, &f->layout, &f->error), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "kernel: needs memory"));
    input = f->input;
    memset(append, 'a', 2030);
    input.append = append;
    assert_int_equal(hv_layout_make(&input, &f->layout, &f->error), CBIT_INVALID);
    assert_non_null(strstr(f->error.text, "command line"));
    input = f->input;
    input.n_cpus = 0;
    assert_int_equal(hv_layout_make(&input, &f->layout, &f->error), CBIT_INVALID);
    input = f->input;
    input.kernel.len = 100;
    assert_int_equal(hv_layout_make(&input, &f->layout, &f->error), CBIT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(regions_are_whole_pages_in_ascending_order, setup, teardown),
        cmocka_unit_test_setup_teardown(every_page_table_entry_is_private, setup, teardown),
        cmocka_unit_test_setup_teardown(the_command_line_names_the_secret_page, setup, teardown),
        cmocka_unit_test_setup_teardown(a_plain_guest_has_neither_c_bits_nor_a_secret_page, setup, teardown),
        cmocka_unit_test_setup_teardown(boot_parameters_are_as_documented, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_above_3_gib_goes_on_at_4_gib, setup, teardown),
        cmocka_unit_test_setup_teardown(the_dsdt_is_the_same_for_every_guest, setup, teardown),
        cmocka_unit_test_setup_teardown(an_elf_is_launched_from_end_to_end, setup, teardown),
        cmocka_unit_test_setup_teardown(the_owner_computes_the_same_digest_from_the_files, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_launched_is_refused_by_name, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
