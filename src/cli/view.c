/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view.h"

#include <inttypes.h>

#define PER_LINE 8u
#define CELL     (PER_LINE * 3 + 1 + PER_LINE) /* bytes with their marks, text */

static size_t count_differing(const struct view_column *a, const struct view_column *b, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += a->bytes[i] != b->bytes[i];
    return n;
}

static void heading(FILE *to, const struct view_column *column, size_t n, size_t len)
{
    fprintf(to, "%-12s", "");
    for (size_t c = 0; c < n; c++) {
        char text[64];

        snprintf(text, sizeof text, "%s (%s)", column[c].who, column[c].view);
        fprintf(to, "  %-*s", c + 1 < n ? (int)CELL : 0, text);
    }
    fprintf(to, "\n%-12s", "");
    for (size_t c = 0; c < n; c++) {
        char text[64] = "";

        if (c > 0)
            snprintf(text, sizeof text, "%zu of %zu bytes differ",
                     count_differing(&column[0], &column[c], len), len);
        fprintf(to, "  %-*s", c + 1 < n ? (int)CELL : 0, text);
    }
    fputc('\n', to);
}

static void cell(FILE *to, const uint8_t *bytes, const uint8_t *first, size_t n, bool colour)
{
    fputs("  ", to);
    for (size_t i = 0; i < PER_LINE; i++) {
        const bool differs = i < n && bytes[i] != first[i];

        if (i >= n)
            fputs("   ", to);
        else if (differs && colour)
            fprintf(to, "\033[31m%02x*\033[0m", bytes[i]);
        else
            fprintf(to, "%02x%c", bytes[i], differs ? '*' : ' ');
    }
    fputc(' ', to);
    for (size_t i = 0; i < n; i++)
        fputc(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.', to);
}

void cli_view_print(FILE *to, const struct view_column *column, size_t n, uint64_t address,
                    size_t len, bool colour)
{
    heading(to, column, n, len);
    for (size_t done = 0; done < len; done += PER_LINE) {
        const size_t part = len - done < PER_LINE ? len - done : PER_LINE;

        fprintf(to, "%012" PRIx64, address + done);
        for (size_t c = 0; c < n; c++) {
            cell(to, column[c].bytes + done, column[0].bytes + done, part, colour);
            for (size_t i = part; c + 1 < n && i < PER_LINE; i++)
                fputc(' ', to);
        }
        fputc('\n', to);
    }
}

void cli_view_json(FILE *to, const struct view_column *column, size_t n, uint64_t address,
                   size_t len)
{
    fprintf(to, "{\"address\":%" PRIu64 ",\"length\":%zu,\"views\":[", address, len);
    for (size_t c = 0; c < n; c++) {
        fprintf(to, "%s{\"who\":\"%s\",\"view\":\"%s\",\"differ\":%zu,\"data\":\"", c ? "," : "",
                column[c].who, column[c].view, count_differing(&column[0], &column[c], len));
        for (size_t i = 0; i < len; i++)
            fprintf(to, "%02x", column[c].bytes[i]);
        fputs("\"}", to);
    }
    fputs("]}\n", to);
}
