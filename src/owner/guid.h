/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GUIDs in EFI's mixed-endian byte order: the first three groups are
 * little-endian, the rest is as written.  UEFI specification, appendix A.
 */
#ifndef OWNER_GUID_H
#define OWNER_GUID_H

#include "base/base.h"

struct own_guid {
    uint8_t bytes[16]; /* as they stand in memory and on the wire */
};

/* "1e74f542-71dd-4d66-963e-ef4287ff173b", either case, nothing before or after. */
enum cbit_status own_guid_parse(const char *text, struct own_guid *out) CBIT_MUST_CHECK;

/* Writes 36 characters and a NUL. */
void own_guid_format(const struct own_guid *guid, char text[37]);

bool own_guid_equal(const struct own_guid *a, const uint8_t b[16]);

#endif
