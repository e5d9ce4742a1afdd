/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/boot_params.h"

bool wire_e820_put(uint8_t *zero_page, unsigned n, const struct wire_e820 *entry)
{
    uint8_t *at;

    if (n >= WIRE_BP_E820_MAX)
        return false;
    at = zero_page + WIRE_BP_E820_TABLE + WIRE_E820_SIZE * n;
    cb_store_le64(at, entry->base);
    cb_store_le64(at + 8, entry->size);
    cb_store_le32(at + 16, entry->type);
    return true;
}
