/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page walker: literal expectations for each paging mode, every bit of the
 * outcome; then random tables against the oracle.
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "unit/mmu/walk_oracle.h"

#define P UINT64_C(1)
#define W UINT64_C(2)
#define U UINT64_C(4)
#define A UINT64_C(0x20)
#define D UINT64_C(0x40)
#define PS UINT64_C(0x80)
#define G UINT64_C(0x100)
#define NX CB_BIT(63)
#define C47 CB_BIT(47)
#define C51 CB_BIT(51)

/* ---- what a row may ask for ---- */

enum mode { LONG, PAE, LEGACY, LEGACY_NO_PSE };
enum part { NAPLES_SME, NAPLES_NO_SME, MILAN_SME, MILAN_NO_SME, GENOA_SME, SMALL_PAGES_ONLY };

static struct mmu_geometry geometry_of(enum part part)
{
    switch (part) {
    case NAPLES_SME: return mmu_geometry_make(48, 47, 5, true, true);
    case NAPLES_NO_SME: return mmu_geometry_make(48, 47, 5, false, true);
    case MILAN_SME: return mmu_geometry_make(48, 51, 5, true, true);
    case MILAN_NO_SME: return mmu_geometry_make(48, 51, 5, false, true);
    case GENOA_SME: return mmu_geometry_make(52, 51, 6, true, true);
    case SMALL_PAGES_ONLY: break;
    }
    return mmu_geometry_make(48, 47, 5, true, false);
}

#define CR0 MMU_CR0_PG
#define CR3 UINT64_C(0x1000)

static struct mmu_regs regs_of(enum mode mode)
{
    switch (mode) {
    case LONG:
        return (struct mmu_regs){.cr0 = CR0, .cr3 = CR3, .cr4 = MMU_CR4_PAE,
                                 .efer = MMU_EFER_LMA | MMU_EFER_NXE};
    case PAE:
        return (struct mmu_regs){.cr0 = CR0, .cr3 = CR3, .cr4 = MMU_CR4_PAE, .efer = MMU_EFER_NXE,
                                 .pdpte = {0x2001, 0x3001, 0, 0x4001}};
    case LEGACY:
        return (struct mmu_regs){.cr0 = CR0, .cr3 = CR3, .cr4 = MMU_CR4_PSE};
    case LEGACY_NO_PSE: break;
    }
    return (struct mmu_regs){.cr0 = CR0, .cr3 = CR3};
}

#define READ {0}
#define WRITE {.write = true}
#define FETCH {.fetch = true}
#define USER_READ {.user = true}
#define USER_WRITE {.user = true, .write = true}
#define USER_FETCH {.user = true, .fetch = true}
#define OK UINT32_MAX

struct row {
    const char *name;
    enum mode mode;
    enum part part;
    struct mmu_access_type type;
    uint64_t at;
    uint64_t entry[4];
    uint32_t code;          /* or OK, then: */
    uint64_t frame;
    unsigned shift;
    const char *rights;     /* u w x d g c, those that hold */
    uint64_t set_cr0, set_cr4, set_efer, clear_efer;
};

#define T (P | W | U | A)  /* table: everything allowed */
#define L (T | D)          /* leaf */

static const struct row rows[] = {
    /* long mode, small pages */
    {"a page whose entries allow all allows all", LONG, NAPLES_SME, READ, 0x7fff12345678,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwxd"},
    {"a page without U at one level is the supervisor's", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | P | W | A, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "wxd"},
    {"a page without W at one level is read-only", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | P | U | A, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uxd"},
    {"NX at one level forbids execution", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T | NX, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwd"},
    {"bits 62:52 and 11:9 belong to software", LONG, NAPLES_SME, READ, 0x1000,
     {0x7ff0000000002e00 | T, 0x7ff0000000003e00 | T, 0x7ff0000000004e00 | T,
      0x7ff0000000005e00 | L}, OK, 0x5000, 12, "uwxd"},
    {"bit 7 of a PTE is PAT", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | PS}, OK, 0x5000, 12, "uwxd"},
    {"G counts with CR4.PGE", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | G}, OK, 0x5000, 12, "uwxdg",
     .set_cr4 = MMU_CR4_PGE},
    {"G does not count without CR4.PGE", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | G}, OK, 0x5000, 12, "uwxd"},
    {"G in a PDE that points to a table is ignored", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T | G, 0x5000 | L}, OK, 0x5000, 12, "uwxd",
     .set_cr4 = MMU_CR4_PGE},
    {"a clean page is reported clean by a read", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | T}, OK, 0x5000, 12, "uwx"},
    {"a write makes the page dirty", LONG, NAPLES_SME, WRITE, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | T}, OK, 0x5000, 12, "uwxd"},
    /* large pages */
    {"a 2 MiB page is split at the address", LONG, NAPLES_SME, READ, 0x3f5678,
     {0x2000 | T, 0x3000 | T, 0x40000000 | L | PS}, OK, 0x401f5000, 21, "uwxd"},
    {"bit 12 of a 2 MiB page is PAT", LONG, NAPLES_SME, READ, 0x200000,
     {0x2000 | T, 0x3000 | T, 0x40001000 | L | PS}, OK, 0x40000000, 21, "uwxd"},
    {"bit 13 of a 2 MiB page is reserved", LONG, NAPLES_SME, READ, 0x200000,
     {0x2000 | T, 0x3000 | T, 0x40002000 | L | PS}, 9},
    {"bit 20 of a 2 MiB page is reserved", LONG, NAPLES_SME, USER_WRITE, 0x200000,
     {0x2000 | T, 0x3000 | T, 0x40100000 | L | PS}, 15},
    {"a 1 GiB page is split at the address", LONG, NAPLES_SME, READ, 0x7abcdef8,
     {0x2000 | T, 0x100000000 | L | PS}, OK, 0x13abcd000, 30, "uwxd"},
    {"bit 29 of a 1 GiB page is reserved", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x120000000 | L | PS}, 9},
    {"a 1 GiB page is reserved where CPUID does not offer it", LONG, SMALL_PAGES_ONLY, READ, 0x1000,
     {0x2000 | T, 0x100000000 | L | PS}, 9},
    {"PS of a PML4E is reserved", LONG, NAPLES_SME, READ, 0x1000, {0x2000 | T | PS}, 9},
    {"bit 8 of a PML4E is reserved", LONG, NAPLES_SME, READ, 0x1000, {0x2000 | T | G}, 9},
    {"bit 8 of a PDPE that points to a table is reserved", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T | G}, 9},
    /* not present */
    {"a PML4E that is not present: read", LONG, NAPLES_SME, READ, 0x1000, {~P}, 0},
    {"a PDPE that is not present: write", LONG, NAPLES_SME, WRITE, 0x1000, {0x2000 | T, ~P}, 2},
    {"a PDE that is not present: user read", LONG, NAPLES_SME, USER_READ, 0x1000,
     {0x2000 | T, 0x3000 | T, ~P}, 4},
    {"a PTE that is not present: user fetch", LONG, NAPLES_SME, USER_FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, ~P}, 20},
    {"a fetch is not told apart without NXE and SMEP", LONG, NAPLES_SME, USER_FETCH, 0x1000, {0}, 4,
     .clear_efer = MMU_EFER_NXE},
    {"a fetch is told apart with SMEP alone", LONG, NAPLES_SME, USER_FETCH, 0x1000, {0}, 20,
     .clear_efer = MMU_EFER_NXE, .set_cr4 = MMU_CR4_SMEP},
    /* rights */
    {"user mode may not read the supervisor's page", LONG, NAPLES_SME, USER_READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | P | W}, 5},
    {"user mode may not write a read-only page", LONG, NAPLES_SME, USER_WRITE, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | P | U}, 7},
    {"the supervisor writes a read-only page with WP clear", LONG, NAPLES_SME, WRITE, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | P | U}, OK, 0x5000, 12, "uxd"},
    {"the supervisor may not write a read-only page with WP set", LONG, NAPLES_SME, WRITE, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | P}, 3, .set_cr0 = MMU_CR0_WP},
    {"a fetch from a page with NX faults", LONG, NAPLES_SME, FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | P | NX}, 17},
    {"NX is reserved while EFER.NXE is clear", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | NX}, 9, .clear_efer = MMU_EFER_NXE},
    {"the supervisor fetches from a user page without SMEP", LONG, NAPLES_SME, FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwxd"},
    {"the supervisor may not fetch from a user page with SMEP", LONG, NAPLES_SME, FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, 17, .set_cr4 = MMU_CR4_SMEP},
    {"user mode fetches from a user page with SMEP", LONG, NAPLES_SME, USER_FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwxd",
     .set_cr4 = MMU_CR4_SMEP},
    {"the supervisor may not read a user page with SMAP", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, 1, .set_cr4 = MMU_CR4_SMAP},
    {"the supervisor may not write a user page with SMAP", LONG, NAPLES_SME, WRITE, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, 3, .set_cr4 = MMU_CR4_SMAP},
    {"RFLAGS.AC lifts SMAP", LONG, NAPLES_SME, {.write = true, .ac = true}, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwxd",
     .set_cr4 = MMU_CR4_SMAP},
    {"SMAP does not concern fetches", LONG, NAPLES_SME, FETCH, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}, OK, 0x5000, 12, "uwxd",
     .set_cr4 = MMU_CR4_SMAP},
    /* the C-bit and the width */
    {"the C-bit of the leaf is the page's", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | C47}, OK, 0x5000, 12, "uwxdc"},
    {"the C-bit of a pointer is not the page's", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T | C47, 0x3000 | T | C47, 0x4000 | T | C47, 0x5000 | L}, OK, 0x5000, 12, "uwxd"},
    {"the C-bit of a 1 GiB page leaves the address", LONG, MILAN_SME, READ, 0x1000,
     {0x2000 | T, 0x100000000 | L | PS | C51}, OK, 0x100001000, 30, "uwxdc"},
    {"T1: bit 51 without SME on a 48-bit part is reserved", LONG, MILAN_NO_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | C51}, 9},
    {"bit 47 without SME on a 48-bit part is an address bit", LONG, NAPLES_NO_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | C47}, OK, 0x800000005000, 12, "uwxd"},
    {"T6: bit 43 with SME on a 48-bit part is reserved", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | CB_BIT(43)}, 9},
    {"T6: bit 43 without SME is an address bit", LONG, NAPLES_NO_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | CB_BIT(43)}, OK, 0x80000005000, 12, "uwxd"},
    {"bit 42 with SME on a 48-bit part is an address bit", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | CB_BIT(42)}, OK, 0x40000005000, 12, "uwxd"},
    {"bit 45 with SME on a 52-bit part is an address bit", LONG, GENOA_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | CB_BIT(45)}, OK, 0x200000005000, 12, "uwxd"},
    {"bit 46 with SME on a 52-bit part is reserved", LONG, GENOA_SME, READ, 0x1000,
     {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L | CB_BIT(46)}, 9},
    {"the reduced width holds for pointers to tables too", LONG, NAPLES_SME, READ, 0x1000,
     {0x2000 | T | CB_BIT(43)}, 9},
    /* legacy PAE */
    {"PAE: four directories of 1 GiB", PAE, NAPLES_SME, READ, 0xc0201000,
     {0x5000 | T, 0x6000 | L | C47}, OK, 0x6000, 12, "uwxdc"},
    {"PAE: a directory that is not present", PAE, NAPLES_SME, USER_WRITE, 0x80000000, {0}, 6},
    {"PAE: a 2 MiB page above 4 GiB", PAE, NAPLES_SME, READ, 0x401fffff,
     {0x7ffffe00000 | L | PS}, OK, 0x7fffffff000, 21, "uwxd"},
    {"PAE: bits 62:52 are reserved", PAE, NAPLES_SME, READ, 0x1000, {0x5000 | T | CB_BIT(52)}, 9},
    {"PAE: NX holds", PAE, NAPLES_SME, FETCH, 0x1000, {0x5000 | T, 0x6000 | L | NX}, 17},
    {"PAE: NX without NXE is reserved", PAE, NAPLES_SME, READ, 0x1000, {0x5000 | T, 0x6000 | L | NX},
     9, .clear_efer = MMU_EFER_NXE},
    /* 32-bit */
    {"32-bit: a small page", LEGACY, NAPLES_SME, READ, 0xfffff123, {0x5000 | T, 0xfffff000 | L}, OK,
     0xfffff000, 12, "uwxd"},
    {"32-bit: a 4 MiB page is split at the address", LEGACY, NAPLES_SME, READ, 0x7fe000,
     {0x80000000 | L | PS}, OK, 0x803fe000, 22, "uwxd"},
    {"32-bit: PSE-36 takes bits 39:32 from bits 20:13", LEGACY, NAPLES_SME, READ, 0,
     {0x80000000 | 0x1fe000 | L | PS}, OK, 0xff80000000, 22, "uwxd"},
    {"32-bit: bit 21 of a 4 MiB page is reserved", LEGACY, NAPLES_SME, READ, 0,
     {0x80200000 | L | PS}, 9},
    {"32-bit: PS without CR4.PSE is ignored", LEGACY_NO_PSE, NAPLES_SME, READ, 0x1000,
     {0x5000 | T | PS, 0x6000 | L}, OK, 0x6000, 12, "uwxd"},
    {"32-bit: NXE changes nothing", LEGACY, NAPLES_SME, USER_FETCH, 0x1000,
     {0x5000 | T, 0x6000 | L}, OK, 0x6000, 12, "uwxd", .set_efer = MMU_EFER_NXE},
    {"32-bit: a fetch is not told apart by NXE", LEGACY, NAPLES_SME, USER_FETCH, 0x1000, {0}, 4,
     .set_efer = MMU_EFER_NXE},
};

static void expect(const struct row *row, const struct outcome *got)
{
    const char *rights = row->rights ? row->rights : "";

    if (row->code != OK) {
        assert_false(got->ok);
        assert_int_equal(got->code, row->code);
        return;
    }
    assert_true(got->ok);
    assert_true(got->page.frame.v == row->frame);
    assert_int_equal(got->page.shift, row->shift);
    assert_int_equal(got->page.user, strchr(rights, 'u') != NULL);
    assert_int_equal(got->page.writable, strchr(rights, 'w') != NULL);
    assert_int_equal(got->page.exec, strchr(rights, 'x') != NULL);
    assert_int_equal(got->page.dirty, strchr(rights, 'd') != NULL);
    assert_int_equal(got->page.global, strchr(rights, 'g') != NULL);
    assert_int_equal(got->page.data.host_c, strchr(rights, 'c') != NULL);
    assert_int_equal(got->page.fetch.host_c, strchr(rights, 'c') != NULL);
    assert_int_equal(got->page.data.kind, MC_KIND_DATA);
    assert_int_equal(got->page.fetch.kind, MC_KIND_FETCH);
    assert_int_equal(got->page.asid, 0);
    assert_int_equal(got->page.pcid, 0);
}

static void each_walk_ends_as_the_manual_says(void **state)
{
    (void)state;
    for (size_t k = 0; k < CB_ARRAY_LEN(rows); k++) {
        const struct row *row = &rows[k];
        const struct mmu_geometry geo = geometry_of(row->part);
        struct mmu_regs regs = regs_of(row->mode);
        struct trace trace = {0};
        struct outcome got;

        regs.cr0 |= row->set_cr0;
        regs.cr4 |= row->set_cr4;
        regs.efer = (regs.efer | row->set_efer) & ~row->clear_efer;
        memcpy(trace.entry, row->entry, sizeof(trace.entry));
        print_message("# %s\n", row->name);
        got = tested_walk(&geo, &regs, row->at, row->type, &trace);
        expect(row, &got);
        assert_false(trace.bad_kind);
    }
}

static void each_table_is_read_and_marked_through_the_view_of_its_pointer(void **state)
{
    const struct mmu_geometry geo = geometry_of(MILAN_SME);
    struct mmu_regs regs = regs_of(LONG);
    struct trace t = {.entry = {0x2000 | P | W | U, 0x3000 | P | W | U | C51, 0x4000 | P | W | U,
                                0x5000 | P | W | U | C51}};
    struct outcome got;

    (void)state;
    regs.cr3 |= C51;
    got = tested_walk(&geo, &regs, UINT64_C(0xffff8abcdef12345), (struct mmu_access_type)WRITE, &t);
    assert_true(got.ok);
    assert_int_equal(t.n_reads, 4);
    assert_int_equal(t.n_writes, 4);
    assert_true(t.read[0].at == 0x1000 + 0x115 * 8 && t.read[0].c);
    assert_true(t.read[1].at == 0x2000 + 0x0f3 * 8 && !t.read[1].c);
    assert_true(t.read[2].at == 0x3000 + 0x0f7 * 8 && t.read[2].c);
    assert_true(t.read[3].at == 0x4000 + 0x112 * 8 && !t.read[3].c);
    assert_true(t.write[0].at == t.read[0].at && t.write[0].c);
    assert_true(t.write[0].value == (0x2000 | P | W | U | A));
    assert_true(t.write[1].at == t.read[1].at && !t.write[1].c);
    assert_true(t.write[1].value == (0x3000 | P | W | U | A | C51));
    assert_true(t.write[2].at == t.read[2].at && t.write[2].c);
    assert_true(t.write[2].value == (0x4000 | P | W | U | A));
    assert_true(t.write[3].at == t.read[3].at && !t.write[3].c);
    assert_true(t.write[3].value == (0x5000 | P | W | U | A | D | C51));
}

static void a_refused_access_leaves_the_tables_alone(void **state)
{
    const struct mmu_geometry geo = geometry_of(MILAN_SME);
    const struct mmu_regs regs = regs_of(LONG);
    struct trace t = {.entry = {0x2000 | P | W | U, 0x3000 | P | W | U, 0x4000 | P | W | U,
                                0x5000 | P | U}};

    (void)state;
    assert_false(tested_walk(&geo, &regs, 0x1000, (struct mmu_access_type)USER_WRITE, &t).ok);
    assert_int_equal(t.n_writes, 0);
}

static void a_debugger_leaves_the_tables_alone(void **state)
{
    const struct mmu_geometry geo = geometry_of(MILAN_SME);
    const struct mmu_regs regs = regs_of(LONG);
    struct trace t = {.entry = {0x2000 | P, 0x3000 | P, 0x4000 | P, 0x5000 | P | W}};
    const struct mmu_access_type type = {.write = true, .no_side_effects = true};
    struct outcome got;

    (void)state;
    got = tested_walk(&geo, &regs, 0x1000, type, &t);
    assert_true(got.ok);
    assert_false(got.page.dirty);
    assert_int_equal(t.n_writes, 0);
}

static void without_paging_addresses_are_physical_and_plain(void **state)
{
    const struct mmu_geometry geo = geometry_of(MILAN_SME);
    const struct mmu_regs regs = {.cr3 = C51, .cr4 = MMU_CR4_SMEP | MMU_CR4_SMAP};
    struct trace t = {0};
    struct outcome got;

    (void)state;
    got = tested_walk(&geo, &regs, 0xfee01234, (struct mmu_access_type)USER_WRITE, &t);
    assert_true(got.ok);
    assert_true(got.page.frame.v == 0xfee01000);
    assert_false(got.page.data.host_c);
    assert_true(got.page.user && got.page.writable && got.page.exec && got.page.dirty);
    assert_int_equal(t.n_reads, 0);
}

static void pcid_tags_pages_when_it_is_on(void **state)
{
    const struct mmu_geometry geo = geometry_of(MILAN_SME);
    struct mmu_regs regs = regs_of(LONG);
    struct trace t = {.entry = {0x2000 | T, 0x3000 | T, 0x4000 | T, 0x5000 | L}};

    (void)state;
    regs.cr3 |= 0xabc;
    regs.cr4 |= MMU_CR4_PCIDE;
    assert_int_equal(tested_walk(&geo, &regs, 0x1000, (struct mmu_access_type)READ, &t).page.pcid,
                     0xabc);
}

static void pdptes_are_read_plain_and_checked(void **state)
{
    static const struct { const char *name; uint64_t bad; bool ok; } cases[] = {
        {"present with PCD and PWT", 0x19, true},
        {"reserved bits do not matter when not present", 0x1e6, true},
        {"bit 1 is reserved", 3, false},
        {"bit 5 is reserved", 0x21, false},
        {"bit 8 is reserved", 0x101, false},
        {"bits 11:9 belong to software", 0xe01, true},
        {"the C-bit is allowed", 1 | C47, true},
        {"bit 43 is beyond the reduced width", 1 | CB_BIT(43), false},
        {"bit 63 is reserved", 1 | NX, false},
    };
    const struct mmu_geometry geo = geometry_of(NAPLES_SME);

    (void)state;
    for (size_t k = 0; k < CB_ARRAY_LEN(cases); k++) {
        struct trace t = {.entry = {0x2001, 0, cases[k].bad, 0x3001}};
        const struct mmu_mem mem = trace_mem(&t);
        uint64_t pdpte[4] = {7, 7, 7, 7};

        print_message("# %s\n", cases[k].name);
        assert_int_equal(mmu_load_pdptes(&geo, &mem, 0x12345678 | C47, pdpte), cases[k].ok);
        assert_true(t.read[2].at == 0x12345660 + 16);
        assert_false(t.read[2].c);
        assert_true(pdpte[2] == (cases[k].ok ? cases[k].bad : 7));
    }
}

static void the_error_code_of_a_page_from_the_tlb_is_that_of_the_walk(void **state)
{
    struct mmu_regs regs = regs_of(LONG);
    const struct mmu_page page = {.user = true, .exec = true};

    (void)state;
    regs.cr0 |= MMU_CR0_WP;
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)READ), 0);
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)WRITE), 3);
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)USER_WRITE), 7);
    regs.cr4 |= MMU_CR4_SMEP | MMU_CR4_SMAP;
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)READ), 1);
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)FETCH), 17);
    regs.cr0 = 0;
    assert_int_equal(mmu_check(&regs, &page, (struct mmu_access_type)USER_WRITE), 0);
}

static void the_geometry_follows_smee(void **state)
{
    const struct mmu_geometry off = geometry_of(MILAN_NO_SME), on = geometry_of(MILAN_SME);
    const struct mmu_geometry genoa = geometry_of(GENOA_SME), naples = geometry_of(NAPLES_SME);

    (void)state;
    assert_true(off.c_mask == 0 && off.addr_mask == UINT64_C(0xffffffffffff));
    assert_true(on.c_mask == C51 && on.addr_mask == UINT64_C(0x7ffffffffff));
    assert_true(naples.c_mask == C47 && naples.addr_mask == UINT64_C(0x7ffffffffff));
    assert_true(genoa.c_mask == C51 && genoa.addr_mask == UINT64_C(0x3fffffffffff));
}

static void random_tables_walk_as_the_oracle_walks_them(void **state)
{
    uint64_t x = 42;

    (void)state;
    for (unsigned n = 0; n < 1000000; n++) {
        uint8_t data[96];
        const char *what;

        for (size_t k = 0; k < sizeof(data); k += 8) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
            cb_store_le64(data + k, x ^ x >> 29);
        }
        what = walk_compare(data, sizeof(data));
        if (what)
            fail_msg("case %u: %s", n, what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_walk_ends_as_the_manual_says),
        cmocka_unit_test(each_table_is_read_and_marked_through_the_view_of_its_pointer),
        cmocka_unit_test(a_refused_access_leaves_the_tables_alone),
        cmocka_unit_test(a_debugger_leaves_the_tables_alone),
        cmocka_unit_test(without_paging_addresses_are_physical_and_plain),
        cmocka_unit_test(pcid_tags_pages_when_it_is_on),
        cmocka_unit_test(pdptes_are_read_plain_and_checked),
        cmocka_unit_test(the_error_code_of_a_page_from_the_tlb_is_that_of_the_walk),
        cmocka_unit_test(the_geometry_follows_smee),
        cmocka_unit_test(random_tables_walk_as_the_oracle_walks_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
