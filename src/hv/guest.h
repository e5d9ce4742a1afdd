/* SPDX-License-Identifier: Apache-2.0 */
/* The host and its guests, for neighbours in this room. */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include "hv/hv.h"
#include "mc/mc.h"
#include "wire/vmcb.h"
#include "x86/svm/svm.h"

#define HV_MAX_GUESTS 16

struct hv {
    struct hv_config config;
    const struct x86_profile *profile;
    struct mc *mc;
    struct asp *asp;
    struct x86_cpu *cpu;
    struct board_platform *platform; /* the host's own; no guest sees it */
    struct board_fabric fabric;
    bool c_bit;              /* the host uses SME */
    uint64_t c_mask;
    uint64_t next_page;      /* the hypervisor's own memory: pages from here on are free */
    spa_t iopm, msrpm, hsave;
    struct hv_psp psp;
    struct hv_guest *guest[HV_MAX_GUESTS];
    struct hv_guest *current; /* whose registers are in the CPU; NULL: nobody's */
    struct x86_regs host;     /* the CPU's state outside guests */
};

#define HV_MAX_MSRS 64

struct hv_guest {
    struct hv *hv;
    struct hv_guest_config config;
    char *append;
    unsigned slot;           /* in hv->guest */
    unsigned asid;
    uint64_t ram;            /* SPA of its memory, contiguous, 2 MiB aligned */
    uint64_t end;            /* of what lies behind it: the VMCB, then the nested tables */
    spa_t vmcb;
    uint64_t tables;         /* the root */
    unsigned n_tables, used_tables;
    struct hv_layout layout; /* regions only while loading */
    struct hv_launch launch;
    bool finished;           /* LAUNCH_FINISH was said, or there is nothing to finish */

    struct board_platform *platform;
    struct board_virtio virtio;
    struct board_run run;

    struct x86_regs regs;    /* while another guest runs: what a VMCB does not hold */
    uint64_t tsc_aux;
    uint64_t msr[HV_MAX_MSRS]; /* by row of the table in msr.c */
    uint64_t instructions;   /* up to the last entry */
    uint64_t entered_at;     /* x86_instructions then; meaningful while running */
    bool running;            /* inside x86_svm_run */
    bool halted;             /* waits in HLT */
    bool nmi_pending, nmi_masked;
    bool fresh;              /* not entered yet: the TLB is flushed */
    bool window;             /* VINTR is intercepted */
    uint64_t int_ctl;        /* as the VMCB has it */
    bool broken;             /* cannot go on: to be ended as shutdown */
    uint64_t exits[HV_N_EXIT_KINDS];
};

/* ---- host.c ---- */
void hv_trace(const struct hv *hv, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory as the hypervisor reaches it: C by its own choice. */
void hv_read(struct hv *hv, spa_t at, void *to, size_t len);
void hv_write(struct hv *hv, spa_t at, const void *from, size_t len);
void hv_zero(struct hv *hv, spa_t at, uint64_t len);
/* As an operand or table entry names it. */
uint64_t hv_address(const struct hv *hv, spa_t at);

/* ---- memory.c: the guest's ---- */
/* Guest memory as the hypervisor sees it; false: some byte is not RAM (reads as FFh, is dropped). */
bool hv_guest_read(struct hv_guest *guest, uint64_t gpa, void *to, size_t len);
bool hv_guest_write(struct hv_guest *guest, uint64_t gpa, const void *from, size_t len);
void hv_guest_clear_tables(struct hv_guest *guest);
/* Maps what lies round gpa; false: no RAM there. */
bool hv_guest_fill(struct hv_guest *guest, uint64_t gpa);
/* Finds and gives back a place in DRAM for its memory, VMCB and nested tables. */
bool hv_guest_place(struct hv_guest *guest);
/* Bytes of DRAM that a guest with so much memory takes at most. */
uint64_t hv_guest_footprint(uint64_t memory);

/* ---- vmcb.c ---- */
uint64_t hv_get(struct hv_guest *guest, unsigned offset);
void hv_set(struct hv_guest *guest, unsigned offset, uint64_t value);
void hv_vmcb_init(struct hv_guest *guest);
void hv_intercept(struct hv_guest *guest, unsigned code, bool on);
/* An event at the next entry. */
void hv_inject(struct hv_guest *guest, unsigned type, unsigned vector);
void hv_inject_code(struct hv_guest *guest, unsigned vector, uint32_t code);
/* The instruction is done; the next one is at rip. */
void hv_skip(struct hv_guest *guest, uint64_t rip);

/* General register n as an exit finds it. */
uint64_t hv_reg(struct hv_guest *guest, unsigned n);
void hv_set_reg(struct hv_guest *guest, unsigned n, uint64_t value);

/* ---- exits ---- */
enum { HV_UD = 6, HV_GP = 13, HV_DB = 1 };
void hv_exit(struct hv_guest *guest);          /* exits.c */
void hv_exit_cpuid(struct hv_guest *guest);    /* cpuid.c */
void hv_exit_msr(struct hv_guest *guest);      /* msr.c */
void hv_exit_npf(struct hv_guest *guest);      /* mmio.c */
void hv_exit_ioio(struct hv_guest *guest);     /* ioio.c */
void hv_exit_vmmcall(struct hv_guest *guest);  /* hypercall.c */
void hv_msrs_reset(struct hv_guest *guest);
void hv_msr_permissions(struct hv *hv);        /* fills the permission map */

/* ---- run.c ---- */
extern const struct board_run_ops hv_run_ops;
extern const struct board_platform_ops hv_platform_ops;
void hv_debugcon(void *guest, uint8_t byte);
/* No guest's registers stay in the CPU. */
void hv_step_out(struct hv *hv);
/* The CPU as the hypervisor's boot code leaves it. */
void hv_host_mode(struct hv *hv); /* host.c */

#endif
