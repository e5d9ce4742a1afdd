/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command sequences against one platform, with save and restore between.
 *
 * The input is a list of steps.  A step is a command with fields from a small
 * set (handles, ASIDs, addresses and lengths near what matters), or raw bytes in
 * a command buffer, or a session or packet that a real guest owner would make,
 * or a save and restore.  After each step: the state machine is legal, guard
 * pages are as they were, and no key lies in memory that the host can read.
 */
#include <stdlib.h>
#include <string.h>

#include "asp/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DRAM 0x400000u
#define GUARD 0x3f0000u /* nobody is told of this page */
#define AT_TMR 0x100000u
#define AT_CERT 0x10000u
#define AT_SESSION 0x12000u
#define AT_OUT 0x14000u
#define AT_CHAIN 0x18000u
#define AT_HEADER 0x20000u
#define AT_PACKET 0x22000u
#define AT_GUEST 0x200000u
#define HOST_END 0x28000u /* all buffers of the host lie below */
#define MAX_STEPS 48
#define BLOB_MAX (1u << 20)

struct world {
    struct mc *mc;
    struct asp *asp;
    struct cr_p384_key owner;
    struct sev_transport keys;
    uint8_t owner_cert[WIRE_SEV_CERT_SIZE];
    uint8_t session[WIRE_SEV_SESSION_SIZE]; /* policy 0, for the PDH of the first INIT */
    uint8_t *start, *saved;                 /* state blobs */
    size_t start_len, saved_len;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static struct mc_access host(void)
{
    return mc_access_host(MC_KIND_DATA, false);
}

static void put(const struct world *w, uint64_t at, const void *p, size_t len)
{
    mc_write(w->mc, spa(at), host(), p, len);
}

static void make_owner(struct world *w)
{
    const struct sev_session_seed seed = {{1}, {2}};
    struct cr_random random;
    struct cr_p384_public pdh;
    struct wire_sev_cert cert;

    cr_random_from_seed(&random, 1, "fuzz owner");
    cr_p384_generate(&random, &w->owner);
    cr_random_fill(&random, &w->keys, sizeof(w->keys));
    sev_cert_make(&cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &w->owner.pub, 0, 24);
    wire_sev_cert_encode(&cert, w->owner_cert);
    must(sev_pubkey_to_p384(w->asp->nv.pdh_cert.pubkey, &pdh));
    must(sev_session_make(&w->owner, &pdh, 0, &w->keys, &seed, w->session) == 0);
}

/* Once: a platform in INIT with clean ASIDs. */
static struct world *build(void)
{
    const struct mc_config mc = {.cipher = MC_CIPHER_XEX, .range = {{spa(0), DRAM}}, .n_ranges = 1,
                                 .n_asids = 509};
    struct world *w = calloc(1, sizeof(*w));
    struct asp_config config = {.profile = asp_profile_find("milan"), .standalone = true,
                                .seeded = true, .seed = 1, .min_sev_asid = 3};
    const struct wire_sev_init init = {.flags = 1, .tmr_paddr = AT_TMR, .tmr_length = 0x100000};
    uint8_t b[20];

    must(w && mc_new(&mc, &w->mc) == CBIT_OK);
    config.mc = w->mc;
    must(asp_new(&config, &w->asp) == CBIT_OK);
    asp_reset(w->asp);
    wire_sev_init_encode(&init, b);
    must(asp_command(w->asp, WIRE_SEV_INIT, b, sizeof(b), NULL) == 0);
    must(asp_command(w->asp, WIRE_SEV_DF_FLUSH, NULL, 0, NULL) == 0);
    make_owner(w);
    w->start = malloc(BLOB_MAX);
    w->saved = malloc(BLOB_MAX);
    must(w->start && w->saved);
    must(asp_state_save(w->asp, w->start, BLOB_MAX, &w->start_len) == CBIT_OK);
    return w;
}

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t next(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static uint64_t pick_address(struct input *in)
{
    static const uint64_t of[] = {AT_CERT, AT_SESSION, AT_OUT, AT_CHAIN, AT_HEADER, AT_PACKET,
                                  AT_GUEST, AT_GUEST + 0x1000, AT_GUEST + 0x200000 - 0x20000,
                                  AT_TMR, DRAM, UINT64_MAX, 0, UINT64_C(1) << 51};
    const uint64_t at = of[next(in) % CB_ARRAY_LEN(of)];
    const uint8_t tweak = next(in);

    if (at >= GUARD && at < DRAM)
        return AT_OUT;
    return (tweak & 0x80 ? at | UINT64_C(1) << 51 : at) + (uint64_t)(tweak & 0x7f) * (tweak & 1 ? 1 : 16);
}

static uint32_t pick_length(struct input *in)
{
    static const uint32_t of[] = {0, 16, 32, 48, 52, 64, 128, 208, 0x824, 0x186c, 0x1000, 0x2000,
                                  0x5000, 0x5010, 0x8000, UINT32_MAX, 1664};
    const uint32_t len = of[next(in) % CB_ARRAY_LEN(of)];

    return next(in) & 7 ? len : len + 1;
}

/* Fields where the command has them; the rest of the buffer is what the input says. */
static void fill_buffer(struct input *in, const struct wire_sev_command *c, uint8_t *b)
{
    const uint8_t style = next(in);

    for (unsigned i = 0; i < c->size; i++)
        b[i] = style & 1 ? next(in) : 0;
    if (style & 1 || c->size < 4)
        return;
    cb_store_le32(b, next(in) % 6);
    if (c->size >= 8)
        cb_store_le32(b + 4, next(in) % 10);
    for (unsigned at = 8; at + 8 <= c->size; at += 16) {
        cb_store_le64(b + at, pick_address(in));
        if (at + 12 <= c->size)
            cb_store_le32(b + at + 8, pick_length(in));
    }
    if (c->id == WIRE_SEV_LAUNCH_START || c->id == WIRE_SEV_RECEIVE_START)
        cb_store_le32(b, next(in) & 3 ? 0 : 1);
}

static void set_guard(const struct world *w)
{
    uint8_t guard[64];

    memset(guard, 0xc5, sizeof(guard));
    put(w, GUARD, guard, sizeof(guard));
}

/* Commands that may name any memory for the guest's or the host's data. */
static bool reaches_anywhere(unsigned id)
{
    return id == WIRE_SEV_LAUNCH_UPDATE_DATA || id == WIRE_SEV_COPY || id == WIRE_SEV_DBG_DECRYPT ||
           id == WIRE_SEV_DBG_ENCRYPT || id == WIRE_SEV_SWAP_OUT || id == WIRE_SEV_SWAP_IN;
}

/* Does a field of the buffer lie so that a small buffer there covers the guard page? */
static bool names_guard(const struct wire_sev_command *c, const uint8_t *b)
{
    for (unsigned at = 0; at + 8 <= c->size; at++) {
        const uint64_t a = cb_load_le64(b + at) & ~(UINT64_C(1) << 51);

        if (a < DRAM && a + 0x10000 > GUARD)
            return true;
    }
    return false;
}

static void run_command(struct world *w, struct input *in)
{
    const struct wire_sev_command *c = wire_sev_command_at(next(in) % 41);
    uint8_t b[WIRE_SEV_CMD_MAX_SIZE] = {0}, before[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    if (!c)
        return;
    fill_buffer(in, c, b);
    if (c->id == WIRE_SEV_PEK_GEN || c->id == WIRE_SEV_PDH_GEN)
        return; /* slow, and the owner's session would be lost */
    if (!reaches_anywhere(c->id) && names_guard(c, b))
        return;
    memcpy(before, b, sizeof(b));
    status = asp_command(w->asp, c->id, c->size ? b : NULL, c->size, NULL);
    if (c->back == WIRE_SEV_BACK_NEVER ||
        (status != WIRE_SEV_SUCCESS && status != WIRE_SEV_INVALID_LENGTH))
        must(memcmp(before, b, sizeof(b)) == 0);
    if (reaches_anywhere(c->id))
        set_guard(w);
}

static void place_owner(const struct world *w)
{
    put(w, AT_CERT, w->owner_cert, sizeof(w->owner_cert));
    put(w, AT_SESSION, w->session, sizeof(w->session));
}

static void place_packet(const struct world *w, struct input *in)
{
    struct sev_packet p = {.kind = (uint8_t)(1 + next(in) % 3), .guest_len = 32, .trans_len = 32};
    uint8_t data[32] = {0}, header[WIRE_SEV_PACKET_SIZE];
    const struct asp_guest *g = &w->asp->guest[next(in) % 4];

    p.iv[0] = next(in);
    p.measure = p.kind == WIRE_SEV_PACKET_SECRET ? g->measure : NULL;
    sev_packet_seal(&g->transport, &p, data, data, header);
    put(w, AT_HEADER, header, sizeof(header));
    put(w, AT_PACKET, data, sizeof(data));
}

static void place_pdh(const struct world *w)
{
    uint8_t cert[WIRE_SEV_CERT_SIZE];

    wire_sev_cert_encode(&w->asp->nv.pdh_cert, cert);
    put(w, AT_CERT, cert, sizeof(cert));
}

/* A state that was saved loads, and saves the same again. */
static void save_and_restore(struct world *w)
{
    size_t len = 0;
    uint8_t *again = malloc(BLOB_MAX);

    must(again != NULL);
    must(asp_state_save(w->asp, w->saved, BLOB_MAX, &w->saved_len) == CBIT_OK);
    must(asp_state_load(w->asp, w->saved, w->saved_len) == CBIT_OK);
    must(asp_state_save(w->asp, again, BLOB_MAX, &len) == CBIT_OK);
    must(len == w->saved_len && memcmp(again, w->saved, len) == 0);
    free(again);
}

static void state_is_legal(const struct world *w)
{
    const struct asp *asp = w->asp;
    uint32_t live = 0;

    for (size_t i = 0; i < WIRE_SEV_MAX_HANDLE; i++) {
        const struct asp_guest *g = &asp->guest[i];

        live += g->state != WIRE_SEV_GUEST_UNINIT;
        must(g->state < WIRE_SEV_N_GUEST_STATES);
        must(g->asid == 0 || asp->asid_state[g->asid] >= ASP_ASID_ALLOCATED);
        must(g->state != WIRE_SEV_GUEST_UNINIT || g->asid == 0);
        /* No transport keys outside the states that use them. */
        if (g->state == WIRE_SEV_GUEST_RUNNING || g->state == WIRE_SEV_GUEST_SENT)
            must(cb_all_zero(&g->transport, sizeof(g->transport)));
    }
    must(live == asp->n_guests);
    must((live > 0) == (asp->platform == WIRE_SEV_PLATFORM_WORKING));
}

static bool lies_in(const uint8_t *memory, size_t len, const uint8_t *key)
{
    return !cb_all_zero(key, 16) && memmem(memory, len, key, 16) != NULL;
}

static void no_key_is_out(const struct world *w)
{
    static uint8_t memory[HOST_END];

    must(mc_peek(w->mc, spa(0), MC_VIEW_RAW, memory, sizeof(memory)) == CBIT_OK);
    for (size_t i = 0; i < 8; i++) {
        const struct asp_guest *g = &w->asp->guest[i];

        if (g->state == WIRE_SEV_GUEST_UNINIT)
            continue;
        must(!lies_in(memory, sizeof(memory), g->key));
        must(!lies_in(memory, sizeof(memory), g->offline_key));
        must(!lies_in(memory, sizeof(memory), g->transport.tek));
        must(!lies_in(memory, sizeof(memory), g->transport.tik));
    }
    must(!lies_in(memory, sizeof(memory), w->asp->nv.pdh.d));
    must(!lies_in(memory, sizeof(memory), w->asp->chip.secret));
}

static void step(struct world *w, struct input *in)
{
    const uint8_t what = next(in) % 16;

    if (what == 0)
        save_and_restore(w);
    else if (what == 1)
        place_owner(w);
    else if (what == 2)
        place_packet(w, in);
    else if (what == 3)
        place_pdh(w);
    else
        run_command(w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *w;
    static uint8_t zeroes[HOST_END];
    struct input in = {data, size};
    uint8_t guard[64], seen[64];

    if (!w)
        w = build();
    must(asp_state_load(w->asp, w->start, w->start_len) == CBIT_OK);
    put(w, 0, zeroes, sizeof(zeroes));
    set_guard(w);
    memset(guard, 0xc5, sizeof(guard));
    for (unsigned i = 0; i < MAX_STEPS && in.left > 0; i++) {
        step(w, &in);
        state_is_legal(w);
    }
    no_key_is_out(w);
    mc_read(w->mc, spa(GUARD), host(), seen, sizeof(seen));
    must(memcmp(seen, guard, sizeof(seen)) == 0);
    return 0;
}
