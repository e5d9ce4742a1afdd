/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that end a run, as something to poll: nothing happens in a handler. */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/host.h"

static sigset_t ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

int host_signals_open(void)
{
    const sigset_t set = ending_signals();

    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int host_signals_next(int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return 0;
    return (int)info.ssi_signo;
}

void host_signals_close(int fd)
{
    const sigset_t set = ending_signals();

    if (fd >= 0)
        close(fd);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
