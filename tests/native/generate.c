/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random instructions and random states.
 *
 * An instruction is drawn as bytes: prefixes, an opcode of some map, random
 * ModRM and the rest; Zydis says what it is, and accept() keeps what user mode
 * may run here without leaving the arena.  Displacements without a register and
 * relative branches are rewritten to stay inside.  A state is drawn at random,
 * then the registers that form addresses are set so that each access lands in
 * a chosen place: inside the data, across its middle, across its end, in the
 * read-only page, in the unmapped one, or at an address that is not canonical.
 */
#include "native.h"

/* ---- numbers that matter ---- */

static uint64_t rand_value(struct nt_random *r)
{
    static const uint64_t special[] = {
        0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000,
        0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
        0x8000000000000000, 0xffffffffffffffff, 0xffffffff80000000, 0xffffffffffff8000,
        0xffffffffffffff80, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x0102030405060708};

    switch (nt_below(r, 8)) {
    case 0: return special[nt_below(r, CB_ARRAY_LEN(special))];
    case 1: return special[nt_below(r, CB_ARRAY_LEN(special))] + nt_below(r, 5) - 2;
    case 2: return nt_rand(r) >> nt_below(r, 64);
    case 3: return (uint64_t)((int64_t)nt_rand(r) >> nt_below(r, 64));
    case 4: return nt_below(r, 256);
    default: return nt_rand(r);
    }
}

static uint32_t rand_float(struct nt_random *r)
{
    static const uint32_t special[] = {
        0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
        0x7f800001, 0xff812345, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff,
        0x4f000000, 0xcf000000, 0x5f000000, 0x3f000000, 0x3effffff, 0x4b000001, 0x40490fdb};

    switch (nt_below(r, 4)) {
    case 0: return special[nt_below(r, CB_ARRAY_LEN(special))];
    case 1: return (uint32_t)(nt_rand(r) & 0x807fffff) | (uint32_t)(0x7f - 16 + nt_below(r, 48)) << 23;
    case 2: return (uint32_t)(nt_rand(r) & 0x807fe000) | (uint32_t)(0x7f + nt_below(r, 8)) << 23;
    default: return (uint32_t)nt_rand(r);
    }
}

static uint64_t rand_double(struct nt_random *r)
{
    static const uint64_t special[] = {
        0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000,
        0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001,
        0xfff0123456789abc, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000,
        0x7fefffffffffffff, 0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000,
        0xc3e0000000000000, 0x3fe0000000000000, 0x36a0000000000000, 0x47f0000000000000};

    switch (nt_below(r, 4)) {
    case 0: return special[nt_below(r, CB_ARRAY_LEN(special))];
    case 1: return (nt_rand(r) & 0x800fffffffffffff) | (0x3ff - 40 + nt_below(r, 110)) << 52;
    case 2: return (nt_rand(r) & 0x800ffff000000000) | (0x3ff + nt_below(r, 16)) << 52;
    default: return nt_rand(r);
    }
}

static void rand_vector(struct nt_random *r, uint8_t *to)
{
    const uint64_t how = nt_below(r, 4);

    for (unsigned k = 0; k < 2; k++) {
        uint64_t v = how == 0 ? rand_value(r) : nt_rand(r);

        if (how == 1)
            v = (uint64_t)rand_float(r) << 32 | rand_float(r);
        else if (how == 2)
            v = rand_double(r);
        cb_store_le64(to + 8 * k, v);
    }
}

static void rand_st(struct nt_random *r, uint8_t *to)
{
    static const struct { uint16_t se; uint64_t mant; } special[] = {
        {0, 0}, {0x8000, 0}, {0x3fff, CB_BIT(63)}, {0xbfff, CB_BIT(63)}, {0x7fff, CB_BIT(63)},
        {0xffff, CB_BIT(63)}, {0x7fff, 0xc000000000000000}, {0xffff, 0xc000000000000000},
        {0x7fff, 0xa000000000000000}, {0, 1}, {0, CB_BIT(63)}, {0x3fff, 0x4000000000000000},
        {0x7fff, 0x4000000000000000}, {0x7ffe, UINT64_MAX}, {1, CB_BIT(63)}, {0x4000, 0xc90fdaa22168c235},
        {0x403e, CB_BIT(63)}, {0xc03e, CB_BIT(63)}, {0x401e, CB_BIT(63)}, {0x3ffe, CB_BIT(63)}};
    const uint64_t how = nt_below(r, 8);
    uint16_t se = (uint16_t)nt_rand(r);
    uint64_t mant = nt_rand(r) | CB_BIT(63);

    if (how < 2) {
        const size_t k = nt_below(r, CB_ARRAY_LEN(special));

        se = special[k].se;
        mant = special[k].mant;
    } else if (how < 6) {
        se = (uint16_t)((se & 0x8000) | (0x3fff - 20 + nt_below(r, 90)));
        if (how == 5)
            mant = nt_rand(r) << nt_below(r, 60) | CB_BIT(63);
    } else if (how == 6) { /* an MMX register's value */
        se = 0xffff;
        mant = rand_value(r);
    }
    cb_store_le64(to, mant);
    cb_store_le16(to + 8, se);
}

/* ---- instructions ---- */

static const ZydisMnemonic excluded[] = {
    /* leave user mode, or ask the machine what it is */
    ZYDIS_MNEMONIC_SYSCALL, ZYDIS_MNEMONIC_SYSRET, ZYDIS_MNEMONIC_SYSENTER, ZYDIS_MNEMONIC_SYSEXIT,
    ZYDIS_MNEMONIC_INT, ZYDIS_MNEMONIC_INT1, ZYDIS_MNEMONIC_INT3, ZYDIS_MNEMONIC_INTO,
    ZYDIS_MNEMONIC_IRET, ZYDIS_MNEMONIC_IRETD, ZYDIS_MNEMONIC_IRETQ, ZYDIS_MNEMONIC_RSM,
    ZYDIS_MNEMONIC_CPUID, ZYDIS_MNEMONIC_RDTSC, ZYDIS_MNEMONIC_RDPMC, ZYDIS_MNEMONIC_GETSEC,
    ZYDIS_MNEMONIC_UD0, ZYDIS_MNEMONIC_UD1,
    /* depend on the system's tables, or emulated by Linux for UMIP */
    ZYDIS_MNEMONIC_SGDT, ZYDIS_MNEMONIC_SIDT, ZYDIS_MNEMONIC_SLDT, ZYDIS_MNEMONIC_STR,
    ZYDIS_MNEMONIC_SMSW, ZYDIS_MNEMONIC_LAR, ZYDIS_MNEMONIC_LSL, ZYDIS_MNEMONIC_VERR,
    ZYDIS_MNEMONIC_VERW, ZYDIS_MNEMONIC_LFS, ZYDIS_MNEMONIC_LGS, ZYDIS_MNEMONIC_LSS,
    /* not alike on all processors that have them */
    ZYDIS_MNEMONIC_PREFETCHWT1, ZYDIS_MNEMONIC_PTWRITE,
};

static bool allowed_extension(const ZydisDecodedInstruction *d, struct nt_features has)
{
    switch ((int)d->meta.isa_ext) {
    case ZYDIS_ISA_EXT_BASE: case ZYDIS_ISA_EXT_LONGMODE: case ZYDIS_ISA_EXT_PAUSE:
    case ZYDIS_ISA_EXT_MMX: case ZYDIS_ISA_EXT_SSE: case ZYDIS_ISA_EXT_SSE2:
    case ZYDIS_ISA_EXT_SSE3: case ZYDIS_ISA_EXT_SSSE3: case ZYDIS_ISA_EXT_SSE4:
    case ZYDIS_ISA_EXT_AES: case ZYDIS_ISA_EXT_PCLMULQDQ: case ZYDIS_ISA_EXT_BMI1:
    case ZYDIS_ISA_EXT_BMI2: case ZYDIS_ISA_EXT_LZCNT: case ZYDIS_ISA_EXT_MOVBE:
    case ZYDIS_ISA_EXT_ADOX_ADCX: case ZYDIS_ISA_EXT_X87:
    case ZYDIS_ISA_EXT_CLFSH: case ZYDIS_ISA_EXT_CLFLUSHOPT: case ZYDIS_ISA_EXT_CLWB:
        return true;
    case ZYDIS_ISA_EXT_SHA:
        return has.sha;
    case ZYDIS_ISA_EXT_SSE4A:
        return has.sse4a;
    default:
        return false;
    }
}

static bool to_segment(const struct nt_insn *insn)
{
    const ZydisDecodedOperand *first = &insn->op[0];

    return insn->d.operand_count > 0 && first->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           (first->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
           ZydisRegisterGetClass(first->reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

static bool accept(const struct nt_insn *insn, struct nt_features has)
{
    const ZydisDecodedInstruction *d = &insn->d;

    if (!allowed_extension(d, has) || d->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
        to_segment(insn))
        return false;
    for (size_t k = 0; k < CB_ARRAY_LEN(excluded); k++)
        if (d->mnemonic == excluded[k])
            return false;
    /* a 16-bit branch in 64-bit mode is not alike on AMD's and Intel's processors */
    if (d->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE &&
        (d->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE))
        return false;
    /* how much of a source a 16-bit MOVSXD reads, too */
    if (d->mnemonic == ZYDIS_MNEMONIC_MOVSXD && d->operand_width == 16)
        return false;
    for (unsigned k = 0; k < d->operand_count; k++)
        if (insn->op[k].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            insn->op[k].mem.segment == ZYDIS_REGISTER_FS)
            return false; /* the thread's own memory */
    return true;
}

static unsigned prefixes(struct nt_random *r, uint8_t *b, bool wide)
{
    static const uint8_t segment[] = {0x26, 0x2e, 0x36, 0x3e, 0x65};
    static const uint8_t mandatory[] = {0, 0x66, 0xf2, 0xf3};
    unsigned n = 0;
    uint8_t m = wide ? mandatory[nt_below(r, 4)] : nt_chance(r, 15) ? 0x66 : 0;

    if (!wide && nt_chance(r, 10))
        m = mandatory[2 + nt_below(r, 2)];
    if (nt_chance(r, 3))
        b[n++] = 0xf0;
    if (nt_chance(r, 4))
        b[n++] = 0x67;
    if (nt_chance(r, 3))
        b[n++] = segment[nt_below(r, sizeof(segment))];
    if (m && nt_chance(r, 5))
        b[n++] = 0x66;
    if (m)
        b[n++] = m;
    if (nt_chance(r, 50))
        b[n++] = (uint8_t)(0x40 | nt_below(r, 16));
    return n;
}

static void draw_bytes(struct nt_random *r, uint8_t b[16])
{
    static const uint8_t bmi[] = {0xf2, 0xf3, 0xf5, 0xf6, 0xf7};
    const uint64_t map = nt_below(r, 100);
    unsigned n;

    cb_store_le64(b, nt_rand(r));
    cb_store_le64(b + 8, nt_rand(r));
    if (map < 5) { /* VEX-coded, on general registers */
        b[0] = 0xc4;
        b[1] = (uint8_t)((b[1] & 0xe0) | (nt_chance(r, 15) ? 3 : 2));
        b[2] &= 0xfb;
        b[3] = (b[1] & 0x1f) == 3 ? 0xf0 : bmi[nt_below(r, sizeof(bmi))];
        return;
    }
    n = prefixes(r, b, map >= 33 && map < 91);
    if (map < 33)
        return; /* one-byte map */
    if (map >= 91) {
        b[n] = (uint8_t)(0xd8 | nt_below(r, 8));
        return;
    }
    b[n++] = 0x0f;
    if (map >= 82)
        b[n++] = 0x3a;
    else if (map >= 70)
        b[n++] = 0x38;
}

static bool decode(const ZydisDecoder *decoder, struct nt_insn *insn)
{
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, insn->bytes, 15, &insn->d, insn->op)))
        return false;
    insn->len = insn->d.length;
    return true;
}

/* Somewhere in or near the data, for an address that no register takes part in. */
static uint64_t rand_target(struct nt_random *r, unsigned size)
{
    const uint64_t how = nt_below(r, 100);

    if (how < 45)
        return NT_DATA + nt_below(r, NT_DATA_SIZE - 64);
    if (how < 78)
        return NT_DATA + (nt_below(r, NT_DATA_SIZE - 64) & ~UINT64_C(15));
    if (how < 84)
        return NT_DATA + 0x1000 - nt_below(r, size + 1);
    if (how < 89)
        return NT_DATA + NT_DATA_SIZE - nt_below(r, size + 1);
    if (how < 91)
        return NT_DATA - nt_below(r, size + 1);
    if (how < 95)
        return NT_READONLY + nt_below(r, 0x1000 + 1 - (size < 0x800 ? size : 0x800));
    if (how < 98)
        return NT_UNMAPPED + nt_below(r, 0x1000);
    return NT_NOT_CANONICAL + nt_rand(r) % NT_NOT_CANONICAL / 2;
}

static bool is_memory(const ZydisDecodedOperand *op)
{
    return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.type == ZYDIS_MEMOP_TYPE_MEM;
}

static void store_le(uint8_t *to, uint64_t v, unsigned bytes)
{
    for (unsigned k = 0; k < bytes; k++)
        to[k] = (uint8_t)(v >> 8 * k);
}

/* Addresses without a register of ours: rewrite the displacement. */
static void place_displacement(struct nt_random *r, struct nt_insn *insn)
{
    const unsigned size = insn->d.raw.disp.size / 8;

    for (unsigned k = 0; k < insn->d.operand_count; k++) {
        const ZydisDecodedOperand *op = &insn->op[k];
        const bool rip = op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP;
        uint64_t at;

        if (!is_memory(op) || size < 4 || op->mem.index != ZYDIS_REGISTER_NONE ||
            (op->mem.base != ZYDIS_REGISTER_NONE && !rip))
            continue;
        do
            at = rand_target(r, op->size / 8);
        while (at >= NT_NOT_CANONICAL);
        store_le(insn->bytes + insn->d.raw.disp.offset, at - (rip ? NT_ENTRY + insn->len : 0), size);
        return;
    }
}

/* Relative branches: to int3, never into the jump behind the instruction. */
static void place_branch(struct nt_random *r, struct nt_insn *insn)
{
    for (unsigned k = 0; k < 2; k++) {
        int64_t rel = 8 + (int64_t)nt_below(r, 100);

        if (!insn->d.raw.imm[k].is_relative)
            continue;
        if (nt_chance(r, 50))
            rel = -(int64_t)(insn->len + 1 + nt_below(r, 100));
        else if (nt_chance(r, 10))
            rel = 0;
        store_le(insn->bytes + insn->d.raw.imm[k].offset, (uint64_t)rel,
                 insn->d.raw.imm[k].size / 8);
    }
}

static bool draw_invalid(struct nt_random *r, struct nt_insn *out)
{
    static const uint8_t opcodes[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37,
                                      0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea};
    unsigned n;

    draw_bytes(r, out->bytes);
    n = prefixes(r, out->bytes, false);
    if (nt_chance(r, 30)) {
        out->bytes[n++] = 0x0f;
        out->bytes[n] = 0x0b;
    } else {
        out->bytes[n] = opcodes[nt_below(r, sizeof(opcodes))];
    }
    memset(&out->d, 0, sizeof(out->d));
    out->len = 15;
    out->invalid = true;
    return true;
}

/* A LOCK where none may be. */
static bool draw_locked(const ZydisDecoder *decoder, struct nt_features has, struct nt_insn *out)
{
    struct nt_insn plain;
    unsigned at = 0;

    while (at < 4 && out->bytes[at] != 0xf0)
        at++;
    if (at == 4)
        return false;
    memset(&plain, 0, sizeof(plain));
    memcpy(plain.bytes, out->bytes, at);
    memcpy(plain.bytes + at, out->bytes + at + 1, 15 - at);
    if (!decode(decoder, &plain) || !accept(&plain, has) || plain.len > 14)
        return false;
    memset(&out->d, 0, sizeof(out->d));
    out->len = 15;
    out->invalid = true;
    return true;
}

void nt_insn_random(struct nt_random *r, const ZydisDecoder *decoder, struct nt_features has, struct nt_insn *out)
{
    for (;;) {
        memset(out, 0, sizeof(*out));
        if (nt_chance(r, 1) && draw_invalid(r, out))
            return;
        draw_bytes(r, out->bytes);
        if (!decode(decoder, out)) {
            if (nt_chance(r, 25) && draw_locked(decoder, has, out))
                return;
            continue;
        }
        if (!accept(out, has))
            continue;
        place_displacement(r, out);
        place_branch(r, out);
        if (decode(decoder, out))
            return;
    }
}

/* ---- states ---- */

void nt_data_random(struct nt_random *r, uint8_t *data, size_t len)
{
    for (size_t k = 0; k + 16 <= len; k += 16) {
        if (nt_below(r, 8) == 0) {
            rand_st(r, data + k);
            cb_store_le16(data + k + 10, (uint16_t)nt_rand(r));
        } else if (nt_below(r, 4) == 0) {
            memset(data + k, (int)nt_below(r, 3), 16); /* runs, for REPE */
        } else {
            rand_vector(r, data + k);
        }
    }
}

static void rand_fx(struct nt_random *r, uint8_t *fx)
{
    uint32_t mxcsr = 0x1f80;
    uint16_t fcw = 0x037f, fsw = (uint16_t)(nt_rand(r) & 0x7f00);

    memset(fx, 0, 512);
    if (nt_chance(r, 40))
        mxcsr ^= (uint32_t)nt_rand(r) & 0xe07f;
    if (nt_chance(r, 12))
        mxcsr ^= (uint32_t)nt_rand(r) & 0x1f80;
    if (nt_chance(r, 40))
        fcw ^= (uint16_t)nt_rand(r) & 0xf00;
    if (nt_chance(r, 12))
        fcw ^= (uint16_t)nt_rand(r) & 0x3f;
    if (nt_chance(r, 10))
        fsw |= (uint16_t)nt_rand(r) & 0x7f;
    if (fsw & ~fcw & 0x3f)
        fsw |= 0x8080;
    cb_store_le16(fx + NT_FX_FCW, fcw);
    cb_store_le16(fx + NT_FX_FSW, fsw);
    fx[NT_FX_FTW] = nt_chance(r, 70) ? 0xff : (uint8_t)nt_rand(r);
    cb_store_le32(fx + NT_FX_MXCSR, mxcsr);
    for (unsigned k = 0; k < 8; k++)
        rand_st(r, fx + NT_FX_ST + 16 * k);
    for (unsigned k = 0; k < 16; k++)
        rand_vector(r, fx + NT_FX_XMM + 16 * k);
}

static int gpr_of(ZydisRegister reg)
{
    const ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

    return full >= ZYDIS_REGISTER_RAX && full <= ZYDIS_REGISTER_R15 ? (int)full - (int)ZYDIS_REGISTER_RAX : -1;
}

static uint64_t low(uint64_t v, unsigned bits)
{
    return v & CB_MASK(bits);
}

/* SIB says that there is a displacement and no base; Zydis 4.0 names R13 if REX.B is set. */
static bool no_base(const struct nt_insn *insn, const ZydisDecodedOperand *op)
{
    const ZydisDecodedInstructionRaw *raw = &insn->d.raw;

    return op->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN && raw->modrm.mod == 0 &&
           raw->modrm.rm == 4 && raw->sib.base == 5;
}

static int base_of(const struct nt_insn *insn, const ZydisDecodedOperand *op)
{
    return no_base(insn, op) ? -1 : gpr_of(op->mem.base);
}

static uint64_t disp_of(const struct nt_insn *insn, const ZydisDecodedOperand *op)
{
    return (uint64_t)(no_base(insn, op) ? insn->d.raw.disp.value : op->mem.disp.value);
}

uint64_t nt_address_of(const struct nt_insn *insn, const ZydisDecodedOperand *op,
                       const struct nt_state *s)
{
    const int base = base_of(insn, op), index = gpr_of(op->mem.index);
    uint64_t at = disp_of(insn, op);

    if (op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP)
        at += NT_ENTRY + insn->len;
    if (base >= 0)
        at += s->gpr[base];
    if (insn->d.mnemonic == ZYDIS_MNEMONIC_XLAT)
        at += s->gpr[0] & 0xff;
    else if (index >= 0)
        at += s->gpr[index] * op->mem.scale;
    return low(at, insn->d.address_width);
}

static bool is_bit_string(const struct nt_insn *insn)
{
    switch ((int)insn->d.mnemonic) {
    case ZYDIS_MNEMONIC_BT: case ZYDIS_MNEMONIC_BTS: case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTC:
        return is_memory(&insn->op[0]) && insn->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    default:
        return false;
    }
}

static bool is_locked(const struct nt_insn *insn)
{
    return (insn->d.attributes & ZYDIS_ATTRIB_HAS_LOCK) || insn->d.mnemonic == ZYDIS_MNEMONIC_XCHG;
}

/* Sets the registers of a memory operand so that it lies at `at` (or near it). */
static void place_operand(struct nt_random *r, const struct nt_insn *insn,
                          const ZydisDecodedOperand *op, uint64_t at, unsigned *fixed,
                          struct nt_state *s)
{
    const int base = base_of(insn, op), index = gpr_of(op->mem.index);
    const uint64_t disp = disp_of(insn, op);
    const unsigned bits = insn->d.address_width;
    int reg = base;
    uint64_t v = at - disp;

    if (base >= 0 && index == base) {
        v = (at - disp) / (op->mem.scale + 1u);
    } else if (base < 0 && index >= 0) {
        reg = index;
        v = (uint64_t)((int64_t)(at - disp) / op->mem.scale);
    } else if (insn->d.mnemonic == ZYDIS_MNEMONIC_XLAT) {
        v -= s->gpr[0] & 0xff;
    } else if (index >= 0) {
        v -= s->gpr[index] * op->mem.scale;
        *fixed |= 1u << index;
    }
    if (reg < 0 || (*fixed & 1u << reg))
        return;
    if (bits == 32) /* the upper half does not matter */
        v = low(v, 32) | (nt_rand(r) << 32);
    s->gpr[reg] = v;
    *fixed |= 1u << reg;
}

static uint64_t bit_offset(const struct nt_insn *insn, const struct nt_state *s)
{
    const unsigned width = insn->d.operand_width;
    const int reg = gpr_of(insn->op[1].reg.value);
    const int64_t bit = (int64_t)(s->gpr[reg] << (64 - width)) >> (64 - width);

    return (uint64_t)(bit >> (width == 16 ? 4 : width == 32 ? 5 : 6)) * (width / 8);
}

static bool safe(uint64_t at)
{
    if (at >= NT_SAFE_LOW + 0x20000 && at < NT_SAFE_HIGH - 0x20000)
        return true;
    return (uint64_t)((int64_t)(at << 16) >> 16) != at && at - 0x20000 > UINT64_C(0x7fffffffffff);
}

/* Every access of the instruction lies where nothing of ours is. */
static bool all_safe(const struct nt_insn *insn, const struct nt_state *s)
{
    for (unsigned k = 0; k < insn->d.operand_count; k++) {
        uint64_t at;

        if (!is_memory(&insn->op[k]))
            continue;
        at = nt_address_of(insn, &insn->op[k], s);
        if (!safe(at) || (k == 0 && is_bit_string(insn) &&
                          !safe(low(at + bit_offset(insn, s), insn->d.address_width))))
            return false;
        /* a split lock costs the whole machine dearly */
        if (is_locked(insn) && (at & 63) + insn->op[k].size / 8 > 64)
            return false;
    }
    return true;
}

static void place_memory(struct nt_random *r, const struct nt_insn *insn, struct nt_state *s)
{
    unsigned fixed = 0;

    for (unsigned k = 0; k < insn->d.operand_count; k++) {
        const ZydisDecodedOperand *op = &insn->op[k];
        uint64_t at = rand_target(r, op->size / 8);

        if (!is_memory(op))
            continue;
        if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && nt_chance(r, 70))
            at &= ~UINT64_C(7);
        if (is_locked(insn))
            at &= ~UINT64_C(15);
        if (insn->d.address_width == 32)
            at = low(at, 32);
        place_operand(r, insn, op, at, &fixed, s);
    }
    if (is_bit_string(insn)) {
        const int reg = gpr_of(insn->op[1].reg.value);

        if (!(fixed & 1u << reg))
            s->gpr[reg] = (s->gpr[reg] & ~UINT64_C(0xffff)) * (insn->d.operand_width == 16) +
                          (uint64_t)(int64_t)(int16_t)nt_rand(r);
    }
    if (insn->d.mnemonic == ZYDIS_MNEMONIC_ENTER) /* its frames are no operands */
        s->gpr[5] = NT_DATA + 0x800 + nt_below(r, 0x1000);
}

static bool is_repeated(const struct nt_insn *insn)
{
    return (insn->d.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
                                  ZYDIS_ATTRIB_HAS_REPNE)) != 0;
}

/* What the instruction jumps to must be int3; what POPF pops must not trap. */
static void place_values(struct nt_random *r, const struct nt_insn *insn, struct nt_state *s,
                         uint8_t *data)
{
    const ZydisDecodedInstruction *d = &insn->d;
    const uint64_t target = NT_CODE + nt_below(r, 0x7f0);
    const bool branch = d->meta.category == ZYDIS_CATEGORY_RET ||
                        ((d->meta.category == ZYDIS_CATEGORY_CALL ||
                          d->meta.category == ZYDIS_CATEGORY_UNCOND_BR) &&
                         !d->raw.imm[0].is_relative);
    const bool flags = d->mnemonic == ZYDIS_MNEMONIC_POPF || d->mnemonic == ZYDIS_MNEMONIC_POPFQ;

    if (is_repeated(insn))
        s->gpr[1] = (d->address_width == 32 ? nt_rand(r) << 32 : 0) + nt_below(r, nt_chance(r, 5) ? 2500 : 40);
    if (branch && insn->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER && d->operand_count_visible > 0) {
        s->gpr[gpr_of(insn->op[0].reg.value)] = target;
        return;
    }
    if (!branch && !flags)
        return;
    for (unsigned k = 0; k < d->operand_count; k++) {
        const ZydisDecodedOperand *op = &insn->op[k];
        uint64_t at;

        if (!is_memory(op) || !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ))
            continue;
        at = nt_address_of(insn, op, s) - NT_DATA;
        if (at <= NT_DATA_SIZE - 8)
            cb_store_le64(data + at, branch ? target
                                            : nt_rand(r) & ~UINT64_C(0x100) & ~UINT64_C(0x40000));
    }
}

static bool jumps_astray(const struct nt_insn *insn, const struct nt_state *s, const uint8_t *data)
{
    const ZydisDecodedInstruction *d = &insn->d;
    const bool ret = d->meta.category == ZYDIS_CATEGORY_RET;
    const bool flags = d->mnemonic == ZYDIS_MNEMONIC_POPF || d->mnemonic == ZYDIS_MNEMONIC_POPFQ;
    const bool indirect = (d->meta.category == ZYDIS_CATEGORY_CALL ||
                           d->meta.category == ZYDIS_CATEGORY_UNCOND_BR) &&
                          !d->raw.imm[0].is_relative;
    uint64_t at;

    if (!ret && !indirect && !flags)
        return false;
    for (unsigned k = 0; k < d->operand_count; k++) {
        const ZydisDecodedOperand *op = &insn->op[k];

        if (k == 0 && op->type == ZYDIS_OPERAND_TYPE_REGISTER && indirect)
            return s->gpr[gpr_of(op->reg.value)] - NT_CODE >= 0x7f0;
        if (!is_memory(op) || !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ))
            continue;
        at = nt_address_of(insn, op, s);
        if (at - NT_DATA <= NT_DATA_SIZE - 8) {
            const uint64_t v = cb_load_le64(data + (at - NT_DATA));

            return flags ? (v & 0x40100) != 0 : v - NT_CODE >= 0x7f0;
        }
        /* elsewhere it faults, unless it reads the read-only page or across an edge */
        return at - (NT_DATA - 8) < NT_DATA_SIZE + 16 || at - (NT_READONLY - 8) < 0x1010;
    }
    return false;
}

/* Divisions overflow almost always unless the upper half is small. */
static void tame_division(struct nt_random *r, const struct nt_insn *insn, struct nt_state *s)
{
    const bool divides = insn->d.mnemonic == ZYDIS_MNEMONIC_DIV ||
                         insn->d.mnemonic == ZYDIS_MNEMONIC_IDIV;

    if (!divides || nt_chance(r, 30))
        return;
    if (insn->d.operand_width == 8)
        s->gpr[0] = (s->gpr[0] & ~UINT64_C(0xff00)) | nt_below(r, 4) << 8;
    else
        s->gpr[2] = nt_chance(r, 50) ? 0 : (uint64_t)((int64_t)s->gpr[0] >> 63);
}

bool nt_state_random(struct nt_random *r, const struct nt_insn *insn, struct nt_state *out,
                     uint8_t *data)
{
    const bool integer = insn->d.meta.isa_ext == ZYDIS_ISA_EXT_BASE ||
                         insn->d.meta.isa_ext == ZYDIS_ISA_EXT_LONGMODE;

    for (unsigned attempt = 0; attempt < 20; attempt++) {
        for (unsigned k = 0; k < 16; k++)
            out->gpr[k] = rand_value(r);
        if (nt_chance(r, 95)) /* a stack that works, for whoever does not ask for more */
            out->gpr[4] = NT_DATA + 0x1000;
        out->rflags = 0x202 | (nt_rand(r) & 0x8d5);
        if (nt_chance(r, 30))
            out->rflags |= 0x400;
        if (nt_chance(r, 4) && integer)
            out->rflags |= 0x40000;
        tame_division(r, insn, out);
        if (!insn->invalid) {
            place_memory(r, insn, out);
            place_values(r, insn, out, data);
            if (!all_safe(insn, out) || jumps_astray(insn, out, data))
                continue;
        }
        rand_fx(r, out->fx);
        return true;
    }
    return false;
}
