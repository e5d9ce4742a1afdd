/* SPDX-License-Identifier: Apache-2.0 */
/* A function is written with C=0 and called with C=1. */
#include "planted.h"

void guest_main(void)
{
    planted_map(FRAME);
    *planted_word(PLAIN) = 0xc3; /* RET */
    guest_wbinvd();
    ((void (*)(void))PLAIN)();
    ((void (*)(void))WITH_C)();
    guest_exit(0);
}
