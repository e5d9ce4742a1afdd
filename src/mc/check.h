/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check mode's memory: for each 64-byte line the view that wrote it last, and
 * whether a cache may still hold what was written.
 *
 * Nothing here is on the path of an access.  Who runs in check mode asks before
 * each access (mc_check_use); who doesn't never makes a struct mc_check.
 */
#ifndef MC_CHECK_H
#define MC_CHECK_H

#include "mc/mc.h"

struct mc_check;

enum mc_check_kind {
    MC_CHECK_FLUSH, /* used through another view while the last write was not flushed */
    MC_CHECK_DMA,   /* a device without key touched a line that was written privately */
    MC_CHECK_MMIO,  /* C=1 where there is no DRAM; never a finding of mc_check_use */
    MC_CHECK_FETCH, /* instructions through another view than their writer's */
    MC_CHECK_WALK,  /* page-table entry through another view than its writer's */
    MC_CHECK_KINDS
};

struct mc_finding {
    enum mc_check_kind kind;
    spa_t at;        /* the first byte of the access that the finding is about */
    mc_view_t view;  /* of this access */
    mc_view_t wrote; /* of the last write */
};

enum cbit_status mc_check_new(struct mc *mc, struct mc_check **out) CBIT_MUST_CHECK;
void mc_check_free(struct mc_check *check); /* NULL is allowed */
/* All lines are as DRAM has them: after a reset. */
void mc_check_forget(struct mc_check *check);

/*
 * An access that is about to happen, before mc hears of it: the range is DRAM.
 * True: *out is the first line that it should not touch in this way.
 */
bool mc_check_use(struct mc_check *check, spa_t at, size_t len, struct mc_access access, bool write,
                  struct mc_finding *out);

/* A write by somebody whom this does not watch: memory has it, no cache. */
void mc_check_note(struct mc_check *check, spa_t at, size_t len, struct mc_access access);

/* CLFLUSH, CLFLUSHOPT, CLWB: the alias that the access selects, of one line. */
void mc_check_flush_line(struct mc_check *check, spa_t at, struct mc_access access);
/* WBINVD. */
void mc_check_flush_all(struct mc_check *check);

#endif
