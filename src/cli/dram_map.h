/* SPDX-License-Identifier: Apache-2.0 */
/* cbit dram map, apart from its command line. */
#ifndef CLI_DRAM_MAP_H
#define CLI_DRAM_MAP_H

#include "cli/cli.h"
#include "monitor/monitor.h"

/* Prints the map, or writes it to the file png; an exit code. */
int cli_dram_map(struct mon_client *client, const char *png);

#endif
