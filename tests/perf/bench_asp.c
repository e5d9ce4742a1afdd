/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the AMD-SP's memory commands are, beside SHA-256 plus the memory
 * cipher over the same bytes measured alone in the same rounds; and what a guest
 * costs when there are a thousand of them.
 *
 *     bench_asp [--json] [--rounds N]
 *
 * Time is the processor's; the median of the rounds is shown.  "ratio" is value /
 * peer's value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asp/asp.h"
#include "crypto/crypto.h"

#define MIB (1u << 20)
#define SIZE (16u * MIB)
#define DRAM (64u * MIB)
#define AT_GUEST (32u * MIB)
#define AT_HOST (1u * MIB)
#define AT_HEADER 0x10000u
#define AT_PACKET 0x20000u
#define AT_OUT 0x30000u
#define PACKET 0x4000u
#define N_GUESTS 1000u
#define MAX_ROUNDS 101

struct bench {
    struct mc *mc;
    struct asp *asp;
    struct cr_memory_cipher cipher;
    struct cr_memory_key key;
    uint8_t *bytes;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_asp: %s failed\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void command(struct bench *b, unsigned id, uint8_t *buffer, size_t len)
{
    must(asp_command(b->asp, id, buffer, len, NULL) == WIRE_SEV_SUCCESS,
         wire_sev_command_of(id)->name);
}

static void platform_up(struct bench *b, const char *name)
{
    struct asp_config config = {.profile = asp_profile_find(name), .standalone = true,
                                .seeded = true, .seed = 1};
    struct mc_config mc = {.range = {{spa(0), DRAM}}, .n_ranges = 1};
    const struct wire_sev_init init = {0};
    uint8_t buffer[20];

    mc.cipher = config.profile->cipher;
    mc.n_asids = config.profile->n_asids;
    must(mc_new(&mc, &b->mc) == CBIT_OK, "mc_new");
    config.mc = b->mc;
    must(asp_new(&config, &b->asp) == CBIT_OK, "asp_new");
    asp_reset(b->asp);
    wire_sev_init_encode(&init, buffer);
    command(b, WIRE_SEV_INIT, buffer, sizeof(buffer));
    command(b, WIRE_SEV_DF_FLUSH, NULL, 0);
}

static void platform_down(struct bench *b)
{
    asp_free(b->asp);
    mc_free(b->mc);
}

static uint32_t launch(struct bench *b, uint32_t asid)
{
    struct wire_sev_start start = {0};
    uint8_t buffer[36];

    wire_sev_start_encode(&start, buffer);
    command(b, WIRE_SEV_LAUNCH_START, buffer, sizeof(buffer));
    wire_sev_start_decode(&start, buffer);
    const struct wire_sev_activate activate = {.handle = start.handle, .asid = asid};
    wire_sev_activate_encode(&activate, buffer);
    command(b, WIRE_SEV_ACTIVATE, buffer, 8);
    return start.handle;
}

static void handle_command(struct bench *b, unsigned id, uint32_t handle)
{
    uint8_t buffer[4];

    cb_store_le32(buffer, handle);
    command(b, id, buffer, sizeof(buffer));
}

static double gb_per_s(double start)
{
    return (double)SIZE / (now() - start) * 1e-9;
}

static double run_peer(struct bench *b)
{
    uint8_t digest[32];
    double start = now();

    cr_sha256_of(b->bytes, SIZE, digest);
    cr_memory_encrypt(&b->cipher, &b->key, AT_GUEST, b->bytes, b->bytes, SIZE / 16);
    return gb_per_s(start);
}

/* The loader's plaintext in the clear, as a hypervisor leaves it; then the command alone. */
static double run_launch_update(struct bench *b)
{
    const struct wire_sev_region region = {launch(b, 1), {AT_GUEST, SIZE}};
    uint8_t buffer[20];
    double start, value;

    mc_write(b->mc, spa(AT_GUEST), mc_access_host(MC_KIND_DATA, false), b->bytes, SIZE);
    wire_sev_region_encode(&region, buffer);
    start = now();
    command(b, WIRE_SEV_LAUNCH_UPDATE_DATA, buffer, sizeof(buffer));
    value = gb_per_s(start);
    handle_command(b, WIRE_SEV_DEACTIVATE, region.handle);
    handle_command(b, WIRE_SEV_DECOMMISSION, region.handle);
    return value;
}

static double run_dbg(struct bench *b, unsigned id, uint64_t src, uint64_t dst)
{
    const struct wire_sev_dbg dbg = {launch(b, 1), src, dst, SIZE};
    uint8_t buffer[28];
    double start, value;

    wire_sev_dbg_encode(&dbg, buffer);
    start = now();
    command(b, id, buffer, sizeof(buffer));
    value = gb_per_s(start);
    handle_command(b, WIRE_SEV_DEACTIVATE, dbg.handle);
    handle_command(b, WIRE_SEV_DECOMMISSION, dbg.handle);
    return value;
}

static double run_dbg_decrypt(struct bench *b)
{
    return run_dbg(b, WIRE_SEV_DBG_DECRYPT, AT_GUEST, AT_HOST);
}

static double run_dbg_encrypt(struct bench *b)
{
    return run_dbg(b, WIRE_SEV_DBG_ENCRYPT, AT_HOST, AT_GUEST);
}

/* The platform sends to itself: its own PDH is the receiver's. */
static void send_start(struct bench *b, uint32_t handle)
{
    const struct wire_sev_two_blobs certs = {{AT_OUT, WIRE_SEV_CERT_SIZE},
                                             {AT_OUT + 0x1000, WIRE_SEV_CHAIN_SIZE}};
    const struct wire_sev_send_start start = {.handle = handle,
                                              .pdh = {AT_OUT, WIRE_SEV_CERT_SIZE},
                                              .session = {AT_HEADER + 0x100, 128}};
    uint8_t buffer[68];

    wire_sev_two_blobs_encode(&certs, buffer);
    command(b, WIRE_SEV_PDH_CERT_EXPORT, buffer, 28);
    wire_sev_send_start_encode(&start, buffer);
    command(b, WIRE_SEV_SEND_START, buffer, sizeof(buffer));
}

static uint32_t receive_start(struct bench *b, uint32_t asid)
{
    struct wire_sev_start start = {.cert = {AT_OUT, WIRE_SEV_CERT_SIZE},
                                   .session = {AT_HEADER + 0x100, 128}};
    uint8_t buffer[36];

    wire_sev_start_encode(&start, buffer);
    command(b, WIRE_SEV_RECEIVE_START, buffer, sizeof(buffer));
    wire_sev_start_decode(&start, buffer);
    const struct wire_sev_activate activate = {.handle = start.handle, .asid = asid};
    wire_sev_activate_encode(&activate, buffer);
    command(b, WIRE_SEV_ACTIVATE, buffer, 8);
    return start.handle;
}

static void packet(struct bench *b, unsigned id, uint32_t handle, uint64_t at)
{
    const struct wire_sev_packet c = {
        handle, {AT_HEADER, WIRE_SEV_PACKET_SIZE}, {at, PACKET}, {AT_PACKET, PACKET}};
    uint8_t buffer[52];

    wire_sev_packet_encode(&c, buffer);
    command(b, id, buffer, sizeof(buffer));
}

/* Sending and receiving in turns, each timed by itself. */
static double run_migration(struct bench *b, bool receiving)
{
    const struct wire_sev_region measure = {launch(b, 1), {AT_OUT, WIRE_SEV_MEASURE_SIZE}};
    const uint32_t from = measure.handle;
    double sum[2] = {0};
    uint8_t buffer[20];
    uint32_t to;

    wire_sev_region_encode(&measure, buffer);
    command(b, WIRE_SEV_LAUNCH_MEASURE, buffer, sizeof(buffer));
    handle_command(b, WIRE_SEV_LAUNCH_FINISH, from);
    send_start(b, from);
    to = receive_start(b, 2);
    for (uint32_t at = 0; at < SIZE; at += PACKET) {
        const double start = now();
        double middle;

        packet(b, WIRE_SEV_SEND_UPDATE_DATA, from, AT_GUEST + at);
        middle = now();
        packet(b, WIRE_SEV_RECEIVE_UPDATE_DATA, to, AT_HOST + at);
        sum[0] += middle - start;
        sum[1] += now() - middle;
    }
    handle_command(b, WIRE_SEV_DEACTIVATE, from);
    handle_command(b, WIRE_SEV_DECOMMISSION, from);
    handle_command(b, WIRE_SEV_DEACTIVATE, to);
    handle_command(b, WIRE_SEV_DECOMMISSION, to);
    command(b, WIRE_SEV_DF_FLUSH, NULL, 0);
    return (double)SIZE / sum[receiving] * 1e-9;
}

static double run_send(struct bench *b)
{
    return run_migration(b, false);
}

static double run_receive(struct bench *b)
{
    return run_migration(b, true);
}

static const struct {
    const char *name;
    double (*run)(struct bench *b);
} cases[] = {
    {"sha256+cipher", run_peer},        {"launch-update", run_launch_update},
    {"dbg-decrypt", run_dbg_decrypt},   {"dbg-encrypt", run_dbg_encrypt},
    {"send-update", run_send},          {"receive-update", run_receive},
};
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
    qsort(values, n, sizeof(double), ascending);
    return values[n / 2];
}

static void row(bool json, bool *first, const char *name, const char *size, const char *unit,
                double value, const char *peer, double ratio)
{
    if (json)
        printf("%s  {\"bench\": \"asp\", \"case\": \"%s\", \"size\": \"%s\", \"unit\": \"%s\", "
               "\"value\": %.4f, \"peer\": \"%s\", \"ratio\": %.3f}",
               *first ? "" : ",\n", name, size, unit, value, peer, ratio);
    else
        printf("%-16s %-12s %9.3f %-6s %6.2f x %s\n", name, size, value, unit, ratio, peer);
    *first = false;
}

static void set_up_peer(struct bench *b)
{
    static const uint8_t key[16] = {1, 2, 3};
    static uint8_t t[CR_MEMORY_TWEAKS * 16];

    for (size_t i = 0; i < sizeof(t); i++)
        t[i] = (uint8_t)(i * 151 + 3);
    must(cr_memory_cipher_init(&b->cipher, CR_MEMORY_XEX, NULL) == CBIT_OK, "cipher");
    cr_memory_tweak_set(&b->cipher, t);
    cr_memory_key_set(&b->cipher, &b->key, key);
    b->bytes = malloc(SIZE);
    must(b->bytes != NULL, "memory");
    memset(b->bytes, 0x5a, SIZE);
}

static void bench_memory(unsigned rounds, bool json, bool *first)
{
    static double value[N_CASES][MAX_ROUNDS];
    struct bench b;
    double peer;

    set_up_peer(&b);
    platform_up(&b, "milan");
    for (unsigned r = 0; r < rounds + 1; r++) /* the first round only warms up */
        for (size_t i = 0; i < N_CASES; i++)
            value[i][r > 0 ? r - 1 : 0] = cases[i].run(&b);
    peer = median(value[0], rounds);
    for (size_t i = 0; i < N_CASES; i++) {
        const double v = median(value[i], rounds);

        row(json, first, cases[i].name, "16MiB", "GB/s", v, cases[0].name, v / peer);
    }
    platform_down(&b);
    free(b.bytes);
}

/* Launches n guests, measured, finished and activated; then lets them go.  µs a guest. */
static double guests(struct bench *b, unsigned n)
{
    static uint32_t handle[N_GUESTS];
    const double start = now();
    uint8_t buffer[20];

    for (unsigned i = 0; i < n; i++) {
        const struct wire_sev_region measure = {handle[i] = launch(b, i + 1),
                                                {AT_OUT, WIRE_SEV_MEASURE_SIZE}};

        wire_sev_region_encode(&measure, buffer);
        command(b, WIRE_SEV_LAUNCH_MEASURE, buffer, sizeof(buffer));
        handle_command(b, WIRE_SEV_LAUNCH_FINISH, handle[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        handle_command(b, WIRE_SEV_DEACTIVATE, handle[i]);
        handle_command(b, WIRE_SEV_DECOMMISSION, handle[i]);
    }
    command(b, WIRE_SEV_DF_FLUSH, NULL, 0);
    return (now() - start) / n * 1e6;
}

static void bench_guests(unsigned rounds, bool json, bool *first)
{
    static double few[MAX_ROUNDS], many[MAX_ROUNDS];
    struct bench b;
    double peer, value;

    platform_up(&b, "genoa");
    for (unsigned r = 0; r < rounds; r++) {
        few[r] = guests(&b, 50);
        many[r] = guests(&b, N_GUESTS);
    }
    peer = median(few, rounds);
    value = median(many, rounds);
    row(json, first, "guests", "50", "us", peer, "50", 1.0);
    row(json, first, "guests", "1000", "us", value, "50", value / peer);
    platform_down(&b);
}

int main(int argc, char **argv)
{
    unsigned long rounds = 9;
    bool json = false, first = true;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            rounds = strtoul(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: bench_asp [--json] [--rounds N]\n");
            return 2;
        }
    }
    must(rounds > 0 && rounds < MAX_ROUNDS, "rounds");
    if (json)
        printf("[\n");
    bench_memory((unsigned)rounds, json, &first);
    bench_guests((unsigned)rounds, json, &first);
    if (json)
        printf("\n]\n");
    return 0;
}
