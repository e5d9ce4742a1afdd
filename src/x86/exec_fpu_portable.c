/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that are not x86-64: SIMD and x87 arithmetic is not built there yet, and
 * raises #UD (decode.c traces it).  Control and state instructions
 * (exec_xsave.c, exec_x87_env.c) are plain C and work everywhere.
 */
#include "x86/fpu.h"

#if !X86_HOST_FPU

const struct x86_op_table x86_ops_sse_move = {NULL, 0};
const struct x86_op_table x86_ops_sse_int = {NULL, 0};
const struct x86_op_table x86_ops_sse_imm = {NULL, 0};
const struct x86_op_table x86_ops_sse_float = {NULL, 0};
const struct x86_op_table x86_ops_sse_text = {NULL, 0};
const struct x86_op_table x86_ops_mmx = {NULL, 0};
const struct x86_op_table x86_ops_x87 = {NULL, 0};
const struct x86_op_table x86_ops_x87_move = {NULL, 0};

#endif
