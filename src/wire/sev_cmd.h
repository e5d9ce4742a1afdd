/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV command ids and command buffers (AMD publication 55766, API 0.24).
 *
 * One struct in host order for each buffer shape, with decode (bytes to struct)
 * and encode (struct to bytes) of the exact packed size that
 * wire_sev_command_of() names.  Decoding judges nothing; reserved fields that
 * somebody checks are kept.
 */
#ifndef WIRE_SEV_CMD_H
#define WIRE_SEV_CMD_H

#include "wire/sev.h"

enum wire_sev_cmd {
    WIRE_SEV_INIT = 0x001,
    WIRE_SEV_SHUTDOWN = 0x002,
    WIRE_SEV_PLATFORM_RESET = 0x003,
    WIRE_SEV_PLATFORM_STATUS = 0x004,
    WIRE_SEV_PEK_GEN = 0x005,
    WIRE_SEV_PEK_CSR = 0x006,
    WIRE_SEV_PEK_CERT_IMPORT = 0x007,
    WIRE_SEV_PDH_CERT_EXPORT = 0x008,
    WIRE_SEV_PDH_GEN = 0x009,
    WIRE_SEV_DF_FLUSH = 0x00a,
    WIRE_SEV_DOWNLOAD_FIRMWARE = 0x00b,
    WIRE_SEV_GET_ID = 0x00c,
    WIRE_SEV_INIT_EX = 0x00d,
    WIRE_SEV_NOP = 0x00e,
    WIRE_SEV_RING_BUFFER = 0x00f,
    WIRE_SEV_DECOMMISSION = 0x020,
    WIRE_SEV_ACTIVATE = 0x021,
    WIRE_SEV_DEACTIVATE = 0x022,
    WIRE_SEV_GUEST_STATUS = 0x023,
    WIRE_SEV_COPY = 0x024,
    WIRE_SEV_ACTIVATE_EX = 0x025,
    WIRE_SEV_LAUNCH_START = 0x030,
    WIRE_SEV_LAUNCH_UPDATE_DATA = 0x031,
    WIRE_SEV_LAUNCH_UPDATE_VMSA = 0x032,
    WIRE_SEV_LAUNCH_MEASURE = 0x033,
    WIRE_SEV_LAUNCH_SECRET = 0x034,
    WIRE_SEV_LAUNCH_FINISH = 0x035,
    WIRE_SEV_ATTESTATION = 0x036,
    WIRE_SEV_SEND_START = 0x040,
    WIRE_SEV_SEND_UPDATE_DATA = 0x041,
    WIRE_SEV_SEND_UPDATE_VMSA = 0x042,
    WIRE_SEV_SEND_FINISH = 0x043,
    WIRE_SEV_SEND_CANCEL = 0x044,
    WIRE_SEV_RECEIVE_START = 0x050,
    WIRE_SEV_RECEIVE_UPDATE_DATA = 0x051,
    WIRE_SEV_RECEIVE_UPDATE_VMSA = 0x052,
    WIRE_SEV_RECEIVE_FINISH = 0x053,
    WIRE_SEV_DBG_DECRYPT = 0x060,
    WIRE_SEV_DBG_ENCRYPT = 0x061,
    WIRE_SEV_SWAP_OUT = 0x070,
    WIRE_SEV_SWAP_IN = 0x071,
};

#define WIRE_SEV_CMD_MAX_SIZE 68 /* SEND_START */

/* When the command buffer goes back to the caller. */
enum wire_sev_copy_back {
    WIRE_SEV_BACK_NEVER,
    WIRE_SEV_BACK_SUCCESS,
    WIRE_SEV_BACK_LENGTH, /* on success, and on INVALID_LENGTH with the length that is needed */
};

struct wire_sev_command {
    uint16_t id;
    uint8_t size; /* of the command buffer; 0: it has none */
    uint8_t back; /* enum wire_sev_copy_back */
    const char *name;
};

/* NULL: no such command. */
const struct wire_sev_command *wire_sev_command_of(unsigned id);
/* By the specification's name, any case.  NULL: no such command. */
const struct wire_sev_command *wire_sev_command_named(const char *name);
/* The i-th of the table, NULL past the last. */
const struct wire_sev_command *wire_sev_command_at(unsigned i);

/* INIT (20 bytes) and INIT_EX (36 bytes). */
struct wire_sev_init {
    uint32_t length; /* INIT_EX only: of the buffer */
    uint32_t flags;
    uint32_t reserved; /* INIT: word at 4; INIT_EX: word at 0x14 */
    uint64_t tmr_paddr;
    uint32_t tmr_length;
    uint64_t nv_paddr;  /* INIT_EX only */
    uint32_t nv_length; /* INIT_EX only */
};
#define WIRE_SEV_INIT_ES 1u
void wire_sev_init_decode(struct wire_sev_init *c, const uint8_t b[20]);
void wire_sev_init_encode(const struct wire_sev_init *c, uint8_t b[20]);
void wire_sev_init_ex_decode(struct wire_sev_init *c, const uint8_t b[36]);
void wire_sev_init_ex_encode(const struct wire_sev_init *c, uint8_t b[36]);

/* PLATFORM_STATUS (12 bytes). */
struct wire_sev_platform_status {
    uint8_t api_major, api_minor, state;
    bool owned; /* by somebody else than the platform itself */
    bool es;
    uint8_t build;
    uint32_t guest_count;
};
void wire_sev_platform_status_decode(struct wire_sev_platform_status *c, const uint8_t b[12]);
void wire_sev_platform_status_encode(const struct wire_sev_platform_status *c, uint8_t b[12]);

/* PEK_CSR, GET_ID, DOWNLOAD_FIRMWARE (12 bytes). */
struct wire_sev_blob {
    uint64_t paddr;
    uint32_t length;
};
void wire_sev_blob_decode(struct wire_sev_blob *c, const uint8_t b[12]);
void wire_sev_blob_encode(const struct wire_sev_blob *c, uint8_t b[12]);

/* PEK_CERT_IMPORT (PEK, OCA) and PDH_CERT_EXPORT (PDH, chain), 28 bytes. */
struct wire_sev_two_blobs {
    struct wire_sev_blob first, second;
};
void wire_sev_two_blobs_decode(struct wire_sev_two_blobs *c, const uint8_t b[28]);
void wire_sev_two_blobs_encode(const struct wire_sev_two_blobs *c, uint8_t b[28]);

/* RING_BUFFER (40 bytes). */
struct wire_sev_ring_buffer {
    uint64_t lo_cmdptr, lo_statval, hi_cmdptr, hi_statval;
    uint8_t lo_size, hi_size;
    uint16_t lo_threshold, hi_threshold, flags;
};
void wire_sev_ring_buffer_decode(struct wire_sev_ring_buffer *c, const uint8_t b[40]);
void wire_sev_ring_buffer_encode(const struct wire_sev_ring_buffer *c, uint8_t b[40]);

/* ACTIVATE (8 bytes) and ACTIVATE_EX (24 bytes). */
struct wire_sev_activate {
    uint32_t length; /* ACTIVATE_EX only */
    uint32_t handle;
    uint32_t asid;
    uint32_t n_ids;     /* ACTIVATE_EX only */
    uint64_t ids_paddr; /* ACTIVATE_EX only */
};
void wire_sev_activate_decode(struct wire_sev_activate *c, const uint8_t b[8]);
void wire_sev_activate_encode(const struct wire_sev_activate *c, uint8_t b[8]);
void wire_sev_activate_ex_decode(struct wire_sev_activate *c, const uint8_t b[24]);
void wire_sev_activate_ex_encode(const struct wire_sev_activate *c, uint8_t b[24]);

/* GUEST_STATUS (13 bytes). */
struct wire_sev_guest_status {
    uint32_t handle, policy, asid;
    uint8_t state;
};
void wire_sev_guest_status_decode(struct wire_sev_guest_status *c, const uint8_t b[13]);
void wire_sev_guest_status_encode(const struct wire_sev_guest_status *c, uint8_t b[13]);

/* COPY (24 bytes). */
struct wire_sev_copy {
    uint32_t handle, length;
    uint64_t src, dst;
};
void wire_sev_copy_decode(struct wire_sev_copy *c, const uint8_t b[24]);
void wire_sev_copy_encode(const struct wire_sev_copy *c, uint8_t b[24]);

/* LAUNCH_START and RECEIVE_START (36 bytes). */
struct wire_sev_start {
    uint32_t handle, policy;
    struct wire_sev_blob cert, session;
};
void wire_sev_start_decode(struct wire_sev_start *c, const uint8_t b[36]);
void wire_sev_start_encode(const struct wire_sev_start *c, uint8_t b[36]);

/* LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA, LAUNCH_MEASURE (20 bytes). */
struct wire_sev_region {
    uint32_t handle;
    struct wire_sev_blob data;
};
void wire_sev_region_decode(struct wire_sev_region *c, const uint8_t b[20]);
void wire_sev_region_encode(const struct wire_sev_region *c, uint8_t b[20]);

/* LAUNCH_SECRET, SEND_UPDATE_*, RECEIVE_UPDATE_* (52 bytes). */
struct wire_sev_packet {
    uint32_t handle;
    struct wire_sev_blob header, guest, trans;
};
void wire_sev_packet_decode(struct wire_sev_packet *c, const uint8_t b[52]);
void wire_sev_packet_encode(const struct wire_sev_packet *c, uint8_t b[52]);

/* ATTESTATION (36 bytes). */
struct wire_sev_attestation {
    uint32_t handle;
    struct wire_sev_blob report;
    uint8_t mnonce[16];
};
void wire_sev_attestation_decode(struct wire_sev_attestation *c, const uint8_t b[36]);
void wire_sev_attestation_encode(const struct wire_sev_attestation *c, uint8_t b[36]);

/* SEND_START (68 bytes). */
struct wire_sev_send_start {
    uint32_t handle, policy;
    struct wire_sev_blob pdh, plat_certs, amd_certs, session;
};
void wire_sev_send_start_decode(struct wire_sev_send_start *c, const uint8_t b[68]);
void wire_sev_send_start_encode(const struct wire_sev_send_start *c, uint8_t b[68]);

/* DBG_DECRYPT and DBG_ENCRYPT (28 bytes). */
struct wire_sev_dbg {
    uint32_t handle;
    uint64_t src, dst;
    uint32_t length;
};
void wire_sev_dbg_decode(struct wire_sev_dbg *c, const uint8_t b[28]);
void wire_sev_dbg_encode(const struct wire_sev_dbg *c, uint8_t b[28]);

/* SWAP_OUT (40 bytes) and SWAP_IN (32 bytes). */
struct wire_sev_swap {
    uint32_t handle, flags;
    uint64_t src, dst, mdata;
    uint64_t software_data; /* SWAP_OUT only */
};
#define WIRE_SEV_SWAP_2M (1u << 0)
#define WIRE_SEV_SWAP_TYPE (3u << 1)
#define WIRE_SEV_SWAP_TYPE_DATA (0u << 1)
#define WIRE_SEV_SWAP_TYPE_VMSA (2u << 1)
#define WIRE_SEV_SWAP_IN_PLACE (1u << 3)
void wire_sev_swap_out_decode(struct wire_sev_swap *c, const uint8_t b[40]);
void wire_sev_swap_out_encode(const struct wire_sev_swap *c, uint8_t b[40]);
void wire_sev_swap_in_decode(struct wire_sev_swap *c, const uint8_t b[32]);
void wire_sev_swap_in_encode(const struct wire_sev_swap *c, uint8_t b[32]);

#endif
