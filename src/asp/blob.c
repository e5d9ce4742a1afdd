/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that commands change, as one sealed blob (docs/asp-state.md).
 *
 * One list of fields serves both directions, so that what is saved is what is
 * loaded.  Loading works on a copy and takes it over at the end.
 */
#include "asp/state.h"

#include <stdlib.h>

enum direction { SAVE, LOAD };

struct cursor {
    enum direction direction;
    uint8_t *at;
    size_t left;
    bool failed; /* ran out of bytes */
};

static void bytes(struct cursor *c, void *field, size_t len)
{
    if (c->failed || c->left < len) {
        c->failed = true;
        return;
    }
    if (c->direction == SAVE)
        memcpy(c->at, field, len);
    else
        memcpy(field, c->at, len);
    c->at += len;
    c->left -= len;
}

static void u64(struct cursor *c, uint64_t *field)
{
    uint8_t le[8];

    cb_store_le64(le, *field);
    bytes(c, le, sizeof(le));
    *field = cb_load_le64(le);
}

static void u32(struct cursor *c, uint32_t *field)
{
    uint64_t wide = *field;

    u64(c, &wide);
    *field = (uint32_t)wide;
}

static void u16(struct cursor *c, uint16_t *field)
{
    uint64_t wide = *field;

    u64(c, &wide);
    *field = (uint16_t)wide;
}

static void flag(struct cursor *c, bool *field)
{
    uint64_t wide = *field;

    u64(c, &wide);
    *field = wide != 0;
}

static void nv_fields(struct cursor *c, struct asp *asp)
{
    uint8_t record[ASP_NV_RECORD_SIZE];

    if (asp->platform == WIRE_SEV_PLATFORM_UNINIT)
        return;
    asp_nv_encode(&asp->nv, record);
    bytes(c, record, sizeof(record));
    if (c->direction == LOAD && !c->failed && !asp_nv_decode(&asp->nv, record))
        c->failed = true;
    cb_wipe(record, sizeof(record));
}

static void guest_fields(struct cursor *c, struct asp_guest *g)
{
    bytes(c, &g->state, 1);
    u32(c, &g->policy);
    u32(c, &g->asid);
    bytes(c, g->key, sizeof(g->key));
    bytes(c, g->offline_key, sizeof(g->offline_key));
    u64(c, &g->swap_counter);
    bytes(c, &g->transport, sizeof(g->transport));
    for (size_t i = 0; i < 8; i++)
        u32(c, &g->launch.h[i]);
    u64(c, &g->launch.len);
    bytes(c, g->launch.block, sizeof(g->launch.block));
    bytes(c, g->digest, sizeof(g->digest));
    bytes(c, g->measure, sizeof(g->measure));
}

static void guests(struct cursor *c, struct asp *asp)
{
    uint32_t next = 0;

    u32(c, &asp->n_guests);
    for (uint32_t n = 0; n < asp->n_guests && !c->failed; n++) {
        while (c->direction == SAVE && asp->guest[next].state == WIRE_SEV_GUEST_UNINIT)
            next++;
        u32(c, &next);
        if (next >= WIRE_SEV_MAX_HANDLE) {
            c->failed = true;
            return;
        }
        guest_fields(c, &asp->guest[next]);
        next++;
    }
}

static void vmsa_slots(struct cursor *c, struct asp *asp)
{
    uint32_t used = 0, next = 0;

    for (size_t i = 0; i < ASP_MAX_VMSA && c->direction == SAVE; i++)
        used += asp->vmsa[i].handle != 0;
    u32(c, &used);
    for (uint32_t n = 0; n < used && !c->failed; n++) {
        while (c->direction == SAVE && asp->vmsa[next].handle == 0)
            next++;
        u32(c, &next);
        if (next >= ASP_MAX_VMSA) {
            c->failed = true;
            return;
        }
        u32(c, &asp->vmsa[next].handle);
        bytes(c, asp->vmsa[next].checksum, sizeof(asp->vmsa[next].checksum));
        next++;
    }
}

static void ring_fields(struct cursor *c, struct asp_ring *ring)
{
    flag(c, &ring->on);
    u64(c, &ring->cfg.lo_cmdptr);
    u64(c, &ring->cfg.lo_statval);
    u64(c, &ring->cfg.hi_cmdptr);
    u64(c, &ring->cfg.hi_statval);
    bytes(c, &ring->cfg.lo_size, 1);
    bytes(c, &ring->cfg.hi_size, 1);
    u16(c, &ring->cfg.lo_threshold);
    u16(c, &ring->cfg.hi_threshold);
    u16(c, &ring->cfg.flags);
    u32(c, &ring->head);
    u32(c, &ring->tail);
}

static void fields(struct cursor *c, struct asp *asp)
{
    bytes(c, &asp->platform, 1);
    flag(c, &asp->es);
    flag(c, &asp->tmr_fresh);
    u64(c, &asp->tmr);
    u64(c, &asp->tmr_len);
    flag(c, &asp->nv_in_memory);
    u64(c, &asp->nv_paddr);
    nv_fields(c, asp);
    bytes(c, asp->wbinvd, sizeof(asp->wbinvd));
    bytes(c, asp->asid_state, sizeof(asp->asid_state));
    guests(c, asp);
    vmsa_slots(c, asp);
    ring_fields(c, &asp->ring);
}

#define PLAIN_MAX                                                                          \
    (ASP_NV_RECORD_SIZE + ASP_MAX_CPUS + ASP_MAX_ASIDS + 1024 +                            \
     WIRE_SEV_MAX_HANDLE * (sizeof(struct asp_guest) + 128) + ASP_MAX_VMSA * 32)

/* Everything in fields() is the copy's; saving writes each field back unchanged. */
static struct asp *copy_of(const struct asp *asp)
{
    struct asp *copy = cb_secret_new(sizeof(*copy));

    if (copy)
        *copy = *asp;
    return copy;
}

static void drop_copy(struct asp *copy)
{
    cb_secret_free(copy, sizeof(*copy));
}

enum cbit_status asp_state_save(const struct asp *asp, uint8_t *buf, size_t size, size_t *len)
{
    struct asp *copy = copy_of(asp);
    uint8_t *plain = cb_secret_new(PLAIN_MAX);
    struct cursor c = {SAVE, plain, PLAIN_MAX, false};
    enum cbit_status status = CBIT_NO_MEMORY;

    if (copy && plain) {
        fields(&c, copy);
        CBIT_ASSERT(!c.failed);
        *len = PLAIN_MAX - c.left + ASP_SEAL_OVERHEAD;
        status = *len <= size ? CBIT_OK : CBIT_RANGE;
        if (status == CBIT_OK)
            asp_seal(&asp->chip, ASP_SEAL_STATE, plain, PLAIN_MAX - c.left, buf);
    }
    cb_secret_free(plain, PLAIN_MAX);
    if (copy)
        drop_copy(copy);
    return status;
}

/* Memory that the firmware will touch by itself exists here too (another machine may have less). */
static bool memory_exists(const struct asp *asp)
{
    const struct wire_sev_ring_buffer *ring = &asp->ring.cfg;
    const bool high = ring->hi_size > 0;

    if (asp->tmr_len > 0 && !mc_covers(asp->mc, spa(asp->tmr), asp->tmr_len))
        return false;
    if (asp->nv_in_memory && !asp_dram_ok(asp, asp->nv_paddr, WIRE_SEV_NV_SIZE))
        return false;
    return !asp->ring.on || (asp_dram_ok(asp, ring->lo_cmdptr, CB_PAGE_SIZE) &&
                             asp_dram_ok(asp, ring->lo_statval, CB_PAGE_SIZE) &&
                             (!high || (asp_dram_ok(asp, ring->hi_cmdptr, CB_PAGE_SIZE) &&
                                        asp_dram_ok(asp, ring->hi_statval, CB_PAGE_SIZE))));
}

/* The invariants of asp/state.h; a genuine blob of this version keeps them. */
static bool consistent(const struct asp *asp)
{
    uint8_t owner[ASP_MAX_ASIDS] = {0};
    uint32_t live = 0;

    if (asp->platform > WIRE_SEV_PLATFORM_WORKING)
        return false;
    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE; i++) {
        const struct asp_guest *g = &asp->guest[i];

        if (g->state >= WIRE_SEV_N_GUEST_STATES || g->asid > asp->profile->n_asids)
            return false;
        live += g->state != WIRE_SEV_GUEST_UNINIT;
        if (g->asid && owner[g->asid]++)
            return false;
    }
    for (size_t i = 0; i < ASP_MAX_ASIDS; i++)
        if (asp->asid_state[i] > ASP_ASID_IN_USE ||
            (asp->asid_state[i] >= ASP_ASID_ALLOCATED) != (owner[i] != 0))
            return false;
    return live == asp->n_guests && (live > 0) == (asp->platform == WIRE_SEV_PLATFORM_WORKING);
}

static void forget(struct asp *asp)
{
    memset(asp->guest, 0, sizeof(asp->guest));
    memset(asp->vmsa, 0, sizeof(asp->vmsa));
    memset(&asp->nv, 0, sizeof(asp->nv));
    asp->n_guests = 0;
}

/* Key slots as the loaded guests have them; filler where only the old state had a key. */
static void install_keys(struct asp *asp, const struct asp *old)
{
    uint8_t filler[MC_KEY_MAX];
    enum cbit_status status = CBIT_OK;

    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE && status == CBIT_OK; i++) {
        if (old->guest[i].asid == 0)
            continue;
        asp_random_key(asp, filler, sizeof(filler));
        status = mc_key_drop(asp->mc, MC_VIEW_ASID(old->guest[i].asid), filler,
                             mc_key_len(asp->mc));
    }
    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE && status == CBIT_OK; i++)
        if (asp->guest[i].asid)
            status = mc_key_install(asp->mc, MC_VIEW_ASID(asp->guest[i].asid), asp->guest[i].key,
                                    mc_key_len(asp->mc));
    CBIT_ASSERT(status == CBIT_OK); /* slots and lengths were checked */
}

static enum cbit_status load_into(struct asp *asp, struct asp *copy, uint8_t *sealed, size_t len)
{
    struct cursor c = {.direction = LOAD};
    const enum cbit_status status =
        asp_unseal(&asp->chip, ASP_SEAL_STATE, sealed, len, &c.at, &c.left);

    if (status != CBIT_OK)
        return status;
    forget(copy);
    fields(&c, copy);
    if (c.failed || c.left != 0 || !consistent(copy) || !memory_exists(copy))
        return CBIT_CORRUPT;
    install_keys(copy, asp);
    *asp = *copy;
    return CBIT_OK;
}

enum cbit_status asp_state_load(struct asp *asp, const uint8_t *buf, size_t len)
{
    struct asp *copy = copy_of(asp);
    uint8_t *sealed = malloc(len ? len : 1);
    enum cbit_status status = CBIT_NO_MEMORY;

    if (copy && sealed) {
        memcpy(sealed, buf, len);
        status = load_into(asp, copy, sealed, len);
        cb_wipe(sealed, len);
    }
    free(sealed);
    if (copy)
        drop_copy(copy);
    return status;
}
