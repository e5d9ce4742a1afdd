/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ccp driver's side of /dev/sev; see devsev.h.  One handler a command, in a
 * table with what the driver checks before it.  A firmware failure is EIO with the
 * status in the argument's error field.
 */
#include "host/devsev.h"

#include <errno.h>

#include "wire/sev_cmd.h"

#define SPACE_0 (UINT64_C(1) << 20)
#define SPACE_1 (UINT64_C(2) << 20)

struct call {
    const struct host_devsev_firmware *firmware;
    const struct host_devsev_user *user;
    uint64_t data;
    unsigned status; /* of the last command */
    struct host_devsev_space space[HOST_DEVSEV_SPACES];
    uint8_t blob[HOST_DEVSEV_SPACES][WIRE_DEVSEV_BLOB_MAX];
};

uint8_t *host_devsev_at(const struct host_devsev_space space[HOST_DEVSEV_SPACES], uint64_t paddr,
                        uint64_t len)
{
    for (unsigned i = 0; i < HOST_DEVSEV_SPACES; i++) {
        if (paddr >= space[i].paddr && cb_range_ok(paddr - space[i].paddr, len, space[i].len))
            return space[i].data + (paddr - space[i].paddr);
    }
    return NULL;
}

/* Names a buffer of the driver's for the next command. */
static uint64_t lend(struct call *call, unsigned i, size_t len)
{
    const uint64_t paddr = i == 0 ? SPACE_0 : SPACE_1;

    memset(call->blob[i], 0, len);
    call->space[i] = (struct host_devsev_space){paddr, call->blob[i], len};
    return paddr;
}

static int command(struct call *call, unsigned id, uint8_t *buffer, size_t len)
{
    call->status =
        call->firmware->command(call->firmware->ctx, id, buffer, len, call->space);
    return call->status == WIRE_SEV_SUCCESS ? 0 : -EIO;
}

static int platform_state(struct call *call, struct wire_sev_platform_status *status)
{
    uint8_t buffer[12] = {0};
    const int result = command(call, WIRE_SEV_PLATFORM_STATUS, buffer, sizeof(buffer));

    wire_sev_platform_status_decode(status, buffer);
    return result;
}

/* INIT, tried again once after SECURE_DATA_INVALID, then DF_FLUSH: as the driver starts a platform. */
static int start_platform(struct call *call)
{
    const bool es = call->firmware->tmr_paddr != 0;
    const struct wire_sev_init init = {.flags = es ? WIRE_SEV_INIT_ES : 0,
                                       .tmr_paddr = call->firmware->tmr_paddr,
                                       .tmr_length = es ? WIRE_SEV_TMR_SIZE : 0};
    uint8_t buffer[20];
    int result;

    wire_sev_init_encode(&init, buffer);
    result = command(call, WIRE_SEV_INIT, buffer, sizeof(buffer));
    if (result != 0 && call->status == WIRE_SEV_SECURE_DATA_INVALID)
        result = command(call, WIRE_SEV_INIT, buffer, sizeof(buffer));
    return result != 0 ? result : command(call, WIRE_SEV_DF_FLUSH, NULL, 0);
}

static int start_if_needed(struct call *call, bool writable)
{
    struct wire_sev_platform_status status;
    const int result = platform_state(call, &status);

    if (result != 0 || status.state != WIRE_SEV_PLATFORM_UNINIT)
        return result;
    return writable ? start_platform(call) : -EPERM;
}

/* ---- one handler a command ---- */

static int do_factory_reset(struct call *call, bool writable)
{
    struct wire_sev_platform_status status;
    int result = platform_state(call, &status);

    (void)writable;
    if (result != 0)
        return result;
    if (status.state == WIRE_SEV_PLATFORM_WORKING)
        return -EBUSY;
    if (status.state == WIRE_SEV_PLATFORM_INIT)
        result = command(call, WIRE_SEV_SHUTDOWN, NULL, 0);
    return result != 0 ? result : command(call, WIRE_SEV_PLATFORM_RESET, NULL, 0);
}

static int do_platform_status(struct call *call, bool writable)
{
    uint8_t buffer[12] = {0};
    const int result = command(call, WIRE_SEV_PLATFORM_STATUS, buffer, sizeof(buffer));

    (void)writable;
    if (result != 0)
        return result;
    return call->user->write(call->user->ctx, call->data, buffer, sizeof(buffer)) ? 0 : -EFAULT;
}

static int do_pek_gen(struct call *call, bool writable)
{
    const int result = start_if_needed(call, writable);

    return result != 0 ? result : command(call, WIRE_SEV_PEK_GEN, NULL, 0);
}

static int do_pdh_gen(struct call *call, bool writable)
{
    const int result = start_if_needed(call, writable);

    return result != 0 ? result : command(call, WIRE_SEV_PDH_GEN, NULL, 0);
}

/* Copies a result out if the command gave one; the length is what the firmware said. */
static int give(struct call *call, unsigned space, uint64_t at, uint32_t len)
{
    if (call->status != WIRE_SEV_SUCCESS || at == 0 || len > call->space[space].len)
        return 0;
    return call->user->write(call->user->ctx, at, call->blob[space], len) ? 0 : -EFAULT;
}

/*
 * {u64 address, u32 length} in the caller's memory: PEK_CSR and GET_ID2.  The
 * driver looks at that memory first, then at the platform's state.
 */
static int blob_command(struct call *call, unsigned id, bool writable)
{
    struct wire_sev_blob blob = {0};
    uint8_t user[12];
    uint8_t buffer[12];
    uint64_t at;
    int result;

    if (!call->user->read(call->user->ctx, call->data, user, sizeof(user)))
        return -EFAULT;
    wire_sev_blob_decode(&blob, user);
    at = blob.paddr;
    if (blob.length > WIRE_DEVSEV_BLOB_MAX && at != 0)
        return -EFAULT;
    result = id == WIRE_SEV_PEK_CSR ? start_if_needed(call, writable) : 0;
    if (result != 0)
        return result;
    if (at == 0 || blob.length == 0)
        blob = (struct wire_sev_blob){0};
    else
        blob.paddr = lend(call, 0, blob.length);
    wire_sev_blob_encode(&blob, buffer);
    result = command(call, id, buffer, sizeof(buffer));
    wire_sev_blob_decode(&blob, buffer);
    cb_store_le32(user + 8, blob.length); /* on failure too: how a length is asked for */
    if (!call->user->write(call->user->ctx, call->data, user, sizeof(user)) ||
        give(call, 0, blob.paddr ? at : 0, blob.length) != 0)
        return -EFAULT;
    return result;
}

static int do_pek_csr(struct call *call, bool writable)
{
    return blob_command(call, WIRE_SEV_PEK_CSR, writable);
}

static int do_get_id2(struct call *call, bool writable)
{
    return blob_command(call, WIRE_SEV_GET_ID, writable);
}

static int do_get_id(struct call *call, bool writable)
{
    struct wire_sev_blob blob = {.length = WIRE_DEVSEV_GET_ID_SIZE};
    uint8_t buffer[12];
    int result;

    (void)writable;
    blob.paddr = lend(call, 0, blob.length);
    wire_sev_blob_encode(&blob, buffer);
    result = command(call, WIRE_SEV_GET_ID, buffer, sizeof(buffer));
    if (result != 0)
        return result;
    return call->user->write(call->user->ctx, call->data, call->blob[0], WIRE_DEVSEV_GET_ID_SIZE)
               ? 0
               : -EFAULT;
}

/* The user's struct of two blobs: u64, u32, u64, u32 without gaps. */
#define TWO_SIZE 24
#define TWO_SECOND 12

/* Takes one of the caller's certificates into the driver's memory. */
static int take(struct call *call, unsigned space, const uint8_t *user, struct wire_sev_blob *blob)
{
    wire_sev_blob_decode(blob, user);
    if (blob->paddr == 0 || blob->length == 0 || blob->length > WIRE_DEVSEV_BLOB_MAX)
        return -EINVAL;
    const uint64_t at = blob->paddr;

    blob->paddr = lend(call, space, blob->length);
    return call->user->read(call->user->ctx, at, call->blob[space], blob->length) ? 0 : -EFAULT;
}

static int do_pek_cert_import(struct call *call, bool writable)
{
    struct wire_sev_two_blobs blobs;
    uint8_t user[TWO_SIZE];
    uint8_t buffer[28];
    int result;

    if (!call->user->read(call->user->ctx, call->data, user, sizeof(user)))
        return -EFAULT;
    result = take(call, 0, user, &blobs.first);
    if (result == 0)
        result = take(call, 1, user + TWO_SECOND, &blobs.second);
    if (result == 0)
        result = start_if_needed(call, writable);
    if (result != 0)
        return result;
    wire_sev_two_blobs_encode(&blobs, buffer);
    return command(call, WIRE_SEV_PEK_CERT_IMPORT, buffer, sizeof(buffer));
}

static int do_pdh_cert_export(struct call *call, bool writable)
{
    struct wire_sev_two_blobs blobs;
    uint8_t user[TWO_SIZE];
    uint8_t buffer[28];
    uint64_t at[2] = {0};
    int result = start_if_needed(call, writable);

    if (result != 0)
        return result;
    if (!call->user->read(call->user->ctx, call->data, user, sizeof(user)))
        return -EFAULT;
    wire_sev_blob_decode(&blobs.first, user);
    wire_sev_blob_decode(&blobs.second, user + TWO_SECOND);
    if (blobs.first.paddr == 0 || blobs.first.length == 0 || blobs.second.paddr == 0) {
        memset(&blobs, 0, sizeof(blobs)); /* the caller asks for the lengths */
    } else if (blobs.first.length > WIRE_DEVSEV_BLOB_MAX ||
               blobs.second.length > WIRE_DEVSEV_BLOB_MAX) {
        return -EFAULT;
    } else {
        at[0] = blobs.first.paddr;
        at[1] = blobs.second.paddr;
        blobs.first.paddr = lend(call, 0, blobs.first.length);
        blobs.second.paddr = lend(call, 1, blobs.second.length);
    }
    wire_sev_two_blobs_encode(&blobs, buffer);
    result = command(call, WIRE_SEV_PDH_CERT_EXPORT, buffer, sizeof(buffer));
    wire_sev_two_blobs_decode(&blobs, buffer);
    cb_store_le32(user + 8, blobs.first.length);
    cb_store_le32(user + TWO_SECOND + 8, blobs.second.length);
    if (!call->user->write(call->user->ctx, call->data, user, sizeof(user)) ||
        give(call, 0, at[0], blobs.first.length) != 0 ||
        give(call, 1, at[1], blobs.second.length) != 0)
        return -EFAULT;
    return result;
}

static const struct {
    bool needs_write;
    int (*run)(struct call *call, bool writable);
} handlers[] = {
    [WIRE_DEVSEV_FACTORY_RESET] = {true, do_factory_reset},
    [WIRE_DEVSEV_PLATFORM_STATUS] = {false, do_platform_status},
    [WIRE_DEVSEV_PEK_GEN] = {true, do_pek_gen},
    [WIRE_DEVSEV_PEK_CSR] = {true, do_pek_csr},
    [WIRE_DEVSEV_PDH_GEN] = {true, do_pdh_gen},
    [WIRE_DEVSEV_PDH_CERT_EXPORT] = {false, do_pdh_cert_export},
    [WIRE_DEVSEV_PEK_CERT_IMPORT] = {true, do_pek_cert_import},
    [WIRE_DEVSEV_GET_ID] = {false, do_get_id},
    [WIRE_DEVSEV_GET_ID2] = {false, do_get_id2},
};

unsigned host_devsev_probe(const struct host_devsev_firmware *firmware)
{
    struct call call;

    call.firmware = firmware;
    memset(call.space, 0, sizeof(call.space));
    (void)start_platform(&call);
    return call.status;
}

int host_devsev_ioctl(const struct host_devsev_firmware *firmware,
                      const struct host_devsev_user *user, bool writable, uint64_t request,
                      uint64_t arg)
{
    uint8_t issue[WIRE_DEVSEV_ARG_SIZE];
    struct call call; /* its blobs are zeroed as they are lent */
    uint32_t cmd;
    int result;

    if ((uint32_t)request != WIRE_DEVSEV_ISSUE_CMD)
        return -EINVAL;
    if (!user->read(user->ctx, arg, issue, sizeof(issue)))
        return -EFAULT;
    cmd = cb_load_le32(issue + WIRE_DEVSEV_ARG_CMD);
    if (cmd >= CB_ARRAY_LEN(handlers))
        return -EINVAL;
    call.firmware = firmware;
    call.user = user;
    call.data = cb_load_le64(issue + WIRE_DEVSEV_ARG_DATA);
    call.status = cb_load_le32(issue + WIRE_DEVSEV_ARG_ERROR); /* stays if no command is sent */
    memset(call.space, 0, sizeof(call.space));
    result = handlers[cmd].needs_write && !writable ? -EPERM : handlers[cmd].run(&call, writable);
    cb_store_le32(issue + WIRE_DEVSEV_ARG_ERROR, call.status);
    if (!user->write(user->ctx, arg, issue, sizeof(issue)))
        return -EFAULT;
    return result;
}
