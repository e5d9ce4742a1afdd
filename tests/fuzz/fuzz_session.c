/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions, packets, reports and command buffers from hostile hands.  Nobody
 * without the keys makes one that opens; every command buffer decodes and
 * encodes to a fixed point.
 */
#include <stdlib.h>
#include <string.h>

#include "sev/sev.h"
#include "wire/sev_cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

/* decode, encode, decode, encode: from the first encoding on nothing changes. */
#define FIXED_POINT(shape, type, n)                                \
    do {                                                           \
        struct wire_sev_##type c_;                                 \
        uint8_t once_[n], twice_[n];                               \
        wire_sev_##shape##_decode(&c_, b);                         \
        wire_sev_##shape##_encode(&c_, once_);                     \
        wire_sev_##shape##_decode(&c_, once_);                     \
        wire_sev_##shape##_encode(&c_, twice_);                    \
        must(memcmp(once_, twice_, n) == 0);                       \
    } while (0)

static void command_buffers(const uint8_t b[WIRE_SEV_CMD_MAX_SIZE])
{
    FIXED_POINT(init, init, 20);
    FIXED_POINT(init_ex, init, 36);
    FIXED_POINT(platform_status, platform_status, 12);
    FIXED_POINT(blob, blob, 12);
    FIXED_POINT(two_blobs, two_blobs, 28);
    FIXED_POINT(ring_buffer, ring_buffer, 40);
    FIXED_POINT(activate, activate, 8);
    FIXED_POINT(activate_ex, activate, 24);
    FIXED_POINT(guest_status, guest_status, 13);
    FIXED_POINT(copy, copy, 24);
    FIXED_POINT(start, start, 36);
    FIXED_POINT(region, region, 20);
    FIXED_POINT(packet, packet, 52);
    FIXED_POINT(attestation, attestation, 36);
    FIXED_POINT(send_start, send_start, 68);
    FIXED_POINT(dbg, dbg, 28);
    FIXED_POINT(swap_out, swap, 40);
    FIXED_POINT(swap_in, swap, 32);
}

static void session(const uint8_t b[WIRE_SEV_SESSION_SIZE])
{
    static const struct sev_wrap_keys wrap = {{0x11, 0x22}, {0x33, 0x44}};
    struct sev_transport keys;

    must(sev_session_unwrap(&wrap, 1, b, &keys) == WIRE_SEV_BAD_MEASUREMENT);
    must(cb_all_zero(&keys, sizeof(keys)));
}

static void packet(const uint8_t *data, size_t size)
{
    static const struct sev_transport keys = {{0x55}, {0x66}};
    struct sev_packet p = {.kind = WIRE_SEV_PACKET_DATA};
    uint8_t out[4096];

    if (size < WIRE_SEV_PACKET_SIZE || size - WIRE_SEV_PACKET_SIZE > sizeof(out))
        return;
    sev_packet_read_header(data, &p);
    p.guest_len = p.trans_len = (uint32_t)(size - WIRE_SEV_PACKET_SIZE);
    must(sev_packet_open(&keys, &p, data, data + WIRE_SEV_PACKET_SIZE, out) ==
         WIRE_SEV_BAD_MEASUREMENT);
}

static void report(const uint8_t b[WIRE_SEV_REPORT_SIZE])
{
    static const uint8_t d[CR_P384_LEN] = {0x77};
    struct cr_p384_key pek;
    struct wire_sev_cert cert;
    struct sev_report out;

    must(cr_p384_from_private(d, &pek));
    sev_cert_make(&cert, WIRE_SEV_USAGE_PEK, WIRE_SEV_ALGO_ECDSA_SHA256, &pek.pub, 0, 24);
    must(sev_report_verify(b, &cert, &out) != WIRE_SEV_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t b[WIRE_SEV_REPORT_SIZE] = {0};

    if (size > 0)
        memcpy(b, data, size < sizeof(b) ? size : sizeof(b));
    command_buffers(b);
    session(b);
    packet(data, size);
    report(b);
    return 0;
}
