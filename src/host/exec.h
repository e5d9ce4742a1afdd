/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program for which /dev/sev is answered here.  Two ways in: a preload
 * library (dynamically linked programs, and all that they start that is), and
 * seccomp's user notification (any program: static, Go; Linux 5.9 on x86-64).
 */
#ifndef HOST_EXEC_H
#define HOST_EXEC_H

#include "host/devsev.h"
#include "host/host.h"

enum host_exec_via {
    HOST_EXEC_AUTO,    /* preload for a dynamically linked program, else notify */
    HOST_EXEC_PRELOAD,
    HOST_EXEC_NOTIFY,
};

struct host_exec {
    char *const *argv;              /* program and arguments, NULL at the end */
    enum host_exec_via via;
    const char *preload;            /* path of libcbit-preload.so; NULL: there is none */
    const struct host_devsev_firmware *firmware;
};

struct host_exec_why {
    char text[256];
};

/*
 * Returns when the program has ended; *exit_code is its code, or 128 + signal, 126
 * or 127 if it cannot be run, as a shell says it.
 */
enum cbit_status host_exec_run(const struct host_exec *exec, int *exit_code,
                               struct host_exec_why *why) CBIT_MUST_CHECK;

/* Another process's memory, for one ioctl. */
struct host_exec_memory {
    int pid;
};
struct host_devsev_user host_exec_user(struct host_exec_memory *memory);

/* ---- the two ways in, for exec.c ---- */

/* The service end of the preload library: one descriptor to poll, in it all connections. */
struct host_exec_server;
enum cbit_status host_exec_server_new(const char *dir, const struct host_devsev_firmware *firmware,
                                      struct host_exec_server **out) CBIT_MUST_CHECK;
int host_exec_server_fd(const struct host_exec_server *server);
void host_exec_server_ready(struct host_exec_server *server);
void host_exec_server_free(struct host_exec_server *server);

/* Is user notification there?  Compiled in and offered by the kernel. */
bool host_exec_notify_offered(void);
/* In the child, before exec: installs the filter; its notification descriptor, or -1 with errno. */
int host_exec_notify_install(void);
struct host_exec_notify;
enum cbit_status host_exec_notify_new(int fd, const char *dir,
                                      const struct host_devsev_firmware *firmware,
                                      struct host_exec_notify **out) CBIT_MUST_CHECK;
/* One notification is waiting: answers it.  False: nobody is left who could ask. */
bool host_exec_notify_ready(struct host_exec_notify *notify);
void host_exec_notify_free(struct host_exec_notify *notify);

#endif
