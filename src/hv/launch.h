/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a SEV guest's key, as QEMU and KVM conduct it: LAUNCH_START and
 * ACTIVATE, LAUNCH_UPDATE_DATA for what the guest starts with, LAUNCH_MEASURE,
 * perhaps LAUNCH_SECRET, LAUNCH_FINISH; at the end DEACTIVATE and DECOMMISSION.
 *
 * The hypervisor conducts and knows nothing: the secret passes as ciphertext,
 * the guest's pages are plaintext only before they are launched.  Whether a step
 * is allowed now is the AMD-SP's to say.
 */
#ifndef HV_LAUNCH_H
#define HV_LAUNCH_H

#include "hv/layout.h"
#include "hv/psp.h"

/* Where guest-physical memory lies.  False: no RAM there.  Whole pages are contiguous. */
struct hv_launch_memory {
    void *ctx;
    bool (*find)(void *ctx, uint64_t gpa, spa_t *at);
};

struct hv_session {
    struct board_bytes dh_cert, session; /* both or none: then the keys are zero and protect nothing */
};

struct hv_launch {
    const struct hv_psp *psp;
    struct hv_launch_memory memory;
    uint32_t handle; /* 0: no guest context */
    uint32_t policy;
    unsigned asid;
    bool active;     /* the ASID is bound */
    bool measured;
    uint8_t measure[WIRE_SEV_MEASURE_SIZE]; /* MEASURE, MNONCE */
    struct hv_refusal refusal;              /* of the last step that failed */
};

void hv_launch_init(struct hv_launch *launch, const struct hv_psp *psp,
                    struct hv_launch_memory memory);

/* What a launch is besides its regions. */
struct hv_launch_terms {
    uint32_t policy;
    uint32_t share; /* handle of a guest whose key this one shall use; 0: an own key */
    unsigned asid;
    const struct hv_session *session; /* NULL: none */
    void *ctx;
    /* Told of every region before it is encrypted.  NULL: nobody. */
    void (*launched)(void *ctx, const struct hv_region *region);
};
/*
 * LAUNCH_START to LAUNCH_MEASURE; LAUNCH_FINISH is left to the caller.  What was
 * begun stays: hv_launch_end gives it back.
 */
enum wire_sev_status hv_launch_conduct(struct hv_launch *launch,
                                       const struct hv_launch_terms *terms,
                                       const struct hv_layout *layout);

/*
 * The steps.  Each returns the AMD-SP's status; refusal says which command it was.
 */
enum wire_sev_status hv_launch_start(struct hv_launch *launch, uint32_t policy, uint32_t share,
                                     const struct hv_session *session, unsigned asid);
/* Writes the region into the guest's memory and has it measured and encrypted. */
enum wire_sev_status hv_launch_update(struct hv_launch *launch, const struct hv_region *region);
enum wire_sev_status hv_launch_measure(struct hv_launch *launch);
/* INVALID_ADDRESS too if [gpa, gpa + len) is not the guest's, or not contiguous in DRAM. */
enum wire_sev_status hv_launch_secret(struct hv_launch *launch, struct board_bytes header,
                                      struct board_bytes secret, uint64_t gpa);
enum wire_sev_status hv_launch_finish(struct hv_launch *launch);
/* Gives key and ASID back, whatever state the guest is in. */
void hv_launch_end(struct hv_launch *launch);

enum wire_sev_status hv_launch_status(struct hv_launch *launch, struct wire_sev_guest_status *out);
enum wire_sev_status hv_launch_report(struct hv_launch *launch, const uint8_t mnonce[16],
                                      uint8_t report[WIRE_SEV_REPORT_SIZE]);
/*
 * DBG_DECRYPT and DBG_ENCRYPT of guest memory, wherever it lies in DRAM.  Whole
 * 16-byte blocks; POLICY_FAILURE where the policy forbids it.
 */
enum wire_sev_status hv_launch_dbg_read(struct hv_launch *launch, spa_t from, void *to, size_t len);
enum wire_sev_status hv_launch_dbg_write(struct hv_launch *launch, spa_t to, const void *from,
                                         size_t len);

/* "launch-update", "running", ...: QEMU's names of guest states. */
const char *hv_launch_state_name(unsigned state);

#endif
