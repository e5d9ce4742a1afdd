/* SPDX-License-Identifier: Apache-2.0 */
/* Guests of the attacker, who is their hypervisor: VMCB, nested tables, launch. */
#ifndef ATTACK_GUEST_H
#define ATTACK_GUEST_H

#include "attack/scene.h"

/* A guest that owns [at, at + VICTIM_SIZE), SEV where the scene is; its ASID follows from `at`. */
void attack_guest_new(struct attack_scene *s, struct attack_victim *v, uint64_t at);
/* The C-bit of its nested leaves. */
bool attack_nested_c(const struct attack_scene *s, const struct attack_victim *v);
/* For attack_victim_start and attack_victim_run. */
enum cbit_status attack_guest_start(struct attack_scene *s, struct attack_victim *v) CBIT_MUST_CHECK;
bool attack_guest_run(struct attack_scene *s, struct attack_victim *v);

/* ---- what a hypervisor can do to a guest ---- */

/* Nested leaf: guest page -> SPA, both page-aligned. */
void attack_nested_map(struct attack_scene *s, const struct attack_victim *v, uint64_t page,
                       uint64_t at);
/* Fields of its VMCB (wire/vmcb.h). */
uint64_t attack_vmcb_get(struct attack_scene *s, const struct attack_victim *v, unsigned field);
void attack_vmcb_set(struct attack_scene *s, const struct attack_victim *v, unsigned field,
                     uint64_t value);
/* The page that it shares with its hypervisor. */
void attack_shared_read(struct attack_scene *s, const struct attack_victim *v, void *block);
void attack_shared_write(struct attack_scene *s, const struct attack_victim *v, const void *block);

/* RDX:RAX at its last exit, as its hypervisor has them; and changed before it goes on. */
void attack_registers(struct attack_scene *s, const struct attack_victim *v,
                      uint8_t block[ATTACK_BLOCK]);
void attack_set_registers(struct attack_scene *s, struct attack_victim *v,
                          const uint8_t block[ATTACK_BLOCK]);

#endif
