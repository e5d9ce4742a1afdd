/* SPDX-License-Identifier: Apache-2.0 */
/* Where libseccomp was not there at build time: no user notification. */
#include "host/exec.h"

bool host_exec_notify_offered(void)
{
    return false;
}

int host_exec_notify_install(void)
{
    return -1;
}

enum cbit_status host_exec_notify_new(int fd, const char *dir,
                                      const struct host_devsev_firmware *firmware,
                                      struct host_exec_notify **out)
{
    (void)fd;
    (void)dir;
    (void)firmware;
    *out = NULL;
    return CBIT_UNIMPLEMENTED;
}

bool host_exec_notify_ready(struct host_exec_notify *notify)
{
    (void)notify;
    return false;
}

void host_exec_notify_free(struct host_exec_notify *notify)
{
    (void)notify;
}
