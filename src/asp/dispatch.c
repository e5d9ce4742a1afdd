/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command id to its handler: copy the buffer once, check the platform
 * state, run, copy back (AMD publication 55766, sections 4 and 5).  The whole
 * command works on the copy, so whoever owns the buffer can't change it between
 * check and use.
 */
#include "asp/commands.h"

#define UNINIT (1u << WIRE_SEV_PLATFORM_UNINIT)
#define INIT (1u << WIRE_SEV_PLATFORM_INIT)
#define WORKING (1u << WIRE_SEV_PLATFORM_WORKING)
#define ANY (UNINIT | INIT | WORKING)

static const struct {
    uint16_t id;
    uint8_t states; /* of the platform that allow it */
    asp_handler *run;
} handlers[] = {
    {WIRE_SEV_INIT, UNINIT, asp_cmd_init},
    {WIRE_SEV_INIT_EX, UNINIT, asp_cmd_init_ex},
    {WIRE_SEV_SHUTDOWN, ANY, asp_cmd_shutdown},
    {WIRE_SEV_PLATFORM_RESET, UNINIT, asp_cmd_platform_reset},
    {WIRE_SEV_PLATFORM_STATUS, ANY, asp_cmd_platform_status},
    {WIRE_SEV_PEK_GEN, INIT, asp_cmd_pek_gen},
    {WIRE_SEV_PEK_CSR, INIT | WORKING, asp_cmd_pek_csr},
    {WIRE_SEV_PEK_CERT_IMPORT, INIT, asp_cmd_pek_cert_import},
    {WIRE_SEV_PDH_CERT_EXPORT, INIT | WORKING, asp_cmd_pdh_cert_export},
    {WIRE_SEV_PDH_GEN, INIT | WORKING, asp_cmd_pdh_gen},
    /* Linux sends DF_FLUSH after INIT only; in UNINIT no ASID could become clean. */
    {WIRE_SEV_DF_FLUSH, INIT | WORKING, asp_cmd_df_flush},
    {WIRE_SEV_DOWNLOAD_FIRMWARE, UNINIT, asp_cmd_download_firmware},
    {WIRE_SEV_GET_ID, ANY, asp_cmd_get_id},
    {WIRE_SEV_NOP, ANY, asp_cmd_nop},
    {WIRE_SEV_RING_BUFFER, INIT | WORKING, asp_cmd_ring_buffer},
    {WIRE_SEV_DECOMMISSION, WORKING, asp_cmd_decommission},
    {WIRE_SEV_ACTIVATE, WORKING, asp_cmd_activate},
    {WIRE_SEV_ACTIVATE_EX, WORKING, asp_cmd_activate_ex},
    {WIRE_SEV_DEACTIVATE, WORKING, asp_cmd_deactivate},
    {WIRE_SEV_GUEST_STATUS, INIT | WORKING, asp_cmd_guest_status},
    {WIRE_SEV_COPY, WORKING, asp_cmd_copy},
    {WIRE_SEV_LAUNCH_START, INIT | WORKING, asp_cmd_launch_start},
    {WIRE_SEV_LAUNCH_UPDATE_DATA, WORKING, asp_cmd_launch_update_data},
    {WIRE_SEV_LAUNCH_UPDATE_VMSA, WORKING, asp_cmd_launch_update_vmsa},
    {WIRE_SEV_LAUNCH_MEASURE, WORKING, asp_cmd_launch_measure},
    {WIRE_SEV_LAUNCH_SECRET, WORKING, asp_cmd_launch_secret},
    {WIRE_SEV_LAUNCH_FINISH, WORKING, asp_cmd_launch_finish},
    {WIRE_SEV_ATTESTATION, WORKING, asp_cmd_attestation},
    {WIRE_SEV_SEND_START, WORKING, asp_cmd_send_start},
    {WIRE_SEV_SEND_UPDATE_DATA, WORKING, asp_cmd_send_update_data},
    {WIRE_SEV_SEND_UPDATE_VMSA, WORKING, asp_cmd_send_update_vmsa},
    {WIRE_SEV_SEND_FINISH, WORKING, asp_cmd_send_finish},
    {WIRE_SEV_SEND_CANCEL, WORKING, asp_cmd_send_cancel},
    {WIRE_SEV_RECEIVE_START, INIT | WORKING, asp_cmd_receive_start},
    {WIRE_SEV_RECEIVE_UPDATE_DATA, WORKING, asp_cmd_receive_update_data},
    {WIRE_SEV_RECEIVE_UPDATE_VMSA, WORKING, asp_cmd_receive_update_vmsa},
    {WIRE_SEV_RECEIVE_FINISH, WORKING, asp_cmd_receive_finish},
    {WIRE_SEV_DBG_DECRYPT, WORKING, asp_cmd_dbg_decrypt},
    {WIRE_SEV_DBG_ENCRYPT, WORKING, asp_cmd_dbg_encrypt},
    {WIRE_SEV_SWAP_OUT, WORKING, asp_cmd_swap_out},
    {WIRE_SEV_SWAP_IN, WORKING, asp_cmd_swap_in},
};

static enum wire_sev_status run(struct asp_call *call)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(handlers); i++) {
        if (handlers[i].id != call->command->id)
            continue;
        if (!(handlers[i].states >> call->asp->platform & 1))
            return WIRE_SEV_INVALID_PLATFORM_STATE;
        return handlers[i].run(call);
    }
    return WIRE_SEV_INVALID_COMMAND;
}

static bool goes_back(const struct wire_sev_command *command, enum wire_sev_status status)
{
    switch ((enum wire_sev_copy_back)command->back) {
    case WIRE_SEV_BACK_SUCCESS:
        return status == WIRE_SEV_SUCCESS;
    case WIRE_SEV_BACK_LENGTH:
        return status == WIRE_SEV_SUCCESS || status == WIRE_SEV_INVALID_LENGTH;
    case WIRE_SEV_BACK_NEVER:
        break;
    }
    return false;
}

static const struct wire_sev_command *find(const struct asp *asp, unsigned id)
{
    const struct wire_sev_command *command = asp->profile->sev ? wire_sev_command_of(id) : NULL;

    if (!command)
        asp_trace(asp, "command 0x%03x -> INVALID_COMMAND", id);
    return command;
}

enum wire_sev_status asp_command(struct asp *asp, unsigned id, uint8_t *buffer, size_t len,
                                 const struct asp_mem *mem)
{
    const struct wire_sev_command *command = find(asp, id);
    uint8_t copy[WIRE_SEV_CMD_MAX_SIZE] = {0};
    struct asp_call call = {.asp = asp, .command = command, .b = copy, .mem = mem};
    enum wire_sev_status status;

    if (!command)
        return WIRE_SEV_INVALID_COMMAND;
    if (len < command->size || (command->size > 0 && !buffer))
        return WIRE_SEV_INVALID_LENGTH;
    if (command->size > 0)
        memcpy(copy, buffer, command->size);
    status = run(&call);
    if (command->size > 0 && goes_back(command, status))
        memcpy(buffer, copy, command->size);
    asp_trace_command(asp, command, copy, status);
    return status;
}

enum wire_sev_status asp_mailbox(struct asp *asp, unsigned id, uint64_t paddr)
{
    const struct wire_sev_command *command = find(asp, id);
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    if (!command)
        return WIRE_SEV_INVALID_COMMAND;
    if (command->size == 0)
        return asp_command(asp, id, NULL, 0, NULL);
    if (!asp_dram_ok(asp, paddr, command->size)) {
        asp_trace(asp, "%s: command buffer at 0x%llx -> INVALID_ADDRESS", command->name,
                  (unsigned long long)paddr);
        return WIRE_SEV_INVALID_ADDRESS;
    }
    asp_dram_read(asp, paddr, buffer, command->size);
    status = asp_command(asp, id, buffer, sizeof(buffer), NULL);
    if (goes_back(command, status))
        asp_dram_write(asp, paddr, buffer, command->size);
    return status;
}
