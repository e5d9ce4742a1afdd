/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host contributes to SIMD and x87: on x86-64 its own instructions, as
 * far as it has them.  Elsewhere SSE and SSE2 are plain C (exec_sse_portable.c),
 * as are control and state instructions (exec_xsave.c, exec_x87_env.c); MMX and
 * x87 arithmetic are not built yet and raise #UD (decode.c traces it).
 */
#include "x86/cpuid.h"
#include "x86/fpu.h"

#if X86_HOST_FPU
#include <cpuid.h>

enum { LEAF7_EBX_SHA = 1 << 29 };

static bool host_has_sha(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & LEAF7_EBX_SHA);
}

bool x86_fpu_offers(unsigned feature)
{
    switch (feature) {
    case X86_FEAT_SSE3: return __builtin_cpu_supports("sse3");
    case X86_FEAT_SSSE3: return __builtin_cpu_supports("ssse3");
    case X86_FEAT_SSE41: return __builtin_cpu_supports("sse4.1");
    case X86_FEAT_SSE42: return __builtin_cpu_supports("sse4.2");
    case X86_FEAT_AES: return __builtin_cpu_supports("aes");
    case X86_FEAT_PCLMUL: return __builtin_cpu_supports("pclmul");
    case X86_FEAT_SHA: return host_has_sha();
    default: return true; /* SSE4a is plain C, and the rest is not SIMD */
    }
}

#else

bool x86_fpu_offers(unsigned feature)
{
    switch (feature) {
    case X86_FEAT_SSE3: case X86_FEAT_SSSE3: case X86_FEAT_SSE41: case X86_FEAT_SSE42:
    case X86_FEAT_SSE4A: case X86_FEAT_AES: case X86_FEAT_PCLMUL: case X86_FEAT_SHA:
        return false;
    default:
        return true;
    }
}

const struct x86_op_table x86_ops_sse_move = {NULL, 0};
const struct x86_op_table x86_ops_sse_imm = {NULL, 0};
const struct x86_op_table x86_ops_sse_float = {NULL, 0};
const struct x86_op_table x86_ops_sse_text = {NULL, 0};
const struct x86_op_table x86_ops_mmx = {NULL, 0};
const struct x86_op_table x86_ops_x87 = {NULL, 0};
const struct x86_op_table x86_ops_x87_move = {NULL, 0};

#endif
