/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI Specification 6.3: chapter 20 (AML), 6.4 (resource descriptors). */
#include "board/aml.h"

enum { OP_NAME = 0x08, OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_STRING = 0x0d,
       OP_SCOPE = 0x10, OP_BUFFER = 0x11, OP_PACKAGE = 0x12, OP_EXT = 0x5b, OP_DEVICE = 0x82 };
#define LENGTH_BYTES 3u /* every package length takes the three-byte form */

static void put(struct board_aml *aml, const void *bytes, size_t n)
{
    if (n > aml->room - aml->len) {
        aml->overflow = true;
        return;
    }
    memcpy(aml->bytes + aml->len, bytes, n);
    aml->len += n;
}

static void put8(struct board_aml *aml, uint8_t v)
{
    put(aml, &v, 1);
}

static void put16(struct board_aml *aml, uint16_t v)
{
    uint8_t b[2];

    cb_store_le16(b, v);
    put(aml, b, sizeof(b));
}

static void put32(struct board_aml *aml, uint32_t v)
{
    uint8_t b[4];

    cb_store_le32(b, v);
    put(aml, b, sizeof(b));
}

static void put64(struct board_aml *aml, uint64_t v)
{
    uint8_t b[8];

    cb_store_le64(b, v);
    put(aml, b, sizeof(b));
}

static void put_name(struct board_aml *aml, const char *name)
{
    put(aml, name, strlen(name));
}

static void open_length(struct board_aml *aml)
{
    CBIT_ASSERT(aml->depth < BOARD_AML_DEPTH);
    aml->open[aml->depth++] = aml->len;
    put(aml, "\0\0\0", LENGTH_BYTES);
}

void board_aml_close(struct board_aml *aml)
{
    const size_t at = aml->open[--aml->depth];
    const size_t len = aml->len - at;

    if (aml->overflow)
        return;
    aml->bytes[at] = (uint8_t)(0x80 | (len & 15));
    aml->bytes[at + 1] = (uint8_t)(len >> 4);
    aml->bytes[at + 2] = (uint8_t)(len >> 12);
}

void board_aml_scope(struct board_aml *aml, const char *name)
{
    put8(aml, OP_SCOPE);
    open_length(aml);
    put_name(aml, name);
}

void board_aml_device(struct board_aml *aml, const char *name)
{
    put8(aml, OP_EXT);
    put8(aml, OP_DEVICE);
    open_length(aml);
    put_name(aml, name);
}

void board_aml_package(struct board_aml *aml, uint8_t n_elements)
{
    put8(aml, OP_PACKAGE);
    open_length(aml);
    put8(aml, n_elements);
}

void board_aml_name(struct board_aml *aml, const char *name)
{
    put8(aml, OP_NAME);
    put_name(aml, name);
}

void board_aml_integer(struct board_aml *aml, uint32_t value)
{
    if (value <= 1) {
        put8(aml, (uint8_t)value); /* ZeroOp, OneOp */
    } else if (value <= 0xff) {
        put8(aml, OP_BYTE);
        put8(aml, (uint8_t)value);
    } else if (value <= 0xffff) {
        put8(aml, OP_WORD);
        put16(aml, (uint16_t)value);
    } else {
        put8(aml, OP_DWORD);
        put32(aml, value);
    }
}

void board_aml_string(struct board_aml *aml, const char *text)
{
    put8(aml, OP_STRING);
    put(aml, text, strlen(text) + 1);
}

void board_aml_name_integer(struct board_aml *aml, const char *name, uint32_t value)
{
    board_aml_name(aml, name);
    board_aml_integer(aml, value);
}

void board_aml_name_string(struct board_aml *aml, const char *name, const char *text)
{
    board_aml_name(aml, name);
    board_aml_string(aml, text);
}

static uint32_t hex_digit(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

void board_aml_hid(struct board_aml *aml, const char *id)
{
    uint8_t b[4];
    uint32_t v = (uint32_t)(id[0] - '@') << 26 | (uint32_t)(id[1] - '@') << 21 |
                 (uint32_t)(id[2] - '@') << 16;

    for (unsigned i = 0; i < 4; i++)
        v |= hex_digit(id[3 + i]) << (12 - 4 * i);
    cb_store_be32(b, v);
    board_aml_name(aml, "_HID");
    put8(aml, OP_DWORD);
    put(aml, b, sizeof(b));
}

/* Buffer(length) { ... }: the length, a word, is filled in at the end. */
void board_aml_resources(struct board_aml *aml)
{
    board_aml_name(aml, "_CRS");
    put8(aml, OP_BUFFER);
    open_length(aml);
    put8(aml, OP_WORD);
    put16(aml, 0);
}

void board_aml_resources_end(struct board_aml *aml)
{
    const size_t at = aml->open[aml->depth - 1] + LENGTH_BYTES + 1;

    put8(aml, 0x79); /* end tag; checksum 0: none */
    put8(aml, 0);
    if (!aml->overflow)
        cb_store_le16(aml->bytes + at, (uint16_t)(aml->len - at - 2));
    board_aml_close(aml);
}

void board_aml_io(struct board_aml *aml, uint16_t port, uint8_t n)
{
    put8(aml, 0x47);
    put8(aml, 1); /* 16-bit decode */
    put16(aml, port);
    put16(aml, port);
    put8(aml, 1);
    put8(aml, n);
}

void board_aml_irq(struct board_aml *aml, unsigned line)
{
    put8(aml, 0x22);
    put16(aml, (uint16_t)(1u << line));
}

void board_aml_memory(struct board_aml *aml, uint32_t base, uint32_t len)
{
    put8(aml, 0x86);
    put16(aml, 9);
    put8(aml, 1); /* read and write */
    put32(aml, base);
    put32(aml, len);
}

static const uint8_t space_type[] = {[BOARD_AML_MEMORY] = 0, [BOARD_AML_IO] = 1, [BOARD_AML_BUS] = 2};
static const uint8_t space_flags[] = {[BOARD_AML_MEMORY] = 1, [BOARD_AML_IO] = 3, [BOARD_AML_BUS] = 0};

static void window_head(struct board_aml *aml, uint8_t tag, uint16_t len, enum board_aml_space space)
{
    put8(aml, tag);
    put16(aml, len);
    put8(aml, space_type[space]);
    put8(aml, 0x0c); /* both ends fixed, positive decode */
    put8(aml, space_flags[space]);
}

void board_aml_window16(struct board_aml *aml, enum board_aml_space space, uint16_t first,
                        uint16_t last)
{
    window_head(aml, 0x88, 13, space);
    put16(aml, 0);
    put16(aml, first);
    put16(aml, last);
    put16(aml, 0);
    put16(aml, (uint16_t)(last - first + 1));
}

void board_aml_window32(struct board_aml *aml, uint32_t first, uint32_t last)
{
    window_head(aml, 0x87, 23, BOARD_AML_MEMORY);
    put32(aml, 0);
    put32(aml, first);
    put32(aml, last);
    put32(aml, 0);
    put32(aml, last - first + 1);
}

void board_aml_window64(struct board_aml *aml, uint64_t first, uint64_t last)
{
    window_head(aml, 0x8a, 43, BOARD_AML_MEMORY);
    put64(aml, 0);
    put64(aml, first);
    put64(aml, last);
    put64(aml, 0);
    put64(aml, last - first + 1);
}
