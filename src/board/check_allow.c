/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What check mode does not report: places in Linux where a finding is no fault.
 * An entry names a function of the kernel, the kind, and why.  At most ten: who
 * wants an eleventh has found a bug in the kernel or in the rules.  Debian 12's
 * kernels need none.
 */
#include "board/check.h"

struct allowed {
    const char *symbol;
    enum mc_check_kind kind;
    const char *reason;
};

static const struct allowed allowed[] = {
    {NULL, MC_CHECK_KINDS, NULL}, /* the end */
};

_Static_assert(CB_ARRAY_LEN(allowed) - 1 <= 10, "an allow-list that grows hides what it should show");

const char *board_check_allowed(const char *symbol, enum mc_check_kind kind)
{
    for (size_t k = 0; allowed[k].symbol; k++)
        if (allowed[k].kind == kind && strcmp(allowed[k].symbol, symbol) == 0)
            return allowed[k].reason;
    return NULL;
}
