/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit asp socket: the platform as a service, with swtpm's grammar of options.
 * The service has DRAM of its own, so a whole launch can be scripted against it
 * (cbit asp cmd, cbit asp mem) without a machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/asp.h"
#include "host/ctrl.h"
#include "host/sandbox.h"

static const char verb[] = "cbit asp socket";

struct options {
    struct cli_platform_options platform;
    const char *ctrl, *pid, *log, *seccomp;
    bool terminate, daemon;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"state", "DIR", cli_text, AT(platform.state), "the chip's folder (default: ephemeral)", NULL},
    {"profile", "NAME", cli_choice, AT(platform.profile), "generation of an ephemeral chip (default milan)",
     "naples rome milan genoa"},
    {"ctrl", "type=unixio,path=P|clientfd=N", cli_text, AT(ctrl), "the control channel", NULL},
    {"memory", "SIZE", cli_size, AT(platform.memory), "DRAM of the service (default 64M)", NULL},
    {"tsme", "on|off", cli_on_off, AT(platform.tsme), "transparent encryption", NULL},
    {"seed", "N", cli_platform_seed, AT(platform), "an ephemeral chip follows from this number", NULL},
    {"pid", "file=F", cli_text, AT(pid), "writes the process id there", NULL},
    {"log", "file=F[,level=N]", cli_text, AT(log), "commands are traced there", NULL},
    {"terminate", NULL, cli_flag, AT(terminate), "ends with its last connection", NULL},
    {"daemon", NULL, cli_flag, AT(daemon), "goes to the background once it listens", NULL},
    {"seccomp", "action=kill|log|none", cli_text, AT(seccomp), "sandbox (default kill)", NULL},
};

/* The value of key in "a=b,key=value,..."; false: it is not there. */
static bool value_of(const char *text, const char *key, char *to, size_t size)
{
    const size_t len = strlen(key);

    while (text != NULL) {
        const size_t n = strcspn(text, ",");

        if (n > len && strncmp(text, key, len) == 0 && text[len] == '=' && n - len - 1 < size) {
            memcpy(to, text + len + 1, n - len - 1);
            to[n - len - 1] = '\0';
            return true;
        }
        text = text[n] == ',' ? text + n + 1 : NULL;
    }
    return false;
}

/* ---- requests ---- */

static enum cbit_status do_command(struct cbit_asp *asp, const uint8_t *payload, size_t len,
                                   uint8_t *reply, size_t *reply_len)
{
    if (len < 4)
        return CBIT_INVALID;
    memcpy(reply + 4, payload + 4, len - 4);
    cb_store_be32(reply, cbit_asp_command(asp, cb_load_be32(payload), len > 4 ? reply + 4 : NULL,
                                          len - 4, NULL));
    *reply_len = len;
    return CBIT_OK;
}

static uint64_t load_be64(const uint8_t *p)
{
    return (uint64_t)cb_load_be32(p) << 32 | cb_load_be32(p + 4);
}

static enum cbit_status do_read(struct cbit_asp *asp, const uint8_t *payload, size_t len,
                                uint8_t *reply, size_t *reply_len, bool peek)
{
    const size_t want = peek ? 16 : 12;
    enum cbit_error error;
    uint32_t n;

    if (len != want)
        return CBIT_INVALID;
    n = cb_load_be32(payload + 8);
    if (n > WIRE_CTRL_MAX)
        return CBIT_RANGE;
    error = peek ? cbit_asp_peek(asp, load_be64(payload), cb_load_be32(payload + 12), reply, n)
                 : cbit_asp_read(asp, load_be64(payload), reply, n);
    *reply_len = n;
    return (enum cbit_status)error;
}

static enum cbit_status give_text(char *text, uint8_t *reply, size_t *reply_len)
{
    if (text == NULL)
        return CBIT_NO_MEMORY;
    *reply_len = strlen(text);
    memcpy(reply, text, *reply_len);
    free(text);
    return CBIT_OK;
}

enum cbit_status cli_asp_handle(void *ctx, uint32_t code, const uint8_t *payload, size_t len,
                                uint8_t *reply, size_t *reply_len)
{
    struct cli_platform *platform = ctx;

    switch (code) {
    case WIRE_CTRL_CAPABILITIES:
        return give_text(cli_asp_capabilities(), reply, reply_len);
    case WIRE_CTRL_INFO:
        return give_text(cli_asp_info_json(platform->asp), reply, reply_len);
    case WIRE_CTRL_RESET:
        cbit_asp_reset(platform->asp);
        return CBIT_OK;
    case WIRE_CTRL_COMMAND:
        return do_command(platform->asp, payload, len, reply, reply_len);
    case WIRE_CTRL_MEM_READ:
        return do_read(platform->asp, payload, len, reply, reply_len, false);
    case WIRE_CTRL_PEEK:
        return do_read(platform->asp, payload, len, reply, reply_len, true);
    case WIRE_CTRL_MEM_WRITE:
        if (len < 8)
            return CBIT_INVALID;
        return (enum cbit_status)cbit_asp_write(platform->asp, load_be64(payload), payload + 8,
                                                len - 8);
    default:
        return CBIT_UNIMPLEMENTED;
    }
}

/* ---- starting ---- */

/* A path or a descriptor that was inherited; false: the message was printed. */
static bool open_ctrl(const struct options *o, struct host_ctrl_server *server,
                      struct host_addr *addr)
{
    char value[128];
    char *end;

    if (!value_of(o->ctrl, "type", value, sizeof value) || strcmp(value, "unixio") != 0) {
        cli_fail(verb, "--ctrl %s: wants type=unixio,path=P or type=unixio,clientfd=N", o->ctrl);
        return false;
    }
    if (value_of(o->ctrl, "clientfd", value, sizeof value)) {
        const long fd = strtol(value, &end, 10);

        server->first = (int)fd;
        if (*end == '\0' && fd > 2 && fd < 65536 && fcntl(server->first, F_GETFD) >= 0)
            return true;
        cli_fail(verb, "--ctrl: clientfd=%s is no open descriptor", value);
        return false;
    }
    if (!value_of(o->ctrl, "path", addr->path, sizeof addr->path)) {
        cli_fail(verb, "--ctrl %s: path is missing or too long", o->ctrl);
        return false;
    }
    addr->kind = HOST_SOCK_UNIX;
    const enum cbit_status status = host_listen(addr, &server->listener);

    if (status != CBIT_OK)
        cli_fail(verb, "%s: %s", addr->path,
                 cli_status_text(status));
    return status == CBIT_OK;
}

static bool write_pid(const char *option)
{
    char path[4096];
    char text[32];
    const int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

    if (option == NULL)
        return true;
    if (!value_of(option, "file", path, sizeof path)) {
        cli_fail(verb, "--pid %s: wants file=F", option);
        return false;
    }
    if (host_file_replace(path, text, (size_t)n, 0644) == CBIT_OK)
        return true;
    cli_fail(verb, "%s: %s", path, strerror(errno));
    return false;
}

/* The trace goes to standard error, so the log file becomes that. */
static bool open_log(struct options *o)
{
    char path[4096];
    int fd;

    if (o->log == NULL)
        return true;
    if (!value_of(o->log, "file", path, sizeof path)) {
        cli_fail(verb, "--log %s: wants file=F", o->log);
        return false;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
        cli_fail(verb, "%s: %s", path, strerror(errno));
        return false;
    }
    close(fd);
    o->platform.trace = true;
    return true;
}

static int serve(struct options *o, struct cli_platform *platform)
{
    const struct host_ctrl_ops ops = {platform, cli_asp_handle};
    struct host_ctrl_server server = {.ops = &ops, .listener = -1, .first = -1,
                                      .terminate = o->terminate};
    struct host_addr addr = {0};
    enum cbit_status status;

    if (!open_ctrl(o, &server, &addr))
        return CLI_EXIT_ERROR;
    if (o->daemon && daemon(1, o->log != NULL) != 0)
        return cli_fail(verb, "--daemon: %s", strerror(errno));
    if (!write_pid(o->pid))
        return CLI_EXIT_ERROR;
    status = host_sandbox_service(o->seccomp);
    if (status != CBIT_OK)
        return cli_fail(verb, "--seccomp %s: %s", o->seccomp ? o->seccomp : "action=kill",
                        cb_status_text(status));
    status = host_ctrl_serve(&server);
    if (server.listener >= 0)
        host_listen_close(server.listener, &addr);
    return status == CBIT_OK ? CLI_EXIT_OK : cli_fail(verb, "%s", cb_status_text(status));
}

int cli_asp_socket(int argc, char **argv)
{
    struct options o = {{0}};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct cli_platform platform;
    int code;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--state DIR --ctrl type=unixio,path=P [--pid file=F]", &why);
    if (o.ctrl == NULL)
        return cli_fail(verb, "--ctrl is missing: where to listen?");
    if (!open_log(&o) || !cli_platform_open(verb, &o.platform, &platform))
        return CLI_EXIT_ERROR;
    code = serve(&o, &platform);
    cli_platform_close(&platform);
    return code;
}
