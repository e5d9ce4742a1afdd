/* SPDX-License-Identifier: Apache-2.0 */
/* What check mode finds, from the board's form to the public one. */
#include "lib/machine.h"

void lib_report(const struct cbit_machine *machine, const struct board_report *from)
{
    char line[512];
    const struct cbit_report report = {
        .kind = board_check_kind_name(from->kind),
        .access = from->access,
        .rip = from->rip,
        .has_gva = from->has_gva,
        .gva = from->gva,
        .spa = from->spa,
        .view = from->view,
        .last = from->last,
        .symbol = from->symbol,
        .line = line,
    };

    board_check_format(from, line, sizeof line);
    if (machine->config.report)
        machine->config.report(machine->config.ctx, &report);
    if (machine->config.trace)
        machine->config.trace(machine->config.ctx, "check", line);
}
