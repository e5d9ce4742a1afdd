/* SPDX-License-Identifier: Apache-2.0 */
/* Packets: encrypt, then MAC; the MAC is checked before anything is decrypted. */
#include "sev/packet.h"

void sev_packet_mac(const uint8_t tik[WIRE_SEV_KEY_SIZE], const struct sev_packet *packet,
                    const void *data, uint8_t mac[WIRE_SEV_MAC_SIZE])
{
    uint8_t head[29];
    const struct cr_part parts[] = {
        {head, sizeof(head)}, {data, packet->trans_len}, {packet->measure, WIRE_SEV_MAC_SIZE}};

    head[0] = packet->kind;
    cb_store_le32(head + 1, packet->flags);
    memcpy(head + 5, packet->iv, sizeof(packet->iv));
    cb_store_le32(head + 21, packet->guest_len);
    cb_store_le32(head + 25, packet->trans_len);
    cr_hmac_sha256(tik, WIRE_SEV_KEY_SIZE, parts, packet->measure ? 3 : 2, mac);
}

void sev_packet_seal(const struct sev_transport *keys, const struct sev_packet *packet,
                     const void *in, void *out, uint8_t header[WIRE_SEV_PACKET_SIZE])
{
    cr_aes128_ctr(keys->tek, packet->iv, in, out, packet->trans_len);
    cb_store_le32(header + WIRE_SEV_PACKET_FLAGS, packet->flags);
    memcpy(header + WIRE_SEV_PACKET_IV, packet->iv, sizeof(packet->iv));
    sev_packet_mac(keys->tik, packet, out, header + WIRE_SEV_PACKET_MAC);
}

void sev_packet_read_header(const uint8_t header[WIRE_SEV_PACKET_SIZE], struct sev_packet *packet)
{
    packet->flags = cb_load_le32(header + WIRE_SEV_PACKET_FLAGS);
    memcpy(packet->iv, header + WIRE_SEV_PACKET_IV, sizeof(packet->iv));
}

enum wire_sev_status sev_packet_open(const struct sev_transport *keys,
                                     const struct sev_packet *packet,
                                     const uint8_t header[WIRE_SEV_PACKET_SIZE], const void *in,
                                     void *out)
{
    uint8_t mac[WIRE_SEV_MAC_SIZE];

    sev_packet_mac(keys->tik, packet, in, mac);
    if (!cb_ct_equal(mac, header + WIRE_SEV_PACKET_MAC, sizeof(mac)))
        return WIRE_SEV_BAD_MEASUREMENT;
    cr_aes128_ctr(keys->tek, packet->iv, in, out, packet->trans_len);
    return WIRE_SEV_SUCCESS;
}
