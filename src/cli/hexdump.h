/* SPDX-License-Identifier: Apache-2.0 */
/* A hexdump: 16 bytes a line, address first, text last. */
#ifndef CLI_HEXDUMP_H
#define CLI_HEXDUMP_H

#include <stdio.h>

#include "base/base.h"

void cli_hexdump(FILE *to, uint64_t address, const void *bytes, size_t len);

#endif
