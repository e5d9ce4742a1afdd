/* SPDX-License-Identifier: Apache-2.0 */
/* Guests of the attacker: not built yet, so nothing is said about what concerns them. */
#include "attack/guest.h"

void attack_guest_new(struct attack_scene *s, struct attack_victim *v, uint64_t at)
{
    *v = (struct attack_victim){.at = at, .is_guest = true, .sev = s->protection == ATTACK_SEV};
    attack_program_begin(&v->program, PAGE_CODE, true);
}

bool attack_nested_c(const struct attack_scene *s, const struct attack_victim *v)
{
    return s->smee && !v->sev;
}

enum cbit_status attack_guest_start(struct attack_scene *s, struct attack_victim *v)
{
    (void)s;
    (void)v;
    return CBIT_UNIMPLEMENTED;
}

bool attack_guest_run(struct attack_scene *s, struct attack_victim *v)
{
    (void)s;
    (void)v;
    return false;
}
