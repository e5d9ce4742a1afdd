/* SPDX-License-Identifier: Apache-2.0 */
/* What a hypervisor does with events: it may inject any, at any time, before restricted injection. */
#include "attack/guest.h"
#include "attack/rows.h"

#include "attack/firmware.h"
#include "wire/vmcb.h"

/* Pages of this victim besides the usual ones. */
enum { PAGE_IDT = 0xc000, PAGE_GDT = 0xd000, STACK_END = 0xf000 };
enum { VECTOR = 0x80, SELECTOR = 8 };
#define CODE_64   UINT64_C(0x00af9b000000ffff)
#define GATE_ATTR 0x8e00u /* present, 64-bit interrupt gate */

static void write_private(struct attack_scene *s, const struct attack_victim *v, uint64_t page,
                          const void *bytes, size_t len)
{
    attack_host_write(s, attack_spa(v, page), attack_nested_c(s, v), bytes, len);
}

static void set_table(struct attack_scene *s, const struct attack_victim *v, unsigned field,
                      uint64_t at)
{
    attack_vmcb_set(s, v, field + VMCB_SEG_SELECTOR, UINT64_C(0xfff) << 8 * VMCB_SEG_LIMIT);
    attack_vmcb_set(s, v, field + VMCB_SEG_BASE, at);
}

/* Descriptor tables with one code segment and one gate. */
static void place_tables(struct attack_scene *s, const struct attack_victim *v, size_t handler)
{
    uint8_t descriptor[8], gate[16] = {0};

    cb_store_le64(descriptor, CODE_64);
    cb_store_le16(gate, (uint16_t)handler);
    cb_store_le16(gate + 2, SELECTOR);
    cb_store_le16(gate + 4, GATE_ATTR);
    write_private(s, v, PAGE_GDT + SELECTOR, descriptor, sizeof(descriptor));
    write_private(s, v, PAGE_IDT + VECTOR * sizeof(gate), gate, sizeof(gate));
    set_table(s, v, VMCB_IDTR, PAGE_IDT);
    set_table(s, v, VMCB_GDTR, PAGE_GDT);
    attack_vmcb_set(s, v, VMCB_RSP, STACK_END);
}

/*
 * A guest that keeps what it was sent, and takes it over only when one of its own
 * asks by an interrupt; nobody does, but the hypervisor can.
 */
enum cbit_status attack_event_inject(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    enum cbit_status status;
    size_t handler;

    attack_guest_new(s, v, AT_VICTIM);
    v->unlaunched = true;
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_BUFFER, PAGE_SHARED);
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_step_yield(&v->program); /* business goes on */
    handler = v->program.len;
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_BUFFER);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    place_tables(s, v, handler);
    status = v->sev ? attack_launch(s, v) : CBIT_OK;
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    claim->plants = true;
    attack_draw(claim->planted);
    attack_shared_write(s, v, claim->planted);
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    if (s->mode != ATTACK_DISARMED)
        attack_vmcb_set(s, v, VMCB_EVENTINJ,
                        VMCB_EVENT_VALID | VMCB_EVENT_INTR << VMCB_EVENT_TYPE_SHIFT | VECTOR);
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}
