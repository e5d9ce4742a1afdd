/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of trust ARK - ASK - CEK - PEK - PDH and OCA - PEK, judged by a guest
 * owner.  The root is what the owner was given out of band; a root that comes
 * with the platform's own files is compared with it and never trusted.
 */
#ifndef OWNER_CHAIN_H
#define OWNER_CHAIN_H

#include "sev/sev.h"

enum own_role { OWN_ARK, OWN_ASK, OWN_CEK, OWN_OCA, OWN_PEK, OWN_PDH, OWN_N_ROLES };

/* "ARK" ... */
const char *own_role_name(enum own_role role);

/* Certificates as collected from files; which role a certificate has is read from its usage. */
struct own_chain {
    bool has[OWN_N_ROLES];
    struct wire_amd_cert ark, ask;
    struct wire_sev_cert sev[OWN_N_ROLES]; /* CEK, OCA, PEK, PDH */
};

/*
 * Adds every certificate of a file: one, or several without separators (bundles
 * of AMD, PDH_CERT_EXPORT and sevctl).  A CEK may come twice, signed and as the
 * firmware exports it; their bodies must agree and the signed one is kept.  Any
 * other role may come again if it is the same to the byte.  *why: what is wrong.
 */
enum cbit_status own_chain_add(struct own_chain *chain, const uint8_t *bytes, size_t len,
                               const char **why) CBIT_MUST_CHECK;

/* One thing that was looked at. */
struct own_link {
    const char *what; /* "CEK signed by ASK" */
    bool ok;
    const char *why;  /* when not ok */
};

#define OWN_MAX_LINKS 16

/*
 * Judges the chain under the root, which is the ARK in `root` (an ASK beside it
 * is allowed and must then be the chain's).  Fills links in the order of the
 * chain, missing certificates included, and returns true if all are ok.
 */
bool own_chain_verify(const struct own_chain *chain, const struct own_chain *root,
                      struct own_link links[OWN_MAX_LINKS], size_t *n_links);

/* SHA-384 of the ARK's signed bytes as 96 hex digits and a NUL; false: there is none. */
bool own_chain_fingerprint(const struct own_chain *chain, char text[97]);

#endif
