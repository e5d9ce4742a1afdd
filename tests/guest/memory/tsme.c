/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's way to find out about TSME: set SYSCFG.SMEE, write through C=1, flush, read
 * through C=0.  Only when everything is encrypted anyway are the bytes the same.
 */
#include "../guest.h"

#define WINDOW UINT64_C(0x4000000)

static struct guest_tables tables;

void guest_main(void)
{
    volatile uint64_t *with_c = (volatile uint64_t *)WINDOW;
    const volatile uint64_t *without = (const volatile uint64_t *)(WINDOW + 4096);
    bool same = true;

    guest_wrmsr(GUEST_SYSCFG, guest_rdmsr(GUEST_SYSCFG) | GUEST_SMEE);
    guest_map(&tables, WINDOW);
    tables.pt[0] |= guest_c_bit();
    tables.pt[1] = WINDOW | GUEST_P | GUEST_W; /* the same frame, C=0 */
    guest_cr3(tables.pml4);
    for (unsigned i = 0; i < 512; i++)
        with_c[i] = i * UINT64_C(0x0123456789abcdef);
    guest_wbinvd();
    for (unsigned i = 0; i < 512; i++)
        same = same && without[i] == i * UINT64_C(0x0123456789abcdef);
    guest_print(guest_rdmsr(GUEST_SYSCFG) & GUEST_SMEE ? "@smee on\n" : "@smee off\n");
    guest_print(same ? "@tsme on\n" : "@tsme off\n");
    guest_exit(0);
}
