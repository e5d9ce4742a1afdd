/* SPDX-License-Identifier: Apache-2.0 */
/* A device is told to write into a page that the CPU uses with C=1. */
#include "planted.h"

/* fw_cfg's DMA register, in two halves, high one first, big-endian; the second starts it. */
void planted_start(uint32_t address);
PLANTED(".globl planted_start\n"
        "planted_start: mov $0x518, %edx\n"
        "mov %edi, %eax\n"
        "bswap %eax\n"
        "out %eax, %dx\n"
        "ret");

#define DESCRIPTOR UINT64_C(0x4800000)

void guest_main(void)
{
    volatile uint32_t *d = planted_word(DESCRIPTOR);

    planted_map(FRAME);
    for (unsigned i = 0; i < 1024; i++)
        planted_word(WITH_C)[i] = i;
    guest_wbinvd();
    d[0] = __builtin_bswap32(0x0000000a); /* select item 0, read it */
    d[1] = __builtin_bswap32(4);
    d[2] = 0;
    d[3] = __builtin_bswap32((uint32_t)FRAME + 0x100);
    planted_start((uint32_t)DESCRIPTOR);
    guest_exit(0);
}
