/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write-back, write-allocate cache, physically indexed, tagged by (line, view):
 * 4,096 sets of 8 ways, 2 MiB in all, one level for data and page tables.
 *
 * The order of write-backs is this: a full set evicts its ways in turn; WBINVD
 * goes through sets, then ways.  Hardware is less regular; what holds for both is
 * that a dirty line may be written back at any time and must be by a flush.
 *
 * Pages with decoded code (mc_watch) are written through, so that the CPU hears
 * of changed code as it always does.
 */
#include "mc/cache.h"
#include "mc/state.h"

#include <stdlib.h>

#define LINE 64u
#define SETS 4096u
#define WAYS 8u
#define NONE UINT64_MAX

struct way {
    uint64_t line; /* its address; NONE */
    mc_view_t view;
    bool dirty;
    uint8_t bytes[LINE];
};

struct set {
    struct way way[WAYS];
    unsigned next; /* to be evicted */
};

struct mc_cache {
    struct mc *mc;
    struct set set[SETS];
};

enum cbit_status mc_cache_new(struct mc *mc, struct mc_cache **out)
{
    struct mc_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return CBIT_NO_MEMORY;
    cache->mc = mc;
    mc_cache_flush_all(cache, true);
    *out = cache;
    return CBIT_OK;
}

void mc_cache_free(struct mc_cache *cache)
{
    if (!cache)
        return;
    cb_wipe(cache, sizeof(*cache)); /* plaintext of private pages */
    free(cache);
}

static struct set *set_of(struct mc_cache *cache, uint64_t line)
{
    return &cache->set[line / LINE % SETS];
}

static struct way *find(struct mc_cache *cache, uint64_t line, mc_view_t view)
{
    struct set *set = set_of(cache, line);

    for (unsigned k = 0; k < WAYS; k++)
        if (set->way[k].line == line && set->way[k].view == view)
            return &set->way[k];
    return NULL;
}

static void write_back(struct mc_cache *cache, struct way *way)
{
    if (way->line == NONE || !way->dirty)
        return;
    way->dirty = false;
    mc_write_view(cache->mc, way->line, way->view, way->bytes, LINE);
}

static struct way *bring_in(struct mc_cache *cache, uint64_t line, mc_view_t view)
{
    struct way *way = find(cache, line, view);
    struct set *set = set_of(cache, line);

    if (CB_LIKELY(way != NULL))
        return way;
    way = &set->way[set->next];
    set->next = (set->next + 1) % WAYS;
    write_back(cache, way);
    way->line = line;
    way->view = view;
    way->dirty = false;
    mc_read_view(cache->mc, line, view, way->bytes, LINE);
    return way;
}

/* Bytes up to the end of the line. */
static size_t within_line(uint64_t at, size_t len)
{
    const size_t rest = LINE - (size_t)(at % LINE);

    return len < rest ? len : rest;
}

void mc_cache_read(struct mc_cache *cache, spa_t at, struct mc_access access, void *to, size_t len)
{
    const mc_view_t view = mc_view_of(cache->mc->policy, access);
    uint8_t *out = to;

    while (len) {
        const size_t n = within_line(at.v, len);
        const struct way *way = bring_in(cache, at.v - at.v % LINE, view);

        memcpy(out, way->bytes + at.v % LINE, n);
        at.v += n;
        out += n;
        len -= n;
    }
}

static bool watched(const struct mc *mc, uint64_t at)
{
    const uint32_t index = dram_index(&mc->dram, at);

    return index != DRAM_NOWHERE && mc->dram.frame[index].flags & DRAM_WATCHED;
}

void mc_cache_write(struct mc_cache *cache, spa_t at, struct mc_access access, const void *from,
                    size_t len)
{
    const mc_view_t view = mc_view_of(cache->mc->policy, access);
    const uint8_t *in = from;

    while (len) {
        const size_t n = within_line(at.v, len);
        struct way *way = bring_in(cache, at.v - at.v % LINE, view);

        memcpy(way->bytes + at.v % LINE, in, n);
        way->dirty = true;
        if (watched(cache->mc, at.v))
            write_back(cache, way);
        at.v += n;
        in += n;
        len -= n;
    }
}

void mc_cache_flush_line(struct mc_cache *cache, spa_t at, struct mc_access access)
{
    mc_cache_snoop(cache, at, 1, access, true);
}

void mc_cache_flush_all(struct mc_cache *cache, bool drop)
{
    for (unsigned k = 0; k < SETS; k++) {
        for (unsigned n = 0; n < WAYS; n++) {
            if (!drop)
                write_back(cache, &cache->set[k].way[n]);
            cache->set[k].way[n].line = NONE;
        }
    }
}

void mc_cache_snoop(struct mc_cache *cache, spa_t at, size_t len, struct mc_access access,
                    bool write)
{
    const mc_view_t view = mc_view_of(cache->mc->policy, access);

    for (uint64_t line = at.v - at.v % LINE; line < at.v + len; line += LINE) {
        struct way *way = find(cache, line, view);

        if (!way)
            continue;
        write_back(cache, way);
        if (write)
            way->line = NONE;
    }
}
