/* SPDX-License-Identifier: Apache-2.0 */
/* A character device /dev/NAME by CUSE that answers like /dev/sev. */
#ifndef HOST_CUSE_H
#define HOST_CUSE_H

#include "host/devsev.h"

/*
 * Serves in the foreground until a signal ends it.  CBIT_NOT_FOUND: no /dev/cuse;
 * CBIT_DENIED: no permission for it; CBIT_UNIMPLEMENTED: built without libfuse3;
 * CBIT_IO.
 */
enum cbit_status host_cuse_serve(const char *name,
                                 const struct host_devsev_firmware *firmware) CBIT_MUST_CHECK;

#endif
