/* SPDX-License-Identifier: Apache-2.0 */
/* The table of injected secrets; see secret_table.h. */
#include "owner/secret_table.h"

#define HEAD 20 /* GUID and 32-bit length, which counts the head */

static const uint8_t table_guid[16] = { /* 1e74f542-71dd-4d66-963e-ef4287ff173b */
    0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
    0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b,
};

static size_t table_len(const struct own_secret *secrets, size_t n)
{
    uint64_t len = HEAD;

    for (size_t i = 0; i < n; i++) {
        if (!cb_add_ok(len, HEAD, &len) || !cb_add_ok(len, secrets[i].len, &len) ||
            len > OWN_SECRET_TABLE_MAX)
            return 0;
    }
    return len;
}

size_t own_secret_table_size(const struct own_secret *secrets, size_t n)
{
    return cb_align_up(table_len(secrets, n), 16);
}

static uint8_t *put_entry(uint8_t *at, const uint8_t guid[16], size_t len)
{
    memcpy(at, guid, 16);
    cb_store_le32(at + 16, (uint32_t)len);
    return at + HEAD;
}

void own_secret_table_build(const struct own_secret *secrets, size_t n, uint8_t *out)
{
    const size_t size = own_secret_table_size(secrets, n);
    uint8_t *at;

    CBIT_ASSERT(size != 0);
    memset(out, 0, size);
    at = put_entry(out, table_guid, table_len(secrets, n));
    for (size_t i = 0; i < n; i++) {
        at = put_entry(at, secrets[i].guid.bytes, HEAD + secrets[i].len);
        if (secrets[i].len != 0)
            memcpy(at, secrets[i].data, secrets[i].len);
        at += secrets[i].len;
    }
}
