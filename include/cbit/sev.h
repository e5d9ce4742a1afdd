/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit: a machine that is a SEV guest under the built-in hypervisor
 * (struct cbit_config, member sev).  The guest is launched through the secure
 * processor inside cbit_machine_new; LAUNCH_FINISH comes with the first
 * cbit_machine_run, so that a paused machine can be given a secret first.
 *
 * Names and meanings follow QEMU's sev-guest object and QMP commands.
 */
#ifndef CBIT_SEV_H
#define CBIT_SEV_H

#include "cbit/cbit.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CBIT_SEV_PDH_SIZE     2084
#define CBIT_SEV_CHAIN_SIZE   6252 /* PEK, OCA, CEK */
#define CBIT_SEV_ID_SIZE      64
#define CBIT_SEV_MEASURE_SIZE 48   /* MEASURE, MNONCE */
#define CBIT_SEV_REPORT_SIZE  208

struct cbit_sev_config {
    size_t struct_size;
    uint32_t policy;
    unsigned c_bit;             /* 0: the profile's; another value is refused */
    unsigned reduced_phys_bits; /* 0: the profile's; QEMU's 1 is accepted too */
    struct cbit_bytes dh_cert, session; /* of the guest owner; both or none */
    void *ctx;
    /*
     * Asked when there is no dh_cert: a session for this platform; what it gives must
     * live until cbit_machine_new or _reset returns.  NULL: none, the launch's keys are zero.
     */
    enum cbit_error (*make_session)(void *ctx, const void *pdh, struct cbit_bytes *dh_cert,
                                    struct cbit_bytes *session);
    /* Told of every launched region, in order, before it is encrypted.  NULL: nobody. */
    void (*launched)(void *ctx, uint64_t gpa, const void *bytes, size_t len);
};
CBIT_API void cbit_sev_config_init(struct cbit_sev_config *config);

struct cbit_sev_info {
    bool enabled; /* false: bare metal, and everything else is 0 */
    unsigned api_major, api_minor, build;
    uint32_t policy, handle, asid;
    const char *state;    /* "launch-secret", "running", ... */
    uint64_t secret_page; /* guest-physical */
};
CBIT_API void cbit_sev_info(struct cbit_machine *machine, struct cbit_sev_info *out);

struct cbit_sev_capabilities {
    uint8_t pdh[CBIT_SEV_PDH_SIZE];
    uint8_t chain[CBIT_SEV_CHAIN_SIZE];
    uint8_t id[CBIT_SEV_ID_SIZE];
    unsigned c_bit, reduced_phys_bits;
};
/* All below: CBIT_E_NOT_FOUND on bare metal; why names the command that the AMD-SP refused. */
CBIT_API enum cbit_error cbit_sev_capabilities(struct cbit_machine *machine,
                                               struct cbit_sev_capabilities *out,
                                               struct cbit_why *why);
CBIT_API enum cbit_error cbit_sev_measure(struct cbit_machine *machine,
                                          uint8_t out[CBIT_SEV_MEASURE_SIZE],
                                          struct cbit_why *why);
CBIT_API enum cbit_error cbit_sev_report(struct cbit_machine *machine, const uint8_t mnonce[16],
                                         uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why);
/* gpa 0: the secret page. */
CBIT_API enum cbit_error cbit_sev_inject_secret(struct cbit_machine *machine,
                                                struct cbit_bytes header, struct cbit_bytes secret,
                                                uint64_t gpa, struct cbit_why *why);
/*
 * DBG_DECRYPT and DBG_ENCRYPT at a physical address of the machine, whole 16-byte
 * blocks.  CBIT_E_DENIED: the AMD-SP refuses (a policy with NODBG).
 */
CBIT_API enum cbit_error cbit_sev_debug_read(struct cbit_machine *machine, uint64_t address,
                                             void *to, size_t len, struct cbit_why *why);
CBIT_API enum cbit_error cbit_sev_debug_write(struct cbit_machine *machine, uint64_t address,
                                              const void *from, size_t len, struct cbit_why *why);

/*
 * Where a guest's memory lies in the machine's DRAM.  CBIT_E_NOT_FOUND: bare metal;
 * CBIT_E_RANGE: no RAM there.  Of a plain guest too.
 */
CBIT_API enum cbit_error cbit_guest_find(struct cbit_machine *machine, uint64_t gpa,
                                         uint64_t *address);

#ifdef __cplusplus
}
#endif

#endif
