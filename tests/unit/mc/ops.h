/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on the memory controller and its oracle, side by side.  The
 * choices come from a source of bytes: a generator in the unit test, the input in
 * the fuzz target.
 */
#ifndef TESTS_MC_OPS_H
#define TESTS_MC_OPS_H

#include "mc/keys.h"
#include "mc/probe.h"

/* The next eight bytes; false: there are no more. */
typedef bool ops_source(void *ctx, uint64_t *word);

struct ops_result {
    const char *difference; /* what went wrong, or NULL */
    uint64_t n_ops;
    struct mc_stats stats;
};

/* Runs until max_ops operations are done or the source ends; then compares all views. */
struct ops_result ops_run(enum mc_cipher cipher, ops_source *source, void *ctx, uint64_t max_ops);

#endif
