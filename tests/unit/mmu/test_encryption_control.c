/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's rows of the encryption-control table, end to end: tables in DRAM,
 * walked through the memory controller, then an access with what the walk said.
 * Expected views are literal, from the manual's text (APM vol. 2, 7.10).
 */
#include "unit/unit.h"

#include "mc/keys.h"
#include "mmu/mmu.h"

#define C51 CB_BIT(51)
#define RAW MC_VIEW_RAW
#define HOST MC_VIEW_HOST

enum paging { LONG, PAE, LEGACY, NONE };

/* Frames: 1 to 4 hold the tables from the top, 8 the page. */
#define PAGE_FRAME UINT64_C(0x8000)
#define LINEAR UINT64_C(0x1000)

struct row {
    const char *name;
    bool smee, tsme;
    enum paging paging;
    bool c[5];             /* CR3, then the entries from the top down to the leaf */
    mc_view_t table[4];    /* expected: view of each table's frame */
    mc_view_t page;        /* of the page, for data and for fetch */
};

static const struct row rows[] = {
    {"SMEE clear: nothing is encrypted", false, false, LONG, {0}, {RAW, RAW, RAW, RAW}, RAW},
    {"SMEE set, no C-bit: nothing is encrypted", true, false, LONG, {0}, {RAW, RAW, RAW, RAW}, RAW},
    {"C in CR3 encrypts the top table alone", true, false, LONG, {1, 0, 0, 0, 0},
     {HOST, RAW, RAW, RAW}, RAW},
    {"C in a PML4E encrypts the PDP table alone", true, false, LONG, {0, 1, 0, 0, 0},
     {RAW, HOST, RAW, RAW}, RAW},
    {"C in a PDPE encrypts the page directory alone", true, false, LONG, {0, 0, 1, 0, 0},
     {RAW, RAW, HOST, RAW}, RAW},
    {"C in a PDE encrypts the page table alone", true, false, LONG, {0, 0, 0, 1, 0},
     {RAW, RAW, RAW, HOST}, RAW},
    {"C in a PTE encrypts the page alone", true, false, LONG, {0, 0, 0, 0, 1},
     {RAW, RAW, RAW, RAW}, HOST},
    {"C everywhere encrypts everything", true, false, LONG, {1, 1, 1, 1, 1},
     {HOST, HOST, HOST, HOST}, HOST},
    {"legacy PAE: C in a PDPE and a PTE", true, false, PAE, {0, 1, 0, 1}, {RAW, HOST, RAW}, HOST},
    {"legacy PAE: C in a PDE", true, false, PAE, {0, 0, 1, 0}, {RAW, RAW, HOST}, RAW},
    {"32-bit paging has no C-bit", true, false, LEGACY, {0}, {RAW, RAW}, RAW},
    {"paging off has no C-bit", true, false, NONE, {0}, {RAW}, RAW},
    {"TSME encrypts what has no C-bit", true, true, LONG, {0}, {HOST, HOST, HOST, HOST}, HOST},
    {"TSME and C share one key", true, true, LONG, {0, 1, 0, 1, 1}, {HOST, HOST, HOST, HOST}, HOST},
    {"TSME works with SMEE clear", false, true, LONG, {0}, {HOST, HOST, HOST, HOST}, HOST},
    {"TSME works without paging", false, true, NONE, {0}, {RAW}, HOST},
    {"TSME works with 32-bit paging", true, true, LEGACY, {0}, {HOST, HOST}, HOST},
};

static uint64_t mem_read(void *ctx, spa_t at, struct mc_access access, unsigned size)
{
    uint8_t buf[8] = {0};

    mc_read(ctx, at, access, buf, size);
    return cb_load_le64(buf);
}

static void mem_write(void *ctx, spa_t at, struct mc_access access, uint64_t value, unsigned size)
{
    uint8_t buf[8];

    cb_store_le64(buf, value);
    mc_write(ctx, at, access, buf, size);
}

static struct mc *new_mc(const struct row *row)
{
    const struct mc_config config = {.cipher = MC_CIPHER_XEX, .range = {{spa(0), 0x10000}},
                                     .n_ranges = 1, .n_asids = 1};
    const uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct mc *mc;

    assert_int_equal(mc_new(&config, &mc), CBIT_OK);
    assert_int_equal(mc_key_install(mc, HOST, key, sizeof(key)), CBIT_OK);
    mc_set_tsme(mc, row->tsme);
    mc_set_smee(mc, row->smee);
    return mc;
}

static unsigned n_levels(enum paging paging)
{
    return paging == LONG ? 4 : paging == PAE ? 3 : paging == LEGACY ? 2 : 0;
}

/* Entries that map LINEAR, each written as the walk will read it. */
static struct mmu_regs build(const struct row *row, struct mc *mc)
{
    static const uint64_t cr4[] = {MMU_CR4_PAE, MMU_CR4_PAE, 0, 0};
    struct mmu_regs regs = {.cr0 = row->paging == NONE ? 0 : MMU_CR0_PG, .cr4 = cr4[row->paging],
                            .efer = row->paging == LONG ? MMU_EFER_LMA : 0,
                            .cr3 = 0x1000 | (row->c[0] ? C51 : 0)};
    const unsigned n = n_levels(row->paging), size = row->paging == LEGACY ? 4 : 8;

    for (unsigned k = 0; k < n; k++) {
        const bool leaf = k == n - 1;
        const uint64_t rights = row->paging == PAE && k == 0 ? 1 : 7;
        const uint64_t entry = (leaf ? PAGE_FRAME : (k + 2) * 0x1000) | rights |
                               (row->c[k + 1] ? C51 : 0);

        mem_write(mc, spa((k + 1) * 0x1000 + (leaf ? size : 0)),
                  mc_access_host(MC_KIND_WALK, row->c[k]), entry, size);
    }
    return regs;
}

static void each_host_row_holds_end_to_end(void **state)
{
    static const char text[] = "sixteen bytes ++";

    (void)state;
    for (size_t k = 0; k < CB_ARRAY_LEN(rows); k++) {
        const struct row *row = &rows[k];
        const struct mmu_geometry geo = mmu_geometry_make(48, 51, 5, row->smee, true);
        struct mc *mc = new_mc(row);
        const struct mmu_mem mem = {.ctx = mc, .read = mem_read, .write = mem_write};
        struct mmu_regs regs = build(row, mc);
        struct mmu_page page;
        struct mmu_fault fault;
        uint8_t pins[16], seen[16];

        print_message("# %s\n", row->name);
        if (row->paging == PAE)
            assert_true(mmu_load_pdptes(&geo, &mem, regs.cr3, regs.pdpte));
        assert_int_equal(mmu_walk(&geo, &mem, &regs, gva(LINEAR),
                                  (struct mmu_access_type){.write = true}, &page, &fault), MMU_OK);
        assert_true(page.frame.v == (row->paging == NONE ? LINEAR : PAGE_FRAME));
        for (unsigned t = 0; t < n_levels(row->paging); t++)
            assert_int_equal(mc_frame_view(mc, spa((t + 1) * 0x1000)), row->table[t]);
        assert_int_equal(mc_decide(mc_policy(mc), page.data), row->page);
        assert_int_equal(mc_decide(mc_policy(mc), page.fetch), row->page);

        mc_write(mc, page.frame, page.data, text, 16);
        assert_int_equal(mc_frame_view(mc, page.frame), row->page);
        assert_int_equal(mc_peek(mc, page.frame, RAW, pins, 16), CBIT_OK);
        assert_int_equal(memcmp(pins, text, 16) == 0, row->page == RAW);
        mc_read(mc, page.frame, page.fetch, seen, 16);
        assert_memory_equal(seen, text, 16);
        mc_free(mc);
    }
}

static void a_table_entry_read_through_the_other_view_is_garbage(void **state)
{
    const struct row row = {.smee = true};
    struct mc *mc = new_mc(&row);
    uint64_t plain, garbage;

    (void)state;
    mem_write(mc, spa(0x1000), mc_access_host(MC_KIND_WALK, false), 0x2007, 8);
    plain = mem_read(mc, spa(0x1000), mc_access_host(MC_KIND_WALK, false), 8);
    garbage = mem_read(mc, spa(0x1000), mc_access_host(MC_KIND_WALK, true), 8);
    assert_true(plain == 0x2007);
    assert_true(garbage != 0x2007);
    mc_free(mc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_row_holds_end_to_end),
        cmocka_unit_test(a_table_entry_read_through_the_other_view_is_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
