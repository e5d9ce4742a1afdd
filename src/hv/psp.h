/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AMD-SP as a hypervisor talks to it: command buffers in DRAM, addresses
 * and command in the mailbox registers, status in the response (AMD publication
 * 55766, and the mailbox as Linux's ccp driver uses it).  Interrupts stay off:
 * a command is done when the write that started it returns.
 *
 * Nothing here sees a key.  Buffers are plaintext of the hypervisor's, in pages
 * that it owns, reached with its own choice of C-bit.
 */
#ifndef HV_PSP_H
#define HV_PSP_H

#include "asp/asp.h"
#include "mc/mc.h"

#define HV_PSP_SCRATCH 0x8000u /* bytes behind the command page; the largest secret, certificates */

struct hv_psp {
    struct asp *asp;
    struct mc *mc;
    bool c_bit;      /* the hypervisor uses SME */
    uint64_t c_mask; /* where the C-bit is in an address */
    unsigned n_cpus;
    spa_t page;      /* command buffer; HV_PSP_SCRATCH bytes of scratch follow */
};
#define HV_PSP_MEMORY (CB_PAGE_SIZE + HV_PSP_SCRATCH)

/* buffer: wire_sev_command_of(id)->size bytes, outputs are written back; NULL where that is 0. */
enum wire_sev_status hv_psp_command(const struct hv_psp *psp, unsigned id, uint8_t *buffer);

/* The hypervisor's own memory, and its address as a command names it. */
void hv_psp_put(const struct hv_psp *psp, spa_t at, const void *from, size_t len);
void hv_psp_get(const struct hv_psp *psp, spa_t at, void *to, size_t len);
uint64_t hv_psp_address(const struct hv_psp *psp, spa_t at);
/* Scratch, from offset on; offset < HV_PSP_SCRATCH. */
spa_t hv_psp_scratch(const struct hv_psp *psp, size_t offset);

/* A command that the AMD-SP refused. */
struct hv_refusal {
    unsigned command;
    enum wire_sev_status status;
};
/* "LAUNCH_START: POLICY_FAILURE (7)" */
void hv_refusal_text(const struct hv_refusal *refusal, char *to, size_t size);

/*
 * PLATFORM_STATUS and, if nobody has done so, INIT, WBINVD everywhere, DF_FLUSH.
 * All below return the AMD-SP's status; after a failure *refusal names the command.
 */
enum wire_sev_status hv_psp_start(const struct hv_psp *psp, struct hv_refusal *refusal);
/* WBINVD on every processor, then DF_FLUSH: ASIDs given back may be used again. */
enum wire_sev_status hv_psp_flush(const struct hv_psp *psp, struct hv_refusal *refusal);

enum wire_sev_status hv_psp_status(const struct hv_psp *psp, struct wire_sev_platform_status *out);

#define HV_PDH_SIZE   2084u
#define HV_CHAIN_SIZE 6252u
struct hv_identity {
    uint8_t pdh[HV_PDH_SIZE];
    uint8_t chain[HV_CHAIN_SIZE]; /* PEK, OCA, CEK */
    uint8_t id[WIRE_SEV_ID_SIZE];
};
/* PDH_CERT_EXPORT and GET_ID: what query-sev-capabilities tells. */
enum wire_sev_status hv_psp_identity(const struct hv_psp *psp, struct hv_identity *out,
                                     struct hv_refusal *refusal);

#endif
