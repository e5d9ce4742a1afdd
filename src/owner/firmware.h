/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest owner reads from a firmware image (OVMF): the GUID table at its
 * end, which names the SEV secret area, the kernel-hash area and the SEV-ES
 * reset address.  OVMF's ResetVectorVtf0.asm describes the table.
 */
#ifndef OWNER_FIRMWARE_H
#define OWNER_FIRMWARE_H

#include "base/base.h"

/* A range of guest-physical addresses below 4 GiB; size 0: the image does not name it. */
struct own_area {
    uint32_t base;
    uint32_t size;
};

struct own_firmware {
    bool has_table;
    struct own_area hash_table;   /* where the VMM puts the kernel hashes */
    struct own_area secret;       /* where LAUNCH_SECRET injects */
    bool has_reset;
    uint32_t reset;               /* SEV-ES AP reset: IP in the low half, CS base >> 16 in the high */
};

/*
 * CBIT_CORRUPT: the table is there but its lengths do not add up.  An image
 * without a table is CBIT_OK with has_table false.
 */
enum cbit_status own_firmware_parse(const uint8_t *image, size_t len,
                                    struct own_firmware *out) CBIT_MUST_CHECK;

#endif
