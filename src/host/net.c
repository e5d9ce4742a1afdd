/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User-mode network by libslirp: the guest's frames become ordinary sockets of this
 * process.  Frames for the guest wait in a queue until somebody takes them, because
 * libslirp answers from within host_net_send, when the guest's card is busy sending.
 * A full queue drops, as a wire does.
 */
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define QUEUE 128u

struct frame {
    size_t len;
    uint8_t bytes[HOST_NET_FRAME_MAX];
};

struct host_net {
    Slirp *slirp;
    struct host_loop *loop;
    struct pollfd *fds; /* during one poll: where slirp_pollfds_fill puts its own */
    size_t n_fds, max_fds;
    size_t first, n_frames;
    struct frame frame[QUEUE];
};

struct timer {
    SlirpTimerCb fn;
    void *ctx;
};

/* ---- what libslirp calls ---- */

static ssize_t to_guest(const void *bytes, size_t len, void *opaque)
{
    struct host_net *net = opaque;
    struct frame *frame = &net->frame[(net->first + net->n_frames) % QUEUE];

    if (net->n_frames == QUEUE || len > sizeof frame->bytes)
        return (ssize_t)len;
    memcpy(frame->bytes, bytes, len);
    frame->len = len;
    net->n_frames++;
    return (ssize_t)len;
}

static void guest_error(const char *text, void *opaque)
{
    (void)text;
    (void)opaque;
}

static int64_t clock_ns(void *opaque)
{
    (void)opaque;
    return (int64_t)host_now_ns();
}

/* IPv6 router advertisements are libslirp's only use of timers, and IPv6 is off. */
static void *timer_new(SlirpTimerCb fn, void *ctx, void *opaque)
{
    struct timer *timer = malloc(sizeof *timer);

    (void)opaque;
    if (timer)
        *timer = (struct timer){fn, ctx};
    return timer;
}

static void timer_free(void *timer, void *opaque)
{
    (void)opaque;
    free(timer);
}

static void timer_mod(void *timer, int64_t at_ms, void *opaque)
{
    (void)timer;
    (void)at_ms;
    (void)opaque;
}

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void ignore(void *opaque)
{
    (void)opaque;
}

static const SlirpCb callbacks = {
    .send_packet = to_guest,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = ignore,
};

/* ---- its sockets in our poll ---- */

static const struct {
    int slirp;
    short poll;
} events[] = {{SLIRP_POLL_IN, POLLIN},
              {SLIRP_POLL_OUT, POLLOUT},
              {SLIRP_POLL_PRI, POLLPRI},
              {SLIRP_POLL_ERR, POLLERR},
              {SLIRP_POLL_HUP, POLLHUP}};

static int add_poll(int fd, int wanted, void *opaque)
{
    struct host_net *net = opaque;
    struct pollfd *at = &net->fds[net->n_fds];

    if (net->n_fds == net->max_fds)
        return -1;
    *at = (struct pollfd){.fd = fd};
    for (size_t i = 0; i < CB_ARRAY_LEN(events); i++) {
        if (wanted & events[i].slirp)
            at->events = (short)(at->events | events[i].poll);
    }
    return (int)net->n_fds++;
}

static int get_events(int index, void *opaque)
{
    const struct host_net *net = opaque;
    int got = 0;

    if (index < 0 || (size_t)index >= net->n_fds)
        return 0;
    for (size_t i = 0; i < CB_ARRAY_LEN(events); i++) {
        if (net->fds[index].revents & events[i].poll)
            got |= events[i].slirp;
    }
    return got;
}

static size_t before_poll(void *ctx, struct pollfd *fds, size_t max, uint64_t *timeout_ns)
{
    struct host_net *net = ctx;
    uint32_t ms = *timeout_ns / 1000000 < UINT32_MAX ? (uint32_t)(*timeout_ns / 1000000) : UINT32_MAX;
    const uint32_t asked = ms;

    net->fds = fds;
    net->max_fds = max;
    net->n_fds = 0;
    slirp_pollfds_fill(net->slirp, &ms, add_poll, net);
    if (ms < asked)
        *timeout_ns = (uint64_t)ms * 1000000;
    return net->n_fds;
}

static void after_poll(void *ctx, struct pollfd *fds)
{
    struct host_net *net = ctx;

    net->fds = fds;
    slirp_pollfds_poll(net->slirp, 0, get_events, net);
    net->n_fds = 0;
}

/* ---- life ---- */

static struct in_addr address(uint32_t v)
{
    return (struct in_addr){.s_addr = htonl(v)};
}

enum cbit_status host_net_new(struct host_loop *loop, struct host_net **out)
{
    const SlirpConfig config = {
        .version = 1,
        .in_enabled = true,
        .vnetwork = address(0x0a000200),
        .vnetmask = address(0xffffff00),
        .vhost = address(0x0a000202),
        .vdhcp_start = address(0x0a00020f),
        .vnameserver = address(0x0a000203),
        .vhostname = "cbit",
    };
    struct host_net *net = calloc(1, sizeof *net);

    if (!net)
        return CBIT_NO_MEMORY;
    net->loop = loop;
    net->slirp = slirp_new(&config, &callbacks, net);
    if (!net->slirp) {
        free(net);
        return CBIT_IO;
    }
    host_loop_hook(loop, &(struct host_hook){before_poll, after_poll, net});
    *out = net;
    return CBIT_OK;
}

void host_net_free(struct host_net *net)
{
    if (!net)
        return;
    host_loop_hook(net->loop, &(struct host_hook){0});
    slirp_cleanup(net->slirp);
    free(net);
}

void host_net_send(struct host_net *net, const void *frame, size_t len)
{
    if (len <= INT32_MAX)
        slirp_input(net->slirp, frame, (int)len);
}

const void *host_net_next(const struct host_net *net, size_t *len)
{
    if (net->n_frames == 0)
        return NULL;
    *len = net->frame[net->first].len;
    return net->frame[net->first].bytes;
}

void host_net_taken(struct host_net *net)
{
    CBIT_ASSERT(net->n_frames > 0);
    net->first = (net->first + 1) % QUEUE;
    net->n_frames--;
}
