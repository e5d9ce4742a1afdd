/* SPDX-License-Identifier: Apache-2.0 */
/* In place of net.c where libslirp is not there at build time. */
#include "host/host.h"

enum cbit_status host_net_new(struct host_loop *loop, struct host_net **out)
{
    (void)loop;
    (void)out;
    return CBIT_UNIMPLEMENTED;
}

void host_net_free(struct host_net *net)
{
    CBIT_ASSERT(!net);
}

void host_net_send(struct host_net *net, const void *frame, size_t len)
{
    (void)frame;
    (void)len;
    CBIT_ASSERT(!net);
}

const void *host_net_next(const struct host_net *net, size_t *len)
{
    (void)len;
    CBIT_ASSERT(!net);
    return NULL;
}

void host_net_taken(struct host_net *net)
{
    CBIT_ASSERT(!net);
}
