/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns: a frame that is stored in one view and wanted in another is encrypted
 * under the old view's key, which is what lies on the DIMM, and decrypted under
 * the new one's.  Listeners hear of it before a byte changes.
 *
 * Invariant: the bytes of a frame on the list of view V are D_V(ciphertext on the
 * DIMM); RAW's D is the identity, and EAGER's too.  A frame is off all lists only
 * as long as it is RAW, untouched, unmapped and unwatched.
 *
 * The flip cap: a frame that was turned flip_limit times within flip_window turns
 * goes to EAGER, where mc/data.c ciphers block by block.  It leaves after CALM
 * accesses in a row through one view.
 */
#include "mc/state.h"

#define CALM 64

static void tell(struct mc *mc, uint32_t index, enum mc_event event)
{
    const spa_t at = spa(dram_address(&mc->dram, index));

    for (unsigned i = 0; i < mc->n_ears; i++)
        mc->ear[i].listener(mc->ear[i].ctx, at, event);
}

void mc_tell_turn(struct mc *mc, uint32_t index)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    if (!(frame->flags & (DRAM_MAPPED | DRAM_WATCHED)))
        return;
    frame->flags &= (uint8_t)~(DRAM_MAPPED | DRAM_WATCHED);
    tell(mc, index, MC_EVENT_TURN);
}

void mc_tell_write(struct mc *mc, uint32_t index)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    if (!(frame->flags & DRAM_WATCHED))
        return;
    frame->flags &= (uint8_t)~DRAM_WATCHED;
    tell(mc, index, MC_EVENT_WRITE);
}

static void tell_list(struct mc *mc, mc_view_t view)
{
    for (uint32_t i = dram_first(&mc->dram, view); i != DRAM_NOWHERE; i = dram_next(&mc->dram, i))
        mc_tell_turn(mc, i);
}

void mc_tell_all(struct mc *mc)
{
    for (unsigned view = 0; view <= mc->n_views; view++)
        tell_list(mc, (mc_view_t)view);
}

void mc_tell_eager(struct mc *mc)
{
    tell_list(mc, mc->eager);
}

/* The view whose key made the stored bytes. */
static mc_view_t stored_view(const struct mc *mc, const struct dram_frame *frame)
{
    return frame->view == mc->eager ? MC_VIEW_RAW : frame->view;
}

static void convert(struct mc *mc, uint32_t index, mc_view_t from, mc_view_t to)
{
    const uint64_t at = dram_address(&mc->dram, index);
    uint8_t *p = dram_bytes(&mc->dram, index);

    if (from != MC_VIEW_RAW)
        cr_memory_encrypt(&mc->cipher, mc_key_of(mc, from), at, p, p, CR_MEMORY_FRAME_BLOCKS);
    if (to != MC_VIEW_RAW)
        cr_memory_decrypt(&mc->cipher, mc_key_of(mc, to), at, p, p, CR_MEMORY_FRAME_BLOCKS);
}

/* To a view or to EAGER.  whole: the bytes are about to be replaced, any will do. */
static void turn(struct mc *mc, uint32_t index, mc_view_t list, bool whole)
{
    struct dram_frame *frame = &mc->dram.frame[index];
    const mc_view_t from = stored_view(mc, frame);
    const mc_view_t to = list == mc->eager ? MC_VIEW_RAW : list;

    mc_tell_turn(mc, index);
    if (from != to) {
        *(frame->flags & DRAM_TOUCHED ? &mc->stats.turns : &mc->stats.first_uses) += 1;
        frame->flags |= DRAM_TOUCHED;
        if (!whole)
            convert(mc, index, from, to);
    }
    dram_move(&mc->dram, index, list);
}

void mc_turn(struct mc *mc, uint32_t index, mc_view_t view)
{
    if (mc->dram.frame[index].view == view)
        return;
    turn(mc, index, view, false);
}

/* One access to an eager frame; true: it has calmed down and is RAW now. */
static bool calm(struct mc *mc, uint32_t index, mc_view_t view)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    if (frame->mark != view) {
        frame->mark = view;
        frame->count = 0;
    }
    if (++frame->count < CALM) {
        mc->stats.eager_ops++;
        return false;
    }
    frame->count = 0;
    frame->mark = (uint32_t)mc->stats.turns;
    turn(mc, index, MC_VIEW_RAW, false);
    return true;
}

/* Counts a turn that is wanted; true: the frame has had enough of them. */
static bool worn(struct mc *mc, struct dram_frame *frame)
{
    const uint32_t now = (uint32_t)mc->stats.turns;

    if (now - frame->mark >= mc->config.flip_window) {
        frame->mark = now;
        frame->count = 0;
    }
    if (frame->count < UINT8_MAX)
        frame->count++;
    return frame->count > mc->config.flip_limit;
}

static void make_eager(struct mc *mc, uint32_t index, mc_view_t view)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    turn(mc, index, mc->eager, false);
    frame->mark = view;
    frame->count = 1;
    mc->stats.eager_frames++;
    mc->stats.eager_ops++;
}

static bool settle(struct mc *mc, uint32_t index, mc_view_t view, bool whole)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    CBIT_ASSERT(view < mc->n_views);
    if (frame->view == view)
        return true;
    if (frame->view == mc->eager) {
        if (!calm(mc, index, view))
            return false;
    } else if (worn(mc, frame)) {
        make_eager(mc, index, view);
        return false;
    }
    if (frame->view != view)
        turn(mc, index, view, whole);
    return true;
}

bool mc_settle(struct mc *mc, uint32_t index, mc_view_t view)
{
    return settle(mc, index, view, false);
}

bool mc_settle_whole(struct mc *mc, uint32_t index, mc_view_t view)
{
    return settle(mc, index, view, true);
}

void mc_view_to_raw(struct mc *mc, mc_view_t view)
{
    uint32_t index;

    CBIT_ASSERT(view != MC_VIEW_RAW);
    while ((index = dram_first(&mc->dram, view)) != DRAM_NOWHERE)
        turn(mc, index, MC_VIEW_RAW, false);
}

void mc_calm_all(struct mc *mc)
{
    uint32_t index;

    while ((index = dram_first(&mc->dram, mc->eager)) != DRAM_NOWHERE) {
        turn(mc, index, MC_VIEW_RAW, false);
        mc->dram.frame[index].count = 0;
    }
}
