/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's side of the AMD-SP's mailbox: platform commands. */
#include "hv/psp.h"

#include <stdio.h>

#include "wire/sev_cmd.h"

#define RESPONSE (1u << 31)
#define STATUS_MASK 0xffffu

static struct mc_access own(const struct hv_psp *psp)
{
    return mc_access_host(MC_KIND_DATA, psp->c_bit);
}

void hv_psp_put(const struct hv_psp *psp, spa_t at, const void *from, size_t len)
{
    if (len)
        mc_write(psp->mc, at, own(psp), from, len);
}

void hv_psp_get(const struct hv_psp *psp, spa_t at, void *to, size_t len)
{
    if (len)
        mc_read(psp->mc, at, own(psp), to, len);
}

uint64_t hv_psp_address(const struct hv_psp *psp, spa_t at)
{
    return at.v | (psp->c_bit ? psp->c_mask : 0);
}

spa_t hv_psp_scratch(const struct hv_psp *psp, size_t offset)
{
    CBIT_ASSERT(offset < HV_PSP_SCRATCH);
    return spa(psp->page.v + CB_PAGE_SIZE + offset);
}

enum wire_sev_status hv_psp_command(const struct hv_psp *psp, unsigned id, uint8_t *buffer)
{
    const struct wire_sev_command *command = wire_sev_command_of(id);
    const uint64_t address = hv_psp_address(psp, psp->page);
    uint32_t response;

    CBIT_ASSERT(command != NULL);
    hv_psp_put(psp, psp->page, buffer, command->size);
    asp_reg_write(psp->asp, ASP_REG_ADDR_LOW, (uint32_t)address);
    asp_reg_write(psp->asp, ASP_REG_ADDR_HIGH, (uint32_t)(address >> 32));
    asp_reg_write(psp->asp, ASP_REG_COMMAND, id << 16);
    response = asp_reg_read(psp->asp, ASP_REG_COMMAND);
    hv_psp_get(psp, psp->page, buffer, command->size);
    if (!(response & RESPONSE)) /* ring mode: nobody here asked for it */
        return WIRE_SEV_HWERROR_PLATFORM;
    return (enum wire_sev_status)(response & STATUS_MASK);
}

void hv_refusal_text(const struct hv_refusal *refusal, char *to, size_t size)
{
    const struct wire_sev_command *command = wire_sev_command_of(refusal->command);

    snprintf(to, size, "%s: %s (%u)", command ? command->name : "?",
             wire_sev_status_name(refusal->status), (unsigned)refusal->status);
}

static enum wire_sev_status run(const struct hv_psp *psp, unsigned id, uint8_t *buffer,
                                struct hv_refusal *refusal)
{
    const enum wire_sev_status status = hv_psp_command(psp, id, buffer);

    if (status)
        *refusal = (struct hv_refusal){id, status};
    return status;
}

enum wire_sev_status hv_psp_status(const struct hv_psp *psp, struct wire_sev_platform_status *out)
{
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE] = {0};
    const enum wire_sev_status status = hv_psp_command(psp, WIRE_SEV_PLATFORM_STATUS, buffer);

    wire_sev_platform_status_decode(out, buffer);
    return status;
}

enum wire_sev_status hv_psp_flush(const struct hv_psp *psp, struct hv_refusal *refusal)
{
    for (unsigned cpu = 0; cpu < psp->n_cpus; cpu++)
        asp_note_wbinvd(psp->asp, cpu);
    return run(psp, WIRE_SEV_DF_FLUSH, NULL, refusal);
}

enum wire_sev_status hv_psp_start(const struct hv_psp *psp, struct hv_refusal *refusal)
{
    struct wire_sev_platform_status platform;
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    const struct wire_sev_init init = {0}; /* no SEV-ES, so no TMR */
    enum wire_sev_status status = hv_psp_status(psp, &platform);

    *refusal = (struct hv_refusal){WIRE_SEV_PLATFORM_STATUS, status};
    if (status || platform.state != WIRE_SEV_PLATFORM_UNINIT)
        return status;
    wire_sev_init_encode(&init, buffer);
    status = run(psp, WIRE_SEV_INIT, buffer, refusal);
    if (status == WIRE_SEV_SECURE_DATA_INVALID) /* it has thrown the bad data away */
        status = run(psp, WIRE_SEV_INIT, buffer, refusal);
    return status ? status : hv_psp_flush(psp, refusal);
}

static enum wire_sev_status get_id(const struct hv_psp *psp, struct hv_identity *out,
                                   struct hv_refusal *refusal)
{
    const struct wire_sev_blob blob = {hv_psp_address(psp, hv_psp_scratch(psp, 0)),
                                       sizeof(out->id)};
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    wire_sev_blob_encode(&blob, buffer);
    status = run(psp, WIRE_SEV_GET_ID, buffer, refusal);
    if (!status)
        hv_psp_get(psp, hv_psp_scratch(psp, 0), out->id, sizeof(out->id));
    return status;
}

enum wire_sev_status hv_psp_identity(const struct hv_psp *psp, struct hv_identity *out,
                                     struct hv_refusal *refusal)
{
    const spa_t pdh = hv_psp_scratch(psp, 0), chain = hv_psp_scratch(psp, CB_PAGE_SIZE);
    const struct wire_sev_two_blobs blobs = {
        .first = {hv_psp_address(psp, pdh), sizeof(out->pdh)},
        .second = {hv_psp_address(psp, chain), sizeof(out->chain)},
    };
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    memset(out, 0, sizeof(*out));
    wire_sev_two_blobs_encode(&blobs, buffer);
    status = run(psp, WIRE_SEV_PDH_CERT_EXPORT, buffer, refusal);
    if (status)
        return status;
    hv_psp_get(psp, pdh, out->pdh, sizeof(out->pdh));
    hv_psp_get(psp, chain, out->chain, sizeof(out->chain));
    return get_id(psp, out, refusal);
}
