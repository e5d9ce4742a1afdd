/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The persistent record: in the flash, or in the 32 KiB of memory that INIT_EX
 * named in its place.  "Empty" is four bytes of 0xff at the front; all zeroes
 * are a damaged record, not an empty one, and Linux counts on that.
 */
#include "asp/state.h"

void asp_nv_encode(const struct asp_nv *nv, uint8_t record[ASP_NV_RECORD_SIZE])
{
    uint8_t *at = record;

    cb_store_le32(at, nv->owned);
    at += 4;
    memcpy(at, nv->oca.d, CR_P384_LEN);
    memcpy(at + CR_P384_LEN, nv->pek.d, CR_P384_LEN);
    memcpy(at + 2 * CR_P384_LEN, nv->pdh.d, CR_P384_LEN);
    at += 3 * CR_P384_LEN;
    wire_sev_cert_encode(&nv->oca_cert, at);
    wire_sev_cert_encode(&nv->pek_cert, at + WIRE_SEV_CERT_SIZE);
    wire_sev_cert_encode(&nv->pdh_cert, at + 2 * WIRE_SEV_CERT_SIZE);
}

bool asp_nv_decode(struct asp_nv *nv, const uint8_t record[ASP_NV_RECORD_SIZE])
{
    const uint8_t *keys = record + 4, *certs = keys + 3 * CR_P384_LEN;

    memset(nv, 0, sizeof(*nv));
    nv->owned = cb_load_le32(record) != 0;
    wire_sev_cert_decode(&nv->oca_cert, certs);
    wire_sev_cert_decode(&nv->pek_cert, certs + WIRE_SEV_CERT_SIZE);
    wire_sev_cert_decode(&nv->pdh_cert, certs + 2 * WIRE_SEV_CERT_SIZE);
    return (nv->owned || cr_p384_from_private(keys, &nv->oca)) &&
           cr_p384_from_private(keys + CR_P384_LEN, &nv->pek) &&
           cr_p384_from_private(keys + 2 * CR_P384_LEN, &nv->pdh);
}

static bool is_empty(const uint8_t *raw, size_t len)
{
    return len == 0 || (len >= 4 && cb_load_le32(raw) == UINT32_MAX);
}

/* The raw bytes of whichever medium is in use. */
static enum cbit_status read_raw(struct asp_call *call, uint8_t buf[ASP_FLASH_MAX], size_t *len)
{
    struct asp *asp = call->asp;

    if (asp->nv_in_memory) {
        *len = WIRE_SEV_NV_SIZE;
        asp_mem_read(call, asp->nv_paddr, buf, *len);
        return CBIT_OK;
    }
    if (asp->has_flash)
        return asp->flash.load(asp->flash.ctx, buf, ASP_FLASH_MAX, len);
    *len = asp->ram_flash_len;
    memcpy(buf, asp->ram_flash, *len);
    return CBIT_OK;
}

static enum cbit_status write_raw(struct asp_call *call, const uint8_t *buf, size_t len)
{
    struct asp *asp = call->asp;

    if (asp->nv_in_memory) {
        uint8_t area[WIRE_SEV_NV_SIZE];

        memset(area, 0xff, sizeof(area));
        memcpy(area, buf, len);
        asp_mem_write(call, asp->nv_paddr, area, sizeof(area));
        return CBIT_OK;
    }
    if (asp->has_flash)
        return asp->flash.save(asp->flash.ctx, buf, len);
    memcpy(asp->ram_flash, buf, len);
    asp->ram_flash_len = len;
    return CBIT_OK;
}

enum cbit_status asp_nv_load(struct asp_call *call, struct asp_nv *nv)
{
    struct asp *asp = call->asp;
    uint8_t raw[ASP_FLASH_MAX], *record;
    size_t len = 0, record_len;
    enum cbit_status status = read_raw(call, raw, &len);

    if (status != CBIT_OK)
        return status;
    if (is_empty(raw, len))
        return CBIT_NOT_FOUND;
    if (asp->nv_in_memory)
        len = ASP_NV_SEALED_SIZE; /* the rest of the area is filler */
    status = asp_unseal(&asp->chip, ASP_SEAL_NV, raw, len, &record, &record_len);
    if (status == CBIT_OK &&
        (record_len != ASP_NV_RECORD_SIZE || !asp_nv_decode(nv, record)))
        status = CBIT_CORRUPT;
    cb_wipe(raw, sizeof(raw));
    return status;
}

enum cbit_status asp_nv_save(struct asp_call *call, const struct asp_nv *nv)
{
    uint8_t record[ASP_NV_RECORD_SIZE], sealed[ASP_NV_SEALED_SIZE];
    size_t len;

    asp_nv_encode(nv, record);
    len = asp_seal(&call->asp->chip, ASP_SEAL_NV, record, sizeof(record), sealed);
    cb_wipe(record, sizeof(record));
    return write_raw(call, sealed, len);
}

enum cbit_status asp_nv_erase(struct asp_call *call)
{
    uint8_t blank[64];

    memset(blank, 0xff, sizeof(blank));
    return write_raw(call, blank, sizeof(blank));
}

enum cbit_status asp_nv_probe(struct asp *asp)
{
    struct asp_call call = {.asp = asp};
    struct asp_nv nv;
    const enum cbit_status status = asp_nv_load(&call, &nv);

    cb_wipe(&nv, sizeof(nv));
    /* Empty is fine, and a damaged record is INIT's to report. */
    return status == CBIT_NOT_FOUND || status == CBIT_CORRUPT ? CBIT_OK : status;
}

enum wire_sev_status asp_nv_commit(struct asp_call *call, const struct asp_nv *nv)
{
    const enum cbit_status status = asp_nv_save(call, nv);

    if (status != CBIT_OK) {
        asp_trace(call->asp, "flash: not written: %s; the old record stays",
                  cb_status_text(status));
        return WIRE_SEV_HWERROR_PLATFORM;
    }
    call->asp->nv = *nv;
    return WIRE_SEV_SUCCESS;
}
