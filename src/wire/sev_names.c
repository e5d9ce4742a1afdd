/* SPDX-License-Identifier: Apache-2.0 */
/* Names, sizes and copy-back classes of the SEV commands; names of the status codes. */
#include "wire/sev_cmd.h"

#include <strings.h>

#define COMMAND(name, size, back) {WIRE_SEV_##name, size, WIRE_SEV_BACK_##back, #name}

static const struct wire_sev_command commands[] = {
    COMMAND(INIT, 20, NEVER),
    COMMAND(SHUTDOWN, 0, NEVER),
    COMMAND(PLATFORM_RESET, 0, NEVER),
    COMMAND(PLATFORM_STATUS, 12, SUCCESS),
    COMMAND(PEK_GEN, 0, NEVER),
    COMMAND(PEK_CSR, 12, LENGTH),
    COMMAND(PEK_CERT_IMPORT, 28, NEVER),
    COMMAND(PDH_CERT_EXPORT, 28, LENGTH),
    COMMAND(PDH_GEN, 0, NEVER),
    COMMAND(DF_FLUSH, 0, NEVER),
    COMMAND(DOWNLOAD_FIRMWARE, 12, NEVER),
    COMMAND(GET_ID, 12, LENGTH),
    COMMAND(INIT_EX, 36, NEVER),
    COMMAND(NOP, 0, NEVER),
    COMMAND(RING_BUFFER, 40, NEVER),
    COMMAND(DECOMMISSION, 4, NEVER),
    COMMAND(ACTIVATE, 8, NEVER),
    COMMAND(DEACTIVATE, 4, NEVER),
    COMMAND(GUEST_STATUS, 13, SUCCESS),
    COMMAND(COPY, 24, NEVER),
    COMMAND(ACTIVATE_EX, 24, NEVER),
    COMMAND(LAUNCH_START, 36, SUCCESS),
    COMMAND(LAUNCH_UPDATE_DATA, 20, NEVER),
    COMMAND(LAUNCH_UPDATE_VMSA, 20, NEVER),
    COMMAND(LAUNCH_MEASURE, 20, LENGTH),
    COMMAND(LAUNCH_SECRET, 52, NEVER),
    COMMAND(LAUNCH_FINISH, 4, NEVER),
    COMMAND(ATTESTATION, 36, LENGTH),
    COMMAND(SEND_START, 68, LENGTH),
    COMMAND(SEND_UPDATE_DATA, 52, LENGTH),
    COMMAND(SEND_UPDATE_VMSA, 52, LENGTH),
    COMMAND(SEND_FINISH, 4, NEVER),
    COMMAND(SEND_CANCEL, 4, NEVER),
    COMMAND(RECEIVE_START, 36, SUCCESS),
    COMMAND(RECEIVE_UPDATE_DATA, 52, NEVER),
    COMMAND(RECEIVE_UPDATE_VMSA, 52, NEVER),
    COMMAND(RECEIVE_FINISH, 4, NEVER),
    COMMAND(DBG_DECRYPT, 28, NEVER),
    COMMAND(DBG_ENCRYPT, 28, NEVER),
    COMMAND(SWAP_OUT, 40, LENGTH),
    COMMAND(SWAP_IN, 32, NEVER),
};

const struct wire_sev_command *wire_sev_command_of(unsigned id)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(commands); i++)
        if (commands[i].id == id)
            return &commands[i];
    return NULL;
}

const struct wire_sev_command *wire_sev_command_named(const char *name)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(commands); i++)
        if (strcasecmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

const struct wire_sev_command *wire_sev_command_at(unsigned i)
{
    return i < CB_ARRAY_LEN(commands) ? &commands[i] : NULL;
}

#define STATUS(name) [WIRE_SEV_##name] = #name

const char *wire_sev_status_name(unsigned status)
{
    static const char *const names[] = {
        STATUS(SUCCESS),
        STATUS(INVALID_PLATFORM_STATE),
        STATUS(INVALID_GUEST_STATE),
        STATUS(INVALID_CONFIG),
        STATUS(INVALID_LENGTH),
        STATUS(ALREADY_OWNED),
        STATUS(INVALID_CERTIFICATE),
        STATUS(POLICY_FAILURE),
        STATUS(INACTIVE),
        STATUS(INVALID_ADDRESS),
        STATUS(BAD_SIGNATURE),
        STATUS(BAD_MEASUREMENT),
        STATUS(ASID_OWNED),
        STATUS(INVALID_ASID),
        STATUS(WBINVD_REQUIRED),
        STATUS(DF_FLUSH_REQUIRED),
        STATUS(INVALID_GUEST),
        STATUS(INVALID_COMMAND),
        STATUS(ACTIVE),
        STATUS(HWERROR_PLATFORM),
        STATUS(HWERROR_UNSAFE),
        STATUS(UNSUPPORTED),
        STATUS(INVALID_PARAM),
        STATUS(RESOURCE_LIMIT),
        STATUS(SECURE_DATA_INVALID),
        STATUS(AEAD_OFLOW),
        STATUS(RB_MODE_EXITED),
    };

    if (status >= CB_ARRAY_LEN(names) || !names[status])
        return "unknown status";
    return names[status];
}
