/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GUID table of an OVMF image is read backwards from its end: each entry is
 * data, then a 16-bit length of the whole entry, then the GUID.  The footer's
 * length covers the table.  Every step stays inside what the footer claims.
 */
#include "owner/firmware.h"

#include "owner/guid.h"

#define TABLE_FROM_END 32 /* the footer's GUID ends this far before the image's end */
#define ENTRY_HEAD     18 /* length and GUID */

enum entry_kind { HASH_TABLE, SECRET, RESET, N_KINDS };

static const struct {
    const char *guid;
    uint16_t data_len;
} known[N_KINDS] = {
    [HASH_TABLE] = {"7255371f-3a3b-4b04-927b-1da6efa8d454", 8},
    [SECRET] = {"4c2eb361-7d9b-4cc3-8081-127c90d3d294", 8},
    [RESET] = {"00f771de-1a7e-4fcb-890e-68c77e2fb44e", 4},
};

static bool is_guid(const uint8_t *bytes, const char *text)
{
    struct own_guid guid;

    return own_guid_parse(text, &guid) == CBIT_OK && own_guid_equal(&guid, bytes);
}

static struct own_area load_area(const uint8_t *data)
{
    return (struct own_area){cb_load_le32(data), cb_load_le32(data + 4)};
}

static enum cbit_status take_entry(const uint8_t *guid, const uint8_t *data, size_t len,
                                   struct own_firmware *out)
{
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (!is_guid(guid, known[kind].guid))
            continue;
        if (len < known[kind].data_len)
            return CBIT_CORRUPT;
        if (kind == HASH_TABLE)
            out->hash_table = load_area(data);
        else if (kind == SECRET)
            out->secret = load_area(data);
        else
            out->reset = cb_load_le32(data);
        out->has_reset |= kind == RESET;
    }
    return CBIT_OK;
}

/* [start, end) holds the entries, the footer excluded. */
static enum cbit_status take_table(const uint8_t *image, size_t start, size_t end,
                                   struct own_firmware *out)
{
    while (end > start) {
        enum cbit_status status;
        size_t len;

        if (end - start < ENTRY_HEAD)
            return CBIT_CORRUPT;
        len = cb_load_le16(image + end - ENTRY_HEAD);
        if (len < ENTRY_HEAD || len > end - start)
            return CBIT_CORRUPT;
        status = take_entry(image + end - 16, image + end - len, len - ENTRY_HEAD, out);
        if (status != CBIT_OK)
            return status;
        end -= len;
    }
    return CBIT_OK;
}

enum cbit_status own_firmware_parse(const uint8_t *image, size_t len, struct own_firmware *out)
{
    size_t footer;
    size_t table_len;

    *out = (struct own_firmware){0};
    if (len < TABLE_FROM_END + ENTRY_HEAD)
        return CBIT_OK;
    footer = len - TABLE_FROM_END;
    if (!is_guid(image + footer - 16, "96b582de-1fb2-45f7-baea-a366c55a082d"))
        return CBIT_OK;
    table_len = cb_load_le16(image + footer - ENTRY_HEAD);
    if (table_len < ENTRY_HEAD || table_len > footer)
        return CBIT_CORRUPT;
    out->has_table = true;
    return take_table(image, footer - table_len, footer - ENTRY_HEAD, out);
}
