/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to struct x86_insn: Zydis decodes, the families' tables (insn.h)
 * say which handler runs.
 *
 * Zydis knows the prefix rules: where LOCK is allowed, which REX and legacy
 * prefixes are illegal.  What it cannot decode, what no table has, and what
 * CPUID does not offer becomes an instruction that raises #UD.  Rules that
 * depend on the block's key (mode, CPL) are settled here; CR0's and CR4's for
 * the FPU become gates, extra handlers in front of the instruction.
 */
#include "x86/block.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>

#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/svm/guest.h"
#include "x86/sys.h"

#define N_MNEMONICS (ZYDIS_MNEMONIC_MAX_VALUE + 1)
#define N_MODES 5
#define NO_ROW UINT16_MAX

struct x86_decoder {
    ZydisDecoder zydis[N_MODES];
    uint16_t first[N_MNEMONICS]; /* mnemonic -> row */
    uint16_t *next;              /* row -> next row of the mnemonic */
    const struct x86_op **row;
    bool feature[X86_N_FEATURES];
};

/* What an operand is, seen from the forms. */
enum operand_kind {
    K_REG = 1 << 0,   /* general, MMX or XMM register by modrm.reg */
    K_RM = 1 << 1,    /* register by modrm.rm */
    K_OPC = 1 << 2,   /* register in the opcode */
    K_ACC = 1 << 3,   /* a register that the opcode implies */
    K_V = 1 << 4,     /* VEX.vvvv */
    K_MEM = 1 << 5,
    K_MOFFS = 1 << 6,
    K_IMM = 1 << 7,
    K_ONE = 1 << 8,
    K_REL = 1 << 9,
    K_PTR = 1 << 10,
    K_SREG = 1 << 11,
    K_CR = 1 << 12,
    K_DR = 1 << 13,
    K_CL = 1 << 14,
    K_DX = 1 << 15,
    K_ST0 = 1 << 16,  /* implied */
    K_ST = 1 << 17,
    K_OTHER = 1 << 18,
    K_GPR = K_REG | K_RM | K_OPC | K_ACC | K_CL | K_DX,
    K_E = K_GPR | K_MEM, /* r/m, generously */
};

struct shape {
    uint8_t form, n;
    uint32_t accept[4];
};

/* A form may have several shapes. */
static const struct shape shapes[] = {
    {X86_FORM_RM, 1, {K_E}},
    {X86_FORM_RM_R, 2, {K_E | K_MOFFS, K_GPR}},
    {X86_FORM_R_RM, 2, {K_GPR, K_E | K_MOFFS}},
    {X86_FORM_RM_I, 2, {K_E, K_IMM}},
    {X86_FORM_R_RM_I, 3, {K_GPR, K_E, K_IMM}},
    {X86_FORM_RM_R_I, 3, {K_E, K_GPR, K_IMM}},
    {X86_FORM_RM_CL, 2, {K_E, K_CL}},
    {X86_FORM_RM_R_CL, 3, {K_E, K_GPR, K_CL}},
    {X86_FORM_RM_1, 2, {K_E, K_ONE}},
    {X86_FORM_R, 1, {K_GPR}},
    {X86_FORM_R_I, 2, {K_GPR, K_IMM}},
    {X86_FORM_I, 1, {K_IMM | K_ONE}},
    {X86_FORM_REL, 1, {K_REL}},
    {X86_FORM_M, 1, {K_MEM}},
    {X86_FORM_M, 2, {K_ST0, K_MEM}},
    {X86_FORM_M, 2, {K_MEM, K_ST0}},
    {X86_FORM_R_M, 2, {K_GPR, K_MEM}},
    {X86_FORM_M_R, 2, {K_MEM, K_GPR}},
    {X86_FORM_ACC_R, 2, {K_GPR, K_GPR}},
    {X86_FORM_ACC_MOFFS, 2, {K_GPR, K_MOFFS}},
    {X86_FORM_MOFFS_ACC, 2, {K_MOFFS, K_GPR}},
    {X86_FORM_SREG_RM, 2, {K_SREG, K_E}},
    {X86_FORM_RM_SREG, 2, {K_E, K_SREG}},
    {X86_FORM_SREG, 1, {K_SREG}},
    {X86_FORM_CR_R, 2, {K_CR, K_GPR}},
    {X86_FORM_R_CR, 2, {K_GPR, K_CR}},
    {X86_FORM_DR_R, 2, {K_DR, K_GPR}},
    {X86_FORM_R_DR, 2, {K_GPR, K_DR}},
    {X86_FORM_FAR, 1, {K_PTR}},
    {X86_FORM_FAR_M, 1, {K_MEM}},
    {X86_FORM_FAR_RET, 0, {0}},
    {X86_FORM_FAR_RET, 1, {K_IMM}},
    {X86_FORM_IO, 2, {K_GPR, K_IMM | K_DX}},
    {X86_FORM_IO, 2, {K_IMM | K_DX, K_GPR}},
    {X86_FORM_ENTER, 2, {K_IMM, K_IMM}},
    {X86_FORM_ST, 1, {K_ST}},
    {X86_FORM_ST, 2, {K_ST0, K_ST}},
    {X86_FORM_ST, 2, {K_ST, K_ST0}},
    {X86_FORM_ST0_STI, 2, {K_ST0, K_ST}},
    {X86_FORM_STI_ST0, 2, {K_ST, K_ST0}},
    {X86_FORM_AX, 1, {K_ACC}},
    {X86_FORM_RM_I_I, 3, {K_E, K_IMM, K_IMM}},
    {X86_FORM_R_RM_I_I, 4, {K_GPR, K_E, K_IMM, K_IMM}},
    {X86_FORM_R_R_DI, 2, {K_GPR, K_GPR}},
    {X86_FORM_R_R_DI, 3, {K_OTHER, K_GPR, K_GPR}},
    {X86_FORM_R_R_RM, 3, {K_REG, K_V, K_RM | K_MEM}},
    {X86_FORM_R_RM_R, 3, {K_REG, K_RM | K_MEM, K_V}},
    {X86_FORM_VR_RM, 2, {K_V, K_RM | K_MEM}},
};

/* ---- start-up ---- */

const struct x86_op_table *const *x86_op_tables(unsigned *n)
{
    static const struct x86_op_table *const tables[] = {
        &x86_ops_alu, &x86_ops_move, &x86_ops_shift, &x86_ops_mul, &x86_ops_bits, &x86_ops_stack,
        &x86_ops_string, &x86_ops_flow, &x86_ops_bmi, &x86_ops_system, &x86_ops_svm, &x86_ops_fpstate,
        &x86_ops_sse_move, &x86_ops_sse_int, &x86_ops_sse_imm, &x86_ops_sse_float,
        &x86_ops_sse_text, &x86_ops_mmx, &x86_ops_x87, &x86_ops_x87_move, &x86_ops_x87_env,
    };

    *n = CB_ARRAY_LEN(tables);
    return tables;
}

static void index_tables(struct x86_decoder *d)
{
    unsigned n_tables, at = 0;
    const struct x86_op_table *const *tables = x86_op_tables(&n_tables);

    for (unsigned m = 0; m < N_MNEMONICS; m++)
        d->first[m] = NO_ROW;
    for (unsigned t = n_tables; t-- > 0;) {
        for (unsigned r = tables[t]->n; r-- > 0; at++) { /* backwards: lists come out in order */
            d->row[at] = &tables[t]->rows[r];
            d->next[at] = d->first[d->row[at]->mnemonic];
            d->first[d->row[at]->mnemonic] = (uint16_t)at;
        }
    }
}

static void init_zydis(struct x86_decoder *d)
{
    static const struct { ZydisMachineMode mode; ZydisStackWidth stack; } machine[N_MODES] = {
        [X86_MODE_REAL] = {ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16},
        [X86_MODE_V86] = {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
        [X86_MODE_16] = {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
        [X86_MODE_32] = {ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32},
        [X86_MODE_64] = {ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64},
    };

    for (unsigned m = 0; m < N_MODES; m++) {
        ZydisDecoder *z = &d->zydis[m];

        ZydisDecoderInit(z, machine[m].mode, machine[m].stack);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_AMD_BRANCHES, ZYAN_TRUE);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_FALSE);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_LZCNT, d->feature[X86_FEAT_LZCNT]);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_TZCNT, d->feature[X86_FEAT_BMI1]);
        ZydisDecoderEnableMode(z, ZYDIS_DECODER_MODE_WBNOINVD, d->feature[X86_FEAT_WBNOINVD]);
    }
}

struct x86_decoder *x86_decoder_new(const struct x86_cpu *cpu)
{
    struct x86_decoder *d = calloc(1, sizeof(*d));
    unsigned n_tables, rows = 0;
    const struct x86_op_table *const *tables = x86_op_tables(&n_tables);

    if (!d)
        return NULL;
    for (unsigned t = 0; t < n_tables; t++)
        rows += tables[t]->n;
    d->next = calloc(rows + 1, sizeof(*d->next));
    d->row = calloc(rows + 1, sizeof(const struct x86_op *));
    if (!d->next || !d->row) {
        x86_decoder_free(d);
        return NULL;
    }
    for (unsigned f = 0; f < X86_N_FEATURES; f++)
        d->feature[f] = f == X86_FEAT_NONE || x86_has(cpu, f);
    index_tables(d);
    init_zydis(d);
    return d;
}

void x86_decoder_free(struct x86_decoder *d)
{
    if (!d)
        return;
    free(d->next);
    free(d->row);
    free(d);
}

/* ---- instructions that only fault ---- */

static void exec_ud(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_fault(cpu, i, X86_UD);
}

static void exec_gp(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_gp0(cpu, i);
}

/* ---- operands ---- */

static uint32_t register_kind(const ZydisDecodedOperand *o)
{
    switch ((int)ZydisRegisterGetClass(o->reg.value)) {
    case ZYDIS_REGCLASS_SEGMENT: return K_SREG;
    case ZYDIS_REGCLASS_CONTROL: return K_CR;
    case ZYDIS_REGCLASS_DEBUG: return K_DR;
    case ZYDIS_REGCLASS_X87: return o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ? K_ST : K_ST0;
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
    case ZYDIS_REGCLASS_MMX:
    case ZYDIS_REGCLASS_XMM: break;
    default: return K_OTHER;
    }
    switch ((int)o->encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG: return K_REG;
    case ZYDIS_OPERAND_ENCODING_MODRM_RM: return K_RM;
    case ZYDIS_OPERAND_ENCODING_OPCODE: return K_OPC;
    case ZYDIS_OPERAND_ENCODING_NDSNDD: return K_V;
    default: break;
    }
    if (o->reg.value == ZYDIS_REGISTER_CL)
        return K_CL;
    return o->reg.value == ZYDIS_REGISTER_DX ? K_DX : K_ACC;
}

static uint32_t operand_kind(const ZydisDecodedOperand *o)
{
    switch (o->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER: return register_kind(o);
    case ZYDIS_OPERAND_TYPE_POINTER: return K_PTR;
    case ZYDIS_OPERAND_TYPE_MEMORY:
        if (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
            return K_MEM;
        return o->encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64 ? K_MOFFS : K_OTHER;
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        if (o->imm.is_relative)
            return K_REL;
        return o->encoding == ZYDIS_OPERAND_ENCODING_NONE ? K_ONE : K_IMM;
    case ZYDIS_OPERAND_TYPE_UNUSED:
    default: return K_OTHER;
    }
}

/* One instruction on its way through this file. */
struct work {
    ZydisDecodedInstruction in;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    uint32_t kind[4];
    unsigned n_op;        /* visible ones */
    bool any_explicit;
    bool memory;          /* has a K_MEM or K_MOFFS operand */
};

static void classify(struct work *w)
{
    w->n_op = w->in.operand_count_visible;
    /* XMM0 implied as a last operand (BLENDVPS, SHA256RNDS2) says nothing. */
    if (w->n_op == 3 && w->op[2].visibility == ZYDIS_OPERAND_VISIBILITY_IMPLICIT &&
        w->op[2].type == ZYDIS_OPERAND_TYPE_REGISTER && w->op[2].reg.value == ZYDIS_REGISTER_XMM0)
        w->n_op = 2;
    w->any_explicit = w->memory = false;
    for (unsigned k = 0; k < w->n_op && k < CB_ARRAY_LEN(w->kind); k++) {
        w->kind[k] = operand_kind(&w->op[k]);
        w->any_explicit |= w->op[k].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
        w->memory |= (w->kind[k] & (K_MEM | K_MOFFS)) != 0;
    }
}

/* ---- choosing the row ---- */

static bool shape_fits(const struct work *w, unsigned form)
{
    const bool far = w->in.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;

    if (far != (form == X86_FORM_FAR || form == X86_FORM_FAR_M || form == X86_FORM_FAR_RET) &&
        (w->in.mnemonic == ZYDIS_MNEMONIC_CALL || w->in.mnemonic == ZYDIS_MNEMONIC_JMP ||
         w->in.mnemonic == ZYDIS_MNEMONIC_RET))
        return false;
    if (form == X86_FORM_NONE)
        return !w->any_explicit;
    if (form == X86_FORM_STRING)
        return !(w->in.attributes & ZYDIS_ATTRIB_HAS_MODRM);
    for (unsigned s = 0; s < CB_ARRAY_LEN(shapes); s++) {
        bool fits = shapes[s].form == form && shapes[s].n == w->n_op;

        for (unsigned k = 0; fits && k < w->n_op; k++)
            fits = (w->kind[k] & shapes[s].accept[k]) != 0;
        if (fits)
            return true;
    }
    return false;
}

enum { F_GPR = 1, F_MMX = 2, F_XMM = 4 };

static unsigned file_of(const ZydisDecodedOperand *o)
{
    if (o->type != ZYDIS_OPERAND_TYPE_REGISTER)
        return 0;
    switch ((int)ZydisRegisterGetClass(o->reg.value)) {
    case ZYDIS_REGCLASS_XMM: return F_XMM;
    case ZYDIS_REGCLASS_MMX: return F_MMX;
    default: return F_GPR;
    }
}

static bool is_rm_first(unsigned form)
{
    return form == X86_FORM_RM_R || form == X86_FORM_RM_R_I || form == X86_FORM_M_R;
}

/* Do the registers come from the files that the row names? */
static bool files_fit(const struct work *w, unsigned operand_class, bool rm_first)
{
    static const struct { uint8_t reg, rm; } want[] = {
        [X86_REGS_GPR] = {F_GPR, F_GPR},         [X86_REGS_XMM] = {F_XMM, F_XMM},
        [X86_REGS_MMX] = {F_MMX, F_MMX},         [X86_REGS_XMM_GPR] = {F_XMM, F_GPR},
        [X86_REGS_GPR_XMM] = {F_GPR, F_XMM},     [X86_REGS_MMX_GPR] = {F_MMX, F_GPR},
        [X86_REGS_GPR_MMX] = {F_GPR, F_MMX},     [X86_REGS_XMM_MMX] = {F_XMM, F_MMX},
        [X86_REGS_MMX_XMM] = {F_MMX, F_XMM},     [X86_REGS_GPR_8] = {F_GPR, F_GPR},
        [X86_REGS_GPR_16] = {F_GPR, F_GPR},      [X86_REGS_GPR_32] = {F_GPR, F_GPR},
        [X86_REGS_GPR_64] = {F_GPR, F_GPR},
    };

    for (unsigned k = 0; k < w->n_op; k++) {
        const unsigned file = file_of(&w->op[k]);
        const bool is_rm = w->op[k].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM;

        if (file && file != (is_rm ? want[operand_class].rm : want[operand_class].reg))
            return false;
    }
    /* MOVD EAX, XMM0 is a row of RM_R, MOVD XMM0, EAX one of R_RM: here the order matters. */
    if (operand_class < X86_REGS_GPR_8 && want[operand_class].reg != want[operand_class].rm &&
        w->n_op && (w->op[0].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) != rm_first)
        return false;
    if (operand_class >= X86_REGS_GPR_8)
        return w->n_op >= 2 && w->op[1].size == 8u << (operand_class - X86_REGS_GPR_8);
    return true;
}

static unsigned width_index(const struct x86_op *op, unsigned width)
{
    if (!(op->flags & X86_OP_BY_WIDTH) || (op->flags & X86_OP_X87 && width == 10))
        return 0;
    return width >= 8 ? 3 : width >= 4 ? 2 : width >= 2 ? 1 : 0;
}

static x86_exec_fn *handler_of(const struct x86_op *op, const struct work *w, unsigned width)
{
    x86_exec_fn *const *of = w->memory ? op->mem : op->reg;

    return of[width_index(op, width)];
}

static unsigned width_of(const struct work *w)
{
    unsigned memory = 0;

    for (unsigned k = 0; k < w->n_op; k++) {
        if (file_of(&w->op[k]) == F_GPR && (w->kind[k] & K_GPR) &&
            !(w->kind[k] & (K_DX | K_CL) && w->n_op > 1))
            return w->op[k].size / 8u;
        if (w->kind[k] & (K_MEM | K_MOFFS))
            memory = w->op[k].size / 8u;
    }
    if (w->in.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        memory = 0;
    /* Structures (descriptor tables, FXSAVE) have no width; x87 and SIMD ones check by themselves. */
    if (memory == 1 || memory == 2 || memory == 4 || memory == 8 || memory == 10 || memory == 16 ||
        memory == 14 || memory == 28 || memory == 94 || memory == 108)
        return memory;
    return memory > 16 && w->in.operand_width == 0 ? 128 : w->in.operand_width / 8u;
}

static const struct x86_op *find_row(const struct x86_decoder *d, const struct work *w,
                                     unsigned width, uint16_t *number)
{
    for (uint16_t r = d->first[w->in.mnemonic]; r != NO_ROW; r = d->next[r]) {
        const struct x86_op *op = d->row[r];

        if (shape_fits(w, op->form) && files_fit(w, op->operand, is_rm_first(op->form)) && handler_of(op, w, width)) {
            *number = r;
            return op;
        }
    }
    return NULL;
}

/* ---- filling the compact form ---- */

static uint8_t register_number(ZydisRegister reg)
{
    const int id = ZydisRegisterGetId(reg);

    if (ZydisRegisterGetClass(reg) != ZYDIS_REGCLASS_GPR8)
        return (uint8_t)id;
    if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
        return (uint8_t)((reg - ZYDIS_REGISTER_AH) * 8 + 1);
    if (reg <= ZYDIS_REGISTER_BL)
        return (uint8_t)((reg - ZYDIS_REGISTER_AL) * 8);
    return (uint8_t)((reg - ZYDIS_REGISTER_SPL + 4) * 8);
}

static uint8_t address_register(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return X86_RZERO;
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP || reg == ZYDIS_REGISTER_IP)
        return X86_RBLOCK;
    return (uint8_t)ZydisRegisterGetId(reg);
}

static uint8_t segment_number(ZydisRegister reg)
{
    return (uint8_t)(reg - ZYDIS_REGISTER_ES); /* ES CS SS DS FS GS, as in enum x86_seg_name */
}

/* Mod 0 with SIB base 101b has none whatever REX.B says; Zydis 4.0 takes it for R13. */
static bool sib_without_base(const struct work *w)
{
    return (w->in.attributes & ZYDIS_ATTRIB_HAS_SIB) && w->in.raw.modrm.mod == 0 &&
           w->in.raw.sib.base == 5;
}

static void fill_memory(const struct x86_cpu *cpu, const struct work *w,
                        const ZydisDecodedOperand *o, struct x86_insn *i)
{
    i->base = sib_without_base(w) ? X86_RZERO : address_register(o->mem.base);
    i->index = address_register(o->mem.index);
    i->scale = o->mem.scale == 8 ? 3 : o->mem.scale == 4 ? 2 : o->mem.scale == 2;
    i->disp = o->mem.disp.has_displacement || sib_without_base(w) ? w->in.raw.disp.value : 0;
    if (i->base == X86_RBLOCK)
        i->disp += i->off + i->len;
    i->seg = segment_number(o->mem.segment);
    if (i->seg == X86_SS)
        i->flags |= X86_IF_STACK;
    if (cpu->mode != X86_MODE_64 || w->in.address_width != 64)
        i->flags |= X86_IF_EA_SLOW;
}

static uint8_t source_segment(ZydisInstructionAttributes a)
{
    return a & ZYDIS_ATTRIB_HAS_SEGMENT_ES   ? X86_ES
           : a & ZYDIS_ATTRIB_HAS_SEGMENT_CS ? X86_CS
           : a & ZYDIS_ATTRIB_HAS_SEGMENT_SS ? X86_SS
           : a & ZYDIS_ATTRIB_HAS_SEGMENT_FS ? X86_FS
           : a & ZYDIS_ATTRIB_HAS_SEGMENT_GS ? X86_GS
                                             : X86_DS;
}

static void fill_flags(const struct work *w, struct x86_insn *i)
{
    const ZydisInstructionAttributes a = w->in.attributes;

    unsigned flags = 0;

    flags |= a & ZYDIS_ATTRIB_HAS_LOCK ? X86_IF_LOCK : 0u;
    flags |= a & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE) ? X86_IF_REP : 0u;
    flags |= a & ZYDIS_ATTRIB_HAS_REPNE ? X86_IF_REPNE : 0u;
    flags |= a & ZYDIS_ATTRIB_HAS_REX ? X86_IF_REX : 0u;
    flags |= w->in.address_width == 16 ? X86_IF_ADDR16 : 0u;
    flags |= w->in.address_width == 32 ? X86_IF_ADDR32 : 0u;
    i->flags = (uint8_t)flags;
}

/* Where the registers of operands 0, 1, 2 go. */
static uint8_t *register_place(struct x86_insn *i, unsigned form, unsigned k)
{
    if (form == X86_FORM_R_R_RM)
        return k == 0 ? &i->dst : k == 1 ? &i->src2 : &i->src;
    return k == 0 ? &i->dst : k == 1 ? &i->src : &i->src2;
}

static void fill_immediate(const ZydisDecodedOperand *o, struct x86_insn *i, bool *second)
{
    const uint64_t v = o->imm.is_signed ? (uint64_t)o->imm.value.s : o->imm.value.u;

    if (o->imm.is_relative)
        i->imm = v + i->off + i->len;
    else if (*second)
        i->imm2 = v;
    else
        i->imm = v;
    *second = true;
}

static void fill_operands(const struct x86_cpu *cpu, const struct work *w, unsigned form,
                          struct x86_insn *i)
{
    bool second = false;

    for (unsigned k = 0; k < w->n_op && k < 4; k++) {
        const ZydisDecodedOperand *o = &w->op[k];
        const uint32_t kind = w->kind[k];

        if (kind & (K_MEM | K_MOFFS)) {
            fill_memory(cpu, w, o, i);
        } else if (kind & (K_IMM | K_ONE | K_REL)) {
            fill_immediate(o, i, &second);
        } else if (kind == K_PTR) {
            i->imm = o->ptr.offset;
            i->imm2 = o->ptr.segment;
        } else if (kind == K_SREG) {
            *register_place(i, form, k) = segment_number(o->reg.value);
        } else if (kind & (K_CR | K_DR)) {
            i->src2 = (uint8_t)ZydisRegisterGetId(o->reg.value);
        } else if (kind == K_DX && form == X86_FORM_IO) {
            i->src2 = 1;
        } else if (kind == K_ST && form == X86_FORM_ST) {
            i->src = (uint8_t)ZydisRegisterGetId(o->reg.value);
        } else if (kind & (K_GPR | K_V | K_ST | K_ST0)) {
            *register_place(i, form, k) = register_number(o->reg.value);
        }
    }
}

/* MASKMOVQ, MASKMOVDQU: the destination is not an operand that decoding shows. */
static void fill_masked_move(const struct x86_cpu *cpu, const struct work *w, struct x86_insn *i)
{
    i->base = X86_RDI;
    i->seg = source_segment(w->in.attributes);
    if (cpu->mode != X86_MODE_64 || w->in.address_width != 64)
        i->flags |= X86_IF_EA_SLOW;
    for (unsigned k = 0, at = 0; k < w->n_op && k < 4; k++)
        if (w->kind[k] != K_OTHER)
            *register_place(i, X86_FORM_NONE, at++) = register_number(w->op[k].reg.value);
}

/* Faults of the stack pointer's own accesses are #SS. */
static bool implies_stack(ZydisMnemonic m)
{
    switch ((int)m) {
    case ZYDIS_MNEMONIC_PUSH: case ZYDIS_MNEMONIC_POP:
    case ZYDIS_MNEMONIC_CALL: case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_PUSHA: case ZYDIS_MNEMONIC_PUSHAD:
    case ZYDIS_MNEMONIC_POPA: case ZYDIS_MNEMONIC_POPAD:
    case ZYDIS_MNEMONIC_PUSHF: case ZYDIS_MNEMONIC_PUSHFD: case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_POPF: case ZYDIS_MNEMONIC_POPFD: case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_ENTER: case ZYDIS_MNEMONIC_LEAVE: return true;
    default: return false;
    }
}

/* ---- rules ---- */

static x86_exec_fn *privilege_refusal(const struct x86_cpu *cpu, const struct x86_op *op)
{
    const bool is64 = cpu->mode == X86_MODE_64;

    if ((op->flags & X86_OP_NO64 && is64) || (op->flags & X86_OP_ONLY64 && !is64))
        return exec_ud;
    if (op->flags & X86_OP_PROTECTED && (cpu->mode == X86_MODE_REAL || cpu->mode == X86_MODE_V86))
        return exec_ud;
    if (op->flags & X86_OP_CPL0 && cpu->cpl != 0)
        return exec_gp;
    return NULL;
}

/* Nothing within a block changes what a gate looks at: one of a kind will do. */
static void append_gate(const struct x86_op *op, const struct x86_insn *i, struct x86_decoded *out)
{
    const unsigned kind = op->flags & (X86_OP_SSE | X86_OP_MMX | X86_OP_X87);

    if (!kind || (out->gates & kind))
        return;
    out->gates |= kind;
    out->insn[out->n_insns] = *i;
    out->insn[out->n_insns++].fn = kind & X86_OP_SSE   ? x86_sse_gate
                                   : kind & X86_OP_MMX ? x86_mmx_gate
                                                       : x86_x87_gate;
}

/* In guest mode: asks the hypervisor's intercepts before the instruction does anything. */
static void append_svm_gate(const struct x86_op *op, const struct x86_insn *i,
                            struct x86_decoded *out)
{
    const struct x86_svm_gate *gate = x86_svm_gate_for(op);

    if (!gate)
        return;
    out->insn[out->n_insns] = *i;
    out->insn[out->n_insns].imm2 = gate->code;
    out->insn[out->n_insns++].fn = gate->fn;
}

static enum x86_decode_result append(struct x86_decoded *out, const struct x86_insn *i, bool end)
{
    out->insn[out->n_insns++] = *i;
    out->n++;
    out->bytes += i->len;
    return end ? X86_DECODE_END : X86_DECODE_MORE;
}

static void start_insn(struct x86_insn *i, unsigned off, unsigned len)
{
    *i = (struct x86_insn){.fn = exec_ud, .base = X86_RZERO, .index = X86_RZERO, .seg = X86_DS,
                           .off = (uint16_t)off, .len = (uint8_t)len, .op = NO_ROW};
}

static void trace_unknown(const struct x86_cpu *cpu, const uint8_t *bytes, unsigned n)
{
    char line[80];
    int at;

    if (!cpu->ops->trace_on || !cpu->ops->trace)
        return;
    at = snprintf(line, sizeof(line), "no such instruction:");
    for (unsigned k = 0; k < n && k < 15; k++)
        at += snprintf(line + at, sizeof(line) - (size_t)at, " %02x", bytes[k]);
    cpu->ops->trace(cpu->ctx, line);
}

/* REP strings count their iterations against what is left of the budget: nothing may follow them. */
static bool ends_block(const struct x86_op *op, const struct x86_insn *i)
{
    return op->flags & X86_OP_END ||
           (op->form == X86_FORM_STRING && i->flags & (X86_IF_REP | X86_IF_REPNE));
}

static enum x86_decode_result append_known(const struct x86_decoder *d, const struct x86_cpu *cpu,
                                           struct work *w, const uint8_t *bytes,
                                           struct x86_decoded *out)
{
    struct x86_insn i;
    const struct x86_op *op;
    x86_exec_fn *refusal;

    start_insn(&i, out->bytes, w->in.length);
    classify(w);
    i.width = (uint8_t)width_of(w);
    op = find_row(d, w, i.width, &i.op);
    if (!op) {
        trace_unknown(cpu, bytes, w->in.length);
        return append(out, &i, true);
    }
    if (!d->feature[op->feature])
        return append(out, &i, true);
    refusal = privilege_refusal(cpu, op);
    if (refusal) {
        i.fn = refusal;
        return append(out, &i, true);
    }
    fill_flags(w, &i);
    if (!w->memory && implies_stack(w->in.mnemonic))
        i.flags |= X86_IF_STACK;
    if (op->form == X86_FORM_STRING) {
        i.seg = source_segment(w->in.attributes);
        i.width = (uint8_t)(w->in.operand_width / 8u);
        i.fn = op->reg[width_index(op, i.width)];
    } else {
        fill_operands(cpu, w, op->form, &i);
        if (op->form == X86_FORM_R_R_DI)
            fill_masked_move(cpu, w, &i);
        if (op->flags & X86_OP_SSE)
            i.src2 = (uint8_t)(w->in.operand_width / 8u);
        if (op->flags & X86_OP_X87)
            i.imm2 = (uint64_t)(w->in.opcode & 7) << 8 | (uint64_t)w->in.raw.modrm.mod << 6 |
                     (uint64_t)w->in.raw.modrm.reg << 3 | w->in.raw.modrm.rm;
        i.fn = handler_of(op, w, i.width);
    }
    if (cpu->svm.guest)
        append_svm_gate(op, &i, out);
    append_gate(op, &i, out);
    return append(out, &i, ends_block(op, &i));
}

enum x86_decode_result x86_decode(const struct x86_decoder *d, const struct x86_cpu *cpu,
                                  const uint8_t *bytes, unsigned n, struct x86_decoded *out)
{
    struct work w;
    ZydisDecoderContext context;
    const ZydisDecoder *z = &d->zydis[cpu->mode];
    struct x86_insn i;
    const ZyanStatus s = ZydisDecoderDecodeInstruction(z, &context, bytes, n, &w.in);

    if (ZYAN_SUCCESS(s) &&
        ZYAN_SUCCESS(ZydisDecoderDecodeOperands(z, &context, &w.in, w.op,
                                                w.in.operand_count_visible)))
        return append_known(d, cpu, &w, bytes, out);
    if (s == ZYDIS_STATUS_INSTRUCTION_TOO_LONG || (s == ZYDIS_STATUS_NO_MORE_DATA && n >= 15))
        return X86_DECODE_LONG;
    if (s == ZYDIS_STATUS_NO_MORE_DATA)
        return X86_DECODE_SHORT;
    start_insn(&i, out->bytes, n < 15 ? n : 15); /* all that was looked at: the block's bytes */
    trace_unknown(cpu, bytes, n);
    return append(out, &i, true);
}
