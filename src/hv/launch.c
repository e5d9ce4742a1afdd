/* SPDX-License-Identifier: Apache-2.0 */
/* See hv/launch.h.  Guest commands through the mailbox, in KVM's order. */
#include "hv/launch.h"

#include "wire/sev_cmd.h"

void hv_launch_init(struct hv_launch *launch, const struct hv_psp *psp,
                    struct hv_launch_memory memory)
{
    *launch = (struct hv_launch){.psp = psp, .memory = memory};
}

static enum wire_sev_status refuse(struct hv_launch *launch, unsigned command,
                                   enum wire_sev_status status)
{
    launch->refusal = (struct hv_refusal){command, status};
    return status;
}

static enum wire_sev_status run(struct hv_launch *launch, unsigned command, uint8_t *buffer)
{
    const enum wire_sev_status status = hv_psp_command(launch->psp, command, buffer);

    return status ? refuse(launch, command, status) : status;
}

/* LAUNCH_FINISH, DEACTIVATE, DECOMMISSION: nothing but the handle. */
static enum wire_sev_status run_handle(struct hv_launch *launch, unsigned command)
{
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];

    cb_store_le32(buffer, launch->handle);
    return run(launch, command, buffer);
}

/* ASIDs that other guests gave back are dirty until the caches and the fabric are flushed. */
static enum wire_sev_status activate(struct hv_launch *launch, unsigned asid)
{
    const struct wire_sev_activate c = {.handle = launch->handle, .asid = asid};
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    wire_sev_activate_encode(&c, buffer);
    status = run(launch, WIRE_SEV_ACTIVATE, buffer);
    if (status == WIRE_SEV_DF_FLUSH_REQUIRED) {
        status = hv_psp_flush(launch->psp, &launch->refusal);
        if (!status)
            status = run(launch, WIRE_SEV_ACTIVATE, buffer);
    }
    launch->active = status == WIRE_SEV_SUCCESS;
    launch->asid = launch->active ? asid : 0;
    return status;
}

/* Scratch: certificate in the first page, session in the second. */
static bool put_session(const struct hv_psp *psp, const struct hv_session *session,
                        struct wire_sev_start *c)
{
    const spa_t cert = hv_psp_scratch(psp, 0), blob = hv_psp_scratch(psp, CB_PAGE_SIZE);

    if (session->dh_cert.len > CB_PAGE_SIZE || session->session.len > CB_PAGE_SIZE)
        return false;
    hv_psp_put(psp, cert, session->dh_cert.data, session->dh_cert.len);
    hv_psp_put(psp, blob, session->session.data, session->session.len);
    c->cert = (struct wire_sev_blob){hv_psp_address(psp, cert), (uint32_t)session->dh_cert.len};
    c->session = (struct wire_sev_blob){hv_psp_address(psp, blob), (uint32_t)session->session.len};
    return true;
}

enum wire_sev_status hv_launch_start(struct hv_launch *launch, uint32_t policy, uint32_t share,
                                     const struct hv_session *session, unsigned asid)
{
    struct wire_sev_start c = {.handle = share, .policy = policy};
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    if (session && session->dh_cert.len && !put_session(launch->psp, session, &c))
        return refuse(launch, WIRE_SEV_LAUNCH_START, WIRE_SEV_INVALID_LENGTH);
    wire_sev_start_encode(&c, buffer);
    status = run(launch, WIRE_SEV_LAUNCH_START, buffer);
    if (status)
        return status;
    wire_sev_start_decode(&c, buffer);
    launch->handle = c.handle;
    launch->policy = policy;
    return activate(launch, asid);
}

/* How many bytes from gpa on, page-aligned, lie one behind the other in DRAM; 0: no RAM. */
static size_t contiguous(const struct hv_launch *launch, uint64_t gpa, size_t len, spa_t *at)
{
    const struct hv_launch_memory *m = &launch->memory;
    size_t n = CB_PAGE_SIZE - (size_t)(gpa & ~CB_PAGE_MASK);
    spa_t next;

    if (!m->find(m->ctx, gpa, at))
        return 0;
    while (n < len && m->find(m->ctx, gpa + n, &next) && next.v == at->v + n)
        n += CB_PAGE_SIZE;
    return n < len ? n : len;
}

static enum wire_sev_status update_run(struct hv_launch *launch, spa_t at, const uint8_t *bytes,
                                       size_t len)
{
    const struct wire_sev_region c = {
        .handle = launch->handle,
        .data = {hv_psp_address(launch->psp, at), (uint32_t)len},
    };
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];

    hv_psp_put(launch->psp, at, bytes, len);
    wire_sev_region_encode(&c, buffer);
    return run(launch, WIRE_SEV_LAUNCH_UPDATE_DATA, buffer);
}

enum wire_sev_status hv_launch_update(struct hv_launch *launch, const struct hv_region *region)
{
    enum wire_sev_status status = WIRE_SEV_SUCCESS;

    for (size_t done = 0; !status && done < region->len;) {
        spa_t at;
        const size_t n = contiguous(launch, region->at + done, region->len - done, &at);

        if (n == 0)
            return refuse(launch, WIRE_SEV_LAUNCH_UPDATE_DATA, WIRE_SEV_INVALID_ADDRESS);
        status = update_run(launch, at, region->bytes + done, n);
        done += n;
    }
    return status;
}

enum wire_sev_status hv_launch_measure(struct hv_launch *launch)
{
    const spa_t at = hv_psp_scratch(launch->psp, 0);
    const struct wire_sev_region c = {
        .handle = launch->handle,
        .data = {hv_psp_address(launch->psp, at), sizeof(launch->measure)},
    };
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    wire_sev_region_encode(&c, buffer);
    status = run(launch, WIRE_SEV_LAUNCH_MEASURE, buffer);
    if (!status) {
        hv_psp_get(launch->psp, at, launch->measure, sizeof(launch->measure));
        launch->measured = true;
    }
    return status;
}

enum wire_sev_status hv_launch_secret(struct hv_launch *launch, struct board_bytes header,
                                      struct board_bytes secret, uint64_t gpa)
{
    const struct hv_psp *psp = launch->psp;
    const spa_t at_header = hv_psp_scratch(psp, 0), at_secret = hv_psp_scratch(psp, CB_PAGE_SIZE);
    struct wire_sev_packet c = {.handle = launch->handle};
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    spa_t at;

    if (header.len > CB_PAGE_SIZE || secret.len > HV_PSP_SCRATCH - CB_PAGE_SIZE)
        return refuse(launch, WIRE_SEV_LAUNCH_SECRET, WIRE_SEV_INVALID_LENGTH);
    if (contiguous(launch, gpa, secret.len, &at) < secret.len)
        return refuse(launch, WIRE_SEV_LAUNCH_SECRET, WIRE_SEV_INVALID_ADDRESS);
    hv_psp_put(psp, at_header, header.data, header.len);
    hv_psp_put(psp, at_secret, secret.data, secret.len);
    c.header = (struct wire_sev_blob){hv_psp_address(psp, at_header), (uint32_t)header.len};
    c.guest = (struct wire_sev_blob){hv_psp_address(psp, at), (uint32_t)secret.len};
    c.trans = (struct wire_sev_blob){hv_psp_address(psp, at_secret), (uint32_t)secret.len};
    wire_sev_packet_encode(&c, buffer);
    return run(launch, WIRE_SEV_LAUNCH_SECRET, buffer);
}

enum wire_sev_status hv_launch_finish(struct hv_launch *launch)
{
    return run_handle(launch, WIRE_SEV_LAUNCH_FINISH);
}

enum wire_sev_status hv_launch_conduct(struct hv_launch *launch,
                                       const struct hv_launch_terms *terms,
                                       const struct hv_layout *layout)
{
    enum wire_sev_status status =
        hv_launch_start(launch, terms->policy, terms->share, terms->session, terms->asid);

    for (unsigned i = 0; !status && i < layout->n_regions; i++) {
        if (terms->launched)
            terms->launched(terms->ctx, &layout->region[i]);
        status = hv_launch_update(launch, &layout->region[i]);
    }
    return status ? status : hv_launch_measure(launch);
}

void hv_launch_end(struct hv_launch *launch)
{
    if (launch->active)
        launch->active = run_handle(launch, WIRE_SEV_DEACTIVATE) != WIRE_SEV_SUCCESS;
    if (launch->handle && run_handle(launch, WIRE_SEV_DECOMMISSION) == WIRE_SEV_SUCCESS)
        launch->handle = 0;
    launch->asid = 0;
    launch->measured = false;
}

enum wire_sev_status hv_launch_status(struct hv_launch *launch, struct wire_sev_guest_status *out)
{
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE] = {0};
    enum wire_sev_status status;

    *out = (struct wire_sev_guest_status){.handle = launch->handle};
    wire_sev_guest_status_encode(out, buffer);
    status = run(launch, WIRE_SEV_GUEST_STATUS, buffer);
    if (!status)
        wire_sev_guest_status_decode(out, buffer);
    return status;
}

enum wire_sev_status hv_launch_report(struct hv_launch *launch, const uint8_t mnonce[16],
                                      uint8_t report[WIRE_SEV_REPORT_SIZE])
{
    const spa_t at = hv_psp_scratch(launch->psp, 0);
    struct wire_sev_attestation c = {
        .handle = launch->handle,
        .report = {hv_psp_address(launch->psp, at), WIRE_SEV_REPORT_SIZE},
    };
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];
    enum wire_sev_status status;

    memcpy(c.mnonce, mnonce, sizeof(c.mnonce));
    wire_sev_attestation_encode(&c, buffer);
    status = run(launch, WIRE_SEV_ATTESTATION, buffer);
    if (!status)
        hv_psp_get(launch->psp, at, report, WIRE_SEV_REPORT_SIZE);
    return status;
}

static enum wire_sev_status dbg(struct hv_launch *launch, unsigned command, uint64_t from,
                                uint64_t to, size_t len)
{
    const struct wire_sev_dbg c = {launch->handle, from, to, (uint32_t)len};
    uint8_t buffer[WIRE_SEV_CMD_MAX_SIZE];

    wire_sev_dbg_encode(&c, buffer);
    return run(launch, command, buffer);
}

enum wire_sev_status hv_launch_dbg_read(struct hv_launch *launch, spa_t from, void *to, size_t len)
{
    const spa_t scratch = hv_psp_scratch(launch->psp, 0);
    enum wire_sev_status status = WIRE_SEV_SUCCESS;

    for (size_t done = 0; !status && done < len; done += CB_PAGE_SIZE) {
        const size_t n = len - done < CB_PAGE_SIZE ? len - done : CB_PAGE_SIZE;

        status = dbg(launch, WIRE_SEV_DBG_DECRYPT, from.v + done,
                     hv_psp_address(launch->psp, scratch), n);
        if (!status)
            hv_psp_get(launch->psp, scratch, (uint8_t *)to + done, n);
    }
    return status;
}

enum wire_sev_status hv_launch_dbg_write(struct hv_launch *launch, spa_t to, const void *from,
                                         size_t len)
{
    const spa_t scratch = hv_psp_scratch(launch->psp, 0);
    enum wire_sev_status status = WIRE_SEV_SUCCESS;

    for (size_t done = 0; !status && done < len; done += CB_PAGE_SIZE) {
        const size_t n = len - done < CB_PAGE_SIZE ? len - done : CB_PAGE_SIZE;

        hv_psp_put(launch->psp, scratch, (const uint8_t *)from + done, n);
        status = dbg(launch, WIRE_SEV_DBG_ENCRYPT, hv_psp_address(launch->psp, scratch),
                     to.v + done, n);
    }
    return status;
}

const char *hv_launch_state_name(unsigned state)
{
    static const char *const names[WIRE_SEV_N_GUEST_STATES] = {
        [WIRE_SEV_GUEST_UNINIT] = "uninit",
        [WIRE_SEV_GUEST_LUPDATE] = "launch-update",
        [WIRE_SEV_GUEST_LSECRET] = "launch-secret",
        [WIRE_SEV_GUEST_RUNNING] = "running",
        [WIRE_SEV_GUEST_SUPDATE] = "send-update",
        [WIRE_SEV_GUEST_RUPDATE] = "receive-update",
        [WIRE_SEV_GUEST_SENT] = "sent",
    };

    return state < WIRE_SEV_N_GUEST_STATES ? names[state] : "unknown";
}
