/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole chain, and every way to spoil it: each certificate missing, replaced
 * by another platform's, and each byte of each file flipped.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "owner/owner.h"

struct file {
    uint8_t bytes[WIRE_AMD_CERT_MAX > WIRE_SEV_CERT_SIZE ? WIRE_AMD_CERT_MAX : WIRE_SEV_CERT_SIZE];
    size_t len;
};

struct platform {
    struct cr_rsa_key ark_key, ask_key;
    struct cr_p384_key cek_key, oca_key, pek_key, pdh_key;
    struct file file[OWN_N_ROLES];
};

static void put_amd(struct file *file, const struct wire_amd_cert *cert)
{
    file->len = wire_amd_cert_encode(cert, file->bytes);
}

static void put_sev(struct file *file, const struct wire_sev_cert *cert)
{
    wire_sev_cert_encode(cert, file->bytes);
    file->len = WIRE_SEV_CERT_SIZE;
}

static void make_roots(struct platform *p, struct cr_random *random)
{
    const uint8_t ark_id[16] = {1};
    const uint8_t ask_id[16] = {2};
    struct wire_amd_cert cert;

    cr_rsa_generate(random, 2048, &p->ark_key);
    cr_rsa_generate(random, 2048, &p->ask_key);
    sev_amd_cert_make(&cert, WIRE_SEV_USAGE_ARK, ark_id, ark_id, &p->ark_key.pub);
    assert_int_equal(sev_amd_cert_sign(&cert, &p->ark_key), CBIT_OK);
    put_amd(&p->file[OWN_ARK], &cert);
    sev_amd_cert_make(&cert, WIRE_SEV_USAGE_ASK, ask_id, ark_id, &p->ask_key.pub);
    assert_int_equal(sev_amd_cert_sign(&cert, &p->ark_key), CBIT_OK);
    put_amd(&p->file[OWN_ASK], &cert);
}

static void make_leaves(struct platform *p, struct cr_random *random)
{
    struct wire_sev_cert cert;

    cr_p384_generate(random, &p->cek_key);
    cr_p384_generate(random, &p->oca_key);
    cr_p384_generate(random, &p->pek_key);
    cr_p384_generate(random, &p->pdh_key);
    sev_cert_make(&cert, WIRE_SEV_USAGE_CEK, WIRE_SEV_ALGO_ECDSA_SHA256, &p->cek_key.pub, 0, 24);
    assert_int_equal(sev_cert_sign_ask(&cert, 0, &p->ask_key), CBIT_OK);
    put_sev(&p->file[OWN_CEK], &cert);
    own_oca_make(&p->oca_key, &cert);
    put_sev(&p->file[OWN_OCA], &cert);
    sev_cert_make(&cert, WIRE_SEV_USAGE_PEK, WIRE_SEV_ALGO_ECDSA_SHA256, &p->pek_key.pub, 0, 24);
    sev_cert_sign(&cert, 0, WIRE_SEV_USAGE_OCA, &p->oca_key);
    sev_cert_sign(&cert, 1, WIRE_SEV_USAGE_CEK, &p->cek_key);
    put_sev(&p->file[OWN_PEK], &cert);
    sev_cert_make(&cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &p->pdh_key.pub, 0, 24);
    sev_cert_sign(&cert, 0, WIRE_SEV_USAGE_PEK, &p->pek_key);
    put_sev(&p->file[OWN_PDH], &cert);
}

static struct platform *make_platform(uint64_t seed)
{
    struct platform *p = calloc(1, sizeof(*p));
    struct cr_random random;

    assert_non_null(p);
    cr_random_from_seed(&random, seed, "test chain");
    make_roots(p, &random);
    make_leaves(p, &random);
    return p;
}

static int set_up(void **state)
{
    struct platform **two = calloc(2, sizeof(*two));

    assert_non_null(two);
    two[0] = make_platform(1);
    two[1] = make_platform(2);
    *state = two;
    return 0;
}

static int tear_down(void **state)
{
    struct platform **two = *state;

    free(two[0]);
    free(two[1]);
    free(two);
    return 0;
}

static bool add(struct own_chain *chain, const struct file *file)
{
    const char *why;

    return own_chain_add(chain, file->bytes, file->len, &why) == CBIT_OK;
}

/* The verdict of an owner who trusts p's ARK on the files given. */
static bool judge(const struct platform *p, const struct file files[OWN_N_ROLES], unsigned skip)
{
    struct own_chain root = {0};
    struct own_chain chain = {0};
    struct own_link links[OWN_MAX_LINKS];
    size_t n;

    assert_true(add(&root, &p->file[OWN_ARK]));
    for (unsigned role = 0; role < OWN_N_ROLES; role++) {
        if (role != skip && !add(&chain, &files[role]))
            return false;
    }
    return own_chain_verify(&chain, &root, links, &n);
}

static void a_genuine_chain_is_accepted_with_or_without_its_own_root(void **state)
{
    struct platform **two = *state;

    assert_true(judge(two[0], two[0]->file, OWN_N_ROLES));
    assert_true(judge(two[0], two[0]->file, OWN_ARK));
}

static void each_missing_certificate_is_noticed(void **state)
{
    struct platform **two = *state;

    for (unsigned role = OWN_ASK; role < OWN_N_ROLES; role++)
        assert_false(judge(two[0], two[0]->file, role));
}

static void another_platforms_certificate_in_any_place_is_refused(void **state)
{
    struct platform **two = *state;
    struct file files[OWN_N_ROLES];

    for (unsigned role = 0; role < OWN_N_ROLES; role++) {
        memcpy(files, two[0]->file, sizeof(files));
        files[role] = two[1]->file[role];
        assert_false(judge(two[0], files, OWN_N_ROLES));
    }
}

static void a_whole_chain_under_another_root_is_refused(void **state)
{
    struct platform **two = *state;

    assert_false(judge(two[0], two[1]->file, OWN_N_ROLES));
    assert_false(judge(two[0], two[1]->file, OWN_ARK));
}

static void every_flipped_byte_of_every_file_is_noticed(void **state)
{
    struct platform **two = *state;
    struct file files[OWN_N_ROLES];

    for (unsigned role = 0; role < OWN_N_ROLES; role++) {
        memcpy(files, two[0]->file, sizeof(files));
        for (size_t at = 0; at < files[role].len; at++) {
            files[role].bytes[at] ^= 0x40;
            if (judge(two[0], files, OWN_N_ROLES))
                fail_msg("%s: flipping byte 0x%zx went unnoticed", own_role_name(role), at);
            files[role].bytes[at] ^= 0x40;
        }
    }
}

static void an_unsigned_cek_is_replaced_by_the_signed_one(void **state)
{
    struct platform **two = *state;
    struct own_chain chain = {0};
    struct own_chain root = {0};
    struct wire_sev_cert cek;
    struct file bare;
    struct own_link links[OWN_MAX_LINKS];
    size_t n;

    wire_sev_cert_decode(&cek, two[0]->file[OWN_CEK].bytes);
    sev_cert_clear_sig(&cek, 0);
    put_sev(&bare, &cek);
    assert_true(add(&root, &two[0]->file[OWN_ARK]));
    assert_true(add(&chain, &bare));
    for (unsigned role = OWN_ASK; role < OWN_N_ROLES; role++) {
        if (role != OWN_CEK)
            assert_true(add(&chain, &two[0]->file[role]));
    }
    assert_false(own_chain_verify(&chain, &root, links, &n));
    assert_true(add(&chain, &two[0]->file[OWN_CEK]));
    assert_true(own_chain_verify(&chain, &root, links, &n));
    assert_false(add(&chain, &two[1]->file[OWN_CEK]));
}

static void one_file_may_hold_many_certificates_but_no_rest(void **state)
{
    struct platform **two = *state;
    struct own_chain chain = {0};
    uint8_t all[OWN_N_ROLES * sizeof(two[0]->file[0].bytes)];
    size_t len = 0;
    const char *why;

    for (unsigned role = 0; role < OWN_N_ROLES; role++) {
        memcpy(all + len, two[0]->file[role].bytes, two[0]->file[role].len);
        len += two[0]->file[role].len;
    }
    assert_int_equal(own_chain_add(&chain, all, len, &why), CBIT_OK);
    memset(&chain, 0, sizeof(chain));
    assert_int_equal(own_chain_add(&chain, all, len - 1, &why), CBIT_INVALID);
    assert_int_equal(own_chain_add(&chain, all, 0, &why), CBIT_INVALID);
}

static void a_root_without_an_ark_is_no_root(void **state)
{
    struct platform **two = *state;
    struct own_chain root = {0};
    struct own_chain chain = {0};
    struct own_link links[OWN_MAX_LINKS];
    size_t n;

    assert_true(add(&root, &two[0]->file[OWN_ASK]));
    assert_true(add(&chain, &two[0]->file[OWN_PDH]));
    assert_false(own_chain_verify(&chain, &root, links, &n));
    assert_int_equal(n, 1);
}

static void a_csr_is_signed_once_and_only_by_its_ocas_key(void **state)
{
    struct platform **two = *state;
    struct wire_sev_cert oca;
    struct wire_sev_cert csr;
    struct wire_sev_cert other;

    wire_sev_cert_decode(&oca, two[0]->file[OWN_OCA].bytes);
    wire_sev_cert_decode(&csr, two[1]->file[OWN_PEK].bytes);
    assert_int_equal(own_oca_sign(&two[0]->oca_key, &oca, &csr), WIRE_SEV_INVALID_CERTIFICATE);
    sev_cert_clear_sig(&csr, 0);
    sev_cert_clear_sig(&csr, 1);
    other = csr;
    assert_int_equal(own_oca_sign(&two[1]->oca_key, &oca, &other), WIRE_SEV_INVALID_CERTIFICATE);
    assert_int_equal(own_oca_sign(&two[0]->oca_key, &oca, &csr), WIRE_SEV_SUCCESS);
    assert_int_equal(sev_cert_verify_by(&csr, &oca), WIRE_SEV_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_genuine_chain_is_accepted_with_or_without_its_own_root),
        cmocka_unit_test(each_missing_certificate_is_noticed),
        cmocka_unit_test(another_platforms_certificate_in_any_place_is_refused),
        cmocka_unit_test(a_whole_chain_under_another_root_is_refused),
        cmocka_unit_test(every_flipped_byte_of_every_file_is_noticed),
        cmocka_unit_test(an_unsigned_cek_is_replaced_by_the_signed_one),
        cmocka_unit_test(one_file_may_hold_many_certificates_but_no_rest),
        cmocka_unit_test(a_root_without_an_ark_is_no_root),
        cmocka_unit_test(a_csr_is_signed_once_and_only_by_its_ocas_key),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
