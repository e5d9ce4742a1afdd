/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up what a process does not need once its files and sockets are open. */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include "base/base.h"

/* False: this build has no libseccomp, or runs under a sanitizer, which needs what is refused. */
bool host_sandbox_built(void);

/*
 * For a service that has its files and sockets open: no new programs, no new
 * privileges, no tracing, mounting or network addresses.  option: NULL or
 * "action=kill", "action=log", "action=none".  CBIT_INVALID: another word;
 * CBIT_UNIMPLEMENTED: asked for by name in a build without libseccomp.
 */
enum cbit_status host_sandbox_service(const char *option) CBIT_MUST_CHECK;

/* What a machine still needs beside memory, time and what is open. */
struct host_sandbox_run {
    bool files;   /* opens, renames, removes: dumps on demand, the AMD-SP's flash, key files */
    bool network; /* makes and connects internet sockets: libslirp */
};

/*
 * For a machine that is about to run hostile code.  A list of what is allowed:
 * what nobody would ask for by accident (a program, another process's memory, a
 * mount, more rights) ends the process, all else that is not on it fails with
 * ENOSYS, so that a C library falls back.  For the calling thread and those that
 * it makes; there is no way back.  CBIT_UNIMPLEMENTED: host_sandbox_built() is false.
 */
enum cbit_status host_sandbox_run(const struct host_sandbox_run *needs) CBIT_MUST_CHECK;

#endif
