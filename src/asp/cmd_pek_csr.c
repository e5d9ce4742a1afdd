/* SPDX-License-Identifier: Apache-2.0 */
/* PEK_CSR: the PEK certificate without signatures, for an owner to sign. */
#include "asp/commands.h"

enum wire_sev_status asp_cmd_pek_csr(struct asp_call *call)
{
    struct wire_sev_cert csr = call->asp->nv.pek_cert;
    uint8_t bytes[WIRE_SEV_CERT_SIZE];
    struct wire_sev_blob c;

    wire_sev_blob_decode(&c, call->b);
    if (c.length < WIRE_SEV_CERT_SIZE) {
        c.length = WIRE_SEV_CERT_SIZE;
        wire_sev_blob_encode(&c, call->b);
        return WIRE_SEV_INVALID_LENGTH;
    }
    if (!asp_mem_ok(call, c.paddr, WIRE_SEV_CERT_SIZE))
        return WIRE_SEV_INVALID_ADDRESS;
    sev_cert_clear_sig(&csr, 0);
    sev_cert_clear_sig(&csr, 1);
    wire_sev_cert_encode(&csr, bytes);
    asp_mem_write(call, c.paddr, bytes, sizeof(bytes));
    c.length = WIRE_SEV_CERT_SIZE;
    wire_sev_blob_encode(&c, call->b);
    return WIRE_SEV_SUCCESS;
}
