/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the x87 handlers share: the register stack, exceptions, and how an
 * operation is carried out on the host's own x87.
 *
 * Operands go to the host's register stack as 80-bit values, under the guest's
 * control word.  Rounding, biased results of unmasked overflow, condition codes
 * and flags are thus those of a real x87.  Between operations the host's stack
 * is empty.  With all exceptions masked, the usual case, the host's sticky flags
 * are left to accumulate (x86_fpu_host_clear).  With some unmasked, FNCLEX and
 * FNINIT keep any waiting instruction from finding one, so that the host itself
 * never traps; that is ten times slower.
 *
 * The stack (TOP, tags, stack faults) is the guest's own and kept in C.
 */
#ifndef X86_X87_H
#define X86_X87_H

#include "x86/fpu.h"
#include "x86/mem.h"

#define X87_FN(name) static void name(struct x86_cpu *cpu, const struct x86_insn *i)
#define X87_OUT_OF_LINE __attribute__((noinline))

/* ---- the stack ---- */

static inline unsigned x87_physical(const struct x86_fpu *fpu, unsigned st)
{
    return ((fpu->sw >> 11) + st) & 7;
}

static inline struct x86_st *x87_st(struct x86_fpu *fpu, unsigned st)
{
    return &fpu->fpr[x87_physical(fpu, st)];
}

static inline bool x87_empty(const struct x86_fpu *fpu, unsigned st)
{
    return !(fpu->tag_valid >> x87_physical(fpu, st) & 1);
}

static inline void x87_free(struct x86_fpu *fpu, unsigned st)
{
    fpu->tag_valid &= (uint8_t) ~(1u << x87_physical(fpu, st));
}

static inline void x87_move_top(struct x86_fpu *fpu, unsigned by)
{
    fpu->sw = (uint16_t)((fpu->sw & ~(unsigned)X86_FSW_TOP) | (((fpu->sw >> 11) + by) & 7) << 11);
}

static inline void x87_pop(struct x86_fpu *fpu)
{
    x87_free(fpu, 0);
    x87_move_top(fpu, 1);
}

static inline void x87_put(struct x86_fpu *fpu, unsigned st, struct x86_st value)
{
    *x87_st(fpu, st) = value;
    fpu->tag_valid |= (uint8_t)(1u << x87_physical(fpu, st));
}

static inline void x87_push(struct x86_fpu *fpu, struct x86_st value)
{
    x87_move_top(fpu, 7);
    x87_put(fpu, 0, value);
}

#define X87_INDEFINITE ((struct x86_st){.mant = UINT64_C(0xc000000000000000), .se = 0xffff})

/* ---- exceptions ---- */

/* A waiting instruction meets an unmasked exception of an earlier one: #MF. */
void x86_x87_pending(struct x86_cpu *cpu, const struct x86_insn *i);

static inline void x87_wait(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (CB_UNLIKELY(cpu->fpu.sw & X86_FSW_ES))
        x86_x87_pending(cpu, i);
}

/* Merges what an operation left in the host's status word: flags, and the codes that it defines. */
static inline void x87_merge(struct x86_fpu *fpu, unsigned host_sw, unsigned codes)
{
    fpu->sw = (uint16_t)((fpu->sw & ~codes) | (host_sw & (codes | X86_FSW_EXCEPTIONS)));
    if (fpu->sw & ~fpu->cw & X86_FSW_EXCEPTIONS)
        fpu->sw |= X86_FSW_ES | X86_FSW_B;
}

enum { X87_BEFORE = X86_FSW_IE | X86_FSW_DE | X86_FSW_ZE, X87_CODES = 0x4700 };

/* Did the operation end without result, because of an unmasked exception of its operands? */
static inline bool x87_aborted(const struct x86_fpu *fpu, unsigned host_sw)
{
    return (host_sw & ~(unsigned)fpu->cw & X87_BEFORE) != 0;
}

/* Stack fault.  True: masked, the indefinite value is the response. */
static inline bool x87_stack_fault(struct x86_fpu *fpu, bool overflow)
{
    x87_merge(fpu, X86_FSW_IE | (overflow ? X86_FSW_C1 : 0), X86_FSW_C1);
    fpu->sw |= X86_FSW_SF;
    return (fpu->cw & X86_FSW_IE) != 0;
}

/* ---- start of a handler ---- */

/* FIP and FOP are the last non-control instruction's; decode leaves the opcode in imm2. */
static inline void x87_note(struct x86_cpu *cpu, const struct x86_insn *i)
{
    cpu->fpu.ip = x86_insn_rip(cpu, i);
    cpu->fpu.cs = cpu->seg[X86_CS].selector;
    cpu->fpu.op = (uint16_t)(i->imm2 & 0x7ff);
}

static inline void x87_begin(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x87_wait(cpu, i);
    x87_note(cpu, i);
}

/* After the memory operand at `at` was accessed without a fault. */
static inline void x87_note_memory(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at)
{
    x87_note(cpu, i);
    cpu->fpu.dp = at - cpu->ea_base[i->seg];
    if (cpu->mode != X86_MODE_64)
        cpu->fpu.dp &= UINT32_MAX;
    cpu->fpu.ds = cpu->seg[i->seg].selector;
}

/* ---- rows ---- */

#define X87_ROW(name, row_form, op_flags, ...)                                                     \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_##row_form,                               \
     .flags = X86_OP_X87 | (op_flags), __VA_ARGS__}
#define X87_REG(fn) .reg = {fn}
#define X87_MEM(m80, m16, m32, m64) .mem = {m80, m16, m32, m64}

#define X87_CLOBBERS                                                                               \
    "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"

static inline bool x87_all_masked(uint16_t cw)
{
    return (cw & X86_FSW_EXCEPTIONS) == X86_FSW_EXCEPTIONS;
}

/*
 * Executes `insn` on the host under control word `cw`: `load` goes before it,
 * `store` after it, `rest` pops what is left on the stack then.  Operand names:
 * [r] the result in memory, initialised; the inputs as named by the caller.
 */
#define X87_HOST(cw_, load, insn, store, rest, r_, sw_, ...)                                       \
    do {                                                                                           \
        static const uint16_t host_cw = X86_FCW_INIT;                                              \
                                                                                                   \
        if (CB_LIKELY(x87_all_masked(cw_)))                                                        \
            __asm__ volatile("fldcw %[cw]\n\t" load insn "\n\tfnstsw %[sw]\n\t" store rest           \
                             "fldcw %[host]"                                                       \
                             : [r] "+m"(r_), [sw] "=m"(sw_)                                        \
                             : [cw] "m"(cw_), [host] "m"(host_cw), __VA_ARGS__                     \
                             : X87_CLOBBERS);                                                      \
        else                                                                                       \
            __asm__ volatile("fnclex\n\tfldcw %[cw]\n\t" load insn "\n\tfnstsw %[sw]\n\tfnclex\n\t" \
                             store "fninit"                                                        \
                             : [r] "+m"(r_), [sw] "=m"(sw_)                                        \
                             : [cw] "m"(cw_), __VA_ARGS__                                          \
                             : X87_CLOBBERS);                                                      \
    } while (0)

#endif
