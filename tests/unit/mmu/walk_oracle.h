/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second page walker, written from the manual's figures with literal masks
 * and no code or table in common with src/mmu, to compare with; and the memory
 * that both walk: the entries in the order in which they are read.
 */
#ifndef WALK_ORACLE_H
#define WALK_ORACLE_H

#include "mmu/mmu.h"

#define TRACE_MAX 8

/* What a walk did to memory. */
struct trace {
    uint64_t entry[4];     /* given out one after the other */
    unsigned n_reads, n_writes;
    struct { uint64_t at; bool c; unsigned size; } read[TRACE_MAX];
    struct { uint64_t at, value; bool c; unsigned size; } write[TRACE_MAX];
    bool bad_kind;         /* an access that was not a host's table walk */
};

struct mmu_mem trace_mem(struct trace *trace);

struct outcome {
    bool ok;
    uint32_t code;
    struct mmu_page page; /* zero unless ok */
};

struct outcome oracle_walk(const struct mmu_geometry *geo, const struct mmu_regs *regs, uint64_t at,
                           struct mmu_access_type type, struct trace *trace);
struct outcome tested_walk(const struct mmu_geometry *geo, const struct mmu_regs *regs, uint64_t at,
                           struct mmu_access_type type, struct trace *trace);

/*
 * One comparison with everything drawn from `data` (any length; zeros follow).
 * NULL: they agree; else what differs.
 */
const char *walk_compare(const uint8_t *data, size_t len);

#endif
