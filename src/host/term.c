/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw terminal with a guard.
 *
 * The guard is a forked child that does nothing but wait for the pipe to close.
 * One byte before the end means "restored already"; an end without it means that
 * cbit was killed, and the guard puts the settings back.  So no signal handler
 * needs to know the terminal, and SIGKILL is covered too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "host/host.h"

struct host_term {
    int fd;
    int guard_pipe;
    pid_t guard;
    struct termios before;
};

bool host_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

__attribute__((noreturn)) static void guard_main(int fd, int pipe_end, const struct termios *before)
{
    char byte;
    ssize_t n;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_IGN); /* SIGTTOU above all: tcsetattr from the background */
    prctl(PR_SET_NAME, "cbit-term");
    do {
        n = read(pipe_end, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        tcsetattr(fd, TCSANOW, before);
    _exit(0);
}

static bool start_guard(struct host_term *term)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return false;
    term->guard = fork();
    if (term->guard == 0) {
        close(ends[1]);
        guard_main(term->fd, ends[0], &term->before);
    }
    close(ends[0]);
    if (term->guard < 0) {
        close(ends[1]);
        return false;
    }
    term->guard_pipe = ends[1];
    return true;
}

enum cbit_status host_term_raw(int fd, struct host_term **out)
{
    struct host_term *term = calloc(1, sizeof *term);

    if (!term)
        return CBIT_NO_MEMORY;
    term->fd = fd;
    if (tcgetattr(fd, &term->before) || !start_guard(term)) {
        free(term);
        return CBIT_IO;
    }
    struct termios raw = term->before;

    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag |= OPOST; /* cbit's own messages stay readable */
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw)) {
        host_term_restore(term);
        return CBIT_IO;
    }
    *out = term;
    return CBIT_OK;
}

void host_term_restore(struct host_term *term)
{
    if (!term)
        return;
    tcsetattr(term->fd, TCSADRAIN, &term->before);
    if (write(term->guard_pipe, "r", 1) != 1) {
        /* the guard is gone or will restore the same settings once more */
    }
    close(term->guard_pipe);
    while (waitpid(term->guard, NULL, 0) < 0 && errno == EINTR)
        ;
    free(term);
}
