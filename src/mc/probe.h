/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker at the DIMM's pins: sees and changes what is stored, knows no
 * key.  Every call works on the RAW view whatever view a frame is in; writes
 * turn the frame to RAW first and tell listeners.  CBIT_RANGE outside DRAM.
 */
#ifndef MC_PROBE_H
#define MC_PROBE_H

#include "mc/mc.h"

enum cbit_status mc_probe_read(const struct mc *mc, spa_t at, void *to, size_t len) CBIT_MUST_CHECK;
enum cbit_status mc_probe_write(struct mc *mc, spa_t at, const void *from,
                                size_t len) CBIT_MUST_CHECK; /* also: replay */
enum cbit_status mc_probe_flip(struct mc *mc, spa_t at, uint8_t mask) CBIT_MUST_CHECK;
enum cbit_status mc_probe_copy(struct mc *mc, spa_t to, spa_t from, size_t len) CBIT_MUST_CHECK;

#endif
