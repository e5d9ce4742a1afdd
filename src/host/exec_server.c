/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers the preload library: one SEQPACKET connection a thread, one request a
 * packet.  The kernel names the sender of each packet, so a forked process that
 * kept its parent's connection is still read and written in its own memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/exec.h"

struct host_exec_server {
    const struct host_devsev_firmware *firmware;
    int listener;
    int epoll;
};

/* ---- another process's memory ---- */

static bool user_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct host_exec_memory *memory = ctx;
    const struct iovec here = {to, len};
    const struct iovec there = {(void *)(uintptr_t)at, len};

    return process_vm_readv(memory->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool user_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    const struct host_exec_memory *memory = ctx;
    const struct iovec here = {(void *)(uintptr_t)from, len};
    const struct iovec there = {(void *)(uintptr_t)at, len};

    return process_vm_writev(memory->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

struct host_devsev_user host_exec_user(struct host_exec_memory *memory)
{
    return (struct host_devsev_user){memory, user_read, user_write};
}

/* ---- connections ---- */

static bool watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void take_connection(const struct host_exec_server *server)
{
    const int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    const int on = 1;

    if (fd < 0)
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0 || !watch(server->epoll, fd))
        close(fd);
}

/* The next request of a connection and who sent it; false: it is over. */
static bool receive(int fd, struct wire_devsev_request *request, struct ucred *sender)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {request, sizeof(*request)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    const struct cmsghdr *head;

    const ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

    if (n != (ssize_t)sizeof(*request)) {
        errno = n < 0 ? errno : ECONNRESET;
        return false;
    }
    head = CMSG_FIRSTHDR(&message);
    if (head == NULL || head->cmsg_type != SCM_CREDENTIALS) {
        errno = EPROTO;
        return false;
    }
    memcpy(sender, CMSG_DATA(head), sizeof(*sender));
    errno = EACCES;
    return sender->uid == geteuid() || geteuid() == 0;
}

/*
 * A program that asks once mostly asks again: looking for some 50 microseconds
 * spares both sides the way through the scheduler.
 */
#define LOOKS 150
#define TURN  64 /* requests of one connection before the others are looked at */

/* False: the connection is over.  *asked: there was a request. */
static bool answer(const struct host_exec_server *server, int fd, bool *asked)
{
    struct wire_devsev_request request;
    struct wire_devsev_reply reply;
    struct host_exec_memory memory;
    struct host_devsev_user user;
    struct ucred sender;

    *asked = receive(fd, &request, &sender);
    if (!*asked)
        return errno == EAGAIN;
    memory.pid = sender.pid;
    user = host_exec_user(&memory);
    reply.result = host_devsev_ioctl(server->firmware, &user, request.writable != 0,
                                     request.request, request.arg);
    return send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) == (ssize_t)sizeof(reply);
}

static bool answer_all(const struct host_exec_server *server, int fd)
{
    unsigned done = 0;

    for (unsigned idle = 0; idle < LOOKS && done < TURN; idle++) {
        bool asked;

        if (!answer(server, fd, &asked))
            return false;
        if (asked) {
            idle = 0;
            done++;
        }
    }
    return true;
}

void host_exec_server_ready(struct host_exec_server *server)
{
    struct epoll_event events[16];
    const int n = epoll_wait(server->epoll, events, CB_ARRAY_LEN(events), 0);

    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == server->listener)
            take_connection(server);
        else if (!answer_all(server, events[i].data.fd))
            close(events[i].data.fd); /* which takes it out of the epoll, too */
    }
}

static int listen_in(const char *dir)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/" WIRE_DEVSEV_SOCKET, dir) >=
        (int)sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 128) == 0)
        return fd;
    close(fd);
    return -1;
}

enum cbit_status host_exec_server_new(const char *dir, const struct host_devsev_firmware *firmware,
                                      struct host_exec_server **out)
{
    struct host_exec_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return CBIT_NO_MEMORY;
    server->firmware = firmware;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->listener = listen_in(dir);
    *out = server;
    if (server->epoll >= 0 && server->listener >= 0 && watch(server->epoll, server->listener))
        return CBIT_OK;
    host_exec_server_free(server);
    return CBIT_IO;
}

int host_exec_server_fd(const struct host_exec_server *server)
{
    return server->epoll;
}

void host_exec_server_free(struct host_exec_server *server)
{
    if (server == NULL)
        return;
    close(server->listener);
    close(server->epoll);
    free(server);
}
