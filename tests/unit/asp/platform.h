/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A platform for tests: 16 MiB of DRAM, a milan AMD-SP without a CPU, and each
 * command as one call.  Guest owner included: it makes sessions and packets.
 */
#ifndef TESTS_ASP_PLATFORM_H
#define TESTS_ASP_PLATFORM_H

#include <stdlib.h>

#include "asp/asp.h"
#include "mc/probe.h"
#include "sev/sev.h"

#define PLATFORM_DRAM 0x1000000u
#define C_BIT_MILAN (UINT64_C(1) << 51)

/* Where things lie in DRAM. */
#define AT_TMR 0x100000u
#define AT_CERT 0x200000u
#define AT_SESSION 0x202000u
#define AT_OUT 0x204000u
#define AT_OUT2 0x208000u
#define AT_HEADER 0x210000u
#define AT_PACKET 0x212000u
#define AT_AMD 0x21a000u
#define AT_GUEST 0x400000u
#define AT_NV 0x300000u

struct platform {
    struct mc *mc;
    struct asp *asp;
    struct asp_config config;
    uint8_t flash[ASP_FLASH_MAX];
    size_t flash_len;
    bool flash_written, flash_fails;
    struct asp_flash flash_ops;
};

static inline enum cbit_status platform_flash_load(void *ctx, uint8_t *buf, size_t size, size_t *len)
{
    struct platform *p = ctx;

    if (!p->flash_written)
        return CBIT_NOT_FOUND;
    if (p->flash_len > size)
        return CBIT_RANGE;
    memcpy(buf, p->flash, p->flash_len);
    *len = p->flash_len;
    return CBIT_OK;
}

static inline enum cbit_status platform_flash_save(void *ctx, const uint8_t *buf, size_t len)
{
    struct platform *p = ctx;

    if (p->flash_fails)
        return CBIT_IO;
    memcpy(p->flash, buf, len);
    p->flash_len = len;
    p->flash_written = true;
    return CBIT_OK;
}

static inline void platform_config(struct platform *p, const char *profile)
{
    struct mc_config mc = {.range = {{spa(0), PLATFORM_DRAM}}, .n_ranges = 1};

    memset(p, 0, sizeof(*p));
    p->config.profile = asp_profile_find(profile);
    mc.cipher = p->config.profile->cipher;
    mc.n_asids = p->config.profile->n_asids;
    assert_int_equal(mc_new(&mc, &p->mc), CBIT_OK);
    p->config.mc = p->mc;
    p->config.standalone = true;
    p->config.seeded = true;
    p->config.seed = 1;
    p->flash_ops = (struct asp_flash){p, platform_flash_load, platform_flash_save};
    p->config.flash = &p->flash_ops;
}

static inline void platform_start(struct platform *p)
{
    assert_int_equal(asp_new(&p->config, &p->asp), CBIT_OK);
    asp_reset(p->asp);
}

static inline void platform_new(struct platform *p)
{
    platform_config(p, "milan");
    platform_start(p);
}

static inline void platform_free(struct platform *p)
{
    asp_free(p->asp);
    mc_free(p->mc);
}

/* Host memory in the clear. */
static inline void put(struct platform *p, uint64_t at, const void *bytes, size_t len)
{
    mc_write(p->mc, spa(at), mc_access_host(MC_KIND_DATA, false), bytes, len);
}

static inline void get(struct platform *p, uint64_t at, void *bytes, size_t len)
{
    mc_read(p->mc, spa(at), mc_access_host(MC_KIND_DATA, false), bytes, len);
}

/* As the guest with this ASID sees it. */
static inline void guest_sees(struct platform *p, unsigned asid, uint64_t at, void *bytes,
                              size_t len)
{
    assert_int_equal(mc_peek(p->mc, spa(at), MC_VIEW_ASID(asid), bytes, len), CBIT_OK);
}

static inline unsigned run(struct platform *p, unsigned id, uint8_t *b, size_t len)
{
    return asp_command(p->asp, id, b, len, NULL);
}

static inline unsigned run_bare(struct platform *p, unsigned id)
{
    return asp_command(p->asp, id, NULL, 0, NULL);
}

static inline unsigned run_handle(struct platform *p, unsigned id, uint32_t handle)
{
    uint8_t b[4];

    cb_store_le32(b, handle);
    return run(p, id, b, sizeof(b));
}

static inline unsigned init(struct platform *p, bool es)
{
    const struct wire_sev_init c = {.flags = es, .tmr_paddr = AT_TMR, .tmr_length = 0x100000};
    uint8_t b[20];

    wire_sev_init_encode(&c, b);
    return run(p, WIRE_SEV_INIT, b, sizeof(b));
}

/* INIT and DF_FLUSH. */
static inline void up(struct platform *p, bool es)
{
    assert_int_equal(init(p, es), 0);
    assert_int_equal(run_bare(p, WIRE_SEV_DF_FLUSH), 0);
}

static inline struct wire_sev_platform_status platform_status(struct platform *p)
{
    struct wire_sev_platform_status s;
    uint8_t b[12];

    assert_int_equal(run(p, WIRE_SEV_PLATFORM_STATUS, b, sizeof(b)), 0);
    wire_sev_platform_status_decode(&s, b);
    return s;
}

static inline struct wire_sev_guest_status guest_status(struct platform *p, uint32_t handle)
{
    struct wire_sev_guest_status s = {.handle = handle};
    uint8_t b[13];

    wire_sev_guest_status_encode(&s, b);
    assert_int_equal(run(p, WIRE_SEV_GUEST_STATUS, b, sizeof(b)), 0);
    wire_sev_guest_status_decode(&s, b);
    return s;
}

/* PDH and chain by PDH_CERT_EXPORT. */
struct exported {
    struct wire_sev_cert pdh, pek, oca, cek;
};
static inline struct exported export_certs(struct platform *p)
{
    struct wire_sev_two_blobs c = {{AT_OUT, WIRE_SEV_CERT_SIZE}, {AT_OUT2, WIRE_SEV_CHAIN_SIZE}};
    uint8_t b[28], bytes[WIRE_SEV_CHAIN_SIZE];
    struct exported e;

    wire_sev_two_blobs_encode(&c, b);
    assert_int_equal(run(p, WIRE_SEV_PDH_CERT_EXPORT, b, sizeof(b)), 0);
    get(p, AT_OUT, bytes, WIRE_SEV_CERT_SIZE);
    wire_sev_cert_decode(&e.pdh, bytes);
    get(p, AT_OUT2, bytes, sizeof(bytes));
    wire_sev_cert_decode(&e.pek, bytes);
    wire_sev_cert_decode(&e.oca, bytes + WIRE_SEV_CERT_SIZE);
    wire_sev_cert_decode(&e.cek, bytes + 2 * WIRE_SEV_CERT_SIZE);
    return e;
}

/* The guest owner's side of a launch. */
struct owner {
    struct cr_p384_key key;
    struct sev_transport transport;
    struct sev_session_seed seed;
    uint8_t cert[WIRE_SEV_CERT_SIZE], session[WIRE_SEV_SESSION_SIZE];
};

static inline void owner_make(struct owner *o, const struct wire_sev_cert *pdh, uint32_t policy)
{
    struct cr_random random;
    struct cr_p384_public server;
    struct wire_sev_cert cert;

    cr_random_from_seed(&random, policy, "owner");
    cr_p384_generate(&random, &o->key);
    cr_random_fill(&random, &o->transport, sizeof(o->transport));
    cr_random_fill(&random, &o->seed, sizeof(o->seed));
    sev_cert_make(&cert, WIRE_SEV_USAGE_PDH, WIRE_SEV_ALGO_ECDH_SHA256, &o->key.pub, 0, 24);
    wire_sev_cert_encode(&cert, o->cert);
    assert_true(sev_pubkey_to_p384(pdh->pubkey, &server));
    assert_int_equal(sev_session_make(&o->key, &server, policy, &o->transport, &o->seed, o->session),
                     0);
}

static inline void owner_place(struct platform *p, const struct owner *o)
{
    put(p, AT_CERT, o->cert, sizeof(o->cert));
    put(p, AT_SESSION, o->session, sizeof(o->session));
}

static inline struct wire_sev_start start_command(uint32_t policy, bool session)
{
    struct wire_sev_start c = {.policy = policy};

    if (session) {
        c.cert = (struct wire_sev_blob){AT_CERT, WIRE_SEV_CERT_SIZE};
        c.session = (struct wire_sev_blob){AT_SESSION, WIRE_SEV_SESSION_SIZE};
    }
    return c;
}

/* Gives the status; the handle through the pointer. */
static inline unsigned start(struct platform *p, unsigned id, struct wire_sev_start *c)
{
    uint8_t b[36];
    unsigned status;

    wire_sev_start_encode(c, b);
    status = run(p, id, b, sizeof(b));
    wire_sev_start_decode(c, b);
    return status;
}

static inline unsigned activate(struct platform *p, uint32_t handle, uint32_t asid)
{
    const struct wire_sev_activate c = {.handle = handle, .asid = asid};
    uint8_t b[8];

    wire_sev_activate_encode(&c, b);
    return run(p, WIRE_SEV_ACTIVATE, b, sizeof(b));
}

static inline unsigned region(struct platform *p, unsigned id, uint32_t handle, uint64_t at,
                              uint32_t len)
{
    const struct wire_sev_region c = {handle, {at, len}};
    uint8_t b[20];

    wire_sev_region_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

static inline unsigned packet(struct platform *p, unsigned id, uint32_t handle, uint64_t at,
                              uint32_t len)
{
    const struct wire_sev_packet c = {
        handle, {AT_HEADER, WIRE_SEV_PACKET_SIZE}, {at, len}, {AT_PACKET, len}};
    uint8_t b[52];

    wire_sev_packet_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

static inline unsigned dbg(struct platform *p, unsigned id, uint32_t handle, uint64_t src,
                           uint64_t dst, uint32_t len)
{
    const struct wire_sev_dbg c = {handle, src, dst, len};
    uint8_t b[28];

    wire_sev_dbg_encode(&c, b);
    return run(p, id, b, sizeof(b));
}

/* A guest without session, bound to asid, in LUPDATE; gives the handle. */
static inline uint32_t new_guest(struct platform *p, uint32_t policy, uint32_t asid)
{
    struct wire_sev_start c = start_command(policy, false);

    assert_int_equal(start(p, WIRE_SEV_LAUNCH_START, &c), 0);
    assert_int_equal(activate(p, c.handle, asid), 0);
    return c.handle;
}

/* The same, measured and finished. */
static inline uint32_t running_guest(struct platform *p, uint32_t policy, uint32_t asid)
{
    const uint32_t handle = new_guest(p, policy, asid);

    assert_int_equal(region(p, WIRE_SEV_LAUNCH_MEASURE, handle, AT_OUT, 48), 0);
    assert_int_equal(run_handle(p, WIRE_SEV_LAUNCH_FINISH, handle), 0);
    return handle;
}

#endif
