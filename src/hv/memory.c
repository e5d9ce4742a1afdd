/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's memory: where it lies in DRAM, how the hypervisor reaches it, and
 * the nested tables that give it to the guest.
 *
 * Guest RAM is one stretch of DRAM; behind it lie the guest's VMCB and nested
 * tables, which the tables do not map.  They are filled on demand, by 2 MiB
 * pages where the guest has RAM for all of one, else by 4 KiB pages.  What the
 * hypervisor reads is what its C-bit shows: a guest's private page is noise.
 * APM vol. 2, 15.25.
 */
#include "hv/guest.h"

#define LARGE       (UINT64_C(2) << 20)
#define FOUR_GIB    (UINT64_C(1) << 32)
#define LOW_MEMORY  (UINT64_C(3) << 30) /* as the launch layout has it */
#define ENTRY_TABLE 0x7u  /* P W U: nested tables are user pages */
#define ENTRY_LARGE 0x80u

/* ---- place ---- */

/* Root; one page each 512 GiB, each GiB; page tables for the two ends of RAM and the legacy hole. */
static uint64_t table_pages(uint64_t memory)
{
    const uint64_t top = memory + FOUR_GIB;

    return 1 + (top >> 39) + 1 + (top >> 30) + 1 + 4;
}

static uint64_t own_size(uint64_t memory)
{
    return (1 + table_pages(memory)) * CB_PAGE_SIZE;
}

uint64_t hv_guest_footprint(uint64_t memory)
{
    return cb_align_up(memory + own_size(memory), LARGE) + LARGE;
}

static bool is_free(const struct hv *hv, uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < HV_MAX_GUESTS; i++) {
        const struct hv_guest *other = hv->guest[i];

        if (other && other->end && from < other->end && other->ram < to)
            return false;
    }
    return mc_covers(hv->mc, spa(from), to - from);
}

static bool try_place(struct hv_guest *guest, uint64_t at)
{
    const uint64_t memory = guest->config.memory, behind = at + memory;

    if (!is_free(guest->hv, at, behind + own_size(memory)))
        return false;
    guest->ram = at;
    guest->end = behind + own_size(memory);
    guest->vmcb = spa(behind);
    guest->tables = behind + CB_PAGE_SIZE;
    guest->n_tables = (unsigned)table_pages(memory);
    return true;
}

bool hv_guest_place(struct hv_guest *guest)
{
    const struct hv *hv = guest->hv;

    if (try_place(guest, LARGE)) /* right behind the hypervisor's own */
        return true;
    for (unsigned i = 0; i < HV_MAX_GUESTS; i++) {
        if (hv->guest[i] && hv->guest[i]->end &&
            try_place(guest, cb_align_up(hv->guest[i]->end, LARGE)))
            return true;
    }
    return false;
}

/* ---- guest-physical addresses ---- */

/* RAM from gpa on, in bytes; 0: none there. */
static uint64_t ram_from(const struct hv_guest *guest, uint64_t gpa, uint64_t *offset)
{
    const struct board_memory_map *map = &guest->layout.map;

    *offset = gpa;
    if (gpa < BOARD_LEGACY_HOLE)
        return BOARD_LEGACY_HOLE - gpa;
    if (gpa >= BOARD_LEGACY_HOLE_END && gpa < map->below_4g)
        return map->below_4g - gpa;
    if (gpa >= FOUR_GIB && gpa - FOUR_GIB < map->above_4g) {
        *offset = gpa - FOUR_GIB + map->below_4g;
        return map->above_4g - (gpa - FOUR_GIB);
    }
    return 0;
}

bool hv_guest_find(const struct hv_guest *guest, uint64_t gpa, spa_t *out)
{
    uint64_t offset;

    if (ram_from(guest, gpa, &offset) == 0)
        return false;
    *out = spa(guest->ram + offset);
    return true;
}

bool hv_guest_read(struct hv_guest *guest, uint64_t gpa, void *to, size_t len)
{
    uint8_t *bytes = to;
    bool ok = true;

    while (len) {
        uint64_t offset;
        const uint64_t there = ram_from(guest, gpa, &offset);
        const size_t n = there && there < len ? (size_t)there : there ? len : 1;

        if (there) {
            hv_read(guest->hv, spa(guest->ram + offset), bytes, n);
        } else {
            *bytes = 0xff;
            ok = false;
        }
        gpa += n;
        bytes += n;
        len -= n;
    }
    return ok;
}

bool hv_guest_write(struct hv_guest *guest, uint64_t gpa, const void *from, size_t len)
{
    const uint8_t *bytes = from;
    bool ok = true;

    while (len) {
        uint64_t offset;
        const uint64_t there = ram_from(guest, gpa, &offset);
        const size_t n = there && there < len ? (size_t)there : there ? len : 1;

        if (there)
            hv_write(guest->hv, spa(guest->ram + offset), bytes, n);
        else
            ok = false;
        gpa += n;
        bytes += n;
        len -= n;
    }
    return ok;
}

/* ---- nested tables ---- */

void hv_guest_clear_tables(struct hv_guest *guest)
{
    guest->used_tables = 1;
    hv_zero(guest->hv, spa(guest->tables), CB_PAGE_SIZE);
}

static uint64_t get_entry(struct hv_guest *guest, uint64_t table, unsigned index)
{
    uint8_t entry[8];

    hv_read(guest->hv, spa(table + 8 * index), entry, sizeof(entry));
    return cb_load_le64(entry);
}

static void set_entry(struct hv_guest *guest, uint64_t table, unsigned index, uint64_t target,
                      unsigned flags)
{
    uint8_t entry[8];

    cb_store_le64(entry, hv_address(guest->hv, spa(target)) | flags);
    hv_write(guest->hv, spa(table + 8 * index), entry, sizeof(entry));
}

/* The table that entry index of table points to, made if there is none. */
static uint64_t descend(struct hv_guest *guest, uint64_t table, unsigned index)
{
    const uint64_t entry = get_entry(guest, table, index);
    uint64_t next;

    if (entry & 1)
        return entry & CB_MASK(52) & CB_PAGE_MASK & ~guest->hv->c_mask;
    CBIT_ASSERT(guest->used_tables < guest->n_tables);
    next = guest->tables + guest->used_tables++ * (uint64_t)CB_PAGE_SIZE;
    hv_zero(guest->hv, spa(next), CB_PAGE_SIZE);
    set_entry(guest, table, index, next, ENTRY_TABLE);
    return next;
}

static unsigned index_at(uint64_t gpa, unsigned shift)
{
    return (unsigned)(gpa >> shift & 511);
}

static void fill_small(struct hv_guest *guest, uint64_t directory, uint64_t base)
{
    const uint64_t table = descend(guest, directory, index_at(base, 21));

    for (unsigned i = 0; i < 512; i++) {
        spa_t at;

        if (hv_guest_find(guest, base + i * (uint64_t)CB_PAGE_SIZE, &at))
            set_entry(guest, table, i, at.v, ENTRY_TABLE);
    }
}

bool hv_guest_fill(struct hv_guest *guest, uint64_t gpa)
{
    const uint64_t base = cb_align_down(gpa, LARGE);
    uint64_t offset, table = guest->tables;

    if (ram_from(guest, gpa, &offset) == 0)
        return false;
    table = descend(guest, table, index_at(gpa, 39));
    table = descend(guest, table, index_at(gpa, 30));
    if (ram_from(guest, base, &offset) >= LARGE)
        set_entry(guest, table, index_at(gpa, 21), guest->ram + offset, ENTRY_TABLE | ENTRY_LARGE);
    else
        fill_small(guest, table, base);
    return true;
}
