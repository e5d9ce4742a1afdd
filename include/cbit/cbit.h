/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit: a machine with AMD memory encryption, as a library.
 *
 * Bytes in, bytes out: the library opens no file, starts no thread, installs no
 * signal handler and keeps no global state, so several machines live in one
 * process.  A machine belongs to one thread at a time; cbit_machine_stop() alone
 * may be called from anywhere.
 *
 *     struct cbit_config config;
 *     cbit_config_init(&config);
 *     config.kernel = (struct cbit_bytes){image, image_len};
 *     config.console = print_bytes;
 *     cbit_machine_new(&config, &machine, &why);
 *     while (cbit_machine_run(machine, slice) <= CBIT_STOP_IDLE) ...
 *
 * This protects nothing: whoever owns the process can read every byte in it.
 */
#ifndef CBIT_CBIT_H
#define CBIT_CBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CBIT_API __attribute__((visibility("default")))

/* "0.1.0" */
CBIT_API const char *cbit_version(void);

enum cbit_error {
    CBIT_E_OK = 0,
    CBIT_E_INVALID,       /* a configuration, image or argument is malformed */
    CBIT_E_NO_MEMORY,     /* the host refused memory */
    CBIT_E_IO,            /* a host operation failed */
    CBIT_E_NOT_FOUND,     /* no such view, register or thing */
    CBIT_E_BUSY,          /* somebody else holds it */
    CBIT_E_RANGE,         /* address or length lies outside what exists */
    CBIT_E_DENIED,        /* refused */
    CBIT_E_CORRUPT,       /* data failed its integrity check */
    CBIT_E_VERSION,       /* made by a newer version */
    CBIT_E_UNIMPLEMENTED, /* legal, but not built yet */
    CBIT_E_CRYPTO,        /* libcrypto failed */
};
/* A short English phrase; never NULL. */
CBIT_API const char *cbit_error_text(enum cbit_error error);

/* Borrowed bytes; NULL: none. */
struct cbit_bytes {
    const void *data;
    size_t len;
};

/* What is wrong, and where: filled by functions that can fail on their input. */
struct cbit_why {
    char text[256];
};

enum cbit_image {
    CBIT_IMAGE_AUTO,      /* bzImage, Multiboot or ELF, by its magic */
    CBIT_IMAGE_MULTIBOOT, /* Multiboot 1 */
    CBIT_IMAGE_ROM,       /* raw ROM that ends at the reset vector */
};

enum cbit_choice { CBIT_DEFAULT = -1, CBIT_OFF = 0, CBIT_ON = 1 };

struct cbit_asp_flash;  /* cbit/asp.h */
struct cbit_sev_config; /* cbit/sev.h */

/* What check mode found; docs/check-mode.md.  The strings are gone when report returns. */
struct cbit_report {
    const char *kind;   /* "missing-flush", "dma-private", "mmio-c1", "fetch-view", "walk-view" */
    const char *access; /* "read", "write", "fetch", "walk", "walk-write" */
    uint64_t rip;
    bool has_gva;       /* false: a device's access */
    uint64_t gva, spa;
    const char *view;   /* "raw", "host", "asid=N": of this access */
    const char *last;   /* of the last write; "device": there is no memory */
    const char *symbol; /* "memset+0x10", or "" */
    const char *line;   /* all of it */
};

#define CBIT_MAX_DISKS 4

/* A disk that the caller keeps; read and write return false on a host error. */
struct cbit_disk {
    uint64_t size; /* bytes, a multiple of 512 */
    bool read_only;
    void *ctx;
    bool (*read)(void *ctx, uint64_t at, void *to, size_t len);
    bool (*write)(void *ctx, uint64_t at, const void *from, size_t len);
    bool (*flush)(void *ctx);
};

struct cbit_config {
    size_t struct_size;    /* set by cbit_config_init */
    const char *cpu;       /* "naples", "rome", "milan", "genoa", "ryzen-pro" */
    uint64_t memory;       /* bytes, a multiple of 4096 */
    unsigned smp;
    bool sme;              /* SYSCFG.SMEE, as firmware leaves it */
    enum cbit_choice tsme; /* default: off, on for ryzen-pro */
    bool no_acpi;
    bool deterministic;    /* time counts instructions; implies a seed */
    bool seeded;           /* all randomness, keys included, follows from seed */
    uint64_t seed;
    bool no_jit;
    bool check;            /* watch every access; findings go to report; slow */
    bool cache_m1;         /* caches that don't keep views coherent (naples, rome); slow */
    bool expose_keys;      /* lets cbit_machine_exposed_keys answer; the platform says EXPOSED */
    struct cbit_bytes tweak; /* 768 bytes in place of the profile's tweak constants */
    unsigned min_sev_asid; /* 0: 1 */
    struct cbit_bytes chip; /* the secure processor's (cbit/asp.h); none: a chip of its own */
    const struct cbit_asp_flash *flash; /* where its flash is kept; NULL: forgotten at the end */

    enum cbit_image image;
    struct cbit_bytes kernel, initrd; /* borrowed until cbit_machine_free */
    const char *append;
    bool unpack_kernel;    /* unpack a bzImage's payload on the host, enter the ELF */
    struct cbit_disk disk[CBIT_MAX_DISKS];
    unsigned n_disks;
    struct cbit_disk nvdimm; /* persistent memory, a multiple of 2 MiB; size 0: none */
    bool rng;              /* virtio entropy device */
    bool net;              /* virtio network card; frames by net_send and cbit_machine_net_input */
    bool guest;            /* the kernel is a guest of the built-in hypervisor; memory is the guest's */
    bool no_hypercalls;    /* a guest is offered nothing of KVM's interface */
    const struct cbit_sev_config *sev; /* it is a SEV guest; copied, its buffers stay borrowed */

    void *ctx; /* given to every callback; they run inside cbit_machine_new, _run and _reset */
    void (*console)(void *ctx, const void *bytes, size_t len);  /* first serial port */
    void (*hvc)(void *ctx, const void *bytes, size_t len);      /* virtio console; NULL: to console */
    void (*debugcon)(void *ctx, const void *bytes, size_t len); /* ports E9h and 402h */
    void (*net_send)(void *ctx, const void *frame, size_t len);
    void (*trace)(void *ctx, const char *room, const char *line);
    void (*report)(void *ctx, const struct cbit_report *report); /* check mode */
};

CBIT_API void cbit_config_init(struct cbit_config *config);

struct cbit_machine;

/* Copies config (buffers stay borrowed); why may be NULL. */
CBIT_API enum cbit_error cbit_machine_new(const struct cbit_config *config,
                                          struct cbit_machine **out, struct cbit_why *why);
CBIT_API void cbit_machine_free(struct cbit_machine *machine); /* NULL is allowed */

enum cbit_stop {
    CBIT_STOP_SLICE,        /* the slice is used up: call again */
    CBIT_STOP_IDLE,         /* the guest waits: see cbit_machine_idle_ns */
    CBIT_STOP_PAUSED,       /* cbit_machine_pause is in force */
    CBIT_STOP_BREAK,        /* breakpoint, watchpoint or single step */
    CBIT_STOP_POWER_OFF,
    CBIT_STOP_RESET,        /* the guest asked for a reset: cbit_machine_reset to go on */
    CBIT_STOP_PANIC,        /* the guest reported a panic; may be run on */
    CBIT_STOP_TRIPLE_FAULT,
    CBIT_STOP_DEAD_END,     /* HLT with interrupts off and nothing that could wake it */
    CBIT_STOP_EXIT_PORT,    /* the guest wrote the exit port F4h */
};
CBIT_API const char *cbit_stop_text(enum cbit_stop stop);

/* How long one call may run; 0: no limit of that kind. */
struct cbit_slice {
    uint64_t max_insns;
    uint64_t max_ns; /* host time */
};
CBIT_API enum cbit_stop cbit_machine_run(struct cbit_machine *machine, struct cbit_slice slice);
/* The present or next cbit_machine_run returns CBIT_STOP_SLICE soon.  Any thread, any time. */
CBIT_API void cbit_machine_stop(struct cbit_machine *machine);
/* Exit code of `cbit run` for this stop, or -1: it ends nothing. */
CBIT_API int cbit_machine_exit_code(const struct cbit_machine *machine, enum cbit_stop stop);
/* After CBIT_STOP_IDLE: nanoseconds until a timer fires; UINT64_MAX: only input wakes the guest. */
CBIT_API uint64_t cbit_machine_idle_ns(const struct cbit_machine *machine);

CBIT_API void cbit_machine_pause(struct cbit_machine *machine);
CBIT_API void cbit_machine_cont(struct cbit_machine *machine);
CBIT_API bool cbit_machine_is_paused(const struct cbit_machine *machine);
/* DRAM keeps its ciphertext, keys are drawn anew, the kernel is loaded again. */
CBIT_API enum cbit_error cbit_machine_reset(struct cbit_machine *machine, struct cbit_why *why);
/* ACPI power button; CBIT_E_NOT_FOUND: this platform has none. */
CBIT_API enum cbit_error cbit_machine_power_button(struct cbit_machine *machine);

/* Input of the serial console and of hvc0; returns how many bytes were taken. */
CBIT_API size_t cbit_machine_console_input(struct cbit_machine *machine, const void *bytes,
                                           size_t len);
CBIT_API size_t cbit_machine_hvc_input(struct cbit_machine *machine, const void *bytes, size_t len);
/* A frame for the guest's network card; false: no room now. */
CBIT_API bool cbit_machine_net_input(struct cbit_machine *machine, const void *frame, size_t len);

/* Whose eyes a look at memory borrows. */
typedef unsigned cbit_view;
#define CBIT_VIEW_RAW 0u            /* the DIMM's pins */
#define CBIT_VIEW_HOST 1u           /* under the SME/TSME key */
#define CBIT_VIEW_ASID(n) (1u + (n)) /* under the key of a guest's ASID, n >= 1 */

/* DRAM as it lies in the physical address space. */
struct cbit_range {
    uint64_t base, size;
};
CBIT_API size_t cbit_machine_dram(const struct cbit_machine *machine, struct cbit_range *out,
                                  size_t max);
/* A look that changes nothing.  CBIT_E_RANGE, CBIT_E_NOT_FOUND (no such view). */
CBIT_API enum cbit_error cbit_machine_peek(const struct cbit_machine *machine, uint64_t address,
                                           cbit_view view, void *to, size_t len);
/* What an access with C=0 reads: the pins, or the host view under TSME. */
CBIT_API enum cbit_error cbit_machine_peek_c0(const struct cbit_machine *machine, uint64_t address,
                                              void *to, size_t len);
/* Has this frame ever been written, and in which view is it kept at present? */
CBIT_API bool cbit_machine_frame(const struct cbit_machine *machine, uint64_t address,
                                 cbit_view *view);

/* ---- for debuggers ---- */

/* Registers as a debugger knows them; segments in the order es cs ss ds fs gs. */
struct cbit_regs {
    uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 .. r15 */
    uint64_t rip, rflags;
    uint16_t segment[6];
    uint64_t fs_base, gs_base;
    uint64_t cr0, cr2, cr3, cr4, cr8, efer;
    uint8_t st[8][10]; /* st[0] is the top of the stack */
    uint16_t fcw, fsw, ftw; /* ftw: the full tag word */
    uint8_t xmm[16][16];
    uint32_t mxcsr;
};
CBIT_API void cbit_machine_regs(const struct cbit_machine *machine, struct cbit_regs *out);
/*
 * Sets what differs; of rflags only the status flags.  A segment is loaded as by MOV,
 * from its table.  CBIT_E_INVALID: no such segment, or a control register that the
 * processor would not take; those in front of it are set.
 */
CBIT_API enum cbit_error cbit_machine_set_regs(struct cbit_machine *machine,
                                               const struct cbit_regs *in);
/* Virtual memory as the CPU reaches it now, in the view its tables select; no faults, no traces. */
CBIT_API enum cbit_error cbit_machine_read_virtual(struct cbit_machine *machine, uint64_t address,
                                                   void *to, size_t len);
CBIT_API enum cbit_error cbit_machine_write_virtual(struct cbit_machine *machine, uint64_t address,
                                                    const void *from, size_t len);
/*
 * Physical memory as the host's CPU would read it, with the C-bit that its page tables
 * gave each frame when the map was made.
 */
struct cbit_c_map;
CBIT_API enum cbit_error cbit_c_map_new(const struct cbit_machine *machine, struct cbit_c_map **out);
CBIT_API void cbit_c_map_free(struct cbit_c_map *map); /* NULL is allowed */
CBIT_API enum cbit_error cbit_c_map_peek(const struct cbit_c_map *map, uint64_t address, void *to,
                                         size_t len);
/* Breakpoints at virtual addresses, unseen by the guest; cbit_machine_run says CBIT_STOP_BREAK. */
CBIT_API enum cbit_error cbit_machine_break_set(struct cbit_machine *machine, uint64_t address);
CBIT_API enum cbit_error cbit_machine_break_clear(struct cbit_machine *machine, uint64_t address);

/* Watchpoints, likewise: the machine stops behind the instruction that read or wrote there. */
struct cbit_watch {
    uint64_t address, length;
    bool on_read, on_write;
};
CBIT_API enum cbit_error cbit_machine_watch_set(struct cbit_machine *machine,
                                                const struct cbit_watch *watch);
CBIT_API enum cbit_error cbit_machine_watch_clear(struct cbit_machine *machine,
                                                  const struct cbit_watch *watch);
/* Which one the last cbit_machine_run stopped at; false: none. */
CBIT_API bool cbit_machine_watch_met(const struct cbit_machine *machine, struct cbit_watch *out);

/* Counters, named once and for all; i counts from 0; false: no more. */
struct cbit_counter {
    const char *name;
    uint64_t value;
};
CBIT_API bool cbit_machine_counter(const struct cbit_machine *machine, size_t i,
                                   struct cbit_counter *out);
CBIT_API uint64_t cbit_machine_instructions(const struct cbit_machine *machine);

/*
 * Keys and tweaks in force, as text; for configurations with expose_keys alone
 * (CBIT_E_DENIED otherwise).  Free *text with free().
 */
CBIT_API enum cbit_error cbit_machine_exposed_keys(const struct cbit_machine *machine, char **text);

#ifdef __cplusplus
}
#endif

#endif
