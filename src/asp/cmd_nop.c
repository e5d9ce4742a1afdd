/* SPDX-License-Identifier: Apache-2.0 */
/* NOP. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_nop(struct asp_call *call)
{
    (void)call;
    return WIRE_SEV_SUCCESS;
}
