/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DBG_DECRYPT and DBG_ENCRYPT: between guest memory and plaintext of the host,
 * where the policy allows it.  Decrypting reads SRC under the guest's key,
 * encrypting writes DST under it; the other side is as its C-bit says.
 */
#include "asp/commands.h"

#define CHUNK CB_PAGE_SIZE

static enum wire_sev_status check(struct asp *asp, const struct wire_sev_dbg *c,
                                  const struct asp_guest **guest)
{
    if (!cb_is_aligned(c->src, 16) || !cb_is_aligned(c->dst, 16))
        return WIRE_SEV_INVALID_ADDRESS;
    if (!cb_is_aligned(c->length, 16))
        return WIRE_SEV_INVALID_LENGTH;
    *guest = asp_guest_of(asp, c->handle);
    if (!*guest)
        return WIRE_SEV_INVALID_GUEST;
    if ((*guest)->policy & WIRE_SEV_POLICY_NODBG)
        return WIRE_SEV_POLICY_FAILURE;
    if (!(*guest)->asid)
        return WIRE_SEV_INACTIVE;
    if (c->length > 0 &&
        (!asp_dram_ok(asp, c->src, c->length) || !asp_dram_ok(asp, c->dst, c->length)))
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_SUCCESS;
}

static void move(const struct asp *asp, const struct asp_guest *guest, const struct wire_sev_dbg *c,
                 bool decrypt)
{
    uint8_t data[CHUNK];

    for (uint64_t at = 0; at < c->length; at += CHUNK) {
        const size_t n = c->length - at < CHUNK ? (size_t)(c->length - at) : CHUNK;

        if (decrypt) {
            asp_guest_read(asp, guest, c->src + at, data, n);
            asp_dram_write(asp, c->dst + at, data, n);
        } else {
            asp_dram_read(asp, c->src + at, data, n);
            asp_guest_write(asp, guest, c->dst + at, data, n);
        }
    }
    cb_wipe(data, sizeof(data));
}

static enum wire_sev_status dbg(struct asp_call *call, bool decrypt)
{
    const struct asp_guest *guest = NULL;
    struct wire_sev_dbg c;
    enum wire_sev_status status;

    wire_sev_dbg_decode(&c, call->b);
    status = check(call->asp, &c, &guest);
    if (status == WIRE_SEV_SUCCESS)
        move(call->asp, guest, &c, decrypt);
    return status;
}

enum wire_sev_status asp_cmd_dbg_decrypt(struct asp_call *call)
{
    return dbg(call, true);
}

enum wire_sev_status asp_cmd_dbg_encrypt(struct asp_call *call)
{
    return dbg(call, false);
}
