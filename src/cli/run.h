/* SPDX-License-Identifier: Apache-2.0 */
/* cbit run, for the files that make it up. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/platform.h"
#include "cli/run_sev.h"
#include "monitor/monitor.h"

/* ---- options (run_options.c) ---- */

struct run_options {
    const char *cpu;
    bool sme;
    int tsme; /* enum cbit_choice */
    uint64_t memory;
    uint32_t smp;
    const char *kernel, *initrd, *append;
    bool unpack_kernel, no_acpi, rng;
    const char *multiboot, *bios;
    const char *disk[CBIT_MAX_DISKS];
    unsigned n_disks;
    const char *nvdimm;
    const char *serial, *net;
    bool no_reboot, paused, deterministic;
    const char *control, *gdb, *input_script;
    uint64_t timeout_ns, max_insns;
    bool seeded;
    uint64_t seed;
    const char *expose_keys, *tweak, *state;
    uint32_t min_sev_asid;
    const char *trace, *trace_file;
    bool log_json, stats, json, check;
    const char *cache; /* "m1" or NULL */
    bool sandbox;
    const char *guest; /* file of a guest's options; NULL: none */
    struct run_sev_options sev;
};

const struct cli_option *run_option_table(size_t *n);
struct run_options run_options_default(void);
/* What no single option can tell: false with a sentence. */
bool run_options_check(const struct run_options *options, struct cli_why *why);

/* ---- --guest (run_guest.c) ---- */

struct run_guest_file {
    char *word[128]; /* options point into them */
};
/* Adds the options of the file options->guest; false: *why names the file and the line. */
bool run_guest_read(struct run_options *options, struct run_guest_file *file, struct cli_why *why);
void run_guest_file_free(struct run_guest_file *file);

/* ---- keys of the terminal (run_keys.c): Ctrl-a is cbit's, all else the guest's ---- */

enum run_key { RUN_KEY_GUEST, RUN_KEY_NONE, RUN_KEY_QUIT, RUN_KEY_HELP };
struct run_keys {
    bool armed; /* Ctrl-a was the last byte */
};
/* What a byte means; RUN_KEY_GUEST: *byte is what the guest gets. */
enum run_key run_keys_byte(struct run_keys *keys, uint8_t *byte);

/* ---- files that a run needs, read before the machine is made (run_files.c) ---- */

struct run_files {
    struct host_bytes kernel, initrd, tweak, script;
    struct host_disk *disk[CBIT_MAX_DISKS];
    bool disk_read_only[CBIT_MAX_DISKS];
    unsigned n_disks;
    struct host_disk *nvdimm; /* NULL: none */
    struct cli_state *state; /* NULL: an ephemeral chip */
};
/* options->cpu becomes the chip's where it was not given. */
bool run_files_load(struct run_files *files, struct run_options *options);
void run_files_free(struct run_files *files);

/* ---- typed input of a run that can be repeated (run_script.c) ---- */

struct run_script;
/* CBIT_INVALID: *why names the line. */
enum cbit_status run_script_new(const char *text, struct run_script **out,
                                struct cli_why *why) CBIT_MUST_CHECK;
void run_script_free(struct run_script *script); /* NULL is allowed */
void run_script_output(struct run_script *script, const void *bytes, size_t len);
enum run_script_does { RUN_SCRIPT_WAITS, RUN_SCRIPT_SENDS, RUN_SCRIPT_STOPS, RUN_SCRIPT_QUITS };
/* The next step that is due; idle: no instruction will be executed without input. */
enum run_script_does run_script_next(struct run_script *script, uint64_t insns, bool idle,
                                     const char **text, size_t *len);
/* The instruction count that the script waits for; UINT64_MAX: none. */
uint64_t run_script_until(const struct run_script *script);

/* ---- the console (run_console.c) ---- */

struct run_console;
struct run_console_config {
    struct host_loop *loop;
    const char *serial;      /* "stdio" or "file=F" */
    bool no_input;           /* standard input is not read: what is typed comes from a script */
    void *ctx;
    void (*quit)(void *ctx); /* Ctrl-a x */
};
enum cbit_status run_console_new(const struct run_console_config *config, struct run_console **out,
                                 struct cli_why *why) CBIT_MUST_CHECK;
void run_console_free(struct run_console *console); /* the terminal is as it was */
void run_console_output(struct run_console *console, const void *bytes, size_t len);
/* Types bytes; false: more than fit (4096 that the guest has not taken). */
bool run_console_type(struct run_console *console, const void *bytes, size_t len);
/* Hands waiting input to the machine. */
void run_console_feed(struct run_console *console, struct cbit_machine *machine);
/* Standard error is a terminal and the guest has said nothing yet: shows that it lives. */
void run_console_progress(struct run_console *console, uint64_t insns, uint64_t elapsed_ns);

/* ---- the end (run_report.c) ---- */

/* What check mode reported, for --json: the first 1,000. */
struct run_reports {
    struct json_t *list; /* NULL: none yet */
};
void run_reports_add(struct run_reports *reports, const struct cbit_report *report);
void run_reports_free(struct run_reports *reports);

struct run_end {
    int code;
    const char *reason; /* "powered off", "timeout", ... */
    const char *hint;   /* NULL or a sentence */
    uint64_t wall_ns, cpu_ns;
    bool exposed;
    const char *sandbox; /* "on", "off", "not built" */
    struct run_reports reports;
};
void run_report(const struct run_options *options, const struct cbit_machine *machine,
                const struct run_end *end);

#endif
