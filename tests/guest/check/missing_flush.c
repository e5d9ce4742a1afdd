/* SPDX-License-Identifier: Apache-2.0 */
/* A page is written with C=1 and read with C=0, and nobody flushed the line in between. */
#include "planted.h"

PLANTED_READ;

void guest_main(void)
{
    planted_map(FRAME);
    *planted_word(WITH_C + 0x40) = 1;
    planted_clflush(PLAIN + 0x40); /* the other alias: of no use */
    planted_read(PLAIN + 0x40);
    guest_exit(0);
}
