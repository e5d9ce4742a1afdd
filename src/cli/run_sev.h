/* SPDX-License-Identifier: Apache-2.0 */
/* cbit run --sev: options, the owner's files, a session of cbit's own, --sev-dump. */
#ifndef CLI_RUN_SEV_H
#define CLI_RUN_SEV_H

#include "cbit/sev.h"
#include "cli/cli.h"
#include "host/host.h"

struct run_sev_options {
    bool on, wait, kernel_hashes;
    uint32_t policy;
    bool has_policy;
    const char *dh_cert_file, *session_file, *dump;
    uint32_t cbitpos, reduced_phys_bits;
};

/* What goes with --sev and what cannot; the first complaint, or NULL. */
const char *run_sev_check(const struct run_sev_options *o);

struct run_sev;
/* NULL: said why on standard error. */
struct run_sev *run_sev_new(const struct run_sev_options *options);
void run_sev_free(struct run_sev *sev); /* wipes; NULL is allowed */
/* For struct cbit_config; lives as long as sev. */
const struct cbit_sev_config *run_sev_config(const struct run_sev *sev);
/* Once the machine is made, and after every reset: the rest of --sev-dump.  False: said why. */
bool run_sev_launched(struct run_sev *sev, struct cbit_machine *machine);

#endif
