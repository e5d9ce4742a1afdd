/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions.  WRAP_MAC covers the 32 wrapped bytes alone, POLICY_MAC is keyed
 * with the TIK: so the wrap is checked, then opened, then the policy checked.
 */
#include "sev/session.h"

void sev_wrap_keys_derive(const uint8_t *z, size_t z_len, const uint8_t nonce[WIRE_SEV_NONCE_SIZE],
                          struct sev_wrap_keys *out)
{
    uint8_t master[WIRE_SEV_KEY_SIZE];

    cr_kdf_sev(z, z_len, "sev-master-secret", nonce, WIRE_SEV_NONCE_SIZE, master, sizeof(master));
    cr_kdf_sev(master, sizeof(master), "sev-kek", NULL, 0, out->kek, sizeof(out->kek));
    cr_kdf_sev(master, sizeof(master), "sev-kik", NULL, 0, out->kik, sizeof(out->kik));
    cb_wipe(master, sizeof(master));
}

void sev_policy_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], uint32_t policy,
                    uint8_t mac[WIRE_SEV_MAC_SIZE])
{
    uint8_t le[4];
    const struct cr_part part = {le, sizeof(le)};

    cb_store_le32(le, policy);
    cr_hmac_sha256(tik, WIRE_SEV_KEY_SIZE, &part, 1, mac);
}

static void wrap_mac(const uint8_t kik[WIRE_SEV_KEY_SIZE], const uint8_t *session,
                     uint8_t mac[WIRE_SEV_MAC_SIZE])
{
    const struct cr_part part = {session + WIRE_SEV_SESSION_WRAP_TK, 2 * WIRE_SEV_KEY_SIZE};

    cr_hmac_sha256(kik, WIRE_SEV_KEY_SIZE, &part, 1, mac);
}

void sev_session_wrap(const struct sev_wrap_keys *wrap, uint32_t policy,
                      const struct sev_transport *keys, const struct sev_session_seed *seed,
                      uint8_t session[WIRE_SEV_SESSION_SIZE])
{
    uint8_t both[2 * WIRE_SEV_KEY_SIZE];

    memcpy(both, keys->tek, sizeof(keys->tek));
    memcpy(both + sizeof(keys->tek), keys->tik, sizeof(keys->tik));
    memcpy(session + WIRE_SEV_SESSION_NONCE, seed->nonce, sizeof(seed->nonce));
    memcpy(session + WIRE_SEV_SESSION_WRAP_IV, seed->wrap_iv, sizeof(seed->wrap_iv));
    cr_aes128_ctr(wrap->kek, seed->wrap_iv, both, session + WIRE_SEV_SESSION_WRAP_TK, sizeof(both));
    wrap_mac(wrap->kik, session, session + WIRE_SEV_SESSION_WRAP_MAC);
    sev_policy_mac(keys->tik, policy, session + WIRE_SEV_SESSION_POLICY_MAC);
    cb_wipe(both, sizeof(both));
}

enum wire_sev_status sev_session_unwrap(const struct sev_wrap_keys *wrap, uint32_t policy,
                                        const uint8_t session[WIRE_SEV_SESSION_SIZE],
                                        struct sev_transport *keys)
{
    uint8_t mac[WIRE_SEV_MAC_SIZE], both[2 * WIRE_SEV_KEY_SIZE];

    memset(keys, 0, sizeof(*keys));
    wrap_mac(wrap->kik, session, mac);
    if (!cb_ct_equal(mac, session + WIRE_SEV_SESSION_WRAP_MAC, sizeof(mac)))
        return WIRE_SEV_BAD_MEASUREMENT;
    cr_aes128_ctr(wrap->kek, session + WIRE_SEV_SESSION_WRAP_IV, session + WIRE_SEV_SESSION_WRAP_TK,
                  both, sizeof(both));
    sev_policy_mac(both + WIRE_SEV_KEY_SIZE, policy, mac);
    if (cb_ct_equal(mac, session + WIRE_SEV_SESSION_POLICY_MAC, sizeof(mac))) {
        memcpy(keys->tek, both, sizeof(keys->tek));
        memcpy(keys->tik, both + WIRE_SEV_KEY_SIZE, sizeof(keys->tik));
        cb_wipe(both, sizeof(both));
        return WIRE_SEV_SUCCESS;
    }
    cb_wipe(both, sizeof(both));
    return WIRE_SEV_BAD_MEASUREMENT;
}

/* False: the other side's key is no point. */
static bool agree(const struct cr_p384_key *mine, const struct cr_p384_public *other,
                  const uint8_t *nonce, struct sev_wrap_keys *wrap)
{
    uint8_t z[CR_P384_LEN];
    const bool good = cr_p384_ecdh(mine, other, z);

    if (good)
        sev_wrap_keys_derive(z, sizeof(z), nonce, wrap);
    cb_wipe(z, sizeof(z));
    return good;
}

enum wire_sev_status sev_session_make(const struct cr_p384_key *client,
                                      const struct cr_p384_public *server, uint32_t policy,
                                      const struct sev_transport *keys,
                                      const struct sev_session_seed *seed,
                                      uint8_t session[WIRE_SEV_SESSION_SIZE])
{
    struct sev_wrap_keys wrap;

    if (!agree(client, server, seed->nonce, &wrap))
        return WIRE_SEV_INVALID_CERTIFICATE;
    sev_session_wrap(&wrap, policy, keys, seed, session);
    cb_wipe(&wrap, sizeof(wrap));
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status sev_session_open(const struct cr_p384_key *server,
                                      const struct cr_p384_public *client, uint32_t policy,
                                      const uint8_t session[WIRE_SEV_SESSION_SIZE],
                                      struct sev_transport *keys)
{
    struct sev_wrap_keys wrap;
    enum wire_sev_status status;

    memset(keys, 0, sizeof(*keys));
    if (!agree(server, client, session + WIRE_SEV_SESSION_NONCE, &wrap))
        return WIRE_SEV_INVALID_CERTIFICATE;
    status = sev_session_unwrap(&wrap, policy, session, keys);
    cb_wipe(&wrap, sizeof(wrap));
    return status;
}
