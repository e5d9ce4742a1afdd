/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit-preload.so: puts /dev/sev into a dynamically linked program.
 *
 * Opening /dev/sev opens a token file instead: a real descriptor, so that dup,
 * fork, exec, close and descriptor passing mean what they always mean.  An ioctl
 * on a descriptor of the token goes to the process of `cbit exec` over a socket,
 * one connection a thread; that process reads and writes the caller's memory.
 *
 * This is the one place with mutable variables of file scope: an interposer
 * has no context to hang them on.  They are set once, by the constructor, or
 * belong to a thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/devsev.h"

#define HIGH_FD 700 /* out of the way of programs that count descriptors */
#define EXPORT  __attribute__((visibility("default")))

static struct {
    bool on;
    char token[PATH_MAX];
    struct sockaddr_un socket;
    dev_t dev;
    ino_t ino;
} service;

/* The thread's connection; ino tells whether the program closed it and reused the number. */
static _Thread_local struct {
    int fd;
    pid_t pid;
    ino_t ino;
} connection = {-1, 0, 0};

static int real_openat(int dir, const char *path, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

__attribute__((constructor)) static void find_service(void)
{
    const char *dir = getenv(WIRE_DEVSEV_ENV);
    struct stat st;

    if (dir == NULL)
        return;
    service.socket.sun_family = AF_UNIX;
    if (snprintf(service.token, sizeof(service.token), "%s/" WIRE_DEVSEV_TOKEN, dir) >=
            (int)sizeof(service.token) ||
        snprintf(service.socket.sun_path, sizeof(service.socket.sun_path),
                 "%s/" WIRE_DEVSEV_SOCKET, dir) >= (int)sizeof(service.socket.sun_path) ||
        syscall(SYS_newfstatat, AT_FDCWD, service.token, &st, 0) != 0)
        return;
    service.dev = st.st_dev;
    service.ino = st.st_ino;
    service.on = true;
}

/* ---- is it our device? ---- */

static bool is_dev(int dir)
{
    char link[64];
    char target[8];
    ssize_t n;

    if (dir == AT_FDCWD)
        snprintf(link, sizeof(link), "/proc/self/cwd");
    else
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
    n = readlink(link, target, sizeof(target));
    return n == 4 && memcmp(target, "/dev", 4) == 0;
}

/* "/dev/sev", slashes and dots doubled or not; "sev" below an open /dev. */
static bool is_device(int dir, const char *path)
{
    const char *at = path;

    if (!service.on || path == NULL)
        return false;
    if (*at != '/')
        return strcmp(at, "sev") == 0 && is_dev(dir);
    at += strspn(at, "/");
    if (strncmp(at, "dev/", 4) != 0)
        return false;
    at += 4;
    for (;;) {
        at += strspn(at, "/");
        if (strncmp(at, "./", 2) != 0)
            break;
        at += 2;
    }
    return strcmp(at, "sev") == 0;
}

static bool is_token(const struct stat *st)
{
    return st->st_dev == service.dev && st->st_ino == service.ino;
}

static bool is_token_fd(int fd)
{
    const int saved = errno;
    struct stat st;
    const bool yes =
        service.on && syscall(SYS_fstat, fd, &st) == 0 && is_token(&st);

    errno = saved;
    return yes;
}

/* ---- ioctl ---- */

static int connect_service(void)
{
    const int low = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct stat st;
    int fd;

    if (low < 0)
        return -1;
    fd = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
    if (fd < 0)
        fd = low;
    else
        syscall(SYS_close, low);
    if (connect(fd, (const struct sockaddr *)&service.socket, sizeof(service.socket)) != 0 ||
        syscall(SYS_fstat, fd, &st) != 0) {
        syscall(SYS_close, fd);
        return -1;
    }
    connection.fd = fd;
    connection.pid = getpid();
    connection.ino = st.st_ino;
    return fd;
}

static int connected(void)
{
    struct stat st;

    if (connection.fd >= 0 && connection.pid == getpid() &&
        syscall(SYS_fstat, connection.fd, &st) == 0 && st.st_ino == connection.ino)
        return connection.fd;
    return connect_service();
}

static int ask_service(int fd, unsigned long request, void *arg)
{
    const int flags = fcntl(fd, F_GETFL);
    const struct wire_devsev_request ask = {request, (uintptr_t)arg,
                                            (flags & O_ACCMODE) != O_RDONLY, 0};
    struct wire_devsev_reply reply;
    const int to = connected();
    ssize_t n;

    if (to < 0 || send(to, &ask, sizeof(ask), MSG_NOSIGNAL) != (ssize_t)sizeof(ask)) {
        errno = ENODEV;
        return -1;
    }
    do
        n = recv(to, &reply, sizeof(reply), 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(reply)) {
        errno = ENODEV;
        return -1;
    }
    if (reply.result < 0) {
        errno = -reply.result;
        return -1;
    }
    return 0;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *arg;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    if (is_token_fd(fd))
        return ask_service(fd, request, arg);
    return (int)syscall(SYS_ioctl, fd, request, arg);
}

/* ---- open ---- */

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
    if (is_device(dir, path))
        return real_openat(AT_FDCWD, service.token, flags & (O_ACCMODE | O_CLOEXEC | O_NONBLOCK),
                           0);
    return real_openat(dir, path, flags, mode);
}

#define WITH_MODE(flags, mode)                                     \
    do {                                                           \
        if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
            va_list args_;                                         \
            va_start(args_, flags);                                \
            mode = va_arg(args_, mode_t);                          \
            va_end(args_);                                         \
        }                                                          \
    } while (0)

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    WITH_MODE(flags, mode);
    return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;

    WITH_MODE(flags, mode);
    return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode = 0;

    WITH_MODE(flags, mode);
    return open_any(dir, path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    mode_t mode = 0;

    WITH_MODE(flags, mode);
    return open_any(dir, path, flags, mode);
}

/* What open() becomes under _FORTIFY_SOURCE when there is no mode. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __openat_2(int dir, const char *path, int flags);
EXPORT int __openat64_2(int dir, const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir, const char *path, int flags)
{
    return open_any(dir, path, flags, 0);
}

int __openat64_2(int dir, const char *path, int flags)
{
    return open_any(dir, path, flags, 0);
}

/* The C library's own fopen() does not pass through open(). */
static FILE *fopen_any(const char *name, const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *);
    void *symbol;

    if (is_device(AT_FDCWD, path))
        path = service.token;
    symbol = dlsym(RTLD_NEXT, name);
    memcpy(&next, &symbol, sizeof(next));
    return next(path, mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    return fopen_any("fopen", path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
    return fopen_any("fopen64", path, mode);
}

/* ---- stat, access ---- */

static void make_device(struct stat *st)
{
    st->st_mode = S_IFCHR | WIRE_DEVSEV_MODE;
    st->st_rdev = makedev(WIRE_DEVSEV_MAJOR, WIRE_DEVSEV_MINOR);
    st->st_size = 0;
    st->st_blocks = 0;
}

static int stat_any(int dir, const char *path, struct stat *st, int flags)
{
    int result;

    if (is_device(dir, path)) {
        dir = AT_FDCWD;
        path = service.token;
    }
    result = (int)syscall(SYS_newfstatat, dir, path, st, flags);
    if (result == 0 && service.on && is_token(st))
        make_device(st);
    return result;
}

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout serves both");

#define STAT64(st) ((struct stat *)(void *)(st))

EXPORT int stat(const char *restrict path, struct stat *restrict st)
{
    return stat_any(AT_FDCWD, path, st, 0);
}

EXPORT int stat64(const char *restrict path, struct stat64 *restrict st)
{
    return stat_any(AT_FDCWD, path, STAT64(st), 0);
}

EXPORT int lstat(const char *restrict path, struct stat *restrict st)
{
    return stat_any(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int lstat64(const char *restrict path, struct stat64 *restrict st)
{
    return stat_any(AT_FDCWD, path, STAT64(st), AT_SYMLINK_NOFOLLOW);
}

EXPORT int fstat(int fd, struct stat *st)
{
    return stat_any(fd, "", st, AT_EMPTY_PATH);
}

EXPORT int fstat64(int fd, struct stat64 *st)
{
    return stat_any(fd, "", STAT64(st), AT_EMPTY_PATH);
}

EXPORT int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags)
{
    return stat_any(dir, path, st, flags);
}

EXPORT int fstatat64(int dir, const char *restrict path, struct stat64 *restrict st, int flags)
{
    return stat_any(dir, path, STAT64(st), flags);
}

EXPORT int statx(int dir, const char *restrict path, int flags, unsigned mask,
                 struct statx *restrict st)
{
    int result;

    if (is_device(dir, path)) {
        dir = AT_FDCWD;
        path = service.token;
    }
    result = (int)syscall(SYS_statx, dir, path, flags, mask | STATX_INO | STATX_TYPE, st);
    if (result == 0 && service.on && st->stx_ino == service.ino &&
        makedev(st->stx_dev_major, st->stx_dev_minor) == service.dev) {
        st->stx_mode = S_IFCHR | WIRE_DEVSEV_MODE;
        st->stx_rdev_major = WIRE_DEVSEV_MAJOR;
        st->stx_rdev_minor = WIRE_DEVSEV_MINOR;
        st->stx_size = 0;
        st->stx_blocks = 0;
    }
    return result;
}

static int access_any(int dir, const char *path, int mode, int flags)
{
    if (is_device(dir, path)) {
        dir = AT_FDCWD;
        path = service.token;
    }
    if (flags == 0)
        return (int)syscall(SYS_faccessat, dir, path, mode);
    return (int)syscall(SYS_faccessat2, dir, path, mode, flags);
}

EXPORT int access(const char *path, int mode)
{
    return access_any(AT_FDCWD, path, mode, 0);
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
    return access_any(dir, path, mode, flags);
}

EXPORT int euidaccess(const char *path, int mode)
{
    return access_any(AT_FDCWD, path, mode, AT_EACCESS);
}

EXPORT int eaccess(const char *path, int mode)
{
    return access_any(AT_FDCWD, path, mode, AT_EACCESS);
}
