/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole-state instructions of x87 and SSE: FXSAVE, FXRSTOR, the XSAVE family
 * for components 0 and 1, LDMXCSR, STMXCSR; reset; the gates of x86/fpu.h.
 *
 * Memory images are built and taken apart in a host buffer, so that nothing
 * changes before the last fault.  FOP, FIP and FDP are always saved and restored,
 * as CPUID says (XSaveErPtr); older AMD processors did so only while an unmasked
 * x87 exception was pending.
 *
 * Manual: APM vol. 1 ch. 4 and 6, vol. 2 "SSE, MMX, and x87 State", vol. 4/5.
 * FNSAVE and FNSTENV: exec_x87_env.c.
 */
#include <Zydis/Zydis.h>

#include "x86/cpuid.h"
#include "x86/fpu.h"
#include "x86/mem.h"
#include "x86/sys.h"

enum {
    IMAGE_FCW = 0, IMAGE_FSW = 2, IMAGE_FTW = 4, IMAGE_FOP = 6, IMAGE_FIP = 8, IMAGE_CS = 12,
    IMAGE_FDP = 16, IMAGE_DS = 20, IMAGE_MXCSR = 24, IMAGE_MXCSR_MASK = 28, IMAGE_ST = 32,
    IMAGE_XMM = 160, IMAGE_LEGACY = 512, IMAGE_HEADER = 512, IMAGE_LEN = 576
};

enum { XSTATE_X87 = 1, XSTATE_SSE = 2, XSTATE_OURS = 3 };
/* Handlers end in a jump and so have no buffers of their own. */
#define OUT_OF_LINE __attribute__((noinline))

#define XCOMP_COMPACT CB_BIT(63)

/* ---- gates ---- */

void x86_sse_gate(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if ((cpu->cr0 & X86_CR0_EM) || !(cpu->cr4 & X86_CR4_OSFXSR))
        x86_fault(cpu, i, X86_UD);
    if (cpu->cr0 & X86_CR0_TS)
        x86_fault(cpu, i, X86_NM);
    X86_NEXT(cpu, i);
}

void x86_mmx_gate(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->cr0 & X86_CR0_EM)
        x86_fault(cpu, i, X86_UD);
    if (cpu->cr0 & X86_CR0_TS)
        x86_fault(cpu, i, X86_NM);
    X86_NEXT(cpu, i);
}

void x86_x87_gate(struct x86_cpu *cpu, const struct x86_insn *i)
{
    if (cpu->cr0 & (X86_CR0_EM | X86_CR0_TS))
        x86_fault(cpu, i, X86_NM);
    X86_NEXT(cpu, i);
}

/* ---- state ---- */

void x86_fpu_reset(struct x86_cpu *cpu)
{
    memset(&cpu->fpu, 0, sizeof(cpu->fpu));
    cpu->fpu.cw = X86_FCW_RESET;
    cpu->fpu.tag_valid = 0xff; /* tag word 5555h: eight zeros */
    memset(cpu->xmm, 0, sizeof(cpu->xmm));
    cpu->mxcsr = X86_MXCSR_RESET;
}

void x86_fpu_update_es(struct x86_fpu *fpu)
{
    x86_fpu_host_clear();
    if (fpu->sw & ~fpu->cw & X86_FSW_EXCEPTIONS)
        fpu->sw |= X86_FSW_ES | X86_FSW_B;
    else
        fpu->sw &= (uint16_t) ~(X86_FSW_ES | X86_FSW_B);
}

static unsigned tag_of(const struct x86_st *st)
{
    const unsigned exponent = st->se & 0x7fff;

    if (exponent == 0 && st->mant == 0)
        return 1;
    return exponent == 0 || exponent == 0x7fff || !(st->mant >> 63) ? 2 : 0;
}

uint16_t x86_fpu_tag_word(const struct x86_fpu *fpu)
{
    unsigned word = 0;

    for (unsigned n = 0; n < 8; n++)
        word |= (fpu->tag_valid >> n & 1 ? tag_of(&fpu->fpr[n]) : 3) << 2 * n;
    return (uint16_t)word;
}

uint8_t x86_fpu_abridge(uint16_t tag_word)
{
    unsigned valid = 0;

    for (unsigned n = 0; n < 8; n++)
        valid |= (unsigned)((tag_word >> 2 * n & 3) != 3) << n;
    return (uint8_t)valid;
}

static unsigned xmm_count(const struct x86_cpu *cpu)
{
    return cpu->mode == X86_MODE_64 ? 16 : 8;
}

static struct x86_st *image_st(struct x86_fpu *fpu, unsigned i)
{
    return &fpu->fpr[((fpu->sw >> 11) + i) & 7];
}

/* ---- images ---- */

static void put_pointers(const struct x86_fpu *fpu, uint8_t *image, bool wide)
{
    cb_store_le16(image + IMAGE_FOP, fpu->op);
    if (wide) {
        cb_store_le64(image + IMAGE_FIP, fpu->ip);
        cb_store_le64(image + IMAGE_FDP, fpu->dp);
        return;
    }
    cb_store_le32(image + IMAGE_FIP, (uint32_t)fpu->ip);
    cb_store_le32(image + IMAGE_CS, fpu->cs);
    cb_store_le32(image + IMAGE_FDP, (uint32_t)fpu->dp);
    cb_store_le32(image + IMAGE_DS, fpu->ds);
}

static void put_x87(struct x86_cpu *cpu, uint8_t *image, bool wide)
{
    struct x86_fpu *fpu = &cpu->fpu;

    cb_store_le16(image + IMAGE_FCW, fpu->cw);
    cb_store_le16(image + IMAGE_FSW, fpu->sw);
    cb_store_le16(image + IMAGE_FTW, fpu->tag_valid);
    put_pointers(fpu, image, wide);
    memset(image + IMAGE_ST, 0, 128);
    for (unsigned n = 0; n < 8; n++) {
        cb_store_le64(image + IMAGE_ST + 16 * n, image_st(fpu, n)->mant);
        cb_store_le16(image + IMAGE_ST + 16 * n + 8, image_st(fpu, n)->se);
    }
}

static void put_mxcsr(struct x86_cpu *cpu, uint8_t *image)
{
    x86_fp_sync(cpu);
    cb_store_le32(image + IMAGE_MXCSR, cpu->mxcsr);
    cb_store_le32(image + IMAGE_MXCSR_MASK, X86_MXCSR_WRITABLE);
}

static void get_pointers(struct x86_fpu *fpu, const uint8_t *image, bool wide)
{
    fpu->op = cb_load_le16(image + IMAGE_FOP) & 0x7ff;
    fpu->ip = cb_load_le64(image + IMAGE_FIP);
    fpu->dp = cb_load_le64(image + IMAGE_FDP);
    if (wide) {
        fpu->cs = fpu->ds = 0;
        return;
    }
    fpu->cs = (uint16_t)(fpu->ip >> 32);
    fpu->ds = (uint16_t)(fpu->dp >> 32);
    fpu->ip = (uint32_t)fpu->ip;
    fpu->dp = (uint32_t)fpu->dp;
}

static void get_x87(struct x86_cpu *cpu, const uint8_t *image, bool wide)
{
    struct x86_fpu *fpu = &cpu->fpu;

    fpu->cw = (uint16_t)((cb_load_le16(image + IMAGE_FCW) & 0x1f7f) | 0x40);
    fpu->sw = cb_load_le16(image + IMAGE_FSW);
    fpu->tag_valid = image[IMAGE_FTW];
    x86_fpu_update_es(fpu);
    get_pointers(fpu, image, wide);
    for (unsigned n = 0; n < 8; n++) {
        image_st(fpu, n)->mant = cb_load_le64(image + IMAGE_ST + 16 * n);
        image_st(fpu, n)->se = cb_load_le16(image + IMAGE_ST + 16 * n + 8);
    }
}

static void init_x87(struct x86_cpu *cpu)
{
    memset(&cpu->fpu, 0, sizeof(cpu->fpu));
    cpu->fpu.cw = X86_FCW_INIT;
    x86_fpu_host_clear();
}

static void set_mxcsr(struct x86_cpu *cpu, uint32_t value)
{
    cpu->mxcsr = value;
    x86_fp_load(cpu);
}

static uint32_t checked_mxcsr(struct x86_cpu *cpu, const struct x86_insn *i, uint32_t value)
{
    if (value & ~(uint32_t)X86_MXCSR_WRITABLE)
        x86_gp0(cpu, i);
    return value;
}

/* ---- FXSAVE, FXRSTOR ---- */

/* All 512 bytes must be accessible, whatever is transferred; the last one is looked at first. */
static uint64_t fx_address(struct x86_cpu *cpu, const struct x86_insn *i, bool write)
{
    uint64_t at;

    if (cpu->cr0 & (X86_CR0_EM | X86_CR0_TS))
        x86_fault(cpu, i, X86_NM);
    at = x86_ea(cpu, i);
    if ((at & 15) && (cpu->mode != X86_MODE_64 || x86_canonical(at)))
        x86_gp0(cpu, i);
    x86_probe(cpu, i, at + IMAGE_LEGACY - 1, 1, write);
    x86_probe(cpu, i, at, 1, write);
    return at;
}

/* EFER.FFXSR leaves the XMM registers out, for the kernel in 64-bit mode. */
static size_t fx_length(const struct x86_cpu *cpu)
{
    if ((cpu->efer & X86_EFER_FFXSR) && cpu->mode == X86_MODE_64 && cpu->cpl == 0)
        return IMAGE_XMM;
    return IMAGE_XMM + 16 * xmm_count(cpu);
}

static OUT_OF_LINE void fxsave(struct x86_cpu *cpu, const struct x86_insn *i, bool wide)
{
    const uint64_t at = fx_address(cpu, i, true);
    uint8_t image[IMAGE_LEGACY];

    put_x87(cpu, image, wide);
    put_mxcsr(cpu, image);
    memcpy(image + IMAGE_XMM, cpu->xmm, sizeof(cpu->xmm));
    x86_write_bytes(cpu, i, at, image, fx_length(cpu));
}

static OUT_OF_LINE void fxrstor(struct x86_cpu *cpu, const struct x86_insn *i, bool wide)
{
    const uint64_t at = fx_address(cpu, i, false);
    const size_t len = fx_length(cpu);
    uint8_t image[IMAGE_LEGACY];

    x86_probe(cpu, i, at, IMAGE_LEGACY, false); /* also what is not loaded */
    x86_read_bytes(cpu, i, at, image, len);
    checked_mxcsr(cpu, i, cb_load_le32(image + IMAGE_MXCSR));
    get_x87(cpu, image, wide);
    set_mxcsr(cpu, cb_load_le32(image + IMAGE_MXCSR));
    memcpy(cpu->xmm, image + IMAGE_XMM, len - IMAGE_XMM);
}

static void exec_fxsave(struct x86_cpu *cpu, const struct x86_insn *i)
{
    fxsave(cpu, i, false);
    X86_NEXT(cpu, i);
}

static void exec_fxsave64(struct x86_cpu *cpu, const struct x86_insn *i)
{
    fxsave(cpu, i, true);
    X86_NEXT(cpu, i);
}

static void exec_fxrstor(struct x86_cpu *cpu, const struct x86_insn *i)
{
    fxrstor(cpu, i, false);
    X86_NEXT(cpu, i);
}

static void exec_fxrstor64(struct x86_cpu *cpu, const struct x86_insn *i)
{
    fxrstor(cpu, i, true);
    X86_NEXT(cpu, i);
}

/* ---- MXCSR ---- */

static void exec_ldmxcsr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    const uint32_t value = x86_read32(cpu, i, x86_ea(cpu, i));

    set_mxcsr(cpu, checked_mxcsr(cpu, i, value));
    X86_NEXT(cpu, i);
}

static void exec_stmxcsr(struct x86_cpu *cpu, const struct x86_insn *i)
{
    x86_fp_sync(cpu);
    x86_write32(cpu, i, x86_ea(cpu, i), cpu->mxcsr);
    X86_NEXT(cpu, i);
}

/* ---- XSAVE, XSAVEOPT, XSAVEC, XRSTOR ---- */

static uint64_t xsave_address(struct x86_cpu *cpu, const struct x86_insn *i)
{
    uint64_t at;

    if (!(cpu->cr4 & X86_CR4_OSXSAVE))
        x86_fault(cpu, i, X86_UD);
    if (cpu->cr0 & X86_CR0_TS)
        x86_fault(cpu, i, X86_NM);
    at = x86_ea(cpu, i);
    if (at & 63)
        x86_gp0(cpu, i);
    return at;
}

static uint64_t requested(const struct x86_cpu *cpu)
{
    const uint64_t mask = cpu->r[X86_RDX] << 32 | (uint32_t)cpu->r[X86_RAX];

    return mask & cpu->msr.xcr0 & XSTATE_OURS;
}

static bool x87_is_initial(const struct x86_fpu *fpu)
{
    if (fpu->cw != X86_FCW_INIT || fpu->sw || fpu->tag_valid || fpu->op || fpu->ip || fpu->dp)
        return false;
    for (unsigned n = 0; n < 8; n++)
        if (fpu->fpr[n].mant || fpu->fpr[n].se)
            return false;
    return true;
}

static uint64_t in_use(const struct x86_cpu *cpu)
{
    uint64_t used = 0;

    if (!x87_is_initial(&cpu->fpu))
        used |= XSTATE_X87;
    if (!cb_all_zero(cpu->xmm, 16 * xmm_count(cpu)))
        used |= XSTATE_SSE;
    return used;
}

/* The parts of the legacy image that `parts` selects; MXCSR goes with SSE. */
static void write_parts(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t at, uint64_t parts,
                        bool mxcsr, bool wide)
{
    uint8_t image[IMAGE_LEGACY];

    if (parts & XSTATE_X87) {
        put_x87(cpu, image, wide);
        x86_write_bytes(cpu, i, at, image, IMAGE_MXCSR);
        x86_write_bytes(cpu, i, at + IMAGE_ST, image + IMAGE_ST, 128);
    }
    if (mxcsr) {
        put_mxcsr(cpu, image);
        x86_write_bytes(cpu, i, at + IMAGE_MXCSR, image + IMAGE_MXCSR, 8);
    }
    if (parts & XSTATE_SSE)
        x86_write_bytes(cpu, i, at + IMAGE_XMM, cpu->xmm, 16 * xmm_count(cpu));
}

static OUT_OF_LINE void xsave(struct x86_cpu *cpu, const struct x86_insn *i, bool skip_initial,
                              bool wide)
{
    const uint64_t at = xsave_address(cpu, i);
    const uint64_t wanted = requested(cpu), used = in_use(cpu);
    uint8_t bv[8];

    x86_probe(cpu, i, at, IMAGE_LEN, true);
    x86_read_bytes(cpu, i, at + IMAGE_HEADER, bv, 8);
    write_parts(cpu, i, at, skip_initial ? wanted & used : wanted, wanted & XSTATE_SSE,
                wide);
    cb_store_le64(bv, (cb_load_le64(bv) & ~wanted) | (wanted & used));
    x86_write_bytes(cpu, i, at + IMAGE_HEADER, bv, 8);
}

static OUT_OF_LINE void xsavec(struct x86_cpu *cpu, const struct x86_insn *i, bool wide)
{
    const uint64_t at = xsave_address(cpu, i);
    const uint64_t wanted = requested(cpu);
    uint64_t used;
    uint8_t header[16];

    x86_fp_sync(cpu);
    used = in_use(cpu) | (cpu->mxcsr != X86_MXCSR_RESET ? XSTATE_SSE : 0);
    x86_probe(cpu, i, at, IMAGE_LEN, true);
    write_parts(cpu, i, at, wanted & used, wanted & used & XSTATE_SSE, wide);
    cb_store_le64(header, wanted & used);
    cb_store_le64(header + 8, wanted | XCOMP_COMPACT);
    x86_write_bytes(cpu, i, at + IMAGE_HEADER, header, 16);
}

/* The header's rules: false is #GP(0). */
static bool header_ok(const struct x86_cpu *cpu, const uint8_t header[64])
{
    const uint64_t bv = cb_load_le64(header), comp = cb_load_le64(header + 8);
    const uint64_t parts = comp & ~XCOMP_COMPACT;

    if (!(comp & XCOMP_COMPACT))
        return !(bv & ~cpu->msr.xcr0) && cb_all_zero(header + 8, 16);
    return x86_has(cpu, X86_FEAT_XSAVEC) && !(parts & ~cpu->msr.xcr0) && !(bv & ~parts) &&
           cb_all_zero(header + 16, 48);
}

static OUT_OF_LINE void xrstor(struct x86_cpu *cpu, const struct x86_insn *i, bool wide)
{
    const uint64_t at = xsave_address(cpu, i);
    const uint64_t wanted = requested(cpu);
    uint8_t image[IMAGE_LEN];
    uint64_t bv;
    bool compact, load_mxcsr;

    x86_read_bytes(cpu, i, at, image, IMAGE_LEN);
    if (!header_ok(cpu, image + IMAGE_HEADER))
        x86_gp0(cpu, i);
    bv = cb_load_le64(image + IMAGE_HEADER);
    compact = image[IMAGE_HEADER + 15] >> 7;
    load_mxcsr = (wanted & XSTATE_SSE) && (!compact || (bv & XSTATE_SSE));
    if (load_mxcsr)
        checked_mxcsr(cpu, i, cb_load_le32(image + IMAGE_MXCSR));

    if (wanted & bv & XSTATE_X87)
        get_x87(cpu, image, wide);
    else if (wanted & XSTATE_X87)
        init_x87(cpu);
    if (!(wanted & XSTATE_SSE))
        return;
    set_mxcsr(cpu, load_mxcsr ? cb_load_le32(image + IMAGE_MXCSR) : X86_MXCSR_RESET);
    if (bv & XSTATE_SSE)
        memcpy(cpu->xmm, image + IMAGE_XMM, 16 * xmm_count(cpu));
    else
        memset(cpu->xmm, 0, 16 * xmm_count(cpu));
}

#define XSAVE_HANDLER(name, call)                                                                  \
    static void name(struct x86_cpu *cpu, const struct x86_insn *i)                                \
    {                                                                                              \
        call;                                                                                      \
        X86_NEXT(cpu, i);                                                                          \
    }

XSAVE_HANDLER(exec_xsave, xsave(cpu, i, false, false))
XSAVE_HANDLER(exec_xsave64, xsave(cpu, i, false, true))
XSAVE_HANDLER(exec_xsaveopt, xsave(cpu, i, true, false))
XSAVE_HANDLER(exec_xsaveopt64, xsave(cpu, i, true, true))
XSAVE_HANDLER(exec_xsavec, xsavec(cpu, i, false))
XSAVE_HANDLER(exec_xsavec64, xsavec(cpu, i, true))
XSAVE_HANDLER(exec_xrstor, xrstor(cpu, i, false))
XSAVE_HANDLER(exec_xrstor64, xrstor(cpu, i, true))

#define ROW(name, feat, op_flags, fn)                                                              \
    {.mnemonic = ZYDIS_MNEMONIC_##name, .form = X86_FORM_M, .feature = X86_FEAT_##feat,            \
     .flags = (op_flags), .mem = {fn}}

static const struct x86_op rows[] = {
    ROW(FXSAVE, NONE, 0, exec_fxsave),
    ROW(FXSAVE64, NONE, 0, exec_fxsave64),
    ROW(FXRSTOR, NONE, 0, exec_fxrstor),
    ROW(FXRSTOR64, NONE, 0, exec_fxrstor64),
    ROW(LDMXCSR, NONE, X86_OP_SSE, exec_ldmxcsr),
    ROW(STMXCSR, NONE, X86_OP_SSE, exec_stmxcsr),
    ROW(XSAVE, XSAVE, 0, exec_xsave),
    ROW(XSAVE64, XSAVE, 0, exec_xsave64),
    ROW(XSAVEOPT, XSAVEOPT, 0, exec_xsaveopt),
    ROW(XSAVEOPT64, XSAVEOPT, 0, exec_xsaveopt64),
    ROW(XSAVEC, XSAVEC, 0, exec_xsavec),
    ROW(XSAVEC64, XSAVEC, 0, exec_xsavec64),
    ROW(XRSTOR, XSAVE, 0, exec_xrstor),
    ROW(XRSTOR64, XSAVE, 0, exec_xrstor64),
};

const struct x86_op_table x86_ops_fpstate = {rows, CB_ARRAY_LEN(rows)};
