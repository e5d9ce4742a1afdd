/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacker asks of the AMD-SP, by its mailbox. */
#ifndef ATTACK_FIRMWARE_H
#define ATTACK_FIRMWARE_H

#include "attack/scene.h"
#include "wire/sev_cmd.h"

/* A command whose buffer has this many bytes; they come back. */
enum wire_sev_status attack_command(struct attack_scene *s, unsigned id, uint8_t *buffer,
                                    size_t len);
/* One that takes a guest's handle alone. */
enum wire_sev_status attack_command_handle(struct attack_scene *s, unsigned id, uint32_t handle);

/* INIT and DF_FLUSH, unless it has been done. */
enum cbit_status attack_firmware_up(struct attack_scene *s) CBIT_MUST_CHECK;

/* LAUNCH_START and ACTIVATE on v->asid. */
enum wire_sev_status attack_launch_start(struct attack_scene *s, struct attack_victim *v);
enum wire_sev_status attack_launch_update(struct attack_scene *s, const struct attack_victim *v,
                                          uint64_t page, uint32_t len);
/* LAUNCH_MEASURE, LAUNCH_FINISH. */
enum wire_sev_status attack_launch_finish(struct attack_scene *s, const struct attack_victim *v);
/* All of it, as an honest hypervisor would: the guest's private pages, in ascending order. */
enum cbit_status attack_launch(struct attack_scene *s, struct attack_victim *v) CBIT_MUST_CHECK;

/* The launch digest in the attestation report. */
#define ATTACK_DIGEST 32
enum wire_sev_status attack_attested_digest(struct attack_scene *s, const struct attack_victim *v,
                                            uint8_t digest[ATTACK_DIGEST]);

/* DBG_DECRYPT of a block of guest memory into `block`, DBG_ENCRYPT of `len` bytes into it. */
enum wire_sev_status attack_debug_read(struct attack_scene *s, const struct attack_victim *v,
                                       uint64_t page, uint8_t block[ATTACK_BLOCK]);
enum wire_sev_status attack_debug_write(struct attack_scene *s, const struct attack_victim *v,
                                        uint64_t at, const void *bytes, uint32_t len);

/* WBINVD on the machine's core, as the AMD-SP hears of it. */
void attack_wbinvd(struct attack_scene *s);

#endif
