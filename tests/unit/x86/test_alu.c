/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic with flags: literal expectations for each family, and the host's
 * instructions against plain C over edge values and random ones, in all flags
 * that the manual defines.
 */
#include "unit/unit.h"

#include "unit/x86/alu_table.h"
#include "x86/cpu.h"

#define ROUNDS 3000

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Every other value is one where carries and signs change. */
static uint64_t operand(uint64_t *state, unsigned bits)
{
    static const uint64_t edges[] = {0, 1, 2, 0xf, 0x10, 0x7f, 0x80, UINT64_MAX};
    const uint64_t r = next_random(state), sign = UINT64_C(1) << (bits - 1);

    switch (r >> 60) {
    case 0: return sign;
    case 1: return sign - 1;
    case 2: return sign + 1;
    case 3: case 4: case 5: case 6: return edges[r & 7];
    default: return next_random(state);
    }
}

static unsigned masked(const struct alu_entry *e, uint8_t count)
{
    return count & (e->bits == 64 ? 63 : 31);
}

static bool takes_count(const struct alu_entry *e)
{
    return e->kind == ALU_SHIFT || e->kind == ALU_ROTATE || e->kind == ALU_DOUBLE;
}

static uint32_t defined_flags(const struct alu_entry *e, uint8_t count)
{
    const unsigned n = masked(e, count);
    uint32_t flags = X86_CC_ALL;

    switch (e->kind) {
    case ALU_ADDS: return flags;
    case ALU_LOGIC: return flags & ~(uint32_t)X86_CC_A;
    case ALU_SCAN: return X86_CC_Z;
    case ALU_MULTIPLY: return X86_CC_C | X86_CC_O;
    case ALU_ROTATE: return n == 1 ? flags : flags & ~(uint32_t)X86_CC_O;
    case ALU_SHIFT:
    case ALU_DOUBLE: break;
    }
    flags &= ~(uint32_t)X86_CC_A;
    if (n != 1)
        flags &= ~(uint32_t)X86_CC_O;
    if (n > e->bits || (n == e->bits && e->kind == ALU_DOUBLE))
        flags &= ~(uint32_t)X86_CC_C;
    return flags;
}

static void compare_once(const struct alu_entry *h, const struct alu_entry *p, uint64_t *seed)
{
    const uint64_t a = operand(seed, h->bits), b = operand(seed, h->bits);
    const uint32_t before = (uint32_t)next_random(seed) & X86_CC_ALL;
    uint8_t count = (uint8_t)next_random(seed);
    uint32_t hc = before, pc = before;
    uint64_t hr, pr, hh, ph;

    if (takes_count(h) && masked(h, count) == 0)
        count++;
    if (h->kind == ALU_DOUBLE && masked(h, count) > h->bits)
        count = 16; /* more is undefined altogether */
    hr = h->fn(a, b, count, &hc, &hh);
    pr = p->fn(a, b, count, &pc, &ph);
    if (hr != pr || hh != ph || (hc ^ pc) & defined_flags(h, count))
        fail_msg("%s(%#llx, %#llx, count %u, flags %04x): host %#llx flags %04x, plain %#llx flags %04x",
                 h->name, (unsigned long long)a, (unsigned long long)b, count, before,
                 (unsigned long long)hr, hc, (unsigned long long)pr, pc);
}

static void host_and_portable_arithmetic_agree(void **state)
{
    const struct alu_table host = alu_of_this_host(), plain = alu_portable();
    uint64_t seed = 0x9e3779b97f4a7c15;

    (void)state;
    assert_int_equal(host.n, plain.n);
    for (unsigned k = 0; k < host.n; k++) {
        assert_string_equal(host.entry[k].name, plain.entry[k].name);
        for (unsigned r = 0; r < ROUNDS; r++)
            compare_once(&host.entry[k], &plain.entry[k], &seed);
    }
}

static const struct alu_entry *find(struct alu_table t, const char *name)
{
    for (unsigned k = 0; k < t.n; k++)
        if (strcmp(t.entry[k].name, name) == 0)
            return &t.entry[k];
    fail_msg("no %s", name);
    return &t.entry[0];
}

enum { O = X86_CC_O, C = X86_CC_C, P = X86_CC_P, A = X86_CC_A, Z = X86_CC_Z, S = X86_CC_S };

static const struct {
    const char *op;
    uint64_t a, b;
    uint8_t count;
    uint32_t before;
    uint64_t result, high;
    uint32_t after;
} known[] = {
    {"add8", 0x7f, 1, 0, 0, 0x80, 0, O | S | A},
    {"add8", 0xff, 1, 0, 0, 0, 0, C | Z | P | A},
    {"add64", UINT64_MAX, 1, 0, 0, 0, 0, C | Z | P | A},
    {"adc32", 0xffffffff, 0, 0, C, 0, 0, C | Z | P | A},
    {"sub16", 0, 1, 0, 0, 0xffff, 0, C | S | P | A},
    {"sub8", 0x80, 1, 0, 0, 0x7f, 0, O | A},
    {"sbb64", 5, 4, 0, C, 0, 0, Z | P},
    {"cmp32", 3, 3, 0, 0, 3, 0, Z | P},
    {"inc8", 0x7f, 0, 0, C, 0x80, 0, O | S | A | C},
    {"dec16", 0, 0, 0, 0, 0xffff, 0, S | P | A},
    {"neg32", 0x80000000, 0, 0, 0, 0x80000000, 0, O | C | S | P},
    {"and8", 0xf0, 0x0f, 0, C | O, 0, 0, Z | P},
    {"xor64", 1, 3, 0, C | O, 2, 0, 0},
    {"shl8", 0x81, 0, 1, 0, 0x02, 0, C | O},
    {"shr64", 3, 0, 1, 0, 1, 0, C},
    {"sar16", 0x8001, 0, 1, 0, 0xc000, 0, C | S | P},
    {"rol8", 0x80, 0, 1, Z | S, 1, 0, C | O | Z | S},
    {"ror32", 1, 0, 1, 0, 0x80000000, 0, C | O},
    {"rcl8", 0x80, 0, 1, 0, 0, 0, C | O},
    {"rcr64", 0, 0, 1, C, UINT64_C(1) << 63, 0, O},
    {"rcl16", 0x1234, 0, 17, C, 0x1234, 0, C},
    {"shld16", 0x8000, 0xc000, 1, 0, 1, 0, C | O},
    {"shrd32", 1, 1, 1, 0, 0x80000000, 0, C | O | S | P},
    {"mul32", 0x10000, 0x10000, 0, 0, 0, 1, C | O},
    {"imul64", UINT64_MAX, 2, 0, 0, UINT64_MAX - 1, UINT64_MAX, 0},
    {"mul8", 0xff, 0xff, 0, 0, 0xfe01, 0, C | O},
    {"imul8", 0xff, 0xff, 0, C | O, 1, 0, 0},
    {"imul2_16", 0x100, 0x100, 0, 0, 0, 0, C | O},
    {"bsf64", 7, UINT64_C(1) << 40, 0, Z, 40, 0, 0},
    {"bsr32", 7, 0x10, 0, Z, 4, 0, 0},
};

static void check_known(struct alu_table t)
{
    for (unsigned k = 0; k < CB_ARRAY_LEN(known); k++) {
        const struct alu_entry *e = find(t, known[k].op);
        uint32_t cc = known[k].before;
        uint64_t high, r = e->fn(known[k].a, known[k].b, known[k].count, &cc, &high);
        const uint32_t mask = defined_flags(e, known[k].count);

        if (r != known[k].result || high != known[k].high || (cc ^ known[k].after) & mask)
            fail_msg("row %u, %s: %#llx:%#llx flags %04x", k, known[k].op,
                     (unsigned long long)high, (unsigned long long)r, cc);
    }
}

static void results_and_flags_are_the_manuals(void **state)
{
    (void)state;
    check_known(alu_of_this_host());
    check_known(alu_portable());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_and_flags_are_the_manuals),
        cmocka_unit_test(host_and_portable_arithmetic_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
