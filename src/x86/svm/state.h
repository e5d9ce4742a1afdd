/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPU keeps of SVM: part of struct x86_cpu. */
#ifndef X86_SVM_STATE_H
#define X86_SVM_STATE_H

#include "mmu/mmu.h"
#include "wire/vmcb.h"
#include "x86/x86.h"

#define X86_SVM_ASIDS 0x8000u /* CPUID 8000_000A EBX: they are 0 .. one less */

struct x86_tlb_state;

/* What VMLOAD loads over, kept for a hypervisor in C: FS, GS, LDTR, TR, STAR .. SYSENTER_EIP. */
struct x86_svm_host {
    struct x86_seg seg[4];
    uint64_t msr[8];
};

struct x86_svm {
    /* What the run loop looks at. */
    bool guest;           /* guest mode */
    bool gif;
    bool special;         /* guest mode, or GIF clear: events follow x86_svm_event_due */
    bool pending;         /* an exit is to be performed, or an event to be injected */
    bool virq;            /* V_IRQ */
    bool in_shadow;       /* the running instruction is in an interrupt shadow: it is one until it is done */

    /* Guest mode: what the control area said at VMRUN. */
    bool np, sev;
    bool masking, host_if; /* V_INTR_MASKING, and RFLAGS.IF of the host then */
    bool host_step;       /* VMRUN is being single-stepped */
    bool ignore_tpr;
    uint8_t v_tpr, v_prio, v_vector;
    uint16_t asid;        /* 0 in host mode */
    uint16_t pause_count, pause_left;
    uint32_t intercept[VMCB_N_INTERCEPT_WORDS];
    uint64_t vmcb;        /* as operand: with its C-bit */
    uint64_t iopm, msrpm;
    uint64_t tsc_offset;  /* 0 in host mode */
    uint64_t host_pat;    /* np: the guest has its own */
    struct mmu_nested nested;
    struct mmu_geometry host_geometry;

    /* Events. */
    uint64_t event;       /* on its way through the IDT, as in EVENTINJ; 0: none */
    uint64_t inject;      /* pending */
    uint64_t inject_rip;  /* where a software interrupt returns to */

    /* The exit that is pending. */
    bool exit, exit_bytes;
    uint64_t exit_code, exit_info1, exit_info2, exit_nrip;
    uint64_t npf_info1, npf_gpa; /* of the last refused translation */
    bool npf_data;        /* ... which was no fetch: the instruction's bytes are known */
    uint64_t old_cr2;     /* before the #PF that is being raised */

    /* The other world's caches of translations: the guest's in host mode and the reverse. */
    bool used;            /* the guest's have ever held anything */
    struct mmu_tlb *other_arch_tlb;
    struct mmu_fast_tlb *other_tlbs;
    struct x86_tlb_state *other_state;
    uint64_t other_translations;
    uint16_t fast_asid;   /* whose translations the guest world's caches hold */
    uint64_t last_paging[5]; /* CR0, CR3, CR4, EFER, NP control, at the last exit */

    bool hosted;          /* VMRUN by x86_svm_run: an exit ends x86_run */
    bool exited;          /* ... and has happened */
    uint64_t hosted_vmcb;
    struct x86_svm_host host;
};

#endif
