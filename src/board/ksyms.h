/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a running Linux kernel's functions, from the symbol table it carries in its own memory. */
#ifndef BOARD_KSYMS_H
#define BOARD_KSYMS_H

#include "mc/mc.h"
#include "x86/x86.h"

struct board_ksyms;

enum cbit_status board_ksyms_new(struct mc *mc, struct board_ksyms **out) CBIT_MUST_CHECK;
void board_ksyms_free(struct board_ksyms *symbols); /* NULL is allowed */
/* Another kernel may run from now on. */
void board_ksyms_forget(struct board_ksyms *symbols);

/* "name+0x10" for an address of code; "" if there is no table, or none for it. */
void board_ksyms_find(struct board_ksyms *symbols, struct x86_cpu *cpu, uint64_t rip, char *to,
                      size_t size);

#endif
