/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's state and what its files share.  Stays in this room.
 *
 * Views 0 .. n_views - 1 are the key slots of mc/access.h.  One more list, EAGER,
 * holds the frames that reached the flip cap: they are stored RAW, and because no
 * access selects EAGER, every quick comparison of views sends them the slow way.
 */
#ifndef MC_STATE_H
#define MC_STATE_H

#include "crypto/crypto.h"
#include "dram/dram.h"
#include "mc/keys.h"

struct mc_slot {
    uint8_t key[MC_KEY_MAX];
    bool expanded; /* mc->expanded has its schedule */
};

struct mc_ear {
    mc_listener *listener;
    void *ctx;
};

struct mc {
    struct dram dram;
    struct mc_policy policy;
    struct mc_stats stats;
    struct mc_config config;
    struct mc_slot *slot;
    struct cr_memory_key *expanded; /* one for each slot; never touched for most */
    unsigned n_views;
    mc_view_t eager;
    struct mc_ear ear[MC_MAX_LISTENERS];
    unsigned n_ears;
    struct mc_tweak tweak;
    struct cr_memory_cipher cipher;
};

/* mc_decide(), where the policy and the table are known to the compiler. */
static inline mc_view_t mc_view_of(struct mc_policy policy, struct mc_access access)
{
    bool host = access.host_c;

    if (CB_UNLIKELY(access.sev) && policy.smee && access.kind <= MC_KIND_WALK) {
        /* Fetches and walks of the guest's own tables are private whatever C says, and so
           is all data of a guest whose paging mode has no C-bit. */
        if (access.kind != MC_KIND_DATA || !access.guest_c_exists || access.guest_c)
            return MC_VIEW_ASID(access.asid);
    }
    host &= policy.smee;
    return host || policy.tsme ? MC_VIEW_HOST : MC_VIEW_RAW;
}

/* mc/data.c */

/* mc_read and mc_write for a view that was decided before. */
void mc_read_view(struct mc *mc, uint64_t at, mc_view_t view, void *to, size_t len);
void mc_write_view(struct mc *mc, uint64_t at, mc_view_t view, const void *from, size_t len);

/* mc/frames.c */

/* Tells listeners of a frame that was mapped or watched, and forgets that it was. */
void mc_tell_turn(struct mc *mc, uint32_t index);
/* Tells listeners of a watched frame that it is written; the watch ends. */
void mc_tell_write(struct mc *mc, uint32_t index);
/* Turns a frame, flip cap aside. */
void mc_turn(struct mc *mc, uint32_t index, mc_view_t view);
/*
 * Brings a frame into a view for an access.  False: it is served eagerly (and
 * this access has been counted).
 */
bool mc_settle(struct mc *mc, uint32_t index, mc_view_t view);
/* As mc_settle for an access that replaces every byte, so that nothing need be decrypted. */
bool mc_settle_whole(struct mc *mc, uint32_t index, mc_view_t view);
/* Turns every frame of a view to RAW. */
void mc_view_to_raw(struct mc *mc, mc_view_t view);
/* Every host pointer and copy is void: another policy holds, or another key. */
void mc_tell_all(struct mc *mc);
/* Eager frames have no view that a key change could turn: tells whoever watches one. */
void mc_tell_eager(struct mc *mc);
/* Ends eager service of all frames. */
void mc_calm_all(struct mc *mc);

/* mc/keys.c */

/* The expanded key of a view that is not RAW. */
const struct cr_memory_key *mc_key_of(struct mc *mc, mc_view_t view);
/* The same without changing anything; room is used if the slot's is not expanded. */
const struct cr_memory_key *mc_key_peek(const struct mc *mc, mc_view_t view,
                                        struct cr_memory_key *room);

#endif
