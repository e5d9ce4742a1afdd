/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's parts, for neighbours in this room. */
#ifndef PC_STATE_H
#define PC_STATE_H

#include "board/board.h"
#include "pc/pc.h"

struct pc {
    struct pc_config config;
    char *append;
    const struct x86_profile *profile;
    struct mc *mc;
    struct asp *asp;
    struct x86_cpu *cpu;
    struct board_platform *platform;
    struct board_fabric fabric;
    struct board_check *check; /* NULL: off */
    struct board_virtio virtio;
    struct board_psp psp;
    struct board_memory_map map;
    struct board_target target;
    uint8_t *rom;            /* padded to whole pages */

    bool nvdimm_loaded;      /* its DRAM holds the file's bytes */
    struct board_run run;
};

/* Loads what config names and sets the CPU's registers. */
enum cbit_status pc_load(struct pc *pc, struct pc_error *error) CBIT_MUST_CHECK;
/* PC_IMAGE_AUTO becomes PC_IMAGE_MULTIBOOT if that is what the kernel is. */
void pc_tell_image(struct pc *pc);
/* Once, at creation: unpacks the kernel or prepares the ROM. */
enum cbit_status pc_prepare_images(struct pc *pc, struct pc_error *error) CBIT_MUST_CHECK;
void pc_trace(struct pc *pc, const char *room, const char *line);
/* Bytes of the persistent memory from and to their file. */
enum cbit_status pc_nvdimm_load(struct pc *pc) CBIT_MUST_CHECK;
void pc_nvdimm_save(struct pc *pc);
void pc_debugcon(void *pc, uint8_t byte);
extern const struct board_platform_ops pc_platform_ops;
extern const struct board_run_ops pc_run_ops;

#endif
