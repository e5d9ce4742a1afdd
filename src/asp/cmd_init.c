/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INIT and INIT_EX: the platform gets its identity and leaves UNINIT.
 *
 * A record in flash that this chip did not seal is erased and reported once as
 * SECURE_DATA_INVALID; the next INIT then makes a new one (Linux tries again on
 * exactly this code).  The PDH is part of the record and outlives SHUTDOWN;
 * whether firmware 0.24 makes a new one at each INIT is not public.
 */
#include "asp/commands.h"

static enum wire_sev_status check_config(const struct asp *asp, const struct wire_sev_init *c)
{
    if (!mc_policy(asp->mc).smee)
        return WIRE_SEV_HWERROR_PLATFORM; /* SYSCFG[23] is clear */
    if ((c->flags & ~WIRE_SEV_INIT_ES) != 0 || c->reserved != 0)
        return WIRE_SEV_INVALID_CONFIG;
    return WIRE_SEV_SUCCESS;
}

/* INIT_EX only. */
static enum wire_sev_status check_nv_area(struct asp_call *call, const struct wire_sev_init *c)
{
    const uint64_t c_bit = CB_BIT(call->asp->profile->c_bit);
    const uint64_t at = c->nv_paddr & ~c_bit, tmr = c->tmr_paddr & ~c_bit;

    if (c->nv_paddr == 0)
        return WIRE_SEV_SUCCESS;
    if (c->nv_length != WIRE_SEV_NV_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    if (!cb_is_aligned(at, CB_PAGE_SIZE) || !asp_mem_ok(call, c->nv_paddr, WIRE_SEV_NV_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    if ((c->flags & WIRE_SEV_INIT_ES) && at < tmr + WIRE_SEV_TMR_SIZE && tmr < at + WIRE_SEV_NV_SIZE)
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_SUCCESS;
}

static enum wire_sev_status check_tmr(const struct asp *asp, const struct wire_sev_init *c)
{
    if (!(c->flags & WIRE_SEV_INIT_ES))
        return WIRE_SEV_SUCCESS;
    if (!cb_is_aligned(c->tmr_paddr, WIRE_SEV_TMR_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    if (c->tmr_length != WIRE_SEV_TMR_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    return asp_dram_ok(asp, c->tmr_paddr, c->tmr_length) ? WIRE_SEV_SUCCESS
                                                         : WIRE_SEV_INVALID_ADDRESS;
}

/* Gives the record to start with; *fresh: it was made here and is not stored yet. */
static enum wire_sev_status load_record(struct asp_call *call, struct asp_nv *nv, bool *fresh)
{
    const enum cbit_status status = asp_nv_load(call, nv);

    *fresh = status == CBIT_NOT_FOUND;
    if (status == CBIT_OK || status == CBIT_NOT_FOUND)
        return WIRE_SEV_SUCCESS;
    if (status != CBIT_CORRUPT && !call->asp->nv_in_memory) {
        asp_trace(call->asp, "flash: not read: %s", cb_status_text(status));
        return WIRE_SEV_HWERROR_PLATFORM; /* a newer record or a failing disk is not erased */
    }
    asp_trace(call->asp, "flash: record is not this chip's: erased");
    return asp_nv_erase(call) == CBIT_OK ? WIRE_SEV_SECURE_DATA_INVALID : WIRE_SEV_HWERROR_PLATFORM;
}

static void perform(struct asp *asp, const struct wire_sev_init *c)
{
    asp->es = (c->flags & WIRE_SEV_INIT_ES) != 0;
    asp->tmr = asp->es ? c->tmr_paddr & ~CB_BIT(asp->profile->c_bit) : 0;
    asp->tmr_len = asp->es ? c->tmr_length : 0;
    asp->tmr_fresh = asp->es;
    memset(asp->asid_state, ASP_ASID_DIRTY, sizeof(asp->asid_state));
    memset(asp->wbinvd, 0, sizeof(asp->wbinvd));
    asp->platform = WIRE_SEV_PLATFORM_INIT;
}

static enum wire_sev_status init_with(struct asp_call *call, const struct wire_sev_init *c)
{
    struct asp *asp = call->asp;
    struct asp_nv nv;
    bool fresh = false;
    enum wire_sev_status status;

    asp->nv_in_memory = c->nv_paddr != 0;
    asp->nv_paddr = c->nv_paddr;
    status = load_record(call, &nv, &fresh);
    if (status == WIRE_SEV_SUCCESS)
        status = check_tmr(asp, c);
    if (status == WIRE_SEV_SUCCESS && fresh) {
        asp_nv_make_owner(asp, &nv);
        status = asp_nv_commit(call, &nv);
    }
    if (status == WIRE_SEV_SUCCESS) {
        asp->nv = nv;
        perform(asp, c);
    } else {
        asp->nv_in_memory = false;
        asp->nv_paddr = 0;
    }
    cb_wipe(&nv, sizeof(nv));
    return status;
}

enum wire_sev_status asp_cmd_init(struct asp_call *call)
{
    struct wire_sev_init c;
    enum wire_sev_status status;

    wire_sev_init_decode(&c, call->b);
    status = check_config(call->asp, &c);
    return status == WIRE_SEV_SUCCESS ? init_with(call, &c) : status;
}

enum wire_sev_status asp_cmd_init_ex(struct asp_call *call)
{
    struct wire_sev_init c;
    enum wire_sev_status status;

    wire_sev_init_ex_decode(&c, call->b);
    if (c.length != call->command->size)
        return WIRE_SEV_INVALID_LENGTH;
    status = check_config(call->asp, &c);
    if (status == WIRE_SEV_SUCCESS)
        status = check_nv_area(call, &c);
    return status == WIRE_SEV_SUCCESS ? init_with(call, &c) : status;
}
