/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "mc/keys.h"

static void a_frame_reads_back_in_its_view_and_is_ciphertext_in_others(void **state)
{
    const struct mc_config config = {.cipher = MC_CIPHER_XEX,
                                     .range = {{spa(0), 1 << 20}},
                                     .n_ranges = 1,
                                     .n_asids = 3};
    const struct mc_access plain = mc_access_host(MC_KIND_DATA, false);
    const struct mc_access secret = mc_access_host(MC_KIND_DATA, true);
    uint8_t got[32];
    struct mc *mc;

    (void)state;
    assert_int_equal(mc_new(&config, &mc), CBIT_OK);
    mc_set_smee(mc, true);
    mc_write(mc, spa(0x1ff8), secret, "sixteen bytes and more", 22);
    mc_read(mc, spa(0x1ff8), plain, got, 22);
    assert_memory_not_equal(got, "sixteen bytes and more", 22);
    mc_read(mc, spa(0x1ff8), secret, got, 22);
    assert_memory_equal(got, "sixteen bytes and more", 22);
    mc_free(mc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_reads_back_in_its_view_and_is_ciphertext_in_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
