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

static inline uint16_t cb_load_le16(const void *p)
{
    const uint8_t *b = p;

    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t cb_load_le32(const void *p)
{
    return cb_load_le16(p) | (uint32_t)cb_load_le16((const uint8_t *)p + 2) << 16;
}

static inline uint64_t cb_load_le64(const void *p)
{
    return cb_load_le32(p) | (uint64_t)cb_load_le32((const uint8_t *)p + 4) << 32;
}

static inline void cb_store_le16(void *p, uint16_t v)
{
    uint8_t *b = p;

    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}

static inline void cb_store_le32(void *p, uint32_t v)
{
    cb_store_le16(p, (uint16_t)v);
    cb_store_le16((uint8_t *)p + 2, (uint16_t)(v >> 16));
}

static inline void cb_store_le64(void *p, uint64_t v)
{
    cb_store_le32(p, (uint32_t)v);
    cb_store_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
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
