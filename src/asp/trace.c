/* SPDX-License-Identifier: Apache-2.0 */
/* Trace lines.  Callers pass names, handles, addresses and lengths; never key bytes. */
#include "asp/state.h"

#include <stdarg.h>
#include <stdio.h>

void asp_trace(const struct asp *asp, const char *format, ...)
{
    char line[512];
    va_list args;

    if (!asp->trace)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    asp->trace(asp->trace_ctx, line);
}
