/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge knows what no attacker knows: the victim's bytes in the victim's own
 * view.  He looks without touching, and attacks have no use of what he sees.
 */
#include "attack/guest.h"

/* The view that the victim's own data accesses go through. */
static mc_view_t own_view(const struct attack_scene *s)
{
    const struct attack_victim *v = &s->victim;
    const bool c = v->c && !v->pages_shared;
    struct mc_access access =
        mc_access_host(MC_KIND_DATA, v->is_guest ? attack_nested_c(s, v) : c);

    if (v->sev)
        access = (struct mc_access){.asid = (uint16_t)v->asid, .kind = MC_KIND_DATA, .sev = true,
                                    .guest_c = c, .guest_c_exists = true};
    return mc_decide(mc_policy(s->mc), access);
}

static void look(const struct attack_scene *s, uint64_t offset, uint8_t block[ATTACK_BLOCK])
{
    const enum cbit_status status =
        mc_peek(s->mc, spa(attack_spa(&s->victim, offset)), own_view(s), block, ATTACK_BLOCK);

    CBIT_ASSERT(status == CBIT_OK);
}

void attack_judge_note(struct attack_scene *s)
{
    look(s, PAGE_SECRET, s->secret);
    s->noted = true;
}

/* Has the victim seen this?  It may have looked at two places. */
static bool has_seen(const struct attack_scene *s, const uint8_t block[ATTACK_BLOCK])
{
    uint8_t seen[2][ATTACK_BLOCK];

    look(s, PAGE_SEEN, seen[0]);
    look(s, PAGE_SEEN + ATTACK_BLOCK, seen[1]);
    return memcmp(seen[0], block, ATTACK_BLOCK) == 0 || memcmp(seen[1], block, ATTACK_BLOCK) == 0;
}

bool attack_judge(const struct attack_scene *s, const struct attack_claim *claim)
{
    if (claim->undone)
        return false;
    if (claim->plants)
        return has_seen(s, claim->planted);
    CBIT_ASSERT(s->noted && !cb_all_zero(s->secret, ATTACK_BLOCK));
    if (claim->replays)
        return has_seen(s, s->secret);
    for (unsigned i = 0; i < claim->n_loot; i++)
        if (memcmp(claim->loot[i], s->secret, ATTACK_BLOCK) == 0)
            return true;
    return false;
}
