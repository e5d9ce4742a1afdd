/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A poll loop for one thread.  The machine runs between two looks at it, so it
 * must cost little when nothing is ready; there are few descriptors, hence an
 * array and poll().
 *
 * Callbacks may watch and unwatch: entries are only marked free, and a callback
 * is called only while its entry still is what poll() was asked about.
 */
#include <poll.h>
#include <stdlib.h>

#include "host/host.h"

#define MAX_WATCHES 32
#define MAX_HOOKED 256 /* descriptors of the hook */

struct watch {
    int fd; /* -1: free */
    short events;
    host_ready_fn *fn;
    void *ctx;
};

struct host_loop {
    struct watch watch[MAX_WATCHES];
    struct host_hook hook;
};

enum cbit_status host_loop_new(struct host_loop **out)
{
    struct host_loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return CBIT_NO_MEMORY;
    for (size_t i = 0; i < MAX_WATCHES; i++)
        loop->watch[i].fd = -1;
    *out = loop;
    return CBIT_OK;
}

void host_loop_free(struct host_loop *loop)
{
    free(loop);
}

static struct watch *find(struct host_loop *loop, int fd)
{
    for (size_t i = 0; i < MAX_WATCHES; i++) {
        if (loop->watch[i].fd == fd)
            return &loop->watch[i];
    }
    return NULL;
}

enum cbit_status host_loop_watch(struct host_loop *loop, int fd, short events, host_ready_fn *fn,
                                 void *ctx)
{
    struct watch *watch = find(loop, fd);

    if (!watch)
        watch = find(loop, -1);
    if (!watch)
        return CBIT_RANGE;
    *watch = (struct watch){.fd = fd, .events = events, .fn = fn, .ctx = ctx};
    return CBIT_OK;
}

void host_loop_unwatch(struct host_loop *loop, int fd)
{
    struct watch *watch = fd >= 0 ? find(loop, fd) : NULL;

    if (watch)
        *watch = (struct watch){.fd = -1};
}

void host_loop_hook(struct host_loop *loop, const struct host_hook *hook)
{
    loop->hook = *hook;
}

static bool poll_all(struct host_loop *loop, struct pollfd *ask, uint64_t timeout_ns)
{
    size_t n = MAX_WATCHES;

    if (loop->hook.before)
        n += loop->hook.before(loop->hook.ctx, ask + n, MAX_HOOKED, &timeout_ns);
    const struct timespec limit = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                                   .tv_nsec = (long)(timeout_ns % 1000000000u)};
    const int ready = ppoll(ask, n, &limit, NULL);

    if (loop->hook.after && ready >= 0)
        loop->hook.after(loop->hook.ctx, ask + MAX_WATCHES);
    return ready > 0;
}

bool host_loop_wait(struct host_loop *loop, uint64_t timeout_ns)
{
    struct pollfd ask[MAX_WATCHES + MAX_HOOKED];

    for (size_t i = 0; i < MAX_WATCHES; i++)
        ask[i] = (struct pollfd){.fd = loop->watch[i].fd, .events = loop->watch[i].events};
    if (!poll_all(loop, ask, timeout_ns))
        return false;
    for (size_t i = 0; i < MAX_WATCHES; i++) {
        const struct watch now = loop->watch[i];

        if (ask[i].revents && now.fd >= 0 && now.fd == ask[i].fd)
            now.fn(now.ctx, now.fd, ask[i].revents);
    }
    return true;
}
