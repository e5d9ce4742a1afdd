/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of asp, the AMD Secure Processor: it keeps the keys of the memory
 * controller and answers the SEV API (AMD publication 55766, API 0.24).
 *
 * Bytes in, bytes out.  Transports (mailbox registers, ioctl, socket) are
 * elsewhere; so are the files that its flash lives in.  Memory is reached
 * through mc.  No call returns a key, and no trace line can hold one.
 */
#ifndef ASP_ASP_H
#define ASP_ASP_H

#include "asp/profile.h"

struct asp;

/* One line without a newline; names steps, decoded commands and outcomes, never a secret. */
typedef void asp_trace_fn(void *ctx, const char *line);

struct asp_config {
    struct mc *mc;                     /* outlives the asp; n_asids >= the profile's */
    const struct asp_profile *profile;
    bool tsme;                         /* every access that would be RAW is HOST */
    bool standalone;                   /* no CPU: WBINVD counts as done, SMEE is set at reset */
    bool seeded;                       /* all randomness follows from seed; shown in the status */
    uint64_t seed;
    const uint8_t *tweak;              /* 48 x 16 bytes that replace the profile's tweak constants */
    unsigned min_sev_asid;             /* first ASID of plain SEV guests; 0: 1 */
    asp_trace_fn *trace;               /* NULL: silent */
    void *trace_ctx;
};

/* Copies config.  CBIT_INVALID: mc and profile do not fit each other. */
enum cbit_status asp_new(const struct asp_config *config, struct asp **out) CBIT_MUST_CHECK;
void asp_free(struct asp *asp); /* wipes; NULL is allowed */

/*
 * Power-on and every later reset of the machine: memory controller reset (DRAM
 * keeps its ciphertext), a new SME key, a new tweak where the generation has
 * one, random filler in every ASID slot, TSME.  All guests are gone, the
 * platform is UNINIT.  Call it once before the CPU runs.
 */
void asp_reset(struct asp *asp);

const struct asp_profile *asp_profile_of(const struct asp *asp);

#endif
