/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: connections, negotiation, dispatch, events.
 *
 * A connection owns a framer and a queue of bytes that its peer has not taken
 * yet.  A queue that grows beyond QUEUE_MAX ends the connection, so a peer that
 * asks and never reads costs bounded memory.  Commands are in commands.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "monitor/frame.h"
#include "monitor/qmp.h"

#define MAX_PEERS 4
#define QUEUE_MAX (4u << 20)

struct peer {
    struct mon *mon;
    int fd; /* -1: free */
    bool negotiated;
    bool doomed; /* close when the callback is over */
    char *queue;
    size_t queue_len;
    struct mon_frame frame;
};

struct mon {
    struct mon_config config;
    int listener;
    struct peer peer[MAX_PEERS];
};

const struct mon_config *mon_config_of(const struct mon *mon)
{
    return &mon->config;
}

/* ---- sending ---- */

static void peer_close(struct peer *peer)
{
    host_loop_unwatch(peer->mon->config.loop, peer->fd);
    close(peer->fd);
    free(peer->queue);
    *peer = (struct peer){.mon = peer->mon, .fd = -1};
}

static void peer_flush(struct peer *peer)
{
    while (peer->queue_len > 0) {
        const ssize_t n = write(peer->fd, peer->queue, peer->queue_len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            peer->doomed = peer->doomed || errno != EAGAIN;
            return;
        }
        peer->queue_len -= (size_t)n;
        memmove(peer->queue, peer->queue + n, peer->queue_len);
    }
}

static host_ready_fn peer_ready;

static void peer_watch(struct peer *peer)
{
    const short events = (short)(POLLIN | (peer->queue_len ? POLLOUT : 0));

    if (host_loop_watch(peer->mon->config.loop, peer->fd, events, peer_ready, peer))
        peer->doomed = true;
}

static bool peer_queue(struct peer *peer, const char *text, size_t len)
{
    if (peer->queue_len + len + 2 > QUEUE_MAX)
        return false;
    char *more = realloc(peer->queue, peer->queue_len + len + 2);

    if (!more)
        return false;
    peer->queue = more;
    memcpy(more + peer->queue_len, text, len);
    memcpy(more + peer->queue_len + len, "\r\n", 2);
    peer->queue_len += len + 2;
    return true;
}

/* Takes the message. */
static void peer_send(struct peer *peer, json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    if (!text || !peer_queue(peer, text, strlen(text)))
        peer->doomed = true;
    else
        peer_flush(peer);
    free(text);
    json_decref(message);
}

static void peer_error(struct peer *peer, json_t *id, const char *class_, const char *reason)
{
    json_t *message = json_pack("{s:{s:s, s:s+}}", "error", "class", class_ ? class_ : "GenericError",
                                "desc", reason, "");

    if (!message) /* the reason quotes bytes that are no UTF-8 */
        message = json_pack("{s:{s:s, s:s}}", "error", "class", "GenericError", "desc",
                            "ill-formed request");
    if (id && message)
        json_object_set(message, "id", id);
    peer_send(peer, message);
}

/* ---- one request ---- */

static const char *const request_members[] = {"execute", "arguments", "id"};

static bool members_known(json_t *request, struct mon_reply *reply)
{
    const char *name;
    json_t *value;

    json_object_foreach(request, name, value)
    {
        bool known = false;

        for (size_t i = 0; i < CB_ARRAY_LEN(request_members); i++)
            known = known || strcmp(name, request_members[i]) == 0;
        if (!known) {
            mon_refuse(reply, "QMP input member '%.100s' is unexpected", name);
            return false;
        }
    }
    return true;
}

/* The command that a request names, if this connection may run it now. */
static const struct mon_command *command_of(const struct peer *peer, json_t *request,
                                            struct mon_reply *reply)
{
    const char *name = json_string_value(json_object_get(request, "execute"));
    const struct mon_command *command = name ? mon_command_find(name) : NULL;

    if (!name) {
        mon_refuse(reply, "QMP input lacks member 'execute'");
        return NULL;
    }
    if (!peer->negotiated && strcmp(name, "qmp_capabilities") != 0) {
        reply->class_ = "CommandNotFound";
        mon_refuse(reply, "Expecting capabilities negotiation with 'qmp_capabilities'");
        return NULL;
    }
    if (!command || (peer->negotiated && strcmp(name, "qmp_capabilities") == 0)) {
        reply->class_ = "CommandNotFound";
        mon_refuse(reply, "The command %.100s has not been found", name);
        return NULL;
    }
    return command;
}

static void run_request(struct peer *peer, json_t *request, struct mon_reply *reply)
{
    json_t *given = json_object_get(request, "arguments");

    if (!members_known(request, reply))
        return;
    const struct mon_command *command = command_of(peer, request, reply);

    if (!command)
        return;
    if (given && !json_is_object(given)) {
        mon_refuse(reply, "QMP input member 'arguments' must be an object");
        return;
    }
    json_t *args = given ? json_incref(given) : json_object();

    if (mon_params_ok(command, args, reply)) {
        command->run(peer->mon, args, reply);
        peer->negotiated = true; /* only qmp_capabilities comes here before it is */
    }
    json_decref(args);
}

static void peer_request(struct peer *peer)
{
    struct mon_reply reply = {0};
    json_t *request = json_loadb(peer->frame.text, peer->frame.len, JSON_REJECT_DUPLICATES, NULL);

    if (!request) {
        peer_error(peer, NULL, NULL, "Invalid JSON syntax");
        return;
    }
    json_t *id = json_object_get(request, "id");

    run_request(peer, request, &reply);
    if (*reply.reason) {
        json_decref(reply.answer);
        peer_error(peer, id, reply.class_, reply.reason);
    } else {
        json_t *message = json_pack("{s:o}", "return", reply.answer ? reply.answer : json_object());

        if (id && message)
            json_object_set(message, "id", id);
        peer_send(peer, message);
    }
    json_decref(request);
}

static void peer_bytes(struct peer *peer, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !peer->doomed; i++) {
        switch (mon_frame_byte(&peer->frame, bytes[i])) {
        case MON_FRAME_MORE:
            break;
        case MON_FRAME_OBJECT:
            peer_request(peer);
            mon_frame_next(&peer->frame);
            break;
        case MON_FRAME_GARBAGE:
            peer_error(peer, NULL, NULL, "Invalid JSON syntax");
            peer->doomed = true; /* nothing tells where the next message starts */
            break;
        case MON_FRAME_LONG:
            peer_error(peer, NULL, NULL, "request too long");
            peer->doomed = true;
            break;
        }
    }
}

static void peer_ready(void *ctx, int fd, short revents)
{
    struct peer *peer = ctx;
    char bytes[4096];

    if (revents & POLLOUT)
        peer_flush(peer);
    if (revents & (POLLIN | POLLHUP | POLLERR)) {
        const ssize_t n = read(fd, bytes, sizeof bytes);

        if (n > 0)
            peer_bytes(peer, bytes, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            peer->doomed = true;
    }
    if (peer->doomed)
        peer_close(peer);
    else
        peer_watch(peer);
}

/* ---- connections ---- */

static json_t *greeting(void)
{
    return json_pack("{s:{s:{s:{s:i,s:i,s:i}, s:s}, s:[]}}", "QMP", "version", "qemu", "major", 0,
                     "minor", 1, "micro", 0, "package", "cbit " CBIT_VERSION_TEXT, "capabilities");
}

static void on_connect(void *ctx, int fd, short revents)
{
    struct mon *mon = ctx;
    const int s = host_accept(fd, &mon->config.addr);

    (void)revents;
    if (s < 0)
        return;
    for (size_t i = 0; i < MAX_PEERS; i++) {
        struct peer *peer = &mon->peer[i];

        if (peer->fd >= 0)
            continue;
        *peer = (struct peer){.mon = mon, .fd = s};
        peer_send(peer, greeting());
        peer_watch(peer);
        if (peer->doomed)
            peer_close(peer);
        return;
    }
    close(s);
}

enum cbit_status mon_new(const struct mon_config *config, struct mon **out)
{
    struct mon *mon = calloc(1, sizeof *mon);

    if (!mon)
        return CBIT_NO_MEMORY;
    mon->config = *config;
    for (size_t i = 0; i < MAX_PEERS; i++)
        mon->peer[i] = (struct peer){.mon = mon, .fd = -1};
    enum cbit_status status = host_listen(&config->addr, &mon->listener);

    if (!status)
        status = host_loop_watch(config->loop, mon->listener, POLLIN, on_connect, mon);
    if (status) {
        free(mon);
        return status;
    }
    *out = mon;
    return CBIT_OK;
}

void mon_free(struct mon *mon)
{
    if (!mon)
        return;
    for (size_t i = 0; i < MAX_PEERS; i++) {
        if (mon->peer[i].fd >= 0) {
            peer_flush(&mon->peer[i]);
            peer_close(&mon->peer[i]);
        }
    }
    host_loop_unwatch(mon->config.loop, mon->listener);
    host_listen_close(mon->listener, &mon->config.addr);
    free(mon);
}

/* ---- events ---- */

static json_t *event(const char *name)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return json_pack("{s:{s:I, s:I}, s:s}", "timestamp", "seconds", (json_int_t)now.tv_sec,
                     "microseconds", (json_int_t)now.tv_usec, "event", name);
}

static void tell_all(struct mon *mon, json_t *message)
{
    for (size_t i = 0; i < MAX_PEERS; i++) {
        struct peer *peer = &mon->peer[i];

        if (peer->fd >= 0 && peer->negotiated && !peer->doomed) {
            peer_send(peer, json_incref(message));
            if (!peer->doomed)
                peer_watch(peer);
        }
    }
    json_decref(message);
}

void mon_event(struct mon *mon, const char *name)
{
    if (mon)
        tell_all(mon, event(name));
}

void mon_event_shutdown(struct mon *mon, const char *reason, bool guest)
{
    if (!mon)
        return;
    json_t *message = event("SHUTDOWN");

    json_object_set_new(message, "data",
                        json_pack("{s:b, s:s}", "guest", (int)guest, "reason", reason));
    tell_all(mon, message);
}
