/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victims and what they stand on: a program, pages, page tables.  Host software
 * runs on the machine's CPU as it is; guests are in guest.c.
 */
#include "attack/guest.h"
#include "attack/scene.h"

#include "board/board.h"

#define HOST_BUDGET 20000u /* instructions; more than any program takes between two yields */

static const char public_text[ATTACK_BLOCK + 1] = "read by everyone";

static void host_software(struct attack_scene *s, struct attack_victim *v, uint64_t at)
{
    *v = (struct attack_victim){
        .at = at,
        .origin = at,
        .rip = at,
        .c = s->protection == ATTACK_SME,
        .pages_shared = s->pages_exposed,
    };
    attack_program_begin(&v->program, PAGE_CODE, false);
}

void attack_victim_new(struct attack_scene *s, uint64_t at)
{
    if (s->protection == ATTACK_SEV)
        attack_guest_new(s, &s->victim, at);
    else
        host_software(s, &s->victim, at);
}

enum cbit_status attack_keep_secret(struct attack_scene *s)
{
    struct attack_victim *v = &s->victim;
    enum cbit_status status;

    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_step_zero(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_judge_note(s);
    if (s->mode == ATTACK_DISARMED && !attack_victim_run(s, v))
        return ATTACK_STRAYED;
    return CBIT_OK;
}

/* ---- page tables ---- */

static bool is_private(const struct attack_victim *v, uint64_t page)
{
    if (page == PAGE_SHARED)
        return false;
    return v->c && !(v->pages_shared && page >= PAGE_SECRET && page < PAGE_SHARED);
}

/*
 * As the victim will read it: of host software its tables are plaintext; an SEV
 * guest's memory is encrypted by its launch.
 */
static void place(struct attack_scene *s, const struct attack_victim *v, uint64_t page,
                  const void *bytes, size_t len)
{
    const bool host_c = v->is_guest ? attack_nested_c(s, v)
                                    : page < PAGE_TABLES && is_private(v, page);

    attack_host_write(s, attack_spa(v, page), host_c, bytes, len);
}

/* One table: a single entry, or a leaf for each page. */
static void place_table(struct attack_scene *s, const struct attack_victim *v, unsigned n,
                        unsigned shift)
{
    static const uint64_t present = 3;
    const uint64_t c_mask = v->c ? CB_BIT(s->profile->c_bit) : 0;
    const uint64_t table = v->origin + PAGE_TABLES + n * CB_PAGE_SIZE;
    uint8_t page[CB_PAGE_SIZE] = {0};
    unsigned index = (unsigned)(v->origin >> shift & 511);

    if (shift > CB_PAGE_SHIFT) /* a guest's tables are private whatever this bit says */
        cb_store_le64(page + 8 * index, (table + CB_PAGE_SIZE) | present | (v->sev ? c_mask : 0));
    else
        for (uint64_t at = 0; at < VICTIM_SIZE; at += CB_PAGE_SIZE, index++)
            cb_store_le64(page + 8 * index,
                          (v->origin + at) | present | (is_private(v, at) ? c_mask : 0));
    place(s, v, PAGE_TABLES + n * CB_PAGE_SIZE, page, sizeof(page));
}

enum cbit_status attack_victim_start(struct attack_scene *s, struct attack_victim *v)
{
    for (unsigned n = 0; n < 4; n++)
        place_table(s, v, n, 39 - 9 * n);
    place(s, v, v->program_page, v->program.code, sizeof(v->program.code));
    place(s, v, PAGE_PUBLIC, public_text, ATTACK_BLOCK);
    return v->is_guest ? attack_guest_start(s, v) : CBIT_OK;
}

/* ---- running ---- */

static bool at_yield(const struct attack_victim *v, uint64_t rip)
{
    return attack_program_yields(&v->program, rip - v->origin - v->program_page);
}

static bool host_run(struct attack_scene *s, struct attack_victim *v)
{
    const struct board_entry entry = {
        .mode = BOARD_ENTRY_64, .rip = v->rip, .cr3 = v->origin + PAGE_TABLES};
    struct x86_regs regs;
    uint64_t done;

    if (v->rip == v->origin) {
        board_entry_regs(&entry, 0, &regs);
    } else {
        x86_get_regs(pc_cpu(s->pc), &regs);
        regs.rip = v->rip;
    }
    x86_set_regs(pc_cpu(s->pc), &regs);
    if (x86_run(pc_cpu(s->pc), HOST_BUDGET, &done) != X86_STOP_BUDGET)
        return false;
    x86_get_regs(pc_cpu(s->pc), &regs);
    v->rip = regs.rip + ATTACK_YIELD_LEN;
    return at_yield(v, regs.rip);
}

bool attack_victim_run(struct attack_scene *s, struct attack_victim *v)
{
    return v->is_guest ? attack_guest_run(s, v) : host_run(s, v);
}
