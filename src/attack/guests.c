/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hypervisor does with nested tables, ASIDs and VMCBs.  The victim is a
 * guest under every protection; without SEV it is a plain one.
 */
#include "attack/guest.h"
#include "attack/rows.h"

#include "attack/firmware.h"
#include "wire/vmcb.h"

/* A guest that draws a secret and waits; disarmed or not, it keeps it. */
static enum cbit_status start_keeper(struct attack_scene *s)
{
    struct attack_victim *v = &s->victim;
    const enum cbit_status status = attack_victim_start(s, v);

    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_judge_note(s);
    return CBIT_OK;
}

static enum cbit_status loot_registers(struct attack_scene *s, struct attack_victim *v,
                                       struct attack_claim *claim)
{
    uint8_t block[ATTACK_BLOCK];

    attack_registers(s, v, block);
    attack_loot(claim, block);
    return CBIT_OK;
}

/* The victim's frame is mapped into another guest, at a private and at a shared page of it. */
enum cbit_status attack_neighbour(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim, *spy = &s->intruder;
    const uint64_t at = AT_VICTIM + PAGE_SECRET;
    enum cbit_status status;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_guest_new(s, spy, AT_INTRUDER);
    spy->pages_shared = false;
    attack_step_load(&spy->program, PAGE_BUFFER);
    attack_step_yield(&spy->program);
    attack_step_load(&spy->program, PAGE_SHARED);
    attack_step_yield(&spy->program);
    status = start_keeper(s);
    if (!status)
        status = attack_victim_start(s, spy);
    if (status)
        return status;
    if (s->mode != ATTACK_DISARMED) {
        attack_nested_map(s, spy, PAGE_BUFFER, at);
        attack_nested_map(s, spy, PAGE_SHARED, at);
    }
    for (unsigned page = 0; page < 2; page++) {
        if (!attack_victim_run(s, spy))
            return ATTACK_STRAYED;
        loot_registers(s, spy, claim);
    }
    return CBIT_OK;
}

/* A guest that serves a public page gets its secret page in that place (SEVered). */
enum cbit_status attack_remap(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    uint8_t block[ATTACK_BLOCK];
    enum cbit_status status;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_SHARED, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    status = start_keeper(s);
    if (status)
        return status;
    if (s->mode != ATTACK_DISARMED)
        attack_nested_map(s, v, PAGE_PUBLIC, attack_spa(v, PAGE_SECRET));
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_shared_read(s, v, block);
    attack_loot(claim, block);
    return CBIT_OK;
}

/*
 * A VMCB of the attacker's own runs on the victim's ASID and tables: the victim's
 * code is fetched and used as a gadget (CROSSLINE).  What is loaded is the
 * attacker's choice, because the gadget goes by RBX.
 */
enum cbit_status attack_asid_misuse(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim, *spy = &s->intruder;
    enum cbit_status status;
    size_t gadget;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    gadget = v->program.len;
    attack_step_load(&v->program, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_guest_new(s, spy, AT_INTRUDER);
    spy->program = v->program; /* where it yields is no secret */
    spy->unlaunched = true;
    status = start_keeper(s);
    if (!status)
        status = attack_victim_start(s, spy);
    if (status)
        return status;
    attack_vmcb_set(s, spy, VMCB_RIP, gadget);
    spy->gpr[3] = (uint64_t)PAGE_SECRET - PAGE_PUBLIC;
    if (s->mode != ATTACK_DISARMED || v->sev)
        attack_vmcb_set(s, spy, VMCB_NCR3, v->nested);
    if (s->mode != ATTACK_DISARMED || !v->sev)
        attack_host_write(s, spy->vmcb + VMCB_ASID, false, (const uint8_t[1]){(uint8_t)v->asid}, 1);
    if (!attack_victim_run(s, spy)) {
        claim->undone = true; /* what it fetched was not the gadget */
        return CBIT_OK;
    }
    return loot_registers(s, spy, claim);
}

/* SEV: the victim goes, and its ASID is made ready for the next guest. */
static enum cbit_status hand_over_asid(struct attack_scene *s, const struct attack_victim *v)
{
    if (!v->sev)
        return CBIT_OK;
    if (attack_command_handle(s, WIRE_SEV_DEACTIVATE, v->handle) ||
        attack_command_handle(s, WIRE_SEV_DECOMMISSION, v->handle))
        return CBIT_DENIED;
    attack_wbinvd(s); /* without these two the AMD-SP refuses to give the ASID away again */
    return asp_mailbox(pc_asp(s->pc), WIRE_SEV_DF_FLUSH, 0) ? CBIT_DENIED : CBIT_OK;
}

/* The next guest gets the ASID, and the TLB still has the victim's translations. */
enum cbit_status attack_missing_flush(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim, *next = &s->intruder;
    enum cbit_status status;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_guest_new(s, next, AT_INTRUDER);
    next->asid = v->asid;
    next->program_page = PAGE_CODE_2; /* the victim has used no such page */
    next->pages_shared = v->pages_shared;
    attack_program_begin(&next->program, PAGE_CODE_2, true);
    attack_step_load(&next->program, PAGE_SECRET);
    attack_step_yield(&next->program);
    status = start_keeper(s);
    if (!status)
        status = hand_over_asid(s, v);
    if (!status)
        status = attack_victim_start(s, next);
    if (status)
        return status;
    if (s->mode != ATTACK_DISARMED)
        attack_host_write(s, next->vmcb + VMCB_TLB_CONTROL, false, (const uint8_t[1]){0}, 1);
    if (!attack_victim_run(s, next))
        return ATTACK_STRAYED;
    return loot_registers(s, next, claim);
}

/* The victim has its secret in registers when it leaves to its hypervisor. */
enum cbit_status attack_register_read(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    enum cbit_status status;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_load(&v->program, PAGE_SECRET);
    if (s->mode == ATTACK_DISARMED)
        attack_step_clear(&v->program);
    attack_step_yield(&v->program);
    status = start_keeper(s);
    return status ? status : loot_registers(s, v, claim);
}

/* The victim leaves between reading a value and using it. */
enum cbit_status attack_register_write(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    enum cbit_status status;

    attack_guest_new(s, v, AT_VICTIM);
    attack_step_load(&v->program, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_step_store(&v->program, PAGE_SEEN);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    claim->plants = true;
    attack_draw(claim->planted);
    if (s->mode != ATTACK_DISARMED)
        attack_set_registers(s, v, claim->planted);
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}
