/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted save areas of SEV-ES (APM vol. 2, 15.35).  The firmware vouches for
 * each: the page's last eight bytes point at a slot, and the slot holds a
 * checksum of the page.  On hardware the slots lie in the TMR; here the pointer
 * is an address in the TMR and the checksum stays in this room.
 */
#include "asp/state.h"

#define POINTER_AT (WIRE_SEV_VMSA_SIZE - 8)
#define SLOT_SPAN 64u /* bytes of the TMR that a slot stands for */
_Static_assert(ASP_MAX_VMSA * SLOT_SPAN <= WIRE_SEV_TMR_SIZE, "all slots lie in the TMR");

struct asp_vmsa *asp_vmsa_free_slot(struct asp *asp)
{
    for (size_t i = 0; i < ASP_MAX_VMSA; i++)
        if (asp->vmsa[i].handle == 0)
            return &asp->vmsa[i];
    return NULL;
}

static void checksum_of(const uint8_t *page, uint8_t out[16])
{
    uint8_t digest[32];

    cr_sha256_of(page, WIRE_SEV_VMSA_SIZE, digest);
    memcpy(out, digest, 16);
}

void asp_vmsa_store(struct asp *asp, struct asp_guest *guest, struct asp_vmsa *slot,
                    uint64_t paddr, uint8_t page[WIRE_SEV_VMSA_SIZE])
{
    cb_store_le64(page + POINTER_AT, asp->tmr + (uint64_t)(slot - asp->vmsa) * SLOT_SPAN);
    slot->handle = asp_guest_handle(asp, guest);
    checksum_of(page, slot->checksum);
    asp_guest_write(asp, guest, paddr, page, WIRE_SEV_VMSA_SIZE);
}

struct asp_vmsa *asp_vmsa_load(struct asp *asp, struct asp_guest *guest, uint64_t paddr,
                               uint8_t page[WIRE_SEV_VMSA_SIZE])
{
    uint8_t checksum[16];
    uint64_t offset;
    struct asp_vmsa *slot;

    asp_guest_read(asp, guest, paddr, page, WIRE_SEV_VMSA_SIZE);
    offset = cb_load_le64(page + POINTER_AT) - asp->tmr;
    if (offset % SLOT_SPAN != 0 || offset / SLOT_SPAN >= ASP_MAX_VMSA)
        return NULL;
    slot = &asp->vmsa[offset / SLOT_SPAN];
    checksum_of(page, checksum);
    if (slot->handle != asp_guest_handle(asp, guest) ||
        !cb_ct_equal(checksum, slot->checksum, sizeof(checksum)))
        return NULL;
    cb_store_le64(page + POINTER_AT, 0);
    return slot;
}
