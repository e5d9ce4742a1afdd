/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandboxes by libseccomp.  A service's is a list of what is refused, since its
 * libraries' own calls change from release to release.  A machine's is a list of
 * what is allowed, because it runs code that nobody vouches for; what its C library
 * might try beyond that is answered with ENOSYS.
 */
#include "host/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nothing of ours calls these, so whoever does is not ours. */
static const int refused[] = {
    SCMP_SYS(execve),           SCMP_SYS(execveat),         SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(fork),
    SCMP_SYS(vfork),            SCMP_SYS(mount),            SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),       SCMP_SYS(chroot),           SCMP_SYS(setns),
    SCMP_SYS(unshare),          SCMP_SYS(bpf),              SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),      SCMP_SYS(finit_module),     SCMP_SYS(delete_module),
    SCMP_SYS(reboot),           SCMP_SYS(swapon),           SCMP_SYS(swapoff),
    SCMP_SYS(setuid),           SCMP_SYS(setgid),           SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),        SCMP_SYS(keyctl),           SCMP_SYS(add_key),
    SCMP_SYS(request_key),      SCMP_SYS(perf_event_open),  SCMP_SYS(open_by_handle_at),
    SCMP_SYS(userfaultfd),
};

static const int refused_to_services[] = {SCMP_SYS(connect), SCMP_SYS(bind)};

static bool action_of(const char *option, uint32_t *action)
{
    static const struct {
        const char *name;
        uint32_t action;
    } words[] = {
        {"action=kill", SCMP_ACT_KILL_PROCESS},
        {"action=log", SCMP_ACT_LOG},
        {"action=none", SCMP_ACT_ALLOW},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(words); i++) {
        if (strcmp(option ? option : "action=kill", words[i].name) == 0) {
            *action = words[i].action;
            return true;
        }
    }
    return false;
}

bool host_sandbox_built(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return false; /* its search for leaks makes a process and traces */
#elif defined(__has_feature)
    return !__has_feature(address_sanitizer);
#else
    return true;
#endif
}

static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (seccomp_rule_add(filter, action, calls[i], 0) != 0)
            return false;
    }
    return true;
}

static enum cbit_status load_and_release(scmp_filter_ctx filter, bool ok)
{
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok ? CBIT_OK : CBIT_IO;
}

enum cbit_status host_sandbox_service(const char *option)
{
    scmp_filter_ctx filter;
    uint32_t action;

    if (!action_of(option, &action))
        return CBIT_INVALID;
    if (action == SCMP_ACT_ALLOW)
        return CBIT_OK;
    filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return CBIT_NO_MEMORY;
    return load_and_release(
        filter, add_all(filter, action, refused, CB_ARRAY_LEN(refused)) &&
                    add_all(filter, action, refused_to_services, CB_ARRAY_LEN(refused_to_services)));
}

/* ---- a machine ---- */

static const int of_every_run[] = {
    /* what is open: terminal, disks, dumps, sockets */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(close), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(accept), SCMP_SYS(accept4),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    /* its own sockets' names go with it */
    SCMP_SYS(unlink), SCMP_SYS(unlinkat),
    /* memory, translated code included */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
    SCMP_SYS(madvise), SCMP_SYS(memfd_create), SCMP_SYS(mlock), SCMP_SYS(munlock),
    /* threads and signals */
    SCMP_SYS(futex), SCMP_SYS(membarrier), SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(wait4),
    SCMP_SYS(waitid), SCMP_SYS(exit), SCMP_SYS(exit_group),
    /* time, randomness, who and where we are */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
    SCMP_SYS(getrusage), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname),
    SCMP_SYS(sysinfo), SCMP_SYS(getcwd),
};

static const int of_files[] = {
    SCMP_SYS(open),       SCMP_SYS(openat), SCMP_SYS(rename),   SCMP_SYS(renameat),
    SCMP_SYS(renameat2),  SCMP_SYS(mkdir),  SCMP_SYS(mkdirat),  SCMP_SYS(fchmod),
    SCMP_SYS(flock),      SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(stat),   SCMP_SYS(lstat),    SCMP_SYS(statx),
};

static const int of_network[] = {SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen)};

/* Calls that are allowed with certain arguments. */
static bool add_with_arguments(scmp_filter_ctx filter, const struct host_sandbox_run *needs)
{
    static const unsigned long requests[] = {TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, FIONREAD,
                                             FIONBIO};
    static const scmp_datum_t families[] = {AF_INET, AF_INET6};
    bool ok = true;

    for (size_t i = 0; ok && i < CB_ARRAY_LEN(requests); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, requests[i])) == 0;
    for (size_t i = 0; ok && needs->network && i < CB_ARRAY_LEN(families); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, families[i])) == 0;
    /* a thread, not a process; abort() and raise(), not a signal to others */
    return ok &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                            SCMP_A2(SCMP_CMP_EQ, 0)) == 0;
}

enum cbit_status host_sandbox_run(const struct host_sandbox_run *needs)
{
    scmp_filter_ctx filter;
    bool ok;

    if (!host_sandbox_built())
        return CBIT_UNIMPLEMENTED;
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL)
        return CBIT_NO_MEMORY;
    ok = add_all(filter, SCMP_ACT_KILL_PROCESS, refused, CB_ARRAY_LEN(refused)) &&
         add_all(filter, SCMP_ACT_ALLOW, of_every_run, CB_ARRAY_LEN(of_every_run)) &&
         add_with_arguments(filter, needs);
    if (ok && needs->files)
        ok = add_all(filter, SCMP_ACT_ALLOW, of_files, CB_ARRAY_LEN(of_files));
    if (ok && needs->network)
        ok = add_all(filter, SCMP_ACT_ALLOW, of_network, CB_ARRAY_LEN(of_network));
    return load_and_release(filter, ok);
}
