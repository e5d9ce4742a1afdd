/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encryption-control table as literal data, written from the manual: APM vol. 2,
 * "Secure Memory Encryption" and "Secure Encrypted Virtualization".  The numbers are
 * those of the rows; a row whose outcome depends on C has a line for each value.
 * Rows of SNP, VTE and secure AVIC are not offered by any profile and have no line.
 */
#include "unit/unit.h"

#include "mc/access.h"

#define ASID 7
#define NONE MC_VIEW_RAW
#define HK   MC_VIEW_HOST
#define GK   MC_VIEW_ASID(ASID)

/* Who asks. */
enum who { HOST, GUEST, SEV_NO_C, SEV_C };

static const struct row {
    const char *name;
    bool smee;
    enum who who; /* SEV_NO_C: the guest's paging mode has no C-bit; SEV_C: it has */
    enum mc_kind kind;
    bool gc;        /* the guest's C-bit */
    bool hc;        /* the host's: of the leaf, nested leaf, pointing entry or operand */
    mc_view_t view; /* where TSME is off */
} rows[] = {
    {"1: SMEE off, host data, C=0", false, HOST, MC_KIND_DATA, 0, 0, NONE},
    {"1: SMEE off, host data, C=1", false, HOST, MC_KIND_DATA, 0, 1, NONE},
    {"1: SMEE off, host fetch, C=1", false, HOST, MC_KIND_FETCH, 0, 1, NONE},
    {"1: SMEE off, host page walk, C=1", false, HOST, MC_KIND_WALK, 0, 1, NONE},
    {"1: SMEE off, nested walk, C=1", false, HOST, MC_KIND_NPT_WALK, 0, 1, NONE},
    {"1: SMEE off, hardware operand, C=1", false, HOST, MC_KIND_HW, 0, 1, NONE},
    {"1: SMEE off, DMA, C=1", false, HOST, MC_KIND_DMA, 0, 1, NONE},
    {"1: SMEE off, guest with the SEV bit, data", false, SEV_C, MC_KIND_DATA, 1, 1, NONE},
    {"1: SMEE off, guest with the SEV bit, fetch", false, SEV_C, MC_KIND_FETCH, 1, 1, NONE},
    {"1: SMEE off, guest with the SEV bit, walk", false, SEV_NO_C, MC_KIND_WALK, 1, 1, NONE},
    {"2: host data, C=0", true, HOST, MC_KIND_DATA, 0, 0, NONE},
    {"2: host data, C=1", true, HOST, MC_KIND_DATA, 0, 1, HK},
    {"2: host fetch, C=0", true, HOST, MC_KIND_FETCH, 0, 0, NONE},
    {"2: host fetch, C=1", true, HOST, MC_KIND_FETCH, 0, 1, HK},
    {"2: host page walk, pointing C=0", true, HOST, MC_KIND_WALK, 0, 0, NONE},
    {"2: host page walk, pointing C=1", true, HOST, MC_KIND_WALK, 0, 1, HK},
    {"3: host without paging has no C: data", true, HOST, MC_KIND_DATA, 0, 0, NONE},
    {"3: host without paging has no C: fetch", true, HOST, MC_KIND_FETCH, 0, 0, NONE},
    {"4: plain guest, data, nested C=0", true, GUEST, MC_KIND_DATA, 0, 0, NONE},
    {"4: plain guest, data, nested C=1", true, GUEST, MC_KIND_DATA, 0, 1, HK},
    {"4: plain guest, data, its own C position set", true, GUEST, MC_KIND_DATA, 1, 0, NONE},
    {"4: plain guest, fetch, nested C=0", true, GUEST, MC_KIND_FETCH, 1, 0, NONE},
    {"4: plain guest, fetch, nested C=1", true, GUEST, MC_KIND_FETCH, 0, 1, HK},
    {"4: plain guest, its tables, nested C=0", true, GUEST, MC_KIND_WALK, 1, 0, NONE},
    {"4: plain guest, its tables, nested C=1", true, GUEST, MC_KIND_WALK, 0, 1, HK},
    {"5: plain guest, nested walk, pointing C=0", true, GUEST, MC_KIND_NPT_WALK, 1, 0, NONE},
    {"5: plain guest, nested walk, pointing C=1", true, GUEST, MC_KIND_NPT_WALK, 0, 1, HK},
    {"6: shadow paging, C=0 in the shadow table", true, GUEST, MC_KIND_DATA, 0, 0, NONE},
    {"6: shadow paging, C=1 in the shadow table", true, GUEST, MC_KIND_DATA, 0, 1, HK},
    {"7: SEV fetch, C=0, nested C=0", true, SEV_C, MC_KIND_FETCH, 0, 0, GK},
    {"7: SEV fetch, C=0, nested C=1", true, SEV_C, MC_KIND_FETCH, 0, 1, GK},
    {"7: SEV fetch, C=1, nested C=0", true, SEV_C, MC_KIND_FETCH, 1, 0, GK},
    {"7: SEV fetch, C=1, nested C=1", true, SEV_C, MC_KIND_FETCH, 1, 1, GK},
    {"7: SEV fetch without a C-bit", true, SEV_NO_C, MC_KIND_FETCH, 0, 0, GK},
    {"8: SEV guest's tables, C=0, nested C=0", true, SEV_C, MC_KIND_WALK, 0, 0, GK},
    {"8: SEV guest's tables, C=0, nested C=1", true, SEV_C, MC_KIND_WALK, 0, 1, GK},
    {"8: SEV guest's tables, C=1, nested C=1", true, SEV_C, MC_KIND_WALK, 1, 1, GK},
    {"8: SEV guest's tables without a C-bit", true, SEV_NO_C, MC_KIND_WALK, 0, 0, GK},
    {"9: SEV, nested walk, pointing C=0", true, SEV_C, MC_KIND_NPT_WALK, 1, 0, NONE},
    {"9: SEV, nested walk, pointing C=1", true, SEV_C, MC_KIND_NPT_WALK, 1, 1, HK},
    {"9: SEV without a C-bit, nested walk, C=0", true, SEV_NO_C, MC_KIND_NPT_WALK, 0, 0, NONE},
    {"9: SEV without a C-bit, nested walk, C=1", true, SEV_NO_C, MC_KIND_NPT_WALK, 0, 1, HK},
    {"10: SEV data, C=1, nested C=0", true, SEV_C, MC_KIND_DATA, 1, 0, GK},
    {"10: SEV data, C=1 wins over nested C=1", true, SEV_C, MC_KIND_DATA, 1, 1, GK},
    {"11: SEV data, C=0, nested C=0", true, SEV_C, MC_KIND_DATA, 0, 0, NONE},
    {"12: SEV data, C=0, nested C=1", true, SEV_C, MC_KIND_DATA, 0, 1, HK},
    {"13: SEV data without a C-bit, nested C=0", true, SEV_NO_C, MC_KIND_DATA, 0, 0, GK},
    {"13: SEV data without a C-bit, nested C=1", true, SEV_NO_C, MC_KIND_DATA, 0, 1, GK},
    {"16: VMCB, C=0 in the operand", true, HOST, MC_KIND_HW, 0, 0, NONE},
    {"16: VMCB, C=1 in the operand", true, HOST, MC_KIND_HW, 0, 1, HK},
    {"16: VMCB of a SEV guest is never under its key, C=0", true, SEV_C, MC_KIND_HW, 1, 0, NONE},
    {"16: VMCB of a SEV guest is never under its key, C=1", true, SEV_C, MC_KIND_HW, 1, 1, HK},
    {"18: host save area, C=0 in the operand", true, SEV_NO_C, MC_KIND_HW, 0, 0, NONE},
    {"18: host save area, C=1 in the operand", true, SEV_NO_C, MC_KIND_HW, 0, 1, HK},
    {"19: IOPM and MSRPM, C=0 in the pointer", true, GUEST, MC_KIND_HW, 0, 0, NONE},
    {"19: IOPM and MSRPM, C=1 in the pointer", true, GUEST, MC_KIND_HW, 0, 1, HK},
    {"21: DMA, C=0 in the bus address", true, HOST, MC_KIND_DMA, 0, 0, NONE},
    {"21: DMA, C=1 in the bus address", true, HOST, MC_KIND_DMA, 0, 1, HK},
    {"21: DMA while a SEV guest runs is never under its key", true, SEV_C, MC_KIND_DMA, 1, 0, NONE},
};

static struct mc_access access_of(const struct row *row)
{
    return (struct mc_access){
        .asid = row->who == HOST ? 0 : ASID,
        .kind = (uint8_t)row->kind,
        .sev = row->who == SEV_C || row->who == SEV_NO_C,
        .guest_c_exists = row->who == SEV_C,
        .guest_c = row->gc,
        .host_c = row->hc,
    };
}

static void check(bool tsme)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        const mc_view_t want = tsme && row->view == NONE ? HK : row->view;
        const mc_view_t got = mc_decide((struct mc_policy){row->smee, tsme}, access_of(row));

        if (got != want)
            fail_msg("%s%s: view %u, expected %u", row->name, tsme ? ", TSME" : "", got, want);
    }
}

static void every_row_of_the_table_selects_its_key(void **state)
{
    (void)state;
    check(false);
}

static void with_tsme_no_key_becomes_the_host_s_and_nothing_else_changes(void **state)
{
    (void)state;
    check(true);
}

static void views_are_key_slots(void **state)
{
    (void)state;
    assert_int_equal(MC_VIEW_RAW, 0);
    assert_int_equal(MC_VIEW_HOST, 1);
    assert_int_equal(MC_VIEW_ASID(1), 2);
    assert_int_equal(MC_VIEW_ASID(1006), 1007);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_selects_its_key),
        cmocka_unit_test(with_tsme_no_key_becomes_the_host_s_and_nothing_else_changes),
        cmocka_unit_test(views_are_key_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
