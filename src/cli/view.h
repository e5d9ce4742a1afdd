/* SPDX-License-Identifier: Apache-2.0 */
/* One stretch of memory through several pairs of eyes, side by side. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <stdio.h>

#include "base/base.h"

#define VIEW_MAX_COLUMNS 3

struct view_column {
    const char *who;  /* "CPU", "guest", "hypervisor", "pins" */
    const char *view; /* "raw", "host", "asid=N" */
    const uint8_t *bytes;
};

/*
 * Eight bytes of each column a line; a byte that differs from the first column's is
 * followed by '*', and with colour it is shown in colour too.
 */
void cli_view_print(FILE *to, const struct view_column *column, size_t n, uint64_t address,
                    size_t len, bool colour);
/* The same as one line of JSON. */
void cli_view_json(FILE *to, const struct view_column *column, size_t n, uint64_t address,
                   size_t len);

#endif
