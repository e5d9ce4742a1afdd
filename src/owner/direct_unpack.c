/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload of a bzImage, unpacked: for owners of guests that are booted with
 * --unpack-kernel.  One stream; the last four bytes are the unpacked size.
 */
#include "owner/direct.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define MAX_UNPACKED (512u << 20)
#define XZ_MEMORY    (UINT64_C(256) << 20)
#define LZ4_BLOCK    (8u << 20)

/* True: out was filled to its last byte. */
typedef bool unpack_fn(struct own_blob in, uint8_t *out, size_t len);

static bool from_xz(struct own_blob in, uint8_t *out, size_t len)
{
    uint64_t memory = XZ_MEMORY;
    size_t read = 0, made = 0;

    return lzma_stream_buffer_decode(&memory, 0, NULL, in.data, &read, in.len, out, &made, len) ==
               LZMA_OK && made == len;
}

static bool from_zstd(struct own_blob in, uint8_t *out, size_t len)
{
    const size_t frame = ZSTD_findFrameCompressedSize(in.data, in.len);

    return !ZSTD_isError(frame) && ZSTD_decompress(out, len, in.data, frame) == len;
}

static bool from_gzip(struct own_blob in, uint8_t *out, size_t len)
{
    z_stream z = {.next_in = in.data, .avail_in = (uInt)in.len, .next_out = out,
                  .avail_out = (uInt)len};
    bool ok;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return false;
    ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == len;
    inflateEnd(&z);
    return ok;
}

/* The legacy frame: magic, then blocks of at most 8 MiB, each after its packed length. */
static bool from_lz4(struct own_blob in, uint8_t *out, size_t len)
{
    size_t at = 4, made = 0;

    while (made < len && in.len - at >= 4) {
        const uint32_t packed = cb_load_le32(in.data + at);
        const size_t room = len - made < LZ4_BLOCK ? len - made : LZ4_BLOCK;
        int n;

        at += 4;
        if (packed == 0x184c2102)
            continue; /* the frame's magic again */
        if (packed == 0 || packed > in.len - at || packed > INT32_MAX)
            return false;
        n = LZ4_decompress_safe((const char *)in.data + at, (char *)out + made, (int)packed,
                                (int)room);
        if (n <= 0)
            return false;
        at += packed;
        made += (size_t)n;
    }
    return made == len;
}

static const struct {
    uint8_t magic[6], magic_len;
    unpack_fn *unpack;
} formats[] = {
    {{0xfd, '7', 'z', 'X', 'Z', 0}, 6, from_xz},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, from_zstd},
    {{0x1f, 0x8b}, 2, from_gzip},
    {{0x02, 0x21, 0x4c, 0x18}, 4, from_lz4},
};

static unpack_fn *format_of(struct own_blob payload)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(formats); i++)
        if (!memcmp(payload.data, formats[i].magic, formats[i].magic_len))
            return formats[i].unpack;
    return NULL;
}

/* Within the bzImage, without the size behind it. */
static bool find_payload(struct own_blob image, struct own_blob *payload, uint32_t *unpacked)
{
    const uint64_t sectors = image.data[0x1f1] ? image.data[0x1f1] : 4;
    const uint64_t at = (sectors + 1) * 512 + cb_load_le32(image.data + 0x248);
    const uint32_t len = cb_load_le32(image.data + 0x24c);

    if (len < 16 || !cb_range_ok(at, len, image.len))
        return false;
    *payload = (struct own_blob){image.data + at, len - 4};
    *unpacked = cb_load_le32(image.data + at + len - 4);
    return *unpacked > 0 && *unpacked <= MAX_UNPACKED;
}

enum cbit_status own_direct_unpack(struct own_blob bzimage, uint8_t **out, size_t *len,
                                   const char **what)
{
    struct own_blob payload;
    uint32_t size;
    unpack_fn *unpack;

    *what = "kernel: its payload lies outside the file, or is too large";
    if (!find_payload(bzimage, &payload, &size))
        return CBIT_INVALID;
    *what = "kernel: its payload's format is none of XZ, zstd, gzip, LZ4";
    unpack = format_of(payload);
    if (!unpack)
        return CBIT_UNIMPLEMENTED;
    *what = "kernel: no memory to unpack it";
    *out = malloc(size);
    if (!*out)
        return CBIT_NO_MEMORY;
    *what = "kernel: its payload is damaged";
    *len = size;
    return unpack(payload, *out, size) ? CBIT_OK : CBIT_INVALID;
}
