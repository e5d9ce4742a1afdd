/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks, one function each; the table is table.c. */
#ifndef ATTACK_ROWS_H
#define ATTACK_ROWS_H

#include "attack/scene.h"

/* Sets the scene (opened, its victim not yet made), attacks, and claims. */
typedef enum cbit_status attack_fn(struct attack_scene *s, struct attack_claim *claim);

/* memory.c */
attack_fn attack_admin_scrape, attack_cold_boot, attack_warm_boot, attack_nvdimm_theft,
    attack_dma_read, attack_dma32_read, attack_dma_write, attack_bounce_buffer;
/* cipher.c */
attack_fn attack_replay, attack_block_move, attack_ciphertext_channel;

/* For the control of attack_block_move: the machine uses tweak constants that are known. */
void attack_expose_tweak(struct attack_scene *s);

/* guests.c */
attack_fn attack_neighbour, attack_remap, attack_asid_misuse, attack_missing_flush,
    attack_register_read, attack_register_write;
/* events.c */
attack_fn attack_event_inject;
/* launch.c */
attack_fn attack_launch_permute, attack_code_inject, attack_debug_command;

struct attack_text {
    const char *works, *blocked; /* one line each; NULL: is not expected to be needed */
};

struct attack_row {
    struct attack_info info;
    attack_fn *run; /* NULL: the mechanism is not modelled */
    bool sev_only;    /* without SEV there is nothing to attack */
    bool needs_tweak; /* where the tweak is secret, that is what blocks it */
    bool needs_nodbg; /* where the policy forbids debugging, that is what blocks it */
    bool nvdimm;      /* the machine has one */
    struct attack_text why[ATTACK_N_PROTECTIONS];
};

/* NULL past the last. */
const struct attack_row *attack_row_at(size_t i);

#endif
