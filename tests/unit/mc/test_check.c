/* SPDX-License-Identifier: Apache-2.0 */
/* What check mode finds: short stories, with what the last step of each is told. */
#include "unit/unit.h"

#include "mc/check.h"
#include "mc/keys.h"

#define AT UINT64_C(0x12340)

enum step_kind { END, READ, WRITE, FLUSH, WBINVD };
enum who { PLAIN, SECRET, GUEST, DEVICE, DEVICE_C, FETCH, FETCH_C, WALK, WALK_C };

struct step {
    enum step_kind kind;
    enum who who;
    unsigned at, len; /* 0: eight bytes */
};

struct story {
    const char *name;
    struct step step[8];
    enum mc_check_kind found; /* by the last step; KINDS: nothing.  The others find nothing. */
    uint64_t spa;
    mc_view_t view, wrote;
};

#define ASID_3 MC_VIEW_ASID(3)
static const struct story stories[] = {
    {"one view needs no flush", {{WRITE, SECRET}, {READ, SECRET}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a line that nobody wrote may be read by all", {{READ, SECRET}, {READ, PLAIN}}, MC_CHECK_KINDS, 0, 0, 0},
    {"written privately, read plainly", {{WRITE, SECRET}, {READ, PLAIN}},
     MC_CHECK_FLUSH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"written plainly, read privately", {{WRITE, PLAIN}, {READ, SECRET}},
     MC_CHECK_FLUSH, AT, MC_VIEW_HOST, MC_VIEW_RAW},
    {"written through both", {{WRITE, SECRET}, {WRITE, PLAIN}},
     MC_CHECK_FLUSH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"a guest's line, read by its host", {{WRITE, GUEST}, {READ, SECRET}},
     MC_CHECK_FLUSH, AT, MC_VIEW_HOST, ASID_3},
    {"a flush of the alias that wrote", {{WRITE, SECRET}, {FLUSH, SECRET}, {READ, PLAIN}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a flush of the other alias", {{WRITE, SECRET}, {FLUSH, PLAIN}, {READ, PLAIN}},
     MC_CHECK_FLUSH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"a flush of the neighbour", {{WRITE, SECRET}, {FLUSH, SECRET, 0x40, 0}, {READ, PLAIN}},
     MC_CHECK_FLUSH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"WBINVD", {{WRITE, SECRET}, {WBINVD, PLAIN}, {READ, PLAIN}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a write after WBINVD", {{WBINVD, PLAIN}, {WRITE, SECRET}, {READ, PLAIN}},
     MC_CHECK_FLUSH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"the second line of an access", {{WRITE, SECRET, 0x40, 8}, {READ, PLAIN, 0x20, 0x40}},
     MC_CHECK_FLUSH, AT + 0x40, MC_VIEW_RAW, MC_VIEW_HOST},
    {"the line before is another matter", {{WRITE, SECRET}, {READ, PLAIN, 0x40, 8}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a device writes into a private line", {{WRITE, SECRET}, {WRITE, DEVICE}},
     MC_CHECK_DMA, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"a device reads a private line, flushed or not", {{WRITE, SECRET}, {WBINVD, PLAIN}, {READ, DEVICE}},
     MC_CHECK_DMA, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"a device in a guest's private page", {{WRITE, GUEST}, {WRITE, DEVICE}},
     MC_CHECK_DMA, AT, MC_VIEW_RAW, ASID_3},
    {"a device whose address has the C-bit", {{WRITE, SECRET}, {READ, DEVICE_C}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a device in a plain line", {{WRITE, PLAIN}, {WRITE, DEVICE}, {READ, PLAIN}}, MC_CHECK_KINDS, 0, 0, 0},
    {"what a device wrote needs no flush", {{WRITE, DEVICE}, {READ, SECRET}}, MC_CHECK_KINDS, 0, 0, 0},
    {"code as it was written", {{WRITE, SECRET}, {READ, FETCH_C}}, MC_CHECK_KINDS, 0, 0, 0},
    {"code written plainly, run privately, flushed", {{WRITE, PLAIN}, {WBINVD, PLAIN}, {READ, FETCH_C}},
     MC_CHECK_FETCH, AT, MC_VIEW_HOST, MC_VIEW_RAW},
    {"code written privately, run plainly", {{WRITE, SECRET}, {READ, FETCH}},
     MC_CHECK_FETCH, AT, MC_VIEW_RAW, MC_VIEW_HOST},
    {"a table as it was written", {{WRITE, PLAIN}, {READ, WALK}, {WRITE, WALK}}, MC_CHECK_KINDS, 0, 0, 0},
    {"a table written plainly, walked privately", {{WRITE, PLAIN}, {WBINVD, PLAIN}, {READ, WALK_C}},
     MC_CHECK_WALK, AT, MC_VIEW_HOST, MC_VIEW_RAW},
};

static struct mc_access access_of(enum who who)
{
    static const struct mc_access of[] = {
        [PLAIN] = {.kind = MC_KIND_DATA},
        [SECRET] = {.kind = MC_KIND_DATA, .host_c = true},
        [GUEST] = {.asid = 3, .kind = MC_KIND_DATA, .sev = true, .guest_c = true, .guest_c_exists = true},
        [DEVICE] = {.kind = MC_KIND_DMA},
        [DEVICE_C] = {.kind = MC_KIND_DMA, .host_c = true},
        [FETCH] = {.kind = MC_KIND_FETCH},
        [FETCH_C] = {.kind = MC_KIND_FETCH, .host_c = true},
        [WALK] = {.kind = MC_KIND_WALK},
        [WALK_C] = {.kind = MC_KIND_WALK, .host_c = true},
    };

    return of[who];
}

static void fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    memset(buf, 0x5a, len);
}

static struct mc *new_mc(void)
{
    const struct mc_config config = {
        .cipher = MC_CIPHER_XEX, .range = {{spa(0), 1 << 20}}, .n_ranges = 1, .n_asids = 5};
    struct mc *mc;

    assert_int_equal(mc_new(&config, &mc), CBIT_OK);
    mc_reset(mc, fill, NULL);
    mc_set_smee(mc, true);
    return mc;
}

static bool perform(struct mc_check *check, const struct step *s, struct mc_finding *found)
{
    const spa_t at = spa(AT + s->at);

    if (s->kind == WBINVD)
        mc_check_flush_all(check);
    else if (s->kind == FLUSH)
        mc_check_flush_line(check, at, access_of(s->who));
    else
        return mc_check_use(check, at, s->len ? s->len : 8, access_of(s->who), s->kind == WRITE,
                            found);
    return false;
}

static void play(const struct story *story)
{
    struct mc_finding found = {.kind = MC_CHECK_KINDS};
    struct mc *mc = new_mc();
    struct mc_check *check;
    const struct step *s = story->step;

    assert_int_equal(mc_check_new(mc, &check), CBIT_OK);
    for (; s[1].kind != END; s++)
        if (perform(check, s, &found))
            fail_msg("%s: an early step has a finding", story->name);
    if (perform(check, s, &found) != (story->found != MC_CHECK_KINDS))
        fail_msg("%s: finding %d", story->name, found.kind);
    if (story->found != MC_CHECK_KINDS &&
        (found.kind != story->found || found.at.v != story->spa || found.view != story->view ||
         found.wrote != story->wrote))
        fail_msg("%s: kind %d at %#llx, view %u, written by %u", story->name, found.kind,
                 (unsigned long long)found.at.v, found.view, found.wrote);
    mc_check_free(check);
    mc_free(mc);
}

static void each_story_ends_with_its_finding_and_no_other(void **state)
{
    (void)state;
    for (size_t k = 0; k < CB_ARRAY_LEN(stories); k++)
        play(&stories[k]);
}

static void what_a_loader_wrote_is_known_by_the_frame(void **state)
{
    struct mc *mc = new_mc();
    struct mc_finding found;
    struct mc_check *check;

    (void)state;
    assert_int_equal(mc_check_new(mc, &check), CBIT_OK);
    mc_write(mc, spa(AT), access_of(PLAIN), "code", 4);
    assert_false(mc_check_use(check, spa(AT), 4, access_of(FETCH), false, &found));
    /* another line of the frame, after the frame has been turned */
    assert_false(mc_check_use(check, spa(AT + 0x200), 4, access_of(SECRET), false, &found));
    mc_read(mc, spa(AT + 0x200), access_of(SECRET), &(uint32_t){0}, 4);
    assert_true(mc_check_use(check, spa(AT), 4, access_of(FETCH_C), false, &found));
    assert_int_equal(found.kind, MC_CHECK_FETCH);
    mc_check_free(check);
    mc_free(mc);
}

static void the_firmware_s_writes_are_the_last_word(void **state)
{
    struct mc *mc = new_mc();
    struct mc_finding found;
    struct mc_check *check;

    (void)state;
    assert_int_equal(mc_check_new(mc, &check), CBIT_OK);
    assert_false(mc_check_use(check, spa(AT), 64, access_of(PLAIN), true, &found));
    mc_check_note(check, spa(AT), 64, access_of(GUEST));
    assert_false(mc_check_use(check, spa(AT), 64, access_of(GUEST), false, &found));
    assert_true(mc_check_use(check, spa(AT), 64, access_of(DEVICE), false, &found));
    assert_int_equal(found.wrote, ASID_3);
    mc_check_free(check);
    mc_free(mc);
}

static void more_wbinvds_than_epochs_forget_nothing(void **state)
{
    struct mc *mc = new_mc();
    struct mc_finding found;
    struct mc_check *check;

    (void)state;
    assert_int_equal(mc_check_new(mc, &check), CBIT_OK);
    assert_false(mc_check_use(check, spa(AT), 8, access_of(SECRET), true, &found));
    for (unsigned k = 0; k < 65535; k++) {
        mc_check_flush_all(check);
        assert_false(mc_check_use(check, spa(AT), 8, access_of(PLAIN), false, &found));
    }
    assert_false(mc_check_use(check, spa(AT), 8, access_of(SECRET), true, &found));
    assert_true(mc_check_use(check, spa(AT), 8, access_of(PLAIN), false, &found));
    mc_check_forget(check);
    assert_false(mc_check_use(check, spa(AT), 8, access_of(PLAIN), false, &found));
    mc_check_free(check);
    mc_free(mc);
}

static void under_tsme_there_is_one_view(void **state)
{
    struct mc *mc = new_mc();
    struct mc_finding found;
    struct mc_check *check;

    (void)state;
    mc_set_tsme(mc, true);
    assert_int_equal(mc_check_new(mc, &check), CBIT_OK);
    assert_false(mc_check_use(check, spa(AT), 8, access_of(SECRET), true, &found));
    assert_false(mc_check_use(check, spa(AT), 8, access_of(PLAIN), true, &found));
    assert_false(mc_check_use(check, spa(AT), 8, access_of(DEVICE), true, &found));
    assert_false(mc_check_use(check, spa(AT), 8, access_of(FETCH_C), false, &found));
    mc_check_free(check);
    mc_free(mc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_story_ends_with_its_finding_and_no_other),
        cmocka_unit_test(what_a_loader_wrote_is_known_by_the_frame),
        cmocka_unit_test(the_firmware_s_writes_are_the_last_word),
        cmocka_unit_test(more_wbinvds_than_epochs_forget_nothing),
        cmocka_unit_test(under_tsme_there_is_one_view),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
