/* SPDX-License-Identifier: Apache-2.0 */
/* What a debugger needs: virtual memory, breakpoints, watchpoints; registers are in debug_regs.c. */
#include "lib/machine.h"

/* The piece of [address, address + len) that lies in one page. */
static size_t within_page(uint64_t address, size_t len)
{
    const size_t room = CB_PAGE_SIZE - (size_t)(address % CB_PAGE_SIZE);

    return len < room ? len : room;
}

static bool place(struct cbit_machine *machine, uint64_t address, size_t len, spa_t *at,
                  struct mc_access *access)
{
    return x86_debug_translate(lib_cpu(machine), gva(address), at, access) &&
           mc_covers(lib_mc(machine), *at, len);
}

enum cbit_error cbit_machine_read_virtual(struct cbit_machine *machine, uint64_t address, void *to,
                                          size_t len)
{
    struct mc *mc = lib_mc(machine);
    uint8_t *bytes = to;

    while (len > 0) {
        const size_t part = within_page(address, len);
        struct mc_access access;
        spa_t at;

        if (!place(machine, address, part, &at, &access))
            return CBIT_E_RANGE;
        const enum cbit_status status =
            mc_peek(mc, at, mc_decide(mc_policy(mc), access), bytes, part);

        if (status)
            return lib_error(status);
        address += part;
        bytes += part;
        len -= part;
    }
    return CBIT_E_OK;
}

enum cbit_error cbit_machine_write_virtual(struct cbit_machine *machine, uint64_t address,
                                           const void *from, size_t len)
{
    const uint8_t *bytes = from;

    while (len > 0) {
        const size_t part = within_page(address, len);
        struct mc_access access;
        spa_t at;

        if (!place(machine, address, part, &at, &access))
            return CBIT_E_RANGE;
        mc_write(lib_mc(machine), at, access, bytes, part);
        address += part;
        bytes += part;
        len -= part;
    }
    return CBIT_E_OK;
}

enum cbit_error cbit_machine_break_set(struct cbit_machine *machine, uint64_t address)
{
    return lib_error(x86_break_set(lib_cpu(machine), gva(address)));
}

enum cbit_error cbit_machine_break_clear(struct cbit_machine *machine, uint64_t address)
{
    return lib_error(x86_break_clear(lib_cpu(machine), gva(address)));
}

static struct x86_watch inner(const struct cbit_watch *watch)
{
    return (struct x86_watch){gva(watch->address), watch->length, watch->on_read, watch->on_write};
}

enum cbit_error cbit_machine_watch_set(struct cbit_machine *machine, const struct cbit_watch *watch)
{
    const struct x86_watch w = inner(watch);

    return lib_error(x86_watch_set(lib_cpu(machine), &w));
}

enum cbit_error cbit_machine_watch_clear(struct cbit_machine *machine,
                                         const struct cbit_watch *watch)
{
    const struct x86_watch w = inner(watch);

    return lib_error(x86_watch_clear(lib_cpu(machine), &w));
}

bool cbit_machine_watch_met(const struct cbit_machine *machine, struct cbit_watch *out)
{
    const struct x86_watch *met = x86_watch_met(lib_cpu(machine));

    if (met)
        *out = (struct cbit_watch){met->at.v, met->len, met->on_read, met->on_write};
    return met != NULL;
}
