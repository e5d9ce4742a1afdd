/* SPDX-License-Identifier: Apache-2.0 */
/* cbit asp cmd, cbit asp mem: clients of cbit asp socket, for scripts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/asp.h"
#include "cli/hexdump.h"
#include "host/ctrl.h"
#include "monitor/monitor.h"

struct options {
    const char *ctrl, *in, *out, *view;
    bool json;
};

#define AT(field) offsetof(struct options, field)

static const struct cli_option cmd_table[] = {
    {"ctrl", "PATH", cli_text, AT(ctrl), "the service's control socket", NULL},
    {"in", "FILE", cli_text, AT(in), "the command buffer (default: all zero)", NULL},
    {"out", "FILE", cli_text, AT(out), "where the buffer goes afterwards", NULL},
};

static const struct cli_option mem_table[] = {
    {"ctrl", "PATH", cli_text, AT(ctrl), "the service's control socket", NULL},
    {"in", "FILE", cli_text, AT(in), "write: what to write", NULL},
    {"out", "FILE", cli_text, AT(out), "read, peek: where the bytes go (default: a hexdump)", NULL},
    {"view", "raw|host|asid=N", cli_text, AT(view), "peek: whose eyes (default raw)", NULL},
};

/* swtpm's "type=unixio,path=P", a bare path, or unix:P. */
static int connect_ctrl(const char *verb, const char *text)
{
    struct host_addr addr;
    const char *path;
    int fd;

    if (text == NULL) {
        cli_fail(verb, "--ctrl is missing: which service?");
        return -1;
    }
    path = strstr(text, "path=");
    if (host_addr_parse(path ? path + 5 : text, &addr) != CBIT_OK ||
        host_connect(&addr, &fd) != CBIT_OK) {
        cli_fail(verb, "--ctrl %s: %s", text, strerror(errno));
        return -1;
    }
    return fd;
}

static bool read_file(const char *verb, const char *path, struct host_bytes *out)
{
    const enum cbit_status status = host_file_read(path, WIRE_CTRL_MAX - 64, out);

    if (status != CBIT_OK)
        cli_fail(verb, "%s: %s", path, cli_status_text(status));
    return status == CBIT_OK;
}

static bool write_file(const char *verb, const char *path, const void *data, size_t len)
{
    const enum cbit_status status = host_file_replace(path, data, len, 0600);

    if (status != CBIT_OK)
        cli_fail(verb, "%s: %s", path, cli_status_text(status));
    return status == CBIT_OK;
}

/* Asks and reports a refusal; false: the message was printed. */
static bool ask(const char *verb, int fd, uint32_t code, const void *payload, size_t len,
                struct host_bytes *reply)
{
    const enum cbit_status status = host_ctrl_ask(fd, code, payload, len, reply);

    if (status != CBIT_OK)
        cli_fail(verb, "the service says: %s", cb_status_text(status));
    return status == CBIT_OK;
}

/* ---- cmd ---- */

static int run_command(const char *verb, const struct options *o, int fd,
                       const struct cbit_asp_command_info *info)
{
    struct host_bytes in = {0};
    struct host_bytes reply = {0};
    uint8_t request[4 + 256] = {0};
    uint32_t status;
    bool ok = o->in == NULL || read_file(verb, o->in, &in);

    if (ok && o->in != NULL && (in.len > 256 || in.len < info->size)) {
        cli_fail(verb, "%s: has %zu bytes; %s takes %zu", o->in, in.len, info->name, info->size);
        ok = false;
    }
    if (ok && in.len > 0)
        memcpy(request + 4, in.data, in.len);
    cb_store_be32(request, info->id);
    ok = ok && ask(verb, fd, WIRE_CTRL_COMMAND, request, 4 + info->size, &reply) && reply.len >= 4;
    host_bytes_free(&in);
    if (!ok) {
        host_bytes_free(&reply);
        return CLI_EXIT_ERROR;
    }
    status = cb_load_be32(reply.data);
    ok = o->out == NULL || write_file(verb, o->out, reply.data + 4, reply.len - 4);
    printf("%s: 0x%04x %s\n", info->name, status, cbit_asp_status_name(status));
    host_bytes_free(&reply);
    if (!ok)
        return CLI_EXIT_ERROR;
    return status == 0 ? CLI_EXIT_OK : CLI_EXIT_NO;
}

/* Commands that are the service's own, not the firmware's. */
static int service_request(const char *verb, int fd, uint32_t code)
{
    struct host_bytes reply;
    const bool ok = ask(verb, fd, code, "", 0, &reply);

    if (ok && reply.len > 0)
        printf("%s\n", (const char *)reply.data);
    host_bytes_free(&reply);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

static bool service_code(const char *name, uint32_t *code)
{
    static const struct {
        const char *name;
        uint32_t code;
    } words[] = {
        {"service-status", WIRE_CTRL_INFO},
        {"service-capabilities", WIRE_CTRL_CAPABILITIES},
        {"service-reset", WIRE_CTRL_RESET},
        {"service-shutdown", WIRE_CTRL_SHUTDOWN},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(words); i++) {
        if (strcmp(name, words[i].name) == 0) {
            *code = words[i].code;
            return true;
        }
    }
    return false;
}

int cli_asp_cmd(int argc, char **argv)
{
    static const char verb[] = "cbit asp cmd";
    struct options o = {0};
    const char *words[1];
    struct cli_line line = {.verb = verb, .table = cmd_table, .n_options = CB_ARRAY_LEN(cmd_table),
                            .into = &o, .words = words, .max_words = 1};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct cbit_asp_command_info info;
    uint32_t code;
    bool service;
    int fd;
    int exit_code;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--ctrl PATH NAME [--in FILE] [--out FILE]\n"
                         "       NAME: a command of the SEV API, or service-status, "
                         "service-capabilities, service-reset, service-shutdown", &why);
    if (line.n_words == 0)
        return cli_fail(verb, "which command? (see %s --help)", verb);
    service = service_code(words[0], &code);
    if (!service && !cbit_asp_command_find(words[0], &info))
        return cli_fail(verb, "'%s' is no command of the SEV API", words[0]);
    fd = connect_ctrl(verb, o.ctrl);
    if (fd < 0)
        return CLI_EXIT_ERROR;
    exit_code = service ? service_request(verb, fd, code) : run_command(verb, &o, fd, &info);
    close(fd);
    return exit_code;
}

/* ---- mem ---- */

static const char mem_verb[] = "cbit asp mem";

static void store_be64(uint8_t *p, uint64_t v)
{
    cb_store_be32(p, (uint32_t)(v >> 32));
    cb_store_be32(p + 4, (uint32_t)v);
}

#define CHUNK 0x80000u

static bool take_chunk(const struct options *o, int fd, uint64_t at, uint8_t *to, size_t len)
{
    struct host_bytes reply;
    uint8_t request[16];
    cbit_view view = CBIT_VIEW_RAW;
    bool ok;

    store_be64(request, at);
    cb_store_be32(request + 8, (uint32_t)len);
    if (o->view != NULL && !mon_view_parse(o->view, &view)) {
        cli_fail(mem_verb, "--view %s: is none of: raw host asid=N", o->view);
        return false;
    }
    cb_store_be32(request + 12, view);
    ok = ask(mem_verb, fd, o->view ? WIRE_CTRL_PEEK : WIRE_CTRL_MEM_READ, request, o->view ? 16 : 12,
             &reply) && reply.len == len;
    if (ok)
        memcpy(to, reply.data, len);
    host_bytes_free(&reply);
    return ok;
}

static int mem_read(const struct options *o, int fd, uint64_t at, uint64_t len)
{
    uint8_t *bytes = malloc(len);
    bool ok = bytes != NULL;

    for (uint64_t done = 0; ok && done < len; done += CHUNK)
        ok = take_chunk(o, fd, at + done, bytes + done, len - done < CHUNK ? len - done : CHUNK);
    if (ok && o->out != NULL)
        ok = write_file(mem_verb, o->out, bytes, len);
    else if (ok)
        cli_hexdump(stdout, at, bytes, len);
    free(bytes);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

static bool put_chunk(int fd, uint64_t at, const uint8_t *from, size_t len)
{
    struct host_bytes reply = {0};
    uint8_t *request = malloc(8 + len);
    bool ok = request != NULL;

    if (ok) {
        store_be64(request, at);
        memcpy(request + 8, from, len);
        ok = ask(mem_verb, fd, WIRE_CTRL_MEM_WRITE, request, 8 + len, &reply);
    }
    host_bytes_free(&reply);
    free(request);
    return ok;
}

static int mem_write(const struct options *o, int fd, uint64_t at)
{
    struct host_bytes in;
    bool ok;

    if (o->in == NULL)
        return cli_fail(mem_verb, "--in is missing: what to write?");
    if (host_file_read(o->in, 1u << 30, &in) != CBIT_OK)
        return cli_fail(mem_verb, "%s: %s", o->in, strerror(errno));
    ok = true;
    for (size_t done = 0; ok && done < in.len; done += CHUNK)
        ok = put_chunk(fd, at + done, in.data + done, in.len - done < CHUNK ? in.len - done : CHUNK);
    host_bytes_free(&in);
    return ok ? CLI_EXIT_OK : CLI_EXIT_ERROR;
}

static bool number(const char *name, const char *text, uint64_t *out)
{
    const struct cli_option unused = {0};
    struct cli_why why = {{0}};

    if (cli_size(&unused, text, out, &why))
        return true;
    cli_fail(mem_verb, "%s %s: %s", name, text, why.text);
    return false;
}

static int mem_act(struct options *o, const char **words, size_t n_words, int fd)
{
    uint64_t at;
    uint64_t len;

    if (n_words < 2 || !number("ADDR", words[1], &at))
        return cli_fail(mem_verb, "where? (see %s --help)", mem_verb);
    if (strcmp(words[0], "write") == 0 && n_words == 2)
        return mem_write(o, fd, at);
    if (strcmp(words[0], "peek") == 0 && o->view == NULL)
        o->view = "raw";
    else if (strcmp(words[0], "read") == 0)
        o->view = NULL;
    else if (strcmp(words[0], "peek") != 0)
        return cli_fail(mem_verb, "'%s' is none of: read write peek", words[0]);
    if (n_words != 3 || !number("LEN", words[2], &len) || len == 0 || len > 1u << 30)
        return cli_fail(mem_verb, "how many bytes? (1 .. 1G; see %s --help)", mem_verb);
    return mem_read(o, fd, at, len);
}

int cli_asp_mem(int argc, char **argv)
{
    struct options o = {0};
    const char *words[3];
    struct cli_line line = {.verb = mem_verb, .table = mem_table,
                            .n_options = CB_ARRAY_LEN(mem_table), .into = &o,
                            .words = words, .max_words = 3};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    int fd;
    int code;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--ctrl PATH read ADDR LEN [--out FILE]\n"
                         "       cbit asp mem --ctrl PATH write ADDR --in FILE\n"
                         "       cbit asp mem --ctrl PATH peek [--view VIEW] ADDR LEN", &why);
    if (line.n_words == 0)
        return cli_fail(mem_verb, "read, write or peek? (see %s --help)", mem_verb);
    fd = connect_ctrl(mem_verb, o.ctrl);
    if (fd < 0)
        return CLI_EXIT_ERROR;
    code = mem_act(&o, words, line.n_words, fd);
    close(fd);
    return code;
}
