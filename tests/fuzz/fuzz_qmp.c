/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile peer of the control socket: the input is what it sends after the
 * negotiation (if its first byte is 0: without one).  Whatever comes, each line of
 * the answer is a JSON object of a known kind, and the machine is asked only for
 * ranges within its memory.  Dumps go nowhere: opening one is wrapped.
 */
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/peer.h"
#include "monitor/monitor.h"

#define DRAM UINT64_C(0x5000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_host_dump_open(const char *path, uint64_t len);

int __wrap_host_dump_open(const char *path, uint64_t len)
{
    fuzz_must(path != NULL && len <= 16 * DRAM);
    return (int)memfd_create("dump", MFD_CLOEXEC);
}

static const char *op_status(void *ctx)
{
    (void)ctx;
    return "running";
}

static void op_nothing(void *ctx)
{
    (void)ctx;
}

static enum cbit_error op_ok(void *ctx)
{
    (void)ctx;
    return CBIT_E_OK;
}

static enum cbit_error op_peek_c0(void *ctx, uint64_t at, void *to, size_t len)
{
    (void)ctx;
    if (!cb_range_ok(at, len, DRAM))
        return CBIT_E_RANGE;
    memset(to, 0x5a, len);
    return CBIT_E_OK;
}

static enum cbit_error op_peek(void *ctx, uint64_t at, cbit_view view, void *to, size_t len)
{
    return view > CBIT_VIEW_ASID(4) ? CBIT_E_NOT_FOUND : op_peek_c0(ctx, at, to, len);
}

static size_t op_dram(void *ctx, struct cbit_range *out, size_t max)
{
    (void)ctx;
    if (max > 0)
        out[0] = (struct cbit_range){0, DRAM};
    return 1;
}

static bool op_frame(void *ctx, uint64_t at, cbit_view *view)
{
    (void)ctx;
    fuzz_must(at < DRAM);
    *view = CBIT_VIEW_HOST;
    return at / CB_PAGE_SIZE % 2 == 0;
}

static void op_regs(void *ctx, struct cbit_regs *out)
{
    (void)ctx;
    memset(out, 0, sizeof *out);
}

static enum cbit_error op_find(void *ctx, uint64_t gpa, uint64_t *address)
{
    (void)ctx;
    *address = gpa;
    return gpa < DRAM ? CBIT_E_OK : CBIT_E_RANGE;
}

static void sev_info(void *ctx, struct cbit_sev_info *out)
{
    (void)ctx;
    memset(out, 0, sizeof *out);
    out->state = "launch-secret";
}

static enum cbit_error sev_capabilities(void *ctx, struct cbit_sev_capabilities *out,
                                        struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0, sizeof *out);
    return CBIT_E_OK;
}

static enum cbit_error sev_measure(void *ctx, uint8_t out[CBIT_SEV_MEASURE_SIZE],
                                   struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0, CBIT_SEV_MEASURE_SIZE);
    return CBIT_E_OK;
}

static enum cbit_error sev_report(void *ctx, const uint8_t mnonce[16],
                                  uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why)
{
    (void)ctx;
    (void)why;
    memset(out, 0, CBIT_SEV_REPORT_SIZE);
    memcpy(out, mnonce, 16);
    return CBIT_E_OK;
}

/* Reads what it is given, so that a wrong length is seen. */
static enum cbit_error sev_inject(void *ctx, struct cbit_bytes header, struct cbit_bytes secret,
                                  uint64_t gpa, struct cbit_why *why)
{
    (void)ctx;
    (void)gpa;
    snprintf(why->text, sizeof why->text, "%d %d", (int)cb_all_zero(header.data, header.len),
             (int)cb_all_zero(secret.data, secret.len));
    return CBIT_E_DENIED;
}

static enum cbit_error sev_debug_read(void *ctx, uint64_t at, void *to, size_t len,
                                      struct cbit_why *why)
{
    (void)why;
    return op_peek_c0(ctx, at, to, len);
}

static enum cbit_error sev_debug_write(void *ctx, uint64_t at, const void *from, size_t len,
                                       struct cbit_why *why)
{
    (void)ctx;
    snprintf(why->text, sizeof why->text, "%d", (int)cb_all_zero(from, len));
    return at < DRAM ? CBIT_E_OK : CBIT_E_DENIED;
}

static const struct mon_sev_ops sev = {
    .info = sev_info,
    .capabilities = sev_capabilities,
    .measure = sev_measure,
    .report = sev_report,
    .inject = sev_inject,
    .debug_read = sev_debug_read,
    .debug_write = sev_debug_write,
};

static const struct mon_ops ops = {
    .status = op_status,
    .stop = op_nothing,
    .cont = op_nothing,
    .quit = op_nothing,
    .reset = op_ok,
    .powerdown = op_ok,
    .peek = op_peek,
    .peek_c0 = op_peek_c0,
    .dram = op_dram,
    .frame = op_frame,
    .regs = op_regs,
    .core_begin = op_ok,
    .core_peek = op_peek_c0,
    .core_end = op_nothing,
    .find = op_find,
    .sev = &sev,
};

static void line_is_sound(const char *line, size_t len)
{
    json_t *message = json_loadb(line, len, 0, NULL);
    const bool answer = json_object_get(message, "return") != NULL;
    const bool error = json_is_string(json_object_get(json_object_get(message, "error"), "desc"));

    fuzz_must(json_is_object(message));
    fuzz_must((int)answer + (int)error + (json_object_get(message, "QMP") != NULL) == 1);
    json_decref(message);
}

static void answers_are_sound(const struct fuzz_peer *peer)
{
    const char *at = peer->heard, *end = at + peer->heard_len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        fuzz_must(newline != NULL);
        line_is_sound(at, (size_t)(newline - at));
        at = newline + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char hello[] = "{\"execute\":\"qmp_capabilities\"}";
    static struct fuzz_peer peer;
    static struct mon *mon;
    const size_t head = size > 0 && data[0] == 0 ? 0 : sizeof hello - 1;
    char *said = malloc(head + size + 1);

    fuzz_must(said != NULL);
    if (!mon) {
        fuzz_peer_init(&peer);
        fuzz_must(mon_new(&(struct mon_config){.ops = &ops, .loop = peer.loop, .addr = peer.addr},
                          &mon) == CBIT_OK);
    }
    memcpy(said, hello, head);
    if (size > 0)
        memcpy(said + head, data, size);
    fuzz_peer_talk(&peer, said + (head == 0), head + size - (head == 0 && size > 0));
    answers_are_sound(&peer);
    free(said);
    return 0;
}
