/* SPDX-License-Identifier: Apache-2.0 */
/* PLATFORM_RESET: the flash is erased (never the area of an INIT_EX); the chip stays who it is. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_platform_reset(struct asp_call *call)
{
    return asp_nv_erase(call) == CBIT_OK ? WIRE_SEV_SUCCESS : WIRE_SEV_HWERROR_PLATFORM;
}
