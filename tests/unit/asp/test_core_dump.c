/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and core dumps: after a platform has worked for a while, every page of this
 * process that a core file would hold is searched for every key that it has.
 *
 * The test keeps what it looks for inverted, so that it does not find itself.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/asp/platform.h"

#include "asp/state.h"
#include "mc/state.h"

#define NEEDLE      16u
#define MAX_NEEDLES 512u
#define SHADOW      (UINT64_C(1) << 30) /* a sanitizer's own memory is larger than that */

struct needles {
    unsigned n;
    struct {
        const char *name;
        uint8_t inverted[NEEDLE];
    } at[MAX_NEEDLES];
};

static void look_for(struct needles *needles, const char *name, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + NEEDLE <= len; i += NEEDLE) {
        if (cb_all_zero(bytes + i, NEEDLE))
            continue;
        assert_true(needles->n < MAX_NEEDLES);
        needles->at[needles->n].name = name;
        for (unsigned k = 0; k < NEEDLE; k++)
            needles->at[needles->n].inverted[k] = (uint8_t)~bytes[i + k];
        needles->n++;
    }
}

static void look_for_schedule(struct needles *needles, const struct cr_memory_aes *aes)
{
    look_for(needles, "a round key", aes->enc[0], (aes->rounds + 1) * sizeof(aes->enc[0]));
    look_for(needles, "a round key of decryption", aes->dec[0],
             (aes->rounds + 1) * sizeof(aes->dec[0]));
}

static void look_for_all(struct needles *needles, const struct platform *p)
{
    const struct asp *asp = p->asp;

    for (unsigned view = MC_VIEW_HOST; view < p->mc->n_views && view < 4; view++) {
        look_for(needles, "a slot's key", p->mc->slot[view].key, mc_key_len(p->mc));
        if (p->mc->slot[view].expanded)
            look_for_schedule(needles, &p->mc->expanded[view].data);
    }
    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE; i++) {
        if (asp->guest[i].state == WIRE_SEV_GUEST_UNINIT)
            continue;
        look_for(needles, "a guest's key", asp->guest[i].key, sizeof(asp->guest[i].key));
        look_for(needles, "a transport key", asp->guest[i].transport.tek, 16);
        look_for(needles, "an integrity key", asp->guest[i].transport.tik, 16);
    }
    look_for(needles, "the chip's secret", asp->chip.secret, sizeof(asp->chip.secret));
    look_for(needles, "CEK", asp->chip.cek.d, sizeof(asp->chip.cek.d));
    look_for(needles, "OCA", asp->nv.oca.d, sizeof(asp->nv.oca.d));
    look_for(needles, "PEK", asp->nv.pek.d, sizeof(asp->nv.pek.d));
    look_for(needles, "PDH", asp->nv.pdh.d, sizeof(asp->nv.pdh.d));
}

/*
 * Not memmem: its copy of the needle would be found on the stack.  Not memchr: it
 * looks at every page, a sanitizer's guards between variables too.
 */
__attribute__((no_sanitize("address"))) static bool holds(const uint8_t *at, const uint8_t *end, const uint8_t inverted[NEEDLE])
{
    const uint8_t first = (uint8_t)~inverted[0];

    for (; end - at >= (ptrdiff_t)NEEDLE; at++) {
        unsigned k = 1;

        if (*at != first)
            continue;
        while (k < NEEDLE && (at[k] ^ inverted[k]) == 0xff)
            k++;
        if (k == NEEDLE)
            return true;
    }
    return false;
}

static void search(const struct needles *needles, const uint8_t *at, const uint8_t *end,
                   const char *where)
{
    for (unsigned i = 0; i < needles->n; i++) {
        if (holds(at, end, needles->at[i].inverted))
            fail_msg("%s is in %s", needles->at[i].name, where);
    }
}

/* Calls search() for what is readable, is no file's, and is dumped.  Gives the bytes left out. */
static size_t search_process(const struct needles *needles)
{
    char line[512], where[512] = "";
    unsigned long from = 0, to = 0;
    bool readable = false;
    size_t left_out = 0;
    FILE *maps = fopen("/proc/self/smaps", "re");

    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long a, b, inode; /* other lines may begin with a hexadecimal digit too */
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &a, &b, rights, &inode) == 4) {
            from = a;
            to = b;
            memcpy(where, line, sizeof where);
            readable = rights[0] == 'r' && !strstr(line, "[v") &&
                       (inode == 0 || rights[1] == 'w') && to - from < SHADOW;
        } else if (strncmp(line, "VmFlags:", 8) == 0 && readable) {
            if (strstr(line, " dd"))
                left_out += to - from;
            else
                search(needles, (const uint8_t *)from, (const uint8_t *)to, where); // NOLINT
        }
    }
    fclose(maps);
    return left_out;
}

static void no_page_of_a_core_dump_holds_a_key(void **state)
{
    static const char *const profiles[] = {"naples", "milan", "genoa"};

    for (size_t i = 0; i < CB_ARRAY_LEN(profiles); i++) {
        struct needles *needles = calloc(1, sizeof *needles);
        struct platform p;
        struct owner owner;

        (void)state;
        platform_config(&p, profiles[i]);
        platform_start(&p);
        up(&p, false);
        const struct exported certs = export_certs(&p);

        owner_make(&owner, &certs.pdh, 0);
        owner_place(&p, &owner);
        cb_wipe(&owner, sizeof owner); /* the owner's keys are the guest's: not ours to keep here */
        struct wire_sev_start c = start_command(0, true);

        assert_int_equal(start(&p, WIRE_SEV_LAUNCH_START, &c), WIRE_SEV_SUCCESS);
        assert_int_equal(activate(&p, c.handle, 1), WIRE_SEV_SUCCESS);
        assert_int_equal(region(&p, WIRE_SEV_LAUNCH_UPDATE_DATA, c.handle, AT_GUEST, 8192),
                         WIRE_SEV_SUCCESS);
        uint8_t turned[64];

        get(&p, AT_GUEST, turned, sizeof turned); /* as the pins: the guest's key is used */
        look_for_all(needles, &p);
        assert_true(needles->n > 30);
        assert_true(search_process(needles) > sizeof(struct asp));
        free(needles);
        platform_free(&p);
    }
}

static void the_search_finds_what_is_there(void **state)
{
    static uint8_t planted[NEEDLE];
    struct needles *needles = calloc(1, sizeof *needles);

    (void)state;
    for (unsigned i = 0; i < NEEDLE; i++)
        planted[i] = (uint8_t)(i * 7 + 1);
    look_for(needles, "planted", planted, NEEDLE);
    assert_true(holds(planted, planted + NEEDLE, needles->at[0].inverted));
    planted[3] ^= 1;
    assert_false(holds(planted, planted + NEEDLE, needles->at[0].inverted));
    free(needles);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef SANITIZED
        cmocka_unit_test(no_page_of_a_core_dump_holds_a_key),
#endif
        cmocka_unit_test(the_search_finds_what_is_there),
    };

#ifdef SANITIZED
    (void)no_page_of_a_core_dump_holds_a_key;
    print_message("# a sanitizer's code keeps copies of its own: only the search itself is tested\n");
#endif
    return cmocka_run_group_tests_name("keys and core dumps", tests, NULL, NULL);
}
