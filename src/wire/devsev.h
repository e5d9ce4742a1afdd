/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/sev's ioctl as Linux defines it (include/uapi/linux/psp-sev.h), and the
 * two messages by which the preload library hands one to the process that
 * answers it.  The caller's memory is read and written by that process.
 */
#ifndef WIRE_DEVSEV_H
#define WIRE_DEVSEV_H

#include <stdint.h>

#define WIRE_DEVSEV_PATH "/dev/sev"
#define WIRE_DEVSEV_ISSUE_CMD 0xc0105300u /* _IOWR('S', 0, 16 bytes) */
#define WIRE_DEVSEV_MAJOR 10              /* misc devices */
#define WIRE_DEVSEV_MINOR 124
#define WIRE_DEVSEV_MODE 0600

/* struct sev_issue_cmd, packed: u32 cmd, u64 data, u32 error. */
#define WIRE_DEVSEV_ARG_SIZE 16
#define WIRE_DEVSEV_ARG_CMD 0
#define WIRE_DEVSEV_ARG_DATA 4
#define WIRE_DEVSEV_ARG_ERROR 12

enum wire_devsev_cmd {
    WIRE_DEVSEV_FACTORY_RESET,
    WIRE_DEVSEV_PLATFORM_STATUS,
    WIRE_DEVSEV_PEK_GEN,
    WIRE_DEVSEV_PEK_CSR,
    WIRE_DEVSEV_PDH_GEN,
    WIRE_DEVSEV_PDH_CERT_EXPORT,
    WIRE_DEVSEV_PEK_CERT_IMPORT,
    WIRE_DEVSEV_GET_ID,
    WIRE_DEVSEV_GET_ID2,
};

#define WIRE_DEVSEV_BLOB_MAX 0x4000u /* certificates and CSR, as the driver limits them */
#define WIRE_DEVSEV_GET_ID_SIZE 128  /* two sockets */

/* Where a program under cbit exec finds what answers it: a folder with these. */
#define WIRE_DEVSEV_ENV "CBIT_EXEC_DIR"
#define WIRE_DEVSEV_TOKEN "sev"       /* stands for the device: an open descriptor of it is one of /dev/sev */
#define WIRE_DEVSEV_SOCKET "socket"   /* SOCK_SEQPACKET */

/* Both ends run on one machine: host byte order.  The caller is who the kernel says sent it. */
struct wire_devsev_request {
    uint64_t request, arg; /* of ioctl() */
    uint32_t writable;     /* the descriptor was opened for writing */
    uint32_t zero;
};
struct wire_devsev_reply {
    int32_t result; /* 0 or -errno */
};

#endif
