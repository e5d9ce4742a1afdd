/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image encrypted in advance: packets for RECEIVE_UPDATE_DATA under a
 * session's transport keys, so that a platform that the session was made for can
 * launch it by RECEIVE_START ... RECEIVE_FINISH without ever seeing it in clear.
 *
 * File: "CBITPACK", version (u32), chunk size (u32), image length (u64), then per
 * chunk the 52-byte packet header, the data length (u32) and the ciphertext;
 * numbers little-endian.  The last chunk is padded with zeroes to 16 bytes.
 */
#ifndef OWNER_PACK_H
#define OWNER_PACK_H

#include "sev/sev.h"

#define OWN_PACK_CHUNK 4096u
#define OWN_PACK_HEAD  24u

/* Size of the packed form of an image of len bytes; 0: it would not fit. */
size_t own_pack_size(uint64_t len);
/* out: own_pack_size(len) bytes. */
void own_pack(struct cr_random *random, const struct sev_transport *keys, const uint8_t *image,
              size_t len, uint8_t *out);

/* Reading it back, packet by packet, as a launcher does. */
struct own_pack_chunk {
    const uint8_t *header; /* WIRE_SEV_PACKET_SIZE */
    const uint8_t *data;
    uint32_t len;
};
/* CBIT_INVALID: not such a file; CBIT_VERSION. */
enum cbit_status own_pack_open(const uint8_t *file, size_t len, uint64_t *image_len,
                               size_t *at) CBIT_MUST_CHECK;
/* *at moves on.  CBIT_NOT_FOUND: no more; CBIT_CORRUPT: a chunk is cut short. */
enum cbit_status own_pack_next(const uint8_t *file, size_t len, size_t *at,
                               struct own_pack_chunk *chunk) CBIT_MUST_CHECK;

#endif
