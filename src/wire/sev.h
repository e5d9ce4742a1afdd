/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SEV API's numbers and small structures (AMD publication 55766, API 0.24):
 * status codes, states, policy, session, packet header, measurement, report.
 * Command buffers are in wire/sev_cmd.h, certificates in wire/sev_cert.h.
 *
 * Everything that crosses the boundary is little-endian and packed.  Here are
 * offsets and sizes for cb_load_*; nothing is read through a cast.
 */
#ifndef WIRE_SEV_H
#define WIRE_SEV_H

#include "base/base.h"

enum wire_sev_status {
    WIRE_SEV_SUCCESS = 0x00,
    WIRE_SEV_INVALID_PLATFORM_STATE = 0x01,
    WIRE_SEV_INVALID_GUEST_STATE = 0x02,
    WIRE_SEV_INVALID_CONFIG = 0x03,
    WIRE_SEV_INVALID_LENGTH = 0x04,
    WIRE_SEV_ALREADY_OWNED = 0x05,
    WIRE_SEV_INVALID_CERTIFICATE = 0x06,
    WIRE_SEV_POLICY_FAILURE = 0x07,
    WIRE_SEV_INACTIVE = 0x08,
    WIRE_SEV_INVALID_ADDRESS = 0x09,
    WIRE_SEV_BAD_SIGNATURE = 0x0a,
    WIRE_SEV_BAD_MEASUREMENT = 0x0b,
    WIRE_SEV_ASID_OWNED = 0x0c,
    WIRE_SEV_INVALID_ASID = 0x0d,
    WIRE_SEV_WBINVD_REQUIRED = 0x0e,
    WIRE_SEV_DF_FLUSH_REQUIRED = 0x0f,
    WIRE_SEV_INVALID_GUEST = 0x10,
    WIRE_SEV_INVALID_COMMAND = 0x11,
    WIRE_SEV_ACTIVE = 0x12,
    WIRE_SEV_HWERROR_PLATFORM = 0x13,
    WIRE_SEV_HWERROR_UNSAFE = 0x14,
    WIRE_SEV_UNSUPPORTED = 0x15,
    WIRE_SEV_INVALID_PARAM = 0x16,
    WIRE_SEV_RESOURCE_LIMIT = 0x17,
    WIRE_SEV_SECURE_DATA_INVALID = 0x18,
    WIRE_SEV_AEAD_OFLOW = 0x1d,
    WIRE_SEV_RB_MODE_EXITED = 0x1f,
};

/* The name of the specification; "unknown status" for others.  Never NULL. */
const char *wire_sev_status_name(unsigned status);

enum wire_sev_platform_state {
    WIRE_SEV_PLATFORM_UNINIT = 0,
    WIRE_SEV_PLATFORM_INIT = 1,
    WIRE_SEV_PLATFORM_WORKING = 2,
};

enum wire_sev_guest_state {
    WIRE_SEV_GUEST_UNINIT = 0,
    WIRE_SEV_GUEST_LUPDATE = 1,
    WIRE_SEV_GUEST_LSECRET = 2,
    WIRE_SEV_GUEST_RUNNING = 3,
    WIRE_SEV_GUEST_SUPDATE = 4,
    WIRE_SEV_GUEST_RUPDATE = 5,
    WIRE_SEV_GUEST_SENT = 6,
};
#define WIRE_SEV_N_GUEST_STATES 7

/* Guest policy. */
#define WIRE_SEV_POLICY_NODBG (1u << 0)
#define WIRE_SEV_POLICY_NOKS (1u << 1)
#define WIRE_SEV_POLICY_ES (1u << 2)
#define WIRE_SEV_POLICY_NOSEND (1u << 3)
#define WIRE_SEV_POLICY_DOMAIN (1u << 4)
#define WIRE_SEV_POLICY_SEV (1u << 5)
#define WIRE_SEV_POLICY_RESERVED 0xffc0u

static inline uint8_t wire_sev_policy_major(uint32_t policy)
{
    return (uint8_t)(policy >> 16);
}

static inline uint8_t wire_sev_policy_minor(uint32_t policy)
{
    return (uint8_t)(policy >> 24);
}

/* Keys of a transport session. */
#define WIRE_SEV_KEY_SIZE 16
#define WIRE_SEV_NONCE_SIZE 16
#define WIRE_SEV_MAC_SIZE 32

/* Session buffer of LAUNCH_START, SEND_START and RECEIVE_START. */
#define WIRE_SEV_SESSION_SIZE 128
#define WIRE_SEV_SESSION_NONCE 0x00
#define WIRE_SEV_SESSION_WRAP_TK 0x10
#define WIRE_SEV_SESSION_WRAP_IV 0x30
#define WIRE_SEV_SESSION_WRAP_MAC 0x40
#define WIRE_SEV_SESSION_POLICY_MAC 0x60

/* Packet header of LAUNCH_SECRET, SEND_UPDATE_* and RECEIVE_UPDATE_*. */
#define WIRE_SEV_PACKET_SIZE 52
#define WIRE_SEV_PACKET_FLAGS 0x00
#define WIRE_SEV_PACKET_IV 0x04
#define WIRE_SEV_PACKET_MAC 0x14
#define WIRE_SEV_PACKET_COMPRESSED 1u
#define WIRE_SEV_PACKET_MAX 0x5000u /* largest GUEST_LEN */

/* First byte of what the packet MAC covers. */
enum wire_sev_packet_kind {
    WIRE_SEV_PACKET_SECRET = 0x01,
    WIRE_SEV_PACKET_DATA = 0x02,
    WIRE_SEV_PACKET_VMSA = 0x03,
};

/* LAUNCH_MEASURE's output: MEASURE, MNONCE. */
#define WIRE_SEV_MEASURE_SIZE 48
#define WIRE_SEV_MEASURE_MNONCE 0x20

/* What MEASURE is the HMAC of. */
#define WIRE_SEV_MEASURE_MESSAGE_SIZE 56
#define WIRE_SEV_MEASURE_CONTEXT 0x04

/* ATTESTATION's output. */
#define WIRE_SEV_REPORT_SIZE 208
#define WIRE_SEV_REPORT_MNONCE 0x00
#define WIRE_SEV_REPORT_DIGEST 0x10
#define WIRE_SEV_REPORT_POLICY 0x30
#define WIRE_SEV_REPORT_SIG_USAGE 0x34 /* also: how many bytes are signed */
#define WIRE_SEV_REPORT_SIG_ALGO 0x38
#define WIRE_SEV_REPORT_RESERVED 0x3c
#define WIRE_SEV_REPORT_SIG 0x40
#define WIRE_SEV_REPORT_SIG_SIZE 144

/* SWAP_OUT's and SWAP_IN's metadata entry. */
#define WIRE_SEV_MDATA_SIZE 64
#define WIRE_SEV_MDATA_SOFTWARE 0x00
#define WIRE_SEV_MDATA_IV 0x08
#define WIRE_SEV_MDATA_TAG 0x10
#define WIRE_SEV_MDATA_FLAGS 0x3c

#define WIRE_SEV_VMSA_SIZE 0x1000u
#define WIRE_SEV_ID_SIZE 64
#define WIRE_SEV_NV_SIZE 0x8000u
#define WIRE_SEV_TMR_SIZE 0x100000u
#define WIRE_SEV_MAX_HANDLE 1024u

#endif
