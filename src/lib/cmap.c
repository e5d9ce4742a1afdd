/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical memory as the host's CPU would read it: with the C-bit that its page
 * tables give each frame.  Where tables disagree about a frame the one without C
 * counts (Linux leaves an encrypted alias of pages that it shares); a frame that
 * none maps is taken as CR3 has it.  Looks only; long mode with four levels.
 */
#include <stdlib.h>

#include "lib/machine.h"

#define P CB_BIT(0)
#define PS CB_BIT(7)
#define ENTRIES 512u

struct cbit_c_map {
    const struct cbit_machine *machine;
    uint64_t c_mask;      /* 0: there is no C-bit now */
    uint64_t addr_mask;
    bool otherwise;       /* C of a frame that nothing maps */
    uint64_t n_frames;
    uint8_t *seen, *plain; /* a bit a frame: mapped at all; mapped without C */
};

static void mark(struct cbit_c_map *map, uint64_t base, uint64_t size, bool c)
{
    const uint64_t first = base / CB_PAGE_SIZE, n = size / CB_PAGE_SIZE;

    for (uint64_t i = first; i < first + n && i < map->n_frames; i++) {
        map->seen[i / 8] = (uint8_t)(map->seen[i / 8] | 1u << i % 8);
        if (!c)
            map->plain[i / 8] = (uint8_t)(map->plain[i / 8] | 1u << i % 8);
    }
}

static bool read_table(const struct cbit_c_map *map, uint64_t entry, uint8_t *to)
{
    struct mc *mc = lib_mc(map->machine);
    const struct mc_access access = mc_access_host(MC_KIND_WALK, (entry & map->c_mask) != 0);
    const spa_t at = spa(entry & map->addr_mask & CB_PAGE_MASK);

    return mc_covers(mc, at, CB_PAGE_SIZE) &&
           mc_peek(mc, at, mc_decide(mc_policy(mc), access), to, CB_PAGE_SIZE) == CBIT_OK;
}

/* Level 4 is the PML4; the depth is bounded, so a table that points to itself is harmless. */
static void walk(struct cbit_c_map *map, uint64_t table, unsigned level)
{
    const uint64_t span = (uint64_t)CB_PAGE_SIZE << 9 * (level - 1);
    uint8_t bytes[CB_PAGE_SIZE];

    if (!read_table(map, table, bytes))
        return;
    for (unsigned i = 0; i < ENTRIES; i++) {
        const uint64_t entry = cb_load_le64(bytes + 8 * i);
        const bool leaf = level == 1 || (level < 4 && (entry & PS));

        if (!(entry & P))
            continue;
        if (leaf)
            mark(map, cb_align_down(entry & map->addr_mask, span), span,
                 (entry & map->c_mask) != 0);
        else
            walk(map, entry, level - 1);
    }
}

static uint64_t end_of_dram(const struct mc *mc)
{
    const struct mc_range *last = &mc_config(mc)->range[mc_config(mc)->n_ranges - 1];

    return last->base.v + last->size;
}

static void look_at_tables(struct cbit_c_map *map)
{
    const struct asp_profile *profile = asp_profile_of(lib_asp(map->machine));
    struct mc *mc = lib_mc(map->machine);
    struct cbit_regs regs;

    cbit_machine_regs(map->machine, &regs);
    map->addr_mask = CB_MASK(52) & CB_PAGE_MASK;
    if (mc_policy(mc).smee) {
        map->c_mask = CB_BIT(profile->c_bit);
        map->addr_mask &= ~map->c_mask;
    }
    map->otherwise = (regs.cr3 & map->c_mask) != 0;
    if ((regs.cr0 & CB_BIT(31)) && (regs.efer & CB_BIT(10)))
        walk(map, regs.cr3, 4);
}

enum cbit_error cbit_c_map_new(const struct cbit_machine *machine, struct cbit_c_map **out)
{
    struct cbit_c_map *map = calloc(1, sizeof *map);

    if (!map)
        return CBIT_E_NO_MEMORY;
    map->machine = machine;
    map->n_frames = end_of_dram(lib_mc(machine)) / CB_PAGE_SIZE;
    map->seen = calloc(map->n_frames / 8 + 1, 1);
    map->plain = calloc(map->n_frames / 8 + 1, 1);
    if (!map->seen || !map->plain) {
        cbit_c_map_free(map);
        return CBIT_E_NO_MEMORY;
    }
    look_at_tables(map);
    *out = map;
    return CBIT_E_OK;
}

void cbit_c_map_free(struct cbit_c_map *map)
{
    if (!map)
        return;
    free(map->seen);
    free(map->plain);
    free(map);
}

static bool bit(const uint8_t *bits, uint64_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

enum cbit_error cbit_c_map_peek(const struct cbit_c_map *map, uint64_t address, void *to, size_t len)
{
    const struct mc *mc = lib_mc(map->machine);
    uint8_t *bytes = to;

    while (len > 0) {
        const uint64_t frame = address / CB_PAGE_SIZE;
        const size_t room = CB_PAGE_SIZE - (size_t)(address % CB_PAGE_SIZE);
        const size_t part = len < room ? len : room;

        if (frame >= map->n_frames)
            return CBIT_E_RANGE;
        const bool c = bit(map->seen, frame) ? !bit(map->plain, frame) : map->otherwise;
        const enum cbit_error error =
            cbit_machine_peek(map->machine, address,
                              mc_decide(mc_policy(mc), mc_access_host(MC_KIND_DATA, c)), bytes, part);

        if (error)
            return error;
        address += part;
        bytes += part;
        len -= part;
    }
    return CBIT_E_OK;
}
