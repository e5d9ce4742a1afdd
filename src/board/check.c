/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check mode between the CPU and the fabric.
 *
 * Its functions take the place of those in the fabric's struct x86_ops: nobody
 * pays for them who has not asked.  An access is judged first (mc/check.h: the
 * lines of a frame are as mc has them before it turns it), then done, in DRAM or
 * in the modelled cache.  Host pointers are given for instruction fetch alone, so
 * that code is decoded once; the CPU tells what it fetched, and writes to such
 * pages come through mc as always.
 *
 * A report is told once for each (kind, instruction).  Which are no fault in spite
 * of all is in board/check_allow.c.
 */
#include "board/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "board/fabric.h"
#include "board/ksyms.h"
#include "mc/cache.h"

#define N_TOLD 4096u /* a power of two; further ones are counted only */

struct told {
    uint64_t rip;
    uint8_t kind_1; /* kind + 1; 0: free */
};

struct board_check {
    struct board_check_config config;
    struct board_fabric *fabric;
    struct mc_check *lines; /* NULL: nothing is reported */
    struct mc_cache *cache; /* NULL: memory and caches agree */
    struct board_ksyms *symbols;
    struct board_check_stats stats;
    unsigned n_told;
    struct told told[N_TOLD];
};

static const char *const kind_names[MC_CHECK_KINDS] = {
    [MC_CHECK_FLUSH] = "missing-flush", [MC_CHECK_DMA] = "dma-private",
    [MC_CHECK_MMIO] = "mmio-c1",        [MC_CHECK_FETCH] = "fetch-view",
    [MC_CHECK_WALK] = "walk-view",
};

const char *board_check_kind_name(enum mc_check_kind kind)
{
    return kind_names[kind];
}

/* ---- reports ---- */

static void view_name(mc_view_t view, char to[16])
{
    if (view == MC_VIEW_RAW)
        snprintf(to, 16, "raw");
    else if (view == MC_VIEW_HOST)
        snprintf(to, 16, "host");
    else
        snprintf(to, 16, "asid=%u", (unsigned)view - MC_VIEW_ASID(0));
}

void board_check_format(const struct board_report *r, char *to, size_t size)
{
    static const char *const why[MC_CHECK_KINDS] = {
        [MC_CHECK_FLUSH] = "no CLFLUSH or WBINVD since the last write",
        [MC_CHECK_DMA] = "a device has no key",
        [MC_CHECK_MMIO] = "C=1 reaches no device",
        [MC_CHECK_FETCH] = "these bytes are garbage as instructions",
        [MC_CHECK_WALK] = "this entry is garbage",
    };
    char gva[24] = "-";

    if (r->has_gva)
        snprintf(gva, sizeof(gva), "%#llx", (unsigned long long)r->gva);
    snprintf(to, size, "%s: rip=%#llx gva=%s spa=%#llx access=%s view=%s last=%s%s%s (%s)",
             kind_names[r->kind], (unsigned long long)r->rip, gva, (unsigned long long)r->spa,
             r->access, r->view, r->last, *r->symbol ? " symbol=" : "", r->symbol, why[r->kind]);
}

/* False: it has been told, or there is no room to remember it. */
static bool is_news(struct board_check *check, enum mc_check_kind kind, uint64_t rip)
{
    unsigned at = (unsigned)((rip ^ rip >> 12 ^ (uint64_t)kind << 9) & (N_TOLD - 1));

    while (check->told[at].kind_1) {
        if (check->told[at].rip == rip && check->told[at].kind_1 == kind + 1)
            return false;
        at = (at + 1) & (N_TOLD - 1);
    }
    if (check->n_told == N_TOLD - 1)
        return false;
    check->n_told++;
    check->told[at] = (struct told){rip, (uint8_t)(kind + 1)};
    return true;
}

/* "memset+0x10" without the offset. */
static bool is_allowed(const struct board_report *report)
{
    char name[BOARD_CHECK_SYMBOL];

    snprintf(name, sizeof(name), "%s", report->symbol);
    name[strcspn(name, "+")] = 0;
    return *name && board_check_allowed(name, report->kind);
}

static __attribute__((noinline)) void tell(struct board_check *check, struct board_report *report)
{
    const struct x86_current now = x86_current(check->fabric->cpu);

    report->rip = now.rip;
    if (!is_news(check, report->kind, now.rip)) {
        check->stats.repeats++;
        return;
    }
    board_ksyms_find(check->symbols, now.rip, report->symbol,
                     sizeof(report->symbol));
    if (is_allowed(report)) {
        check->stats.allowed++;
        return;
    }
    check->stats.found[report->kind]++;
    check->config.tell(check->config.ctx, report);
}

static const char *access_name(struct mc_access access, bool write)
{
    if (access.kind == MC_KIND_FETCH)
        return "fetch";
    if (access.kind == MC_KIND_WALK || access.kind == MC_KIND_NPT_WALK)
        return write ? "walk-write" : "walk";
    return write ? "write" : "read";
}

static void judge(struct board_check *check, spa_t at, size_t len, struct mc_access access,
                  bool write)
{
    struct mc_finding finding;
    struct board_report report;

    if (!check->lines || CB_LIKELY(!mc_check_use(check->lines, at, len, access, write, &finding)))
        return;
    report = (struct board_report){.kind = finding.kind,
                                   .access = access_name(access, write),
                                   .has_gva = access.kind != MC_KIND_DMA,
                                   .spa = finding.at.v};
    report.gva = x86_current(check->fabric->cpu).at.v;
    if (access.kind == MC_KIND_DATA || access.kind == MC_KIND_FETCH)
        report.gva += finding.at.v - at.v;
    view_name(finding.view, report.view);
    view_name(finding.wrote, report.last);
    tell(check, &report);
}

/* ---- in place of the fabric's functions ---- */

static struct board_check *check_of(void *ctx)
{
    return ((struct board_fabric *)ctx)->check;
}

static uint8_t *check_map(void *ctx, spa_t at, struct mc_access access, bool write)
{
    struct board_check *check = check_of(ctx);

    if (access.kind != MC_KIND_FETCH || write || !mc_covers(check->config.mc, at, 1))
        return NULL;
    if (check->cache)
        mc_cache_snoop(check->cache, spa(at.v & CB_PAGE_MASK), CB_PAGE_SIZE, access, false);
    return mc_map(check->config.mc, at, access, false);
}

static void check_read(void *ctx, spa_t at, struct mc_access access, void *to, unsigned len)
{
    struct board_check *check = check_of(ctx);

    if (!mc_covers(check->config.mc, at, len)) {
        check->fabric->plain.read(ctx, at, access, to, len);
        return;
    }
    if (access.kind != MC_KIND_FETCH) /* the decoder looks further than the CPU goes */
        judge(check, at, len, access, false);
    if (check->cache)
        mc_cache_read(check->cache, at, access, to, len);
    else
        mc_read(check->config.mc, at, access, to, len);
}

static void check_write(void *ctx, spa_t at, struct mc_access access, const void *from,
                        unsigned len)
{
    struct board_check *check = check_of(ctx);

    if (!mc_covers(check->config.mc, at, len)) {
        check->fabric->plain.write(ctx, at, access, from, len);
        return;
    }
    judge(check, at, len, access, true);
    if (check->cache)
        mc_cache_write(check->cache, at, access, from, len);
    else
        mc_write(check->config.mc, at, access, from, len);
}

static void check_fetched(void *ctx, spa_t at, struct mc_access access, unsigned len)
{
    struct board_check *check = check_of(ctx);

    if (mc_covers(check->config.mc, at, len))
        judge(check, at, len, access, false);
}

static void flush_line(struct board_check *check, spa_t line, struct mc_access access)
{
    if (!mc_covers(check->config.mc, line, 1))
        return;
    if (check->lines)
        mc_check_flush_line(check->lines, line, access);
    if (check->cache)
        mc_cache_flush_line(check->cache, line, access);
}

static void check_cache(void *ctx, enum x86_cache_op op, spa_t line, struct mc_access access)
{
    struct board_check *check = check_of(ctx);

    if (op == X86_CACHE_CLFLUSH) {
        flush_line(check, line, access);
    } else {
        if (check->lines && op == X86_CACHE_WBINVD)
            mc_check_flush_all(check->lines);
        if (check->cache)
            mc_cache_flush_all(check->cache, op == X86_CACHE_INVD);
    }
    check->fabric->plain.cache(ctx, op, line, access);
}

/* ---- the doors of others ---- */

void board_check_dma(struct board_check *check, spa_t at, size_t len, struct mc_access access,
                     bool write)
{
    judge(check, at, len, access, write);
    if (check->cache)
        mc_cache_snoop(check->cache, at, len, access, write);
}

void board_check_firmware(struct board_check *check, spa_t at, size_t len,
                          struct mc_access access, bool write)
{
    if (check->lines && write)
        mc_check_note(check->lines, at, len, access);
    if (check->cache)
        mc_cache_snoop(check->cache, at, len, access, write);
}

void board_check_mmio(struct board_check *check, spa_t at, struct mc_access access, bool write)
{
    struct board_report report = {.kind = MC_CHECK_MMIO, .access = access_name(access, write),
                                  .has_gva = true, .spa = at.v, .last = "device"};

    if (!check->lines)
        return;
    report.gva = x86_current(check->fabric->cpu).at.v;
    view_name(mc_decide(mc_policy(check->config.mc), access), report.view);
    tell(check, &report);
}

/* ---- life ---- */

enum cbit_status board_check_new(const struct board_check_config *config, struct board_check **out)
{
    struct board_check *check = calloc(1, sizeof(*check));
    enum cbit_status status = CBIT_OK;

    if (!check)
        return CBIT_NO_MEMORY;
    check->config = *config;
    if (config->report)
        status = mc_check_new(config->mc, &check->lines);
    if (!status && config->m1)
        status = mc_cache_new(config->mc, &check->cache);
    if (!status)
        status = board_ksyms_new(config->mc, &check->symbols);
    if (status) {
        board_check_free(check);
        return status;
    }
    *out = check;
    return CBIT_OK;
}

void board_check_free(struct board_check *check)
{
    if (!check)
        return;
    mc_check_free(check->lines);
    mc_cache_free(check->cache);
    board_ksyms_free(check->symbols);
    free(check);
}

void board_check_attach(struct board_check *check, struct board_fabric *fabric)
{
    check->fabric = fabric;
    fabric->check = check;
    fabric->plain = fabric->ops;
    fabric->ops.map = check_map;
    fabric->ops.read = check_read;
    fabric->ops.write = check_write;
    fabric->ops.cache = check_cache;
    fabric->ops.fetched = check_fetched;
}

void board_check_reset(struct board_check *check)
{
    if (check->lines)
        mc_check_forget(check->lines);
    if (check->cache)
        mc_cache_flush_all(check->cache, true);
    board_ksyms_forget(check->symbols);
}

struct board_check_stats board_check_stats(const struct board_check *check)
{
    return check->stats;
}
