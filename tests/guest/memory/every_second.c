/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the same text into 512 pages at 64 MiB, every second one through C=1 if
 * SYSCFG.SMEE says that there is a C-bit.  At the pins exactly those are ciphertext.
 */
#include "../guest.h"

#define WINDOW UINT64_C(0x4000000)

static struct guest_tables tables;

void guest_main(void)
{
    static const char text[16] = "plain text here.";
    const uint64_t c = guest_rdmsr(GUEST_SYSCFG) & GUEST_SMEE ? guest_c_bit() : 0;

    guest_map(&tables, WINDOW);
    for (unsigned i = 1; i < 512; i += 2)
        tables.pt[i] |= c;
    guest_cr3(tables.pml4);
    for (unsigned i = 0; i < 512; i++) {
        char *page = (char *)(WINDOW + i * UINT64_C(4096));

        for (unsigned k = 0; k < 4096; k++)
            page[k] = text[k % sizeof text];
    }
    guest_wbinvd();
    guest_print("@ready\n");
}
