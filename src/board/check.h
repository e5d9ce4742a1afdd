/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check mode: watches every access of one machine and reports those that real
 * caches, or the keys, punish.  Made only when it is wanted; then the CPU gets no
 * host pointers to data, and a report names the instruction.
 */
#ifndef BOARD_CHECK_H
#define BOARD_CHECK_H

#include "mc/check.h"
#include "x86/x86.h"

struct board_fabric;
struct board_check;

#define BOARD_CHECK_SYMBOL 64u

struct board_report {
    enum mc_check_kind kind;
    const char *access;      /* "read", "write", "fetch", "walk" */
    uint64_t rip;
    bool has_gva;            /* false: a device's */
    uint64_t gva, spa;
    char view[16], last[16]; /* of this access; of the last write ("device": there is no memory) */
    char symbol[BOARD_CHECK_SYMBOL]; /* "memset+0x10", or "" */
};

struct board_check_stats {
    uint64_t found[MC_CHECK_KINDS]; /* told: one for each kind and instruction */
    uint64_t allowed;               /* those on the allow-list, not told */
    uint64_t repeats;               /* of the same kind by the same instruction */
};

struct board_check_config {
    struct mc *mc;
    bool report;
    bool m1; /* caches that don't keep the views coherent: stale bytes are seen */
    void (*tell)(void *ctx, const struct board_report *report);
    void *ctx;
};

enum cbit_status board_check_new(const struct board_check_config *config,
                                 struct board_check **out) CBIT_MUST_CHECK;
void board_check_free(struct board_check *check); /* NULL is allowed */
/* From now on the fabric's CPU and devices are watched; before the CPU is made. */
void board_check_attach(struct board_check *check, struct board_fabric *fabric);
/* DRAM is loaded anew, caches are empty. */
void board_check_reset(struct board_check *check);
struct board_check_stats board_check_stats(const struct board_check *check);

/*
 * The doors of those that reach memory without the CPU, before they do: a device
 * (kind MC_KIND_DMA; in a guest, whoever acts for it), and the AMD-SP.
 */
void board_check_dma(struct board_check *check, spa_t at, size_t len, struct mc_access access,
                     bool write);
void board_check_firmware(struct board_check *check, spa_t at, size_t len,
                          struct mc_access access, bool write);
/* An access with C=1 that reaches no device. */
void board_check_mmio(struct board_check *check, spa_t at, struct mc_access access, bool write);

/* "missing-flush", "dma-private", "mmio-c1", "fetch-view", "walk-view": an interface. */
const char *board_check_kind_name(enum mc_check_kind kind);
/* Why a report of this kind by this function is right all the same; NULL: it is not. */
const char *board_check_allowed(const char *symbol, enum mc_check_kind kind);
/* The report as one line without newline. */
void board_check_format(const struct board_report *report, char *to, size_t size);

#endif
