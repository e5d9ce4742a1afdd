/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An owner's own certificate authority: makes an OCA and signs a platform's
 * PEK_CSR, which PEK_CERT_IMPORT then takes.  SEV API, platform ownership.
 */
#ifndef OWNER_OCA_H
#define OWNER_OCA_H

#include "sev/sev.h"

/* A self-signed OCA certificate for the key. */
void own_oca_make(const struct cr_p384_key *key, struct wire_sev_cert *oca);

/*
 * The CSR with the OCA's signature in its first slot.  INVALID_CERTIFICATE: not a
 * CSR (usage, key, a slot that is in use), or the key is not the OCA's.
 */
enum wire_sev_status own_oca_sign(const struct cr_p384_key *key, const struct wire_sev_cert *oca,
                                  struct wire_sev_cert *csr);

#endif
