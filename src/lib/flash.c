/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's flash as the AMD-SP sees it: the same two functions with base's statuses. */
#include "cbit/asp.h"
#include "lib/machine.h"

static enum cbit_status load(void *ctx, uint8_t *buf, size_t size, size_t *len)
{
    const struct cbit_asp_flash *flash = ctx;

    return (enum cbit_status)flash->load(flash->ctx, buf, size, len);
}

static enum cbit_status save(void *ctx, const uint8_t *buf, size_t len)
{
    const struct cbit_asp_flash *flash = ctx;

    return (enum cbit_status)flash->save(flash->ctx, buf, len);
}

struct asp_flash lib_flash(const struct cbit_asp_flash *flash)
{
    if (flash == NULL)
        return (struct asp_flash){0};
    return (struct asp_flash){.ctx = (void *)(uintptr_t)flash, .load = load, .save = save};
}
