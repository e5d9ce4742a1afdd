/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of mc, the memory controller: the one way to DRAM.
 *
 * DRAM is an array of 4 KiB frames, each kept in the view (key slot) that
 * touched it last.  An access through another view first turns the whole frame:
 * encrypt under the old view's key (the true content of the DIMM), decrypt under
 * the new one's.  So every reader sees byte for byte what hardware would show,
 * and a page that one owner keeps using costs nothing.
 *
 * mc knows no CPU and no device.  Who holds host pointers or decoded code made
 * from a frame listens (mc_listen).  Keys come in through mc/keys.h, which only
 * the AMD-SP may include.  Not thread-safe: one machine, one thread.
 */
#ifndef MC_MC_H
#define MC_MC_H

#include "mc/access.h"

struct mc;

/* The memory cipher of a generation; see docs/memory-cipher.md. */
enum mc_cipher {
    MC_CIPHER_XE,  /* naples: AES-128, C = E(P ^ T(spa)), fixed published tweak constants */
    MC_CIPHER_XEX, /* rome, milan: AES-128, C = E(P ^ T) ^ T, tweak constants fresh at reset */
    MC_CIPHER_XTS, /* genoa: AES-256 XTS, data unit = frame, sector = SPA >> 12 */
};

/* A stretch of the SPA space that is DRAM.  Page-aligned, ascending, not overlapping. */
struct mc_range {
    spa_t base;
    uint64_t size;
};

#define MC_MAX_RANGES 4

struct mc_config {
    enum mc_cipher cipher;
    struct mc_range range[MC_MAX_RANGES];
    unsigned n_ranges;
    unsigned n_asids;      /* key slots for ASIDs 1 .. n_asids */
    unsigned flip_limit;   /* turns of one frame within flip_window turns before it is served
                              eagerly; 0: default */
    unsigned flip_window;
};

/*
 * Keys and tweak are zero until the AMD-SP's first mc_reset().  CBIT_INVALID: ranges
 * that are not as above, or numbers out of bounds; CBIT_NOT_FOUND: the environment's
 * CBIT_CIPHER names no cipher kernel that this processor runs; CBIT_NO_MEMORY.
 */
enum cbit_status mc_new(const struct mc_config *config, struct mc **out) CBIT_MUST_CHECK;
void mc_free(struct mc *mc);

/* Is all of [base, base + len) DRAM?  len > 0. */
bool mc_covers(const struct mc *mc, spa_t base, uint64_t len);
/* Bytes of DRAM in all ranges. */
uint64_t mc_dram_size(const struct mc *mc);
const struct mc_config *mc_config(const struct mc *mc);

/* SYSCFG.SMEE as the CPU sets it; TSME is the AMD-SP's (mc/keys.h). */
void mc_set_smee(struct mc *mc, bool on);
struct mc_policy mc_policy(const struct mc *mc);

/*
 * The data path.  The whole range must be DRAM (mc_covers); anything else is
 * the caller's bug.  Any length and alignment; frames are turned as needed.
 */
void mc_read(struct mc *mc, spa_t from, struct mc_access access, void *to, size_t len);
void mc_write(struct mc *mc, spa_t to, struct mc_access access, const void *from, size_t len);

/*
 * A host pointer to the first byte of the frame that contains at, with the
 * frame in the view that access selects; valid until a listener hears of the
 * frame.  NULL: use mc_read/mc_write for this access (frame is served eagerly;
 * or is watched, see mc_watch, and write was asked for).  Outside DRAM: NULL.
 */
uint8_t *mc_map(struct mc *mc, spa_t at, struct mc_access access, bool write);

/*
 * Somebody has decoded code (or keeps another derived copy) of this frame in
 * its present view: write pointers to it are refused until the next MC_EVENT,
 * which removes the watch.  Whoever calls this must first drop its own write
 * pointers to the frame.
 */
void mc_watch(struct mc *mc, spa_t at);

enum mc_event {
    MC_EVENT_TURN,  /* the frame's bytes are about to be another view's: drop host pointers and copies */
    MC_EVENT_WRITE, /* a watched frame is being written through mc_write, DMA, AMD-SP or probe: drop copies */
};

/* frame: SPA of its first byte.  Only frames that were mapped or watched are told. */
typedef void mc_listener(void *ctx, spa_t frame, enum mc_event event);

#define MC_MAX_LISTENERS 4
void mc_listen(struct mc *mc, mc_listener *listener, void *ctx);

/*
 * Observers (dumps, gdb, frame map): the bytes as the view would show them, in
 * a copy.  Changes nothing: no view, no TLB, no statistics, no allocation.
 * CBIT_RANGE outside DRAM, CBIT_NOT_FOUND for a view that has no slot.
 */
enum cbit_status mc_peek(const struct mc *mc, spa_t from, mc_view_t view, void *to,
                         size_t len) CBIT_MUST_CHECK;

/* The view a frame is stored in at present (for cbit dram map). */
mc_view_t mc_frame_view(const struct mc *mc, spa_t at);
/* Has anybody ever written this frame?  (Untouched frames take no host memory.) */
bool mc_frame_touched(const struct mc *mc, spa_t at);

struct mc_stats {
    uint64_t maps;         /* host pointers given */
    uint64_t reads;        /* mc_read calls */
    uint64_t writes;       /* mc_write calls */
    uint64_t turns;        /* frames turned from one view to another */
    uint64_t first_uses;   /* frames that nobody had touched, brought into their first view */
    uint64_t eager_frames; /* frames that reached the flip cap */
    uint64_t eager_ops;    /* accesses served block by block */
    uint64_t keys;         /* keys installed or dropped */
};
struct mc_stats mc_stats(const struct mc *mc);

/* Name of the bulk kernel in use: "vaes512", "aes-ni" or "portable". */
const char *mc_kernel_name(const struct mc *mc);
/* Name of the n-th kernel that this processor runs, fastest first; NULL after the last. */
const char *mc_kernel_usable(unsigned n);

#endif
