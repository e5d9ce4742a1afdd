/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a running Linux kernel's functions, from the symbol table that it carries in its own memory. */
#ifndef BOARD_KSYMS_H
#define BOARD_KSYMS_H

#include "mc/mc.h"

struct board_ksyms;

enum cbit_status board_ksyms_new(struct mc *mc, struct board_ksyms **out) CBIT_MUST_CHECK;
void board_ksyms_free(struct board_ksyms *symbols); /* NULL is allowed */
/* Another kernel may run from now on. */
void board_ksyms_forget(struct board_ksyms *symbols);

/* "name+0x10" for a linear address of code; "" if there is no table, or nothing for it. */
void board_ksyms_find(struct board_ksyms *symbols, uint64_t rip, char *to, size_t size);

/*
 * The table in a copy of memory whose first byte lay at a page's beginning; digit: where
 * the run of the tokens "0" to "9" begins.  False: it is none.  Whatever the bytes are,
 * nothing outside the copy is read.
 */
struct board_ksyms_table {
    const uint8_t *names, *tokens, *index, *offsets;
    size_t names_len, tokens_len;
    uint32_t n;
    uint64_t base;
    bool absolute; /* offsets that are not negative are addresses (per-CPU variables) */
};
bool board_ksyms_parse(const uint8_t *copy, size_t len, size_t digit,
                       struct board_ksyms_table *out);
/* The last symbol at or below the address, and how far below; false: none within 1 MiB. */
bool board_ksyms_lookup(const struct board_ksyms_table *table, uint64_t rip, char *name,
                        size_t size, uint64_t *offset);

#endif
