/* SPDX-License-Identifier: Apache-2.0 */
/* The implementation of x86/alu.h that this host uses. */
#define ALU_TABLE_HERE alu_of_this_host
#include "unit/x86/alu_table.h"
