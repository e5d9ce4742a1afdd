/* SPDX-License-Identifier: Apache-2.0 */
/* The portable implementation of x86/alu.h. */
#define CBIT_PORTABLE_ALU
#define ALU_TABLE_HERE alu_portable
#include "unit/x86/alu_table.h"
