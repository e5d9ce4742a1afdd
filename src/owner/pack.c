/* SPDX-License-Identifier: Apache-2.0 */
/* Images encrypted in advance; see pack.h for the format. */
#include "owner/pack.h"

#define MAGIC      "CBITPACK"
#define VERSION    1u
#define CHUNK_HEAD (WIRE_SEV_PACKET_SIZE + 4u)

static uint64_t n_chunks(uint64_t len)
{
    return len / OWN_PACK_CHUNK + (len % OWN_PACK_CHUNK != 0);
}

size_t own_pack_size(uint64_t len)
{
    uint64_t size;

    if (len == 0 || len > SIZE_MAX / 2)
        return 0;
    if (!cb_mul_ok(n_chunks(len), CHUNK_HEAD, &size) ||
        !cb_add_ok(size, OWN_PACK_HEAD + cb_align_up(len, 16), &size))
        return 0;
    return size;
}

static uint8_t *put_chunk(struct cr_random *random, const struct sev_transport *keys,
                          const uint8_t *plain, size_t len, uint8_t *at)
{
    const uint32_t padded = (uint32_t)cb_align_up(len, 16);
    struct sev_packet packet = {.kind = WIRE_SEV_PACKET_DATA, .guest_len = padded,
                                .trans_len = padded};
    uint8_t chunk[OWN_PACK_CHUNK] = {0};

    memcpy(chunk, plain, len);
    cr_random_fill(random, packet.iv, sizeof(packet.iv));
    sev_packet_seal(keys, &packet, chunk, at + CHUNK_HEAD, at);
    cb_store_le32(at + WIRE_SEV_PACKET_SIZE, padded);
    cb_wipe(chunk, sizeof(chunk));
    return at + CHUNK_HEAD + padded;
}

void own_pack(struct cr_random *random, const struct sev_transport *keys, const uint8_t *image,
              size_t len, uint8_t *out)
{
    uint8_t *at = out + OWN_PACK_HEAD;

    memcpy(out, MAGIC, 8);
    cb_store_le32(out + 8, VERSION);
    cb_store_le32(out + 12, OWN_PACK_CHUNK);
    cb_store_le64(out + 16, len);
    for (size_t done = 0; done < len; done += OWN_PACK_CHUNK) {
        const size_t rest = len - done;

        at = put_chunk(random, keys, image + done, rest < OWN_PACK_CHUNK ? rest : OWN_PACK_CHUNK,
                       at);
    }
}

enum cbit_status own_pack_open(const uint8_t *file, size_t len, uint64_t *image_len, size_t *at)
{
    if (len < OWN_PACK_HEAD || memcmp(file, MAGIC, 8) != 0)
        return CBIT_INVALID;
    if (cb_load_le32(file + 8) != VERSION)
        return CBIT_VERSION;
    *image_len = cb_load_le64(file + 16);
    *at = OWN_PACK_HEAD;
    return own_pack_size(*image_len) == len ? CBIT_OK : CBIT_INVALID;
}

enum cbit_status own_pack_next(const uint8_t *file, size_t len, size_t *at,
                               struct own_pack_chunk *chunk)
{
    const size_t rest = len - *at;

    if (rest == 0)
        return CBIT_NOT_FOUND;
    if (rest < CHUNK_HEAD)
        return CBIT_CORRUPT;
    chunk->header = file + *at;
    chunk->len = cb_load_le32(file + *at + WIRE_SEV_PACKET_SIZE);
    chunk->data = file + *at + CHUNK_HEAD;
    if (chunk->len == 0 || chunk->len > OWN_PACK_CHUNK || chunk->len > rest - CHUNK_HEAD)
        return CBIT_CORRUPT;
    *at += CHUNK_HEAD + chunk->len;
    return CBIT_OK;
}
