/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot loaders with hostile images: first byte chooses the loader, the rest is
 * the image.  Whatever is loaded must lie in the memory that the map offers.
 */
#include "board/loader.h"

#include <stdlib.h>

#define MEMORY (UINT64_C(64) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_checked(void *ctx, uint64_t at, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    uint8_t *sum = ctx;

    if (!cb_range_ok(at, len, MEMORY))
        abort();
    for (size_t i = 0; i < len; i++)
        *sum = (uint8_t)(*sum + b[i]); /* every byte is really there */
}

static void zero_checked(void *ctx, uint64_t at, uint64_t len)
{
    (void)ctx;
    if (!cb_range_ok(at, len, MEMORY))
        abort();
}

static void load_linux(struct board_bytes image, const struct board_target *target)
{
    const struct board_linux what = {
        .kernel = image,
        .initrd = {image.data, image.len / 2},
        .append = "quiet",
        .map = {.below_4g = MEMORY, .tables = MEMORY - 0x10000},
    };
    struct board_error error;
    struct board_entry entry;

    (void)!board_load_linux(&what, target, &entry, &error);
}

static void load_multiboot(struct board_bytes image, const struct board_target *target)
{
    const struct board_multiboot what = {
        .image = image,
        .initrd = {image.data, image.len / 2},
        .append = "quiet",
        .map = {.below_4g = MEMORY, .tables = MEMORY - 0x10000},
    };
    struct board_error error;
    struct board_entry entry;

    (void)!board_load_multiboot(&what, target, &entry, &error);
}

static void unpack(struct board_bytes image)
{
    struct board_error error;
    uint8_t *out = NULL;
    size_t len;

    if (board_unpack(image, &out, &len, &error) == CBIT_OK)
        free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t sum = 0;
    const struct board_target target = {write_checked, zero_checked, &sum};
    struct board_bytes image;

    if (size < 1)
        return 0;
    image = (struct board_bytes){data + 1, size - 1};
    if (data[0] % 3 == 0)
        load_linux(image, &target);
    else if (data[0] % 3 == 1)
        load_multiboot(image, &target);
    else
        unpack(image);
    return 0;
}
