/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launch digests against a self-contained direct-boot vector: a synthetic
 * firmware image with an OVMF GUID table, tiny kernel and initrd.  The expected
 * numbers were computed by independent calculators.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "owner/owner.h"

#define IMAGE_SIZE 8192

static const char metadata[] =
    "41534556400000000100000004000000"
    "000080000020000001000000"
    "00d080000010000002000000"
    "00e080000010000003000000"
    "000081000010000010000000";

static const char guid_table[] =
    "001000001600666588dc4a989847a75e5585a7bf67cc"
    "000c8100000400001a001f3755723b3a044b927b1da6efa8d454"
    "00008100000c00001a0061b32e4c9b7dc34c8081127c90d3d294"
    "04b080001600de71f7007e1acb4f890e68c77e2fb44e"
    "7200de82b596b21ff745baeaa366c55a082d";

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; hex[2 * n] != '\0'; n++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * n, "%2x", &byte), 1);
        out[n] = (uint8_t)byte;
    }
    return n;
}

static void make_image(uint8_t image[IMAGE_SIZE])
{
    for (size_t i = 0; i < IMAGE_SIZE; i++)
        image[i] = (uint8_t)i;
    assert_int_equal(from_hex(metadata, image + 0x1000), 64);
    assert_int_equal(from_hex(guid_table, image + 0x1f6e), 114);
    memset(image + 0x1fe0, 0, 32);
}

static void assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char text[2 * 64 + 1];

    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, expected);
}

static struct own_qemu_launch vector_launch(const uint8_t *image)
{
    return (struct own_qemu_launch){
        .firmware = {image, IMAGE_SIZE},
        .kernel = {(const uint8_t *)"kernel", 6},
        .initrd = {(const uint8_t *)"initrd", 6},
        .append = "root=/dev/vda",
        .cpu_signature = 0x800f12,
    };
}

static void the_firmware_table_names_areas_and_reset_address(void **state)
{
    uint8_t image[IMAGE_SIZE];
    struct own_firmware firmware;

    (void)state;
    make_image(image);
    assert_int_equal(own_firmware_parse(image, sizeof(image), &firmware), CBIT_OK);
    assert_true(firmware.has_table);
    assert_int_equal(firmware.hash_table.base, 0x810c00);
    assert_int_equal(firmware.hash_table.size, 0x400);
    assert_int_equal(firmware.secret.base, 0x810000);
    assert_int_equal(firmware.secret.size, 0xc00);
    assert_true(firmware.has_reset);
    assert_int_equal(firmware.reset, 0x0080b004);
}

static void a_damaged_firmware_table_is_refused_not_followed(void **state)
{
    uint8_t image[IMAGE_SIZE];
    struct own_firmware firmware;

    (void)state;
    for (unsigned at = 0x1f6e; at < 0x1fe0; at++) {
        make_image(image);
        image[at] ^= 0xff;
        /* any verdict but a crash; under ASan an overrun would be one */
        (void)!own_firmware_parse(image, sizeof(image), &firmware);
    }
    make_image(image);
    cb_store_le16(image + 0x1fce, 0xffff); /* the footer's length */
    assert_int_equal(own_firmware_parse(image, sizeof(image), &firmware), CBIT_CORRUPT);
    make_image(image);
    cb_store_le16(image + 0x1fce - 4 - 18 + 4 - 16 + 2, 3); /* inside the entries */
    assert_int_equal(own_firmware_parse(image + IMAGE_SIZE - 40, 40, &firmware), CBIT_OK);
    assert_false(firmware.has_table);
}

static void digests_of_the_vector_are_the_published_ones(void **state)
{
    uint8_t image[IMAGE_SIZE];
    uint8_t digest[32];
    struct own_qemu_launch launch = vector_launch(image);
    const char *what;

    (void)state;
    make_image(image);
    assert_int_equal(own_qemu_digest(&launch, digest, &what), CBIT_OK);
    assert_hex(digest, 32, "4c21528bd8ecc4ca00e36188384316c0e68beb5ff015f040090d4262453e3c3b");
    launch.kernel_hashes = true;
    assert_int_equal(own_qemu_digest(&launch, digest, &what), CBIT_OK);
    assert_hex(digest, 32, "852bf59570545a5ccdc88053f2ca1083d13ff00a060f309b57b3162ecb2bee0e");
    launch.n_vmsas = 2;
    assert_int_equal(own_qemu_digest(&launch, digest, &what), CBIT_OK);
    assert_hex(digest, 32, "37d0d1fb7b46226205bc1b305d410e9af3f6dc97ae82ab0caa158c6b00d678fa");
}

static void the_hash_table_is_qemus(void **state)
{
    const struct own_blob nothing = {NULL, 0};
    uint8_t table[OWN_HASH_TABLE_SIZE];
    uint8_t digest[32];

    (void)state;
    own_hash_table_build((struct own_blob){(const uint8_t *)"kernel", 6},
                         (struct own_blob){(const uint8_t *)"initrd", 6}, "root=/dev/vda", table);
    cr_sha256_of(table, sizeof(table), digest);
    assert_hex(digest, 32, "45449b94e8ca8ae4121419256c87aca6d85bd5dd0730ff00e88bf1a7281d14ff");
    own_hash_table_build(nothing, nothing, "console=ttyS0 loglevel=7", table);
    cr_sha256_of(table, sizeof(table), digest);
    assert_hex(digest, 32, "9b8d003b7deacde5e1e4e53ffdeaeefcfeec67cdf0f7362fafe984996f03b59d");
}

static void vmsa_pages_are_qemus(void **state)
{
    struct own_vmsa vmsa = {.cpu_signature = 0x800f12};
    uint8_t page[OWN_VMSA_SIZE];
    uint8_t digest[32];

    (void)state;
    own_vmsa_build(&vmsa, page);
    cr_sha256_of(page, sizeof(page), digest);
    assert_hex(digest, 32, "8295cef559b57130391d59605890ef93297720b48bef9a8c3c985b9c3fb0788c");
    vmsa.ap_reset = 0x0080b004;
    own_vmsa_build(&vmsa, page);
    cr_sha256_of(page, sizeof(page), digest);
    assert_hex(digest, 32, "7ff723da33f39dedbe8336bb697e0a2f76471690074d5902e1a8177cd5312c95");
}

static void what_the_firmware_lacks_is_named(void **state)
{
    uint8_t image[IMAGE_SIZE] = {0};
    uint8_t digest[32];
    struct own_qemu_launch launch = vector_launch(image);
    const char *what;

    (void)state;
    launch.kernel_hashes = true;
    assert_int_equal(own_qemu_digest(&launch, digest, &what), CBIT_NOT_FOUND);
    assert_non_null(strstr(what, "kernel hashes"));
    launch.kernel_hashes = false;
    launch.n_vmsas = 2;
    assert_int_equal(own_qemu_digest(&launch, digest, &what), CBIT_NOT_FOUND);
    assert_non_null(strstr(what, "reset address"));
}

static void cpu_models_have_qemus_signatures(void **state)
{
    uint32_t signature;

    (void)state;
    assert_true(own_vmsa_signature("EPYC-Milan", &signature));
    assert_int_equal(signature, 0xa00f11);
    assert_true(own_vmsa_signature("EPYC-v4", &signature));
    assert_int_equal(signature, 0x800f12);
    assert_false(own_vmsa_signature("Haswell", &signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_firmware_table_names_areas_and_reset_address),
        cmocka_unit_test(a_damaged_firmware_table_is_refused_not_followed),
        cmocka_unit_test(digests_of_the_vector_are_the_published_ones),
        cmocka_unit_test(the_hash_table_is_qemus),
        cmocka_unit_test(vmsa_pages_are_qemus),
        cmocka_unit_test(what_the_firmware_lacks_is_named),
        cmocka_unit_test(cpu_models_have_qemus_signatures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
