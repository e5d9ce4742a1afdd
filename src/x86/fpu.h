/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point and SIMD, for neighbours in this room.
 *
 * MXCSR.  While x86_run is active on an x86-64 host, the host's MXCSR holds the
 * guest's rounding and denormal control with every exception masked, and its
 * sticky flags collect those of the guest's instructions: so ordinary SSE
 * arithmetic costs no LDMXCSR.  cpu->mxcsr has the control bits and the flags
 * up to the last x86_fp_sync.  Rules:
 *   - x86_run brackets execution by x86_fp_enter and x86_fp_leave (a fault's
 *     longjmp stays within the bracket);
 *   - callbacks that may compute in floating point (device models) are called
 *     between x86_fp_leave and x86_fp_enter;
 *   - whoever reads cpu->mxcsr within the bracket calls x86_fp_sync first;
 *     whoever writes it calls x86_fp_load afterwards.
 * Elsewhere these do nothing.
 */
#ifndef X86_FPU_H
#define X86_FPU_H

#include "x86/insn.h"

/* All XMM, MXCSR and x87 instructions use the host's (exec_sse*.c, exec_x87*.c) or portable C. */
#if defined(__x86_64__) && !defined(CBIT_PORTABLE_FPU)
#define X86_HOST_FPU 1
#else
#define X86_HOST_FPU 0
#endif

/* Can the handlers of this feature (x86/cpuid.h) run on this host?  CPUID asks before it offers. */
bool x86_fpu_offers(unsigned feature);

/* Pseudo-instructions that decode puts in front of the guarded one, with its off and
   index_in_block: #UD or #NM as CR0 and CR4 demand, else on to i + 1. */
void x86_sse_gate(struct x86_cpu *cpu, const struct x86_insn *i);
void x86_mmx_gate(struct x86_cpu *cpu, const struct x86_insn *i);
void x86_x87_gate(struct x86_cpu *cpu, const struct x86_insn *i);

enum {
    X86_MXCSR_FLAGS = 0x003f, /* IE DE ZE OE UE PE */
    X86_MXCSR_DAZ = 0x0040,
    X86_MXCSR_MASKS = 0x1f80,
    X86_MXCSR_UM = 0x0800,
    X86_MXCSR_RC = 0x6000,
    X86_MXCSR_FZ = 0x8000,
    X86_MXCSR_WRITABLE = 0xffff, /* no misaligned mode: MXCSR_MASK in FXSAVE's image */
    X86_MXCSR_RESET = 0x1f80
};

/* FSW, FCW */
enum {
    X86_FSW_IE = 0x01, X86_FSW_DE = 0x02, X86_FSW_ZE = 0x04, X86_FSW_OE = 0x08, X86_FSW_UE = 0x10,
    X86_FSW_PE = 0x20, X86_FSW_SF = 0x40, X86_FSW_ES = 0x80, X86_FSW_C0 = 0x100,
    X86_FSW_C1 = 0x200, X86_FSW_C2 = 0x400, X86_FSW_TOP = 0x3800, X86_FSW_C3 = 0x4000,
    X86_FSW_B = 0x8000,
    X86_FSW_EXCEPTIONS = 0x3f,
    X86_FCW_INIT = 0x37f, X86_FCW_RESET = 0x40
};

#if X86_HOST_FPU
#include <xmmintrin.h>

/* The guest's control for the host: all masked, no flags.  FTZ only works with UM masked. */
static inline uint32_t x86_fp_host_control(uint32_t mxcsr)
{
    if (!(mxcsr & X86_MXCSR_UM))
        mxcsr &= ~(uint32_t)X86_MXCSR_FZ;
    return (mxcsr & (X86_MXCSR_DAZ | X86_MXCSR_RC | X86_MXCSR_FZ)) | X86_MXCSR_MASKS;
}

static inline void x86_fp_load(struct x86_cpu *cpu)
{
    _mm_setcsr(x86_fp_host_control(cpu->mxcsr));
}

static inline void x86_fp_sync(struct x86_cpu *cpu)
{
    cpu->mxcsr |= _mm_getcsr() & X86_MXCSR_FLAGS;
}

/*
 * The host's x87 flags are always some of the guest's, so that they need not be
 * cleared before each operation: call this whenever guest flags may have gone.
 */
static inline void x86_fpu_host_clear(void)
{
    __asm__ volatile("fnclex");
}

static inline void x86_fp_enter(struct x86_cpu *cpu)
{
    x86_fp_load(cpu);
    x86_fpu_host_clear();
}

static inline void x86_fp_leave(struct x86_cpu *cpu)
{
    x86_fp_sync(cpu);
    _mm_setcsr(X86_MXCSR_RESET);
}
#else
static inline void x86_fpu_host_clear(void) {}
static inline void x86_fp_load(struct x86_cpu *cpu) { (void)cpu; }
static inline void x86_fp_sync(struct x86_cpu *cpu) { (void)cpu; }
static inline void x86_fp_enter(struct x86_cpu *cpu) { (void)cpu; }
static inline void x86_fp_leave(struct x86_cpu *cpu) { (void)cpu; }
#endif

/* Full tag word (2 bits per register) from the registers' contents, and the way back. */
uint16_t x86_fpu_tag_word(const struct x86_fpu *fpu);
uint8_t x86_fpu_abridge(uint16_t tag_word);

/* ES and B follow from flags and masks; for whoever loads CW or SW (calls x86_fpu_host_clear). */
void x86_fpu_update_es(struct x86_fpu *fpu);

#endif
