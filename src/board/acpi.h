/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI tables of the platform: RSDP, XSDT, FADT, FACS, MADT, HPET, DSDT. */
#ifndef BOARD_ACPI_H
#define BOARD_ACPI_H

#include "board/loader.h"

#define BOARD_ACPI_SIZE UINT64_C(0x10000) /* bytes that the tables may take */

/*
 * Writes the tables to [map->tables, ...) and a copy of the RSDP to the BIOS
 * area, where software looks that was not told.  Returns the RSDP's address.
 */
uint64_t board_acpi_write(const struct board_memory_map *map, unsigned n_cpus,
                          const struct board_target *target);

/*
 * The same for a guest that is measured: its DSDT is the same bytes whatever the
 * memory and the number of CPUs (no processor objects, no 64-bit PCI window), and
 * the only RSDP is the one behind the tables.  docs/launch-layout.md has the bytes.
 */
uint64_t board_acpi_write_guest(const struct board_memory_map *map, unsigned n_cpus,
                                const struct board_target *target);

#endif
