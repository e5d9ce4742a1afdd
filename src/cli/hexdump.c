/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/hexdump.h"

#define PER_LINE 16u

static void one_line(FILE *to, uint64_t address, const uint8_t *bytes, size_t n)
{
    fprintf(to, "%012" PRIx64 " ", address);
    for (size_t i = 0; i < PER_LINE; i++) {
        fputs(i == PER_LINE / 2 ? "  " : " ", to);
        if (i < n)
            fprintf(to, "%02x", bytes[i]);
        else
            fputs("  ", to);
    }
    fputs("  |", to);
    for (size_t i = 0; i < n; i++)
        fputc(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.', to);
    fputs("|\n", to);
}

void cli_hexdump(FILE *to, uint64_t address, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len; done += PER_LINE)
        one_line(to, address + done, (const uint8_t *)bytes + done,
                 len - done < PER_LINE ? len - done : PER_LINE);
}
