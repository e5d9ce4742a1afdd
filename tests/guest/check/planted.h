/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests with one fault each, for check mode.  The instruction at fault stands at
 * 0x1100000, whatever the compiler makes of the rest, and pages have fixed places,
 * so that a report is the same line for everybody.
 */
#ifndef TESTS_GUEST_PLANTED_H
#define TESTS_GUEST_PLANTED_H

#include "../guest.h"

#define FRAME  UINT64_C(0x4000000) /* one frame, mapped twice: */
#define WITH_C FRAME               /* with C=1 */
#define PLAIN  (FRAME + 4096)      /* with C=0 */
#define OTHER  (FRAME + 8192)      /* where a guest maps something of its own */

static struct guest_tables tables;

static inline void planted_map(uint64_t other)
{
    guest_map(&tables, FRAME);
    tables.pt[0] = FRAME | guest_c_bit() | GUEST_P | GUEST_W;
    tables.pt[1] = FRAME | GUEST_P | GUEST_W;
    tables.pt[2] = other | GUEST_P | GUEST_W;
    guest_cr3(tables.pml4);
}

static inline volatile uint32_t *planted_word(uint64_t at)
{
    return (volatile uint32_t *)at;
}

static inline void planted_clflush(uint64_t at)
{
    __asm__ volatile("clflush (%0)" : : "r"(at) : "memory");
}

/* In the section .planted, which begins at 0x1100000. */
uint32_t planted_read(uint64_t at);
#define PLANTED(text) __asm__(".section .planted,\"ax\"\n" text "\n.text\n")
#define PLANTED_READ PLANTED(".globl planted_read\nplanted_read: mov (%rdi), %eax\nret")

#endif
