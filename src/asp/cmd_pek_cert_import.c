/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEK_CERT_IMPORT: an owner takes the platform.  The PEK must be the present
 * one (only its body is compared); the CEK's signature is put back into the
 * first free slot; the PDH is new.
 */
#include "asp/commands.h"

struct import {
    struct wire_sev_cert pek, oca;
    unsigned free_slot;
};

static enum wire_sev_status decode(struct asp_call *call, struct import *im)
{
    uint8_t bytes[WIRE_SEV_CERT_SIZE];
    struct wire_sev_two_blobs c;

    wire_sev_two_blobs_decode(&c, call->b);
    if (call->asp->nv.owned)
        return WIRE_SEV_ALREADY_OWNED;
    if (c.first.length != WIRE_SEV_CERT_SIZE || c.second.length != WIRE_SEV_CERT_SIZE)
        return WIRE_SEV_INVALID_LENGTH;
    if (!asp_mem_ok(call, c.first.paddr, WIRE_SEV_CERT_SIZE) ||
        !asp_mem_ok(call, c.second.paddr, WIRE_SEV_CERT_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    asp_mem_read(call, c.first.paddr, bytes, sizeof(bytes));
    wire_sev_cert_decode(&im->pek, bytes);
    asp_mem_read(call, c.second.paddr, bytes, sizeof(bytes));
    wire_sev_cert_decode(&im->oca, bytes);
    return WIRE_SEV_SUCCESS;
}

static enum wire_sev_status check(const struct asp *asp, struct import *im)
{
    enum wire_sev_status status = sev_cert_verify_by(&im->oca, &im->oca);

    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (im->oca.usage != WIRE_SEV_USAGE_OCA)
        return WIRE_SEV_INVALID_CERTIFICATE;
    status = sev_cert_verify_by(&im->pek, &im->oca);
    if (status != WIRE_SEV_SUCCESS)
        return status;
    if (!sev_cert_same_body(&im->pek, &asp->nv.pek_cert))
        return WIRE_SEV_INVALID_CERTIFICATE;
    for (im->free_slot = 0; im->free_slot < 2; im->free_slot++)
        if (sev_cert_slot_unused(&im->pek, im->free_slot))
            return WIRE_SEV_SUCCESS;
    return WIRE_SEV_INVALID_CERTIFICATE;
}

static enum wire_sev_status perform(struct asp_call *call, struct import *im)
{
    struct asp_nv nv = call->asp->nv;
    enum wire_sev_status status;

    for (unsigned slot = 0; slot < 2; slot++)
        if (nv.pek_cert.sig[slot].usage == WIRE_SEV_USAGE_CEK)
            im->pek.sig[im->free_slot] = nv.pek_cert.sig[slot];
    nv.owned = true;
    nv.oca_cert = im->oca;
    nv.pek_cert = im->pek;
    cb_wipe(&nv.oca, sizeof(nv.oca));
    asp_nv_make_pdh(call->asp, &nv);
    status = asp_nv_commit(call, &nv);
    cb_wipe(&nv, sizeof(nv));
    return status;
}

enum wire_sev_status asp_cmd_pek_cert_import(struct asp_call *call)
{
    struct import im;
    enum wire_sev_status status = decode(call, &im);

    if (status == WIRE_SEV_SUCCESS)
        status = check(call->asp, &im);
    return status == WIRE_SEV_SUCCESS ? perform(call, &im) : status;
}
