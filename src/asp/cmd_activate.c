/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACTIVATE and ACTIVATE_EX: the guest's key goes into an ASID's slot.  Here all
 * cores form one complex, so ACTIVATE_EX differs in its list of APIC ids (each
 * must be a core's) and in that repeating it with the same ASID is no error.
 */
#include "asp/commands.h"

#define MAX_IDS 1024u

static bool asid_exists(const struct asp *asp, uint32_t asid)
{
    return asid != 0 && asid <= asp->profile->n_asids;
}

static bool asid_taken(const struct asp *asp, uint32_t asid)
{
    return asp->asid_state[asid] == ASP_ASID_ALLOCATED || asp->asid_state[asid] == ASP_ASID_IN_USE;
}

/* SEV-ES guests live below min_sev_asid, others from it on. */
static bool in_range(const struct asp *asp, const struct asp_guest *guest, uint32_t asid)
{
    return ((guest->policy & WIRE_SEV_POLICY_ES) != 0) == (asid < asp->min_sev_asid);
}

static enum wire_sev_status check(const struct asp_call *call, const struct asp_guest *guest,
                                  uint32_t asid)
{
    const struct asp *asp = call->asp;

    if (asid_taken(asp, asid))
        return WIRE_SEV_ASID_OWNED;
    if (guest->asid)
        return WIRE_SEV_ACTIVE;
    if (!asp_guest_may(guest, call->command->id))
        return WIRE_SEV_INVALID_GUEST_STATE;
    if (asp->asid_state[asid] == ASP_ASID_DIRTY)
        return WIRE_SEV_DF_FLUSH_REQUIRED;
    if (!in_range(asp, guest, asid))
        return WIRE_SEV_INVALID_ASID;
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status asp_cmd_activate(struct asp_call *call)
{
    struct wire_sev_activate c;
    struct asp_guest *guest;
    enum wire_sev_status status;

    wire_sev_activate_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!asid_exists(call->asp, c.asid))
        return WIRE_SEV_INVALID_ASID;
    status = check(call, guest, c.asid);
    if (status == WIRE_SEV_SUCCESS)
        asp_asid_bind(call->asp, guest, c.asid);
    return status;
}

static enum wire_sev_status check_ids(const struct asp_call *call,
                                      const struct wire_sev_activate *c)
{
    if (!asp_mem_ok(call, c->ids_paddr, (uint64_t)c->n_ids * 4))
        return WIRE_SEV_INVALID_ADDRESS;
    for (uint32_t i = 0; i < c->n_ids; i++) {
        uint8_t id[4];

        asp_mem_read(call, c->ids_paddr + (uint64_t)i * 4, id, sizeof(id));
        if (cb_load_le32(id) >= call->asp->n_cpus)
            return WIRE_SEV_INVALID_PARAM;
    }
    return WIRE_SEV_SUCCESS;
}

enum wire_sev_status asp_cmd_activate_ex(struct asp_call *call)
{
    struct wire_sev_activate c;
    struct asp_guest *guest;
    enum wire_sev_status status;

    wire_sev_activate_ex_decode(&c, call->b);
    if (c.length != call->command->size || c.n_ids == 0 || c.n_ids > MAX_IDS)
        return WIRE_SEV_INVALID_PARAM;
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (!asid_exists(call->asp, c.asid))
        return WIRE_SEV_INVALID_ASID;
    status = check_ids(call, &c);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (guest->asid == c.asid)
        return WIRE_SEV_SUCCESS; /* the complex has the key already */
    status = check(call, guest, c.asid);
    if (status == WIRE_SEV_SUCCESS)
        asp_asid_bind(call->asp, guest, c.asid);
    return status;
}
