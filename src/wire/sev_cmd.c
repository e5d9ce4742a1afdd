/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV command buffers to and from bytes.  Offsets are those of the packed
 * layouts in AMD publication 55766; words between fields are reserved, ignored
 * when read and zero when written.
 */
#include "wire/sev_cmd.h"

void wire_sev_init_decode(struct wire_sev_init *c, const uint8_t b[20])
{
    memset(c, 0, sizeof(*c));
    c->flags = cb_load_le32(b + 0x00);
    c->reserved = cb_load_le32(b + 0x04);
    c->tmr_paddr = cb_load_le64(b + 0x08);
    c->tmr_length = cb_load_le32(b + 0x10);
}

void wire_sev_init_encode(const struct wire_sev_init *c, uint8_t b[20])
{
    cb_store_le32(b + 0x00, c->flags);
    cb_store_le32(b + 0x04, c->reserved);
    cb_store_le64(b + 0x08, c->tmr_paddr);
    cb_store_le32(b + 0x10, c->tmr_length);
}

void wire_sev_init_ex_decode(struct wire_sev_init *c, const uint8_t b[36])
{
    memset(c, 0, sizeof(*c));
    c->length = cb_load_le32(b + 0x00);
    c->flags = cb_load_le32(b + 0x04);
    c->tmr_paddr = cb_load_le64(b + 0x08);
    c->tmr_length = cb_load_le32(b + 0x10);
    c->reserved = cb_load_le32(b + 0x14);
    c->nv_paddr = cb_load_le64(b + 0x18);
    c->nv_length = cb_load_le32(b + 0x20);
}

void wire_sev_init_ex_encode(const struct wire_sev_init *c, uint8_t b[36])
{
    cb_store_le32(b + 0x00, c->length);
    cb_store_le32(b + 0x04, c->flags);
    cb_store_le64(b + 0x08, c->tmr_paddr);
    cb_store_le32(b + 0x10, c->tmr_length);
    cb_store_le32(b + 0x14, c->reserved);
    cb_store_le64(b + 0x18, c->nv_paddr);
    cb_store_le32(b + 0x20, c->nv_length);
}

void wire_sev_platform_status_decode(struct wire_sev_platform_status *c, const uint8_t b[12])
{
    c->api_major = b[0];
    c->api_minor = b[1];
    c->state = b[2];
    c->owned = (b[3] & 1) != 0;
    c->es = (b[4] & 1) != 0;
    c->build = b[7];
    c->guest_count = cb_load_le32(b + 8);
}

void wire_sev_platform_status_encode(const struct wire_sev_platform_status *c, uint8_t b[12])
{
    memset(b, 0, 12);
    b[0] = c->api_major;
    b[1] = c->api_minor;
    b[2] = c->state;
    b[3] = c->owned;
    b[4] = c->es;
    b[7] = c->build;
    cb_store_le32(b + 8, c->guest_count);
}

void wire_sev_blob_decode(struct wire_sev_blob *c, const uint8_t b[12])
{
    c->paddr = cb_load_le64(b + 0x00);
    c->length = cb_load_le32(b + 0x08);
}

void wire_sev_blob_encode(const struct wire_sev_blob *c, uint8_t b[12])
{
    cb_store_le64(b + 0x00, c->paddr);
    cb_store_le32(b + 0x08, c->length);
}

void wire_sev_two_blobs_decode(struct wire_sev_two_blobs *c, const uint8_t b[28])
{
    wire_sev_blob_decode(&c->first, b + 0x00);
    wire_sev_blob_decode(&c->second, b + 0x10);
}

void wire_sev_two_blobs_encode(const struct wire_sev_two_blobs *c, uint8_t b[28])
{
    memset(b, 0, 28);
    wire_sev_blob_encode(&c->first, b + 0x00);
    wire_sev_blob_encode(&c->second, b + 0x10);
}

void wire_sev_ring_buffer_decode(struct wire_sev_ring_buffer *c, const uint8_t b[40])
{
    c->lo_cmdptr = cb_load_le64(b + 0x00);
    c->lo_statval = cb_load_le64(b + 0x08);
    c->hi_cmdptr = cb_load_le64(b + 0x10);
    c->hi_statval = cb_load_le64(b + 0x18);
    c->lo_size = b[0x20];
    c->hi_size = b[0x21];
    c->lo_threshold = cb_load_le16(b + 0x22);
    c->hi_threshold = cb_load_le16(b + 0x24);
    c->flags = cb_load_le16(b + 0x26);
}

void wire_sev_ring_buffer_encode(const struct wire_sev_ring_buffer *c, uint8_t b[40])
{
    cb_store_le64(b + 0x00, c->lo_cmdptr);
    cb_store_le64(b + 0x08, c->lo_statval);
    cb_store_le64(b + 0x10, c->hi_cmdptr);
    cb_store_le64(b + 0x18, c->hi_statval);
    b[0x20] = c->lo_size;
    b[0x21] = c->hi_size;
    cb_store_le16(b + 0x22, c->lo_threshold);
    cb_store_le16(b + 0x24, c->hi_threshold);
    cb_store_le16(b + 0x26, c->flags);
}

void wire_sev_activate_decode(struct wire_sev_activate *c, const uint8_t b[8])
{
    memset(c, 0, sizeof(*c));
    c->handle = cb_load_le32(b + 0x00);
    c->asid = cb_load_le32(b + 0x04);
}

void wire_sev_activate_encode(const struct wire_sev_activate *c, uint8_t b[8])
{
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->asid);
}

void wire_sev_activate_ex_decode(struct wire_sev_activate *c, const uint8_t b[24])
{
    memset(c, 0, sizeof(*c));
    c->length = cb_load_le32(b + 0x00);
    c->handle = cb_load_le32(b + 0x04);
    c->asid = cb_load_le32(b + 0x08);
    c->n_ids = cb_load_le32(b + 0x0c);
    c->ids_paddr = cb_load_le64(b + 0x10);
}

void wire_sev_activate_ex_encode(const struct wire_sev_activate *c, uint8_t b[24])
{
    cb_store_le32(b + 0x00, c->length);
    cb_store_le32(b + 0x04, c->handle);
    cb_store_le32(b + 0x08, c->asid);
    cb_store_le32(b + 0x0c, c->n_ids);
    cb_store_le64(b + 0x10, c->ids_paddr);
}

void wire_sev_guest_status_decode(struct wire_sev_guest_status *c, const uint8_t b[13])
{
    c->handle = cb_load_le32(b + 0x00);
    c->policy = cb_load_le32(b + 0x04);
    c->asid = cb_load_le32(b + 0x08);
    c->state = b[0x0c];
}

void wire_sev_guest_status_encode(const struct wire_sev_guest_status *c, uint8_t b[13])
{
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->policy);
    cb_store_le32(b + 0x08, c->asid);
    b[0x0c] = c->state;
}

void wire_sev_copy_decode(struct wire_sev_copy *c, const uint8_t b[24])
{
    c->handle = cb_load_le32(b + 0x00);
    c->length = cb_load_le32(b + 0x04);
    c->src = cb_load_le64(b + 0x08);
    c->dst = cb_load_le64(b + 0x10);
}

void wire_sev_copy_encode(const struct wire_sev_copy *c, uint8_t b[24])
{
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->length);
    cb_store_le64(b + 0x08, c->src);
    cb_store_le64(b + 0x10, c->dst);
}

void wire_sev_start_decode(struct wire_sev_start *c, const uint8_t b[36])
{
    c->handle = cb_load_le32(b + 0x00);
    c->policy = cb_load_le32(b + 0x04);
    wire_sev_blob_decode(&c->cert, b + 0x08);
    wire_sev_blob_decode(&c->session, b + 0x18);
}

void wire_sev_start_encode(const struct wire_sev_start *c, uint8_t b[36])
{
    memset(b, 0, 36);
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->policy);
    wire_sev_blob_encode(&c->cert, b + 0x08);
    wire_sev_blob_encode(&c->session, b + 0x18);
}

void wire_sev_region_decode(struct wire_sev_region *c, const uint8_t b[20])
{
    c->handle = cb_load_le32(b + 0x00);
    wire_sev_blob_decode(&c->data, b + 0x08);
}

void wire_sev_region_encode(const struct wire_sev_region *c, uint8_t b[20])
{
    memset(b, 0, 20);
    cb_store_le32(b + 0x00, c->handle);
    wire_sev_blob_encode(&c->data, b + 0x08);
}

void wire_sev_packet_decode(struct wire_sev_packet *c, const uint8_t b[52])
{
    c->handle = cb_load_le32(b + 0x00);
    wire_sev_blob_decode(&c->header, b + 0x08);
    wire_sev_blob_decode(&c->guest, b + 0x18);
    wire_sev_blob_decode(&c->trans, b + 0x28);
}

void wire_sev_packet_encode(const struct wire_sev_packet *c, uint8_t b[52])
{
    memset(b, 0, 52);
    cb_store_le32(b + 0x00, c->handle);
    wire_sev_blob_encode(&c->header, b + 0x08);
    wire_sev_blob_encode(&c->guest, b + 0x18);
    wire_sev_blob_encode(&c->trans, b + 0x28);
}

void wire_sev_attestation_decode(struct wire_sev_attestation *c, const uint8_t b[36])
{
    c->handle = cb_load_le32(b + 0x00);
    c->report.paddr = cb_load_le64(b + 0x08);
    memcpy(c->mnonce, b + 0x10, sizeof(c->mnonce));
    c->report.length = cb_load_le32(b + 0x20);
}

void wire_sev_attestation_encode(const struct wire_sev_attestation *c, uint8_t b[36])
{
    memset(b, 0, 36);
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le64(b + 0x08, c->report.paddr);
    memcpy(b + 0x10, c->mnonce, sizeof(c->mnonce));
    cb_store_le32(b + 0x20, c->report.length);
}

void wire_sev_send_start_decode(struct wire_sev_send_start *c, const uint8_t b[68])
{
    c->handle = cb_load_le32(b + 0x00);
    c->policy = cb_load_le32(b + 0x04);
    wire_sev_blob_decode(&c->pdh, b + 0x08);
    wire_sev_blob_decode(&c->plat_certs, b + 0x18);
    wire_sev_blob_decode(&c->amd_certs, b + 0x28);
    wire_sev_blob_decode(&c->session, b + 0x38);
}

void wire_sev_send_start_encode(const struct wire_sev_send_start *c, uint8_t b[68])
{
    memset(b, 0, 68);
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->policy);
    wire_sev_blob_encode(&c->pdh, b + 0x08);
    wire_sev_blob_encode(&c->plat_certs, b + 0x18);
    wire_sev_blob_encode(&c->amd_certs, b + 0x28);
    wire_sev_blob_encode(&c->session, b + 0x38);
}

void wire_sev_dbg_decode(struct wire_sev_dbg *c, const uint8_t b[28])
{
    c->handle = cb_load_le32(b + 0x00);
    c->src = cb_load_le64(b + 0x08);
    c->dst = cb_load_le64(b + 0x10);
    c->length = cb_load_le32(b + 0x18);
}

void wire_sev_dbg_encode(const struct wire_sev_dbg *c, uint8_t b[28])
{
    memset(b, 0, 28);
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le64(b + 0x08, c->src);
    cb_store_le64(b + 0x10, c->dst);
    cb_store_le32(b + 0x18, c->length);
}

void wire_sev_swap_out_decode(struct wire_sev_swap *c, const uint8_t b[40])
{
    memset(c, 0, sizeof(*c));
    c->handle = cb_load_le32(b + 0x00);
    c->flags = cb_load_le32(b + 0x04);
    c->src = cb_load_le64(b + 0x08);
    c->dst = cb_load_le64(b + 0x10);
    c->mdata = cb_load_le64(b + 0x18);
    c->software_data = cb_load_le64(b + 0x20);
}

void wire_sev_swap_out_encode(const struct wire_sev_swap *c, uint8_t b[40])
{
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->flags);
    cb_store_le64(b + 0x08, c->src);
    cb_store_le64(b + 0x10, c->dst);
    cb_store_le64(b + 0x18, c->mdata);
    cb_store_le64(b + 0x20, c->software_data);
}

void wire_sev_swap_in_decode(struct wire_sev_swap *c, const uint8_t b[32])
{
    memset(c, 0, sizeof(*c));
    c->handle = cb_load_le32(b + 0x00);
    c->flags = cb_load_le32(b + 0x04);
    c->src = cb_load_le64(b + 0x08);
    c->dst = cb_load_le64(b + 0x10);
    c->mdata = cb_load_le64(b + 0x18);
}

void wire_sev_swap_in_encode(const struct wire_sev_swap *c, uint8_t b[32])
{
    cb_store_le32(b + 0x00, c->handle);
    cb_store_le32(b + 0x04, c->flags);
    cb_store_le64(b + 0x08, c->src);
    cb_store_le64(b + 0x10, c->dst);
    cb_store_le64(b + 0x18, c->mdata);
}
