/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the program and answers it until it ends; see exec.h.  A private folder
 * holds the token file that stands for the device and the preload socket.
 */
#include "host/exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct run {
    const struct host_exec *exec;
    bool notify;           /* else preload */
    char dir[64];
    pid_t child;
    int signals;           /* SIGCHLD, SIGTERM, SIGHUP */
    sigset_t old_mask;
    struct host_exec_server *server;
    struct host_exec_notify *notifier;
    int notify_fd;
};

__attribute__((format(printf, 2, 3))) static void say(struct host_exec_why *why, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
}

/* ---- which way in ---- */

/* Has the ELF file a program interpreter, so that a preload library is loaded? */
static bool is_dynamic(int fd)
{
    Elf64_Ehdr head;
    Elf64_Phdr part;

    if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
        return true; /* a script: its interpreter will be asked by the kernel, mostly dynamic */
    for (unsigned i = 0; i < head.e_phnum; i++) {
        const off_t at = (off_t)(head.e_phoff + (uint64_t)i * sizeof(part));

        if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
            return true;
        if (part.p_type == PT_INTERP)
            return true;
    }
    return false;
}

/* The file that execvp() would run, open for reading; -1. */
static int open_program(const char *name)
{
    const char *path = getenv("PATH");
    char *folders;
    char *rest;
    int fd = -1;

    if (strchr(name, '/') != NULL)
        return open(name, O_RDONLY | O_CLOEXEC);
    folders = strdup(path ? path : "/bin:/usr/bin");
    for (char *folder = strtok_r(folders, ":", &rest); folder != NULL && fd < 0;
         folder = strtok_r(NULL, ":", &rest)) {
        char *file = NULL;

        if (asprintf(&file, "%s/%s", folder, name) >= 0 && access(file, X_OK) == 0)
            fd = open(file, O_RDONLY | O_CLOEXEC);
        free(file);
    }
    free(folders);
    return fd;
}

static enum cbit_status choose(struct run *run, struct host_exec_why *why)
{
    const struct host_exec *exec = run->exec;
    const int fd = open_program(exec->argv[0]);
    const bool dynamic = fd < 0 || is_dynamic(fd);

    if (fd >= 0)
        close(fd);
    run->notify = exec->via == HOST_EXEC_NOTIFY || (exec->via == HOST_EXEC_AUTO && !dynamic);
    if (!run->notify && !dynamic) {
        say(why, "%s: is statically linked, which a preload library cannot reach", exec->argv[0]);
        return CBIT_INVALID;
    }
    if (run->notify && !host_exec_notify_offered()) {
        say(why, "%s: needs seccomp user notification, which this kernel or build does not offer%s",
            exec->argv[0], dynamic ? "" : " (a preload library cannot reach a static program)");
        return CBIT_UNIMPLEMENTED;
    }
    if (!run->notify && exec->preload == NULL) {
        say(why, "libcbit-preload.so is not where it was installed");
        return CBIT_NOT_FOUND;
    }
    return CBIT_OK;
}

/* ---- the folder ---- */

static bool make_folder(struct run *run)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    char token[128];
    int fd;

    if (base == NULL || strlen(base) > 40 || access(base, W_OK) != 0)
        base = "/tmp";
    snprintf(run->dir, sizeof(run->dir), "%s/cbit-exec-XXXXXX", base);
    if (mkdtemp(run->dir) == NULL) {
        run->dir[0] = '\0';
        return false;
    }
    snprintf(token, sizeof(token), "%s/" WIRE_DEVSEV_TOKEN, run->dir);
    fd = open(token, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, WIRE_DEVSEV_MODE);
    return fd >= 0 && close(fd) == 0;
}

static void remove_folder(const struct run *run)
{
    static const char *const names[] = {WIRE_DEVSEV_TOKEN, WIRE_DEVSEV_SOCKET};
    char path[128];

    if (run->dir[0] == '\0')
        return;
    for (size_t i = 0; i < CB_ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", run->dir, names[i]);
        unlink(path);
    }
    rmdir(run->dir);
}

/* ---- the child ---- */

static bool set_environment(const struct run *run)
{
    const char *others = getenv("LD_PRELOAD");
    char *preload = NULL;
    bool ok = setenv(WIRE_DEVSEV_ENV, run->dir, 1) == 0;

    if (run->notify)
        return ok;
    if (asprintf(&preload, "%s%s%s", run->exec->preload, others ? ":" : "", others ? others : "") < 0)
        return false;
    ok = ok && setenv("LD_PRELOAD", preload, 1) == 0;
    free(preload);
    return ok;
}

static bool send_fd(int to, int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {{0}};
    struct iovec part = {(char[]){0}, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    return sendmsg(to, &message, 0) == 1;
}

static int receive_fd(int from)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    const struct cmsghdr *head;
    int fd = -1;

    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return fd;
}

/* After the filter is in, only system calls that it lets pass: it asks nobody about these. */
static _Noreturn void be_child(const struct run *run, int to_parent)
{
    char *const *argv = run->exec->argv;
    int code;

    sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
    if (!set_environment(run))
        _exit(126);
    if (run->notify) {
        const int fd = host_exec_notify_install();

        if (fd < 0 || !send_fd(to_parent, fd))
            _exit(126);
        close(fd);
    }
    close(to_parent);
    execvp(argv[0], argv);
    code = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "cbit exec: %s: %s\n", argv[0], strerror(errno));
    _exit(code);
}

static bool start_child(struct run *run)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    run->child = fork();
    if (run->child == 0)
        be_child(run, pair[1]);
    close(pair[1]);
    if (run->child > 0 && run->notify)
        run->notify_fd = receive_fd(pair[0]);
    close(pair[0]);
    return run->child > 0 && (!run->notify || run->notify_fd >= 0);
}

/* ---- serving ---- */

static bool open_signals(struct run *run)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGINT); /* the terminal sends it to the program, too; its answer counts */
    sigaddset(&mask, SIGQUIT);
    sigprocmask(SIG_BLOCK, &mask, &run->old_mask);
    run->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signals >= 0;
}

/* True: the program has ended with *code. */
static bool take_signal(const struct run *run, int *code)
{
    struct signalfd_siginfo info;
    int status;

    if (read(run->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
        kill(run->child, (int)info.ssi_signo);
    while (waitpid(run->child, &status, WNOHANG) == run->child) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            return true;
        }
    }
    return false;
}

static int serve(struct run *run)
{
    struct pollfd ask[] = {
        {.fd = run->signals, .events = POLLIN},
        {.fd = run->server ? host_exec_server_fd(run->server) : -1, .events = POLLIN},
        {.fd = run->notify_fd, .events = POLLIN},
    };
    int code = 0;

    for (;;) {
        if (poll(ask, CB_ARRAY_LEN(ask), -1) < 0)
            continue;
        if (ask[1].revents)
            host_exec_server_ready(run->server);
        if (ask[2].revents && !host_exec_notify_ready(run->notifier))
            ask[2].fd = -1;
        if (ask[0].revents && take_signal(run, &code))
            return code;
    }
}

static enum cbit_status run_child(struct run *run, int *exit_code, struct host_exec_why *why)
{
    if (!make_folder(run) || !open_signals(run)) {
        say(why, "%s: %s", run->dir[0] ? run->dir : "/tmp", strerror(errno));
        return CBIT_IO;
    }
    if (!run->notify && host_exec_server_new(run->dir, run->exec->firmware, &run->server)) {
        say(why, "%s: %s", run->dir, strerror(errno));
        return CBIT_IO;
    }
    if (!start_child(run)) {
        say(why, "%s: cannot be started: %s", run->exec->argv[0], strerror(errno));
        return CBIT_IO;
    }
    if (run->notify &&
        host_exec_notify_new(run->notify_fd, run->dir, run->exec->firmware, &run->notifier)) {
        say(why, "seccomp user notification failed");
        kill(run->child, SIGKILL);
        return CBIT_IO;
    }
    *exit_code = serve(run);
    return CBIT_OK;
}

enum cbit_status host_exec_run(const struct host_exec *exec, int *exit_code,
                               struct host_exec_why *why)
{
    struct run run = {.exec = exec, .signals = -1, .notify_fd = -1};
    enum cbit_status status = choose(&run, why);

    if (status == CBIT_OK)
        status = run_child(&run, exit_code, why);
    host_exec_server_free(run.server);
    host_exec_notify_free(run.notifier);
    if (run.notify_fd >= 0)
        close(run.notify_fd);
    if (run.signals >= 0) {
        close(run.signals);
        sigprocmask(SIG_SETMASK, &run.old_mask, NULL);
    }
    remove_folder(&run);
    return status;
}
