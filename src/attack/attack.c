/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cell of the table: the attack in earnest, then the control that must come
 * out the other way.
 */
#include "attack/attack.h"

#include <stdlib.h>

#include "attack/rows.h"

const struct attack_info *attack_at(size_t i)
{
    const struct attack_row *row = attack_row_at(i);

    return row ? &row->info : NULL;
}

/* What an exposed victim lacks: that which blocks the attack. */
static void expose(struct attack_scene *s, const struct attack_row *row)
{
    const enum mc_cipher cipher = asp_profile_find(s->profile->name)->cipher;

    if (row->needs_tweak && cipher == MC_CIPHER_XEX)
        attack_expose_tweak(s);
    else if (row->needs_nodbg && s->protection == ATTACK_SEV)
        s->debug_allowed = true;
    else
        s->pages_exposed = true;
}

static enum cbit_status perform(struct attack_scene *s, const struct attack_row *row, bool *works)
{
    struct attack_claim claim = {.n_loot = 0};
    enum cbit_status status = attack_scene_open(s);

    if (!status)
        status = row->run(s, &claim);
    if (!status)
        *works = attack_judge(s, &claim);
    attack_scene_close(s);
    return status;
}

/* On a machine of its own. */
static enum cbit_status one_run(const struct attack_row *row, const struct x86_profile *profile,
                                enum attack_protection protection, enum attack_mode mode,
                                bool *works)
{
    struct attack_scene *s = calloc(1, sizeof(*s));
    enum cbit_status status = CBIT_NO_MEMORY;

    if (!s)
        return CBIT_NO_MEMORY;
    s->profile = profile;
    s->protection = protection;
    s->mode = mode;
    s->smee = protection == ATTACK_SME || protection == ATTACK_SEV;
    if (mode == ATTACK_EXPOSED)
        expose(s, row);
    if (row->nvdimm)
        s->nvdimm = calloc(1, ATTACK_NVDIMM);
    if (!row->nvdimm || s->nvdimm)
        status = perform(s, row, works);
    free(s->nvdimm);
    cb_wipe(s, sizeof(*s));
    free(s);
    return status;
}

static const char *reason(const struct attack_row *row, enum attack_protection protection,
                          bool works)
{
    const struct attack_text *text = &row->why[protection];
    const char *why = works ? text->works : text->blocked;

    return why ? why : "no reason is known for this outcome";
}

enum cbit_status attack_run(size_t i, const char *cpu, enum attack_protection protection,
                            struct attack_outcome *out)
{
    const struct attack_row *row = attack_row_at(i);
    const struct x86_profile *profile = x86_profile_find(cpu);
    bool works = false, control = false;
    enum cbit_status status;

    if (!row || !profile || !profile->sev_asids)
        return CBIT_INVALID;
    if (!row->run) {
        *out = (struct attack_outcome){ATTACK_NOT_MODELLED, row->why[0].blocked};
        return CBIT_OK;
    }
    if (row->sev_only && protection != ATTACK_SEV) {
        *out = (struct attack_outcome){ATTACK_NO_SUBJECT, "there is no SEV guest"};
        return CBIT_OK;
    }
    status = one_run(row, profile, protection, ATTACK_EARNEST, &works);
    if (!status)
        status = one_run(row, profile, protection, works ? ATTACK_DISARMED : ATTACK_EXPOSED,
                         &control);
    if (status == CBIT_UNIMPLEMENTED) {
        *out = (struct attack_outcome){ATTACK_NOT_MODELLED, "this machine has no SVM"};
        return CBIT_OK;
    }
    if (status)
        return status;
    *out = works != control
               ? (struct attack_outcome){works ? ATTACK_WORKS : ATTACK_BLOCKED,
                                         reason(row, protection, works)}
               : (struct attack_outcome){ATTACK_DOUBTFUL, "the control came out alike"};
    return CBIT_OK;
}

const char *attack_verdict_name(enum attack_verdict verdict)
{
    static const char *const names[] = {"blocked", "works", "not modelled", "-", "doubtful"};

    return names[verdict];
}

const char *attack_protection_name(enum attack_protection protection)
{
    static const char *const names[] = {"none", "SME", "TSME", "SEV"};

    return names[protection];
}
