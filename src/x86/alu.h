/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic with status flags.  Two implementations of one interface: the
 * host's own instructions where the host is x86-64 (flags exactly as a
 * processor leaves them, undefined ones too), plain C elsewhere.  A test runs
 * both against each other.
 *
 *   x86_alu_<op><bits>(a, b, &cc)   cc in the LAHF/SETO form of cpu.h; for ADC,
 *   SBB, RCL, RCR and whatever keeps some flags, *cc comes in with the old ones.
 */
#ifndef X86_ALU_H
#define X86_ALU_H

#include "x86/cpu.h"

#if defined(__x86_64__) && !defined(CBIT_PORTABLE_ALU)
#include "x86/alu_host.h"
#else
#include "x86/alu_portable.h"
#endif

/* Conditions by their encoding in Jcc, SETcc, CMOVcc (0 O, 1 NO, 2 B ... 15 NLE). */
static inline bool x86_condition(uint32_t cc, unsigned condition)
{
    bool yes;

    switch (condition >> 1) {
    case 0: yes = cc & X86_CC_O; break;
    case 1: yes = cc & X86_CC_C; break;
    case 2: yes = cc & X86_CC_Z; break;
    case 3: yes = cc & (X86_CC_C | X86_CC_Z); break;
    case 4: yes = cc & X86_CC_S; break;
    case 5: yes = cc & X86_CC_P; break;
    case 6: yes = (cc >> 15 ^ cc) & 1; break;
    default: yes = (cc & X86_CC_Z) || ((cc >> 15 ^ cc) & 1); break;
    }
    return yes != (condition & 1);
}

#endif
