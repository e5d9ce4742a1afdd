/* SPDX-License-Identifier: Apache-2.0 */
/* The GDB stub against a machine that takes notes: framing, registers, memory, hostile packets. */
#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/monitor.h"

struct fake {
    struct host_loop *loop;
    struct mon_gdb *gdb;
    struct host_addr addr;
    char folder[64];
    char log[512];
    struct cbit_regs regs;
    uint8_t memory[64];
    bool met; /* a watchpoint on writes at 2000h */
};

static void note(void *ctx, const char *what)
{
    struct fake *fake = ctx;

    strncat(fake->log, what, sizeof fake->log - strlen(fake->log) - 1);
}

static void fake_pause(void *ctx) { note(ctx, "pause;"); }
static void fake_cont(void *ctx) { note(ctx, "cont;"); }
static void fake_step(void *ctx) { note(ctx, "step;"); }
static void fake_quit(void *ctx) { note(ctx, "quit;"); }

static void fake_regs(void *ctx, struct cbit_regs *out)
{
    const struct fake *fake = ctx;

    *out = fake->regs;
}

static enum cbit_error fake_set_regs(void *ctx, const struct cbit_regs *in)
{
    struct fake *fake = ctx;

    if (in->cr0 == 0xbad)
        return CBIT_E_INVALID;
    fake->regs = *in;
    return CBIT_E_OK;
}

static enum cbit_error fake_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct fake *fake = ctx;

    if (!cb_range_ok(at, len, sizeof fake->memory))
        return CBIT_E_RANGE;
    memcpy(to, fake->memory + at, len);
    return CBIT_E_OK;
}

static enum cbit_error fake_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    struct fake *fake = ctx;

    if (!cb_range_ok(at, len, sizeof fake->memory))
        return CBIT_E_RANGE;
    memcpy(fake->memory + at, from, len);
    return CBIT_E_OK;
}

static enum cbit_error fake_break_set(void *ctx, uint64_t at)
{
    note(ctx, at == 0x1000 ? "set 1000;" : "set;");
    return CBIT_E_OK;
}

static enum cbit_error fake_break_clear(void *ctx, uint64_t at)
{
    note(ctx, at == 0x1000 ? "clear 1000;" : "clear;");
    return CBIT_E_OK;
}

static void note_watch(void *ctx, const char *what, const struct cbit_watch *w)
{
    char text[64];

    snprintf(text, sizeof text, "%s %llx+%llx%s%s;", what, (unsigned long long)w->address,
             (unsigned long long)w->length, w->on_read ? " r" : "", w->on_write ? " w" : "");
    note(ctx, text);
}

static enum cbit_error fake_watch_set(void *ctx, const struct cbit_watch *watch)
{
    note_watch(ctx, "watch", watch);
    return watch->length == 0 ? CBIT_E_RANGE : CBIT_E_OK;
}

static enum cbit_error fake_watch_clear(void *ctx, const struct cbit_watch *watch)
{
    note_watch(ctx, "unwatch", watch);
    return CBIT_E_OK;
}

static bool fake_watch_met(void *ctx, struct cbit_watch *out)
{
    const struct fake *fake = ctx;

    *out = (struct cbit_watch){0x2000, 8, false, true};
    return fake->met;
}

static const struct mon_gdb_ops ops = {
    .pause = fake_pause,
    .cont = fake_cont,
    .step = fake_step,
    .quit = fake_quit,
    .regs = fake_regs,
    .set_regs = fake_set_regs,
    .read = fake_read,
    .write = fake_write,
    .break_set = fake_break_set,
    .break_clear = fake_break_clear,
    .watch_set = fake_watch_set,
    .watch_clear = fake_watch_clear,
    .watch_met = fake_watch_met,
};

static int set_up(void **state)
{
    struct fake *fake = calloc(1, sizeof *fake);
    struct mon_gdb_config config = {.ops = &ops, .ctx = fake};

    snprintf(fake->folder, sizeof fake->folder, "/tmp/cbit-gdb.XXXXXX");
    if (!mkdtemp(fake->folder) || host_loop_new(&fake->loop))
        return -1;
    snprintf(fake->addr.path, sizeof fake->addr.path, "%s/gdb", fake->folder);
    config.loop = fake->loop;
    config.addr = fake->addr;
    *state = fake;
    return mon_gdb_new(&config, &fake->gdb) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fake *fake = *state;

    mon_gdb_free(fake->gdb);
    host_loop_free(fake->loop);
    rmdir(fake->folder);
    free(fake);
    return 0;
}

static void settle(struct fake *fake)
{
    while (host_loop_wait(fake->loop, 20000000))
        ;
}

static const char *raw(struct fake *fake, int fd, const char *bytes, size_t len)
{
    static char answer[8192];

    assert_int_equal(host_write_all(fd, bytes, len), CBIT_OK);
    settle(fake);
    const ssize_t n = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);

    answer[n > 0 ? n : 0] = 0;
    return answer;
}

/* One packet with its sum; the answer's content without frame. */
static const char *ask(struct fake *fake, int fd, const char *text)
{
    static char content[8192];
    char packet[5000];
    uint8_t sum = 0;

    for (const char *p = text; *p; p++)
        sum = (uint8_t)(sum + (uint8_t)*p);
    const int n = snprintf(packet, sizeof packet, "$%s#%02x", text, sum);
    const char *answer = raw(fake, fd, packet, (size_t)n);

    assert_int_equal(answer[0], '+');
    if (answer[1] != '$')
        return "(none)";
    snprintf(content, sizeof content, "%s", answer + 2);
    content[strcspn(content, "#")] = 0;
    return content;
}

static int attach(struct fake *fake)
{
    int fd;

    assert_int_equal(host_connect(&fake->addr, &fd), CBIT_OK);
    settle(fake);
    return fd;
}

static void a_connection_pauses_and_its_end_lets_go(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    assert_string_equal(fake->log, "pause;");
    assert_string_equal(ask(fake, fd, "Z0,1000,1"), "OK");
    close(fd);
    settle(fake);
    assert_string_equal(fake->log, "pause;set 1000;clear 1000;cont;");
}

static void registers_come_in_gdbs_order(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    fake->regs.gpr[0] = 0x1122334455667788; /* rax */
    fake->regs.gpr[3] = 0xbb;               /* rbx */
    fake->regs.rip = 0xffffffff81000000;
    fake->regs.segment[1] = 0x10; /* cs */
    assert_int_equal(strlen(ask(fake, fd, "g")), 600 * 2);
    assert_string_equal(ask(fake, fd, "p0"), "8877665544332211");
    assert_string_equal(ask(fake, fd, "p1"), "bb00000000000000");
    assert_string_equal(ask(fake, fd, "p10"), "00000081ffffffff");
    assert_string_equal(ask(fake, fd, "p12"), "10000000");
    assert_string_equal(ask(fake, fd, "P1=0102030405060708"), "OK");
    assert_true(fake->regs.gpr[3] == 0x0807060504030201);
    close(fd);
}

static void x87_segments_and_control_registers_are_shown_and_set(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    fake->regs.st[0][0] = 0xaa;
    fake->regs.st[0][9] = 0x3f;
    fake->regs.fcw = 0x37f;
    fake->regs.cr3 = 0x8000000001000;
    assert_string_equal(ask(fake, fd, "p18"), "aa00000000000000003f"); /* st0 */
    assert_string_equal(ask(fake, fd, "p20"), "7f030000");             /* fctrl */
    assert_string_equal(ask(fake, fd, "p3d"), "0010000000000800");     /* cr3 */
    assert_string_equal(ask(fake, fd, "P19=0102030405060708090a"), "OK");
    assert_memory_equal(fake->regs.st[1], "\1\2\3\4\5\6\7\10\11\12", 10);
    assert_string_equal(ask(fake, fd, "P12=33000000"), "OK");
    assert_int_equal(fake->regs.segment[1], 0x33);
    assert_string_equal(ask(fake, fd, "P39=0010000000000000"), "OK");
    assert_true(fake->regs.fs_base == 0x1000);
    assert_string_equal(ask(fake, fd, "P3b=3300058000000000"), "OK");
    assert_true(fake->regs.cr0 == 0x80050033);
    assert_string_equal(ask(fake, fd, "P3b=ad0b000000000000"), "E01"); /* the machine refuses */
    close(fd);
}

static void the_description_names_the_registers_in_pieces(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);
    char whole[20000] = "";
    const char *piece;

    do {
        char query[80];

        snprintf(query, sizeof query, "qXfer:features:read:target.xml:%zx,400", strlen(whole));
        piece = ask(fake, fd, query);
        assert_true(piece[0] == 'm' || piece[0] == 'l');
        assert_true(strlen(piece) <= 0x401);
        strcat(whole, piece + 1);
    } while (piece[0] == 'm');
    assert_non_null(strstr(whole, "<reg name=\"rax\" bitsize=\"64\" type=\"int64\"/><reg name=\"rbx\""));
    assert_non_null(strstr(whole, "<reg name=\"efer\" bitsize=\"64\" type=\"int64\"/></feature></target>"));
    assert_string_equal(ask(fake, fd, "qXfer:features:read:target.xml:ffff,10"), "E01");
    close(fd);
}

static void watchpoints_are_set_told_and_removed(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    assert_string_equal(ask(fake, fd, "Z2,2000,8"), "OK");
    assert_string_equal(ask(fake, fd, "Z3,3000,4"), "OK");
    assert_string_equal(ask(fake, fd, "Z4,4000,1"), "OK");
    assert_string_equal(ask(fake, fd, "Z2,2000,0"), "E01");
    fake->met = true;
    assert_string_equal(ask(fake, fd, "s"), "T05watch:2000;");
    assert_string_equal(ask(fake, fd, "c"), "(none)");
    mon_gdb_stopped(fake->gdb);
    assert_string_equal(raw(fake, fd, "", 0), "$T05watch:2000;#07");
    assert_string_equal(ask(fake, fd, "z3,3000,4"), "OK");
    close(fd);
    settle(fake);
    assert_string_equal(fake->log,
                        "pause;watch 2000+8 w;watch 3000+4 r;watch 4000+1 r w;watch 2000+0 w;"
                        "step;cont;unwatch 3000+4 r;unwatch 4000+1 r w;unwatch 2000+8 w;cont;");
}

static void memory_is_read_and_written(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    assert_string_equal(ask(fake, fd, "M4,3:aabbcc"), "OK");
    assert_string_equal(ask(fake, fd, "m3,5"), "00aabbcc00");
    assert_string_equal(ask(fake, fd, "m3d,10"), "E01");
    close(fd);
}

static void stops_and_steps_are_told(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);

    assert_string_equal(ask(fake, fd, "?"), "S05");
    assert_string_equal(ask(fake, fd, "s"), "S05");
    assert_string_equal(ask(fake, fd, "c"), "(none)");
    mon_gdb_stopped(fake->gdb);
    assert_string_equal(raw(fake, fd, "", 0), "$S05#b8");
    assert_string_equal(ask(fake, fd, "c"), "(none)");
    assert_string_equal(raw(fake, fd, "\x03", 1), "$S02#b5");
    assert_string_equal(fake->log, "pause;step;cont;cont;pause;");
    close(fd);
}

static void hostile_packets_change_nothing(void **state)
{
    static const char *const packets[] = {
        "",      "m",     "m,",    "m0",       "m0,ffffffffffffffff", "m10000000000000000,1",
        "M0,2:aa", "M0,1:xx", "M0,", "P",        "P1",                  "P1=",
        "P1=0",  "Pff=00", "pff",  "G00",      "Z0",                  "Z9,0,0",
        "z0,zz,1", "Z0,,1", "Z2", "Z2,", "Z2,0", "Z3,zz,1", "z4,1", "Z5,1,1", "qXfer", "vMustReplyEmpty", "\x7f",
    };
    struct fake *fake = *state;
    const int fd = attach(fake);

    for (size_t i = 0; i < CB_ARRAY_LEN(packets); i++) {
        const char *answer = ask(fake, fd, packets[i]);

        assert_true(strcmp(answer, "") == 0 || strcmp(answer, "E01") == 0);
    }
    assert_string_equal(raw(fake, fd, "$m0,1#00", 8), "-");
    assert_string_equal(raw(fake, fd, "$m0,1#zz", 8), "-");
    assert_string_equal(fake->log, "pause;");
    assert_true(cb_all_zero(fake->memory, sizeof fake->memory));
    close(fd);
}

static void a_packet_that_is_too_long_is_refused(void **state)
{
    struct fake *fake = *state;
    const int fd = attach(fake);
    static char longest[20000];

    memset(longest, 'A', sizeof longest);
    longest[0] = '$';
    longest[sizeof longest - 3] = '#';
    assert_string_equal(raw(fake, fd, longest, sizeof longest), "-");
    assert_string_equal(ask(fake, fd, "?"), "S05");
    close(fd);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_connection_pauses_and_its_end_lets_go),
        CASE(registers_come_in_gdbs_order),
        CASE(x87_segments_and_control_registers_are_shown_and_set),
        CASE(the_description_names_the_registers_in_pieces),
        CASE(watchpoints_are_set_told_and_removed),
        CASE(memory_is_read_and_written),
        CASE(stops_and_steps_are_told),
        CASE(hostile_packets_change_nothing),
        CASE(a_packet_that_is_too_long_is_refused),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
