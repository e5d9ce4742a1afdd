/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel; see ctrl.h.  A connection that breaks the protocol is
 * closed; it cannot hold up the others for longer than one frame takes to read.
 */
#include "host/ctrl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64
#define FRAME_TIMEOUT_MS 5000

struct service {
    const struct host_ctrl_server *server;
    struct pollfd poll[2 + MAX_CONNECTIONS]; /* signals, listener, connections */
    unsigned n;                              /* connections */
    uint8_t *in, *out;                       /* WIRE_CTRL_HEAD + WIRE_CTRL_MAX each */
    int passed;                              /* a descriptor that came with the frame; -1 */
    bool ended;
};

/* ---- bytes ---- */

static bool wait_readable(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLIN};

    return poll(&ask, 1, FRAME_TIMEOUT_MS) == 1;
}

/* Reads all of len; a descriptor that comes along goes to *passed (may be NULL). */
static bool read_all(int fd, uint8_t *to, size_t len, int *passed)
{
    while (len > 0) {
        union {
            struct cmsghdr head;
            char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec part = {to, len};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                                 .msg_controllen = passed ? sizeof(control) : 0};
        const struct cmsghdr *head;
        ssize_t n;

        if (!wait_readable(fd))
            return false;
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        head = passed ? CMSG_FIRSTHDR(&message) : NULL;
        if (head != NULL && head->cmsg_type == SCM_RIGHTS)
            memcpy(passed, CMSG_DATA(head), sizeof(*passed));
        to += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_all(int fd, const uint8_t *from, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(fd, from, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        len -= (size_t)n;
    }
    return true;
}

/* ---- the service ---- */

/* A peer that does not take its answers is dropped, as one is that stops midway in a frame. */
static bool add_connection(struct service *s, int fd)
{
    const struct timeval limit = {.tv_sec = FRAME_TIMEOUT_MS / 1000};

    if (s->n == MAX_CONNECTIONS ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0) {
        close(fd);
        return false;
    }
    s->poll[2 + s->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return true;
}

static void drop_connection(struct service *s, unsigned i)
{
    close(s->poll[2 + i].fd);
    s->poll[2 + i] = s->poll[2 + --s->n];
}

static enum cbit_status pass_fd(struct service *s)
{
    const int fd = s->passed;

    s->passed = -1;
    if (fd < 0)
        return CBIT_INVALID;
    return add_connection(s, fd) ? CBIT_OK : CBIT_BUSY;
}

static enum cbit_status handle(struct service *s, uint32_t code, size_t len, size_t *reply_len)
{
    const struct host_ctrl_ops *ops = s->server->ops;

    if (code == WIRE_CTRL_PASS_FD)
        return pass_fd(s);
    if (code == WIRE_CTRL_SHUTDOWN) {
        s->ended = true;
        return CBIT_OK;
    }
    return ops->handle(ops->ctx, code, s->in, len, s->out + WIRE_CTRL_HEAD, reply_len);
}

/* One frame of a connection; false: the connection is over. */
static bool serve_frame(struct service *s, int fd)
{
    uint8_t head[WIRE_CTRL_HEAD];
    enum cbit_status result;
    size_t reply_len = 0;
    uint32_t len;
    bool sent;

    if (!read_all(fd, head, sizeof(head), &s->passed))
        return false;
    len = cb_load_be32(head + 4);
    if (len > WIRE_CTRL_MAX || !read_all(fd, s->in, len, NULL))
        return false;
    result = handle(s, cb_load_be32(head), len, &reply_len);
    if (result != CBIT_OK)
        reply_len = 0;
    CBIT_ASSERT(reply_len <= WIRE_CTRL_MAX);
    cb_store_be32(s->out, (uint32_t)result);
    cb_store_be32(s->out + 4, (uint32_t)reply_len);
    sent = send_all(fd, s->out, WIRE_CTRL_HEAD + reply_len);
    cb_wipe(s->in, len);
    cb_wipe(s->out, WIRE_CTRL_HEAD + reply_len);
    return sent;
}

static void serve_connections(struct service *s)
{
    for (unsigned i = 0; i < s->n;) {
        const int fd = s->poll[2 + i].fd;
        const bool ready = s->poll[2 + i].revents != 0;

        s->poll[2 + i].revents = 0;
        if (ready && !serve_frame(s, fd))
            drop_connection(s, i);
        else
            i++;
        if (s->passed >= 0)
            close(s->passed);
        s->passed = -1;
    }
}

static void loop(struct service *s)
{
    bool had_one = s->n > 0;

    while (!s->ended) {
        if (poll(s->poll, 2 + s->n, -1) < 0)
            continue;
        if (s->poll[0].revents)
            return;
        serve_connections(s);
        if (s->poll[1].revents) {
            const struct host_addr any = {.kind = HOST_SOCK_UNIX};
            const int fd = host_accept(s->server->listener, &any);

            had_one |= fd >= 0 && add_connection(s, fd);
        }
        if (s->server->terminate && had_one && s->n == 0)
            return;
    }
}

enum cbit_status host_ctrl_serve(const struct host_ctrl_server *server)
{
    struct service s = {.server = server, .passed = -1};
    const int signals = host_signals_open();
    enum cbit_status status = signals < 0 ? CBIT_IO : CBIT_NO_MEMORY;

    s.in = malloc(WIRE_CTRL_MAX);
    s.out = malloc(WIRE_CTRL_HEAD + WIRE_CTRL_MAX);
    s.poll[0] = (struct pollfd){.fd = signals, .events = POLLIN};
    s.poll[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    if (server->first >= 0)
        add_connection(&s, server->first);
    if (signals >= 0 && s.in != NULL && s.out != NULL) {
        loop(&s);
        status = CBIT_OK;
    }
    while (s.n > 0)
        drop_connection(&s, 0);
    free(s.in);
    free(s.out);
    if (signals >= 0)
        host_signals_close(signals);
    return status;
}

/* ---- the client ---- */

enum cbit_status host_ctrl_ask(int fd, uint32_t code, const void *payload, size_t len,
                               struct host_bytes *reply)
{
    uint8_t head[WIRE_CTRL_HEAD];
    enum cbit_status result;

    *reply = (struct host_bytes){0};
    cb_store_be32(head, code);
    cb_store_be32(head + 4, (uint32_t)len);
    if (len > WIRE_CTRL_MAX || !send_all(fd, head, sizeof(head)) || !send_all(fd, payload, len) ||
        !read_all(fd, head, sizeof(head), NULL))
        return CBIT_IO;
    result = (enum cbit_status)cb_load_be32(head);
    reply->len = cb_load_be32(head + 4);
    if (reply->len > WIRE_CTRL_MAX)
        return CBIT_CORRUPT;
    reply->data = malloc(reply->len + 1);
    if (reply->data == NULL)
        return CBIT_NO_MEMORY;
    reply->data[reply->len] = 0;
    return read_all(fd, reply->data, reply->len, NULL) ? result : CBIT_IO;
}
