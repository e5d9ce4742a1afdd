/* SPDX-License-Identifier: Apache-2.0 */
/* Far transfers, for exec_sys_flow.c; cpu->rip is the target afterwards. */
#ifndef X86_FAR_H
#define X86_FAR_H

#include "x86/segment.h"

void x86_far_transfer(struct x86_cpu *cpu, const struct x86_insn *i, uint16_t selector,
                      uint64_t offset, bool call);
void x86_far_return(struct x86_cpu *cpu, const struct x86_insn *i, uint64_t release);
void x86_iret(struct x86_cpu *cpu, const struct x86_insn *i, unsigned size);

/* INT n, INT3, INTO: the gate's DPL counts, faults have no EXT; cpu->rip is the handler. */
void x86_deliver_software(struct x86_cpu *cpu, const struct x86_insn *i, uint8_t vector);

/* Which flags POPF and IRET may change at this privilege. */
uint64_t x86_flags_mask(const struct x86_cpu *cpu);
void x86_load_flags(struct x86_cpu *cpu, uint64_t image, uint64_t mask);

#endif
