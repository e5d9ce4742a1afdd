/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit asp kds: AMD's key distribution server for one test chip.  Paths as the
 * real ones: /cek/id/<GET_ID in hex> gives the signed CEK, .../ask_ark_<name>.cert
 * gives ASK and ARK.  HTTP by libmicrohttpd.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/asp.h"

static const char verb[] = "cbit asp kds";

struct options {
    const char *state, *listen, *pid;
};

static const struct cli_option table[] = {
    {"state", "DIR", cli_text, offsetof(struct options, state),
     "the chip's folder (default ~/.local/state/cbit/asp)", NULL},
    {"listen", "ADDR:PORT", cli_text, offsetof(struct options, listen), "where (127.0.0.1:8080)", NULL},
    {"pid", "FILE", cli_text, offsetof(struct options, pid), "writes the process id there once it listens", NULL},
};

struct server {
    struct cbit_chip_info chip;
    char cek_path[8 + 128 + 1];
    char bundle_name[64];
};

static void prepare(struct server *server)
{
    int n = snprintf(server->cek_path, sizeof server->cek_path, "/cek/id/");

    for (size_t i = 0; i < sizeof server->chip.id; i++)
        n += snprintf(server->cek_path + n, sizeof server->cek_path - (size_t)n, "%02x",
                      server->chip.id[i]);
    snprintf(server->bundle_name, sizeof server->bundle_name, "ask_ark_%s.cert",
             server->chip.profile);
}

/* What is at a path; false: nothing. */
static bool find(const struct server *server, const char *path, struct cbit_bytes *out)
{
    const char *name = strrchr(path, '/');

    if (strcasecmp(path, server->cek_path) == 0) {
        *out = (struct cbit_bytes){server->chip.cek, sizeof server->chip.cek};
        return true;
    }
    if (name == NULL ||
        (strcmp(name + 1, server->bundle_name) != 0 && strcmp(name + 1, "ask_ark.cert") != 0))
        return false;
    *out = (struct cbit_bytes){server->chip.bundle, server->chip.bundle_len};
    return true;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **request)
{
    static const char nothing[] = "no such certificate\n";
    const struct server *server = ctx;
    struct MHD_Response *response;
    struct cbit_bytes body = {nothing, sizeof nothing - 1};
    unsigned code = MHD_HTTP_OK;
    enum MHD_Result result;

    (void)version;
    (void)upload;
    (void)request;
    *upload_len = 0;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        code = MHD_HTTP_METHOD_NOT_ALLOWED;
    else if (!find(server, path, &body))
        code = MHD_HTTP_NOT_FOUND;
    response = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data,
                                               MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type",
                            code == MHD_HTTP_OK ? "application/octet-stream" : "text/plain");
    result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static bool parse_listen(const char *text, struct sockaddr_in *to)
{
    struct host_addr addr;
    char whole[96];

    if ((size_t)snprintf(whole, sizeof whole, "tcp:%s", text) >= sizeof whole ||
        host_addr_parse(whole, &addr) != CBIT_OK)
        return false;
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(addr.port)};
    return inet_pton(AF_INET, addr.host, &to->sin_addr) == 1;
}

static int serve(const struct options *o, struct server *server)
{
    struct sockaddr_in at;
    struct MHD_Daemon *daemon;
    struct pollfd ask = {.events = POLLIN};
    char text[32];

    if (!parse_listen(o->listen, &at))
        return cli_fail(verb, "--listen %s: is not ADDR:PORT with a numeric address", o->listen);
    ask.fd = host_signals_open();
    daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, server,
                              MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
                              MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_END);
    if (daemon == NULL)
        return cli_fail(verb, "--listen %s: %s", o->listen, strerror(errno));
    fprintf(stderr, "serving http://%s%s\n", o->listen, server->cek_path);
    snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (o->pid != NULL && host_file_replace(o->pid, text, strlen(text), 0644) != CBIT_OK)
        cli_fail(verb, "--pid %s: %s", o->pid, strerror(errno));
    while (poll(&ask, 1, -1) < 0 && errno == EINTR)
        ;
    MHD_stop_daemon(daemon);
    host_signals_close(ask.fd);
    return CLI_EXIT_OK;
}

int cli_asp_kds(int argc, char **argv)
{
    struct options o = {.listen = "127.0.0.1:8080"};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct server server;
    char path[4096];
    char file[8192];
    struct host_bytes chip;
    bool ok;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[--state DIR] --listen ADDR:PORT", &why);
    if (o.state == NULL && !cli_state_default(path, sizeof path))
        return cli_fail(verb, "--state is missing, and there is no HOME");
    /* The chip is read once and never written here, so the folder need not be held. */
    snprintf(file, sizeof file, "%s/chip", o.state ? o.state : path);
    if (host_file_read(file, CBIT_CHIP_MAX, &chip) != CBIT_OK)
        return cli_fail(verb, "%s: %s ('cbit asp setup' makes one)", file, strerror(errno));
    ok = cbit_chip_read((struct cbit_bytes){chip.data, chip.len}, &server.chip) == CBIT_E_OK;
    host_bytes_free(&chip);
    if (!ok)
        return cli_fail(verb, "%s: is no chip of this version", file);
    prepare(&server);
    return serve(&o, &server);
}
