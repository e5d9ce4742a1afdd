/* SPDX-License-Identifier: Apache-2.0 */
/* The modelled cache: what each view sees, before and after lines are written back. */
#include "unit/unit.h"

#include "mc/cache.h"
#include "mc/keys.h"

#define AT       UINT64_C(0x12340)
#define SET_STEP UINT64_C(0x40000) /* lines this far apart share a set of 8 */

static const struct mc_access plain = {.kind = MC_KIND_DATA};
static const struct mc_access secret = {.kind = MC_KIND_DATA, .host_c = true};

struct fixture {
    struct mc *mc;
    struct mc_cache *cache;
};

static void fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    memset(buf, 0x5a, len);
}

static int setup(void **state)
{
    static struct fixture f;
    const struct mc_config config = {
        .cipher = MC_CIPHER_XEX, .range = {{spa(0), 16 << 20}}, .n_ranges = 1, .n_asids = 5};

    assert_int_equal(mc_new(&config, &f.mc), CBIT_OK);
    mc_reset(f.mc, fill, NULL);
    mc_set_smee(f.mc, true);
    assert_int_equal(mc_cache_new(f.mc, &f.cache), CBIT_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    mc_cache_free(f->cache);
    mc_free(f->mc);
    return 0;
}

static void put(struct fixture *f, uint64_t at, struct mc_access access, uint64_t v)
{
    mc_cache_write(f->cache, spa(at), access, &v, sizeof(v));
}

static uint64_t get(struct fixture *f, uint64_t at, struct mc_access access)
{
    uint64_t v;

    mc_cache_read(f->cache, spa(at), access, &v, sizeof(v));
    return v;
}

/* What is in DRAM, as the view would show it. */
static uint64_t dram(struct fixture *f, uint64_t at, mc_view_t view)
{
    uint64_t v;

    assert_int_equal(mc_peek(f->mc, spa(at), view, &v, sizeof(v)), CBIT_OK);
    return v;
}

static void a_write_is_seen_by_its_own_view_and_reaches_dram_with_the_flush(void **state)
{
    struct fixture *f = *state;

    put(f, AT, secret, 7);
    assert_int_equal(get(f, AT, secret), 7);
    assert_int_not_equal(dram(f, AT, MC_VIEW_HOST), 7);
    mc_cache_flush_line(f->cache, spa(AT), plain); /* the other alias */
    assert_int_not_equal(dram(f, AT, MC_VIEW_HOST), 7);
    mc_cache_flush_line(f->cache, spa(AT), secret);
    assert_int_equal(dram(f, AT, MC_VIEW_HOST), 7);
}

static void another_view_sees_the_older_content_until_the_flush(void **state)
{
    struct fixture *f = *state;

    put(f, AT, plain, 1);
    mc_cache_flush_all(f->cache, false);
    const uint64_t old = dram(f, AT, MC_VIEW_HOST);

    put(f, AT, plain, 2);
    assert_int_equal(get(f, AT, secret), old);
    mc_cache_flush_line(f->cache, spa(AT), plain);
    assert_int_equal(get(f, AT, secret), old); /* its own line is still cached */
    mc_cache_flush_line(f->cache, spa(AT), secret);
    assert_int_equal(get(f, AT, secret), dram(f, AT, MC_VIEW_HOST));
    assert_int_not_equal(get(f, AT, secret), old);
}

static void of_two_dirty_aliases_the_one_that_came_last_wins(void **state)
{
    struct fixture *f = *state;

    put(f, AT, secret, 1);
    put(f, AT, plain, 2);
    mc_cache_flush_all(f->cache, false); /* ways in turn: secret was brought in first */
    assert_int_equal(dram(f, AT, MC_VIEW_RAW), 2);
}

static void a_full_set_evicts_in_turn(void **state)
{
    struct fixture *f = *state;

    for (unsigned k = 0; k < 9; k++)
        put(f, AT + k * SET_STEP, plain, k + 1);
    assert_int_equal(dram(f, AT, MC_VIEW_RAW), 1);
    assert_int_equal(dram(f, AT + SET_STEP, MC_VIEW_RAW), 0);
    assert_int_equal(get(f, AT, plain), 1); /* takes the place of the second */
    assert_int_equal(dram(f, AT + SET_STEP, MC_VIEW_RAW), 2);
}

static void dropped_lines_are_lost(void **state)
{
    struct fixture *f = *state;

    put(f, AT, plain, 1);
    mc_cache_flush_all(f->cache, true);
    assert_int_equal(get(f, AT, plain), 0);
}

static void a_device_meets_the_alias_that_it_names(void **state)
{
    struct fixture *f = *state;

    put(f, AT, plain, 1);
    put(f, AT + 0x40, secret, 2);
    mc_cache_snoop(f->cache, spa(AT), 0x80, plain, false);
    assert_int_equal(dram(f, AT, MC_VIEW_RAW), 1);
    assert_int_not_equal(dram(f, AT + 0x40, MC_VIEW_HOST), 2);
    mc_cache_snoop(f->cache, spa(AT), 0x80, plain, true);
    mc_write(f->mc, spa(AT), plain, &(uint64_t){9}, 8);
    assert_int_equal(get(f, AT, plain), 9);
}

static void pages_with_decoded_code_are_written_through(void **state)
{
    struct fixture *f = *state;

    mc_watch(f->mc, spa(AT));
    put(f, AT, plain, 1);
    assert_int_equal(dram(f, AT, MC_VIEW_RAW), 1);
}

static void an_access_may_span_lines_and_pages(void **state)
{
    struct fixture *f = *state;
    uint8_t in[200], out[200];

    for (unsigned k = 0; k < sizeof(in); k++)
        in[k] = (uint8_t)(k * 7 + 1);
    mc_cache_write(f->cache, spa(0x12fa1), secret, in, sizeof(in));
    mc_cache_read(f->cache, spa(0x12fa1), secret, out, sizeof(out));
    assert_memory_equal(in, out, sizeof(in));
    mc_cache_flush_all(f->cache, false);
    mc_cache_read(f->cache, spa(0x12fa1), secret, out, sizeof(out));
    assert_memory_equal(in, out, sizeof(in));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_write_is_seen_by_its_own_view_and_reaches_dram_with_the_flush),
        CASE(another_view_sees_the_older_content_until_the_flush),
        CASE(of_two_dirty_aliases_the_one_that_came_last_wins),
        CASE(a_full_set_evicts_in_turn),
        CASE(dropped_lines_are_lost),
        CASE(a_device_meets_the_alias_that_it_names),
        CASE(pages_with_decoded_code_are_written_through),
        CASE(an_access_may_span_lines_and_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
