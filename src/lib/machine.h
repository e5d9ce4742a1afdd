/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as the library keeps it; for neighbours in this room.  What runs is
 * its body: the bare-metal machine (room pc) or a guest under the built-in
 * hypervisor (room hv), behind one table of functions.
 */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "asp/asp.h"
#include "board/board.h"
#include "cbit/cbit.h"
#include "cbit/sev.h"
#include "hv/hv.h"
#include "mc/mc.h"

#define TWEAK_BYTES (48u * 16u)

/* What a body counts itself. */
struct lib_counts {
    uint64_t mmio, ports, dma_bytes, irqs, idle_returns;
    uint64_t mmio_c; /* device accesses with C=1, which reach no device */
    struct board_check_stats check;
    uint64_t exits[HV_N_EXIT_KINDS]; /* of a guest */
};

/* The meanings are those of the public functions with the same names. */
struct lib_body_ops {
    void (*free)(void *body);
    enum cbit_stop (*run)(void *body, uint64_t max_insns, uint64_t max_ns);
    int (*exit_code)(const void *body, enum cbit_stop stop);
    uint64_t (*idle_ns)(const void *body);
    void (*pause)(void *body);
    void (*cont)(void *body);
    bool (*is_paused)(const void *body);
    enum cbit_error (*reset)(void *body, struct cbit_why *why);
    bool (*power_button)(void *body);
    size_t (*console_input)(void *body, const void *bytes, size_t len);
    size_t (*hvc_input)(void *body, const void *bytes, size_t len);
    bool (*net_input)(void *body, const void *frame, size_t len);
    struct mc *(*mc)(void *body);
    struct x86_cpu *(*cpu)(void *body);
    struct asp *(*asp)(void *body);
    void (*counts)(const void *body, struct lib_counts *out);
    struct hv_launch *(*launch)(void *body);   /* NULL, or gives NULL: no SEV guest */
    uint64_t (*secret_page)(const void *body); /* wherever launch gives something */
    bool (*find)(const void *body, uint64_t gpa, spa_t *at); /* NULL: no guest */
};

struct cbit_machine {
    const struct lib_body_ops *ops;
    void *body;
    struct cbit_config config;
    struct cbit_sev_config sev; /* config.sev points here or nowhere */
    atomic_bool stop_asked;
};

/* Makes machine->body, and sets machine->ops, from machine->config. */
enum cbit_error lib_pc_new(struct cbit_machine *machine, struct cbit_why *why);
enum cbit_error lib_guest_new(struct cbit_machine *machine, struct cbit_why *why);
enum cbit_stop lib_stop_of(enum board_stop stop);
enum board_stop lib_stop_to(enum cbit_stop stop);

static inline struct mc *lib_mc(const struct cbit_machine *machine)
{
    return machine->ops->mc(machine->body);
}

static inline struct x86_cpu *lib_cpu(const struct cbit_machine *machine)
{
    return machine->ops->cpu(machine->body);
}

static inline struct asp *lib_asp(const struct cbit_machine *machine)
{
    return machine->ops->asp(machine->body);
}

/* The AMD-SP said no: CBIT_E_DENIED, why names command and status. */
enum cbit_error lib_refused(const struct hv_refusal *refusal, struct cbit_why *why);
enum cbit_error lib_error(enum cbit_status status);
/* Check mode found something: to the caller's report and trace functions. */
void lib_report(const struct cbit_machine *machine, const struct board_report *from);
bool lib_tsme(const struct cbit_config *config);
/* flash must outlive what is made; NULL gives none. */
struct asp_flash lib_flash(const struct cbit_asp_flash *flash);
/* A body's callbacks, over those of the configuration; ctx is the machine. */
void lib_on_console(void *ctx, const uint8_t *bytes, size_t len);
void lib_on_hvc(void *ctx, const uint8_t *bytes, size_t len);
void lib_on_debugcon(void *ctx, const uint8_t *bytes, size_t len);
void lib_on_net_send(void *ctx, const uint8_t *frame, size_t len);
void lib_on_trace(void *ctx, const char *room, const char *line);
struct dev_disk lib_disk_of(struct cbit_disk *disk);
/* ctx is a struct cbit_disk. */
bool lib_disk_read(void *ctx, uint64_t at, void *to, size_t len);
bool lib_disk_write(void *ctx, uint64_t at, const void *from, size_t len);
bool lib_disk_flush(void *ctx);

#endif
