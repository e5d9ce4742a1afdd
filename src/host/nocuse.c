/* SPDX-License-Identifier: Apache-2.0 */
/* Where libfuse3 was not there at build time. */
#include "host/cuse.h"

enum cbit_status host_cuse_serve(const char *name, const struct host_devsev_firmware *firmware)
{
    (void)name;
    (void)firmware;
    return CBIT_UNIMPLEMENTED;
}
