/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of the control socket, for cbit's own verbs.  Blocking; events
 * that arrive between question and answer are passed over.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "monitor/qmp.h"

#define LINE_MAX_BYTES (1u << 20)
#define ANSWER_LIMIT_S 60

struct mon_client {
    int fd;
    size_t len, used; /* bytes in buf; those already handed out */
    char buf[LINE_MAX_BYTES];
};

static enum cbit_status say(struct cbit_why *why, enum cbit_status status, const char *text)
{
    snprintf(why->text, sizeof why->text, "%s", text);
    return status;
}

/* One more line, without its end; NULL: the peer is gone or talks nonsense. */
static const char *next_line(struct mon_client *client)
{
    for (;;) {
        char *start = client->buf + client->used;
        char *end = memchr(start, '\n', client->len - client->used);

        if (end) {
            *end = 0;
            client->used = (size_t)(end - client->buf) + 1;
            return start;
        }
        memmove(client->buf, start, client->len - client->used);
        client->len -= client->used;
        client->used = 0;
        if (client->len == sizeof client->buf)
            return NULL;
        const ssize_t n = read(client->fd, client->buf + client->len, sizeof client->buf - client->len);

        if (n <= 0)
            return NULL;
        client->len += (size_t)n;
    }
}

static json_t *next_message(struct mon_client *client)
{
    const char *line = next_line(client);

    return line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static enum cbit_status receive(struct mon_client *client, json_t **message, struct cbit_why *why)
{
    for (;;) {
        json_t *next = next_message(client);

        if (!next)
            return say(why, CBIT_IO, "the machine closed the control socket");
        if (!json_object_get(next, "event")) {
            *message = next;
            return CBIT_OK;
        }
        json_decref(next);
    }
}

/* In one piece: a machine may take a whole request, and end, before its newline came. */
static enum cbit_status send_request(struct mon_client *client, json_t *request)
{
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    char *line = NULL;
    enum cbit_status status = CBIT_INVALID;

    if (text && asprintf(&line, "%s\n", text) >= 0)
        status = host_write_all(client->fd, line, strlen(line));
    free(line);
    free(text);
    json_decref(request);
    return status;
}

/* *answer is the "return" member, owned by the caller. */
static enum cbit_status ask(struct mon_client *client, const char *command, json_t *args,
                            json_t **answer, struct cbit_why *why)
{
    json_t *request = args ? json_pack("{s:s, s:o}", "execute", command, "arguments", args)
                           : json_pack("{s:s}", "execute", command);
    json_t *message;

    if (send_request(client, request))
        return say(why, CBIT_IO, "the machine does not listen");
    const enum cbit_status status = receive(client, &message, why);

    if (status)
        return status;
    const char *desc = json_string_value(
        json_object_get(json_object_get(message, "error"), "desc"));

    enum cbit_status result = CBIT_OK;

    *answer = json_incref(json_object_get(message, "return"));
    if (!*answer)
        result = say(why, CBIT_DENIED, desc ? desc : "an answer without 'return'");
    json_decref(message); /* and desc with it */
    return result;
}

static enum cbit_status negotiate(struct mon_client *client, struct cbit_why *why)
{
    json_t *hello, *answer;
    enum cbit_status status = receive(client, &hello, why);

    if (status)
        return status;
    const bool qmp = json_object_get(hello, "QMP") != NULL;

    json_decref(hello);
    if (!qmp)
        return say(why, CBIT_INVALID, "this socket does not speak QMP");
    status = ask(client, "qmp_capabilities", NULL, &answer, why);
    if (!status)
        json_decref(answer);
    return status;
}

enum cbit_status mon_client_open(const struct host_addr *addr, struct mon_client **out,
                                 struct cbit_why *why)
{
    const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
    struct mon_client *client = calloc(1, sizeof *client);

    if (!client)
        return say(why, CBIT_NO_MEMORY, "no memory");
    enum cbit_status status = host_connect(addr, &client->fd);

    if (status) {
        snprintf(why->text, sizeof why->text, "%.150s: %s", addr->path, strerror(errno));
        free(client);
        return status;
    }
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    status = negotiate(client, why);
    if (status) {
        mon_client_close(client);
        return status;
    }
    *out = client;
    return CBIT_OK;
}

void mon_client_close(struct mon_client *client)
{
    if (!client)
        return;
    close(client->fd);
    free(client);
}

enum cbit_status mon_client_ask(struct mon_client *client, const char *command,
                                const char *arguments, char **answer, struct cbit_why *why)
{
    json_t *args = NULL, *got;

    if (arguments) {
        args = json_loads(arguments, JSON_REJECT_DUPLICATES, NULL);
        if (!args)
            return say(why, CBIT_INVALID, "the arguments are no JSON object");
    }
    const enum cbit_status status = ask(client, command, args, &got, why);

    if (status)
        return status;
    *answer = json_dumps(got, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
    json_decref(got);
    return *answer ? CBIT_OK : CBIT_NO_MEMORY;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool bytes_of_hex(const char *text, uint8_t *to, size_t len)
{
    if (!text || strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const int hi = nibble(text[2 * i]), lo = nibble(text[2 * i + 1]);

        if (hi < 0 || lo < 0)
            return false;
        to[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

static enum cbit_status read_part(struct mon_client *client, const char *view, uint64_t at,
                                  uint8_t *to, size_t len, bool *exposed, struct cbit_why *why)
{
    json_t *answer;
    json_t *args = json_pack("{s:s, s:I, s:I}", "view", view, "addr", (json_int_t)at, "len",
                             (json_int_t)len);
    const enum cbit_status status = ask(client, "cbit-dram", args, &answer, why);

    if (status)
        return status;
    const bool ok = bytes_of_hex(json_string_value(json_object_get(answer, "data")), to, len);

    if (exposed)
        *exposed = json_is_true(json_object_get(answer, "exposed"));
    json_decref(answer);
    return ok ? CBIT_OK : say(why, CBIT_CORRUPT, "an answer that is no hexadecimal text");
}

enum cbit_status mon_client_read(struct mon_client *client, const char *view, uint64_t at, void *to,
                                 size_t len, bool *exposed, struct cbit_why *why)
{
    const size_t most = 65536;

    if (at > INT64_MAX)
        return say(why, CBIT_RANGE, "the address is no DRAM");
    for (size_t done = 0; done < len;) {
        const size_t part = len - done < most ? len - done : most;
        const enum cbit_status status =
            read_part(client, view, at + done, (uint8_t *)to + done, part, exposed, why);

        if (status)
            return status;
        done += part;
    }
    return CBIT_OK;
}
