/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacks the compressed kernel inside a bzImage.  The payload is one stream
 * followed by the 4-byte size of what is in it; the formats are those that
 * Linux's own decompressors read (LZ4 in its legacy frame).
 */
#include "board/loader.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#define MAX_UNPACKED (UINT64_C(512) << 20)
#define LZ4_MAGIC    0x184c2102u
#define LZ4_BLOCK    (8u << 20) /* uncompressed bytes of a legacy block at most */
#define XZ_MEMORY    (UINT64_C(256) << 20)

struct buffer {
    uint8_t *data;
    size_t len;
};

/* Each returns how many bytes it made; 0: malformed. */
typedef size_t unpack_fn(struct board_bytes in, struct buffer out);

static size_t unpack_lz4(struct board_bytes in, struct buffer out)
{
    size_t at = 4, made = 0;

    while (at + 4 <= in.len && made < out.len) {
        const uint32_t len = cb_load_le32(in.data + at);
        const size_t room = out.len - made < LZ4_BLOCK ? out.len - made : LZ4_BLOCK;
        int n;

        at += 4;
        if (len == LZ4_MAGIC)
            continue; /* another frame begins */
        if (len == 0 || len > in.len - at || len > INT32_MAX)
            return 0;
        n = LZ4_decompress_safe((const char *)in.data + at, (char *)out.data + made, (int)len,
                                (int)room);
        if (n <= 0)
            return 0;
        at += len;
        made += (size_t)n;
    }
    return made;
}

static size_t unpack_xz(struct board_bytes in, struct buffer out)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    size_t made = 0;

    if (lzma_stream_decoder(&stream, XZ_MEMORY, 0) != LZMA_OK)
        return 0;
    stream.next_in = in.data;
    stream.avail_in = in.len;
    stream.next_out = out.data;
    stream.avail_out = out.len;
    if (lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END)
        made = out.len - stream.avail_out;
    lzma_end(&stream);
    return made;
}

static size_t unpack_zstd(struct board_bytes in, struct buffer out)
{
    const size_t made = ZSTD_decompress(out.data, out.len, in.data,
                                        ZSTD_findFrameCompressedSize(in.data, in.len));

    return ZSTD_isError(made) ? 0 : made;
}

static size_t unpack_gzip(struct board_bytes in, struct buffer out)
{
    z_stream stream = {0};
    size_t made = 0;

    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return 0;
    stream.next_in = in.data;
    stream.avail_in = (uInt)in.len;
    stream.next_out = out.data;
    stream.avail_out = (uInt)out.len;
    if (inflate(&stream, Z_FINISH) == Z_STREAM_END)
        made = stream.total_out;
    inflateEnd(&stream);
    return made;
}

static const struct {
    const char *name;
    uint8_t magic[6];
    uint8_t magic_len;
    unpack_fn *unpack; /* NULL: known, but not unpacked here */
} formats[] = {
    {"LZ4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
    {"XZ", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
    {"bzip2", {'B', 'Z', 'h'}, 3, NULL},
    {"LZMA", {0x5d, 0, 0}, 3, NULL},
    {"LZO", {0x89, 'L', 'Z', 'O'}, 4, NULL},
};

static int find_format(struct board_bytes payload)
{
    for (unsigned i = 0; i < CB_ARRAY_LEN(formats); i++)
        if (payload.len > 8 && !memcmp(payload.data, formats[i].magic, formats[i].magic_len))
            return (int)i;
    return -1;
}

static enum cbit_status unpack(struct board_bytes payload, int format, struct buffer *out,
                               struct board_error *error)
{
    const struct board_bytes stream = {payload.data, payload.len - 4};
    const uint32_t size = cb_load_le32(payload.data + stream.len);

    if (size < 4096 || size > MAX_UNPACKED)
        return board_fail(error, "kernel: payload claims to unpack to %u bytes", size);
    out->data = malloc(size);
    out->len = size;
    if (!out->data)
        return CBIT_NO_MEMORY;
    if (formats[format].unpack(stream, *out) == size)
        return CBIT_OK;
    free(out->data);
    return board_fail(error, "kernel: the %s payload is damaged", formats[format].name);
}

enum cbit_status board_unpack(struct board_bytes image, uint8_t **out, size_t *out_len,
                              struct board_error *error)
{
    struct board_bzimage bz;
    struct buffer buffer;
    enum cbit_status status = board_bzimage_parse(image, &bz, error);
    int format;

    if (status)
        return status;
    format = find_format(bz.payload);
    if (format < 0)
        return board_fail(error, "kernel: payload of %zu bytes is of no known format",
                          bz.payload.len);
    if (!formats[format].unpack)
        return board_fail(error, "kernel: %s payloads cannot be unpacked; boot it packed",
                          formats[format].name);
    status = unpack(bz.payload, format, &buffer, error);
    if (status)
        return status;
    *out = buffer.data;
    *out_len = buffer.len;
    return CBIT_OK;
}
