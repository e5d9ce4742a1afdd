/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile client of `cbit asp socket`: frames to a whole platform behind the control
 * channel.  The input is a list of {code, length, payload}, from which frames are
 * built; a code above 7fh: its frame claims more than there is.  The service ends when
 * its peer has gone; every answer is a whole frame of no more than a frame may have.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/asp.h"
#include "fuzz/peer.h"
#include "host/ctrl.h"

#define SAID_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(struct cli_platform *platform)
{
    struct cbit_asp_config config;
    struct cbit_why why;

    cbit_asp_config_init(&config);
    config.memory = UINT64_C(8) << 20;
    config.seeded = true;
    config.seed = 1;
    fuzz_must(cbit_asp_new(&config, &platform->asp, &why) == CBIT_E_OK);
}

static size_t frames(const uint8_t *data, size_t size, uint8_t *to)
{
    size_t len = 0;

    while (size >= 2) {
        const bool lies = data[0] >= 0x80;
        const size_t claimed = data[1], n = claimed < size - 2 ? claimed : size - 2;

        if (len + WIRE_CTRL_HEAD + n > SAID_MAX)
            break;
        cb_store_be32(to + len, data[0] & 0x7f);
        cb_store_be32(to + len + 4, (uint32_t)(lies ? claimed << 16 : n));
        memcpy(to + len + WIRE_CTRL_HEAD, data + 2, n);
        len += WIRE_CTRL_HEAD + n;
        data += 2 + n;
        size -= 2 + n;
    }
    return len;
}

/* Reads answers until the service hangs up, so that it never waits for its peer. */
static void *hear(void *arg)
{
    static uint8_t answer[WIRE_CTRL_MAX];
    const int fd = *(const int *)arg;
    uint8_t head[WIRE_CTRL_HEAD];

    while (recv(fd, head, sizeof head, MSG_WAITALL) == (ssize_t)sizeof head) {
        const size_t len = cb_load_be32(head + 4);

        fuzz_must(len <= sizeof answer);
        fuzz_must(len == 0 || recv(fd, answer, len, MSG_WAITALL) == (ssize_t)len);
    }
    return NULL;
}

static void serve(struct cli_platform *platform, const uint8_t *said, size_t len)
{
    const struct host_ctrl_ops ops = {platform, cli_asp_handle};
    pthread_t listener;
    int end[2];

    fuzz_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == 0);
    fuzz_must(send(end[0], said, len, MSG_DONTWAIT) == (ssize_t)len);
    shutdown(end[0], SHUT_WR);
    fuzz_must(pthread_create(&listener, NULL, hear, &end[0]) == 0);
    fuzz_must(host_ctrl_serve(&(struct host_ctrl_server){.ops = &ops, .listener = -1,
                                                         .first = end[1],
                                                         .terminate = true}) == CBIT_OK);
    pthread_join(listener, NULL);
    close(end[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cli_platform platform = {0};
    static uint8_t said[SAID_MAX];

    build(&platform);
    serve(&platform, said, frames(data, size, said));
    cbit_asp_free(platform.asp);
    return 0;
}
