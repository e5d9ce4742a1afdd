/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key slots, tweak constants, TSME and reset.  A slot always holds some key:
 * what is not in use holds random filler that the AMD-SP drew.
 *
 * Keys are expanded when they are first used, because a platform has hundreds of
 * slots and uses few.  Nothing here or elsewhere returns a key (mc/expose.c is
 * the one exception, and only on demand at creation or reset).
 */
#include "mc/state.h"

/*
 * Tweak constants t_4 .. t_31 as published for first-generation EPYC ("SEVurity:
 * No Security Without Integrity", IEEE S&P 2020, and its tool).  Each is four
 * bytes, repeated.
 */
static const uint8_t published[28][4] = {
    {0x82, 0x25, 0x38, 0x38}, {0xec, 0x09, 0x07, 0x9c}, {0x40, 0x00, 0x00, 0x18}, /* 4 */
    {0x81, 0x02, 0xa2, 0x3a}, {0x77, 0xd9, 0x10, 0x77}, {0xb0, 0x10, 0xb2, 0xc0}, /* 7 */
    {0x53, 0x6d, 0x54, 0x4d}, {0x15, 0x68, 0xee, 0x53}, {0xb0, 0x92, 0x30, 0xc2}, /* 10 */
    {0x96, 0x70, 0xff, 0x8e}, {0x36, 0x1b, 0x90, 0xd5}, {0x04, 0x00, 0xc2, 0x36}, /* 13 */
    {0xe8, 0x18, 0x29, 0x85}, {0xbd, 0x31, 0xf9, 0x2a}, {0xa5, 0x0d, 0x37, 0x44}, /* 16 */
    {0xf4, 0x31, 0xd8, 0x4c}, {0x02, 0x04, 0x31, 0x81}, {0xb3, 0x71, 0x32, 0xa1}, /* 19 */
    {0x50, 0x8a, 0xc0, 0x6c}, {0x16, 0x8a, 0x80, 0x20}, {0x7f, 0x9b, 0xc0, 0x07}, /* 22 */
    {0x00, 0xdb, 0x04, 0x07}, {0x7f, 0x00, 0x04, 0x04}, {0x70, 0xfa, 0x01, 0xbe}, /* 25 */
    {0xbb, 0x3d, 0x28, 0x90}, {0xbd, 0x2d, 0xd5, 0x26}, {0x1c, 0x5d, 0x6c, 0xe2}, /* 28 */
    {0x4f, 0x5c, 0xe7, 0x27},                                                     /* 31 */
};

/* Bits above 31 are not published: t_(i + 28) is t_i with each byte rotated left by three. */
void mc_tweak_published(struct mc_tweak *out)
{
    for (unsigned i = 0; i < MC_TWEAK_COUNT; i++) {
        const uint8_t *t = published[i % CB_ARRAY_LEN(published)];
        const bool derived = i >= CB_ARRAY_LEN(published);

        for (unsigned j = 0; j < 16; j++)
            out->t[i][j] = (uint8_t)(derived ? t[j % 4] << 3 | t[j % 4] >> 5 : t[j % 4]);
    }
}

size_t mc_key_len(const struct mc *mc)
{
    return cr_memory_key_len(mc->cipher.mode);
}

const struct cr_memory_key *mc_key_of(struct mc *mc, mc_view_t view)
{
    struct mc_slot *slot = &mc->slot[view];

    if (!slot->expanded) {
        cr_memory_key_set(&mc->cipher, &mc->expanded[view], slot->key);
        slot->expanded = true;
    }
    return &mc->expanded[view];
}

const struct cr_memory_key *mc_key_peek(const struct mc *mc, mc_view_t view,
                                        struct cr_memory_key *room)
{
    if (mc->slot[view].expanded)
        return &mc->expanded[view];
    cr_memory_key_set(&mc->cipher, room, mc->slot[view].key);
    return room;
}

static void slot_fill(struct mc *mc, mc_view_t view, const void *key)
{
    struct mc_slot *slot = &mc->slot[view];

    if (slot->expanded)
        cb_wipe(&mc->expanded[view], sizeof(mc->expanded[view]));
    slot->expanded = false;
    memcpy(slot->key, key, mc_key_len(mc));
}

enum cbit_status mc_key_install(struct mc *mc, mc_view_t view, const void *key, size_t len)
{
    if (view == MC_VIEW_RAW || view >= mc->n_views)
        return CBIT_NOT_FOUND;
    if (len != mc_key_len(mc))
        return CBIT_INVALID;
    mc_view_to_raw(mc, view);
    mc_tell_eager(mc);
    slot_fill(mc, view, key);
    mc->stats.keys++;
    return CBIT_OK;
}

enum cbit_status mc_key_drop(struct mc *mc, mc_view_t view, const void *filler, size_t len)
{
    return mc_key_install(mc, view, filler, len);
}

static void all_to_raw(struct mc *mc)
{
    for (unsigned view = MC_VIEW_HOST; view < mc->n_views; view++)
        mc_view_to_raw(mc, (mc_view_t)view);
}

void mc_tweak_install(struct mc *mc, const struct mc_tweak *tweak)
{
    all_to_raw(mc);
    mc_tell_eager(mc);
    mc->tweak = *tweak;
    cr_memory_tweak_set(&mc->cipher, tweak->t[0]);
}

void mc_set_tsme(struct mc *mc, bool on)
{
    if (mc->policy.tsme == on)
        return;
    mc_tell_all(mc);
    mc->policy.tsme = on;
}

void mc_reset(struct mc *mc, void (*fill)(void *ctx, void *buf, size_t len), void *ctx)
{
    uint8_t key[MC_KEY_MAX];

    all_to_raw(mc);
    mc_calm_all(mc);
    mc_tell_all(mc);
    mc->policy = (struct mc_policy){0};
    for (unsigned view = MC_VIEW_HOST; view < mc->n_views; view++) {
        fill(ctx, key, mc_key_len(mc));
        slot_fill(mc, (mc_view_t)view, key);
    }
    cb_wipe(key, sizeof(key));
}
