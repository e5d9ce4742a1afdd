/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "mmu/mmu.h"

static struct mmu_page page_at(uint64_t frame, uint8_t shift, bool global)
{
    return (struct mmu_page){.frame = spa(frame), .data = mc_access_host(MC_KIND_DATA, true),
                             .fetch = mc_access_host(MC_KIND_FETCH, true), .user = true,
                             .writable = true, .shift = shift, .global = global};
}

static void put(struct mmu_tlb *tlb, uint64_t at, struct mmu_page page)
{
    mmu_tlb_insert(tlb, gva(at), &page);
}

/* The frame found for an address, or all ones. */
static uint64_t frame_of(const struct mmu_tlb *tlb, uint64_t at)
{
    struct mmu_page page;

    return mmu_tlb_find(tlb, gva(at), 0, 0, &page) ? page.frame.v : UINT64_MAX;
}

static int set_up(void **state)
{
    *state = mmu_tlb_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    mmu_tlb_free(*state);
    return 0;
}

static void what_was_put_in_comes_out_whole(void **state)
{
    const struct mmu_page in = page_at(0x7000, 12, true);
    struct mmu_page out;

    put(*state, UINT64_C(0xffff800000123000), in);
    assert_true(mmu_tlb_find(*state, gva(UINT64_C(0xffff800000123fff)), 0, 0, &out));
    assert_true(out.frame.v == 0x7000);
    assert_memory_equal(&out.data, &in.data, sizeof(in.data));
    assert_memory_equal(&out.fetch, &in.fetch, sizeof(in.fetch));
    assert_true(out.user && out.writable && !out.exec && !out.dirty && out.global);
    assert_int_equal(out.shift, 12);
    assert_true(frame_of(*state, UINT64_C(0xffff800000124000)) == UINT64_MAX);
}

static void an_entry_is_replaced_by_a_newer_walk(void **state)
{
    struct mmu_page newer = page_at(0x7000, 12, false);
    struct mmu_page out;

    put(*state, 0x1000, newer);
    newer.dirty = true;
    put(*state, 0x1000, newer);
    assert_true(mmu_tlb_find(*state, gva(0x1000), 0, 0, &out));
    assert_true(out.dirty);
    mmu_tlb_flush_page(*state, gva(0x1000), 0, 0);
    assert_true(frame_of(*state, 0x1000) == UINT64_MAX);
}

static void a_large_page_serves_all_its_addresses(void **state)
{
    put(*state, 0x40003000, page_at(0x80003000, 21, false));
    assert_true(frame_of(*state, 0x40000000) == 0x80000000);
    assert_true(frame_of(*state, 0x401ff000) == 0x801ff000);
    assert_true(frame_of(*state, 0x40200000) == UINT64_MAX);
    put(*state, 0x1c0005000, page_at(0x240005000, 30, false));
    assert_true(frame_of(*state, 0x1fffff000) == 0x27ffff000);
}

static void both_halves_of_a_4_mib_page_are_its_own(void **state)
{
    put(*state, 0x00400000, page_at(0x80000000, 22, false));
    put(*state, 0x00600000, page_at(0x80200000, 22, false));
    assert_true(frame_of(*state, 0x005ff000) == 0x801ff000);
    assert_true(frame_of(*state, 0x007ff000) == 0x803ff000);
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x00401000), 0, 0), 22);
    assert_true(frame_of(*state, 0x00600000) == UINT64_MAX);
    assert_true(frame_of(*state, 0x00400000) == UINT64_MAX);
}

static void invlpg_forgets_the_page_global_or_not_and_no_other(void **state)
{
    put(*state, 0x1000, page_at(0x7000, 12, false));
    put(*state, 0x2000, page_at(0x8000, 12, true));
    put(*state, 0x3000, page_at(0x9000, 12, false));
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x1234), 0, 0), 12);
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x2fff), 0, 0), 12);
    assert_true(frame_of(*state, 0x1000) == UINT64_MAX);
    assert_true(frame_of(*state, 0x2000) == UINT64_MAX);
    assert_true(frame_of(*state, 0x3000) == 0x9000);
}

static void invlpg_forgets_a_large_page_whole(void **state)
{
    put(*state, 0x40000000, page_at(0x80000000, 21, true));
    put(*state, 0x40200000, page_at(0x80200000, 21, true));
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x401ff123), 0, 0), 21);
    assert_true(frame_of(*state, 0x40000000) == UINT64_MAX);
    assert_true(frame_of(*state, 0x40200000) == 0x80200000);
}

static void a_large_page_that_was_evicted_is_still_reckoned_with(void **state)
{
    for (uint64_t k = 0; k < 64; k++)
        put(*state, k << 34, page_at(k << 30, 30, false));
    assert_true(frame_of(*state, 0) == UINT64_MAX);
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x1000), 0, 0), 30);
    mmu_tlb_flush_all(*state);
    assert_int_equal(mmu_tlb_flush_page(*state, gva(0x1000), 0, 0), 12);
}

static void mov_cr3_keeps_global_pages(void **state)
{
    put(*state, 0x1000, page_at(0x7000, 12, false));
    put(*state, 0x2000, page_at(0x8000, 12, true));
    mmu_tlb_flush_pcid(*state, 0, 0);
    assert_true(frame_of(*state, 0x1000) == UINT64_MAX);
    assert_true(frame_of(*state, 0x2000) == 0x8000);
    mmu_tlb_flush_all(*state);
    assert_true(frame_of(*state, 0x2000) == UINT64_MAX);
}

static void address_spaces_are_told_apart_by_asid_and_pcid(void **state)
{
    struct mmu_page a = page_at(0x7000, 12, false), b = page_at(0x8000, 12, false);
    struct mmu_page c = page_at(0x9000, 12, true), out;

    b.pcid = 5;
    c.asid = 3;
    put(*state, 0x1000, a);
    put(*state, 0x1000, b);
    put(*state, 0x1000, c);
    assert_true(frame_of(*state, 0x1000) == 0x7000);
    assert_true(mmu_tlb_find(*state, gva(0x1000), 0, 5, &out) && out.frame.v == 0x8000);
    assert_true(mmu_tlb_find(*state, gva(0x1000), 3, 9, &out) && out.frame.v == 0x9000);
    mmu_tlb_flush_pcid(*state, 0, 5);
    assert_false(mmu_tlb_find(*state, gva(0x1000), 0, 5, &out));
    assert_true(frame_of(*state, 0x1000) == 0x7000);
    mmu_tlb_flush_asid(*state, 3, false);
    assert_true(mmu_tlb_find(*state, gva(0x1000), 3, 9, &out));
    mmu_tlb_flush_asid(*state, 3, true);
    assert_false(mmu_tlb_find(*state, gva(0x1000), 3, 9, &out));
    assert_true(frame_of(*state, 0x1000) == 0x7000);
}

static void a_thousand_pages_fit(void **state)
{
    for (uint64_t k = 0; k < 1024; k++)
        put(*state, k << 12, page_at((k + 5) << 12, 12, false));
    for (uint64_t k = 0; k < 1024; k++)
        assert_true(frame_of(*state, k << 12) == (k + 5) << 12);
}

/* ---- fast TLB ---- */

static struct mmu_fast_entry *entry(struct mmu_fast_tlb *tlb, uint64_t at)
{
    return &tlb->entry[mmu_fast_index(at)];
}

static bool reads(struct mmu_fast_tlb *tlb, uint64_t at)
{
    return entry(tlb, at)->read_tag == (at & CB_PAGE_MASK);
}

static bool writes(struct mmu_fast_tlb *tlb, uint64_t at)
{
    return entry(tlb, at)->write_tag == (at & CB_PAGE_MASK);
}

static void a_fast_entry_leads_to_the_host_byte(void **state)
{
    static uint8_t memory[8192];
    struct mmu_fast_tlb tlb;

    (void)state;
    mmu_fast_flush(&tlb);
    assert_false(reads(&tlb, 0));
    mmu_fast_fill(&tlb, UINT64_C(0xffffffff81234567), memory + 4096, spa(0x7000), false, true);
    assert_true(reads(&tlb, UINT64_C(0xffffffff81234567)));
    assert_false(writes(&tlb, UINT64_C(0xffffffff81234567)));
    assert_ptr_equal((void *)(entry(&tlb, UINT64_C(0xffffffff81234567))->addend +
                              UINT64_C(0xffffffff81234567)), memory + 4096 + 0x567);
    assert_true(entry(&tlb, UINT64_C(0xffffffff81234567))->frame == 0x7001);
}

static void neighbouring_pages_never_share_a_fast_entry(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit <= 52; bit++) {
        const uint64_t at = (CB_BIT(bit) - 1) << 12; /* the next page differs in bits 0 to bit */

        assert_int_not_equal(mmu_fast_index(at), mmu_fast_index(at + 0x1000));
        assert_int_not_equal(mmu_fast_index(~at), mmu_fast_index(~at + 0x1000));
    }
}

static void fast_entries_that_are_not_global_go_with_cr3(void **state)
{
    static uint8_t memory[4096];
    struct mmu_fast_tlb tlb;

    (void)state;
    for (unsigned n = 1; n < 1000; n += 300) { /* within the log and beyond it */
        mmu_fast_flush(&tlb);
        mmu_fast_fill(&tlb, 0x1000000, memory, spa(0x7000), true, true);
        for (uint64_t k = 1; k <= n; k++)
            mmu_fast_fill(&tlb, k << 12, memory, spa(0x8000), true, false);
        mmu_fast_flush_non_global(&tlb);
        for (uint64_t k = 1; k <= n; k++)
            assert_false(reads(&tlb, k << 12) || writes(&tlb, k << 12));
        if (mmu_fast_index(0x1000000) == 0 || mmu_fast_index(0x1000000) > n)
            assert_true(reads(&tlb, 0x1000000));
        mmu_fast_flush(&tlb);
        assert_false(reads(&tlb, 0x1000000));
    }
}

static void a_turned_frame_loses_its_pointers_at_every_address(void **state)
{
    static uint8_t memory[4096];
    struct mmu_fast_tlb tlb;

    (void)state;
    mmu_fast_flush(&tlb);
    mmu_fast_fill(&tlb, 0x1000, memory, spa(0x7000), true, false);
    mmu_fast_fill(&tlb, UINT64_C(0xffff800000002000), memory, spa(0x7000), true, true);
    mmu_fast_fill(&tlb, 0x3000, memory, spa(0x8000), true, true);
    mmu_fast_drop_write(&tlb, spa(0x7000));
    assert_true(reads(&tlb, 0x1000) && !writes(&tlb, 0x1000));
    assert_true(reads(&tlb, UINT64_C(0xffff800000002000)));
    assert_false(writes(&tlb, UINT64_C(0xffff800000002000)));
    mmu_fast_drop_frame(&tlb, spa(0x7000));
    assert_false(reads(&tlb, 0x1000) || reads(&tlb, UINT64_C(0xffff800000002000)));
    assert_true(reads(&tlb, 0x3000) && writes(&tlb, 0x3000));
}

static void a_range_is_dropped_whole_and_no_more(void **state)
{
    static uint8_t memory[4096];
    struct mmu_fast_tlb tlb;

    (void)state;
    mmu_fast_flush(&tlb);
    mmu_fast_fill(&tlb, 0x200000, memory, spa(0x7000), true, true);
    mmu_fast_fill(&tlb, 0x3ff000, memory, spa(0x8000), false, true);
    mmu_fast_fill(&tlb, 0x401000, memory, spa(0x9000), true, true);
    mmu_fast_flush_range(&tlb, 0x200000, 0x200000);
    assert_false(reads(&tlb, 0x200000) || reads(&tlb, 0x3ff000));
    assert_true(reads(&tlb, 0x401000));
    mmu_fast_flush_range(&tlb, 0x401000, 0x1000);
    assert_false(reads(&tlb, 0x401000) || writes(&tlb, 0x401000));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_put_in_comes_out_whole),
        CASE(an_entry_is_replaced_by_a_newer_walk),
        CASE(a_large_page_serves_all_its_addresses),
        CASE(both_halves_of_a_4_mib_page_are_its_own),
        CASE(invlpg_forgets_the_page_global_or_not_and_no_other),
        CASE(invlpg_forgets_a_large_page_whole),
        CASE(a_large_page_that_was_evicted_is_still_reckoned_with),
        CASE(mov_cr3_keeps_global_pages),
        CASE(address_spaces_are_told_apart_by_asid_and_pcid),
        CASE(a_thousand_pages_fit),
        cmocka_unit_test(a_fast_entry_leads_to_the_host_byte),
        cmocka_unit_test(neighbouring_pages_never_share_a_fast_entry),
        cmocka_unit_test(fast_entries_that_are_not_global_go_with_cr3),
        cmocka_unit_test(a_turned_frame_loses_its_pointers_at_every_address),
        cmocka_unit_test(a_range_is_dropped_whole_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
