/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that version 1 wrote stay legible: chip, flash and state of one naples
 * platform, in tests/state/1.  To add those of a new version, run this program
 * with the name of a folder; it writes them there.
 */
#include "unit/unit.h"
#include "unit/asp/platform.h"

#include <stdio.h>

struct files {
    uint8_t chip[ASP_CHIP_MAX], nv[ASP_FLASH_MAX], state[1 << 20];
    size_t chip_len, nv_len, state_len;
};

static bool transfer(const char *folder, const char *name, const char *mode, uint8_t *buf,
                     size_t size, size_t *len)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, mode);
    if (!f)
        return false;
    if (mode[0] == 'r')
        *len = fread(buf, 1, size, f);
    else if (fwrite(buf, 1, *len, f) != *len)
        perror(path);
    return fclose(f) == 0;
}

static bool transfer_all(const char *folder, const char *mode, struct files *f)
{
    return transfer(folder, "chip", mode, f->chip, sizeof(f->chip), &f->chip_len) &&
           transfer(folder, "nv", mode, f->nv, sizeof(f->nv), &f->nv_len) &&
           transfer(folder, "state", mode, f->state, sizeof(f->state), &f->state_len);
}

static void start_with(struct platform *p, struct files *f)
{
    platform_config(p, "naples");
    p->config.chip = f->chip;
    p->config.chip_len = f->chip_len;
    memcpy(p->flash, f->nv, f->nv_len);
    p->flash_len = f->nv_len;
    p->flash_written = f->nv_len > 0;
    platform_start(p);
}

/* Two guests: one being launched, one running. */
static int write_files(const char *folder)
{
    const struct asp_maker maker = {.seeded = true, .seed = 1000};
    static struct files f;
    uint8_t ca[ASP_CA_MAX];
    struct platform p;
    size_t ca_len;

    assert_int_equal(asp_ca_make(&maker, asp_profile_find("naples"), ca, &ca_len), CBIT_OK);
    assert_int_equal(asp_chip_make(&maker, asp_profile_find("naples"), ca, ca_len, f.chip,
                                   &f.chip_len), CBIT_OK);
    start_with(&p, &f);
    up(&p, true);
    new_guest(&p, 1, 5);
    running_guest(&p, 3, 6);
    put(&p, AT_GUEST, "half of the digest", 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST, 16), 0);
    memcpy(f.nv, p.flash, p.flash_len);
    f.nv_len = p.flash_len;
    assert_int_equal(asp_state_save(p.asp, f.state, sizeof(f.state), &f.state_len), CBIT_OK);
    platform_free(&p);
    return transfer_all(folder, "wb", &f) ? 0 : 1;
}

static int read_files(void **state)
{
    static struct files f;

    assert_true(transfer_all(TEST_STATE "/1", "rb", &f));
    *state = &f;
    return 0;
}

static void the_chip_of_version_1_is_read(void **state)
{
    const struct files *f = *state;
    struct asp_chip_public pub;
    struct wire_amd_cert ask, ark;
    struct wire_sev_cert cek;
    struct sev_public key;

    assert_int_equal(asp_chip_read(f->chip, f->chip_len, &pub), CBIT_OK);
    assert_string_equal(pub.profile->name, "naples");
    assert_true(sev_amd_bundle_decode(pub.bundle, pub.bundle_len, &ask, &ark));
    sev_amd_cert_public(&ask, &key);
    wire_sev_cert_decode(&cek, pub.cek);
    assert_int_equal(sev_cert_verify(&cek, &key), 0);
}

static void the_flash_of_version_1_is_kept(void **state)
{
    struct files *f = *state;
    struct exported e;
    struct platform p;
    uint8_t pek[WIRE_SEV_CERT_SIZE];

    start_with(&p, f);
    assert_int_equal(init(&p, false), 0); /* not SECURE_DATA_INVALID */
    assert_memory_equal(p.flash, f->nv, f->nv_len);
    e = export_certs(&p);
    wire_sev_cert_encode(&e.pek, pek);
    assert_int_equal(sev_cert_verify_by(&e.pek, &e.cek), 0);
    platform_free(&p);
}

static void the_state_of_version_1_goes_on(void **state)
{
    static uint8_t again[1 << 20];
    struct files *f = *state;
    struct sev_measure m = {.api_major = 0, .api_minor = 24, .build = 20, .policy = 1};
    const uint8_t tik[16] = {0};
    uint8_t out[48], mac[32];
    struct platform p;
    size_t len;

    start_with(&p, f);
    assert_int_equal(asp_state_load(p.asp, f->state, f->state_len), CBIT_OK);
    assert_int_equal(asp_state_save(p.asp, again, sizeof(again), &len), CBIT_OK);
    assert_int_equal(len, f->state_len);
    assert_memory_equal(again, f->state, len);
    assert_int_equal(guest_status(&p, 1).state, WIRE_SEV_GUEST_LUPDATE);
    assert_int_equal(guest_status(&p, 2).state, WIRE_SEV_GUEST_RUNNING);
    assert_int_equal(guest_status(&p, 2).asid, 6);
    put(&p, AT_GUEST + 16, "and other half..", 16);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, 1, AT_GUEST + 16, 16), 0);
    assert_int_equal(region(&p, WIRE_SEV_LAUNCH_MEASURE, 1, AT_OUT, 48), 0);
    get(&p, AT_OUT, out, sizeof(out));
    cr_sha256_of("half of the digeand other half..", 32, m.digest);
    memcpy(m.mnonce, out + 32, 16);
    sev_measure_mac(tik, &m, mac);
    assert_memory_equal(out, mac, 32);
    platform_free(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chip_of_version_1_is_read),
        cmocka_unit_test(the_flash_of_version_1_is_kept),
        cmocka_unit_test(the_state_of_version_1_goes_on),
    };

    if (argc > 1)
        return write_files(argv[1]);
    return cmocka_run_group_tests(tests, read_files, NULL);
}
