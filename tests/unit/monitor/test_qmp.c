/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket against a machine that only writes down what it was asked:
 * protocol, refusals, hostile bytes, files.  One process plays both ends.
 */
#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/monitor.h"

#define DRAM_SIZE UINT64_C(0x5000)

struct fake {
    struct host_loop *loop;
    struct mon *mon;
    struct host_addr addr;
    char folder[64];
    char log[256];
    bool paused;
};

static void note(struct fake *fake, const char *what)
{
    strncat(fake->log, what, sizeof fake->log - strlen(fake->log) - 1);
}

static const char *fake_status(void *ctx)
{
    const struct fake *fake = ctx;

    return fake->paused ? "paused" : "running";
}

static void fake_stop(void *ctx)
{
    struct fake *fake = ctx;

    fake->paused = true;
    note(fake, "stop;");
    mon_event(fake->mon, "STOP");
}

static void fake_cont(void *ctx)
{
    struct fake *fake = ctx;

    fake->paused = false;
    note(fake, "cont;");
}

static void fake_quit(void *ctx)
{
    note(ctx, "quit;");
}

static enum cbit_error fake_reset(void *ctx)
{
    note(ctx, "reset;");
    return CBIT_E_OK;
}

static enum cbit_error fake_powerdown(void *ctx)
{
    note(ctx, "powerdown;");
    return CBIT_E_NOT_FOUND;
}

/* Byte i of view v is i ^ v. */
static enum cbit_error fake_peek(void *ctx, uint64_t at, cbit_view view, void *to, size_t len)
{
    (void)ctx;
    if (view > CBIT_VIEW_ASID(4))
        return CBIT_E_NOT_FOUND;
    if (!cb_range_ok(at, len, DRAM_SIZE))
        return CBIT_E_RANGE;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)to)[i] = (uint8_t)((at + i) ^ view);
    return CBIT_E_OK;
}

static enum cbit_error fake_peek_c0(void *ctx, uint64_t at, void *to, size_t len)
{
    return fake_peek(ctx, at, CBIT_VIEW_RAW, to, len);
}

static size_t fake_dram(void *ctx, struct cbit_range *out, size_t max)
{
    (void)ctx;
    if (max > 0)
        out[0] = (struct cbit_range){0, DRAM_SIZE};
    return 1;
}

/* The frames' views in turn: none, raw, host, host, ASID 1. */
static bool fake_frame(void *ctx, uint64_t at, cbit_view *view)
{
    static const int views[] = {-1, 0, 1, 1, 2};

    (void)ctx;
    if (at >= DRAM_SIZE || views[at / 4096] < 0)
        return false;
    *view = (cbit_view)views[at / 4096];
    return true;
}

static void fake_regs(void *ctx, struct cbit_regs *out)
{
    (void)ctx;
    *out = (struct cbit_regs){.rip = 0x1122334455667788};
}

static enum cbit_error fake_core_begin(void *ctx)
{
    note(ctx, "begin;");
    return CBIT_E_OK;
}

static void fake_core_end(void *ctx)
{
    note(ctx, "end;");
}

static void fake_sev_info(void *ctx, struct cbit_sev_info *out)
{
    (void)ctx;
    *out = (struct cbit_sev_info){.enabled = true, .api_minor = 24, .build = 22, .policy = 0xffffffff,
                                  .handle = 1, .state = "launch-secret"};
}

static enum cbit_error fake_capabilities(void *ctx, struct cbit_sev_capabilities *out,
                                         struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0, sizeof *out);
    out->c_bit = 51;
    out->reduced_phys_bits = 5;
    return CBIT_E_OK;
}

static enum cbit_error fake_measure(void *ctx, uint8_t out[CBIT_SEV_MEASURE_SIZE],
                                    struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0xff, CBIT_SEV_MEASURE_SIZE);
    return CBIT_E_OK;
}

/* Its first 16 bytes are the nonce. */
static enum cbit_error fake_report(void *ctx, const uint8_t mnonce[16],
                                   uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0, CBIT_SEV_REPORT_SIZE);
    memcpy(out, mnonce, 16);
    return CBIT_E_OK;
}

static enum cbit_error fake_inject(void *ctx, struct cbit_bytes header, struct cbit_bytes secret,
                                   uint64_t gpa, struct cbit_why *why)
{
    char text[64];

    if (secret.len < 3) {
        snprintf(why->text, sizeof why->text, "LAUNCH_SECRET: INVALID_LENGTH (4)");
        return CBIT_E_DENIED;
    }
    snprintf(text, sizeof text, "inject %zu %zu %llx;", header.len, secret.len,
             (unsigned long long)gpa);
    note(ctx, text);
    return CBIT_E_OK;
}

static enum cbit_error fake_debug_read(void *ctx, uint64_t at, void *to, size_t len,
                                       struct cbit_why *why)
{
    (void)why;
    return fake_peek(ctx, at, CBIT_VIEW_RAW, to, len);
}

static enum cbit_error fake_debug_write(void *ctx, uint64_t at, const void *from, size_t len,
                                        struct cbit_why *why)
{
    (void)ctx;
    (void)at;
    (void)from;
    (void)len;
    snprintf(why->text, sizeof why->text, "DBG_ENCRYPT: POLICY_FAILURE (7)");
    return CBIT_E_DENIED;
}

static const struct mon_sev_ops fake_sev = {
    .info = fake_sev_info,
    .capabilities = fake_capabilities,
    .measure = fake_measure,
    .report = fake_report,
    .inject = fake_inject,
    .debug_read = fake_debug_read,
    .debug_write = fake_debug_write,
};

/* Guest memory begins at 1000h. */
static enum cbit_error fake_find(void *ctx, uint64_t gpa, uint64_t *address)
{
    (void)ctx;
    *address = gpa + 0x1000;
    return gpa < 0x2000 ? CBIT_E_OK : CBIT_E_RANGE;
}

static const struct mon_ops fake_ops = {
    .find = fake_find,
    .sev = &fake_sev,
    .frame = fake_frame,
    .regs = fake_regs,
    .core_begin = fake_core_begin,
    .core_peek = fake_peek_c0,
    .core_end = fake_core_end,
    .status = fake_status,
    .stop = fake_stop,
    .cont = fake_cont,
    .quit = fake_quit,
    .reset = fake_reset,
    .powerdown = fake_powerdown,
    .peek = fake_peek,
    .peek_c0 = fake_peek_c0,
    .dram = fake_dram,
};

static int set_up(void **state)
{
    struct fake *fake = calloc(1, sizeof *fake);
    struct mon_config config = {.ops = &fake_ops, .ctx = fake};

    snprintf(fake->folder, sizeof fake->folder, "/tmp/cbit-qmp.XXXXXX");
    if (!mkdtemp(fake->folder) || host_loop_new(&fake->loop))
        return -1;
    snprintf(fake->addr.path, sizeof fake->addr.path, "%s/run/ctl", fake->folder);
    config.loop = fake->loop;
    config.addr = fake->addr;
    if (mon_new(&config, &fake->mon))
        return -1;
    *state = fake;
    return 0;
}

static int tear_down(void **state)
{
    struct fake *fake = *state;
    char command[128];

    mon_free(fake->mon);
    host_loop_free(fake->loop);
    snprintf(command, sizeof command, "rm -rf %s", fake->folder);
    const int failed = system(command);

    free(fake);
    return failed;
}

/* ---- a bare peer ---- */

static int peer(const struct fake *fake)
{
    int fd;

    assert_int_equal(host_connect(&fake->addr, &fd), CBIT_OK);
    return fd;
}

/* Lets the monitor work until nothing is left to do. */
static void settle(struct fake *fake)
{
    while (host_loop_wait(fake->loop, 20000000))
        ;
}

/* Sends, lets the monitor answer, and returns what came back (static, one call long). */
static const char *talk(struct fake *fake, int fd, const char *text)
{
    static char answer[1 << 16];
    size_t len = 0;

    assert_int_equal(host_write_all(fd, text, strlen(text)), CBIT_OK);
    settle(fake);
    for (;;) {
        const ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, MSG_DONTWAIT);

        if (n <= 0)
            break;
        len += (size_t)n;
    }
    answer[len] = 0;
    return answer;
}

static int negotiated(struct fake *fake)
{
    const int fd = peer(fake);

    assert_non_null(strstr(talk(fake, fd, ""), "\"QMP\""));
    assert_string_equal(talk(fake, fd, "{\"execute\": \"qmp_capabilities\"}"), "{\"return\":{}}\r\n");
    return fd;
}

static void nothing_works_before_the_negotiation(void **state)
{
    struct fake *fake = *state;
    const int fd = peer(fake);

    talk(fake, fd, "");
    assert_non_null(strstr(talk(fake, fd, "{\"execute\":\"stop\",\"id\":7}"), "CommandNotFound"));
    assert_string_equal(fake->log, "");
    close(fd);
}

static void commands_reach_the_machine_and_carry_their_id(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"{\"execute\":\"query-status\",\"id\":1}",
         "{\"return\":{\"status\":\"running\",\"running\":true,\"singlestep\":false},\"id\":1}\r\n"},
        {"{\"execute\":\"cont\",\"id\":[{\"x\":null}]}", "{\"return\":{},\"id\":[{\"x\":null}]}\r\n"},
        {"{\"execute\":\"system_reset\"}", "{\"return\":{}}\r\n"},
        {"{\"execute\":\"system_powerdown\"}",
         "{\"error\":{\"class\":\"GenericError\",\"desc\":\"this platform has no power button\"}}\r\n"},
        {"{\"execute\":\"cbit-frames\"}",
         "{\"return\":{\"runs\":[[1,-1],[1,0],[2,1],[1,2]],\"next\":0}}\r\n"},
        {"{\"execute\":\"quit\"}", "{\"return\":{}}\r\n"},
        {"{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"host\",\"addr\":16,\"len\":4}}",
         "{\"return\":{\"data\":\"11101312\",\"exposed\":false}}\r\n"},
    };
    struct fake *fake = *state;
    const int fd = negotiated(fake);

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++)
        assert_string_equal(talk(fake, fd, rows[i].request), rows[i].answer);
    assert_string_equal(fake->log, "cont;reset;powerdown;quit;");
    close(fd);
}

static void sev_commands_answer_as_qemus_do(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"{\"execute\":\"query-sev\"}",
         "{\"return\":{\"enabled\":true,\"api-major\":0,\"api-minor\":24,\"build-id\":22,"
         "\"policy\":4294967295,\"state\":\"launch-secret\",\"handle\":1}}\r\n"},
        {"{\"execute\":\"query-sev-launch-measure\"}",
         "{\"return\":{\"data\":"
         "\"////////////////////////////////////////////////////////////////\"}}\r\n"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":"
         "{\"packet-header\":\"AAAA\",\"secret\":\"AAAAAAAA\"}}", "{\"return\":{}}\r\n"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":"
         "{\"packet-header\":\"AA==\",\"secret\":\"AAAA\",\"gpa\":4096}}", "{\"return\":{}}\r\n"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":"
         "{\"packet-header\":\"AA==\",\"secret\":\"AA==\"}}",
         "{\"error\":{\"class\":\"GenericError\",\"desc\":\"LAUNCH_SECRET: INVALID_LENGTH (4)\"}}\r\n"},
        {"{\"execute\":\"cbit-gpa\",\"arguments\":{\"addr\":16}}", "{\"return\":{\"addr\":4112}}\r\n"},
        {"{\"execute\":\"cbit-gpa\",\"arguments\":{\"addr\":8192}}",
         "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no guest has memory there\"}}\r\n"},
        {"{\"execute\":\"cbit-dbg\",\"arguments\":{\"addr\":1,\"len\":3}}",
         "{\"return\":{\"data\":\"AQID\"}}\r\n"},
        {"{\"execute\":\"cbit-dbg\",\"arguments\":{\"addr\":1,\"data\":\"AAAA\"}}",
         "{\"error\":{\"class\":\"GenericError\",\"desc\":\"DBG_ENCRYPT: POLICY_FAILURE (7)\"}}\r\n"},
    };
    struct fake *fake = *state;
    const int fd = negotiated(fake);

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++)
        assert_string_equal(talk(fake, fd, rows[i].request), rows[i].answer);
    assert_string_equal(fake->log, "inject 3 6 0;inject 1 3 1000;");
    close(fd);
}

static void capabilities_and_reports_have_qemus_members(void **state)
{
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    const char *answer = talk(fake, fd, "{\"execute\":\"query-sev-capabilities\"}");

    assert_non_null(strstr(answer, "{\"return\":{\"pdh\":\"AAAA"));
    assert_non_null(strstr(answer, "\"cert-chain\":\"AAAA"));
    assert_non_null(strstr(answer, "\"cpu0-id\":\"AAAA"));
    assert_non_null(strstr(answer, "\"cbitpos\":51,\"reduced-phys-bits\":5}"));
    answer = talk(fake, fd, "{\"execute\":\"query-sev-attestation-report\",\"arguments\":"
                            "{\"mnonce\":\"/////////////////////w==\"}}");
    assert_non_null(strstr(answer, "{\"return\":{\"data\":\"/////////////////////wAAAA"));
    close(fd);
}

static void ill_formed_sev_arguments_are_refused(void **state)
{
    static const struct {
        const char *request, *part;
    } rows[] = {
        {"{\"execute\":\"query-sev-attestation-report\",\"arguments\":{\"mnonce\":\"AAAA\"}}",
         "has 3 bytes, not 16"},
        {"{\"execute\":\"query-sev-attestation-report\",\"arguments\":{\"mnonce\":\"!\"}}",
         "'mnonce' is not base64"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":{\"secret\":\"AAAA\"}}",
         "Parameter 'packet-header' is missing"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":"
         "{\"packet-header\":\"AAAA\",\"secret\":\"AAAA\",\"gpa\":-1}}", "'gpa' is negative"},
        {"{\"execute\":\"sev-inject-launch-secret\",\"arguments\":"
         "{\"packet-header\":\"AAAA\",\"secret\":\"A\"}}", "'secret' is not base64"},
        {"{\"execute\":\"cbit-dbg\",\"arguments\":{\"addr\":0}}", "is wanted"},
        {"{\"execute\":\"cbit-dbg\",\"arguments\":{\"addr\":0,\"len\":70000}}", "not within"},
    };
    struct fake *fake = *state;
    const int fd = negotiated(fake);

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++)
        assert_non_null(strstr(talk(fake, fd, rows[i].request), rows[i].part));
    assert_string_equal(fake->log, "");
    close(fd);
}

static void events_reach_every_negotiated_peer(void **state)
{
    struct fake *fake = *state;
    const int one = negotiated(fake), two = negotiated(fake);

    talk(fake, one, "{\"execute\":\"stop\"}");
    assert_non_null(strstr(talk(fake, two, ""), "\"event\":\"STOP\""));
    close(one);
    close(two);
}

static void wrong_requests_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *request, *part;
    } rows[] = {
        {"{}", "lacks member 'execute'"},
        {"{\"execute\":1}", "lacks member 'execute'"},
        {"{\"execute\":\"nope\"}", "The command nope has not been found"},
        {"{\"execute\":\"qmp_capabilities\"}", "CommandNotFound"},
        {"{\"execute\":\"stop\",\"exec\":1}", "member 'exec' is unexpected"},
        {"{\"execute\":\"stop\",\"arguments\":[]}", "must be an object"},
        {"{\"execute\":\"stop\",\"arguments\":{\"now\":true}}", "Parameter 'now' is unexpected"},
        {"{\"execute\":\"pmemsave\",\"arguments\":{\"val\":0,\"size\":1}}", "Parameter 'filename' is missing"},
        {"{\"execute\":\"pmemsave\",\"arguments\":{\"val\":\"0\",\"size\":1,\"filename\":\"/x\"}}",
         "Invalid parameter type for 'val'"},
        {"{\"execute\":\"pmemsave\",\"arguments\":{\"val\":-1,\"size\":1,\"filename\":\"/x\"}}",
         "Parameter 'val' is negative"},
        {"{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"asid=0\",\"addr\":0,\"len\":1}}",
         "none of: raw host asid=N"},
        {"{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"asid=9\",\"addr\":0,\"len\":1}}",
         "\"error\""},
        {"{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"raw\",\"addr\":0,\"len\":65537}}",
         "not within 1 .. 65536"},
        {"{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"raw\",\"addr\":9223372036854775807,\"len\":65536}}",
         "\"error\""},
        {"{\"execute\":\"stop\",\"execute\":\"quit\"}", "Invalid JSON syntax"},
        {"{nonsense}", "Invalid JSON syntax"},
        {"{\"execute\":\"\\ud800\"}", "Invalid JSON syntax"},
    };
    struct fake *fake = *state;
    const int fd = negotiated(fake);

    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        const char *answer = talk(fake, fd, rows[i].request);

        assert_non_null(strstr(answer, "\"error\""));
        assert_non_null(strstr(answer, rows[i].part));
    }
    assert_string_equal(fake->log, "");
    close(fd);
}

static void hostile_bytes_cost_the_peer_its_connection_and_nobody_else(void **state)
{
    struct fake *fake = *state;
    const int good = negotiated(fake);
    static char deep[60000];
    const int rude = peer(fake), nested = peer(fake);

    talk(fake, rude, "");
    assert_non_null(strstr(talk(fake, rude, "GET / HTTP/1.1\r\n\r\n"), "Invalid JSON syntax"));
    memset(deep, '[', sizeof deep - 1);
    memcpy(deep, "{\"a\":", 5);
    talk(fake, nested, deep);
    memset(deep, ']', sizeof deep - 1);
    assert_non_null(strstr(talk(fake, good, "{\"execute\":\"query-status\"}"), "running"));
    close(rude);
    close(nested);
    close(good);
    settle(fake);
}

static void more_peers_than_fit_are_turned_away(void **state)
{
    struct fake *fake = *state;
    int fd[6];

    for (size_t i = 0; i < CB_ARRAY_LEN(fd); i++) {
        fd[i] = peer(fake);
        settle(fake);
    }
    assert_non_null(strstr(talk(fake, fd[3], ""), "QMP"));
    assert_string_equal(talk(fake, fd[5], ""), "");
    for (size_t i = 0; i < CB_ARRAY_LEN(fd); i++)
        close(fd[i]);
}

static void a_peer_that_never_reads_is_dropped(void **state)
{
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    static const char ask[] =
        "{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"raw\",\"addr\":0,\"len\":16384}}";
    bool dropped = false;

    for (int i = 0; i < 1000 && !dropped; i++) {
        dropped = host_write_all(fd, ask, strlen(ask)) != CBIT_OK;
        settle(fake);
    }
    assert_true(dropped);
    close(fd);
}

static void dumps_hold_what_the_view_shows(void **state)
{
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    struct host_bytes bytes;
    char request[256], path[128];

    snprintf(path, sizeof path, "%s/dump", fake->folder);
    snprintf(request, sizeof request,
             "{\"execute\":\"cbit-dram\",\"arguments\":{\"view\":\"asid=2\",\"filename\":\"%s\"}}", path);
    assert_non_null(strstr(talk(fake, fd, request), "\"return\""));
    assert_int_equal(host_file_read(path, 1 << 20, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, DRAM_SIZE);
    assert_int_equal(bytes.data[0x1234], 0x34 ^ 3);
    host_bytes_free(&bytes);
    snprintf(request, sizeof request,
             "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":256,\"size\":3,\"filename\":\"%s\"}}", path);
    assert_non_null(strstr(talk(fake, fd, request), "\"return\""));
    assert_int_equal(host_file_read(path, 1 << 20, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.data, "\x00\x01\x02", 3);
    host_bytes_free(&bytes);
    close(fd);
}

static void a_core_file_has_registers_and_memory(void **state)
{
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    struct host_bytes bytes;
    char request[256], path[128];

    snprintf(path, sizeof path, "%s/core", fake->folder);
    snprintf(request, sizeof request,
             "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":false,\"protocol\":\"file:%s\"}}",
             path);
    assert_non_null(strstr(talk(fake, fd, request), "\"return\""));
    assert_string_equal(fake->log, "begin;end;");
    assert_int_equal(host_file_read(path, 1 << 20, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, 8192 + DRAM_SIZE);
    assert_memory_equal(bytes.data, "\177ELF", 4);
    assert_int_equal(cb_load_le16(bytes.data + 16), 4);
    assert_true(cb_load_le64(bytes.data + 64 + 2 * 56 + 20 + 112 + 8 * 16) == 0x1122334455667788);
    assert_int_equal(bytes.data[8192 + 0x1234], 0x34);
    host_bytes_free(&bytes);
    assert_non_null(strstr(talk(fake, fd, "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":true,\"protocol\":\"file:/x\"}}"),
                           "not built yet"));
    assert_non_null(strstr(talk(fake, fd, "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":1,\"protocol\":\"file:/x\"}}"),
                           "Invalid parameter type"));
    assert_non_null(strstr(talk(fake, fd, "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":false,\"protocol\":\"fd:x\"}}"),
                           "is not file:PATH"));
    close(fd);
}

static void a_core_of_a_part_holds_that_part_alone(void **state)
{
    static const struct {
        const char *more, *answer;
    } refused[] = {
        {"\"begin\":0", "'length' is missing"},
        {"\"length\":16", "'begin' is missing"},
        {"\"begin\":-1,\"length\":16", "no range"},
        {"\"begin\":0,\"length\":0", "no range"},
        {"\"begin\":1048576,\"length\":16", "\"error\""},
        {"\"detach\":true", "not built yet"},
        {"\"format\":\"kdump-zlib\"", "only elf"},
    };
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    struct host_bytes bytes;
    char request[400], path[128];

    snprintf(path, sizeof path, "%s/part", fake->folder);
    for (size_t i = 0; i < CB_ARRAY_LEN(refused); i++) {
        snprintf(request, sizeof request, "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":false,\"protocol\":\"file:%s\",%s}}", path, refused[i].more);
        assert_non_null(strstr(talk(fake, fd, request), refused[i].answer));
        assert_int_equal(access(path, F_OK), -1);
    }
    snprintf(request, sizeof request, "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":false,\"protocol\":\"file:%s\",\"detach\":false,\"begin\":4096,\"length\":99999}}", path);
    assert_non_null(strstr(talk(fake, fd, request), "\"return\""));
    assert_int_equal(host_file_read(path, 1 << 20, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, 8192 + DRAM_SIZE - 4096);
    assert_true(cb_load_le64(bytes.data + 64 + 56 + 24) == 4096); /* its physical address */
    assert_int_equal(bytes.data[8192 + 0x34], 0x34);
    host_bytes_free(&bytes);
    assert_non_null(strstr(talk(fake, fd, "{\"execute\":\"query-dump-guest-memory-capability\"}"),
                           "{\"formats\":[\"elf\"]}"));
    close(fd);
}

static void a_range_outside_dram_leaves_no_file(void **state)
{
    struct fake *fake = *state;
    const int fd = negotiated(fake);
    char request[256], path[128];

    snprintf(path, sizeof path, "%s/none", fake->folder);
    snprintf(request, sizeof request,
             "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":0,\"size\":99999,\"filename\":\"%s\"}}", path);
    assert_non_null(strstr(talk(fake, fd, request), "not DRAM"));
    assert_int_equal(access(path, F_OK), -1);
    close(fd);
}

static void the_folder_is_private_and_the_socket_ours(void **state)
{
    struct fake *fake = *state;
    struct mon_config config = {.ops = &fake_ops, .ctx = fake, .loop = fake->loop, .addr = fake->addr};
    struct stat st;
    struct mon *second;
    char folder[128];

    snprintf(folder, sizeof folder, "%s/run", fake->folder);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(fake->addr.path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(mon_new(&config, &second), CBIT_BUSY);
    assert_int_equal(chmod(folder, 0777), 0);
    snprintf(config.addr.path, sizeof config.addr.path, "%s/run/other", fake->folder);
    assert_int_equal(mon_new(&config, &second), CBIT_DENIED);
}

static void views_are_named_raw_host_and_asid(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        cbit_view view;
    } rows[] = {
        {"raw", true, 0}, {"host", true, 1}, {"asid=1", true, 2}, {"asid=509", true, 510},
        {"asid=0", false, 0}, {"asid=", false, 0}, {"asid=-1", false, 0}, {"asid=1x", false, 0},
        {"RAW", false, 0}, {"", false, 0}, {"asid=99999999999999999999", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        cbit_view view = 0;

        assert_int_equal(mon_view_parse(rows[i].text, &view), rows[i].ok);
        if (rows[i].ok)
            assert_int_equal(view, rows[i].view);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_works_before_the_negotiation),
        CASE(commands_reach_the_machine_and_carry_their_id),
        CASE(sev_commands_answer_as_qemus_do),
        CASE(capabilities_and_reports_have_qemus_members),
        CASE(ill_formed_sev_arguments_are_refused),
        CASE(events_reach_every_negotiated_peer),
        CASE(wrong_requests_are_refused_with_a_reason),
        CASE(hostile_bytes_cost_the_peer_its_connection_and_nobody_else),
        CASE(more_peers_than_fit_are_turned_away),
        CASE(a_peer_that_never_reads_is_dropped),
        CASE(dumps_hold_what_the_view_shows),
        CASE(a_core_file_has_registers_and_memory),
        CASE(a_core_of_a_part_holds_that_part_alone),
        CASE(a_range_outside_dram_leaves_no_file),
        CASE(the_folder_is_private_and_the_socket_ours),
        cmocka_unit_test(views_are_named_raw_host_and_asid),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
