/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes launch sessions.  The DH certificate is signed with its own key, as
 * sev-tool does; firmware does not look at that signature.
 */
#include "owner/session.h"

enum wire_sev_status own_session_make(struct cr_random *random, const struct wire_sev_cert *pdh,
                                      uint32_t policy, struct own_session *out)
{
    struct cr_p384_public platform;
    struct cr_p384_key dh;
    struct sev_session_seed seed;
    struct wire_sev_cert cert;
    enum wire_sev_status status = sev_cert_check_dh(pdh, &platform);

    if (status != WIRE_SEV_SUCCESS)
        return status;
    cr_p384_generate(random, &dh);
    cr_random_fill(random, &seed, sizeof(seed));
    cr_random_fill(random, &out->keys, sizeof(out->keys));
    sev_cert_make(&cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &dh.pub, 0, 0);
    sev_cert_sign(&cert, 0, WIRE_SEV_USAGE_PEK, &dh);
    wire_sev_cert_encode(&cert, out->godh);
    status = sev_session_make(&dh, &platform, policy, &out->keys, &seed, out->session);
    cb_wipe(&dh, sizeof(dh));
    return status;
}
