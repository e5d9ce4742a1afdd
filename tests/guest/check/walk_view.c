/* SPDX-License-Identifier: Apache-2.0 */
/* A page table is written with C=0, and the entry that points to it says C=1. */
#include "planted.h"

PLANTED_READ;

void guest_main(void)
{
    planted_map(FRAME);
    *planted_word(PLAIN) = (uint32_t)FRAME | GUEST_P;
    guest_wbinvd();
    tables.pd[64] = FRAME | guest_c_bit() | GUEST_P | GUEST_W;
    planted_read(64 << 21);
    guest_exit(0);
}
