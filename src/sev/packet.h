/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of guest data under transport keys: LAUNCH_SECRET, SEND_UPDATE_*,
 * RECEIVE_UPDATE_* (AMD publication 55766, appendix A.4).
 */
#ifndef SEV_PACKET_H
#define SEV_PACKET_H

#include "sev/session.h"

/* What the MAC covers besides the data. */
struct sev_packet {
    uint8_t kind;           /* enum wire_sev_packet_kind */
    uint32_t flags;
    uint8_t iv[16];
    uint32_t guest_len, trans_len;
    const uint8_t *measure; /* LAUNCH_SECRET: 32 bytes of LAUNCH_MEASURE; else NULL */
};

void sev_packet_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], const struct sev_packet *packet,
                    const void *data, uint8_t mac[WIRE_SEV_MAC_SIZE]);

/*
 * Encrypts trans_len bytes and writes the header.  kind, flags, iv, lengths and
 * measure of packet decide; in and out may be the same.
 */
void sev_packet_seal(const struct sev_transport *keys, const struct sev_packet *packet,
                     const void *in, void *out, uint8_t header[WIRE_SEV_PACKET_SIZE]);

/* Header to packet->flags and iv; the caller sets the rest. */
void sev_packet_read_header(const uint8_t header[WIRE_SEV_PACKET_SIZE], struct sev_packet *packet);

/* BAD_MEASUREMENT: the MAC is wrong, out is untouched.  in and out may be the same. */
enum wire_sev_status sev_packet_open(const struct sev_transport *keys,
                                     const struct sev_packet *packet,
                                     const uint8_t header[WIRE_SEV_PACKET_SIZE], const void *in,
                                     void *out);

#endif
