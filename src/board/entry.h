/* SPDX-License-Identifier: Apache-2.0 */
/* Registers with which a loaded kernel starts. */
#ifndef BOARD_ENTRY_H
#define BOARD_ENTRY_H

#include "board/loader.h"
#include "x86/x86.h"

/* c_mask is or-ed into CR3. */
void board_entry_regs(const struct board_entry *entry, uint64_t c_mask, struct x86_regs *out);

#endif
