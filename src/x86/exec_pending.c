/* SPDX-License-Identifier: Apache-2.0 */
/* Tables whose files do not exist yet: each family removes its line here. */
#include "x86/insn.h"

const struct x86_op_table x86_ops_int = {NULL, 0};
const struct x86_op_table x86_ops_flow = {NULL, 0};
const struct x86_op_table x86_ops_bmi = {NULL, 0};
