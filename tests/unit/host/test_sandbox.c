/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's filter of system calls.  Each call is made in a child of its own,
 * which tells by how it ends what became of it.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "host/sandbox.h"

enum { DONE = 0, FAILED = 100 }; /* else: errno */

static int result(bool ok)
{
    return ok ? DONE : errno ? errno : FAILED;
}

static int do_exec(void)
{
    char *const none[] = {NULL};

    return result(execve("/bin/true", none, none) == 0);
}
static int do_fork(void) { return result(syscall(SYS_fork) >= 0); }
static int do_clone(void) { return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0); }
static int do_ptrace(void) { return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0); }
static int do_peek(void) { return result(syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0) >= 0); }
static int do_setuid(void) { return result(syscall(SYS_setuid, getuid()) == 0); }
static int do_kill(void) { return result(kill(getppid(), 0) == 0); }
static int do_open(void) { return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0); }
static int do_inet(void) { return result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0); }
static int do_netlink(void) { return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0); }
static int do_tiocsti(void) { return result(ioctl(0, TIOCSTI, "x") == 0); }
static int do_write(void) { return result(write(1, "", 0) == 0); }

/* A translator writes code, and then runs it. */
static int do_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return result(page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static void *nothing(void *arg)
{
    return arg;
}
static int do_thread(void)
{
    pthread_t thread;

    errno = pthread_create(&thread, NULL, nothing, NULL);
    return result(errno == 0 && pthread_join(thread, NULL) == 0);
}

/* As the AMD-SP's flash is saved. */
static int do_save(void)
{
    char path[] = "/tmp/cbit-sandbox.XXXXXX", other[64];
    const int fd = mkstemp(path);

    snprintf(other, sizeof other, "%s.new", path);
    return result(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 &&
                  rename(path, other) == 0 && unlink(other) == 0);
}

/* The wait status of a call under the filter. */
static int under(const struct host_sandbox_run *needs, int (*call)(void))
{
    int status = -1;
    const pid_t child = fork();

    if (child == 0) {
        signal(SIGSYS, SIG_DFL);
        if (host_sandbox_run(needs))
            _exit(FAILED);
        errno = 0;
        _exit(call());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#define DIES (-1)
static const struct {
    const char *name;
    int (*call)(void);
    struct host_sandbox_run needs;
    int outcome; /* DIES, DONE or errno */
} rows[] = {
    {"a new program ends the process", do_exec, {true, true}, DIES},
    {"a fork ends the process", do_fork, {true, true}, DIES},
    {"a new process by clone is not to be had", do_clone, {true, true}, ENOSYS},
    {"tracing ends the process", do_ptrace, {true, true}, DIES},
    {"a look at another's memory ends the process", do_peek, {true, true}, DIES},
    {"another user ends the process", do_setuid, {true, true}, DIES},
    {"a signal to another process is not to be had", do_kill, {true, true}, ENOSYS},
    {"typing into the terminal is not to be had", do_tiocsti, {true, true}, ENOSYS},
    {"a file opens where files are needed", do_open, {.files = true}, DONE},
    {"and not where they are not", do_open, {.network = true}, ENOSYS},
    {"flash is saved where files are needed", do_save, {.files = true}, DONE},
    {"an internet socket is made where a network is needed", do_inet, {.network = true}, DONE},
    {"and not where it is not", do_inet, {.files = true}, ENOSYS},
    {"another kind of socket is never made", do_netlink, {true, true}, ENOSYS},
    {"what is open stays usable", do_write, {false, false}, DONE},
    {"memory becomes code", do_code, {false, false}, DONE},
    {"threads are made", do_thread, {false, false}, DONE},
};

static void calls_end_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        const int status = under(&rows[i].needs, rows[i].call);
        const bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        const int outcome = died ? DIES : WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;

        if (outcome != rows[i].outcome)
            fail_msg("%s: wanted %d, got %d", rows[i].name, rows[i].outcome, outcome);
    }
}

static void a_build_without_filter_says_so(void **state)
{
    const struct host_sandbox_run none = {0};

    (void)state;
    if (host_sandbox_built())
        assert_int_equal(WEXITSTATUS(under(&none, do_write)), DONE);
    else
        assert_int_equal(host_sandbox_run(&none), CBIT_UNIMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(calls_end_as_the_table_says),
        cmocka_unit_test(a_build_without_filter_says_so),
    };
    const struct CMUnitTest unbuilt[] = {cmocka_unit_test(a_build_without_filter_says_so)};

    if (host_sandbox_built())
        return cmocka_run_group_tests_name("sandbox", all, NULL, NULL);
    print_message("# no libseccomp, or a sanitizer's build: the table of calls is left out\n");
    return cmocka_run_group_tests_name("sandbox, not built", unbuilt, NULL, NULL);
}
