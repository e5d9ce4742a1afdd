/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs between text and EFI's byte order; see guid.h. */
#include "owner/guid.h"

#include <stdio.h>

/* Where the n-th pair of hex digits of the text goes. */
static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool dash_before(unsigned pair)
{
    return pair == 4 || pair == 6 || pair == 8 || pair == 10;
}

enum cbit_status own_guid_parse(const char *text, struct own_guid *out)
{
    struct own_guid guid;

    for (unsigned n = 0; n < 16; n++) {
        int high;
        int low;

        if (dash_before(n) && *text++ != '-')
            return CBIT_INVALID;
        high = hex_digit(text[0]);
        low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return CBIT_INVALID;
        guid.bytes[place[n]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text != '\0')
        return CBIT_INVALID;
    *out = guid;
    return CBIT_OK;
}

void own_guid_format(const struct own_guid *guid, char text[37])
{
    for (unsigned n = 0; n < 16; n++) {
        if (dash_before(n))
            *text++ = '-';
        snprintf(text, 3, "%02x", guid->bytes[place[n]]);
        text += 2;
    }
}

bool own_guid_equal(const struct own_guid *a, const uint8_t b[16])
{
    return memcmp(a->bytes, b, sizeof(a->bytes)) == 0;
}
