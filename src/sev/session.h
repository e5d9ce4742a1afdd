/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport sessions: key agreement, key wrap, policy MAC (AMD publication
 * 55766, section 2.2).  The client writes a session (guest owner, sending
 * platform); the server reads it (launching or receiving platform).
 */
#ifndef SEV_SESSION_H
#define SEV_SESSION_H

#include "crypto/crypto.h"
#include "wire/sev.h"

/* Transport keys.  Secret: whoever holds them wipes them. */
struct sev_transport {
    uint8_t tek[WIRE_SEV_KEY_SIZE]; /* encryption */
    uint8_t tik[WIRE_SEV_KEY_SIZE]; /* integrity */
};

/* What makes a session besides keys and policy; random in use, fixed in tests. */
struct sev_session_seed {
    uint8_t nonce[WIRE_SEV_NONCE_SIZE];
    uint8_t wrap_iv[16];
};

/* KEK and KIK of a shared secret; for tests and the two below. */
struct sev_wrap_keys {
    uint8_t kek[WIRE_SEV_KEY_SIZE], kik[WIRE_SEV_KEY_SIZE];
};
void sev_wrap_keys_derive(const uint8_t *z, size_t z_len, const uint8_t nonce[WIRE_SEV_NONCE_SIZE],
                          struct sev_wrap_keys *out);

void sev_policy_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], uint32_t policy,
                    uint8_t mac[WIRE_SEV_MAC_SIZE]);

/* INVALID_CERTIFICATE: the server's key is no point of the curve. */
enum wire_sev_status sev_session_make(const struct cr_p384_key *client,
                                      const struct cr_p384_public *server, uint32_t policy,
                                      const struct sev_transport *keys,
                                      const struct sev_session_seed *seed,
                                      uint8_t session[WIRE_SEV_SESSION_SIZE]);

/*
 * BAD_MEASUREMENT: the wrapped keys or the policy were not made by this client
 * for this server; keys is zero then.
 */
enum wire_sev_status sev_session_open(const struct cr_p384_key *server,
                                      const struct cr_p384_public *client, uint32_t policy,
                                      const uint8_t session[WIRE_SEV_SESSION_SIZE],
                                      struct sev_transport *keys);

/* The same two with the shared secret already agreed. */
void sev_session_wrap(const struct sev_wrap_keys *wrap, uint32_t policy,
                      const struct sev_transport *keys, const struct sev_session_seed *seed,
                      uint8_t session[WIRE_SEV_SESSION_SIZE]);
enum wire_sev_status sev_session_unwrap(const struct sev_wrap_keys *wrap, uint32_t policy,
                                        const uint8_t session[WIRE_SEV_SESSION_SIZE],
                                        struct sev_transport *keys);

#endif
