/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest contexts, the guest state table, and ASIDs (AMD publication 55766,
 * sections 2.4 and 6.1).
 *
 * An ASID is dirty from INIT or from the DEACTIVATE of a guest that ran until
 * every core has executed WBINVD and DF_FLUSH came: what the caches hold is
 * under the old key.
 */
#include "asp/state.h"

struct asp_guest *asp_guest_of(struct asp *asp, uint32_t handle)
{
    struct asp_guest *guest;

    if (handle == 0 || handle > WIRE_SEV_MAX_HANDLE)
        return NULL;
    guest = &asp->guest[handle - 1];
    return guest->state == WIRE_SEV_GUEST_UNINIT ? NULL : guest;
}

uint32_t asp_guest_handle(const struct asp *asp, const struct asp_guest *guest)
{
    return (uint32_t)(guest - asp->guest) + 1;
}

#define IN(state) (1u << WIRE_SEV_GUEST_##state)

/* Commands that only some states allow; all others allow every live state. */
bool asp_guest_may(const struct asp_guest *guest, unsigned command)
{
    static const struct {
        uint16_t command, states;
    } rules[] = {
        {WIRE_SEV_LAUNCH_UPDATE_DATA, IN(LUPDATE)},
        {WIRE_SEV_LAUNCH_UPDATE_VMSA, IN(LUPDATE)},
        {WIRE_SEV_LAUNCH_MEASURE, IN(LUPDATE)},
        {WIRE_SEV_LAUNCH_SECRET, IN(LSECRET)},
        {WIRE_SEV_LAUNCH_FINISH, IN(LSECRET)},
        {WIRE_SEV_ATTESTATION, IN(LSECRET) | IN(RUNNING) | IN(SUPDATE) | IN(SENT)},
        {WIRE_SEV_SEND_START, IN(RUNNING)},
        {WIRE_SEV_SEND_UPDATE_DATA, IN(SUPDATE)},
        {WIRE_SEV_SEND_UPDATE_VMSA, IN(SUPDATE)},
        {WIRE_SEV_SEND_FINISH, IN(SUPDATE)},
        {WIRE_SEV_SEND_CANCEL, IN(SUPDATE)},
        {WIRE_SEV_RECEIVE_UPDATE_DATA, IN(RUPDATE)},
        {WIRE_SEV_RECEIVE_UPDATE_VMSA, IN(RUPDATE)},
        {WIRE_SEV_RECEIVE_FINISH, IN(RUPDATE)},
        {WIRE_SEV_ACTIVATE, 0x7f & ~(IN(UNINIT) | IN(SENT))},
        {WIRE_SEV_ACTIVATE_EX, 0x7f & ~(IN(UNINIT) | IN(SENT))},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(rules); i++)
        if (rules[i].command == command)
            return (rules[i].states >> guest->state & 1) != 0;
    return guest->state != WIRE_SEV_GUEST_UNINIT;
}

struct asp_guest *asp_guest_free_slot(struct asp *asp)
{
    if (asp->n_guests == WIRE_SEV_MAX_HANDLE)
        return NULL;
    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE; i++)
        if (asp->guest[i].state == WIRE_SEV_GUEST_UNINIT)
            return &asp->guest[i];
    return NULL;
}

void asp_guest_destroy(struct asp *asp, struct asp_guest *guest)
{
    const uint32_t handle = asp_guest_handle(asp, guest);

    if (guest->policy & WIRE_SEV_POLICY_ES)
        for (size_t i = 0; i < ASP_MAX_VMSA; i++)
            if (asp->vmsa[i].handle == handle)
                cb_wipe(&asp->vmsa[i], sizeof(asp->vmsa[i]));
    cb_wipe(guest, sizeof(*guest));
    asp->n_guests--;
}

void asp_guest_all_gone(struct asp *asp)
{
    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE && asp->n_guests > 0; i++) {
        struct asp_guest *guest = &asp->guest[i];

        if (guest->state == WIRE_SEV_GUEST_UNINIT)
            continue;
        if (guest->asid)
            asp_asid_unbind(asp, guest);
        asp_guest_destroy(asp, guest);
    }
}

void asp_guest_forget_transport(struct asp_guest *guest)
{
    cb_wipe(&guest->transport, sizeof(guest->transport));
}

void asp_random_key(struct asp *asp, void *key, size_t len)
{
    cr_random_fill(&asp->random, key, len);
}

/* Launched or received whole: the ASID may be entered. */
static bool ready_to_run(const struct asp_guest *guest)
{
    return guest->state == WIRE_SEV_GUEST_RUNNING || guest->state == WIRE_SEV_GUEST_SUPDATE;
}

void asp_asid_bind(struct asp *asp, struct asp_guest *guest, uint32_t asid)
{
    const enum cbit_status status = mc_key_install(asp->mc, MC_VIEW_ASID(asid), guest->key,
                                                   mc_key_len(asp->mc));

    CBIT_ASSERT(status == CBIT_OK); /* our own length, a slot within the profile's */
    guest->asid = asid;
    asp->asid_state[asid] = ready_to_run(guest) ? ASP_ASID_IN_USE : ASP_ASID_ALLOCATED;
}

void asp_asid_unbind(struct asp *asp, struct asp_guest *guest)
{
    uint8_t filler[MC_KEY_MAX];
    enum cbit_status status;

    asp_random_key(asp, filler, sizeof(filler));
    status = mc_key_drop(asp->mc, MC_VIEW_ASID(guest->asid), filler, mc_key_len(asp->mc));
    CBIT_ASSERT(status == CBIT_OK);
    cb_wipe(filler, sizeof(filler));
    if (asp->asid_state[guest->asid] == ASP_ASID_IN_USE) {
        asp->asid_state[guest->asid] = ASP_ASID_DIRTY;
        memset(asp->wbinvd, 0, sizeof(asp->wbinvd));
    } else {
        asp->asid_state[guest->asid] = ASP_ASID_CLEAN;
    }
    guest->asid = 0;
}

void asp_asid_start_use(struct asp *asp, struct asp_guest *guest)
{
    if (guest->asid)
        asp->asid_state[guest->asid] = ASP_ASID_IN_USE;
}

bool asp_asid_runnable(const struct asp *asp, unsigned asid)
{
    return asid > 0 && asid < ASP_MAX_ASIDS && asp->asid_state[asid] == ASP_ASID_IN_USE;
}

void asp_note_wbinvd(struct asp *asp, unsigned cpu)
{
    if (cpu < ASP_MAX_CPUS)
        asp->wbinvd[cpu] = 1;
}
