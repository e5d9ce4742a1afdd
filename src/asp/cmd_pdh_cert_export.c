/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDH_CERT_EXPORT: the PDH certificate, and PEK, OCA and CEK.  The CEK has no
 * signature here: the key server gives the signed one for the chip's id.
 */
#include "asp/commands.h"

static void write_certs(struct asp_call *call, const struct wire_sev_two_blobs *c)
{
    const struct asp_nv *nv = &call->asp->nv;
    uint8_t bytes[WIRE_SEV_CHAIN_SIZE];
    struct wire_sev_cert cek;

    wire_sev_cert_encode(&nv->pdh_cert, bytes);
    asp_mem_write(call, c->first.paddr, bytes, WIRE_SEV_CERT_SIZE);
    asp_cek_cert(call->asp, &cek);
    wire_sev_cert_encode(&nv->pek_cert, bytes);
    wire_sev_cert_encode(&nv->oca_cert, bytes + WIRE_SEV_CERT_SIZE);
    wire_sev_cert_encode(&cek, bytes + 2 * WIRE_SEV_CERT_SIZE);
    asp_mem_write(call, c->second.paddr, bytes, sizeof(bytes));
}

enum wire_sev_status asp_cmd_pdh_cert_export(struct asp_call *call)
{
    struct wire_sev_two_blobs c;
    bool fits;

    wire_sev_two_blobs_decode(&c, call->b);
    fits = c.first.length >= WIRE_SEV_CERT_SIZE && c.second.length >= WIRE_SEV_CHAIN_SIZE;
    if (fits && (!asp_mem_ok(call, c.first.paddr, WIRE_SEV_CERT_SIZE) ||
                 !asp_mem_ok(call, c.second.paddr, WIRE_SEV_CHAIN_SIZE)))
        return WIRE_SEV_INVALID_ADDRESS;
    c.first.length = WIRE_SEV_CERT_SIZE;
    c.second.length = WIRE_SEV_CHAIN_SIZE;
    wire_sev_two_blobs_encode(&c, call->b);
    if (!fits)
        return WIRE_SEV_INVALID_LENGTH;
    write_certs(call, &c);
    return WIRE_SEV_SUCCESS;
}
