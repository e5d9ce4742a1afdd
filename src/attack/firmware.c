/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AMD-SP, asked through its mailbox with command buffers in plaintext.
 * SEV API 0.24 (AMD publication 55766).
 */
#include "attack/firmware.h"

enum wire_sev_status attack_command(struct attack_scene *s, unsigned id, uint8_t *buffer,
                                    size_t len)
{
    enum wire_sev_status status;

    attack_host_write(s, AT_COMMAND, false, buffer, len);
    status = asp_mailbox(pc_asp(s->pc), id, AT_COMMAND);
    attack_host_read(s, AT_COMMAND, false, buffer, len);
    return status;
}

enum wire_sev_status attack_command_handle(struct attack_scene *s, unsigned id, uint32_t handle)
{
    uint8_t b[4];

    cb_store_le32(b, handle);
    return attack_command(s, id, b, sizeof(b));
}

void attack_wbinvd(struct attack_scene *s)
{
    asp_note_wbinvd(pc_asp(s->pc), 0);
}

enum cbit_status attack_firmware_up(struct attack_scene *s)
{
    const struct wire_sev_init init = {.flags = 0};
    uint8_t b[20];

    if (s->firmware_up)
        return CBIT_OK;
    wire_sev_init_encode(&init, b);
    if (attack_command(s, WIRE_SEV_INIT, b, sizeof(b)))
        return CBIT_DENIED;
    attack_wbinvd(s);
    if (asp_mailbox(pc_asp(s->pc), WIRE_SEV_DF_FLUSH, 0))
        return CBIT_DENIED;
    s->firmware_up = true;
    return CBIT_OK;
}

/* ---- launch ---- */

enum wire_sev_status attack_launch_start(struct attack_scene *s, struct attack_victim *v)
{
    struct wire_sev_start start = {.policy = s->debug_allowed ? 0 : WIRE_SEV_POLICY_NODBG};
    struct wire_sev_activate activate = {.asid = v->asid};
    uint8_t b[36];
    enum wire_sev_status status;

    wire_sev_start_encode(&start, b);
    status = attack_command(s, WIRE_SEV_LAUNCH_START, b, sizeof(b));
    if (status)
        return status;
    wire_sev_start_decode(&start, b);
    v->handle = activate.handle = start.handle;
    wire_sev_activate_encode(&activate, b);
    return attack_command(s, WIRE_SEV_ACTIVATE, b, 8);
}

static enum wire_sev_status region(struct attack_scene *s, unsigned id, uint32_t handle,
                                   uint64_t at, uint32_t len)
{
    const struct wire_sev_region region = {handle, {at, len}};
    uint8_t b[20];

    wire_sev_region_encode(&region, b);
    return attack_command(s, id, b, sizeof(b));
}

enum wire_sev_status attack_launch_update(struct attack_scene *s, const struct attack_victim *v,
                                          uint64_t page, uint32_t len)
{
    return region(s, WIRE_SEV_LAUNCH_UPDATE_DATA, v->handle, attack_spa(v, page), len);
}

enum wire_sev_status attack_launch_finish(struct attack_scene *s, const struct attack_victim *v)
{
    const enum wire_sev_status status =
        region(s, WIRE_SEV_LAUNCH_MEASURE, v->handle, AT_ANSWER, WIRE_SEV_MEASURE_SIZE);

    return status ? status : attack_command_handle(s, WIRE_SEV_LAUNCH_FINISH, v->handle);
}

enum cbit_status attack_launch(struct attack_scene *s, struct attack_victim *v)
{
    const uint32_t low = v->pages_shared ? PAGE_SECRET : PAGE_SHARED;
    const enum cbit_status up = attack_firmware_up(s);
    enum wire_sev_status status;

    if (up)
        return up;
    status = attack_launch_start(s, v);
    if (!status)
        status = attack_launch_update(s, v, PAGE_CODE, low);
    if (!status)
        status = attack_launch_update(s, v, PAGE_CODE_2, VICTIM_SIZE - PAGE_CODE_2);
    if (!status)
        status = attack_launch_finish(s, v);
    return status ? CBIT_DENIED : CBIT_OK;
}

enum wire_sev_status attack_attested_digest(struct attack_scene *s, const struct attack_victim *v,
                                            uint8_t digest[ATTACK_DIGEST])
{
    const struct wire_sev_attestation c = {.handle = v->handle,
                                           .report = {AT_ANSWER, WIRE_SEV_REPORT_SIZE}};
    uint8_t b[36], report[WIRE_SEV_REPORT_SIZE];
    enum wire_sev_status status;

    wire_sev_attestation_encode(&c, b);
    status = attack_command(s, WIRE_SEV_ATTESTATION, b, sizeof(b));
    attack_host_read(s, AT_ANSWER, false, report, sizeof(report));
    memcpy(digest, report + WIRE_SEV_REPORT_DIGEST, ATTACK_DIGEST);
    return status;
}

/* ---- debugging ---- */

static enum wire_sev_status debug(struct attack_scene *s, unsigned id, const struct wire_sev_dbg *c)
{
    uint8_t b[28];

    wire_sev_dbg_encode(c, b);
    return attack_command(s, id, b, sizeof(b));
}

enum wire_sev_status attack_debug_read(struct attack_scene *s, const struct attack_victim *v,
                                       uint64_t page, uint8_t block[ATTACK_BLOCK])
{
    const struct wire_sev_dbg c = {v->handle, attack_spa(v, page), AT_ANSWER, ATTACK_BLOCK};
    const enum wire_sev_status status = debug(s, WIRE_SEV_DBG_DECRYPT, &c);

    attack_host_read(s, AT_ANSWER, false, block, ATTACK_BLOCK);
    return status;
}

enum wire_sev_status attack_debug_write(struct attack_scene *s, const struct attack_victim *v,
                                        uint64_t at, const void *bytes, uint32_t len)
{
    const struct wire_sev_dbg c = {v->handle, AT_ANSWER, attack_spa(v, at), len};

    attack_host_write(s, AT_ANSWER, false, bytes, len);
    return debug(s, WIRE_SEV_DBG_ENCRYPT, &c);
}
