/* SPDX-License-Identifier: Apache-2.0 */
/* One process plays both ends, so the socket never blocks; see peer.h. */
#include "fuzz/peer.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEARD_MAX (1u << 23)

static char folder[64]; /* for exit alone */

static void remove_folder(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/s", folder);
    unlink(path);
    rmdir(folder);
}

void fuzz_must(bool good)
{
    if (!good)
        abort();
}

void fuzz_peer_init(struct fuzz_peer *peer)
{
    signal(SIGPIPE, SIG_IGN);
    snprintf(folder, sizeof folder, "/tmp/cbit-fuzz.XXXXXX");
    fuzz_must(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    fuzz_must(host_loop_new(&peer->loop) == CBIT_OK);
    snprintf(peer->addr.path, sizeof peer->addr.path, "%s/s", folder);
    peer->heard = malloc(HEARD_MAX);
    fuzz_must(peer->heard != NULL);
}

static void hear(struct fuzz_peer *peer, int fd)
{
    while (peer->heard_len < HEARD_MAX) {
        const ssize_t n = recv(fd, peer->heard + peer->heard_len, HEARD_MAX - peer->heard_len,
                               MSG_DONTWAIT);

        if (n <= 0)
            return;
        peer->heard_len += (size_t)n;
    }
}

static void settle(struct fuzz_peer *peer, int fd)
{
    do
        hear(peer, fd);
    while (host_loop_wait(peer->loop, 0));
    hear(peer, fd);
}

void fuzz_peer_talk(struct fuzz_peer *peer, const void *data, size_t len)
{
    const char *bytes = data;
    int fd;

    peer->heard_len = 0;
    fuzz_must(host_connect(&peer->addr, &fd) == CBIT_OK);
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        settle(peer, fd);
        if (n <= 0)
            break; /* the service has hung up */
        bytes += n;
        len -= (size_t)n;
    }
    settle(peer, fd);
    close(fd);
    while (host_loop_wait(peer->loop, 0))
        ;
}
