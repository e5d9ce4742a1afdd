/* SPDX-License-Identifier: Apache-2.0 */
/* The families' tables, and what the decoder makes of instructions. */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/x86/boot_forms.h"
#include "unit/x86/box.h"
#include "x86/block.h"

struct decoded {
    enum x86_decode_result result;
    struct x86_insn last;
    unsigned n_insns, bytes;
};

static int setup(void **state)
{
    static struct box b;

    box_open(&b, "milan");
    box_set_mode(&b, BOX_LONG0);
    x86_set_regs(b.cpu, &b.regs);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    box_close(*state);
    return 0;
}

static struct decoded decode(const struct box *b, const uint8_t *bytes, unsigned n)
{
    struct x86_insn insns[X86_DECODED_INSNS];
    struct x86_decoded out = {.insn = insns};
    struct x86_decoder *decoder = x86_decoder_new(b->cpu);
    struct decoded d = {0};

    assert_non_null(decoder);
    d.result = x86_decode(decoder, b->cpu, bytes, n, &out);
    x86_decoder_free(decoder);
    d.n_insns = out.n_insns;
    d.bytes = out.bytes;
    if (out.n_insns)
        d.last = insns[out.n_insns - 1];
    return d;
}
#define DECODE(b, ...) \
    decode((b), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static unsigned from_hex(const char *hex, uint8_t *to)
{
    unsigned n = 0, v;

    for (; hex[2 * n] && n < 15; n++) {
        assert_int_equal(sscanf(hex + 2 * n, "%2x", &v), 1);
        to[n] = (uint8_t)v;
    }
    return n;
}

static void all_forms_that_kernels_execute_have_handlers(void **state)
{
    for (unsigned k = 0; k < CB_ARRAY_LEN(boot_forms); k++) {
        uint8_t bytes[16];
        const unsigned n = from_hex(boot_forms[k].bytes, bytes);
        const struct decoded d = decode(*state, bytes, n);

        if (d.result > X86_DECODE_END || d.bytes != n || d.last.op == UINT16_MAX)
            fail_msg("%s (%s)", boot_forms[k].form, boot_forms[k].bytes);
    }
}

static bool same_row(const struct x86_op *a, const struct x86_op *b)
{
    bool overlap = false;

    for (unsigned w = 0; w < 4; w++)
        overlap |= (a->reg[w] && b->reg[w]) || (a->mem[w] && b->mem[w]);
    return a->mnemonic == b->mnemonic && a->form == b->form && a->operand == b->operand && overlap;
}

static void no_instruction_stands_in_two_rows(void **state)
{
    unsigned n;
    const struct x86_op_table *const *tables = x86_op_tables(&n);

    (void)state;
    for (unsigned s = 0; s < n; s++)
        for (unsigned t = s; t < n; t++)
            for (unsigned p = 0; p < tables[s]->n; p++)
                for (unsigned q = s == t ? p + 1 : 0; q < tables[t]->n; q++)
                    if (same_row(&tables[s]->rows[p], &tables[t]->rows[q]))
                        fail_msg("tables %u and %u: mnemonic %u, form %u twice", s, t,
                                 tables[s]->rows[p].mnemonic, tables[s]->rows[p].form);
}

static void operands_fill_the_compact_form(void **state)
{
    const struct box *b = *state;
    struct decoded d = DECODE(b, 0x48, 0x8b, 0x44, 0xd3, 0xf0); /* mov rax, [rbx+rdx*8-16] */

    assert_int_equal(d.last.dst, X86_RAX);
    assert_int_equal(d.last.base, X86_RBX);
    assert_int_equal(d.last.index, X86_RDX);
    assert_int_equal(d.last.scale, 3);
    assert_int_equal(d.last.disp, -16);
    assert_int_equal(d.last.width, 8);
    assert_int_equal(d.last.seg, X86_DS);
    assert_int_equal(d.last.flags, X86_IF_REX);
    d = DECODE(b, 0x64, 0x88, 0x25, 0x10, 0, 0, 0); /* mov fs:[rip+16], ah */
    assert_int_equal(d.last.src, 1);
    assert_int_equal(d.last.base, X86_RBLOCK);
    assert_int_equal(d.last.disp, 16 + 7);
    assert_int_equal(d.last.seg, X86_FS);
    assert_int_equal(d.last.width, 1);
    d = DECODE(b, 0x40, 0x88, 0xe0); /* mov al, spl: with REX no AH */
    assert_int_equal(d.last.src, X86_RSP * 8);
    d = DECODE(b, 0x67, 0x8b, 0x04, 0x24); /* mov eax, [esp] */
    assert_int_equal(d.last.flags, X86_IF_EA_SLOW | X86_IF_ADDR32 | X86_IF_STACK);
}

static void immediates_are_extended_as_the_instruction_wants(void **state)
{
    const struct box *b = *state;

    assert_true(DECODE(b, 0x48, 0x83, 0xc0, 0xff).last.imm == UINT64_MAX);          /* add rax, -1 */
    assert_true(DECODE(b, 0x48, 0x05, 0, 0, 0, 0x80).last.imm == 0xffffffff80000000); /* add rax */
    assert_true(DECODE(b, 0x48, 0xc7, 0xc0, 0, 0, 0, 0x80).last.imm == 0xffffffff80000000);
    assert_true(DECODE(b, 0x48, 0xb8, 0, 0, 0, 0x80, 0, 0, 0, 0).last.imm == 0x80000000);
    assert_true(DECODE(b, 0x68, 0, 0, 0, 0x80).last.imm == 0xffffffff80000000);     /* push */
    assert_true(DECODE(b, 0xc2, 0xff, 0xff).last.imm == 0xffff);                    /* ret */
    assert_true(DECODE(b, 0xe4, 0xf4).last.imm == 0xf4);                            /* in al */
    assert_true(DECODE(b, 0xeb, 0xfe).last.imm == 0);                               /* jmp . */
}

static void a_base_of_101b_without_displacement_is_none_whatever_rex_says(void **state)
{
    const struct decoded d = DECODE(*state, 0x49, 0x8b, 0x04, 0x45, 1, 0, 0, 0); /* mov rax, [rax*2+1] */

    assert_int_equal(d.last.base, X86_RZERO);
    assert_int_equal(d.last.index, X86_RAX);
    assert_int_equal(d.last.disp, 1);
}

static void too_few_bytes_are_told_from_too_long_an_instruction(void **state)
{
    const struct box *b = *state;
    uint8_t prefixes[16];

    assert_int_equal(DECODE(b, 0x48, 0xb8, 1, 2).result, X86_DECODE_SHORT);
    memset(prefixes, 0x66, sizeof(prefixes));
    assert_int_equal(decode(b, prefixes, 14).result, X86_DECODE_SHORT);
    assert_int_equal(decode(b, prefixes, 15).result, X86_DECODE_LONG);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(all_forms_that_kernels_execute_have_handlers),
        T(no_instruction_stands_in_two_rows),
        T(operands_fill_the_compact_form),
        T(immediates_are_extended_as_the_instruction_wants),
        T(a_base_of_101b_without_displacement_is_none_whatever_rex_says),
        T(too_few_bytes_are_told_from_too_long_an_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
