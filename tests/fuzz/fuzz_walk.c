/* SPDX-License-Identifier: Apache-2.0 */
/* The page walker against its oracle, with registers, address and tables from the fuzzer. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/mmu/walk_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *what = walk_compare(data, size);

    if (what) {
        fprintf(stderr, "walker and oracle differ: %s\n", what);
        abort();
    }
    return 0;
}
