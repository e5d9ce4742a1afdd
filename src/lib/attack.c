/* SPDX-License-Identifier: Apache-2.0 */
/* The suite of attacks under public names. */
#include "attack/attack.h"

#include "cbit/attack.h"
#include "lib/machine.h"

_Static_assert((int)CBIT_PROTECT_SEV == (int)ATTACK_SEV &&
                   (int)CBIT_N_PROTECTIONS == (int)ATTACK_N_PROTECTIONS &&
                   (int)CBIT_ATTACK_BLOCKED == (int)ATTACK_BLOCKED &&
                   (int)CBIT_ATTACK_WORKS == (int)ATTACK_WORKS &&
                   (int)CBIT_ATTACK_NOT_MODELLED == (int)ATTACK_NOT_MODELLED &&
                   (int)CBIT_ATTACK_NO_SUBJECT == (int)ATTACK_NO_SUBJECT &&
                   (int)CBIT_ATTACK_DOUBTFUL == (int)ATTACK_DOUBTFUL,
               "the public values are the room's by another name");

const char *cbit_attack_name(size_t i)
{
    const struct attack_info *info = attack_at(i);

    return info ? info->name : NULL;
}

const char *cbit_attack_summary(size_t i)
{
    const struct attack_info *info = attack_at(i);

    return info ? info->summary : NULL;
}

const char *cbit_attack_published(size_t i)
{
    const struct attack_info *info = attack_at(i);

    return info ? info->published : NULL;
}

enum cbit_error cbit_attack_run(size_t i, const char *cpu, enum cbit_protection protection,
                                struct cbit_attack_outcome *out)
{
    struct attack_outcome outcome = {ATTACK_DOUBTFUL, ""};
    enum cbit_status status;

    if ((unsigned)protection >= CBIT_N_PROTECTIONS)
        return CBIT_E_INVALID;
    status = attack_run(i, cpu, (enum attack_protection)protection, &outcome);
    if (!status)
        *out = (struct cbit_attack_outcome){(enum cbit_attack_verdict)outcome.verdict, outcome.reason};
    return lib_error(status);
}

const char *cbit_attack_verdict_name(enum cbit_attack_verdict verdict)
{
    return attack_verdict_name((enum attack_verdict)verdict);
}

const char *cbit_protection_name(enum cbit_protection protection)
{
    return attack_protection_name((enum attack_protection)protection);
}
