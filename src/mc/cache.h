/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caches of a processor that does not keep the views of one line coherent
 * (8000_001Fh EAX[10] = 0), for --cache m1: a line that was read or written
 * through a view stays as it was for that view, and every other view sees DRAM,
 * until it is written back.
 */
#ifndef MC_CACHE_H
#define MC_CACHE_H

#include "mc/mc.h"

struct mc_cache;

enum cbit_status mc_cache_new(struct mc *mc, struct mc_cache **out) CBIT_MUST_CHECK;
void mc_cache_free(struct mc_cache *cache); /* NULL is allowed */

/* The CPU's accesses, as mc_read and mc_write. */
void mc_cache_read(struct mc_cache *cache, spa_t at, struct mc_access access, void *to, size_t len);
void mc_cache_write(struct mc_cache *cache, spa_t at, struct mc_access access, const void *from,
                    size_t len);

/* CLFLUSH: writes back and forgets the alias that the access selects, of one line. */
void mc_cache_flush_line(struct mc_cache *cache, spa_t at, struct mc_access access);
/* WBINVD, INVD (drop: nothing is written back). */
void mc_cache_flush_all(struct mc_cache *cache, bool drop);

/*
 * Somebody else is about to use DRAM through mc: a device, or instruction
 * fetch.  The same alias is written back, and forgotten if it is going to be
 * overwritten; other aliases don't hear of it.
 */
void mc_cache_snoop(struct mc_cache *cache, spa_t at, size_t len, struct mc_access access,
                    bool write);

#endif
