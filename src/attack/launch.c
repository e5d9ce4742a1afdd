/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on what a guest is launched with, and on its debugging commands. */
#include "attack/guest.h"
#include "attack/rows.h"

#include "attack/firmware.h"

/* ---- permuted launch ---- */

/* Two pages of the image: the one that the guest will trust, and one that it holds besides. */
#define PAGE_TRUSTED PAGE_PUBLIC
#define PAGE_OTHER   PAGE_BUFFER

static void make_image(struct attack_scene *s, struct attack_victim *v, uint64_t at)
{
    attack_guest_new(s, v, at);
    v->unlaunched = true;
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_TRUSTED);
    attack_step_yield(&v->program);
}

/* The pages of the image in the order of the file, each from the frame where it was put. */
static enum wire_sev_status launch_pages(struct attack_scene *s, struct attack_victim *v,
                                         const uint64_t *order, size_t n)
{
    enum wire_sev_status status = attack_launch_start(s, v);

    for (size_t i = 0; i < n && !status; i++)
        status = attack_launch_update(s, v, order[i], CB_PAGE_SIZE);
    return status ? status : attack_launch_finish(s, v);
}

/*
 * The image is launched in the right order, but two of its pages lie in each
 * other's place: the measurement covers contents, not addresses (undeSErVed trust).
 */
enum cbit_status attack_launch_permute(struct attack_scene *s, struct attack_claim *claim)
{
    static const uint64_t as_in_file[] = {
        PAGE_CODE, PAGE_TRUSTED, PAGE_OTHER, PAGE_TABLES, PAGE_TABLES + 0x1000,
        PAGE_TABLES + 0x2000, PAGE_TABLES + 0x3000};
    static const uint64_t swapped[] = {
        PAGE_CODE, PAGE_OTHER, PAGE_TRUSTED, PAGE_TABLES, PAGE_TABLES + 0x1000,
        PAGE_TABLES + 0x2000, PAGE_TABLES + 0x3000};
    const size_t n = CB_ARRAY_LEN(as_in_file);
    const uint64_t *order = s->mode == ATTACK_DISARMED ? as_in_file : swapped;
    struct attack_victim *v = &s->victim, *honest = &s->intruder;
    uint8_t trusted[ATTACK_BLOCK], expected[ATTACK_DIGEST], attested[ATTACK_DIGEST];
    enum cbit_status status;

    claim->plants = true;
    attack_draw(claim->planted); /* stands in the image, where nobody trusts it */
    make_image(s, honest, AT_INTRUDER);
    make_image(s, v, AT_VICTIM);
    status = attack_firmware_up(s);
    if (!status)
        status = attack_victim_start(s, honest);
    if (!status)
        status = attack_victim_start(s, v);
    if (status)
        return status;
    attack_host_write(s, attack_spa(honest, PAGE_OTHER), false, claim->planted, ATTACK_BLOCK);
    attack_host_read(s, attack_spa(v, PAGE_TRUSTED), false, trusted, sizeof(trusted));
    attack_host_write(s, attack_spa(v, PAGE_OTHER), false, trusted, sizeof(trusted));
    attack_host_write(s, attack_spa(v, PAGE_TRUSTED), false, claim->planted, ATTACK_BLOCK);
    if (launch_pages(s, honest, as_in_file, n) || launch_pages(s, v, order, n) ||
        attack_attested_digest(s, honest, expected) || attack_attested_digest(s, v, attested))
        return CBIT_DENIED;
    claim->undone = memcmp(expected, attested, sizeof(expected)) != 0; /* the owner refuses */
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}

/* ---- injected code ---- */

/* What the victim executes next is replaced by code of the attacker's. */
enum cbit_status attack_code_inject(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    struct attack_program evil;
    enum cbit_status status;
    uint64_t at;

    attack_victim_new(s, AT_VICTIM);
    attack_step_yield(&v->program);
    evil = v->program;
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_step_copy(&evil, PAGE_SEEN, PAGE_SHARED);
    attack_step_yield(&evil);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    claim->plants = true;
    attack_draw(claim->planted);
    attack_host_write(s, attack_spa(v, PAGE_SHARED), false, claim->planted, ATTACK_BLOCK);
    at = s->mode == ATTACK_DISARMED ? PAGE_CODE_2 : PAGE_CODE;
    if (!v->sev || attack_debug_write(s, v, at, evil.code, sizeof(evil.code)))
        attack_host_write(s, attack_spa(v, at), v->c && !v->sev, evil.code, sizeof(evil.code));
    (void)attack_victim_run(s, v); /* it may well stray: that is no effect */
    return CBIT_OK;
}

/* ---- the debugging commands ---- */

enum cbit_status attack_debug_command(struct attack_scene *s, struct attack_claim *claim)
{
    uint8_t block[ATTACK_BLOCK];
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    status = attack_keep_secret(s);
    if (status)
        return status;
    claim->undone = attack_debug_read(s, &s->victim, PAGE_SECRET, block) != WIRE_SEV_SUCCESS;
    attack_loot(claim, block);
    return CBIT_OK;
}
