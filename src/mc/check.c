/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One word a line: the view of the last write and the epoch in which it was
 * made.  WBINVD begins a new epoch, so that it need not look at any line; a line
 * of an older epoch has been flushed.
 *
 * A frame is seen for the first time before mc turns it for that access: what
 * wrote it before (a loader, the AMD-SP) is the view that it is stored in.  Types
 * of memory other than write-back are not known here: a line counts as cached
 * until somebody flushes it.  The coherency rules are those of APM vol. 2, 7.10.
 */
#include "mc/check.h"
#include "mc/state.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LINE        64u
#define FRAME_LINES (CB_PAGE_SIZE / LINE)
#define MAX_EPOCH   UINT16_MAX

/* All zero: nobody has written it. */
struct line {
    uint16_t view_1; /* view + 1 */
    uint16_t epoch;  /* of the last write; 0: flushed, or not cached at all */
};

struct mc_check {
    struct mc *mc;
    struct line *line; /* FRAME_LINES for each frame */
    uint8_t *seen;     /* one for each frame */
    uint16_t epoch;    /* never 0 */
};

static void *reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static size_t lines_size(const struct mc_check *check)
{
    return (size_t)check->mc->dram.n_frames * FRAME_LINES * sizeof(struct line);
}

enum cbit_status mc_check_new(struct mc *mc, struct mc_check **out)
{
    struct mc_check *check = calloc(1, sizeof(*check));

    if (!check)
        return CBIT_NO_MEMORY;
    check->mc = mc;
    check->epoch = 1;
    check->line = reserve(lines_size(check));
    check->seen = reserve(mc->dram.n_frames);
    if (!check->line || !check->seen) {
        mc_check_free(check);
        return CBIT_NO_MEMORY;
    }
    *out = check;
    return CBIT_OK;
}

void mc_check_free(struct mc_check *check)
{
    if (!check)
        return;
    if (check->line)
        munmap(check->line, lines_size(check));
    if (check->seen)
        munmap(check->seen, check->mc->dram.n_frames);
    free(check);
}

void mc_check_forget(struct mc_check *check)
{
    for (uint32_t k = 0; k < check->mc->dram.n_frames; k++) {
        if (check->seen[k])
            memset(&check->line[(size_t)k * FRAME_LINES], 0, FRAME_LINES * sizeof(struct line));
        check->seen[k] = 0;
    }
    check->epoch = 1;
}

static void first_sight(struct mc_check *check, uint32_t index, spa_t at)
{
    struct line *line = &check->line[(size_t)index * FRAME_LINES];
    const mc_view_t view = mc_frame_view(check->mc, at);

    check->seen[index] = 1;
    if (!mc_frame_touched(check->mc, at))
        return;
    for (unsigned k = 0; k < FRAME_LINES; k++)
        line[k] = (struct line){.view_1 = (uint16_t)(view + 1)};
}

static struct line *line_of(struct mc_check *check, uint64_t at)
{
    const uint32_t index = dram_index(&check->mc->dram, at);

    CBIT_ASSERT(index != DRAM_NOWHERE);
    if (CB_UNLIKELY(!check->seen[index]))
        first_sight(check, index, spa(at));
    return &check->line[(size_t)index * FRAME_LINES + (at & ~CB_PAGE_MASK) / LINE];
}

/* What is wrong with an access through another view than the last write's; KINDS: nothing. */
static enum mc_check_kind judge(const struct mc_check *check, const struct line *line,
                                mc_view_t view, enum mc_kind kind)
{
    if (kind == MC_KIND_FETCH)
        return MC_CHECK_FETCH;
    if (kind == MC_KIND_WALK || kind == MC_KIND_NPT_WALK)
        return MC_CHECK_WALK;
    if (kind == MC_KIND_DMA && view == MC_VIEW_RAW)
        return MC_CHECK_DMA;
    return line->epoch == check->epoch ? MC_CHECK_FLUSH : MC_CHECK_KINDS;
}

bool mc_check_use(struct mc_check *check, spa_t at, size_t len, struct mc_access access, bool write,
                  struct mc_finding *out)
{
    const mc_view_t view = mc_view_of(check->mc->policy, access);
    const uint16_t view_1 = (uint16_t)(view + 1);
    const uint64_t end = at.v + len;
    bool found = false;

    /* A device's bytes go to memory, whatever it is that snooped them */
    const struct line written = {view_1, access.kind == MC_KIND_DMA ? 0 : check->epoch};

    for (uint64_t k = at.v & ~(uint64_t)(LINE - 1); k < end; k += LINE) {
        struct line *line = line_of(check, k);

        if (CB_UNLIKELY(line->view_1 != view_1 && line->view_1 != 0 && !found)) {
            const enum mc_check_kind kind = judge(check, line, view, (enum mc_kind)access.kind);

            found = kind != MC_CHECK_KINDS;
            *out = (struct mc_finding){kind, spa(k < at.v ? at.v : k), view,
                                       (mc_view_t)(line->view_1 - 1)};
        }
        if (write)
            *line = written;
    }
    return found;
}

void mc_check_note(struct mc_check *check, spa_t at, size_t len, struct mc_access access)
{
    const mc_view_t view = mc_view_of(check->mc->policy, access);

    for (uint64_t k = at.v & ~(uint64_t)(LINE - 1); k < at.v + len; k += LINE)
        *line_of(check, k) = (struct line){.view_1 = (uint16_t)(view + 1)};
}

void mc_check_flush_line(struct mc_check *check, spa_t at, struct mc_access access)
{
    struct line *line = line_of(check, at.v);

    if (line->view_1 == mc_view_of(check->mc->policy, access) + 1)
        line->epoch = 0;
}

/* Once in 65,535 times every line is looked at. */
static void begin_anew(struct mc_check *check)
{
    for (uint32_t k = 0; k < check->mc->dram.n_frames; k++)
        for (unsigned n = 0; check->seen[k] && n < FRAME_LINES; n++)
            check->line[(size_t)k * FRAME_LINES + n].epoch = 0;
    check->epoch = 1;
}

void mc_check_flush_all(struct mc_check *check)
{
    if (check->epoch == MAX_EPOCH)
        begin_anew(check);
    else
        check->epoch++;
}
