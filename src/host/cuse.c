/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/sev by libfuse3's CUSE.  The caller's memory is reached as for cbit exec,
 * by its process id: CUSE needs root anyway, and so the driver's two-step copies
 * keep their meaning.
 */
#define FUSE_USE_VERSION 31
#include <cuse_lowlevel.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "host/cuse.h"
#include "host/exec.h"

static void do_open(fuse_req_t request, struct fuse_file_info *file)
{
    file->fh = (file->flags & O_ACCMODE) != O_RDONLY;
    fuse_reply_open(request, file);
}

static void do_ioctl(fuse_req_t request, int cmd, void *arg, struct fuse_file_info *file,
                     unsigned flags, const void *in, size_t in_size, size_t out_size)
{
    const struct host_devsev_firmware *firmware = fuse_req_userdata(request);
    struct host_exec_memory memory = {(int)fuse_req_ctx(request)->pid};
    const struct host_devsev_user user = host_exec_user(&memory);
    int result;

    (void)flags;
    (void)in;
    (void)in_size;
    (void)out_size;
    result = host_devsev_ioctl(firmware, &user, file->fh != 0, (uint32_t)cmd, (uintptr_t)arg);
    if (result < 0)
        fuse_reply_err(request, -result);
    else
        fuse_reply_ioctl(request, 0, NULL, 0);
}

enum cbit_status host_cuse_serve(const char *name, const struct host_devsev_firmware *firmware)
{
    static const struct cuse_lowlevel_ops ops = {.open = do_open, .ioctl = do_ioctl};
    char device[64];
    const char *info_argv[] = {device};
    const struct cuse_info info = {.dev_info_argc = 1, .dev_info_argv = info_argv,
                                   .flags = CUSE_UNRESTRICTED_IOCTL};
    char program[] = "cbit";
    char foreground[] = "-f";
    char single[] = "-s";
    char *argv[] = {program, foreground, single, NULL};
    struct host_devsev_firmware copy = *firmware;

    if (access("/dev/cuse", F_OK) != 0)
        return CBIT_NOT_FOUND;
    if (access("/dev/cuse", R_OK | W_OK) != 0)
        return CBIT_DENIED;
    if ((size_t)snprintf(device, sizeof(device), "DEVNAME=%s", name) >= sizeof(device))
        return CBIT_INVALID;
    return cuse_lowlevel_main(3, argv, &info, &ops, &copy) == 0 ? CBIT_OK : CBIT_IO;
}
