/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage of frames and the lists of frames by view.  All spans share one array
 * of bytes and one of records, so an index is all that is needed to find both.
 *
 * The bytes are kept out of transparent huge pages: a guest that uses one page
 * in every 2 MiB would otherwise take all of its memory from the host.
 */
#include "dram/dram.h"

#include <stdlib.h>
#include <sys/mman.h>

static void *reserve(size_t len)
{
    void *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    (void)madvise(p, len, MADV_NOHUGEPAGE); /* a host without huge pages refuses; nothing is lost */
    return p;
}

static bool add_span(struct dram *dram, uint64_t base, uint64_t size)
{
    struct dram_span *span = &dram->span[dram->n_spans];
    const uint64_t n = size >> CB_PAGE_SHIFT;
    uint64_t end;

    if (size == 0 || !cb_is_aligned(base | size, CB_PAGE_SIZE) || !cb_add_ok(base, size, &end))
        return false;
    if (dram->n_spans > 0 && base >> CB_PAGE_SHIFT < span[-1].end_pfn)
        return false;
    if (n >= DRAM_NOWHERE - dram->n_frames)
        return false;
    span->first_pfn = base >> CB_PAGE_SHIFT;
    span->end_pfn = end >> CB_PAGE_SHIFT;
    span->shift = dram->n_frames - span->first_pfn;
    dram->n_frames += (uint32_t)n;
    dram->n_spans++;
    return true;
}

enum cbit_status dram_init(struct dram *dram, const struct dram_extent *extent, unsigned n_extents,
                           unsigned n_views)
{
    *dram = (struct dram){.n_views = n_views};
    if (n_extents == 0 || n_extents > DRAM_MAX_SPANS || n_views == 0 || n_views > UINT16_MAX)
        return CBIT_INVALID;
    for (unsigned i = 0; i < n_extents; i++)
        if (!add_span(dram, extent[i].base, extent[i].size))
            return CBIT_INVALID;
    dram->bytes = reserve((size_t)dram->n_frames << CB_PAGE_SHIFT);
    dram->frame = reserve(dram->n_frames * sizeof(*dram->frame));
    dram->head = calloc(n_views, sizeof(*dram->head));
    if (dram->bytes && dram->frame && dram->head)
        return CBIT_OK;
    dram_fini(dram);
    return CBIT_NO_MEMORY;
}

void dram_fini(struct dram *dram)
{
    if (dram->bytes)
        (void)munmap(dram->bytes, (size_t)dram->n_frames << CB_PAGE_SHIFT);
    if (dram->frame)
        (void)munmap(dram->frame, dram->n_frames * sizeof(*dram->frame));
    free(dram->head);
    *dram = (struct dram){0};
}

uint64_t dram_address(const struct dram *dram, uint32_t index)
{
    unsigned i = 0;

    while (index - dram->span[i].shift >= dram->span[i].end_pfn)
        i++;
    return (index - dram->span[i].shift) << CB_PAGE_SHIFT;
}

static void link_first(struct dram *dram, uint32_t index)
{
    struct dram_frame *frame = &dram->frame[index];
    uint32_t *head = &dram->head[frame->view];

    frame->prev = 0;
    frame->next = *head;
    if (*head != 0)
        dram->frame[*head - 1].prev = index + 1;
    *head = index + 1;
    frame->flags |= DRAM_LISTED;
}

static void unlink_frame(struct dram *dram, uint32_t index)
{
    struct dram_frame *frame = &dram->frame[index];

    if (frame->next != 0)
        dram->frame[frame->next - 1].prev = frame->prev;
    if (frame->prev != 0)
        dram->frame[frame->prev - 1].next = frame->next;
    else
        dram->head[frame->view] = frame->next;
    frame->flags &= (uint8_t)~DRAM_LISTED;
}

void dram_list(struct dram *dram, uint32_t index)
{
    if (!(dram->frame[index].flags & DRAM_LISTED))
        link_first(dram, index);
}

void dram_move(struct dram *dram, uint32_t index, uint16_t view)
{
    CBIT_ASSERT(view < dram->n_views);
    if (dram->frame[index].flags & DRAM_LISTED)
        unlink_frame(dram, index);
    dram->frame[index].view = view;
    link_first(dram, index);
}

uint32_t dram_first(const struct dram *dram, uint16_t view)
{
    return dram->head[view] == 0 ? DRAM_NOWHERE : dram->head[view] - 1;
}

uint32_t dram_next(const struct dram *dram, uint32_t index)
{
    const uint32_t next = dram->frame[index].next;

    return next == 0 ? DRAM_NOWHERE : next - 1;
}
