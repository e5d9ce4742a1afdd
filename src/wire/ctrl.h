/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel of `cbit asp socket`: frames of {u32 code, u32 length,
 * payload}, big-endian numbers in the frame as swtpm's control channel has them.
 * A request is answered by one frame whose code is a result.
 */
#ifndef WIRE_CTRL_H
#define WIRE_CTRL_H

#include "base/base.h"

#define WIRE_CTRL_HEAD 8
#define WIRE_CTRL_MAX (1u << 20) /* payload */

enum wire_ctrl_code {
    WIRE_CTRL_CAPABILITIES = 1, /* - ; JSON text */
    WIRE_CTRL_RESET = 2,        /* - ; - : power-on of the platform */
    WIRE_CTRL_SHUTDOWN = 3,     /* - ; - : the service ends */
    WIRE_CTRL_INFO = 4,         /* - ; JSON text */
    WIRE_CTRL_COMMAND = 5,      /* u32 command id, command buffer ; u32 status, buffer */
    WIRE_CTRL_MEM_READ = 6,     /* u64 paddr, u32 length ; bytes */
    WIRE_CTRL_MEM_WRITE = 7,    /* u64 paddr, bytes ; - */
    WIRE_CTRL_PEEK = 8,         /* u64 paddr, u32 length, u32 view ; bytes */
    WIRE_CTRL_PASS_FD = 9,      /* - with a descriptor (SCM_RIGHTS) ; - : serves it, too */
};

/* Results: 0, or enum cbit_status. */
#define WIRE_CTRL_OK 0u

#endif
