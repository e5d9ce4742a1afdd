/* SPDX-License-Identifier: Apache-2.0 */
/* cbit dram map, apart from its command line. */
#ifndef CLI_DRAM_MAP_H
#define CLI_DRAM_MAP_H

#include "cli/cli.h"
#include "monitor/monitor.h"

/* Prints the map, or writes it to the file png; an exit code. */
int cli_dram_map(struct mon_client *client, const char *png);

/* How a frame is shown; a view as cbit-frames tells it, MAP_UNTOUCHED if never written. */
#define MAP_UNTOUCHED (-1)
/* A guest's letters come again after 34 ASIDs. */
char cli_map_letter(int view);
/* A guest's colours come again after 24 ASIDs, and none is another kind's. */
void cli_map_colour(int view, uint8_t rgb[3]);

#endif
