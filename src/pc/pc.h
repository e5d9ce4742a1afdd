/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of pc: the bare-metal machine.  CPU, memory controller, AMD-SP
 * and board put together, a kernel loaded, and a loop that runs slices.
 *
 * pc opens no file, knows no terminal and never blocks: kernels come as byte
 * buffers, the console is a callback and a queue, and when the guest is idle
 * pc_run returns and says for how long it may be left alone.  One thread.
 */
#ifndef PC_PC_H
#define PC_PC_H

#include "asp/asp.h"
#include "board/board.h"
#include "dev/dev.h"
#include "mc/mc.h"
#include "x86/x86.h"

struct pc;

/* Borrowed: must stay as it is until pc_free (a reset loads it again). */
struct pc_bytes {
    const uint8_t *data; /* NULL: none */
    size_t len;
};

enum pc_image {
    PC_IMAGE_AUTO,      /* bzImage, Multiboot or ELF by their magic */
    PC_IMAGE_MULTIBOOT, /* Multiboot 1 */
    PC_IMAGE_ROM,       /* raw ROM that ends at the reset vector */
};

/* All are called on the thread that called pc_run (or pc_new, pc_reset). */
struct pc_callbacks {
    void *ctx;
    /* Bytes of the first serial port, in order. */
    void (*console)(void *ctx, const uint8_t *bytes, size_t len);
    /* room: "cpu", "board", "asp", ...; line without newline.  NULL: silent. */
    void (*trace)(void *ctx, const char *room, const char *line);
    /* An Ethernet frame from the guest.  NULL: no network card. */
    void (*net_send)(void *ctx, const uint8_t *frame, size_t len);
    /* Bytes of the virtio console; NULL: they go to console(). */
    void (*hvc)(void *ctx, const uint8_t *bytes, size_t len);
    /* Check mode found something. */
    void (*report)(void *ctx, const struct board_report *report);
    /* Bytes of the debug-console ports (E9h, 402h); NULL: dropped. */
    void (*debugcon)(void *ctx, const uint8_t *bytes, size_t len);
};

#define PC_MAX_DISKS BOARD_MAX_DISKS
#define PC_APPEND_MAX 2047 /* bytes of command line that Linux takes */

struct pc_config {
    const char *cpu;        /* profile's name; NULL: "milan" */
    uint64_t memory;        /* bytes, a multiple of 4096 */
    unsigned smp;           /* CPUs; 0 is 1 */
    bool sme;               /* SYSCFG.SMEE as firmware would leave it */
    bool tsme;
    bool no_acpi;           /* platform without tables */
    bool deterministic;     /* clock counts instructions; HLT warps; implies seeded */
    bool seeded;            /* keys, tweaks and RDRAND follow from seed */
    uint64_t seed;
    uint64_t rtc_epoch;     /* seconds since 1970 that the RTC starts from; deterministic: ignored */
    bool expose_keys;       /* see asp_exposed_keys */
    const uint8_t *tweak;   /* 48 x 16 bytes, see struct asp_config */
    unsigned min_sev_asid;  /* 0: 1 */
    struct pc_bytes chip;   /* the AMD-SP's fuses (asp/chip.h); none: a chip of its own */
    struct asp_flash flash; /* where its flash is kept; save NULL: forgotten at the end */
    bool no_jit;
    bool check;             /* reports what caches or keys punish (board/check.h); slow */
    bool cache_m1;          /* caches that don't keep views coherent; naples and rome */
    bool paused;            /* begin stopped, before the first instruction */

    enum pc_image image;
    struct pc_bytes kernel; /* or the ROM, by image */
    struct pc_bytes initrd;
    const char *append;     /* NULL: "" */
    bool unpack_kernel;     /* unpack a bzImage's payload here and enter the ELF */

    struct dev_disk disk[PC_MAX_DISKS];
    unsigned n_disks;
    struct dev_disk nvdimm; /* size 0: none */
    bool rng;               /* virtio entropy device */
    struct pc_callbacks callbacks;
};

/* What is wrong with a configuration or an image, and where. */
struct pc_error {
    char text[256];
};

/*
 * Builds the machine, lets the AMD-SP draw its keys and loads the kernel; the
 * next pc_run executes the first instruction.  CBIT_INVALID: error->text says
 * which image or option is wrong.  Copies config (buffers stay borrowed).
 */
enum cbit_status pc_new(const struct pc_config *config, struct pc **out,
                        struct pc_error *error) CBIT_MUST_CHECK;
void pc_free(struct pc *pc); /* NULL is allowed */

/* As board_run_go and board_run_exit_code; RESET, DEAD_END and the like stand until pc_reset(). */
enum board_stop pc_run(struct pc *pc, struct board_slice slice);
int pc_exit_code(const struct pc *pc, enum board_stop stop);

/* Nanoseconds until the next timer fires; 0: due; UINT64_MAX: only input can wake the guest. */
uint64_t pc_next_event_ns(const struct pc *pc);

/* Keyboard of the first serial port; returns how many bytes were taken. */
size_t pc_console_input(struct pc *pc, const uint8_t *bytes, size_t len);
/* The same for the virtio console. */
size_t pc_hvc_input(struct pc *pc, const uint8_t *bytes, size_t len);
/* A frame for the network card; false: no room in the guest's ring, offer it later. */
bool pc_net_input(struct pc *pc, const uint8_t *frame, size_t len);
/* ACPI power button; false: this platform has none. */
bool pc_power_button(struct pc *pc);

/* The guest's clock stands still while paused. */
void pc_pause(struct pc *pc);
void pc_cont(struct pc *pc);
bool pc_is_paused(const struct pc *pc);

/* RESET#: DRAM keeps its ciphertext, the AMD-SP draws a new SME key, the kernel is loaded again. */
enum cbit_status pc_reset(struct pc *pc, struct pc_error *error) CBIT_MUST_CHECK;

/* For observers and debuggers. */
struct mc *pc_mc(struct pc *pc);
struct x86_cpu *pc_cpu(struct pc *pc);
struct asp *pc_asp(struct pc *pc);
const struct pc_config *pc_config(const struct pc *pc);
/* The machine's clock: nanoseconds since power-on without pauses. */
uint64_t pc_now_ns(const struct pc *pc);

struct pc_stats {
    uint64_t mmio, ports, dma_bytes, irqs, idle_returns;
    uint64_t mmio_c; /* MMIO accesses with C=1, which reach no device */
    struct board_check_stats check;
};
struct pc_stats pc_stats(const struct pc *pc);

#endif
