/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEND_START: the guest may leave for the platform whose PDH is given, if its
 * policy allows that platform; a session for it is written.
 *
 * POLICY.SEV asks for a chip under the same root as this one's fuses pin;
 * POLICY.DOMAIN for one of the same owner.
 */
#include "asp/commands.h"

struct target {
    struct wire_sev_cert pdh, pek, oca, cek;
    struct cr_p384_public point;
};

static enum wire_sev_status check_lengths(struct asp_call *call, struct wire_sev_send_start *c)
{
    if (c->session.length == WIRE_SEV_SESSION_SIZE)
        return WIRE_SEV_SUCCESS;
    c->session.length = WIRE_SEV_SESSION_SIZE;
    wire_sev_send_start_encode(c, call->b);
    return WIRE_SEV_INVALID_LENGTH;
}

static bool needs_chain(const struct asp_guest *guest)
{
    return (guest->policy & (WIRE_SEV_POLICY_SEV | WIRE_SEV_POLICY_DOMAIN)) != 0;
}

static enum wire_sev_status read_certs(struct asp_call *call, const struct asp_guest *guest,
                                       const struct wire_sev_send_start *c, struct target *t)
{
    uint8_t bytes[WIRE_SEV_CHAIN_SIZE];

    if (c->pdh.length != WIRE_SEV_CERT_SIZE ||
        (needs_chain(guest) && c->plat_certs.length != WIRE_SEV_CHAIN_SIZE))
        return WIRE_SEV_INVALID_LENGTH;
    if (!asp_mem_ok(call, c->pdh.paddr, WIRE_SEV_CERT_SIZE) ||
        !asp_mem_ok(call, c->session.paddr, WIRE_SEV_SESSION_SIZE) ||
        (needs_chain(guest) && !asp_mem_ok(call, c->plat_certs.paddr, WIRE_SEV_CHAIN_SIZE)))
        return WIRE_SEV_INVALID_ADDRESS;
    asp_mem_read(call, c->pdh.paddr, bytes, WIRE_SEV_CERT_SIZE);
    wire_sev_cert_decode(&t->pdh, bytes);
    if (!needs_chain(guest))
        return WIRE_SEV_SUCCESS;
    asp_mem_read(call, c->plat_certs.paddr, bytes, sizeof(bytes));
    wire_sev_cert_decode(&t->pek, bytes);
    wire_sev_cert_decode(&t->oca, bytes + WIRE_SEV_CERT_SIZE);
    wire_sev_cert_decode(&t->cek, bytes + 2 * WIRE_SEV_CERT_SIZE);
    return WIRE_SEV_SUCCESS;
}

/* ASK and ARK as given, the ARK the one that this chip's fuses pin. */
static enum wire_sev_status check_amd_certs(struct asp_call *call, const struct wire_sev_blob *blob,
                                            struct sev_public *ask_key)
{
    uint8_t bytes[SEV_AMD_BUNDLE_MAX], fingerprint[48];
    struct wire_amd_cert ask, ark;
    enum wire_sev_status status;

    if (blob->length == 0 || blob->length > sizeof(bytes))
        return WIRE_SEV_INVALID_LENGTH;
    if (!asp_mem_ok(call, blob->paddr, blob->length))
        return WIRE_SEV_INVALID_ADDRESS;
    asp_mem_read(call, blob->paddr, bytes, blob->length);
    if (!sev_amd_bundle_decode(bytes, blob->length, &ask, &ark))
        return WIRE_SEV_INVALID_LENGTH;
    sev_amd_cert_fingerprint(&ark, fingerprint);
    if (!call->asp->chip.has_root ||
        memcmp(fingerprint, call->asp->chip.root, sizeof(fingerprint)) != 0)
        return WIRE_SEV_INVALID_CERTIFICATE;
    status = sev_amd_cert_verify(&ark, WIRE_SEV_USAGE_ARK, &ark);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_amd_cert_verify(&ask, WIRE_SEV_USAGE_ASK, &ark);
    sev_amd_cert_public(&ask, ask_key);
    return status;
}

static enum wire_sev_status check_genuine(struct asp_call *call, const struct asp_guest *guest,
                                          const struct wire_sev_send_start *c,
                                          const struct target *t)
{
    const uint8_t major = wire_sev_policy_major(guest->policy);
    const uint8_t minor = wire_sev_policy_minor(guest->policy);
    struct sev_public ask_key;
    enum wire_sev_status status;

    if (!(guest->policy & WIRE_SEV_POLICY_SEV))
        return WIRE_SEV_SUCCESS;
    status = check_amd_certs(call, &c->amd_certs, &ask_key);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_cert_verify(&t->cek, &ask_key);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_cert_verify_by(&t->pek, &t->cek);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_cert_verify_by(&t->pdh, &t->pek);
    if (status == WIRE_SEV_SUCCESS &&
        (t->pek.api_major < major || (t->pek.api_major == major && t->pek.api_minor < minor)))
        status = WIRE_SEV_POLICY_FAILURE;
    return status;
}

static enum wire_sev_status check_domain(const struct asp *asp, const struct asp_guest *guest,
                                         const struct target *t)
{
    uint8_t mine[WIRE_SEV_CERT_SIZE], other[WIRE_SEV_CERT_SIZE];
    enum wire_sev_status status;

    if (!(guest->policy & WIRE_SEV_POLICY_DOMAIN))
        return WIRE_SEV_SUCCESS;
    status = sev_cert_verify_by(&t->oca, &t->oca);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_cert_verify_by(&t->pek, &t->oca);
    if (status == WIRE_SEV_SUCCESS)
        status = sev_cert_verify_by(&t->pdh, &t->pek);
    wire_sev_cert_encode(&asp->nv.oca_cert, mine);
    wire_sev_cert_encode(&t->oca, other);
    if (status == WIRE_SEV_SUCCESS && memcmp(mine, other, sizeof(mine)) != 0)
        status = WIRE_SEV_POLICY_FAILURE;
    return status;
}

static enum wire_sev_status check(struct asp_call *call, const struct asp_guest *guest,
                                  const struct wire_sev_send_start *c, struct target *t)
{
    enum wire_sev_status status;

    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    if (guest->policy & WIRE_SEV_POLICY_NOSEND)
        return WIRE_SEV_POLICY_FAILURE;
    status = read_certs(call, guest, c, t);
    if (status == WIRE_SEV_SUCCESS)
        status = check_genuine(call, guest, c, t);
    if (status == WIRE_SEV_SUCCESS)
        status = check_domain(call->asp, guest, t);
    return status == WIRE_SEV_SUCCESS ? sev_cert_check_dh(&t->pdh, &t->point) : status;
}

static enum wire_sev_status perform(struct asp_call *call, struct asp_guest *guest,
                                    struct wire_sev_send_start *c, const struct target *t)
{
    uint8_t session[WIRE_SEV_SESSION_SIZE];
    struct sev_transport keys;
    struct sev_session_seed seed;
    enum wire_sev_status status;

    asp_random_key(call->asp, &keys, sizeof(keys));
    asp_random_key(call->asp, &seed, sizeof(seed));
    status = sev_session_make(&call->asp->nv.pdh, &t->point, guest->policy, &keys, &seed, session);
    if (status == WIRE_SEV_SUCCESS) {
        asp_mem_write(call, c->session.paddr, session, sizeof(session));
        guest->transport = keys;
        guest->state = WIRE_SEV_GUEST_SUPDATE;
        c->policy = guest->policy;
        wire_sev_send_start_encode(c, call->b);
    }
    cb_wipe(&keys, sizeof(keys));
    return status;
}

enum wire_sev_status asp_cmd_send_start(struct asp_call *call)
{
    struct wire_sev_send_start c;
    struct asp_guest *guest;
    struct target target;
    enum wire_sev_status status;

    wire_sev_send_start_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    status = check_lengths(call, &c);
    if (status == WIRE_SEV_SUCCESS)
        status = check(call, guest, &c, &target);
    return status == WIRE_SEV_SUCCESS ? perform(call, guest, &c, &target) : status;
}
