/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY: guest pages to another physical address under the same key.  Ranges
 * may overlap; the copy behaves as if all was read first.
 */
#include "asp/commands.h"

static void copy_page(const struct asp *asp, const struct asp_guest *guest, uint64_t src,
                      uint64_t dst)
{
    uint8_t page[CB_PAGE_SIZE];

    asp_guest_read(asp, guest, src, page, sizeof(page));
    asp_guest_write(asp, guest, dst, page, sizeof(page));
    cb_wipe(page, sizeof(page));
}

static void perform(const struct asp *asp, const struct asp_guest *guest,
                    const struct wire_sev_copy *c)
{
    const uint64_t c_mask = CB_BIT(asp->profile->c_bit);
    const uint64_t src = c->src & ~c_mask, dst = c->dst & ~c_mask;

    for (uint64_t at = 0; at < c->length; at += CB_PAGE_SIZE) {
        const uint64_t offset = dst > src ? c->length - CB_PAGE_SIZE - at : at;

        copy_page(asp, guest, src + offset, dst + offset);
    }
}

enum wire_sev_status asp_cmd_copy(struct asp_call *call)
{
    const struct asp *asp = call->asp;
    const struct asp_guest *guest;
    struct wire_sev_copy c;

    wire_sev_copy_decode(&c, call->b);
    guest = asp_guest_of(call->asp, c.handle);
    if (!guest)
        return WIRE_SEV_INVALID_GUEST;
    if (c.length == 0 || !cb_is_aligned(c.length, CB_PAGE_SIZE))
        return WIRE_SEV_INVALID_LENGTH;
    if (!cb_is_aligned(c.src, CB_PAGE_SIZE) || !cb_is_aligned(c.dst, CB_PAGE_SIZE) ||
        !asp_dram_ok(asp, c.src, c.length) || !asp_dram_ok(asp, c.dst, c.length))
        return WIRE_SEV_INVALID_ADDRESS;
    if (!guest->asid)
        return WIRE_SEV_INACTIVE;
    perform(asp, guest, &c);
    return WIRE_SEV_SUCCESS;
}
