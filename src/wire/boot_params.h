/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux/x86 boot protocol: offsets in the "zero page" and in a bzImage's setup
 * header (Linux Documentation/x86/boot.rst and zero-page.rst, protocol 2.15).
 * The setup header has the same offsets in both.
 */
#ifndef WIRE_BOOT_PARAMS_H
#define WIRE_BOOT_PARAMS_H

#include "base/base.h"

#define WIRE_BP_SIZE 4096u

/* Zero page. */
#define WIRE_BP_ACPI_RSDP         0x070 /* u64 */
#define WIRE_BP_EXT_RAMDISK_IMAGE 0x0c0 /* u32, high halves */
#define WIRE_BP_EXT_RAMDISK_SIZE  0x0c4
#define WIRE_BP_EXT_CMD_LINE      0x0c8
#define WIRE_BP_ALT_MEM_K         0x1e0 /* u32, KiB above 1 MiB */
#define WIRE_BP_E820_ENTRIES      0x1e8 /* u8 */
#define WIRE_BP_SENTINEL          0x1ef
#define WIRE_BP_E820_TABLE        0x2d0
#define WIRE_BP_E820_MAX          128

/* Setup header. */
#define WIRE_HDR_START            0x1f1
#define WIRE_HDR_SETUP_SECTS      0x1f1 /* u8 */
#define WIRE_HDR_BOOT_FLAG        0x1fe /* u16, AA55h */
#define WIRE_HDR_JUMP             0x200 /* second byte + 202h: end of the header */
#define WIRE_HDR_MAGIC            0x202 /* "HdrS" */
#define WIRE_HDR_VERSION          0x206 /* u16 */
#define WIRE_HDR_TYPE_OF_LOADER   0x210 /* u8 */
#define WIRE_HDR_LOADFLAGS        0x211 /* u8 */
#define WIRE_HDR_CODE32_START     0x214 /* u32 */
#define WIRE_HDR_RAMDISK_IMAGE    0x218 /* u32 */
#define WIRE_HDR_RAMDISK_SIZE     0x21c /* u32 */
#define WIRE_HDR_HEAP_END         0x224 /* u16 */
#define WIRE_HDR_CMD_LINE_PTR     0x228 /* u32 */
#define WIRE_HDR_INITRD_ADDR_MAX  0x22c /* u32 */
#define WIRE_HDR_ALIGNMENT        0x230 /* u32 */
#define WIRE_HDR_RELOCATABLE      0x234 /* u8 */
#define WIRE_HDR_XLOADFLAGS       0x236 /* u16 */
#define WIRE_HDR_CMDLINE_SIZE     0x238 /* u32 */
#define WIRE_HDR_PAYLOAD_OFFSET   0x248 /* u32 */
#define WIRE_HDR_PAYLOAD_LENGTH   0x24c /* u32 */
#define WIRE_HDR_PREF_ADDRESS     0x258 /* u64 */
#define WIRE_HDR_INIT_SIZE        0x260 /* u32 */
#define WIRE_HDR_END_MAX          0x290 /* the table of E820 entries is behind it */

#define WIRE_HDR_MAGIC_VALUE      0x53726448u
#define WIRE_LOADFLAGS_HIGH       0x01
#define WIRE_XLOADFLAGS_64        0x01

enum wire_e820_type { WIRE_E820_RAM = 1, WIRE_E820_RESERVED, WIRE_E820_ACPI, WIRE_E820_NVS,
                      WIRE_E820_PRAM = 12 };

struct wire_e820 {
    uint64_t base, size;
    uint32_t type; /* enum wire_e820_type */
};

#define WIRE_E820_SIZE 20u

/* Writes an entry's 20 bytes; false: the zero page has no room for entry n. */
bool wire_e820_put(uint8_t *zero_page, unsigned n, const struct wire_e820 *entry);

#endif
