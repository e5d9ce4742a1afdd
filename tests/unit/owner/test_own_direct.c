/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sides computed docs/launch-layout.md apart from each other: the hypervisor's
 * layout and the owner's digest.  Here they meet.
 */
#include "unit/unit.h"

#include <lzma.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "hv/layout.h"
#include "owner/owner.h"

#define MIB UINT64_C(0x100000)

static uint8_t bzimage[8192], elf[MIB], packed[16384], initrd[5000];
static size_t packed_len;

static void make_bzimage(uint8_t *b)
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
    memset(b + 1024, 0x90, 5000 - 1024);
}

static void make_segment(uint8_t *ph, uint64_t offset, uint64_t at, uint64_t file_len, uint64_t len)
{
    cb_store_le32(ph, 1);
    cb_store_le64(ph + 8, offset);
    cb_store_le64(ph + 24, at);
    cb_store_le64(ph + 32, file_len);
    cb_store_le64(ph + 40, len);
}

static void make_elf(uint8_t *b)
{
    memcpy(b, "\177ELF\2\1\1", 7);
    cb_store_le16(b + 16, 2);
    cb_store_le16(b + 18, 62);
    cb_store_le64(b + 24, 0x1000110);
    cb_store_le64(b + 32, 64);
    cb_store_le16(b + 54, 56);
    cb_store_le16(b + 56, 3);
    make_segment(b + 64, 0x200, 0x1000100, 0x100, 0x200);
    make_segment(b + 120, 0x300, 0x1003000, 0x80, 0x2000);
    b[176] = 4; /* a note: not loaded */
    memset(b + 0x200, 0xab, 0x200);
}

/* A bzImage whose payload is the ELF, in XZ. */
static void make_packed(void)
{
    size_t n = 0;

    memcpy(packed, bzimage, 1024);
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, elf, sizeof(elf), packed + 1024, &n,
                                             sizeof(packed) - 1028), LZMA_OK);
    cb_store_le32(packed + 1024 + n, sizeof(elf));
    cb_store_le32(packed + 0x248, 0);
    cb_store_le32(packed + 0x24c, (uint32_t)n + 4);
    packed_len = 1024 + n + 4;
}

static int setup(void **state)
{
    (void)state;
    make_bzimage(bzimage);
    make_elf(elf);
    make_packed();
    memset(initrd, 'i', sizeof(initrd));
    return 0;
}

struct guest {
    const char *what;
    const uint8_t *kernel;
    size_t len, initrd_len;
    const char *append;
    bool unpack;
    uint64_t memory;
    unsigned n_cpus, c_bit;
};

static void hypervisor_digest(const struct guest *g, char hex[65])
{
    const struct hv_layout_input input = {
        .kernel = {g->kernel, g->len}, .initrd = {initrd, g->initrd_len}, .append = g->append,
        .unpack_kernel = g->unpack, .memory = g->memory, .n_cpus = g->n_cpus, .sev = true,
        .c_bit = g->c_bit};
    struct hv_layout layout;
    struct board_error error;
    struct cr_sha256 sha;
    uint8_t digest[32];

    if (hv_layout_make(&input, &layout, &error))
        fail_msg("%s: %s", g->what, error.text);
    cr_sha256_init(&sha);
    for (unsigned i = 0; i < layout.n_regions; i++)
        cr_sha256_update(&sha, layout.region[i].bytes, layout.region[i].len);
    cr_sha256_digest(&sha, digest);
    hv_layout_free(&layout);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static enum cbit_status owner_digest(const struct guest *g, char hex[65], const char **what)
{
    const struct own_direct_launch launch = {
        .kernel = {g->kernel, g->len}, .initrd = {initrd, g->initrd_len}, .append = g->append,
        .unpack_kernel = g->unpack, .memory = g->memory, .n_cpus = g->n_cpus, .c_bit = g->c_bit};
    uint8_t digest[32] = {0};
    const enum cbit_status status = own_direct_digest(&launch, digest, what);

    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return status;
}

static void owner_and_hypervisor_compute_the_same_digest(void **state)
{
    const struct guest guests[] = {
        {"a bzImage", bzimage, 5000, 5000, "console=ttyS0", false, 64 * MIB, 1, 51},
        {"no initrd", bzimage, 5000, 0, "console=ttyS0", false, 64 * MIB, 1, 51},
        {"an empty command line", bzimage, 5000, 5000, "", false, 64 * MIB, 1, 51},
        {"naples", bzimage, 5000, 5000, "quiet", false, 512 * MIB, 1, 47},
        {"four processors", bzimage, 5000, 4096, "quiet", false, 512 * MIB, 4, 51},
        {"more than 3 GiB", bzimage, 5000, 5000, "quiet", false, 5000 * MIB, 2, 51},
        {"an ELF", elf, 0x400, 5000, "quiet", false, 64 * MIB, 1, 51},
        {"an ELF without initrd", elf, 0x400, 0, "quiet", false, 64 * MIB, 1, 51},
        {"an unpacked bzImage", packed, packed_len, 5000, "quiet", true, 64 * MIB, 1, 51},
    };

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(guests); i++) {
        char theirs[65], ours[65];
        const char *what;

        hypervisor_digest(&guests[i], theirs);
        if (owner_digest(&guests[i], ours, &what))
            fail_msg("%s: %s", guests[i].what, what);
        if (strcmp(ours, theirs) != 0)
            fail_msg("%s: owner %s, hypervisor %s", guests[i].what, ours, theirs);
    }
}

static void each_number_and_file_is_in_the_digest(void **state)
{
    const struct guest base = {"", bzimage, 5000, 5000, "quiet", false, 64 * MIB, 1, 51};
    struct guest other[5];
    char hex[65], changed[65];
    const char *what;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(other); i++)
        other[i] = base;
    other[0].memory += 0x1000;
    other[1].n_cpus = 2;
    other[2].c_bit = 47;
    other[3].append = "quieter";
    other[4].initrd_len--;
    assert_int_equal(owner_digest(&base, hex, &what), CBIT_OK);
    for (size_t i = 0; i < CB_ARRAY_LEN(other); i++) {
        assert_int_equal(owner_digest(&other[i], changed, &what), CBIT_OK);
        assert_string_not_equal(hex, changed);
    }
}

static void what_does_not_add_up_is_refused_by_name(void **state)
{
    static char long_text[2048];
    static uint8_t wild[4096];
    char hex[65];
    const char *what;
    struct guest bad[] = {
        {"memory", bzimage, 5000, 0, "", false, 64 * MIB + 1, 1, 51},
        {"smp", bzimage, 5000, 0, "", false, 64 * MIB, 0, 51},
        {"smp", bzimage, 5000, 0, "", false, 64 * MIB, 256, 51},
        {"cbitpos", bzimage, 5000, 0, "", false, 64 * MIB, 1, 12},
        {"kernel", bzimage, 100, 0, "", false, 64 * MIB, 1, 51},
        {"kernel", initrd, 5000, 0, "", false, 64 * MIB, 1, 51},
        {"kernel", bzimage, 5000, 0, "", false, 8 * MIB, 1, 51},
        {"kernel", bzimage, 5000, 0, "", true, 64 * MIB, 1, 51}, /* no payload */
        {"kernel", wild, 0x400, 0, "", false, 64 * MIB, 1, 51},
        {"append", bzimage, 5000, 0, long_text, false, 64 * MIB, 1, 51},
    };

    (void)state;
    memset(long_text, 'a', sizeof(long_text) - 1);
    memcpy(wild, elf, sizeof(wild));
    cb_store_le64(wild + 64 + 8, UINT64_MAX - 4); /* a segment's place in the file */
    for (size_t i = 0; i < CB_ARRAY_LEN(bad); i++) {
        assert_int_not_equal(owner_digest(&bad[i], hex, &what), CBIT_OK);
        if (strstr(what, bad[i].what) != what)
            fail_msg("case %zu: \"%s\" does not begin with %s", i, what, bad[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_and_hypervisor_compute_the_same_digest),
        cmocka_unit_test(each_number_and_file_is_in_the_digest),
        cmocka_unit_test(what_does_not_add_up_is_refused_by_name),
    };

    return cmocka_run_group_tests_name("digest of a direct boot", tests, setup, NULL);
}
