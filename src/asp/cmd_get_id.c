/* SPDX-License-Identifier: Apache-2.0 */
/* GET_ID: the chip's 64 bytes.  There is one socket, so LENGTH 128 gives 64 as well. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_get_id(struct asp_call *call)
{
    struct wire_sev_blob c;
    bool fits;

    wire_sev_blob_decode(&c, call->b);
    fits = c.length >= WIRE_SEV_ID_SIZE;
    if (fits && !asp_mem_ok(call, c.paddr, WIRE_SEV_ID_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    c.length = WIRE_SEV_ID_SIZE;
    wire_sev_blob_encode(&c, call->b);
    if (!fits)
        return WIRE_SEV_INVALID_LENGTH;
    asp_mem_write(call, c.paddr, call->asp->chip.id, WIRE_SEV_ID_SIZE);
    return WIRE_SEV_SUCCESS;
}
