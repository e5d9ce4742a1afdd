/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of hv: the built-in, untrusted hypervisor.
 *
 * A host (struct hv) is DRAM with its controller, an AMD-SP and one CPU in
 * 64-bit host mode; its guests take turns on that CPU.  VMCBs, permission maps,
 * nested tables and guest memory lie in emulated DRAM, which this code reaches as
 * a hypervisor can: with C=0 or the host's C=1, never under a guest's key, and
 * with no way to one.  A SEV guest is launched through the AMD-SP's mailbox.
 *
 * Like pc, hv opens no file, knows no terminal and never blocks.  One thread for
 * a host and all its guests.  APM vol. 2, chapter 15.
 */
#ifndef HV_HV_H
#define HV_HV_H

#include "board/board.h"
#include "hv/launch.h"

struct hv;
struct hv_guest;

struct hv_config {
    const char *cpu;        /* profile's name; NULL: "milan" */
    uint64_t memory;        /* of all guests together, bytes, a multiple of 4096 */
    unsigned n_guests;      /* how many at most; 0: 1 */
    bool sme;               /* SYSCFG.SMEE, and C=1 in all that the hypervisor maps */
    bool tsme;
    bool seeded;            /* keys, tweaks and RDRAND follow from seed */
    uint64_t seed;
    bool expose_keys;
    const uint8_t *tweak;   /* 48 x 16 bytes, see struct asp_config */
    unsigned min_sev_asid;  /* 0: 1 */
    struct board_bytes chip;
    struct asp_flash flash; /* save NULL: forgotten at the end */
    bool no_jit;
    void *ctx;
    /* room: "cpu", "board", "asp", "hv"; line without newline.  NULL: silent. */
    void (*trace)(void *ctx, const char *room, const char *line);
};

/* CBIT_INVALID: error->text says what is wrong. */
enum cbit_status hv_new(const struct hv_config *config, struct hv **out,
                        struct board_error *error) CBIT_MUST_CHECK;
void hv_free(struct hv *hv); /* its guests first; NULL is allowed */

struct mc *hv_mc(struct hv *hv);
struct x86_cpu *hv_cpu(struct hv *hv);
struct asp *hv_asp(struct hv *hv);

struct hv_guest_config {
    uint64_t memory;        /* bytes, a multiple of 4096 */
    bool deterministic;     /* clock counts instructions; HLT warps */
    uint64_t rtc_epoch;     /* seconds since 1970 that the RTC starts from; 0: now */
    bool paused;            /* begin stopped, before the first instruction */
    bool no_hypercalls;     /* offer none of KVM's interface */

    struct board_bytes kernel, initrd; /* borrowed until hv_guest_free: a reset loads them again */
    const char *append;     /* NULL: "" */
    bool unpack_kernel;

    bool sev;
    uint32_t policy;
    struct hv_guest *share; /* NULL, or the SEV guest whose key this one uses */
    struct board_bytes dh_cert, session;
    /* Asked when there is no dh_cert, at each launch; NULL: none. */
    enum cbit_status (*make_session)(void *ctx, const uint8_t pdh[HV_PDH_SIZE],
                                     struct hv_session *out);
    /* Told of every launched region before it is encrypted.  NULL: nobody. */
    void (*launched)(void *ctx, const struct hv_region *region);

    struct dev_disk disk[BOARD_MAX_DISKS];
    unsigned n_disks;
    bool rng;
    unsigned number;        /* makes network addresses differ */

    void *ctx;              /* of the functions above and below */
    void (*console)(void *ctx, const uint8_t *bytes, size_t len);
    void (*hvc)(void *ctx, const uint8_t *bytes, size_t len);      /* NULL: to console */
    void (*debugcon)(void *ctx, const uint8_t *bytes, size_t len); /* port E9h; NULL: dropped */
    void (*net_send)(void *ctx, const uint8_t *frame, size_t len); /* NULL: no network card */
};

/*
 * Loads a plain guest, or launches a SEV guest up to LAUNCH_MEASURE; the first
 * hv_guest_run finishes the launch.  CBIT_INVALID: error->text says which image or
 * option is wrong; CBIT_DENIED: which command the AMD-SP refused, and why.
 */
enum cbit_status hv_guest_new(struct hv *hv, const struct hv_guest_config *config,
                              struct hv_guest **out, struct board_error *error) CBIT_MUST_CHECK;
/* Gives its key, ASID and memory back; NULL is allowed. */
void hv_guest_free(struct hv_guest *guest);

/* The rest is the same as pc's for a bare-metal machine. */
enum board_stop hv_guest_run(struct hv_guest *guest, struct board_slice slice);
int hv_guest_exit_code(const struct hv_guest *guest, enum board_stop stop);
uint64_t hv_guest_next_event_ns(const struct hv_guest *guest);
size_t hv_guest_console_input(struct hv_guest *guest, const uint8_t *bytes, size_t len);
size_t hv_guest_hvc_input(struct hv_guest *guest, const uint8_t *bytes, size_t len);
bool hv_guest_net_input(struct hv_guest *guest, const uint8_t *frame, size_t len);
void hv_guest_power_button(struct hv_guest *guest);
void hv_guest_pause(struct hv_guest *guest);
void hv_guest_cont(struct hv_guest *guest);
bool hv_guest_is_paused(const struct hv_guest *guest);
/* A new guest of the same configuration: loaded or launched again, under a new key. */
enum cbit_status hv_guest_reset(struct hv_guest *guest, struct board_error *error) CBIT_MUST_CHECK;

struct hv *hv_guest_host(struct hv_guest *guest);
struct hv_launch *hv_guest_launch(struct hv_guest *guest); /* NULL: not a SEV guest */
uint64_t hv_guest_secret_page(const struct hv_guest *guest);
unsigned hv_guest_asid(const struct hv_guest *guest);
/* Where a guest-physical address lies in DRAM; false: no RAM there. */
bool hv_guest_find(const struct hv_guest *guest, uint64_t gpa, spa_t *out);
/* Instructions that this guest has executed. */
uint64_t hv_guest_instructions(const struct hv_guest *guest);

/* Exits by kind. */
#define HV_EXIT_KINDS(X) \
    X(INTR, "intr") X(VINTR, "vintr") X(CPUID, "cpuid") X(MSR, "msr") X(IOIO, "ioio") \
    X(HLT, "hlt") X(NPF_FILL, "npf_fill") X(MMIO, "mmio") X(VMMCALL, "vmmcall") X(OTHER, "other")
enum hv_exit_kind {
#define HV_EXIT_ENUM(name, text) HV_EXIT_##name,
    HV_EXIT_KINDS(HV_EXIT_ENUM)
#undef HV_EXIT_ENUM
    HV_N_EXIT_KINDS
};

struct hv_stats {
    uint64_t exits[HV_N_EXIT_KINDS];
    uint64_t mmio, ports, dma_bytes, irqs, idle_returns;
};
struct hv_stats hv_guest_stats(const struct hv_guest *guest);

#endif
