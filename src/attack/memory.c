/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks that read or write a victim's memory from outside: host software, devices, stolen DIMMs. */
#include "attack/rows.h"

/* Host software maps the victim's page, with and without the C-bit. */
enum cbit_status attack_admin_scrape(struct attack_scene *s, struct attack_claim *claim)
{
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    status = attack_keep_secret(s);
    if (!status)
        attack_host_loot(s, attack_spa(&s->victim, PAGE_SECRET), claim);
    return status;
}

/* The DIMM is read by somebody else's controller. */
enum cbit_status attack_cold_boot(struct attack_scene *s, struct attack_claim *claim)
{
    uint8_t block[ATTACK_BLOCK];
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    status = attack_keep_secret(s);
    if (status)
        return status;
    attack_pins_read(s, attack_spa(&s->victim, PAGE_SECRET), block, sizeof(block));
    attack_loot(claim, block);
    return CBIT_OK;
}

/* The machine is reset into the attacker's software; DRAM keeps what it holds. */
enum cbit_status attack_warm_boot(struct attack_scene *s, struct attack_claim *claim)
{
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    status = attack_keep_secret(s);
    if (!status)
        status = attack_reboot(s);
    if (!status)
        attack_host_loot(s, attack_spa(&s->victim, PAGE_SECRET), claim);
    return status;
}

/* The module is carried to another machine, which is read as by its administrator. */
enum cbit_status attack_nvdimm_theft(struct attack_scene *s, struct attack_claim *claim)
{
    uint64_t at;
    enum cbit_status status;

    attack_victim_new(s, AT_NVDIMM);
    status = attack_keep_secret(s);
    if (status)
        return status;
    at = attack_spa(&s->victim, PAGE_SECRET);
    attack_scene_close(s); /* power off: the pins' bytes stay in the module */
    status = attack_scene_open(s);
    if (!status)
        attack_host_loot(s, at, claim);
    return status;
}

/* ---- devices ---- */

/* max_c 1: a device with enough address lines to set the C-bit. */
static enum cbit_status dma_read(struct attack_scene *s, struct attack_claim *claim, int max_c)
{
    uint8_t block[ATTACK_BLOCK];
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    status = attack_keep_secret(s);
    for (int c = 0; c <= max_c && !status; c++) {
        attack_device_read(s, attack_spa(&s->victim, PAGE_SECRET), c != 0, block, sizeof(block));
        attack_loot(claim, block);
    }
    return status;
}

enum cbit_status attack_dma_read(struct attack_scene *s, struct attack_claim *claim)
{
    return dma_read(s, claim, 1);
}

enum cbit_status attack_dma32_read(struct attack_scene *s, struct attack_claim *claim)
{
    return dma_read(s, claim, 0);
}

/* Two blocks: one written with C=0, one with C=1; the victim looks at both. */
enum cbit_status attack_dma_write(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    const uint64_t page = s->mode == ATTACK_DISARMED ? PAGE_PUBLIC : PAGE_BUFFER;
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_BUFFER);
    attack_step_copy(&v->program, PAGE_SEEN + ATTACK_BLOCK, PAGE_BUFFER + ATTACK_BLOCK);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    claim->plants = true;
    attack_draw(claim->planted);
    attack_device_write(s, attack_spa(v, page), false, claim->planted, ATTACK_BLOCK);
    attack_device_write(s, attack_spa(v, page + ATTACK_BLOCK), true, claim->planted, ATTACK_BLOCK);
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}

/* What the victim takes in through its shared page is replaced on the way. */
enum cbit_status attack_bounce_buffer(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    attack_step_copy(&v->program, PAGE_SHARED, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_SHARED);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    claim->plants = true;
    attack_draw(claim->planted);
    if (s->mode != ATTACK_DISARMED)
        attack_host_write(s, attack_spa(v, PAGE_SHARED), false, claim->planted, ATTACK_BLOCK);
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}
