/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be equal after an instruction, and what the manual (APM vol. 3 to 5)
 * leaves undefined.  Zydis knows the flags that an instruction leaves undefined
 * always; those that depend on a count or an operand are here.
 */
#include <stdarg.h>
#include <stdio.h>

#include "native.h"

#define CF 1u
#define PF 4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define DF 0x400u
#define OF 0x800u
#define ALL_STATUS (CF | PF | AF | ZF | SF | OF)

struct report {
    char *text;
    size_t len;
    unsigned n;
};

__attribute__((format(printf, 2, 3))) static void differ(struct report *r, const char *format, ...)
{
    va_list args;
    int n;

    r->n++;
    va_start(args, format);
    n = vsnprintf(r->text, r->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < r->len) {
        r->text += n;
        r->len -= (size_t)n;
    }
}

/* ---- undefined flags ---- */

static unsigned shift_count(const struct nt_insn *insn, const struct nt_state *in)
{
    const unsigned mask = insn->d.operand_width == 64 ? 63 : 31;
    const ZydisDecodedOperand *last = &insn->op[insn->d.operand_count_visible - 1];

    if (last->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return (unsigned)last->imm.value.u & mask;
    if (last->type == ZYDIS_OPERAND_TYPE_REGISTER && last->reg.value == ZYDIS_REGISTER_CL)
        return (unsigned)in->gpr[1] & mask;
    return 1;
}

static unsigned operand_bits(const struct nt_insn *insn)
{
    return insn->op[0].size;
}

static uint32_t undefined_flags(const struct nt_insn *insn, const struct nt_state *in)
{
    unsigned count;

    switch ((int)insn->d.mnemonic) {
    case ZYDIS_MNEMONIC_ROL: case ZYDIS_MNEMONIC_ROR: case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
        return shift_count(insn, in) > 1 ? OF : 0;
    case ZYDIS_MNEMONIC_SHL: case ZYDIS_MNEMONIC_SHR: case ZYDIS_MNEMONIC_SALC:
        count = shift_count(insn, in);
        return count == 0 ? 0 : AF | (count > 1 ? OF : 0) | (count >= operand_bits(insn) ? CF : 0);
    case ZYDIS_MNEMONIC_SAR:
        count = shift_count(insn, in);
        return count == 0 ? 0 : AF | (count > 1 ? OF : 0);
    case ZYDIS_MNEMONIC_SHLD: case ZYDIS_MNEMONIC_SHRD:
        count = shift_count(insn, in);
        if (count > operand_bits(insn))
            return ALL_STATUS;
        return count == 0 ? 0 : AF | (count > 1 ? OF : 0);
    default:
        return insn->d.cpu_flags ? insn->d.cpu_flags->undefined : 0;
    }
}

/* Is the destination itself undefined? */
static bool undefined_result(const struct nt_insn *insn, const struct nt_state *in)
{
    switch ((int)insn->d.mnemonic) {
    case ZYDIS_MNEMONIC_SHLD: case ZYDIS_MNEMONIC_SHRD:
        return shift_count(insn, in) > operand_bits(insn);
    default:
        return false;
    }
}

/* ---- the parts ---- */

static bool is_memory_80(const ZydisDecodedOperand *op)
{
    return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->size == 80;
}

static bool faulted(const struct nt_state *host)
{
    return host->vector != NT_NO_FAULT;
}

/* Structures are read in an order of the processor's own: which part faults first is open. */
static uint64_t comparable_cr2(const struct nt_insn *insn, uint64_t cr2)
{
    switch ((int)insn->d.mnemonic) {
    case ZYDIS_MNEMONIC_FNSTENV: case ZYDIS_MNEMONIC_FNSAVE: case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64: case ZYDIS_MNEMONIC_FLDENV: case ZYDIS_MNEMONIC_FRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64: case ZYDIS_MNEMONIC_MASKMOVQ: case ZYDIS_MNEMONIC_MASKMOVDQU:
        return cr2 & CB_PAGE_MASK;
    default:
        return cr2;
    }
}

static bool uses_mmx(const struct nt_insn *insn)
{
    for (unsigned k = 0; k < insn->d.operand_count; k++)
        if (insn->op[k].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetClass(insn->op[k].reg.value) == ZYDIS_REGCLASS_MMX)
            return true;
    return false;
}

/* A store of 80 bits is several: the first part may be done when the second faults. */
static bool stores_in_parts(const struct nt_insn *insn)
{
    return insn->d.operand_count > 0 && is_memory_80(&insn->op[0]);
}

/*
 * In the upper half the host's kernel has its own pages: whether one is present
 * where the program pointed is no property of the instruction.
 */
static uint64_t comparable_error(const struct nt_state *s)
{
    return s->vector == 14 && s->cr2 >> 63 ? s->error & ~1ull : s->error;
}

static void compare_outcome(struct report *r, const struct nt_insn *insn,
                            const struct nt_state *host, const struct nt_state *guest)
{
    const uint64_t host_cr2 = comparable_cr2(insn, host->cr2);
    const uint64_t guest_cr2 = comparable_cr2(insn, guest->cr2);

    if (host->vector != guest->vector)
        differ(r, "  vector: %u, interpreter %u\n", host->vector, guest->vector);
    else if (comparable_error(host) != comparable_error(guest))
        differ(r, "  error code: %#x, interpreter %#x\n", host->error, guest->error);
    if (host->vector == guest->vector && host_cr2 != guest_cr2)
        differ(r, "  CR2: %#lx, interpreter %#lx\n", host_cr2, guest_cr2);
    if (host->rip != guest->rip)
        differ(r, "  RIP: %#lx, interpreter %#lx\n", host->rip, guest->rip);
}

static bool is_string(const struct nt_insn *insn)
{
    return insn->d.meta.category == ZYDIS_CATEGORY_STRINGOP ||
           insn->d.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
}

static void compare_gpr(struct report *r, const struct nt_insn *insn, const struct nt_state *in,
                        const struct nt_state *host, const struct nt_state *guest)
{
    static const char *const name[16] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                         "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"};
    const bool free_result = undefined_result(insn, in);
    /* with 32-bit addresses, a string instruction that did nothing may have cleared upper halves */
    const bool did_nothing = faulted(host) || (uint32_t)in->gpr[1] == 0;
    const uint64_t comparable = did_nothing && insn->d.address_width == 32 && is_string(insn)
                                    ? UINT32_MAX : UINT64_MAX;
    const int free_register =
        free_result && insn->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER
            ? (int)ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
                                                    insn->op[0].reg.value) -
                  (int)ZYDIS_REGISTER_RAX
            : -1;

    for (int k = 0; k < 16; k++)
        if (((host->gpr[k] ^ guest->gpr[k]) & comparable) != 0 && k != free_register)
            differ(r, "  %s: %016lx, interpreter %016lx (was %016lx)\n", name[k], host->gpr[k],
                   guest->gpr[k], in->gpr[k]);
}

static void compare_flags(struct report *r, const struct nt_insn *insn, const struct nt_state *in,
                          const struct nt_state *host, const struct nt_state *guest)
{
    const uint32_t ignore = (host->vector == NT_NO_FAULT || host->vector == 0
                                      ? undefined_flags(insn, in) : 0);
    const uint64_t a = host->rflags & ~(uint64_t)ignore, b = guest->rflags & ~(uint64_t)ignore;

    if (a != b)
        differ(r, "  RFLAGS: %06lx, interpreter %06lx (was %06lx)\n", a, b, in->rflags);
}

/* An MMX instruction that faults may have switched the registers to MMX already. */
static void compare_x87(struct report *r, const struct nt_state *in, const struct nt_state *host,
                        const struct nt_state *guest)
{
    static const struct { const char *name; unsigned at, len; } word[] = {
        {"FCW", NT_FX_FCW, 2}, {"FSW", NT_FX_FSW, 2}, {"FTW", NT_FX_FTW, 1}};

    for (size_t k = 0; k < CB_ARRAY_LEN(word); k++) {
        uint32_t a = 0, b = 0, c = 0;

        memcpy(&a, host->fx + word[k].at, word[k].len);
        memcpy(&b, guest->fx + word[k].at, word[k].len);
        memcpy(&c, in->fx + word[k].at, word[k].len);
        if (a != b)
            differ(r, "  %s: %04x, interpreter %04x (was %04x)\n", word[k].name, a, b, c);
    }
    for (unsigned k = 0; k < 8; k++) {
        const uint8_t *a = host->fx + NT_FX_ST + 16 * k, *b = guest->fx + NT_FX_ST + 16 * k;
        const uint8_t *c = in->fx + NT_FX_ST + 16 * k;

        if (memcmp(a, b, 10) != 0)
            differ(r, "  ST%u: %04x.%016lx, interpreter %04x.%016lx (was %04x.%016lx)\n", k,
                   cb_load_le16(a + 8), cb_load_le64(a), cb_load_le16(b + 8), cb_load_le64(b),
                   cb_load_le16(c + 8), cb_load_le64(c));
    }
}

static void compare_xmm(struct report *r, const struct nt_state *in, const struct nt_state *host,
                        const struct nt_state *guest)
{
    const uint32_t mxcsr = cb_load_le32(host->fx + NT_FX_MXCSR);

    if (mxcsr != cb_load_le32(guest->fx + NT_FX_MXCSR))
        differ(r, "  MXCSR: %04x, interpreter %04x (was %04x)\n", mxcsr,
               cb_load_le32(guest->fx + NT_FX_MXCSR), cb_load_le32(in->fx + NT_FX_MXCSR));
    for (unsigned k = 0; k < 16; k++) {
        const uint8_t *a = host->fx + NT_FX_XMM + 16 * k, *b = guest->fx + NT_FX_XMM + 16 * k;
        const uint8_t *c = in->fx + NT_FX_XMM + 16 * k;

        if (memcmp(a, b, 16) != 0)
            differ(r, "  XMM%u: %016lx.%016lx, interpreter %016lx.%016lx (was %016lx.%016lx)\n", k,
                   cb_load_le64(a + 8), cb_load_le64(a), cb_load_le64(b + 8), cb_load_le64(b),
                   cb_load_le64(c + 8), cb_load_le64(c));
    }
}

static void compare_data(struct report *r, const uint8_t *host, const uint8_t *guest)
{
    unsigned shown = 0;

    if (memcmp(host, guest, NT_DATA_SIZE) == 0)
        return;
    for (size_t k = 0; k < NT_DATA_SIZE && shown < 4; k += 8)
        if (memcmp(host + k, guest + k, 8) != 0) {
            differ(r, "  memory %#lx: %016lx, interpreter %016lx\n", NT_DATA + k,
                   cb_load_le64(host + k), cb_load_le64(guest + k));
            shown++;
        }
}

/* Where an image has the pointers: from, to. */
struct pointers {
    unsigned from, to;
};

static struct pointers pointers_in(const struct nt_insn *insn)
{
    switch ((int)insn->d.mnemonic) {
    case ZYDIS_MNEMONIC_FNSTENV: case ZYDIS_MNEMONIC_FNSAVE:
        return insn->d.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE ? (struct pointers){6, 14}
                                                                 : (struct pointers){12, 28};
    case ZYDIS_MNEMONIC_FXSAVE: case ZYDIS_MNEMONIC_FXSAVE64:
        return (struct pointers){6, 24};
    default:
        return (struct pointers){0, 0};
    }
}

void nt_forget_pointers(const struct nt_insn *insn, const struct nt_state *in, uint8_t *data)
{
    const struct pointers p = pointers_in(insn);
    uint64_t at;

    if (p.to == 0)
        return;
    at = nt_address_of(insn, &insn->op[0], in) - NT_DATA;
    for (uint64_t k = at + p.from; k != at + p.to; k++)
        if (k < NT_DATA_SIZE)
            data[k] = 0;
}

unsigned nt_compare(const struct nt_insn *insn, const struct nt_state *in,
                    const struct nt_state *host, const struct nt_state *guest,
                    const uint8_t *host_data, const uint8_t *guest_data, char *text, size_t len)
{
    struct report r = {text, len, 0};
    const bool free_memory = (undefined_result(insn, in) &&
                              insn->op[0].type == ZYDIS_OPERAND_TYPE_MEMORY) ||
                             (faulted(host) && stores_in_parts(insn));

    text[0] = 0;
    compare_outcome(&r, insn, host, guest);
    compare_gpr(&r, insn, in, host, guest);
    compare_flags(&r, insn, in, host, guest);
    if (!faulted(host) || !uses_mmx(insn))
        compare_x87(&r, in, host, guest);
    compare_xmm(&r, in, host, guest);
    if (!free_memory)
        compare_data(&r, host_data, guest_data);
    return r.n;
}
