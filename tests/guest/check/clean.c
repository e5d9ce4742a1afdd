/* SPDX-License-Identifier: Apache-2.0 */
/* The same things done right: check mode has nothing to say. */
#include "planted.h"

#define DESCRIPTOR UINT64_C(0x4800000)

static void flush_alias(void)
{
    *planted_word(WITH_C) = 1;
    planted_clflush(WITH_C);
    (void)*planted_word(PLAIN);
    *planted_word(PLAIN) = 2;
    planted_clflush(PLAIN);
    (void)*planted_word(WITH_C);
}

static void device_and_plain_page(void)
{
    volatile uint32_t *d = planted_word(DESCRIPTOR);

    for (unsigned i = 0; i < 1024; i++)
        planted_word(PLAIN)[i] = i;
    d[0] = __builtin_bswap32(0x0000000a);
    d[1] = __builtin_bswap32(4);
    d[2] = 0;
    d[3] = __builtin_bswap32((uint32_t)FRAME);
    __asm__ volatile("outl %0, %w1" : : "a"(__builtin_bswap32(DESCRIPTOR)), "d"(0x518) : "memory");
}

static void private_code(void)
{
    *planted_word(WITH_C) = 0xc3;
    ((void (*)(void))WITH_C)();
    guest_wbinvd();
}

void guest_main(void)
{
    planted_map(0xfee00000);
    flush_alias();
    device_and_plain_page();
    guest_wbinvd();
    private_code();
    (void)*planted_word(OTHER + 0x30);
    guest_exit(0);
}
