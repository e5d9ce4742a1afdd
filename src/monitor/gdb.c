/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GDB remote protocol, for one debugger at a time: registers (gdb_regs.c), virtual
 * memory, breakpoints and watchpoints that the guest cannot see, single steps.  "GDB
 * Remote Serial Protocol", appendix E of the GDB manual.
 *
 * A connection pauses the machine; its end removes breakpoints and watchpoints and lets it run.
 * Packets are hostile: bounded, and every number in them is checked.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/gdb.h"

#define PACKET_MAX 4096u
#define MEMORY_MAX (PACKET_MAX / 2 - 16) /* bytes that one packet carries as digits */
#define MAX_BREAKS 64u
#define MAX_WATCHES 16u
#define SIGTRAP_NUMBER 5
#define SIGINT_NUMBER 2

enum where { BETWEEN, IN_PACKET, IN_SUM_1, IN_SUM_2 };

struct mon_gdb {
    struct mon_gdb_config config;
    int listener, fd; /* fd -1: nobody is here */
    bool running;     /* the debugger waits for a stop */
    enum where where;
    uint8_t sum, said; /* of the packet; what the packet says */
    size_t len;
    char packet[PACKET_MAX + 1];
    size_t out_len;
    char out[2 * PACKET_MAX];
    uint64_t breaks[MAX_BREAKS];
    size_t n_breaks;
    struct cbit_watch watches[MAX_WATCHES];
    size_t n_watches;
};

/* ---- digits ---- */

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A number at *text, which moves on; false: none, or too large. */
static bool number(const char **text, uint64_t *v)
{
    const char *p = *text;

    *v = 0;
    while (nibble(*p) >= 0) {
        if (*v >> 60)
            return false;
        *v = *v << 4 | (uint64_t)nibble(*p++);
    }
    const bool any = p != *text;

    *text = p;
    return any;
}

static bool expect(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

static bool bytes_of(const char *text, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const int hi = nibble(text[2 * i]);
        const int lo = hi < 0 ? -1 : nibble(text[2 * i + 1]);

        if (lo < 0)
            return false;
        to[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

/* ---- sending ---- */

static void put(struct mon_gdb *gdb, const char *text)
{
    while (*text && gdb->out_len < sizeof gdb->out - 4)
        gdb->out[gdb->out_len++] = *text++;
}

static void put_bytes(struct mon_gdb *gdb, const void *bytes, size_t len)
{
    char digits[3];

    for (size_t i = 0; i < len; i++) {
        snprintf(digits, sizeof digits, "%02x", ((const uint8_t *)bytes)[i]);
        put(gdb, digits);
    }
}

/* As if nobody had been here. */
static void let_go(struct mon_gdb *gdb)
{
    while (gdb->n_breaks > 0)
        (void)gdb->config.ops->break_clear(gdb->config.ctx, gdb->breaks[--gdb->n_breaks]);
    while (gdb->n_watches > 0)
        (void)gdb->config.ops->watch_clear(gdb->config.ctx, &gdb->watches[--gdb->n_watches]);
    gdb->config.ops->cont(gdb->config.ctx);
}

static void leave(struct mon_gdb *gdb)
{
    host_loop_unwatch(gdb->config.loop, gdb->fd);
    close(gdb->fd);
    gdb->fd = -1;
    let_go(gdb);
}

/* What put gathered, as a packet.  A peer that does not read its answers is left. */
static void send_packet(struct mon_gdb *gdb)
{
    char frame[2 * PACKET_MAX + 8];
    uint8_t sum = 0;

    for (size_t i = 0; i < gdb->out_len; i++)
        sum = (uint8_t)(sum + (uint8_t)gdb->out[i]);
    const int n = snprintf(frame, sizeof frame, "$%.*s#%02x", (int)gdb->out_len, gdb->out, sum);

    gdb->out_len = 0;
    if (write(gdb->fd, frame, (size_t)n) != n)
        leave(gdb);
}

static void reply(struct mon_gdb *gdb, const char *text)
{
    put(gdb, text);
    send_packet(gdb);
}

static void reply_done(struct mon_gdb *gdb, bool ok)
{
    reply(gdb, ok ? "OK" : "E01");
}

static void reply_stop(struct mon_gdb *gdb, int number_of_signal)
{
    char text[8];

    gdb->running = false;
    snprintf(text, sizeof text, "S%02x", number_of_signal);
    reply(gdb, text);
}

/* As the protocol calls the kinds of watchpoints 2, 3 and 4. */
static const char *kind_of(const struct cbit_watch *watch)
{
    if (!watch->on_read)
        return "watch";
    return watch->on_write ? "awatch" : "rwatch";
}

static void reply_trap(struct mon_gdb *gdb)
{
    struct cbit_watch watch;
    char text[48];

    if (!gdb->config.ops->watch_met(gdb->config.ctx, &watch)) {
        reply_stop(gdb, SIGTRAP_NUMBER);
        return;
    }
    gdb->running = false;
    snprintf(text, sizeof text, "T%02x%s:%" PRIx64 ";", SIGTRAP_NUMBER, kind_of(&watch),
             watch.address);
    reply(gdb, text);
}

/* ---- registers ---- */

static void do_get_all(struct mon_gdb *gdb, const char *args)
{
    struct cbit_regs regs;
    uint8_t bytes[MON_GDB_REG_MAX];

    (void)args;
    gdb->config.ops->regs(gdb->config.ctx, &regs);
    for (unsigned n = 0; n < mon_gdb_n_regs(); n++)
        put_bytes(gdb, bytes, mon_gdb_reg_get(&regs, n, bytes));
    send_packet(gdb);
}

static void do_set_all(struct mon_gdb *gdb, const char *args)
{
    struct cbit_regs regs;
    uint8_t bytes[MON_GDB_REG_MAX];
    bool ok = true;

    gdb->config.ops->regs(gdb->config.ctx, &regs);
    for (unsigned n = 0; n < mon_gdb_n_regs() && ok; n++) {
        const size_t len = mon_gdb_reg_get(&regs, n, bytes);

        ok = strlen(args) >= 2 * len && bytes_of(args, bytes, len);
        if (ok)
            mon_gdb_reg_set(&regs, n, bytes);
        args += 2 * len;
    }
    reply_done(gdb, ok && !gdb->config.ops->set_regs(gdb->config.ctx, &regs));
}

static void do_get_one(struct mon_gdb *gdb, const char *args)
{
    struct cbit_regs regs;
    uint8_t bytes[MON_GDB_REG_MAX];
    uint64_t n;

    if (!number(&args, &n) || n >= mon_gdb_n_regs()) {
        reply_done(gdb, false);
        return;
    }
    gdb->config.ops->regs(gdb->config.ctx, &regs);
    put_bytes(gdb, bytes, mon_gdb_reg_get(&regs, (unsigned)n, bytes));
    send_packet(gdb);
}

static void do_set_one(struct mon_gdb *gdb, const char *args)
{
    struct cbit_regs regs;
    uint8_t bytes[MON_GDB_REG_MAX];
    uint64_t n;

    if (!number(&args, &n) || n >= mon_gdb_n_regs() || !expect(&args, '=')) {
        reply_done(gdb, false);
        return;
    }
    gdb->config.ops->regs(gdb->config.ctx, &regs);
    const size_t len = mon_gdb_reg_get(&regs, (unsigned)n, bytes);
    const bool ok = strlen(args) == 2 * len && bytes_of(args, bytes, len);

    if (ok)
        mon_gdb_reg_set(&regs, (unsigned)n, bytes);
    reply_done(gdb, ok && !gdb->config.ops->set_regs(gdb->config.ctx, &regs));
}

/* ---- memory ---- */

static bool range(const char **args, uint64_t *at, uint64_t *len)
{
    return number(args, at) && expect(args, ',') && number(args, len) && *len <= MEMORY_MAX;
}

static void do_read(struct mon_gdb *gdb, const char *args)
{
    uint8_t bytes[MEMORY_MAX];
    uint64_t at, len;

    if (!range(&args, &at, &len) ||
        gdb->config.ops->read(gdb->config.ctx, at, bytes, (size_t)len)) {
        reply_done(gdb, false);
        return;
    }
    put_bytes(gdb, bytes, (size_t)len);
    send_packet(gdb);
}

static void do_write(struct mon_gdb *gdb, const char *args)
{
    uint8_t bytes[MEMORY_MAX];
    uint64_t at, len;

    reply_done(gdb, range(&args, &at, &len) && expect(&args, ':') && strlen(args) == 2 * len &&
                        bytes_of(args, bytes, (size_t)len) &&
                        !gdb->config.ops->write(gdb->config.ctx, at, bytes, (size_t)len));
}

/* ---- running ---- */

static void do_cont(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    gdb->running = true;
    gdb->config.ops->cont(gdb->config.ctx);
}

static void do_step(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    gdb->config.ops->step(gdb->config.ctx);
    reply_trap(gdb);
}

/* "0,ADDRESS,KIND": software breakpoints; 1, hardware ones, are the same to us. */
static bool break_address(const char *args, uint64_t *at)
{
    return (args[0] == '0' || args[0] == '1') && args[1] == ',' && (args += 2, number(&args, at));
}

/* "KIND,ADDRESS,LENGTH": 2 writes, 3 reads, 4 both. */
static bool watch_of(const char *args, struct cbit_watch *watch)
{
    const char kind = args[0];

    if (kind < '2' || kind > '4')
        return false;
    *watch = (struct cbit_watch){.on_read = kind != '2', .on_write = kind != '3'};
    args++;
    return expect(&args, ',') && number(&args, &watch->address) && expect(&args, ',') &&
           number(&args, &watch->length);
}

static void do_watch(struct mon_gdb *gdb, const char *args)
{
    struct cbit_watch watch;
    const bool ok = watch_of(args, &watch) && gdb->n_watches < MAX_WATCHES &&
                    !gdb->config.ops->watch_set(gdb->config.ctx, &watch);

    if (ok)
        gdb->watches[gdb->n_watches++] = watch;
    reply_done(gdb, ok);
}

static void do_unwatch(struct mon_gdb *gdb, const char *args)
{
    struct cbit_watch watch;
    bool ok = watch_of(args, &watch);

    for (size_t i = 0; i < gdb->n_watches && ok; i++) {
        const struct cbit_watch *w = &gdb->watches[i];

        if (w->address == watch.address && w->length == watch.length &&
            w->on_read == watch.on_read && w->on_write == watch.on_write) {
            gdb->watches[i] = gdb->watches[--gdb->n_watches];
            (void)gdb->config.ops->watch_clear(gdb->config.ctx, &watch);
            break;
        }
    }
    reply_done(gdb, ok);
}

/* 2, 3 or 4, as a digit. */
static bool is_watch(const char *args)
{
    return args[0] >= '2' && args[0] <= '4';
}

static void do_break(struct mon_gdb *gdb, const char *args)
{
    uint64_t at;

    if (is_watch(args)) {
        do_watch(gdb, args);
        return;
    }
    if (!break_address(args, &at)) {
        reply(gdb, "");
        return;
    }
    const bool ok =
        gdb->n_breaks < MAX_BREAKS && !gdb->config.ops->break_set(gdb->config.ctx, at);

    if (ok)
        gdb->breaks[gdb->n_breaks++] = at;
    reply_done(gdb, ok);
}

static void do_unbreak(struct mon_gdb *gdb, const char *args)
{
    uint64_t at;

    if (is_watch(args)) {
        do_unwatch(gdb, args);
        return;
    }
    if (!break_address(args, &at)) {
        reply(gdb, "");
        return;
    }
    for (size_t i = 0; i < gdb->n_breaks; i++) {
        if (gdb->breaks[i] == at) {
            gdb->breaks[i] = gdb->breaks[--gdb->n_breaks];
            (void)gdb->config.ops->break_clear(gdb->config.ctx, at);
            break;
        }
    }
    reply_done(gdb, true);
}

static void do_why(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    reply_stop(gdb, SIGTRAP_NUMBER);
}

static void do_detach(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    reply(gdb, "OK"); /* the peer closes, after it has acknowledged */
    let_go(gdb);
}

static void do_kill(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    gdb->config.ops->quit(gdb->config.ctx);
}

static void do_ok(struct mon_gdb *gdb, const char *args)
{
    (void)args;
    reply(gdb, "OK");
}

/* "OFFSET,LENGTH" of the target's description. */
static void do_description(struct mon_gdb *gdb, const char *args)
{
    char *xml = mon_gdb_target_xml();
    const size_t size = xml ? strlen(xml) : 0;
    uint64_t at, len;

    if (!xml || !number(&args, &at) || !expect(&args, ',') || !number(&args, &len) || at > size) {
        reply_done(gdb, false);
    } else {
        len = len < PACKET_MAX - 8 ? len : PACKET_MAX - 8;
        if (size - at > len)
            xml[at + len] = 0;
        put(gdb, size - at > len ? "m" : "l");
        reply(gdb, xml + at);
    }
    free(xml);
}

static void do_query(struct mon_gdb *gdb, const char *args)
{
    static const struct {
        const char *query, *answer;
    } rows[] = {
        {"Supported", "PacketSize=1000;qXfer:features:read+"},
        {"fThreadInfo", "m1"},
        {"sThreadInfo", "l"},
        {"Attached", "1"},
        {"C", "QC1"},
    };

    static const char description[] = "Xfer:features:read:target.xml:";

    if (strncmp(args, description, sizeof description - 1) == 0) {
        do_description(gdb, args + sizeof description - 1);
        return;
    }
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        if (strncmp(args, rows[i].query, strlen(rows[i].query)) == 0) {
            reply(gdb, rows[i].answer);
            return;
        }
    }
    reply(gdb, "");
}

static const struct {
    char letter;
    void (*run)(struct mon_gdb *gdb, const char *args);
} commands[] = {
    {'?', do_why},   {'g', do_get_all}, {'G', do_set_all}, {'p', do_get_one}, {'P', do_set_one},
    {'m', do_read},  {'M', do_write},   {'c', do_cont},    {'s', do_step},    {'Z', do_break},
    {'z', do_unbreak}, {'D', do_detach}, {'k', do_kill},   {'H', do_ok},      {'T', do_ok},
    {'q', do_query},
};

static void command(struct mon_gdb *gdb)
{
    gdb->packet[gdb->len] = 0;
    for (size_t i = 0; i < CB_ARRAY_LEN(commands); i++) {
        if (gdb->len > 0 && commands[i].letter == gdb->packet[0]) {
            commands[i].run(gdb, gdb->packet + 1);
            return;
        }
    }
    reply(gdb, "");
}

/* ---- bytes ---- */

static void between(struct mon_gdb *gdb, char c)
{
    if (c == '$') {
        gdb->where = IN_PACKET;
        gdb->len = 0;
        gdb->sum = 0;
    } else if (c == 3 && gdb->running) {
        gdb->config.ops->pause(gdb->config.ctx);
        reply_stop(gdb, SIGINT_NUMBER);
    }
}

static void in_packet(struct mon_gdb *gdb, char c)
{
    if (c == '#') {
        gdb->where = IN_SUM_1;
        return;
    }
    gdb->sum = (uint8_t)(gdb->sum + (uint8_t)c);
    if (gdb->len < PACKET_MAX)
        gdb->packet[gdb->len++] = c;
}

static void packet_over(struct mon_gdb *gdb, char c)
{
    gdb->where = BETWEEN;
    gdb->said = (uint8_t)(gdb->said | (nibble(c) & 15));
    const bool good = gdb->said == gdb->sum && gdb->len < PACKET_MAX;

    if (write(gdb->fd, good ? "+" : "-", 1) != 1)
        leave(gdb);
    else if (good)
        command(gdb);
}

static void take(struct mon_gdb *gdb, char c)
{
    switch (gdb->where) {
    case BETWEEN:
        between(gdb, c);
        break;
    case IN_PACKET:
        in_packet(gdb, c);
        break;
    case IN_SUM_1:
        gdb->said = (uint8_t)((nibble(c) & 15) << 4);
        gdb->where = IN_SUM_2;
        break;
    case IN_SUM_2:
        packet_over(gdb, c);
        break;
    }
}

static void on_bytes(void *ctx, int fd, short revents)
{
    struct mon_gdb *gdb = ctx;
    char bytes[1024];
    const ssize_t n = read(fd, bytes, sizeof bytes);

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        leave(gdb);
        return;
    }
    for (ssize_t i = 0; i < n && gdb->fd >= 0; i++)
        take(gdb, bytes[i]);
}

static void on_connect(void *ctx, int fd, short revents)
{
    struct mon_gdb *gdb = ctx;
    const int s = host_accept(fd, &gdb->config.addr);

    (void)revents;
    if (s < 0)
        return;
    if (gdb->fd >= 0 || host_loop_watch(gdb->config.loop, s, POLLIN, on_bytes, gdb)) {
        close(s);
        return;
    }
    gdb->fd = s;
    gdb->where = BETWEEN;
    gdb->running = false;
    gdb->config.ops->pause(gdb->config.ctx);
}

/* ---- life ---- */

enum cbit_status mon_gdb_new(const struct mon_gdb_config *config, struct mon_gdb **out)
{
    struct mon_gdb *gdb = calloc(1, sizeof *gdb);

    if (!gdb)
        return CBIT_NO_MEMORY;
    gdb->config = *config;
    gdb->fd = -1;
    enum cbit_status status = host_listen(&config->addr, &gdb->listener);

    if (!status)
        status = host_loop_watch(config->loop, gdb->listener, POLLIN, on_connect, gdb);
    if (status) {
        free(gdb);
        return status;
    }
    *out = gdb;
    return CBIT_OK;
}

void mon_gdb_free(struct mon_gdb *gdb)
{
    if (!gdb)
        return;
    if (gdb->fd >= 0) {
        host_loop_unwatch(gdb->config.loop, gdb->fd);
        close(gdb->fd);
    }
    host_loop_unwatch(gdb->config.loop, gdb->listener);
    host_listen_close(gdb->listener, &gdb->config.addr);
    free(gdb);
}

void mon_gdb_stopped(struct mon_gdb *gdb)
{
    if (gdb && gdb->fd >= 0 && gdb->running)
        reply_trap(gdb);
}

void mon_gdb_ended(struct mon_gdb *gdb, int code)
{
    char text[8];

    if (!gdb || gdb->fd < 0)
        return;
    snprintf(text, sizeof text, "W%02x", code & 0xff);
    reply(gdb, text);
}
