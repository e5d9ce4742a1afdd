/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile debugger.  Each line of the input becomes a packet with the right sum (if
 * the first byte is 0: the bytes as they are).  Whatever comes, the answers are
 * well-formed packets, and at the end no breakpoint is left in the machine.
 */
#include <stdlib.h>

#include "fuzz/peer.h"
#include "monitor/monitor.h"

#define MEMORY 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct machine {
    struct cbit_regs regs;
    uint8_t memory[MEMORY];
    long breaks; /* set and not cleared */
    bool paused;
};

static void op_pause(void *ctx)
{
    ((struct machine *)ctx)->paused = true;
}

static void op_cont(void *ctx)
{
    ((struct machine *)ctx)->paused = false;
}

static void op_nothing(void *ctx)
{
    (void)ctx;
}

static void op_regs(void *ctx, struct cbit_regs *out)
{
    *out = ((const struct machine *)ctx)->regs;
}

static enum cbit_error op_set_regs(void *ctx, const struct cbit_regs *in)
{
    ((struct machine *)ctx)->regs = *in;
    return in->cr0 == 0xbad ? CBIT_E_INVALID : CBIT_E_OK;
}

static enum cbit_error op_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct machine *m = ctx;

    if (!cb_range_ok(at, len, MEMORY))
        return CBIT_E_RANGE;
    memcpy(to, m->memory + at, len);
    return CBIT_E_OK;
}

static enum cbit_error op_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    struct machine *m = ctx;

    if (!cb_range_ok(at, len, MEMORY))
        return CBIT_E_RANGE;
    memcpy(m->memory + at, from, len);
    return CBIT_E_OK;
}

static enum cbit_error op_break_set(void *ctx, uint64_t at)
{
    struct machine *m = ctx;

    if (at == 0xbad)
        return CBIT_E_RANGE;
    m->breaks++;
    return CBIT_E_OK;
}

static enum cbit_error op_break_clear(void *ctx, uint64_t at)
{
    (void)at;
    ((struct machine *)ctx)->breaks--;
    return CBIT_E_OK;
}

static enum cbit_error op_watch_set(void *ctx, const struct cbit_watch *watch)
{
    fuzz_must(watch->on_read || watch->on_write);
    return op_break_set(ctx, watch->address);
}

static enum cbit_error op_watch_clear(void *ctx, const struct cbit_watch *watch)
{
    return op_break_clear(ctx, watch->address);
}

static bool op_watch_met(void *ctx, struct cbit_watch *out)
{
    *out = (struct cbit_watch){.address = ((struct machine *)ctx)->regs.rip, .on_read = true};
    return out->address & 1;
}

static const struct mon_gdb_ops ops = {
    .pause = op_pause,
    .cont = op_cont,
    .step = op_nothing,
    .quit = op_nothing,
    .regs = op_regs,
    .set_regs = op_set_regs,
    .read = op_read,
    .write = op_write,
    .break_set = op_break_set,
    .break_clear = op_break_clear,
    .watch_set = op_watch_set,
    .watch_clear = op_watch_clear,
    .watch_met = op_watch_met,
};

/* The lines as packets; to has room for 8 bytes a line more than the input. */
static size_t frame(const uint8_t *data, size_t size, char *to)
{
    size_t len = 0, i = 0;

    while (i < size) {
        uint8_t sum = 0;

        to[len++] = '$';
        for (; i < size && data[i] != '\n'; i++) {
            sum = (uint8_t)(sum + data[i]);
            to[len++] = (char)data[i];
        }
        i++;
        len += (size_t)sprintf(to + len, "#%02x", sum);
    }
    return len;
}

/* '+', '-' and packets, each with its sum. */
static void answers_are_sound(const struct fuzz_peer *peer)
{
    const char *at = peer->heard, *end = at + peer->heard_len;

    while (at < end) {
        uint8_t sum = 0;
        char digits[3] = {0};

        if (*at == '+' || *at == '-') {
            at++;
            continue;
        }
        fuzz_must(*at++ == '$');
        while (at < end && *at != '#')
            sum = (uint8_t)(sum + (uint8_t)*at++);
        fuzz_must(end - at >= 3);
        memcpy(digits, at + 1, 2);
        fuzz_must(strtoul(digits, NULL, 16) == sum);
        at += 3;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_peer peer;
    static struct machine machine;
    static struct mon_gdb *gdb;
    char *said = malloc(5 * size + 8);

    fuzz_must(said != NULL);
    if (!gdb) {
        fuzz_peer_init(&peer);
        fuzz_must(mon_gdb_new(&(struct mon_gdb_config){.ops = &ops, .ctx = &machine,
                                                       .loop = peer.loop, .addr = peer.addr},
                              &gdb) == CBIT_OK);
    }
    memset(&machine, 0, sizeof machine);
    if (size > 0 && data[0] == 0)
        fuzz_peer_talk(&peer, data + 1, size - 1);
    else
        fuzz_peer_talk(&peer, said, frame(data, size, said));
    answers_are_sound(&peer);
    fuzz_must(machine.breaks == 0 && !machine.paused);
    free(said);
    return 0;
}
