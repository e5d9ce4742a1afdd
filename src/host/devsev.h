/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux's ccp driver does behind /dev/sev: the ioctl's structs, permission
 * checks, implicit INIT, errno.  Facts from drivers/crypto/ccp/sev-dev.c of 6.1.
 * The firmware and the caller's memory are structs of functions, so one piece
 * serves the preload library, the seccomp supervisor and CUSE.
 */
#ifndef HOST_DEVSEV_H
#define HOST_DEVSEV_H

#include "base/base.h"
#include "wire/devsev.h"

/* The driver's own buffers, as a command's addresses name them. */
#define HOST_DEVSEV_SPACES 2
struct host_devsev_space {
    uint64_t paddr;
    uint8_t *data;
    size_t len;
};
/* The bytes of [paddr, paddr + len), or NULL if they lie in none of the buffers. */
uint8_t *host_devsev_at(const struct host_devsev_space space[HOST_DEVSEV_SPACES], uint64_t paddr,
                        uint64_t len);

struct host_devsev_firmware {
    void *ctx;
    /* Runs SEV command id; returns its status code, as the mailbox would. */
    unsigned (*command)(void *ctx, unsigned id, uint8_t *buffer, size_t len,
                        const struct host_devsev_space space[HOST_DEVSEV_SPACES]);
    uint64_t tmr_paddr; /* 1 MiB of DRAM, aligned, for INIT with SEV-ES; 0: INIT without */
};

struct host_devsev_user {
    void *ctx;
    bool (*read)(void *ctx, uint64_t at, void *to, size_t len); /* false: EFAULT */
    bool (*write)(void *ctx, uint64_t at, const void *from, size_t len);
};

/* What loading the module does: INIT.  Returns the status code of the last command. */
unsigned host_devsev_probe(const struct host_devsev_firmware *firmware);

/* One ioctl; 0 or -errno.  May use some 40 KiB of stack. */
int host_devsev_ioctl(const struct host_devsev_firmware *firmware,
                      const struct host_devsev_user *user, bool writable, uint64_t request,
                      uint64_t arg);

#endif
