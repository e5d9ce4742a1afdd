/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "owner/owner.h"

static void guids_stand_in_efi_byte_order(void **state)
{
    static const uint8_t expected[16] = {0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
                                         0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b};
    struct own_guid guid;
    char text[37];

    (void)state;
    assert_int_equal(own_guid_parse("1e74f542-71DD-4d66-963e-ef4287ff173b", &guid), CBIT_OK);
    assert_memory_equal(guid.bytes, expected, 16);
    own_guid_format(&guid, text);
    assert_string_equal(text, "1e74f542-71dd-4d66-963e-ef4287ff173b");
}

static void malformed_guids_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "1e74f542", "1e74f542-71dd-4d66-963e-ef4287ff173", "1e74f542-71dd-4d66-963e-ef4287ff173bb",
        "1e74f54271dd4d66963eef4287ff173b", "1e74f542-71dd-4d66-963e-ef4287ff17zz",
    };
    struct own_guid guid;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(bad); i++)
        assert_int_equal(own_guid_parse(bad[i], &guid), CBIT_INVALID);
}

static void a_secret_table_counts_heads_but_not_padding(void **state)
{
    struct own_secret secret = {.data = (const uint8_t *)"swordfish", .len = 9};
    uint8_t table[64];

    (void)state;
    assert_int_equal(own_guid_parse("736869e5-84f0-4973-92ec-06879ce3da0b", &secret.guid), CBIT_OK);
    assert_int_equal(own_secret_table_size(&secret, 1), 64); /* 20 + 20 + 9, padded */
    own_secret_table_build(&secret, 1, table);
    assert_int_equal(cb_load_le32(table + 16), 49);
    assert_memory_equal(table + 20, secret.guid.bytes, 16);
    assert_int_equal(cb_load_le32(table + 36), 29);
    assert_memory_equal(table + 40, "swordfish", 9);
    assert_true(cb_all_zero(table + 49, 15));
}

static void a_secret_that_no_command_could_carry_is_refused(void **state)
{
    const struct own_secret big = {.data = NULL, .len = OWN_SECRET_TABLE_MAX};

    (void)state;
    assert_int_equal(own_secret_table_size(&big, 1), 0);
}

static void a_session_gives_its_keys_to_the_platform_of_the_pdh_alone(void **state)
{
    struct cr_random random;
    struct cr_p384_key pdh_key;
    struct cr_p384_key other;
    struct cr_p384_public godh;
    struct wire_sev_cert cert;
    struct own_session session;
    struct sev_transport keys;

    (void)state;
    cr_random_from_seed(&random, 3, "test session");
    cr_p384_generate(&random, &pdh_key);
    cr_p384_generate(&random, &other);
    sev_cert_make(&cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &pdh_key.pub, 0, 24);
    assert_int_equal(own_session_make(&random, &cert, 5, &session), WIRE_SEV_SUCCESS);
    wire_sev_cert_decode(&cert, session.godh);
    assert_int_equal(sev_cert_check_dh(&cert, &godh), WIRE_SEV_SUCCESS);
    assert_int_equal(sev_session_open(&pdh_key, &godh, 5, session.session, &keys), WIRE_SEV_SUCCESS);
    assert_memory_equal(&keys, &session.keys, sizeof(keys));
    assert_int_equal(sev_session_open(&pdh_key, &godh, 4, session.session, &keys),
                     WIRE_SEV_BAD_MEASUREMENT);
    assert_int_equal(sev_session_open(&other, &godh, 5, session.session, &keys),
                     WIRE_SEV_BAD_MEASUREMENT);
}

static void a_session_for_a_key_that_is_no_pdh_is_refused(void **state)
{
    struct cr_random random;
    struct wire_sev_cert cert = {.version = 1, .usage = WIRE_SEV_USAGE_PDH};
    struct own_session session;

    (void)state;
    cr_random_from_seed(&random, 4, "test session");
    assert_int_equal(own_session_make(&random, &cert, 1, &session), WIRE_SEV_INVALID_CERTIFICATE);
}

static void a_packed_image_opens_chunk_by_chunk(void **state)
{
    const size_t len = 2 * OWN_PACK_CHUNK + 100;
    struct sev_transport keys = {{1}, {2}};
    struct cr_random random;
    uint8_t *image = malloc(len);
    uint8_t *packed = malloc(own_pack_size(len));
    uint8_t plain[OWN_PACK_CHUNK];
    struct own_pack_chunk chunk;
    uint64_t image_len;
    size_t at;
    size_t done = 0;

    (void)state;
    assert_non_null(image);
    assert_non_null(packed);
    cr_random_from_seed(&random, 5, "test pack");
    cr_random_fill(&random, image, len);
    own_pack(&random, &keys, image, len, packed);
    assert_int_equal(own_pack_open(packed, own_pack_size(len), &image_len, &at), CBIT_OK);
    assert_int_equal(image_len, len);
    while (own_pack_next(packed, own_pack_size(len), &at, &chunk) == CBIT_OK) {
        struct sev_packet packet = {.kind = WIRE_SEV_PACKET_DATA, .guest_len = chunk.len,
                                    .trans_len = chunk.len};
        const size_t rest = len - done;

        sev_packet_read_header(chunk.header, &packet);
        assert_int_equal(sev_packet_open(&keys, &packet, chunk.header, chunk.data, plain),
                         WIRE_SEV_SUCCESS);
        assert_memory_equal(plain, image + done, rest < chunk.len ? rest : chunk.len);
        done += chunk.len;
    }
    assert_true(done >= len);
    assert_int_equal(own_pack_open(packed, own_pack_size(len) - 1, &image_len, &at), CBIT_INVALID);
    packed[8] = 9;
    assert_int_equal(own_pack_open(packed, own_pack_size(len), &image_len, &at), CBIT_VERSION);
    free(image);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guids_stand_in_efi_byte_order),
        cmocka_unit_test(malformed_guids_are_refused),
        cmocka_unit_test(a_secret_table_counts_heads_but_not_padding),
        cmocka_unit_test(a_secret_that_no_command_could_carry_is_refused),
        cmocka_unit_test(a_session_gives_its_keys_to_the_platform_of_the_pdh_alone),
        cmocka_unit_test(a_session_for_a_key_that_is_no_pdh_is_refused),
        cmocka_unit_test(a_packed_image_opens_chunk_by_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
