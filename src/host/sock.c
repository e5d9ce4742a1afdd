/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the control surfaces.  A unix socket is guarded twice: its folder
 * is private, and the peer's user id is compared on every connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/host.h"

_Static_assert(sizeof((struct host_addr *)0)->path <= sizeof((struct sockaddr_un *)0)->sun_path,
               "every unix path that parses fits");

static bool parse_port(const char *text, uint16_t *port)
{
    char *end;
    const unsigned long v = strtoul(text, &end, 10);

    if (end == text || *end || v == 0 || v > 65535 || text[0] == '-' || text[0] == '+')
        return false;
    *port = (uint16_t)v;
    return true;
}

static bool copy_text(char *to, size_t room, const char *from, size_t len)
{
    if (len == 0 || len >= room)
        return false;
    memcpy(to, from, len);
    to[len] = 0;
    return true;
}

static bool parse_tcp(const char *text, struct host_addr *out)
{
    const char *colon = strrchr(text, ':');
    struct in_addr unused;

    out->kind = HOST_SOCK_TCP;
    if (!colon) {
        memcpy(out->host, "127.0.0.1", 10);
        return parse_port(text, &out->port);
    }
    return copy_text(out->host, sizeof out->host, text, (size_t)(colon - text)) &&
           inet_pton(AF_INET, out->host, &unused) == 1 && parse_port(colon + 1, &out->port);
}

enum cbit_status host_addr_parse(const char *text, struct host_addr *out)
{
    *out = (struct host_addr){0};
    if (strncmp(text, "tcp:", 4) == 0)
        return parse_tcp(text + 4, out) ? CBIT_OK : CBIT_INVALID;
    if (strncmp(text, "unix:", 5) == 0)
        text += 5;
    out->kind = HOST_SOCK_UNIX;
    return copy_text(out->path, sizeof out->path, text, strlen(text)) ? CBIT_OK : CBIT_INVALID;
}

static struct sockaddr_un unix_address(const struct host_addr *addr)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};

    memcpy(sun.sun_path, addr->path, strlen(addr->path) + 1);
    return sun;
}

static struct sockaddr_in tcp_address(const struct host_addr *addr)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(addr->port)};

    inet_pton(AF_INET, addr->host, &sin.sin_addr);
    return sin;
}

/* The two address types meet the socket calls here alone. */
static int call_with(const struct host_addr *addr, int fd,
                     int (*fn)(int, const struct sockaddr *, socklen_t))
{
    if (addr->kind == HOST_SOCK_UNIX) {
        const struct sockaddr_un sun = unix_address(addr);

        return fn(fd, (const struct sockaddr *)(const void *)&sun, sizeof sun);
    }
    const struct sockaddr_in sin = tcp_address(addr);

    return fn(fd, (const struct sockaddr *)(const void *)&sin, sizeof sin);
}

static int new_socket(const struct host_addr *addr)
{
    return socket(addr->kind == HOST_SOCK_UNIX ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int bind_fn(int fd, const struct sockaddr *sa, socklen_t len)
{
    return bind(fd, sa, len);
}

static int connect_fn(int fd, const struct sockaddr *sa, socklen_t len)
{
    return connect(fd, sa, len);
}

enum cbit_status host_connect(const struct host_addr *addr, int *fd)
{
    const int s = new_socket(addr);

    if (s < 0)
        return CBIT_IO;
    if (call_with(addr, s, connect_fn)) {
        const int keep = errno;

        close(s);
        errno = keep;
        return CBIT_IO;
    }
    *fd = s;
    return CBIT_OK;
}

/* Private folder: made if missing; ours and closed to other writers if not. */
static enum cbit_status check_folder(const char *path)
{
    char copy[sizeof((struct host_addr *)0)->path];
    struct stat st;

    memcpy(copy, path, strlen(path) + 1);
    const char *folder = dirname(copy);
    const enum cbit_status made = host_folder_make(folder);

    if (made)
        return made;
    if (stat(folder, &st))
        return CBIT_IO;
    const bool sticky_or_private = !(st.st_mode & 022) || (st.st_mode & S_ISVTX);

    if ((st.st_uid != geteuid() && st.st_uid != 0) || !sticky_or_private)
        return CBIT_DENIED;
    return CBIT_OK;
}

static enum cbit_status clear_stale(const struct host_addr *addr)
{
    struct stat st;
    int fd;

    if (lstat(addr->path, &st))
        return errno == ENOENT ? CBIT_OK : CBIT_IO;
    if (!S_ISSOCK(st.st_mode))
        return CBIT_BUSY; /* a file that we did not make is nobody's to remove */
    if (host_connect(addr, &fd) == CBIT_OK) {
        close(fd);
        return CBIT_BUSY;
    }
    return unlink(addr->path) ? CBIT_IO : CBIT_OK;
}

static enum cbit_status prepare_path(const struct host_addr *addr)
{
    const enum cbit_status folder = check_folder(addr->path);

    return folder ? folder : clear_stale(addr);
}

enum cbit_status host_listen(const struct host_addr *addr, int *fd)
{
    const int one = 1;

    if (addr->kind == HOST_SOCK_UNIX) {
        const enum cbit_status ready = prepare_path(addr);

        if (ready)
            return ready;
    }
    const int s = new_socket(addr);

    if (s < 0)
        return CBIT_IO;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const mode_t before = umask(0177);
    const bool failed = call_with(addr, s, bind_fn) || listen(s, 4);
    const int keep = errno;

    umask(before);
    if (failed) {
        close(s);
        errno = keep;
        return CBIT_IO;
    }
    *fd = s;
    return CBIT_OK;
}

static bool peer_is_us(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

int host_accept(int listener, const struct host_addr *addr)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0 && addr->kind == HOST_SOCK_UNIX && !peer_is_us(fd)) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    return fd;
}

void host_listen_close(int fd, const struct host_addr *addr)
{
    if (fd < 0)
        return;
    close(fd);
    if (addr->kind == HOST_SOCK_UNIX)
        unlink(addr->path);
}
