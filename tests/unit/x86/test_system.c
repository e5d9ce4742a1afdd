/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID by profile, model-specific and control registers, SYSCFG.SMEE, I/O permission. */
#include "unit/unit.h"

#include "unit/x86/box.h"

static const char *const names[] = {"naples", "rome", "milan", "genoa", "ryzen-pro"};

static struct box *fresh(const char *profile)
{
    static struct box b;

    if (b.cpu)
        box_close(&b);
    box_open(&b, profile);
    return &b;
}

/* ---- CPUID ---- */

struct leaf_row {
    uint32_t leaf, subleaf;
    uint32_t out[5][4]; /* naples, rome, milan, genoa, ryzen-pro */
};

static const struct leaf_row leaf_rows[] = {
    {0x8000001f, 0, {{3, 0x16f, 15, 1}, {3, 0x16f, 509, 1}, {0x403, 0x173, 509, 1},
                     {0x403, 0x1b3, 1006, 1}, {1, 0x16f, 0, 0}}}, /* SME, SEV where there are ASIDs */
    {0x80000000, 0, {{0x80000021, 0x68747541, 0x444d4163, 0x69746e65},
                     {0x80000021, 0x68747541, 0x444d4163, 0x69746e65},
                     {0x80000021, 0x68747541, 0x444d4163, 0x69746e65},
                     {0x80000021, 0x68747541, 0x444d4163, 0x69746e65},
                     {0x80000021, 0x68747541, 0x444d4163, 0x69746e65}}},
    {0xd, 0, {{3, 0x240, 0x240, 0}, {3, 0x240, 0x240, 0}, {3, 0x240, 0x240, 0}, {3, 0x240, 0x240, 0},
              {3, 0x240, 0x240, 0}}},
    {0x40000000, 0, {{0}, {0}, {0}, {0}, {0}}},
    {0x8000000a, 0, {{1, 0x8000, 0, 0xc9}, {1, 0x8000, 0, 0xc9}, {1, 0x8000, 0, 0xc9},
                     {1, 0x8000, 0, 0xc9}, {1, 0x8000, 0, 0xc9}}}, /* NP, NRIPS, FlushByAsid, DecodeAssists */
    {0x22, 0, {{0}, {0}, {0}, {0}, {0}}},
    {7, 1, {{0}, {0}, {0}, {0}, {0}}},
};

static void cpuid_leaves_are_those_of_the_profile(void **state)
{
    (void)state;
    for (unsigned p = 0; p < CB_ARRAY_LEN(names); p++) {
        const struct box *b = fresh(names[p]);

        for (unsigned n = 0; n < CB_ARRAY_LEN(leaf_rows); n++) {
            uint32_t out[4];

            x86_cpuid(b->cpu, leaf_rows[n].leaf, leaf_rows[n].subleaf, out);
            if (memcmp(out, leaf_rows[n].out[p], sizeof(out)) != 0)
                fail_msg("%s leaf %x: %x %x %x %x", names[p], leaf_rows[n].leaf, out[0], out[1],
                         out[2], out[3]);
        }
    }
}

static void cpuid_signature_sizes_and_vendor(void **state)
{
    static const uint32_t signature[5] = {0x00800f12, 0x00830f10, 0x00a00f11, 0x00a10f11, 0x00870f10};
    static const uint32_t sizes[5] = {0x3030, 0x3030, 0x3030, 0x3034, 0x3030};

    (void)state;
    for (unsigned p = 0; p < CB_ARRAY_LEN(names); p++) {
        struct box *b = fresh(names[p]);
        uint32_t out[4];

        x86_cpuid(b->cpu, 0, 0, out);
        assert_int_equal(out[0], 0xd);
        assert_int_equal(out[1], 0x68747541);
        x86_cpuid(b->cpu, 1, 0, out);
        assert_int_equal(out[0], signature[p]);
        assert_int_equal(out[2] & UINT32_C(0x98000000), 0); /* no hypervisor, AVX, OSXSAVE */
        assert_int_equal(out[3] & 1u << 9, 1u << 9);   /* APIC ... */
        b->apic_base = 0xfee00000;
        x86_cpuid(b->cpu, 1, 0, out);
        assert_int_equal(out[3] & 1u << 9, 0);         /* ... unless switched off */
        x86_cpuid(b->cpu, 0x80000008, 0, out);
        assert_int_equal(out[0], sizes[p]);
    }
}

/* What is offered is what the decoder executes: bits of leaf 7 EBX by generation. */
static void cpuid_offers_the_generations_features(void **state)
{
    static const uint32_t leaf7_ebx[5] = {0x009c0189, 0x019c0189, 0x019c0389, 0x019c0389, 0x019c0189};
    static const uint32_t leaf7_ecx[5] = {0, 0x00400004, 0x00400004, 0x00400004, 0x00400004};

    (void)state;
    for (unsigned p = 0; p < CB_ARRAY_LEN(names); p++) {
        struct box *b = fresh(names[p]);
        uint32_t out[4];

        x86_cpuid(b->cpu, 7, 0, out);
        if ((out[1] & ~(1u << 10 | 1u << 29)) != leaf7_ebx[p] || out[2] != leaf7_ecx[p])
            fail_msg("%s: %x %x", names[p], out[1], out[2]);
    }
}

static void osxsave_follows_cr4(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[0] = 1;
    e = BOX_DO(b, 1, 0x0f, 0xa2);
    assert_int_equal(e.regs.gpr[2 - 1] & 1u << 27, 0);
    b->regs.cr4 |= 1 << 18;
    e = BOX_DO(b, 1, 0x0f, 0xa2);
    assert_int_equal(e.regs.gpr[1] & 1u << 27, 1u << 27);
    assert_int_equal(e.regs.gpr[0], 0xa00f11);
}

/* ---- MSRs ---- */

struct msr_row {
    uint32_t index;
    uint64_t reset;
    uint64_t good, then; /* a write that is accepted, and what reads back */
    uint64_t bad;        /* one that is #GP; 0: none */
};

#define NON_CANONICAL UINT64_C(0x800000000000)

static const struct msr_row msr_rows[] = {
    {0x8b, 0x0a0011d5, 0, 0, 1},
    {0xfe, 0x508, 0, 0, 1},
    {0x174, 0, 0x1234, 0x1234, 0},
    {0x175, 0, UINT64_C(0x123456789abc), UINT64_C(0x123456789abc), 0},
    {0x176, 0, UINT64_C(0x123456789abc), UINT64_C(0x123456789abc), 0},
    {0x179, 0, 0, 0, 1},
    {0x1d9, 0, 1, 1, 0x40},
    {0x200, 0, 0x12345006, 0x12345006, 0x12345002},
    {0x201, 0, UINT64_C(0xffff00000800), UINT64_C(0xffff00000800), UINT64_C(0x1000000000800)},
    {0x250, 0, UINT64_C(0x0606060606060606), UINT64_C(0x0606060606060606), 0x02},
    {0x26f, 0, UINT64_C(0x0005040100060504), UINT64_C(0x0005040100060504), 0x18},
    {0x277, UINT64_C(0x0007040600070406), UINT64_C(0x0007050600070406), UINT64_C(0x0007050600070406), 0x02},
    {0x2ff, 0, 0xc06, 0xc06, 0x1006},
    {0xc0000081, 0, UINT64_C(0x0023001000001234), UINT64_C(0x0023001000001234), 0},
    {0xc0000082, 0, UINT64_C(0xffffffff81000000), UINT64_C(0xffffffff81000000), NON_CANONICAL},
    {0xc0000083, 0, 0x1234, 0x1234, NON_CANONICAL},
    {0xc0000084, 0, UINT64_C(0x100047700), 0x47700, 0},
    {0xc0000100, 0, UINT64_C(0x7fff00001000), UINT64_C(0x7fff00001000), NON_CANONICAL},
    {0xc0000101, 0, UINT64_C(0xffff888000000000), UINT64_C(0xffff888000000000), NON_CANONICAL},
    {0xc0000102, 0, 0x1234, 0x1234, NON_CANONICAL},
    {0xc0000103, 0, UINT64_C(0x500000003), 3, 0},
    {0xc0010000, 0, 0xffff, 0, 0},
    {0xc0010007, 0, 0xffff, 0, 0},
    {0xc0010015, 0x1000000, 0x1000051, 0x1000051, UINT64_C(0x100000000)},
    {0xc001001f, 0, 0x1234, 0x1234, 0},
    {0xc0010131, 0, 0, 0, 1},
    {0xc0011029, 0, 2, 2, 0},
    {0x1b, 0xfee00900, 0xfee00800, 0xfee00800, 0xfee00c00},
};

static void msrs_read_back_and_refuse_as_the_table_says(void **state)
{
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(msr_rows); n++) {
        const struct msr_row *r = &msr_rows[n];
        uint64_t v = ~UINT64_C(0);

        if (r->reset == 0 && r->index == 0x250)
            x86_reset(b->cpu);
        assert_true(x86_rdmsr(b->cpu, r->index, &v));
        if (v != r->reset)
            fail_msg("MSR %x resets to %llx", r->index, (unsigned long long)v);
        if (r->bad && x86_wrmsr(b->cpu, r->index, r->bad) && r->index != 0x1b)
            fail_msg("MSR %x takes %llx", r->index, (unsigned long long)r->bad);
        if (r->good == 0)
            continue;
        assert_true(x86_wrmsr(b->cpu, r->index, r->good));
        assert_true(x86_rdmsr(b->cpu, r->index, &v));
        if (v != r->then)
            fail_msg("MSR %x reads %llx", r->index, (unsigned long long)v);
    }
}

static void what_is_not_there_is_gp_with_a_trace_line(void **state)
{
    static const uint32_t absent[] = {0x3a, 0x48, 0x49, 0xc1, 0x186, 0x802, 0xd90, 0xc0010130,
                                      0xc0010200, 0x4b564d00};
    struct box *b = fresh("milan");
    uint64_t v;

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(absent); n++) {
        assert_false(x86_rdmsr(b->cpu, absent[n], &v));
        assert_false(x86_wrmsr(b->cpu, absent[n], 0));
    }
    assert_string_equal(b->trace, "WRMSR 4b564d00 = 0000000000000000: #GP");
}

static void rdmsr_and_wrmsr_are_for_cpl_0(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_LONG3);
    b->regs.gpr[1] = 0x10;
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x32)).vector, 13);
    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[1] = 0x277;
    b->regs.gpr[0] = b->regs.gpr[2] = UINT64_MAX;
    e = BOX_DO(b, 1, 0x0f, 0x32);
    assert_int_equal(e.regs.gpr[0], 0x00070406);
    assert_int_equal(e.regs.gpr[2], 0x00070406);
    b->regs.gpr[1] = 0x48;
    e = BOX_DO(b, 1, 0x0f, 0x30);
    assert_int_equal(e.vector, 13);
    assert_int_equal(e.code, 0);
}

static void efer_keeps_its_rules(void **state)
{
    struct box *b = fresh("milan");
    uint64_t v;

    (void)state;
    box_set_mode(b, BOX_LONG0);
    box_code(b, "\xf4", 1);
    box_run(b, 0);
    assert_true(x86_wrmsr(b->cpu, 0xc0000080, 0xd01)); /* NXE */
    assert_false(x86_wrmsr(b->cpu, 0xc0000080, 0x401)); /* LME while paging */
    assert_true(x86_wrmsr(b->cpu, 0xc0010114, 0x10));
    assert_false(x86_wrmsr(b->cpu, 0xc0000080, 0x1d01)); /* SVME while VM_CR.SVMDIS is set */
    assert_true(x86_wrmsr(b->cpu, 0xc0010114, 0));
    assert_true(x86_wrmsr(b->cpu, 0xc0000080, 0x1d01));
    assert_false(x86_wrmsr(b->cpu, 0xc0010114, 0x10)); /* SVMDIS while SVME is set */
    assert_true(x86_wrmsr(b->cpu, 0xc0000080, 0xd01));
    assert_false(x86_wrmsr(b->cpu, 0xc0000080, UINT64_C(0x100000d01)));
    assert_true(x86_wrmsr(b->cpu, 0xc0000080, 0x901)); /* LMA is read-only */
    assert_true(x86_rdmsr(b->cpu, 0xc0000080, &v));
    assert_int_equal(v, 0xd01);
}

static void tsc_can_be_set(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_LONG3);
    b->tsc = UINT64_C(0x500000000);
    assert_true(x86_wrmsr(b->cpu, 0x10, 0x1000));
    b->tsc += 5;
    e = BOX_DO(b, 1, 0x0f, 0x31);
    assert_int_equal(e.regs.gpr[0], 0x1005);
    assert_int_equal(e.regs.gpr[2], 0);
    b->regs.cr4 |= 4; /* TSD */
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x31)).vector, 13);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xf9)).vector, 13);
}

/* ---- SYSCFG.SMEE and the address width ---- */

#define SYSCFG 0xc0010010u
#define SMEE UINT64_C(0x800000)

static void smee_can_be_set_and_not_cleared(void **state)
{
    struct box *b = fresh("rome");
    uint64_t v;

    (void)state;
    assert_true(x86_rdmsr(b->cpu, SYSCFG, &v));
    assert_int_equal(v, 0);
    assert_false(x86_wrmsr(b->cpu, SYSCFG, SMEE | 1));
    assert_false(x86_wrmsr(b->cpu, SYSCFG, UINT64_C(1) << 24)); /* SNP is not built */
    assert_int_equal(b->smee_changes, 0);
    assert_true(x86_wrmsr(b->cpu, SYSCFG, SMEE));
    assert_int_equal(b->smee_changes, 1);
    assert_true(x86_wrmsr(b->cpu, SYSCFG, 0x100000));
    assert_true(x86_rdmsr(b->cpu, SYSCFG, &v));
    assert_int_equal(v, SMEE | 0x100000);
    assert_int_equal(b->smee_changes, 1);
    x86_reset(b->cpu);
    assert_true(x86_rdmsr(b->cpu, SYSCFG, &v));
    assert_int_equal(v, 0);
}

static void firmware_leaves_smee_smmlock_and_mtrrs(void **state)
{
    struct box *b = fresh("milan");
    uint64_t v;

    (void)state;
    x86_firmware_done(b->cpu, true);
    assert_int_equal(b->smee_changes, 1);
    assert_true(x86_rdmsr(b->cpu, SYSCFG, &v));
    assert_int_equal(v, SMEE);
    assert_true(x86_rdmsr(b->cpu, 0xc0010015, &v));
    assert_int_equal(v, 0x1000011);
    assert_true(x86_rdmsr(b->cpu, 0x2ff, &v));
    assert_int_equal(v, 0xc06);
    assert_true(x86_rdmsr(b->cpu, 0x258, &v));
    assert_true(v == UINT64_C(0x0606060606060606));
    assert_true(x86_wrmsr(b->cpu, 0xc0010015, 0)); /* SmmLock stays */
    assert_true(x86_rdmsr(b->cpu, 0xc0010015, &v));
    assert_int_equal(v, 1);
    assert_false(x86_wrmsr(b->cpu, 0xc0010111, 0)); /* and locks SMM's registers */
    b = fresh("milan");
    x86_firmware_done(b->cpu, false);
    assert_int_equal(b->smee_changes, 0);
    assert_true(x86_rdmsr(b->cpu, SYSCFG, &v));
    assert_int_equal(v, 0);
    assert_true(x86_rdmsr(b->cpu, 0xc0010015, &v));
    assert_int_equal(v, 0x1000010);
}

struct bit_row {
    const char *profile;
    bool smee;
    unsigned bit;      /* set in the leaf of the page at BOX_DATA */
    int vector;
    uint32_t code;
    uint64_t read;     /* else: what the load of the page sees */
};

#define PLAIN UINT64_C(0x1122334455667788)

static const struct bit_row bit_rows[] = {
    {"milan", false, 51, 14, 9, 0},        /* C beyond the width: reserved */
    {"milan", true, 51, -1, 0, ~PLAIN},    /* C: the other view */
    {"rome", false, 47, -1, 0, UINT64_MAX}, /* an address bit: nothing there */
    {"rome", true, 47, -1, 0, ~PLAIN},
    {"rome", false, 43, -1, 0, UINT64_MAX}, /* before the reduction it works ... */
    {"rome", true, 43, 14, 9, 0},          /* ... and after it is reserved */
    {"rome", true, 42, -1, 0, UINT64_MAX},
    {"milan", true, 43, 14, 9, 0},
    {"genoa", false, 51, -1, 0, UINT64_MAX},
    {"genoa", true, 51, -1, 0, ~PLAIN},
    {"genoa", true, 46, 14, 9, 0},
    {"genoa", true, 45, -1, 0, UINT64_MAX},
    {"naples", true, 47, -1, 0, ~PLAIN},
};

static void the_c_bit_and_the_reduction_follow_smee(void **state)
{
    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(bit_rows); n++) {
        const struct bit_row *r = &bit_rows[n];
        struct box *b = fresh(r->profile);
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        if (r->smee)
            assert_true(x86_wrmsr(b->cpu, SYSCFG, SMEE));
        box_put(b, BOX_DATA, PLAIN, 8);
        box_put(b, BOX_PT + 8 * (BOX_DATA / 4096), BOX_DATA | 7 | UINT64_C(1) << r->bit, 8);
        b->regs.gpr[3] = BOX_DATA;
        e = BOX_DO(b, 1, 0x48, 0x8b, 0x03); /* mov rax, [rbx] */
        if (e.vector != r->vector || e.code != r->code ||
            (r->vector == -1 && e.regs.gpr[0] != r->read))
            fail_msg("row %u: vector %d code %x read %llx", n, e.vector, e.code,
                     (unsigned long long)e.regs.gpr[0]);
    }
}

static void setting_smee_forgets_old_translations(void **state)
{
    struct box *b = fresh("rome");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_LONG0);
    box_put(b, BOX_DATA, PLAIN, 8);
    box_put(b, BOX_PT + 8 * (BOX_DATA / 4096), BOX_DATA | 7 | UINT64_C(1) << 47, 8);
    b->regs.gpr[3] = BOX_DATA;
    b->regs.gpr[1] = SYSCFG;
    b->regs.gpr[0] = SMEE;
    /* mov rsi, [rbx]; wrmsr; mov rdi, [rbx] */
    e = BOX_DO(b, 3, 0x48, 0x8b, 0x33, 0x0f, 0x30, 0x48, 0x8b, 0x3b);
    assert_int_equal(e.vector, -1);
    assert_true(e.regs.gpr[6] == UINT64_MAX);
    assert_true(e.regs.gpr[7] == ~PLAIN);
}

/* ---- control registers ---- */

struct cr_row {
    enum box_mode mode;
    uint8_t cr;
    uint64_t value;
    int vector;
};

static const struct cr_row cr_rows[] = {
    {BOX_PROT0, 0, 0x11, -1},                   {BOX_PROT0, 0, 0x80000010, 13}, /* PG without PE */
    {BOX_PROT0, 0, 0x20000011, 13},             /* NW without CD */
    {BOX_PROT0, 0, 0x60000011, -1},             {BOX_PROT3, 0, 0x11, 13},
    {BOX_LONG0, 0, 0x11, 13},                   /* no way out of 64-bit mode like that */
    {BOX_LONG0, 0, UINT64_C(0x180000011), 13},  {BOX_LONG0, 0, 0x80050033, -1},
    {BOX_LONG0, 3, BOX_PML4, -1},               {BOX_LONG0, 3, BOX_PML4 | UINT64_C(1) << 51, 13},
    {BOX_LONG0, 3, BOX_PML4 | UINT64_C(1) << 63, 13},
    {BOX_LONG0, 3, BOX_PML4 | 0xfff, -1},
    {BOX_LONG0, 4, 0x20, -1},                   {BOX_LONG0, 4, 0, 13}, /* PAE */
    {BOX_LONG0, 4, 0x3406b8 | 0x100, -1},       {BOX_LONG0, 4, 0x1020, 13}, /* LA57 */
    {BOX_LONG0, 4, 0x21, 13},                   /* VME */
    {BOX_LONG0, 4, UINT64_C(0x100000020), 13},  {BOX_LONG0, 4, 0x4000020, 13},
    {BOX_LONG0, 8, 5, -1},                      {BOX_LONG0, 8, 16, 13},
    {BOX_LONG0, 2, UINT64_C(0x800000000000), -1}, {BOX_LONG0, 1, 0, 6}, {BOX_LONG0, 5, 0, 6},
    {BOX_LONG3, 8, 5, 13},                      {BOX_REAL, 0, 0x10, -1},
};

static void control_registers_refuse_what_cannot_be(void **state)
{
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(cr_rows); n++) {
        const struct cr_row *r = &cr_rows[n];
        const uint8_t code64[] = {0x44, 0x0f, 0x22, 0xc0};
        uint8_t code[] = {0x0f, 0x22, (uint8_t)(0xc0 | r->cr << 3)};
        struct box_end e;

        box_set_mode(b, r->mode);
        b->regs.gpr[0] = r->value;
        box_code(b, r->cr == 8 ? code64 : code, r->cr == 8 ? 4 : 3);
        e = box_run(b, 1);
        if (e.vector != r->vector)
            fail_msg("row %u: vector %d, not %d", n, e.vector, r->vector);
    }
    assert_int_equal(b->cr8, 5);
}

static void long_mode_begins_when_paging_does(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_PROT0);
    b->regs.efer = 0x100;
    b->regs.cr3 = BOX_PML4;
    b->regs.gpr[0] = 0x80000011;
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x22, 0xc0)).vector, 13); /* PAE is clear */
    b->regs.cr4 = 0x20;
    e = BOX_DO(b, 1, 0x0f, 0x22, 0xc0);
    assert_int_equal(e.regs.efer, 0x500);
    b->regs.seg[X86_CS].attr |= 0x200;
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x22, 0xc0)).vector, 13); /* CS.L */
}

static void lmsw_sets_pe_and_never_clears_it(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_PROT0);
    b->regs.gpr[0] = 0xe;
    e = BOX_DO(b, 2, 0x0f, 0x01, 0xf0, 0x0f, 0x01, 0xe1); /* lmsw ax; smsw ecx */
    assert_int_equal(e.regs.cr0, 0x1f);
    assert_int_equal(e.regs.gpr[1], 0x1f);
    b->regs.cr0 |= 8;
    e = BOX_DO(b, 1, 0x0f, 0x06);
    assert_int_equal(e.regs.cr0, 0x11);
}

static void legacy_pae_checks_its_page_directory_pointers(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_PROT0);
    b->regs.cr4 = 0x20;
    b->regs.cr3 = 0x14000;
    b->regs.gpr[0] = 0x80000011;
    box_put(b, 0x14000, BOX_PD | 1, 8);
    e = BOX_DO(b, 1, 0x0f, 0x22, 0xc0);
    assert_int_equal(e.vector, -1);
    box_put(b, 0x14008, BOX_PD | 7, 8); /* reserved bits */
    e = BOX_DO(b, 1, 0x0f, 0x22, 0xc0);
    assert_int_equal(e.vector, 13);
}

static void xsetbv_takes_x87_and_sse(void **state)
{
    static const struct { uint64_t rcx, value; bool user; int vector; } rows[] = {
        {0, 3, false, -1}, {0, 1, false, -1}, {0, 0, false, 13}, {0, 2, false, 13},
        {0, 7, false, 13}, {1, 3, false, 13}, {0, 3, true, 13},
    };
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        box_set_mode(b, rows[n].user ? BOX_LONG3 : BOX_LONG0);
        b->regs.gpr[1] = rows[n].rcx;
        b->regs.gpr[0] = rows[n].value;
        assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xd1)).vector, 6); /* CR4.OSXSAVE clear */
        b->regs.cr4 |= 1 << 18;
        assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xd1)).vector, rows[n].vector);
    }
}

/* ---- flags, I/O permission, others ---- */

static void popf_changes_what_the_privilege_allows(void **state)
{
    static const struct { enum box_mode mode; uint64_t iopl, then; } rows[] = {
        {BOX_LONG0, 0, 0x244ed7 | 0x3000 | 0x200}, {BOX_LONG3, 0, 0x244cd7}, {BOX_LONG3, 0x3000, 0x247ed7},
    };
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        struct box_end e;

        box_set_mode(b, rows[n].mode);
        b->regs.rflags |= rows[n].iopl;
        b->regs.gpr[4] = 0xa000;
        box_put(b, 0xa000, 0x3f7ed7, 8); /* all but TF, and RF VM VIF VIP, which do not count */
        e = BOX_DO(b, 1, 0x9d);
        assert_int_equal(e.vector, -1);
        assert_int_equal(e.regs.rflags, rows[n].then);
    }
    box_set_mode(b, BOX_V86);
    assert_int_equal((BOX_DO(b, 1, 0x9d)).vector, 13);
    assert_int_equal((BOX_DO(b, 1, 0x9c)).vector, 13);
    assert_int_equal((BOX_DO(b, 1, 0xfa)).vector, 13);
    b->regs.rflags |= 0x3000;
    assert_int_equal((BOX_DO(b, 1, 0xfa)).vector, -1);
}

static void ports_are_reached_by_iopl_or_by_the_bitmap(void **state)
{
    static const struct { enum box_mode mode; uint64_t iopl; uint16_t port; uint16_t limit; int vector; } rows[] = {
        {BOX_LONG0, 0, 0x80, 0xfff, -1},   {BOX_LONG3, 0, 0x80, 0xfff, 13},
        {BOX_LONG3, 0x3000, 0x80, 0xfff, -1}, {BOX_LONG3, 0, 0x88, 0xfff, -1},
        {BOX_LONG3, 0, 0x88, 0x78, 13},    /* the byte after the port's must be there too */
        {BOX_LONG3, 0, 0x88, 0x7a, -1},
        {BOX_LONG3, 0, 0x88, 0x66, 13},
        {BOX_PROT3, 0, 0x88, 0xfff, -1},   {BOX_PROT3, 0x3000, 0x80, 0xfff, -1},
        {BOX_V86, 0x3000, 0x80, 0xfff, 13}, {BOX_V86, 0, 0x88, 0xfff, -1},
    };
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(rows); n++) {
        struct box_end e;

        box_set_mode(b, rows[n].mode);
        b->regs.rflags |= rows[n].iopl;
        b->regs.seg[X86_TR].limit = rows[n].limit;
        memset(b->ram + BOX_TSS + 0x68, 0xff, 0x100);
        b->ram[BOX_TSS + 0x68 + 0x11] = 0xf0; /* ports 88h-8bh */
        b->regs.gpr[2] = rows[n].port;
        e = BOX_DO(b, 1, 0xec);
        if (e.vector != rows[n].vector)
            fail_msg("row %u: vector %d", n, e.vector);
    }
    box_set_mode(b, BOX_LONG3); /* a doubleword needs four bits */
    memset(b->ram + BOX_TSS + 0x68, 0xff, 0x100);
    b->ram[BOX_TSS + 0x68 + 0x11] = 0xf0;
    b->regs.gpr[2] = 0x88;
    assert_int_equal((BOX_DO(b, 1, 0xed)).vector, -1);
    b->regs.gpr[2] = 0x89;
    assert_int_equal((BOX_DO(b, 1, 0xed)).vector, 13);
}

static void cache_instructions_are_told(void **state)
{
    struct box *b = fresh("milan");

    (void)state;
    box_set_mode(b, BOX_LONG0);
    b->regs.gpr[3] = BOX_DATA + 0x7f;
    assert_int_equal((BOX_DO(b, 3, 0x0f, 0x09, 0x0f, 0xae, 0x3b, 0x0f, 0x08)).vector, -1);
    assert_int_equal(b->cache_ops[X86_CACHE_WBINVD], 1);
    assert_int_equal(b->cache_ops[X86_CACHE_CLFLUSH], 1);
    assert_int_equal(b->cache_ops[X86_CACHE_INVD], 1);
    x86_firmware_done(b->cpu, false); /* INVD works as WBINVD */
    BOX_DO(b, 1, 0x0f, 0x08);
    assert_int_equal(b->cache_ops[X86_CACHE_WBINVD], 2);
    assert_int_equal(b->flushed.v, 0);
    BOX_DO(b, 1, 0x66, 0x0f, 0xae, 0x3b); /* clflushopt */
    assert_int_equal(b->flushed.v, BOX_DATA + 0x40);
    box_put(b, BOX_PT + 8 * 8, 0, 8);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0xae, 0x3b)).vector, 14);
    box_set_mode(b, BOX_LONG3);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x09)).vector, 13);
}

static void random_numbers_come_with_carry(void **state)
{
    struct box *b = fresh("milan");
    struct box_end e;

    (void)state;
    box_set_mode(b, BOX_LONG3);
    b->regs.rflags |= 0x8d4;
    b->random = UINT64_C(0x1122334455667788);
    e = BOX_DO(b, 1, 0x48, 0x0f, 0xc7, 0xf0);
    assert_true(e.regs.gpr[0] == b->random);
    assert_int_equal(e.regs.rflags, 3);
    b->no_random = true;
    e = BOX_DO(b, 1, 0x0f, 0xc7, 0xf8); /* rdseed eax */
    assert_int_equal(e.regs.gpr[0], 0);
    assert_int_equal(e.regs.rflags, 2);
}

static void stac_and_clac_lift_smap(void **state)
{
    struct box *b = fresh("milan");

    (void)state;
    box_set_mode(b, BOX_LONG0);
    for (unsigned n = 1; n < 16; n++) /* all but the data page are the supervisor's */
        box_put(b, BOX_PT + n * 8, n * 0x1000 | (n == BOX_DATA / 0x1000 ? 7 : 3), 8);
    b->regs.cr4 |= 1 << 21;
    b->regs.gpr[3] = BOX_DATA;
    assert_int_equal((BOX_DO(b, 1, 0x8b, 0x03)).vector, 14);
    assert_int_equal((BOX_DO(b, 2, 0x0f, 0x01, 0xcb, 0x8b, 0x03)).vector, -1);
    assert_int_equal((BOX_DO(b, 3, 0x0f, 0x01, 0xcb, 0x0f, 0x01, 0xca, 0x8b, 0x03)).vector, 14);
    box_set_mode(b, BOX_LONG3);
    assert_int_equal((BOX_DO(b, 1, 0x0f, 0x01, 0xcb)).vector, 6);
}

static void instructions_of_privilege_are_refused(void **state)
{
    static const uint8_t code[][3] = {
        {0xf4}, {0x0f, 0x06}, {0x0f, 0x08}, {0x0f, 0x09}, {0x0f, 0x30}, {0x0f, 0x32},
        {0x0f, 0x20, 0xc0}, {0x0f, 0x22, 0xc0}, {0x0f, 0x21, 0xc0}, {0x0f, 0x23, 0xc0},
        {0x0f, 0x01, 0x10}, {0x0f, 0x01, 0x18}, {0x0f, 0x01, 0x38}, {0x0f, 0x01, 0xf0},
        {0x0f, 0x00, 0xd0}, {0xfa}, {0xfb},
    };
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(code); n++) {
        struct box_end e;

        box_set_mode(b, BOX_LONG3);
        box_code(b, code[n], 3);
        e = box_run(b, 1);
        if (e.vector != 13 || e.code != 0)
            fail_msg("row %u: vector %d code %x", n, e.vector, e.code);
    }
}

static void what_is_not_offered_is_ud(void **state)
{
    static const uint8_t code[][5] = {
        {0x0f, 0x01, 0xc8}, {0x0f, 0x01, 0xc9},       /* MONITOR, MWAIT */
        {0x0f, 0x01, 0xd8},                           /* VMRUN */
        {0x0f, 0xaa},                                 /* RSM */
        {0xc5, 0xf8, 0x77},                           /* VZEROUPPER */
        {0x0f, 0xff, 0xc0}, {0x0f, 0xb9, 0xc0}, {0x0f, 0x0b},
        {0x0f, 0x01, 0xee},                           /* RDPKRU */
    };
    struct box *b = fresh("milan");

    (void)state;
    for (unsigned n = 0; n < CB_ARRAY_LEN(code); n++) {
        struct box_end e;

        box_set_mode(b, BOX_LONG0);
        box_code(b, code[n], 5);
        e = box_run(b, 1);
        if (e.vector != 6)
            fail_msg("row %u: vector %d", n, e.vector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpuid_leaves_are_those_of_the_profile),
        cmocka_unit_test(cpuid_signature_sizes_and_vendor),
        cmocka_unit_test(cpuid_offers_the_generations_features),
        cmocka_unit_test(osxsave_follows_cr4),
        cmocka_unit_test(msrs_read_back_and_refuse_as_the_table_says),
        cmocka_unit_test(what_is_not_there_is_gp_with_a_trace_line),
        cmocka_unit_test(rdmsr_and_wrmsr_are_for_cpl_0),
        cmocka_unit_test(efer_keeps_its_rules),
        cmocka_unit_test(tsc_can_be_set),
        cmocka_unit_test(smee_can_be_set_and_not_cleared),
        cmocka_unit_test(firmware_leaves_smee_smmlock_and_mtrrs),
        cmocka_unit_test(the_c_bit_and_the_reduction_follow_smee),
        cmocka_unit_test(setting_smee_forgets_old_translations),
        cmocka_unit_test(control_registers_refuse_what_cannot_be),
        cmocka_unit_test(long_mode_begins_when_paging_does),
        cmocka_unit_test(lmsw_sets_pe_and_never_clears_it),
        cmocka_unit_test(legacy_pae_checks_its_page_directory_pointers),
        cmocka_unit_test(xsetbv_takes_x87_and_sse),
        cmocka_unit_test(popf_changes_what_the_privilege_allows),
        cmocka_unit_test(ports_are_reached_by_iopl_or_by_the_bitmap),
        cmocka_unit_test(cache_instructions_are_told),
        cmocka_unit_test(random_numbers_come_with_carry),
        cmocka_unit_test(stac_and_clac_lift_smap),
        cmocka_unit_test(instructions_of_privilege_are_refused),
        cmocka_unit_test(what_is_not_offered_is_ud),
    };

    return cmocka_run_group_tests_name("x86 system", tests, NULL, NULL);
}
