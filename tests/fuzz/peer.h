/* SPDX-License-Identifier: Apache-2.0 */
/* A peer of a service that listens on a Unix socket; for the fuzz targets of such. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "host/host.h"

struct fuzz_peer {
    struct host_loop *loop; /* the service's own */
    struct host_addr addr;  /* in a private folder that is removed at exit */
    char *heard;            /* what the service answered to the last fuzz_peer_talk */
    size_t heard_len;
};

void fuzz_must(bool good); /* aborts */
void fuzz_peer_init(struct fuzz_peer *peer);
/* Connects, says all of it, hears what there is to hear, closes; the service settles. */
void fuzz_peer_talk(struct fuzz_peer *peer, const void *data, size_t len);

#endif
