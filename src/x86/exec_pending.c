/* SPDX-License-Identifier: Apache-2.0 */
/* Tables whose files do not exist yet: each family removes its line here. */
#include "x86/insn.h"

const struct x86_op_table x86_ops_int = {NULL, 0};
const struct x86_op_table x86_ops_flow = {NULL, 0};
const struct x86_op_table x86_ops_bmi = {NULL, 0};
const struct x86_op_table x86_ops_system = {NULL, 0};
const struct x86_op_table x86_ops_fpstate = {NULL, 0};
const struct x86_op_table x86_ops_sse_move = {NULL, 0};
const struct x86_op_table x86_ops_sse_int = {NULL, 0};
const struct x86_op_table x86_ops_sse_imm = {NULL, 0};
const struct x86_op_table x86_ops_sse_float = {NULL, 0};
const struct x86_op_table x86_ops_sse_text = {NULL, 0};
const struct x86_op_table x86_ops_mmx = {NULL, 0};
const struct x86_op_table x86_ops_x87 = {NULL, 0};
const struct x86_op_table x86_ops_x87_move = {NULL, 0};
const struct x86_op_table x86_ops_x87_env = {NULL, 0};
