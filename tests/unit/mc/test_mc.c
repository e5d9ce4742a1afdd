/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller promises its callers, story by story.  That all bytes are
 * right in all views is the business of test_oracle.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mc/keys.h"
#include "mc/probe.h"

#define FRAME 4096u
#define HOLE  UINT64_C(0xc0000000)
#define HIGH  UINT64_C(0x100000000)
#define ASIDS 3
#define LIMIT 4
#define TEXT  "sixteen bytes and some more"

/* Remembers what it heard. */
struct ear {
    unsigned n;
    spa_t frame;
    enum mc_event event;
};

struct fixture {
    struct mc *mc;
    struct ear ear;
};

static const struct mc_access plain = {.kind = MC_KIND_DATA};
static const struct mc_access secret = {.kind = MC_KIND_DATA, .host_c = true};

static struct mc_access guest(uint16_t asid)
{
    return (struct mc_access){
        .asid = asid, .kind = MC_KIND_DATA, .sev = true, .guest_c = true, .guest_c_exists = true};
}

static void hear(void *ctx, spa_t frame, enum mc_event event)
{
    struct ear *ear = ctx;

    ear->n++;
    ear->frame = frame;
    ear->event = event;
}

/* Filler that differs from call to call. */
static void fill(void *ctx, void *buf, size_t len)
{
    uint8_t *next = ctx;

    memset(buf, (*next)++, len);
}

static struct mc *new_mc(enum mc_cipher cipher)
{
    const struct mc_config config = {
        .cipher = cipher,
        .range = {{spa(0), HOLE}, {spa(HIGH), UINT64_C(1) << 40}},
        .n_ranges = 2,
        .n_asids = ASIDS,
        .flip_limit = LIMIT,
        .flip_window = 100,
    };
    struct mc_tweak tweak;
    uint8_t next = 1;
    struct mc *mc;

    assert_int_equal(mc_new(&config, &mc), CBIT_OK);
    mc_reset(mc, fill, &next);
    for (unsigned i = 0; i < sizeof(tweak.t); i++)
        tweak.t[i / 16][i % 16] = (uint8_t)(i * 37 + i / 256 + 1);
    mc_tweak_install(mc, &tweak);
    mc_set_smee(mc, true);
    return mc;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mc = new_mc(MC_CIPHER_XEX);
    mc_listen(f->mc, hear, &f->ear);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    mc_free(f->mc);
    free(f);
    return 0;
}

static void assert_reads(struct mc *mc, uint64_t at, struct mc_access access, const char *text)
{
    char got[64];

    mc_read(mc, spa(at), access, got, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void assert_reads_garbage(struct mc *mc, uint64_t at, struct mc_access access,
                                 const char *text)
{
    char got[64];

    mc_read(mc, spa(at), access, got, strlen(text));
    /* No whole block of the text survives. */
    for (size_t i = 0; i + 16 <= strlen(text); i += 16)
        assert_memory_not_equal(got + i, text + i, 16);
}

static void each_key_has_its_own_view_of_a_frame(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    const struct mc_access others[] = {plain, secret, guest(1), guest(3)};

    mc_write(mc, spa(0x5000), guest(2), TEXT, sizeof(TEXT));
    assert_int_equal(mc_frame_view(mc, spa(0x5000)), MC_VIEW_ASID(2));
    for (size_t i = 0; i < CB_ARRAY_LEN(others); i++)
        assert_reads_garbage(mc, 0x5000, others[i], TEXT);
    assert_reads(mc, 0x5000, guest(2), TEXT);
}

static void ciphertext_lies_where_it_was_written_and_means_nothing_elsewhere(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t a[16], b[16];

    mc_write(mc, spa(0x1000), secret, TEXT, 16);
    mc_write(mc, spa(0x1010), secret, TEXT, 16);
    mc_read(mc, spa(0x1000), plain, a, 16);
    mc_read(mc, spa(0x1010), plain, b, 16);
    assert_memory_not_equal(a, b, 16);
    mc_write(mc, spa(0x1010), plain, a, 16); /* moved */
    assert_reads_garbage(mc, 0x1010, secret, TEXT);
    mc_write(mc, spa(0x1010), plain, b, 16); /* replayed */
    assert_reads(mc, 0x1010, secret, "sixteen bytes an");
}

static void only_the_block_whose_ciphertext_was_hit_is_garbled(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t got[48];

    mc_write(mc, spa(0x2000), secret, "0123456789abcdef0123456789abcdef0123456789abcdef", 48);
    assert_int_equal(mc_probe_flip(mc, spa(0x2017), 0x40), CBIT_OK);
    mc_read(mc, spa(0x2000), secret, got, 48);
    assert_memory_equal(got, "0123456789abcdef", 16);
    assert_memory_not_equal(got + 16, "0123456789abcdef", 16);
    assert_memory_equal(got + 32, "0123456789abcdef", 16);
}

static void dram_has_holes_and_two_ends(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;

    assert_true(mc_covers(mc, spa(0), HOLE));
    assert_false(mc_covers(mc, spa(0), HOLE + 1));
    assert_false(mc_covers(mc, spa(HOLE - 1), 2));
    assert_false(mc_covers(mc, spa(HOLE), FRAME));
    assert_true(mc_covers(mc, spa(HIGH), UINT64_C(1) << 40));
    assert_false(mc_covers(mc, spa(HIGH + 1), UINT64_C(1) << 40));
    assert_false(mc_covers(mc, spa(UINT64_MAX - 1), 4));
    assert_false(mc_covers(mc, spa(0), 0));
    assert_true(mc_dram_size(mc) == HOLE + (UINT64_C(1) << 40));
    assert_null(mc_map(mc, spa(HOLE), plain, false));
    assert_null(mc_map(mc, spa(UINT64_MAX), plain, false));
    mc_write(mc, spa(HIGH + (UINT64_C(1) << 40) - 4), secret, "last", 4);
    assert_reads(mc, HIGH + (UINT64_C(1) << 40) - 4, secret, "last");
}

static void ranges_must_ascend_and_be_whole_pages(void **state)
{
    static const struct mc_range bad[][2] = {
        {{{0}, 0}, {{0}, 0}},
        {{{0}, 0x1800}, {{0x4000}, 0x1000}},
        {{{0x800}, 0x1000}, {{0x4000}, 0x1000}},
        {{{0x4000}, 0x1000}, {{0}, 0x1000}},
        {{{0}, 0x2000}, {{0x1000}, 0x1000}},
        {{{0}, 0x1000}, {{UINT64_MAX - 0xfff}, 0x2000}},
        {{{0}, UINT64_C(1) << 63}, {{UINT64_C(1) << 63}, UINT64_C(1) << 62}},
    };
    struct mc *mc;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(bad); i++) {
        struct mc_config config = {.range = {bad[i][0], bad[i][1]}, .n_ranges = 2, .n_asids = 1};

        assert_int_equal(mc_new(&config, &mc), CBIT_INVALID);
        assert_null(mc);
        config.n_ranges = 0;
        assert_int_equal(mc_new(&config, &mc), CBIT_INVALID);
    }
}

static void a_host_pointer_holds_until_the_frame_turns(void **state)
{
    struct fixture *f = *state;
    uint8_t *p = mc_map(f->mc, spa(0x3456), secret, true);

    assert_non_null(p);
    memcpy(p + 0x10, TEXT, sizeof(TEXT));
    assert_reads(f->mc, 0x3010, secret, TEXT);
    assert_ptr_equal(mc_map(f->mc, spa(0x3fff), secret, false), p);
    assert_int_equal(f->ear.n, 0);
    assert_reads_garbage(f->mc, 0x3010, plain, TEXT);
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(f->ear.event, MC_EVENT_TURN);
    assert_true(f->ear.frame.v == 0x3000);
    /* Told once; nobody has mapped it since. */
    assert_reads(f->mc, 0x3010, secret, TEXT);
    assert_int_equal(f->ear.n, 1);
}

static void frames_that_nobody_mapped_are_not_told_of(void **state)
{
    struct fixture *f = *state;

    mc_write(f->mc, spa(0x3000), secret, TEXT, 8);
    mc_write(f->mc, spa(0x3000), plain, TEXT, 8);
    mc_write(f->mc, spa(0x3000), guest(1), TEXT, 8);
    assert_int_equal(f->ear.n, 0);
}

static void a_watched_frame_refuses_write_pointers_and_tells_of_one_write(void **state)
{
    struct fixture *f = *state;

    assert_non_null(mc_map(f->mc, spa(0x7000), secret, false));
    mc_watch(f->mc, spa(0x7abc));
    assert_null(mc_map(f->mc, spa(0x7000), secret, true));
    assert_non_null(mc_map(f->mc, spa(0x7000), secret, false));
    assert_int_equal(f->ear.n, 0);
    mc_write(f->mc, spa(0x7ff8), secret, TEXT, 16); /* into the next frame */
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(f->ear.event, MC_EVENT_WRITE);
    assert_true(f->ear.frame.v == 0x7000);
    mc_write(f->mc, spa(0x7000), secret, TEXT, 16);
    assert_int_equal(f->ear.n, 1);
    assert_non_null(mc_map(f->mc, spa(0x7000), secret, true));
}

static void a_watch_ends_with_a_turn_and_survives_reads(void **state)
{
    struct fixture *f = *state;

    mc_write(f->mc, spa(0x7000), secret, TEXT, 16);
    mc_watch(f->mc, spa(0x7000));
    assert_reads(f->mc, 0x7000, secret, "sixteen bytes an");
    assert_int_equal(f->ear.n, 0);
    assert_reads_garbage(f->mc, 0x7000, guest(1), TEXT);
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(f->ear.event, MC_EVENT_TURN);
    mc_write(f->mc, spa(0x7000), guest(1), TEXT, 16);
    assert_int_equal(f->ear.n, 1);
}

static void the_pins_tell_watchers_too(void **state)
{
    struct fixture *f = *state;

    mc_write(f->mc, spa(0x7000), plain, TEXT, 16);
    mc_watch(f->mc, spa(0x7000));
    assert_int_equal(mc_probe_write(f->mc, spa(0x7008), "x", 1), CBIT_OK);
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(f->ear.event, MC_EVENT_WRITE);
    assert_non_null(mc_map(f->mc, spa(0x9000), secret, false));
    assert_int_equal(mc_probe_flip(f->mc, spa(0x9008), 1), CBIT_OK);
    assert_int_equal(f->ear.n, 2);
    assert_int_equal(f->ear.event, MC_EVENT_TURN);
}

static void four_listeners_are_told(void **state)
{
    struct fixture *f = *state;
    struct ear more[MC_MAX_LISTENERS - 1] = {{0}};

    for (size_t i = 0; i < CB_ARRAY_LEN(more); i++)
        mc_listen(f->mc, hear, &more[i]);
    assert_non_null(mc_map(f->mc, spa(0x3000), secret, false));
    mc_write(f->mc, spa(0x3000), plain, TEXT, 8);
    for (size_t i = 0; i < CB_ARRAY_LEN(more); i++)
        assert_int_equal(more[i].n, 1);
}

/* Uses two views of a frame in turn, n times. */
static void flip(struct mc *mc, uint64_t at, unsigned n)
{
    uint8_t byte;

    for (unsigned i = 0; i < n; i++)
        mc_read(mc, spa(at), i % 2 ? plain : secret, &byte, 1);
}

static void a_frame_that_flips_too_often_is_served_block_by_block(void **state)
{
    struct fixture *f = *state;
    struct mc_stats before;

    mc_write(f->mc, spa(0x8100), plain, TEXT, sizeof(TEXT));
    flip(f->mc, 0x8000, LIMIT);
    assert_true(mc_stats(f->mc).eager_frames == 0);
    flip(f->mc, 0x8000, 1);
    assert_true(mc_stats(f->mc).eager_frames == 1);
    assert_int_equal(mc_frame_view(f->mc, spa(0x8000)), MC_VIEW_RAW);
    before = mc_stats(f->mc);
    assert_null(mc_map(f->mc, spa(0x8000), secret, false));
    assert_null(mc_map(f->mc, spa(0x8000), plain, false));
    mc_write(f->mc, spa(0x8013), secret, TEXT, sizeof(TEXT));
    assert_reads(f->mc, 0x8013, secret, TEXT);
    assert_reads(f->mc, 0x8100, plain, TEXT);
    assert_true(mc_stats(f->mc).turns == before.turns);
    assert_true(mc_stats(f->mc).eager_ops > before.eager_ops + 2);
}

static void the_first_use_of_a_frame_is_no_turn(void **state)
{
    struct fixture *f = *state;

    mc_write(f->mc, spa(0x8000), secret, TEXT, 8);
    mc_write(f->mc, spa(0x9000), plain, TEXT, 8);
    assert_true(mc_stats(f->mc).turns == 0);
    assert_true(mc_stats(f->mc).first_uses == 1); /* the other was in its view already */
    mc_write(f->mc, spa(0x9000), secret, TEXT, 8);
    mc_write(f->mc, spa(0x8000), plain, TEXT, 8);
    assert_true(mc_stats(f->mc).turns == 2);
    assert_true(mc_stats(f->mc).first_uses == 1);
}

static void turns_that_lie_far_apart_do_not_wear_a_frame_out(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 20; i++) {
        flip(f->mc, 0x8000, 2);
        for (uint64_t other = 0; other < 120; other++) /* a turn each, of other frames */
            flip(f->mc, 0x100000 + (i * 120 + other) * FRAME, 2);
    }
    assert_true(mc_stats(f->mc).eager_frames == 0);
}

static void an_eager_frame_calms_down_when_one_view_keeps_using_it(void **state)
{
    struct fixture *f = *state;
    unsigned n = 0;

    flip(f->mc, 0x8000, LIMIT + 1);
    assert_true(mc_stats(f->mc).eager_frames == 1);
    mc_write(f->mc, spa(0x8000), secret, TEXT, sizeof(TEXT));
    while (!mc_map(f->mc, spa(0x8000), secret, true) && n < 1000) {
        assert_reads(f->mc, 0x8000, secret, TEXT);
        n++;
    }
    assert_in_range(n, 1, 200);
    assert_int_equal(mc_frame_view(f->mc, spa(0x8000)), MC_VIEW_HOST);
    assert_reads(f->mc, 0x8000, secret, TEXT);
}

static void a_reset_calms_every_eager_frame(void **state)
{
    struct fixture *f = *state;
    uint8_t next = 77;

    flip(f->mc, 0x8000, LIMIT + 1);
    flip(f->mc, 0x9000, LIMIT + 1);
    assert_null(mc_map(f->mc, spa(0x8000), plain, true));
    assert_null(mc_map(f->mc, spa(0x9000), plain, true));
    mc_reset(f->mc, fill, &next);
    assert_non_null(mc_map(f->mc, spa(0x8000), plain, true));
    assert_non_null(mc_map(f->mc, spa(0x9000), plain, true));
}

static void watchers_of_an_eager_frame_hear_of_writes_and_of_keys(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[16] = {1};

    flip(f->mc, 0x8000, LIMIT + 1);
    mc_watch(f->mc, spa(0x8000));
    f->ear.n = 0;
    mc_write(f->mc, spa(0x8800), plain, "x", 1);
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(f->ear.event, MC_EVENT_WRITE);
    mc_watch(f->mc, spa(0x8000));
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_HOST, key, 16), CBIT_OK);
    assert_int_equal(f->ear.n, 2);
    assert_int_equal(f->ear.event, MC_EVENT_TURN);
}

static void another_key_turns_old_plaintext_to_garbage_and_back(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    const uint8_t one[16] = "key number one.", two[16] = "key number two.";

    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(1), one, 16), CBIT_OK);
    mc_write(mc, spa(0x4000), guest(1), TEXT, sizeof(TEXT));
    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(1), two, 16), CBIT_OK);
    assert_reads_garbage(mc, 0x4000, guest(1), TEXT);
    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(2), one, 16), CBIT_OK);
    assert_reads(mc, 0x4000, guest(2), TEXT);
    assert_int_equal(mc_key_drop(mc, MC_VIEW_ASID(2), two, 16), CBIT_OK);
    assert_reads_garbage(mc, 0x4000, guest(2), TEXT);
}

static void keys_of_the_wrong_length_or_place_change_nothing(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[64] = {1};

    assert_int_equal(mc_key_len(f->mc), 16);
    mc_write(f->mc, spa(0x4000), guest(1), TEXT, sizeof(TEXT));
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_ASID(1), key, 15), CBIT_INVALID);
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_ASID(1), key, 64), CBIT_INVALID);
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_RAW, key, 16), CBIT_NOT_FOUND);
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_ASID(ASIDS + 1), key, 16), CBIT_NOT_FOUND);
    assert_int_equal(mc_key_drop(f->mc, MC_VIEW_RAW, key, 16), CBIT_NOT_FOUND);
    assert_true(mc_stats(f->mc).keys == 0);
    assert_reads(f->mc, 0x4000, guest(1), TEXT);
}

static void a_key_change_turns_the_frames_of_its_view_alone(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[16] = {9};
    uint64_t turns;

    for (uint64_t i = 0; i < 1000; i++)
        mc_write(f->mc, spa(i * FRAME), i % 100 ? secret : guest(2), TEXT, 8);
    assert_non_null(mc_map(f->mc, spa(FRAME), secret, false));
    turns = mc_stats(f->mc).turns;
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_ASID(2), key, 16), CBIT_OK);
    assert_true(mc_stats(f->mc).turns == turns + 10);
    assert_int_equal(mc_frame_view(f->mc, spa(0)), MC_VIEW_RAW);
    assert_int_equal(mc_frame_view(f->mc, spa(FRAME)), MC_VIEW_HOST);
    assert_int_equal(mc_key_install(f->mc, MC_VIEW_ASID(3), key, 16), CBIT_OK);
    assert_true(mc_stats(f->mc).turns == turns + 10);
    assert_int_equal(f->ear.n, 0);
}

static void a_reset_keeps_the_dimm_and_forgets_keys_and_policy(void **state)
{
    struct fixture *f = *state;
    uint8_t before[32], after[32], next = 100;

    mc_set_tsme(f->mc, true);
    mc_write(f->mc, spa(0x6000), secret, TEXT, sizeof(TEXT));
    assert_int_equal(mc_probe_read(f->mc, spa(0x6000), before, 32), CBIT_OK);
    assert_non_null(mc_map(f->mc, spa(0x6000), secret, false));
    mc_reset(f->mc, fill, &next);
    assert_int_equal(f->ear.n, 1);
    assert_int_equal(next, 100 + 1 + ASIDS);
    assert_int_equal(mc_probe_read(f->mc, spa(0x6000), after, 32), CBIT_OK);
    assert_memory_equal(before, after, 32);
    assert_false(mc_policy(f->mc).smee);
    assert_false(mc_policy(f->mc).tsme);
    mc_set_smee(f->mc, true);
    assert_reads_garbage(f->mc, 0x6000, secret, TEXT);
}

static void a_new_tweak_makes_old_content_unreadable(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    struct mc_tweak tweak;

    mc_write(mc, spa(0x6000), secret, TEXT, sizeof(TEXT));
    mc_tweak_published(&tweak);
    mc_tweak_install(mc, &tweak);
    assert_reads_garbage(mc, 0x6000, secret, TEXT);
}

static void tsme_gives_both_values_of_c_the_same_bytes_and_the_pins_ciphertext(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t pins[sizeof(TEXT)];

    mc_set_smee(mc, false);
    mc_set_tsme(mc, true);
    mc_write(mc, spa(0x6000), plain, TEXT, sizeof(TEXT));
    mc_set_smee(mc, true);
    assert_reads(mc, 0x6000, secret, TEXT);
    assert_reads(mc, 0x6000, mc_access_host(MC_KIND_DMA, false), TEXT);
    assert_int_equal(mc_probe_read(mc, spa(0x6000), pins, sizeof(pins)), CBIT_OK);
    assert_memory_not_equal(pins, TEXT, 16);
    assert_reads_garbage(mc, 0x6000, guest(1), TEXT);
}

static void without_tsme_the_same_page_differs_with_c(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;

    mc_write(mc, spa(0x6000), secret, TEXT, sizeof(TEXT));
    assert_reads_garbage(mc, 0x6000, plain, TEXT);
}

static void a_change_of_policy_tells_whoever_holds_a_pointer(void **state)
{
    struct fixture *f = *state;

    assert_non_null(mc_map(f->mc, spa(0x6000), plain, false));
    mc_set_tsme(f->mc, true);
    assert_int_equal(f->ear.n, 1);
    assert_non_null(mc_map(f->mc, spa(0x6000), secret, false));
    mc_set_smee(f->mc, true); /* was set already */
    assert_int_equal(f->ear.n, 1);
    mc_set_smee(f->mc, false);
    assert_int_equal(f->ear.n, 2);
}

/* How many pages of [p, p + len) take host memory. */
static size_t resident(void *p, size_t len)
{
    unsigned char pages[64];
    size_t n = 0;

    assert_true(len <= sizeof(pages) * FRAME);
    assert_int_equal(mincore(p, len, pages), 0);
    for (size_t i = 0; i < len / FRAME; i++)
        n += pages[i] & 1;
    return n;
}

static void looking_allocates_counts_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t *p = mc_map(f->mc, spa(HIGH), plain, false); /* one that says where the rest is */
    struct mc_stats before, after;
    uint8_t got[3 * FRAME];

    assert_non_null(p);
    mc_write(f->mc, spa(0x2000), guest(2), TEXT, sizeof(TEXT));
    before = mc_stats(f->mc);
    assert_int_equal(mc_peek(f->mc, spa(HIGH + 8 * FRAME + 3), MC_VIEW_HOST, got, sizeof(got)),
                     CBIT_OK);
    assert_int_equal(mc_peek(f->mc, spa(0x1ff0), MC_VIEW_ASID(2), got, 64), CBIT_OK);
    assert_memory_equal(got + 16, TEXT, sizeof(TEXT));
    assert_int_equal(mc_peek(f->mc, spa(0x1ff0), MC_VIEW_ASID(1), got, 64), CBIT_OK);
    assert_memory_not_equal(got + 16, TEXT, 16);
    assert_int_equal(mc_probe_read(f->mc, spa(HIGH + 30 * FRAME), got, FRAME), CBIT_OK);
    assert_int_equal(resident(p + 8 * FRAME, 30 * FRAME), 0);
    assert_false(mc_frame_touched(f->mc, spa(HIGH + 8 * FRAME)));
    assert_int_equal(mc_frame_view(f->mc, spa(0x2000)), MC_VIEW_ASID(2));
    after = mc_stats(f->mc);
    assert_memory_equal(&before, &after, sizeof(after));
    assert_int_equal(f->ear.n, 0);
}

static void observers_are_refused_outside_dram_and_views(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t got[32];

    assert_int_equal(mc_peek(mc, spa(HOLE - 16), MC_VIEW_RAW, got, 32), CBIT_RANGE);
    assert_int_equal(mc_peek(mc, spa(0), MC_VIEW_ASID(ASIDS + 1), got, 16), CBIT_NOT_FOUND);
    assert_int_equal(mc_probe_read(mc, spa(HOLE), got, 1), CBIT_RANGE);
    assert_int_equal(mc_probe_write(mc, spa(HOLE), got, 1), CBIT_RANGE);
    assert_int_equal(mc_probe_flip(mc, spa(HOLE), 1), CBIT_RANGE);
    assert_int_equal(mc_probe_copy(mc, spa(0), spa(HOLE), 1), CBIT_RANGE);
    assert_int_equal(mc_probe_copy(mc, spa(HOLE), spa(0), 1), CBIT_RANGE);
}

static void only_what_was_written_takes_memory(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t *p = mc_map(mc, spa(HIGH), plain, false);

    assert_non_null(p);
    assert_false(mc_frame_touched(mc, spa(HIGH)));
    mc_write(mc, spa(HIGH + 5 * FRAME + 8), plain, "x", 1);
    mc_write(mc, spa(HIGH + 9 * FRAME - 1), secret, "xx", 2);
    assert_true(mc_frame_touched(mc, spa(HIGH + 5 * FRAME)));
    assert_true(mc_frame_touched(mc, spa(HIGH + 9 * FRAME)));
    assert_false(mc_frame_touched(mc, spa(HIGH + 10 * FRAME)));
    assert_int_equal(resident(p + FRAME, 40 * FRAME), 3);
}

static void frames_of_dram_are_zero_before_their_first_use(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t got[FRAME];

    mc_read(mc, spa(0x12000), plain, got, FRAME);
    assert_true(cb_all_zero(got, FRAME));
    mc_read(mc, spa(0x12000), secret, got, FRAME);
    assert_false(cb_all_zero(got, 16)); /* nobody encrypted those zeroes */
}

static void writing_a_whole_frame_needs_no_cipher_and_leaves_the_right_bytes(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t whole[FRAME], got[FRAME];

    memset(whole, 0x5a, sizeof(whole));
    mc_write(mc, spa(0x6000), guest(1), TEXT, 16);
    mc_write(mc, spa(0x6000), secret, whole, FRAME);
    assert_int_equal(mc_frame_view(mc, spa(0x6000)), MC_VIEW_HOST);
    mc_read(mc, spa(0x6000), plain, got, FRAME);
    assert_memory_not_equal(got, whole, 16);
    mc_read(mc, spa(0x6000), secret, got, FRAME);
    assert_memory_equal(got, whole, FRAME);
}

static void probe_copy_moves_ciphertext_even_over_itself(void **state)
{
    struct mc *mc = ((struct fixture *)*state)->mc;
    uint8_t line[3 * FRAME], got[3 * FRAME];

    for (size_t i = 0; i < sizeof(line); i++)
        line[i] = (uint8_t)(i * 7 + i / 251);
    mc_write(mc, spa(0x10000), plain, line, sizeof(line));
    assert_int_equal(mc_probe_copy(mc, spa(0x10800), spa(0x10000), 2 * FRAME), CBIT_OK);
    mc_read(mc, spa(0x10800), plain, got, 2 * FRAME);
    assert_memory_equal(got, line, 2 * FRAME);
    mc_write(mc, spa(0x10000), plain, line, sizeof(line));
    assert_int_equal(mc_probe_copy(mc, spa(0x10000), spa(0x10123), 2 * FRAME), CBIT_OK);
    mc_read(mc, spa(0x10000), plain, got, 2 * FRAME);
    assert_memory_equal(got, line + 0x123, 2 * FRAME);
}

/* Zen 1: moved ciphertext decrypts to the plaintext plus a constant that is public. */
static void on_xe_a_moved_block_is_the_plaintext_plus_known_tweaks(void **state)
{
    struct mc *mc = new_mc(MC_CIPHER_XE);
    struct mc_tweak tweak;
    uint8_t got[16];

    (void)state;
    mc_tweak_published(&tweak);
    mc_tweak_install(mc, &tweak);
    mc_write(mc, spa(0x40000), secret, TEXT, 16);
    assert_int_equal(mc_probe_copy(mc, spa(0x40050), spa(0x40000), 16), CBIT_OK);
    mc_read(mc, spa(0x40050), secret, got, 16);
    for (unsigned i = 0; i < 16; i++) {
        static const uint8_t t4_t6[4] = {0x82 ^ 0x40, 0x25, 0x38, 0x38 ^ 0x18};

        assert_int_equal(got[i] ^ t4_t6[i % 4], TEXT[i]);
    }
    mc_free(mc);
}

static void the_published_constants_are_four_bytes_repeated_and_independent(void **state)
{
    uint32_t rows[28];
    struct mc_tweak t;

    (void)state;
    mc_tweak_published(&t);
    assert_memory_equal(t.t[0], "\x82\x25\x38\x38\x82\x25\x38\x38", 8);
    assert_memory_equal(t.t[31 - 4], "\x4f\x5c\xe7\x27\x4f\x5c\xe7\x27", 8);
    assert_memory_equal(t.t[21 - 4], "\xb3\x71\x32\xa1", 4);
    for (unsigned i = 0; i < MC_TWEAK_COUNT; i++) {
        for (unsigned j = 4; j < 16; j++)
            assert_int_equal(t.t[i][j], t.t[i][j - 4]);
        assert_false(cb_all_zero(t.t[i], 16));
    }
    for (unsigned i = 0; i < 28; i++)
        rows[i] = cb_load_le32(t.t[i]);
    for (unsigned i = 0; i < 28; i++) { /* elimination: no row may vanish */
        assert_true(rows[i] != 0);
        for (unsigned k = i + 1; k < 28; k++)
            if (rows[k] & (rows[i] & -rows[i]))
                rows[k] ^= rows[i];
    }
}

static void genoa_takes_two_aes_256_keys(void **state)
{
    struct mc *mc = new_mc(MC_CIPHER_XTS);
    uint8_t key[64] = {5};

    (void)state;
    assert_int_equal(mc_key_len(mc), 64);
    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(1), key, 16), CBIT_INVALID);
    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(1), key, 64), CBIT_OK);
    mc_write(mc, spa(0x4ff8), guest(1), TEXT, sizeof(TEXT));
    assert_reads(mc, 0x4ff8, guest(1), TEXT);
    key[63] ^= 1; /* the tweak's key counts as well */
    assert_int_equal(mc_key_install(mc, MC_VIEW_ASID(1), key, 64), CBIT_OK);
    assert_reads_garbage(mc, 0x5000, guest(1), TEXT + 8);
    mc_free(mc);
}

static void the_environment_forces_a_kernel_and_a_wrong_name_is_an_error(void **state)
{
    const struct mc_config config = {.range = {{spa(0), FRAME}}, .n_ranges = 1, .n_asids = 1};
    const char *old = getenv("CBIT_CIPHER");
    char *saved = old ? strdup(old) : NULL;
    struct mc *mc;

    (void)state;
    assert_int_equal(setenv("CBIT_CIPHER", "portable", 1), 0);
    assert_int_equal(mc_new(&config, &mc), CBIT_OK);
    assert_string_equal(mc_kernel_name(mc), "portable");
    mc_free(mc);
    assert_int_equal(setenv("CBIT_CIPHER", "rot13", 1), 0);
    assert_int_equal(mc_new(&config, &mc), CBIT_NOT_FOUND);
    assert_null(mc);
    if (saved)
        assert_int_equal(setenv("CBIT_CIPHER", saved, 1), 0);
    else
        assert_int_equal(unsetenv("CBIT_CIPHER"), 0);
    free(saved);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(each_key_has_its_own_view_of_a_frame),
        STORY(ciphertext_lies_where_it_was_written_and_means_nothing_elsewhere),
        STORY(only_the_block_whose_ciphertext_was_hit_is_garbled),
        STORY(dram_has_holes_and_two_ends),
        cmocka_unit_test(ranges_must_ascend_and_be_whole_pages),
        STORY(a_host_pointer_holds_until_the_frame_turns),
        STORY(frames_that_nobody_mapped_are_not_told_of),
        STORY(a_watched_frame_refuses_write_pointers_and_tells_of_one_write),
        STORY(a_watch_ends_with_a_turn_and_survives_reads),
        STORY(the_pins_tell_watchers_too),
        STORY(four_listeners_are_told),
        STORY(a_frame_that_flips_too_often_is_served_block_by_block),
        STORY(the_first_use_of_a_frame_is_no_turn),
        STORY(turns_that_lie_far_apart_do_not_wear_a_frame_out),
        STORY(an_eager_frame_calms_down_when_one_view_keeps_using_it),
        STORY(a_reset_calms_every_eager_frame),
        STORY(watchers_of_an_eager_frame_hear_of_writes_and_of_keys),
        STORY(another_key_turns_old_plaintext_to_garbage_and_back),
        STORY(keys_of_the_wrong_length_or_place_change_nothing),
        STORY(a_key_change_turns_the_frames_of_its_view_alone),
        STORY(a_reset_keeps_the_dimm_and_forgets_keys_and_policy),
        STORY(a_new_tweak_makes_old_content_unreadable),
        STORY(tsme_gives_both_values_of_c_the_same_bytes_and_the_pins_ciphertext),
        STORY(without_tsme_the_same_page_differs_with_c),
        STORY(a_change_of_policy_tells_whoever_holds_a_pointer),
        STORY(looking_allocates_counts_and_changes_nothing),
        STORY(observers_are_refused_outside_dram_and_views),
        STORY(only_what_was_written_takes_memory),
        STORY(frames_of_dram_are_zero_before_their_first_use),
        STORY(writing_a_whole_frame_needs_no_cipher_and_leaves_the_right_bytes),
        STORY(probe_copy_moves_ciphertext_even_over_itself),
        cmocka_unit_test(on_xe_a_moved_block_is_the_plaintext_plus_known_tweaks),
        cmocka_unit_test(the_published_constants_are_four_bytes_repeated_and_independent),
        cmocka_unit_test(genoa_takes_two_aes_256_keys),
        cmocka_unit_test(the_environment_forces_a_kernel_and_a_wrong_name_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
