/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory map that a kernel is told.  Tables lie in ranges of type ACPI or
 * reserved, never in RAM: a kernel with SME on reads RAM through C=1.
 */
#include "board/loader.h"

static void add(struct wire_e820 *out, unsigned *n, uint64_t from, uint64_t to,
                enum wire_e820_type type)
{
    if (from >= to)
        return;
    CBIT_ASSERT(*n < BOARD_MAX_E820);
    out[(*n)++] = (struct wire_e820){.base = from, .size = to - from, .type = (uint32_t)type};
}

unsigned board_e820(const struct board_memory_map *map, struct wire_e820 out[BOARD_MAX_E820])
{
    unsigned n = 0;

    add(out, &n, 0, BOARD_EBDA, WIRE_E820_RAM);
    add(out, &n, BOARD_EBDA, BOARD_LEGACY_HOLE, WIRE_E820_RESERVED);
    add(out, &n, BOARD_BIOS_AREA, BOARD_HIGH_RAM, WIRE_E820_RESERVED);
    add(out, &n, BOARD_HIGH_RAM, board_ram_end(map), WIRE_E820_RAM);
    add(out, &n, board_ram_end(map), map->tables, WIRE_E820_RESERVED);
    add(out, &n, map->tables, map->below_4g, WIRE_E820_ACPI);
    add(out, &n, CB_BIT(32), CB_BIT(32) + map->above_4g, WIRE_E820_RAM);
    add(out, &n, map->pmem, map->pmem + map->pmem_size, WIRE_E820_PRAM);
    return n;
}
