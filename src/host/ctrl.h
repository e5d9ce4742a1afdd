/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control channel (wire/ctrl.h): a service over a struct of functions, and its
 * client.  Frames from outside are bounded and checked before anything is done.
 */
#ifndef HOST_CTRL_H
#define HOST_CTRL_H

#include "host/host.h"
#include "wire/ctrl.h"

struct host_ctrl_ops {
    void *ctx;
    /*
     * Answers one request.  reply has room for WIRE_CTRL_MAX bytes; *reply_len comes
     * in as 0.  What is returned is the frame's result.
     */
    enum cbit_status (*handle)(void *ctx, uint32_t code, const uint8_t *payload, size_t len,
                               uint8_t *reply, size_t *reply_len);
};

struct host_ctrl_server {
    const struct host_ctrl_ops *ops;
    int listener;            /* -1: none, only connections that were handed in */
    int first;               /* a connection that was handed in; -1: none */
    bool terminate;          /* end when the last connection ends */
};
/* Serves until a SHUTDOWN request, SIGTERM, SIGINT or the end that terminate asks for. */
enum cbit_status host_ctrl_serve(const struct host_ctrl_server *server) CBIT_MUST_CHECK;

/*
 * One request and its answer.  *reply is to be freed.  CBIT_IO: the connection
 * failed; otherwise the service's result.
 */
enum cbit_status host_ctrl_ask(int fd, uint32_t code, const void *payload, size_t len,
                               struct host_bytes *reply) CBIT_MUST_CHECK;

#endif
