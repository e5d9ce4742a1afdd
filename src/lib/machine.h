/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as the library keeps it; for neighbours in this room. */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "cbit/cbit.h"
#include "pc/pc.h"

#define TWEAK_BYTES (48u * 16u)

struct cbit_machine {
    struct pc *pc;
    struct cbit_config config;
    atomic_bool stop_asked;
};

enum cbit_error lib_error(enum cbit_status status);
/* flash must outlive what is made; NULL gives none. */
struct asp_flash lib_flash(const struct cbit_asp_flash *flash);

#endif
