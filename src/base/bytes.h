/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte codecs.  Guest and file memory is read and written through these (or
 * memcpy), never through a cast to a struct.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * By memcpy and, on big-endian hosts, a swap: GCC 12 makes a hundred instructions of
 * two neighbouring stores that are written byte by byte.
 */
#define CB_LITTLE_HOST (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline uint16_t cb_load_le16(const void *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return CB_LITTLE_HOST ? v : __builtin_bswap16(v);
}

static inline uint32_t cb_load_le32(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return CB_LITTLE_HOST ? v : __builtin_bswap32(v);
}

static inline uint64_t cb_load_le64(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return CB_LITTLE_HOST ? v : __builtin_bswap64(v);
}

static inline void cb_store_le16(void *p, uint16_t v)
{
    v = CB_LITTLE_HOST ? v : __builtin_bswap16(v);
    memcpy(p, &v, sizeof(v));
}

static inline void cb_store_le32(void *p, uint32_t v)
{
    v = CB_LITTLE_HOST ? v : __builtin_bswap32(v);
    memcpy(p, &v, sizeof(v));
}

static inline void cb_store_le64(void *p, uint64_t v)
{
    v = CB_LITTLE_HOST ? v : __builtin_bswap64(v);
    memcpy(p, &v, sizeof(v));
}

/* Big-endian, for the few formats that want it. */
static inline uint32_t cb_load_be32(const void *p)
{
    const uint8_t *b = p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline void cb_store_be32(void *p, uint32_t v)
{
    uint8_t *b = p;

    b[0] = (uint8_t)(v >> 24);
    b[1] = (uint8_t)(v >> 16);
    b[2] = (uint8_t)(v >> 8);
    b[3] = (uint8_t)v;
}

/* Overwrites secrets; the compiler may not remove it. */
void cb_wipe(void *p, size_t len);

/* Equality in time that depends on len alone. */
bool cb_ct_equal(const void *a, const void *b, size_t len);

bool cb_all_zero(const void *p, size_t len);

#endif
