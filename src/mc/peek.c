/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observers and the attacker at the pins.  Looking converts into a copy and
 * leaves everything else as it was: no turn, no allocation, no statistics, and
 * no key is expanded in its slot.
 */
#include "mc/probe.h"
#include "mc/state.h"

/* What is stored of a frame.  An untouched one is not read: even that would take page tables. */
static const uint8_t *stored_bytes(const struct mc *mc, uint32_t index)
{
    static const uint8_t zero[CB_PAGE_SIZE];

    return mc->dram.frame[index].flags & DRAM_TOUCHED ? dram_bytes(&mc->dram, index) : zero;
}

/* One frame's bytes under a view, [offset, offset + len), by way of whole blocks. */
static void peek_frame(const struct mc *mc, uint32_t index, mc_view_t view, size_t offset,
                       uint8_t *to, size_t len)
{
    const uint64_t at = dram_address(&mc->dram, index);
    const uint8_t *stored = stored_bytes(mc, index);
    const mc_view_t from = mc_frame_view(mc, spa(at));
    const size_t skip = offset % CR_MEMORY_BLOCK;
    const size_t n = (skip + len + CR_MEMORY_BLOCK - 1) / CR_MEMORY_BLOCK;
    struct cr_memory_key room;
    uint8_t copy[CB_PAGE_SIZE];

    if (from == view) {
        memcpy(to, stored + offset, len);
        return;
    }
    offset -= skip;
    memcpy(copy, stored + offset, n * CR_MEMORY_BLOCK);
    if (from != MC_VIEW_RAW)
        cr_memory_encrypt(&mc->cipher, mc_key_peek(mc, from, &room), at + offset, copy, copy, n);
    if (view != MC_VIEW_RAW)
        cr_memory_decrypt(&mc->cipher, mc_key_peek(mc, view, &room), at + offset, copy, copy, n);
    memcpy(to, copy + skip, len);
    cb_wipe(&room, sizeof(room));
}

enum cbit_status mc_peek(const struct mc *mc, spa_t from, mc_view_t view, void *to, size_t len)
{
    uint8_t *out = to;

    if (view >= mc->n_views)
        return CBIT_NOT_FOUND;
    if (!mc_covers(mc, from, len))
        return CBIT_RANGE;
    while (len > 0) {
        const size_t offset = from.v & ~CB_PAGE_MASK;
        const size_t part = len < CB_PAGE_SIZE - offset ? len : CB_PAGE_SIZE - offset;

        peek_frame(mc, dram_index(&mc->dram, from.v), view, offset, out, part);
        from.v += part;
        out += part;
        len -= part;
    }
    return CBIT_OK;
}

mc_view_t mc_frame_view(const struct mc *mc, spa_t at)
{
    const uint32_t index = dram_index(&mc->dram, at.v);
    mc_view_t view;

    CBIT_ASSERT(index != DRAM_NOWHERE);
    view = mc->dram.frame[index].view;
    return view == mc->eager ? MC_VIEW_RAW : view;
}

bool mc_frame_touched(const struct mc *mc, spa_t at)
{
    const uint32_t index = dram_index(&mc->dram, at.v);

    CBIT_ASSERT(index != DRAM_NOWHERE);
    return mc->dram.frame[index].flags & DRAM_TOUCHED;
}

enum cbit_status mc_probe_read(const struct mc *mc, spa_t at, void *to, size_t len)
{
    return mc_peek(mc, at, MC_VIEW_RAW, to, len);
}

/* An eager frame is stored RAW already and stays eager. */
static void probe_frame(struct mc *mc, uint32_t index, size_t offset, const uint8_t *from,
                        size_t len)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    if (frame->view != mc->eager)
        mc_turn(mc, index, MC_VIEW_RAW);
    mc_tell_write(mc, index);
    frame->flags |= DRAM_TOUCHED;
    memcpy(dram_bytes(&mc->dram, index) + offset, from, len);
}

enum cbit_status mc_probe_write(struct mc *mc, spa_t at, const void *from, size_t len)
{
    const uint8_t *in = from;

    if (!mc_covers(mc, at, len))
        return CBIT_RANGE;
    while (len > 0) {
        const size_t offset = at.v & ~CB_PAGE_MASK;
        const size_t part = len < CB_PAGE_SIZE - offset ? len : CB_PAGE_SIZE - offset;

        probe_frame(mc, dram_index(&mc->dram, at.v), offset, in, part);
        at.v += part;
        in += part;
        len -= part;
    }
    return CBIT_OK;
}

enum cbit_status mc_probe_flip(struct mc *mc, spa_t at, uint8_t mask)
{
    uint8_t byte;
    const enum cbit_status status = mc_probe_read(mc, at, &byte, 1);

    if (status != CBIT_OK)
        return status;
    byte ^= mask;
    return mc_probe_write(mc, at, &byte, 1);
}

/* Page by page through a copy, in the direction that lets the ranges overlap. */
enum cbit_status mc_probe_copy(struct mc *mc, spa_t to, spa_t from, size_t len)
{
    const bool backwards = to.v > from.v;
    uint8_t copy[CB_PAGE_SIZE];
    enum cbit_status status = CBIT_OK;

    if (!mc_covers(mc, to, len) || !mc_covers(mc, from, len))
        return CBIT_RANGE;
    for (size_t done = 0, part; done < len && status == CBIT_OK; done += part) {
        uint64_t at;

        part = len - done < sizeof(copy) ? len - done : sizeof(copy);
        at = backwards ? len - done - part : done;
        status = mc_probe_read(mc, spa(from.v + at), copy, part);
        if (status == CBIT_OK)
            status = mc_probe_write(mc, spa(to.v + at), copy, part);
    }
    return status;
}
