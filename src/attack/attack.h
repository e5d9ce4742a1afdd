/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of attack: published attacks on memory encryption, each a small
 * program with the roles of an attacker (hypervisor, device, neighbouring guest,
 * probe at the DIMM's pins) and of a victim that draws a secret of 16 bytes.
 *
 * Nothing here knows how an attack should end.  An attack works if its code puts
 * out the secret, or if the victim has seen what the attacker planted; who judges
 * compares with the victim's own bytes afterwards.  Each run is done twice: the
 * control leaves out what the attack needs (or, for one that was blocked, what
 * protects) and must come out the other way, or nothing is said.
 */
#ifndef ATTACK_ATTACK_H
#define ATTACK_ATTACK_H

#include "base/base.h"

enum attack_protection {
    ATTACK_NONE, /* no memory encryption */
    ATTACK_SME,  /* the victim is host software, or a plain guest, in pages with the C-bit */
    ATTACK_TSME, /* the same without any C-bit */
    ATTACK_SEV,  /* the victim is an SEV guest */
    ATTACK_N_PROTECTIONS
};

enum attack_verdict {
    ATTACK_BLOCKED,
    ATTACK_WORKS,
    ATTACK_NOT_MODELLED, /* the mechanism is not built: nothing can be said */
    ATTACK_NO_SUBJECT,   /* there is nothing of the kind to attack */
    ATTACK_DOUBTFUL,     /* attack and control came out alike */
};

struct attack_info {
    const char *name;      /* "cold-boot" */
    const char *summary;   /* what is done, one line */
    const char *published; /* who described it; NULL: folklore */
};

/* The i-th attack; NULL past the last. */
const struct attack_info *attack_at(size_t i);

struct attack_outcome {
    enum attack_verdict verdict;
    const char *reason; /* one line; never NULL */
};

/*
 * Runs attack i and its control on fresh machines of the generation.
 * CBIT_INVALID: no such attack or generation; others: the host failed.
 */
enum cbit_status attack_run(size_t i, const char *cpu, enum attack_protection protection,
                            struct attack_outcome *out) CBIT_MUST_CHECK;

/* "blocked", "works", "not modelled", "-", "doubtful". */
const char *attack_verdict_name(enum attack_verdict verdict);
/* "none", "SME", "TSME", "SEV". */
const char *attack_protection_name(enum attack_protection protection);

#endif
