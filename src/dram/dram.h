/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of dram: the bytes on the DIMMs in 4 KiB frames and, for each
 * frame, the view it is stored in.
 *
 * Knows no keys and converts nothing: a view is a number here, and "which list
 * the frame is on".  Frames on a list are linked through their own records, so
 * the frames of one view are found without looking at the others.  Bytes and
 * records are host memory that is reserved but not allocated before its first
 * use: all-zero records mean an untouched frame in view 0 that is on no list.
 *
 * Only mc may enter this room.  Not thread-safe.
 */
#ifndef DRAM_DRAM_H
#define DRAM_DRAM_H

#include "base/base.h"

#define DRAM_MAX_SPANS 4
#define DRAM_NOWHERE   UINT32_MAX /* the index of what is not DRAM */

/* What is known of a frame. */
enum {
    DRAM_LISTED = 1 << 0,  /* on the list of its view */
    DRAM_TOUCHED = 1 << 1, /* has been written: takes host memory */
    DRAM_MAPPED = 1 << 2,  /* somebody got a host pointer */
    DRAM_WATCHED = 1 << 3, /* somebody keeps something made from the bytes */
};

struct dram_frame {
    uint32_t next; /* index + 1 of the neighbours on the list; 0: none */
    uint32_t prev;
    uint16_t view;
    uint8_t flags;
    uint8_t count; /* for mc: turns in the window; of an eager frame, accesses in a row */
    uint32_t mark; /* for mc: start of the window; of an eager frame, the view of the row */
};

/* A stretch of consecutive page frame numbers; frame index = pfn + shift (mod 2^64). */
struct dram_span {
    uint64_t first_pfn;
    uint64_t end_pfn;
    uint64_t shift;
};

/* What a span is made from. */
struct dram_extent {
    uint64_t base;
    uint64_t size;
};

struct dram {
    uint8_t *bytes;
    struct dram_frame *frame;
    uint32_t *head; /* per view: index + 1 of the first frame on its list */
    struct dram_span span[DRAM_MAX_SPANS];
    unsigned n_spans;
    unsigned n_views;
    uint32_t n_frames;
};

/*
 * Extents are page-aligned, ascending and do not overlap.  CBIT_INVALID: they do
 * not fit that, or are too many or too large; CBIT_NO_MEMORY.  On failure nothing
 * is held.
 */
enum cbit_status dram_init(struct dram *dram, const struct dram_extent *extent, unsigned n_extents,
                           unsigned n_views) CBIT_MUST_CHECK;
void dram_fini(struct dram *dram);

/* Index of the frame that holds an address, or DRAM_NOWHERE. */
static inline uint32_t dram_index(const struct dram *dram, uint64_t at)
{
    const uint64_t pfn = at >> CB_PAGE_SHIFT;

    for (unsigned i = 0; i < dram->n_spans; i++) {
        const struct dram_span *span = &dram->span[i];

        if (CB_LIKELY(pfn >= span->first_pfn && pfn < span->end_pfn))
            return (uint32_t)(pfn + span->shift);
    }
    return DRAM_NOWHERE;
}

static inline uint8_t *dram_bytes(const struct dram *dram, uint32_t index)
{
    return dram->bytes + ((size_t)index << CB_PAGE_SHIFT);
}

/* The address of a frame's first byte. */
uint64_t dram_address(const struct dram *dram, uint32_t index);

/* Puts a frame on the list of its view, unless it is on it. */
void dram_list(struct dram *dram, uint32_t index);

/* Changes the view a frame is stored in; the frame ends at the head of that view's list. */
void dram_move(struct dram *dram, uint32_t index, uint16_t view);

/* The first frame on a view's list, or DRAM_NOWHERE; and the one after a frame. */
uint32_t dram_first(const struct dram *dram, uint16_t view);
uint32_t dram_next(const struct dram *dram, uint32_t index);

#endif
