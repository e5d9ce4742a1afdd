/* SPDX-License-Identifier: Apache-2.0 */
/* Launches conducted by the hypervisor through the mailbox, with no CPU and no guest in it. */
#include "unit/unit.h"

#include "hv/launch.h"
#include "unit/asp/platform.h"

#define POLICY 0x1u
#define AT_PSP 0x10000u
#define ASID 3u
#define PAGES 3u

/* Guest pages lie backwards in DRAM, but for the last two. */
static const uint64_t frames[] = {0x402000, 0x400000, 0x401000};

struct fixture {
    struct platform p;
    struct hv_psp psp;
    struct hv_launch launch;
    struct hv_refusal refusal;
    uint8_t image[PAGES * CB_PAGE_SIZE];
    struct hv_region region;
};

static bool find(void *ctx, uint64_t gpa, spa_t *at)
{
    (void)ctx;
    if (gpa >= PAGES * CB_PAGE_SIZE)
        return false;
    *at = spa(frames[gpa / CB_PAGE_SIZE] + gpa % CB_PAGE_SIZE);
    return true;
}

static void start_fixture(struct fixture *f, bool c_bit)
{
    memset(f, 0, sizeof(*f));
    platform_config(&f->p, "milan");
    f->p.config.standalone = false; /* WBINVD counts */
    f->p.config.n_cpus = 2;
    platform_start(&f->p);
    mc_set_smee(f->p.mc, true); /* or INIT refuses */
    f->psp = (struct hv_psp){.asp = f->p.asp, .mc = f->p.mc, .c_bit = c_bit, .c_mask = C_BIT_MILAN,
                             .n_cpus = 2, .page = spa(AT_PSP)};
    for (size_t i = 0; i < sizeof(f->image); i++)
        f->image[i] = (uint8_t)(i * 5 + (i >> 8));
    f->region = (struct hv_region){0, f->image, sizeof(f->image)};
    hv_launch_init(&f->launch, &f->psp, (struct hv_launch_memory){NULL, find});
    assert_int_equal(hv_psp_start(&f->psp, &f->refusal), 0);
}

static int setup(void **state)
{
    *state = malloc(sizeof(struct fixture));
    start_fixture(*state, false);
    return 0;
}

static int setup_sme(void **state)
{
    *state = malloc(sizeof(struct fixture));
    start_fixture(*state, true);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    platform_free(&f->p);
    free(f);
    return 0;
}

static struct hv_session session_of(const struct owner *o)
{
    return (struct hv_session){{o->cert, sizeof(o->cert)}, {o->session, sizeof(o->session)}};
}

static void owner_for(struct fixture *f, struct owner *o, uint32_t policy)
{
    struct hv_identity identity;
    struct wire_sev_cert pdh;

    assert_int_equal(hv_psp_identity(&f->psp, &identity, &f->refusal), 0);
    wire_sev_cert_decode(&pdh, identity.pdh);
    owner_make(o, &pdh, policy);
}

static unsigned state_of(struct fixture *f)
{
    struct wire_sev_guest_status s;

    assert_int_equal(hv_launch_status(&f->launch, &s), 0);
    return s.state;
}

static void launch(struct fixture *f, const struct owner *o, uint32_t policy)
{
    const struct hv_session session = o ? session_of(o) : (struct hv_session){0};

    assert_int_equal(hv_launch_start(&f->launch, policy, 0, &session, ASID), 0);
    assert_int_equal(hv_launch_update(&f->launch, &f->region), 0);
    assert_int_equal(hv_launch_measure(&f->launch), 0);
}

static void the_measurement_is_the_digest_of_the_regions_under_the_owners_key(void **state)
{
    struct fixture *f = *state;
    struct sev_measure m = {.api_major = 0, .api_minor = 24, .build = 22, .policy = POLICY};
    struct owner o;
    uint8_t mac[32], seen[CB_PAGE_SIZE];

    owner_for(f, &o, POLICY);
    launch(f, &o, POLICY);
    assert_int_equal(state_of(f), WIRE_SEV_GUEST_LSECRET);
    cr_sha256_of(f->image, sizeof(f->image), m.digest);
    memcpy(m.mnonce, f->launch.measure + 32, 16);
    sev_measure_mac(o.transport.tik, &m, mac);
    assert_memory_equal(f->launch.measure, mac, 32);
    for (unsigned i = 0; i < PAGES; i++) {
        guest_sees(&f->p, ASID, frames[i], seen, sizeof(seen));
        assert_memory_equal(seen, f->image + i * CB_PAGE_SIZE, CB_PAGE_SIZE);
    }
    assert_int_equal(hv_launch_finish(&f->launch), 0);
    assert_int_equal(state_of(f), WIRE_SEV_GUEST_RUNNING);
    assert_true(asp_asid_runnable(f->p.asp, ASID));
}

static void the_owners_secret_reaches_the_guest_and_a_changed_one_does_not(void **state)
{
    struct fixture *f = *state;
    struct owner o;
    uint8_t plain[64], data[64], header[WIRE_SEV_PACKET_SIZE], seen[64];
    struct sev_packet pk = {.kind = WIRE_SEV_PACKET_SECRET, .guest_len = 64, .trans_len = 64};
    struct board_bytes h = {header, sizeof(header)}, d = {data, sizeof(data)};

    owner_for(f, &o, POLICY);
    launch(f, &o, POLICY);
    memset(plain, 's', sizeof(plain));
    pk.measure = f->launch.measure;
    sev_packet_seal(&o.transport, &pk, plain, data, header);
    data[5] ^= 1;
    assert_int_equal(hv_launch_secret(&f->launch, h, d, 0x1000), WIRE_SEV_BAD_MEASUREMENT);
    assert_int_equal(f->launch.refusal.command, WIRE_SEV_LAUNCH_SECRET);
    data[5] ^= 1;
    assert_int_equal(hv_launch_secret(&f->launch, h, d, PAGES * CB_PAGE_SIZE), WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(hv_launch_secret(&f->launch, h, d, 0xfe0), WIRE_SEV_INVALID_ADDRESS);
    assert_int_equal(hv_launch_secret(&f->launch, h, d, 0x1fe0), 0); /* over two pages that touch */
    guest_sees(&f->p, ASID, frames[1] + 0xfe0, seen, sizeof(seen));
    assert_memory_equal(seen, plain, sizeof(seen));
    assert_int_equal(hv_launch_finish(&f->launch), 0);
    assert_int_equal(hv_launch_secret(&f->launch, h, d, 0x1000), WIRE_SEV_INVALID_GUEST_STATE);
}

static void a_session_of_another_policy_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct owner o;
    struct hv_session session;
    char text[64];

    owner_for(f, &o, POLICY);
    session = session_of(&o);
    assert_int_equal(hv_launch_start(&f->launch, 0, 0, &session, ASID), WIRE_SEV_BAD_MEASUREMENT);
    hv_refusal_text(&f->launch.refusal, text, sizeof(text));
    assert_string_equal(text, "LAUNCH_START: BAD_MEASUREMENT (11)");
    session.session.len = 5000;
    assert_int_equal(hv_launch_start(&f->launch, POLICY, 0, &session, ASID), WIRE_SEV_INVALID_LENGTH);
}

static void a_policy_that_wants_a_newer_api_is_refused(void **state)
{
    struct fixture *f = *state;
    struct owner o;
    struct hv_session session;

    owner_for(f, &o, 0x01000000u | 1u << 16);
    session = session_of(&o);
    assert_int_equal(hv_launch_start(&f->launch, 0x01000000u | 1u << 16, 0, &session, ASID),
                     WIRE_SEV_POLICY_FAILURE);
}

static void an_asid_given_back_is_flushed_before_it_is_used_again(void **state)
{
    struct fixture *f = *state;

    for (unsigned round = 0; round < 3; round++) {
        launch(f, NULL, POLICY);
        assert_int_equal(hv_launch_finish(&f->launch), 0);
        assert_int_equal(f->launch.handle, 1);
        hv_launch_end(&f->launch);
        assert_int_equal(f->launch.handle, 0);
        assert_false(asp_asid_runnable(f->p.asp, ASID));
    }
    assert_int_equal(platform_status(&f->p).guest_count, 0);
}

static void an_asid_out_of_range_or_owned_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hv_launch second;

    launch(f, NULL, POLICY);
    hv_launch_init(&second, &f->psp, f->launch.memory);
    assert_int_equal(hv_launch_start(&second, POLICY, 0, NULL, ASID), WIRE_SEV_ASID_OWNED);
    hv_launch_end(&second);
    assert_int_equal(hv_launch_start(&second, POLICY, 0, NULL, 510), WIRE_SEV_INVALID_ASID);
    hv_launch_end(&second);
    assert_int_equal(platform_status(&f->p).guest_count, 1);
}

static void a_key_is_shared_unless_the_policy_says_noks(void **state)
{
    struct fixture *f = *state;
    struct hv_launch second;

    launch(f, NULL, 0);
    hv_launch_init(&second, &f->psp, f->launch.memory);
    assert_int_equal(hv_launch_start(&second, 0, f->launch.handle, NULL, ASID + 1), 0);
    hv_launch_end(&second);
    hv_launch_end(&f->launch);
    launch(f, NULL, WIRE_SEV_POLICY_NOKS);
    assert_int_equal(hv_launch_start(&second, WIRE_SEV_POLICY_NOKS, f->launch.handle, NULL, ASID + 1),
                     WIRE_SEV_POLICY_FAILURE);
}

static void debugging_works_with_policy_0_and_not_under_nodbg(void **state)
{
    struct fixture *f = *state;
    const uint8_t text[16] = "sixteen letters";
    uint8_t seen[CB_PAGE_SIZE + 16];

    launch(f, NULL, 0);
    assert_int_equal(hv_launch_dbg_read(&f->launch, spa(frames[1]), seen, sizeof(seen)), 0);
    assert_memory_equal(seen, f->image + CB_PAGE_SIZE, sizeof(seen));
    assert_int_equal(hv_launch_dbg_write(&f->launch, spa(frames[0] + 32), text, sizeof(text)), 0);
    guest_sees(&f->p, ASID, frames[0] + 32, seen, sizeof(text));
    assert_memory_equal(seen, text, sizeof(text));
    hv_launch_end(&f->launch);
    launch(f, NULL, WIRE_SEV_POLICY_NODBG);
    assert_int_equal(hv_launch_dbg_read(&f->launch, spa(frames[1]), seen, 16), WIRE_SEV_POLICY_FAILURE);
    assert_int_equal(hv_launch_dbg_write(&f->launch, spa(frames[1]), text, 16), WIRE_SEV_POLICY_FAILURE);
}

static void a_report_carries_digest_and_policy(void **state)
{
    struct fixture *f = *state;
    const uint8_t mnonce[16] = {1, 2, 3};
    uint8_t report[WIRE_SEV_REPORT_SIZE], digest[32];

    launch(f, NULL, POLICY);
    assert_int_equal(hv_launch_report(&f->launch, mnonce, report), 0);
    cr_sha256_of(f->image, sizeof(f->image), digest);
    assert_memory_equal(report, mnonce, 16);
    assert_memory_equal(report + WIRE_SEV_REPORT_DIGEST, digest, 32);
    assert_int_equal(cb_load_le32(report + WIRE_SEV_REPORT_POLICY), POLICY);
}

static void memory_that_is_not_the_guests_is_not_launched(void **state)
{
    struct fixture *f = *state;

    f->region.at = CB_PAGE_SIZE; /* the third page has no frame */
    assert_int_equal(hv_launch_start(&f->launch, POLICY, 0, NULL, ASID), 0);
    assert_int_equal(hv_launch_update(&f->launch, &f->region), WIRE_SEV_INVALID_ADDRESS);
}

#define BOTH(name) \
    cmocka_unit_test_setup_teardown(name, setup, teardown), \
        {#name "_on_an_sme_host", name, setup_sme, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_measurement_is_the_digest_of_the_regions_under_the_owners_key),
        BOTH(the_owners_secret_reaches_the_guest_and_a_changed_one_does_not),
        BOTH(a_session_of_another_policy_is_refused_by_name),
        BOTH(a_policy_that_wants_a_newer_api_is_refused),
        BOTH(an_asid_given_back_is_flushed_before_it_is_used_again),
        BOTH(an_asid_out_of_range_or_owned_is_refused),
        BOTH(a_key_is_shared_unless_the_policy_says_noks),
        BOTH(debugging_works_with_policy_0_and_not_under_nodbg),
        BOTH(a_report_carries_digest_and_policy),
        BOTH(memory_that_is_not_the_guests_is_not_launched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
