/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of secrets that a guest owner injects: entries of {GUID, length,
 * data} behind a header of the same form, as Linux's efi_secret module and
 * sevctl read and write it.  Padded with zeroes to 16 bytes for the cipher; the
 * padding is not counted.
 */
#ifndef OWNER_SECRET_TABLE_H
#define OWNER_SECRET_TABLE_H

#include "owner/guid.h"

struct own_secret {
    struct own_guid guid;
    const uint8_t *data;
    size_t len;
};

#define OWN_SECRET_TABLE_MAX 0x4000u /* what a driver accepts in one command */

/* Bytes that the padded table takes; 0: more than OWN_SECRET_TABLE_MAX. */
size_t own_secret_table_size(const struct own_secret *secrets, size_t n);

/* out holds own_secret_table_size() bytes, which must not be 0. */
void own_secret_table_build(const struct own_secret *secrets, size_t n, uint8_t *out);

#endif
