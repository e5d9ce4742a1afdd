/* SPDX-License-Identifier: Apache-2.0 */
/* Registers in the GDB remote protocol; for neighbours in this room. */
#ifndef MONITOR_GDB_H
#define MONITOR_GDB_H

#include "monitor/monitor.h"

#define MON_GDB_REG_MAX 16u /* bytes */

unsigned mon_gdb_n_regs(void);
/* Copies register n out, in the target's byte order; returns its size. */
size_t mon_gdb_reg_get(const struct cbit_regs *regs, unsigned n, uint8_t to[MON_GDB_REG_MAX]);
/* Takes it over; those that are always zero are passed over. */
void mon_gdb_reg_set(struct cbit_regs *regs, unsigned n, const uint8_t *from);
/* The description of the target that names them, in that order.  To be freed. */
char *mon_gdb_target_xml(void);

#endif
