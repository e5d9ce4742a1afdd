/* SPDX-License-Identifier: Apache-2.0 */
/* What a body tells the machine's owner; ctx is the struct cbit_machine. */
#include "lib/machine.h"

void lib_on_console(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    if (machine->config.console)
        machine->config.console(machine->config.ctx, bytes, len);
}

void lib_on_hvc(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    machine->config.hvc(machine->config.ctx, bytes, len);
}

void lib_on_debugcon(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct cbit_machine *machine = ctx;

    machine->config.debugcon(machine->config.ctx, bytes, len);
}

void lib_on_net_send(void *ctx, const uint8_t *frame, size_t len)
{
    const struct cbit_machine *machine = ctx;

    if (machine->config.net_send)
        machine->config.net_send(machine->config.ctx, frame, len);
}

void lib_on_trace(void *ctx, const char *room, const char *line)
{
    const struct cbit_machine *machine = ctx;

    machine->config.trace(machine->config.ctx, room, line);
}

static const struct dev_disk_ops disk_ops = {lib_disk_read, lib_disk_write, lib_disk_flush};

struct dev_disk lib_disk_of(struct cbit_disk *disk)
{
    return (struct dev_disk){
        .ops = &disk_ops, .ctx = disk, .size = disk->size, .read_only = disk->read_only};
}
