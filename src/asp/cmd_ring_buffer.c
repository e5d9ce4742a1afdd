/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RING_BUFFER: from the next command on the mailbox registers are a pair of
 * queues.  Here the queues are checked and noted; asp/ring.c runs them.
 */
#include "asp/commands.h"

static bool page_ok(const struct asp_call *call, uint64_t paddr)
{
    return cb_is_aligned(paddr, CB_PAGE_SIZE) && asp_mem_ok(call, paddr, CB_PAGE_SIZE);
}

enum wire_sev_status asp_cmd_ring_buffer(struct asp_call *call)
{
    struct asp *asp = call->asp;
    struct wire_sev_ring_buffer c;

    wire_sev_ring_buffer_decode(&c, call->b);
    if (asp->ring.on || c.lo_size != 1 || c.hi_size > 1)
        return WIRE_SEV_INVALID_PARAM;
    if (!page_ok(call, c.lo_cmdptr) || !page_ok(call, c.lo_statval))
        return WIRE_SEV_INVALID_ADDRESS;
    if (c.hi_size > 0 && (!page_ok(call, c.hi_cmdptr) || !page_ok(call, c.hi_statval)))
        return WIRE_SEV_INVALID_ADDRESS;
    memset(&asp->ring, 0, sizeof(asp->ring));
    asp->ring.cfg = c;
    asp->ring.on = true;
    return WIRE_SEV_SUCCESS;
}
