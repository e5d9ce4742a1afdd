/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit: published attacks on memory encryption, each run on machines of its
 * own.  An attack works if it puts out a secret that the victim drew in this run,
 * or if the victim has seen what the attacker planted; each verdict stands only if
 * a control came out the other way.
 */
#ifndef CBIT_ATTACK_H
#define CBIT_ATTACK_H

#include "cbit/cbit.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cbit_protection {
    CBIT_PROTECT_NONE, /* no memory encryption */
    CBIT_PROTECT_SME,  /* the victim's pages have the C-bit in the host's tables */
    CBIT_PROTECT_TSME,
    CBIT_PROTECT_SEV,  /* the victim is an SEV guest */
};
#define CBIT_N_PROTECTIONS 4

enum cbit_attack_verdict {
    CBIT_ATTACK_BLOCKED,
    CBIT_ATTACK_WORKS,
    CBIT_ATTACK_NOT_MODELLED, /* the mechanism is not built: nothing is said */
    CBIT_ATTACK_NO_SUBJECT,   /* there is nothing of the kind to attack */
    CBIT_ATTACK_DOUBTFUL,     /* attack and control came out alike */
};

/* Of the i-th attack: its name, what it does in one line, who published it or NULL; NULL: no more. */
CBIT_API const char *cbit_attack_name(size_t i);
CBIT_API const char *cbit_attack_summary(size_t i);
CBIT_API const char *cbit_attack_published(size_t i);

struct cbit_attack_outcome {
    enum cbit_attack_verdict verdict;
    const char *reason; /* one line, never NULL */
};

/* cpu: "naples", "rome", "milan" or "genoa".  CBIT_E_INVALID: no such attack or generation. */
CBIT_API enum cbit_error cbit_attack_run(size_t i, const char *cpu, enum cbit_protection protection,
                                         struct cbit_attack_outcome *out);

/* "blocked", "works", "not modelled", "-", "doubtful"; "none", "SME", "TSME", "SEV". */
CBIT_API const char *cbit_attack_verdict_name(enum cbit_attack_verdict verdict);
CBIT_API const char *cbit_protection_name(enum cbit_protection protection);

#ifdef __cplusplus
}
#endif

#endif
