/* SPDX-License-Identifier: Apache-2.0 */
/* What the AMD-SP holds: for the files of this room alone. */
#ifndef ASP_STATE_H
#define ASP_STATE_H

#include "asp/asp.h"
#include "crypto/crypto.h"
#include "mc/keys.h"

struct asp {
    struct mc *mc;
    const struct asp_profile *profile;
    bool tsme;
    bool standalone;
    bool has_tweak;
    struct mc_tweak tweak; /* of --tweak */
    unsigned min_sev_asid;
    struct cr_random random;
    asp_trace_fn *trace;
    void *trace_ctx;
};

/* printf-like; formats only when somebody listens. */
void asp_trace(const struct asp *asp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
