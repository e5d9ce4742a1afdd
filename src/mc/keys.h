/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, tweak and TSME: for mc itself and the AMD-SP alone (the include matrix
 * enforces it).  There is no getter.  Keys are copied, wiped on replacement, and
 * never traced.
 */
#ifndef MC_KEYS_H
#define MC_KEYS_H

#include "mc/mc.h"

/* XE and XEX take 16 bytes; XTS takes 64 (two AES-256 keys). */
#define MC_KEY_MAX 64
size_t mc_key_len(const struct mc *mc);

/* Tweak constants t_4 .. t_51 of XE and XEX, 16 bytes each; XTS has none. */
#define MC_TWEAK_FIRST 4
#define MC_TWEAK_COUNT 48
struct mc_tweak {
    uint8_t t[MC_TWEAK_COUNT][16];
};

/*
 * Installs the key of a view (HOST or an ASID's); frames that are stored in the
 * view are first turned to RAW under the old key.  CBIT_INVALID: wrong length;
 * CBIT_NOT_FOUND: no such slot, RAW included.
 */
enum cbit_status mc_key_install(struct mc *mc, mc_view_t view, const void *key,
                                size_t len) CBIT_MUST_CHECK;

/* Forgets the key of a view; the slot gets the random bytes in filler (len as for install), never none. */
enum cbit_status mc_key_drop(struct mc *mc, mc_view_t view, const void *filler,
                             size_t len) CBIT_MUST_CHECK;

/* Replaces the tweak constants; every frame is first turned to RAW. */
void mc_tweak_install(struct mc *mc, const struct mc_tweak *tweak);

/* The published XE constants (Zen 1) with derived ones above bit 31; for naples. */
void mc_tweak_published(struct mc_tweak *out);

void mc_set_tsme(struct mc *mc, bool on);

/*
 * What a reset does to the controller: every frame goes to RAW under the keys in
 * force, SMEE and TSME become 0, all slots take filler keys that the caller draws
 * with fill(ctx, buf, len).  DRAM content (the ciphertext) stays.
 */
void mc_reset(struct mc *mc, void (*fill)(void *ctx, void *buf, size_t len), void *ctx);

#endif
