/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How commands reach memory.  A PADDR may carry the C-bit: it is taken out here
 * and nowhere else.  The TMR belongs to the firmware: a buffer that touches it
 * is as bad as one outside DRAM.
 */
#include "asp/state.h"

static uint64_t c_mask(const struct asp *asp)
{
    return CB_BIT(asp->profile->c_bit);
}

static struct mc_access host_access(const struct asp *asp, uint64_t paddr)
{
    return mc_access_host(MC_KIND_DATA, (paddr & c_mask(asp)) != 0);
}

bool asp_dram_ok(const struct asp *asp, uint64_t paddr, uint64_t len)
{
    const uint64_t at = paddr & ~c_mask(asp);
    uint64_t end;

    if (len == 0 || !cb_add_ok(at, len, &end) || !mc_covers(asp->mc, spa(at), len))
        return false;
    return asp->tmr_len == 0 || end <= asp->tmr || at >= asp->tmr + asp->tmr_len;
}

static void dram_read(const struct asp *asp, spa_t at, struct mc_access access, void *to,
                      size_t len)
{
    if (asp->touch)
        asp->touch(asp->touch_ctx, at, len, access, false);
    mc_read(asp->mc, at, access, to, len);
}

static void dram_write(const struct asp *asp, spa_t at, struct mc_access access, const void *from,
                       size_t len)
{
    if (asp->touch)
        asp->touch(asp->touch_ctx, at, len, access, true);
    mc_write(asp->mc, at, access, from, len);
}

void asp_dram_read(const struct asp *asp, uint64_t paddr, void *to, size_t len)
{
    dram_read(asp, spa(paddr & ~c_mask(asp)), host_access(asp, paddr), to, len);
}

void asp_dram_write(const struct asp *asp, uint64_t paddr, const void *from, size_t len)
{
    dram_write(asp, spa(paddr & ~c_mask(asp)), host_access(asp, paddr), from, len);
}

bool asp_mem_ok(const struct asp_call *call, uint64_t paddr, uint64_t len)
{
    if (call->mem)
        return len > 0 && call->mem->covers(call->mem->ctx, paddr, len);
    return asp_dram_ok(call->asp, paddr, len);
}

void asp_mem_read(const struct asp_call *call, uint64_t paddr, void *to, size_t len)
{
    if (call->mem)
        call->mem->read(call->mem->ctx, paddr, to, len);
    else
        asp_dram_read(call->asp, paddr, to, len);
}

void asp_mem_write(const struct asp_call *call, uint64_t paddr, const void *from, size_t len)
{
    if (call->mem)
        call->mem->write(call->mem->ctx, paddr, from, len);
    else
        asp_dram_write(call->asp, paddr, from, len);
}

/* As the guest itself would: private, in 64-bit mode. */
static struct mc_access guest_access(const struct asp_guest *guest)
{
    return (struct mc_access){.asid = (uint16_t)guest->asid,
                              .kind = MC_KIND_DATA,
                              .sev = true,
                              .guest_c = true,
                              .guest_c_exists = true};
}

void asp_guest_read(const struct asp *asp, const struct asp_guest *guest, uint64_t paddr, void *to,
                    size_t len)
{
    dram_read(asp, spa(paddr & ~c_mask(asp)), guest_access(guest), to, len);
}

void asp_guest_write(const struct asp *asp, const struct asp_guest *guest, uint64_t paddr,
                     const void *from, size_t len)
{
    dram_write(asp, spa(paddr & ~c_mask(asp)), guest_access(guest), from, len);
}
