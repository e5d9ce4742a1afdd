/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address kinds.  Each is a struct of one member, so that mixing a guest
 * virtual, a guest physical and a system physical address does not compile.
 * The C-bit is never part of any of them: it travels beside the address.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdint.h>

typedef struct { uint64_t v; } gva_t; /* virtual address of whoever executes, host or guest */
typedef struct { uint64_t v; } gpa_t; /* guest physical, before nested translation */
typedef struct { uint64_t v; } spa_t; /* system physical: what the memory controller sees */

#define CB_PAGE_SHIFT 12
#define CB_PAGE_SIZE 4096u
#define CB_PAGE_MASK (~(uint64_t)0xfff)

static inline gva_t gva(uint64_t v) { return (gva_t){v}; }
static inline gpa_t gpa(uint64_t v) { return (gpa_t){v}; }
static inline spa_t spa(uint64_t v) { return (spa_t){v}; }

#endif
