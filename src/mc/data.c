/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data path.  The common case, an access within one frame that is in the
 * wanted view already, is decided by one comparison of the view and one of the
 * flags; everything else goes to the slow functions.
 */
#include "mc/state.h"

/* What lies within one frame: the frame's index, the offset in it, the length. */
struct piece {
    uint32_t index;
    uint32_t offset;
    size_t len;
};

static struct piece first_piece(const struct mc *mc, uint64_t at, size_t len)
{
    const uint32_t offset = (uint32_t)(at & ~CB_PAGE_MASK);
    const size_t room = CB_PAGE_SIZE - offset;
    const struct piece piece = {dram_index(&mc->dram, at), offset, len < room ? len : room};

    CBIT_ASSERT(piece.index != DRAM_NOWHERE);
    return piece;
}

/* The blocks that a piece of an eager frame touches. */
struct blocks {
    uint64_t at;     /* of the first block */
    uint8_t *stored; /* where it is kept */
    size_t skip;     /* from its first byte to the piece */
    size_t n;
};

static struct blocks blocks_of(const struct mc *mc, struct piece piece)
{
    const uint32_t from = piece.offset & ~(CR_MEMORY_BLOCK - 1);
    struct blocks b = {.skip = piece.offset - from};

    b.at = dram_address(&mc->dram, piece.index) + from;
    b.stored = dram_bytes(&mc->dram, piece.index) + from;
    b.n = (b.skip + piece.len + CR_MEMORY_BLOCK - 1) / CR_MEMORY_BLOCK;
    return b;
}

static void eager_read(struct mc *mc, struct piece piece, mc_view_t view, uint8_t *to)
{
    const struct blocks b = blocks_of(mc, piece);
    uint8_t plain[CB_PAGE_SIZE];

    if (view == MC_VIEW_RAW) {
        memcpy(to, b.stored + b.skip, piece.len);
        return;
    }
    cr_memory_decrypt(&mc->cipher, mc_key_of(mc, view), b.at, plain, b.stored, b.n);
    memcpy(to, plain + b.skip, piece.len);
}

static void eager_write(struct mc *mc, struct piece piece, mc_view_t view, const uint8_t *from)
{
    const struct blocks b = blocks_of(mc, piece);
    const struct cr_memory_key *key;
    uint8_t plain[CB_PAGE_SIZE];

    if (view == MC_VIEW_RAW) {
        memcpy(b.stored + b.skip, from, piece.len);
        return;
    }
    key = mc_key_of(mc, view);
    if (piece.len != b.n * CR_MEMORY_BLOCK)
        cr_memory_decrypt(&mc->cipher, key, b.at, plain, b.stored, b.n);
    memcpy(plain + b.skip, from, piece.len);
    cr_memory_encrypt(&mc->cipher, key, b.at, b.stored, plain, b.n);
}

static __attribute__((noinline)) void read_slow(struct mc *mc, uint64_t at, mc_view_t view,
                                                uint8_t *to, size_t len)
{
    while (len > 0) {
        const struct piece piece = first_piece(mc, at, len);

        if (mc_settle(mc, piece.index, view))
            memcpy(to, dram_bytes(&mc->dram, piece.index) + piece.offset, piece.len);
        else
            eager_read(mc, piece, view, to);
        at += piece.len;
        to += piece.len;
        len -= piece.len;
    }
}

static void write_piece(struct mc *mc, struct piece piece, mc_view_t view, const uint8_t *from)
{
    const bool lazy = piece.len == CB_PAGE_SIZE ? mc_settle_whole(mc, piece.index, view)
                                                : mc_settle(mc, piece.index, view);

    mc_tell_write(mc, piece.index);
    mc->dram.frame[piece.index].flags |= DRAM_TOUCHED;
    if (lazy)
        memcpy(dram_bytes(&mc->dram, piece.index) + piece.offset, from, piece.len);
    else
        eager_write(mc, piece, view, from);
}

static __attribute__((noinline)) void write_slow(struct mc *mc, uint64_t at, mc_view_t view,
                                                 const uint8_t *from, size_t len)
{
    while (len > 0) {
        const struct piece piece = first_piece(mc, at, len);

        write_piece(mc, piece, view, from);
        at += piece.len;
        from += piece.len;
        len -= piece.len;
    }
}

/* A copy whose usual length is that of a page-table entry. */
static inline void copy(void *to, const void *from, size_t len)
{
    if (CB_LIKELY(len == 8))
        memcpy(to, from, 8);
    else
        memcpy(to, from, len);
}

void mc_read(struct mc *mc, spa_t from, struct mc_access access, void *to, size_t len)
{
    const mc_view_t view = mc_view_of(mc->policy, access);
    const uint32_t index = dram_index(&mc->dram, from.v);
    const uint64_t offset = from.v & ~CB_PAGE_MASK;

    mc->stats.reads++;
    if (CB_LIKELY(index != DRAM_NOWHERE && mc->dram.frame[index].view == view &&
                  len <= CB_PAGE_SIZE - offset))
        copy(to, dram_bytes(&mc->dram, index) + offset, len);
    else
        read_slow(mc, from.v, view, to, len);
}

/* Ready to be written: touched, and nobody watches. */
static bool writable(const struct dram_frame *frame)
{
    return (frame->flags & (DRAM_TOUCHED | DRAM_WATCHED)) == DRAM_TOUCHED;
}

void mc_write(struct mc *mc, spa_t to, struct mc_access access, const void *from, size_t len)
{
    const mc_view_t view = mc_view_of(mc->policy, access);
    const uint32_t index = dram_index(&mc->dram, to.v);
    const uint64_t offset = to.v & ~CB_PAGE_MASK;

    mc->stats.writes++;
    if (CB_LIKELY(index != DRAM_NOWHERE && mc->dram.frame[index].view == view &&
                  writable(&mc->dram.frame[index]) && len <= CB_PAGE_SIZE - offset))
        copy(dram_bytes(&mc->dram, index) + offset, from, len);
    else
        write_slow(mc, to.v, view, from, len);
}

static __attribute__((noinline)) uint8_t *map_slow(struct mc *mc, uint32_t index, mc_view_t view,
                                                   bool write)
{
    struct dram_frame *frame = &mc->dram.frame[index];

    if (!mc_settle(mc, index, view))
        return NULL;
    if (write && frame->flags & DRAM_WATCHED)
        return NULL;
    dram_list(&mc->dram, index);
    frame->flags |= write ? DRAM_MAPPED | DRAM_TOUCHED : DRAM_MAPPED;
    mc->stats.maps++;
    return dram_bytes(&mc->dram, index);
}

uint8_t *mc_map(struct mc *mc, spa_t at, struct mc_access access, bool write)
{
    const mc_view_t view = mc_view_of(mc->policy, access);
    const uint32_t index = dram_index(&mc->dram, at.v);
    const uint8_t need = write ? DRAM_MAPPED | DRAM_TOUCHED : DRAM_MAPPED;
    const uint8_t look = write ? DRAM_MAPPED | DRAM_TOUCHED | DRAM_WATCHED : DRAM_MAPPED;

    if (index == DRAM_NOWHERE)
        return NULL;
    if (CB_LIKELY(mc->dram.frame[index].view == view &&
                  (mc->dram.frame[index].flags & look) == need)) {
        mc->stats.maps++;
        return dram_bytes(&mc->dram, index);
    }
    return map_slow(mc, index, view, write);
}

void mc_read_view(struct mc *mc, uint64_t at, mc_view_t view, void *to, size_t len)
{
    read_slow(mc, at, view, to, len);
}

void mc_write_view(struct mc *mc, uint64_t at, mc_view_t view, const void *from, size_t len)
{
    write_slow(mc, at, view, from, len);
}

void mc_watch(struct mc *mc, spa_t at)
{
    const uint32_t index = dram_index(&mc->dram, at.v);

    CBIT_ASSERT(index != DRAM_NOWHERE);
    dram_list(&mc->dram, index);
    mc->dram.frame[index].flags |= DRAM_WATCHED;
}
