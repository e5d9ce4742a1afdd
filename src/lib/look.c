/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at memory that change nothing: mc_peek under public names. */
#include "lib/machine.h"

size_t cbit_machine_dram(const struct cbit_machine *machine, struct cbit_range *out, size_t max)
{
    const struct mc_config *config = mc_config(lib_mc(machine));

    for (size_t i = 0; i < config->n_ranges && i < max; i++)
        out[i] = (struct cbit_range){config->range[i].base.v, config->range[i].size};
    return config->n_ranges;
}

enum cbit_error cbit_machine_peek(const struct cbit_machine *machine, uint64_t address,
                                  cbit_view view, void *to, size_t len)
{
    uint64_t end;

    if (view > UINT16_MAX)
        return CBIT_E_NOT_FOUND;
    if (!cb_add_ok(address, len, &end))
        return CBIT_E_RANGE;
    if (len == 0)
        return CBIT_E_OK;
    return lib_error(mc_peek(lib_mc(machine), spa(address), (mc_view_t)view, to, len));
}

enum cbit_error cbit_machine_peek_c0(const struct cbit_machine *machine, uint64_t address, void *to,
                                     size_t len)
{
    const mc_view_t view = mc_decide(mc_policy(lib_mc(machine)),
                                     mc_access_host(MC_KIND_DATA, false));

    return cbit_machine_peek(machine, address, view, to, len);
}

bool cbit_machine_frame(const struct cbit_machine *machine, uint64_t address, cbit_view *view)
{
    const struct mc *mc = lib_mc(machine);

    if (!mc_covers(mc, spa(address), 1) || !mc_frame_touched(mc, spa(address)))
        return false;
    *view = mc_frame_view(mc, spa(address));
    return true;
}

enum cbit_error cbit_machine_exposed_keys(const struct cbit_machine *machine, char **text)
{
    return lib_error(asp_exposed_keys(lib_asp(machine), text));
}
