/* SPDX-License-Identifier: Apache-2.0 */
/* Setup header of a bzImage (Linux Documentation/x86/boot.rst). */
#include "board/loader.h"

#include <stdarg.h>
#include <stdio.h>

#define SECTOR        512u
#define OLDEST        0x0206 /* protocol with a command line size; kernel 2.6.22 */
#define DEFAULT_SETUP 4u     /* sectors, if the header says 0 */

enum cbit_status board_fail(struct board_error *error, const char *format, ...)
{
    va_list args;

    if (error) {
        va_start(args, format);
        vsnprintf(error->text, sizeof(error->text), format, args);
        va_end(args);
    }
    return CBIT_INVALID;
}

bool board_is_bzimage(struct board_bytes image)
{
    return image.len >= WIRE_HDR_MAGIC + 4 &&
           cb_load_le32(image.data + WIRE_HDR_MAGIC) == WIRE_HDR_MAGIC_VALUE;
}

/* A header field that an old protocol may not have. */
static uint64_t field(struct board_bytes image, unsigned offset, unsigned size, uint64_t end,
                      uint64_t otherwise)
{
    if (offset + size > end)
        return otherwise;
    return size == 8 ? cb_load_le64(image.data + offset)
           : size == 4 ? cb_load_le32(image.data + offset)
           : size == 2 ? cb_load_le16(image.data + offset)
                       : image.data[offset];
}

static enum cbit_status find_payload(struct board_bytes image, struct board_bzimage *out,
                                     struct board_error *error)
{
    const uint64_t offset = field(image, WIRE_HDR_PAYLOAD_OFFSET, 4, out->header_end, 0);
    const uint64_t len = field(image, WIRE_HDR_PAYLOAD_LENGTH, 4, out->header_end, 0);

    if (!cb_range_ok(out->setup_len + offset, len, image.len))
        return board_fail(error,
                          "kernel: payload at %#llx, %llu bytes, lies outside the file of %zu bytes",
                          (unsigned long long)(out->setup_len + offset), (unsigned long long)len,
                          image.len);
    out->payload = (struct board_bytes){image.data + out->setup_len + offset, (size_t)len};
    return CBIT_OK;
}

static enum cbit_status check(struct board_bytes image, const struct board_bzimage *out,
                              struct board_error *error)
{
    if (out->setup_len >= image.len)
        return board_fail(error, "kernel: setup part of %llu bytes, but the file has %zu",
                          (unsigned long long)out->setup_len, image.len);
    if (!(image.data[WIRE_HDR_LOADFLAGS] & WIRE_LOADFLAGS_HIGH))
        return board_fail(error, "kernel: a zImage (loads below 1 MiB); a bzImage is needed");
    if (out->alignment == 0 || out->alignment & (out->alignment - 1) ||
        out->alignment > CB_BIT(30))
        return board_fail(error, "kernel: alignment %#llx in the header is no power of two",
                          (unsigned long long)out->alignment);
    return CBIT_OK;
}

enum cbit_status board_bzimage_parse(struct board_bytes image, struct board_bzimage *out,
                                     struct board_error *error)
{
    enum cbit_status status;
    uint64_t end, sectors;

    memset(out, 0, sizeof(*out));
    if (!board_is_bzimage(image) || image.len < WIRE_HDR_END_MAX)
        return board_fail(error, "kernel: no bzImage (no \"HdrS\" at offset 202h)");
    out->version = cb_load_le16(image.data + WIRE_HDR_VERSION);
    if (out->version < OLDEST)
        return board_fail(error, "kernel: boot protocol %u.%02u is older than 2.06",
                          out->version >> 8, out->version & 0xff);
    end = WIRE_HDR_MAGIC + (uint64_t)image.data[WIRE_HDR_JUMP + 1];
    out->header_end = end > WIRE_HDR_END_MAX ? WIRE_HDR_END_MAX : end;
    sectors = image.data[WIRE_HDR_SETUP_SECTS] ? image.data[WIRE_HDR_SETUP_SECTS] : DEFAULT_SETUP;
    out->setup_len = (sectors + 1) * SECTOR;
    out->entry_64 = field(image, WIRE_HDR_XLOADFLAGS, 2, end, 0) & WIRE_XLOADFLAGS_64;
    out->relocatable = field(image, WIRE_HDR_RELOCATABLE, 1, end, 0);
    out->alignment = field(image, WIRE_HDR_ALIGNMENT, 4, end, 0x100000);
    out->pref_address = field(image, WIRE_HDR_PREF_ADDRESS, 8, end, 0x100000);
    out->init_size = field(image, WIRE_HDR_INIT_SIZE, 4, end, 0);
    out->initrd_max = field(image, WIRE_HDR_INITRD_ADDR_MAX, 4, end, 0x37ffffff);
    out->cmdline_max = field(image, WIRE_HDR_CMDLINE_SIZE, 4, end, 255);
    status = check(image, out, error);
    return status ? status : find_payload(image, out, error);
}
