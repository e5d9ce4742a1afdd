/* SPDX-License-Identifier: Apache-2.0 */
/* What LAUNCH_START and RECEIVE_START share: the checks in their order, and the new context. */
#include "asp/commands.h"

/* DH certificate, wrapped keys, policy MAC. */
static enum wire_sev_status open_session(struct asp_call *call, struct asp_new_guest *n)
{
    uint8_t cert_bytes[WIRE_SEV_CERT_SIZE], session[WIRE_SEV_SESSION_SIZE];
    struct cr_p384_public owner;
    struct wire_sev_cert cert;
    enum wire_sev_status status;

    if (n->cmd.session.length != WIRE_SEV_SESSION_SIZE || n->cmd.cert.length != WIRE_SEV_CERT_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    if (!asp_mem_ok(call, n->cmd.cert.paddr, WIRE_SEV_CERT_SIZE) ||
        !asp_mem_ok(call, n->cmd.session.paddr, WIRE_SEV_SESSION_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    asp_mem_read(call, n->cmd.cert.paddr, cert_bytes, sizeof(cert_bytes));
    asp_mem_read(call, n->cmd.session.paddr, session, sizeof(session));
    wire_sev_cert_decode(&cert, cert_bytes);
    status = sev_cert_check_dh(&cert, &owner);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    return sev_session_open(&call->asp->nv.pdh, &owner, n->cmd.policy, session, &n->transport);
}

/* Only a policy that came with a session is judged: without one nobody vouches for it. */
static enum wire_sev_status check_policy(const struct asp *asp, uint32_t policy)
{
    const uint8_t major = wire_sev_policy_major(policy), minor = wire_sev_policy_minor(policy);

    if (asp->profile->api_major < major ||
        (asp->profile->api_major == major && asp->profile->api_minor < minor))
        return WIRE_SEV_POLICY_FAILURE;
    return policy & WIRE_SEV_POLICY_RESERVED ? WIRE_SEV_POLICY_FAILURE : WIRE_SEV_SUCCESS;
}

static enum wire_sev_status check_sharing(struct asp *asp, struct asp_new_guest *n)
{
    if (n->cmd.handle == 0)
        return WIRE_SEV_SUCCESS;
    n->shares = asp_guest_of(asp, n->cmd.handle);
    if (!n->shares)
        return WIRE_SEV_INVALID_GUEST;
    if (n->shares->policy != n->cmd.policy || (n->shares->policy & WIRE_SEV_POLICY_NOKS))
        return WIRE_SEV_POLICY_FAILURE;
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status asp_start_check(struct asp_call *call, bool session, struct asp_new_guest *n)
{
    struct asp *asp = call->asp;
    enum wire_sev_status status = WIRE_SEV_SUCCESS;

    if (session)
        status = open_session(call, n);
    if (status == WIRE_SEV_SUCCESS && session)
        status = check_policy(asp, n->cmd.policy);
    if (status == WIRE_SEV_SUCCESS)
        status = check_sharing(asp, n);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    n->slot = asp_guest_free_slot(asp);
    if (!n->slot)
        return WIRE_SEV_RESOURCE_LIMIT;
    if ((n->cmd.policy & WIRE_SEV_POLICY_ES) && !asp->es)
        return WIRE_SEV_UNSUPPORTED;
    return WIRE_SEV_SUCCESS;
}

void asp_start_perform(struct asp_call *call, struct asp_new_guest *n, uint8_t state)
{
    struct asp *asp = call->asp;
    struct asp_guest *guest = n->slot;

    memset(guest, 0, sizeof(*guest));
    guest->state = state;
    guest->policy = n->cmd.policy;
    if (n->shares)
        memcpy(guest->key, n->shares->key, sizeof(guest->key));
    else
        asp_random_key(asp, guest->key, sizeof(guest->key));
    asp_random_key(asp, guest->offline_key, sizeof(guest->offline_key));
    guest->transport = n->transport;
    cr_sha256_init(&guest->launch);
    asp->n_guests++;
    asp->platform = WIRE_SEV_PLATFORM_WORKING;
    n->cmd.handle = asp_guest_handle(asp, guest);
    wire_sev_start_encode(&n->cmd, call->b);
}
