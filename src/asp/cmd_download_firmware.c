/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOWNLOAD_FIRMWARE: images are signed by AMD's key, which cbit does not have,
 * so none is genuine: BAD_SIGNATURE after the checks on address and length.
 * Which code real firmware gives for a bad image is not public; Linux goes on
 * with the present version whatever the code.
 */
#include "asp/commands.h"

#define IMAGE_HEADER 0x100u
#define ALIGNMENT 32u

enum wire_sev_status asp_cmd_download_firmware(struct asp_call *call)
{
    struct wire_sev_blob c;

    wire_sev_blob_decode(&c, call->b);
    if (!cb_is_aligned(c.paddr, ALIGNMENT))
        return WIRE_SEV_INVALID_ADDRESS;
    if (c.length < IMAGE_HEADER)
        return WIRE_SEV_INVALID_LENGTH;
    if (!asp_mem_ok(call, c.paddr, c.length))
        return WIRE_SEV_INVALID_ADDRESS;
    return WIRE_SEV_BAD_SIGNATURE;
}
