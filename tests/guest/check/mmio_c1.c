/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC's page is mapped with C=1. */
#include "planted.h"

PLANTED_READ;

void guest_main(void)
{
    planted_map(UINT64_C(0xfee00000) | guest_c_bit());
    guest_exit(planted_read(OTHER + 0x30) == UINT32_MAX ? 0 : 1);
}
