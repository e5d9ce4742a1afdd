/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of memory on purpose: for platforms that were created to show them, so
 * that somebody else's program can check the ciphertext.  For the AMD-SP alone (the
 * include matrix enforces it), which calls it at creation and reset, only if the
 * configuration says so, and marks the platform EXPOSED everywhere.
 */
#ifndef MC_EXPOSE_H
#define MC_EXPOSE_H

#include "mc/mc.h"

/*
 * The cipher, the SME key and the tweak constants as text (docs/memory-cipher.md).
 * No ASID's key is in it.  The caller wipes and frees *text.  CBIT_NO_MEMORY.
 */
enum cbit_status mc_expose_keys(const struct mc *mc, char **text) CBIT_MUST_CHECK;

#endif
