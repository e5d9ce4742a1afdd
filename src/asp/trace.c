/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace lines.  Command buffers hold handles, addresses, lengths and policies,
 * never a key; nothing else is passed to a trace line.
 */
#include "asp/state.h"

#include <stdarg.h>
#include <stdio.h>

void asp_trace(const struct asp *asp, const char *format, ...)
{
    char line[512];
    va_list args;

    if (!asp->trace)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    asp->trace(asp->trace_ctx, line);
}

/* Fields of a command buffer as a trace line shows them. */
struct field {
    const char *name;
    uint8_t at, size;
};

#define BLOB(name, at) {name, at, 8}, {name "_len", (at) + 8, 4}
#define HANDLE {"handle", 0, 4}

static const struct field init[] = {{"flags", 0, 4}, {"tmr", 8, 8}, {"tmr_len", 16, 4}, {0}};
static const struct field init_ex[] = {{"flags", 4, 4}, {"tmr", 8, 8}, {"tmr_len", 16, 4},
                                       {"nv", 24, 8}, {"nv_len", 32, 4}, {0}};
static const struct field status_out[] = {{"major", 0, 1}, {"minor", 1, 1}, {"state", 2, 1},
                                          {"owner", 3, 1}, {"es", 4, 1}, {"build", 7, 1},
                                          {"guests", 8, 4}, {0}};
static const struct field blob[] = {BLOB("paddr", 0), {0}};
static const struct field import[] = {BLOB("pek", 0), BLOB("oca", 16), {0}};
static const struct field export[] = {BLOB("pdh", 0), BLOB("certs", 16), {0}};
static const struct field handle[] = {HANDLE, {0}};
static const struct field activate[] = {HANDLE, {"asid", 4, 4}, {0}};
static const struct field activate_ex[] = {{"handle", 4, 4}, {"asid", 8, 4}, {"n_ids", 12, 4},
                                           {"ids", 16, 8}, {0}};
static const struct field guest_status[] = {HANDLE, {"policy", 4, 4}, {"asid", 8, 4},
                                            {"state", 12, 1}, {0}};
static const struct field copy[] = {HANDLE, {"len", 4, 4}, {"src", 8, 8}, {"dst", 16, 8}, {0}};
static const struct field start[] = {HANDLE, {"policy", 4, 4}, BLOB("cert", 8),
                                     BLOB("session", 24), {0}};
static const struct field region[] = {HANDLE, BLOB("paddr", 8), {0}};
static const struct field packet[] = {HANDLE, BLOB("hdr", 8), BLOB("guest", 24),
                                      BLOB("trans", 40), {0}};
static const struct field attestation[] = {HANDLE, {"report", 8, 8}, {"report_len", 32, 4}, {0}};
static const struct field send_start[] = {HANDLE, {"policy", 4, 4}, BLOB("pdh", 8),
                                          BLOB("plat", 24), BLOB("amd", 40), BLOB("session", 56),
                                          {0}};
static const struct field dbg[] = {HANDLE, {"src", 8, 8}, {"dst", 16, 8}, {"len", 24, 4}, {0}};
static const struct field swap[] = {HANDLE, {"flags", 4, 4}, {"src", 8, 8}, {"dst", 16, 8},
                                    {"mdata", 24, 8}, {0}};
static const struct field ring[] = {{"lo_cmd", 0, 8}, {"lo_status", 8, 8}, {"hi_cmd", 16, 8},
                                    {"hi_status", 24, 8}, {0}};

static const struct field *fields_of(unsigned id)
{
    static const struct {
        uint16_t id;
        const struct field *fields;
    } table[] = {
        {WIRE_SEV_INIT, init}, {WIRE_SEV_INIT_EX, init_ex},
        {WIRE_SEV_PLATFORM_STATUS, status_out}, {WIRE_SEV_PEK_CSR, blob},
        {WIRE_SEV_PEK_CERT_IMPORT, import}, {WIRE_SEV_PDH_CERT_EXPORT, export},
        {WIRE_SEV_DOWNLOAD_FIRMWARE, blob}, {WIRE_SEV_GET_ID, blob},
        {WIRE_SEV_RING_BUFFER, ring}, {WIRE_SEV_DECOMMISSION, handle},
        {WIRE_SEV_ACTIVATE, activate}, {WIRE_SEV_ACTIVATE_EX, activate_ex},
        {WIRE_SEV_DEACTIVATE, handle}, {WIRE_SEV_GUEST_STATUS, guest_status},
        {WIRE_SEV_COPY, copy}, {WIRE_SEV_LAUNCH_START, start},
        {WIRE_SEV_LAUNCH_UPDATE_DATA, region}, {WIRE_SEV_LAUNCH_UPDATE_VMSA, region},
        {WIRE_SEV_LAUNCH_MEASURE, region}, {WIRE_SEV_LAUNCH_SECRET, packet},
        {WIRE_SEV_LAUNCH_FINISH, handle}, {WIRE_SEV_ATTESTATION, attestation},
        {WIRE_SEV_SEND_START, send_start}, {WIRE_SEV_SEND_UPDATE_DATA, packet},
        {WIRE_SEV_SEND_UPDATE_VMSA, packet}, {WIRE_SEV_SEND_FINISH, handle},
        {WIRE_SEV_SEND_CANCEL, handle}, {WIRE_SEV_RECEIVE_START, start},
        {WIRE_SEV_RECEIVE_UPDATE_DATA, packet}, {WIRE_SEV_RECEIVE_UPDATE_VMSA, packet},
        {WIRE_SEV_RECEIVE_FINISH, handle}, {WIRE_SEV_DBG_DECRYPT, dbg},
        {WIRE_SEV_DBG_ENCRYPT, dbg}, {WIRE_SEV_SWAP_OUT, swap}, {WIRE_SEV_SWAP_IN, swap},
    };
    static const struct field none[] = {{0}};

    for (size_t i = 0; i < CB_ARRAY_LEN(table); i++)
        if (table[i].id == id)
            return table[i].fields;
    return none;
}

static uint64_t value_of(const struct field *field, const uint8_t *b)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < field->size; i++)
        v |= (uint64_t)b[field->at + i] << (8 * i);
    return v;
}

void asp_trace_command(const struct asp *asp, const struct wire_sev_command *command,
                       const uint8_t *b, enum wire_sev_status status)
{
    char text[400] = "";
    size_t len = 0;

    if (!asp->trace)
        return;
    for (const struct field *f = fields_of(command->id); f->name; f++) {
        const int n = snprintf(text + len, sizeof(text) - len, f->size == 8 ? " %s=0x%llx" : " %s=%llu",
                               f->name, (unsigned long long)value_of(f, b));

        if (n < 0 || (size_t)n >= sizeof(text) - len)
            break;
        len += (size_t)n;
    }
    asp_trace(asp, "%s%s -> %s", command->name, text, wire_sev_status_name(status));
}
