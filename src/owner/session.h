/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch session, made for one platform: the owner's DH certificate, the
 * wrapped transport keys, and the keys themselves, which the owner keeps.
 */
#ifndef OWNER_SESSION_H
#define OWNER_SESSION_H

#include "sev/sev.h"

struct own_session {
    uint8_t godh[WIRE_SEV_CERT_SIZE];
    uint8_t session[WIRE_SEV_SESSION_SIZE];
    struct sev_transport keys; /* secret; for one launch; the holder wipes it */
};

/* INVALID_CERTIFICATE: the PDH certificate holds no P-384 key for ECDH. */
enum wire_sev_status own_session_make(struct cr_random *random, const struct wire_sev_cert *pdh,
                                      uint32_t policy, struct own_session *out);

#endif
