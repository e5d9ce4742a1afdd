/* SPDX-License-Identifier: Apache-2.0 */
/* Where libseccomp was not there at build time. */
#include "host/sandbox.h"

bool host_sandbox_built(void)
{
    return false;
}

enum cbit_status host_sandbox_service(const char *option)
{
    return option == NULL || strcmp(option, "action=none") == 0 ? CBIT_OK : CBIT_UNIMPLEMENTED;
}

enum cbit_status host_sandbox_run(const struct host_sandbox_run *needs)
{
    (void)needs;
    return CBIT_UNIMPLEMENTED;
}
