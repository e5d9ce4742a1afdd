/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a missing flush does where caches don't keep the two views coherent: the
 * reader with C=1 sees what DRAM held before, until the writer's line is flushed.
 */
#include "planted.h"

PLANTED_READ;

void guest_main(void)
{
    uint32_t before, after, own;

    planted_map(FRAME);
    *planted_word(PLAIN) = 1;
    guest_wbinvd();
    *planted_word(PLAIN) = 2;
    own = *planted_word(PLAIN);
    before = planted_read(WITH_C);
    guest_wbinvd();
    after = planted_read(WITH_C);
    guest_print(own == 2 ? "@own seen\n" : "@own lost\n");
    guest_print(before == after ? "@coherent\n" : "@stale\n");
    guest_exit(0);
}
