/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit port F4h: how a test kernel ends the run.
 */
#ifndef DEV_DEBUG_EXIT_H
#define DEV_DEBUG_EXIT_H

#include "dev/bus.h"

/* Writing v ends the run with code v * 2 + 1. */
dev_out_fn dev_debug_exit_out; /* dev: const struct dev_bus */

#endif
